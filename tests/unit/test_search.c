/*
 * search: who is filed under which words, and found by which.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "credit/search.h"

#define SUBJECT "91440101MA5CUY37JD"

static const struct search_fields fields = {1, 2, 3, 4};

static void
print_card(const char *name, const char *number, const char *division,
    const char *industry, struct buf *out)
{
	const struct record_field values[] = {{1, span_of(name)},
	    {2, span_of(number)}, {3, span_of(division)},
	    {4, span_of(industry)}};
	const struct record record = {.item = SEARCH_ITEM,
	    .subject = span_of(SUBJECT),
	    .state = RECORD_CURRENT,
	    .fields = values,
	    .field_count = 4};

	card_print(&fields, &record, out);
}

static bool
fits(const char *name, const char *asked, const char *match)
{
	struct search_words words = {.name = asked, .match = match};
	struct search search;
	struct buf bytes = {0};
	struct card card;
	bool result;

	print_card(name, "", "", "", &bytes);
	assert_true(card_parse(buf_span(&bytes), &card));
	assert_int_equal(search_parse(&words, &search, NULL), ERR_OK);
	result = search_fits(&search, &card);
	buf_release(&bytes);
	return result;
}

static void
names_are_the_same_however_they_are_written(void **state)
{
	static const char *const ways[] = {"ABC（中国）有限公司",
	    "ａｂｃ(中国)有限公司", "Abc【中国】有限公司",
	    " ABC 〔中国〕 有限公司", "ABC[中国]有限公司",
	    "ABC《中国》有限公司"};
	size_t i, j;

	(void)state;
	for (i = 0; i < 6; i++)
		for (j = 0; j < 6; j++)
			assert_true(fits(ways[i], ways[j], "exact"));
	assert_true(fits("阿·买提餐厅", "阿•买提", NULL));
	assert_false(fits("ABC(中国)有限公司", "ABC中国", NULL));
}

static void
contains_prefix_and_exact_are_told_apart(void **state)
{
	(void)state;
	assert_true(fits("广州博丰公司", "博丰", NULL));
	assert_true(fits("广州博丰公司", "博丰", "contains"));
	assert_false(fits("广州博丰公司", "博丰", "prefix"));
	assert_true(fits("广州博丰公司", "广州", "prefix"));
	assert_false(fits("广州博丰公司", "广州博丰", "exact"));
	assert_true(fits("广州博丰公司", "广州博丰公司", "exact"));
}

static void
what_is_no_question_is_refused(void **state)
{
	static const struct search_words bad[] = {{.uscc = NULL}, {.name = ""},
	    {.name = " "}, {.match = "exact"}, {.name = "甲", .match = "x"},
	    {.division = "4"}, {.division = "44011"}, {.division = "4401011"},
	    {.division = "ab"}, {.industry = ""}, {.industry = "C2"},
	    {.industry = "C26144"}, {.uscc = "91440101MA5CUY37JE"},
	    {.number = "12345678901234567890123456789012345"},
	    {.name = "\xff\xfe"}};
	struct search search;
	struct why why;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(
		    search_parse(&bad[i], &search, &why), ERR_INVALID);
}

struct expectation {
	const struct search_plan *plan;
	bool found[SEARCH_TERMS_MAX];
};

static void
expect_term(void *context, struct span term)
{
	struct expectation *expected = context;
	size_t i;

	for (i = 0; i < expected->plan->count; i++) {
		struct span wanted = span_of(expected->plan->terms[i]);

		if (expected->plan->scans && term.len > wanted.len)
			expected->found[i] |=
			    span_equal(span_make(term.ptr, wanted.len), wanted);
		else
			expected->found[i] |= span_equal(term, wanted);
	}
}

/* The promise of the plan: who fits is filed under all of its terms. */
static void
check_plan(const char *name, const char *asked, const char *match)
{
	struct search_words words = {.name = asked,
	    .match = match,
	    .division = "4401",
	    .industry = "C26"};
	struct search_plan plan;
	struct expectation expected = {.plan = &plan};
	struct search search;
	struct buf bytes = {0};
	struct card card;
	size_t i;

	print_card(name, "440101000000001", "440106", "C2614", &bytes);
	assert_true(card_parse(buf_span(&bytes), &card));
	assert_int_equal(search_parse(&words, &search, NULL), ERR_OK);
	assert_true(search_fits(&search, &card));
	search_make_plan(&search, &plan);
	assert_true(plan.count > 0);
	card_each_term(&card, expect_term, &expected);
	for (i = 0; i < plan.count; i++)
		assert_true(expected.found[i]);
	buf_release(&bytes);
}

static void
every_part_of_a_name_leads_to_it(void **state)
{
	static const char name[] = "广州A(中国)𠮷丰é公司公司";
	char part[sizeof(name)];
	size_t from, until, len = strlen(name);

	(void)state;
	for (from = 0; from < len; from++) {
		for (until = from + 1; until <= len; until++) {
			if (((uint8_t)name[from] & 0xc0) == 0x80 ||
			    ((uint8_t)name[until] & 0xc0) == 0x80)
				continue;
			memcpy(part, name + from, until - from);
			part[until - from] = '\0';
			check_plan(name, part, NULL);
			if (from == 0)
				check_plan(name, part, "prefix");
		}
	}
	check_plan(name, name, "exact");
}

static void
a_long_name_is_filed_and_found(void **state)
{
	char name[700] = "";
	size_t i;

	(void)state;
	for (i = 0; i < 200; i++)
		strcat(name, "信");
	check_plan(name,
	    "信信信信信信信信信信信信信信信信信信信信信信信信信信信", NULL);
}

struct firsts {
	const struct search_plan *plan;
	const struct card *card;
	size_t count;
};

static void
count_first(void *context, struct span term)
{
	struct firsts *firsts = context;
	size_t len = strlen(firsts->plan->terms[0]);

	if (term.len >= len &&
	    memcmp(term.ptr, firsts->plan->terms[0], len) == 0)
		firsts->count +=
		    search_is_first(firsts->plan, firsts->card, term);
}

static void
who_has_a_short_name_twice_is_found_once(void **state)
{
	struct search_words words = {.name = "公司"};
	struct search_plan plan;
	struct search search;
	struct buf bytes = {0};
	struct card card;
	struct firsts firsts = {&plan, &card, 0};

	(void)state;
	print_card("公司甲公司乙公司", "", "", "", &bytes);
	assert_true(card_parse(buf_span(&bytes), &card));
	assert_int_equal(search_parse(&words, &search, NULL), ERR_OK);
	search_make_plan(&search, &plan);
	assert_true(plan.scans);
	card_each_term(&card, count_first, &firsts);
	assert_int_equal(firsts.count, 1);
	buf_release(&bytes);
}

static void
bytes_that_are_no_card_are_told(void **state)
{
	struct card card;

	(void)state;
	assert_false(card_parse(span_of("name"), &card));
	assert_false(card_parse(span_make("n\0o\0d", 5), &card));
	assert_true(card_parse(span_make("n\0o\0d\0i", 7), &card));
	assert_false(card_parse(span_make("n\0o\0d\0i\0", 8), &card));
	assert_false(card_parse(span_make("n\0o\0"
					  "4401011\0i",
				    13),
	    &card));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_are_the_same_however_they_are_written),
	    cmocka_unit_test(contains_prefix_and_exact_are_told_apart),
	    cmocka_unit_test(what_is_no_question_is_refused),
	    cmocka_unit_test(every_part_of_a_name_leads_to_it),
	    cmocka_unit_test(a_long_name_is_filed_and_found),
	    cmocka_unit_test(who_has_a_short_name_twice_is_found_once),
	    cmocka_unit_test(bytes_that_are_no_card_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
