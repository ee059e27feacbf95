/*
 * application: who wants to be on the member list, and who said what to it.
 */
#include "hub/application.h"

#include <string.h>

#include "base/clock.h"

bool
application_state_is_known(const char *state)
{
	return strcmp(state, "open") == 0 || strcmp(state, "closed") == 0 ||
	       strcmp(state, "all") == 0;
}

bool
application_verb_is_known(const char *verb)
{
	return strcmp(verb, "review") == 0 || strcmp(verb, "admit") == 0 ||
	       strcmp(verb, "refuse") == 0;
}

enum err
application_file(struct pg *pg, const char *who,
    const struct application_wish *wish, struct span note, int64_t *id,
    struct why *why)
{
	struct buf document = {0}, takeover = {0};

	member_print(&wish->member, &document);
	if (wish->takeover.from[0] != '\0')
		takeover_print(&wish->takeover, &takeover);
	pg_exec(pg,
	    "INSERT INTO member_application (code, document, state, note,"
	    " applied_by, applied_at, takeover) VALUES ($1, $2::json,"
	    " 'applied', $3, $4, $5, NULLIF($6, '')::json) ON CONFLICT (code) "
	    "WHERE state IN ('applied', 'reviewed')"
	    " DO NOTHING RETURNING id",
	    pg_arg_text(span_of(wish->member.code)),
	    pg_arg_text(buf_span(&document)), pg_arg_text(note),
	    pg_arg_text(span_of(who)), pg_arg_time(clock_now_us()),
	    pg_arg_text(buf_span(&takeover)));
	buf_release(&document);
	buf_release(&takeover);
	if (pg_has_failed(pg))
		return why_set(why, ERR_DATABASE, "no database");
	if (pg_rows(pg) == 0)
		return why_set(why, ERR_CONFLICT,
		    "an application of this member waits already");
	*id = pg_int(pg, 0, 0);
	return ERR_OK;
}

static enum err
check_state(const struct application_verdict *verdict, struct span state,
    struct why *why)
{
	bool applied = span_is(state, "applied");
	bool reviewed = span_is(state, "reviewed");

	if (strcmp(verdict->verb, "review") == 0  ? applied
	    : strcmp(verdict->verb, "admit") == 0 ? reviewed
						  : applied || reviewed)
		return ERR_OK;
	return why_set(
	    why, ERR_CONFLICT, "it is %.*s", (int)state.len, state.ptr);
}

static enum err
parse_wish(struct span document, struct span takeover,
    struct application_wish *wish, struct why *why)
{
	enum err err = member_parse(document, &wish->member, why);

	wish->takeover.from[0] = '\0';
	if (err == ERR_OK && takeover.len > 0)
		err = takeover_parse(takeover, &wish->takeover, why);
	return err;
}

enum err
application_read(struct pg *pg, const struct application_verdict *verdict,
    struct application_wish *wish, struct why *why)
{
	bool admits = strcmp(verdict->verb, "admit") == 0;
	enum err err;

	pg_exec(pg,
	    "SELECT state, document::text, reviewed_by,"
	    " coalesce(takeover::text, '') FROM member_application"
	    " WHERE id = $1",
	    pg_arg_int(verdict->id));
	if (pg_has_failed(pg))
		return why_set(why, ERR_DATABASE, "no database");
	if (pg_rows(pg) == 0)
		return why_set(why, ERR_MISSING, "no such application");
	err = check_state(verdict, pg_bytes(pg, 0, 0), why);
	if (err != ERR_OK)
		return err;
	if (admits && verdict->persons > 1 &&
	    span_is(pg_bytes(pg, 0, 2), verdict->who))
		return why_set(
		    why, ERR_DENIED, "who reviewed it does not admit it");
	return parse_wish(pg_bytes(pg, 0, 1), pg_bytes(pg, 0, 3), wish, why);
}

enum err
application_decide(
    struct pg *pg, const struct application_verdict *verdict, struct why *why)
{
	bool reviews = strcmp(verdict->verb, "review") == 0;
	bool admits = strcmp(verdict->verb, "admit") == 0;

	pg_exec(pg,
	    reviews ? "UPDATE member_application SET state = $2,"
		      " reviewed_by = $3, reviewed_at = $4, review_note = $5"
		      " WHERE id = $1"
		    : "UPDATE member_application SET state = $2,"
		      " decided_by = $3, decided_at = $4, decision_note = $5"
		      " WHERE id = $1",
	    pg_arg_int(verdict->id),
	    pg_arg_text(span_of(reviews  ? "reviewed"
				: admits ? "admitted"
					 : "refused")),
	    pg_arg_text(span_of(verdict->who)), pg_arg_time(clock_now_us()),
	    pg_arg_text(verdict->note));
	if (pg_has_failed(pg))
		return why_set(why, ERR_DATABASE, "no database");
	return ERR_OK;
}

static enum err
add_text(struct pg *pg, struct buf *out)
{
	struct span text;

	if (pg_has_failed(pg))
		return ERR_DATABASE;
	if (pg_rows(pg) != 1)
		return ERR_MISSING;
	text = pg_bytes(pg, 0, 0);
	buf_add(out, text.ptr, text.len);
	return ERR_OK;
}

enum err
application_print(struct pg *pg, int64_t id, struct buf *out)
{
	pg_exec(pg,
	    "SELECT application_json(a)::text FROM member_application a"
	    " WHERE id = $1",
	    pg_arg_int(id));
	return add_text(pg, out);
}

enum err
application_print_list(
    struct pg *pg, const struct application_question *question, struct buf *out)
{
	pg_exec(pg,
	    "SELECT application_list($1, $2, $3, $4, $5::integer)::text",
	    pg_arg_text(span_of(question->state)),
	    pg_arg_text(span_of(question->code)), pg_arg_int(question->after),
	    pg_arg_int(question->limit), pg_arg_int(question->persons));
	return add_text(pg, out);
}
