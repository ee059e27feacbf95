/*
 * http2_reply: replies into frames, whole or in pieces.
 */
#include "wire/http2_inner.h"

#include <stdio.h>
#include <string.h>

#define FIELDS_MAX 32

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
