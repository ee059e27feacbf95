/*
 * json: reading with limits, writing with escapes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/json.h"

static void
assert_refused(const char *text)
{
	struct why why;

	assert_null(json_parse(span_of(text), &why));
}

static void
hostile_documents_are_refused(void **state)
{
	char deep[80];

	(void)state;
	assert_refused("");
	assert_refused("{\"a\":1,\"a\":2}");
	assert_refused("{\"a\":1} x");
	assert_refused("{\"a\":\"\\u0000\"}");
	assert_refused("{\"\\u0000a\":1}");
	assert_refused("\"\xff\"");
	assert_refused("\"\xed\xa0\x80\"");
	assert_refused("\"\\ud800\"");
	assert_refused("99999999999999999999");
	assert_refused("1e999");
	assert_refused("[01]");
	assert_refused("{'a':1}");
	assert_null(json_parse(span_make("{}\0", 3), NULL));
	memset(deep, '[', 33);
	memset(deep + 33, ']', 33);
	assert_null(json_parse(span_make(deep, 66), NULL));
}

static void
nesting_of_32_and_brackets_in_text_are_fine(void **state)
{
	char deep[64];
	struct json *root;

	(void)state;
	memset(deep, '[', 32);
	memset(deep + 32, ']', 32);
	root = json_parse(span_make(deep, 64), NULL);
	assert_non_null(root);
	json_free(root);

	root = json_parse(span_of("\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
				  "[[[[[[[[[[[[\\\\\""),
	    NULL);
	assert_non_null(root);
	json_free(root);
}

static void
a_refusal_says_where_and_does_not_quote(void **state)
{
	struct why why;

	(void)state;
	assert_null(json_parse(span_of("{\n\"secret\" 1}"), &why));

	assert_non_null(strstr(why.text, "line 2"));
	assert_null(strstr(why.text, "secret"));
}

static void
members_are_found_by_kind(void **state)
{
	struct json *root = json_parse(
	    span_of("{\"t\":\"融信\",\"i\":-7,\"r\":1.5,\"b\":true,\"n\":null,"
		    "\"a\":[1,2]}"),
	    NULL);

	(void)state;
	assert_true(json_is_object(root));
	assert_int_equal(json_count(root), 6);
	assert_string_equal(json_cstr(json_find(root, "t"), "-"), "融信");
	assert_string_equal(json_cstr(json_find(root, "i"), "-"), "-");
	assert_int_equal(json_int(json_find(root, "i"), 0), -7);
	assert_int_equal(json_int(json_find(root, "r"), 3), 3);
	assert_true(json_bool(json_find(root, "b"), false));
	assert_true(json_is_null(json_find(root, "n")));
	assert_false(json_is_null(json_find(root, "absent")));
	assert_null(json_find(root, "absent"));
	assert_null(json_find(json_find(root, "a"), "x"));
	assert_null(json_text(json_find(root, "absent")).ptr);
	assert_int_equal(json_int(json_at(json_find(root, "a"), 1), 0), 2);
	assert_null(json_at(json_find(root, "a"), 2));
	json_free(root);
}

static void
an_unknown_member_is_named(void **state)
{
	const char *const names[] = {"a", "b", NULL};
	struct json *root = json_parse(span_of("{\"a\":1,\"c\":2}"), NULL);
	const char *unknown = NULL;

	(void)state;
	assert_false(json_has_only(root, names, &unknown));
	assert_string_equal(unknown, "c");
	json_free(root);
}

static void
assert_scalar(const char *json, const char *expected)
{
	struct json *root = json_parse(span_of(json), NULL);
	struct buf out = {0};

	assert_non_null(root);
	json_scalar(root, &out);
	assert_string_equal(buf_cstr(&out), expected);
	buf_release(&out);
	json_free(root);
}

static void
scalars_are_as_a_cell_would_hold_them(void **state)
{
	(void)state;
	assert_scalar("9223372036854775807", "9223372036854775807");
	assert_scalar("-9223372036854775808", "-9223372036854775808");
	assert_scalar("0", "0");
	assert_scalar("0.1", "0.1");
	assert_scalar("1234567.89", "1234567.89");
	assert_scalar("123456789012345.67", "123456789012345.67");
	assert_scalar("2.0", "2.0");
	assert_scalar("true", "true");
	assert_scalar("null", "");
	assert_scalar("\"a\\nb\"", "a\nb");
}

static void
what_is_printed_keeps_order_and_reads_back(void **state)
{
	const char *text = "{\"z\":[1,2.5,\"\\u0001\\\"\\\\/\\n\",[],{}],"
			   "\"a\":{\"融\":null,\"b\":false}}";
	struct json *root = json_parse(span_of(text), NULL);
	struct buf out = {0};

	(void)state;
	json_print(root, &out);

	assert_string_equal(buf_cstr(&out), text);
	buf_release(&out);
	json_free(root);
}

static void
the_writer_keeps_commas(void **state)
{
	struct buf buf = {0};
	struct json_out out = {&buf, false};

	(void)state;
	json_open_object(&out, NULL);
	json_put_int(&out, "n", INT64_MIN);
	json_open_array(&out, "list");
	json_open_object(&out, NULL);
	json_close_object(&out);
	json_put_cstr(&out, NULL, "x\x7f\x1f");
	json_put_text(&out, NULL, span_make(NULL, 0));
	json_close_array(&out);
	json_put_bool(&out, "b\"", true);
	json_put_null(&out, "z");
	json_put_raw(&out, "raw", span_of("[1.0]"));
	json_close_object(&out);

	assert_string_equal(buf_cstr(&buf),
	    "{\"n\":-9223372036854775808,\"list\":[{},\"x\\u007f\\u001f\",\"\"]"
	    ","
	    "\"b\\\"\":true,\"z\":null,\"raw\":[1.0]}");
	buf_release(&buf);
}

static bool
count_two(void *context, const char *name, const struct json *value)
{
	int *seen = context;

	(void)name;
	(void)value;
	return ++*seen < 2;
}

static void
a_visit_can_stop(void **state)
{
	struct json *root =
	    json_parse(span_of("{\"a\":1,\"b\":2,\"c\":3}"), NULL);
	int seen = 0;

	(void)state;
	assert_false(json_each(root, count_two, &seen));
	assert_int_equal(seen, 2);
	json_free(root);
}

/* Runs are looked through eight bytes at a time. */
static void
an_escape_is_found_at_every_place(void **state)
{
	static const char from[] = "\"\\\n\x7f\x01";
	static const char *const to[] = {
	    "\\\"", "\\\\", "\\n", "\\u007f", "\\u0001"};
	char text[] = "\x80 \xff#!~[]\x80 \xff#!~[]";
	struct buf out = {0}, wanted = {0};
	size_t at, i;

	(void)state;
	for (at = 0; at < strlen(text); at++) {
		for (i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
			char kept = text[at];

			text[at] = from[i];
			buf_reset(&out);
			json_quote(span_of(text), &out);
			buf_reset(&wanted);
			buf_print(&wanted, "\"%.*s%s%s\"", (int)at, text, to[i],
			    text + at + 1);
			text[at] = kept;
			assert_string_equal(buf_cstr(&out), buf_cstr(&wanted));
		}
	}
	buf_release(&out);
	buf_release(&wanted);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hostile_documents_are_refused),
	    cmocka_unit_test(nesting_of_32_and_brackets_in_text_are_fine),
	    cmocka_unit_test(a_refusal_says_where_and_does_not_quote),
	    cmocka_unit_test(members_are_found_by_kind),
	    cmocka_unit_test(an_unknown_member_is_named),
	    cmocka_unit_test(scalars_are_as_a_cell_would_hold_them),
	    cmocka_unit_test(what_is_printed_keeps_order_and_reads_back),
	    cmocka_unit_test(the_writer_keeps_commas),
	    cmocka_unit_test(a_visit_can_stop),
	    cmocka_unit_test(an_escape_is_found_at_every_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
