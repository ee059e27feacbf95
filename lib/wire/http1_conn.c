/*
 * http1_conn: one exchange after the other on an HTTP/1.1 connection.
 */
#include <string.h>

#include "wire/http_conn.h"
#include "wire/problem.h"

/* Bytes of a next request taken in before this one is answered. */
#define AHEAD_MAX 16384
/* An early reply lets a body of this size pass by; a longer one costs the
 * connection. */
#define PASS_BY_MAX 65536
/* Most heads of a reply are no longer. */
#define HEAD_ROOM 512

static const struct {
	int status;
	const char *text;
} phrases[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {303, "See Other"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
};

static const char *
phrase(int status)
{
	size_t i;

	for (i = 0; i < sizeof(phrases) / sizeof(*phrases); i++)
		if (phrases[i].status == status)
			return phrases[i].text;
	return "";
}

static void
put_status(struct buf *out, int status, const char *type)
{
	buf_print(out, "HTTP/1.1 %d %s\r\n", status, phrase(status));
	if (type != NULL)
		buf_print(out, "content-type: %s\r\n", type);
}

static void
put_head(struct buf *out, int status, const char *type, size_t len)
{
	put_status(out, status, type);
	if (status != 204 && status != 304)
		buf_print(out, "content-length: %zu\r\n", len);
}

static void
put_fields(struct buf *out, const struct http_exchange *exchange)
{
	const char *at = exchange->fields.data;
	unsigned i;

	for (i = 0; i < exchange->field_count; i++) {
		buf_text(out, at);
		at += strlen(at) + 1;
		buf_text(out, ": ");
		buf_text(out, at);
		buf_text(out, "\r\n");
		at += strlen(at) + 1;
	}
}

static size_t
waiting(const struct http_conn *conn)
{
	return conn->out.len + conn->unsent;
}

/* May the parser hand out more, and should we read more? */
static void
set_flow(struct http_conn *conn)
{
	struct http1_side *one = &conn->one;
	bool paused = one->exchange != NULL && one->exchange->is_paused;

	one->parser.stopped =
	    paused || conn->is_ending || waiting(conn) > HTTP_OUT_MAX;
	conn_read(conn, !paused && one->in.len < AHEAD_MAX);
}

/* Both the request and its reply are over: the next one, or the end. */
static void
settle(struct http_conn *conn)
{
	struct http1_side *one = &conn->one;

	if (one->exchange != NULL || conn->is_ending)
		return;
	if (one->is_last) {
		conn_end(conn);
		return;
	}
	if (one->parser.phase != HTTP1_DONE)
		return;
	http1_next(&one->parser);
	one->begun_ms = 0;
}

static void
on_head(void *context, struct http_head *head)
{
	struct http_conn *conn = context;
	struct http_exchange *exchange = exchange_new(conn, 0);
	bool has_body = head->is_chunked || head->length > 0;

	http_head_swap(&exchange->head, head);
	conn->one.exchange = exchange;
	conn->one.begun_ms = 0;
	conn->one.is_last = exchange->head.is_last || conn->worker->is_closing;
	http_hold(exchange);
	exchange_begin(exchange);
	if (!exchange->is_over && exchange->head.expects && has_body) {
		buf_text(&conn->out, "HTTP/1.1 100 Continue\r\n\r\n");
		conn_mark(conn);
	}
	http_drop(exchange);
}

static void
on_body(void *context, struct span piece)
{
	struct http_conn *conn = context;

	if (conn->one.exchange != NULL)
		exchange_body(conn->one.exchange, piece);
}

static void
on_end(void *context)
{
	struct http_conn *conn = context;

	if (conn->one.exchange != NULL)
		exchange_end(conn->one.exchange);
	else
		settle(conn);
}

static const struct http1_events events = {on_head, on_body, on_end};

void
http1_open(struct http_conn *conn)
{
	http1_init(&conn->one.parser, &events, conn);
}

void
http1_close(struct http_conn *conn)
{
	struct http_exchange *exchange = conn->one.exchange;

	conn->one.exchange = NULL;
	if (exchange != NULL)
		exchange_cut(exchange);
}

static void
refuse(struct http_conn *conn, int status, const char *detail)
{
	struct buf body = {0};

	http1_close(conn);
	problem_print(status, "malformed", phrase(status), detail, &body);
	put_head(&conn->out, status, "application/problem+json", body.len);
	buf_text(&conn->out, "connection: close\r\n\r\n");
	buf_add(&conn->out, body.data, body.len);
	buf_release(&body);
	conn_end(conn);
}

/* Feed what waits and then `bytes`; keep what the parser does not take. */
static void
feed(struct http_conn *conn, struct span bytes)
{
	struct http1_side *one = &conn->one;
	bool from_kept = one->in.len > 0;
	size_t used;

	if (from_kept) {
		buf_add(&one->in, bytes.ptr, bytes.len);
		bytes = buf_span(&one->in);
	}
	used = http1_feed(&one->parser, (const uint8_t *)bytes.ptr, bytes.len);
	if (!from_kept) {
		buf_add(&one->in, bytes.ptr + used, bytes.len - used);
		return;
	}
	memmove(one->in.data, one->in.data + used, one->in.len - used);
	one->in.len -= used;
	if (one->in.len == 0 && one->in.size > HTTP_READ_SIZE)
		buf_release(&one->in);
}

void
http1_input(struct http_conn *conn, struct span bytes)
{
	struct http1_side *one = &conn->one;

	if (conn->is_ending)
		return;
	set_flow(conn);
	feed(conn, bytes);
	if (one->parser.phase == HTTP1_REFUSED && !conn->is_ending)
		refuse(conn, one->parser.fault.status, one->parser.fault.text);
	if (one->begun_ms == 0 && one->parser.phase == HTTP1_HEAD &&
	    http1_is_midway(&one->parser))
		one->begun_ms = conn->read_ms;
	if (!conn->is_ending)
		set_flow(conn);
}

void
http1_go_on(struct http_conn *conn)
{
	struct http_exchange *exchange = conn->one.exchange;

	if (exchange != NULL && exchange->is_filled && waiting(conn) == 0)
		exchange_ask(exchange);
	if (!conn->is_ending && waiting(conn) < HTTP_OUT_MAX)
		http1_input(conn, span_make("", 0));
}

void
http1_flow(struct http_exchange *exchange)
{
	struct http_conn *conn = exchange->conn;

	if (conn->phase != CONN_HTTP1)
		return;
	set_flow(conn);
	if (exchange->is_paused)
		return;
	if (exchange->has_ended)
		exchange_end(exchange);
	conn_mark(conn);
}

/* Is more of the body to come than is worth waiting for? */
static bool
has_much_left(
    const struct http_conn *conn, const struct http_exchange *exchange)
{
	const struct http1 *parser = &conn->one.parser;

	if (parser->phase == HTTP1_DONE || exchange->has_ended)
		return false;
	if (exchange->head.is_chunked || exchange->head.expects)
		return true;
	return parser->left > PASS_BY_MAX;
}

void
http1_reply(struct http_exchange *exchange, int status, const char *type,
    struct span body)
{
	struct http_conn *conn = exchange->conn;
	struct buf *out = &conn->out;

	if (has_much_left(conn, exchange) || conn->worker->is_closing)
		conn->one.is_last = true;
	buf_room(out, HEAD_ROOM + body.len);
	put_head(out, status, type, body.len);
	put_fields(out, exchange);
	if (conn->one.is_last)
		buf_text(out, "connection: close\r\n");
	buf_text(out, "\r\n");
	if (exchange_has_body(exchange, status))
		buf_add(out, body.ptr, body.len);
	conn->one.exchange = NULL;
	if (conn->one.parser.phase != HTTP1_DONE)
		conn->one.begun_ms = uv_now(&conn->worker->loop);
	conn_mark(conn);
	settle(conn);
	if (waiting(conn) > HTTP_OUT_MAX)
		conn->one.parser.stopped = true;
}

/* What is in pieces has no length: HTTP/1.0 ends it by closing. */
void
http1_begin(struct http_exchange *exchange, int status, const char *type)
{
	struct http_conn *conn = exchange->conn;
	struct buf *out = &conn->out;

	if (conn->worker->is_closing)
		conn->one.is_last = true;
	put_status(out, status, type);
	put_fields(out, exchange);
	if (exchange->head.minor > 0)
		buf_text(out, "transfer-encoding: chunked\r\n");
	if (conn->one.is_last)
		buf_text(out, "connection: close\r\n");
	buf_text(out, "\r\n");
	conn_mark(conn);
}

void
http1_send(struct http_exchange *exchange, struct span piece)
{
	struct buf *out = &exchange->conn->out;

	if (exchange->head.minor > 0)
		buf_print(out, "%zx\r\n", piece.len);
	buf_add(out, piece.ptr, piece.len);
	if (exchange->head.minor > 0)
		buf_text(out, "\r\n");
	conn_mark(exchange->conn);
}

bool
http1_has_room(const struct http_exchange *exchange)
{
	return waiting(exchange->conn) < HTTP_OUT_MAX;
}

void
http1_end(struct http_exchange *exchange)
{
	struct http_conn *conn = exchange->conn;

	if (exchange->head.minor > 0 && !exchange->is_head)
		buf_text(&conn->out, "0\r\n\r\n");
	conn->one.exchange = NULL;
	conn_mark(conn);
	settle(conn);
}

void
http1_retire(struct http_conn *conn)
{
	conn->one.is_last = true;
	if (conn->one.exchange != NULL)
		exchange_ask(conn->one.exchange);
}

bool
http1_is_idle(const struct http_conn *conn)
{
	return conn->one.exchange == NULL && conn->out.len == 0 &&
	       conn->one.in.len == 0 && !http1_is_midway(&conn->one.parser);
}

bool
http1_is_slow(struct http_conn *conn, uint64_t now_ms)
{
	const struct http1_side *one = &conn->one;

	if (one->begun_ms > 0 &&
	    now_ms - one->begun_ms > conn->worker->bounds.head_ms)
		return true;
	return one->exchange != NULL && exchange_is_slow(one->exchange, now_ms);
}

bool
http1_is_late(const struct http_conn *conn, uint64_t now_ms)
{
	return conn->one.exchange == NULL && !conn->is_ending &&
	       now_ms - conn->read_ms > conn->worker->bounds.idle_ms;
}
