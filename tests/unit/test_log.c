/*
 * log: a line is whole and harmless.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

/* Standard error goes into a pipe while a test looks. */
static int pipe_ends[2];
static int real_stderr;

static int
redirect(void **state)
{
	(void)state;
	clock_set(1795408800123456);
	real_stderr = dup(STDERR_FILENO);
	return pipe2(pipe_ends, O_NONBLOCK) != 0 ||
	       dup2(pipe_ends[1], STDERR_FILENO) < 0;
}

static int
restore(void **state)
{
	(void)state;
	clock_set(-1);
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	return 0;
}

static const char *
logged(char *out, size_t size)
{
	ssize_t len = read(pipe_ends[0], out, size - 1);

	out[len > 0 ? len : 0] = '\0';
	return out;
}

static void
a_line_has_time_level_program_event_and_facts(void **state)
{
	char line[256];

	(void)state;
	log_init("hub", LOG_INFO);
	log_info("ingest.done", "rows=%d", 7);
	assert_string_equal(logged(line, sizeof(line)),
	    "2026-11-23T04:40:00Z info hub ingest.done rows=7\n");
	log_error("hub.stopped", "%s", "");
	assert_string_equal(logged(line, sizeof(line)),
	    "2026-11-23T04:40:00Z error hub hub.stopped\n");
}

static void
a_fact_cannot_begin_a_line(void **state)
{
	char line[256];

	(void)state;
	log_init("hub", LOG_INFO);
	log_warn("feed.bad", "name=%s", "a\nb\x1b[0m");
	assert_string_equal(logged(line, sizeof(line)),
	    "2026-11-23T04:40:00Z warn hub feed.bad name=a?b?[0m\n");
}

static void
below_the_level_nothing_is_written_and_long_lines_are_cut(void **state)
{
	char line[8192];

	(void)state;
	log_init("hub", LOG_INFO);
	log_debug("bus.frame", "len=%d", 1);
	assert_string_equal(logged(line, sizeof(line)), "");
	log_init("hub", LOG_DEBUG);
	log_debug("bus.frame", "%05000d", 1);
	logged(line, sizeof(line));
	assert_true(strlen(line) <= 2048);
	assert_int_equal(line[strlen(line) - 1], '\n');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		a_line_has_time_level_program_event_and_facts, redirect,
		restore),
	    cmocka_unit_test_setup_teardown(
		a_fact_cannot_begin_a_line, redirect, restore),
	    cmocka_unit_test_setup_teardown(
		below_the_level_nothing_is_written_and_long_lines_are_cut,
		redirect, restore),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
