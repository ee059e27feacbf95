/*
 * proof: a receipt signed by the hub.
 */
#include "hub/proof.h"

#include "base/clock.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/jws.h"

static void
print_proof(const struct pg *pg, struct buf *out)
{
	struct json_out json = {.buf = out};
	struct buf hex = {0};
	char time[CLOCK_TEXT_MAX];

	codec_hex(pg_bytes(pg, 0, 1), &hex);
	json_open_object(&json, NULL);
	json_put_text(&json, "provider", pg_bytes(pg, 0, 0));
	json_put_text(&json, "digest", buf_span(&hex));
	json_put_int(&json, "size", pg_int(pg, 0, 2));
	json_put_cstr(
	    &json, "received_at", clock_print(pg_time(pg, 0, 3), time));
	json_put_cstr(
	    &json, "committed_at", clock_print(pg_time(pg, 0, 4), time));
	json_put_raw(&json, "receipt", pg_bytes(pg, 0, 5));
	json_close_object(&json);
	buf_release(&hex);
}

enum err
proof_sign(struct pg *pg, const struct receipt *which, struct signer *signer,
    struct buf *out)
{
	struct buf proof = {0};
	enum err err;

	pg_exec(pg,
	    "SELECT provider, digest, size, received_at, committed_at,"
	    " receipt::text FROM feed_batch WHERE item = $1 AND id = $2"
	    " AND ($3 = '' OR provider = $3) ORDER BY number DESC LIMIT 1",
	    pg_arg_int(which->item), pg_arg_text(span_of(which->id)),
	    pg_arg_text(span_of(which->provider)));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	if (pg_rows(pg) == 0)
		return ERR_MISSING;
	print_proof(pg, &proof);
	err =
	    jws_sign_with_key(signer, PROOF_TYPE, buf_span(&proof), out, NULL);
	buf_release(&proof);
	return err;
}
