/*
 * Where a subject belongs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credit/region.h"
#include "tests/unit/sample_list.h"

static struct catalog *catalog;

static int
open_catalog(void **state)
{
	(void)state;
	catalog = catalog_parse(span_of(SAMPLE_CATALOG), NULL);
	return catalog != NULL ? 0 : -1;
}

static int
close_catalog(void **state)
{
	(void)state;
	catalog_free(catalog);
	return 0;
}

struct sample {
	const char *uscc, *division, *province, *city;
	const char *stream;
	enum region_source source;
};

static void
assert_streams(const struct sample *samples)
{
	const struct sample *sample;
	struct whereabouts where;
	enum region_source source;
	char stream[STREAM_LEN + 1];

	for (sample = samples; sample->stream != NULL; sample++) {
		where = (struct whereabouts){span_of(sample->division),
		    span_of(sample->province), span_of(sample->city)};
		source = region_stream(
		    catalog, span_of(sample->uscc), &where, stream);
		assert_string_equal(stream, sample->stream);
		assert_int_equal(source, sample->source);
	}
}

static void
a_declared_division_comes_first(void **state)
{
	static const struct sample samples[] = {
	    {"914403001922038216", "440106", "广东", "深圳", "4401",
		REGION_DECLARED},
	    {"914403001922038216", " 1100", "", "", "1101", REGION_DECLARED},
	    {"914403001922038216", "9901", "", "", "4403", REGION_CODE},
	    {"914403001922038216", "广州市", "", "", "4403", REGION_CODE},
	    {.stream = NULL}};

	(void)state;
	assert_streams(samples);
}

static void
names_come_before_the_code(void **state)
{
	static const struct sample samples[] = {
	    {"914403001922038216", "", "广东", "广州", "4401", REGION_NAMED},
	    {"914403001922038216", "", "", "广州市", "4401", REGION_NAMED},
	    {"914403001922038216", "", "广东", "成都", "4403", REGION_CODE},
	    {"91310000X07214327X", "", "上海", "黄浦", "3101", REGION_NAMED},
	    {.stream = NULL}};

	(void)state;
	assert_streams(samples);
}

static void
a_name_in_two_provinces_is_decided_by_the_province(void **state)
{
	static const struct sample samples[] = {
	    {"914403001922038216", "", "辽宁", "朝阳", "2113", REGION_NAMED},
	    {"914403001922038216", "", "北京", "朝阳", "1101", REGION_NAMED},
	    {"914403001922038216", "", "", "朝阳", "4403", REGION_CODE},
	    {.stream = NULL}};

	(void)state;
	assert_streams(samples);
}

static void
a_retired_prefecture_is_its_successor(void **state)
{
	static const struct sample samples[] = {
	    {"91110228X07214327X", "", "", "", "1101", REGION_CODE},
	    {.stream = NULL}};

	(void)state;
	assert_streams(samples);
}

static void
an_unknown_prefecture_falls_to_the_province(void **state)
{
	static const struct sample samples[] = {
	    {"91449900X07214327X", "", "", "", "4400", REGION_CODE},
	    {"91449900X07214327X", "", "四川", "某州", "5100", REGION_NAMED},
	    {"91319900X07214327X", "", "", "", "3101", REGION_CODE},
	    {"91129900X07214327X", "", "", "", "1201", REGION_CODE},
	    {"91100000100003962T", "", "", "", "1101", REGION_CODE},
	    {"91100000100003962T", "", "广东", "", "4400", REGION_NAMED},
	    {"", "", "", "", "1101", REGION_CODE}, {.stream = NULL}};

	(void)state;
	assert_streams(samples);
}

static void
provinces_and_prefectures_are_the_catalogues(void **state)
{
	(void)state;

	assert_true(region_is_province(catalog, span_of("44")));
	assert_false(region_is_province(catalog, span_of("45")));
	assert_false(region_is_province(catalog, span_of("广东")));
	assert_true(region_is_prefecture(catalog, span_of("4403")));
	assert_true(region_is_prefecture(catalog, span_of("1102")));
	assert_false(region_is_prefecture(catalog, span_of("4499")));
	assert_false(region_is_prefecture(catalog, span_of("440300")));
}

static void
a_platform_holds_what_begins_with_its_division(void **state)
{
	(void)state;

	assert_true(region_holds("", "4403"));
	assert_true(region_holds("44", "4403"));
	assert_true(region_holds("4403", "4403"));
	assert_false(region_holds("440305", "4403"));
	assert_true(region_holds("440305", STREAM_CONTROL));
	assert_false(region_holds("4401", "4403"));
	assert_false(region_holds("31", "4403"));
	assert_true(region_holds("31", STREAM_CONTROL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_declared_division_comes_first),
	    cmocka_unit_test(names_come_before_the_code),
	    cmocka_unit_test(
		a_name_in_two_provinces_is_decided_by_the_province),
	    cmocka_unit_test(a_retired_prefecture_is_its_successor),
	    cmocka_unit_test(an_unknown_prefecture_falls_to_the_province),
	    cmocka_unit_test(provinces_and_prefectures_are_the_catalogues),
	    cmocka_unit_test(a_platform_holds_what_begins_with_its_division),
	};

	return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
