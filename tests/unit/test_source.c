/*
 * source: what an operator says of exchange databases.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "credit/source.h"

#define PLAIN                                                                  \
	"\"name\":\"a-1\",\"department\":\"11100000MB00000510\",\"item\":11,"  \
	"\"conninfo\":\"host=x password=hunter2\",\"cursor\":\"id\""

static enum err
parse(const char *table, const char *more, struct sources *sources,
    struct why *why)
{
	char text[1024];

	snprintf(text, sizeof(text), "[{" PLAIN ",\"table\":\"%s\"%s}]", table,
	    more);
	return sources_parse(span_of(text), sources, why);
}

static void
a_short_source_has_defaults(void **state)
{
	const struct source *source;
	struct sources sources;

	(void)state;
	assert_int_equal(parse("企业 表", "", &sources, NULL), ERR_OK);

	source = &sources.list[0];
	assert_int_equal(sources.count, 1);
	assert_string_equal(source->name, "a-1");
	assert_string_equal(source->schema, "public");
	assert_string_equal(source->table, "企业 表");
	assert_string_equal(source->order[0], "id");
	assert_int_equal(source->order_count, 1);
	assert_int_equal(source->column_count, 0);
	assert_int_equal(source->rows, 5000);
	assert_int_equal(source->every_seconds, 60);
	assert_int_equal(source->lag_seconds, 1);
	assert_int_equal(source->settle_seconds, 60);
	assert_int_equal(source->timeout_seconds, 30);
	sources_release(&sources);
}

static void
schema_keys_and_columns_are_taken(void **state)
{
	const struct source *source;
	struct sources sources;

	(void)state;
	assert_int_equal(
	    parse("share.t",
		",\"key\":[\"b\",\"c\"],\"columns\":{\"uscc\":\"代码\"}",
		&sources, NULL),
	    ERR_OK);

	source = &sources.list[0];
	assert_string_equal(source->schema, "share");
	assert_string_equal(source->table, "t");
	assert_int_equal(source->order_count, 3);
	assert_string_equal(source->order[2], "c");
	assert_string_equal(source->columns[0].field, "uscc");
	assert_string_equal(source->columns[0].column, "代码");
	sources_release(&sources);
}

static void
what_is_wrong_is_told_without_the_secret(void **state)
{
	static const char *const wrong[] = {",\"password\":\"x\"",
	    ",\"key\":\"b\"", ",\"key\":[]", ",\"key\":[\"id\"]",
	    ",\"key\":[\"b\",\"c\",\"d\",\"e\"]", ",\"columns\":{}",
	    ",\"columns\":{\"a\":1}", ",\"rows\":0", ",\"rows\":20001",
	    ",\"rows\":\"7\"", ",\"every_seconds\":0", ",\"lag_seconds\":0",
	    ",\"settle_seconds\":-1", ",\"timeout_seconds\":601",
	    ",\"item\":12"};
	struct sources sources;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct why why = {0};

		assert_int_equal(
		    parse("t", wrong[i], &sources, &why), ERR_INVALID);
		assert_true(why.text[0] != '\0');
		assert_null(strstr(why.text, "hunter2"));
	}
	assert_int_equal(parse(".", "", &sources, NULL), ERR_INVALID);
	assert_int_equal(parse("a.", "", &sources, NULL), ERR_INVALID);
	assert_int_equal(parse("", "", &sources, NULL), ERR_INVALID);
}

static void
two_sources_of_one_name_are_refused(void **state)
{
	static const char one[] = "{" PLAIN ",\"table\":\"t\"}";
	struct sources sources;
	struct why why = {0};
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text), "[%s,%s]", one, one);
	assert_int_equal(
	    sources_parse(span_of(text), &sources, &why), ERR_INVALID);
	assert_string_equal(why.text, "source 2: name: two have the same");
}

static void
a_file_that_is_too_long_is_not_read(void **state)
{
	static char text[SOURCES_TEXT_MAX + 2];
	struct sources sources;

	(void)state;
	memset(text, ' ', sizeof(text) - 1);
	memcpy(text, "[]", 2);
	assert_int_equal(
	    sources_parse(span_of(text), &sources, NULL), ERR_LIMIT);
	assert_int_equal(
	    sources_parse(span_make(text, 100), &sources, NULL), ERR_OK);
	assert_int_equal(sources.count, 0);
	sources_release(&sources);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_short_source_has_defaults),
	    cmocka_unit_test(schema_keys_and_columns_are_taken),
	    cmocka_unit_test(what_is_wrong_is_told_without_the_secret),
	    cmocka_unit_test(two_sources_of_one_name_are_refused),
	    cmocka_unit_test(a_file_that_is_too_long_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
