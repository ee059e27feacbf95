/*
 * finder: which enterprises this node holds, by name, number, place and trade.
 */
#include "node/finder.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "node/finder_group.h"
#include "node/finder_inner.h"
#include "node/store_key.h"
#include "node/world.h"
#include "wire/pack.h"
#include "wire/seal.h"

#define PATH_SIZE 4096
#define IDLE_MS 200
#define NICE 10
#define GROUP 8192 /* registrations in one write */
#define WINDOW_BATCHES 64
#define WINDOW_BYTES (8 << 20)
/* Changes that are read once, and not out of what others want in memory. */
#define FAR 10000
/* A walk may take a fifth of the time at most. */
#define REST 4
#define MARK_LEN (8 + DIGEST_LEN)
#define RULES "rules"
/* Of these rows and of how names are folded. */
#define FORMAT 1

static const struct kv_family families[] = {
    [FINDER_CARDS] = {"cards", true, true, false},
    [FINDER_TERMS] = {"terms", true, false, false},
    [FINDER_STATE] = {"state", false, false, false},
};

/* One look at the store. */
struct round {
	struct finder *finder;
	struct snapshot *snapshot;
	struct search_fields fields;
	struct kv_view *newest; /* of the index */
	struct kv_write *write;
	struct finder_group terms; /* of what is in `write` */
	size_t writes;
	struct arena *arena;
	char (*stale)[STREAM_LEN + 1]; /* a walk has to find their records */
	size_t stale_count;
	bool behind; /* it is not all done */
	enum err err;
};

struct filing {
	struct round *round;
	const char *doc;
	bool deletes;
};

static void
file_term(void *context, struct span term)
{
	struct filing *filing = context;
	struct buf key = {0};

	buf_add(&key, term.ptr, term.len);
	buf_char(&key, '\0');
	buf_add(&key, filing->doc, FINDER_DOC_LEN);
	finder_group_add(
	    &filing->round->terms, buf_span(&key), filing->deletes);
	buf_release(&key);
}

static void
unfile(struct round *round, const char doc[FINDER_DOC_LEN])
{
	struct filing filing = {round, doc, true};
	struct buf bytes = {0};
	struct card card;

	if (kv_get(round->newest, FINDER_CARDS, span_make(doc, FINDER_DOC_LEN),
		&bytes, NULL) == ERR_OK &&
	    card_parse(buf_span(&bytes), &card))
		card_each_term(&card, file_term, &filing);
	kv_write_delete(
	    round->write, FINDER_CARDS, span_make(doc, FINDER_DOC_LEN));
	buf_release(&bytes);
}

static void
round_flush(struct round *round)
{
	enum err err;

	finder_group_write(&round->terms, round->write, FINDER_TERMS);
	err = kv_write_end(round->write, false, NULL);
	if (round->err == ERR_OK)
		round->err = err;
	round->write = kv_write_begin(round->finder->kv);
	round->writes = 0;
}

/* What it was filed under goes first: of two changes in one write the later
 * one wins, at worst a term of the earlier one stays and leads nowhere. */
static void
file_record(
    struct round *round, const char *stream, const struct record *record)
{
	char doc[FINDER_DOC_LEN];
	struct filing filing = {round, doc, false};
	struct buf bytes = {0};
	struct card card;

	if (record->item != SEARCH_ITEM || record->subject.len != USCC_LEN)
		return;
	memcpy(doc, record->subject.ptr, USCC_LEN);
	memcpy(doc + USCC_LEN, stream, STREAM_LEN);
	unfile(round, doc);
	if (record->state != RECORD_WITHDRAWN) {
		card_print(&round->fields, record, &bytes);
		kv_write_put(round->write, FINDER_CARDS,
		    span_make(doc, FINDER_DOC_LEN), buf_span(&bytes));
		if (card_parse(buf_span(&bytes), &card))
			card_each_term(&card, file_term, &filing);
		buf_release(&bytes);
	}
	if (++round->writes == GROUP)
		round_flush(round);
}

enum err
finder_read_mark(
    struct kv_view *view, const char *stream, struct finder_mark *mark)
{
	struct buf value = {0};
	enum err err =
	    kv_get(view, FINDER_STATE, span_of(stream), &value, NULL);

	*mark = (struct finder_mark){0};
	if (err == ERR_OK && value.len == MARK_LEN) {
		mark->position = store_parse_u64(value.data);
		memcpy(mark->digest.bytes, value.data + 8, DIGEST_LEN);
	}
	buf_release(&value);
	return err == ERR_MISSING ? ERR_OK : err;
}

static void
put_mark(struct round *round, const char *stream, uint64_t position,
    const struct digest *digest)
{
	struct buf value = {0};

	buf_u64(&value, position);
	buf_add(&value, digest->bytes, DIGEST_LEN);
	kv_write_put(
	    round->write, FINDER_STATE, span_of(stream), buf_span(&value));
	buf_release(&value);
}

struct following {
	struct round *round;
	const char *stream;
	uint64_t position;
	enum err err;
};

static void
follow_records(
    struct following *following, const struct record *records, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		file_record(following->round, following->stream, &records[i]);
}

/* The store took it in, so its signature was good. */
static void
follow_sealed(void *context, struct span packed)
{
	struct following *following = context;
	struct arena *arena = following->round->arena;
	struct batch_header header;
	struct record *records;
	struct sealed sealed;
	struct buf raw = {0};
	size_t count;

	if (following->err != ERR_OK)
		return;
	following->err = unpack_sealed(packed, &sealed);
	if (following->err == ERR_OK)
		following->err = batch_header_parse(sealed.header, &header);
	if (following->err == ERR_OK)
		following->err = seal_expand(sealed.body, &raw);
	arena_reset(arena);
	if (following->err == ERR_OK)
		following->err =
		    unpack_batch(buf_span(&raw), arena, &records, &count);
	if (following->err == ERR_OK) {
		follow_records(following, records, count);
		following->position = header.last;
	}
	buf_release(&raw);
}

static void
add_stale(struct round *round, const char *stream)
{
	round->stale = mem_grow(
	    round->stale, (round->stale_count + 1) * sizeof(*round->stale));
	memcpy(round->stale[round->stale_count++], stream, STREAM_LEN + 1);
}

static enum err
follow_window(struct round *round, struct following *following)
{
	struct log_window window = {.stream = following->stream,
	    .after = following->position,
	    .count = WINDOW_BATCHES,
	    .bytes = WINDOW_BYTES};
	static const struct digest none;
	uint64_t before = following->position;
	enum err err = snapshot_each_sealed(
	    round->snapshot, &window, follow_sealed, following, NULL);

	if (err == ERR_OK)
		err = following->err;
	if (err == ERR_OK && following->position == before)
		err = ERR_TOO_OLD;
	if (err == ERR_OK)
		put_mark(round, following->stream, following->position, &none);
	return err;
}

static void
follow_stream(struct round *round, const struct stream_state *state,
    const struct finder_mark *mark)
{
	struct following following = {
	    round, state->chain.stream, mark->position, ERR_OK};
	struct digest digest = setsum_digest(&state->sum);
	enum err err = ERR_OK;

	metric_set(round->finder->behind, 1);
	if (state->chain.position - mark->position > FAR)
		kv_view_spare_cache(snapshot_view(round->snapshot));
	if (mark->position >= state->chain.position)
		err = ERR_TOO_OLD; /* other records than we read */
	while (err == ERR_OK && following.position < state->chain.position &&
	       !atomic_load(&round->finder->stopping)) {
		err = follow_window(round, &following);
		round_flush(round);
	}
	if (err == ERR_TOO_OLD || err == ERR_INVALID || err == ERR_LIMIT)
		add_stale(round, state->chain.stream);
	else if (err != ERR_OK)
		round->err = err;
	else if (following.position == state->chain.position)
		put_mark(
		    round, state->chain.stream, following.position, &digest);
}

static void
round_on_stream(void *context, const struct stream_state *state)
{
	struct round *round = context;
	struct digest digest = setsum_digest(&state->sum);
	struct finder_mark mark;

	if (strcmp(state->chain.stream, STREAM_CONTROL) == 0 ||
	    state->chain.position == 0 || state->half ||
	    atomic_load(&round->finder->stopping) || round->err != ERR_OK)
		return;
	round->err =
	    finder_read_mark(round->newest, state->chain.stream, &mark);
	if (round->err != ERR_OK || (mark.position == state->chain.position &&
					digest_equal(&mark.digest, &digest)))
		return;
	follow_stream(round, state, &mark);
}

static bool
is_stale(const struct round *round, const char *stream)
{
	size_t i;

	for (i = 0; i < round->stale_count; i++) {
		if (memcmp(round->stale[i], stream, STREAM_LEN) == 0)
			return true;
	}
	return false;
}

static bool
walk_record(void *context, const struct stored *stored)
{
	struct round *round = context;

	if (stored->record.item == SEARCH_ITEM &&
	    is_stale(round, stored->stream))
		file_record(round, stored->stream, &stored->record);
	return round->err == ERR_OK && !atomic_load(&round->finder->stopping);
}

/* Cards of records that are gone without a trace. */
static bool
sweep_card(void *context, struct span key, struct span value)
{
	struct round *round = context;
	struct record identity = {.item = SEARCH_ITEM};
	char stream[STREAM_LEN + 1] = "";
	struct stored stored;

	(void)value;
	if (key.len != FINDER_DOC_LEN)
		return true;
	memcpy(stream, key.ptr + USCC_LEN, STREAM_LEN);
	if (!is_stale(round, stream))
		return true;
	identity.subject = span_make(key.ptr, USCC_LEN);
	arena_reset(round->arena);
	if (snapshot_find_record(round->snapshot, stream, &identity,
		round->arena, &stored) == ERR_MISSING)
		unfile(round, key.ptr);
	return !atomic_load(&round->finder->stopping);
}

static void
walk_mark(void *context, const struct stream_state *state)
{
	struct round *round = context;
	struct digest digest = setsum_digest(&state->sum);

	if (is_stale(round, state->chain.stream))
		put_mark(
		    round, state->chain.stream, state->chain.position, &digest);
}

static void
walk(struct round *round)
{
	struct kv_range cards = {.family = FINDER_CARDS};
	int64_t begun_us = clock_tick_us(), took_us;
	struct why why = {""};

	round->behind = round->stale_count > 0;
	if (!round->behind || begun_us < round->finder->rest_until_us ||
	    store_is_filling(round->finder->store))
		return;
	metric_set(round->finder->behind, 1);
	kv_view_spare_cache(snapshot_view(round->snapshot));
	round->err =
	    snapshot_each_credit(round->snapshot, walk_record, round, &why);
	round_flush(round);
	if (round->err == ERR_OK)
		round->err =
		    kv_each(round->newest, &cards, sweep_card, round, &why);
	if (round->err == ERR_OK && !atomic_load(&round->finder->stopping))
		round->err = snapshot_each_stream(
		    round->snapshot, walk_mark, round, &why);
	round->behind = false;
	took_us = clock_tick_us() - begun_us;
	round->finder->rest_until_us = clock_tick_us() + REST * took_us;
	log_info("find.walked", "streams=%zu ms=%lld", round->stale_count,
	    (long long)(took_us / 1000));
}

/* Other fields than it was made of: all of it is made anew. */
static void
round_check_rules(struct round *round)
{
	static const char end[] = "\xff\xff\xff\xff";
	struct buf rules = {0}, known = {0};
	int family;

	buf_u32(&rules, FORMAT);
	buf_u32(&rules, round->fields.name);
	buf_u32(&rules, round->fields.number);
	buf_u32(&rules, round->fields.division);
	buf_u32(&rules, round->fields.industry);
	round->err =
	    kv_get(round->newest, FINDER_STATE, span_of(RULES), &known, NULL);
	if (round->err == ERR_MISSING)
		round->err = ERR_OK;
	if (round->err == ERR_OK &&
	    !span_equal(buf_span(&rules), buf_span(&known))) {
		for (family = FINDER_CARDS; family <= FINDER_STATE; family++)
			kv_write_delete_range(round->write, (unsigned)family,
			    span_of(""), span_of(end));
		kv_write_put(round->write, FINDER_STATE, span_of(RULES),
		    buf_span(&rules));
		round_flush(round);
	}
	buf_release(&rules);
	buf_release(&known);
}

static void
round_run(struct round *round)
{
	struct finder *finder = round->finder;
	struct why why = {""};
	enum err err;

	round->newest = kv_view_newest(finder->kv);
	round->write = kv_write_begin(finder->kv);
	round->snapshot = store_snapshot(finder->store);
	round->arena = arena_new();
	round_check_rules(round);
	err =
	    snapshot_each_stream(round->snapshot, round_on_stream, round, &why);
	if (round->err == ERR_OK)
		round->err = err;
	if (round->err == ERR_OK)
		walk(round);
	round_flush(round);
	kv_weigh(finder->kv);
	metric_set(finder->behind, round->behind || round->err != ERR_OK);
	if (round->err != ERR_OK && !atomic_load(&finder->stopping))
		log_error("find.failed", "err=%s", err_name(round->err));
	kv_write_cancel(round->write);
	finder_group_release(&round->terms);
	arena_free(round->arena);
	snapshot_release(round->snapshot);
	kv_view_close(round->newest);
	mem_free(round->stale);
}

static void
finder_on_idle(void *context)
{
	struct finder *finder = context;
	struct round round = {.finder = finder};
	const struct world *world = shared_hold(finder->world);
	bool known = world != NULL && world->catalog != NULL &&
		     search_fields_find(world->catalog, &round.fields);

	shared_drop(finder->world, world);
	if (known && finder->kv != NULL)
		round_run(&round);
	else
		metric_set(finder->behind, 0);
}

static void
finder_on_job(void *context, void *job)
{
	(void)context;
	(void)job;
}

struct finder *
finder_open(const char *folder, struct store *store, struct shared *world)
{
	struct finder *finder = mem_new(sizeof(*finder));
	char path[PATH_SIZE];
	struct why why = {""};

	finder->store = store;
	finder->world = world;
	file_path(path, sizeof(path), folder, "find");
	if (kv_open(path, families, 3, &finder->kv, &why) != ERR_OK)
		log_error("find.failed", "why=\"%s\"", why.text);
	finder->behind = metric_gauge("rongxin_node_behind", "work=\"find\"",
	    "1 while there is background work of this kind to do.");
	metric_set(finder->behind, 1); /* until it has looked */
	finder->worker = worker_new(
	    "finder", finder_on_job, finder_on_idle, IDLE_MS, finder);
	worker_stay_behind(finder->worker, NICE);
	return finder;
}

void
finder_close(struct finder *finder)
{
	if (finder == NULL)
		return;
	atomic_store(&finder->stopping, true);
	worker_stop(finder->worker);
	worker_free(finder->worker);
	kv_close(finder->kv);
	mem_free(finder);
}
