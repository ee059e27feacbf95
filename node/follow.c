/*
 * follow: the thread that follows the parent and writes the store.
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
#include "node/carrier.h"
#include "node/forward.h"
#include "node/freight.h"
#include "node/guard.h"
#include "node/porter.h"
#include "node/reporter.h"
#include "node/status.h"
#include "node/syncer.h"

#define IDLE_MS 100
/* Jobs that wait; what comes then is dropped, and fetched or asked again. */
#define LIVE_WAITING 64
#define REPLY_WAITING 80
#define URGENT_WAITING 256
#define ALERTS_US (60 * CLOCK_SECOND)
#define STATUS_US (2 * CLOCK_SECOND)
#define TRIM_US (5 * CLOCK_SECOND)

struct follow {
	struct follow_settings settings;
	struct worker *worker;
	struct intake *intake;
	struct syncer *syncer;
	struct parent *parent;   /* the intake's */
	struct courier *courier; /* the intake's */
	struct forward *forward;
	struct reporter *reporter; /* NULL: no trail */
	struct carrier *carrier;   /* NULL: no freight folder */
	struct porter *porter;     /* NULL: no folder of materials */
	int64_t status_us;         /* monotonic: when the last one was sent */
	int64_t alerts_us;         /* the same */
	uint64_t told_alerts;      /* serial of the list */
	int64_t trim_us;   /* monotonic: when the log was trimmed last */
	bool condemned;    /* the store is damaged and the stop is asked */
	struct span *live; /* messages of the jobs at hand */
	struct metric *lease_metric, *merging_metric;
};

enum job_kind {
	JOB_ATTACH,
	JOB_LINK,
	JOB_LIVE,
	JOB_REPLY,
	JOB_LETTER,
	JOB_PASS_ON,
	JOB_FORWARD,
	JOB_SHIP,
	JOB_LOADED,
	JOB_SYNCED,
	JOB_DOUBT,
	JOB_TRUST
};

struct job {
	enum job_kind kind;
	bool urgent; /* consents and revocations do not wait for batches */
	struct bus *bus;
	struct letter *letter;
	struct load_report report;
	enum err err; /* synced */
	struct buf bytes;
	forward_done_fn done;                         /* forward */
	char name[FREIGHT_NAME_SIZE];                 /* ship */
	void (*shipped)(void *context, enum err err); /* ship */
	void *context;
};

static void
job_free(struct job *job)
{
	buf_release(&job->bytes);
	mem_free(job);
}

static void
follow_send_upward(struct follow *follow, struct span upward)
{
	struct request request = {.kind = REQUEST_UPWARD, .upward = upward};

	parent_send(follow->parent, &request);
}

/* All of them whenever one has changed, and now and then, for they are not
 * acknowledged. */
static void
follow_send_alerts(struct follow *follow)
{
	int64_t since_us = clock_tick_us() - follow->alerts_us;
	struct shared *alerts = follow->settings.alerts;
	const struct alert_list *list;
	struct upward upward = {.kind = UPWARD_ALERTS,
	    .origin = span_of(follow->settings.intake.own_code)};
	struct buf packed = {0};

	if (alerts == NULL || since_us < STATUS_US ||
	    parent_protocol(follow->parent) < PROTOCOL_USAGE)
		return;
	list = shared_hold(alerts);
	if (list != NULL && list->count > 0 &&
	    (list->serial != follow->told_alerts || since_us > ALERTS_US)) {
		follow->told_alerts = list->serial;
		follow->alerts_us = clock_tick_us();
		upward.sequence = courier_next_sequence(follow->courier);
		upward.time_us = clock_now_us();
		upward.alerts = list->alerts;
		upward.alert_count = list->count;
		if (pack_upward(&upward, follow->settings.intake.signer,
			&packed) == ERR_OK)
			follow_send_upward(follow, buf_span(&packed));
	}
	shared_drop(alerts, list);
	buf_release(&packed);
}

static void
follow_send_status(struct follow *follow)
{
	struct status_source source = {.parent = follow->parent,
	    .trail = follow->settings.trail,
	    .signer = follow->settings.intake.signer,
	    .own_code = follow->settings.intake.own_code,
	    .parent_name = follow->settings.parent_name};
	uint32_t protocol = parent_protocol(follow->parent);
	struct buf upward = {0};

	if (clock_tick_us() - follow->status_us < STATUS_US)
		return;
	follow->status_us = clock_tick_us();
	if (follow->settings.health != NULL && protocol >= PROTOCOL_USAGE)
		source.condition = health_look(follow->settings.health,
		    intake_bounds(follow->intake), protocol);
	if (status_pack(&source, courier_next_sequence(follow->courier),
		&upward) == ERR_OK)
		follow_send_upward(follow, buf_span(&upward));
	buf_release(&upward);
}

/* The only cure is a new start, which moves the store aside.  Asked for once:
 * a second signal would meet a node that already closes and listens no more. */
static void
follow_check_store(struct follow *follow)
{
	if (follow->condemned ||
	    !store_is_damaged(follow->settings.intake.store))
		return;
	follow->condemned = true;
	log_error("store.damaged", "stopping=1");
	store_condemn(follow->settings.intake.store);
	kill(getpid(), SIGTERM);
}

static void
follow_trim(struct follow *follow)
{
	if (clock_tick_us() - follow->trim_us < TRIM_US)
		return;
	intake_trim(follow->intake);
	kv_weigh(store_kv(follow->settings.intake.store));
	follow->trim_us = clock_tick_us();
}

static void
follow_tick(void *context)
{
	struct follow *follow = context;
	int64_t age_us;

	syncer_tick(follow->syncer, intake_take_applied(follow->intake));
	room_look(follow->settings.intake.room);
	metric_set(follow->merging_metric,
	    store_is_merging(follow->settings.intake.store));
	store_set_filling(
	    follow->settings.intake.store, intake_is_filling(follow->intake));
	intake_pump(follow->intake);
	mend_run(intake_mend(follow->intake));
	follow_trim(follow);
	courier_tick(follow->courier);
	follow_send_status(follow);
	follow_send_alerts(follow);
	forward_tick(follow->forward);
	if (follow->reporter != NULL)
		reporter_tick(
		    follow->reporter, courier_next_sequence(follow->courier));
	if (follow->carrier != NULL)
		carrier_tick(
		    follow->carrier, courier_next_sequence(follow->courier));
	if (follow->porter != NULL)
		porter_tick(
		    follow->porter, courier_next_sequence(follow->courier));
	age_us = intake_age_us(follow->intake);
	metric_set(
	    follow->lease_metric, age_us < 0 ? -1 : age_us / CLOCK_SECOND);
	follow_check_store(follow);
}

static void
follow_keep_freight(struct follow *follow, const struct job *job)
{
	struct why why = {""};
	enum err err = freight_keep(follow->settings.freight_folder, job->name,
	    buf_span(&job->bytes), &why);

	if (err != ERR_OK)
		log_error("feed.keep", "why=\"%s\"", why.text);
	else
		log_info("feed.kept", "waiting=%zu",
		    freight_waiting(follow->settings.freight_folder));
	job->shipped(job->context, err);
	carrier_wake(follow->carrier);
}

static void
follow_handle(struct follow *follow, struct job *job)
{
	switch (job->kind) {
	case JOB_ATTACH:
		intake_attach(follow->intake, job->bus);
		break;
	case JOB_LINK:
		parent_on_link(follow->parent);
		break;
	case JOB_LIVE:
		intake_live(follow->intake, buf_span(&job->bytes));
		break;
	case JOB_REPLY:
		intake_reply(follow->intake, buf_span(&job->bytes));
		break;
	case JOB_LETTER:
		courier_take(follow->courier, job->letter);
		break;
	case JOB_PASS_ON:
		follow_send_upward(follow, buf_span(&job->bytes));
		break;
	case JOB_FORWARD:
		forward_take(follow->forward, buf_span(&job->bytes), job->done,
		    job->context);
		break;
	case JOB_SHIP:
		follow_keep_freight(follow, job);
		break;
	case JOB_LOADED:
		intake_loaded(follow->intake, &job->report);
		break;
	case JOB_SYNCED:
		if (syncer_end(follow->syncer, job->err) &&
		    follow->settings.applied != NULL)
			follow->settings.applied(follow->settings.context);
		break;
	case JOB_DOUBT:
		mend_doubt(intake_mend(follow->intake), buf_cstr(&job->bytes));
		break;
	case JOB_TRUST:
		mend_trust(intake_mend(follow->intake), buf_cstr(&job->bytes));
		break;
	}
}

static void
follow_run(struct follow *follow, struct job *job)
{
	follow_handle(follow, job);
	/* The streams of a member that just came are ours now. */
	intake_settle(follow->intake);
}

/* What is live and not urgent comes in this order: while one batch is applied
 * the next ones are opened. */
static void
follow_expect(struct follow *follow, void *const *jobs, size_t count)
{
	const struct job *job;
	size_t i, live = 0;

	follow->live =
	    mem_grow(follow->live, (count + 1) * sizeof(*follow->live));
	for (i = 0; i < count; i++) {
		job = jobs[i];
		if (job->kind == JOB_LIVE && !job->urgent)
			follow->live[live++] = buf_span(&job->bytes);
	}
	intake_expect(follow->intake, follow->live, live);
}

/* What is urgent first: a revocation must not wait for bulk. */
static void
follow_on_jobs(void *context, void **jobs, size_t count)
{
	struct follow *follow = context;
	struct job *job;
	size_t i;

	for (i = 0; i < count; i++) {
		job = jobs[i];
		if (job->urgent)
			follow_run(follow, job);
	}
	follow_expect(follow, jobs, count);
	for (i = 0; i < count; i++) {
		job = jobs[i];
		if (!job->urgent)
			follow_run(follow, job);
	}
	follow_expect(follow, NULL, 0);
	for (i = 0; i < count; i++)
		job_free(jobs[i]);
	follow_tick(follow);
}

static bool
follow_on_other_reply(void *context, struct reply *reply)
{
	struct follow *follow = context;

	return (follow->reporter != NULL &&
		   reporter_on_reply(follow->reporter, reply)) ||
	       (follow->carrier != NULL &&
		   carrier_on_reply(follow->carrier, reply)) ||
	       (follow->porter != NULL &&
		   porter_on_reply(follow->porter, reply)) ||
	       forward_on_reply(follow->forward, reply);
}

static void
follow_open_upward(struct follow *follow)
{
	struct reporter_settings settings = {.trail = follow->settings.trail,
	    .witness_key = follow->settings.witness_key,
	    .parent = follow->parent,
	    .signer = follow->settings.intake.signer,
	    .own_code = follow->settings.intake.own_code};

	struct carrier_settings carrier = {
	    .folder = follow->settings.freight_folder,
	    .parent = follow->parent,
	    .signer = settings.signer,
	    .own_code = settings.own_code};

	struct porter_settings porter = {
	    .folder = follow->settings.material_folder,
	    .parent = follow->parent,
	    .signer = settings.signer,
	    .own_code = settings.own_code};

	follow->forward = forward_new(follow->parent);
	if (porter.folder != NULL)
		follow->porter = porter_new(&porter);
	if (carrier.folder != NULL)
		follow->carrier = carrier_new(&carrier);
	if (settings.trail != NULL)
		follow->reporter = reporter_new(&settings);
}

static bool follow_post(
    struct follow *follow, const struct job *what, size_t limit);

/* On the load thread. */
static void
follow_on_loaded(void *context, const struct load_report *report)
{
	struct job job = {.kind = JOB_LOADED, .report = *report};

	follow_post(context, &job, 0);
}

/* On the syncer's thread. */
static void
follow_tell_synced(void *context, enum err err)
{
	struct job job = {.kind = JOB_SYNCED, .err = err};

	follow_post(context, &job, 0);
}

struct follow *
follow_open(const struct follow_settings *settings, struct why *why)
{
	struct follow *follow = mem_new(sizeof(*follow));

	follow->settings = *settings;
	follow->lease_metric = metric_gauge("rongxin_node_lease_age_seconds",
	    "", "Age of the newest signed pulse; -1: none yet.");
	follow->merging_metric =
	    metric_gauge("rongxin_node_behind", "work=\"store\"",
		"1 while there is background work of this kind to do.");
	follow->settings.intake.parent_name = settings->parent_name;
	follow->settings.intake.other_reply = follow_on_other_reply;
	follow->settings.intake.loaded = follow_on_loaded;
	follow->settings.intake.context = follow;
	follow->intake = intake_new(&follow->settings.intake, why);
	if (follow->intake == NULL) {
		follow_free(follow);
		return NULL;
	}
	follow->parent = intake_parent(follow->intake);
	follow->courier = intake_courier(follow->intake);
	follow_open_upward(follow);
	follow->syncer = syncer_new(
	    store_kv(settings->intake.store), follow_tell_synced, follow);
	follow->worker = worker_new_batch(
	    "follow", follow_on_jobs, follow_tick, IDLE_MS, follow);
	return follow;
}

void
follow_stop(struct follow *follow)
{
	worker_stop(follow->worker);
	syncer_stop(follow->syncer);
	intake_stop(follow->intake);
}

void
follow_free(struct follow *follow)
{
	if (follow == NULL)
		return;
	syncer_free(follow->syncer);
	worker_free(follow->worker);
	forward_free(follow->forward);
	reporter_free(follow->reporter);
	carrier_free(follow->carrier);
	porter_free(follow->porter);
	intake_free(follow->intake);
	mem_free(follow->live);
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
follow_on_live(struct follow *follow, struct span topic, struct span message)
{
	struct job job = {.kind = JOB_LIVE};

	job.urgent = span_is(topic, STREAM_CONTROL);
	buf_add(&job.bytes, message.ptr, message.len);
	follow_post(follow, &job, job.urgent ? URGENT_WAITING : LIVE_WAITING);
}

void
follow_on_reply(struct follow *follow, struct span message)
{
	follow_post_bytes(follow, JOB_REPLY, message, REPLY_WAITING);
}

void
follow_doubt(struct follow *follow, const char *stream)
{
	follow_post_bytes(follow, JOB_DOUBT, span_of(stream), 0);
}

void
follow_trust(struct follow *follow, const char *stream)
{
	follow_post_bytes(follow, JOB_TRUST, span_of(stream), 0);
}

void
follow_pass_on(struct follow *follow, struct span upward)
{
	follow_post_bytes(follow, JOB_PASS_ON, upward, LIVE_WAITING);
}

void
follow_carry(struct follow *follow, struct letter *letter)
{
	struct job job = {.kind = JOB_LETTER, .urgent = true, .letter = letter};

	if (follow_post(follow, &job, 0))
		return;
	letter->done(letter->context, COURIER_FAILED);
	letter_free(letter);
}

void
follow_forward(struct follow *follow, struct span upward, forward_done_fn done,
    void *context)
{
	struct job job = {
	    .kind = JOB_FORWARD, .done = done, .context = context};

	buf_add(&job.bytes, upward.ptr, upward.len);
	if (!follow_post(follow, &job, LIVE_WAITING))
		done(context, NULL);
}

void
follow_ship(struct follow *follow, const char *name, struct span jws,
    void (*done)(void *context, enum err err), void *context)
{
	struct job job = {
	    .kind = JOB_SHIP, .shipped = done, .context = context};

	memcpy(job.name, name, strlen(name) + 1);
	buf_add(&job.bytes, jws.ptr, jws.len);
	if (!follow_post(follow, &job, 0))
		done(context, ERR_CLOSED);
}

struct shared *
follow_pulses(struct follow *follow)
{
	return intake_pulses(follow->intake);
}
