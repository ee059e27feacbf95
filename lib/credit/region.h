/*
 * region: divisions of GB/T 2260, and which stream a subject belongs to.
 *
 * A stream is a prefecture-level division (four digits).  The divisions are
 * the catalogue's code list "division" (four digits) and "province" (two).
 * Pure; any thread.
 */
#ifndef CREDIT_REGION_H
#define CREDIT_REGION_H

#include <stdbool.h>

#include "base/span.h"
#include "credit/catalog.h"

#define STREAM_LEN 4
#define STREAM_CONTROL "0000"

/* Where a row says that its subject is.  Any part may be empty. */
struct whereabouts {
	struct span division; /* a code of 4 or 6 digits */
	struct span province; /* a name */
	struct span city;     /* a name */
};

enum region_source {
	REGION_DECLARED, /* the row's division code */
	REGION_NAMED,    /* the row's province and city names */
	REGION_CODE      /* characters 3-6 of the code (with retired mapped) */
};

/* The stream of a subject, terminated, into `stream`.  In this order: a
 * declared division; names that are a prefecture; the code's own characters
 * 3-6 when they are (or were) a prefecture; the named or coded province as
 * "XX00" ("XX01" for municipalities 11, 12, 31, 50).  91100000… (national
 * registry) without names is Beijing's "1101". */
enum region_source region_stream(const struct catalog *catalog,
    struct span uscc, const struct whereabouts *where,
    char stream[STREAM_LEN + 1]);
bool region_is_province(const struct catalog *catalog, struct span two_digits);
bool region_is_prefecture(
    const struct catalog *catalog, struct span four_digits);
/* Does a platform's division ("" nation, "44" province, "4401" prefecture)
 * hold the stream?  A county ("440106") holds none: a stream is a prefecture.
 * Control ("0000") is held by everybody. */
bool region_holds(const char *division, const char *stream);
bool region_is_county(const char *division);

#endif
