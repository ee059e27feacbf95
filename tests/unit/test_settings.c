/*
 * settings: file, environment, command line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/settings.h"

struct target {
	char *listen_on;
	int64_t port;
	bool strict;
};

static const struct setting rows[] = {
    {"listen", SETTING_TEXT, offsetof(struct target, listen_on), "127.0.0.1", 0,
	0, "address to listen on"},
    {"bus.port-number", SETTING_INT, offsetof(struct target, port), "80", 1,
	65535, "port"},
    {"strict", SETTING_BOOL, offsetof(struct target, strict), "no", 0, 0,
	"refuse more"},
    {NULL, SETTING_TEXT, 0, NULL, 0, 0, NULL},
};

static void
defaults_then_lines_of_a_file(void **state)
{
	struct target target = {0};
	struct why why;

	(void)state;
	assert_int_equal(settings_default(rows, &target, &why), ERR_OK);
	assert_string_equal(target.listen_on, "127.0.0.1");
	assert_int_equal(target.port, 80);
	assert_false(target.strict);
	assert_int_equal(settings_read_text(rows, &target, "f",
			     span_of("# comment\r\n\n listen =  a = b # c \r\n"
				     "bus.port-number=65535\nstrict = yes"),
			     &why),
	    ERR_OK);
	assert_string_equal(target.listen_on, "a = b # c");
	assert_int_equal(target.port, 65535);
	assert_true(target.strict);
	settings_release(rows, &target);
	assert_null(target.listen_on);
}

static void
assert_refused(const char *text, const char *words)
{
	struct target target = {0};
	struct why why;

	assert_int_equal(
	    settings_read_text(rows, &target, "hub.conf", span_of(text), &why),
	    ERR_INVALID);
	assert_string_equal(why.text, words);
	settings_release(rows, &target);
}

static void
a_refusal_names_file_line_option_and_what_is_expected(void **state)
{
	(void)state;
	assert_refused("\n\nbus.port-number = 0",
	    "hub.conf:3: bus.port-number: expected a whole number from 1 to "
	    "65535");
	assert_refused("bus.port-number = 8o",
	    "hub.conf:1: bus.port-number: expected a whole number from 1 to "
	    "65535");
	assert_refused("bus.port-number = 99999999999999999999999999",
	    "hub.conf:1: bus.port-number: expected a whole number from 1 to "
	    "65535");
	assert_refused(
	    "strict = true", "hub.conf:1: strict: expected yes or no");
	assert_refused(
	    "listen = \xff", "hub.conf:1: listen: expected UTF-8 text");
	assert_refused(
	    "colour = red", "hub.conf:1: colour: no such setting (see --help)");
	assert_refused("strict", "hub.conf:1: line: expected name = value");
}

static void
a_name_given_twice_in_one_file_is_refused_with_both_lines(void **state)
{
	(void)state;
	assert_refused("listen = a\n\nstrict = yes\nlisten = b\n",
	    "hub.conf:4: listen: given twice, first in line 1");
	assert_refused("# none\nstrict = no\nstrict = no",
	    "hub.conf:3: strict: given twice, first in line 2");
}

static void
the_environment_speaks_upper_case(void **state)
{
	struct target target = {0};
	struct why why;

	(void)state;
	setenv("T_BUS_PORT_NUMBER", "7", 1);
	assert_int_equal(settings_read_env(rows, &target, "T", &why), ERR_OK);
	assert_int_equal(target.port, 7);
	setenv("T_BUS_PORT_NUMBER", "x", 1);
	assert_int_equal(
	    settings_read_env(rows, &target, "T", &why), ERR_INVALID);
	assert_non_null(strstr(why.text, "T_BUS_PORT_NUMBER"));
	unsetenv("T_BUS_PORT_NUMBER");
}

static void
file_then_environment_then_arguments(void **state)
{
	char path[] = "/tmp/test_settings.XXXXXX";
	char *argv[] = {"hub", "--listen=args", "--config", path, NULL};
	struct target target = {0};
	int fd = mkstemp(path);
	struct why why;

	(void)state;
	assert_int_equal(
	    file_write_all(fd,
		span_of("listen = file\nbus.port-number = 1\nstrict = yes\n")),
	    ERR_OK);
	close(fd);
	setenv("T_LISTEN", "env", 1);
	setenv("T_BUS_PORT_NUMBER", "2", 1);
	assert_int_equal(settings_load(rows, &target, "T", argv, &why), ERR_OK);
	assert_string_equal(target.listen_on, "args");
	assert_int_equal(target.port, 2);
	assert_true(target.strict);
	unsetenv("T_LISTEN");
	unsetenv("T_BUS_PORT_NUMBER");
	unlink(path);
	settings_release(rows, &target);
}

static void
arguments_are_pairs(void **state)
{
	char *fine[] = {
	    "hub", "--strict", "yes", "--bus.port-number", "9", NULL};
	char *wrong[][4] = {{"hub", "--strict", NULL}, {"hub", "strict", NULL},
	    {"hub", "--colour=red", NULL}, {"hub", "--config", "/none", NULL}};
	struct target target = {0};
	struct why why;
	size_t i;

	(void)state;
	assert_int_equal(
	    settings_read_args(rows, &target, 5, fine, &why), ERR_OK);
	assert_int_equal(target.port, 9);
	assert_true(target.strict);
	for (i = 0; i < 3; i++)
		assert_int_equal(
		    settings_read_args(rows, &target, 2, wrong[i], &why),
		    ERR_INVALID);
	assert_int_equal(
	    settings_read_args(rows, &target, 3, wrong[3], &why), ERR_MISSING);
	settings_release(rows, &target);
}

static void
help_and_version_are_answered(void **state)
{
	char *help[] = {"/usr/bin/hub", "--help", NULL};
	char *version[] = {"hub", "--strict=yes", "--version", NULL};
	struct target target = {0};
	struct why why;

	(void)state;
	assert_int_equal(
	    settings_read_args(rows, &target, 2, help, &why), ERR_SEEN);
	assert_int_equal(
	    settings_read_args(rows, &target, 3, version, &why), ERR_SEEN);
	settings_release(rows, &target);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults_then_lines_of_a_file),
	    cmocka_unit_test(
		a_refusal_names_file_line_option_and_what_is_expected),
	    cmocka_unit_test(
		a_name_given_twice_in_one_file_is_refused_with_both_lines),
	    cmocka_unit_test(the_environment_speaks_upper_case),
	    cmocka_unit_test(file_then_environment_then_arguments),
	    cmocka_unit_test(arguments_are_pairs),
	    cmocka_unit_test(help_and_version_are_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
