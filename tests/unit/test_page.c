/*
 * page: what a report says on paper, and that it says no more or less.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credit/page.h"
#include "credit/page_words.h"
#include "credit/permit.h"
#include "tests/unit/sample_catalog.h"

static const struct page_seal seal = {"d1ge57", "head..sign"};

static const char document[] =
    "{\"subject\":\"91440101MA5CUY37JD\",\"level\":\"C\",\"asked\":{\"node\":"
    "\"gz\",\"by\":\"bank\",\"name\":\"银行\",\"purpose\":\"pre_loan\","
    "\"consent\":\"c-1\",\"time\":\"2024-10-04T00:00:01Z\",\"catalogue\":9},"
    "\"items\":[{\"item\":1,\"as_of\":\"2024-10-04T00:00:00Z\",\"stream\":"
    "\"4401\",\"position\":77,\"provider\":\"bureau\",\"records\":[{\"name\":"
    "\"甲<b>&\\\"公司\",\"turnover\":\"-1234567.00\",\"staff\":12,\"listed\":"
    "true,\"source_number\":\"N-7\",\"state\":\"current\"},{\"name\":\"乙\","
    "\"state\":\"disputed\"},{\"name\":\"丙\",\"state\":\"repaired\"}]},"
    "{\"item\":2,\"as_of\":null,\"stream\":\"4401\",\"position\":77,"
    "\"provider\":null,\"records\":[]},{\"item\":777,\"as_of\":"
    "\"2024-10-04T00:00:00Z\",\"stream\":\"4401\",\"position\":77,"
    "\"provider\":\"x\",\"records\":[{\"odd\":\"thing\",\"state\":"
    "\"current\"}]}],\"withheld\":[{\"item\":4,\"fields\":[\"person\"],"
    "\"rule\":\"consent_scope\"}],\"receipt\":{\"index\":5,\"leaf_hash\":"
    "\"abcd\",\"use\":{\"number\":2,\"of\":3}}}";

static struct catalog *catalog;

static int
load_catalog(void **state)
{
	(void)state;
	catalog = catalog_parse(span_of(sample_catalog), NULL);
	return catalog != NULL ? 0 : -1;
}

static int
drop_catalog(void **state)
{
	(void)state;
	catalog_free(catalog);
	return 0;
}

static struct page *
page_of(enum page_language language)
{
	struct page *page =
	    page_new(span_of(document), catalog, &seal, language, NULL);

	assert_non_null(page);
	return page;
}

static const struct page_line *
find(const struct page *page, const char *label, const char *text)
{
	size_t count, i;
	const struct page_line *lines = page_lines(page, &count);

	for (i = 0; i < count; i++) {
		if (strcmp(lines[i].label, label) == 0 &&
		    strcmp(lines[i].text, text) == 0)
			return &lines[i];
	}
	return NULL;
}

static void
values_stand_beside_their_labels_in_the_words_of_the_catalogue(void **state)
{
	struct page *page = page_of(PAGE_ZH);

	(void)state;
	assert_non_null(find(page, "列name", "甲<b>&\"公司"));
	assert_non_null(find(page, "列turnover", "-1,234,567.00 元"));
	assert_non_null(find(page, "列staff", "12"));
	assert_non_null(find(page, "列listed", "是"));
	assert_non_null(find(page, "来源记录号", "N-7"));
	assert_non_null(find(page, "查询机构", "银行 (bank)"));
	assert_non_null(find(page, "查询目的", "贷前调查"));
	assert_non_null(find(page, "授权编号", "c-1"));
	assert_non_null(find(page, "报告数据 SHA-256", "d1ge57"));
	assert_non_null(find(page, "查询日志序号", "5"));
	assert_non_null(find(page, "授权使用次数", "2 / 3"));
	page_free(page);
}

static void
what_the_catalogue_does_not_know_is_printed_all_the_same(void **state)
{
	struct page *page = page_of(PAGE_EN);

	(void)state;
	assert_non_null(find(page, "", "Other"));
	assert_non_null(find(page, "odd", "thing"));
	page_free(page);
}

static void
disputed_and_repaired_records_are_marked_and_counted(void **state)
{
	struct page *page = page_of(PAGE_EN);
	const struct page_line *second = find(page, "", "Record 2");
	const struct page_line *third = find(page, "", "Record 3");

	(void)state;
	assert_int_equal(second->mark, PAGE_DISPUTED);
	assert_int_equal(third->mark, PAGE_REPAIRED);
	assert_non_null(
	    find(page, "a", "3 records  [disputed] 1  [repaired] 1"));
	page_free(page);
}

static void
what_was_withheld_is_said_with_its_reason(void **state)
{
	struct page *page = page_of(PAGE_ZH);

	(void)state;
	assert_non_null(
	    find(page, "4 项4", "列person。原因：授权范围未包含该信息项"));
	page_free(page);
}

static void
an_item_without_records_says_so_and_up_to_where(void **state)
{
	struct page *page = page_of(PAGE_EN);

	(void)state;
	assert_non_null(find(
	    page, "", "No record · complete up to: stream 4401 position 77"));
	page_free(page);
}

static void
html_escapes_whatever_a_department_wrote(void **state)
{
	struct page *page = page_of(PAGE_ZH);
	struct buf html = {0};

	(void)state;
	page_print_html(page, &html);

	assert_non_null(strstr(buf_cstr(&html), "甲&lt;b&gt;&amp;&quot;公司"));
	assert_null(strstr(buf_cstr(&html), "<b>"));
	assert_null(strstr(buf_cstr(&html), "<script"));
	buf_release(&html);
	page_free(page);
}

static void
html_says_every_line_of_the_page(void **state)
{
	struct page *page = page_of(PAGE_EN);
	struct buf html = {0};
	size_t count, i;
	const struct page_line *lines = page_lines(page, &count);

	(void)state;
	page_print_html(page, &html);

	for (i = 0; i < count; i++) {
		assert_non_null(strstr(buf_cstr(&html), lines[i].label));
		if (strchr(lines[i].text, '<') == NULL &&
		    strchr(lines[i].text, '\'') == NULL)
			assert_non_null(strstr(buf_cstr(&html), lines[i].text));
	}
	buf_release(&html);
	page_free(page);
}

static void
what_is_no_report_makes_no_page(void **state)
{
	static const char *const bad[] = {
	    "", "[]", "{}", "{\"items\":[]}", "{\"items\":{},\"asked\":{}}"};
	struct why why;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_null(
		    page_new(span_of(bad[i]), NULL, &seal, PAGE_ZH, &why));
}

static void
every_rule_that_withholds_has_chinese_words(void **state)
{
	unsigned rule;

	(void)state;
	for (rule = PERMIT_CONSENT_MISSING; rule <= PERMIT_LEASE_STALE; rule++)
		assert_string_not_equal(
		    page_rule_words(
			permit_rule_name((enum permit_rule)rule), PAGE_ZH),
		    permit_rule_name((enum permit_rule)rule));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		values_stand_beside_their_labels_in_the_words_of_the_catalogue),
	    cmocka_unit_test(
		what_the_catalogue_does_not_know_is_printed_all_the_same),
	    cmocka_unit_test(
		disputed_and_repaired_records_are_marked_and_counted),
	    cmocka_unit_test(what_was_withheld_is_said_with_its_reason),
	    cmocka_unit_test(an_item_without_records_says_so_and_up_to_where),
	    cmocka_unit_test(html_escapes_whatever_a_department_wrote),
	    cmocka_unit_test(html_says_every_line_of_the_page),
	    cmocka_unit_test(what_is_no_report_makes_no_page),
	    cmocka_unit_test(every_rule_that_withholds_has_chinese_words),
	};

	return cmocka_run_group_tests(tests, load_catalog, drop_catalog);
}
