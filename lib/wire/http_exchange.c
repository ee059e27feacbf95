/*
 * http_exchange: from a complete head to a reply.
 */
#include "wire/http_exchange.h"

#include <assert.h>

#include "base/mem.h"
#include "base/work.h"
#include "wire/http_conn.h"

#define SPARE_MAX 64
/* A spare exchange keeps buffers up to this size. */
#define KEEP_MAX 65536

struct http_exchange *
exchange_new(struct http_conn *conn, int32_t stream)
{
	struct http_worker *worker = conn->worker;
	struct http_exchange *exchange = worker->spare;

	if (exchange != NULL) {
		worker->spare = exchange->next;
		worker->spare_count--;
		exchange->next = NULL;
	} else {
		exchange = mem_new(sizeof(*exchange));
	}
	exchange->conn = conn;
	exchange->worker = worker;
	exchange->stream = stream;
	exchange->users = 1;
	conn_hold(conn);
	worker->exchange_count++;
	return exchange;
}

static void
empty(struct buf *buf)
{
	if (buf->size > KEEP_MAX)
		buf_release(buf);
	else
		buf_reset(buf);
}

void
exchange_free(struct http_exchange *exchange)
{
	http_head_release(&exchange->head);
	http_target_release(&exchange->target);
	buf_release(&exchange->body);
	buf_release(&exchange->fields);
	buf_release(&exchange->reply);
	mem_free(exchange);
}

/* Back to the worker, without what the request left in it. */
static void
recycle(struct http_exchange *exchange)
{
	struct http_worker *worker = exchange->worker;
	struct http_exchange was;

	conn_drop(exchange->conn);
	worker->exchange_count--;
	if (worker->spare_count >= SPARE_MAX) {
		exchange_free(exchange);
		return;
	}
	empty(&exchange->body);
	empty(&exchange->fields);
	empty(&exchange->reply);
	http_head_reset(&exchange->head);
	was = *exchange;
	*exchange = (struct http_exchange){.head = was.head,
	    .target = {.text = was.target.text},
	    .body = was.body,
	    .fields = was.fields,
	    .reply = was.reply,
	    .next = worker->spare};
	worker->spare = exchange;
	worker->spare_count++;
}

static void
forget(struct http_exchange *exchange)
{
	if (exchange->users == 0 && !exchange->is_sending)
		recycle(exchange);
}

void
http_hold(struct http_exchange *exchange)
{
	exchange->users++;
}

void
http_drop(struct http_exchange *exchange)
{
	void *state = exchange->state;

	assert(exchange->users > 0);
	if (--exchange->users > 0)
		return;
	exchange->state = NULL;
	if (exchange->release != NULL)
		exchange->release(state);
	exchange->release = NULL;
	forget(exchange);
}

void
exchange_sent(struct http_exchange *exchange)
{
	exchange->is_sending = false;
	forget(exchange);
}

bool
http_is_over(const struct http_exchange *exchange)
{
	return exchange->is_over || exchange->is_gone ||
	       (exchange->room != NULL &&
		   (exchange->is_head || exchange->worker->is_closing));
}

static void
refuse_method(struct http_exchange *exchange, struct buf *allow)
{
	http_reply_header(exchange, "allow", buf_cstr(allow));
	http_reply_problem(
	    exchange, 405, "method_not_allowed", "Method not allowed", NULL);
}

static void
refuse_size(struct http_exchange *exchange)
{
	http_reply_problem(
	    exchange, 413, "too_large", "Request body too large", NULL);
}

static void
find_route(struct http_exchange *exchange)
{
	const struct http_head *head = &exchange->head;
	struct buf allow = {0};

	exchange->is_head = strcmp(http_head_method(head), "HEAD") == 0;
	if (!http_target_parse(&exchange->target, http_head_target(head))) {
		http_reply_problem(
		    exchange, 400, "malformed", "Bad request", "malformed URL");
		return;
	}
	exchange->route = http_route_find(exchange->worker->routes,
	    exchange->is_head ? "GET" : http_head_method(head),
	    &exchange->target, &allow);
	if (exchange->route == NULL && allow.len > 0)
		refuse_method(exchange, &allow);
	else if (exchange->route == NULL)
		http_reply_problem(exchange, 404, "not_found",
		    "There is no such resource", NULL);
	buf_release(&allow);
}

void
exchange_begin(struct http_exchange *exchange)
{
	const struct http_route *route;

	http_hold(exchange);
	(void)trace_follow(
	    &exchange->trace, http_header(exchange, "traceparent"));
	find_route(exchange);
	route = exchange->route;
	if (exchange->is_over)
		goto out;
	if (route->handle != NULL) {
		if (exchange->head.length > route->max_body)
			refuse_size(exchange);
		goto out;
	}
	if (!route->open(exchange, exchange->worker->context))
		assert(exchange->is_over);
out:
	http_drop(exchange);
}

void
exchange_body(struct http_exchange *exchange, struct span piece)
{
	const struct http_route *route = exchange->route;

	exchange->paced += piece.len;
	if (exchange->is_over || piece.len == 0)
		return;
	if (route->handle == NULL) {
		http_hold(exchange);
		route->chunk(exchange, piece, exchange->worker->context);
		http_drop(exchange);
		return;
	}
	if (piece.len > route->max_body - exchange->body.len)
		refuse_size(exchange);
	else
		buf_add(&exchange->body, piece.ptr, piece.len);
}

void
exchange_end(struct http_exchange *exchange)
{
	const struct http_route *route = exchange->route;
	void *context = exchange->worker->context;

	if (exchange->is_over)
		return;
	if (exchange->is_paused || exchange->is_resuming) {
		exchange->has_ended = true;
		return;
	}
	exchange->is_complete = true;
	http_hold(exchange);
	if (route->handle != NULL)
		route->handle(exchange, context);
	else
		route->close(exchange, false, context);
	http_drop(exchange);
}

void
exchange_cut(struct http_exchange *exchange)
{
	const struct http_route *route = exchange->route;

	exchange->is_gone = true;
	exchange_ask(exchange);
	if (exchange->is_over || exchange->is_complete)
		return;
	exchange->is_over = true;
	if (route != NULL && route->handle == NULL)
		route->close(exchange, true, exchange->worker->context);
	http_drop(exchange);
}

/* Is it the peer whom we wait for?  HTTP/1.1 has its reply in the connection's
 * buffer; a stream ends when both sides have said all. */
static bool
waits_for_peer(const struct http_exchange *exchange)
{
	if (!exchange->is_over && !exchange->is_complete)
		return !exchange->is_paused && !exchange->is_resuming;
	return exchange->stream != 0 &&
	       (exchange->is_over || exchange->sent < exchange->reply.len);
}

bool
exchange_is_slow(struct http_exchange *exchange, uint64_t now_ms)
{
	const struct http_bounds *bounds = &exchange->worker->bounds;
	uint64_t since_ms = now_ms - exchange->pace_ms;
	uint64_t paced = exchange->paced;

	if (waits_for_peer(exchange) && exchange->pace_ms > 0 &&
	    since_ms < bounds->idle_ms)
		return false;
	exchange->paced = 0;
	if (!waits_for_peer(exchange) || exchange->pace_ms == 0) {
		exchange->pace_ms = now_ms;
		return false;
	}
	exchange->pace_ms = now_ms;
	return paced == 0 || paced * 1000 < bounds->slow_bytes * since_ms;
}

const char *
http_method(const struct http_exchange *exchange)
{
	return http_head_method(&exchange->head);
}

const char *
http_path(const struct http_exchange *exchange)
{
	return exchange->target.path;
}

const char *
http_path_param(const struct http_exchange *exchange, const char *name)
{
	return http_target_param(&exchange->target, name);
}

const char *
http_query(const struct http_exchange *exchange, const char *name)
{
	return http_target_query(&exchange->target, name);
}

const char *
http_header(const struct http_exchange *exchange, const char *name)
{
	return http_head_find(&exchange->head, name);
}

const char *
http_traceparent(const struct http_exchange *exchange)
{
	return exchange->trace.id[0] != '\0' ? exchange->trace.parent : NULL;
}

struct span
http_body(const struct http_exchange *exchange)
{
	return buf_span(&exchange->body);
}

const struct identity *
http_peer(const struct http_exchange *exchange)
{
	return &exchange->conn->peer;
}

uint64_t
http_peer_place(const struct http_exchange *exchange)
{
	return exchange->conn->place;
}

unsigned
http_worker(const struct http_exchange *exchange)
{
	return exchange->worker->index;
}

void *
http_loop(const struct http_exchange *exchange)
{
	return &exchange->worker->loop;
}

void
http_set_state(
    struct http_exchange *exchange, void *state, void (*release)(void *state))
{
	exchange->state = state;
	exchange->release = release;
}

void *
http_state(const struct http_exchange *exchange)
{
	return exchange->state;
}

struct job {
	struct http_exchange *exchange;
	void (*call)(struct http_exchange *exchange, void *argument);
	void *argument;
};

void
http_defer(struct http_exchange *exchange,
    void (*call)(struct http_exchange *exchange, void *argument),
    void *argument)
{
	struct job *job = mem_new(sizeof(*job));

	job->exchange = exchange;
	job->call = call;
	job->argument = argument;
	mailbox_post(exchange->worker->mailbox, job);
}

void
exchange_run_job(void *memory)
{
	struct job *job = memory;

	http_hold(job->exchange);
	job->call(job->exchange, job->argument);
	http_drop(job->exchange);
	mem_free(job);
}

void
http_pause(struct http_exchange *exchange)
{
	if (http_is_over(exchange))
		return;
	exchange->is_paused = true;
	if (exchange->stream == 0)
		http1_flow(exchange);
}

/* Goes on before the loop sleeps, not inside of this call: a handler need
 * not expect its chunk function here. */
void
http_resume(struct http_exchange *exchange)
{
	if (http_is_over(exchange) || !exchange->is_paused)
		return;
	exchange->is_paused = false;
	if (exchange->is_resuming)
		return;
	exchange->is_resuming = true;
	http_hold(exchange);
	exchange->next = exchange->worker->resuming;
	exchange->worker->resuming = exchange;
}

static void
call_room(struct http_exchange *exchange, void *argument)
{
	(void)argument;
	exchange->is_called = false;
	if (!exchange->is_over)
		exchange->room(exchange, exchange->worker->context);
	http_drop(exchange);
}

/* By way of the mailbox, so that who always has more does not keep the loop
 * from all others. */
void
exchange_ask(struct http_exchange *exchange)
{
	exchange->is_filled = false;
	if (exchange->room == NULL || exchange->is_over || exchange->is_called)
		return;
	exchange->is_called = true;
	http_hold(exchange);
	http_defer(exchange, call_room, NULL);
}
