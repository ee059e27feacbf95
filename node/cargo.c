/*
 * cargo: a batch that a department left at a sandbox's node, come up piece by
 * piece and merged when it is whole.
 */
#include "node/cargo.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/jws.h"
#include "credit/manifest.h"
#include "node/origin_feed.h"
#include "wire/problem.h"

#define MANIFEST_TYPE "rongxin-feed+jws"
#define RECEIPT_TYPE "rongxin-receipt+jws"

struct cargo {
	struct origin *origin;
	const struct trust *trust;
	struct signer *receipts;
	struct digest which; /* of the manifest's JWS */
	struct manifest manifest;
	struct identity who;
	int64_t received_us;
	struct buf bytes;
	unsigned status; /* of the answer; 0: none yet */
	struct buf answer;
};

struct cargo *
cargo_new(
    struct origin *origin, const struct trust *trust, struct signer *receipts)
{
	struct cargo *cargo = mem_new(sizeof(*cargo));

	cargo->origin = origin;
	cargo->trust = trust;
	cargo->receipts = receipts;
	return cargo;
}

void
cargo_free(struct cargo *cargo)
{
	if (cargo == NULL)
		return;
	buf_release(&cargo->bytes);
	buf_release(&cargo->answer);
	mem_free(cargo);
}

static void
refuse(
    struct cargo *cargo, unsigned status, const char *type, const char *detail)
{
	cargo->status = status;
	buf_reset(&cargo->answer);
	problem_print((int)status, type, type, detail, &cargo->answer);
}

/* Only what its member document lists, and only while that is active. */
static bool
may_provide(struct cargo *cargo)
{
	struct record like = {
	    .item = CONTROL_MEMBER, .subject = span_of(cargo->who.code)};
	struct arena *arena = arena_new();
	struct record record;
	struct member member;
	struct why why = {""};
	bool may =
	    origin_find(cargo->origin, STREAM_CONTROL, &like, arena, &record) &&
	    member_parse(record_find(&record, 1)->value, &member, &why) ==
		ERR_OK &&
	    member.status == MEMBER_ACTIVE &&
	    member_may_provide(&member, cargo->manifest.item);

	arena_free(arena);
	return may;
}

static void
begin(struct cargo *cargo, struct span jws, const struct digest *which)
{
	struct buf payload = {0};
	struct why why = {""};
	enum err err;

	cargo->which = *which;
	cargo->status = 0;
	cargo->received_us = clock_now_us();
	buf_reset(&cargo->bytes);
	buf_reset(&cargo->answer);
	err = jws_check_with_trust(jws, MANIFEST_TYPE, cargo->trust,
	    cargo->received_us, &cargo->who, &payload, &why);
	if (err == ERR_OK)
		err =
		    manifest_parse(buf_span(&payload), &cargo->manifest, &why);
	buf_release(&payload);
	if (err != ERR_OK)
		refuse(cargo, 400, "manifest_invalid", why.text);
	else if (cargo->manifest.size > CARGO_MAX)
		refuse(cargo, 413, "too_large", NULL);
	else if (cargo->manifest.mode[0] != '\0' &&
		 strcmp(cargo->manifest.mode, "delta") != 0)
		refuse(cargo, 501, "not_available",
		    "A sandbox takes delta batches only.");
	else if (!may_provide(cargo))
		refuse(cargo, 403, "not_yours", NULL);
}

/* As hub/proof.c has it: {"provider","digest","size",…,"receipt"}. */
static enum err
sign_receipt(struct cargo *cargo, struct span receipt)
{
	char hex[DIGEST_HEX_LEN + 1], time[CLOCK_TEXT_MAX];
	struct buf text = {0};
	struct json_out json = {.buf = &text};
	enum err err;

	json_open_object(&json, NULL);
	json_put_cstr(&json, "provider", cargo->who.code);
	json_put_cstr(
	    &json, "digest", digest_print(&cargo->manifest.digest, hex));
	json_put_int(&json, "size", (int64_t)cargo->manifest.size);
	json_put_cstr(
	    &json, "received_at", clock_print(cargo->received_us, time));
	json_put_cstr(&json, "committed_at", clock_print(clock_now_us(), time));
	json_put_raw(&json, "receipt", receipt);
	json_close_object(&json);
	err = jws_sign_with_key(cargo->receipts, RECEIPT_TYPE, buf_span(&text),
	    &cargo->answer, NULL);
	buf_release(&text);
	return err;
}

static void
merge(struct cargo *cargo, const struct catalog *catalog)
{
	const struct manifest *manifest = &cargo->manifest;
	struct origin_feed feed = {.catalog = catalog,
	    .item = manifest->item,
	    .provider = cargo->who.code,
	    .id = manifest->id,
	    .type = manifest->type};
	struct digest digest = digest_of(buf_span(&cargo->bytes));
	struct buf receipt = {0};
	struct why why = {""};
	enum err err;

	if (!digest_equal(&digest, &manifest->digest)) {
		refuse(cargo, 409, "digest_mismatch", NULL);
		return;
	}
	err = origin_feed_take(
	    cargo->origin, &feed, buf_span(&cargo->bytes), &receipt, &why);
	if (err == ERR_OK)
		err = sign_receipt(cargo, buf_span(&receipt));
	if (err == ERR_OK)
		cargo->status = 200;
	else if (err == ERR_INVALID)
		refuse(cargo, 400, "batch_unreadable", why.text);
	buf_release(&receipt);
}

void
cargo_take(struct cargo *cargo, const struct catalog *catalog,
    const struct upward *upward, struct reply *reply)
{
	struct digest which = digest_of(upward->document);

	if (!digest_equal(&which, &cargo->which))
		begin(cargo, upward->document, &which);
	if (cargo->status == 0 && upward->offset == cargo->bytes.len &&
	    upward->bytes.len <= cargo->manifest.size - cargo->bytes.len)
		buf_add(&cargo->bytes, upward->bytes.ptr, upward->bytes.len);
	if (cargo->status == 0 && cargo->bytes.len == cargo->manifest.size)
		merge(cargo, catalog);
	reply->kind = REPLY_FEED;
	reply->held = cargo->bytes.len;
	reply->status = cargo->status;
	reply->answer = buf_span(&cargo->answer);
}
