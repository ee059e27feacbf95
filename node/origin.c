/*
 * origin: where a sandbox's records come from, in place of a hub's ledger.
 */
#include "node/origin.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/setsum.h"
#include "wire/keyring.h"
#include "wire/seal.h"

#define FILE_BYTES_MAX ((size_t)1 << 30)
#define BATCH_RECORDS 256
#define LENGTH 4

/* The newest version of a record. */
struct newest {
	struct span identity, packed; /* in the origin's arena */
	struct digest content;
	uint64_t version;
	int64_t as_of_us;
	uint64_t behind; /* the stream's position when it was put */
};

struct kept {
	uint64_t first, last;
	struct span bytes; /* in the origin's arena */
};

struct tape {
	struct chain chain;
	struct setsum sum;
	struct kept *batches;
	size_t count, size;
	struct buf waiting; /* records that were put, not sealed yet */
	size_t waiting_count;
};

struct origin {
	struct origin_settings settings;
	struct sealer *sealer;
	struct arena *arena;
	void *entries; /* tsearch */
	struct tape **tapes;
	struct stream_head *heads;
	size_t tape_count;
	int file;
	enum err err; /* sticky */
	struct why why;
};

static int
compare(const void *left, const void *right)
{
	const struct newest *a = left, *b = right;
	size_t least = a->identity.len < b->identity.len ? a->identity.len
							 : b->identity.len;
	int order = memcmp(a->identity.ptr, b->identity.ptr, least);

	if (order != 0)
		return order;
	return (a->identity.len > b->identity.len) -
	       (a->identity.len < b->identity.len);
}

static struct span
keep(struct origin *origin, struct span bytes)
{
	return span_make(
	    arena_text(origin->arena, bytes.ptr, bytes.len), bytes.len);
}

static void
print_identity(
    const char *stream, const struct record *record, struct buf *identity)
{
	buf_add(identity, stream, STREAM_LEN);
	buf_add(identity, &record->item, sizeof(record->item));
	buf_add(identity, record->subject.ptr, record->subject.len);
	buf_char(identity, '\0');
	buf_add(identity, record->key.ptr, record->key.len);
}

static struct newest *
find_entry(struct origin *origin, struct span identity)
{
	struct newest like = {.identity = identity};
	struct newest **found = tfind(&like, &origin->entries, compare);

	return found != NULL ? *found : NULL;
}

static struct tape *
find_tape(const struct origin *origin, const char *stream)
{
	size_t i;

	for (i = 0; i < origin->tape_count; i++)
		if (strcmp(origin->tapes[i]->chain.stream, stream) == 0)
			return origin->tapes[i];
	return NULL;
}

/* Ascending by stream, as pulses have them. */
static struct tape *
make_tape(struct origin *origin, const char *stream)
{
	struct tape *tape = find_tape(origin, stream);
	size_t at = origin->tape_count++;

	if (tape != NULL) {
		origin->tape_count--;
		return tape;
	}
	tape = mem_new(sizeof(*tape));
	memcpy(tape->chain.stream, stream, STREAM_LEN);
	origin->tapes = mem_grow(
	    origin->tapes, origin->tape_count * sizeof(*origin->tapes));
	origin->heads = mem_grow(
	    origin->heads, origin->tape_count * sizeof(*origin->heads));
	for (;
	     at > 0 && strcmp(origin->tapes[at - 1]->chain.stream, stream) > 0;
	     at--)
		origin->tapes[at] = origin->tapes[at - 1];
	origin->tapes[at] = tape;
	return tape;
}

/* The record becomes the newest of its kind, here and in the stream's sum. */
static void
note(struct origin *origin, struct tape *tape, const struct record *record,
    struct span identity)
{
	struct newest *entry = find_entry(origin, identity);
	struct digest element;
	struct buf packed = {0};

	if (entry == NULL) {
		entry = mem_new(sizeof(*entry));
		entry->identity = keep(origin, identity);
		(void)tsearch(entry, &origin->entries, compare);
	} else {
		element = record_element_digest(
		    &entry->content, entry->version, entry->as_of_us);
		setsum_remove(&tape->sum, &element);
	}
	entry->content = record_content_digest(record);
	entry->version = record->version;
	entry->as_of_us = record->as_of_us;
	entry->behind = tape->chain.position;
	element = record_element_digest(
	    &entry->content, entry->version, entry->as_of_us);
	setsum_add(&tape->sum, &element);
	pack_record(record, &packed);
	entry->packed = keep(origin, buf_span(&packed));
	buf_release(&packed);
}

static void
add_batch(struct origin *origin, struct tape *tape,
    const struct batch_header *header, struct span bytes)
{
	if (tape->count == tape->size) {
		tape->size = tape->size == 0 ? 16 : tape->size * 2;
		tape->batches = mem_grow(
		    tape->batches, tape->size * sizeof(*tape->batches));
	}
	tape->batches[tape->count++] =
	    (struct kept){header->first, header->last, keep(origin, bytes)};
	chain_advance(&tape->chain, header);
}

static void
fail(struct origin *origin, enum err err)
{
	if (origin->err == ERR_OK)
		origin->err = why_set(&origin->why, err, "%s: %s",
		    origin->settings.path, strerror(errno));
}

static void
append(struct origin *origin, struct span bytes)
{
	uint32_t len = (uint32_t)bytes.len;
	uint8_t frame[LENGTH] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16),
	    (uint8_t)(len >> 8), (uint8_t)len};

	if (file_write_all(origin->file, span_make(frame, LENGTH)) != ERR_OK ||
	    file_write_all(origin->file, bytes) != ERR_OK ||
	    fdatasync(origin->file) != 0)
		fail(origin, ERR_IO);
}

static void
seal(struct origin *origin, struct tape *tape)
{
	struct batch_header header = {.first = tape->chain.position + 1,
	    .last = tape->chain.position + tape->waiting_count,
	    .previous = tape->chain.head,
	    .committed_us = clock_now_us(),
	    .state = setsum_digest(&tape->sum)};
	struct buf sealed = {0};

	memcpy(header.stream, tape->chain.stream, sizeof(header.stream));
	if (origin->err == ERR_OK &&
	    sealer_seal(origin->sealer, &header, buf_span(&tape->waiting),
		&sealed) != ERR_OK)
		fail(origin, ERR_CRYPTO);
	if (origin->err == ERR_OK)
		append(origin, buf_span(&sealed));
	if (origin->err == ERR_OK) {
		add_batch(origin, tape, &header, buf_span(&sealed));
		origin->settings.sealed(origin->settings.context,
		    tape->chain.stream, tape->batches[tape->count - 1].bytes);
	}
	buf_reset(&tape->waiting);
	tape->waiting_count = 0;
	buf_release(&sealed);
}

bool
origin_put(
    struct origin *origin, const char *stream, const struct record *record)
{
	struct digest content = record_content_digest(record);
	struct tape *tape = make_tape(origin, stream);
	struct record next = *record;
	struct newest *entry;
	struct buf text = {0};
	bool changed;

	print_identity(stream, record, &text);
	entry = find_entry(origin, buf_span(&text));
	changed = entry == NULL || !digest_equal(&entry->content, &content);
	/* A batch has a record once. */
	if (changed && entry != NULL && tape->waiting_count > 0 &&
	    entry->behind == tape->chain.position)
		seal(origin, tape);
	if (changed) {
		next.version = entry == NULL ? 1 : entry->version + 1;
		note(origin, tape, &next, buf_span(&text));
		buf_reset(&text);
		pack_record(&next, &text);
		pack_batch_record(buf_span(&text), &tape->waiting);
		tape->waiting_count++;
	}
	buf_release(&text);
	if (tape->waiting_count == BATCH_RECORDS)
		seal(origin, tape);
	return changed;
}

enum err
origin_commit(struct origin *origin, struct why *why)
{
	size_t i;

	for (i = 0; i < origin->tape_count; i++)
		if (origin->tapes[i]->waiting_count > 0)
			seal(origin, origin->tapes[i]);
	if (origin->err != ERR_OK)
		return why_set(why, origin->err, "%s", origin->why.text);
	return ERR_OK;
}

bool
origin_find(struct origin *origin, const char *stream,
    const struct record *like, struct arena *arena, struct record *found)
{
	struct buf identity = {0};
	struct newest *entry;

	print_identity(stream, like, &identity);
	entry = find_entry(origin, buf_span(&identity));
	buf_release(&identity);
	return entry != NULL &&
	       unpack_record(entry->packed, arena, found) == ERR_OK;
}

/* One batch of the file. */
static enum err
read_batch(struct origin *origin, struct opener *opener, struct arena *arena,
    struct span bytes, struct why *why)
{
	struct batch_header header;
	struct sealed sealed;
	struct record *records = NULL;
	struct buf identity = {0};
	struct tape *tape;
	enum err err = opener_check(opener, bytes, &header, &sealed, why);
	uint64_t i;

	if (err == ERR_OK)
		err =
		    opener_open(opener, &header, &sealed, arena, &records, why);
	if (err != ERR_OK)
		return err;
	tape = make_tape(origin, header.stream);
	if (chain_admit(&tape->chain, &header) != ERR_OK)
		return why_set(why, ERR_INVALID, "a batch is missing");
	for (i = 0; i <= header.last - header.first; i++) {
		buf_reset(&identity);
		print_identity(header.stream, &records[i], &identity);
		note(origin, tape, &records[i], buf_span(&identity));
	}
	add_batch(origin, tape, &header, bytes);
	buf_release(&identity);
	return ERR_OK;
}

static size_t
frame_len(struct span rest)
{
	const uint8_t *bytes = (const uint8_t *)rest.ptr;

	return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 |
	       (size_t)bytes[2] << 8 | bytes[3];
}

/* What a kill left half is cut off: nobody heard of it. */
static enum err
read_batches(struct origin *origin, struct span text, struct why *why)
{
	struct keyring *keys = keyring_of(origin->settings.raw_key);
	struct opener *opener = opener_new(keys);
	struct arena *arena = arena_new();
	struct span rest = text;
	enum err err = ERR_OK;
	size_t len;

	while (err == ERR_OK && rest.len > LENGTH) {
		len = frame_len(rest);
		if (len > rest.len - LENGTH)
			break;
		arena_reset(arena);
		err = read_batch(origin, opener, arena,
		    span_make(rest.ptr + LENGTH, len), why);
		rest =
		    span_make(rest.ptr + LENGTH + len, rest.len - LENGTH - len);
	}
	if (err == ERR_OK &&
	    ftruncate(origin->file, (off_t)(text.len - rest.len)) != 0)
		err = why_set(why, ERR_IO, "%s: %s", origin->settings.path,
		    strerror(errno));
	arena_free(arena);
	opener_free(opener);
	keyring_free(keys);
	return err;
}

struct origin *
origin_open(const struct origin_settings *settings, struct why *why)
{
	struct origin *origin = mem_new(sizeof(*origin));
	struct buf text = {0};
	enum err err = ERR_IO;

	origin->settings = *settings;
	origin->arena = arena_new();
	origin->sealer = sealer_new(settings->signer);
	origin->file =
	    open(settings->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (origin->file < 0)
		why_set(why, err, "%s: %s", settings->path, strerror(errno));
	else
		err = file_read(settings->path, FILE_BYTES_MAX, &text, why);
	if (err == ERR_OK)
		err = read_batches(origin, buf_span(&text), why);
	buf_release(&text);
	if (err == ERR_OK)
		return origin;
	origin_close(origin);
	return NULL;
}

void
origin_close(struct origin *origin)
{
	size_t i;

	if (origin == NULL)
		return;
	for (i = 0; i < origin->tape_count; i++) {
		mem_free(origin->tapes[i]->batches);
		buf_release(&origin->tapes[i]->waiting);
		mem_free(origin->tapes[i]);
	}
	mem_free(origin->tapes);
	mem_free(origin->heads);
	tdestroy(origin->entries, mem_free);
	sealer_free(origin->sealer);
	arena_free(origin->arena);
	if (origin->file >= 0)
		(void)close(origin->file);
	mem_free(origin);
}

bool
origin_is_empty(const struct origin *origin)
{
	return origin->tape_count == 0;
}

const struct stream_head *
origin_heads(const struct origin *origin, size_t *count)
{
	size_t i;

	for (i = 0; i < origin->tape_count; i++) {
		const struct chain *chain = &origin->tapes[i]->chain;
		struct stream_head *head = &origin->heads[i];

		memcpy(head->stream, chain->stream, sizeof(head->stream));
		head->position = chain->position;
		head->head = chain->head;
	}
	*count = origin->tape_count;
	return origin->heads;
}

uint64_t
origin_position(const struct origin *origin, const char *stream)
{
	const struct tape *tape = find_tape(origin, stream);

	return tape != NULL ? tape->chain.position : 0;
}

size_t
origin_batches(const struct origin *origin, const char *stream, uint64_t after,
    struct span *sealed, size_t max)
{
	const struct tape *tape = find_tape(origin, stream);
	size_t i, count = 0;

	for (i = 0; tape != NULL && i < tape->count && count < max; i++)
		if (tape->batches[i].last > after)
			sealed[count++] = tape->batches[i].bytes;
	return count;
}
