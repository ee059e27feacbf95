/*
 * store: what this node holds: records, how far each stream is, and the
 * sealed batches that its children catch up from.
 *
 * A stream's records, its sealed bytes, its position and its digest change in
 * one atomic write (apply.h), so a crash at any instruction resumes exactly.
 * A damaged store is moved aside and begun anew: the parent has everything.
 * Only the follow thread writes.  A snapshot belongs to one thread.
 */
#ifndef NODE_STORE_H
#define NODE_STORE_H

#include "base/mem.h"
#include "base/setsum.h"
#include "credit/catalog.h"
#include "credit/chain.h"
#include "credit/record.h"
#include "node/kv.h"

enum store_family {
	STORE_RECORDS, /* subject 0x00 item(u16) stream key → element
			  digest, record */
	STORE_SEALED,  /* stream first(u64) → packed Sealed; the first one may
			  be without its body: there an image was taken in */
	STORE_STREAMS, /* stream → struct stream_state */
	STORE_CONTROL, /* control.c */
	STORE_OUTBOX   /* outbox.c */
};

struct store;
struct snapshot;

/* One stream as this node holds it. */
struct stream_state {
	struct chain chain;
	struct setsum sum;    /* of the records' element digests */
	int64_t committed_us; /* of the newest batch, by the hub */
	int64_t applied_us;   /* here, by our clock */
	int64_t agreed_us;    /* when our digest last was the signed one */
	uint64_t log_bytes;   /* of its sealed batches here */
	bool diverged; /* the next batch's state digest is not ours, or our
			  records do not add up to `sum` */
	bool half;     /* an image is being taken in: not to be relied on */
};

/* A record as it lies here. */
struct stored {
	char stream[STREAM_LEN + 1];
	struct digest element; /* what the stream's digest counts of it */
	struct record record;
};

/* In `<folder>/store`; images wait in `<folder>/staging`.  NULL and `why` on
 * failure. */
struct store *store_open(const char *folder, struct why *why);
void store_close(struct store *store); /* safe on NULL */
struct kv *store_kv(struct store *store);
/* Is it being tidied up, behind what was written? */
bool store_is_merging(struct store *store);
/* Is so much missing that who looks at everything had better wait?  Said by
 * the follow thread; any thread asks. */
void store_set_filling(struct store *store, bool is_filling);
bool store_is_filling(const struct store *store);
const char *store_folder(const struct store *store);
bool store_is_damaged(const struct store *store);
/* The next store_open moves it aside. */
void store_condemn(struct store *store);

struct snapshot *store_snapshot(struct store *store);
/* The newest at every call: for the follow thread. */
struct snapshot *store_newest(struct store *store);
void snapshot_release(struct snapshot *snapshot); /* safe on NULL */
struct kv_view *snapshot_view(struct snapshot *snapshot);

/* Not followed yet: an empty state and ERR_OK. */
MUST_CHECK enum err snapshot_stream(struct snapshot *snapshot,
    const char *stream, struct stream_state *state, struct why *why);
typedef void (*stream_state_fn)(
    void *context, const struct stream_state *state);
MUST_CHECK enum err snapshot_each_stream(struct snapshot *snapshot,
    stream_state_fn each, void *context, struct why *why);

/* The same stream, item, subject and key; ERR_MISSING when there is none. */
MUST_CHECK enum err snapshot_find_record(struct snapshot *snapshot,
    const char *stream, const struct record *identity, struct arena *arena,
    struct stored *stored);
/* The same by its key (store_record_key). */
MUST_CHECK enum err snapshot_find_key(struct snapshot *snapshot,
    struct span key, struct arena *arena, struct stored *stored);
typedef void (*stored_fn)(void *context, const struct stored *stored);
struct record_reader {
	const char *subject;
	/* The first item from this one on that is wanted, 0: no more; NULL:
	 * every item.  Records of others are not even opened. */
	uint32_t (*wants)(void *context, uint32_t item);
	stored_fn each;
	void *context;
};
/* In ascending order of items; control records are left out. */
MUST_CHECK enum err snapshot_each_record(struct snapshot *snapshot,
    const struct record_reader *reader, struct why *why);

/* Every record but control records, subject by subject; false: enough. */
typedef bool (*stored_while_fn)(void *context, const struct stored *stored);
MUST_CHECK enum err snapshot_each_credit(struct snapshot *snapshot,
    stored_while_fn each, void *context, struct why *why);

/* Sealed batches behind `after`, at most `count` and about `bytes`. */
struct log_window {
	const char *stream;
	uint64_t after;
	size_t count, bytes;
	uint64_t oldest; /* set with ERR_TOO_OLD: first position that is held */
};
typedef void (*sealed_fn)(void *context, struct span sealed);
/* ERR_TOO_OLD: the batch behind `after` is not held any more. */
MUST_CHECK enum err snapshot_each_sealed(struct snapshot *snapshot,
    struct log_window *window, sealed_fn each, void *context, struct why *why);
/* Of a packed batch, with its body or without; false: it is none. */
bool store_sealed_header(struct span packed, struct batch_header *header);
/* The stream's newest batch, packed, perhaps without its body; ERR_MISSING
 * when there is none. */
MUST_CHECK enum err snapshot_newest_sealed(struct snapshot *snapshot,
    const char *stream, struct buf *sealed, struct why *why);

/* The rows of a batch, for apply.c. */
void store_put_record(
    struct kv_write *write, const char *stream, const struct record *record);
void store_put_sealed(struct kv_write *write, const char *stream,
    uint64_t first, struct span sealed);
/* Its batches before this position go. */
void store_trim_log(struct kv_write *write, const char *stream, uint64_t until);
/* The stream's log begins anew with this. */
void store_restart_log(struct kv_write *write, const char *stream,
    uint64_t first, struct span sealed_head);
void store_put_stream(struct kv_write *write, const struct stream_state *state);

#endif
