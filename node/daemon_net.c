/*
 * daemon_net: who the node speaks with: parent and children, other nodes,
 * members.
 */
#include "node/daemon_inner.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "node/elsewhere.h"
#include "node/endpoints.h"
#include "node/follow.h"

enum err
daemon_open_elsewhere(struct daemon *daemon, struct why *why)
{
	char cert[PATH_SIZE], key[PATH_SIZE], sign_key[PATH_SIZE];
	struct elsewhere_settings settings = {.code = daemon->self.code,
	    .cert = daemon_stem(daemon, ".crt", cert),
	    .key = daemon_stem(daemon, ".key", key),
	    .ca = daemon->ca,
	    .sign_key = daemon_stem(daemon, ".sign.key", sign_key),
	    .seconds = (unsigned)daemon->settings.elsewhere_seconds};

	daemon->node.elsewhere = elsewhere_open(&settings, why);
	return daemon->node.elsewhere != NULL ? ERR_OK : ERR_CRYPTO;
}

enum err
daemon_open_detour(struct daemon *daemon, struct why *why)
{
	char cert[PATH_SIZE], key[PATH_SIZE];
	struct detour_settings settings = {
	    .cert = daemon_stem(daemon, ".crt", cert),
	    .key = daemon_stem(daemon, ".key", key),
	    .ca = daemon->ca,
	    .url = daemon->settings.parent_url,
	    .store = daemon->node.store,
	    .world = daemon->node.world,
	    .keys = daemon->keys,
	    .follow = daemon->node.follow};

	daemon->detour = detour_open(&settings, why);
	return daemon->detour != NULL ? ERR_OK : ERR_CRYPTO;
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
	detour_on_link(daemon->detour, connected);
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
	detour_tick(daemon->detour);
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

enum err
daemon_open_bus(struct daemon *daemon, struct why *why)
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

enum err
daemon_open_http(struct daemon *daemon, struct why *why)
{
	char cert[PATH_SIZE], key[PATH_SIZE];
	struct http_settings settings = {.listen = daemon->settings.listen,
	    .cert = daemon_stem(daemon, ".crt", cert),
	    .key = daemon_stem(daemon, ".key", key),
	    .ca = daemon->ca,
	    .workers = (unsigned)daemon->settings.workers,
	    .limits = daemon->settings.limits,
	    .routes = node_endpoints,
	    .context = &daemon->node,
	    .is_sandbox = daemon->sandbox != NULL};

	if (daemon->http != NULL)
		return http_server_renew(daemon->http, &settings, why);
	daemon->http = http_server_open(&settings, why);
	return daemon->http != NULL ? ERR_OK : ERR_NETWORK;
}

enum err
daemon_tell_ready(struct daemon *daemon, struct why *why)
{
	struct buf text = {0}, address = {0};
	struct json_out out = {.buf = &text};
	enum err err;

	if (daemon->settings.ready_file[0] == '\0')
		return ERR_OK;
	http_server_address(daemon->http, &address);
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
