/*
 * https_peer: whose server a connection has reached, before it is used.
 *
 * A certificate of the network's CA for the right host is not enough: it must
 * name the organisation that is asked.  One thread.
 */
#ifndef WIRE_HTTPS_PEER_H
#define WIRE_HTTPS_PEER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

struct https_peers;

struct https_peers *https_peers_new(void);
void https_peers_free(struct https_peers *peers); /* safe on NULL */

/* Both ends of a connection, and who ought to be at the other. */
struct https_end {
	const char *peer; /* organisation code */
	const char *address;
	int port, own_port;
};

/* When libcurl is about to use the connection. */
bool https_peer_is(
    struct https_peers *peers, CURL *curl, const struct https_end *end);

#endif
