/*
 * http2: nghttp2 between a connection and its exchanges.
 */
#include "wire/http2_inner.h"

#include "base/mem.h"

#define STREAM_WINDOW (256 << 10)
#define CONN_WINDOW (1 << 20)
/* Between the warning that we go and the word which streams are the last. */
#define NOTICE_MS 200

static void
detach(struct http_exchange *exchange)
{
	*exchange->link = exchange->newer;
	if (exchange->newer != NULL)
		exchange->newer->link = exchange->link;
	exchange->newer = NULL;
	exchange->link = NULL;
}

void
http2_lose(struct http_exchange *exchange)
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
	    {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, HTTP2_STREAMS_MAX},
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
	nghttp2_session_callbacks *calls = http2_callbacks();
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
		http2_lose(two->exchanges);
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
