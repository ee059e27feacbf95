/*
 * window: sealed batches of one stream, as whoever is behind gets them.
 */
#include "node/window.h"

#include "base/log.h"

#define CREDITS_MAX 256
#define WINDOW_BYTES ((size_t)8 << 20)

struct window {
	struct arena *arena;
	struct span *sealed;
	size_t count;
};

static void
window_add(void *context, struct span sealed)
{
	struct window *window = context;
	char *copy = arena_take(window->arena, sealed.len);

	memcpy(copy, sealed.ptr, sealed.len);
	window->sealed[window->count++] = span_make(copy, sealed.len);
}

static enum err
window_fill(struct window *window, struct snapshot *snapshot,
    struct log_window *wanted, struct reply *reply)
{
	struct stream_state state = {0};
	struct why why = {""};
	enum err err = snapshot_stream(snapshot, wanted->stream, &state, &why);

	if (err == ERR_OK && wanted->count > 0)
		err = snapshot_each_sealed(
		    snapshot, wanted, window_add, window, &why);
	reply->newest = state.chain.position;
	reply->oldest = wanted->oldest;
	if (err == ERR_OK && window->count == 0 && wanted->count > 0 &&
	    wanted->after < state.chain.position) {
		err = ERR_TOO_OLD;
		reply->oldest = state.chain.position + 1;
	}
	if (err != ERR_OK && err != ERR_TOO_OLD)
		log_error("relay.store", "why=\"%s\"", why.text);
	return err;
}

enum err
window_read(struct store *store, const struct request *request,
    struct arena *arena, struct reply *reply)
{
	struct log_window wanted = {.stream = request->stream,
	    .after = request->after,
	    .count = request->credits,
	    .bytes = WINDOW_BYTES};
	struct window window = {.arena = arena};
	struct snapshot *snapshot = store_snapshot(store);
	enum err err;

	if (wanted.count > CREDITS_MAX)
		wanted.count = CREDITS_MAX;
	window.sealed =
	    arena_take(arena, (wanted.count + 1) * sizeof(*window.sealed));
	err = window_fill(&window, snapshot, &wanted, reply);
	snapshot_release(snapshot);
	memcpy(reply->stream, request->stream, sizeof(reply->stream));
	reply->kind = err == ERR_TOO_OLD ? REPLY_TOO_OLD : REPLY_BATCHES;
	reply->sealed = window.sealed;
	reply->sealed_count = err == ERR_OK ? window.count : 0;
	return err == ERR_TOO_OLD ? ERR_OK : err;
}

uint64_t
window_claimed(const struct reply *reply)
{
	struct batch_header header;
	struct sealed sealed;

	if (reply->sealed_count == 0 ||
	    unpack_sealed(reply->sealed[reply->sealed_count - 1], &sealed) !=
		ERR_OK ||
	    batch_header_parse(sealed.header, &header) != ERR_OK)
		return 0;
	return header.last;
}
