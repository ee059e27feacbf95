/*
 * objection_say: what subjects say beside a record after they have objected.
 */
#include "base/clock.h"
#include "credit/declaration.h"
#include "hub/objection_inner.h"

static enum err
read_said(const struct trust *trust, const struct upward *upward,
    struct declaration *said, struct why *why)
{
	enum err err;

	if (upward->subject.len == 0)
		return declaration_check(
		    upward->document, trust, clock_now_us(), said, why);
	err = declaration_parse(upward->document, said, why);
	if (err == ERR_OK && !span_is(upward->subject, said->subject))
		err = why_set(why, ERR_DENIED, "it is another subject's");
	return err;
}

/* ERR_SEEN: it changes nothing. */
static enum err
check_case(struct pg *pg, const struct declaration *said, struct why *why)
{
	struct span state;

	pg_exec(pg,
	    "SELECT state, subject, COALESCE(stated_at >= $2, false),"
	    " statements FROM objection WHERE id = $1 FOR UPDATE",
	    pg_arg_text(span_of(said->objection)), pg_arg_time(said->time_us));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	if (pg_rows(pg) == 0 || !span_is(pg_bytes(pg, 0, 1), said->subject))
		return why_set(why, ERR_INVALID, "no objection of theirs");
	state = pg_bytes(pg, 0, 0);
	if (pg_int(pg, 0, 2) != 0 || span_is(state, "refused") ||
	    span_is(state, "terminated"))
		return ERR_SEEN;
	if (pg_int(pg, 0, 3) >= DECLARATIONS_MAX)
		return why_set(why, ERR_LIMIT, "it was stated often enough");
	return ERR_OK;
}

enum err
objection_say(struct control_round *round, const struct trust *trust,
    const struct upward *upward, struct why *why)
{
	struct pg *pg = control_round_pg(round);
	struct declaration said;
	enum err err = read_said(trust, upward, &said, why);

	if (err == ERR_OK)
		err = check_case(pg, &said, why);
	if (err != ERR_OK)
		return err == ERR_SEEN ? ERR_OK : err;
	if (!control_round_takes_objection(round, span_of(said.objection)))
		return why_set(why, ERR_BUSY, "not in this round");
	pg_exec(pg,
	    "UPDATE objection SET statement = $2, stated_at = $3,"
	    " statements = statements + 1, statement_document = $4"
	    " WHERE id = $1",
	    pg_arg_text(span_of(said.objection)),
	    pg_arg_text(span_of(said.text)), pg_arg_time(said.time_us),
	    pg_arg_bytes(upward->document));
	return objection_tell(round, span_of(said.objection), why);
}
