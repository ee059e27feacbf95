/*
 * objection_stand: how objections stand, for nodes and readers.
 */
#include "base/clock.h"
#include "credit/informed.h"
#include "hub/objection_inner.h"

#define LISTED "200"

static void
put_time(struct json_out *json, const char *name, const struct pg *pg,
    size_t row, int column)
{
	char time[CLOCK_TEXT_MAX];

	if (!pg_is_null(pg, row, column))
		json_put_cstr(
		    json, name, clock_print(pg_time(pg, row, column), time));
}

/* The subject's own words go with a record that stays disputed: what it said
 * later, or else what it filed. */
static void
put_statement(struct json_out *json, const struct pg *pg, size_t row)
{
	struct json *claims;

	if (!pg_is_null(pg, row, STATEMENT)) {
		json_put_text(json, "statement", pg_bytes(pg, row, STATEMENT));
		put_time(json, "stated", pg, row, STATED);
		json_put_int(json, "statements", pg_int(pg, row, STATEMENTS));
		return;
	}
	if (!span_is(pg_bytes(pg, row, STATE), "undetermined"))
		return;
	claims = json_parse(pg_bytes(pg, row, CLAIMS), NULL);
	json_put_cstr(
	    json, "statement", json_cstr(json_find(claims, "text"), ""));
	json_free(claims);
}

static void
put_digest(struct json_out *json, const struct pg *pg, size_t row)
{
	struct span bytes = pg_bytes(pg, row, DIGEST);
	char hex[DIGEST_HEX_LEN + 1];
	struct digest digest;

	if (bytes.len != DIGEST_LEN)
		return;
	memcpy(digest.bytes, bytes.ptr, DIGEST_LEN);
	json_put_cstr(json, "digest", digest_print(&digest, hex));
}

/* Which readers read what was wrong, and how many of them know. */
static void
put_wrong(struct json_out *json, const struct pg *pg, size_t row)
{
	int64_t until = pg_int(pg, row, WRONG_UNTIL);

	json_open_object(json, "wrong");
	put_time(json, "since", pg, row, WRONG_SINCE);
	json_put_int(json, "from", pg_int(pg, row, WRONG_FROM));
	if (until > 0)
		json_put_int(json, "until", until);
	json_close_object(json);
	json_put_int(json, "informed",
	    pg_is_null(pg, row, INFORMED) ? 0 : pg_int(pg, row, INFORMED));
}

void
objection_print_row(
    struct json_out *json, const struct pg *pg, size_t row, bool whole)
{
	json_open_object(json, NULL);
	json_put_text(json, "id", pg_bytes(pg, row, ID));
	json_put_text(json, "subject", pg_bytes(pg, row, SUBJECT));
	json_put_int(json, "item", pg_int(pg, row, ITEM));
	objection_put_key(json, pg_bytes(pg, row, KEY));
	json_put_text(json, "reason", pg_bytes(pg, row, REASON));
	json_put_bool(json, "repair", pg_int(pg, row, REPAIR) != 0);
	json_put_text(json, "state", pg_bytes(pg, row, STATE));
	json_put_text(json, "provider", pg_bytes(pg, row, PROVIDER));
	json_put_text(json, "place", pg_bytes(pg, row, STREAM));
	if (!pg_is_null(pg, row, LEADER))
		json_put_text(json, "joined", pg_bytes(pg, row, LEADER));
	if (!pg_is_null(pg, row, TOGETHER)) {
		json_put_text(json, "together", pg_bytes(pg, row, TOGETHER));
		json_put_text(
		    json, "together_note", pg_bytes(pg, row, TOGETHER_NOTE));
	}
	json_put_text(json, "note", pg_bytes(pg, row, NOTE));
	put_time(json, "filed", pg, row, FILED);
	put_time(json, "due", pg, row, DUE);
	put_time(json, "accepted", pg, row, ACCEPTED);
	put_time(json, "ended", pg, row, ENDED);
	put_digest(json, pg, row);
	put_statement(json, pg, row);
	if (span_is(pg_bytes(pg, row, STATE), "corrected"))
		put_wrong(json, pg, row);
	if (!pg_is_null(pg, row, MATERIALS))
		json_put_raw(json, "received", pg_bytes(pg, row, MATERIALS));
	if (whole)
		json_put_raw(json, "claims", pg_bytes(pg, row, CLAIMS));
	json_close_object(json);
}
/* One after the other: what is staged may push out the rows of an answer. */
static enum err
tell_one(struct control_round *round, const char *id, struct why *why)
{
	struct pg *pg = control_round_pg(round);
	struct buf document = {0};
	struct json_out json = {.buf = &document};
	enum err err = ERR_DATABASE;

	pg_exec(pg, "SELECT" OBJECTION_COLUMNS "FROM objection WHERE id = $1",
	    pg_arg_text(span_of(id)));
	if (pg_rows(pg) == 1) {
		objection_print_row(&json, pg, 0, false);
		err = control_put_objection(round, pg_bytes(pg, 0, SUBJECT),
		    span_of(id), buf_span(&document), why);
	}
	buf_release(&document);
	return err;
}

enum err
objection_tell(struct control_round *round, struct span id, struct why *why)
{
	struct pg *pg = control_round_pg(round);
	char ids[OBJECTION_OPEN_MAX + 1][CONSENT_ID_MAX + 1] = {{0}};
	enum err err = ERR_OK;
	size_t i, count;

	pg_exec(pg,
	    "SELECT id FROM objection WHERE id = $1 OR leader = $1"
	    " ORDER BY filed_at LIMIT $2",
	    pg_arg_text(id), pg_arg_int(OBJECTION_OPEN_MAX + 1));
	count = pg_rows(pg);
	for (i = 0; i < count; i++) {
		struct span found = pg_bytes(pg, i, 0);

		if (found.len <= CONSENT_ID_MAX)
			memcpy(ids[i], found.ptr, found.len);
	}
	for (i = 0; i < count && err == ERR_OK; i++)
		err = tell_one(round, ids[i], why);
	return pg_has_failed(pg) ? ERR_DATABASE : err;
}

enum err
objection_note_informed(struct control_round *round, const char *origin,
    struct span document, struct why *why)
{
	struct pg *pg = control_round_pg(round);
	struct informed informed;
	struct span id;
	enum err err = informed_parse(document, &informed, why);

	if (err != ERR_OK)
		return err;
	id = span_of(informed.objection);
	if (!control_round_takes_objection(round, id))
		return why_set(why, ERR_BUSY, "not in this round");
	pg_exec(pg,
	    "INSERT INTO objection_informed (id, node, members, told_at)"
	    " SELECT $1, $2, $3, $4 FROM objection WHERE id = $1"
	    " AND state = 'corrected' AND leader IS NULL ON CONFLICT (id, node)"
	    " DO UPDATE SET members = excluded.members"
	    " WHERE objection_informed.members <> excluded.members"
	    " RETURNING id",
	    pg_arg_text(id), pg_arg_text(span_of(origin)),
	    pg_arg_int(informed.members), pg_arg_time(clock_now_us()));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	return pg_rows(pg) == 1 ? objection_tell(round, id, why) : ERR_OK;
}

enum err
objection_find(struct pg *pg, const char *id, struct buf *document)
{
	struct json_out json = {.buf = document};

	pg_exec(pg, "SELECT" OBJECTION_COLUMNS "FROM objection WHERE id = $1",
	    pg_arg_text(span_of(id)));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	if (pg_rows(pg) == 0)
		return ERR_MISSING;
	objection_print_row(&json, pg, 0, true);
	return ERR_OK;
}

enum err
objection_print_list(
    struct pg *pg, const struct objection_filter *filter, struct buf *out)
{
	struct json_out json = {.buf = out};
	size_t i;

	pg_exec(pg,
	    "SELECT" OBJECTION_COLUMNS
	    "FROM objection WHERE ($1 = '' OR state = $1)"
	    " AND ($2 = '' OR provider = CASE $2 WHEN 'none' THEN ''"
	    " ELSE $2 END) AND starts_with(stream, $3)"
	    " AND ($4 = '' OR (filed_at, id) > (SELECT a.filed_at, a.id"
	    " FROM objection a WHERE a.id = $4))"
	    " ORDER BY filed_at, id LIMIT " LISTED,
	    pg_arg_text(span_of(filter->state)),
	    pg_arg_text(span_of(filter->provider)),
	    pg_arg_text(span_of(filter->place)),
	    pg_arg_text(span_of(filter->after)));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	json_open_object(&json, NULL);
	json_open_array(&json, "objections");
	for (i = 0; i < pg_rows(pg); i++)
		objection_print_row(&json, pg, i, true);
	json_close_array(&json);
	if (pg_rows(pg) == 200)
		json_put_text(&json, "next", pg_bytes(pg, 199, ID));
	json_close_object(&json);
	return ERR_OK;
}
