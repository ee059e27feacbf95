/*
 * objection: what subjects say against records about them (异议, 信用修复).
 */
#include "base/clock.h"
#include "base/jws.h"
#include "hub/mark.h"
#include "hub/objection_inner.h"

#define DAY_US (INT64_C(86400) * CLOCK_SECOND)

static enum err
read_claims(const struct objection_desk *desk, const struct upward *upward,
    struct objection *claims, struct buf *text, struct why *why)
{
	struct span document = upward->document;
	enum err err;

	if (upward->subject.len == 0) {
		err = objection_check(
		    document, desk->trust, clock_now_us(), claims, why);
		if (err == ERR_OK)
			(void)jws_peek(document, text);
		return err;
	}
	err = objection_parse(document, claims, why);
	if (err == ERR_OK && !span_is(upward->subject, claims->subject))
		err = why_set(why, ERR_DENIED, "it is another subject's");
	buf_add(text, document.ptr, document.len);
	return err;
}

/* ERR_MISSING: the id is free. */
static enum err
find_same(struct pg *pg, const struct objection *claims,
    const struct digest *digest, struct why *why)
{
	pg_exec(pg, "SELECT digest FROM objection WHERE id = $1",
	    pg_arg_text(span_of(claims->id)));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	if (pg_rows(pg) == 0)
		return ERR_MISSING;
	if (span_equal(pg_bytes(pg, 0, 0),
		span_make((const char *)digest->bytes, DIGEST_LEN)))
		return ERR_OK;
	return why_set(
	    why, ERR_CONFLICT, "another objection has this id already");
}

static enum err
count_open(struct pg *pg, const struct objection *claims, struct why *why)
{
	pg_exec(pg,
	    "SELECT count(*) FROM objection WHERE subject = $1"
	    " AND ended_at IS NULL",
	    pg_arg_text(span_of(claims->subject)));
	if (pg_rows(pg) != 1)
		return ERR_DATABASE;
	if (pg_int(pg, 0, 0) >= OBJECTION_OPEN_MAX)
		return why_set(why, ERR_LIMIT, "too many are open");
	return ERR_OK;
}

struct filed {
	const struct objection *claims;
	struct span text;
	struct digest digest;
	struct mark_place place;
	const char *origin;
	int64_t now_us, due_us;
};

/* About the same records as an open one: it stands as that one does. */
static void
insert(struct pg *pg, const struct filed *filed)
{
	const struct objection *claims = filed->claims;
	bool held = filed->place.records > 0;

	pg_exec(pg,
	    "INSERT INTO objection (id, subject, item, key, reason, repair,"
	    " claims, digest, origin, stream, provider, leader, state, note,"
	    " filed_at, due_at, accepted_at, suspended_at, ended_at,"
	    " wrong_since, wrong_from)"
	    " SELECT $1, $2, $3, $4, $5, $6 <> 0, $7::json, $8, $9, $10, $11,"
	    " o.id, CASE WHEN $12 = 0 THEN 'refused'"
	    " ELSE COALESCE(o.state, 'filed') END,"
	    " CASE WHEN $12 = 0 THEN 'no such record is held' ELSE '' END,"
	    " $13, $14, o.accepted_at, o.suspended_at,"
	    " CASE WHEN $12 = 0 THEN $13 END,"
	    " CASE WHEN $12 <> 0 THEN $15 END, $16 FROM (SELECT 1) x LEFT JOIN"
	    " (SELECT * FROM objection WHERE subject = $2 AND item = $3"
	    " AND key = $4 AND repair = ($6 <> 0) AND ended_at IS NULL"
	    " AND leader IS NULL LIMIT 1) o ON true",
	    pg_arg_text(span_of(claims->id)),
	    pg_arg_text(span_of(claims->subject)), pg_arg_int(claims->item),
	    pg_arg_text(span_of(claims->key)),
	    pg_arg_text(span_of(objection_reason_name(claims->reason))),
	    pg_arg_int(objection_asks_repair(claims->reason)),
	    pg_arg_text(filed->text),
	    pg_arg_bytes(
		span_make((const char *)filed->digest.bytes, DIGEST_LEN)),
	    pg_arg_text(span_of(filed->origin)),
	    pg_arg_text(span_of(filed->place.stream)),
	    pg_arg_text(span_of(filed->place.provider)), pg_arg_int(held),
	    pg_arg_time(filed->now_us), pg_arg_time(filed->due_us),
	    pg_arg_time(filed->place.since_us),
	    pg_arg_int((int64_t)filed->place.from));
}

static enum err
keep(struct control_round *round, const struct objection_desk *desk,
    struct filed *filed, struct why *why)
{
	const struct objection *claims = filed->claims;
	struct pg *pg = control_round_pg(round);
	struct mark_scope scope = {.subject = span_of(claims->subject),
	    .key = span_of(claims->key),
	    .item = catalog_find_item(desk->catalog, claims->item)};

	filed->now_us = clock_now_us();
	filed->due_us = filed->now_us + desk->days * DAY_US;
	if (!control_round_takes_objection(round, span_of(claims->id)))
		return why_set(why, ERR_BUSY, "not in this round");
	if (scope.item != NULL)
		mark_find_place(pg, &scope, &filed->place);
	insert(pg, filed);
	return objection_tell(round, span_of(claims->id), why);
}

enum err
objection_file(struct control_round *round, const struct objection_desk *desk,
    const char *origin, const struct upward *upward, struct why *why)
{
	struct pg *pg = control_round_pg(round);
	struct objection claims;
	struct buf text = {0};
	struct filed filed = {.claims = &claims, .origin = origin};
	enum err err = read_claims(desk, upward, &claims, &text, why);

	if (err == ERR_OK) {
		filed.text = buf_span(&text);
		filed.digest = digest_of(filed.text);
		err = find_same(pg, &claims, &filed.digest, why);
		if (err == ERR_MISSING)
			err = count_open(pg, &claims, why);
		else if (err == ERR_OK)
			err = ERR_SEEN;
	}
	if (err == ERR_OK && desk->catalog == NULL)
		err = why_set(why, ERR_IO, "no catalogue yet");
	if (err == ERR_OK)
		err = keep(round, desk, &filed, why);
	buf_release(&text);
	return err == ERR_SEEN ? ERR_OK : err;
}
