/*
 * pg_far: patience with a server that is not ours.
 */
#include <assert.h>
#include <poll.h>
#include <stdio.h>

#include "base/clock.h"
#include "hub/pg_inner.h"

/* How soon a wait for a far server sees that we are stopping. */
#define LOOK_MS 100

/* Of a far server; later words win: `conninfo` may say all of them
 * otherwise. */
static const char *const far_names[] = {"connect_timeout", "tcp_user_timeout",
    "keepalives_idle", "sslmode", "application_name", "dbname", NULL};
#define FAR_VALUES(conninfo)                                                   \
	((const char *const[]){                                                \
	    "5", "30000", "30", "verify-full", "rongxin-hub", conninfo, NULL})

PGconn *
pg_far_connect(const char *conninfo)
{
	return PQconnectdbParams(far_names, FAR_VALUES(conninfo), 1);
}

bool
pg_ping_far(const char *conninfo)
{
	return PQpingParams(far_names, FAR_VALUES(conninfo), 1) == PQPING_OK;
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
		pg_fail(pg, NULL);
		snprintf(pg->why.text, sizeof(pg->why.text), "57014 no answer");
		pg_cut(pg);
		return NULL;
	}
	result = PQgetResult(pg->link);
	switch (PQresultStatus(result)) {
	case PGRES_COPY_IN:
	case PGRES_COPY_OUT:
	case PGRES_COPY_BOTH:
		/* Nobody asked for that; it would never end. */
		pg_fail(pg, NULL);
		PQclear(result);
		pg_cut(pg);
		return NULL;
	default:
		return result;
	}
}

void
pg_far_send(struct pg *pg, int sent)
{
	pg->deadline_us = clock_tick_us() + pg->patience->timeout_ms * 1000LL;
	if (!sent)
		pg_fail(pg, NULL);
}

void
pg_far_keep(struct pg *pg)
{
	PGresult *result;

	while ((result = far_next(pg)) != NULL)
		pg_keep(pg, result);
}

void
pg_each(struct pg *pg, const char *sql, const struct pg_arg *args, size_t count,
    pg_row_fn visit, void *context)
{
	struct pg_params params;
	PGresult *result;

	assert(pg->patience != NULL);
	if (!pg_may_go_on(pg))
		return;
	pg_params_init(&params, args, count);
	pg_far_send(
	    pg, PQsendQueryParams(pg->link, sql, (int)count, params.oids,
		    params.values, params.lengths, params.formats, 1) &&
		    PQsetSingleRowMode(pg->link));
	while ((result = far_next(pg)) != NULL) {
		if (PQresultStatus(result) != PGRES_SINGLE_TUPLE) {
			pg_keep(pg, result);
			continue;
		}
		pg_drop_result(pg);
		pg->result = result;
		if (!visit(context, pg)) {
			pg_cut(pg);
			break;
		}
	}
	pg_drop_result(pg);
}
