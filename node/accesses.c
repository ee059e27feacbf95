/*
 * accesses: who saw a subject's data on this node, out of the trail.
 *
 * places: subject index(u64) → offset(u64) of its frame
 * state: "next" → index(u64) of the first entry that is not there yet, and the
 * leaf hash of the one before
 */
#include "node/accesses.h"

#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/work.h"
#include "credit/note.h"
#include "node/entries_reader.h"
#include "node/kv.h"
#include "node/store_key.h"

#define PATH_SIZE 4096
#define PLACES 0
#define STATE 1
#define IDLE_MS 1000
#define NICE 10
#define GROUP 4096
/* A question waits for so many entries to be read, and no more. */
#define PATIENCE 200000
#define WAITING_MAX 1000
#define RETRY_US (60 * CLOCK_SECOND)
#define STATE_LEN (8 + DIGEST_LEN)

static const struct kv_family families[] = {
    {"places", true, false, false}, {"state", false, false, false}};

struct accesses {
	struct kv *kv; /* NULL: it could not be opened */
	struct trail *trail;
	struct entries_reader *reader;
	struct worker *worker;
	uint64_t first, next; /* entries: older ones were deleted */
	struct digest last;   /* leaf of the entry before */
	bool compared;        /* … with what the trail has there */
	int64_t not_before_us;
	struct seen *page; /* room for one */
};

struct ask {
	struct accesses_question question;
	accesses_fn done;
	void *context;
};

static enum err
state_read(struct accesses *accesses, struct why *why)
{
	struct kv_view *view = kv_view_open(accesses->kv);
	struct buf value = {0};
	enum err err = kv_get(view, STATE, span_of("next"), &value, why);

	if (err == ERR_OK && value.len == STATE_LEN) {
		accesses->next = store_parse_u64(value.data);
		memcpy(accesses->last.bytes, value.data + 8, DIGEST_LEN);
	}
	kv_view_close(view);
	buf_release(&value);
	return err == ERR_MISSING ? ERR_OK : err;
}

static void
state_put(const struct accesses *accesses, struct kv_write *write)
{
	struct buf value = {0};

	buf_u64(&value, accesses->next);
	buf_add(&value, accesses->last.bytes, DIGEST_LEN);
	kv_write_put(write, STATE, span_of("next"), buf_span(&value));
	buf_release(&value);
}

static void
place_put(struct kv_write *write, const struct access *access, uint64_t index,
    uint64_t offset)
{
	struct buf key = {0}, value = {0};

	if (strlen(access->subject) != USCC_LEN)
		return;
	buf_add(&key, access->subject, USCC_LEN);
	buf_u64(&key, index);
	buf_u64(&value, offset);
	kv_write_put(write, PLACES, buf_span(&key), buf_span(&value));
	buf_release(&key);
	buf_release(&value);
}

static enum err
index_entry(struct accesses *accesses, struct kv_write *write)
{
	struct access access = {0};
	struct entry entry;
	enum err err =
	    entries_reader_read(accesses->reader, accesses->next, &entry);

	if (err == ERR_OK)
		err = unpack_access(entry.bytes, &access);
	if (err != ERR_OK)
		return err;
	place_put(write, &access, entry.index,
	    entries_reader_offset(accesses->reader));
	accesses->last = entry.leaf;
	accesses->next = entry.index + 1;
	return ERR_OK;
}

/* Not synced: what a power cut takes is made again. */
static enum err
index_group(struct accesses *accesses, uint64_t until, struct why *why)
{
	const struct digest last = accesses->last;
	const uint64_t next = accesses->next;
	struct kv_write *write = kv_write_begin(accesses->kv);
	enum err err = ERR_OK;

	while (err == ERR_OK && accesses->next < until &&
	       accesses->next - next < GROUP)
		err = index_entry(accesses, write);
	if (err != ERR_OK) {
		kv_write_cancel(write);
		why_set(why, err, "entry %llu: %s",
		    (unsigned long long)accesses->next, err_name(err));
	} else {
		state_put(accesses, write);
		err = kv_write_end(write, false, why);
	}
	if (err != ERR_OK) {
		accesses->next = next;
		accesses->last = last;
	}
	return err;
}

/* The trail is another one than was read: everything is made anew. */
static enum err
index_drop(struct accesses *accesses, struct why *why)
{
	static const char end[] = "\xff";
	struct kv_write *write = kv_write_begin(accesses->kv);

	log_warn("accesses.anew", "entries=%llu",
	    (unsigned long long)accesses->next);
	accesses->next = accesses->first;
	memset(&accesses->last, 0, sizeof(accesses->last));
	kv_write_delete_range(write, PLACES, span_of(""), span_of(end));
	state_put(accesses, write);
	return kv_write_end(write, false, why);
}

/* Once: while it is open a trail only grows. */
static enum err
index_compare(struct accesses *accesses, uint64_t until, struct why *why)
{
	struct entry entry;

	if (accesses->compared)
		return ERR_OK;
	accesses->compared = accesses->next == 0 || accesses->next > until;
	if (accesses->next > until)
		return index_drop(accesses, why);
	/* What it would be compared with was deleted. */
	if (accesses->next == accesses->first) {
		accesses->compared = true;
		return ERR_OK;
	}
	if (entries_reader_read(accesses->reader, accesses->next - 1, &entry) !=
	    ERR_OK)
		return why_set(why, ERR_IO, "the trail cannot be read");
	accesses->compared = true;
	return digest_equal(&entry.leaf, &accesses->last)
		   ? ERR_OK
		   : index_drop(accesses, why);
}

struct forget {
	struct kv_write *write;
	uint64_t first;
};

static bool
forget_row(void *context, struct span key, struct span value)
{
	struct forget *forget = context;

	(void)value;
	if (key.len == USCC_LEN + 8 &&
	    store_parse_u64(key.ptr + USCC_LEN) < forget->first)
		kv_write_delete(forget->write, PLACES, key);
	return true;
}

/* Whose entries were deleted is not told by the index either. */
static enum err
index_forget(struct accesses *accesses, struct why *why)
{
	struct forget forget = {.first = trail_first(accesses->trail)};
	struct kv_range range = {.family = PLACES};
	struct kv_view *view;
	enum err err;

	if (forget.first == accesses->first)
		return ERR_OK;
	if (accesses->next < forget.first) {
		accesses->next = forget.first;
		accesses->compared = true;
	}
	forget.write = kv_write_begin(accesses->kv);
	view = kv_view_open(accesses->kv);
	err = kv_each(view, &range, forget_row, &forget, why);
	kv_view_close(view);
	if (err == ERR_OK)
		err = kv_write_end(forget.write, false, why);
	else
		kv_write_cancel(forget.write);
	if (err == ERR_OK)
		accesses->first = forget.first;
	return err;
}

/* Up to entry `until`, which the trail has acknowledged. */
static enum err
index_follow(struct accesses *accesses, uint64_t until)
{
	struct why why = {""};
	enum err err = index_forget(accesses, &why);

	if (err == ERR_OK)
		err = index_compare(accesses, until, &why);
	while (err == ERR_OK && accesses->next < until)
		err = index_group(accesses, until, &why);
	if (err != ERR_OK) {
		log_error("accesses.failed", "why=\"%s\"", why.text);
		accesses->not_before_us = clock_tick_us() + RETRY_US;
	}
	return err;
}

static void
accesses_on_idle(void *context)
{
	struct accesses *accesses = context;
	uint64_t until = tree_published(trail_tree(accesses->trail));

	if (accesses->kv == NULL || !trail_is_ready(accesses->trail) ||
	    clock_tick_us() < accesses->not_before_us)
		return;
	/* In pieces, so that a question or the end is not kept waiting. */
	if (until > accesses->next + PATIENCE)
		until = accesses->next + PATIENCE;
	(void)index_follow(accesses, until);
}

struct places {
	uint64_t size;
	size_t limit, count;
	uint64_t index[ACCESSES_LIMIT_MAX + 1], offset[ACCESSES_LIMIT_MAX + 1];
};

static bool
places_row(void *context, struct span key, struct span value)
{
	struct places *places = context;
	uint64_t index;

	if (key.len != USCC_LEN + 8 || value.len != 8)
		return true;
	index = store_parse_u64(key.ptr + USCC_LEN);
	if (index >= places->size)
		return false;
	places->index[places->count] = index;
	places->offset[places->count++] = store_parse_u64(value.ptr);
	return places->count <= places->limit;
}

static enum err
places_find(struct accesses *accesses, const struct accesses_question *question,
    struct places *places)
{
	struct kv_view *view = kv_view_open(accesses->kv);
	struct kv_range range = {
	    .family = PLACES, .prefix = span_make(question->subject, USCC_LEN)};
	const uint64_t first = trail_first(accesses->trail);
	struct buf from = {0};
	enum err err;

	buf_add(&from, question->subject, USCC_LEN);
	buf_u64(&from, first > question->from ? first : question->from);
	range.from = buf_span(&from);
	err = kv_each(view, &range, places_row, places, NULL);
	kv_view_close(view);
	buf_release(&from);
	return err;
}

/* The entry decides whose it is, not the index. */
static enum err
seen_read(struct accesses *accesses, const struct places *places, size_t i,
    const char *subject)
{
	struct seen *seen = &accesses->page[i];
	struct entry entry;
	enum err err = entries_reader_seek(
	    accesses->reader, places->index[i], places->offset[i]);

	if (err == ERR_OK)
		err = entries_reader_read(
		    accesses->reader, places->index[i], &entry);
	if (err == ERR_OK)
		err = unpack_access(entry.bytes, &seen->access);
	if (err == ERR_OK && strcmp(seen->access.subject, subject) != 0)
		err = ERR_IO;
	if (err != ERR_OK)
		return err;
	seen->index = entry.index;
	seen->leaf = entry.leaf;
	return ERR_OK;
}

static enum err
page_fill(struct accesses *accesses, const struct accesses_question *question,
    struct accesses_page *page)
{
	struct places places = {.size = page->size, .limit = question->limit};
	enum err err = places_find(accesses, question, &places);
	size_t i;

	page->more = places.count > question->limit;
	page->count = page->more ? question->limit : places.count;
	page->list = accesses->page;
	for (i = 0; err == ERR_OK && i < page->count; i++)
		err = seen_read(accesses, &places, i, question->subject);
	return err;
}

static enum err
page_make(struct accesses *accesses, const struct ask *ask,
    struct accesses_page *page, struct buf *note)
{
	struct checkpoint checkpoint;
	uint64_t until;
	enum err err;

	if (accesses->kv == NULL || !trail_is_ready(accesses->trail))
		return ERR_IO;
	tree_checkpoint(trail_tree(accesses->trail), note);
	if (note_read(buf_span(note), &checkpoint, NULL) != ERR_OK)
		return ERR_IO;
	page->checkpoint = buf_span(note);
	page->size = checkpoint.size;
	if (checkpoint.size > accesses->next + PATIENCE)
		return ERR_BUSY;
	/* The checkpoint is on disk before the trail says how much it has
	 * published, so the larger of the two is what can be read. */
	until = tree_published(trail_tree(accesses->trail));
	if (until < checkpoint.size)
		until = checkpoint.size;
	err = index_follow(accesses, until);
	return err == ERR_OK ? page_fill(accesses, &ask->question, page) : err;
}

static void
accesses_on_ask(void *context, void *job)
{
	struct accesses *accesses = context;
	struct ask *ask = job;
	struct accesses_page page = {0};
	struct buf note = {0};
	enum err err = page_make(accesses, ask, &page, &note);

	ask->done(ask->context, err, err == ERR_OK ? &page : NULL);
	buf_release(&note);
	mem_free(ask);
}

struct accesses *
accesses_open(const char *folder, struct trail *trail)
{
	struct accesses *accesses = mem_new(sizeof(*accesses));
	char path[PATH_SIZE];
	struct why why = {""};
	enum err err;

	file_path(path, sizeof(path), folder, "accesses");
	accesses->trail = trail;
	accesses->reader = entries_reader_new(trail_entries_folder(trail));
	accesses->page = mem_new(ACCESSES_LIMIT_MAX * sizeof(struct seen));
	err = kv_open(path, families, 2, &accesses->kv, &why);
	if (err == ERR_OK)
		err = state_read(accesses, &why);
	if (err != ERR_OK) {
		log_error("accesses.failed", "why=\"%s\"", why.text);
		kv_close(accesses->kv);
		accesses->kv = NULL;
	}
	accesses->worker = worker_new(
	    "accesses", accesses_on_ask, accesses_on_idle, IDLE_MS, accesses);
	worker_stay_behind(accesses->worker, NICE);
	return accesses;
}

void
accesses_close(struct accesses *accesses)
{
	if (accesses == NULL)
		return;
	worker_stop(accesses->worker);
	worker_free(accesses->worker);
	entries_reader_free(accesses->reader);
	kv_close(accesses->kv);
	mem_free(accesses->page);
	mem_free(accesses);
}

void
accesses_ask(struct accesses *accesses,
    const struct accesses_question *question, accesses_fn done, void *context)
{
	struct ask *ask = mem_new(sizeof(*ask));

	ask->question = *question;
	ask->done = done;
	ask->context = context;
	if (!worker_post(accesses->worker, ask, WAITING_MAX)) {
		done(context, ERR_BUSY, NULL);
		mem_free(ask);
	}
}
