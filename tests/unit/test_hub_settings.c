/*
 * settings: the hub's table.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "hub/hub.h"
#include "hub/settings.h"

static void
every_setting_has_a_name_a_help_line_and_a_good_default(void **state)
{
	struct hub_settings settings = {0};
	struct why why = {0};
	const struct setting *row;

	(void)state;
	assert_int_equal(
	    settings_default(hub_setting_rows, &settings, &why), ERR_OK);
	for (row = hub_setting_rows; row->name != NULL; row++)
		assert_string_not_equal(row->help, "");
	assert_string_equal(settings.listen, "127.0.0.1:8440");
	assert_string_equal(settings.user, "nobody");
	assert_int_equal(settings.ingest_threads, 2);
	settings_release(hub_setting_rows, &settings);
}

static void
an_unknown_setting_and_a_number_out_of_range_are_refused(void **state)
{
	struct hub_settings settings = {0};
	struct why why = {0};

	(void)state;
	assert_int_equal(
	    settings_default(hub_setting_rows, &settings, &why), ERR_OK);
	assert_int_not_equal(settings_read_text(hub_setting_rows, &settings,
				 "hub.conf", span_of("lisen = x\n"), &why),
	    ERR_OK);
	assert_int_not_equal(
	    settings_read_text(hub_setting_rows, &settings, "hub.conf",
		span_of("ingest_threads = 0\n"), &why),
	    ERR_OK);
	settings_release(hub_setting_rows, &settings);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		every_setting_has_a_name_a_help_line_and_a_good_default),
	    cmocka_unit_test(
		an_unknown_setting_and_a_number_out_of_range_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
