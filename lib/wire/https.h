/*
 * https: requests to other servers, many at a time, without blocking.
 *
 * One thread with a loop of its own, libcurl's connections (TLS 1.3 with our
 * certificate, HTTP/2, kept alive) and whatever else its user keeps there.
 * A server must have a certificate of the CA that is set for its host, and of
 * the organisation that is asked: before any byte of the request is sent.
 * https_run: any thread; https_send: on the thread only.
 */
#ifndef WIRE_HTTPS_H
#define WIRE_HTTPS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct https;

struct https_settings {
	const char *cert, *key, *ca; /* PEM files; read for each connection */
	/* No server with a private, local or loopback address is spoken to,
	 * whatever its name says.  Without `cert` we show none. */
	bool public_only;
};

/* Runs when it returns.  NULL and `why` on failure. */
struct https *https_open(
    const struct https_settings *settings, struct why *why);
/* From now on every request ends with ERR_CLOSED, those under way too. */
void https_stop(struct https *https);
/* After https_stop, when nobody calls https_run any more.  Safe on NULL. */
void https_close(struct https *https);

/* Do this on the thread, in order. */
void https_run(struct https *https, void (*call)(void *context), void *context);

struct https_request {
	const char *url;
	const char *peer; /* organisation code of the server; NULL: any */
	const char *content_type;   /* of the body; NULL: GET, no body */
	const char *const *headers; /* lines more, ends with NULL; or NULL */
	struct span body;           /* POST; borrowed until the answer */
	unsigned timeout_ms;        /* all of it, connecting included */
	size_t limit;               /* bytes of the answer */
};

struct https_answer {
	/* ERR_OK: an answer came, whatever its status.  ERR_NETWORK: none;
	 * ERR_DENIED: another organisation's server; ERR_LIMIT: too large;
	 * ERR_CLOSED: we are stopping. */
	enum err err;
	int status;
	const char *content_type; /* "" when none; borrowed */
	int64_t retry_after;      /* seconds; 0 when not said */
	struct span body;         /* borrowed */
};

/* Exactly once for each https_send, on the thread; while we are stopping
 * before https_send returns. */
typedef void (*https_done_fn)(void *context, const struct https_answer *answer);
void https_send(struct https *https, const struct https_request *request,
    https_done_fn done, void *context);

#endif
