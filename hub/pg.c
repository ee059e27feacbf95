/*
 * pg: one PostgreSQL connection, with sticky transactions.
 */
#include "hub/pg.h"

#include <assert.h>
#include <endian.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

/* PostgreSQL counts microseconds from 2000-01-01. */
#define PG_EPOCH_US INT64_C(946684800000000)
/* Types of pg_type.dat that parameters have. */
#define OID_BYTEA 17
#define OID_INT8 20
#define OID_TEXT 25
#define OID_TIMESTAMPTZ 1184
/* How soon a wait for a far server sees that we are stopping. */
#define LOOK_MS 100

struct pg {
	PGconn *link;
	PGresult *result;
	char *conninfo;
	const char *setup;
	_Atomic(PGcancel *) cancel; /* whoever takes it out owns it */
	atomic_bool interrupted;
	const struct pg_patience *patience; /* NULL: a server of ours */
	int64_t deadline_us;                /* of the far one's answer */
	bool failed;
	bool copying; /* rows are sent, the server's word on them is not in */
	struct why why;
};

static void
drop_result(struct pg *pg)
{
	PQclear(pg->result);
	pg->result = NULL;
}

static void
fail(struct pg *pg, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (!pg->failed)
		snprintf(pg->why.text, sizeof(pg->why.text), "%s %s",
		    state != NULL ? state : "-",
		    text != NULL ? text : "connection lost");
	pg->failed = true;
}

static void
keep(struct pg *pg, PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	drop_result(pg);
	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
		pg->result = result;
		return;
	}
	fail(pg, result);
	PQclear(result);
}

/* What became of the last COPY. */
static void
settle(struct pg *pg)
{
	PGresult *result;

	if (!pg->copying)
		return;
	pg->copying = false;
	while ((result = PQgetResult(pg->link)) != NULL)
		keep(pg, result);
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

static bool
may_go_on(struct pg *pg)
{
	if (!pg->failed && atomic_load(&pg->interrupted)) {
		snprintf(pg->why.text, sizeof(pg->why.text), "interrupted");
		pg->failed = true;
	}
	return !pg->failed;
}

/* Of a far server; later words win: `conninfo` may say all of them
 * otherwise. */
static const char *const far_names[] = {"connect_timeout", "tcp_user_timeout",
    "keepalives_idle", "sslmode", "application_name", "dbname", NULL};
#define FAR_VALUES(conninfo)                                                   \
	((const char *const[]){                                                \
	    "5", "30000", "30", "verify-full", "rongxin-hub", conninfo, NULL})

static void
connect_now(struct pg *pg)
{
	pg->failed = false;
	if (!may_go_on(pg))
		return;
	if (pg->link == NULL && pg->patience != NULL)
		pg->link =
		    PQconnectdbParams(far_names, FAR_VALUES(pg->conninfo), 1);
	else if (pg->link == NULL)
		pg->link = PQconnectdb(pg->conninfo);
	else
		PQreset(pg->link);
	if (PQstatus(pg->link) != CONNECTION_OK) {
		fail(pg, NULL);
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
	drop_result(pg);
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

bool
pg_ping_far(const char *conninfo)
{
	return PQpingParams(far_names, FAR_VALUES(conninfo), 1) == PQPING_OK;
}

void
pg_begin(struct pg *pg)
{
	bool known; /* that the connection is of no use */

	settle(pg);
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

	settle(pg);
	if (commit)
		pg_run(pg, "COMMIT");
	failed = pg->failed;
	if (failed || !commit) {
		if (PQtransactionStatus(pg->link) != PQTRANS_IDLE)
			keep(pg, PQexec(pg->link, "ROLLBACK"));
		pg->failed = failed;
	}
	drop_result(pg);
	return failed ? ERR_DATABASE : ERR_OK;
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

/* Nothing more is heard on this connection. */
static void
cut(struct pg *pg)
{
	publish_cancel(pg, NULL);
	PQfinish(pg->link);
	pg->link = NULL;
}

/* Has the answer come, or the end of the connection? */
static bool
far_is_ready(struct pg *pg)
{
	struct pollfd wait = {.events = POLLIN};

	while (PQisBusy(pg->link)) {
		if (atomic_load(pg->patience->stopping) ||
		    clock_tick_us() >= pg->deadline_us)
			return false;
		wait.fd = PQsocket(pg->link);
		(void)poll(&wait, 1, LOOK_MS);
		if (!PQconsumeInput(pg->link))
			return true;
	}
	return true;
}

/* The next result; NULL: that was all, or it has failed. */
static PGresult *
far_next(struct pg *pg)
{
	PGresult *result;

	if (pg->link == NULL)
		return NULL;
	if (!far_is_ready(pg)) {
		fail(pg, NULL);
		snprintf(pg->why.text, sizeof(pg->why.text), "57014 no answer");
		cut(pg);
		return NULL;
	}
	result = PQgetResult(pg->link);
	switch (PQresultStatus(result)) {
	case PGRES_COPY_IN:
	case PGRES_COPY_OUT:
	case PGRES_COPY_BOTH:
		/* Nobody asked for that; it would never end. */
		fail(pg, NULL);
		PQclear(result);
		cut(pg);
		return NULL;
	default:
		return result;
	}
}

static void
far_send(struct pg *pg, int sent)
{
	pg->deadline_us = clock_tick_us() + pg->patience->timeout_ms * 1000LL;
	if (!sent)
		fail(pg, NULL);
}

static void
far_keep(struct pg *pg)
{
	PGresult *result;

	while ((result = far_next(pg)) != NULL)
		keep(pg, result);
}

void
pg_run(struct pg *pg, const char *sql)
{
	settle(pg);
	if (!may_go_on(pg))
		return;
	if (pg->patience == NULL) {
		keep(pg, PQexec(pg->link, sql));
		return;
	}
	far_send(pg, PQsendQuery(pg->link, sql));
	far_keep(pg);
}

void
pg_query(struct pg *pg, const char *sql)
{
	pg_exec_args(pg, sql, NULL, 0);
}

/* Parameters as libpq wants them. */
struct params {
	const char *values[PG_ARGS_MAX];
	int64_t numbers[PG_ARGS_MAX];
	int lengths[PG_ARGS_MAX];
	int formats[PG_ARGS_MAX];
	Oid oids[PG_ARGS_MAX];
};

static void
params_init(struct params *params, const struct pg_arg *args, size_t count)
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
	struct params params;

	settle(pg);
	if (!may_go_on(pg))
		return;
	params_init(&params, args, count);
	if (pg->patience == NULL) {
		keep(pg, PQexecParams(pg->link, sql, (int)count, params.oids,
			     params.values, params.lengths, params.formats, 1));
		return;
	}
	far_send(pg, PQsendQueryParams(pg->link, sql, (int)count, params.oids,
			 params.values, params.lengths, params.formats, 1));
	far_keep(pg);
}

void
pg_each(struct pg *pg, const char *sql, const struct pg_arg *args, size_t count,
    pg_row_fn visit, void *context)
{
	struct params params;
	PGresult *result;

	assert(pg->patience != NULL);
	if (!may_go_on(pg))
		return;
	params_init(&params, args, count);
	far_send(pg, PQsendQueryParams(pg->link, sql, (int)count, params.oids,
			 params.values, params.lengths, params.formats, 1) &&
			 PQsetSingleRowMode(pg->link));
	while ((result = far_next(pg)) != NULL) {
		if (PQresultStatus(result) != PGRES_SINGLE_TUPLE) {
			keep(pg, result);
			continue;
		}
		drop_result(pg);
		pg->result = result;
		if (!visit(context, pg)) {
			cut(pg);
			break;
		}
	}
	drop_result(pg);
}

static void
quote(struct pg *pg, char *quoted, struct buf *out)
{
	if (quoted == NULL)
		fail(pg, NULL);
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
pg_int(const struct pg *pg, size_t row, int column)
{
	struct span bytes = pg_bytes(pg, row, column);
	int64_t value = 0;
	size_t i;

	if (bytes.len == 0)
		return 0;
	if (bytes.len > 1 && (bytes.ptr[0] & 0x80) != 0)
		value = -1;
	for (i = 0; i < bytes.len; i++)
		value = (int64_t)((uint64_t)value << 8 | (uint8_t)bytes.ptr[i]);
	return value;
}

int64_t
pg_time(const struct pg *pg, size_t row, int column)
{
	return pg_int(pg, row, column) + PG_EPOCH_US;
}

void
pg_put_row(struct buf *rows, unsigned columns)
{
	buf_u16(rows, (uint16_t)columns);
}

void
pg_put_null(struct buf *rows)
{
	buf_u32(rows, UINT32_MAX);
}

void
pg_put_int2(struct buf *rows, int16_t value)
{
	buf_u32(rows, 2);
	buf_u16(rows, (uint16_t)value);
}

void
pg_put_int4(struct buf *rows, int32_t value)
{
	buf_u32(rows, 4);
	buf_u32(rows, (uint32_t)value);
}

void
pg_put_int8(struct buf *rows, int64_t value)
{
	buf_u32(rows, 8);
	buf_u64(rows, (uint64_t)value);
}

void
pg_put_bool(struct buf *rows, bool value)
{
	buf_u32(rows, 1);
	buf_char(rows, value ? 1 : 0);
}

void
pg_put_time(struct buf *rows, int64_t time_us)
{
	pg_put_int8(rows, time_us - PG_EPOCH_US);
}

void
pg_put_bytes(struct buf *rows, struct span bytes)
{
	buf_counted(rows, bytes);
}

/* The binary form of jsonb is a version byte and the text. */
void
pg_put_jsonb(struct buf *rows, struct span json)
{
	buf_u32(rows, (uint32_t)json.len + 1);
	buf_char(rows, 1);
	buf_add(rows, json.ptr, json.len);
}

static bool
copy_send(struct pg *pg, struct span rows)
{
	static const char head[19] = "PGCOPY\n\377\r\n";
	static const char tail[2] = {'\377', '\377'};

	return PQputCopyData(pg->link, head, sizeof(head)) == 1 &&
	       PQputCopyData(pg->link, rows.ptr, (int)rows.len) == 1 &&
	       PQputCopyData(pg->link, tail, sizeof(tail)) == 1 &&
	       PQputCopyEnd(pg->link, NULL) == 1;
}

void
pg_copy(struct pg *pg, const char *sql, struct buf *rows)
{
	PGresult *result;

	settle(pg);
	if (!may_go_on(pg) || rows->len == 0)
		goto out;
	result = PQexec(pg->link, sql);
	if (PQresultStatus(result) != PGRES_COPY_IN) {
		fail(pg, result);
		PQclear(result);
		goto out;
	}
	PQclear(result);
	if (!copy_send(pg, buf_span(rows)))
		fail(pg, NULL);
	pg->copying = true;
out:
	buf_reset(rows);
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
