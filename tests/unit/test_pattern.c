/*
 * How a text must look, in the catalogue's small language.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "credit/pattern.h"

static bool
matches(const char *pattern, const char *text)
{
	struct arena *arena = arena_new();
	const struct pattern *parsed = pattern_parse(arena, span_of(pattern));
	bool result;

	assert_non_null(parsed);
	result = pattern_matches(parsed, span_of(text));
	arena_free(arena);
	return result;
}

static void
the_whole_text_must_match(void **state)
{
	(void)state;

	assert_true(matches("\\d{6}", "510000"));
	assert_false(matches("\\d{6}", "5100001"));
	assert_false(matches("\\d{6}", "51000"));
	assert_false(matches("\\d{6}", "51000a"));
	assert_false(matches("\\d{6}", ""));
	assert_true(matches("a*", ""));
}

static void
sets_counts_and_alternatives_mean_what_they_say(void **state)
{
	(void)state;

	assert_true(matches("[0-9A-Z]{2,4}-?[^x]", "4A-y"));
	assert_true(matches("[0-9A-Z]{2,4}-?[^x]", "4A1y"));
	assert_false(matches("[0-9A-Z]{2,4}-?[^x]", "4A-x"));
	assert_true(matches("粤[A-Z]\\d+|无|\\(\\d+\\)", "粤B12"));
	assert_true(matches("粤[A-Z]\\d+|无|\\(\\d+\\)", "无"));
	assert_true(matches("粤[A-Z]\\d+|无|\\(\\d+\\)", "(7)"));
	assert_false(matches("粤[A-Z]\\d+|无|\\(\\d+\\)", "粤B"));
	assert_true(matches("[一-龥]+..", "广州ab"));
	assert_true(matches("[a\\]\\-]+", "-]a"));
}

static void
what_is_no_pattern_is_refused(void **state)
{
	static const char *const broken[] = {"", "(a)", "a**", "[", "[]",
	    "[b-a]", "a{2", "a{3,2}", "a{256}", "a{}", "|a", "a|", "a||b", "\\",
	    "\\w", "^a", "a$", "*", NULL};
	struct arena *arena = arena_new();
	char many[PATTERN_MAX + 2];
	size_t i;

	(void)state;

	for (i = 0; broken[i] != NULL; i++)
		if (pattern_parse(arena, span_of(broken[i])) != NULL)
			fail_msg("taken: %s", broken[i]);
	memset(many, 'a', sizeof(many));
	assert_null(pattern_parse(arena, span_make(many, 65)));
	assert_null(pattern_parse(arena, span_make(many, sizeof(many))));
	arena_free(arena);
}

static void
hostile_patterns_take_no_time(void **state)
{
	char pattern[200] = "", text[PATTERN_TEXT_MAX + 2] = "";
	int64_t before = clock_tick_us();
	size_t i;

	(void)state;
	for (i = 0; i < 60; i++)
		strcat(pattern, "a*");
	strcat(pattern, "b");
	memset(text, 'a', PATTERN_TEXT_MAX);

	assert_false(matches(pattern, text));

	assert_true(clock_tick_us() - before < CLOCK_SECOND / 2);
	text[PATTERN_TEXT_MAX] = 'a';
	assert_false(matches("a*", text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_whole_text_must_match),
	    cmocka_unit_test(sets_counts_and_alternatives_mean_what_they_say),
	    cmocka_unit_test(what_is_no_pattern_is_refused),
	    cmocka_unit_test(hostile_patterns_take_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
