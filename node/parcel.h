/*
 * parcel: one sealed batch, opened: all that can be known of it without the
 * store.
 *
 * Checked, unpacked, its records in the order of their keys, with their
 * element digests and the sum of these.  It asks only the keyring, so it may
 * be opened long before its turn; what the keyring has learned since is asked
 * again (parcel_renew).
 * One thread at a time.
 */
#ifndef NODE_PARCEL_H
#define NODE_PARCEL_H

#include "base/setsum.h"
#include "credit/record.h"
#include "wire/seal.h"

/* What becomes of one key: the last record that the batch has of it. */
struct parcel_row {
	struct span key, value; /* as in the store */
	struct digest element;
};

struct parcel {
	struct span bytes; /* as it travelled; borrowed */
	struct batch_header header;
	const struct record *records; /* as they were signed, in order */
	size_t count;
	const struct parcel_row *rows; /* ascending by key, each once */
	const struct span *keys;       /* of the rows */
	size_t row_count;
	struct setsum sum; /* of the rows' elements */
	/* What became of it so far; `why` for the first that is not ERR_OK. */
	enum err checked, opened;
	struct why why;
	struct parcel_tools *tools;
};

/* `keys` are borrowed. */
void parcel_init(struct parcel *parcel, struct keyring *keys);
void parcel_release(struct parcel *parcel);
/* From now on it is about these bytes, which must stay as long. */
void parcel_begin(struct parcel *parcel, struct span bytes);
/* The hub's signature and the header. */
void parcel_check(struct parcel *parcel);
/* All the rest, once, of what was checked. */
void parcel_open(struct parcel *parcel);
/* Check it again if the keyring has changed since. */
void parcel_renew(struct parcel *parcel);

#endif
