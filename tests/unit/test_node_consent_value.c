/*
 * A consent is kept with what its claims say, and is read back whole or not at
 * all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node/consent_value.h"

static const char claims[] =
    "{\"id\":\"c-1\",\"version\":1,\"subject\":\"914403001922038216\","
    "\"grantee\":\"91440101MA5AAAAA0Q\",\"items\":[1,17],\"categories\":[2],"
    "\"purpose\":\"pre_loan\",\"mode\":\"period\","
    "\"not_before\":\"2026-01-01T00:00:00Z\","
    "\"expiry\":\"2026-12-31T00:00:00Z\","
    "\"frequency\":{\"uses\":3,\"per\":\"day\","
    "\"at\":\"11440100MB0044011H\"},\"data_life_days\":30,"
    "\"revocation\":\"https://node.example/v1/consents\"}";

static void
print(const char *text, struct buf *bytes)
{
	const struct consent_value value = {
	    .state = 's', .ordered_us = 77, .claims = span_of(text)};

	consent_value_print(&value, bytes);
}

static void
what_the_claims_say_is_kept_with_them(void **state)
{
	struct consent expected = {0}, consent;
	struct consent_value value;
	struct buf bytes = {0};

	(void)state;
	assert_int_equal(
	    consent_parse(span_of(claims), &expected, NULL), ERR_OK);
	print(claims, &bytes);

	assert_int_equal(
	    consent_value_parse(buf_span(&bytes), &value, &consent), ERR_OK);

	assert_int_equal(value.state, 's');
	assert_int_equal(value.ordered_us, 77);
	assert_true(span_is(value.claims, claims));
	assert_memory_equal(&consent, &expected, sizeof(consent));
	buf_release(&bytes);
}

static void
claims_that_cannot_be_read_open_nothing(void **state)
{
	struct consent_value value;
	struct consent consent;
	struct buf bytes = {0};

	(void)state;
	print("{\"id\":\"c-1\"}", &bytes);

	assert_int_equal(
	    consent_value_parse(buf_span(&bytes), &value, &consent),
	    ERR_INVALID);
	buf_release(&bytes);
}

static void
what_is_cut_before_its_claims_is_refused(void **state)
{
	struct consent_value value;
	struct consent consent;
	struct buf bytes = {0};
	size_t len, whole;

	(void)state;
	print(claims, &bytes);
	whole = bytes.len - strlen(claims);

	for (len = 0; len < whole; len++)
		assert_int_equal(consent_value_parse(span_make(bytes.data, len),
				     &value, &consent),
		    ERR_INVALID);
	buf_release(&bytes);
}

static void
lists_longer_than_any_are_refused(void **state)
{
	struct consent_value value;
	struct consent consent;
	struct buf bytes = {0};
	size_t i;

	(void)state;
	print(claims, &bytes);

	/* Any byte may be damaged; nothing may be written beyond its place. */
	for (i = 9; i < bytes.len - strlen(claims); i++) {
		char kept = bytes.data[i];

		bytes.data[i] = (char)0xff;
		(void)!consent_value_parse(buf_span(&bytes), &value, &consent);
		assert_true(consent.item_count <= MEMBER_LIST_MAX);
		bytes.data[i] = kept;
	}
	buf_release(&bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_the_claims_say_is_kept_with_them),
	    cmocka_unit_test(claims_that_cannot_be_read_open_nothing),
	    cmocka_unit_test(what_is_cut_before_its_claims_is_refused),
	    cmocka_unit_test(lists_longer_than_any_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
