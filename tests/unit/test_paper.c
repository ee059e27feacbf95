/*
 * paper: the standard documents of an objection.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "credit/paper.h"

#define HEAD                                                                   \
	"{\"id\":\"o-1\",\"subject\":\"91440101MA5CUY37JD\",\"item\":11,"      \
	"\"key\":[\"A〔2019〕3\"],\"reason\":\"wrong\",\"note\":\"<i>said</" \
	"i>\","                                                                \
	"\"filed\":\"2026-11-01T00:00:00Z\",\"due\":\"2026-11-21T00:00:00Z\","

/* The paper as text and HTML; "" when there is none. */
static const char *
print(enum paper_kind kind, const char *rest, enum page_language language,
    struct buf *text)
{
	struct paper_names names = {.subject = "企业", .provider = "部门"};
	struct buf document = {0};
	struct json *objection;
	struct page *page;

	buf_text(&document, HEAD);
	buf_text(&document, rest);
	objection = json_parse(buf_span(&document), NULL);
	assert_non_null(objection);
	page = paper_new(kind, objection, &names, language);
	buf_reset(text);
	if (page != NULL) {
		paper_print_text(page, text);
		page_print_html(page, text);
	}
	page_free(page);
	json_free(objection);
	buf_release(&document);
	return buf_cstr(text);
}

static void
each_state_has_its_papers_and_no_other(void **state)
{
	static const struct {
		const char *rest;
		bool has[PAPER_KINDS];
	} cases[] = {{"\"state\":\"filed\"}", {true, false, false, false}},
	    {"\"state\":\"refused\"}", {true, true, false, false}},
	    {"\"state\":\"accepted\",\"accepted\":\"2026-11-02T00:00:00Z\"}",
		{true, true, false, false}},
	    {"\"state\":\"upheld\",\"accepted\":\"2026-11-02T00:00:00Z\"}",
		{true, true, true, false}},
	    {"\"state\":\"terminated\"}", {true, false, false, true}}};
	struct buf text = {0};
	unsigned i, kind;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (kind = 0; kind < PAPER_KINDS; kind++)
			assert_int_equal(
			    print((enum paper_kind)kind, cases[i].rest, PAGE_ZH,
				&text)[0] != '\0',
			    cases[i].has[kind]);
	buf_release(&text);
}

static void
what_was_said_is_text_in_html(void **state)
{
	struct buf text = {0};
	const char *said = print(PAPER_APPLICATION,
	    "\"claims\":{\"text\":\"<script>\",\"materials\":"
	    "[{\"name\":\"a&b.pdf\",\"sha256\":\"00ff\"}]}}",
	    PAGE_ZH, &text);
	const char *html = strstr(said, "<!DOCTYPE");

	(void)state;
	assert_non_null(html);
	assert_null(strstr(html, "<script>"));
	assert_non_null(strstr(html, "&lt;script&gt;"));
	assert_non_null(strstr(html, "a&amp;b.pdf"));
	buf_release(&text);
}

static void
both_languages_name_the_outcome_and_the_day_in_china(void **state)
{
	static const char decided[] =
	    "\"state\":\"undetermined\",\"ended\":\"2026-11-09T16:30:00Z\","
	    "\"statement\":\"my word\"}";
	static const char repaired[] = "\"state\":\"repaired\",\"repair\":true,"
				       "\"ended\":\"2026-11-09T00:00:00Z\"}";
	struct buf text = {0};

	(void)state;
	assert_non_null(
	    strstr(print(PAPER_REPLY, decided, PAGE_ZH, &text), "无法确认"));
	assert_non_null(
	    strstr(print(PAPER_REPLY, decided, PAGE_EN, &text), "my word"));
	assert_non_null(strstr(buf_cstr(&text), "2026-11-10"));
	assert_non_null(
	    strstr(print(PAPER_REPLY, repaired, PAGE_ZH, &text), "已修复"));
	buf_release(&text);
}

static void
a_document_that_is_none_is_no_crash(void **state)
{
	struct paper_names names = {.subject = "", .provider = ""};
	unsigned kind;

	(void)state;
	for (kind = 0; kind <= PAPER_KINDS; kind++)
		page_free(
		    paper_new((enum paper_kind)kind, NULL, &names, PAGE_EN));
	assert_int_equal(paper_kind_parse("poem"), PAPER_KINDS);
	assert_int_equal(paper_kind_parse("notice"), PAPER_NOTICE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_state_has_its_papers_and_no_other),
	    cmocka_unit_test(what_was_said_is_text_in_html),
	    cmocka_unit_test(
		both_languages_name_the_outcome_and_the_day_in_china),
	    cmocka_unit_test(a_document_that_is_none_is_no_crash)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
