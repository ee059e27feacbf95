/*
 * inflate: gzip and zstd, whole, cut, and hostile.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "wire/inflate.h"

static const struct inflate_limits no_limits = {0, 0};

static void
pack(enum inflate_kind kind, struct span plain, struct buf *out)
{
	struct deflate *one = deflate_new(kind);

	assert_int_equal(deflate_feed(one, plain, true, out), ERR_OK);
	deflate_free(one);
}

/* In pieces of `piece` bytes; `whole` says whether the end was one. */
static enum err
unpack(enum inflate_kind kind, const struct inflate_limits *limits,
    struct span packed, size_t piece, bool *whole, struct buf *out)
{
	struct inflate *one = inflate_new(kind, limits);
	enum err err = ERR_OK;
	size_t had = 1, at;

	for (at = 0; at < packed.len && err == ERR_OK; at += piece) {
		size_t len = packed.len - at < piece ? packed.len - at : piece;
		struct span in = span_make(packed.ptr + at, len);

		for (had = 1; err == ERR_OK && (in.len > 0 || had > 0);) {
			size_t before = out->len;

			err = inflate_step(one, &in, out);
			had = out->len - before;
		}
	}
	*whole = inflate_is_whole(one);
	inflate_free(one);
	return err;
}

static void
fill(struct buf *plain, size_t rows)
{
	size_t i;

	for (i = 0; i < rows; i++)
		buf_print(plain, "row %zu of %zu\n", i, i * 7919 % 104729);
}

static void
what_was_packed_comes_out_the_same_in_any_pieces(void **state)
{
	const enum inflate_kind kinds[] = {
	    INFLATE_NONE, INFLATE_GZIP, INFLATE_ZSTD};
	const size_t pieces[] = {1, 7, 4096, SIZE_MAX / 2};
	struct buf plain = {0}, packed = {0}, out = {0};
	bool whole;
	size_t i, j;

	(void)state;
	fill(&plain, 30000);
	for (i = 0; i < 3; i++) {
		buf_reset(&packed);
		pack(kinds[i], buf_span(&plain), &packed);
		for (j = 0; j < 4; j++) {
			buf_reset(&out);
			assert_int_equal(
			    unpack(kinds[i], &no_limits, buf_span(&packed),
				pieces[j], &whole, &out),
			    ERR_OK);
			assert_true(whole);
			assert_true(
			    span_equal(buf_span(&out), buf_span(&plain)));
		}
	}
	buf_release(&plain);
	buf_release(&packed);
	buf_release(&out);
}

static void
several_members_behind_each_other_are_one_text(void **state)
{
	const enum inflate_kind kinds[] = {INFLATE_GZIP, INFLATE_ZSTD};
	struct buf packed = {0}, out = {0};
	bool whole;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		buf_reset(&packed);
		buf_reset(&out);
		pack(kinds[i], span_of("first,"), &packed);
		pack(kinds[i], span_of("second"), &packed);
		assert_int_equal(unpack(kinds[i], &no_limits, buf_span(&packed),
				     5, &whole, &out),
		    ERR_OK);
		assert_true(whole);
		assert_string_equal(buf_cstr(&out), "first,second");
	}
	buf_release(&packed);
	buf_release(&out);
}

static void
what_is_cut_off_is_not_whole(void **state)
{
	const enum inflate_kind kinds[] = {INFLATE_GZIP, INFLATE_ZSTD};
	struct buf plain = {0}, packed = {0}, out = {0};
	bool whole = true;
	size_t i;

	(void)state;
	fill(&plain, 1000);
	for (i = 0; i < 2; i++) {
		buf_reset(&packed);
		pack(kinds[i], buf_span(&plain), &packed);
		assert_int_equal(unpack(kinds[i], &no_limits,
				     span_make(packed.data, packed.len - 1), 64,
				     &whole, &out),
		    ERR_OK);
		assert_false(whole);
	}
	buf_release(&plain);
	buf_release(&packed);
	buf_release(&out);
}

static void
a_broken_byte_and_a_foreign_format_are_refused(void **state)
{
	const enum inflate_kind kinds[] = {INFLATE_GZIP, INFLATE_ZSTD};
	struct buf plain = {0}, packed = {0}, out = {0};
	bool whole;
	size_t i;

	(void)state;
	fill(&plain, 1000);
	for (i = 0; i < 2; i++) {
		buf_reset(&packed);
		pack(kinds[i], buf_span(&plain), &packed);
		packed.data[packed.len - 3] ^= 0x40;
		assert_int_equal(unpack(kinds[i], &no_limits, buf_span(&packed),
				     64, &whole, &out),
		    ERR_INVALID);
		assert_int_equal(
		    unpack(kinds[i], &no_limits, span_of("uscc,name\nx,y\n"),
			64, &whole, &out),
		    ERR_INVALID);
	}
	buf_release(&plain);
	buf_release(&packed);
	buf_release(&out);
}

static void
a_bomb_is_stopped_by_ratio_and_by_size(void **state)
{
	const enum inflate_kind kinds[] = {INFLATE_GZIP, INFLATE_ZSTD};
	const struct inflate_limits by_ratio = {0, 100};
	const struct inflate_limits by_size = {1 << 20, 0};
	struct buf plain = {0}, packed = {0}, out = {0};
	size_t size = (size_t)64 << 20;
	bool whole;
	size_t i;

	(void)state;
	memset(buf_room(&plain, size), 'x', size);
	plain.len = size;
	for (i = 0; i < 2; i++) {
		buf_reset(&packed);
		pack(kinds[i], buf_span(&plain), &packed);
		buf_reset(&out);
		assert_int_equal(unpack(kinds[i], &by_ratio, buf_span(&packed),
				     4096, &whole, &out),
		    ERR_LIMIT);
		assert_true(out.len <= ((size_t)16 << 20) + 2 * INFLATE_STEP);
		buf_reset(&out);
		assert_int_equal(unpack(kinds[i], &by_size, buf_span(&packed),
				     4096, &whole, &out),
		    ERR_LIMIT);
		assert_true(out.len <= ((size_t)1 << 20) + INFLATE_STEP);
	}
	buf_release(&plain);
	buf_release(&packed);
	buf_release(&out);
}

static void
only_known_codings_are_taken(void **state)
{
	enum inflate_kind kind;

	(void)state;
	assert_true(inflate_kind_parse(NULL, &kind));
	assert_int_equal(kind, INFLATE_NONE);
	assert_true(inflate_kind_parse("identity", &kind));
	assert_int_equal(kind, INFLATE_NONE);
	assert_true(inflate_kind_parse("GZip", &kind));
	assert_int_equal(kind, INFLATE_GZIP);
	assert_true(inflate_kind_parse("zstd", &kind));
	assert_int_equal(kind, INFLATE_ZSTD);
	assert_false(inflate_kind_parse("br", &kind));
	assert_false(inflate_kind_parse("gzip, zstd", &kind));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_packed_comes_out_the_same_in_any_pieces),
	    cmocka_unit_test(several_members_behind_each_other_are_one_text),
	    cmocka_unit_test(what_is_cut_off_is_not_whole),
	    cmocka_unit_test(a_broken_byte_and_a_foreign_format_are_refused),
	    cmocka_unit_test(a_bomb_is_stopped_by_ratio_and_by_size),
	    cmocka_unit_test(only_known_codings_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
