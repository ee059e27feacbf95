/*
 * err: what a caller has to do when the world fails.
 *
 * The code says what to do next; the words beside it (struct why) say what
 * happened.  Wrong data is not an error but a finding (credit/finding.h), a
 * broken invariant of our own is an assert.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define MUST_CHECK __attribute__((warn_unused_result))

enum err {
	ERR_OK = 0,
	ERR_SEEN,     /* a harmless repeat: nothing to do */
	ERR_GAP,      /* something before it is missing: ask again */
	ERR_TOO_OLD,  /* trimmed away: take a snapshot */
	ERR_INVALID,  /* malformed or unverifiable bytes from outside */
	ERR_LIMIT,    /* larger, longer or more than allowed */
	ERR_DENIED,   /* not for this caller */
	ERR_MISSING,  /* there is no such thing */
	ERR_CONFLICT, /* contradicts what is already there */
	ERR_BUSY,     /* try again later */
	ERR_IO,       /* a file or the disk failed */
	ERR_DATABASE, /* PostgreSQL or the node's store failed */
	ERR_NETWORK,  /* a peer or a socket failed */
	ERR_CRYPTO,   /* a key, certificate or signature operation failed */
	ERR_CLOSED    /* we are stopping */
};

/* "ERR_GAP" as "gap": for logs and problem types. */
const char *err_name(enum err err);

/* Words for people; never holds credit codes, names or secrets. */
struct why {
	char text[256];
};

/* Fill `why` (may be NULL) and return `err`, so that a failing call reads
 * `return why_set(why, ERR_IO, "cannot open %s: %s", path, ...)`. */
enum err why_set(struct why *why, enum err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
