/*
 * fields: what the ledger prints of a record is read back as it was.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/mem.h"
#include "hub/fields.h"
#include "sample_catalog.h"

struct fixture {
	struct catalog *catalog;
	const struct item *item;
};

static int
open_fixture(void **state)
{
	struct fixture *fixture = mem_new(sizeof(*fixture));
	struct why why = {""};

	fixture->catalog = catalog_parse(span_of(sample_catalog), &why);
	assert_non_null(fixture->catalog);
	fixture->item = catalog_find_item(fixture->catalog, 1);
	*state = fixture;
	return 0;
}

static int
close_fixture(void **state)
{
	struct fixture *fixture = *state;

	catalog_free(fixture->catalog);
	mem_free(fixture);
	return 0;
}

/* As PostgreSQL orders and prints it: short names first. */
static const char printed[] =
    "{\"name\": \"甲公司\", \"phone\": \"\", \"staff\": \"12\"}";

static void
plain_texts_are_skimmed_in_the_order_of_numbers(void **state)
{
	const struct fixture *fixture = *state;
	const char *text = "{\"staff\": \"12\", \"name\": \"甲: \", \"x\"}";
	const char *whole = "{\"staff\": \"12\", \"name\": \"甲, {}: \"}";
	struct fields fields;

	assert_false(fields_skim(fixture->item, span_of(text), &fields));
	assert_true(fields_skim(fixture->item, span_of(whole), &fields));

	assert_int_equal(fields.count, 2);
	assert_int_equal(fields.unknown, 0);
	assert_int_equal(fields.list[0].number, 1);
	assert_true(span_is(fields.list[0].value, "甲, {}: "));
	assert_int_equal(fields.list[1].number, 4);
	assert_true(span_is(fields.list[1].value, "12"));
}

static void
skimming_and_reading_say_the_same(void **state)
{
	const struct fixture *fixture = *state;
	struct json *document = json_parse(span_of(printed), NULL);
	struct fields skimmed, read;
	size_t i;

	assert_true(fields_skim(fixture->item, span_of(printed), &skimmed));
	fields_read(fixture->item, document, &read);

	assert_int_equal(skimmed.count, 3);
	assert_int_equal(skimmed.count, read.count);
	for (i = 0; i < read.count; i++) {
		assert_int_equal(skimmed.list[i].number, read.list[i].number);
		assert_true(
		    span_equal(skimmed.list[i].value, read.list[i].value));
	}
	json_free(document);
}

static void
what_nobody_knows_is_counted(void **state)
{
	const struct fixture *fixture = *state;
	const char *text = "{\"nam\": \"a\", \"names\": \"b\","
			   " \"source_number\": \"7\"}";
	struct fields fields;

	assert_true(fields_skim(fixture->item, span_of(text), &fields));

	assert_int_equal(fields.unknown, 2);
	assert_int_equal(fields.count, 1);
	assert_int_equal(fields.list[0].number, CATALOG_SOURCE_NUMBER);
}

static void
escapes_and_other_values_are_left_to_the_reader(void **state)
{
	static const char *const others[] = {"", "{", "{}", "[]", "\"a\"",
	    "{\"name\": 1}", "{\"name\": null}", "{\"name\":\"a\"}",
	    "{\"name\": \"a\\\"b\"}", "{\"name\": \"a\\\\\"}",
	    "{\"na\\u006de\": \"a\"}", "{\"name\": \"a\"} ",
	    "{\"name\": {\"name\": \"a\"}}", "{\"name\": \"a\", }"};
	const struct fixture *fixture = *state;
	struct fields fields;
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_false(
		    fields_skim(fixture->item, span_of(others[i]), &fields));
}

static void
nothing_is_read_behind_the_end(void **state)
{
	const struct fixture *fixture = *state;
	struct fields fields;
	size_t len;
	char *copy;

	for (len = 0; len < sizeof(printed) - 1; len++) {
		copy = mem_copy(printed, len + 1);
		copy = mem_grow(copy, len > 0 ? len : 1);
		assert_false(
		    fields_skim(fixture->item, span_make(copy, len), &fields));
		mem_free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_texts_are_skimmed_in_the_order_of_numbers),
	    cmocka_unit_test(skimming_and_reading_say_the_same),
	    cmocka_unit_test(what_nobody_knows_is_counted),
	    cmocka_unit_test(escapes_and_other_values_are_left_to_the_reader),
	    cmocka_unit_test(nothing_is_read_behind_the_end),
	};

	return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
