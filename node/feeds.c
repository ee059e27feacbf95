/*
 * feeds: batches that local departments hand in here, for the hub.
 */
#include "node/feeds.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/jws.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/spool.h"
#include "node/freight.h"
#include "node/node.h"
#include "node/world.h"
#include "wire/pack.h"

#define WRITE_BYTES (256 << 10)

/* One batch on its way to the disk. */
struct arrival {
	struct http_exchange *exchange; /* gone when `cut` */
	struct node *node;
	char name[FREIGHT_NAME_SIZE];
	struct manifest manifest;
	struct buf jws;
	struct spool *spool;
	struct digest_stream *digest;
	struct buf pending; /* not yet on its way to the file */
	uint64_t got;
	bool writing, complete, cut, failed;
	enum err err; /* of the follow thread */
};

static void
arrival_free(struct arrival *arrival)
{
	/* What did not become a batch is forgotten. */
	spool_forget(arrival->spool);
	spool_close(arrival->spool);
	digest_stream_free(arrival->digest);
	buf_release(&arrival->jws);
	buf_release(&arrival->pending);
	mem_free(arrival);
}

static void
refuse(struct http_exchange *exchange, int status, const char *type,
    const char *detail)
{
	http_reply_problem(exchange, status, type, type, detail);
}

static void
reply_waiting(struct http_exchange *exchange, const struct manifest *manifest)
{
	struct buf text = {0};
	struct json_out json = {.buf = &text};

	json_open_object(&json, NULL);
	json_put_cstr(&json, "batch", manifest->id);
	json_put_int(&json, "item", manifest->item);
	json_put_cstr(&json, "state", "waiting");
	json_close_object(&json);
	http_reply(exchange, 202, "application/json", buf_span(&text));
	buf_release(&text);
}

/* An active department that hands in this item?  Replies when not. */
static bool
admit(struct http_exchange *exchange, struct node *node, uint32_t item)
{
	const struct world *world = shared_hold(node->world);
	const struct member *who = world_find(world, http_peer(exchange)->code);
	const char *rule = NULL;

	if (who == NULL)
		rule = "member_unknown";
	else if (who->status != MEMBER_ACTIVE)
		rule = "member_inactive";
	else if (who->kind != MEMBER_DEPARTMENT)
		rule = "member_kind";
	else if (!member_may_provide(who, item))
		rule = "not_yours";
	shared_drop(node->world, world);
	if (rule != NULL)
		refuse(exchange, 403, rule, NULL);
	return rule == NULL;
}

/* The department's signed word; replies when it does not hold. */
static bool
read_manifest(struct http_exchange *exchange, const struct node *node,
    struct manifest *manifest, struct buf *jws)
{
	const char *text = http_header(exchange, "batch-manifest");
	struct buf payload = {0};
	struct identity who;
	struct why why = {"Batch-Manifest: a signed manifest"};
	enum err err = ERR_INVALID;

	if (text != NULL)
		err = jws_check_with_trust(span_of(text), FREIGHT_TYPE,
		    node->trust, clock_now_us(), &who, &payload, &why);
	if (err == ERR_OK)
		err = manifest_parse(buf_span(&payload), manifest, &why);
	buf_release(&payload);
	if (err != ERR_OK) {
		refuse(exchange, 400, "manifest_invalid", why.text);
		return false;
	}
	if (strcmp(who.code, http_peer(exchange)->code) != 0 ||
	    strtoul(http_path_param(exchange, "item"), NULL, 10) !=
		manifest->item) {
		refuse(exchange, 403, "not_yours", "of another sender or item");
		return false;
	}
	buf_text(jws, text);
	return true;
}

static int
answer_status(struct buf *answer)
{
	return (int)strtol(buf_cstr(answer), NULL, 10);
}

/* The same batch again is told where it is, another one of its id refused.
 * One that the hub refused may be handed in anew. */
static bool
is_new(struct http_exchange *exchange, const struct arrival *arrival)
{
	struct buf jws = {0}, answer = {0}, claims = {0};
	struct manifest kept;
	bool same;
	enum err err = freight_read(
	    arrival->node->freight_folder, arrival->name, &jws, &answer);

	if (err == ERR_OK && answer_status(&answer) >= 400) {
		err = ERR_MISSING;
	} else if (err == ERR_OK) {
		same =
		    jws_peek(buf_span(&jws), &claims) &&
		    manifest_parse(buf_span(&claims), &kept, NULL) == ERR_OK &&
		    digest_equal(&kept.digest, &arrival->manifest.digest);
		if (same)
			reply_waiting(exchange, &kept);
		else
			refuse(exchange, 409, "batch_conflict",
			    "batch id used before with other bytes");
	} else if (err != ERR_MISSING) {
		refuse(exchange, 503, "not_ready", NULL);
	}
	buf_release(&jws);
	buf_release(&answer);
	buf_release(&claims);
	return err == ERR_MISSING;
}

static bool
has_room(struct http_exchange *exchange, const struct arrival *arrival)
{
	const struct node *node = arrival->node;
	uint64_t size = arrival->manifest.size;

	if (size == 0 || size > (uint64_t)node->feed_bytes)
		refuse(exchange, 413, "too_large", NULL);
	else if (room_is_short(node->room))
		refuse(exchange, 503, "disk_full", NULL);
	else if (spool_count(node->freight_folder, "", arrival->name) >=
		 FREIGHT_WAITING_MAX)
		refuse(exchange, 503, "busy", "too many batches wait here");
	else
		return true;
	return false;
}

/* From the beginning: what an earlier attempt left is not known. */
static bool
open_spool(struct http_exchange *exchange, struct arrival *arrival)
{
	const char *folder = arrival->node->freight_folder;
	struct why why = {""};
	enum err err =
	    spool_open_part(folder, arrival->name, true, &arrival->spool, &why);

	if (err == ERR_OK && spool_size(arrival->spool) > 0) {
		spool_forget(arrival->spool);
		spool_close(arrival->spool);
		arrival->spool = NULL;
		err = spool_open_part(
		    folder, arrival->name, true, &arrival->spool, &why);
	}
	if (err == ERR_OK)
		return true;
	if (err != ERR_BUSY)
		log_error("feed.keep", "why=\"%s\"", why.text);
	refuse(exchange, 503, err == ERR_BUSY ? "busy" : "not_ready", NULL);
	return false;
}

bool
feeds_on_open(struct http_exchange *exchange, void *context)
{
	struct arrival *arrival = mem_new(sizeof(*arrival));
	struct node *node = context;

	arrival->exchange = exchange;
	arrival->node = node;
	if (!read_manifest(exchange, node, &arrival->manifest, &arrival->jws) ||
	    !admit(exchange, node, arrival->manifest.item))
		goto refused;
	freight_name(http_peer(exchange)->code, arrival->manifest.item,
	    arrival->manifest.id, arrival->name);
	if (!is_new(exchange, arrival) || !has_room(exchange, arrival) ||
	    !open_spool(exchange, arrival))
		goto refused;
	arrival->digest = digest_stream_new();
	http_set_state(exchange, arrival, NULL);
	return true;
refused:
	arrival_free(arrival);
	return false;
}

static void
on_kept_on_loop(struct http_exchange *exchange, void *argument)
{
	struct arrival *arrival = argument;

	if (arrival->err == ERR_OK)
		reply_waiting(exchange, &arrival->manifest);
	else
		refuse(exchange, 503, "not_ready", "it was not kept");
	arrival_free(arrival);
}

/* On the follow thread. */
static void
on_kept(void *context, enum err err)
{
	struct arrival *arrival = context;

	arrival->err = err;
	if (err == ERR_OK) {
		spool_close(arrival->spool);
		arrival->spool = NULL;
	}
	http_defer(arrival->exchange, on_kept_on_loop, arrival);
}

static void
on_synced(void *context, enum err err)
{
	struct arrival *arrival = context;

	if (err != ERR_OK) {
		refuse(arrival->exchange, 503, "not_ready", "no room");
		arrival_free(arrival);
		return;
	}
	follow_ship(arrival->node->follow, arrival->name,
	    buf_span(&arrival->jws), on_kept, arrival);
}

static void
finish(struct arrival *arrival)
{
	struct digest digest = digest_stream_end(arrival->digest);
	bool whole = arrival->got == arrival->manifest.size &&
		     digest_equal(&digest, &arrival->manifest.digest);

	if (whole && !arrival->failed) {
		spool_sync(arrival->spool, http_loop(arrival->exchange),
		    on_synced, arrival);
		return;
	}
	if (arrival->failed)
		refuse(arrival->exchange, 503, "not_ready", "no room");
	else
		refuse(arrival->exchange, 409, "digest_mismatch",
		    "the bytes that came are not those of the manifest");
	arrival_free(arrival);
}

static void on_written(void *context, enum err err);

static void
write_pending(struct arrival *arrival)
{
	arrival->writing = true;
	spool_write(arrival->spool, http_loop(arrival->exchange),
	    buf_span(&arrival->pending), on_written, arrival);
	buf_reset(&arrival->pending);
}

static void
go_on(struct arrival *arrival)
{
	if (arrival->pending.len > 0 && !arrival->failed)
		write_pending(arrival);
	else
		finish(arrival);
}

static void
on_written(void *context, enum err err)
{
	struct arrival *arrival = context;

	arrival->writing = false;
	arrival->failed = err != ERR_OK;
	if (arrival->cut)
		arrival_free(arrival);
	else if (arrival->complete)
		go_on(arrival);
	else
		http_resume(arrival->exchange);
}

void
feeds_on_chunk(struct http_exchange *exchange, struct span piece, void *context)
{
	struct arrival *arrival = http_state(exchange);

	(void)context;
	arrival->got += piece.len;
	/* What is too much, or cannot be kept, is read and dropped. */
	if (arrival->failed || arrival->got > arrival->manifest.size)
		return;
	digest_stream_add(arrival->digest, piece);
	buf_add(&arrival->pending, piece.ptr, piece.len);
	if (arrival->pending.len < WRITE_BYTES || arrival->writing)
		return;
	http_pause(exchange);
	write_pending(arrival);
}

void
feeds_on_close(struct http_exchange *exchange, bool cut, void *context)
{
	struct arrival *arrival = http_state(exchange);

	(void)context;
	arrival->cut = cut;
	arrival->complete = true;
	if (arrival->writing)
		return;
	if (cut)
		arrival_free(arrival);
	else
		go_on(arrival);
}

/* The hub's words: a problem, a receipt, or a signed one, whose receipt is
 * shown unless the document itself is wanted. */
static void
reply_answer(struct http_exchange *exchange, int status, struct span text)
{
	const char *accept = http_header(exchange, "accept");
	struct buf claims = {0}, receipt = {0};
	struct json *root = NULL;

	if (status >= 400) {
		http_reply(exchange, status, "application/problem+json", text);
	} else if (text.len > 0 && text.ptr[0] == '{') {
		http_reply(exchange, status, "application/json", text);
	} else if (accept != NULL && strcmp(accept, "application/jose") == 0) {
		http_reply(exchange, status, "application/jose", text);
	} else if (jws_peek(text, &claims) &&
		   (root = json_parse(buf_span(&claims), NULL)) != NULL) {
		json_print(json_find(root, "receipt"), &receipt);
		http_reply(
		    exchange, status, "application/json", buf_span(&receipt));
	} else {
		refuse(exchange, 503, "not_ready", "the answer is damaged");
	}
	json_free(root);
	buf_release(&claims);
	buf_release(&receipt);
}

void
feeds_on_get(struct http_exchange *exchange, void *context)
{
	struct node *node = context;
	uint32_t item =
	    (uint32_t)strtoul(http_path_param(exchange, "item"), NULL, 10);
	struct manifest waiting = {.item = item};
	struct buf jws = {0}, answer = {0};
	char name[FREIGHT_NAME_SIZE];
	const char *id = http_path_param(exchange, "id");
	char *text;
	enum err err = ERR_MISSING;

	if (strlen(id) <= MANIFEST_ID_MAX) {
		strcpy(waiting.id, id);
		freight_name(http_peer(exchange)->code, item, id, name);
		err = freight_read(node->freight_folder, name, &jws, &answer);
	}
	if (err != ERR_OK) {
		refuse(exchange, err == ERR_MISSING ? 404 : 503,
		    err == ERR_MISSING ? "not_found" : "not_ready", NULL);
	} else if (answer.len == 0) {
		reply_waiting(exchange, &waiting);
	} else {
		int status = (int)strtol(buf_cstr(&answer), &text, 10);

		text += *text == ' ';
		reply_answer(exchange, status,
		    span_make(text, answer.len - (size_t)(text - answer.data)));
	}
	buf_release(&jws);
	buf_release(&answer);
}
