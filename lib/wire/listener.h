/*
 * listener: the place where a server listens, and sockets bound to it.
 */
#ifndef WIRE_LISTENER_H
#define WIRE_LISTENER_H

#include <stdbool.h>

#include "base/buf.h"

struct addrinfo;

struct listener {
	const char *text; /* "host:port", "[::1]:port" or ":port"; borrowed */
	struct addrinfo *address;
	unsigned port; /* 0: any free one, until the first socket is bound */
};

/* False: not such a text, or no such host. */
bool listener_parse(struct listener *listener, const char *text);
void listener_release(struct listener *listener);
/* One more socket bound to the place (SO_REUSEPORT), not yet listening; the
 * caller's.  -1: cannot be bound. */
int listener_bind(struct listener *listener);
/* Appends host:port as it is reached: the host as given, the port bound. */
void listener_print(const struct listener *listener, struct buf *out);

#endif
