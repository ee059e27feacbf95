/*
 * trace: W3C trace context, the `traceparent` of a request.
 *
 * "00-<trace id>-<parent id>-<flags>", hex in lower case.  It says which
 * requests belong together and nothing about them.  Pure but for the random
 * ids; any thread.
 */
#ifndef WIRE_TRACE_H
#define WIRE_TRACE_H

#include <stdbool.h>

#define TRACE_ID_LEN 32
#define TRACE_PARENT_LEN 55

struct trace {
	char id[TRACE_ID_LEN + 1];         /* "": none yet */
	char parent[TRACE_PARENT_LEN + 1]; /* with an id of our own part */
};

/* Goes on with the client's trace; false when `text` (may be NULL) is not
 * exactly a traceparent of version 00. */
bool trace_follow(struct trace *trace, const char *text);
/* One that nobody has begun before. */
void trace_begin(struct trace *trace);

#endif
