/*
 * accesses: who saw a subject's data on this node, out of the trail.
 *
 * An index of the trail's entries by subject, beside them (folder
 * "accesses"): made from the entries, made again when it is gone or when they
 * are others.  It names places, not people: what it shows is read from the
 * entries themselves.
 * One thread owns it; all calls: any thread.
 */
#ifndef NODE_ACCESSES_H
#define NODE_ACCESSES_H

#include "credit/access.h"
#include "node/trail.h"

#define ACCESSES_LIMIT_MAX 500

struct accesses;

/* Runs when it returns; without its folder it answers ERR_IO to all. */
struct accesses *accesses_open(const char *folder, struct trail *trail);
void accesses_close(struct accesses *accesses); /* before the trail; or NULL */

struct accesses_question {
	char subject[USCC_LEN + 1];
	uint64_t from; /* the first index of interest */
	size_t limit;  /* 1 to ACCESSES_LIMIT_MAX */
};

struct seen {
	uint64_t index;
	struct digest leaf;
	struct access access;
};

/* All there is of the subject in the first `size` entries, in order, as far as
 * the limit goes.  Borrowed. */
struct accesses_page {
	struct span checkpoint; /* of `size` entries, signed */
	uint64_t size;
	const struct seen *list;
	size_t count;
	bool more;
};

/* ERR_BUSY: the index is being made.  `page` NULL unless ERR_OK. */
typedef void (*accesses_fn)(
    void *context, enum err err, const struct accesses_page *page);
void accesses_ask(struct accesses *accesses,
    const struct accesses_question *question, accesses_fn done, void *context);

#endif
