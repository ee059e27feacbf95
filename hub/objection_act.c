/*
 * objection_act: what is decided about an objection.
 */
#include "base/clock.h"
#include "base/log.h"
#include "hub/action.h"
#include "hub/mark.h"
#include "hub/objection_inner.h"

#define NOTE_MAX_BYTES 3000

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

	pg_exec(pg,
	    "SELECT" OBJECTION_COLUMNS
	    "FROM objection WHERE id = $1 FOR UPDATE",
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
	uint64_t until = 0;

	if (strcmp(decision->to, "corrected") == 0 && !decision->withdraw)
		until = mark_find_position(pg, &decision->scope);

	pg_exec(pg,
	    "UPDATE objection SET state = $2, decided_by = $4,"
	    " note = CASE WHEN $3 = '' THEN note ELSE $3 END,"
	    " accepted_at = CASE WHEN $2 = 'accepted'"
	    " THEN COALESCE(accepted_at, $5) ELSE accepted_at END,"
	    " due_at = CASE WHEN suspended_at IS NULL THEN due_at"
	    " ELSE due_at + ($5 - suspended_at) END,"
	    " suspended_at = CASE WHEN $2 = 'suspended' THEN $5 END,"
	    " ended_at = CASE WHEN $6 <> 0 THEN $5 END,"
	    " wrong_until = $7"
	    " WHERE id = $1 OR leader = $1",
	    pg_arg_text(buf_span(&decision->id)),
	    pg_arg_text(span_of(decision->to)), pg_arg_text(decision->note),
	    pg_arg_text(span_of(decision->act->who->code)), pg_arg_time(now_us),
	    pg_arg_int(decision->rule->ends), pg_arg_int((int64_t)until));
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
	err = objection_tell(round, buf_span(&decision->id), why);
	pg_exec(pg, "SELECT" OBJECTION_COLUMNS "FROM objection WHERE id = $1",
	    pg_arg_text(buf_span(&decision->id)));
	if (pg_rows(pg) == 1)
		objection_print_row(&json, pg, 0, true);
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
