/*
 * census: the population of this node, counted anew when its records changed.
 */
#include "node/census.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/work.h"
#include "credit/lease.h"
#include "credit/mask.h"

#define IDLE_MS 500
#define MINUTE_US (60 * CLOCK_SECOND)
#define DAY_OFFSET_US (8 * 3600 * CLOCK_SECOND) /* east of Greenwich */
/* A scan may take a fiftieth of the time at most. */
#define REST 49
#define NICE 19
#define LOOK 1000 /* records between two looks at the memory */
/* New records, beyond a tenth of all, that do not wait for the next time. */
#define GROWTH_MIN 1000

struct census_taker {
	struct census_settings settings;
	struct worker *worker;
	atomic_bool stopping;
	/* What the newest census counted; thread: census. */
	struct digest counted;
	uint64_t version, records;
	int64_t done_us, took_us; /* monotonic */
	struct metric *population, *bytes, *seconds, *behind;
};

void
census_free(void *object)
{
	struct census *census = object;

	if (census == NULL)
		return;
	recode_free(census->recode);
	population_free(census->population);
	shared_drop(census->worlds, census->world);
	mem_free(census);
}

/* What a census would count now. */
struct sight {
	struct snapshot *snapshot;
	const struct world *world;
	const struct mask *mask;
	int64_t time_us;
	char day[POPULATION_DAY_LEN + 1];
	struct digest digest;
	uint64_t records; /* changes of all streams */
	struct buf bytes;
};

static void
sight_on_stream(void *context, const struct stream_state *state)
{
	struct sight *sight = context;

	if (strcmp(state->chain.stream, STREAM_CONTROL) == 0)
		return;
	buf_text(&sight->bytes, state->chain.stream);
	buf_u64(&sight->bytes, state->chain.position);
	buf_add(&sight->bytes, state->chain.head.bytes, DIGEST_LEN);
	sight->records += state->chain.position;
}

static int64_t
hub_time(struct census_taker *taker)
{
	const struct lease *lease = shared_hold(taker->settings.lease);
	int64_t time_us = 0;

	if (lease != NULL)
		time_us = lease_hub_time(lease, clock_tick_us());
	shared_drop(taker->settings.lease, lease);
	return time_us;
}

static bool
sight_take(struct census_taker *taker, struct sight *sight)
{
	char time[CLOCK_TEXT_MAX];

	sight->world = shared_hold(taker->settings.world);
	sight->time_us = hub_time(taker);
	if (sight->world == NULL || sight->world->catalog == NULL ||
	    sight->world->self == NULL || sight->time_us == 0)
		return false;
	sight->mask = catalog_mask(sight->world->catalog);
	if (sight->mask == NULL)
		return false;
	clock_print(sight->time_us + DAY_OFFSET_US, time);
	snprintf(sight->day, sizeof(sight->day), "%.10s", time);
	sight->snapshot = store_snapshot(taker->settings.store);
	buf_text(&sight->bytes, "RXP1");
	buf_u64(&sight->bytes, catalog_version(sight->world->catalog));
	buf_text(&sight->bytes, sight->day);
	if (snapshot_each_stream(
		sight->snapshot, sight_on_stream, sight, NULL) != ERR_OK)
		return false;
	sight->digest = digest_of(buf_span(&sight->bytes));
	return true;
}

static void
sight_drop(struct census_taker *taker, struct sight *sight)
{
	snapshot_release(sight->snapshot);
	shared_drop(taker->settings.world, sight->world);
	buf_release(&sight->bytes);
}

static bool
is_due(const struct census_taker *taker, const struct sight *sight)
{
	int64_t age_us = clock_tick_us() - taker->done_us;
	uint64_t grown = sight->records - taker->records;

	if (digest_equal(&taker->counted, &sight->digest))
		return false;
	if (taker->version != catalog_version(sight->world->catalog))
		return true;
	if (age_us < taker->took_us * REST)
		return false;
	return age_us >= sight->mask->refresh_minutes * MINUTE_US ||
	       (sight->records > taker->records && grown >= GROWTH_MIN &&
		   grown > taker->records / 10);
}

struct count {
	struct census_taker *taker;
	const struct sight *sight;
	struct population_maker *maker;
	uint64_t records;
	bool is_too_large;
};

static void
count_look(struct count *count)
{
	count->is_too_large =
	    population_made_size(count->maker) > count->taker->settings.bytes;
}

/* Records of divisions that are no longer ours do not count. */
static bool
count_record(void *context, const struct stored *stored)
{
	struct count *count = context;

	if (member_holds(count->sight->world->self, stored->stream))
		population_add(count->maker, stored->stream, &stored->record);
	if (++count->records % LOOK == 0)
		count_look(count);
	return !count->is_too_large && !atomic_load(&count->taker->stopping);
}

static enum err
count_all(struct census_taker *taker, const struct sight *sight,
    struct population **population)
{
	struct count count = {.taker = taker,
	    .sight = sight,
	    .maker = population_begin(sight->mask, sight->day)};
	struct why why = {""};
	enum err err;

	kv_view_spare_cache(snapshot_view(sight->snapshot));
	err = snapshot_each_credit(sight->snapshot, count_record, &count, &why);

	count_look(&count);
	if (err == ERR_OK && count.is_too_large)
		err = ERR_LIMIT;
	else if (err == ERR_OK && atomic_load(&taker->stopping))
		err = ERR_CLOSED;
	else if (err != ERR_OK)
		log_error("census.failed", "why=\"%s\"", why.text);
	population_end(count.maker, err == ERR_OK ? population : NULL);
	return err;
}

static void
publish(struct census_taker *taker, struct sight *sight,
    struct population *population)
{
	struct census *census = mem_new(sizeof(*census));

	census->worlds = taker->settings.world;
	census->world = sight->world;
	sight->world = NULL; /* the census holds it now */
	census->mask = sight->mask;
	census->digest = sight->digest;
	census->time_us = sight->time_us;
	if (population != NULL) {
		census->population = population;
		census->recode = recode_new(population);
	}
	metric_set(taker->population,
	    population != NULL ? (int64_t)population->count : 0);
	metric_set(taker->bytes,
	    population != NULL ? (int64_t)population_size(population) : 0);
	shared_swap(taker->settings.censuses, census);
}

static void
tell(const struct census_taker *taker, const struct population *population)
{
	if (population == NULL)
		log_error("census.too_large", "bytes=%llu",
		    (unsigned long long)taker->settings.bytes);
	else
		log_info("census.done", "enterprises=%zu bytes=%zu ms=%lld",
		    population->count, population_size(population),
		    (long long)(taker->took_us / 1000));
}

/* What is too large is counted again when the next one is due. */
static void
take(struct census_taker *taker, struct sight *sight)
{
	int64_t begun_us = clock_tick_us();
	uint64_t version = catalog_version(sight->world->catalog);
	struct population *population = NULL;
	enum err err;

	metric_set(taker->behind, 1);
	err = count_all(taker, sight, &population);
	taker->done_us = clock_tick_us();
	taker->took_us = taker->done_us - begun_us;
	metric_observe_us(taker->seconds, taker->took_us);
	if (err != ERR_OK && err != ERR_LIMIT)
		return;
	tell(taker, population);
	publish(taker, sight, population);
	taker->counted = sight->digest;
	taker->version = version;
	taker->records = sight->records;
}

static void
on_idle(void *context)
{
	struct census_taker *taker = context;
	struct sight sight = {0};

	if (store_is_filling(taker->settings.store)) {
		metric_set(taker->behind, 1);
		return;
	}
	if (sight_take(taker, &sight)) {
		if (is_due(taker, &sight))
			take(taker, &sight);
		else
			metric_set(taker->behind, 0);
	}
	sight_drop(taker, &sight);
}

/* Nothing is ever posted: it works when it has nothing to do. */
static void
on_job(void *context, void *job)
{
	(void)context;
	(void)job;
}

struct census_taker *
census_taker_new(const struct census_settings *settings)
{
	struct census_taker *taker = mem_new(sizeof(*taker));

	taker->settings = *settings;
	taker->population = metric_gauge(
	    "rongxin_node_population", "", "Enterprises in the newest census.");
	taker->bytes = metric_gauge("rongxin_node_census_bytes", "",
	    "Memory that the newest census takes.");
	taker->seconds = metric_histogram(
	    "rongxin_node_census_seconds", "", "How long a census took.");
	taker->behind = metric_gauge("rongxin_node_behind", "work=\"census\"",
	    "1 while there is background work of this kind to do.");
	metric_set(taker->behind, 1); /* it begins with a first one */
	taker->worker = worker_new("census", on_job, on_idle, IDLE_MS, taker);
	worker_stay_behind(taker->worker, NICE);
	return taker;
}

void
census_taker_free(struct census_taker *taker)
{
	if (taker == NULL)
		return;
	atomic_store(&taker->stopping, true);
	worker_stop(taker->worker);
	worker_free(taker->worker);
	mem_free(taker);
}
