/*
 * daemon_parts: what of the node lies on disk, and who works on it.
 */
#include "node/daemon_inner.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "node/accesses.h"
#include "node/budget.h"
#include "node/census.h"
#include "node/find.h"
#include "node/finder.h"
#include "node/follow.h"
#include "node/freight.h"
#include "node/guard.h"
#include "node/hooks.h"
#include "node/jobs.h"
#include "node/kv.h"
#include "node/limiter.h"
#include "node/lookout.h"
#include "node/masked.h"
#include "node/materials.h"
#include "node/printer.h"
#include "node/recall.h"
#include "node/room.h"
#include "node/trail.h"
#include "node/world.h"
#include "wire/pages.h"

#define HOUR_US (3600 * CLOCK_SECOND)
#define DAY_US (24 * HOUR_US)

enum err
daemon_open_store(struct daemon *daemon, struct why *why)
{
	struct node *node = &daemon->node;

	node->code = daemon->self.code;
	node->trust = daemon->trust;
	node_init_metrics(node);
	node->world = shared_new(world_free);
	node->lease = shared_new(mem_free);
	node->room = room_new(
	    daemon->settings.folder, (uint64_t)daemon->settings.disk_reserve);
	node->censuses = shared_new(census_free);
	node->limiter = limiter_new();
	node->alerts = shared_new(mem_free);
	node->feed_bytes = daemon->settings.feed_bytes;
	node->former_folder =
	    file_path(daemon->former_folder, sizeof(daemon->former_folder),
		daemon->settings.folder, "catalogues");
	node->freight_folder = file_path(daemon->freight_folder,
	    sizeof(daemon->freight_folder), daemon->settings.folder, "freight");
	if (freight_open(node->freight_folder, why) != ERR_OK)
		return ERR_IO;
	node->materials = materials_open(daemon->settings.folder, why);
	if (node->materials == NULL)
		return ERR_IO;
	kv_set_cache((size_t)daemon->settings.cache_bytes);
	node->store = store_open(daemon->settings.folder, why);
	return node->store != NULL ? ERR_OK : ERR_DATABASE;
}

/* A trail that cannot be written yet does not keep the node from following. */
enum err
daemon_open_trail(struct daemon *daemon, struct why *why)
{
	struct trail_settings settings = {.folder = daemon->trail_folder,
	    .node_code = daemon->self.code,
	    .signer = daemon->trail_key,
	    .keep_days = daemon->settings.trail_days};

	(void)why;
	daemon->node.trail = trail_open(&settings);
	daemon->node.accesses =
	    accesses_open(daemon->settings.folder, daemon->node.trail);
	return ERR_OK;
}

/* Its database is not the store's, either. */
enum err
daemon_open_lookout(struct daemon *daemon, struct why *why)
{
	struct node *node = &daemon->node;
	struct lookout_settings settings = {.folder = daemon->settings.folder,
	    .store = node->store,
	    .world = node->world,
	    .keys = daemon->keys,
	    .trail = node->trail,
	    .accesses = node->accesses,
	    .keep_us = daemon->settings.event_days * DAY_US};

	node->watch_subjects = (uint64_t)daemon->settings.watch_subjects;
	node->lookout = lookout_open(&settings, why);
	return node->lookout != NULL ? ERR_OK : ERR_DATABASE;
}

enum err
daemon_open_hooks(struct daemon *daemon, struct why *why)
{
	struct hooks_settings settings = {.node = &daemon->node,
	    .ca = daemon->settings.hook_ca,
	    .private = daemon->settings.hook_private != 0,
	    .attempts = (unsigned)daemon->settings.hook_attempts};

	daemon->node.hooks = hooks_open(&settings, why);
	return daemon->node.hooks != NULL ? ERR_OK : ERR_CRYPTO;
}

enum err
daemon_open_jobs(struct daemon *daemon, struct why *why)
{
	struct jobs_settings settings = {.node = &daemon->node,
	    .folder = daemon->settings.folder,
	    .keep_us = daemon->settings.job_hours * HOUR_US,
	    .subjects = (uint64_t)daemon->settings.job_subjects,
	    .count = (unsigned)daemon->settings.job_count};

	daemon->node.jobs = jobs_open(&settings, why);
	return daemon->node.jobs != NULL ? ERR_OK : ERR_IO;
}

static void
on_applied(void *context)
{
	struct daemon *daemon = context;

	lookout_wake(daemon->node.lookout);
}

/* The budgets' database is not the store's: no parent could give it back. */
enum err
daemon_open_health(struct daemon *daemon, struct why *why)
{
	char certificate[PATH_SIZE];
	struct health_settings settings = {.folder = daemon->settings.folder,
	    .certificate = daemon_stem(daemon, ".crt", certificate)};

	daemon->budget = budget_open(daemon->settings.folder, why);
	if (daemon->budget == NULL)
		return ERR_DATABASE;
	settings.budget = daemon->budget;
	daemon->health = health_new(&settings);
	return ERR_OK;
}

enum err
daemon_open_follow(struct daemon *daemon, struct why *why)
{
	struct node *node = &daemon->node;
	struct follow_settings settings = {
	    .intake = {.store = node->store,
		.world = node->world,
		.lease = node->lease,
		.signer = daemon->sign_key,
		.room = node->room,
		.own_code = daemon->self.code,
		.former_folder = node->former_folder,
		.keys = daemon->keys,
		.catalogue_key = daemon->network.catalogue_key,
		.lease_us = daemon->settings.lease_seconds * CLOCK_SECOND,
		.log = {daemon->settings.log_days * DAY_US,
		    (uint64_t)daemon->settings.log_bytes},
		.serves = daemon->settings.live[0] != '\0'},
	    .trail = node->trail,
	    .health = daemon->health,
	    .alerts = node->alerts,
	    .witness_key = daemon->network.has_witness_key
			       ? daemon->network.witness_key
			       : NULL,
	    .parent_name = daemon->settings.parent_fetch,
	    .freight_folder = node->freight_folder,
	    .material_folder = materials_folder(node->materials),
	    .applied = on_applied,
	    .context = daemon};
	struct relay_settings relay = {.store = node->store,
	    .world = node->world,
	    .own_code = daemon->self.code,
	    .room = node->room,
	    .snapshot_us = daemon->settings.snapshot_hours * HOUR_US};

	node->follow = follow_open(&settings, why);
	if (node->follow == NULL)
		return ERR_DATABASE;
	lookout_attach(node->lookout, node->follow);
	relay.follow = node->follow;
	if (daemon->settings.live[0] == '\0')
		return ERR_OK;
	daemon->relay = relay_new(&relay, why);
	return daemon->relay != NULL ? ERR_OK : ERR_IO;
}

/* Before anybody asks. */
enum err
daemon_open_limits(struct daemon *daemon, struct why *why)
{
	struct node *node = &daemon->node;
	const struct world *world = shared_hold(node->world);
	struct guard_settings guard = {
	    .trail = node->trail, .world = node->world, .alerts = node->alerts};

	(void)why;
	recall_day(node->limiter, world, node->trail);
	node->guard = guard_new(&guard);
	shared_drop(node->world, world);
	return ERR_OK;
}

static void
on_checked(void *context, const char *stream, bool agrees)
{
	struct daemon *daemon = context;

	if (agrees)
		follow_trust(daemon->node.follow, stream);
	else
		follow_doubt(daemon->node.follow, stream);
}

enum err
daemon_open_check(struct daemon *daemon, struct why *why)
{
	struct check_settings settings = {.store = daemon->node.store,
	    .pause_us = daemon->settings.check_seconds * CLOCK_SECOND,
	    .found = on_checked,
	    .context = daemon};

	(void)why;
	daemon->check = check_new(&settings);
	return ERR_OK;
}

enum err
daemon_open_masked(struct daemon *daemon, struct why *why)
{
	struct node *node = &daemon->node;
	struct census_settings census = {.store = node->store,
	    .world = node->world,
	    .lease = node->lease,
	    .bytes = (uint64_t)daemon->settings.census_bytes};
	enum err err =
	    masked_read_key(daemon->settings.folder, &node->mask_key, why);

	if (err != ERR_OK)
		return err;
	census.censuses = node->censuses;
	daemon->census_taker = census_taker_new(&census);
	node->masked = masked_new(node, daemon->budget);
	return ERR_OK;
}

/* An index that cannot be kept does not keep the node from answering. */
enum err
daemon_open_finder(struct daemon *daemon, struct why *why)
{
	struct node *node = &daemon->node;

	(void)why;
	node->finder =
	    finder_open(daemon->settings.folder, node->store, node->world);
	node->find_desk = find_desk_new();
	return ERR_OK;
}

enum err
daemon_open_pages(struct daemon *daemon, struct why *why)
{
	const char *folder = daemon->settings.pages_folder;
	char found[PATH_SIZE];

	if (folder[0] == '\0') {
		if (!pages_find_folder(found, sizeof(found)))
			return ERR_OK;
		folder = found;
	}
	daemon->node.pages = pages_open(folder, why);
	return daemon->node.pages != NULL ? ERR_OK : ERR_IO;
}

enum err
daemon_open_printer(struct daemon *daemon, struct why *why)
{
	char path[PATH_SIZE];

	daemon->node.printer =
	    printer_open(daemon_stem(daemon, ".sign.key", path), why);
	return daemon->node.printer != NULL ? ERR_OK : ERR_CRYPTO;
}
