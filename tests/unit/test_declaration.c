/*
 * declaration: read strictly, and shown beside the right record at the right
 * time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "credit/declaration.h"

#define GOOD                                                                   \
	"{\"objection\":\"o-1\",\"subject\":\"91440101MA5CUY37JD\","           \
	"\"statement\":\"x\",\"time\":\"2026-11-23T08:00:00Z\"}"

static enum err
parse(const char *text)
{
	struct declaration said;

	return declaration_parse(span_of(text), &said, NULL);
}

static void
what_is_printed_is_read_again(void **state)
{
	struct declaration before, after;
	struct buf text = {0};

	(void)state;
	assert_int_equal(
	    declaration_parse(span_of(GOOD), &before, NULL), ERR_OK);
	declaration_print(&before, &text);
	assert_string_equal(buf_cstr(&text), GOOD);
	assert_int_equal(
	    declaration_parse(buf_span(&text), &after, NULL), ERR_OK);
	assert_memory_equal(&before, &after, sizeof(before));
	buf_release(&text);
}

static void
what_is_none_is_refused(void **state)
{
	struct buf text = {0};
	size_t i;

	(void)state;
	assert_int_equal(parse(""), ERR_INVALID);
	assert_int_equal(parse("{\"objection\":\"o-1\"}"), ERR_INVALID);
	assert_int_equal(
	    parse("{\"objection\":\"o 1\",\"subject\":\"91440101MA5CUY37JD\","
		  "\"statement\":\"x\",\"time\":\"2026-11-23T08:00:00Z\"}"),
	    ERR_INVALID);
	assert_int_equal(
	    parse("{\"objection\":\"o-1\",\"subject\":\"91440101MA5CUY37JD\","
		  "\"statement\":\"\",\"time\":\"2026-11-23T08:00:00Z\"}"),
	    ERR_INVALID);
	assert_int_equal(
	    parse("{\"objection\":\"o-1\",\"subject\":\"91440101MA5CUY37JD\","
		  "\"statement\":\"x\",\"time\":\"2026-11-23T08:00:00Z\","
		  "\"more\":1}"),
	    ERR_INVALID);
	buf_text(&text, "{\"objection\":\"o-1\",\"subject\":"
			"\"91440101MA5CUY37JD\",\"statement\":\"");
	for (i = 0; i <= OBJECTION_TEXT_MAX; i++)
		buf_char(&text, 'x');
	buf_text(&text, "\",\"time\":\"2026-11-23T08:00:00Z\"}");
	assert_int_equal(
	    declaration_parse(buf_span(&text), &(struct declaration){0}, NULL),
	    ERR_INVALID);
	buf_release(&text);
}

/* What an objection that stands so says beside the record with this key. */
static bool
speaks(const char *objection, uint32_t item, const char *key)
{
	struct json *json = json_parse(span_of(objection), NULL);
	struct span text = declaration_about(json, item, span_of(key));
	bool speaks = text.ptr != NULL;

	if (speaks)
		assert_true(span_is(text, "x"));
	json_free(json);
	return speaks;
}

#define STANDS(state, key)                                                     \
	"{\"item\":11," key "\"repair\":false,\"state\":\"" state              \
	"\",\"statement\":\"x\"}"
#define KEY "\"key\":[\"a\",\"b\"],"

static void
it_is_read_beside_its_record_while_that_is_disputed(void **state)
{
	(void)state;
	assert_true(speaks(STANDS("accepted", KEY), 11,
	    "a\x1f"
	    "b"));
	assert_true(speaks(STANDS("suspended", KEY), 11,
	    "a\x1f"
	    "b"));
	assert_true(speaks(STANDS("undetermined", KEY), 11,
	    "a\x1f"
	    "b"));
	assert_true(speaks(STANDS("accepted", ""), 11, "any"));
	assert_false(speaks(STANDS("filed", ""), 11, "any"));
	assert_false(speaks(STANDS("upheld", ""), 11, "any"));
	assert_false(speaks(STANDS("corrected", ""), 11, "any"));
	assert_false(speaks("{\"item\":11,\"repair\":true,\"state\":"
			    "\"accepted\",\"statement\":\"x\"}",
	    11, "any"));
}

static void
it_is_not_read_beside_another(void **state)
{
	(void)state;
	assert_false(speaks(STANDS("accepted", KEY), 12,
	    "a\x1f"
	    "b"));
	assert_false(speaks(STANDS("accepted", KEY), 11, "a"));
	assert_false(speaks(STANDS("accepted", KEY), 11, "ab"));
	assert_false(speaks(STANDS("accepted", KEY), 11,
	    "a\x1f"
	    "bc"));
	assert_false(speaks(STANDS("accepted", KEY), 11, "a\x1f"));
	assert_false(speaks(STANDS("accepted", KEY), 11, ""));
	assert_false(speaks("{}", 11, "a"));
	assert_false(speaks("[]", 11, "a"));
}

static void
nothing_is_said_about_what_was_refused(void **state)
{
	struct json *refused = json_parse(span_of(STANDS("refused", "")), NULL);
	struct json *upheld = json_parse(span_of(STANDS("upheld", "")), NULL);

	(void)state;
	assert_false(declaration_is_due(refused));
	assert_true(declaration_is_due(upheld));
	json_free(refused);
	json_free(upheld);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_printed_is_read_again),
	    cmocka_unit_test(what_is_none_is_refused),
	    cmocka_unit_test(
		it_is_read_beside_its_record_while_that_is_disputed),
	    cmocka_unit_test(it_is_not_read_beside_another),
	    cmocka_unit_test(nothing_is_said_about_what_was_refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
