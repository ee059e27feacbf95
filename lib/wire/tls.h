/*
 * tls: TLS 1.3 with certificates on both sides, over memory.
 *
 * The only home of OpenSSL's TLS.  A context is made once and may be shared
 * by threads; a session belongs to one thread and touches no socket: bytes of
 * the network go in by tls_feed and come out of tls_output.
 * A client is let in only with a certificate of the network's CA that names
 * an organisation code (base/cert.h).
 */
#ifndef WIRE_TLS_H
#define WIRE_TLS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/cert.h"
#include "base/err.h"
#include "base/span.h"

struct tls;
struct tls_session;

struct tls_files {
	const char *cert, *key, *ca; /* PEM; the key readable by us only */
};

/* NULL and `why` on failure. */
struct tls *tls_open_server(const struct tls_files *files, struct why *why);
struct tls *tls_open_client(const struct tls_files *files, struct why *why);
/* Sessions from now on use these files; those that are there go on.  After an
 * error nothing has changed.  Any thread. */
MUST_CHECK enum err tls_renew(
    struct tls *tls, const struct tls_files *files, struct why *why);
void tls_close(struct tls *tls); /* safe on NULL; after its sessions */

enum tls_result {
	TLS_DATA,  /* bytes were read */
	TLS_MORE,  /* all that was fed is used up */
	TLS_END,   /* the peer said goodbye */
	TLS_FAILED /* handshake or record refused; an alert may be in output */
};

/* `host`: the server's name or IP to insist on, for a client; NULL for a
 * server. */
struct tls_session *tls_session_new(struct tls *tls, const char *host);
void tls_session_free(struct tls_session *session); /* safe on NULL */
/* Bytes from the network, borrowed until tls_read answers TLS_MORE. */
void tls_feed(struct tls_session *session, struct span bytes);
/* Does the handshake too.  `*len` is set with TLS_DATA only. */
enum tls_result tls_read(
    struct tls_session *session, char *out, size_t size, size_t *len);
/* False when the session is broken or its handshake is not over. */
bool tls_write(struct tls_session *session, struct span bytes);
/* Say goodbye; the peer may still be read. */
void tls_shut(struct tls_session *session);
/* Bytes for the network; the caller sends and resets them. */
struct buf *tls_output(struct tls_session *session);
bool tls_is_ready(const struct tls_session *session);
/* Was "h2" agreed on? */
bool tls_is_http2(const struct tls_session *session);
/* Who the other side is, once ready.  ERR_DENIED without a code, or when
 * its certificate ended (a resumed session does not check that again). */
MUST_CHECK enum err tls_peer(
    const struct tls_session *session, struct identity *who);
/* For clients: offer only http/1.1 or only h2.  Before the first read. */
void tls_offer(struct tls_session *session, bool http2);

#endif
