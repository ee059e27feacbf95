/*
 * rongxin-hub: feeds in, ledger kept, changes out.
 *
 * Starts the parts in the order of struct hub and stops them in reverse.
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include <uv.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/privilege.h"
#include "hub/catalogue.h"
#include "hub/control.h"
#include "hub/endpoints.h"
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
#define WATCH_MS 1000
#define EXPIRE_SECONDS 3600
#define DAY_SECONDS 86400

static const char *
conninfo(const struct hub *hub)
{
	return hub->cluster != NULL ? cluster_conninfo(hub->cluster)
				    : hub->settings.database;
}

/* A key that others know from network.json, and must be the same; NULL when
 * `path` is empty. */
static enum err
read_known_key(const char *path, const char *name, const uint8_t known[32],
    struct signer **signer, struct why *why)
{
	uint8_t raw[32];

	if (path[0] == '\0')
		return ERR_OK;
	*signer = signer_open(path, why);
	if (*signer == NULL)
		return ERR_CRYPTO;
	if (signer_public(*signer, raw) != ERR_OK || known == NULL ||
	    memcmp(raw, known, sizeof(raw)) != 0)
		return why_set(why, ERR_CRYPTO,
		    "%s is not the %s of network.json", path, name);
	return ERR_OK;
}

static enum err
read_known_keys(struct hub *hub, struct why *why)
{
	const struct network *network = &hub->network;
	struct signer *journal = NULL;
	enum err err;

	err = read_known_key(hub->settings.receipt_key, "receipt_key",
	    network->has_receipt_key ? network->receipt_key : NULL,
	    &hub->receipt_signer, why);
	if (err != ERR_OK)
		return err;
	err = read_known_key(hub->settings.witness_key, "witness_key",
	    network->has_witness_key ? network->witness_key : NULL,
	    &hub->witness_signer, why);
	if (err != ERR_OK)
		return err;
	err = read_known_key(hub->settings.journal_key, "journal_key",
	    network->has_journal_key ? network->journal_key : NULL, &journal,
	    why);
	if (err == ERR_OK && journal != NULL) {
		hub->journal = journal_open(hub->settings.folder, journal, why);
		err = hub->journal != NULL ? ERR_OK : ERR_IO;
	}
	return err;
}

static enum err
read_keys(struct hub *hub, struct why *why)
{
	char path[PATH_SIZE];
	enum err err = network_read(hub->settings.network, &hub->network, why);

	if (err != ERR_OK)
		return err;
	hub->catalogue_verifier = verifier_new(hub->network.catalogue_key);
	if (hub->catalogue_verifier == NULL)
		return why_set(why, ERR_INVALID, "catalogue_key is no key");
	err = read_known_keys(hub, why);
	if (err != ERR_OK)
		return err;
	/* OpenSSL wants its roots in a file. */
	file_path(path, sizeof(path), hub->settings.folder, "ca.pem");
	err = file_replace(path, span_of(hub->network.ca), 0644, why);
	if (err != ERR_OK)
		return err;
	hub->trust = trust_open(path, why);
	return hub->trust != NULL ? ERR_OK : ERR_INVALID;
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
	pg = pg_open(conninfo(hub), NULL, why);
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
	    ledger_open(conninfo(hub), hub->settings.batch_key, why);
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
	struct publish_settings settings = {.conninfo = conninfo(hub),
	    .batch_key = hub->settings.batch_key,
	    .members = hub->members,
	    .gallery = {.conninfo = conninfo(hub),
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
	pg = pg_open(conninfo(hub), NULL, why);
	if (pg == NULL)
		return ERR_DATABASE;
	err = hold_clean(hub->held, pg, why);
	pg_close(pg);
	return err;
}

static enum err
open_ingest(struct hub *hub, struct why *why)
{
	struct ingest_settings settings = {.conninfo = conninfo(hub),
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
		hub->inbox = inbox_open(hub, conninfo(hub), why);
		if (hub->inbox == NULL)
			return ERR_IO;
	}
	if (hub->settings.exchange[0] != '\0') {
		hub->pull = pull_open(hub, conninfo(hub), why);
		if (hub->pull == NULL)
			return ERR_INVALID;
	}
	return ERR_OK;
}

static enum err
open_keeper(struct hub *hub, struct why *why)
{
	struct ledger *ledger =
	    ledger_open(conninfo(hub), hub->settings.batch_key, why);

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
	    ledger_open(conninfo(hub), hub->settings.batch_key, why);
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

static struct http_limits
limits_of(const struct hub_settings *settings)
{
	return (struct http_limits){
	    .connections = (unsigned)settings->connections,
	    .connections_address = (unsigned)settings->connections_address,
	    .handshakes = (unsigned)settings->handshakes,
	    .head_seconds = (unsigned)settings->head_seconds,
	    .idle_seconds = (unsigned)settings->idle_seconds,
	    .slow_bytes = (unsigned)settings->slow_bytes};
}

static enum err
open_alarm(struct hub *hub, struct why *why)
{
	enum err err =
	    notice_open(&hub->settings, conninfo(hub), &hub->notice, why);

	if (err == ERR_OK)
		err = alarm_open(hub, conninfo(hub), &hub->alarm, why);
	return err;
}

static enum err
open_http(struct hub *hub, struct why *why)
{
	char cert[PATH_SIZE], key[PATH_SIZE], ca[PATH_SIZE];
	struct http_settings settings = {.listen = hub->settings.listen,
	    .cert = cert,
	    .key = key,
	    .ca = ca,
	    .workers = (unsigned)hub->settings.http_workers,
	    .limits = limits_of(&hub->settings),
	    .routes = endpoints,
	    .context = hub};

	if (strlen(hub->settings.stem) + 5 > PATH_SIZE)
		return why_set(why, ERR_LIMIT, "stem: path too long");
	snprintf(cert, sizeof(cert), "%s.crt", hub->settings.stem);
	snprintf(key, sizeof(key), "%s.key", hub->settings.stem);
	file_path(ca, sizeof(ca), hub->settings.folder, "ca.pem");
	if (hub->http != NULL)
		return http_server_renew(hub->http, &settings, why);
	hub->http = http_server_open(&settings, why);
	return hub->http != NULL ? ERR_OK : ERR_NETWORK;
}

/* Where everything listens, with the real ports. */
static enum err
write_ready_file(struct hub *hub, struct why *why)
{
	struct buf text = {0}, listen = {0};
	struct json_out json = {.buf = &text};
	const char *colon = strrchr(hub->settings.listen, ':');
	enum err err;

	if (hub->settings.ready_file[0] == '\0')
		return ERR_OK;
	buf_print(&listen, "%.*s:%u",
	    colon != NULL ? (int)(colon - hub->settings.listen) : 0,
	    hub->settings.listen, http_server_port(hub->http));
	json_open_object(&json, NULL);
	json_put_text(&json, "listen", buf_span(&listen));
	json_put_cstr(&json, "live", bus_live_endpoint(hub->bus));
	json_put_cstr(&json, "fetch", bus_fetch_endpoint(hub->bus));
	json_put_cstr(&json, "pg", conninfo(hub));
	json_put_int(&json, "pid", getpid());
	json_close_object(&json);
	buf_char(&text, '\n');
	err =
	    file_replace(hub->settings.ready_file, buf_span(&text), 0644, why);
	buf_release(&text);
	buf_release(&listen);
	return err;
}

static enum err
hub_open(struct hub *hub, struct why *why)
{
	static enum err (*const steps[])(struct hub * hub, struct why * why) = {
	    read_keys, open_database, open_desk, open_bus, open_ingest,
	    open_keeper, open_ways, open_alarm, open_console, open_http,
	    write_ready_file};
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
static void
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
	news_close(hub->news);
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
	shared_free(hub->catalogue);
	shared_free(hub->members);
	cluster_close(hub->cluster);
	trust_free(hub->trust);
	signer_free(hub->receipt_signer);
	signer_free(hub->witness_signer);
	verifier_free(hub->catalogue_verifier);
	network_release(&hub->network);
	mem_free(hub->spool);
	mem_free(hub->held);
	mem_free(hub->snapshots);
}

static void
on_signal(uv_signal_t *handle, int number)
{
	log_info("hub.stop", "signal=%d", number);
	uv_stop(handle->loop);
}

/* The certificate was renewed. */
static void
on_hangup(uv_signal_t *handle, int number)
{
	struct why why = {""};

	(void)number;
	if (open_http(handle->data, &why) == ERR_OK)
		log_info("hub.renewed", "certificate=1");
	else
		log_error("hub.renewed", "why=\"%s\"", why.text);
}

/* Without its private database the hub cannot go on; who supervises it
 * starts both again. */
static void
on_watch(uv_timer_t *timer)
{
	struct hub *hub = timer->data;

	keeper_tick(hub->keeper, clock_now_us());
	if (hub->cluster == NULL || cluster_is_running(hub->cluster))
		return;
	log_error("cluster.gone", "why=PostgreSQL ended by itself");
	uv_stop(timer->loop);
}

/* Half uploads that nobody goes on with. */
static void
on_expire(uv_timer_t *timer)
{
	struct hub *hub = timer->data;
	size_t count =
	    spool_expire(hub->spool, hub->settings.upload_days * DAY_SECONDS);

	if (count > 0)
		log_info("spool.expire", "uploads=%zu", count);
}

static void
close_handle(uv_handle_t *handle, void *argument)
{
	(void)argument;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* Until a signal comes, or the database ends. */
static void
run(struct hub *hub)
{
	uv_signal_t term, interrupt, hangup;
	uv_timer_t watch, expire;
	uv_loop_t loop;

	uv_loop_init(&loop);
	uv_signal_init(&loop, &term);
	uv_signal_init(&loop, &interrupt);
	uv_signal_init(&loop, &hangup);
	hangup.data = hub;
	uv_timer_init(&loop, &watch);
	uv_timer_init(&loop, &expire);
	watch.data = hub;
	expire.data = hub;
	uv_signal_start(&term, on_signal, SIGTERM);
	uv_signal_start(&interrupt, on_signal, SIGINT);
	uv_signal_start(&hangup, on_hangup, SIGHUP);
	uv_timer_start(&watch, on_watch, WATCH_MS, WATCH_MS);
	uv_timer_start(&expire, on_expire, 0, EXPIRE_SECONDS * 1000);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_walk(&loop, close_handle, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
}

int
main(int argc, char **argv)
{
	struct hub hub = {0};
	struct why why = {0};
	bool database_ended = false;
	enum err err;

	(void)argc;
	log_init("rongxin-hub", LOG_INFO);
	err = settings_load(
	    hub_setting_rows, &hub.settings, "RONGXIN_HUB", argv, &why);
	if (err == ERR_SEEN)
		return 0;
	if (err != ERR_OK) {
		fprintf(stderr, "rongxin-hub: %s\n", why.text);
		return 2;
	}
	log_init("rongxin-hub", log_level_of(hub.settings.log_level));
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN); /* until there is a certificate to renew */
	err = hub_open(&hub, &why);
	if (err == ERR_OK) {
		log_info("hub.start", "listen=%s port=%u", hub.settings.listen,
		    http_server_port(hub.http));
		run(&hub);
		database_ended =
		    hub.cluster != NULL && !cluster_is_running(hub.cluster);
	} else {
		log_error("hub.failed", "why=%s", why.text);
	}
	hub_close(&hub);
	settings_release(hub_setting_rows, &hub.settings);
	return err != ERR_OK || database_ended ? 1 : 0;
}
