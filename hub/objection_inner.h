/*
 * objection_inner: what objection.c, objection_act.c, objection_join.c,
 * objection_say.c and objection_stand.c share.
 */
#ifndef HUB_OBJECTION_INNER_H
#define HUB_OBJECTION_INNER_H

#include "base/json.h"
#include "hub/objection.h"

#define OBJECTION_OPEN_MAX 100  /* of one subject */
#define OBJECTION_NOTE_MAX 3000 /* bytes */

#define OBJECTION_COLUMNS                                                      \
	" id, subject, item, key, reason, repair, provider, stream,"           \
	" leader, state, note, filed_at, due_at, ended_at, digest,"            \
	" claims::text, accepted_at, wrong_since, wrong_from, wrong_until, "   \
	"(SELECT"                                                              \
	" sum(i.members) FROM objection_informed i"                            \
	" WHERE i.id = COALESCE(objection.leader, objection.id)),"             \
	" (SELECT json_agg(m.sha256 ORDER BY m.sha256)::text FROM (SELECT"     \
	" encode(sha256, 'hex') AS sha256 FROM objection_material"             \
	" WHERE objection_material.id = objection.id GROUP BY 1"               \
	" HAVING sum(length(bytes)) = min(size)) m),"                          \
	" statement, stated_at, statements, together, together_note "

/* Their places in a row of an answer. */
enum objection_column {
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
	CLAIMS,
	ACCEPTED,
	WRONG_SINCE,
	WRONG_FROM,
	WRONG_UNTIL,
	INFORMED,
	MATERIALS,
	STATEMENT,
	STATED,
	STATEMENTS,
	TOGETHER,
	TOGETHER_NOTE
};

/* How the one in this row of the answer stands; `whole`: with its claims. */
void objection_print_row(
    struct json_out *json, const struct pg *pg, size_t row, bool whole);
/* Refuse an act: always ERR_INVALID. */
MUST_CHECK enum err objection_refuse(struct objection_answer *answer,
    int status, const char *type, const char *detail, struct why *why);
/* JOIN and PART, within the caller's round; how it stands then is the
 * caller's to print. */
MUST_CHECK enum err objection_join(struct control_round *round,
    const struct objection_act *act, struct objection_answer *answer,
    struct why *why);
/* An operator did it. */
void objection_note_action(
    const struct objection_act *act, struct pg *pg, const char *state);
/* Tell every node how it stands, and those that are joined to it. */
MUST_CHECK enum err objection_tell(
    struct control_round *round, struct span id, struct why *why);

#endif
