/*
 * codec: the vectors of RFC 4648, and what is not canonical.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/codec.h"

static const char *const plain[] = {
    "", "f", "fo", "foo", "foob", "fooba", "foobar"};
static const char *const base64[] = {
    "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};

static void
base64_is_as_in_rfc_4648(void **state)
{
	struct buf out = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		buf_reset(&out);
		codec_base64(span_of(plain[i]), &out);
		assert_string_equal(buf_cstr(&out), base64[i]);
		buf_reset(&out);
		assert_true(codec_parse_base64(span_of(base64[i]), &out));
		assert_string_equal(buf_cstr(&out), plain[i]);
	}
	buf_release(&out);
}

static void
base64url_has_its_own_letters_and_no_padding(void **state)
{
	struct buf out = {0};

	(void)state;
	codec_base64url(span_of("\xfb\xff\xfe?"), &out);
	assert_string_equal(buf_cstr(&out), "-__-Pw");
	buf_reset(&out);
	assert_true(codec_parse_base64url(span_of("-__-Pw"), &out));
	assert_string_equal(buf_cstr(&out), "\xfb\xff\xfe?");
	assert_false(codec_parse_base64url(span_of("-__-Pw=="), &out));
	assert_false(codec_parse_base64url(span_of("+//+Pw"), &out));
	buf_release(&out);
}

static void
a_second_spelling_is_refused_and_leaves_nothing(void **state)
{
	static const char *const wrong[] = {"Zg",
	    "Zg=", "Zh==", "Zm9=", "Z===", "Zg==Zg==", "Zm 9v", "Zm9v\n",
	    "====", "A"};
	struct buf out = {0};
	size_t i;

	(void)state;
	buf_text(&out, "kept");
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(codec_parse_base64(span_of(wrong[i]), &out));
	assert_false(codec_parse_base64url(span_of("Zh"), &out));
	assert_false(codec_parse_base64url(span_of("Zm9vY"), &out));
	assert_string_equal(buf_cstr(&out), "kept");
	buf_release(&out);
}

static void
hex_is_lower_case_only(void **state)
{
	struct buf out = {0};

	(void)state;
	codec_hex(span_make("\x00\xff\x1a", 3), &out);
	assert_string_equal(buf_cstr(&out), "00ff1a");
	buf_reset(&out);
	assert_true(codec_parse_hex(span_of("00ff1a"), &out));
	assert_memory_equal(out.data, "\x00\xff\x1a", 3);
	assert_false(codec_parse_hex(span_of("00FF1A"), &out));
	assert_false(codec_parse_hex(span_of("00f"), &out));
	assert_false(codec_parse_hex(span_of("0g"), &out));
	assert_int_equal(out.len, 3);
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(base64_is_as_in_rfc_4648),
	    cmocka_unit_test(base64url_has_its_own_letters_and_no_padding),
	    cmocka_unit_test(a_second_spelling_is_refused_and_leaves_nothing),
	    cmocka_unit_test(hex_is_lower_case_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
