/*
 * typeset: the same report gives the same PDF, whatever the clock says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "node/typeset.h"

/* The libraries ask the clock through these names, too, some on a thread of
 * their own. */
static _Atomic time_t pretended;

time_t time(time_t *out);

time_t
time(time_t *out)
{
	if (out != NULL)
		*out = pretended;
	return pretended;
}

static struct page *
page_of(size_t records, enum page_language language)
{
	static const struct page_seal seal = {"d1ge57", "head..sign"};
	struct buf json = {0};
	struct page *page;
	size_t i;

	buf_text(&json,
	    "{\"subject\":\"91440101MA5CUY37JD\",\"level\":\"public\","
	    "\"asked\":{\"time\":\"2024-10-04T00:00:01.25Z\"},\"items\":["
	    "{\"item\":1,\"stream\":\"4401\",\"position\":7,\"records\":[");
	for (i = 0; i < records; i++)
		buf_print(&json,
		    "%s{\"name\":\"企业%zu\",\"scope\":\"销售；销售；销售；"
		    "销售；销售；销售；销售；销售；销售；销售；销售；销售；"
		    "销售；销售；销售；销售；销售；销售；销售；销售\","
		    "\"state\":\"current\"}",
		    i > 0 ? "," : "", i);
	buf_text(&json, "]}],\"withheld\":[],\"receipt\":{\"index\":5,"
			"\"leaf_hash\":\"abcd\"}}");
	page = page_new(buf_span(&json), NULL, &seal, language, NULL);
	assert_non_null(page);
	buf_release(&json);
	return page;
}

static void
set_at(time_t when, size_t records, struct buf *pdf)
{
	struct typesetter *typesetter = typesetter_new();
	struct page *page = page_of(records, PAGE_ZH);

	pretended = when;
	assert_int_equal(typeset(typesetter, page, pdf, NULL), ERR_OK);
	page_free(page);
	typesetter_free(typesetter);
}

static void
a_report_is_set_a_year_later_with_the_same_bytes(void **state)
{
	struct buf now = {0}, later = {0};

	(void)state;
	set_at(1700000000, 40, &now);
	set_at(1731536000, 40, &later);

	assert_true(now.len > 1000);
	assert_memory_equal(now.data, "%PDF-", 5);
	assert_true(span_equal(buf_span(&now), buf_span(&later)));
	buf_release(&now);
	buf_release(&later);
}

static void
one_typesetter_sets_one_report_after_the_other_alike(void **state)
{
	struct typesetter *typesetter = typesetter_new();
	struct page *page = page_of(3, PAGE_EN);
	struct page *other = page_of(30, PAGE_ZH);
	struct buf first = {0}, between = {0}, second = {0};

	(void)state;
	assert_int_equal(typeset(typesetter, page, &first, NULL), ERR_OK);
	assert_int_equal(typeset(typesetter, other, &between, NULL), ERR_OK);
	assert_int_equal(typeset(typesetter, page, &second, NULL), ERR_OK);

	assert_true(span_equal(buf_span(&first), buf_span(&second)));
	buf_release(&first);
	buf_release(&between);
	buf_release(&second);
	page_free(page);
	page_free(other);
	typesetter_free(typesetter);
}

static void
a_report_of_too_many_sheets_is_refused(void **state)
{
	struct typesetter *typesetter = typesetter_new();
	struct page *page = page_of(12000, PAGE_ZH);
	struct buf pdf = {0};

	(void)state;
	assert_int_equal(typeset(typesetter, page, &pdf, NULL), ERR_LIMIT);
	buf_release(&pdf);
	page_free(page);
	typesetter_free(typesetter);
}

static int
end_typesetters(void **state)
{
	(void)state;
	typesetters_end();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_report_is_set_a_year_later_with_the_same_bytes),
	    cmocka_unit_test(
		one_typesetter_sets_one_report_after_the_other_alike),
	    cmocka_unit_test(a_report_of_too_many_sheets_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, end_typesetters);
}
