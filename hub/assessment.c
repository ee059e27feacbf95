/*
 * assessment: how well a month's data was shared, scored and ranked.
 */
#include "hub/assessment.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/jws.h"

#define WEIGHT_MAX 1000

bool
assessment_parse_month(const char *text, char day[11])
{
	int year, month, end = 0;

	if (sscanf(text, "%4d-%2d%n", &year, &month, &end) != 2 || end != 7 ||
	    text[7] != '\0' || !clock_is_date(year, month, 1) || year < 2000)
		return false;
	memcpy(day, text, 7);
	memcpy(day + 7, "-01", 4);
	return true;
}

bool
assessment_has_kind(const char *by)
{
	static const char *const kinds[] = {
	    "department", "province", "city", "nation", "month"};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kinds[i], by) == 0)
			return true;
	return false;
}

static bool
is_published(struct pg *pg, const char *month)
{
	pg_exec(pg, "SELECT FROM assessment_published WHERE month = $1::date",
	    pg_arg_text(span_of(month)));
	return pg_rows(pg) == 1;
}

enum err
assessment_print(struct pg *pg, const struct assessment *what, struct buf *out)
{
	static const char as_json[] =
	    "SELECT assessment_answer($1::date, $2::date, $3)::text";
	static const char as_csv[] =
	    "SELECT assessment_csv(assessment_answer($1::date, $2::date, $3))";

	if (what->published && !is_published(pg, what->month))
		return ERR_MISSING;
	pg_exec(pg, what->as_csv ? as_csv : as_json,
	    pg_arg_text(span_of(what->month)),
	    pg_arg_text(span_of(what->today)), pg_arg_text(span_of(what->by)));
	if (pg_rows(pg) != 1)
		return ERR_DATABASE;
	buf_add(out, pg_bytes(pg, 0, 0).ptr, pg_bytes(pg, 0, 0).len);
	return ERR_OK;
}

enum err
assessment_proof(struct pg *pg, const char *month, struct buf *out)
{
	pg_exec(pg,
	    "SELECT jws FROM assessment_published WHERE month = $1::date",
	    pg_arg_text(span_of(month)));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	if (pg_rows(pg) == 0)
		return ERR_MISSING;
	buf_add(out, pg_bytes(pg, 0, 0).ptr, pg_bytes(pg, 0, 0).len);
	return ERR_OK;
}

/* Sign what the database wrote, and keep both. */
static enum err
freeze(struct pg *pg, const struct assessment *what, const char *operator,
    struct signer * signer, struct buf *out)
{
	struct pg_arg month = pg_arg_text(span_of(what->month));
	struct pg_arg whose = pg_arg_text(span_of(operator));
	struct pg_arg now = pg_arg_time(clock_now_us());
	struct buf document = {0};
	enum err err;

	pg_exec(pg, "SELECT assessment_document($1::date, $2::date, $3, $4)",
	    month, pg_arg_text(span_of(what->today)), whose, now);
	if (pg_rows(pg) != 1)
		return ERR_DATABASE;
	buf_add(&document, pg_bytes(pg, 0, 0).ptr, pg_bytes(pg, 0, 0).len);
	err = jws_sign_with_key(
	    signer, ASSESSMENT_TYPE, buf_span(&document), out, NULL);
	if (err == ERR_OK)
		pg_exec(pg,
		    "INSERT INTO assessment_published"
		    " VALUES ($1::date, $2, $3, $4, $5)",
		    month, pg_arg_text(buf_span(&document)),
		    pg_arg_text(buf_span(out)), whose, now);
	buf_release(&document);
	return err == ERR_OK && pg_has_failed(pg) ? ERR_DATABASE : err;
}

enum err
assessment_publish(struct pg *pg, const struct assessment *what,
    const char *operator, struct signer * signer, struct buf *out)
{
	pg_exec(pg, "SELECT assessment_state($1::date, $2::date)",
	    pg_arg_text(span_of(what->month)),
	    pg_arg_text(span_of(what->today)));
	if (pg_rows(pg) != 1)
		return ERR_DATABASE;
	if (span_is(pg_bytes(pg, 0, 0), "published"))
		return ERR_SEEN;
	if (span_is(pg_bytes(pg, 0, 0), "open"))
		return ERR_GAP;
	return freeze(pg, what, operator, signer, out);
}

static const char versions_sql[] =
    "SELECT json_build_object('versions', json_agg(json_build_object("
    "'version', version, 'from', to_char(from_month, 'YYYY-MM'), 'weights',"
    " weights, 'set_by', set_by, 'set_at', to_char(set_at AT TIME ZONE 'UTC',"
    " 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')) ORDER BY version))::text"
    " FROM assessment_weights";

void
assessment_print_weights(struct pg *pg, struct buf *out)
{
	pg_query(pg, versions_sql);
	if (pg_rows(pg) == 1)
		buf_add(out, pg_bytes(pg, 0, 0).ptr, pg_bytes(pg, 0, 0).len);
}

/* Whole numbers, and one of them at least more than nothing. */
static bool
add_weight(void *context, const char *name, const struct json *value)
{
	int64_t weight = json_int(value, -1), *total = context;

	(void)name;
	if (weight < 0 || weight > WEIGHT_MAX) {
		*total = 0;
		return false;
	}
	*total += weight;
	return true;
}

static bool
are_known(struct pg *pg, struct span weights)
{
	pg_exec(pg,
	    "SELECT FROM json_object_keys($1::json) k LEFT JOIN"
	    " assessment_indicator i ON i.code = k WHERE i.code IS NULL",
	    pg_arg_text(weights));
	return !pg_has_failed(pg) && pg_rows(pg) == 0;
}

static enum err
keep_weights(struct pg *pg, const struct json *root, const char *operator,
    struct why * why)
{
	static const char *const names[] = {"from", "weights", NULL};
	const struct json *weights = json_find(root, "weights");
	char from[11];
	struct buf text = {0};
	int64_t total = 0;
	bool known;

	if (!json_has_only(root, names, NULL) ||
	    !assessment_parse_month(
		json_cstr(json_find(root, "from"), ""), from) ||
	    !json_each(weights, add_weight, &total) || total == 0)
		return why_set(why, ERR_INVALID,
		    "from: a month; weights: 0 to 1000, not all 0");
	json_print(weights, &text);
	known = are_known(pg, buf_span(&text));
	if (known)
		pg_exec(pg,
		    "INSERT INTO assessment_weights (from_month, weights,"
		    " set_by, set_at) VALUES ($1::date, $2::json, $3, $4)",
		    pg_arg_text(span_of(from)), pg_arg_text(buf_span(&text)),
		    pg_arg_text(span_of(operator)),
		    pg_arg_time(clock_now_us()));
	buf_release(&text);
	return known ? ERR_OK
		     : why_set(why, ERR_INVALID, "weights: unknown indicator");
}

enum err
assessment_set_weights(struct pg *pg, struct span document,
    const char *operator, struct buf * out, struct why *why)
{
	struct json *root = json_parse(document, why);
	enum err err = ERR_INVALID;

	if (json_is_object(root))
		err = keep_weights(pg, root, operator, why);
	json_free(root);
	if (err == ERR_OK)
		assessment_print_weights(pg, out);
	return err;
}
