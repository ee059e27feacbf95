/*
 * pg: one PostgreSQL connection, with sticky transactions.
 */
#include "hub/pg.h"

#include <assert.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "hub/pg_inner.h"

/* Types of pg_type.dat that parameters have. */
#define OID_BYTEA 17
#define OID_INT8 20
#define OID_TEXT 25
#define OID_TIMESTAMPTZ 1184

void
pg_drop_result(struct pg *pg)
{
	PQclear(pg->result);
	pg->result = NULL;
}

void
pg_fail(struct pg *pg, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (!pg->failed)
		snprintf(pg->why.text, sizeof(pg->why.text), "%s %s",
		    state != NULL ? state : "-",
		    text != NULL ? text : "connection lost");
	pg->failed = true;
}

void
pg_keep(struct pg *pg, PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	pg_drop_result(pg);
	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
		pg->result = result;
		return;
	}
	pg_fail(pg, result);
	PQclear(result);
}

void
pg_settle(struct pg *pg)
{
	PGresult *result;

	if (!pg->copying)
		return;
	pg->copying = false;
	while ((result = PQgetResult(pg->link)) != NULL)
		pg_keep(pg, result);
}

/* Notices repeat what the caller knows and may quote data. */
static void
ignore_notice(void *context, const char *message)
{
	(void)context;
	(void)message;
}

/* How to reach what runs on the connection of now. */
static void
publish_cancel(struct pg *pg, PGcancel *cancel)
{
	PQfreeCancel(atomic_exchange(&pg->cancel, cancel));
}

void
pg_interrupt(struct pg *pg)
{
	PGcancel *cancel, *none = NULL;
	char words[256];

	atomic_store(&pg->interrupted, true);
	cancel = atomic_exchange(&pg->cancel, NULL);
	if (cancel == NULL)
		return;
	/* Without success it is as if nothing had run. */
	(void)PQcancel(cancel, words, sizeof(words));
	if (!atomic_compare_exchange_strong(&pg->cancel, &none, cancel))
		PQfreeCancel(cancel);
}

bool
pg_may_go_on(struct pg *pg)
{
	if (!pg->failed && atomic_load(&pg->interrupted)) {
		snprintf(pg->why.text, sizeof(pg->why.text), "interrupted");
		pg->failed = true;
	}
	return !pg->failed;
}

static void
connect_now(struct pg *pg)
{
	pg->failed = false;
	if (!pg_may_go_on(pg))
		return;
	if (pg->link == NULL && pg->patience != NULL)
		pg->link = pg_far_connect(pg->conninfo);
	else if (pg->link == NULL)
		pg->link = PQconnectdb(pg->conninfo);
	else
		PQreset(pg->link);
	if (PQstatus(pg->link) != CONNECTION_OK) {
		pg_fail(pg, NULL);
		return;
	}
	publish_cancel(pg, PQgetCancel(pg->link));
	PQsetNoticeProcessor(pg->link, ignore_notice, NULL);
	if (pg->setup != NULL)
		pg_run(pg, pg->setup);
}

static struct pg *
open_it(const char *conninfo, const char *setup,
    const struct pg_patience *patience, struct why *why)
{
	struct pg *pg = mem_new(sizeof(*pg));

	pg->conninfo = mem_text(conninfo);
	pg->setup = setup;
	pg->patience = patience;
	connect_now(pg);
	if (!pg->failed)
		return pg;
	(void)why_set(why, ERR_DATABASE, "database: %s", pg->why.text);
	pg_close(pg);
	return NULL;
}

struct pg *
pg_open(const char *conninfo, const char *setup, struct why *why)
{
	return open_it(conninfo, setup, NULL, why);
}

struct pg *
pg_open_far(const char *conninfo, const char *setup,
    const struct pg_patience *patience, struct why *why)
{
	return open_it(conninfo, setup, patience, why);
}

void
pg_close(struct pg *pg)
{
	if (pg == NULL)
		return;
	pg_drop_result(pg);
	publish_cancel(pg, NULL);
	PQfinish(pg->link);
	explicit_bzero(pg->conninfo, strlen(pg->conninfo));
	mem_free(pg->conninfo);
	mem_free(pg);
}

bool
pg_ping(const char *conninfo)
{
	return PQping(conninfo) == PQPING_OK;
}

void
pg_begin(struct pg *pg)
{
	bool known; /* that the connection is of no use */

	pg_settle(pg);
	pg->failed = false;
	known = PQstatus(pg->link) != CONNECTION_OK ||
		PQtransactionStatus(pg->link) != PQTRANS_IDLE;
	if (known)
		connect_now(pg);
	pg_run(pg, "BEGIN");
	/* That the server went meanwhile shows only now; nothing was asked of
	 * it yet. */
	if (pg->failed && !known && PQstatus(pg->link) != CONNECTION_OK) {
		connect_now(pg);
		pg_run(pg, "BEGIN");
	}
}

enum err
pg_end(struct pg *pg, bool commit)
{
	bool failed;

	pg_settle(pg);
	if (commit)
		pg_run(pg, "COMMIT");
	failed = pg->failed;
	if (failed || !commit) {
		if (PQtransactionStatus(pg->link) != PQTRANS_IDLE)
			pg_keep(pg, PQexec(pg->link, "ROLLBACK"));
		pg->failed = failed;
	}
	pg_drop_result(pg);
	return failed ? ERR_DATABASE : ERR_OK;
}

void
pg_cut(struct pg *pg)
{
	publish_cancel(pg, NULL);
	PQfinish(pg->link);
	pg->link = NULL;
}

bool
pg_has_failed(const struct pg *pg)
{
	return pg->failed;
}

const char *
pg_why(const struct pg *pg)
{
	return pg->why.text;
}

void
pg_run(struct pg *pg, const char *sql)
{
	pg_settle(pg);
	if (!pg_may_go_on(pg))
		return;
	if (pg->patience == NULL) {
		pg_keep(pg, PQexec(pg->link, sql));
		return;
	}
	pg_far_send(pg, PQsendQuery(pg->link, sql));
	pg_far_keep(pg);
}

void
pg_query(struct pg *pg, const char *sql)
{
	pg_exec_args(pg, sql, NULL, 0);
}

void
pg_params_init(
    struct pg_params *params, const struct pg_arg *args, size_t count)
{
	static const Oid types[] = {
	    OID_TEXT, OID_INT8, OID_TEXT, OID_BYTEA, OID_TIMESTAMPTZ};
	size_t i;

	assert(count <= PG_ARGS_MAX);
	for (i = 0; i < count; i++) {
		int64_t shift = args[i].kind == PG_TIME ? PG_EPOCH_US : 0;
		bool number = args[i].kind == PG_INT || args[i].kind == PG_TIME;
		struct span bytes = args[i].bytes;
		int64_t *place = &params->numbers[i];

		*place = (int64_t)htobe64((uint64_t)(args[i].number - shift));
		if (number)
			bytes = span_make(place, sizeof(*place));
		else if (bytes.ptr == NULL && args[i].kind != PG_NULL)
			bytes.ptr = "";
		params->values[i] = bytes.ptr;
		params->lengths[i] = (int)bytes.len;
		params->formats[i] = 1;
		params->oids[i] = types[args[i].kind];
	}
}

void
pg_exec_args(
    struct pg *pg, const char *sql, const struct pg_arg *args, size_t count)
{
	struct pg_params params;

	pg_settle(pg);
	if (!pg_may_go_on(pg))
		return;
	pg_params_init(&params, args, count);
	if (pg->patience == NULL) {
		pg_keep(
		    pg, PQexecParams(pg->link, sql, (int)count, params.oids,
			    params.values, params.lengths, params.formats, 1));
		return;
	}
	pg_far_send(
	    pg, PQsendQueryParams(pg->link, sql, (int)count, params.oids,
		    params.values, params.lengths, params.formats, 1));
	pg_far_keep(pg);
}

static void
quote(struct pg *pg, char *quoted, struct buf *out)
{
	if (quoted == NULL)
		pg_fail(pg, NULL);
	else
		buf_text(out, quoted);
	PQfreemem(quoted);
}

void
pg_quote_name(struct pg *pg, struct span text, struct buf *out)
{
	quote(pg, PQescapeIdentifier(pg->link, text.ptr, text.len), out);
}

void
pg_quote_text(struct pg *pg, struct span text, struct buf *out)
{
	quote(pg, PQescapeLiteral(pg->link, text.ptr, text.len), out);
}

size_t
pg_rows(const struct pg *pg)
{
	return pg->failed ? 0 : (size_t)PQntuples(pg->result);
}

int64_t
pg_affected(const struct pg *pg)
{
	return pg->failed ? 0 : strtoll(PQcmdTuples(pg->result), NULL, 10);
}

bool
pg_is_null(const struct pg *pg, size_t row, int column)
{
	return PQgetisnull(pg->result, (int)row, column) != 0;
}

struct span
pg_bytes(const struct pg *pg, size_t row, int column)
{
	return span_make(PQgetvalue(pg->result, (int)row, column),
	    (size_t)PQgetlength(pg->result, (int)row, column));
}

int64_t
pg_parse_int(struct span column)
{
	int64_t value = 0;
	size_t i;

	if (column.len == 0)
		return 0;
	if (column.len > 1 && (column.ptr[0] & 0x80) != 0)
		value = -1;
	for (i = 0; i < column.len; i++)
		value =
		    (int64_t)((uint64_t)value << 8 | (uint8_t)column.ptr[i]);
	return value;
}

int64_t
pg_parse_time(struct span column)
{
	return pg_parse_int(column) + PG_EPOCH_US;
}

int64_t
pg_int(const struct pg *pg, size_t row, int column)
{
	return pg_parse_int(pg_bytes(pg, row, column));
}

int64_t
pg_time(const struct pg *pg, size_t row, int column)
{
	return pg_int(pg, row, column) + PG_EPOCH_US;
}

int
pg_socket(const struct pg *pg)
{
	return PQstatus(pg->link) == CONNECTION_OK ? PQsocket(pg->link) : -1;
}

bool
pg_take_notifications(struct pg *pg)
{
	bool any = false;
	PGnotify *notify;

	(void)PQconsumeInput(pg->link);
	while ((notify = PQnotifies(pg->link)) != NULL) {
		PQfreemem(notify);
		any = true;
	}
	return any;
}
