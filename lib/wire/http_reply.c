/*
 * http_reply: what leaves an exchange, at once or in pieces.
 */
#include <assert.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "wire/http2.h"
#include "wire/http_conn.h"
#include "wire/http_exchange.h"
#include "wire/problem.h"

/* From one logged failure of a worker to the next. */
#define TELL_US (CLOCK_SECOND / 10)

static void
add_clean(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++)
		buf_char(out,
		    (unsigned char)*text < ' ' || *text == 0x7f ? ' ' : *text);
	buf_char(out, '\0');
}

void
http_reply_header(
    struct http_exchange *exchange, const char *name, const char *value)
{
	add_clean(&exchange->fields, name);
	add_clean(&exchange->fields, value);
	exchange->field_count++;
}

bool
exchange_has_body(const struct http_exchange *exchange, int status)
{
	return status != 204 && status != 304 && !exchange->is_head;
}

static void
count_reply(const struct http_exchange *exchange, int status)
{
	assert(status >= 100 && status / 100 < HTTP_CLASSES);
	metric_add(exchange->worker->replies[status / 100], 1);
}

/* Lines enough to find a failure by, and not one for each when all fail. */
static void
log_failure(struct http_exchange *exchange, int status)
{
	struct http_worker *worker = exchange->worker;
	int64_t now_us = clock_tick_us();

	if (worker->told_us != 0 && now_us - worker->told_us < TELL_US)
		return;
	worker->told_us = now_us;
	log_warn("http.failed", "status=%d route=\"%s %s\" trace=%s", status,
	    http_method(exchange),
	    exchange->route != NULL ? exchange->route->path : "",
	    exchange->trace.id);
}

/* A failure without a trace begins one, so that its peer can name it. */
static void
put_common(struct http_exchange *exchange, int status)
{
	http_reply_header(
	    exchange, "date", http_date_now(&exchange->worker->date));
	if (exchange->worker->is_sandbox)
		http_reply_header(exchange, "rongxin-sandbox", "1");
	if (status >= 500 && exchange->trace.id[0] == '\0')
		trace_begin(&exchange->trace);
	if (status >= 500)
		log_failure(exchange, status);
	if (exchange->trace.id[0] != '\0')
		http_reply_header(
		    exchange, "traceparent", exchange->trace.parent);
}

void
http_reply(struct http_exchange *exchange, int status, const char *content_type,
    struct span body)
{
	if (exchange->is_over) {
		assert(exchange->is_gone);
		return;
	}
	count_reply(exchange, status);
	put_common(exchange, status);
	exchange->is_over = true;
	exchange->is_paused = false;
	if (!exchange->is_gone && exchange->stream == 0)
		http1_reply(exchange, status, content_type, body);
	else if (!exchange->is_gone)
		http2_reply(exchange, status, content_type, body);
	http_drop(exchange);
}

void
http_reply_problem(struct http_exchange *exchange, int status, const char *type,
    const char *title, const char *detail)
{
	struct buf body = {0};

	problem_print(status, type, title, detail, &body);
	http_reply(
	    exchange, status, "application/problem+json", buf_span(&body));
	buf_release(&body);
}

void
http_begin(struct http_exchange *exchange, int status, const char *content_type,
    http_room_fn room)
{
	assert(exchange->is_complete && !exchange->is_over);
	count_reply(exchange, status);
	put_common(exchange, status);
	exchange->room = room;
	exchange->is_filled = true;
	if (!exchange->is_gone && exchange->stream == 0)
		http1_begin(exchange, status, content_type);
	else if (!exchange->is_gone)
		http2_begin(exchange, status, content_type);
	if (http_is_over(exchange))
		exchange_ask(exchange);
}

void
http_send(struct http_exchange *exchange, struct span piece)
{
	if (exchange->is_gone || exchange->is_head || piece.len == 0)
		return;
	exchange->is_filled = true;
	if (exchange->stream == 0)
		http1_send(exchange, piece);
	else
		http2_send(exchange, piece);
}

bool
http_has_room(const struct http_exchange *exchange)
{
	if (exchange->stream == 0)
		return http1_has_room(exchange);
	return exchange->reply.len - exchange->sent < HTTP_OUT_MAX;
}

void
http_end(struct http_exchange *exchange)
{
	exchange->is_over = true;
	if (!exchange->is_gone && exchange->stream == 0)
		http1_end(exchange);
	else if (!exchange->is_gone)
		http2_end(exchange);
	http_drop(exchange);
}
