/*
 * watchbook_events: each member's events, numbered without gaps.
 */
#include <stdio.h>

#include "node/store_key.h"
#include "node/watchbook_inner.h"

/* kind(u8) by_difference(u8) item(u32) stream(4) position version as_of
 * committed (u64 each), then subject, consent and watches, counted; of what
 * is corrected read_index and read_us (u64). */
#define HEAD_LEN (1 + 1 + 4 + STREAM_LEN + 4 * 8)

static void
print_event(const struct event *event, struct buf *value)
{
	buf_char(value, (char)event->kind);
	buf_char(value, (char)event->by_difference);
	buf_u32(value, event->item);
	buf_add(value, event->stream, STREAM_LEN);
	buf_u64(value, event->position);
	buf_u64(value, event->version);
	buf_u64(value, (uint64_t)event->as_of_us);
	buf_u64(value, (uint64_t)event->committed_us);
	buf_counted(value, event->subject);
	buf_counted(value, event->consent);
	buf_counted(value, event->watches);
	if (event->kind != CHANGE_CORRECTED)
		return;
	buf_u64(value, event->read_index);
	buf_u64(value, (uint64_t)event->read_us);
}

static uint32_t
parse_u32(const char *bytes)
{
	const uint8_t *at = (const uint8_t *)bytes;

	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

static bool
take_counted(struct span *rest, struct span *out)
{
	uint32_t len;

	if (rest->len < 4)
		return false;
	len = parse_u32(rest->ptr);
	if (rest->len - 4 < len)
		return false;
	*out = span_make(rest->ptr + 4, len);
	*rest = span_make(rest->ptr + 4 + len, rest->len - 4 - len);
	return true;
}

static bool
parse_event(struct span value, struct event *event)
{
	struct span rest = span_make(value.ptr + HEAD_LEN, 0);
	const char *at = value.ptr;

	if (value.len < HEAD_LEN)
		return false;
	rest.len = value.len - HEAD_LEN;
	event->kind = (enum change_kind)at[0];
	event->by_difference = at[1] != 0;
	event->item = parse_u32(at + 2);
	memcpy(event->stream, at + 6, STREAM_LEN);
	at += 6 + STREAM_LEN;
	event->position = store_parse_u64(at);
	event->version = store_parse_u64(at + 8);
	event->as_of_us = (int64_t)store_parse_u64(at + 16);
	event->committed_us = (int64_t)store_parse_u64(at + 24);
	if (!take_counted(&rest, &event->subject) ||
	    !take_counted(&rest, &event->consent) ||
	    !take_counted(&rest, &event->watches))
		return false;
	if (event->kind != CHANGE_CORRECTED)
		return true;
	if (rest.len != 2 * 8)
		return false;
	event->read_index = store_parse_u64(rest.ptr);
	event->read_us = (int64_t)store_parse_u64(rest.ptr + 8);
	return true;
}

static void
bounds_key(const char *member, struct buf *key)
{
	buf_print(key, "b%s", member);
}

static void
event_key(const char *member, uint64_t number, struct buf *key)
{
	book_key(key, member, NULL, NULL);
	buf_u64(key, number);
}

enum err
watchbook_bounds(struct kv_view *view, const char *member, uint64_t *newest,
    uint64_t *oldest)
{
	struct buf key = {0}, value = {0};
	enum err err;

	bounds_key(member, &key);
	err = kv_get(view, BOOK_STATE, buf_span(&key), &value, NULL);
	*newest = value.len == 16 ? store_parse_u64(value.data) : 0;
	*oldest = value.len == 16 ? store_parse_u64(value.data + 8) : 1;
	buf_release(&key);
	buf_release(&value);
	return err == ERR_MISSING ? ERR_OK : err;
}

static void
put_bounds(struct kv_write *write, const struct tally *tally)
{
	struct buf key = {0}, value = {0};

	bounds_key(tally->member, &key);
	buf_u64(&value, tally->newest);
	buf_u64(&value, tally->oldest);
	kv_write_put(write, BOOK_STATE, buf_span(&key), buf_span(&value));
	buf_release(&key);
	buf_release(&value);
}

/* What a write that is not finished has given counts already.  NULL: the
 * database failed. */
static struct tally *
find_tally(struct watchbook *book, const char *member)
{
	struct kv_view *view;
	struct tally *tally;
	enum err err;
	size_t i;

	for (i = 0; i < book->tally_count; i++)
		if (strcmp(book->tallies[i].member, member) == 0)
			return &book->tallies[i];
	book->tallies =
	    mem_grow(book->tallies, (i + 1) * sizeof(*book->tallies));
	tally = &book->tallies[i];
	snprintf(tally->member, sizeof(tally->member), "%s", member);
	view = kv_view_open(book->kv);
	err = watchbook_bounds(view, member, &tally->newest, &tally->oldest);
	kv_view_close(view);
	if (err != ERR_OK)
		return NULL;
	book->tally_count++;
	return tally;
}

void
watchbook_forget(struct watchbook *book)
{
	book->tally_count = 0;
}

enum err
watchbook_add(struct watchbook *book, struct kv_write *write,
    const char *member, struct event *event)
{
	struct tally *tally = find_tally(book, member);
	struct buf key = {0}, value = {0};

	if (tally == NULL)
		return ERR_DATABASE;
	event->number = ++tally->newest;
	event_key(member, event->number, &key);
	print_event(event, &value);
	kv_write_put(write, BOOK_EVENTS, buf_span(&key), buf_span(&value));
	put_bounds(write, tally);
	buf_release(&key);
	buf_release(&value);
	return ERR_OK;
}

struct event_walk {
	watchbook_event_fn each;
	void *context;
	enum err err;
};

static bool
event_row(void *context, struct span key, struct span value)
{
	struct event_walk *walk = context;
	struct event event = {0};

	if (key.len < 8 || !parse_event(value, &event)) {
		walk->err = ERR_INVALID;
		return false;
	}
	event.number = store_parse_u64(key.ptr + key.len - 8);
	return walk->each(walk->context, &event);
}

enum err
watchbook_each_event(struct kv_view *view, const char *member, uint64_t after,
    watchbook_event_fn each, void *context)
{
	struct event_walk walk = {each, context, ERR_OK};
	struct kv_range range = {.family = BOOK_EVENTS};
	struct buf prefix = {0}, from = {0};
	enum err err;

	book_key(&prefix, member, NULL, NULL);
	event_key(member, after + 1, &from);
	range.prefix = buf_span(&prefix);
	range.from = buf_span(&from);
	err = kv_each(view, &range, event_row, &walk, NULL);
	buf_release(&prefix);
	buf_release(&from);
	return err != ERR_OK ? err : walk.err;
}

/* One member's events that are too old are a range. */
struct trimming {
	struct watchbook *book;
	struct kv_write *write;
	int64_t before_us;
	uint64_t until; /* the first that stays */
	enum err err;
};

static bool
trim_event(void *context, const struct event *event)
{
	struct trimming *trimming = context;

	if (event->committed_us >= trimming->before_us)
		return false;
	trimming->until = event->number + 1;
	return true;
}

static void
trim_range(struct trimming *trimming, const char *member)
{
	struct tally *tally = find_tally(trimming->book, member);
	struct buf from = {0}, until = {0};

	if (tally == NULL) {
		trimming->err = ERR_DATABASE;
		return;
	}
	event_key(member, 0, &from);
	event_key(member, trimming->until, &until);
	kv_write_delete_range(
	    trimming->write, BOOK_EVENTS, buf_span(&from), buf_span(&until));
	tally->oldest = trimming->until;
	put_bounds(trimming->write, tally);
	buf_release(&from);
	buf_release(&until);
}

static void
trim_member(struct trimming *trimming, const char *member)
{
	struct kv_view *view = kv_view_open(trimming->book->kv);

	trimming->until = 0;
	trimming->err =
	    watchbook_each_event(view, member, 0, trim_event, trimming);
	if (trimming->err == ERR_OK && trimming->until > 0)
		trim_range(trimming, member);
	kv_view_close(view);
}

static bool
trim_row(void *context, struct span key, struct span value)
{
	struct trimming *trimming = context;
	char member[MEMBER_CODE_MAX + 1] = "";

	(void)value;
	if (key.len < 2 || key.len > sizeof(member))
		return true;
	memcpy(member, key.ptr + 1, key.len - 1);
	trim_member(trimming, member);
	return trimming->err == ERR_OK;
}

enum err
watchbook_trim(struct watchbook *book, int64_t before_us)
{
	struct trimming trimming = {
	    book, kv_write_begin(book->kv), before_us, 0, ERR_OK};
	struct kv_range range = {.family = BOOK_STATE, .prefix = span_of("b")};
	struct kv_view *view = kv_view_open(book->kv);
	enum err err = kv_each(view, &range, trim_row, &trimming, NULL);

	kv_view_close(view);
	if (err == ERR_OK)
		err = trimming.err;
	if (err == ERR_OK)
		return kv_write_end(trimming.write, false, NULL);
	kv_write_cancel(trimming.write);
	watchbook_forget(book);
	return err;
}
