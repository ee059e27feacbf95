/*
 * http2: nghttp2 between a connection and its exchanges.
 */
#include "wire/http2.h"

#include <stdio.h>
#include <string.h>

#include <nghttp2/nghttp2.h>

#include "base/mem.h"

#define STREAMS_MAX 100
#define STREAM_WINDOW (256 << 10)
#define CONN_WINDOW (1 << 20)
/* Frames that cost us work and the peer nothing, within FLOOD_MS. */
#define FLOOD_MS 10000
#define RESETS_MAX 200
#define CONTROLS_MAX 1000
#define WINDOWS_MAX 20000
/* Replies that handlers still work on though their streams were reset. */
#define ORPHANS_MAX 200
/* An early reply lets a body of this size pass by, then resets. */
#define PASS_BY_MAX (1 << 20)
#define FIELDS_MAX 32
/* Replies that wait for a peer that does not read: no more requests then. */
#define BACKLOG_MAX (1 << 20)
/* Between the warning that we go and the word which streams are the last. */
#define NOTICE_MS 200

struct http2 {
	nghttp2_session *session;
	struct http_exchange *exchanges; /* those with a stream */
	uint64_t window_ms;
	unsigned resets, controls, windows;
	uint64_t begun_ms;   /* of a head that is not complete; 0: none */
	uint64_t active_ms;  /* there was a stream */
	uint64_t retired_ms; /* warned that we go; 0: not */
	size_t backlog;      /* bytes of replies that have not left */
	bool is_calmed;      /* told to go away */
	bool is_closing;
};

static void
attach(struct http2 *two, struct http_exchange *exchange)
{
	exchange->newer = two->exchanges;
	exchange->link = &two->exchanges;
	if (exchange->newer != NULL)
		exchange->newer->link = &exchange->newer;
	two->exchanges = exchange;
}

static void
detach(struct http_exchange *exchange)
{
	*exchange->link = exchange->newer;
	if (exchange->newer != NULL)
		exchange->newer->link = exchange->link;
	exchange->newer = NULL;
	exchange->link = NULL;
}

/* The stream is no more. */
static void
lose(struct http_exchange *exchange)
{
	struct http2 *two = exchange->conn->two;
	bool was_sending = exchange->is_sending;

	two->backlog -= exchange->reply.len - exchange->sent;
	two->active_ms = uv_now(&exchange->worker->loop);
	detach(exchange);
	if (was_sending)
		exchange_sent(exchange);
	else
		exchange_cut(exchange);
}

static void
calm(struct http_conn *conn)
{
	if (conn->two->is_calmed)
		return;
	conn->two->is_calmed = true;
	conn_count_cut(conn, HTTP_CUT_FLOOD);
	nghttp2_session_terminate_session(
	    conn->two->session, NGHTTP2_ENHANCE_YOUR_CALM);
}

static void
count(struct http_conn *conn, unsigned *counter, unsigned limit)
{
	struct http2 *two = conn->two;

	if (conn->read_ms - two->window_ms > FLOOD_MS) {
		two->window_ms = conn->read_ms;
		two->resets = two->controls = two->windows = 0;
	}
	if (++*counter > limit)
		calm(conn);
}

static struct http_exchange *
find(nghttp2_session *session, int32_t stream)
{
	return nghttp2_session_get_stream_user_data(session, stream);
}

static bool
is_request(const nghttp2_frame *frame)
{
	return frame->hd.type == NGHTTP2_HEADERS &&
	       frame->headers.cat == NGHTTP2_HCAT_REQUEST;
}

static int
on_begin_headers(
    nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
	struct http_conn *conn = context;
	struct http_exchange *exchange;

	conn->two->begun_ms = conn->read_ms;
	if (!is_request(frame))
		return 0;
	if (conn->users > STREAMS_MAX + ORPHANS_MAX)
		calm(conn);
	if (conn->two->is_calmed)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	if (conn->two->backlog > BACKLOG_MAX) {
		nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE,
		    frame->hd.stream_id, NGHTTP2_REFUSED_STREAM);
		return 0;
	}
	conn->two->active_ms = conn->read_ms;
	exchange = exchange_new(conn, frame->hd.stream_id);
	attach(conn->two, exchange);
	nghttp2_session_set_stream_user_data(
	    session, frame->hd.stream_id, exchange);
	return 0;
}

static bool
add_field(struct http_head *head, struct span name, struct span value)
{
	if (name.ptr[0] != ':')
		return http_head_add(head, name, value);
	if (span_is(name, ":method"))
		http_head_set_method(head, value);
	else if (span_is(name, ":path"))
		return http_head_set_target(head, value);
	return true;
}

static int
on_header(nghttp2_session *session, const nghttp2_frame *frame,
    const uint8_t *name, size_t name_len, const uint8_t *value,
    size_t value_len, uint8_t flags, void *context)
{
	struct http_exchange *exchange;

	(void)flags, (void)context;
	if (!is_request(frame))
		return 0;
	exchange = find(session, frame->hd.stream_id);
	if (exchange == NULL)
		return 0;
	if (!add_field(&exchange->head, span_make(name, name_len),
		span_make(value, value_len)))
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	return 0;
}

/* nghttp2 has checked that Content-Length is one number. */
static void
read_length(struct http_head *head)
{
	const char *text = http_head_find(head, "content-length");
	const char *expect = http_head_find(head, "expect");

	for (; text != NULL && *text >= '0' && *text <= '9'; text++)
		head->length = head->length * 10 + (uint64_t)(*text - '0');
	head->expects = expect != NULL && strcmp(expect, "100-continue") == 0;
}

static void
send_continue(nghttp2_session *session, int32_t stream)
{
	nghttp2_nv status = {(uint8_t *)":status", (uint8_t *)"100", 7, 3,
	    NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};

	nghttp2_submit_headers(
	    session, NGHTTP2_FLAG_NONE, stream, NULL, &status, 1, NULL);
}

static void
begin(nghttp2_session *session, const nghttp2_frame *frame)
{
	struct http_exchange *exchange = find(session, frame->hd.stream_id);
	bool has_body = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0;

	if (exchange == NULL)
		return;
	http_hold(exchange);
	read_length(&exchange->head);
	exchange_begin(exchange);
	if (!exchange->is_over && has_body && exchange->head.expects)
		send_continue(session, frame->hd.stream_id);
	http_drop(exchange);
}

/* The peer has sent all of its body. */
static void
finish(nghttp2_session *session, int32_t stream)
{
	struct http_exchange *exchange = find(session, stream);

	if (exchange != NULL)
		exchange_end(exchange);
}

static int
on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
	struct http_conn *conn = context;
	struct http2 *two = conn->two;
	bool is_last = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;

	switch (frame->hd.type) {
	case NGHTTP2_HEADERS:
		two->begun_ms = 0;
		if (is_request(frame))
			begin(session, frame);
		if (is_last)
			finish(session, frame->hd.stream_id);
		break;
	case NGHTTP2_DATA:
		if (is_last)
			finish(session, frame->hd.stream_id);
		else if (frame->hd.length == 0)
			count(conn, &two->controls, CONTROLS_MAX);
		break;
	case NGHTTP2_RST_STREAM:
		count(conn, &two->resets, RESETS_MAX);
		break;
	default:
		break;
	}
	return 0;
}

/* All that is no request: ping, settings, priority, windows, pieces of heads,
 * frames that nobody knows (CVE-2019-9512 and its kin, CVE-2024-27316). */
static int
on_begin_frame(
    nghttp2_session *session, const nghttp2_frame_hd *frame, void *context)
{
	struct http_conn *conn = context;

	(void)session;
	if (frame->type == NGHTTP2_WINDOW_UPDATE)
		count(conn, &conn->two->windows, WINDOWS_MAX);
	else if (frame->type != NGHTTP2_DATA &&
		 frame->type != NGHTTP2_HEADERS &&
		 frame->type != NGHTTP2_RST_STREAM)
		count(conn, &conn->two->controls, CONTROLS_MAX);
	return 0;
}

/* Kinds of frames that nobody knows are ours to read only so that they are
 * counted like others; their content is passed over. */
static int
on_unknown_piece(nghttp2_session *session, const nghttp2_frame_hd *frame,
    const uint8_t *data, size_t len, void *context)
{
	(void)session, (void)frame, (void)data, (void)len, (void)context;
	return NGHTTP2_ERR_CANCEL;
}

static int
on_unknown(nghttp2_session *session, void **payload,
    const nghttp2_frame_hd *frame, void *context)
{
	(void)session, (void)payload, (void)frame, (void)context;
	return NGHTTP2_ERR_CANCEL;
}

/* A peer may also make us reset its streams (CVE-2025-8671). */
static int
on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
	struct http_conn *conn = context;

	(void)session;
	if (frame->hd.type == NGHTTP2_RST_STREAM &&
	    frame->rst_stream.error_code != NGHTTP2_NO_ERROR)
		count(conn, &conn->two->resets, RESETS_MAX);
	return 0;
}

/* The connection's window opens at once, so that no stream waits for
 * another; the stream's only as its handler reads. */
static int
on_data(nghttp2_session *session, uint8_t flags, int32_t stream,
    const uint8_t *data, size_t len, void *context)
{
	struct http_exchange *exchange = find(session, stream);

	(void)flags, (void)context;
	nghttp2_session_consume_connection(session, len);
	if (exchange != NULL &&
	    (exchange->is_paused || exchange->is_resuming)) {
		buf_add(&exchange->body, data, len);
		return 0;
	}
	nghttp2_session_consume_stream(session, stream, len);
	if (exchange == NULL)
		return 0;
	if (!exchange->is_over) {
		exchange_body(exchange, span_make(data, len));
		return 0;
	}
	exchange->paced += len;
	exchange->head.length += len;
	if (exchange->head.length > PASS_BY_MAX)
		nghttp2_submit_rst_stream(
		    session, NGHTTP2_FLAG_NONE, stream, NGHTTP2_NO_ERROR);
	return 0;
}

static int
on_stream_close(
    nghttp2_session *session, int32_t stream, uint32_t code, void *context)
{
	struct http_exchange *exchange = find(session, stream);

	(void)code, (void)context;
	if (exchange == NULL)
		return 0;
	nghttp2_session_set_stream_user_data(session, stream, NULL);
	lose(exchange);
	return 0;
}

static nghttp2_session_callbacks *
callbacks_new(void)
{
	nghttp2_session_callbacks *calls = NULL;

	if (nghttp2_session_callbacks_new(&calls) != 0)
		return NULL;
	nghttp2_session_callbacks_set_on_begin_headers_callback(
	    calls, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(calls, on_header);
	nghttp2_session_callbacks_set_on_begin_frame_callback(
	    calls, on_begin_frame);
	nghttp2_session_callbacks_set_on_extension_chunk_recv_callback(
	    calls, on_unknown_piece);
	nghttp2_session_callbacks_set_unpack_extension_callback(
	    calls, on_unknown);
	nghttp2_session_callbacks_set_on_frame_recv_callback(calls, on_frame);
	nghttp2_session_callbacks_set_on_frame_send_callback(calls, on_sent);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
	    calls, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(
	    calls, on_stream_close);
	return calls;
}

static nghttp2_option *
option_new(void)
{
	nghttp2_option *option = NULL;
	unsigned kind;

	if (nghttp2_option_new(&option) != 0)
		return NULL;
	nghttp2_option_set_no_auto_window_update(option, 1);
	nghttp2_option_set_no_closed_streams(option, 1);
	nghttp2_option_set_max_settings(option, 16);
	for (kind = NGHTTP2_CONTINUATION + 1; kind <= UINT8_MAX; kind++)
		nghttp2_option_set_user_recv_extension_type(
		    option, (uint8_t)kind);
	return option;
}

static bool
say_settings(nghttp2_session *session)
{
	static const nghttp2_settings_entry ours[] = {
	    {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, STREAMS_MAX},
	    {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW},
	    {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HTTP_HEAD_MAX},
	};

	return nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, ours,
		   sizeof(ours) / sizeof(*ours)) == 0 &&
	       nghttp2_session_set_local_window_size(
		   session, NGHTTP2_FLAG_NONE, 0, CONN_WINDOW) == 0;
}

bool
http2_open(struct http_conn *conn)
{
	nghttp2_session_callbacks *calls = callbacks_new();
	nghttp2_option *option = option_new();
	struct http2 *two = mem_new(sizeof(*two));
	bool ok = calls != NULL && option != NULL;

	conn->two = two;
	two->window_ms = two->active_ms = conn->read_ms;
	ok = ok &&
	     nghttp2_session_server_new2(&two->session, calls, conn, option) ==
		 0 &&
	     say_settings(two->session);
	nghttp2_session_callbacks_del(calls);
	nghttp2_option_del(option);
	return ok;
}

void
http2_close(struct http_conn *conn)
{
	struct http2 *two = conn->two;

	if (two == NULL)
		return;
	while (two->exchanges != NULL)
		lose(two->exchanges);
	conn->two = NULL;
	nghttp2_session_del(two->session);
	mem_free(two);
}

void
http2_input(struct http_conn *conn, struct span bytes)
{
	ssize_t used = nghttp2_session_mem_recv(
	    conn->two->session, (const uint8_t *)bytes.ptr, bytes.len);

	if (used < 0)
		nghttp2_session_terminate_session(conn->two->session,
		    used == NGHTTP2_ERR_FLOODED ? NGHTTP2_ENHANCE_YOUR_CALM
						: NGHTTP2_PROTOCOL_ERROR);
	conn_mark(conn);
}

bool
http2_fill(struct http_conn *conn)
{
	nghttp2_session *session = conn->two->session;
	const uint8_t *frame;
	ssize_t len;

	while (conn->out.len < HTTP_OUT_MAX) {
		len = nghttp2_session_mem_send(session, &frame);
		if (len < 0)
			conn->is_ending = true;
		if (len <= 0)
			break;
		buf_add(&conn->out, frame, (size_t)len);
	}
	if (conn->out.len >= HTTP_OUT_MAX)
		return false;
	if (!nghttp2_session_want_read(session) &&
	    !nghttp2_session_want_write(session))
		conn->is_ending = true;
	if (conn->two->is_closing && conn->two->exchanges == NULL)
		conn->is_ending = true;
	return true;
}

static ssize_t
on_room(nghttp2_session *session, int32_t stream, uint8_t *out, size_t size,
    uint32_t *flags, nghttp2_data_source *source, void *context)
{
	struct http_exchange *exchange = source->ptr;
	size_t left = exchange->reply.len - exchange->sent;

	(void)session, (void)stream, (void)context;
	if (left == 0 && !exchange->is_over)
		return NGHTTP2_ERR_DEFERRED;
	if (size >= left) {
		size = left;
		if (exchange->is_over)
			*flags |= NGHTTP2_DATA_FLAG_EOF;
	}
	if (size > 0)
		memcpy(out, exchange->reply.data + exchange->sent, size);
	exchange->sent += size;
	exchange->paced += size;
	exchange->conn->two->backlog -= size;
	return (ssize_t)size;
}

static nghttp2_nv
pair(const char *name, const char *value)
{
	return (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, strlen(name),
	    strlen(value), NGHTTP2_NV_FLAG_NONE};
}

/* The header of the reply as nghttp2 wants it; `status` and `len` lend their
 * memory. */
static size_t
list_fields(const struct http_exchange *exchange, const char *status,
    const char *type, const char *len, nghttp2_nv *out)
{
	const char *at = exchange->fields.data, *value;
	size_t n = 0;
	unsigned i;

	out[n++] = pair(":status", status);
	if (type != NULL)
		out[n++] = pair("content-type", type);
	if (len != NULL)
		out[n++] = pair("content-length", len);
	for (i = 0; i < exchange->field_count && n < FIELDS_MAX; i++) {
		value = at + strlen(at) + 1;
		out[n++] = pair(at, value);
		at = value + strlen(value) + 1;
	}
	return n;
}

void
http2_reply(struct http_exchange *exchange, int status, const char *type,
    struct span body)
{
	nghttp2_data_provider provider = {
	    .source.ptr = exchange, .read_callback = on_room};
	bool has_body = exchange_has_body(exchange, status);
	struct http_conn *conn = exchange->conn;
	nghttp2_nv fields[FIELDS_MAX];
	char status_text[16], len_text[24];
	size_t n;

	snprintf(status_text, sizeof(status_text), "%d", status);
	snprintf(len_text, sizeof(len_text), "%zu", body.len);
	n = list_fields(exchange, status_text, type,
	    has_body || exchange->is_head ? len_text : NULL, fields);
	buf_add(&exchange->reply, body.ptr, body.len);
	conn->two->backlog += body.len;
	exchange->head.length = 0; /* now counts what passes by */
	exchange->is_sending = true;
	if (nghttp2_submit_response(conn->two->session, exchange->stream,
		fields, n, has_body ? &provider : NULL) != 0)
		nghttp2_submit_rst_stream(conn->two->session, NGHTTP2_FLAG_NONE,
		    exchange->stream, NGHTTP2_INTERNAL_ERROR);
	conn_mark(conn);
}

void
http2_begin(struct http_exchange *exchange, int status, const char *type)
{
	nghttp2_data_provider provider = {
	    .source.ptr = exchange, .read_callback = on_room};
	struct http_conn *conn = exchange->conn;
	nghttp2_nv fields[FIELDS_MAX];
	char status_text[16];
	size_t n;

	snprintf(status_text, sizeof(status_text), "%d", status);
	n = list_fields(exchange, status_text, type, NULL, fields);
	exchange->head.length = 0;
	if (nghttp2_submit_response(conn->two->session, exchange->stream,
		fields, n, exchange->is_head ? NULL : &provider) != 0)
		nghttp2_submit_rst_stream(conn->two->session, NGHTTP2_FLAG_NONE,
		    exchange->stream, NGHTTP2_INTERNAL_ERROR);
	conn_mark(conn);
}

static void
go_on_sending(struct http_exchange *exchange)
{
	/* An error: it was not waiting for more. */
	(void)nghttp2_session_resume_data(
	    exchange->conn->two->session, exchange->stream);
	conn_mark(exchange->conn);
}

void
http2_send(struct http_exchange *exchange, struct span piece)
{
	if (exchange->sent == exchange->reply.len) {
		buf_reset(&exchange->reply);
		exchange->sent = 0;
	}
	buf_add(&exchange->reply, piece.ptr, piece.len);
	exchange->conn->two->backlog += piece.len;
	go_on_sending(exchange);
}

void
http2_end(struct http_exchange *exchange)
{
	exchange->is_sending = true;
	go_on_sending(exchange);
}

void
http2_go_on(struct http_conn *conn)
{
	struct http_exchange *exchange;

	for (exchange = conn->two->exchanges; exchange != NULL;
	     exchange = exchange->newer)
		if (exchange->is_filled &&
		    exchange->sent == exchange->reply.len)
			exchange_ask(exchange);
}

void
http2_flow(struct http_exchange *exchange)
{
	struct http_conn *conn = exchange->conn;
	nghttp2_session *session = conn->two->session;
	struct buf held = exchange->body;

	if (exchange->is_paused)
		return;
	if (held.len > 0 && exchange->route->handle == NULL) {
		exchange->body = (struct buf){0};
		nghttp2_session_consume_stream(
		    session, exchange->stream, held.len);
		exchange_body(exchange, buf_span(&held));
		buf_release(&held);
	}
	if (!exchange->is_paused && exchange->has_ended)
		exchange_end(exchange);
	conn_mark(conn);
}

/* RFC 9113 section 6.8: what the peer sends before it has read the warning is
 * still answered. */
void
http2_retire(struct http_conn *conn)
{
	struct http2 *two = conn->two;
	struct http_exchange *exchange;

	two->retired_ms = uv_now(&conn->worker->loop);
	for (exchange = two->exchanges; exchange != NULL;
	     exchange = exchange->newer)
		exchange_ask(exchange);
	nghttp2_submit_shutdown_notice(two->session);
	conn_mark(conn);
}

static void
name_last_stream(struct http_conn *conn)
{
	nghttp2_session *session = conn->two->session;

	conn->two->is_closing = true;
	nghttp2_submit_goaway(session, NGHTTP2_FLAG_NONE,
	    nghttp2_session_get_last_proc_stream_id(session), NGHTTP2_NO_ERROR,
	    NULL, 0);
	conn_mark(conn);
}

bool
http2_is_slow(struct http_conn *conn, uint64_t now_ms)
{
	struct http_exchange *exchange;
	uint64_t begun_ms = conn->two->begun_ms;
	bool slow =
	    begun_ms > 0 && now_ms - begun_ms > conn->worker->bounds.head_ms;

	for (exchange = conn->two->exchanges; exchange != NULL;
	     exchange = exchange->newer)
		slow = exchange_is_slow(exchange, now_ms) || slow;
	return slow;
}

/* Pings alone keep no connection. */
void
http2_sweep(struct http_conn *conn, uint64_t now_ms)
{
	struct http2 *two = conn->two;

	if (two->is_closing || conn->is_ending)
		return;
	if (two->retired_ms > 0 && now_ms - two->retired_ms >= NOTICE_MS)
		name_last_stream(conn);
	else if (two->retired_ms == 0 && two->exchanges == NULL &&
		 now_ms - two->active_ms > conn->worker->bounds.idle_ms)
		name_last_stream(conn);
}
