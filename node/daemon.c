/*
 * daemon: settings and keys of the node, and the order of its parts.
 */
#include "node/daemon_inner.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cert.h"
#include "base/file.h"
#include "base/privilege.h"
#include "node/accesses.h"
#include "node/budget.h"
#include "node/census.h"
#include "node/elsewhere.h"
#include "node/find.h"
#include "node/finder.h"
#include "node/follow.h"
#include "node/guard.h"
#include "node/hooks.h"
#include "node/jobs.h"
#include "node/limiter.h"
#include "node/lookout.h"
#include "node/masked.h"
#include "node/materials.h"
#include "node/printer.h"
#include "node/room.h"
#include "node/store.h"
#include "node/trail.h"
#include "wire/pages.h"

/* A consent may wait 5 s for its way up and down. */
#define GRACE_MS 7000
#define SANDBOX_LOOKS 6000 /* a minute */

const char *
daemon_stem(
    const struct daemon *daemon, const char *suffix, char out[PATH_SIZE])
{
	snprintf(
	    out, PATH_SIZE, "%.*s%s", STEM_MAX, daemon->settings.stem, suffix);
	return out;
}

static enum err
check_settings(struct daemon *daemon, struct why *why)
{
	const struct node_settings *settings = &daemon->settings;

	if (sandbox_settle(&daemon->settings, why) != ERR_OK)
		return ERR_INVALID;
	if (settings->sandbox[0] == '\0' &&
	    (settings->parent_live[0] == '\0' ||
		settings->parent_fetch[0] == '\0'))
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
	enum err err = ERR_OK;

	/* A sandbox is its starter's own: there is nothing to hide from it. */
	if (settings->sandbox[0] == '\0')
		err = privilege_drop(settings->user, settings->folder, why);
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

	if (err == ERR_OK)
		err = sandbox_check(&daemon->settings, &daemon->network, why);
	if (err != ERR_OK)
		return err;
	daemon->keys = network_keyring(&daemon->network);
	/* OpenSSL wants its roots in a file. */
	file_path(daemon->ca, PATH_SIZE, daemon->settings.folder, "ca.pem");
	err = file_replace(daemon->ca, span_of(daemon->network.ca), 0644, why);
	if (err != ERR_OK)
		return err;
	daemon->trust = network_trust(&daemon->network, why);
	return daemon->trust != NULL ? ERR_OK : ERR_CRYPTO;
}

static enum err
open_sandbox(struct daemon *daemon, struct why *why)
{
	struct node_settings *settings = &daemon->settings;

	if (settings->sandbox[0] == '\0')
		return ERR_OK;
	daemon->sandbox = sandbox_open(settings, &daemon->network, why);
	if (daemon->sandbox == NULL)
		return ERR_INVALID;
	mem_free(settings->parent_live);
	mem_free(settings->parent_fetch);
	settings->parent_live = mem_text(sandbox_live(daemon->sandbox));
	settings->parent_fetch = mem_text(sandbox_fetch(daemon->sandbox));
	daemon->node.is_sandbox = true;
	return ERR_OK;
}

/* Who starts a sandbox asks at once: it listens when it can answer. */
static enum err
await_sandbox(struct daemon *daemon, struct why *why)
{
	const struct timespec pause = {0, 10000000};
	int i;

	if (daemon->sandbox == NULL)
		return ERR_OK;
	for (i = 0; i < SANDBOX_LOOKS; i++) {
		if (sandbox_is_held(daemon->sandbox, daemon->node.store) &&
		    node_hub_time(&daemon->node) != 0)
			return ERR_OK;
		nanosleep(&pause, NULL);
	}
	return why_set(why, ERR_NETWORK, "the sandbox's records did not come");
}

static enum err
read_keys(struct daemon *daemon, struct why *why)
{
	char path[PATH_SIZE];
	enum err err = cert_read(
	    daemon_stem(daemon, ".crt", path), &daemon->self, NULL, why);

	if (err == ERR_OK)
		err = network_read_curve(daemon_stem(daemon, ".curve", path),
		    true, daemon->secret_key, why);
	if (err == ERR_OK)
		err =
		    network_read_curve(daemon_stem(daemon, ".curve.pub", path),
			false, daemon->public_key, why);
	if (err != ERR_OK)
		return err;
	daemon->sign_key =
	    signer_open(daemon_stem(daemon, ".sign.key", path), why);
	if (daemon->sign_key == NULL)
		return ERR_CRYPTO;
	daemon->trail_key =
	    signer_open(daemon_stem(daemon, ".trail.key", path), why);
	return daemon->trail_key != NULL ? ERR_OK : ERR_CRYPTO;
}

enum err
daemon_open(struct daemon *daemon, struct why *why)
{
	static enum err (*const steps[])(struct daemon * daemon,
	    struct why * why) = {check_settings, make_folders, read_roots,
	    open_sandbox, read_keys, daemon_open_store, daemon_open_trail,
	    daemon_open_lookout, daemon_open_health, daemon_open_follow,
	    daemon_open_limits, daemon_open_check, daemon_open_masked,
	    daemon_open_printer, daemon_open_finder, daemon_open_pages,
	    daemon_open_elsewhere, daemon_open_hooks, daemon_open_jobs,
	    daemon_open_detour, daemon_open_bus, await_sandbox,
	    daemon_open_http, daemon_tell_ready};
	enum err err = ERR_OK;
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(*steps) && err == ERR_OK; i++)
		err = steps[i](daemon, why);
	return err;
}

void
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
	hooks_stop(node->hooks);
	if (node->lookout != NULL)
		lookout_stop(node->lookout);
	if (node->follow != NULL)
		follow_stop(node->follow);
	if (daemon->bus != NULL)
		bus_close(daemon->bus);
	detour_close(daemon->detour);
	sandbox_close(daemon->sandbox);
	redial_free(daemon->redial);
	check_free(daemon->check);
	masked_free(node->masked);
	printer_close(node->printer);
	materials_close(node->materials);
	pages_close(node->pages);
	find_desk_free(node->find_desk);
	finder_close(node->finder);
	census_taker_free(daemon->census_taker);
	relay_free(daemon->relay);
	follow_free(node->follow);
	if (node->jobs != NULL)
		jobs_stop(node->jobs);
	guard_free(node->guard);
	accesses_close(node->accesses);
	trail_close(node->trail);
	jobs_close(node->jobs);
	hooks_close(node->hooks);
	lookout_close(node->lookout);
	limiter_free(node->limiter);
	shared_free(node->alerts);
	shared_free(node->censuses);
	health_free(daemon->health);
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
