/*
 * http_head: what a head may look like.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/http_head.h"

static struct http_fault
check(struct http_head *head, const char *raw)
{
	http_head_reset(head);
	return http_head_check(head, span_of(raw));
}

static int
status_of(const char *raw)
{
	struct http_head head = {0};

	return check(&head, raw).status;
}

#define GET "GET /a HTTP/1.1\r\nHost: a\r\n"
#define POST "POST /a HTTP/1.1\r\nHost: a\r\n"

static void
a_plain_head_passes_and_tells_its_framing(void **state)
{
	struct http_head head = {0};

	(void)state;
	assert_null(check(&head, POST "Content-Length: 42\r\n\r\n").text);
	assert_int_equal(head.length, 42);
	assert_false(head.is_chunked || head.is_last || head.expects);

	assert_null(check(&head, POST "transfer-encoding: CHUNKED \r\n"
				      "Expect: 100-Continue\r\n"
				      "Connection: TE, close\r\n\r\n")
			.text);
	assert_true(head.is_chunked && head.is_last && head.expects);

	assert_null(check(&head, "GET /a?b HTTP/1.0\r\n\r\n").text);
	assert_true(head.is_last);
}

static void
line_ends_are_cr_lf_only(void **state)
{
	(void)state;
	assert_int_equal(status_of("GET /a HTTP/1.1\nHost: a\r\n\r\n"), 400);
	assert_int_equal(status_of(GET "X: b\n\r\n"), 400);
	assert_int_equal(status_of(GET "X: b\rY: c\r\n\r\n"), 400);
	assert_int_equal(status_of(GET "X: b\r\r\n\r\n"), 400);
	assert_int_equal(status_of(GET "X: b\r\n"), 400);
	assert_int_equal(status_of(GET "\r\nX"), 400);
	assert_int_equal(status_of("\r\n"), 400);
	assert_int_equal(status_of(""), 400);
}

static void
names_and_values_are_clean(void **state)
{
	(void)state;
	assert_int_equal(status_of(GET " folded\r\n\r\n"), 400);
	assert_int_equal(status_of(GET "\tfolded: x\r\n\r\n"), 400);
	assert_int_equal(status_of(GET "X : b\r\n\r\n"), 400);
	assert_int_equal(status_of(GET ": b\r\n\r\n"), 400);
	assert_int_equal(status_of(GET "X\r\n\r\n"), 400);
	assert_int_equal(status_of(GET "X(: b\r\n\r\n"), 400);
	assert_int_equal(status_of(GET "X: \x01\r\n\r\n"), 400);
	assert_int_equal(status_of(GET "X: a\tb\r\nY:\r\n\r\n"), 0);
}

static void
lengths_are_one_plain_number(void **state)
{
	(void)state;
	assert_int_equal(status_of(POST "Content-Length: \r\n\r\n"), 400);
	assert_int_equal(status_of(POST "Content-Length: -1\r\n\r\n"), 400);
	assert_int_equal(status_of(POST "Content-Length: 1 1\r\n\r\n"), 400);
	assert_int_equal(
	    status_of(POST "Content-Length: 1000000000000000000\r\n\r\n"), 400);
	assert_int_equal(status_of(POST "Content-Length: 1\r\n"
					"content-length: 1\r\n\r\n"),
	    400);
	assert_int_equal(status_of(POST "Content-Length: 1\r\n"
					"Transfer-Encoding: chunked\r\n\r\n"),
	    400);
	assert_int_equal(
	    status_of(POST "Transfer-Encoding: identity\r\n\r\n"), 400);
	assert_int_equal(status_of(POST "Transfer-Encoding: \r\n\r\n"), 400);
}

static void
limits_have_their_own_status(void **state)
{
	struct http_head head = {0};
	struct buf raw = {0};
	int i;

	(void)state;
	buf_text(&raw, GET);
	for (i = 0; i < HTTP_FIELDS_MAX - 1; i++)
		buf_text(&raw, "X: b\r\n");
	buf_text(&raw, "\r\n");
	assert_int_equal(http_head_check(&head, buf_span(&raw)).status, 0);
	raw.len -= 2;
	buf_text(&raw, "X: b\r\n\r\n");
	http_head_reset(&head);
	assert_int_equal(http_head_check(&head, buf_span(&raw)).status, 431);

	buf_reset(&raw);
	buf_text(&raw, "GET /");
	for (i = 0; i < HTTP_URL_MAX; i++)
		buf_char(&raw, 'a');
	buf_text(&raw, " HTTP/1.1\r\nHost: a\r\n\r\n");
	http_head_reset(&head);
	assert_int_equal(http_head_check(&head, buf_span(&raw)).status, 414);
	assert_int_equal(status_of(GET "Expect: tea\r\n\r\n"), 417);
	buf_release(&raw);
}

static void
fields_are_found_by_lower_case_name(void **state)
{
	struct http_head head = {0};

	(void)state;
	http_head_set_method(&head, span_of("GET"));
	assert_true(http_head_set_target(&head, span_of("/x")));
	assert_true(http_head_add(&head, span_of("X-Some"), span_of("One")));
	assert_true(http_head_add(&head, span_of("Empty"), span_of("")));

	assert_string_equal(http_head_method(&head), "GET");
	assert_string_equal(http_head_target(&head), "/x");
	assert_string_equal(http_head_find(&head, "x-some"), "One");
	assert_string_equal(http_head_find(&head, "empty"), "");
	assert_null(http_head_find(&head, "other"));
	http_head_release(&head);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_plain_head_passes_and_tells_its_framing),
	    cmocka_unit_test(line_ends_are_cr_lf_only),
	    cmocka_unit_test(names_and_values_are_clean),
	    cmocka_unit_test(lengths_are_one_plain_number),
	    cmocka_unit_test(limits_have_their_own_status),
	    cmocka_unit_test(fields_are_found_by_lower_case_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
