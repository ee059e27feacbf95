/*
 * top_view: streams, nodes and alerts as lines of a screen.
 */
#include "cli/top_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/show.h"

#define SILENT_US (20 * CLOCK_SECOND)
#define ALERTS_SHOWN 8

void
top_view_release(struct top_view *view)
{
	json_free(view->nodes);
	json_free(view->streams);
	json_free(view->alerts);
	*view = (struct top_view){0};
}

static const struct json *
find_stream(const struct json *streams, struct span name)
{
	size_t i;

	for (i = 0; i < json_count(streams); i++)
		if (span_equal(
			json_text(json_find(json_at(streams, i), "stream")),
			name))
			return json_at(streams, i);
	return NULL;
}

static int64_t
number(const struct json *object, const char *name)
{
	return json_int(json_find(object, name), 0);
}

struct top_holders
top_view_holders(const struct json *nodes, struct span stream, int64_t position)
{
	struct top_holders holders = {0, 0};
	const struct json *held;
	size_t i;

	for (i = 0; i < json_count(nodes); i++) {
		held = find_stream(
		    json_find(json_at(nodes, i), "streams"), stream);
		if (held == NULL)
			continue;
		holders.all++;
		if (number(held, "position") == position)
			holders.newest++;
	}
	return holders;
}

struct top_lag
top_view_lag(const struct json *node, const struct json *streams)
{
	const struct json *held = json_find(node, "streams"), *one, *hub;
	struct top_lag lag = {0, 0, false};
	int64_t behind;
	size_t i;

	for (i = 0; i < json_count(held); i++) {
		one = json_at(held, i);
		hub = find_stream(streams, json_text(json_find(one, "stream")));
		behind = number(hub, "position") - number(one, "position");
		if (hub != NULL && behind > 0)
			lag.positions += behind;
		if (hub != NULL && behind == 0 &&
		    !span_equal(json_text(json_find(hub, "state")),
			json_text(json_find(one, "state"))))
			lag.unequal = true;
		if (number(one, "delay_ms") > lag.delay_ms)
			lag.delay_ms = number(one, "delay_ms");
	}
	return lag;
}

static int64_t
age_us(const struct json *object, const char *name, int64_t now_us)
{
	int64_t then_us;

	if (clock_parse(json_text(json_find(object, name)), &then_us) != ERR_OK)
		return INT64_MAX;
	return now_us > then_us ? now_us - then_us : 0;
}

static void
add_padded(struct buf *out, struct span text, size_t width)
{
	size_t has = show_width(text);

	buf_add(out, text.ptr, text.len);
	for (; has < width; has++)
		buf_char(out, ' ');
}

static const char *
state_of(const struct json *node, const struct top_lag *lag, int64_t silent_us)
{
	if (json_bool(json_find(node, "trail_forked"), false))
		return "TRAIL FORKED";
	if (json_bool(json_find(node, "trail_short"), false))
		return "TRAIL SHORT";
	if (silent_us > SILENT_US)
		return "SILENT";
	if (lag->unequal)
		return "UNEQUAL";
	return lag->positions > 0 ? "behind" : "ok";
}

static void
print_node(
    const struct json *node, const struct top_view *view, struct buf *out)
{
	struct top_lag lag =
	    top_view_lag(node, json_find(view->streams, "streams"));
	int64_t silent_us = age_us(node, "received", view->time_us);
	int64_t untold =
	    number(node, "trail_size") - number(node, "trail_counted");

	add_padded(out, json_text(json_find(node, "name")), 26);
	buf_print(out,
	    " %-18s %6" PRId64 " %7zu %9" PRId64 " %8" PRId64 " %9" PRId64
	    " %7" PRId64 "  %s\n",
	    json_cstr(json_find(node, "code"), ""), silent_us / CLOCK_SECOND,
	    json_count(json_find(node, "streams")), lag.positions, lag.delay_ms,
	    number(node, "trail_size"), untold > 0 ? untold : 0,
	    state_of(node, &lag, silent_us));
}

static void
print_nodes(const struct top_view *view, struct buf *out)
{
	const struct json *nodes = json_find(view->nodes, "nodes");
	size_t i;

	add_padded(out, span_of("NODE"), 26);
	buf_print(out, " %-18s %6s %7s %9s %8s %9s %7s  %s\n", "CODE", "SILENT",
	    "STREAMS", "BEHIND", "DELAY_MS", "TRAIL", "UNTOLD", "STATE");
	for (i = 0; i < json_count(nodes); i++)
		print_node(json_at(nodes, i), view, out);
}

static void
print_stream(const struct json *stream, const struct top_view *view,
    const struct top_view *before, struct buf *out)
{
	struct span name = json_text(json_find(stream, "stream"));
	const struct json *then =
	    find_stream(json_find(before->streams, "streams"), name);
	struct top_holders holders = top_view_holders(
	    json_find(view->nodes, "nodes"), name, number(stream, "position"));
	int64_t passed_us = view->time_us - before->time_us;
	double rate = 0;

	if (then != NULL && passed_us > 0)
		rate = (double)(number(stream, "position") -
				number(then, "position")) *
		       (double)CLOCK_SECOND / (double)passed_us;
	buf_print(out, "%-8.*s %12" PRId64 " %12" PRId64 " %10.1f %6u/%u\n",
	    (int)name.len, name.ptr, number(stream, "records"),
	    number(stream, "position"), rate, holders.newest, holders.all);
}

static void
print_streams(
    const struct top_view *view, const struct top_view *before, struct buf *out)
{
	const struct json *streams = json_find(view->streams, "streams");
	size_t i;

	buf_print(out, "%-8s %12s %12s %10s %8s\n", "STREAM", "RECORDS",
	    "POSITION", "CHANGES/S", "HOLDERS");
	for (i = 0; i < json_count(streams); i++)
		print_stream(json_at(streams, i), view, before, out);
}

static void
print_alerts(const struct top_view *view, struct buf *out)
{
	const struct json *alerts = json_find(view->alerts, "alerts"), *one;
	size_t i;

	for (i = 0; i < json_count(alerts) && i < ALERTS_SHOWN; i++) {
		one = json_at(alerts, i);
		buf_print(out, "%-8s %-18s %s (%s)\n",
		    json_cstr(json_find(one, "severity"), ""),
		    json_cstr(json_find(one, "rule"), ""),
		    json_cstr(json_find(one, "name"), ""),
		    json_cstr(json_find(one, "state"), ""));
	}
	if (json_count(alerts) > ALERTS_SHOWN)
		buf_print(out, "and %zu more: rongxin alert list\n",
		    json_count(alerts) - ALERTS_SHOWN);
	if (json_count(alerts) > 0)
		buf_char(out, '\n');
}

void
top_view_print(
    const struct top_view *view, const struct top_view *before, struct buf *out)
{
	const struct json *open = json_find(view->alerts, "open");
	char text[CLOCK_TEXT_MAX];

	buf_print(out,
	    "rongxin  %s  nodes %zu  streams %zu  alerts: %" PRId64
	    " critical, %" PRId64 " warning\n\n",
	    clock_print(view->time_us / CLOCK_SECOND * CLOCK_SECOND, text),
	    json_count(json_find(view->nodes, "nodes")),
	    json_count(json_find(view->streams, "streams")),
	    number(open, "critical"), number(open, "warning"));
	print_alerts(view, out);
	print_nodes(view, out);
	buf_char(out, '\n');
	print_streams(view, before, out);
}
