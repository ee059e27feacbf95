/*
 * claims: the first fault decides, and nothing is read after it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credit/claims.h"

static const char *const names[] = {"text", "time", "count", "list", NULL};

static void
open_claims(struct claims *claims, const char *json, struct why *why)
{
	claims_open(claims, span_of(json), 200, names, why);
}

static void
what_is_there_is_read(void **state)
{
	struct claims claims;
	uint32_t numbers[2];
	char text[8];
	int64_t time_us;
	unsigned value;
	size_t count;

	(void)state;
	open_claims(&claims,
	    "{\"text\":\"1234567\",\"time\":\"1970-01-01T00:00:01Z\","
	    "\"count\":7,\"list\":[9,8]}",
	    NULL);
	claims_text(&claims, "text", text, sizeof(text));
	claims_time(&claims, "time", &time_us);
	claims_int(&claims, "count", 0, 7, &value);
	claims_numbers(&claims, "list", 2, numbers, &count);

	assert_int_equal(claims_close(&claims), ERR_OK);
	assert_string_equal(text, "1234567");
	assert_int_equal(time_us, 1000000);
	assert_int_equal(value, 7);
	assert_int_equal(count, 2);
	assert_int_equal(numbers[1], 8);
}

static void
the_first_fault_is_the_one_told(void **state)
{
	struct claims claims;
	struct why why;
	char text[8];
	unsigned value;

	(void)state;
	open_claims(&claims, "{\"text\":\"12345678\",\"count\":9}", &why);
	claims_text(&claims, "text", text, sizeof(text));
	claims_int(&claims, "count", 0, 7, &value);
	claims_refuse(&claims, "list", "whatever");

	assert_int_equal(claims_close(&claims), ERR_INVALID);
	assert_string_equal(why.text, "text: too long");
	assert_string_equal(text, "");
}

static void
an_absent_text_is_a_fault_only_where_required(void **state)
{
	struct claims claims;
	char text[8];

	(void)state;
	open_claims(&claims, "{}", NULL);
	claims_maybe_text(&claims, "text", text, sizeof(text));
	assert_int_equal(claims.err, ERR_OK);
	claims_text(&claims, "text", text, sizeof(text));
	assert_int_equal(claims_close(&claims), ERR_INVALID);
}

static void
every_reading_of_a_broken_document_is_harmless(void **state)
{
	struct claims claims;
	uint32_t numbers[2];
	int64_t time_us;
	unsigned value;
	size_t count;
	char text[8];

	(void)state;
	open_claims(&claims, "{\"text\":", NULL);
	assert_false(claims_has(&claims, "text"));
	claims_text(&claims, "text", text, sizeof(text));
	claims_time(&claims, "time", &time_us);
	claims_int(&claims, "count", 0, 7, &value);
	claims_numbers(&claims, "list", 2, numbers, &count);

	assert_int_equal(claims_close(&claims), ERR_INVALID);
	assert_int_equal(count, 0);
}

static void
too_much_is_refused_before_it_is_parsed(void **state)
{
	struct claims claims;

	(void)state;
	claims_open(&claims, span_of("{\"text\":\"x\"}"), 11, names, NULL);
	assert_int_equal(claims_close(&claims), ERR_LIMIT);
	claims_open(&claims, span_of("{\"text\":\"x\"}"), 12, names, NULL);
	assert_int_equal(claims_close(&claims), ERR_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_there_is_read),
	    cmocka_unit_test(the_first_fault_is_the_one_told),
	    cmocka_unit_test(an_absent_text_is_a_fault_only_where_required),
	    cmocka_unit_test(every_reading_of_a_broken_document_is_harmless),
	    cmocka_unit_test(too_much_is_refused_before_it_is_parsed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
