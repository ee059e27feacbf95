/*
 * outbox: upward messages that must not get lost on their way to the parent.
 */
#include "node/outbox.h"

#include "node/store_key.h"

void
outbox_put(struct kv_write *write, uint64_t sequence, struct span upward)
{
	struct buf key = {0};

	buf_u64(&key, sequence);
	kv_write_put(write, STORE_OUTBOX, buf_span(&key), upward);
	buf_release(&key);
}

void
outbox_delete(struct kv_write *write, uint64_t sequence)
{
	struct buf key = {0};

	buf_u64(&key, sequence);
	kv_write_delete(write, STORE_OUTBOX, buf_span(&key));
	buf_release(&key);
}

struct outbox_walk {
	uint64_t sequence;
	struct buf *upward; /* NULL: go on to the last */
	bool found;
};

static bool
outbox_walk_row(void *context, struct span key, struct span value)
{
	struct outbox_walk *walk = context;

	if (key.len != 8)
		return true;
	walk->sequence = store_parse_u64(key.ptr);
	walk->found = true;
	if (walk->upward == NULL)
		return true;
	buf_add(walk->upward, value.ptr, value.len);
	return false;
}

enum err
outbox_next(struct snapshot *newest, uint64_t after, uint64_t *sequence,
    struct buf *upward, struct why *why)
{
	struct outbox_walk walk = {.upward = upward};
	struct kv_range range = {.family = STORE_OUTBOX};
	struct buf from = {0};
	enum err err;

	buf_u64(&from, after + 1);
	range.from = buf_span(&from);
	err =
	    kv_each(snapshot_view(newest), &range, outbox_walk_row, &walk, why);
	*sequence = walk.sequence;
	buf_release(&from);
	return err == ERR_OK && !walk.found ? ERR_MISSING : err;
}

enum err
outbox_newest(struct snapshot *newest, uint64_t *sequence, struct why *why)
{
	struct kv_range range = {.family = STORE_OUTBOX};
	struct outbox_walk walk = {0};
	enum err err;

	err =
	    kv_each(snapshot_view(newest), &range, outbox_walk_row, &walk, why);
	*sequence = walk.sequence;
	return err;
}
