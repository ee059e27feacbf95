/*
 * apply: one verified batch goes into the store, whole or not at all.
 */
#include "node/apply.h"

#include "base/clock.h"
#include "node/control.h"
#include "node/store_key.h"
#include "wire/pack.h"

/* Keys of the batch so far, so that a record that comes twice in one batch
 * takes out its earlier self and not the one in the store. */
struct seen {
	struct span key;
	struct digest element;
};

struct apply {
	struct snapshot *newest;
	struct kv_write *write;
	struct arena *arena;
	struct seen *seen; /* open addressing */
	size_t slots;      /* a power of two, twice the records or more */
	struct buf key;    /* of the record at hand */
	struct span rest;  /* of the batch, packed */
	struct stream_state next;
};

static struct seen *
apply_seen(struct apply *apply, struct span key)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */
	size_t i;

	for (i = 0; i < key.len; i++)
		hash = (hash ^ (uint8_t)key.ptr[i]) * 1099511628211u;
	i = (size_t)(hash ^ hash >> 32) & (apply->slots - 1);
	while (apply->seen[i].key.ptr != NULL &&
	       !span_equal(apply->seen[i].key, key))
		i = (i + 1) & (apply->slots - 1);
	return &apply->seen[i];
}

static struct digest
element_of(const struct record *record)
{
	struct digest content = record_content_digest(record);

	return record_element_digest(
	    &content, record->version, record->as_of_us);
}

/* The digest that this record's predecessor added, if there is one. */
static enum err
apply_take_old(struct apply *apply, const struct seen *seen)
{
	struct stored stored;
	struct digest old;
	enum err err;

	if (seen->key.ptr != NULL) {
		setsum_remove(&apply->next.sum, &seen->element);
		return ERR_OK;
	}
	err = snapshot_find_key(
	    apply->newest, buf_span(&apply->key), apply->arena, &stored);
	if (err == ERR_MISSING)
		return ERR_OK;
	/* A record that cannot be read is not what the hub signed. */
	if (err == ERR_INVALID)
		return ERR_CONFLICT;
	if (err != ERR_OK)
		return err;
	old = element_of(&stored.record);
	setsum_remove(&apply->next.sum, &old);
	return ERR_OK;
}

/* The bytes that were signed; they need not be packed again. */
static enum err
apply_put(struct apply *apply)
{
	struct span packed;

	if (!unpack_batch_next(&apply->rest, &packed))
		return ERR_INVALID;
	kv_write_put(
	    apply->write, STORE_RECORDS, buf_span(&apply->key), packed);
	return ERR_OK;
}

static enum err
apply_record(struct apply *apply, const struct record *record, struct why *why)
{
	const char *stream = apply->next.chain.stream;
	struct digest element = element_of(record);
	struct seen *seen;
	enum err err;

	buf_reset(&apply->key);
	store_record_key(stream, record, &apply->key);
	seen = apply_seen(apply, buf_span(&apply->key));
	err = apply_take_old(apply, seen);
	if (err != ERR_OK)
		return err;
	setsum_add(&apply->next.sum, &element);
	seen->key =
	    span_make(arena_text(apply->arena, apply->key.data, apply->key.len),
		apply->key.len);
	seen->element = element;
	err = apply_put(apply);
	if (err == ERR_OK && strcmp(stream, STREAM_CONTROL) == 0)
		err = control_index(apply->write, apply->newest, record, why);
	return err;
}

static enum err
apply_records(struct apply *apply, const struct batch *batch, struct why *why)
{
	const struct batch_header *header = batch->header;
	struct digest reached;
	enum err err = ERR_OK;
	size_t i;

	for (i = 0; i < batch->count && err == ERR_OK; i++)
		err = apply_record(apply, &batch->records[i], why);
	if (err != ERR_OK)
		return err;
	reached = setsum_digest(&apply->next.sum);
	if (!digest_equal(&reached, &header->state))
		return why_set(
		    why, ERR_CONFLICT, "state digest is not the signed one");
	return ERR_OK;
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
apply_write(struct apply *apply, const struct batch *batch, struct why *why)
{
	struct stream_state *next = &apply->next;

	chain_advance(&next->chain, batch->header);
	next->committed_us = batch->header->committed_us;
	next->applied_us = next->agreed_us = clock_now_us();
	next->log_bytes += batch->sealed.len;
	next->diverged = false;
	store_put_sealed(apply->write, next->chain.stream, batch->header->first,
	    batch->sealed);
	store_put_stream(apply->write, next);
	return kv_write_end(apply->write, false, why);
}

enum err
apply_batch(struct store *store, struct stream_state *state,
    const struct batch *batch, struct why *why)
{
	struct apply apply = {.next = *state, .rest = batch->packed};
	enum err err;

	apply.newest = store_newest(store);
	apply.write = kv_write_begin(store_kv(store));
	apply.arena = arena_new();
	for (apply.slots = 2; apply.slots < 2 * batch->count;)
		apply.slots *= 2;
	apply.seen = mem_new(apply.slots * sizeof(*apply.seen));
	err = apply_records(&apply, batch, why);
	if (err == ERR_OK)
		err = apply_write(&apply, batch, why);
	else
		kv_write_cancel(apply.write);
	if (err == ERR_CONFLICT &&
	    apply_mark_diverged(store, state, why) != ERR_OK)
		err = ERR_DATABASE;
	if (err == ERR_OK)
		*state = apply.next;
	buf_release(&apply.key);
	mem_free(apply.seen);
	arena_free(apply.arena);
	snapshot_release(apply.newest);
	return err;
}
