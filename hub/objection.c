/*
 * objection: what subjects say against records about them, and what came of it
 * (异议, 信用修复).
 */
#include "hub/objection.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/jws.h"
#include "base/log.h"
#include "hub/action.h"
#include "hub/mark.h"

#define DAY_US (INT64_C(86400) * CLOCK_SECOND)
#define OPEN_MAX 100 /* of one subject */
#define NOTE_MAX_BYTES 3000
#define LISTED "200"

/* --- how one stands --- */

#define COLUMNS                                                                \
	" id, subject, item, key, reason, repair, provider, stream,"           \
	" leader, state, note, filed_at, due_at, ended_at, digest,"            \
	" claims::text "

enum column {
	ID,
	SUBJECT,
	ITEM,
	KEY,
	REASON,
	REPAIR,
	PROVIDER,
	STREAM,
	LEADER,
	STATE,
	NOTE,
	FILED,
	DUE,
	ENDED,
	DIGEST,
	CLAIMS
};

static void
put_time(struct json_out *json, const char *name, const struct pg *pg,
    size_t row, int column)
{
	char time[CLOCK_TEXT_MAX];

	if (!pg_is_null(pg, row, column))
		json_put_cstr(
		    json, name, clock_print(pg_time(pg, row, column), time));
}

/* The subject's own words go with a record that stays disputed. */
static void
put_statement(struct json_out *json, const struct pg *pg, size_t row)
{
	struct json *claims = json_parse(pg_bytes(pg, row, CLAIMS), NULL);

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

static void
print_one(struct json_out *json, const struct pg *pg, size_t row, bool whole)
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
	json_put_text(json, "note", pg_bytes(pg, row, NOTE));
	put_time(json, "filed", pg, row, FILED);
	put_time(json, "due", pg, row, DUE);
	put_time(json, "ended", pg, row, ENDED);
	put_digest(json, pg, row);
	if (span_is(pg_bytes(pg, row, STATE), "undetermined"))
		put_statement(json, pg, row);
	if (whole)
		json_put_raw(json, "claims", pg_bytes(pg, row, CLAIMS));
	json_close_object(json);
}

/* --- filing --- */

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
	if (pg_int(pg, 0, 0) >= OPEN_MAX)
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
	    " filed_at, due_at, accepted_at, suspended_at, ended_at)"
	    " SELECT $1, $2, $3, $4, $5, $6 <> 0, $7::json, $8, $9, $10, $11,"
	    " o.id, CASE WHEN $12 = 0 THEN 'refused'"
	    " ELSE COALESCE(o.state, 'filed') END,"
	    " CASE WHEN $12 = 0 THEN 'no such record is held' ELSE '' END,"
	    " $13, $14, o.accepted_at, o.suspended_at,"
	    " CASE WHEN $12 = 0 THEN $13 END FROM (SELECT 1) x LEFT JOIN"
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
	    pg_arg_time(filed->now_us), pg_arg_time(filed->due_us));
}

/* One after the other: what is staged may push out the rows of an answer. */
static enum err
tell_one(struct control_round *round, const char *id, struct why *why)
{
	struct pg *pg = control_round_pg(round);
	struct buf document = {0};
	struct json_out json = {.buf = &document};
	enum err err = ERR_DATABASE;

	pg_exec(pg, "SELECT" COLUMNS "FROM objection WHERE id = $1",
	    pg_arg_text(span_of(id)));
	if (pg_rows(pg) == 1) {
		print_one(&json, pg, 0, false);
		err = control_put_objection(round, pg_bytes(pg, 0, SUBJECT),
		    span_of(id), buf_span(&document), why);
	}
	buf_release(&document);
	return err;
}

/* Tell every node how it stands, and those that are joined to it. */
static enum err
tell(struct control_round *round, struct span id, struct why *why)
{
	struct pg *pg = control_round_pg(round);
	char ids[OPEN_MAX + 1][CONSENT_ID_MAX + 1] = {{0}};
	enum err err = ERR_OK;
	size_t i, count;

	pg_exec(pg,
	    "SELECT id FROM objection WHERE id = $1 OR leader = $1"
	    " ORDER BY filed_at LIMIT $2",
	    pg_arg_text(id), pg_arg_int(OPEN_MAX + 1));
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
	return tell(round, span_of(claims->id), why);
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

/* --- what is decided --- */

struct transition {
	const char *from[4]; /* states, the list ends with NULL */
	const char *to;      /* NULL: the outcome */
	bool ends, needs_note;
};

static const struct transition rules[OBJECTION_VERBS] = {
    [OBJECTION_ACCEPT] = {{"filed"}, "accepted", false, false},
    [OBJECTION_REFUSE] = {{"filed"}, "refused", true, true},
    [OBJECTION_SUSPEND] = {{"accepted"}, "suspended", false, true},
    [OBJECTION_RESUME] = {{"suspended"}, "accepted", false, false},
    [OBJECTION_DECIDE] = {{"accepted"}, NULL, true, true},
    [OBJECTION_TERMINATE] = {{"filed", "accepted", "suspended"}, "terminated",
	true, true},
};

struct decision {
	const struct objection_act *act;
	const struct transition *rule;
	struct json *body;
	struct span note;
	const char *to;
	bool withdraw;
	/* as it stands */
	struct buf id, subject, key, state;
	struct mark_scope scope;
	bool repair;
};

static enum err
refuse(struct objection_answer *answer, int status, const char *type,
    const char *detail, struct why *why)
{
	answer->status = status;
	answer->type = type;
	return why_set(why, ERR_INVALID, "%s", detail);
}

static bool
is_outcome(const char *outcome, bool repair)
{
	return strcmp(outcome, "upheld") == 0 ||
	       (repair ? strcmp(outcome, "repaired") == 0
		       : strcmp(outcome, "corrected") == 0 ||
			     strcmp(outcome, "undetermined") == 0);
}

static enum err
read_body(
    struct decision *decision, struct objection_answer *answer, struct why *why)
{
	static const char *const names[] = {
	    "note", "outcome", "withdraw", NULL};
	struct span body = decision->act->body;
	const struct transition *rule = decision->rule;

	decision->body = json_parse(body.len > 0 ? body : span_of("{}"), NULL);
	if (!json_is_object(decision->body) ||
	    !json_has_only(decision->body, names, NULL))
		return refuse(answer, 400, "malformed",
		    "an object of note, outcome, withdraw", why);
	decision->note = json_text(json_find(decision->body, "note"));
	decision->withdraw =
	    json_bool(json_find(decision->body, "withdraw"), false);
	decision->to = rule->to;
	if (rule->to == NULL)
		decision->to =
		    json_cstr(json_find(decision->body, "outcome"), "");
	if (decision->note.len > NOTE_MAX_BYTES ||
	    (rule->needs_note && decision->note.len == 0))
		return refuse(answer, 400, "malformed",
		    "note: what the subject is told, up to 3000 bytes", why);
	return ERR_OK;
}

static void
keep_text(struct buf *out, const struct pg *pg, int column)
{
	struct span text = pg_bytes(pg, 0, column);

	buf_add(out, text.ptr, text.len);
}

static enum err
find_case(struct decision *decision, struct pg *pg,
    struct objection_answer *answer, struct why *why)
{
	const struct objection_act *act = decision->act;
	bool is_operator = act->who->kind == MEMBER_OPERATOR;

	pg_exec(pg, "SELECT" COLUMNS "FROM objection WHERE id = $1 FOR UPDATE",
	    pg_arg_text(span_of(act->id)));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	if (pg_rows(pg) == 0)
		return refuse(
		    answer, 404, "not_found", "no such objection", why);
	if (!is_operator && !span_is(pg_bytes(pg, 0, PROVIDER), act->who->code))
		return refuse(answer, 403, "not_yours",
		    "the provider of the record and operators decide", why);
	if (!pg_is_null(pg, 0, LEADER))
		return refuse(answer, 409, "objection_joined",
		    "it is joined to another one: decide that", why);
	keep_text(&decision->id, pg, ID);
	keep_text(&decision->subject, pg, SUBJECT);
	keep_text(&decision->key, pg, KEY);
	keep_text(&decision->state, pg, STATE);
	decision->repair = pg_int(pg, 0, REPAIR) != 0;
	decision->scope =
	    (struct mark_scope){.subject = buf_span(&decision->subject),
		.key = buf_span(&decision->key),
		.item = catalog_find_item(
		    act->catalog, (uint32_t)pg_int(pg, 0, ITEM))};
	return ERR_OK;
}

static bool
is_from(const struct decision *decision)
{
	size_t i;

	for (i = 0; decision->rule->from[i] != NULL; i++)
		if (span_is(
			buf_span(&decision->state), decision->rule->from[i]))
			return true;
	return false;
}

static enum err
check_case(struct decision *decision, struct pg *pg,
    struct objection_answer *answer, struct why *why)
{
	if (!is_from(decision))
		return refuse(answer, 409, "objection_state",
		    "it does not stand so that this can be done", why);
	if (decision->rule->to == NULL &&
	    !is_outcome(decision->to, decision->repair))
		return refuse(answer, 400, "malformed",
		    "outcome: corrected, upheld, undetermined; of a repair: "
		    "repaired, upheld",
		    why);
	if (decision->scope.item == NULL)
		return refuse(answer, 409, "objection_state",
		    "the catalogue does not have its item any more", why);
	if (strcmp(decision->to, "corrected") == 0 && !decision->withdraw &&
	    mark_count_disputed(pg, &decision->scope) > 0)
		return refuse(answer, 409, "not_corrected",
		    "the record is as it was: hand in the correction, or "
		    "withdraw it",
		    why);
	return ERR_OK;
}

/* Time that it is suspended does not count. */
static void
update(const struct decision *decision, struct pg *pg)
{
	int64_t now_us = clock_now_us();

	pg_exec(pg,
	    "UPDATE objection SET state = $2, decided_by = $4,"
	    " note = CASE WHEN $3 = '' THEN note ELSE $3 END,"
	    " accepted_at = CASE WHEN $2 = 'accepted'"
	    " THEN COALESCE(accepted_at, $5) ELSE accepted_at END,"
	    " due_at = CASE WHEN suspended_at IS NULL THEN due_at"
	    " ELSE due_at + ($5 - suspended_at) END,"
	    " suspended_at = CASE WHEN $2 = 'suspended' THEN $5 END,"
	    " ended_at = CASE WHEN $6 <> 0 THEN $5 END"
	    " WHERE id = $1 OR leader = $1",
	    pg_arg_text(buf_span(&decision->id)),
	    pg_arg_text(span_of(decision->to)), pg_arg_text(decision->note),
	    pg_arg_text(span_of(decision->act->who->code)), pg_arg_time(now_us),
	    pg_arg_int(decision->rule->ends));
}

/* Of what is applied for as repaired nothing is disputed. */
static void
mark(const struct decision *decision, struct control_round *round)
{
	enum objection_verb verb = decision->act->verb;
	const struct mark_scope *scope = &decision->scope;
	const char *to = decision->to;

	if (strcmp(to, "repaired") == 0)
		(void)mark_put(round, scope, MARK_REPAIR);
	else if (decision->repair)
		return;
	else if (verb == OBJECTION_ACCEPT)
		(void)mark_put(round, scope, MARK_DISPUTE);
	else if (strcmp(to, "corrected") == 0 && decision->withdraw)
		(void)mark_put(round, scope, MARK_WITHDRAW);
	else if (strcmp(to, "upheld") == 0 || strcmp(to, "terminated") == 0)
		(void)mark_put(round, scope, MARK_RESTORE);
}

static void
note_action(const struct decision *decision, struct pg *pg)
{
	struct buf detail = {0};
	struct json_out json = {.buf = &detail};

	if (decision->act->who->kind != MEMBER_OPERATOR)
		return;
	json_open_object(&json, NULL);
	json_put_cstr(&json, "state", decision->to);
	json_close_object(&json);
	action_note(pg, decision->act->who->code, "objection",
	    decision->act->id, buf_span(&detail));
	buf_release(&detail);
}

static enum err
decide(struct decision *decision, struct control_round *round,
    struct objection_answer *answer, struct why *why)
{
	struct pg *pg = control_round_pg(round);
	struct json_out json = {.buf = &answer->document};
	enum err err = read_body(decision, answer, why);

	if (err == ERR_OK)
		err = find_case(decision, pg, answer, why);
	if (err == ERR_OK)
		err = check_case(decision, pg, answer, why);
	if (err != ERR_OK)
		return err;
	update(decision, pg);
	note_action(decision, pg);
	mark(decision, round);
	err = tell(round, buf_span(&decision->id), why);
	pg_exec(pg, "SELECT" COLUMNS "FROM objection WHERE id = $1",
	    pg_arg_text(buf_span(&decision->id)));
	if (pg_rows(pg) == 1)
		print_one(&json, pg, 0, true);
	return err;
}

enum err
objection_do(struct ledger *ledger, const struct objection_act *act,
    struct objection_answer *answer, struct why *why)
{
	struct control_round *round = control_round_begin(ledger);
	struct decision decision = {.act = act, .rule = &rules[act->verb]};
	enum err err, ended;

	answer->status = 200;
	err = decide(&decision, round, answer, why);
	ended = control_round_end(round, err == ERR_OK ? why : NULL);
	if (err == ERR_OK && ended == ERR_OK)
		log_info("objection.decide", "state=%s by=%s", decision.to,
		    act->who->code);
	json_free(decision.body);
	buf_release(&decision.id);
	buf_release(&decision.subject);
	buf_release(&decision.key);
	buf_release(&decision.state);
	return ended != ERR_OK ? ended : err;
}

enum err
objection_find(struct pg *pg, const char *id, struct buf *document)
{
	struct json_out json = {.buf = document};

	pg_exec(pg, "SELECT" COLUMNS "FROM objection WHERE id = $1",
	    pg_arg_text(span_of(id)));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	if (pg_rows(pg) == 0)
		return ERR_MISSING;
	print_one(&json, pg, 0, true);
	return ERR_OK;
}

enum err
objection_print_list(
    struct pg *pg, const struct objection_filter *filter, struct buf *out)
{
	struct json_out json = {.buf = out};
	size_t i;

	pg_exec(pg,
	    "SELECT" COLUMNS "FROM objection WHERE ($1 = '' OR state = $1)"
	    " AND ($2 = '' OR provider = $2) AND starts_with(stream, $3)"
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
		print_one(&json, pg, i, true);
	json_close_array(&json);
	if (pg_rows(pg) == 200)
		json_put_text(&json, "next", pg_bytes(pg, 199, ID));
	json_close_object(&json);
	return ERR_OK;
}
