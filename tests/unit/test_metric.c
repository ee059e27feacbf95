/*
 * metric: what Prometheus reads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "base/metric.h"

static void
one_name_has_one_help_and_all_its_labels_together(void **state)
{
	struct buf out = {0};
	const char *text;

	(void)state;
	metric_add(
	    metric_counter("t_rows_total", "item=\"a\"", "Rows\\\nof"), 2);
	metric_set(metric_gauge("t_open", "", "Open."), -3);
	metric_add(metric_counter("t_rows_total", "item=\"b\"", "Rows."), 1);
	metric_add(metric_counter("t_rows_total", "item=\"a\"", "Rows."), 1);
	metric_print(&out);
	text = buf_cstr(&out);

	assert_string_equal(text, "# HELP t_rows_total Rows\\\\\\nof\n"
				  "# TYPE t_rows_total counter\n"
				  "t_rows_total{item=\"a\"} 3\n"
				  "t_rows_total{item=\"b\"} 1\n"
				  "# HELP t_open Open.\n"
				  "# TYPE t_open gauge\n"
				  "t_open -3\n");
	buf_release(&out);
}

static void
assert_has(const char *text, const char *line)
{
	if (strstr(text, line) == NULL)
		fail_msg("no '%s' in:\n%s", line, text);
}

static void
a_histogram_counts_up_to_each_bound_in_seconds(void **state)
{
	struct metric *metric =
	    metric_histogram("t_wait_seconds", "q=\"1\"", "Wait.");
	struct buf out = {0};
	const char *text;

	(void)state;
	metric_observe_us(metric, 100);
	metric_observe_us(metric, 101);
	metric_observe_us(metric, 200000000);
	metric_print(&out);
	text = buf_cstr(&out);

	assert_int_equal(metric_value(metric), 3);
	assert_has(text, "# TYPE t_wait_seconds histogram\n");
	assert_has(text, "\nt_wait_seconds_bucket{q=\"1\",le=\"0.0001\"} 1\n");
	assert_has(text, "\nt_wait_seconds_bucket{q=\"1\",le=\"0.0002\"} 2\n");
	assert_has(
	    text, "\nt_wait_seconds_bucket{q=\"1\",le=\"104.8576\"} 2\n");
	assert_has(text, "\nt_wait_seconds_bucket{q=\"1\",le=\"+Inf\"} 3\n");
	assert_has(text, "\nt_wait_seconds_sum{q=\"1\"} 200.000201\n");
	assert_has(text, "\nt_wait_seconds_count{q=\"1\"} 3\n");
	buf_release(&out);
}

static void *
count_many(void *context)
{
	int i;

	(void)context;
	for (i = 0; i < 10000; i++)
		metric_add(metric_counter("t_many_total", "", "Many."), 1);
	return NULL;
}

static void
no_count_is_lost_between_threads(void **state)
{
	pthread_t threads[2];
	int i;

	(void)state;
	for (i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, count_many, NULL);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);

	assert_int_equal(
	    metric_value(metric_counter("t_many_total", "", "")), 20000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_name_has_one_help_and_all_its_labels_together),
	    cmocka_unit_test(a_histogram_counts_up_to_each_bound_in_seconds),
	    cmocka_unit_test(no_count_is_lost_between_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
