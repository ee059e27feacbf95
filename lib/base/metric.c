/*
 * metric: counters, gauges and histograms for Prometheus.
 *
 * The list is locked while it grows or is printed; counting is atomic and
 * takes no lock.
 */
#include "base/metric.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"

#define BUCKETS 21 /* 100 µs doubled 20 times: 104.8576 s */
#define FIRST_BUCKET_US INT64_C(100)

enum metric_kind {
	METRIC_COUNTER,
	METRIC_GAUGE,
	METRIC_HISTOGRAM
};

struct metric {
	struct metric *next;
	enum metric_kind kind;
	const char *name;
	const char *labels;
	const char *help;
	_Atomic int64_t value; /* of a histogram: its sum in microseconds */
	_Atomic int64_t buckets[BUCKETS + 1]; /* the last: everything above */
};

static pthread_mutex_t metric_lock = PTHREAD_MUTEX_INITIALIZER;
static struct metric *metric_first;

static struct metric *
metric_find(const char *name, const char *labels)
{
	struct metric *metric;

	for (metric = metric_first; metric != NULL; metric = metric->next) {
		if (strcmp(metric->name, name) == 0 &&
		    strcmp(metric->labels, labels) == 0)
			break;
	}
	return metric;
}

static struct metric *
metric_register(enum metric_kind kind, const char *name, const char *labels,
    const char *help)
{
	struct metric *metric, **last = &metric_first;

	pthread_mutex_lock(&metric_lock);
	metric = metric_find(name, labels);
	if (metric == NULL) {
		metric = mem_new(sizeof(*metric));
		metric->kind = kind;
		metric->name = mem_text(name);
		metric->labels = mem_text(labels);
		metric->help = mem_text(help);
		while (*last != NULL)
			last = &(*last)->next;
		*last = metric;
	}
	pthread_mutex_unlock(&metric_lock);
	assert(metric->kind == kind);
	return metric;
}

struct metric *
metric_counter(const char *name, const char *labels, const char *help)
{
	return metric_register(METRIC_COUNTER, name, labels, help);
}

struct metric *
metric_gauge(const char *name, const char *labels, const char *help)
{
	return metric_register(METRIC_GAUGE, name, labels, help);
}

struct metric *
metric_histogram(const char *name, const char *labels, const char *help)
{
	return metric_register(METRIC_HISTOGRAM, name, labels, help);
}

void
metric_add(struct metric *metric, int64_t amount)
{
	atomic_fetch_add_explicit(&metric->value, amount, memory_order_relaxed);
}

void
metric_set(struct metric *metric, int64_t value)
{
	atomic_store_explicit(&metric->value, value, memory_order_relaxed);
}

void
metric_observe_us(struct metric *metric, int64_t duration_us)
{
	size_t i = 0;

	while (i < BUCKETS && duration_us > FIRST_BUCKET_US << i)
		i++;
	atomic_fetch_add_explicit(&metric->buckets[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(
	    &metric->value, duration_us, memory_order_relaxed);
}

int64_t
metric_value(const struct metric *metric)
{
	int64_t count = 0;
	size_t i;

	if (metric->kind != METRIC_HISTOGRAM)
		return atomic_load(&metric->value);
	for (i = 0; i <= BUCKETS; i++)
		count += atomic_load(&metric->buckets[i]);
	return count;
}

/* Backslash and line feed are escaped in help texts. */
static void
print_help(const struct metric *metric, struct buf *out)
{
	static const char *const kinds[] = {"counter", "gauge", "histogram"};
	const char *at;

	buf_print(out, "# HELP %s ", metric->name);
	for (at = metric->help; *at != '\0'; at++) {
		if (*at == '\n')
			buf_text(out, "\\n");
		else if (*at == '\\')
			buf_text(out, "\\\\");
		else
			buf_char(out, *at);
	}
	buf_print(out, "\n# TYPE %s %s\n", metric->name, kinds[metric->kind]);
}

/* Microseconds as seconds, exactly, without trailing zeros. */
static void
print_seconds(int64_t us, struct buf *out)
{
	if (us < 0)
		buf_char(out, '-');
	us = us < 0 ? -us : us;
	buf_print(out, "%" PRId64 ".%06" PRId64, us / 1000000, us % 1000000);
	while (out->data[out->len - 1] == '0')
		out->len--;
	if (out->data[out->len - 1] == '.')
		out->len--;
}

static void
print_bucket(
    const struct metric *metric, size_t i, int64_t count, struct buf *out)
{
	buf_print(out, "%s_bucket{%s%sle=\"", metric->name, metric->labels,
	    *metric->labels != '\0' ? "," : "");
	if (i < BUCKETS)
		print_seconds(FIRST_BUCKET_US << i, out);
	else
		buf_text(out, "+Inf");
	buf_print(out, "\"} %" PRId64 "\n", count);
}

/* name{labels} without the braces when there are no labels. */
static void
print_name(const struct metric *metric, const char *suffix, struct buf *out)
{
	buf_print(out, "%s%s", metric->name, suffix);
	if (*metric->labels != '\0')
		buf_print(out, "{%s}", metric->labels);
	buf_char(out, ' ');
}

static void
print_histogram(const struct metric *metric, struct buf *out)
{
	int64_t count = 0;
	size_t i;

	for (i = 0; i <= BUCKETS; i++) {
		count += atomic_load(&metric->buckets[i]);
		print_bucket(metric, i, count, out);
	}
	print_name(metric, "_sum", out);
	print_seconds(atomic_load(&metric->value), out);
	buf_char(out, '\n');
	print_name(metric, "_count", out);
	buf_print(out, "%" PRId64 "\n", count);
}

static void
print_one(const struct metric *metric, struct buf *out)
{
	if (metric->kind == METRIC_HISTOGRAM) {
		print_histogram(metric, out);
		return;
	}
	print_name(metric, "", out);
	buf_print(out, "%" PRId64 "\n", atomic_load(&metric->value));
}

static bool
is_first_of_name(const struct metric *metric)
{
	const struct metric *other = metric_first;

	while (strcmp(other->name, metric->name) != 0)
		other = other->next;
	return other == metric;
}

/* All of one name have to stand together, after one HELP and TYPE. */
void
metric_print(struct buf *out)
{
	const struct metric *metric, *same;

	pthread_mutex_lock(&metric_lock);
	for (metric = metric_first; metric != NULL; metric = metric->next) {
		if (!is_first_of_name(metric))
			continue;
		print_help(metric, out);
		for (same = metric; same != NULL; same = same->next) {
			if (strcmp(same->name, metric->name) == 0)
				print_one(same, out);
		}
	}
	pthread_mutex_unlock(&metric_lock);
}
