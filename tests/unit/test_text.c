/*
 * text: UTF-8, GB 18030, and what makes names comparable.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/text.h"

static void
only_well_formed_utf8_is_utf8(void **state)
{
	static const char *const wrong[] = {"\x80", "\xc0\x80", "\xc1\xbf",
	    "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
	    "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe8\x9e", "\xff",
	    "abcdefgh\xe8", "\xe8\x9eZ"};
	size_t i;

	(void)state;
	assert_true(text_is_utf8(span_of(NULL)));
	assert_true(text_is_utf8(span_of("abc融信𠀀\xf4\x8f\xbf\xbf")));
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(text_is_utf8(span_of(wrong[i])));
	assert_int_equal(text_count(span_of("a融信𠀀")), 4);
}

static void
white_space_of_any_width_is_trimmed(void **state)
{
	struct span text;

	(void)state;
	text = text_trim(span_of("\xef\xbb\xbf \t　融 信　\r\n"));
	assert_true(span_is(text, "融 信"));
	assert_int_equal(text_trim(span_of(" 　 ")).len, 0);
	assert_int_equal(text_trim(span_of(NULL)).len, 0);
}

static void
full_width_and_white_space_are_folded(void **state)
{
	struct buf out = {0};

	(void)state;
	text_fold(span_of("ＡＢ（１２）\x01\x7f　 \t融\xe2\x80\x8b信～"), &out);

	assert_string_equal(buf_cstr(&out), "AB(12) 融信~");
	buf_release(&out);
}

static void
assert_decodes(
    const char *charset, struct span bytes, const char *expected, size_t broken)
{
	struct text_decoder *decoder;
	struct buf out = {0};
	size_t piece, i;

	for (piece = 1; piece <= bytes.len; piece++) {
		decoder = text_decoder_new(charset);
		assert_non_null(decoder);
		buf_reset(&out);
		for (i = 0; i + piece < bytes.len; i += piece)
			text_decoder_feed(decoder,
			    span_make(bytes.ptr + i, piece), false, &out);
		text_decoder_feed(decoder,
		    span_make(bytes.ptr + i, bytes.len - i), true, &out);
		assert_string_equal(buf_cstr(&out), expected);
		assert_int_equal(text_decoder_broken(decoder), broken);
		text_decoder_free(decoder);
	}
	buf_release(&out);
}

static void
gb18030_is_decoded_wherever_it_is_cut(void **state)
{
	(void)state;
	/* Two bytes, four bytes (U+20000, U+1E3F), ASCII. */
	assert_decodes("GB18030",
	    span_of("\xc8\xda\xd0\xc5,\x95\x32\x82\x36\xa8\xbc!"), "融信,𠀀ḿ!",
	    0);
	assert_decodes("gb18030", span_of("\x84\x31\x95\x33\xc8\xda"), "融", 0);
}

static void
a_broken_character_costs_one_mark_and_no_comma(void **state)
{
	(void)state;
	assert_decodes("gb18030", span_of("a\xff,\xc8\xda"), "a�,融", 1);
	assert_decodes("gb18030", span_of("\xc8,x"), "�,x", 1);
	assert_decodes("gb18030", span_of("x\xc8"), "x�", 1);
	assert_decodes("utf-8", span_of("a\xff,\xe8\x9e,x\xe8"), "a�,�,x�", 3);
	assert_decodes("utf-8", span_of("\xed\xa0\x80"), "���", 3);
}

static void
utf8_passes_without_its_mark(void **state)
{
	(void)state;
	assert_decodes("utf-8", span_of("\xef\xbb\xbf融\xef\xbb\xbf𠀀"),
	    "融\xef\xbb\xbf𠀀", 0);
	assert_decodes("UTF-8", span_of("plain text, longer than eight"),
	    "plain text, longer than eight", 0);
}

static void
an_empty_end_and_other_charsets(void **state)
{
	struct text_decoder *decoder = text_decoder_new("utf-8");
	struct buf out = {0};

	(void)state;
	text_decoder_feed(decoder, span_of("\xe8\x9e"), false, &out);
	assert_int_equal(out.len, 0);
	text_decoder_feed(decoder, span_of(NULL), true, &out);
	assert_string_equal(buf_cstr(&out), "�");
	text_decoder_free(decoder);
	text_decoder_free(NULL);
	assert_null(text_decoder_new("big5"));
	buf_release(&out);
}

/* Unicode, table 3-7, for three bytes. */
static bool
are_one_character(unsigned a, unsigned b, unsigned c)
{
	if (b < 0x80 || b > 0xbf || c < 0x80 || c > 0xbf)
		return false;
	return !(a == 0xe0 && b < 0xa0) && !(a == 0xed && b > 0x9f);
}

static void
three_bytes_are_judged_the_same_in_a_run_of_characters(void **state)
{
	static const uint8_t thirds[] = {0x7f, 0x80, 0xbf, 0xc0, 0xe4};
	char text[] = "融???信";
	unsigned a, b, i;

	(void)state;
	for (a = 0xe0; a <= 0xef; a++)
		for (b = 0; b <= 0xff; b++)
			for (i = 0; i < sizeof(thirds); i++) {
				text[3] = (char)a;
				text[4] = (char)b;
				text[5] = (char)thirds[i];
				assert_int_equal(
				    text_is_utf8(span_make(text, 9)),
				    are_one_character(a, b, thirds[i]));
			}
}

static void
what_is_folded_or_trimmed_is_so_in_a_run_of_characters(void **state)
{
	struct buf out = {0};

	(void)state;
	text_fold(
	    span_of("融\xe3\x80\x80信：ａ\x01\xe2\x80\x8b碑 \t记\x7f"), &out);
	assert_string_equal(buf_cstr(&out), "融 信:a碑 记");
	assert_true(
	    span_is(text_trim(span_of(" 融 信\xe3\x80\x80\t")), "融 信"));
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_well_formed_utf8_is_utf8),
	    cmocka_unit_test(white_space_of_any_width_is_trimmed),
	    cmocka_unit_test(full_width_and_white_space_are_folded),
	    cmocka_unit_test(gb18030_is_decoded_wherever_it_is_cut),
	    cmocka_unit_test(a_broken_character_costs_one_mark_and_no_comma),
	    cmocka_unit_test(utf8_passes_without_its_mark),
	    cmocka_unit_test(an_empty_end_and_other_charsets),
	    cmocka_unit_test(
		three_bytes_are_judged_the_same_in_a_run_of_characters),
	    cmocka_unit_test(
		what_is_folded_or_trimmed_is_so_in_a_run_of_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
