/*
 * mem: arenas.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"

static void
an_arena_gives_zeroed_aligned_memory_again_after_reset(void **state)
{
	struct arena *arena = arena_new();
	int round, i;
	char *taken;

	(void)state;
	for (round = 0; round < 3; round++) {
		for (i = 1; i < 300; i++) {
			taken = arena_take(arena, (size_t)i);
			assert_int_equal((uintptr_t)taken % 16, 0);
			assert_int_equal(taken[0] | taken[i - 1], 0);
			memset(taken, 0xff, (size_t)i);
		}
		assert_true(arena_used(arena) >= 300 * 299 / 2);
		arena_reset(arena);
		assert_int_equal(arena_used(arena), 0);
	}
	arena_free(arena);
}

static void
an_arena_serves_more_than_a_block(void **state)
{
	struct arena *arena = arena_new();
	char *small, *large;

	(void)state;
	small = arena_text(arena, "融信", 6);
	large = arena_take(arena, (size_t)3 << 20);
	memset(large, 1, (size_t)3 << 20);

	assert_string_equal(small, "融信");
	arena_free(arena);
}

static void
copies_are_whole_and_independent(void **state)
{
	char text[] = "abc";
	char *copy = mem_text(text);
	char *bytes = mem_copy(text, 2);

	(void)state;
	text[0] = 'x';
	assert_string_equal(copy, "abc");
	assert_memory_equal(bytes, "ab", 2);
	copy = mem_grow(copy, 1000);
	assert_string_equal(copy, "abc");
	mem_free(copy);
	mem_free(bytes);
	mem_free(NULL);
	arena_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		an_arena_gives_zeroed_aligned_memory_again_after_reset),
	    cmocka_unit_test(an_arena_serves_more_than_a_block),
	    cmocka_unit_test(copies_are_whole_and_independent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
