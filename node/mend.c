/*
 * mend: streams that batches do not help.
 */
#include "node/mend.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "node/adopt.h"
#include "node/apply.h"

/* An image that is being prepared; anything else that failed. */
#define SOON_US (CLOCK_SECOND / 2)
#define LATER_US (5 * CLOCK_SECOND)

struct mend {
	struct mend_settings settings;
	struct load *load;
};

struct mend *
mend_new(const struct mend_settings *settings)
{
	struct mend *mend = mem_new(sizeof(*mend));
	struct load_settings load = {.store = settings->store,
	    .keys = settings->keys,
	    .send = settings->ask,
	    .done = settings->loaded,
	    .context = settings->context};

	mend->settings = *settings;
	mend->load = load_new(&load);
	return mend;
}

void
mend_stop(struct mend *mend)
{
	load_stop(mend->load);
}

void
mend_free(struct mend *mend)
{
	if (mend == NULL)
		return;
	load_free(mend->load);
	mem_free(mend);
}

void
mend_on_reply(struct mend *mend, struct span message)
{
	load_on_reply(mend->load, message);
}

void
mend_doubt(struct mend *mend, const char *stream)
{
	struct followed *followed = parent_find(mend->settings.parent, stream);
	struct why why = {""};

	if (followed == NULL || followed->phase == FOLLOWED_LOADING)
		return;
	log_error("follow.doubt", "stream=%s", stream);
	if (apply_mark_diverged(mend->settings.store, &followed->state, &why) !=
	    ERR_OK)
		log_error("follow.store", "why=\"%s\"", why.text);
	parent_needs_image(followed);
}

void
mend_trust(struct mend *mend, const char *stream)
{
	struct followed *followed = parent_find(mend->settings.parent, stream);
	struct kv_write *write;
	struct why why = {""};

	if (followed == NULL || followed->state.diverged)
		return;
	followed->state.agreed_us = clock_now_us();
	write = kv_write_begin(store_kv(mend->settings.store));
	store_put_stream(write, &followed->state);
	if (kv_write_end(write, false, &why) != ERR_OK)
		log_error("follow.store", "why=\"%s\"", why.text);
}

void
mend_run(struct mend *mend)
{
	struct load_order order = {.peer = ""};
	struct followed *followed;

	load_hold(mend->load, room_is_short(mend->settings.room));
	if (load_is_busy(mend->load) || room_is_short(mend->settings.room))
		return;
	followed = parent_take_load(mend->settings.parent);
	if (followed == NULL)
		return;
	order.state = followed->state;
	order.least = order.state.chain.position + !order.state.diverged;
	snprintf(order.peer, sizeof(order.peer), "%s",
	    parent_peer(mend->settings.parent));
	load_begin(mend->load, &order);
}

bool
mend_is_loading(const struct mend *mend)
{
	return load_is_busy(mend->load);
}

static void
mend_count(const struct load_report *report, const struct stream_state *before)
{
	const char *label =
	    before->diverged ? "why=\"diverged\"" : "why=\"behind\"";
	uint64_t records = report->records.put + report->records.deleted;

	metric_add(metric_counter("rongxin_node_images_loaded_total", label,
		       "Images of streams that were taken in."),
	    1);
	metric_add(metric_counter("rongxin_node_image_chunks_total", label,
		       "Chunks of them that were not as ours and fetched."),
	    report->fetched);
	metric_add(metric_counter("rongxin_node_image_records_total", label,
		       "Records that they changed here."),
	    (int64_t)records);
	log_info("load.done",
	    "stream=%s position=%llu repaired=%d chunks=%u fetched=%u "
	    "records=%llu deleted=%llu",
	    report->stream, (unsigned long long)report->position,
	    before->diverged, report->chunks, report->fetched,
	    (unsigned long long)report->records.put,
	    (unsigned long long)report->records.deleted);
}

static void
mend_on_consent(void *context, struct span id, struct span jws, bool revoked)
{
	courier_on_consent(context, id, jws, revoked);
}

/* What was fetched is seen from here on, all of it at once. */
static void
mend_adopt(struct mend *mend, struct followed *followed,
    const struct load_report *report)
{
	struct stream_state before = followed->state;
	struct why why = {""};
	enum err err = adopt_image(mend->settings.store, &followed->state,
	    mend_on_consent, mend->settings.courier, &why);

	if (err != ERR_OK) {
		log_error("load.failed", "stream=%s err=%s why=\"%s\"",
		    report->stream, err_name(err), why.text);
		parent_load_again(followed, LATER_US, false);
		return;
	}
	parent_loaded(followed);
	mend_count(report, &before);
}

bool
mend_loaded(struct mend *mend, const struct load_report *report)
{
	struct followed *followed =
	    parent_find(mend->settings.parent, report->stream);

	if (followed == NULL)
		return false;
	if (report->outcome == LOAD_WHOLE)
		mend_adopt(mend, followed, report);
	else if (report->outcome == LOAD_PREPARING)
		parent_load_again(followed, SOON_US, false);
	else
		parent_load_again(followed, LATER_US, true);
	return report->outcome == LOAD_WHOLE &&
	       strcmp(report->stream, STREAM_CONTROL) == 0;
}
