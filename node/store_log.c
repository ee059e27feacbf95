/*
 * store_log: the sealed batches of the store, for children and for images.
 */
#include "credit/chain.h"
#include "node/store.h"
#include "node/store_key.h"
#include "wire/pack.h"

static enum err
sealed_read(struct span packed, struct batch_header *header, bool *whole)
{
	struct sealed sealed;

	*whole = unpack_sealed(packed, &sealed) == ERR_OK;
	if (!*whole && unpack_sealed_head(packed, &sealed) != ERR_OK)
		return ERR_INVALID;
	return batch_header_parse(sealed.header, header);
}

bool
store_sealed_header(struct span packed, struct batch_header *header)
{
	bool whole;

	return sealed_read(packed, header, &whole) == ERR_OK;
}

struct sealed_walk {
	struct log_window *window;
	sealed_fn each;
	void *context;
	size_t count, bytes;
	enum err err;
};

/* The first one must be that which `after` asks for. */
static enum err
sealed_walk_check(struct sealed_walk *walk, struct span packed)
{
	struct log_window *window = walk->window;
	struct batch_header header;
	bool whole;

	if (walk->count > 0)
		return ERR_OK;
	if (sealed_read(packed, &header, &whole) != ERR_OK)
		return ERR_INVALID;
	if (header.last <= window->after)
		return ERR_SEEN;
	if (whole && header.first <= window->after + 1)
		return ERR_OK;
	window->oldest = whole ? header.first : header.last + 1;
	return ERR_TOO_OLD;
}

static bool
sealed_walk_row(void *context, struct span key, struct span value)
{
	struct sealed_walk *walk = context;
	enum err err = sealed_walk_check(walk, value);

	(void)key;
	if (err == ERR_SEEN)
		return true;
	walk->err = err;
	if (err != ERR_OK ||
	    (walk->count > 0 && walk->bytes + value.len > walk->window->bytes))
		return false;
	walk->each(walk->context, value);
	walk->bytes += value.len;
	return ++walk->count < walk->window->count;
}

/* Where the batch with position after + 1 begins, or the next one. */
static enum err
log_seek(struct snapshot *snapshot, const struct log_window *window,
    struct buf *from, struct why *why)
{
	struct buf value = {0}, until = {0};
	struct kv_range range = {
	    .family = STORE_SEALED, .prefix = span_of(window->stream)};
	uint64_t after = window->after;
	enum err err;

	/* No position is so large. */
	store_sealed_key(window->stream,
	    after > UINT64_MAX - 2 ? UINT64_MAX : after + 2, &until);
	range.until = buf_span(&until);
	err = kv_last(snapshot_view(snapshot), &range, from, &value, why);
	if (err == ERR_MISSING) {
		store_sealed_key(window->stream, 0, from);
		err = ERR_OK;
	}
	buf_release(&until);
	buf_release(&value);
	return err;
}

enum err
snapshot_each_sealed(struct snapshot *snapshot, struct log_window *window,
    sealed_fn each, void *context, struct why *why)
{
	struct sealed_walk walk = {window, each, context, 0, 0, ERR_OK};
	struct kv_range range = {.family = STORE_SEALED};
	struct buf from = {0};
	enum err err = log_seek(snapshot, window, &from, why);

	range.prefix = span_of(window->stream);
	range.from = buf_span(&from);
	if (err == ERR_OK)
		err = kv_each(snapshot_view(snapshot), &range, sealed_walk_row,
		    &walk, why);
	buf_release(&from);
	return err != ERR_OK ? err : walk.err;
}

enum err
snapshot_newest_sealed(struct snapshot *snapshot, const char *stream,
    struct buf *sealed, struct why *why)
{
	struct buf key = {0}, until = {0};
	struct kv_range range = {
	    .family = STORE_SEALED, .prefix = span_of(stream)};
	enum err err;

	store_sealed_key(stream, UINT64_MAX, &until);
	range.until = buf_span(&until);
	err = kv_last(snapshot_view(snapshot), &range, &key, sealed, why);
	buf_release(&key);
	buf_release(&until);
	return err;
}

void
store_put_sealed(struct kv_write *write, const char *stream, uint64_t first,
    struct span sealed)
{
	struct buf key = {0};

	store_sealed_key(stream, first, &key);
	kv_write_put(write, STORE_SEALED, buf_span(&key), sealed);
	buf_release(&key);
}

void
store_trim_log(struct kv_write *write, const char *stream, uint64_t until)
{
	struct buf from = {0}, to = {0};

	store_sealed_key(stream, 0, &from);
	store_sealed_key(stream, until, &to);
	kv_write_delete_range(
	    write, STORE_SEALED, buf_span(&from), buf_span(&to));
	buf_release(&from);
	buf_release(&to);
}

void
store_restart_log(struct kv_write *write, const char *stream, uint64_t first,
    struct span sealed_head)
{
	store_trim_log(write, stream, UINT64_MAX);
	store_put_sealed(write, stream, first, sealed_head);
}
