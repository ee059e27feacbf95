/*
 * material: files that subjects gave with their objections, at the hub.
 */
#include "hub/material.h"

#include "base/clock.h"
#include "base/json.h"
#include "hub/objection_inner.h"

static struct span
digest_span(const struct digest *digest)
{
	return span_make((const char *)digest->bytes, DIGEST_LEN);
}

/* Do the claims name it, and is it still of use? */
static enum err
check_wanted(struct pg *pg, const struct material *material, struct why *why)
{
	struct json *claims;
	bool named, ended;

	pg_exec(pg,
	    "SELECT claims::text, ended_at IS NOT NULL FROM objection"
	    " WHERE id = $1",
	    pg_arg_text(span_of(material->objection)));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	if (pg_rows(pg) == 0)
		return why_set(why, ERR_IO, "its objection is not here yet");
	claims = json_parse(pg_bytes(pg, 0, 0), NULL);
	named = material_is_named(claims, &material->digest);
	ended = pg_int(pg, 0, 1) != 0;
	json_free(claims);
	if (ended || !named)
		return why_set(why, ERR_INVALID, "it is not wanted");
	return ERR_OK;
}

static void
drop(struct pg *pg, const struct material *material)
{
	pg_exec(pg,
	    "DELETE FROM objection_material WHERE id = $1 AND sha256 = $2",
	    pg_arg_text(span_of(material->objection)),
	    pg_arg_bytes(digest_span(&material->digest)));
}

/* All its bytes are here: are they what was signed? */
static enum err
check_whole(struct pg *pg, const struct material *material, struct why *why)
{
	struct buf bytes = {0};
	struct digest digest;
	size_t i;
	bool good;

	pg_exec(pg,
	    "SELECT bytes FROM objection_material WHERE id = $1"
	    " AND sha256 = $2 ORDER BY place",
	    pg_arg_text(span_of(material->objection)),
	    pg_arg_bytes(digest_span(&material->digest)));
	for (i = 0; i < pg_rows(pg); i++) {
		struct span piece = pg_bytes(pg, i, 0);

		buf_add(&bytes, piece.ptr, piece.len);
	}
	digest = digest_of(buf_span(&bytes));
	good = digest_equal(&digest, &material->digest) &&
	       material_type(buf_span(&bytes)) != NULL;
	buf_release(&bytes);
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	if (good)
		return ERR_OK;
	drop(pg, material);
	return why_set(why, ERR_INVALID, "it is not what its digest says");
}

static int64_t
count_bytes(struct pg *pg, const struct material *material)
{
	pg_exec(pg,
	    "SELECT COALESCE(sum(length(bytes)), 0) FROM objection_material"
	    " WHERE id = $1 AND sha256 = $2",
	    pg_arg_text(span_of(material->objection)),
	    pg_arg_bytes(digest_span(&material->digest)));
	return pg_rows(pg) == 1 ? pg_int(pg, 0, 0) : -1;
}

static enum err
keep(struct control_round *round, const struct material *material,
    const struct upward *upward, struct why *why)
{
	struct pg *pg = control_round_pg(round);
	struct span id = span_of(material->objection);
	enum err err;

	pg_exec(pg,
	    "INSERT INTO objection_material (id, sha256, place, size, bytes,"
	    " received_at) VALUES ($1, $2, $3, $4, $5, $6)"
	    " ON CONFLICT (id, sha256, place) DO NOTHING",
	    pg_arg_text(id), pg_arg_bytes(digest_span(&material->digest)),
	    pg_arg_int((int64_t)upward->offset), pg_arg_int(material->size),
	    pg_arg_bytes(upward->bytes), pg_arg_time(clock_now_us()));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	if (pg_affected(pg) == 0 ||
	    count_bytes(pg, material) != (int64_t)material->size)
		return pg_has_failed(pg) ? ERR_DATABASE : ERR_OK;
	err = check_whole(pg, material, why);
	return err == ERR_OK ? objection_tell(round, id, why) : err;
}

/* As nodes cut files, so that nobody fills the disk with odd ones. */
static bool
is_piece(const struct material *material, const struct upward *upward)
{
	uint64_t left = material->size - upward->offset;

	return upward->offset < material->size &&
	       upward->offset % FEED_PIECE_MAX == 0 &&
	       upward->bytes.len ==
		   (left < FEED_PIECE_MAX ? left : FEED_PIECE_MAX);
}

enum err
material_take(
    struct control_round *round, const struct upward *upward, struct why *why)
{
	struct material material;
	enum err err = material_parse(upward->document, &material, why);

	if (err != ERR_OK)
		return err;
	if (!is_piece(&material, upward))
		return why_set(why, ERR_INVALID, "not a piece of it");
	if (!control_round_takes_objection(round, span_of(material.objection)))
		return why_set(why, ERR_BUSY, "not in this round");
	err = check_wanted(control_round_pg(round), &material, why);
	return err == ERR_OK ? keep(round, &material, upward, why) : err;
}

enum err
material_read(
    struct pg *pg, const char *id, const struct digest *digest, struct buf *out)
{
	const size_t begin = out->len;
	struct digest came;
	size_t i;

	pg_exec(pg,
	    "SELECT bytes FROM objection_material WHERE id = $1"
	    " AND sha256 = $2 ORDER BY place",
	    pg_arg_text(span_of(id)), pg_arg_bytes(digest_span(digest)));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	for (i = 0; i < pg_rows(pg); i++) {
		struct span piece = pg_bytes(pg, i, 0);

		buf_add(out, piece.ptr, piece.len);
	}
	if (out->len == begin)
		return ERR_MISSING;
	came = digest_of(span_make(out->data + begin, out->len - begin));
	if (digest_equal(&came, digest))
		return ERR_OK;
	out->len = begin;
	return ERR_MISSING;
}

enum err
material_expire(struct pg *pg, int64_t before_us)
{
	pg_begin(pg);
	pg_exec(pg,
	    "DELETE FROM objection_material m USING objection o"
	    " WHERE o.id = m.id AND o.ended_at < $1",
	    pg_arg_time(before_us));
	return pg_end(pg, true);
}
