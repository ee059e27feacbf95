/*
 * http2_inner: what the files of http2 share.
 */
#ifndef WIRE_HTTP2_INNER_H
#define WIRE_HTTP2_INNER_H

#include <nghttp2/nghttp2.h>

#include "wire/http2.h"

#define HTTP2_STREAMS_MAX 100

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

/* The stream is no more.  http2.c */
void http2_lose(struct http_exchange *exchange);
/* A session's callbacks for all that comes; NULL: out of memory.
 * http2_request.c */
nghttp2_session_callbacks *http2_callbacks(void);

#endif
