/*
 * objection_act: what is decided about an objection.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "hub/action.h"
#include "hub/mark.h"
#include "hub/objection_inner.h"

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

/* One of those that are decided together. */
struct subject_case {
	struct buf id, subject, key, state;
	struct mark_scope scope;
	bool repair;
};

struct decision {
	const struct objection_act *act;
	const struct transition *rule;
	struct json *body;
	struct span note;
	const char *to;
	bool withdraw;
	struct subject_case *cases; /* the first is the one that was named */
	size_t count;
};

enum err
objection_refuse(struct objection_answer *answer, int status, const char *type,
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
		return objection_refuse(answer, 400, "malformed",
		    "an object of note, outcome, withdraw", why);
	decision->note = json_text(json_find(decision->body, "note"));
	decision->withdraw =
	    json_bool(json_find(decision->body, "withdraw"), false);
	decision->to = rule->to;
	if (rule->to == NULL)
		decision->to =
		    json_cstr(json_find(decision->body, "outcome"), "");
	if (decision->note.len > OBJECTION_NOTE_MAX ||
	    (rule->needs_note && decision->note.len == 0))
		return objection_refuse(answer, 400, "malformed",
		    "note: what the subject is told, up to 3000 bytes", why);
	return ERR_OK;
}

static void
keep_text(struct buf *out, const struct pg *pg, size_t row, int column)
{
	struct span text = pg_bytes(pg, row, column);

	buf_add(out, text.ptr, text.len);
}

static void
keep_case(struct decision *decision, const struct pg *pg, size_t row)
{
	const struct catalog *catalog = decision->act->catalog;
	struct subject_case *one = &decision->cases[row];

	keep_text(&one->id, pg, row, ID);
	keep_text(&one->subject, pg, row, SUBJECT);
	keep_text(&one->key, pg, row, KEY);
	keep_text(&one->state, pg, row, STATE);
	one->repair = pg_int(pg, row, REPAIR) != 0;
	one->scope = (struct mark_scope){.subject = buf_span(&one->subject),
	    .key = buf_span(&one->key),
	    .item = catalog_find_item(catalog, (uint32_t)pg_int(pg, row, ITEM)),
	    .place = row};
}

/* It, and those that are decided with it. */
static enum err
find_cases(struct decision *decision, struct pg *pg,
    struct objection_answer *answer, struct why *why)
{
	const struct objection_act *act = decision->act;
	bool is_operator = act->who->kind == MEMBER_OPERATOR;
	size_t i, count;

	pg_exec(pg,
	    "SELECT" OBJECTION_COLUMNS
	    "FROM objection WHERE id = $1 OR (together = $1 AND ended_at IS"
	    " NULL) ORDER BY id <> $1, id FOR UPDATE",
	    pg_arg_text(span_of(act->id)));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	count = pg_rows(pg);
	if (count == 0 || !span_is(pg_bytes(pg, 0, ID), act->id))
		return objection_refuse(
		    answer, 404, "not_found", "no such objection", why);
	if (!is_operator && !span_is(pg_bytes(pg, 0, PROVIDER), act->who->code))
		return objection_refuse(answer, 403, "not_yours",
		    "the provider of the record and operators decide", why);
	if (!pg_is_null(pg, 0, LEADER) || !pg_is_null(pg, 0, TOGETHER))
		return objection_refuse(answer, 409, "objection_joined",
		    "it is joined to another one: decide that", why);
	decision->cases = mem_new(count * sizeof(*decision->cases));
	decision->count = count;
	for (i = 0; i < count; i++)
		keep_case(decision, pg, i);
	return ERR_OK;
}

static bool
is_from(const struct decision *decision, const struct subject_case *one)
{
	size_t i;

	for (i = 0; decision->rule->from[i] != NULL; i++)
		if (span_is(buf_span(&one->state), decision->rule->from[i]))
			return true;
	return false;
}

static enum err
check_case(const struct decision *decision, const struct subject_case *one,
    struct pg *pg, struct objection_answer *answer, struct why *why)
{
	if (!is_from(decision, one))
		return objection_refuse(answer, 409, "objection_state",
		    "it does not stand so that this can be done", why);
	if (decision->rule->to == NULL &&
	    !is_outcome(decision->to, one->repair))
		return objection_refuse(answer, 400, "malformed",
		    "outcome: corrected, upheld, undetermined; of a repair: "
		    "repaired, upheld",
		    why);
	if (one->scope.item == NULL)
		return objection_refuse(answer, 409, "objection_state",
		    "the catalogue does not have its item any more", why);
	if (strcmp(decision->to, "corrected") == 0 && !decision->withdraw &&
	    mark_count_disputed(pg, &one->scope) > 0)
		return objection_refuse(answer, 409, "not_corrected",
		    "the record is as it was: hand in the correction, or "
		    "withdraw it",
		    why);
	return ERR_OK;
}

/* Time that it is suspended does not count. */
static void
update(const struct decision *decision, const struct subject_case *one,
    struct pg *pg)
{
	int64_t now_us = clock_now_us();
	uint64_t until = 0;

	if (strcmp(decision->to, "corrected") == 0 && !decision->withdraw)
		until = mark_find_position(pg, &one->scope);

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
	    pg_arg_text(buf_span(&one->id)), pg_arg_text(span_of(decision->to)),
	    pg_arg_text(decision->note),
	    pg_arg_text(span_of(decision->act->who->code)), pg_arg_time(now_us),
	    pg_arg_int(decision->rule->ends), pg_arg_int((int64_t)until));
}

/* Of what is applied for as repaired nothing is disputed. */
static void
mark(const struct decision *decision, const struct subject_case *one,
    struct control_round *round)
{
	enum objection_verb verb = decision->act->verb;
	const struct mark_scope *scope = &one->scope;
	const char *to = decision->to;

	if (strcmp(to, "repaired") == 0)
		(void)mark_put(round, scope, MARK_REPAIR);
	else if (one->repair)
		return;
	else if (verb == OBJECTION_ACCEPT)
		(void)mark_put(round, scope, MARK_DISPUTE);
	else if (strcmp(to, "corrected") == 0 && decision->withdraw)
		(void)mark_put(round, scope, MARK_WITHDRAW);
	else if (strcmp(to, "upheld") == 0 || strcmp(to, "terminated") == 0)
		(void)mark_put(round, scope, MARK_RESTORE);
}

void
objection_note_action(
    const struct objection_act *act, struct pg *pg, const char *state)
{
	struct buf detail = {0};
	struct json_out json = {.buf = &detail};

	if (act->who->kind != MEMBER_OPERATOR)
		return;
	json_open_object(&json, NULL);
	json_put_cstr(&json, "state", state);
	json_close_object(&json);
	action_note(
	    pg, act->who->code, "objection", act->id, buf_span(&detail));
	buf_release(&detail);
}

static enum err
decide(struct decision *decision, struct control_round *round,
    struct objection_answer *answer, struct why *why)
{
	struct pg *pg = control_round_pg(round);
	enum err err = read_body(decision, answer, why);
	size_t i;

	if (err == ERR_OK)
		err = find_cases(decision, pg, answer, why);
	for (i = 0; i < decision->count && err == ERR_OK; i++)
		err =
		    check_case(decision, &decision->cases[i], pg, answer, why);
	if (err != ERR_OK)
		return err;
	objection_note_action(decision->act, pg, decision->to);
	for (i = 0; i < decision->count && err == ERR_OK; i++) {
		const struct subject_case *one = &decision->cases[i];

		update(decision, one, pg);
		mark(decision, one, round);
		err = objection_tell(round, buf_span(&one->id), why);
	}
	return err;
}

static void
print(const struct objection_act *act, struct pg *pg,
    struct objection_answer *answer)
{
	struct json_out json = {.buf = &answer->document};

	pg_exec(pg, "SELECT" OBJECTION_COLUMNS "FROM objection WHERE id = $1",
	    pg_arg_text(span_of(act->id)));
	if (pg_rows(pg) == 1)
		objection_print_row(&json, pg, 0, true);
}

static void
decision_release(struct decision *decision)
{
	size_t i;

	for (i = 0; i < decision->count; i++) {
		buf_release(&decision->cases[i].id);
		buf_release(&decision->cases[i].subject);
		buf_release(&decision->cases[i].key);
		buf_release(&decision->cases[i].state);
	}
	mem_free(decision->cases);
	json_free(decision->body);
}

enum err
objection_do(struct ledger *ledger, const struct objection_act *act,
    struct objection_answer *answer, struct why *why)
{
	struct control_round *round = control_round_begin(ledger);
	struct decision decision = {.act = act};
	enum err err, ended;

	answer->status = 200;
	if (act->verb == OBJECTION_JOIN || act->verb == OBJECTION_PART) {
		err = objection_join(round, act, answer, why);
	} else {
		decision.rule = &rules[act->verb];
		err = decide(&decision, round, answer, why);
	}
	if (err == ERR_OK)
		print(act, control_round_pg(round), answer);
	ended = control_round_end(round, err == ERR_OK ? why : NULL);
	if (err == ERR_OK && ended == ERR_OK)
		log_info("objection.decide", "state=%s cases=%zu by=%s",
		    decision.to != NULL ? decision.to : "joined",
		    decision.count, act->who->code);
	decision_release(&decision);
	return ended != ERR_OK ? ended : err;
}
