/*
 * alert: what was found to be wrong, as operators read and answer it.
 */
#include "hub/alert.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"

#define RULE_SECONDS_MAX 604800
#define THRESHOLD_MAX INT64_C(1000000000000)
#define KEEP_DAYS_MAX 36500

bool
alert_state_is_known(const char *state)
{
	return strcmp(state, "open") == 0 || strcmp(state, "closed") == 0 ||
	       strcmp(state, "all") == 0;
}

/* The one text that was asked for. */
static enum err
add_text(struct pg *pg, struct buf *out)
{
	struct span text;

	if (pg_rows(pg) != 1)
		return pg_has_failed(pg) ? ERR_DATABASE : ERR_MISSING;
	text = pg_bytes(pg, 0, 0);
	buf_add(out, text.ptr, text.len);
	return ERR_OK;
}

enum err
alert_print(
    struct pg *pg, const struct alert_question *question, struct buf *out)
{
	pg_exec(pg, "SELECT alert_list($1, $2, $3, $4, $5)::text",
	    pg_arg_text(span_of(question->state)),
	    pg_arg_text(span_of(question->rule)), pg_arg_int(question->id),
	    pg_arg_int(question->after), pg_arg_int(question->limit));
	return add_text(pg, out);
}

enum err
alert_acknowledge(struct pg *pg, int64_t id, const char *who, struct span note,
    struct buf *out)
{
	pg_exec(pg,
	    "UPDATE alert SET state = 'acknowledged', acknowledged_by = $2,"
	    " acknowledged_at = $3, note = $4 WHERE id = $1"
	    " AND state = 'raised'",
	    pg_arg_int(id), pg_arg_text(span_of(who)),
	    pg_arg_time(clock_now_us()), pg_arg_text(note));
	pg_exec(pg,
	    "SELECT alert_json(a)::text, a.state = 'closed' FROM alert a"
	    " WHERE id = $1 AND state <> 'pending'",
	    pg_arg_int(id));
	if (pg_rows(pg) == 1 && pg_int(pg, 0, 1) != 0)
		return ERR_CONFLICT;
	return add_text(pg, out);
}

enum err
alert_print_rules(struct pg *pg, struct buf *out)
{
	pg_query(pg, "SELECT alert_rules()::text");
	return add_text(pg, out);
}

static bool
is_severity(const struct json *value)
{
	const char *text = json_cstr(value, "");

	return strcmp(text, "critical") == 0 || strcmp(text, "warning") == 0 ||
	       strcmp(text, "info") == 0;
}

/* Each member that is there is what it should be. */
static bool
check_rule(void *context, const char *name, const struct json *value)
{
	int64_t number = json_int(value, -1);

	(void)context;
	if (strcmp(name, "severity") == 0)
		return is_severity(value);
	if (strcmp(name, "enabled") == 0)
		return json_bool(value, true) == json_bool(value, false);
	if (strcmp(name, "threshold") == 0)
		return number >= 0 && number <= THRESHOLD_MAX;
	if (strcmp(name, "keep_days") == 0)
		return number >= 1 && number <= KEEP_DAYS_MAX;
	return (strcmp(name, "raise_seconds") == 0 ||
		   strcmp(name, "close_seconds") == 0) &&
	       number >= 0 && number <= RULE_SECONDS_MAX;
}

enum err
alert_change_rule(struct pg *pg, const char *name, struct span document,
    struct buf *out, struct why *why)
{
	struct json *root = json_parse(document, why);
	bool good = json_is_object(root) && json_count(root) > 0 &&
		    json_each(root, check_rule, NULL);

	json_free(root);
	if (!good)
		return why_set(why, ERR_INVALID,
		    "severity: critical, warning, info; threshold, "
		    "raise_seconds, close_seconds, keep_days: whole numbers; "
		    "enabled");
	pg_exec(pg,
	    "UPDATE alert_rule SET"
	    " severity = COALESCE($2::json->>'severity', severity),"
	    " threshold = COALESCE(($2::json->>'threshold')::numeric,"
	    " threshold), raise_seconds ="
	    " COALESCE(($2::json->>'raise_seconds')::integer, raise_seconds),"
	    " close_seconds ="
	    " COALESCE(($2::json->>'close_seconds')::integer, close_seconds),"
	    " keep_days = COALESCE(($2::json->>'keep_days')::integer,"
	    " keep_days),"
	    " enabled = COALESCE(($2::json->>'enabled')::boolean, enabled)"
	    " WHERE name = $1",
	    pg_arg_text(span_of(name)), pg_arg_text(document));
	if (!pg_has_failed(pg) && pg_affected(pg) == 0)
		return why_set(why, ERR_MISSING, "there is no such rule");
	return alert_print_rules(pg, out);
}

enum err
alert_print_messages(struct pg *pg, const char *state, struct buf *out)
{
	pg_exec(pg,
	    "SELECT json_build_object('messages', COALESCE(json_agg("
	    "json_build_object('id', id, 'alert', alert, 'event', event,"
	    " 'channel', channel, 'state', state, 'attempts', attempts,"
	    " 'made_at', alert_time(made_at), 'sent_at', alert_time(sent_at),"
	    " 'error', error) ORDER BY id DESC), '[]'))::text FROM"
	    " (SELECT * FROM alert_message WHERE $1 = '' OR state = $1"
	    " ORDER BY id DESC LIMIT 100) m",
	    pg_arg_text(span_of(state)));
	return add_text(pg, out);
}

enum err
alert_retry_message(struct pg *pg, int64_t id, struct buf *out)
{
	pg_exec(pg,
	    "UPDATE alert_message SET state = 'waiting', attempts = 0,"
	    " next_at = $2 WHERE id = $1 AND state = 'dead'"
	    " RETURNING json_build_object('id', id, 'state', state)::text",
	    pg_arg_int(id), pg_arg_time(clock_now_us()));
	return add_text(pg, out);
}
