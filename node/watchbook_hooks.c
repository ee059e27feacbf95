/*
 * watchbook_hooks: where members want to be called, and what could not be
 * brought there.
 */
#include <stdio.h>

#include "node/store_key.h"
#include "node/watchbook_inner.h"

/* hooks: member → after(u64) url secret, counted
 * dead: member first(u64) → last time attempts status (u64 each) again(u8) */
#define DEAD_LEN (4 * 8 + 1)

static bool
take_text(struct span *rest, char *out, size_t size, size_t *len)
{
	const uint8_t *at = (const uint8_t *)rest->ptr;

	if (rest->len < 4)
		return false;
	*len = (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 |
	       at[3];
	if (*len >= size || *len > rest->len - 4)
		return false;
	memcpy(out, rest->ptr + 4, *len);
	out[*len] = '\0';
	*rest = span_make(rest->ptr + 4 + *len, rest->len - 4 - *len);
	return true;
}

static enum err
read_place(struct span value, struct hook_place *place)
{
	struct span rest = value;
	size_t len;

	*place = (struct hook_place){0};
	if (value.len < 8)
		return ERR_INVALID;
	place->after = store_parse_u64(value.ptr);
	rest = span_make(value.ptr + 8, value.len - 8);
	if (!take_text(&rest, place->url, sizeof(place->url), &len) ||
	    !take_text(&rest, place->secret, sizeof(place->secret),
		&place->secret_len))
		return ERR_INVALID;
	return ERR_OK;
}

void
watchbook_put_hook(
    struct kv_write *write, const char *member, const struct hook_place *place)
{
	struct buf value = {0};

	buf_u64(&value, place->after);
	buf_counted(&value, span_of(place->url));
	buf_counted(&value, span_make(place->secret, place->secret_len));
	kv_write_put(write, BOOK_HOOKS, span_of(member), buf_span(&value));
	buf_release(&value);
}

void
watchbook_remove_hook(struct kv_write *write, const char *member)
{
	kv_write_delete(write, BOOK_HOOKS, span_of(member));
}

enum err
watchbook_find_hook(
    struct kv_view *view, const char *member, struct hook_place *place)
{
	struct buf value = {0};
	enum err err = kv_get(view, BOOK_HOOKS, span_of(member), &value, NULL);

	if (err == ERR_OK)
		err = read_place(buf_span(&value), place);
	buf_release(&value);
	return err;
}

struct hook_walk {
	watchbook_hook_fn each;
	void *context;
	enum err err;
};

static bool
hook_row(void *context, struct span key, struct span value)
{
	struct hook_walk *walk = context;
	char member[MEMBER_CODE_MAX + 1];
	struct hook_place place;

	snprintf(member, sizeof(member), "%.*s", (int)key.len, key.ptr);
	walk->err = read_place(value, &place);
	if (walk->err == ERR_OK)
		walk->each(walk->context, member, &place);
	return walk->err == ERR_OK;
}

enum err
watchbook_each_hook(struct kv_view *view, watchbook_hook_fn each, void *context)
{
	struct hook_walk walk = {each, context, ERR_OK};
	struct kv_range range = {.family = BOOK_HOOKS};
	enum err err = kv_each(view, &range, hook_row, &walk, NULL);

	return err != ERR_OK ? err : walk.err;
}

static void
dead_key(const char *member, uint64_t first, struct buf *key)
{
	book_key(key, member, NULL, NULL);
	buf_u64(key, first);
}

void
watchbook_put_dead(
    struct kv_write *write, const char *member, const struct dead *dead)
{
	struct buf key = {0}, value = {0};

	dead_key(member, dead->first, &key);
	buf_u64(&value, dead->last);
	buf_u64(&value, (uint64_t)dead->time_us);
	buf_u64(&value, dead->attempts);
	buf_u64(&value, dead->status);
	buf_char(&value, (char)dead->again);
	kv_write_put(write, BOOK_DEAD, buf_span(&key), buf_span(&value));
	buf_release(&key);
	buf_release(&value);
}

void
watchbook_remove_dead(
    struct kv_write *write, const char *member, uint64_t first)
{
	struct buf key = {0};

	dead_key(member, first, &key);
	kv_write_delete(write, BOOK_DEAD, buf_span(&key));
	buf_release(&key);
}

struct dead_walk {
	watchbook_dead_fn each;
	void *context;
};

static bool
dead_row(void *context, struct span key, struct span value)
{
	struct dead_walk *walk = context;
	struct dead dead;

	if (key.len < 8 || value.len != DEAD_LEN)
		return true;
	dead.first = store_parse_u64(key.ptr + key.len - 8);
	dead.last = store_parse_u64(value.ptr);
	dead.time_us = (int64_t)store_parse_u64(value.ptr + 8);
	dead.attempts = store_parse_u64(value.ptr + 16);
	dead.status = store_parse_u64(value.ptr + 24);
	dead.again = value.ptr[32] != 0;
	return walk->each(walk->context, &dead);
}

enum err
watchbook_each_dead(struct kv_view *view, const char *member,
    watchbook_dead_fn each, void *context)
{
	struct dead_walk walk = {each, context};
	struct kv_range range = {.family = BOOK_DEAD};
	struct buf prefix = {0};
	enum err err;

	book_key(&prefix, member, NULL, NULL);
	range.prefix = buf_span(&prefix);
	err = kv_each(view, &range, dead_row, &walk, NULL);
	buf_release(&prefix);
	return err;
}
