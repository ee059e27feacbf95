/*
 * http_date: the Date field of replies, printed once a second.
 *
 * One a worker; its loop's thread.
 */
#ifndef WIRE_HTTP_DATE_H
#define WIRE_HTTP_DATE_H

#include <stdint.h>

#define HTTP_DATE_MAX 32

struct http_date {
	int64_t second;
	char text[HTTP_DATE_MAX];
};

/* "Sun, 06 Nov 1994 08:49:37 GMT", as it is now; valid until the next call. */
const char *http_date_now(struct http_date *date);

#endif
