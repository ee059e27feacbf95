/*
 * apply: one verified batch goes into the store, whole or not at all.
 */
#include "node/apply.h"

#include "base/clock.h"
#include "base/mem.h"
#include "node/control.h"
#include "node/store_key.h"

struct apply {
	struct snapshot *newest;
	struct kv_write *write;
	const struct parcel *parcel;
	struct digest *old; /* elements of the rows' predecessors */
	size_t old_count;
	bool unreadable; /* one of them is not what the hub signed */
	struct stream_state next;
};

static void
apply_on_old(void *context, size_t number, struct span value)
{
	struct apply *apply = context;

	(void)number;
	if (store_value_element(value, &apply->old[apply->old_count]))
		apply->old_count++;
	else
		apply->unreadable = true;
}

/* What the rows replace goes out of the stream's digest. */
static enum err
apply_take_old(struct apply *apply, struct why *why)
{
	const struct kv_keys keys = {.family = STORE_RECORDS,
	    .keys = apply->parcel->keys,
	    .count = apply->parcel->row_count};
	enum err err;

	apply->old = mem_new(keys.count * sizeof(*apply->old));
	err = kv_find(
	    snapshot_view(apply->newest), &keys, apply_on_old, apply, why);
	setsum_remove_all(&apply->next.sum, apply->old, apply->old_count);
	mem_free(apply->old);
	return err == ERR_OK && apply->unreadable ? ERR_CONFLICT : err;
}

static enum err
apply_put_rows(struct apply *apply, struct why *why)
{
	const struct parcel *parcel = apply->parcel;
	bool control = strcmp(parcel->header.stream, STREAM_CONTROL) == 0;
	enum err err = ERR_OK;
	size_t i;

	for (i = 0; i < parcel->row_count; i++)
		kv_write_put(apply->write, STORE_RECORDS, parcel->rows[i].key,
		    parcel->rows[i].value);
	for (i = 0; control && i < parcel->count && err == ERR_OK; i++)
		err = control_index(
		    apply->write, apply->newest, &parcel->records[i], why);
	return err;
}

static enum err
apply_rows(struct apply *apply, struct why *why)
{
	const struct parcel *parcel = apply->parcel;
	struct digest reached;
	enum err err;

	err = apply_take_old(apply, why);
	if (err != ERR_OK)
		return err;
	setsum_join(&apply->next.sum, &parcel->sum);
	reached = setsum_digest(&apply->next.sum);
	if (!digest_equal(&reached, &parcel->header.state))
		return why_set(
		    why, ERR_CONFLICT, "state digest is not the signed one");
	return apply_put_rows(apply, why);
}

/* Position and digest stay where they are. */
enum err
apply_mark_diverged(
    struct store *store, struct stream_state *state, struct why *why)
{
	struct kv_write *write;
	enum err err;

	if (state->diverged)
		return ERR_OK;
	state->diverged = true;
	write = kv_write_begin(store_kv(store));
	store_put_stream(write, state);
	err = kv_write_end(write, true, why);
	state->diverged = err == ERR_OK;
	return err;
}

static enum err
apply_write(struct apply *apply, struct why *why)
{
	const struct batch_header *header = &apply->parcel->header;
	struct stream_state *next = &apply->next;
	struct span sealed = apply->parcel->bytes;

	chain_advance(&next->chain, header);
	next->committed_us = header->committed_us;
	next->applied_us = next->agreed_us = clock_now_us();
	next->log_bytes += sealed.len;
	next->diverged = false;
	store_put_sealed(
	    apply->write, next->chain.stream, header->first, sealed);
	store_put_stream(apply->write, next);
	return kv_write_end(apply->write, false, why);
}

enum err
apply_batch(struct store *store, struct stream_state *state,
    const struct parcel *parcel, struct why *why)
{
	struct apply apply = {.next = *state, .parcel = parcel};
	enum err err;

	apply.newest = store_newest(store);
	apply.write = kv_write_begin(store_kv(store));
	err = apply_rows(&apply, why);
	if (err == ERR_OK)
		err = apply_write(&apply, why);
	else
		kv_write_cancel(apply.write);
	if (err == ERR_CONFLICT &&
	    apply_mark_diverged(store, state, why) != ERR_OK)
		err = ERR_DATABASE;
	if (err == ERR_OK)
		*state = apply.next;
	snapshot_release(apply.newest);
	return err;
}
