/*
 * metric: counters and gauges, printed for Prometheus (text format 0.0.4).
 *
 * Register once at start, then count from any thread; counting is one atomic
 * add.  Names end in _total, _seconds, _bytes as Prometheus asks.
 */
#ifndef BASE_METRIC_H
#define BASE_METRIC_H

#include <stdint.h>

#include "base/buf.h"

struct metric; /* lives as long as the process */

/* `labels` is "" or as printed: `rule="uscc_check"`.  The same name and labels
 * give the same metric again. */
struct metric *metric_counter(
    const char *name, const char *labels, const char *help);
struct metric *metric_gauge(
    const char *name, const char *labels, const char *help);
/* Buckets from 100 µs to 100 s, doubling. */
struct metric *metric_histogram(
    const char *name, const char *labels, const char *help);
void metric_add(struct metric *metric, int64_t amount);
void metric_set(struct metric *metric, int64_t value);
void metric_observe_us(struct metric *metric, int64_t duration_us);
int64_t metric_value(const struct metric *metric);
void metric_print(struct buf *out);

#endif
