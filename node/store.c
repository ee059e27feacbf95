/*
 * store: what this node holds.
 */
#include "node/store.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "node/store_key.h"
#include "wire/pack.h"

#define PATH_SIZE 4096
#define SKIP_MAX 8

/* A family whose values change their layout gets another name: a store of
 * before is then moved aside and fetched anew, not misread. */
static const struct kv_family store_families[] = {
    [STORE_RECORDS] = {"records.2", true, true, true},
    [STORE_SEALED] = {"sealed", false, false, false},
    [STORE_STREAMS] = {"streams", false, true, false},
    [STORE_CONTROL] = {"control", true, true, false},
    [STORE_OUTBOX] = {"outbox", false, false, false},
};
#define FAMILY_COUNT (sizeof(store_families) / sizeof(store_families[0]))

struct store {
	struct kv *kv;
	char folder[PATH_SIZE];
	char mark[PATH_SIZE]; /* exists: damaged */
	_Atomic bool is_filling;
};

struct snapshot {
	struct kv_view *view;
	bool is_fixed;               /* what was read once is so */
	bool has_control;            /* `control` was read */
	struct stream_state control; /* of stream 0000, which all ask for */
};

/* Both names are tried in turn; the first free one is taken. */
static enum err
store_move_aside(const char *folder, const char *path, struct why *why)
{
	char aside[PATH_SIZE];
	char name[64];
	unsigned number = 1;

	do {
		snprintf(name, sizeof(name), "store.damaged-%u", number++);
		file_path(aside, sizeof(aside), folder, name);
	} while (file_exists(aside));
	if (rename(path, aside) != 0)
		return why_set(
		    why, ERR_IO, "cannot rename %s: %s", path, strerror(errno));
	log_error("store.damaged", "moved=%s why=\"%s\"", name,
	    why != NULL ? why->text : "");
	return ERR_OK;
}

struct store *
store_open(const char *folder, struct why *why)
{
	struct store *store = mem_new(sizeof(*store));
	char path[PATH_SIZE];
	enum err err;

	snprintf(store->folder, sizeof(store->folder), "%s", folder);
	file_path(path, sizeof(path), folder, "store");
	file_path(store->mark, sizeof(store->mark), folder, "store.damaged");
	err = file_exists(store->mark) && file_exists(path) ? ERR_INVALID
							    : ERR_OK;
	if (err == ERR_OK)
		err = kv_open(
		    path, store_families, FAMILY_COUNT, &store->kv, why);
	if (err == ERR_INVALID) {
		err = store_move_aside(folder, path, why);
		remove(store->mark);
		if (err == ERR_OK)
			err = kv_open(path, store_families, FAMILY_COUNT,
			    &store->kv, why);
	}
	if (err == ERR_OK)
		return store;
	mem_free(store);
	return NULL;
}

void
store_close(struct store *store)
{
	if (store == NULL)
		return;
	if (store_is_damaged(store))
		store_condemn(store);
	kv_close(store->kv);
	mem_free(store);
}

struct kv *
store_kv(struct store *store)
{
	return store->kv;
}

bool
store_is_merging(struct store *store)
{
	return kv_is_merging(store->kv);
}

void
store_set_filling(struct store *store, bool is_filling)
{
	atomic_store(&store->is_filling, is_filling);
}

bool
store_is_filling(const struct store *store)
{
	return atomic_load(&store->is_filling);
}

const char *
store_folder(const struct store *store)
{
	return store->folder;
}

bool
store_is_damaged(const struct store *store)
{
	return kv_is_damaged(store->kv);
}

void
store_condemn(struct store *store)
{
	struct why why = {""};

	if (file_replace(store->mark, span_of("damaged\n"), 0600, &why) !=
	    ERR_OK)
		log_error("store.condemn", "why=\"%s\"", why.text);
}

struct snapshot *
store_snapshot(struct store *store)
{
	struct snapshot *snapshot = mem_new(sizeof(*snapshot));

	snapshot->view = kv_view_open(store->kv);
	snapshot->is_fixed = true;
	return snapshot;
}

struct snapshot *
store_newest(struct store *store)
{
	struct snapshot *snapshot = mem_new(sizeof(*snapshot));

	snapshot->view = kv_view_newest(store->kv);
	return snapshot;
}

void
snapshot_release(struct snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	kv_view_close(snapshot->view);
	mem_free(snapshot);
}

struct kv_view *
snapshot_view(struct snapshot *snapshot)
{
	return snapshot->view;
}

static enum err
read_state(struct snapshot *snapshot, const char *stream,
    struct stream_state *state, struct why *why)
{
	struct buf value = {0};
	enum err err;

	*state = (struct stream_state){0};
	snprintf(
	    state->chain.stream, sizeof(state->chain.stream), "%s", stream);
	err =
	    kv_get(snapshot->view, STORE_STREAMS, span_of(stream), &value, why);
	if (err == ERR_OK)
		err = store_parse_state(buf_span(&value), state);
	buf_release(&value);
	return err == ERR_MISSING ? ERR_OK : err;
}

enum err
snapshot_stream(struct snapshot *snapshot, const char *stream,
    struct stream_state *state, struct why *why)
{
	bool kept = snapshot->is_fixed && strcmp(stream, STREAM_CONTROL) == 0;
	enum err err;

	if (kept && snapshot->has_control) {
		*state = snapshot->control;
		return ERR_OK;
	}
	err = read_state(snapshot, stream, state, why);
	if (kept && err == ERR_OK) {
		snapshot->control = *state;
		snapshot->has_control = true;
	}
	return err;
}

struct stream_walk {
	stream_state_fn each;
	void *context;
	enum err err;
};

static bool
stream_walk_row(void *context, struct span key, struct span value)
{
	struct stream_walk *walk = context;
	struct stream_state state = {0};

	if (key.len != STREAM_LEN) {
		walk->err = ERR_INVALID;
		return false;
	}
	memcpy(state.chain.stream, key.ptr, STREAM_LEN);
	walk->err = store_parse_state(value, &state);
	if (walk->err == ERR_OK)
		walk->each(walk->context, &state);
	return walk->err == ERR_OK;
}

enum err
snapshot_each_stream(struct snapshot *snapshot, stream_state_fn each,
    void *context, struct why *why)
{
	struct kv_range range = {.family = STORE_STREAMS};
	struct stream_walk walk = {each, context, ERR_OK};
	enum err err;

	err = kv_each(snapshot->view, &range, stream_walk_row, &walk, why);
	return err != ERR_OK ? err : walk.err;
}

enum err
snapshot_find_key(struct snapshot *snapshot, struct span key,
    struct arena *arena, struct stored *stored)
{
	struct buf value = {0};
	enum err err;

	err = kv_get(snapshot->view, STORE_RECORDS, key, &value, NULL);
	if (err == ERR_OK)
		err = store_parse_record(key, buf_span(&value), arena, stored);
	buf_release(&value);
	return err;
}

enum err
snapshot_find_record(struct snapshot *snapshot, const char *stream,
    const struct record *identity, struct arena *arena, struct stored *stored)
{
	struct buf key = {0};
	enum err err;

	store_record_key(stream, identity, &key);
	err = snapshot_find_key(snapshot, buf_span(&key), arena, stored);
	buf_release(&key);
	return err;
}

struct record_walk {
	const struct record_reader *reader;
	struct record_field fields[RECORD_FIELDS_MAX]; /* of one record */
	struct buf key;                                /* of the subject */
	size_t prefix_len; /* of it, before an item */
	uint32_t wanted;   /* the item of this row, or a later one */
	unsigned skipped;  /* rows since the last that was wanted */
	enum err err;
};

/* False: this row is behind the last. */
static bool
record_walk_row(struct record_walk *walk, struct span key, struct span value)
{
	const struct record_reader *reader = walk->reader;
	struct stored stored;
	uint32_t item;

	if (key.len < walk->prefix_len ||
	    memcmp(key.ptr, walk->key.data, walk->prefix_len) != 0)
		return false;
	item = store_key_item(key);
	/* Control records stand behind all others. */
	if (item > CATALOG_ITEM_MAX)
		return false;
	walk->wanted =
	    reader->wants != NULL ? reader->wants(reader->context, item) : item;
	assert(walk->wanted == 0 || walk->wanted >= item);
	walk->skipped++;
	if (walk->wanted != item)
		return walk->wanted != 0;
	walk->skipped = 0;
	walk->err = store_lend_record(key, value, walk->fields, &stored);
	if (walk->err == ERR_OK)
		reader->each(reader->context, &stored);
	return walk->err == ERR_OK;
}

/* A few rows are passed by sooner than jumped over. */
static bool
record_walk_on(struct record_walk *walk, struct kv_cursor *cursor)
{
	if (walk->skipped < SKIP_MAX)
		return kv_cursor_next(cursor);
	walk->skipped = 0;
	walk->key.len = walk->prefix_len;
	buf_u16(&walk->key, (uint16_t)walk->wanted);
	return kv_cursor_seek(cursor, buf_span(&walk->key));
}

enum err
snapshot_each_record(struct snapshot *snapshot,
    const struct record_reader *reader, struct why *why)
{
	struct record_walk walk = {.reader = reader, .err = ERR_OK};
	struct kv_cursor *cursor;
	enum err err;
	bool found;

	/* With the NUL behind it no subject is another one's prefix. */
	walk.prefix_len = strlen(reader->subject) + 1;
	buf_add(&walk.key, reader->subject, walk.prefix_len);
	cursor =
	    kv_group_open(snapshot->view, STORE_RECORDS, buf_span(&walk.key));
	found = kv_cursor_seek(cursor, buf_span(&walk.key));
	while (found && record_walk_row(&walk, kv_cursor_key(cursor),
			    kv_cursor_value(cursor)))
		found = record_walk_on(&walk, cursor);
	err = kv_cursor_end(cursor, why);
	kv_cursor_close(cursor);
	buf_release(&walk.key);
	return err != ERR_OK ? err : walk.err;
}

struct credit_walk {
	stored_while_fn each;
	void *context;
	struct arena *arena;
	enum err err;
};

static bool
credit_walk_row(void *context, struct span key, struct span value)
{
	struct credit_walk *walk = context;
	struct stored stored;

	if (store_key_item(key) > CATALOG_ITEM_MAX)
		return true;
	arena_reset(walk->arena);
	walk->err = store_parse_record(key, value, walk->arena, &stored);
	return walk->err == ERR_OK && walk->each(walk->context, &stored);
}

enum err
snapshot_each_credit(struct snapshot *snapshot, stored_while_fn each,
    void *context, struct why *why)
{
	struct credit_walk walk = {each, context, arena_new(), ERR_OK};
	struct kv_range range = {.family = STORE_RECORDS};
	enum err err;

	err = kv_each(snapshot->view, &range, credit_walk_row, &walk, why);
	arena_free(walk.arena);
	return err != ERR_OK ? err : walk.err;
}

void
store_put_record(
    struct kv_write *write, const char *stream, const struct record *record)
{
	struct digest element = record_element(record);
	struct buf key = {0}, packed = {0}, value = {0};

	store_record_key(stream, record, &key);
	pack_record(record, &packed);
	store_record_value(&element, buf_span(&packed), &value);
	kv_write_put(write, STORE_RECORDS, buf_span(&key), buf_span(&value));
	buf_release(&key);
	buf_release(&packed);
	buf_release(&value);
}

void
store_put_stream(struct kv_write *write, const struct stream_state *state)
{
	struct buf value = {0};

	store_print_state(state, &value);
	kv_write_put(write, STORE_STREAMS, span_of(state->chain.stream),
	    buf_span(&value));
	buf_release(&value);
}
