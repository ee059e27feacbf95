/*
 * retention: records leave on their day.
 */
#include "hub/retention.h"

#include "base/clock.h"
#include "base/json.h"
#include "credit/expiry.h"
#include "hub/material.h"

#define DAY_US (INT64_C(86400) * CLOCK_SECOND)
/* Records of one transaction. */
#define PORTION "5000"

/* expiry_is_past, of $3: a field, or the day that the record is of. */
#define DUE                                                                    \
	" FROM record r CROSS JOIN LATERAL (SELECT CASE $3 WHEN 'data_date'"   \
	" THEN to_char(COALESCE(r.confirmed, r.as_of) AT TIME ZONE 'UTC',"     \
	" 'YYYY-MM-DD') ELSE r.fields->>$3 END) e (day)"                       \
	" WHERE r.stream = $1 AND r.item = $2 AND r.state <> 4"                \
	" AND e.day ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' AND e.day <= $4"

static const char due_sql[] =
    "SELECT r.stream, r.item, r.subject, r.key, r.provider" DUE
    " ORDER BY r.subject, r.key LIMIT " PORTION;

#define PURGEABLE                                                              \
	" FROM record_history h JOIN record r ON r.stream = h.stream"          \
	" AND r.item = h.item AND r.subject = h.subject AND r.key = h.key"     \
	" WHERE h.stream = $1 AND h.item = $2 AND r.state = 4"                 \
	" AND to_char(r.known_from AT TIME ZONE 'Asia/Shanghai',"              \
	" 'YYYY-MM-DD') <= $3 AND h.fields <> '{}'"

static const char purge_sql[] =
    "UPDATE record_history u SET fields = '{}' FROM (SELECT h.subject, h.key,"
    " h.version" PURGEABLE " LIMIT " PORTION ") x"
    " WHERE u.stream = $1 AND u.item = $2 AND u.subject = x.subject"
    " AND u.key = x.key AND u.version = x.version";

/* One item in one stream. */
struct step {
	const struct item *item;
	char stream[STREAM_LEN + 1];
	char cutoff[EXPIRY_DATE_MAX];
	uint64_t due, purge;
};

static uint64_t
count_due(struct pg *pg, const struct step *step)
{
	pg_exec(pg, "SELECT count(*)" DUE, pg_arg_text(span_of(step->stream)),
	    pg_arg_int(step->item->number),
	    pg_arg_text(span_of(step->item->retention_from)),
	    pg_arg_text(span_of(step->cutoff)));
	return pg_rows(pg) == 1 ? (uint64_t)pg_int(pg, 0, 0) : 0;
}

static uint64_t
count_purgeable(struct pg *pg, const struct step *step)
{
	pg_exec(pg, "SELECT count(*)" PURGEABLE,
	    pg_arg_text(span_of(step->stream)), pg_arg_int(step->item->number),
	    pg_arg_text(span_of(step->cutoff)));
	return pg_rows(pg) == 1 ? (uint64_t)pg_int(pg, 0, 0) : 0;
}

static enum err
count(struct ledger *ledger, struct step *step)
{
	struct pg *pg = ledger_pg(ledger);

	pg_begin(pg);
	step->due += count_due(pg, step);
	step->purge += count_purgeable(pg, step);
	return pg_end(pg, true);
}

/* Withdraws a portion; `more`: there may be others. */
static enum err
withdraw(struct ledger *ledger, const struct retention *retention,
    struct step *step, bool *more)
{
	const struct ledger_plan plan = {.catalog = retention->catalog,
	    .item = step->item->number,
	    .received_us = retention->now_us};
	const struct pg_arg args[] = {pg_arg_text(span_of(step->stream)),
	    pg_arg_int(step->item->number),
	    pg_arg_text(span_of(step->item->retention_from)),
	    pg_arg_text(span_of(step->cutoff))};
	uint64_t withdrawn;

	ledger_begin(ledger);
	ledger_set_plan(ledger, &plan);
	withdrawn = ledger_withdraw(ledger, step->stream, due_sql, args, 4);
	step->due += withdrawn;
	*more = withdrawn > 0;
	return ledger_end(ledger, true);
}

static enum err
purge(struct ledger *ledger, struct step *step, bool *more)
{
	struct pg *pg = ledger_pg(ledger);
	int64_t purged;

	pg_begin(pg);
	pg_exec(pg, purge_sql, pg_arg_text(span_of(step->stream)),
	    pg_arg_int(step->item->number), pg_arg_text(span_of(step->cutoff)));
	purged = pg_affected(pg);
	step->purge += purged > 0 ? (uint64_t)purged : 0;
	*more = purged > 0;
	return pg_end(pg, true);
}

static enum err
run_step(
    struct ledger *ledger, const struct retention *retention, struct step *step)
{
	enum err err;
	bool more;

	if (retention->dry)
		return count(ledger, step);
	do
		err = withdraw(ledger, retention, step, &more);
	while (err == ERR_OK && more);
	if (err != ERR_OK)
		return err;
	do
		err = purge(ledger, step, &more);
	while (err == ERR_OK && more);
	return err;
}

/* All streams' names, four characters each. */
static enum err
read_streams(struct ledger *ledger, struct buf *streams)
{
	struct pg *pg = ledger_pg(ledger);
	struct span name;
	size_t i;

	pg_begin(pg);
	pg_query(pg, "SELECT stream FROM stream_state WHERE stream <> '0000'"
		     " ORDER BY stream");
	for (i = 0; i < pg_rows(pg); i++) {
		name = pg_bytes(pg, i, 0);
		if (name.len == STREAM_LEN)
			buf_add(streams, name.ptr, name.len);
	}
	return pg_end(pg, true);
}

static void
print_item(const struct step *step, struct json_out *json)
{
	json_open_object(json, NULL);
	json_put_int(json, "item", step->item->number);
	json_put_int(json, "years", step->item->retention_years);
	json_put_cstr(json, "from", step->item->retention_from);
	json_put_int(json, "due", (int64_t)step->due);
	json_put_int(json, "purge", (int64_t)step->purge);
	json_close_object(json);
}

static enum err
run_item(struct ledger *ledger, const struct retention *retention,
    struct step *step, struct span streams)
{
	enum err err = ERR_OK;
	size_t at;

	expiry_cutoff(
	    retention->now_us, step->item->retention_years, step->cutoff);
	for (at = 0; at < streams.len && err == ERR_OK; at += STREAM_LEN) {
		memcpy(step->stream, streams.ptr + at, STREAM_LEN);
		err = run_step(ledger, retention, step);
	}
	return err;
}

enum err
retention_run(struct ledger *ledger, const struct retention *retention,
    struct buf *out, struct why *why)
{
	struct json_out json = {.buf = out};
	struct buf streams = {0};
	size_t i, items;
	const struct item *item = catalog_items(retention->catalog, &items);
	enum err err = read_streams(ledger, &streams);

	json_open_object(&json, NULL);
	json_open_array(&json, "items");
	for (i = 0; i < items && err == ERR_OK; i++) {
		struct step step = {.item = &item[i]};

		if (item[i].retention_years == 0)
			continue;
		err = run_item(ledger, retention, &step, buf_span(&streams));
		print_item(&step, &json);
	}
	if (err == ERR_OK && !retention->dry)
		err = material_expire(ledger_pg(ledger),
		    retention->now_us - retention->material_days * DAY_US);
	json_close_array(&json);
	json_close_object(&json);
	buf_release(&streams);
	return err == ERR_OK ? ERR_OK
			     : why_set(why, err, "%s", ledger_why(ledger));
}
