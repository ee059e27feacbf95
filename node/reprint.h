/*
 * reprint: a report that this node signed once, printed again.
 *
 * Who brings the signed JSON has it already: nothing leaves that did not come
 * in, so nobody's data is read and the trail has no entry.  The bytes are
 * those of any day, since a page is made from the document and the catalogue
 * that it names, and from nothing else.
 */
#ifndef NODE_REPRINT_H
#define NODE_REPRINT_H

#include "node/printer.h"
#include "wire/http.h"

/* The JWS of a report of PRINT_MAX bytes. */
#define REPRINT_BODY (PRINT_MAX / 3 * 4 + 4096)

/* POST /v1/reports/print: `Accept` HTML or PDF (which is meant otherwise). */
void reprint_on_post(struct http_exchange *exchange, void *context);

#endif
