/*
 * trim: the sealed log gives up its oldest batches, by age and by size.
 */
#include "node/trim.h"

#include "base/clock.h"
#include "node/store_key.h"

#define BATCHES_AT_ONCE 256 /* of one stream */
#define ROUNDS 64           /* for the size */

/* The oldest batches of one stream. */
struct cut {
	const struct followed *followed;
	int64_t before_us; /* those committed before go … */
	uint64_t excess;   /* … and as many of the others */
	size_t count;
	uint64_t bytes;
	uint64_t until; /* first position that stays */
	int64_t oldest_us;
};

static bool
cut_row(void *context, struct span key, struct span value)
{
	struct cut *cut = context;
	struct batch_header header;

	(void)key;
	if (!store_sealed_header(value, &header))
		return false;
	if (header.last >= cut->followed->state.chain.position ||
	    cut->count == BATCHES_AT_ONCE ||
	    (header.committed_us >= cut->before_us &&
		cut->bytes >= cut->excess))
		return false;
	if (cut->count++ == 0)
		cut->oldest_us = header.committed_us;
	cut->bytes += value.len;
	cut->until = header.last + 1;
	return true;
}

static enum err
cut_look(struct store *store, struct cut *cut, struct why *why)
{
	struct snapshot *newest = store_newest(store);
	struct kv_range range = {.family = STORE_SEALED,
	    .prefix = span_of(cut->followed->state.chain.stream)};
	enum err err;

	err = kv_each(snapshot_view(newest), &range, cut_row, cut, why);
	snapshot_release(newest);
	return err;
}

static enum err
cut_write(struct store *store, struct followed *followed, const struct cut *cut,
    struct why *why)
{
	struct stream_state *state = &followed->state;
	struct stream_state next = *state;
	struct kv_write *write = kv_write_begin(store_kv(store));
	enum err err;

	next.log_bytes -=
	    cut->bytes < next.log_bytes ? cut->bytes : next.log_bytes;
	store_trim_log(write, state->chain.stream, cut->until);
	store_put_stream(write, &next);
	err = kv_write_end(write, false, why);
	if (err == ERR_OK)
		*state = next;
	return err;
}

static enum err
trim_stream(struct store *store, struct followed *followed, struct cut *cut,
    struct why *why)
{
	enum err err;

	cut->followed = followed;
	err = cut_look(store, cut, why);
	if (err == ERR_OK && cut->count > 0)
		err = cut_write(store, followed, cut, why);
	return err;
}

static enum err
trim_by_age(
    struct store *store, struct parent *parent, int64_t age_us, struct why *why)
{
	enum err err = ERR_OK;
	size_t i;

	for (i = 0; parent_at(parent, i) != NULL && err == ERR_OK; i++) {
		struct cut cut = {.before_us = clock_now_us() - age_us};

		err = trim_stream(store, parent_at(parent, i), &cut, why);
	}
	return err;
}

static uint64_t
log_bytes(struct parent *parent)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; parent_at(parent, i) != NULL; i++)
		bytes += parent_at(parent, i)->state.log_bytes;
	return bytes;
}

/* The stream whose oldest batch that may go is the oldest of all. */
static enum err
trim_oldest(struct store *store, struct parent *parent, uint64_t excess,
    uint64_t *freed, struct why *why)
{
	struct followed *oldest = NULL;
	struct cut cut = {.excess = excess};
	int64_t oldest_us = INT64_MAX;
	enum err err = ERR_OK;
	size_t i;

	for (i = 0; parent_at(parent, i) != NULL && err == ERR_OK; i++) {
		struct cut look = {
		    .followed = parent_at(parent, i), .excess = 1};

		err = cut_look(store, &look, why);
		if (look.count == 0 || look.oldest_us >= oldest_us)
			continue;
		oldest_us = look.oldest_us;
		oldest = parent_at(parent, i);
	}
	if (err == ERR_OK && oldest != NULL)
		err = trim_stream(store, oldest, &cut, why);
	*freed = cut.bytes;
	return err;
}

enum err
trim_log(struct store *store, struct parent *parent,
    const struct trim_limits *limits, struct why *why)
{
	uint64_t held, freed = limits->bytes;
	enum err err = ERR_OK;
	unsigned round;

	if (limits->age_us > 0)
		err = trim_by_age(store, parent, limits->age_us, why);
	for (round = 0; round < ROUNDS && err == ERR_OK && freed > 0; round++) {
		held = log_bytes(parent);
		if (held <= limits->bytes)
			break;
		err = trim_oldest(
		    store, parent, held - limits->bytes, &freed, why);
	}
	return err;
}
