/*
 * check: does what lies in the store add up to what was signed?
 */
#include "node/check.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/work.h"
#include "node/store_key.h"

#define IDLE_MS 500
#define NICE 19

struct check {
	struct check_settings settings;
	struct worker *worker;
	_Atomic bool stopping;
	int64_t next_us; /* monotonic */
};

/* One stream: what it should be, and what was found so far. */
struct account {
	struct stream_state state;
	struct setsum sum;
	bool readable;
};

struct audit {
	struct check *check;
	struct account *accounts; /* ascending by stream */
	size_t count, size, last;
	struct arena *arena;
	uint64_t records;
};

static void
audit_add_stream(void *context, const struct stream_state *state)
{
	struct audit *audit = context;

	if (audit->count == audit->size) {
		audit->size = audit->size == 0 ? 16 : audit->size * 2;
		audit->accounts = mem_grow(
		    audit->accounts, audit->size * sizeof(*audit->accounts));
	}
	audit->accounts[audit->count++] =
	    (struct account){.state = *state, .readable = true};
}

/* Neighbours are mostly of one stream; NULL: of none that we have. */
static struct account *
audit_find(struct audit *audit, struct span key)
{
	size_t i;

	for (i = 0; i < audit->count; i++) {
		size_t at = (audit->last + i) % audit->count;
		struct account *account = &audit->accounts[at];

		if (!store_key_is_of(key, account->state.chain.stream))
			continue;
		audit->last = at;
		return account;
	}
	return NULL;
}

static bool
audit_row(void *context, struct span key, struct span value)
{
	struct audit *audit = context;
	struct account *account = audit_find(audit, key);
	struct stored stored;

	if (atomic_load(&audit->check->stopping))
		return false;
	if (account == NULL)
		return true;
	arena_reset(audit->arena);
	audit->records++;
	if (store_parse_record(key, value, audit->arena, &stored) != ERR_OK ||
	    !store_record_is_whole(&stored)) {
		account->readable = false;
		return true;
	}
	setsum_add(&account->sum, &stored.element);
	return true;
}

static void
audit_tell(struct audit *audit)
{
	const struct check_settings *settings = &audit->check->settings;
	size_t i, wrong = 0;

	for (i = 0; i < audit->count; i++) {
		const struct account *account = &audit->accounts[i];
		bool agrees = account->readable &&
			      memcmp(&account->sum, &account->state.sum,
				  sizeof(account->sum)) == 0;

		wrong += !agrees;
		settings->found(settings->context, account->state.chain.stream,
		    agrees && !account->state.diverged);
	}
	log_info("check.done", "streams=%zu wrong=%zu records=%llu",
	    audit->count, wrong, (unsigned long long)audit->records);
}

static void
check_run(struct check *check)
{
	struct snapshot *snapshot = store_snapshot(check->settings.store);
	struct audit audit = {.check = check, .arena = arena_new()};
	struct kv_range range = {.family = STORE_RECORDS};
	struct why why = {""};
	enum err err;

	kv_view_spare_cache(snapshot_view(snapshot));
	err = snapshot_each_stream(snapshot, audit_add_stream, &audit, &why);
	if (err == ERR_OK)
		err = kv_each(
		    snapshot_view(snapshot), &range, audit_row, &audit, &why);
	if (err != ERR_OK)
		log_error("check.failed", "why=\"%s\"", why.text);
	else if (!atomic_load(&check->stopping))
		audit_tell(&audit);
	arena_free(audit.arena);
	mem_free(audit.accounts);
	snapshot_release(snapshot);
}

static void
check_on_job(void *context, void *job)
{
	(void)context;
	(void)job;
}

static void
check_on_idle(void *context)
{
	struct check *check = context;

	if (clock_tick_us() < check->next_us)
		return;
	check_run(check);
	check->next_us = clock_tick_us() + check->settings.pause_us;
}

struct check *
check_new(const struct check_settings *settings)
{
	struct check *check = mem_new(sizeof(*check));

	check->settings = *settings;
	check->next_us = settings->pause_us == 0
			     ? INT64_MAX
			     : clock_tick_us() + settings->pause_us;
	check->worker =
	    worker_new("check", check_on_job, check_on_idle, IDLE_MS, check);
	worker_stay_behind(check->worker, NICE);
	return check;
}

void
check_stop(struct check *check)
{
	atomic_store(&check->stopping, true);
	worker_stop(check->worker);
}

void
check_free(struct check *check)
{
	if (check == NULL)
		return;
	worker_free(check->worker);
	mem_free(check);
}
