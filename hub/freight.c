/*
 * freight: a batch that a department left at a node, come up piece by piece.
 */
#include "hub/freight.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/jws.h"
#include "base/log.h"
#include "credit/manifest.h"
#include "hub/handin.h"
#include "hub/proof.h"
#include "wire/problem.h"

/* "<node>-<digest of the manifest>" */
#define PREFIX_SIZE (MEMBER_CODE_MAX + 2)
#define NAME_SIZE (PREFIX_SIZE + DIGEST_HEX_LEN)

void
freight_release(struct freight *freight)
{
	spool_close(freight->batch.spool);
	answer_release(&freight->batch.answer);
	buf_release(&freight->answer);
	freight->batch.spool = NULL;
}

/* What ingest or the door says of it becomes the answer, if it is for good. */
static void
settle(struct freight *freight)
{
	const struct answer *said = &freight->batch.answer;

	if (said->problem == NULL || said->status >= 500)
		return;
	freight->status = (unsigned)said->status;
	buf_reset(&freight->answer);
	problem_print(said->status, said->problem, said->problem, said->detail,
	    &freight->answer);
}

static const char *
word(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

/* Whose, what and which bytes; false: the answer says what is wrong. */
static bool
read_manifest(struct freight *freight, struct span jws)
{
	struct ingest_batch *batch = &freight->batch;
	struct manifest manifest;
	struct identity who;
	struct buf payload = {0};
	struct why why = {""};
	enum err err = jws_check_with_trust(jws, FREIGHT_TYPE,
	    freight->hub->trust, clock_now_us(), &who, &payload, &why);

	if (err == ERR_OK)
		err = manifest_parse(buf_span(&payload), &manifest, &why);
	buf_release(&payload);
	if (err != ERR_OK) {
		answer_refuse(
		    &batch->answer, 400, "manifest_invalid", "%s", why.text);
		return false;
	}
	strcpy(batch->provider, who.code);
	strcpy(batch->id, manifest.id);
	batch->item = manifest.item;
	batch->promised = true;
	batch->digest = manifest.digest;
	batch->received_us = clock_now_us();
	freight->size = manifest.size;
	if (manifest.size == 0 ||
	    manifest.size > (uint64_t)freight->hub->settings.upload_bytes) {
		answer_refuse(&batch->answer, 413, "too_large", "%s", "");
		return false;
	}
	return handin_check(freight->hub, batch->provider, batch->item,
		   &batch->answer) &&
	       handin_describe(&(struct handin){.mode = word(manifest.mode),
				   .divisions = word(manifest.divisions),
				   .sequence = word(manifest.sequence),
				   .type = manifest.type},
		   batch, &batch->answer);
}

/* 202 while an operator has to decide: it is asked again. */
static enum err
print_receipt(struct freight *freight, struct pg *pg, bool held)
{
	const struct ingest_batch *batch = &freight->batch;
	const struct receipt which = {
	    .provider = batch->provider, .item = batch->item, .id = batch->id};
	struct signer *signer = freight->hub->receipt_signer;

	freight->status = held ? 202 : 200;
	freight->held = freight->size;
	if (signer != NULL)
		return proof_sign(pg, &which, signer, &freight->answer);
	return receipt_read(
	    pg, batch->provider, batch->item, batch->id, &freight->answer);
}

/* Is there a receipt, or another batch of this id? */
static enum err
look_up(struct freight *freight, struct pg *pg)
{
	struct ingest_batch *batch = &freight->batch;
	struct digest digest = {{0}};

	pg_exec(pg,
	    "SELECT digest, receipt->>'state' = 'held' FROM feed_batch"
	    " WHERE provider = $1 AND item = $2 AND id = $3",
	    pg_arg_text(span_of(batch->provider)), pg_arg_int(batch->item),
	    pg_arg_text(span_of(batch->id)));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	if (pg_rows(pg) == 0)
		return ERR_MISSING;
	if (pg_bytes(pg, 0, 0).len == DIGEST_LEN)
		memcpy(digest.bytes, pg_bytes(pg, 0, 0).ptr, DIGEST_LEN);
	if (digest_equal(&digest, &batch->digest))
		return print_receipt(freight, pg, pg_int(pg, 0, 1) != 0);
	answer_refuse(&batch->answer, 409, "batch_conflict",
	    "batch id used before with other bytes");
	return ERR_OK;
}

static void
part_name(const char *origin, struct span jws, char name[NAME_SIZE])
{
	struct digest digest = digest_of(jws);
	char hex[DIGEST_HEX_LEN + 1];

	snprintf(name, NAME_SIZE, "%s-%s", origin, digest_print(&digest, hex));
}

/* A node may have so many half batches here as a department may. */
static bool
may_begin(const struct freight *freight, const char *origin, const char *name)
{
	const struct hub *hub = freight->hub;
	char prefix[PREFIX_SIZE];

	snprintf(prefix, sizeof(prefix), "%s-", origin);
	return spool_count(hub->spool, prefix, name) <
	       (size_t)hub->settings.upload_count;
}

static enum err
append(struct freight *freight, const struct upward *upward)
{
	struct spool *spool = freight->batch.spool;
	enum err err = ERR_OK;

	freight->held = spool_size(spool);
	if (upward->bytes.len == 0 || upward->offset != freight->held ||
	    upward->bytes.len > freight->size - freight->held)
		return ERR_OK;
	err = spool_append(spool, upward->bytes);
	if (err == ERR_OK)
		err = spool_flush(spool);
	if (err == ERR_OK)
		freight->held = spool_size(spool);
	return err;
}

/* What is being merged is busy, and what was never begun is nothing. */
static enum err
receive(
    struct freight *freight, const char *origin, const struct upward *upward)
{
	const char *folder = freight->hub->spool;
	bool begins = upward->bytes.len > 0 && upward->offset == 0;
	char name[NAME_SIZE];
	enum err err;

	part_name(origin, upward->document, name);
	freight->held = spool_held(folder, name);
	if (begins && !may_begin(freight, origin, name))
		return ERR_OK;
	err =
	    spool_open_part(folder, name, begins, &freight->batch.spool, NULL);
	if (err == ERR_BUSY || err == ERR_MISSING)
		return ERR_OK;
	if (err == ERR_OK)
		err = append(freight, upward);
	freight->whole = err == ERR_OK && freight->held == freight->size;
	if (!freight->whole) {
		spool_close(freight->batch.spool);
		freight->batch.spool = NULL;
	}
	return err;
}

enum err
freight_take(struct freight *freight, struct pg *pg, const char *origin,
    const struct upward *upward)
{
	struct hub *hub = freight->hub;
	enum err err = ERR_OK;

	freight_release(freight);
	*freight = (struct freight){.hub = hub};
	if (read_manifest(freight, upward->document))
		err = look_up(freight, pg);
	if (err == ERR_MISSING)
		err = receive(freight, origin, upward);
	settle(freight);
	return err;
}

static void
on_done(struct ingest_batch *batch)
{
	struct freight *freight = (struct freight *)batch;
	const struct answer *said = &batch->answer;

	if (said->problem == NULL || said->status < 500)
		spool_forget(batch->spool);
	settle(freight);
	freight->merged(freight);
}

void
freight_merge(struct freight *freight, void (*merged)(struct freight *freight),
    void *context)
{
	freight->merged = merged;
	freight->context = context;
	freight->batch.done = on_done;
	if (!ingest_post(freight->hub->ingest, &freight->batch))
		merged(freight);
}
