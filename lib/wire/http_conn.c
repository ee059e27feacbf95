/*
 * http_conn: bytes between a socket, a TLS session and a protocol.
 */
#include "wire/http_conn.h"

#include <string.h>

#include "base/mem.h"
#include "base/metric.h"
#include "wire/gate.h"
#include "wire/http2.h"

/* Many clients look for an answer only when all of their body has gone: a
 * refusal reaches them only if the rest is read over.  So much of it, for so
 * long, with such pauses. */
#define LINGER_MAX ((uint64_t)1 << 30)
#define LINGER_MS 30000
#define LINGER_PAUSE_MS 5000
/* A stranger is only to see why it was refused. */
#define STRANGER_MAX ((uint64_t)64 << 10)
#define STRANGER_MS 2000
/* How long a handshake may stand still when there are too many. */
#define STALLED_MS 2000
/* Bytes of TLS that bring nothing to read: more than a record, or than a
 * handshake with its certificates, is a flood. */
#define SILENT_MAX ((uint64_t)128 << 10)
/* A connection's buffers are given back above this size. */
#define KEEP_MAX 65536

struct write {
	uv_write_t request;
	struct http_conn *conn;
	struct buf bytes;
};

void
conn_hold(struct http_conn *conn)
{
	conn->users++;
}

void
conn_drop(struct http_conn *conn)
{
	if (--conn->users > 0)
		return;
	http1_release(&conn->one.parser);
	buf_release(&conn->one.in);
	buf_release(&conn->out);
	tls_session_free(conn->tls);
	mem_free(conn);
}

static void
on_closed(uv_handle_t *handle)
{
	conn_drop(handle->data);
}

void
conn_count_cut(struct http_conn *conn, enum http_cut why)
{
	metric_add(conn->worker->cuts[why], 1);
}

static bool
is_stranger(const struct http_conn *conn)
{
	return conn->peer.code[0] == '\0';
}

static void
leave(struct http_conn *conn)
{
	struct http_conn **at = &conn->worker->dirty;

	*conn->link = conn->next;
	if (conn->next != NULL)
		conn->next->link = conn->link;
	if (conn->is_admitted) {
		gate_leave(conn->worker->gate, conn->place);
		metric_add(conn->worker->connected, -1);
	}
	for (; conn->is_dirty && *at != NULL; at = &(*at)->next_dirty)
		if (*at == conn) {
			*at = conn->next_dirty;
			break;
		}
	conn->is_dirty = false;
}

/* The next phase; the handshakes under way are counted. */
static void
enter(struct http_conn *conn, enum http_conn_phase phase)
{
	if (conn->phase == CONN_HANDSHAKE && conn->is_admitted)
		conn->worker->handshake_count--;
	conn->phase = phase;
}

static void
cut(struct http_conn *conn)
{
	if (conn->phase == CONN_HTTP1)
		http1_close(conn);
	http2_close(conn);
}

void
conn_close(struct http_conn *conn)
{
	if (conn->phase == CONN_CLOSED)
		return;
	conn->is_ending = true;
	cut(conn);
	enter(conn, CONN_CLOSED);
	leave(conn);
	uv_close((uv_handle_t *)&conn->tcp, on_closed);
}

void
conn_end(struct http_conn *conn)
{
	conn->is_ending = true;
	conn_mark(conn);
}

void
conn_mark(struct http_conn *conn)
{
	if (conn->is_dirty || conn->phase == CONN_CLOSED)
		return;
	conn->is_dirty = true;
	conn->next_dirty = conn->worker->dirty;
	conn->worker->dirty = conn;
}

static void
on_written(uv_write_t *request, int status)
{
	struct write *write = request->data;
	struct http_conn *conn = write->conn;

	conn->unsent -= write->bytes.len;
	conn->written_ms = uv_now(&conn->worker->loop);
	buf_release(&write->bytes);
	mem_free(write);
	if (status < 0)
		conn_close(conn);
	else
		conn_mark(conn);
	conn_drop(conn);
}

static bool
write_later(struct http_conn *conn, struct span bytes)
{
	struct write *write = mem_new(sizeof(*write));
	uv_buf_t piece;

	write->conn = conn;
	write->request.data = write;
	buf_add(&write->bytes, bytes.ptr, bytes.len);
	piece = uv_buf_init(write->bytes.data, (unsigned)bytes.len);
	if (uv_write(&write->request, (uv_stream_t *)&conn->tcp, &piece, 1,
		on_written) != 0) {
		buf_release(&write->bytes);
		mem_free(write);
		return false;
	}
	if (conn->unsent == 0)
		conn->written_ms = uv_now(&conn->worker->loop);
	conn->unsent += bytes.len;
	conn_hold(conn);
	return true;
}

/* Ciphertext to the kernel; what it does not take now is kept.  False when
 * the socket is broken. */
static bool
send_output(struct http_conn *conn)
{
	struct buf *out = tls_output(conn->tls);
	uv_buf_t piece = uv_buf_init(out->data, (unsigned)out->len);
	size_t sent = 0;
	bool ok = true;
	int result;

	if (out->len == 0)
		return true;
	result = uv_try_write((uv_stream_t *)&conn->tcp, &piece, 1);
	if (result >= 0)
		sent = (size_t)result;
	else if (result != UV_EAGAIN)
		return false;
	if (sent < out->len)
		ok = write_later(
		    conn, span_make(out->data + sent, out->len - sent));
	if (out->size > KEEP_MAX)
		buf_release(out);
	else
		buf_reset(out);
	return ok;
}

static void
on_shut(uv_shutdown_t *request, int status)
{
	(void)status;
	conn_drop(request->data);
	mem_free(request);
}

static void
say_goodbye(struct http_conn *conn)
{
	uv_shutdown_t *request;

	cut(conn);
	tls_shut(conn->tls);
	enter(conn, CONN_LINGER);
	conn->read_ms = uv_now(&conn->worker->loop);
	conn->one.begun_ms = conn->read_ms;
	if (!send_output(conn) || conn->has_ended) {
		conn_close(conn);
		return;
	}
	request = mem_new(sizeof(*request));
	request->data = conn;
	conn_hold(conn);
	if (uv_shutdown(request, (uv_stream_t *)&conn->tcp, on_shut) != 0) {
		conn_drop(conn);
		mem_free(request);
		conn_close(conn);
		return;
	}
	conn_read(conn, true);
}

static bool
flush_plain(struct http_conn *conn)
{
	bool ok = tls_write(conn->tls, buf_span(&conn->out));

	if (conn->out.size > KEEP_MAX)
		buf_release(&conn->out);
	else
		buf_reset(&conn->out);
	return ok;
}

void
conn_flush(struct http_conn *conn)
{
	bool is_whole = true;

	if (conn->phase == CONN_CLOSED)
		return;
	if (conn->phase == CONN_HTTP2 && conn->unsent == 0)
		is_whole = http2_fill(conn);
	if (conn->out.len > 0 && !flush_plain(conn))
		conn->is_ending = true;
	if (!send_output(conn)) {
		conn_close(conn);
		return;
	}
	if (!is_whole) {
		if (conn->unsent == 0)
			conn_mark(conn);
		return;
	}
	if (conn->is_ending) {
		if (conn->unsent == 0 && conn->phase != CONN_LINGER)
			say_goodbye(conn);
		return;
	}
	if (conn->phase == CONN_HTTP1)
		http1_go_on(conn);
	else if (conn->phase == CONN_HTTP2 && conn->unsent == 0)
		http2_go_on(conn);
}

static bool
greet(struct http_conn *conn)
{
	if (tls_peer(conn->tls, &conn->peer) != ERR_OK)
		return false;
	conn->one.begun_ms = 0;
	if (tls_is_http2(conn->tls)) {
		enter(conn, CONN_HTTP2);
		return http2_open(conn);
	}
	enter(conn, CONN_HTTP1);
	http1_open(conn);
	return true;
}

static void
take_plain(struct http_conn *conn, struct span bytes)
{
	if (conn->phase == CONN_HTTP1)
		http1_input(conn, bytes);
	else if (conn->phase == CONN_HTTP2)
		http2_input(conn, bytes);
}

static void
take_cipher(struct http_conn *conn, struct span bytes)
{
	char *plain = conn->worker->plain;
	enum tls_result result;
	size_t len;

	conn->silent += bytes.len;
	tls_feed(conn->tls, bytes);
	do {
		result = tls_read(conn->tls, plain, HTTP_READ_SIZE, &len);
		if (conn->phase == CONN_HANDSHAKE && tls_is_ready(conn->tls) &&
		    !greet(conn))
			result = TLS_FAILED;
		if (result == TLS_DATA) {
			conn->silent = 0;
			take_plain(conn, span_make(plain, len));
		}
	} while (result == TLS_DATA && !conn->is_ending);
	conn_mark(conn);
	if (result == TLS_FAILED && is_stranger(conn))
		conn_count_cut(conn, HTTP_CUT_DENIED);
	if (result == TLS_END || result == TLS_FAILED) {
		conn_end(conn);
	} else if (conn->silent > SILENT_MAX) {
		conn_count_cut(conn, HTTP_CUT_FLOOD);
		conn_close(conn);
	}
}

static void
on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
	struct http_conn *conn = stream->data;

	if (len == UV_EOF && conn->phase != CONN_LINGER) {
		/* Replies of this very turn may still be read. */
		conn->has_ended = true;
		conn_read(conn, false);
		conn_end(conn);
		return;
	}
	if (len < 0) {
		conn_close(conn);
		return;
	}
	conn->read_ms = uv_now(&conn->worker->loop);
	if (conn->phase == CONN_LINGER || conn->is_ending) {
		conn->lingered += (size_t)len;
		if (conn->lingered >
		    (is_stranger(conn) ? STRANGER_MAX : LINGER_MAX))
			conn_close(conn);
		return;
	}
	if (len > 0)
		take_cipher(conn, span_make(buf->base, (size_t)len));
}

static void
on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
	struct http_conn *conn = handle->data;

	(void)wanted;
	*buf = uv_buf_init(conn->worker->cipher, HTTP_READ_SIZE);
}

void
conn_read(struct http_conn *conn, bool wanted)
{
	if (conn->is_reading == wanted || conn->phase == CONN_CLOSED)
		return;
	conn->is_reading = wanted;
	if (wanted)
		uv_read_start((uv_stream_t *)&conn->tcp, on_room, on_read);
	else
		uv_read_stop((uv_stream_t *)&conn->tcp);
}

static void
enlist(struct http_conn *conn)
{
	struct http_worker *worker = conn->worker;

	conn->next = worker->conns;
	conn->link = &worker->conns;
	if (conn->next != NULL)
		conn->next->link = &conn->next;
	worker->conns = conn;
}

static bool
find_place(struct http_conn *conn)
{
	struct sockaddr_storage name;
	int len = sizeof(name);

	if (uv_tcp_getpeername(&conn->tcp, (struct sockaddr *)&name, &len) != 0)
		return false;
	conn->place =
	    gate_place(conn->worker->gate, (const struct sockaddr *)&name);
	return true;
}

static bool
admit(struct http_conn *conn)
{
	struct http_worker *worker = conn->worker;
	enum gate_answer answer;

	if (uv_accept((uv_stream_t *)&worker->listener,
		(uv_stream_t *)&conn->tcp) != 0 ||
	    worker->is_closing || !find_place(conn))
		return false;
	answer = gate_enter(worker->gate, conn->place);
	if (answer != GATE_OPEN) {
		conn_count_cut(conn,
		    answer == GATE_FULL ? HTTP_CUT_FULL : HTTP_CUT_ADDRESS);
		return false;
	}
	conn->is_admitted = true;
	metric_add(worker->connected, 1);
	worker->handshake_count++;
	return true;
}

/* The oldest that has kept us waiting: a crowd that comes at once does not.
 * New connections are in front. */
static void
cut_oldest_handshake(struct http_worker *worker)
{
	uint64_t now_ms = uv_now(&worker->loop);
	struct http_conn *conn, *oldest = NULL;

	for (conn = worker->conns; conn != NULL; conn = conn->next)
		if (conn->phase == CONN_HANDSHAKE &&
		    now_ms - conn->read_ms > STALLED_MS)
			oldest = conn;
	if (oldest == NULL)
		return;
	conn_count_cut(oldest, HTTP_CUT_HANDSHAKES);
	conn_close(oldest);
}

void
conn_open(struct http_worker *worker)
{
	struct http_conn *conn = mem_new(sizeof(*conn));

	conn->worker = worker;
	conn->users = 1;
	conn->read_ms = uv_now(&worker->loop);
	conn->one.begun_ms = conn->read_ms;
	conn->tcp.data = conn;
	uv_tcp_init(&worker->loop, &conn->tcp);
	enlist(conn);
	if (!admit(conn)) {
		conn_close(conn);
		return;
	}
	uv_tcp_nodelay(&conn->tcp, 1);
	conn->tls = tls_session_new(worker->tls, NULL);
	conn_read(conn, true);
	if (worker->bounds.handshakes > 0 &&
	    worker->handshake_count > worker->bounds.handshakes)
		cut_oldest_handshake(worker);
}

static bool
lingers_long(const struct http_conn *conn, uint64_t now_ms)
{
	bool stranger = is_stranger(conn);

	return now_ms - conn->read_ms >
		   (stranger ? STRANGER_MS : LINGER_PAUSE_MS) ||
	       now_ms - conn->one.begun_ms >
		   (stranger ? STRANGER_MS : LINGER_MS);
}

static bool
is_slow(struct http_conn *conn, uint64_t now_ms)
{
	const struct http_bounds *bounds = &conn->worker->bounds;

	if (conn->phase == CONN_HANDSHAKE)
		return now_ms - conn->one.begun_ms > bounds->head_ms;
	if (conn->unsent > 0)
		return now_ms - conn->written_ms > bounds->idle_ms;
	if (conn->phase == CONN_HTTP1)
		return http1_is_slow(conn, now_ms);
	return conn->phase == CONN_HTTP2 && http2_is_slow(conn, now_ms);
}

void
conn_sweep(struct http_conn *conn, uint64_t now_ms)
{
	if (conn->phase == CONN_LINGER) {
		if (lingers_long(conn, now_ms))
			conn_close(conn);
	} else if (is_slow(conn, now_ms)) {
		conn_count_cut(conn, HTTP_CUT_SLOW);
		conn_close(conn);
	} else if (conn->phase == CONN_HTTP2) {
		http2_sweep(conn, now_ms);
	} else if (conn->phase == CONN_HTTP1 && http1_is_late(conn, now_ms)) {
		conn_end(conn);
	}
}

void
conn_retire(struct http_conn *conn)
{
	if (conn->phase == CONN_HANDSHAKE)
		conn_close(conn);
	else if (conn->phase == CONN_HTTP1 && http1_is_idle(conn))
		conn_end(conn);
	else if (conn->phase == CONN_HTTP1)
		http1_retire(conn);
	else if (conn->phase == CONN_HTTP2)
		http2_retire(conn);
}
