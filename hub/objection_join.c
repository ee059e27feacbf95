/*
 * objection_join: several objections of a subject, about different records,
 * are decided together (合并办理).
 *
 * Somebody says so, and why; the subject is told.  The one stands from then on
 * as the other does, and no term gets longer by it.  Each stays about its own
 * records, and whoever read those is told of a correction.
 */
#include "base/clock.h"
#include "hub/mark.h"
#include "hub/objection_inner.h"

struct joining {
	const struct objection_act *act;
	struct json *body;
	struct span note;
	const char *to; /* id; empty: it parts */
	/* as it is */
	struct buf subject, key;
	struct mark_scope scope;
	bool disputes; /* the other one was accepted, this one was not */
};

static enum err
read_body(
    struct joining *joining, struct objection_answer *answer, struct why *why)
{
	static const char *const names[] = {"note", "to", NULL};
	struct span body = joining->act->body;
	bool joins = joining->act->verb == OBJECTION_JOIN;

	joining->body = json_parse(body.len > 0 ? body : span_of("{}"), NULL);
	joining->note = json_text(json_find(joining->body, "note"));
	joining->to = json_cstr(json_find(joining->body, "to"), "");
	if (json_is_object(joining->body) &&
	    json_has_only(joining->body, names, NULL) &&
	    (joining->note.len > 0) == joins &&
	    joining->note.len <= OBJECTION_NOTE_MAX &&
	    (*joining->to != '\0') == joins &&
	    strcmp(joining->to, joining->act->id) != 0)
		return ERR_OK;
	return objection_refuse(answer, 400, "malformed",
	    "to join: to, the other one's id, and note, why (3000 bytes); to "
	    "part: nothing",
	    why);
}

static bool
is_same(const struct pg *pg, int column)
{
	return span_equal(pg_bytes(pg, 0, column), pg_bytes(pg, 1, column));
}

static bool
is_alone(const struct pg *pg, size_t row)
{
	return pg_is_null(pg, row, LEADER) && pg_is_null(pg, row, TOGETHER);
}

/* One of them is about all records of the item, or both are about one. */
static bool
overlap(const struct pg *pg)
{
	return is_same(pg, ITEM) &&
	       (is_same(pg, KEY) || pg_bytes(pg, 0, KEY).len == 0 ||
		   pg_bytes(pg, 1, KEY).len == 0);
}

/* Row 0 is the one that joins, row 1 the other. */
static enum err
check_pair(const struct joining *joining, const struct pg *pg,
    struct objection_answer *answer, struct why *why)
{
	const struct member *who = joining->act->who;

	if (pg_rows(pg) != 2)
		return objection_refuse(
		    answer, 404, "not_found", "no such objection", why);
	if (who->kind != MEMBER_OPERATOR &&
	    (!span_is(pg_bytes(pg, 0, PROVIDER), who->code) ||
		!span_is(pg_bytes(pg, 1, PROVIDER), who->code)))
		return objection_refuse(answer, 403, "not_yours",
		    "the provider of the records and operators do", why);
	if (!is_alone(pg, 0) || !is_alone(pg, 1))
		return objection_refuse(answer, 409, "objection_joined",
		    "one of them is joined to another one already", why);
	if (!is_same(pg, SUBJECT) || !is_same(pg, PROVIDER) ||
	    !is_same(pg, REPAIR) || overlap(pg))
		return objection_refuse(answer, 409, "objection_state",
		    "both of one subject and department, both objections or "
		    "both repairs, about different records",
		    why);
	if (!pg_is_null(pg, 0, ENDED) || !pg_is_null(pg, 1, ENDED) ||
	    (!is_same(pg, STATE) && !span_is(pg_bytes(pg, 0, STATE), "filed")))
		return objection_refuse(answer, 409, "objection_state",
		    "both are open, and the one that joins was not accepted "
		    "before the other",
		    why);
	return ERR_OK;
}

/* Those that are about other records go along with nobody else. */
static enum err
check_others(const struct joining *joining, struct pg *pg,
    struct objection_answer *answer, struct why *why)
{
	pg_exec(pg,
	    "SELECT count(*) FILTER (WHERE together = $1),"
	    " count(*) FILTER (WHERE together = $2) FROM objection"
	    " WHERE together IN ($1, $2)",
	    pg_arg_text(span_of(joining->act->id)),
	    pg_arg_text(span_of(joining->to)));
	if (pg_rows(pg) != 1)
		return ERR_DATABASE;
	if (pg_int(pg, 0, 0) > 0)
		return objection_refuse(answer, 409, "objection_joined",
		    "others are joined to it: join the other one to it", why);
	if (pg_int(pg, 0, 1) >= OBJECTION_OPEN_MAX)
		return objection_refuse(
		    answer, 409, "objection_state", "too many at once", why);
	return ERR_OK;
}

static void
keep_scope(struct joining *joining, const struct pg *pg)
{
	struct span subject = pg_bytes(pg, 0, SUBJECT);
	struct span key = pg_bytes(pg, 0, KEY);
	struct span state = pg_bytes(pg, 1, STATE);

	buf_add(&joining->subject, subject.ptr, subject.len);
	buf_add(&joining->key, key.ptr, key.len);
	joining->scope =
	    (struct mark_scope){.subject = buf_span(&joining->subject),
		.key = buf_span(&joining->key),
		.item = catalog_find_item(
		    joining->act->catalog, (uint32_t)pg_int(pg, 0, ITEM))};
	joining->disputes = pg_int(pg, 0, REPAIR) == 0 && !is_same(pg, STATE) &&
			    !span_is(state, "filed");
}

static enum err
find_pair(struct joining *joining, struct pg *pg,
    struct objection_answer *answer, struct why *why)
{
	enum err err;

	pg_exec(pg,
	    "SELECT" OBJECTION_COLUMNS "FROM objection"
	    " WHERE id IN ($1, $2) ORDER BY id <> $1 FOR UPDATE",
	    pg_arg_text(span_of(joining->act->id)),
	    pg_arg_text(span_of(joining->to)));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	err = check_pair(joining, pg, answer, why);
	if (err != ERR_OK)
		return err;
	keep_scope(joining, pg);
	if (joining->scope.item == NULL)
		return objection_refuse(answer, 409, "objection_state",
		    "the catalogue does not have its item any more", why);
	return check_others(joining, pg, answer, why);
}

/* It stands as the other does; the earlier day is that of both. */
static void
update(const struct joining *joining, struct pg *pg)
{
	pg_exec(pg,
	    "UPDATE objection o SET state = x.state,"
	    " accepted_at = COALESCE(o.accepted_at, CASE WHEN x.state <>"
	    " 'filed' THEN $4 END), suspended_at = CASE WHEN x.state ="
	    " 'suspended' THEN COALESCE(o.suspended_at, $4) END,"
	    " decided_by = $5,"
	    " together = CASE WHEN o.id = $1 THEN $2 END,"
	    " together_note = CASE WHEN o.id = $1 THEN $3 ELSE '' END"
	    " FROM (SELECT state FROM objection WHERE id = $2) x"
	    " WHERE o.id = $1 OR o.leader = $1",
	    pg_arg_text(span_of(joining->act->id)),
	    pg_arg_text(span_of(joining->to)), pg_arg_text(joining->note),
	    pg_arg_time(clock_now_us()),
	    pg_arg_text(span_of(joining->act->who->code)));
	pg_exec(pg,
	    "UPDATE objection SET due_at = (SELECT min(due_at)"
	    " FROM objection WHERE id IN ($1, $2)) WHERE id IN ($1, $2)",
	    pg_arg_text(span_of(joining->act->id)),
	    pg_arg_text(span_of(joining->to)));
}

static enum err
join(struct joining *joining, struct control_round *round,
    struct objection_answer *answer, struct why *why)
{
	struct pg *pg = control_round_pg(round);
	enum err err = find_pair(joining, pg, answer, why);

	if (err != ERR_OK)
		return err;
	update(joining, pg);
	if (joining->disputes)
		(void)mark_put(round, &joining->scope, MARK_DISPUTE);
	objection_note_action(joining->act, pg, "joined");
	err = objection_tell(round, span_of(joining->act->id), why);
	if (err == ERR_OK)
		err = objection_tell(round, span_of(joining->to), why);
	return err;
}

/* It goes on by itself from where it stands. */
static enum err
part(const struct objection_act *act, struct control_round *round,
    struct objection_answer *answer, struct why *why)
{
	struct pg *pg = control_round_pg(round);

	pg_exec(pg,
	    "SELECT provider, together IS NOT NULL AND ended_at IS NULL"
	    " FROM objection WHERE id = $1 FOR UPDATE",
	    pg_arg_text(span_of(act->id)));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	if (pg_rows(pg) == 0)
		return objection_refuse(
		    answer, 404, "not_found", "no such objection", why);
	if (act->who->kind != MEMBER_OPERATOR &&
	    !span_is(pg_bytes(pg, 0, 0), act->who->code))
		return objection_refuse(answer, 403, "not_yours",
		    "the provider of the record and operators do", why);
	if (pg_int(pg, 0, 1) == 0)
		return objection_refuse(answer, 409, "objection_state",
		    "it is not decided together with another one", why);
	pg_exec(pg,
	    "UPDATE objection SET together = NULL, together_note = ''"
	    " WHERE id = $1",
	    pg_arg_text(span_of(act->id)));
	objection_note_action(act, pg, "parted");
	return objection_tell(round, span_of(act->id), why);
}

enum err
objection_join(struct control_round *round, const struct objection_act *act,
    struct objection_answer *answer, struct why *why)
{
	struct joining joining = {.act = act};
	enum err err = read_body(&joining, answer, why);

	if (err == ERR_OK && act->verb == OBJECTION_JOIN)
		err = join(&joining, round, answer, why);
	else if (err == ERR_OK)
		err = part(act, round, answer, why);
	json_free(joining.body);
	buf_release(&joining.subject);
	buf_release(&joining.key);
	return err;
}
