/*
 * http2_request: frames of the peer, what they ask and what they may cost.
 */
#include "wire/http2_inner.h"

#include <string.h>

/* Frames that cost us work and the peer nothing, within FLOOD_MS. */
#define FLOOD_MS 10000
#define RESETS_MAX 200
#define CONTROLS_MAX 1000
#define WINDOWS_MAX 20000
/* Replies that handlers still work on though their streams were reset. */
#define ORPHANS_MAX 200
/* An early reply lets a body of this size pass by, then resets. */
#define PASS_BY_MAX (1 << 20)
/* Replies that wait for a peer that does not read: no more requests then. */
#define BACKLOG_MAX (1 << 20)

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
	if (conn->users > HTTP2_STREAMS_MAX + ORPHANS_MAX)
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
	http2_lose(exchange);
	return 0;
}

nghttp2_session_callbacks *
http2_callbacks(void)
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
