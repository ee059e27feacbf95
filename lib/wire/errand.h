/*
 * errand: one message to somebody outside the network, by HTTP or e-mail.
 *
 * By libcurl; blocks until it is taken or refused, or until its time is over.
 * What leaves this machine is encrypted and the server's certificate is
 * checked; plain http:// and smtp:// go to this machine only.
 * One thread at a time.
 */
#ifndef WIRE_ERRAND_H
#define WIRE_ERRAND_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"

#define ERRAND_HEADERS_MAX 8

struct errand {
	const char *url;
	const char *ca; /* PEM file; NULL or "": the system's */
	struct span body;
	/* http: lines "name: value", ends with NULL */
	const char *headers[ERRAND_HEADERS_MAX + 1];
	/* smtp: bare addresses, `to` with commas between them; `login` is
	 * "user:password" or NULL */
	const char *from, *to, *login;
	unsigned timeout_ms;
	const atomic_bool *stopping; /* true: give up; may be NULL */
};

/* https://…, smtps://…, smtp://… (with STARTTLS), or http:// and smtp:// to
 * 127.0.0.1, [::1] or localhost. */
bool errand_url_is_valid(const char *url, bool mail);
/* ERR_OK: taken (2xx; 250).  ERR_DENIED: refused, `why` has the status.
 * ERR_NETWORK: nobody there.  ERR_CLOSED: we are stopping. */
MUST_CHECK enum err errand_send(const struct errand *errand, struct why *why);

#endif
