/*
 * guard: a thread that looks at what members ask for patterns of abuse.
 */
#include "node/guard.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/work.h"
#include "credit/statistic.h"
#include "node/limiter.h"
#include "node/recall.h"
#include "node/world.h"

#define IDLE_MS 1000
#define NICE 10
#define RETRY_US (60 * CLOCK_SECOND)
/* Entries of one look, so that the end is not kept waiting. */
#define PATIENCE 100000
#define KEPT_US (7 * 24 * 3600 * CLOCK_SECOND)
#define HEADS 4096 /* a power of two */
#define EARLIER_MAX 256
#define PLACES_MAX 64
#define CONSENTS_MAX 100000
#define WAITING_MAX 20000

/* What one member did today. */
struct watched {
	struct watched *next;
	char member[MEMBER_CODE_MAX + 1];
	char last[USCC_LEN + 1]; /* subject */
	struct abuse_counts counts;
	int64_t first_us[ABUSE_COUNT];
	struct statistic *earlier;
	size_t earlier_count;
};

/* From where one consent was used today. */
struct used {
	struct used *next;
	char consent[CONSENT_ID_MAX + 1];
	uint64_t places[PLACES_MAX];
	uint32_t count;
};

struct guard {
	struct guard_settings settings;
	struct worker *worker;
	struct entries_reader *reader;
	uint64_t next; /* entry */
	bool placed;   /* `next` is known */
	int64_t not_before_us, looked_us;
	int64_t day_us; /* when the newest day began */
	struct watched *members[HEADS];
	struct used *consents[HEADS];
	size_t consent_count;
	struct abuse_alert alerts[ALERTS_MAX];
	size_t alert_count;
	bool changed;
	uint64_t serial;
	/* What was told last of a consent, so that the same is not told again:
	 * any thread. */
	_Atomic uint64_t told[HEADS];
	struct metric *raised[ABUSE_COUNT];
};

struct told {
	char member[MEMBER_CODE_MAX + 1];
	char consent[CONSENT_ID_MAX + 1];
	uint64_t place;
	struct statistic *statistic; /* NULL: about a consent */
};

static uint64_t
hash_of(const char *text)
{
	struct digest digest = digest_of(span_of(text));
	uint64_t hash;

	memcpy(&hash, digest.bytes, sizeof(hash));
	return hash;
}

static struct watched *
find_member(struct guard *guard, const char *code)
{
	struct watched **head = &guard->members[hash_of(code) % HEADS];
	struct watched *member = *head;

	while (member != NULL && strcmp(member->member, code) != 0)
		member = member->next;
	if (member != NULL)
		return member;
	member = mem_new(sizeof(*member));
	snprintf(member->member, sizeof(member->member), "%s", code);
	member->next = *head;
	*head = member;
	return member;
}

static void
forget_members(struct guard *guard)
{
	struct watched *member, *next;
	size_t i;

	for (i = 0; i < HEADS; i++) {
		for (member = guard->members[i]; member != NULL;
		     member = next) {
			next = member->next;
			mem_free(member->earlier);
			mem_free(member);
		}
		guard->members[i] = NULL;
	}
}

static void
forget_consents(struct guard *guard)
{
	struct used *used, *next;
	size_t i;

	for (i = 0; i < HEADS; i++) {
		for (used = guard->consents[i]; used != NULL; used = next) {
			next = used->next;
			mem_free(used);
		}
		guard->consents[i] = NULL;
		atomic_store(&guard->told[i], 0);
	}
	guard->consent_count = 0;
}

static void
drop_alert(struct guard *guard, size_t at)
{
	guard->alert_count--;
	memmove(&guard->alerts[at], &guard->alerts[at + 1],
	    (guard->alert_count - at) * sizeof(*guard->alerts));
	guard->changed = true;
}

static void
begin_day(struct guard *guard, int64_t day_us)
{
	size_t i = 0;

	guard->day_us = day_us;
	forget_members(guard);
	forget_consents(guard);
	while (i < guard->alert_count)
		if (guard->alerts[i].last_us < day_us - KEPT_US)
			drop_alert(guard, i);
		else
			i++;
}

/* Today's alert of that kind, a new one if there is none. */
static struct abuse_alert *
find_alert(
    struct guard *guard, const struct watched *member, enum abuse_kind kind)
{
	struct abuse_alert *alert;
	size_t i;

	for (i = guard->alert_count; i > 0; i--) {
		alert = &guard->alerts[i - 1];
		if (alert->kind == kind && alert->first_us >= guard->day_us &&
		    strcmp(alert->member, member->member) == 0)
			return alert;
	}
	if (guard->alert_count == ALERTS_MAX)
		drop_alert(guard, 0);
	alert = &guard->alerts[guard->alert_count++];
	*alert = (struct abuse_alert){
	    .kind = kind, .first_us = member->first_us[kind]};
	memcpy(alert->member, member->member, sizeof(alert->member));
	metric_add(guard->raised[kind], 1);
	log_warn("abuse.alert", "kind=%s count=%u", abuse_name(kind),
	    member->counts.seen[kind]);
	return alert;
}

/* `count` of that kind were seen, the last one now. */
static void
see(struct guard *guard, struct watched *member, enum abuse_kind kind,
    uint32_t count, int64_t time_us)
{
	const struct world *world = shared_hold(guard->settings.world);
	const struct abuse_rules *rules = NULL;
	struct abuse_alert *alert;

	if (world != NULL && world->catalog != NULL)
		rules = catalog_abuse(world->catalog);
	if (member->first_us[kind] == 0)
		member->first_us[kind] = time_us;
	member->counts.seen[kind] = count;
	if (rules != NULL && abuse_is_alert(rules, &member->counts, kind)) {
		alert = find_alert(guard, member, kind);
		alert->last_us = time_us;
		alert->count = count;
		guard->changed = true;
	}
	shared_drop(guard->settings.world, world);
}

static void
see_entry(struct guard *guard, const struct access *access)
{
	int64_t day_us = limiter_day_start(access->time_us);
	enum abuse_kind kind = abuse_of(access);
	struct watched *member;

	if (access->purpose == PURPOSE_NONE || day_us < guard->day_us)
		return;
	if (day_us > guard->day_us)
		begin_day(guard, day_us);
	member = find_member(guard, access->member);
	member->counts.asked++;
	if (kind != ABUSE_NONE)
		see(guard, member, kind, member->counts.seen[kind] + 1,
		    access->time_us);
	if (access->subject[0] == '\0')
		return;
	if (abuse_is_sequential(member->last, access->subject))
		see(guard, member, ABUSE_SEQUENTIAL,
		    member->counts.seen[ABUSE_SEQUENTIAL] + 1, access->time_us);
	memcpy(member->last, access->subject, sizeof(member->last));
}

static enum err
read_entries(struct guard *guard, uint64_t until)
{
	const struct recall_reach reach = recall_reach(guard->settings.trail);
	struct access access = {0};
	struct entry entry;
	enum err err = ERR_OK;

	if (!guard->placed)
		err = recall_find(guard->reader, &reach, &guard->next);
	guard->placed = err == ERR_OK;
	if (guard->next < reach.first)
		guard->next = reach.first;
	if (until > guard->next + PATIENCE)
		until = guard->next + PATIENCE;
	while (err == ERR_OK && guard->next < until) {
		err = entries_reader_read(guard->reader, guard->next, &entry);
		if (err == ERR_OK)
			err = unpack_access(entry.bytes, &access);
		if (err == ERR_OK)
			see_entry(guard, &access);
		if (err == ERR_OK)
			guard->next++;
	}
	return err;
}

static void
publish(struct guard *guard)
{
	size_t size = guard->alert_count * sizeof(*guard->alerts);
	struct alert_list *list;

	if (!guard->changed)
		return;
	guard->changed = false;
	list = mem_new(sizeof(*list) + size);
	list->serial = ++guard->serial;
	list->count = guard->alert_count;
	memcpy(list->alerts, guard->alerts, size);
	shared_swap(guard->settings.alerts, list);
}

static void
look(void *context)
{
	struct guard *guard = context;
	uint64_t until = trail_size(guard->settings.trail);
	int64_t now_us = clock_tick_us();

	guard->looked_us = now_us;
	if (now_us >= guard->not_before_us && until > guard->next &&
	    read_entries(guard, until) != ERR_OK) {
		log_error("abuse.failed", "entry=%llu",
		    (unsigned long long)guard->next);
		guard->not_before_us = now_us + RETRY_US;
	}
	publish(guard);
}

static void
see_statistic(struct guard *guard, const struct told *told)
{
	struct watched *member = find_member(guard, told->member);
	uint32_t near = member->counts.seen[ABUSE_STATISTICS];
	size_t i;

	for (i = 0; i < member->earlier_count; i++)
		if (abuse_is_near(told->statistic, &member->earlier[i]))
			break;
	if (i < member->earlier_count)
		see(guard, member, ABUSE_STATISTICS, near + 1, clock_now_us());
	if (member->earlier_count == EARLIER_MAX)
		return;
	if (member->earlier == NULL)
		member->earlier =
		    mem_new(EARLIER_MAX * sizeof(*member->earlier));
	member->earlier[member->earlier_count++] = *told->statistic;
}

static struct used *
find_consent(struct guard *guard, const char *consent)
{
	struct used **head = &guard->consents[hash_of(consent) % HEADS];
	struct used *used = *head;

	while (used != NULL && strcmp(used->consent, consent) != 0)
		used = used->next;
	if (used != NULL || guard->consent_count == CONSENTS_MAX)
		return used;
	used = mem_new(sizeof(*used));
	snprintf(used->consent, sizeof(used->consent), "%s", consent);
	used->next = *head;
	*head = used;
	guard->consent_count++;
	return used;
}

static void
see_consent(struct guard *guard, const struct told *told)
{
	struct watched *member = find_member(guard, told->member);
	struct used *used = find_consent(guard, told->consent);
	uint32_t i;

	if (used == NULL)
		return;
	for (i = 0; i < used->count; i++)
		if (used->places[i] == told->place)
			return;
	if (used->count == PLACES_MAX)
		return;
	used->places[used->count++] = told->place;
	if (used->count > member->counts.seen[ABUSE_CONSENT])
		see(guard, member, ABUSE_CONSENT, used->count, clock_now_us());
}

static void
told_free(struct told *told)
{
	mem_free(told->statistic);
	mem_free(told);
}

static void
on_told(void *context, void *job)
{
	struct guard *guard = context;
	struct told *told = job;
	int64_t day_us = limiter_day_start(clock_now_us());

	if (day_us > guard->day_us)
		begin_day(guard, day_us);
	if (told->statistic == NULL)
		see_consent(guard, told);
	else
		see_statistic(guard, told);
	told_free(told);
	if (clock_tick_us() - guard->looked_us > IDLE_MS * 1000)
		look(guard);
}

struct guard *
guard_new(const struct guard_settings *settings)
{
	struct guard *guard = mem_new(sizeof(*guard));
	char label[64];
	unsigned kind;

	guard->settings = *settings;
	guard->reader =
	    entries_reader_new(trail_entries_folder(settings->trail));
	for (kind = ABUSE_NONE + 1; kind < ABUSE_COUNT; kind++) {
		snprintf(label, sizeof(label), "kind=\"%s\"",
		    abuse_name((enum abuse_kind)kind));
		guard->raised[kind] =
		    metric_counter("rongxin_node_abuse_patterns_total", label,
			"Patterns of abuse that were seen, once a member and "
			"day.");
	}
	guard->worker = worker_new("guard", on_told, look, IDLE_MS, guard);
	worker_stay_behind(guard->worker, NICE);
	return guard;
}

void
guard_free(struct guard *guard)
{
	if (guard == NULL)
		return;
	worker_stop(guard->worker);
	worker_free(guard->worker);
	forget_members(guard);
	forget_consents(guard);
	entries_reader_free(guard->reader);
	mem_free(guard);
}

/* Too much at once: it is seen the next time.  Nobody waits for it, so who
 * answers does not wake another thread for each answer. */
static void
tell(struct guard *guard, const struct told *what, const char *member)
{
	struct told *told = mem_copy(what, sizeof(*what));

	snprintf(told->member, sizeof(told->member), "%s", member);
	if (!worker_leave(guard->worker, told, WAITING_MAX))
		told_free(told);
}

void
guard_statistic(
    struct guard *guard, const char *member, const struct statistic *statistic)
{
	struct told told = {0};

	if (guard == NULL)
		return;
	told.statistic = mem_copy(statistic, sizeof(*statistic));
	tell(guard, &told, member);
}

void
guard_consent(struct guard *guard, const char *member, const char *consent,
    uint64_t place)
{
	struct told told = {.place = place};
	uint64_t hash;

	if (guard == NULL || consent[0] == '\0')
		return;
	hash = hash_of(consent);
	if (atomic_exchange(&guard->told[hash % HEADS], hash ^ place) ==
	    (hash ^ place))
		return;
	snprintf(told.consent, sizeof(told.consent), "%s", consent);
	tell(guard, &told, member);
}
