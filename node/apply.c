/*
 * apply: one verified batch goes into the store, whole or not at all.
 */
#include "node/apply.h"

#include "base/clock.h"
#include "base/mem.h"
#include "node/control.h"
#include "node/store_key.h"

struct apply {
	struct store *store;
	struct snapshot *newest;
	struct kv_write *write;
	const struct parcel *parcel;
	struct stream_state next;
};

/* Is the state with the rows in place of these the signed one?  Then it is
 * the next. */
static bool
apply_reaches(struct apply *apply, const struct replaced *replaced)
{
	struct setsum sum = apply->next.sum;
	struct digest reached;

	setsum_part(&sum, &replaced->sum);
	setsum_join(&sum, &apply->parcel->sum);
	reached = setsum_digest(&sum);
	if (!digest_equal(&reached, &apply->parcel->header.state))
		return false;
	apply->next.sum = sum;
	return true;
}

/* What was found ahead may have been changed since by a batch before this. */
static enum err
apply_sum(struct apply *apply, const struct replaced *ahead, struct why *why)
{
	struct replaced now;
	enum err err;

	if (ahead->is_known && apply_reaches(apply, ahead))
		return ERR_OK;
	err = replaced_find(apply->store, apply->parcel, &now, why);
	if (err == ERR_OK && !apply_reaches(apply, &now))
		err = why_set(
		    why, ERR_CONFLICT, "state digest is not the signed one");
	return err;
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
    const struct parcel *parcel, const struct replaced *ahead, struct why *why)
{
	struct apply apply = {.store = store, .next = *state, .parcel = parcel};
	enum err err;

	apply.newest = store_newest(store);
	apply.write = kv_write_begin(store_kv(store));
	err = apply_sum(&apply, ahead, why);
	if (err == ERR_OK)
		err = apply_put_rows(&apply, why);
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
