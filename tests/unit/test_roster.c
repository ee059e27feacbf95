/*
 * roster: the member list as the hub signed it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credit/roster.h"

static const char list[] =
    "[{\"code\":\"B1\",\"name\":\"bank\",\"kind\":\"bank\"},"
    "{\"code\":\"N1\",\"name\":\"node\",\"kind\":\"platform\","
    "\"divisions\":[\"44\"]}]";

static void
platforms_of_the_list_are_found_and_nobody_else(void **state)
{
	struct signer *hub = signer_new();
	uint8_t raw[32];
	struct roster *roster;
	struct buf jws = {0};
	struct why why = {""};

	(void)state;
	assert_int_equal(signer_public(hub, raw), ERR_OK);
	assert_int_equal(
	    roster_sign(span_of(list), "net", 1000000, hub, &jws), ERR_OK);
	roster = roster_open(buf_span(&jws), raw, &why);

	assert_non_null(roster);
	assert_string_equal(roster_time(roster), "1970-01-01T00:00:01Z");
	assert_string_equal(roster_platform(roster, 0)->code, "N1");
	assert_null(roster_platform(roster, 1));
	roster_free(roster);
	buf_release(&jws);
	signer_free(hub);
}

static void
a_list_by_another_key_is_refused(void **state)
{
	struct signer *hub = signer_new(), *other = signer_new();
	uint8_t raw[32];
	struct buf jws = {0};
	struct why why = {""};

	(void)state;
	assert_int_equal(signer_public(hub, raw), ERR_OK);
	assert_int_equal(
	    roster_sign(span_of(list), "net", 0, other, &jws), ERR_OK);

	assert_null(roster_open(buf_span(&jws), raw, &why));
	buf_release(&jws);
	signer_free(hub);
	signer_free(other);
}

static void
what_is_signed_and_no_list_is_refused(void **state)
{
	static const char *const wrong[] = {"{}", "[1]", "[{\"code\":\"N1\"}]"};
	struct signer *hub = signer_new();
	uint8_t raw[32];
	size_t i;

	(void)state;
	assert_int_equal(signer_public(hub, raw), ERR_OK);
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct buf jws = {0};
		struct why why = {""};

		assert_int_equal(
		    roster_sign(span_of(wrong[i]), "net", 0, hub, &jws),
		    ERR_OK);
		assert_null(roster_open(buf_span(&jws), raw, &why));
		assert_true(why.text[0] != '\0');
		buf_release(&jws);
	}
	signer_free(hub);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(platforms_of_the_list_are_found_and_nobody_else),
	    cmocka_unit_test(a_list_by_another_key_is_refused),
	    cmocka_unit_test(what_is_signed_and_no_list_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
