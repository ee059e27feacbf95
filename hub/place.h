/*
 * place: how far an exchange database has been read, kept in the ledger.
 *
 * It moves in the transaction that takes in the rows before it, and only from
 * where these rows began: so no row is taken twice, none is passed over.
 */
#ifndef HUB_PLACE_H
#define HUB_PLACE_H

#include "base/buf.h"
#include "credit/source.h"
#include "hub/pg.h"

struct place {
	/* Of the last row: cursor and key, as text; count 0: none yet. */
	struct buf values[1 + SOURCE_KEYS_MAX];
	size_t count;
	int64_t rows; /* pulled up to here */
};

void place_release(struct place *place); /* safe on {0}; leaves {0} */
void place_copy(struct place *to, const struct place *from);
bool place_equal(const struct place *a, const struct place *b);
/* ["…","…"] */
void place_print(const struct place *place, struct buf *out);

/* Where the ledger says that we are, in a transaction of its own.
 * ERR_CONFLICT: the ledger's place is one in another table, in another order
 * or of another department. */
MUST_CHECK enum err place_read(
    struct pg *pg, const struct source *source, struct place *place);
/* Inside the transaction of `batch`.  ERR_CONFLICT: it is not at `from`. */
MUST_CHECK enum err place_move(struct pg *pg, const struct source *source,
    const struct place *from, const struct place *to, const char *batch);

#endif
