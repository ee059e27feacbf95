/*
 * buf: bytes that grow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buf.h"

static void
integers_are_big_endian_and_counted_bytes_carry_their_length(void **state)
{
	struct buf buf = {0};

	(void)state;
	buf_u16(&buf, 0x0102);
	buf_u32(&buf, 0x03040506);
	buf_u64(&buf, UINT64_C(0x0708090a0b0c0d0e));
	buf_counted(&buf, span_of("xy"));

	assert_int_equal(buf.len, 20);
	assert_memory_equal(
	    buf.data, "\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\0\0\0\2xy", 20);
	buf_release(&buf);
	assert_null(buf.data);
}

static void
printing_grows_as_needed(void **state)
{
	struct buf buf = {0};
	int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		buf_print(&buf, "%d,%0100d;", i, i);

	assert_int_equal(buf.len, 1000 * 102 + 10 + 180 + 2700);
	assert_int_equal(strlen(buf_cstr(&buf)), buf.len);
	assert_memory_equal(buf.data, "0,0", 3);
	buf_release(&buf);
}

static void
a_text_of_exactly_the_room_is_whole(void **state)
{
	struct buf buf = {0};

	(void)state;
	buf_print(&buf, "%064d", 1);
	buf_print(&buf, "%0*d", (int)(buf.size - buf.len), 2);
	buf_char(&buf, '.');

	assert_int_equal(buf.data[buf.len - 2], '2');
	assert_int_equal(buf.data[buf.len - 1], '.');
	buf_reset(&buf);
	assert_int_equal(buf.len, 0);
	assert_string_equal(buf_cstr(&buf), "");
	buf_release(&buf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		integers_are_big_endian_and_counted_bytes_carry_their_length),
	    cmocka_unit_test(printing_grows_as_needed),
	    cmocka_unit_test(a_text_of_exactly_the_room_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
