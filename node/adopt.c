/*
 * adopt: an image that waits whole becomes what this node holds.
 */
#include "node/adopt.h"

#include "base/clock.h"
#include "base/log.h"
#include "node/staging.h"
#include "wire/pack.h"

struct adoption {
	struct store *store;
	struct staging *staging;
	struct staging_whole whole;
	struct batch_header header;
	struct stream_state next;
	bool same_log; /* it repairs: the log stays */
};

static enum err
adoption_write(struct adoption *adoption, struct why *why)
{
	struct kv_write *write = kv_write_begin(store_kv(adoption->store));
	const char *stream = adoption->next.chain.stream;

	if (!adoption->same_log)
		store_restart_log(write, stream, adoption->header.first,
		    buf_span(&adoption->whole.sealed));
	store_put_stream(write, &adoption->next);
	return kv_write_end(write, true, why);
}

static enum err
adoption_read(struct adoption *adoption, const struct stream_state *state,
    struct why *why)
{
	const struct staging_mark *mark = staging_mark(adoption->staging);
	struct staging_whole *whole = &adoption->whole;
	struct sealed sealed;
	enum err err = staging_whole(adoption->staging, whole, why);

	if (err != ERR_OK)
		return err;
	if (mark->base.position != state->chain.position ||
	    !digest_equal(&mark->base.head, &state->chain.head))
		return ERR_SEEN;
	err = unpack_sealed_head(buf_span(&whole->sealed), &sealed);
	if (err == ERR_OK)
		err = batch_header_parse(sealed.header, &adoption->header);
	return err == ERR_OK ? ERR_OK : ERR_SEEN;
}

static void
adoption_state(struct adoption *adoption, const struct stream_state *state)
{
	const struct batch_header *header = &adoption->header;
	struct stream_state *next = &adoption->next;

	*next = *state;
	next->chain.position = header->last;
	next->chain.head = batch_header_hash(header);
	next->sum = adoption->whole.sum;
	next->committed_us = header->committed_us;
	next->applied_us = next->agreed_us = clock_now_us();
	next->diverged = next->half = false;
	adoption->same_log =
	    header->last == state->chain.position && state->log_bytes > 0;
	if (!adoption->same_log)
		next->log_bytes = adoption->whole.sealed.len;
}

static enum err
adoption_ingest(struct adoption *adoption, struct why *why)
{
	size_t count;
	const char *const *paths = staging_paths(adoption->staging, &count);

	return kv_ingest(
	    store_kv(adoption->store), STORE_RECORDS, paths, count, why);
}

static enum err
adoption_mark_half(struct adoption *adoption, const struct stream_state *state,
    struct why *why)
{
	struct kv_write *write = kv_write_begin(store_kv(adoption->store));
	struct stream_state half = *state;

	half.half = true;
	store_put_stream(write, &half);
	return kv_write_end(write, true, why);
}

static enum err
adoption_run(struct adoption *adoption, const struct stream_state *state,
    control_consent_fn each, void *context, struct why *why)
{
	bool control = strcmp(state->chain.stream, STREAM_CONTROL) == 0;
	enum err err = ERR_OK;

	adoption_state(adoption, state);
	if (control)
		err = adoption_mark_half(adoption, state, why);
	if (err == ERR_OK)
		err = adoption_ingest(adoption, why);
	if (err == ERR_OK && control)
		err = control_rebuild(adoption->store, each, context, why);
	if (err == ERR_OK)
		err = adoption_write(adoption, why);
	return err;
}

enum err
adopt_image(struct store *store, struct stream_state *state,
    control_consent_fn each, void *context, struct why *why)
{
	struct adoption adoption = {.store = store};
	enum err err;

	adoption.staging =
	    staging_open(store_folder(store), state->chain.stream, why);
	if (adoption.staging == NULL)
		return ERR_IO;
	err = adoption_read(&adoption, state, why);
	if (err == ERR_OK)
		err = adoption_run(&adoption, state, each, context, why);
	if (err == ERR_OK)
		*state = adoption.next;
	if (err == ERR_OK || err == ERR_SEEN)
		staging_clear(adoption.staging);
	buf_release(&adoption.whole.sealed);
	staging_close(adoption.staging);
	return err;
}

struct waiting {
	struct store *store;
	struct why *why;
	enum err err;
};

static void
waiting_adopt(void *context, const char *stream)
{
	struct waiting *waiting = context;
	struct snapshot *newest = store_newest(waiting->store);
	struct stream_state state;
	enum err err;

	err = snapshot_stream(newest, stream, &state, waiting->why);
	if (err == ERR_OK)
		err = adopt_image(
		    waiting->store, &state, NULL, NULL, waiting->why);
	if (err == ERR_OK)
		log_info("load.adopted", "stream=%s position=%llu", stream,
		    (unsigned long long)state.chain.position);
	else if (err != ERR_MISSING && err != ERR_SEEN)
		waiting->err = err;
	snapshot_release(newest);
}

enum err
adopt_waiting(struct store *store, struct why *why)
{
	struct waiting waiting = {store, why, ERR_OK};

	staging_each(store_folder(store), waiting_adopt, &waiting);
	return waiting.err;
}
