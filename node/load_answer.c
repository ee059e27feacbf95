/*
 * load_answer: what the parent says to a load, and what follows from it.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "node/load_inner.h"
#include "node/survey.h"

static void
load_end(struct load *load)
{
	struct why why = {""};
	enum err err = fill_end(load->fill, &why);

	if (err == ERR_OK)
		err = staging_end(load->staging, buf_span(&load->index.sealed),
		    &load->index.sum, &why);
	if (err != ERR_OK)
		load_fail(load, &why);
	else
		load_finish(load, LOAD_WHOLE);
}

/* Of this stream nothing was ever taken. */
static bool
load_is_first(const struct load *load)
{
	const struct stream_state *state = &load->order.state;
	struct setsum nothing = {{0}};

	return state->chain.position == 0 &&
	       memcmp(&state->sum, &nothing, sizeof(nothing)) == 0;
}

/* What we have to fetch: what differs and does not wait already. */
static enum err
load_compare(struct load *load, struct why *why)
{
	struct snapshot *newest = store_newest(load->settings.store);
	const struct index *index = &load->index;
	bool *differs = mem_new(index->count);
	enum err err = ERR_OK;
	uint32_t i;

	memset(differs, true, index->count);
	if (!load_is_first(load))
		err = survey_compare(newest, index, &load->stopping, differs);
	if (err != ERR_OK)
		why_set(why, err, "the walk ended: %s", err_name(err));
	load->wanted = mem_new(index->count * sizeof(*load->wanted));
	load->wanted_count = 0;
	for (i = 0; i < index->count; i++)
		if (differs[i] && !staging_has(load->staging, i))
			load->wanted[load->wanted_count++] = i;
	mem_free(differs);
	snapshot_release(newest);
	return err;
}

static void
load_begin_chunks(struct load *load)
{
	struct staging_mark mark = {.position = load->index.head.position,
	    .index = load->index.digest,
	    .base = load->order.state.chain};
	struct why why = {""};
	enum err err = staging_begin(load->staging, &mark, &why);

	if (err == ERR_OK)
		err = load_compare(load, &why);
	if (err != ERR_OK) {
		load_fail(load, &why);
		return;
	}
	log_info("load.begin",
	    "peer=%s stream=%s position=%llu records=%llu chunks=%u fetch=%u",
	    load->order.peer, load_stream(load),
	    (unsigned long long)load->index.head.position,
	    (unsigned long long)load->index.head.records, load->index.count,
	    load->wanted_count);
	load->fill = fill_new(load->settings.store, load->staging, &load->index,
	    load_is_first(load));
	load->phase = PHASE_CHUNKS;
	load->asked = load->done = 0;
	if (load->wanted_count == 0)
		load_end(load);
	else
		load_pump(load);
}

/* At our own position it must be our own history. */
static bool
load_is_fork(const struct load *load)
{
	const struct chain *ours = &load->order.state.chain;
	struct digest head = batch_header_hash(&load->index.header);

	return load->index.head.position == ours->position &&
	       !digest_equal(&head, &ours->head);
}

static void
load_on_page(struct load *load, struct span page)
{
	struct why why = {""};
	enum err err = index_add_page(&load->index, load->opener, page, &why);

	if (err == ERR_SEEN)
		return;
	if (err == ERR_OK && load_is_fork(load))
		err = why_set(&why, ERR_CONFLICT, "another history");
	if (err != ERR_OK)
		load_lied(load, "index", &why);
	else if (load->index.head.position < load->order.least)
		load_finish(load, LOAD_LATER);
	else if (index_is_whole(&load->index))
		load_begin_chunks(load);
	else
		load_ask_page(load);
}

/* The next one in turn is here: check it and write it down. */
static enum err
load_take(struct load *load, struct slot *slot, struct why *why)
{
	struct arena *arena = arena_new();
	uint32_t number = load->wanted[load->done];
	struct image_bounds bounds = index_bounds(&load->index, number);
	struct record *records;
	enum err err = image_open_chunk(buf_span(&slot->body),
	    &load->index.entries[number], &bounds, arena, &records);

	if (err != ERR_OK)
		err = why_set(why, ERR_INVALID,
		    "chunk %u is not what the index says", number);
	else
		err = fill_chunk(load->fill, number, records, why);
	arena_free(arena);
	slot->come = false;
	buf_reset(&slot->body);
	load->done++;
	return err;
}

static void
load_drain(struct load *load)
{
	struct why why = {""};
	enum err err = ERR_OK;

	while (err == ERR_OK && load->done < load->asked &&
	       load->window[load->done % LOAD_WINDOW].come &&
	       !atomic_load(&load->stopping))
		err = load_take(
		    load, &load->window[load->done % LOAD_WINDOW], &why);
	if (err == ERR_INVALID)
		load_lied(load, "chunk", &why);
	else if (err != ERR_OK)
		load_fail(load, &why);
	else if (load->done == load->wanted_count)
		load_end(load);
	else
		load_pump(load);
}

static void
load_on_chunk(struct load *load, const struct reply *reply, struct slot *slot,
    struct arena *arena)
{
	size_t at = (size_t)(slot - load->window);
	uint32_t place = load->done;
	struct image_chunk chunk;
	struct why why = {""};

	while (place % LOAD_WINDOW != at)
		place++;
	if (image_unpack_chunk(reply->image, arena, &chunk) != ERR_OK ||
	    strcmp(chunk.stream, load_stream(load)) != 0 ||
	    chunk.position != load->index.head.position ||
	    chunk.number != load->wanted[place]) {
		why_set(&why, ERR_INVALID, "not the chunk that was asked for");
		load_lied(load, "chunk", &why);
		return;
	}
	buf_reset(&slot->body);
	buf_add(&slot->body, chunk.body.ptr, chunk.body.len);
	slot->come = true;
	load_drain(load);
}

/* What waits of an image that is gone is of no use. */
static void
load_on_refusal(struct load *load, struct span reason)
{
	if (span_is(reason, "preparing")) {
		load_finish(load, LOAD_PREPARING);
	} else if (span_is(reason, "gone")) {
		staging_clear(load->staging);
		load_finish(load, LOAD_PREPARING);
	} else {
		log_warn("load.refused", "peer=%s stream=%s reason=%.*s",
		    load->order.peer, load_stream(load), (int)reason.len,
		    reason.ptr);
		load_finish(load, LOAD_REFUSED);
	}
}

/* The request that this answers; NULL: nobody waits. */
static struct slot *
load_find_slot(struct load *load, uint64_t ticket)
{
	size_t i;

	if (load->phase == PHASE_INDEX)
		return load->page.ticket == ticket ? &load->page : NULL;
	for (i = 0; i < LOAD_WINDOW && load->phase == PHASE_CHUNKS; i++)
		if (load->window[i].ticket == ticket)
			return &load->window[i];
	return NULL;
}

void
load_answer(struct load *load, struct span message)
{
	struct arena *arena = arena_new();
	struct slot *slot = NULL;
	struct reply reply;

	if (unpack_reply(message, arena, &reply) == ERR_OK)
		slot = load_find_slot(load, reply.ticket);
	if (slot != NULL) {
		load->heard_us = clock_tick_us();
		slot->ticket = 0;
		if (reply.kind == REPLY_REFUSAL)
			load_on_refusal(load, reply.reason);
		else if (reply.kind == REPLY_SNAPSHOT && slot == &load->page)
			load_on_page(load, reply.image);
		else if (reply.kind == REPLY_CHUNK && slot != &load->page)
			load_on_chunk(load, &reply, slot, arena);
		else
			load_on_refusal(load, span_of("invalid"));
	}
	arena_free(arena);
}
