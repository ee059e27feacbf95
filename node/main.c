/*
 * rongxin-node: changes in, questions answered, trail kept, consents up.
 *
 * Opens the parts one after the other and closes them in reverse.  Requests
 * end first, then what they need.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/privilege.h"
#include "node/accesses.h"
#include "node/census.h"
#include "node/check.h"
#include "node/elsewhere.h"
#include "node/endpoints.h"
#include "node/find.h"
#include "node/finder.h"
#include "node/freight.h"
#include "node/guard.h"
#include "node/hooks.h"
#include "node/jobs.h"
#include "node/lookout.h"
#include "node/masked.h"
#include "node/node.h"
#include "node/printer.h"
#include "node/recall.h"
#include "node/redial.h"
#include "node/relay.h"
#include "node/settings.h"
#include "node/world.h"
#include "wire/network.h"
#include "wire/pages.h"

#define PATH_SIZE 4096
#define STEM_MAX 3500
/* In the environment of a node that a damaged store made start again. */
#define STARTED_AGAIN "RX_STARTED_AGAIN"
/* A consent may wait 5 s for its way up and down. */
#define GRACE_MS 7000
#define HOUR_US (3600 * CLOCK_SECOND)
#define DAY_US (24 * HOUR_US)

struct daemon {
	struct node_settings settings;
	struct node node;
	struct network network;
	struct keyring *keys; /* of the hub's batches */
	struct identity self;
	char ca[PATH_SIZE], trail_folder[PATH_SIZE], freight_folder[PATH_SIZE];
	struct trust *trust;
	struct signer *sign_key, *trail_key;
	char public_key[BUS_KEY_LEN + 1], secret_key[BUS_KEY_LEN + 1];
	struct relay *relay; /* NULL: serves no children */
	struct redial *redial;
	struct check *check;
	struct budget *budget;
	struct census_taker *census_taker;
	struct bus *bus;
	struct bus *_Atomic dialled; /* the same, for the bus thread */
	struct http_server *http;
};

static const char *
stem_path(const struct daemon *daemon, const char *suffix, char out[PATH_SIZE])
{
	snprintf(
	    out, PATH_SIZE, "%.*s%s", STEM_MAX, daemon->settings.stem, suffix);
	return out;
}

static enum err
check_settings(struct daemon *daemon, struct why *why)
{
	const struct node_settings *settings = &daemon->settings;

	if (settings->parent_live[0] == '\0' ||
	    settings->parent_fetch[0] == '\0')
		return why_set(why, ERR_INVALID,
		    "settings parent_live and parent_fetch are required");
	if ((settings->live[0] == '\0') != (settings->fetch[0] == '\0'))
		return why_set(
		    why, ERR_INVALID, "settings live and fetch go together");
	if (strlen(settings->stem) > STEM_MAX ||
	    strlen(settings->folder) > STEM_MAX ||
	    strlen(settings->trail_folder) > STEM_MAX)
		return why_set(why, ERR_LIMIT, "a path is too long");
	return ERR_OK;
}

static enum err
make_folders(struct daemon *daemon, struct why *why)
{
	const struct node_settings *settings = &daemon->settings;
	enum err err = privilege_drop(settings->user, settings->folder, why);

	if (err == ERR_OK)
		err = file_make_folder(settings->folder, 0700, why);
	if (settings->trail_folder[0] != '\0')
		snprintf(daemon->trail_folder, PATH_SIZE, "%s",
		    settings->trail_folder);
	else
		file_path(
		    daemon->trail_folder, PATH_SIZE, settings->folder, "trail");
	return err;
}

static enum err
read_roots(struct daemon *daemon, struct why *why)
{
	enum err err =
	    network_read(daemon->settings.network, &daemon->network, why);

	if (err != ERR_OK)
		return err;
	daemon->keys = network_keyring(&daemon->network);
	/* OpenSSL wants its roots in a file. */
	file_path(daemon->ca, PATH_SIZE, daemon->settings.folder, "ca.pem");
	err = file_replace(daemon->ca, span_of(daemon->network.ca), 0644, why);
	if (err != ERR_OK)
		return err;
	daemon->trust = trust_open(daemon->ca, why);
	return daemon->trust != NULL ? ERR_OK : ERR_CRYPTO;
}

static enum err
read_keys(struct daemon *daemon, struct why *why)
{
	char path[PATH_SIZE];
	enum err err = cert_read(
	    stem_path(daemon, ".crt", path), &daemon->self, NULL, why);

	if (err == ERR_OK)
		err = network_read_curve(stem_path(daemon, ".curve", path),
		    true, daemon->secret_key, why);
	if (err == ERR_OK)
		err = network_read_curve(stem_path(daemon, ".curve.pub", path),
		    false, daemon->public_key, why);
	if (err != ERR_OK)
		return err;
	daemon->sign_key =
	    signer_open(stem_path(daemon, ".sign.key", path), why);
	if (daemon->sign_key == NULL)
		return ERR_CRYPTO;
	daemon->trail_key =
	    signer_open(stem_path(daemon, ".trail.key", path), why);
	return daemon->trail_key != NULL ? ERR_OK : ERR_CRYPTO;
}

static enum err
open_store(struct daemon *daemon, struct why *why)
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
	node->freight_folder = file_path(daemon->freight_folder,
	    sizeof(daemon->freight_folder), daemon->settings.folder, "freight");
	if (freight_open(node->freight_folder, why) != ERR_OK)
		return ERR_IO;
	node->store = store_open(daemon->settings.folder, why);
	return node->store != NULL ? ERR_OK : ERR_DATABASE;
}

/* A trail that cannot be written yet does not keep the node from following. */
static enum err
open_trail(struct daemon *daemon, struct why *why)
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
static enum err
open_lookout(struct daemon *daemon, struct why *why)
{
	struct node *node = &daemon->node;
	struct lookout_settings settings = {.folder = daemon->settings.folder,
	    .store = node->store,
	    .world = node->world,
	    .keys = daemon->keys,
	    .keep_us = daemon->settings.event_days * DAY_US};

	node->watch_subjects = (uint64_t)daemon->settings.watch_subjects;
	node->lookout = lookout_open(&settings, why);
	return node->lookout != NULL ? ERR_OK : ERR_DATABASE;
}

static enum err
open_hooks(struct daemon *daemon, struct why *why)
{
	struct hooks_settings settings = {.node = &daemon->node,
	    .ca = daemon->settings.hook_ca,
	    .private = daemon->settings.hook_private != 0,
	    .attempts = (unsigned)daemon->settings.hook_attempts};

	daemon->node.hooks = hooks_open(&settings, why);
	return daemon->node.hooks != NULL ? ERR_OK : ERR_CRYPTO;
}

static enum err
open_jobs(struct daemon *daemon, struct why *why)
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

static enum err
open_follow(struct daemon *daemon, struct why *why)
{
	struct node *node = &daemon->node;
	struct follow_settings settings = {
	    .intake = {.store = node->store,
		.world = node->world,
		.lease = node->lease,
		.signer = daemon->sign_key,
		.room = node->room,
		.own_code = daemon->self.code,
		.keys = daemon->keys,
		.catalogue_key = daemon->network.catalogue_key,
		.lease_us = daemon->settings.lease_seconds * CLOCK_SECOND,
		.log = {daemon->settings.log_days * DAY_US,
		    (uint64_t)daemon->settings.log_bytes},
		.serves = daemon->settings.live[0] != '\0'},
	    .trail = node->trail,
	    .alerts = node->alerts,
	    .witness_key = daemon->network.has_witness_key
			       ? daemon->network.witness_key
			       : NULL,
	    .parent_name = daemon->settings.parent_fetch,
	    .freight_folder = node->freight_folder,
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
	relay.follow = node->follow;
	if (daemon->settings.live[0] == '\0')
		return ERR_OK;
	daemon->relay = relay_new(&relay, why);
	return daemon->relay != NULL ? ERR_OK : ERR_IO;
}

/* Before anybody asks. */
static enum err
open_limits(struct daemon *daemon, struct why *why)
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

static enum err
open_elsewhere(struct daemon *daemon, struct why *why)
{
	char cert[PATH_SIZE], key[PATH_SIZE], sign_key[PATH_SIZE];
	struct elsewhere_settings settings = {.code = daemon->self.code,
	    .cert = stem_path(daemon, ".crt", cert),
	    .key = stem_path(daemon, ".key", key),
	    .ca = daemon->ca,
	    .sign_key = stem_path(daemon, ".sign.key", sign_key),
	    .seconds = (unsigned)daemon->settings.elsewhere_seconds};

	daemon->node.elsewhere = elsewhere_open(&settings, why);
	return daemon->node.elsewhere != NULL ? ERR_OK : ERR_CRYPTO;
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

static enum err
open_check(struct daemon *daemon, struct why *why)
{
	struct check_settings settings = {.store = daemon->node.store,
	    .pause_us = daemon->settings.check_seconds * CLOCK_SECOND,
	    .found = on_checked,
	    .context = daemon};

	(void)why;
	daemon->check = check_new(&settings);
	return ERR_OK;
}

/* Its database is not the store's: no parent could give it back. */
static enum err
open_masked(struct daemon *daemon, struct why *why)
{
	struct node *node = &daemon->node;
	struct census_settings census = {
	    .store = node->store, .world = node->world, .lease = node->lease};
	enum err err =
	    masked_read_key(daemon->settings.folder, &node->mask_key, why);

	if (err != ERR_OK)
		return err;
	daemon->budget = budget_open(daemon->settings.folder, why);
	if (daemon->budget == NULL)
		return ERR_DATABASE;
	census.censuses = node->censuses;
	daemon->census_taker = census_taker_new(&census);
	node->masked = masked_new(node, daemon->budget);
	return ERR_OK;
}

/* An index that cannot be kept does not keep the node from answering. */
static enum err
open_finder(struct daemon *daemon, struct why *why)
{
	struct node *node = &daemon->node;

	(void)why;
	node->finder =
	    finder_open(daemon->settings.folder, node->store, node->world);
	node->find_desk = find_desk_new();
	return ERR_OK;
}

static enum err
open_pages(struct daemon *daemon, struct why *why)
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

static enum err
open_printer(struct daemon *daemon, struct why *why)
{
	char path[PATH_SIZE];

	daemon->node.printer =
	    printer_open(stem_path(daemon, ".sign.key", path), why);
	return daemon->node.printer != NULL ? ERR_OK : ERR_CRYPTO;
}

static void
on_live(void *context, struct span topic, struct span message)
{
	struct daemon *daemon = context;

	follow_on_live(daemon->node.follow, topic, message);
}

static void
on_reply(void *context, struct span message)
{
	struct daemon *daemon = context;

	follow_on_reply(daemon->node.follow, message);
}

static void
on_link(void *context, bool connected)
{
	struct daemon *daemon = context;

	log_info("node.link", "connected=%d", connected);
	redial_on_link(daemon->redial, connected);
	if (connected)
		follow_on_link(daemon->node.follow);
}

static void
on_tick(void *context)
{
	struct daemon *daemon = context;
	struct bus *bus = atomic_load(&daemon->dialled);

	if (bus != NULL)
		redial_tick(daemon->redial, bus);
}

static bool
on_admit(void *context, const char *public_key, char code[MEMBER_CODE_MAX + 1])
{
	struct daemon *daemon = context;

	return relay_may_enter(daemon->relay, public_key, code);
}

static bool
on_hear(void *context, const char *code, const char *topic_prefix)
{
	struct daemon *daemon = context;

	return relay_may_hear(daemon->relay, code, topic_prefix);
}

static void
on_request(void *context, const struct bus_route *from, struct span message)
{
	struct daemon *daemon = context;

	relay_on_request(daemon->relay, from, message);
}

static enum err
open_bus(struct daemon *daemon, struct why *why)
{
	const struct node_settings *settings = &daemon->settings;
	struct redial_settings redial = {.folder = settings->folder,
	    .parent_key = settings->parent_key[0] != '\0'
			      ? settings->parent_key
			      : daemon->network.hub_curve_key,
	    .network = &daemon->network,
	    .world = daemon->node.world};
	struct bus_settings bus = {.admit = on_admit,
	    .hear = on_hear,
	    .request = on_request,
	    .parent_live = settings->parent_live,
	    .parent_fetch = settings->parent_fetch,
	    .tick = on_tick,
	    .live_message = on_live,
	    .reply = on_reply,
	    .link = on_link,
	    .public_key = daemon->public_key,
	    .secret_key = daemon->secret_key,
	    .io_threads = (unsigned)settings->io_threads,
	    .context = daemon};

	if (daemon->relay != NULL) {
		bus.live = settings->live;
		bus.fetch = settings->fetch;
	}
	daemon->redial = redial_new(&redial);
	bus.parent_key = redial_key(daemon->redial);
	daemon->bus = bus_open(&bus, why);
	if (daemon->bus == NULL)
		return ERR_NETWORK;
	atomic_store(&daemon->dialled, daemon->bus);
	if (daemon->relay != NULL)
		relay_attach(daemon->relay, daemon->bus);
	follow_attach(daemon->node.follow, daemon->bus);
	return ERR_OK;
}

static struct http_limits
limits_of(const struct node_settings *settings)
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
open_http(struct daemon *daemon, struct why *why)
{
	char cert[PATH_SIZE], key[PATH_SIZE];
	struct http_settings settings = {.listen = daemon->settings.listen,
	    .cert = stem_path(daemon, ".crt", cert),
	    .key = stem_path(daemon, ".key", key),
	    .ca = daemon->ca,
	    .workers = (unsigned)daemon->settings.workers,
	    .limits = limits_of(&daemon->settings),
	    .routes = node_endpoints,
	    .context = &daemon->node};

	if (daemon->http != NULL)
		return http_server_renew(daemon->http, &settings, why);
	daemon->http = http_server_open(&settings, why);
	return daemon->http != NULL ? ERR_OK : ERR_NETWORK;
}

static enum err
write_ready_file(struct daemon *daemon, struct why *why)
{
	const char *listen = daemon->settings.listen;
	const char *colon = strrchr(listen, ':');
	struct buf text = {0}, address = {0};
	struct json_out out = {.buf = &text};
	enum err err;

	if (daemon->settings.ready_file[0] == '\0')
		return ERR_OK;
	buf_print(&address, "%.*s:%u",
	    colon != NULL ? (int)(colon - listen) : 0, listen,
	    http_server_port(daemon->http));
	json_open_object(&out, NULL);
	json_put_text(&out, "listen", buf_span(&address));
	json_put_cstr(&out, "live",
	    daemon->relay != NULL ? bus_live_endpoint(daemon->bus) : "");
	json_put_cstr(&out, "fetch",
	    daemon->relay != NULL ? bus_fetch_endpoint(daemon->bus) : "");
	json_put_int(&out, "pid", getpid());
	json_close_object(&out);
	buf_char(&text, '\n');
	err = file_replace(
	    daemon->settings.ready_file, buf_span(&text), 0644, why);
	buf_release(&text);
	buf_release(&address);
	return err;
}

static enum err
daemon_open(struct daemon *daemon, struct why *why)
{
	static enum err (*const steps[])(
	    struct daemon * daemon, struct why * why) = {check_settings,
	    make_folders, read_roots, read_keys, open_store, open_trail,
	    open_lookout, open_follow, open_limits, open_check, open_masked,
	    open_printer, open_finder, open_pages, open_elsewhere, open_hooks,
	    open_jobs, open_bus, open_http, write_ready_file};
	enum err err = ERR_OK;
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(*steps) && err == ERR_OK; i++)
		err = steps[i](daemon, why);
	return err;
}

static void
daemon_close(struct daemon *daemon)
{
	struct node *node = &daemon->node;

	if (node->elsewhere != NULL)
		elsewhere_stop(node->elsewhere);
	if (daemon->http != NULL)
		http_server_close(daemon->http, GRACE_MS);
	elsewhere_close(node->elsewhere);
	if (daemon->check != NULL)
		check_stop(daemon->check);
	if (daemon->relay != NULL)
		relay_stop(daemon->relay);
	if (node->follow != NULL)
		follow_stop(node->follow);
	if (daemon->bus != NULL)
		bus_close(daemon->bus);
	redial_free(daemon->redial);
	check_free(daemon->check);
	masked_free(node->masked);
	printer_close(node->printer);
	pages_close(node->pages);
	find_desk_free(node->find_desk);
	finder_close(node->finder);
	census_taker_free(daemon->census_taker);
	relay_free(daemon->relay);
	follow_free(node->follow);
	if (node->jobs != NULL)
		jobs_stop(node->jobs);
	hooks_stop(node->hooks);
	if (node->lookout != NULL)
		lookout_stop(node->lookout);
	guard_free(node->guard);
	accesses_close(node->accesses);
	trail_close(node->trail);
	jobs_close(node->jobs);
	hooks_close(node->hooks);
	lookout_close(node->lookout);
	limiter_free(node->limiter);
	shared_free(node->alerts);
	shared_free(node->censuses);
	budget_close(daemon->budget);
	shared_free(node->world);
	shared_free(node->lease);
	store_close(node->store);
	room_free(node->room);
	signer_free(daemon->sign_key);
	signer_free(daemon->trail_key);
	trust_free(daemon->trust);
	keyring_free(daemon->keys);
	network_release(&daemon->network);
	settings_release(node_setting_rows, &daemon->settings);
}

static void
on_signal(uv_signal_t *signal, int number)
{
	log_info("node.stopping", "signal=%d", number);
	uv_stop(signal->loop);
}

/* The certificate was renewed. */
static void
on_hangup(uv_signal_t *signal, int number)
{
	struct why why = {""};

	(void)number;
	if (open_http(signal->data, &why) == ERR_OK)
		log_info("node.renewed", "certificate=1");
	else
		log_error("node.renewed", "why=\"%s\"", why.text);
}

/* Until somebody asks it to stop. */
static void
wait_for_signal(struct daemon *daemon)
{
	uv_signal_t term, interrupt, hangup;
	uv_loop_t loop;

	uv_loop_init(&loop);
	uv_signal_init(&loop, &term);
	uv_signal_init(&loop, &interrupt);
	uv_signal_init(&loop, &hangup);
	hangup.data = daemon;
	uv_signal_start(&term, on_signal, SIGTERM);
	uv_signal_start(&interrupt, on_signal, SIGINT);
	uv_signal_start(&hangup, on_hangup, SIGHUP);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *)&term, NULL);
	uv_close((uv_handle_t *)&interrupt, NULL);
	uv_close((uv_handle_t *)&hangup, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
}

/* A damaged store is mended by a new start, which moves it aside and fetches
 * everything again.  Once: when that does not help, it is the disk. */
static void
start_again(char **argv)
{
	if (getenv(STARTED_AGAIN) != NULL || setenv(STARTED_AGAIN, "1", 1) != 0)
		return;
	log_warn("node.again", "why=\"the store is damaged\"");
	execv("/proc/self/exe", argv);
	log_error("node.failed", "why=\"cannot start again\"");
}

int
main(int argc, char **argv)
{
	struct daemon daemon = {0};
	struct why why = {""};
	bool damaged;
	enum err err;

	(void)argc;
	log_init("rongxin-node", LOG_INFO);
	err = settings_load(
	    node_setting_rows, &daemon.settings, "RONGXIN_NODE", argv, &why);
	if (err == ERR_SEEN)
		return 0;
	if (err != ERR_OK) {
		fprintf(stderr, "rongxin-node: %s\n", why.text);
		return 2;
	}
	log_init("rongxin-node", log_level_of(daemon.settings.log_level));
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);  /* until there is a certificate to renew */
	signal(SIGXFSZ, SIG_IGN); /* a write that fails must tell the trail */
	err = daemon_open(&daemon, &why);
	if (err == ERR_OK) {
		log_info(
		    "node.ready", "port=%u", http_server_port(daemon.http));
		wait_for_signal(&daemon);
	} else {
		log_error("node.failed", "why=\"%s\"", why.text);
	}
	damaged =
	    daemon.node.store != NULL && store_is_damaged(daemon.node.store);
	daemon_close(&daemon);
	if (damaged)
		start_again(argv);
	return err == ERR_OK && !damaged ? 0 : 1;
}
