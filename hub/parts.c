/*
 * parts: started in the order of struct hub, stopped in reverse.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/privilege.h"
#include "hub/catalogue.h"
#include "hub/control.h"
#include "hub/credentials.h"
#include "hub/door.h"
#include "hub/hub.h"
#include "hub/inbox.h"
#include "hub/keys.h"
#include "hub/migrate.h"
#include "hub/pull.h"
#include "hub/settings.h"

#define PATH_SIZE 1024
/* For answers on their way, and for what the desk still has to do. */
#define GRACE_MS 5000
/* Beyond `stop_seconds` and both graces, for the database to stop.  Then the
 * process just ends, which loses nothing: it might as well have been killed. */
#define STOP_SECONDS 30

const char *
hub_conninfo(const struct hub *hub)
{
	return hub->cluster != NULL ? cluster_conninfo(hub->cluster)
				    : hub->settings.database;
}

static enum err
open_database(struct hub *hub, struct why *why)
{
	char found[PATH_SIZE];
	const char *folder = hub->settings.sql_folder;
	struct pg *pg;
	enum err err;

	if (hub->settings.database[0] == '\0') {
		hub->cluster = cluster_open(
		    hub->settings.folder, hub->settings.pg_binaries, why);
		if (hub->cluster == NULL)
			return ERR_DATABASE;
	}
	if (folder[0] == '\0') {
		if (!migrate_find_folder(found, sizeof(found)))
			return why_set(
			    why, ERR_MISSING, "sql_folder: none found");
		folder = found;
	}
	/* Migrations are for who works: the other may be an older program. */
	hub->tenure = tenure_take(hub_conninfo(hub), why);
	if (hub->tenure == NULL)
		return ERR_DATABASE;
	pg = pg_open(hub_conninfo(hub), NULL, why);
	if (pg == NULL)
		return ERR_DATABASE;
	err = migrate(pg, folder, why);
	pg_close(pg);
	return err;
}

/* The first operator, when nobody is on the list. */
static enum err
admit_operator(struct hub *hub, struct ledger *ledger, struct why *why)
{
	const struct members *members = shared_hold(hub->members);
	size_t count = members_count(members);
	struct buf document = {0};
	struct member member;
	enum err err;

	shared_drop(hub->members, members);
	if (count > 0 || hub->settings.operator_member[0] == '\0')
		return ERR_OK;
	err = file_read(hub->settings.operator_member, 65536, &document, why);
	if (err == ERR_OK)
		err = member_parse(buf_span(&document), &member, why);
	if (err == ERR_OK)
		err = control_admit(ledger, &member, why);
	buf_release(&document);
	return err;
}

/* A newer catalogue than the ledger's; an older one is no error. */
static enum err
load_catalogue(struct hub *hub, struct ledger *ledger, struct why *why)
{
	const char *path = hub->settings.catalogue;
	struct buf jws = {0};
	struct why inner = {0};
	enum err err;

	if (path[0] == '\0')
		return ERR_OK;
	err = file_read(path, RECORD_VALUE_MAX + 2, &jws, why);
	if (err != ERR_OK)
		goto out;
	err = control_put_catalogue(
	    ledger, hub->catalogue_verifier, buf_span(&jws), &inner);
	if (err == ERR_CONFLICT)
		err = ERR_OK;
	if (err != ERR_OK)
		err = why_set(why, err, "%s: %s", path, inner.text);
out:
	buf_release(&jws);
	return err;
}

static enum err
open_desk(struct hub *hub, struct why *why)
{
	struct ledger *ledger =
	    ledger_open(hub_conninfo(hub), hub->settings.batch_key, why);
	struct keys_files files = {
	    hub->settings.batch_key, hub->settings.curve};
	enum err err;

	if (ledger == NULL)
		return ERR_DATABASE;
	hub->members = shared_new(members_free);
	hub->catalogue = shared_new(catalogue_free);
	err = keys_settle(ledger, &hub->network, &files, why);
	if (err == ERR_OK)
		err = hub_reload_members(hub, ledger, why);
	if (err == ERR_OK)
		err = admit_operator(hub, ledger, why);
	if (err == ERR_OK)
		err = load_catalogue(hub, ledger, why);
	if (err == ERR_OK)
		err = hub_reload_members(hub, ledger, why);
	if (err == ERR_OK)
		err = hub_reload_catalogue(hub, ledger, why);
	hub->desk = desk_new(ledger);
	return err;
}

static void
on_committed(void *context)
{
	struct hub *hub = context;

	publish_wake(hub->publish);
	news_tell(hub->news, NEWS_FEEDS);
}

static struct publish *
open_publish(struct hub *hub, struct why *why)
{
	struct publish_settings settings = {.conninfo = hub_conninfo(hub),
	    .batch_key = hub->settings.batch_key,
	    .members = hub->members,
	    .gallery = {.conninfo = hub_conninfo(hub),
		.catalogues = hub->catalogue_verifier,
		.hours = hub->settings.snapshot_hours,
		.bytes = hub->settings.snapshot_bytes,
		.log = {hub->settings.log_days, hub->settings.log_bytes}}};
	struct buf folder = {0};

	buf_print(&folder, "%s/snapshots", hub->settings.folder);
	hub->snapshots = mem_text(buf_cstr(&folder));
	buf_release(&folder);
	settings.gallery.folder = hub->snapshots;
	return publish_open(&settings, why);
}

static enum err
open_bus(struct hub *hub, struct why *why)
{
	char secret[BUS_KEY_LEN + 1];
	struct bus_settings settings = {.live = hub->settings.live,
	    .fetch = hub->settings.fetch,
	    .admit = hub_admit_key,
	    .hear = hub_may_hear,
	    .request = hub_on_request,
	    .public_key = hub->network.hub_curve_key,
	    .secret_key = secret,
	    .io_threads = (unsigned)hub->settings.io_threads,
	    .context = hub};
	enum err err =
	    network_read_curve(hub->settings.curve, true, secret, why);

	if (err != ERR_OK)
		return err;
	hub->publish = open_publish(hub, why);
	if (hub->publish == NULL)
		return ERR_DATABASE;
	hub->bus = bus_open(&settings, why);
	if (hub->bus == NULL)
		return ERR_NETWORK;
	publish_start(hub->publish, hub->bus);
	return ERR_OK;
}

/* Where held batches wait. */
static enum err
open_hold(struct hub *hub, struct why *why)
{
	struct buf folder = {0};
	struct pg *pg;
	enum err err;

	buf_print(&folder, "%s/held", hub->settings.folder);
	hub->held = mem_text(buf_cstr(&folder));
	buf_release(&folder);
	hub->hold = (struct hold_limits){hub->held,
	    hub->settings.withdraw_share, hub->settings.reject_share};
	pg = pg_open(hub_conninfo(hub), NULL, why);
	if (pg == NULL)
		return ERR_DATABASE;
	err = hold_clean(hub->held, pg, why);
	pg_close(pg);
	return err;
}

static enum err
open_ingest(struct hub *hub, struct why *why)
{
	struct ingest_settings settings = {.conninfo = hub_conninfo(hub),
	    .batch_key = hub->settings.batch_key,
	    .threads = (unsigned)hub->settings.ingest_threads,
	    .catalogue = hub->catalogue,
	    .limits = {(uint64_t)hub->settings.upload_bytes,
		(uint32_t)hub->settings.inflate_ratio},
	    .hold = &hub->hold,
	    .committed = on_committed,
	    .context = hub};
	struct buf spool = {0};
	enum err err;

	buf_print(&spool, "%s/spool", hub->settings.folder);
	hub->spool = mem_text(buf_cstr(&spool));
	buf_release(&spool);
	err = spool_clean(hub->spool, why);
	if (err == ERR_OK)
		err = open_hold(hub, why);
	if (err != ERR_OK)
		return err;
	hub->ingest = ingest_open(&settings, why);
	return hub->ingest != NULL ? ERR_OK : ERR_DATABASE;
}

/* The ways in that are not HTTP. */
static enum err
open_ways(struct hub *hub, struct why *why)
{
	if (hub->settings.inbox[0] != '\0') {
		hub->inbox = inbox_open(hub, hub_conninfo(hub), why);
		if (hub->inbox == NULL)
			return ERR_IO;
	}
	if (hub->settings.exchange[0] != '\0') {
		hub->pull = pull_open(hub, hub_conninfo(hub), why);
		if (hub->pull == NULL)
			return ERR_INVALID;
	}
	return ERR_OK;
}

static enum err
open_keeper(struct hub *hub, struct why *why)
{
	struct ledger *ledger =
	    ledger_open(hub_conninfo(hub), hub->settings.batch_key, why);

	if (ledger == NULL)
		return ERR_DATABASE;
	hub->keeper = keeper_new(hub, ledger);
	return ERR_OK;
}

/* A hub without pages does all its other work.  What the console reads must
 * not wait for consents, nor they for it: a desk of its own. */
static enum err
open_console(struct hub *hub, struct why *why)
{
	const char *folder = hub->settings.console_folder;
	struct ledger *ledger =
	    ledger_open(hub_conninfo(hub), hub->settings.batch_key, why);
	char found[PATH_SIZE];

	if (ledger == NULL)
		return ERR_DATABASE;
	hub->reader = desk_new(ledger);

	if (folder[0] == '\0') {
		if (!pages_find_folder(found, sizeof(found)))
			return ERR_OK;
		folder = found;
	}
	hub->console = pages_open(folder, why);
	return hub->console != NULL ? ERR_OK : ERR_IO;
}

static enum err
open_alarm(struct hub *hub, struct why *why)
{
	enum err err =
	    notice_open(&hub->settings, hub_conninfo(hub), &hub->notice, why);

	if (err == ERR_OK)
		err = alarm_open(hub, hub_conninfo(hub), &hub->alarm, why);
	return err;
}

enum err
hub_open(struct hub *hub, struct why *why)
{
	static enum err (*const steps[])(struct hub * hub, struct why * why) = {
	    credentials_open, open_database, open_desk, open_bus, open_ingest,
	    open_keeper, open_ways, open_alarm, open_console, door_open,
	    door_announce};
	enum err err;
	size_t i;

	hub->news = news_open();
	err = privilege_drop(hub->settings.user, hub->settings.folder, why);
	if (err == ERR_OK)
		err = notice_check(&hub->settings, why);
	if (err == ERR_OK)
		err = file_make_folder(hub->settings.folder, 0700, why);
	for (i = 0; i < sizeof(steps) / sizeof(*steps) && err == ERR_OK; i++)
		err = steps[i](hub, why);
	return err;
}

/* Batches end first, so that their senders hear of it, then requests, then
 * what they need; the database goes last. */
void
hub_close(struct hub *hub)
{
	alarm((unsigned)hub->settings.stop_seconds + STOP_SECONDS);
	alarm_close(hub->alarm);
	notice_close(hub->notice);
	pull_stop(hub->pull);
	inbox_stop(hub->inbox);
	ingest_stop(hub->ingest, (unsigned)hub->settings.stop_seconds * 1000);
	if (hub->http != NULL)
		http_server_close(hub->http, GRACE_MS);
	news_stop(hub->news);
	pages_close(hub->console);
	desk_stop(hub->reader, 0);
	desk_free(hub->reader);
	ingest_close(hub->ingest);
	keeper_free(hub->keeper);
	journal_close(hub->journal);
	inbox_free(hub->inbox);
	pull_free(hub->pull);
	if (hub->bus != NULL)
		publish_stop(hub->publish);
	desk_stop(hub->desk, GRACE_MS);
	bus_close(hub->bus);
	desk_free(hub->desk);
	publish_close(hub->publish);
	news_close(hub->news); /* desks tell it what they do to the end */
	shared_free(hub->catalogue);
	shared_free(hub->members);
	tenure_free(hub->tenure);
	cluster_close(hub->cluster);
	credentials_close(hub);
	mem_free(hub->spool);
	mem_free(hub->held);
	mem_free(hub->snapshots);
}
