/*
 * delegation: what is read, and that a consent under it is never wider.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credit/delegation.h"

#define START                                                                  \
	"{\"id\":\"d-1\",\"version\":1,\"subject\":\"91440101MA5CUY37JD\","    \
	"\"delegate\":\"91440101MA000RX94L\","
#define PURPOSES "\"purposes\":[\"pre_loan\",\"in_loan\"],"
#define SCOPE "\"items\":[7,19],\"categories\":[2],"
#define TERM                                                                   \
	"\"not_before\":\"2026-11-01T00:00:00Z\","                             \
	"\"expiry\":\"2026-12-01T00:00:00Z\"}"
#define GOOD START PURPOSES SCOPE TERM

static void
a_delegation_goes_there_and_back(void **state)
{
	struct delegation delegation;
	struct buf printed = {0};

	(void)state;
	assert_int_equal(
	    delegation_parse(span_of(GOOD), &delegation, NULL), ERR_OK);
	delegation_print(&delegation, &printed);
	assert_string_equal(buf_cstr(&printed), GOOD);
	assert_string_equal(delegation.delegate, "91440101MA000RX94L");
	assert_true(delegation.purposes[PURPOSE_IN_LOAN]);
	assert_false(delegation.purposes[PURPOSE_POST_LOAN]);
	buf_release(&printed);
}

static void
half_a_delegation_is_refused(void **state)
{
	static const char *const others[] = {"{}", START SCOPE TERM,
	    START PURPOSES TERM, START "\"purposes\":[]," SCOPE TERM,
	    START "\"purposes\":[\"none\"]," SCOPE TERM,
	    START "\"purposes\":\"pre_loan\"," SCOPE TERM,
	    START "\"purposes\":[7]," SCOPE TERM,
	    START PURPOSES SCOPE "\"grantee\":\"x\"," TERM,
	    START PURPOSES SCOPE "\"not_before\":\"2026-11-01T00:00:00Z\","
				 "\"expiry\":\"2026-11-01T00:00:00Z\"}",
	    START PURPOSES SCOPE "\"not_before\":\"2026-11-01T00:00:00Z\"}"};
	struct delegation delegation;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(
		    delegation_parse(span_of(others[i]), &delegation, NULL),
		    ERR_INVALID);
}

static struct consent
widest(const struct delegation *delegation)
{
	struct consent consent = delegation->widest;

	consent.purpose = PURPOSE_PRE_LOAN;
	return consent;
}

static void
a_consent_under_it_is_never_wider(void **state)
{
	struct delegation delegation;
	struct consent consent;

	(void)state;
	assert_int_equal(
	    delegation_parse(span_of(GOOD), &delegation, NULL), ERR_OK);
#define COVERS(answer, change)                                                 \
	do {                                                                   \
		consent = widest(&delegation);                                 \
		change;                                                        \
		assert_int_equal(                                              \
		    delegation_covers(&delegation, &consent, NULL), answer);   \
	} while (0)
	COVERS(ERR_OK, (void)0);
	COVERS(ERR_OK, consent.item_count = 0);
	COVERS(ERR_OK, consent.category_count = 0);
	COVERS(ERR_OK, consent.items[0] = 19);
	COVERS(ERR_OK, consent.purpose = PURPOSE_IN_LOAN);
	COVERS(ERR_OK, consent.not_before_us++);
	COVERS(ERR_OK, consent.expiry_us--);
	COVERS(ERR_INVALID, consent.items[1] = 20);
	COVERS(ERR_INVALID, consent.items[0] = 2);
	COVERS(ERR_INVALID, consent.categories[0] = 7);
	COVERS(ERR_INVALID, consent.purpose = PURPOSE_POST_LOAN);
	COVERS(ERR_INVALID, consent.not_before_us--);
	COVERS(ERR_INVALID, consent.expiry_us++);
	COVERS(ERR_INVALID, strcpy(consent.subject, "91440101MA5CUY37KG"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_delegation_goes_there_and_back),
	    cmocka_unit_test(half_a_delegation_is_refused),
	    cmocka_unit_test(a_consent_under_it_is_never_wider),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
