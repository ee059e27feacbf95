/*
 * entries: the trail's entries on disk, private, in order.
 *
 * Frames as docs/PROTOCOL.md section 6 has them, 65,536 to a file.  An entry
 * that was acknowledged is never changed and never dropped; after a write
 * that failed the file is cut back to its last good frame before anything
 * else is written.
 * Thread: trail.
 */
#ifndef NODE_ENTRIES_H
#define NODE_ENTRIES_H

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "credit/access.h"

#define ENTRIES_PER_FILE 65536
#define ENTRY_MAX 65536
#define ENTRIES_PATH_SIZE 4096

/* One entry on its way to the disk, or back. */
struct entry {
	struct span bytes; /* a packed Access */
	uint8_t nonce[ACCESS_NONCE_LEN];
	struct digest commitment;
	struct digest leaf;
	uint64_t index;
};

struct entries;

typedef void (*entries_fn)(void *context, const struct entry *entry);

struct entries_settings {
	const char *folder;    /* made when missing */
	uint64_t first;        /* those before it were deleted */
	uint64_t acknowledged; /* entries that must be there, whole */
	entries_fn each;       /* every entry found, in order */
	void *context;
};

/* A torn end is cut off unless it was acknowledged.  NULL and `why` when
 * entries are missing or altered, or the disk fails. */
struct entries *entries_open(
    const struct entries_settings *settings, struct why *why);
void entries_close(struct entries *entries); /* safe on NULL */
uint64_t entries_count(const struct entries *entries);
/* The oldest that is there. */
uint64_t entries_first(const struct entries *entries);
/* How many more fit into this file: entries_append takes no more. */
size_t entries_room(const struct entries *entries);
/* Nonces, commitments, leaves and indices are filled in.  All are on disk
 * (fdatasync) when it returns ERR_OK, and none otherwise; after an error only
 * entries_close may follow. */
MUST_CHECK enum err entries_append(
    struct entries *entries, struct entry *list, size_t count, struct why *why);
/* `bytes` go into `buf`; ERR_MISSING when there is no such index, ERR_TOO_OLD
 * when it was deleted. */
MUST_CHECK enum err entries_read(const struct entries *entries, uint64_t index,
    struct entry *entry, struct buf *buf);
/* The oldest file goes, which is not the newest. */
MUST_CHECK enum err entries_drop_oldest(
    struct entries *entries, struct why *why);
/* One frame at the front of `bytes`, borrowed; 0 when there is no whole and
 * true one, else its length. */
size_t entries_parse_frame(struct span bytes, struct entry *entry);
/* The file that the entry is in; returns `out`. */
const char *entries_path(
    const char *folder, uint64_t index, char out[ENTRIES_PATH_SIZE]);
/* Could more be written?  Notices a full, read-only or emptied folder. */
MUST_CHECK enum err entries_probe(const char *folder, struct why *why);

#endif
