/*
 * follow: what the parent sends becomes what this node holds.
 */
#include "node/follow.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/work.h"
#include "credit/lease.h"
#include "node/replica.h"
#include "node/status.h"
#include "node/world.h"

#define IDLE_MS 100
#define LIVE_WAITING 256 /* what comes then is fetched later */
#define STATUS_US (2 * CLOCK_SECOND)

struct follow {
	struct follow_settings settings;
	struct worker *worker;
	struct bus *bus; /* NULL: not attached */
	struct parent *parent;
	struct courier *courier;
	struct replica *replica;
	struct snapshot *newest;
	struct arena *arena;
	struct verifier *batch_key, *catalogue_key;
	struct lease lease;
	bool unsynced;      /* something was applied since the last sync */
	bool world_changed; /* members or catalogue came */
	int64_t status_us;  /* monotonic: when the last one was sent */
	struct metric *lease_metric;
};

enum job_kind {
	JOB_ATTACH,
	JOB_LINK,
	JOB_LIVE,
	JOB_REPLY,
	JOB_LETTER,
	JOB_PASS_ON
};

struct job {
	enum job_kind kind;
	struct bus *bus;
	struct letter *letter;
	struct buf bytes;
};

static void
job_free(struct job *job)
{
	buf_release(&job->bytes);
	mem_free(job);
}

static const struct world *
follow_world(struct follow *follow)
{
	return shared_hold(follow->settings.world);
}

/* Which streams are ours changes with our own member document. */
static void
follow_renew_world(struct follow *follow)
{
	struct why why = {""};
	struct world *world = world_read(follow->newest, follow->catalogue_key,
	    follow->settings.own_code, &why);

	follow->world_changed = false;
	if (world == NULL) {
		log_error("follow.world", "why=\"%s\"", why.text);
		return;
	}
	parent_subscribe(follow->parent, world->self);
	log_info("follow.world", "members=%zu catalogue=%llu",
	    world->member_count,
	    world->catalog == NULL
		? 0ull
		: (unsigned long long)catalog_version(world->catalog));
	shared_swap(follow->settings.world, world);
}

static bool
follow_is_ours(struct follow *follow, const char *stream)
{
	const struct world *world;
	bool ours;

	if (strcmp(stream, STREAM_CONTROL) == 0)
		return true;
	world = follow_world(follow);
	ours = world != NULL && world->self != NULL &&
	       member_holds(world->self, stream);
	shared_drop(follow->settings.world, world);
	return ours;
}

/* Where we left off; NULL when the store fails. */
static struct followed *
follow_begin(struct follow *follow, const char *stream)
{
	struct followed *followed = parent_find(follow->parent, stream);
	struct stream_state state;
	struct why why = {""};

	if (followed != NULL)
		return followed;
	if (snapshot_stream(follow->newest, stream, &state, &why) != ERR_OK) {
		log_error("follow.store", "why=\"%s\"", why.text);
		return NULL;
	}
	return parent_follow(follow->parent, &state);
}

static void
follow_note_control(struct follow *follow, const struct taken *taken)
{
	const struct record *record;
	size_t i;

	for (i = 0; i < taken->count; i++) {
		record = &taken->records[i];
		if (record->item == CONTROL_CONSENT)
			courier_on_consent(follow->courier, record->key,
			    record->state == RECORD_WITHDRAWN);
		else
			follow->world_changed = true;
	}
}

/* Children get the very bytes that the hub signed. */
static void
follow_publish(struct follow *follow, const char *topic, enum live_kind kind,
    struct span packed)
{
	struct buf message = {0};

	if (follow->bus == NULL || !follow->settings.serves)
		return;
	pack_live(kind, packed, &message);
	bus_publish(follow->bus, topic, buf_span(&message));
	buf_release(&message);
}

static enum err
follow_sealed(struct follow *follow, struct span sealed)
{
	struct taken taken;
	enum err err =
	    replica_take(follow->replica, follow->parent, sealed, &taken);

	if (err == ERR_OK) {
		follow->unsynced = true;
		parent_applied(taken.followed);
		if (strcmp(taken.header.stream, STREAM_CONTROL) == 0)
			follow_note_control(follow, &taken);
		/* A child that learns from this what it may hear will ask at
		 * once: then we know it too. */
		if (follow->world_changed && follow->settings.serves)
			follow_renew_world(follow);
		follow_publish(
		    follow, taken.header.stream, LIVE_SEALED, sealed);
	} else if (err == ERR_GAP) {
		parent_heard(taken.followed, taken.header.last);
	} else if (err != ERR_SEEN && taken.followed != NULL) {
		parent_refused(taken.followed);
	}
	return err;
}

static void
follow_heads(struct follow *follow, const struct pulse *pulse)
{
	struct followed *followed;
	size_t i;

	for (i = 0; i < pulse->head_count; i++) {
		const struct stream_head *head = &pulse->heads[i];

		if (!follow_is_ours(follow, head->stream))
			continue;
		followed = follow_begin(follow, head->stream);
		if (followed != NULL)
			parent_heard(followed, head->position);
	}
}

static uint64_t
pulse_control_position(const struct pulse *pulse)
{
	size_t i;

	for (i = 0; i < pulse->head_count; i++)
		if (strcmp(pulse->heads[i].stream, STREAM_CONTROL) == 0)
			return pulse->heads[i].position;
	return 0;
}

static void
follow_renew_lease(struct follow *follow, const struct pulse *pulse)
{
	struct lease *lease = mem_new(sizeof(*lease));

	lease_renew(&follow->lease, pulse->hub_time_us, clock_tick_us(),
	    pulse_control_position(pulse));
	*lease = follow->lease;
	shared_swap(follow->settings.lease, lease);
}

static void
follow_pulse(struct follow *follow, struct span packed)
{
	struct pulse pulse;

	arena_reset(follow->arena);
	if (unpack_pulse(packed, follow->batch_key, follow->arena, &pulse) !=
	    ERR_OK) {
		log_warn("follow.pulse", "refused=1");
		return;
	}
	if (pulse.hub_time_us <= follow->lease.hub_us)
		return;
	follow_renew_lease(follow, &pulse);
	follow_heads(follow, &pulse);
	follow_publish(follow, "pulse", LIVE_PULSE, packed);
}

static void
follow_live(struct follow *follow, struct span message)
{
	enum live_kind kind;
	struct span packed;

	if (unpack_live(message, &kind, &packed) != ERR_OK)
		log_warn("follow.live", "refused=1");
	else if (kind == LIVE_PULSE)
		follow_pulse(follow, packed);
	else
		(void)follow_sealed(follow, packed);
}

/* What does not follow on from here is asked for again, but not at once: the
 * same question would get the same answer. */
static void
follow_batches(
    struct follow *follow, struct followed *followed, const struct reply *reply)
{
	enum err err = ERR_OK;
	size_t i;

	for (i = 0; i < reply->sealed_count; i++) {
		err = follow_sealed(follow, reply->sealed[i]);
		if (err != ERR_OK && err != ERR_SEEN)
			break;
	}
	if (i < reply->sealed_count)
		parent_refused(followed);
}

static void
follow_reply(struct follow *follow, struct span message)
{
	struct arena *arena = arena_new();
	struct followed *followed;
	struct reply reply;

	if (unpack_reply(message, arena, &reply) != ERR_OK) {
		log_warn("follow.reply", "refused=1");
	} else if (!courier_on_reply(follow->courier, &reply)) {
		followed = parent_take_reply(follow->parent, &reply);
		if (followed != NULL && reply.kind == REPLY_BATCHES)
			follow_batches(follow, followed, &reply);
		else if (reply.kind == REPLY_REFUSAL)
			log_warn("follow.refusal", "reason=%.*s",
			    (int)reply.reason.len, reply.reason.ptr);
	}
	arena_free(arena);
}

static void
follow_send_upward(struct follow *follow, struct span upward)
{
	struct request request = {.kind = REQUEST_UPWARD, .upward = upward};

	parent_send(follow->parent, &request);
}

static void
follow_send_status(struct follow *follow)
{
	struct status_source source = {.parent = follow->parent,
	    .trail = follow->settings.trail,
	    .signer = follow->settings.signer,
	    .own_code = follow->settings.own_code,
	    .parent_name = follow->settings.parent_name};
	struct buf upward = {0};

	if (clock_tick_us() - follow->status_us < STATUS_US ||
	    follow->bus == NULL)
		return;
	follow->status_us = clock_tick_us();
	if (status_pack(&source, courier_next_sequence(follow->courier),
		&upward) == ERR_OK)
		follow_send_upward(follow, buf_span(&upward));
	buf_release(&upward);
}

/* Once for all batches of a group. */
static void
follow_sync(struct follow *follow)
{
	struct why why = {""};

	if (!follow->unsynced)
		return;
	if (kv_sync(store_kv(follow->settings.store), &why) != ERR_OK)
		log_error("follow.sync", "why=\"%s\"", why.text);
	else
		follow->unsynced = false;
}

/* The only cure is a new start, which moves the store aside. */
static void
follow_check_store(struct follow *follow)
{
	if (!store_is_damaged(follow->settings.store))
		return;
	log_error("store.damaged", "stopping=1");
	store_condemn(follow->settings.store);
	kill(getpid(), SIGTERM);
}

static void
follow_tick(void *context)
{
	struct follow *follow = context;

	follow_sync(follow);
	if (follow->world_changed)
		follow_renew_world(follow);
	parent_pump(follow->parent);
	courier_tick(follow->courier);
	follow_send_status(follow);
	metric_set(follow->lease_metric,
	    follow->lease.hub_us == 0
		? -1
		: (clock_tick_us() - follow->lease.tick_us) / CLOCK_SECOND);
	follow_check_store(follow);
}

static void
follow_start_talking(struct follow *follow, struct bus *bus)
{
	const struct world *world = follow_world(follow);

	follow->bus = bus;
	parent_attach(follow->parent, bus);
	parent_subscribe(follow->parent, world != NULL ? world->self : NULL);
	shared_drop(follow->settings.world, world);
	parent_pump(follow->parent);
}

static void
follow_handle(struct follow *follow, struct job *job)
{
	switch (job->kind) {
	case JOB_ATTACH:
		follow_start_talking(follow, job->bus);
		break;
	case JOB_LINK:
		parent_on_link(follow->parent);
		break;
	case JOB_LIVE:
		follow_live(follow, buf_span(&job->bytes));
		break;
	case JOB_REPLY:
		follow_reply(follow, buf_span(&job->bytes));
		break;
	case JOB_LETTER:
		courier_take(follow->courier, job->letter);
		break;
	case JOB_PASS_ON:
		follow_send_upward(follow, buf_span(&job->bytes));
		break;
	}
}

static void
follow_run(struct follow *follow, struct job *job)
{
	follow_handle(follow, job);
	/* The streams of a member that just came are ours now. */
	if (follow->world_changed)
		follow_renew_world(follow);
}

/* Letters first: a revocation must not wait for batches. */
static void
follow_on_jobs(void *context, void **jobs, size_t count)
{
	struct follow *follow = context;
	struct job *job;
	size_t i;

	for (i = 0; i < count; i++) {
		job = jobs[i];
		if (job->kind == JOB_LETTER)
			follow_run(follow, job);
	}
	for (i = 0; i < count; i++) {
		job = jobs[i];
		if (job->kind != JOB_LETTER)
			follow_run(follow, job);
		job_free(job);
	}
	follow_tick(follow);
}

static void
follow_on_stream(void *context, const struct stream_state *state)
{
	struct follow *follow = context;

	if (follow_is_ours(follow, state->chain.stream))
		parent_follow(follow->parent, state);
}

static enum err
follow_prepare(struct follow *follow, struct why *why)
{
	const struct follow_settings *settings = &follow->settings;
	struct courier_settings letters = {.store = settings->store,
	    .signer = settings->signer,
	    .own_code = settings->own_code};

	follow->newest = store_newest(settings->store);
	follow->arena = arena_new();
	follow->batch_key = verifier_new(settings->batch_key);
	follow->catalogue_key = verifier_new(settings->catalogue_key);
	follow->replica = replica_new(settings->store, settings->batch_key);
	follow->parent = parent_new(settings->own_code);
	follow->lease.term_us = settings->lease_us;
	letters.parent = follow->parent;
	follow->courier = courier_new(&letters, why);
	if (follow->courier == NULL)
		return ERR_DATABASE;
	follow_renew_world(follow);
	if (follow_begin(follow, STREAM_CONTROL) == NULL)
		return why_set(why, ERR_DATABASE, "cannot read the store");
	return snapshot_each_stream(
	    follow->newest, follow_on_stream, follow, why);
}

struct follow *
follow_open(const struct follow_settings *settings, struct why *why)
{
	struct follow *follow = mem_new(sizeof(*follow));

	follow->settings = *settings;
	follow->lease_metric = metric_gauge("rongxin_node_lease_age_seconds",
	    "", "Age of the newest signed pulse; -1: none yet.");
	if (follow_prepare(follow, why) != ERR_OK) {
		follow_free(follow);
		return NULL;
	}
	follow->worker = worker_new_batch(
	    "follow", follow_on_jobs, follow_tick, IDLE_MS, follow);
	return follow;
}

void
follow_stop(struct follow *follow)
{
	worker_stop(follow->worker);
}

void
follow_free(struct follow *follow)
{
	if (follow == NULL)
		return;
	worker_free(follow->worker);
	courier_free(follow->courier);
	parent_free(follow->parent);
	replica_free(follow->replica);
	snapshot_release(follow->newest);
	arena_free(follow->arena);
	verifier_free(follow->batch_key);
	verifier_free(follow->catalogue_key);
	mem_free(follow);
}

static bool
follow_post(struct follow *follow, const struct job *what, size_t limit)
{
	struct job *job = mem_copy(what, sizeof(*what));

	if (worker_post(follow->worker, job, limit))
		return true;
	job_free(job);
	return false;
}

static void
follow_post_bytes(
    struct follow *follow, enum job_kind kind, struct span bytes, size_t limit)
{
	struct job job = {.kind = kind};

	buf_add(&job.bytes, bytes.ptr, bytes.len);
	follow_post(follow, &job, limit);
}

void
follow_attach(struct follow *follow, struct bus *bus)
{
	struct job job = {.kind = JOB_ATTACH, .bus = bus};

	follow_post(follow, &job, 0);
}

void
follow_on_link(struct follow *follow)
{
	struct job job = {.kind = JOB_LINK};

	follow_post(follow, &job, 0);
}

void
follow_on_live(struct follow *follow, struct span message)
{
	follow_post_bytes(follow, JOB_LIVE, message, LIVE_WAITING);
}

void
follow_on_reply(struct follow *follow, struct span message)
{
	follow_post_bytes(follow, JOB_REPLY, message, 0);
}

void
follow_pass_on(struct follow *follow, struct span upward)
{
	follow_post_bytes(follow, JOB_PASS_ON, upward, LIVE_WAITING);
}

void
follow_carry(struct follow *follow, struct letter *letter)
{
	struct job job = {.kind = JOB_LETTER, .letter = letter};

	if (follow_post(follow, &job, 0))
		return;
	letter->done(letter->context, COURIER_FAILED);
	letter_free(letter);
}
