/*
 * sandbox: a node with made-up enterprises and no hub.
 */
#include "node/sandbox.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/version.h"
#include "base/work.h"
#include "node/clerk.h"
#include "node/origin.h"
#include "node/origin_feed.h"
#include "wire/bus.h"

#define PATH_SIZE 4096
#define FILE_MAX ((size_t)64 << 20)
#define ANY_PORT "tcp://127.0.0.1:*"
#define CREDITS_MAX 64
#define IDLE_MS 100
#define WAITING_MAX 4096

struct sandbox {
	char folder[PATH_SIZE];
	const struct network *network;
	struct member node;
	struct trust *trust;
	struct signer *batches, *witness, *receipts;
	struct origin *origin;
	struct clerk *clerk;
	struct worker *worker;
	struct bus *bus;
	int64_t pulsed_us;         /* clock_tick_us */
	struct stream_head *first; /* where the streams were when it began */
	size_t first_count;
};

struct asked {
	struct bus_route from;
	struct buf message;
};

static void
set(char **setting, const char *folder, const char *name)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	mem_free(*setting);
	*setting = mem_text(path);
}

enum err
sandbox_settle(struct node_settings *settings, struct why *why)
{
	const char *folder = settings->sandbox;

	if (folder[0] == '\0')
		return ERR_OK;
	if (settings->parent_live[0] != '\0' ||
	    settings->parent_fetch[0] != '\0' || settings->live[0] != '\0' ||
	    settings->fetch[0] != '\0')
		return why_set(why, ERR_INVALID,
		    "a sandbox has no parent and no children: settings "
		    "parent_live, parent_fetch, live, fetch");
	if (strlen(folder) > PATH_SIZE / 2)
		return why_set(why, ERR_LIMIT, "setting sandbox is too long");
	set(&settings->network, folder, "net/network.json");
	set(&settings->stem, folder, "id/node");
	set(&settings->folder, folder, "node");
	set(&settings->hook_ca, folder, "net/ca.crt");
	settings->hook_private = 1;
	settings->elsewhere_seconds = 0;
	return ERR_OK;
}

enum err
sandbox_check(const struct node_settings *settings,
    const struct network *network, struct why *why)
{
	bool wanted = settings->sandbox[0] != '\0';

	if (wanted == network->is_sandbox)
		return ERR_OK;
	return why_set(why, ERR_DENIED,
	    wanted ? "%s is of a real network: no sandbox for it"
		   : "%s is a sandbox's, whose data are made up: see setting "
		     "sandbox",
	    settings->network);
}

static void
send_live(struct sandbox *sandbox, const char *topic, enum live_kind kind,
    struct span packed)
{
	struct buf live = {0};

	pack_live(kind, packed, &live);
	bus_publish(sandbox->bus, topic, buf_span(&live));
	buf_release(&live);
}

/* At the first start there is nobody to tell yet. */
static void
on_sealed(void *context, const char *stream, struct span bytes)
{
	struct sandbox *sandbox = context;

	if (sandbox->bus != NULL)
		send_live(sandbox, stream, LIVE_SEALED, bytes);
}

static void
pulse_when_due(struct sandbox *sandbox)
{
	struct pulse pulse = {.hub_time_us = clock_now_us()};
	int64_t now = clock_tick_us();
	struct buf packed = {0};

	if (now - sandbox->pulsed_us < CLOCK_SECOND)
		return;
	sandbox->pulsed_us = now;
	clerk_work(sandbox->clerk);
	pulse.heads = origin_heads(sandbox->origin, &pulse.head_count);
	if (pack_pulse(&pulse, sandbox->batches, &packed) == ERR_OK)
		send_live(sandbox, "pulse", LIVE_PULSE, buf_span(&packed));
	buf_release(&packed);
}

static void
answer_fetch(
    struct sandbox *sandbox, const struct request *request, struct buf *out)
{
	struct span sealed[CREDITS_MAX];
	struct reply reply = {.ticket = request->ticket,
	    .kind = REPLY_BATCHES,
	    .sealed = sealed,
	    .newest = origin_position(sandbox->origin, request->stream)};
	size_t most = request->credits;

	if (most == 0 || most > CREDITS_MAX)
		most = CREDITS_MAX;
	memcpy(reply.stream, request->stream, sizeof(reply.stream));
	reply.sealed_count = origin_batches(
	    sandbox->origin, request->stream, request->after, sealed, most);
	pack_reply(&reply, out);
}

static void
answer(struct sandbox *sandbox, const struct request *request, struct buf *out)
{
	struct reply reply = {.ticket = request->ticket,
	    .kind = REPLY_WELCOME,
	    .protocol = request->protocol,
	    .software = span_of("rongxin-sandbox " RONGXIN_VERSION)};

	if (request->kind == REQUEST_FETCH) {
		answer_fetch(sandbox, request, out);
		return;
	}
	if (request->kind == REQUEST_UPWARD) {
		clerk_answer(
		    sandbox->clerk, request->upward, request->ticket, out);
		return;
	}
	if (request->kind != REQUEST_HELLO) {
		reply.kind = REPLY_REFUSAL;
		reply.reason = span_of("gone");
	}
	pack_reply(&reply, out);
}

static void
handle(void *context, void *job)
{
	struct sandbox *sandbox = context;
	struct asked *asked = job;
	struct arena *arena = arena_new();
	struct request request;
	struct buf out = {0};

	if (unpack_request(buf_span(&asked->message), arena, &request) ==
	    ERR_OK) {
		answer(sandbox, &request, &out);
		bus_reply(sandbox->bus, &asked->from, buf_span(&out));
	}
	buf_release(&out);
	arena_free(arena);
	buf_release(&asked->message);
	mem_free(asked);
	pulse_when_due(sandbox);
}

static void
on_idle(void *context)
{
	pulse_when_due(context);
}

static void
on_request(void *context, const struct bus_route *from, struct span message)
{
	struct sandbox *sandbox = context;
	struct asked *asked = mem_new(sizeof(*asked));

	asked->from = *from;
	buf_add(&asked->message, message.ptr, message.len);
	if (worker_post(sandbox->worker, asked, WAITING_MAX))
		return;
	buf_release(&asked->message);
	mem_free(asked);
}

static bool
on_admit(void *context, const char *key, char code[MEMBER_CODE_MAX + 1])
{
	struct sandbox *sandbox = context;

	if (!member_has_key(&sandbox->node, key))
		return false;
	strcpy(code, sandbox->node.code);
	return true;
}

typedef enum err (*take_fn)(
    struct sandbox *sandbox, const char *path, struct why *why);

static enum err
take_member(struct sandbox *sandbox, const char *path, struct why *why)
{
	struct buf text = {0};
	enum err err = file_read(path, MEMBER_MAX, &text, why);

	if (err == ERR_OK)
		err = clerk_put_member(sandbox->clerk, buf_span(&text), why);
	buf_release(&text);
	return err;
}

static enum err
take_catalogue(struct sandbox *sandbox, const char *path, struct why *why)
{
	struct buf text = {0};
	enum err err = file_read(path, FILE_MAX, &text, why);

	if (err == ERR_OK)
		err = clerk_put_catalogue(
		    sandbox->clerk, text_trim(buf_span(&text)), why);
	buf_release(&text);
	return err;
}

/* feed/ITEM.ndjson, by the department of the folder. */
static enum err
take_feed(struct sandbox *sandbox, const char *path, struct why *why)
{
	char id[PATH_SIZE];
	struct identity who;
	struct origin_feed feed = {.catalog = clerk_catalog(sandbox->clerk),
	    .item = (uint32_t)strtoul(strrchr(path, '/') + 1, NULL, 10),
	    .provider = who.code,
	    .id = "made-up",
	    .type = "application/x-ndjson"};
	struct buf text = {0}, receipt = {0};
	enum err err;

	file_path(id, sizeof(id), sandbox->folder, "id/dept.crt");
	err = cert_read(id, &who, NULL, why);
	if (err == ERR_OK)
		err = file_read(path, FILE_MAX, &text, why);
	if (err == ERR_OK)
		err = origin_feed_take(
		    sandbox->origin, &feed, buf_span(&text), &receipt, why);
	buf_release(&text);
	buf_release(&receipt);
	return err;
}

static enum err
take_all(
    struct sandbox *sandbox, const char *pattern, take_fn take, struct why *why)
{
	char path[PATH_SIZE];
	glob_t found;
	enum err err = ERR_OK;
	size_t i;

	file_path(path, sizeof(path), sandbox->folder, pattern);
	if (glob(path, 0, NULL, &found) != 0)
		return why_set(why, ERR_MISSING,
		    "there is no %s: make it with rongxin sandbox", path);
	for (i = 0; i < found.gl_pathc && err == ERR_OK; i++)
		err = take(sandbox, found.gl_pathv[i], why);
	globfree(&found);
	return err;
}

/* What a kill left half comes again: what is there is unchanged then. */
static enum err
fill(struct sandbox *sandbox, struct why *why)
{
	char done[PATH_SIZE];
	enum err err;

	file_path(done, sizeof(done), sandbox->folder, "filled");
	if (file_exists(done))
		return ERR_OK;
	err = take_all(sandbox, "net/catalogue.jws", take_catalogue, why);
	if (err == ERR_OK)
		err = take_all(sandbox, "id/*.member.json", take_member, why);
	if (err == ERR_OK)
		err = origin_commit(sandbox->origin, why);
	if (err == ERR_OK)
		err = take_all(sandbox, "feed/*.ndjson", take_feed, why);
	if (err == ERR_OK)
		err = file_replace(done, span_of("\n"), 0644, why);
	return err;
}

static struct signer *
open_key(const struct sandbox *sandbox, const char *name, struct why *why)
{
	char folder[PATH_SIZE], path[PATH_SIZE];

	file_path(folder, sizeof(folder), sandbox->folder, "net");
	file_path(path, sizeof(path), folder, name);
	return signer_open(path, why);
}

static enum err
open_keys(struct sandbox *sandbox, struct why *why)
{
	char path[PATH_SIZE];
	struct buf text = {0};
	enum err err;

	file_path(path, sizeof(path), sandbox->folder, "id/node.member.json");
	err = file_read(path, MEMBER_MAX, &text, why);
	if (err == ERR_OK)
		err = member_parse(buf_span(&text), &sandbox->node, why);
	buf_release(&text);
	if (err != ERR_OK)
		return err;
	sandbox->trust = network_trust(sandbox->network, why);
	sandbox->batches = open_key(sandbox, "batch.key", why);
	sandbox->witness = open_key(sandbox, "witness.key", why);
	sandbox->receipts = open_key(sandbox, "receipt.key", why);
	if (sandbox->trust == NULL || sandbox->batches == NULL ||
	    sandbox->witness == NULL || sandbox->receipts == NULL)
		return ERR_CRYPTO;
	return ERR_OK;
}

static enum err
open_origin(struct sandbox *sandbox, struct why *why)
{
	char path[PATH_SIZE];
	struct origin_settings origin = {.path = path,
	    .signer = sandbox->batches,
	    .raw_key = sandbox->network->batch_key,
	    .sealed = on_sealed,
	    .context = sandbox};
	struct clerk_settings clerk = {.trust = sandbox->trust,
	    .network = sandbox->network,
	    .witness = sandbox->witness,
	    .receipts = sandbox->receipts,
	    .node = &sandbox->node};

	file_path(path, sizeof(path), sandbox->folder, "batches");
	sandbox->origin = origin_open(&origin, why);
	if (sandbox->origin == NULL)
		return ERR_IO;
	clerk.origin = sandbox->origin;
	sandbox->clerk = clerk_new(&clerk);
	return fill(sandbox, why);
}

static enum err
open_bus(struct sandbox *sandbox, struct why *why)
{
	char path[PATH_SIZE], secret[BUS_KEY_LEN + 1];
	struct bus_settings bus = {.live = ANY_PORT,
	    .fetch = ANY_PORT,
	    .admit = on_admit,
	    .request = on_request,
	    .public_key = sandbox->network->hub_curve_key,
	    .secret_key = secret,
	    .io_threads = 1,
	    .context = sandbox};
	enum err err;

	file_path(path, sizeof(path), sandbox->folder, "net/hub.curve");
	err = network_read_curve(path, true, secret, why);
	if (err != ERR_OK)
		return err;
	sandbox->bus = bus_open(&bus, why);
	return sandbox->bus != NULL ? ERR_OK : ERR_NETWORK;
}

static void
note_first(struct sandbox *sandbox)
{
	const struct stream_head *heads =
	    origin_heads(sandbox->origin, &sandbox->first_count);

	sandbox->first = mem_copy(heads, sandbox->first_count * sizeof(*heads));
}

/* The node's own bus, whose key alone is let in, is opened later: nothing comes
 * before there is a worker. */
struct sandbox *
sandbox_open(const struct node_settings *settings,
    const struct network *network, struct why *why)
{
	struct sandbox *sandbox = mem_new(sizeof(*sandbox));
	enum err err;

	snprintf(
	    sandbox->folder, sizeof(sandbox->folder), "%s", settings->sandbox);
	sandbox->network = network;
	err = open_keys(sandbox, why);
	if (err == ERR_OK)
		err = open_origin(sandbox, why);
	if (err == ERR_OK)
		err = open_bus(sandbox, why);
	if (err == ERR_OK) {
		note_first(sandbox);
		sandbox->worker =
		    worker_new("sandbox", handle, on_idle, IDLE_MS, sandbox);
		log_info("sandbox.open", "network=%s", network->name);
		return sandbox;
	}
	sandbox_close(sandbox);
	return NULL;
}

bool
sandbox_is_held(const struct sandbox *sandbox, struct store *store)
{
	struct snapshot *snapshot = store_snapshot(store);
	struct stream_state state;
	bool held = true;
	size_t i;

	for (i = 0; i < sandbox->first_count && held; i++)
		held = snapshot_stream(snapshot, sandbox->first[i].stream,
			   &state, NULL) == ERR_OK &&
		       state.chain.position >= sandbox->first[i].position;
	snapshot_release(snapshot);
	return held;
}

const char *
sandbox_live(const struct sandbox *sandbox)
{
	return bus_live_endpoint(sandbox->bus);
}

const char *
sandbox_fetch(const struct sandbox *sandbox)
{
	return bus_fetch_endpoint(sandbox->bus);
}

void
sandbox_close(struct sandbox *sandbox)
{
	if (sandbox == NULL)
		return;
	if (sandbox->worker != NULL)
		worker_stop(sandbox->worker);
	bus_close(sandbox->bus);
	worker_free(sandbox->worker);
	clerk_free(sandbox->clerk);
	origin_close(sandbox->origin);
	signer_free(sandbox->batches);
	signer_free(sandbox->witness);
	signer_free(sandbox->receipts);
	trust_free(sandbox->trust);
	mem_free(sandbox->first);
	mem_free(sandbox);
}
