/*
 * watchbook: who watches whom, and what there is to tell them.
 */
#include "node/watchbook.h"

#include <stdio.h>

#include "base/codec.h"
#include "base/digest.h"
#include "base/file.h"
#include "node/store_key.h"
#include "node/watchbook_inner.h"

#define PATH_SIZE 4096
/* 2 MiB: of a million subjects one stranger in 16 is looked up in vain. */
#define MAYBE_BITS ((uint32_t)1 << 24)

static const struct kv_family families[] = {
    [BOOK_HEADS] = {"heads", false, false, false},
    [BOOK_LISTS] = {"lists", true, false, false},
    [BOOK_SUBJECTS] = {"subjects", true, false, false},
    [BOOK_KNOWN] = {"known", true, true, false},
    [BOOK_EVENTS] = {"events", true, false, false},
    [BOOK_STATE] = {"state", false, true, false},
    [BOOK_HOOKS] = {"hooks", false, false, false},
    [BOOK_DEAD] = {"dead", false, false, false},
};
#define FAMILY_COUNT (sizeof(families) / sizeof(families[0]))

static uint32_t
maybe_bit(struct span subject)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */
	size_t i;

	for (i = 0; i < subject.len; i++)
		hash = (hash ^ (uint8_t)subject.ptr[i]) * 1099511628211u;
	return (uint32_t)(hash ^ hash >> 32) & (MAYBE_BITS - 1);
}

bool
watchbook_may_watch(const struct watchbook *book, struct span subject)
{
	uint32_t bit = maybe_bit(subject);

	return (book->maybe[bit / 8] & 1u << bit % 8) != 0;
}

void
watchbook_note(struct watchbook *book, struct span subject)
{
	uint32_t bit = maybe_bit(subject);

	book->maybe[bit / 8] |= (uint8_t)(1u << bit % 8);
	book->used = true;
}

bool
watchbook_is_used(const struct watchbook *book)
{
	return book->used;
}

static bool
note_row(void *context, struct span subject, struct span consent)
{
	(void)consent;
	watchbook_note(context, subject);
	return true;
}

/* The same as long as the folder is. */
static enum err
read_log(struct watchbook *book, struct why *why)
{
	struct kv_view *view = kv_view_open(book->kv);
	struct buf value = {0};
	uint8_t random[WATCHBOOK_LOG_LEN / 2];
	struct kv_write *write;
	enum err err = kv_get(view, BOOK_STATE, span_of("log"), &value, why);

	if (err == ERR_MISSING) {
		digest_random(random, sizeof(random));
		codec_hex(span_make(random, sizeof(random)), &value);
		write = kv_write_begin(book->kv);
		kv_write_put(
		    write, BOOK_STATE, span_of("log"), buf_span(&value));
		err = kv_write_end(write, true, why);
	}
	if (err == ERR_OK)
		snprintf(book->log, sizeof(book->log), "%s", buf_cstr(&value));
	if (err == ERR_OK)
		err = watchbook_each_watched(view, note_row, book);
	kv_view_close(view);
	buf_release(&value);
	return err;
}

struct watchbook *
watchbook_open(const char *folder, struct why *why)
{
	struct watchbook *book = mem_new(sizeof(*book));
	char path[PATH_SIZE];
	enum err err;

	book->maybe = mem_new(MAYBE_BITS / 8);
	file_path(path, sizeof(path), folder, "watches");
	err = kv_open(path, families, FAMILY_COUNT, &book->kv, why);
	if (err == ERR_OK)
		err = read_log(book, why);
	if (err == ERR_OK)
		return book;
	watchbook_close(book);
	return NULL;
}

void
watchbook_close(struct watchbook *book)
{
	if (book == NULL)
		return;
	kv_close(book->kv);
	mem_free(book->tallies);
	mem_free(book->maybe);
	mem_free(book);
}

const char *
watchbook_log(const struct watchbook *book)
{
	return book->log;
}

struct kv_view *
watchbook_view(struct watchbook *book)
{
	return kv_view_open(book->kv);
}

struct kv_write *
watchbook_begin(struct watchbook *book)
{
	return kv_write_begin(book->kv);
}

void
book_key(
    struct buf *key, const char *first, const char *second, const char *third)
{
	const char *const parts[] = {first, second, third};
	size_t i;

	for (i = 0; i < 3 && parts[i] != NULL; i++)
		buf_add(key, parts[i], strlen(parts[i]) + 1);
}

static void
put_row(struct kv_write *write, enum watchbook_family family, struct buf *key,
    struct span value)
{
	kv_write_put(write, family, buf_span(key), value);
	buf_release(key);
}

static void
delete_row(
    struct kv_write *write, enum watchbook_family family, struct buf *key)
{
	kv_write_delete(write, family, buf_span(key));
	buf_release(key);
}

void
watchbook_put(struct kv_write *write, const char *member,
    const struct watch *watch, const struct watched *watched)
{
	struct buf list = {0}, subject = {0};

	book_key(&list, member, watch->id, watched->subject);
	book_key(&subject, watched->subject, member, watch->id);
	put_row(write, BOOK_LISTS, &list, span_of(watched->consent));
	put_row(write, BOOK_SUBJECTS, &subject, span_of(watched->consent));
}

void
watchbook_remove(struct kv_write *write, const char *member, const char *watch,
    const char *subject)
{
	struct buf list = {0}, key = {0};

	book_key(&list, member, watch, subject);
	book_key(&key, subject, member, watch);
	delete_row(write, BOOK_LISTS, &list);
	delete_row(write, BOOK_SUBJECTS, &key);
}

void
watchbook_put_head(struct kv_write *write, const char *member,
    const struct watch *watch, int64_t created_us)
{
	struct buf key = {0}, value = {0};
	struct json_out out = {.buf = &value};

	book_key(&key, member, watch->id, NULL);
	buf_u64(&value, (uint64_t)created_us);
	json_open_object(&out, NULL);
	watch_print(watch, &out);
	json_close_object(&out);
	put_row(write, BOOK_HEADS, &key, buf_span(&value));
	buf_release(&value);
}

void
watchbook_remove_head(
    struct kv_write *write, const char *member, const char *watch)
{
	struct buf key = {0};

	book_key(&key, member, watch, NULL);
	delete_row(write, BOOK_HEADS, &key);
}

static enum err
read_head(struct span value, struct watch *watch, int64_t *created_us)
{
	struct watched *none;
	size_t count;

	if (value.len < 8)
		return ERR_INVALID;
	*created_us = (int64_t)store_parse_u64(value.ptr);
	return watch_parse(span_make(value.ptr + 8, value.len - 8), watch,
	    &none, &count, NULL);
}

enum err
watchbook_find(struct kv_view *view, const char *member, const char *id,
    struct watch *watch, int64_t *created_us)
{
	struct buf key = {0}, value = {0};
	enum err err;

	book_key(&key, member, id, NULL);
	err = kv_get(view, BOOK_HEADS, buf_span(&key), &value, NULL);
	if (err == ERR_OK)
		err = read_head(buf_span(&value), watch, created_us);
	buf_release(&key);
	buf_release(&value);
	return err;
}

struct head_walk {
	watchbook_watch_fn each;
	void *context;
	enum err err;
};

static bool
head_row(void *context, struct span key, struct span value)
{
	struct head_walk *walk = context;
	struct watch watch;
	int64_t created_us;

	(void)key;
	walk->err = read_head(value, &watch, &created_us);
	if (walk->err == ERR_OK)
		walk->each(walk->context, &watch, created_us);
	return walk->err == ERR_OK;
}

enum err
watchbook_each(struct kv_view *view, const char *member,
    watchbook_watch_fn each, void *context)
{
	struct head_walk walk = {each, context, ERR_OK};
	struct kv_range range = {.family = BOOK_HEADS};
	struct buf prefix = {0};
	enum err err;

	book_key(&prefix, member, NULL, NULL);
	range.prefix = buf_span(&prefix);
	err = kv_each(view, &range, head_row, &walk, NULL);
	buf_release(&prefix);
	return err != ERR_OK ? err : walk.err;
}

struct subject_walk {
	watchbook_subject_fn each;
	void *context;
	size_t before; /* bytes of the key that stand before the subject */
	char last[USCC_LEN + 1];
};

static bool
list_row(void *context, struct span key, struct span value)
{
	struct subject_walk *walk = context;

	return walk->each(walk->context,
	    span_make(key.ptr + walk->before, key.len - walk->before - 1),
	    value);
}

enum err
watchbook_each_subject(struct kv_view *view, const char *member,
    const char *watch, const char *after, watchbook_subject_fn each,
    void *context)
{
	struct subject_walk walk = {.each = each, .context = context};
	struct kv_range range = {.family = BOOK_LISTS};
	struct buf prefix = {0}, from = {0};
	enum err err;

	book_key(&prefix, member, watch, NULL);
	walk.before = prefix.len;
	range.prefix = buf_span(&prefix);
	if (after[0] != '\0') {
		/* Behind the row of `after` itself. */
		book_key(&from, member, watch, after);
		buf_char(&from, '\0');
	}
	range.from = buf_span(&from);
	err = kv_each(view, &range, list_row, &walk, NULL);
	buf_release(&prefix);
	buf_release(&from);
	return err;
}

struct watcher_walk {
	watchbook_watcher_fn each;
	void *context;
	size_t before;
};

static bool
watcher_row(void *context, struct span key, struct span value)
{
	struct watcher_walk *walk = context;
	const char *member = key.ptr + walk->before;

	walk->each(walk->context, member, member + strlen(member) + 1, value);
	return true;
}

enum err
watchbook_each_watcher(struct kv_view *view, struct span subject,
    watchbook_watcher_fn each, void *context)
{
	struct watcher_walk walk = {each, context, subject.len + 1};
	struct kv_range range = {.family = BOOK_SUBJECTS};
	struct buf prefix = {0};
	enum err err;

	buf_add(&prefix, subject.ptr, subject.len);
	buf_char(&prefix, '\0');
	range.prefix = buf_span(&prefix);
	err = kv_each(view, &range, watcher_row, &walk, NULL);
	buf_release(&prefix);
	return err;
}

static bool
watched_row(void *context, struct span key, struct span value)
{
	struct subject_walk *walk = context;
	struct span subject = span_make(key.ptr, strnlen(key.ptr, key.len));

	if (subject.len != USCC_LEN || span_is(subject, walk->last))
		return true;
	memcpy(walk->last, subject.ptr, USCC_LEN);
	return walk->each(walk->context, subject, value);
}

enum err
watchbook_each_watched(
    struct kv_view *view, watchbook_subject_fn each, void *context)
{
	struct subject_walk walk = {.each = each, .context = context};
	struct kv_range range = {.family = BOOK_SUBJECTS};

	return kv_each(view, &range, watched_row, &walk, NULL);
}

enum err
watchbook_known(struct kv_view *view, struct span key, struct known *known)
{
	struct buf value = {0};
	enum err err = kv_get(view, BOOK_KNOWN, key, &value, NULL);

	*known = (struct known){0};
	if (err == ERR_OK && value.len == 9) {
		known->version = store_parse_u64(value.data);
		known->state = (enum record_state)value.data[8];
	}
	buf_release(&value);
	return err == ERR_MISSING ? ERR_OK : err;
}

void
watchbook_put_known(
    struct kv_write *write, struct span key, const struct known *known)
{
	struct buf value = {0};

	buf_u64(&value, known->version);
	buf_char(&value, (char)known->state);
	kv_write_put(write, BOOK_KNOWN, key, buf_span(&value));
	buf_release(&value);
}

void
watchbook_forget_subject(struct kv_write *write, const char *subject)
{
	struct buf from = {0}, until = {0};

	book_key(&from, subject, NULL, NULL);
	buf_text(&until, subject);
	buf_char(&until, '\x01');
	kv_write_delete_range(
	    write, BOOK_KNOWN, buf_span(&from), buf_span(&until));
	buf_release(&from);
	buf_release(&until);
}

enum err
watchbook_position(struct kv_view *view, const char *stream, uint64_t *position)
{
	struct buf key = {0}, value = {0};
	enum err err;

	buf_print(&key, "p%s", stream);
	err = kv_get(view, BOOK_STATE, buf_span(&key), &value, NULL);
	*position = value.len == 8 ? store_parse_u64(value.data) : 0;
	buf_release(&key);
	buf_release(&value);
	return err == ERR_MISSING ? ERR_OK : err;
}

void
watchbook_put_position(
    struct kv_write *write, const char *stream, uint64_t position)
{
	struct buf key = {0}, value = {0};

	buf_print(&key, "p%s", stream);
	buf_u64(&value, position);
	put_row(write, BOOK_STATE, &key, buf_span(&value));
	buf_release(&value);
}

struct position_walk {
	watchbook_position_fn each;
	void *context;
};

static bool
position_row(void *context, struct span key, struct span value)
{
	struct position_walk *walk = context;
	char stream[STREAM_LEN + 1] = "";

	if (key.len != 1 + STREAM_LEN || value.len != 8)
		return true;
	memcpy(stream, key.ptr + 1, STREAM_LEN);
	walk->each(walk->context, stream, store_parse_u64(value.ptr));
	return true;
}

enum err
watchbook_each_position(
    struct kv_view *view, watchbook_position_fn each, void *context)
{
	struct position_walk walk = {each, context};
	struct kv_range range = {.family = BOOK_STATE, .prefix = span_of("p")};

	return kv_each(view, &range, position_row, &walk, NULL);
}
