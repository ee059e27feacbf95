/*
 * manual: an HTTP interface's own description, as OpenAPI and for readers.
 *
 * docs/api/ is in the programs themselves, so that what answers and what
 * describes it cannot be of two versions.  On the exchange's loop.
 */
#ifndef WIRE_MANUAL_H
#define WIRE_MANUAL_H

#include "wire/http.h"

/* Declares `name`, `name`_end: the bytes of a file as they are when the program
 * is built. */
#define MANUAL_FILE(name, path)                                                \
	__asm__(".section .rodata\n" #name ":\n.incbin \"" path "\"\n" #name   \
		"_end:\n.byte 0\n.previous\n");                                \
	extern const char(name)[], name##_end[]
#define MANUAL_SPAN(name) span_make(name, (size_t)(name##_end - (name)))

/* /v1/openapi.json is `document`; /v1/openapi a page that shows it, .js and
 * .css what that needs. */
void manual_reply(struct http_exchange *exchange, struct span document);

#endif
