/*
 * http_limits: what connections may do, for a program's settings.
 */
#ifndef WIRE_HTTP_LIMITS_H
#define WIRE_HTTP_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/settings.h"

/* 0: none, but for the seconds, which are 10 and 60 then. */
struct http_limits {
	int64_t connections, connections_address;
	/* Under way at once; above that those that stand still are cut. */
	int64_t handshakes;
	int64_t head_seconds; /* for a handshake, for a head */
	/* Without a request; and how long what waits for the peer may wait. */
	int64_t idle_seconds;
	/* A body that comes, or a reply that is taken, slower than this over
	 * idle_seconds is cut: bytes a second. */
	int64_t slow_bytes;
};

/* Rows of a program's settings, whose struct `type` has them as `limits`. */
#define HTTP_LIMIT_ROW(type, member, value, least, most, words)                \
	{                                                                      \
		.name = #member, .kind = SETTING_INT,                          \
		.offset = offsetof(type, limits.member), .otherwise = (value), \
		.min = (least), .max = (most), .help = (words)                 \
	}
/* clang-format off */
#define HTTP_LIMIT_ROWS(type)                                                  \
	HTTP_LIMIT_ROW(type, connections, "2000", 0, 1000000,                  \
	    "HTTPS connections in all; 0: any"),                               \
	HTTP_LIMIT_ROW(type, connections_address, "512", 0, 1000000,           \
	    "HTTPS connections from one address (IPv6: 64 bits); 0: any"),     \
	HTTP_LIMIT_ROW(type, handshakes, "256", 0, 1000000,                    \
	    "TLS handshakes under way above which those that stand still are " \
	    "cut; 0: any"),                                                    \
	HTTP_LIMIT_ROW(type, head_seconds, "10", 1, 3600,                      \
	    "seconds that a handshake or the head of a request may take"),     \
	HTTP_LIMIT_ROW(type, idle_seconds, "60", 1, 86400,                     \
	    "seconds that a connection may be without a request, or what "     \
	    "waits for its client may wait"),                                  \
	HTTP_LIMIT_ROW(type, slow_bytes, "1024", 0, 1 << 30,                   \
	    "bytes a second below which, over idle_seconds, a client that "    \
	    "sends or reads is cut; 0: any")
/* clang-format on */

#endif
