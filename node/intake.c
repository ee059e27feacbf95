/*
 * intake: what the parent sends becomes what this node holds.
 */
#include "node/intake.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "credit/lease.h"
#include "node/adopt.h"
#include "node/ahead.h"
#include "node/bounds.h"
#include "node/former.h"
#include "node/keys.h"
#include "node/replica.h"
#include "node/window.h"
#include "node/withheld.h"
#include "node/world.h"

/* Changes missing, and how long nothing may come of them. */
#define FAR_CHANGES 100000
#define STILL_US (60 * CLOCK_SECOND)

struct intake {
	struct intake_settings settings;
	struct bus *bus; /* NULL: not attached */
	struct parent *parent;
	struct courier *courier;
	struct replica *replica;
	struct mend *mend;
	struct snapshot *newest;
	struct arena *arena;
	struct verifier *catalogue_key;
	struct lease lease;
	struct bounds *bounds;
	struct shared *pulse;  /* the newest one: struct buf */
	struct span *expected; /* batches of live messages */
	bool applied;          /* something, since that was asked last */
	int64_t moved_us;      /* monotonic: when something was */
	bool world_changed;    /* members or catalogue came */
	bool stale; /* the last pulse was too old to renew the lease */
};

static const struct world *
intake_world(struct intake *intake)
{
	return shared_hold(intake->settings.world);
}

/* Another platform has taken them over.  What is held of them stays, and
 * nobody is shown it. */
static void
intake_leave_others(struct intake *intake, const struct world *world)
{
	struct followed *followed;
	size_t i = 0;

	while ((followed = parent_at(intake->parent, i)) != NULL) {
		if (world_holds(world, followed->state.chain.stream)) {
			i++;
			continue;
		}
		log_info("follow.leave", "stream=%s position=%llu",
		    followed->state.chain.stream,
		    (unsigned long long)followed->state.chain.position);
		parent_leave(intake->parent, followed);
	}
}

/* Every catalogue that ever was has its signature, the laxer ones of former
 * days, too: who has a batch key, or the hub, must not bring one back. */
static void
intake_refuse_older(struct intake *intake, struct world *world)
{
	const char *folder = intake->settings.former_folder;
	uint64_t newest = folder != NULL ? former_newest(folder) : 0;
	uint64_t version;
	struct why why = {""};

	if (world->catalog == NULL || catalog_version(world->catalog) >= newest)
		return;
	version = catalog_version(world->catalog);
	catalog_free(world->catalog);
	world->catalog = former_open(folder, newest, &why);
	log_error("follow.catalogue",
	    "version=%llu kept=%llu peer=%s why=\"%s\"",
	    (unsigned long long)version, (unsigned long long)newest,
	    parent_peer(intake->parent),
	    world->catalog != NULL ? "older" : why.text);
}

/* Which streams are ours changes with our own member document. */
static void
intake_renew_world(struct intake *intake)
{
	struct why why = {""};
	struct world *world = world_read(intake->newest, intake->catalogue_key,
	    intake->settings.own_code, &why);

	intake->world_changed = false;
	if (world == NULL) {
		log_error("follow.world", "why=\"%s\"", why.text);
		return;
	}
	intake_refuse_older(intake, world);
	parent_subscribe(intake->parent, world->self);
	intake_leave_others(intake, world);
	log_info("follow.world", "members=%zu catalogue=%llu",
	    world->member_count,
	    world->catalog == NULL
		? 0ull
		: (unsigned long long)catalog_version(world->catalog));
	if (world->catalog != NULL && intake->settings.former_folder != NULL)
		former_keep(intake->settings.former_folder, intake->newest,
		    catalog_version(world->catalog));
	shared_swap(intake->settings.world, world);
	if (intake->bus != NULL && intake->settings.serves)
		bus_review(intake->bus);
}

static bool
intake_is_ours(struct intake *intake, const char *stream)
{
	const struct world *world = intake_world(intake);
	bool ours = world_holds(world, stream);

	shared_drop(intake->settings.world, world);
	return ours;
}

/* Where we left off; NULL when the store fails. */
static struct followed *
intake_begin(struct intake *intake, const char *stream)
{
	struct followed *followed = parent_find(intake->parent, stream);
	struct stream_state state;
	struct why why = {""};

	if (followed != NULL)
		return followed;
	if (snapshot_stream(intake->newest, stream, &state, &why) != ERR_OK) {
		log_error("follow.store", "why=\"%s\"", why.text);
		return NULL;
	}
	return parent_follow(intake->parent, &state);
}

static void
intake_note_control(struct intake *intake, const struct taken *taken)
{
	const struct record_field *document;
	const struct record *record;
	size_t i;

	for (i = 0; i < taken->count; i++) {
		record = &taken->records[i];
		document = record_find(record, 1);
		bounds_on_record(intake->bounds, record);
		if (record->item == CONTROL_KEY)
			keys_learn(intake->settings.keys, intake->newest);
		if (record->item == CONTROL_OBJECTION)
			continue;
		if (record->item != CONTROL_CONSENT)
			intake->world_changed = true;
		else if (document != NULL)
			courier_on_consent(intake->courier, record->key,
			    document->value, record->state == RECORD_WITHDRAWN);
	}
}

/* Children get the very bytes that the hub signed. */
static void
intake_publish(struct intake *intake, const char *topic, enum live_kind kind,
    struct span packed)
{
	struct buf message = {0};

	if (intake->bus == NULL || !intake->settings.serves)
		return;
	pack_live(kind, packed, &message);
	bus_publish(intake->bus, topic, buf_span(&message));
	buf_release(&message);
}

/* What is not taken for want of room is fetched when there is some. */
static enum err
intake_sealed(struct intake *intake, struct span sealed)
{
	struct taken taken;
	enum err err;

	if (room_is_short(intake->settings.room))
		return ERR_LIMIT;
	err = replica_take(intake->replica, intake->parent, sealed, &taken);

	if (err == ERR_OK) {
		intake->applied = true;
		intake->moved_us = clock_tick_us();
		parent_applied(taken.followed);
		if (strcmp(taken.header.stream, STREAM_CONTROL) == 0)
			intake_note_control(intake, &taken);
		/* A child that learns from this what it may hear will ask at
		 * once: then we know it too. */
		if (intake->world_changed && intake->settings.serves)
			intake_renew_world(intake);
		intake_publish(
		    intake, taken.header.stream, LIVE_SEALED, sealed);
	} else if (err == ERR_GAP || err == ERR_BUSY) {
		parent_heard(taken.followed, taken.header.last);
	} else if (err == ERR_CONFLICT) {
		parent_needs_image(taken.followed);
	} else if (err != ERR_SEEN && taken.followed != NULL) {
		parent_refused(taken.followed);
	}
	return err;
}

static void
intake_heads(struct intake *intake, const struct pulse *pulse)
{
	struct followed *followed;
	size_t i;

	for (i = 0; i < pulse->head_count; i++) {
		const struct stream_head *head = &pulse->heads[i];

		if (!intake_is_ours(intake, head->stream))
			continue;
		followed = intake_begin(intake, head->stream);
		if (followed == NULL)
			continue;
		ahead_compare(followed, head, parent_peer(intake->parent));
		parent_told(followed, head->position);
		/* What we have no room for nobody keeps from us. */
		if (room_is_short(intake->settings.room))
			followed->vain_us = 0;
		withheld_compare(followed, head, parent_peer(intake->parent));
	}
	ahead_count(intake->parent);
	withheld_count(intake->parent);
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
intake_renew_lease(struct intake *intake, const struct pulse *pulse)
{
	struct lease *lease = mem_new(sizeof(*lease));
	bool is_first = intake->lease.hub_us == 0;

	lease_renew(&intake->lease, pulse->hub_time_us, clock_tick_us(),
	    pulse_control_position(pulse));
	if (is_first)
		lease_set_older(
		    &intake->lease, clock_now_us() - pulse->hub_time_us);
	*lease = intake->lease;
	shared_swap(intake->settings.lease, lease);
}

/* After a start nothing else tells an old pulse that a relay kept from a new
 * one: it must not open what was revoked since. */
static bool
intake_is_stale(struct intake *intake, const struct pulse *pulse)
{
	int64_t age_us = clock_now_us() - pulse->hub_time_us;
	bool stale = age_us > intake->lease.term_us;

	if (stale && !intake->stale)
		log_warn("follow.stale", "peer=%s age_s=%lld",
		    parent_peer(intake->parent),
		    (long long)(age_us / CLOCK_SECOND));
	intake->stale = stale;
	return stale;
}

/* For children that come before the next one. */
static void
intake_keep_pulse(struct intake *intake, struct span packed)
{
	struct buf *kept;

	if (!intake->settings.serves)
		return;
	kept = mem_new(sizeof(*kept));
	buf_add(kept, packed.ptr, packed.len);
	shared_swap(intake->pulse, kept);
}

static void
intake_pulse(struct intake *intake, struct span packed)
{
	struct pulse pulse;
	bool stale;

	arena_reset(intake->arena);
	if (keys_unpack_pulse(intake->settings.keys, packed, intake->arena,
		&pulse) != ERR_OK) {
		log_warn("follow.pulse", "refused=1 peer=%s",
		    parent_peer(intake->parent));
		/* By a key that stream 0000 may already tell of? */
		parent_ask_control(intake->parent);
		return;
	}
	stale = intake_is_stale(intake, &pulse);
	if (pulse.hub_time_us <= intake->lease.hub_us)
		return;
	if (!stale)
		intake_renew_lease(intake, &pulse);
	intake_heads(intake, &pulse);
	intake_publish(intake, "pulse", LIVE_PULSE, packed);
	intake_keep_pulse(intake, packed);
}

void
intake_expect(struct intake *intake, const struct span *messages, size_t count)
{
	enum live_kind kind;
	size_t i, sealed = 0;

	replica_forget(intake->replica);
	intake->expected =
	    mem_grow(intake->expected, (count + 1) * sizeof(*messages));
	for (i = 0; i < count; i++)
		if (unpack_live(messages[i], &kind,
			&intake->expected[sealed]) == ERR_OK &&
		    kind == LIVE_SEALED)
			sealed++;
	/* One alone would only wait for another thread. */
	if (sealed > 1)
		replica_expect(intake->replica, intake->expected, sealed);
}

void
intake_live(struct intake *intake, struct span message)
{
	enum live_kind kind;
	struct span packed;

	if (unpack_live(message, &kind, &packed) != ERR_OK)
		log_warn("follow.live", "refused=1 peer=%s",
		    parent_peer(intake->parent));
	else if (kind == LIVE_PULSE)
		intake_pulse(intake, packed);
	else
		(void)intake_sealed(intake, packed);
}

/* What does not follow on from here is asked for again, but not at once: the
 * same question would get the same answer. */
static void
intake_batches(
    struct intake *intake, struct followed *followed, const struct reply *reply)
{
	enum err err = ERR_OK;
	size_t i;

	if (!room_is_short(intake->settings.room))
		parent_ask_ahead(
		    intake->parent, followed, window_claimed(reply));
	replica_expect(intake->replica, reply->sealed, reply->sealed_count);
	for (i = 0; i < reply->sealed_count; i++) {
		err = intake_sealed(intake, reply->sealed[i]);
		if (err != ERR_OK && err != ERR_SEEN)
			break;
	}
	replica_forget(intake->replica);
	if (i == reply->sealed_count)
		return;
	parent_forget_ahead(followed);
	parent_refused(followed);
}

static bool
intake_hands_on(struct intake *intake, struct reply *reply)
{
	return intake->settings.other_reply != NULL &&
	       intake->settings.other_reply(intake->settings.context, reply);
}

void
intake_reply(struct intake *intake, struct span message)
{
	struct arena *arena = arena_new();
	struct followed *followed;
	struct reply reply;

	if (unpack_reply(message, arena, &reply) != ERR_OK) {
		log_warn("follow.reply", "refused=1 peer=%s",
		    parent_peer(intake->parent));
	} else if (load_is_ticket(reply.ticket)) {
		mend_on_reply(intake->mend, message);
	} else if (!courier_on_reply(intake->courier, &reply) &&
		   !intake_hands_on(intake, &reply)) {
		followed = parent_take_reply(intake->parent, &reply);
		if (followed != NULL && reply.kind == REPLY_BATCHES)
			intake_batches(intake, followed, &reply);
		else if (reply.kind == REPLY_WELCOME && reply.pulse.len > 0)
			intake_pulse(intake, reply.pulse);
		else if (reply.kind == REPLY_REFUSAL)
			log_warn("follow.refusal", "peer=%s reason=%.*s",
			    parent_peer(intake->parent), (int)reply.reason.len,
			    reply.reason.ptr);
	}
	arena_free(arena);
}

/* A parent that cannot be reached, or never gives what it says it has, keeps
 * nobody waiting. */
bool
intake_is_filling(const struct intake *intake)
{
	int64_t still_us = clock_tick_us() - intake->moved_us;

	return mend_is_loading(intake->mend) ||
	       (still_us < STILL_US &&
		   parent_is_far_ahead(intake->parent, FAR_CHANGES));
}

bool
intake_take_applied(struct intake *intake)
{
	bool applied = intake->applied;

	intake->applied = false;
	return applied;
}

void
intake_attach(struct intake *intake, struct bus *bus)
{
	const struct world *world = intake_world(intake);

	intake->bus = bus;
	parent_attach(intake->parent, bus);
	parent_subscribe(intake->parent, world != NULL ? world->self : NULL);
	shared_drop(intake->settings.world, world);
	parent_pump(intake->parent);
}

static void
intake_on_stream(void *context, const struct stream_state *state)
{
	struct intake *intake = context;

	if (intake_is_ours(intake, state->chain.stream))
		parent_follow(intake->parent, state);
}

/* On the load thread, which asks for nothing before we are attached. */
static void
intake_on_ask(void *context, struct span request)
{
	struct intake *intake = context;

	bus_request(intake->bus, request);
}

static void
intake_on_loaded(void *context, const struct load_report *report)
{
	struct intake *intake = context;

	intake->settings.loaded(intake->settings.context, report);
}

static enum err
intake_prepare(struct intake *intake, struct why *why)
{
	const struct intake_settings *settings = &intake->settings;
	struct courier_settings letters = {.store = settings->store,
	    .signer = settings->signer,
	    .own_code = settings->own_code};
	struct mend_settings mend = {.store = settings->store,
	    .room = settings->room,
	    .keys = settings->keys,
	    .ask = intake_on_ask,
	    .loaded = intake_on_loaded,
	    .context = intake};

	if (adopt_waiting(settings->store, why) != ERR_OK)
		return ERR_DATABASE;
	intake->newest = store_newest(settings->store);
	keys_learn(settings->keys, intake->newest);
	intake->arena = arena_new();
	intake->moved_us = clock_tick_us();
	intake->catalogue_key = verifier_new(settings->catalogue_key);
	intake->replica = replica_new(settings->store, settings->keys);
	intake->parent = parent_new(settings->own_code);
	if (settings->parent_name != NULL)
		parent_set_endpoint(intake->parent, settings->parent_name);
	intake->lease.term_us = settings->lease_us;
	letters.parent = intake->parent;
	intake->courier = courier_new(&letters, why);
	if (intake->courier == NULL)
		return ERR_DATABASE;
	mend.parent = intake->parent;
	mend.courier = intake->courier;
	intake->mend = mend_new(&mend);
	intake_renew_world(intake);
	if (intake_begin(intake, STREAM_CONTROL) == NULL)
		return why_set(why, ERR_DATABASE, "cannot read the store");
	return snapshot_each_stream(
	    intake->newest, intake_on_stream, intake, why);
}

static void
free_pulse(void *object)
{
	buf_release(object);
	mem_free(object);
}

struct intake *
intake_new(const struct intake_settings *settings, struct why *why)
{
	struct intake *intake = mem_new(sizeof(*intake));

	intake->settings = *settings;
	intake->bounds = bounds_new();
	intake->pulse = shared_new(free_pulse);
	if (intake_prepare(intake, why) == ERR_OK)
		return intake;
	intake_stop(intake);
	intake_free(intake);
	return NULL;
}

void
intake_free(struct intake *intake)
{
	if (intake == NULL)
		return;
	courier_free(intake->courier);
	parent_free(intake->parent);
	mend_free(intake->mend);
	replica_free(intake->replica);
	snapshot_release(intake->newest);
	arena_free(intake->arena);
	verifier_free(intake->catalogue_key);
	bounds_free(intake->bounds);
	shared_free(intake->pulse);
	mem_free(intake->expected);
	mem_free(intake);
}

const struct bounds *
intake_bounds(const struct intake *intake)
{
	return intake->bounds;
}

void
intake_stop(struct intake *intake)
{
	if (intake->mend != NULL)
		mend_stop(intake->mend);
}

void
intake_trim(struct intake *intake)
{
	struct why why = {""};

	if (trim_log(intake->settings.store, intake->parent,
		&intake->settings.log, &why) != ERR_OK)
		log_error("follow.trim", "why=\"%s\"", why.text);
}

void
intake_pump(struct intake *intake)
{
	if (!room_is_short(intake->settings.room))
		parent_pump(intake->parent);
}

struct mend *
intake_mend(struct intake *intake)
{
	return intake->mend;
}

void
intake_loaded(struct intake *intake, const struct load_report *report)
{
	if (report->outcome == LOAD_WHOLE)
		intake->moved_us = clock_tick_us();
	if (!mend_loaded(intake->mend, report))
		return;
	keys_learn(intake->settings.keys, intake->newest);
	intake->world_changed = true;
}

void
intake_settle(struct intake *intake)
{
	if (intake->world_changed)
		intake_renew_world(intake);
}

struct shared *
intake_pulses(struct intake *intake)
{
	return intake->pulse;
}

struct parent *
intake_parent(struct intake *intake)
{
	return intake->parent;
}

struct courier *
intake_courier(struct intake *intake)
{
	return intake->courier;
}

int64_t
intake_age_us(const struct intake *intake)
{
	if (intake->lease.hub_us == 0)
		return -1;
	return lease_age_us(&intake->lease, clock_tick_us());
}
