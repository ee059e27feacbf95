/*
 * pg_inner: what pg.c, pg_far.c and pg_copy.c share.
 */
#ifndef HUB_PG_INNER_H
#define HUB_PG_INNER_H

#include <libpq-fe.h>

#include "hub/pg.h"

/* PostgreSQL counts microseconds from 2000-01-01. */
#define PG_EPOCH_US INT64_C(946684800000000)

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

/* Parameters as libpq wants them. */
struct pg_params {
	const char *values[PG_ARGS_MAX];
	int64_t numbers[PG_ARGS_MAX];
	int lengths[PG_ARGS_MAX];
	int formats[PG_ARGS_MAX];
	Oid oids[PG_ARGS_MAX];
};

/* Binary, as all that travels. */
void pg_params_init(
    struct pg_params *params, const struct pg_arg *args, size_t count);

/* The first failure stays; `result` (may be NULL) says why. */
void pg_fail(struct pg *pg, const PGresult *result);
/* Takes over `result`: its rows, or the failure that it is. */
void pg_keep(struct pg *pg, PGresult *result);
void pg_drop_result(struct pg *pg);
/* What became of the last COPY. */
void pg_settle(struct pg *pg);
bool pg_may_go_on(struct pg *pg);
/* Nothing more is heard on this connection. */
void pg_cut(struct pg *pg);

/* A connection to a far server, as PQconnectdb; made by its words. */
PGconn *pg_far_connect(const char *conninfo);
/* After PQsend…, which answered `sent`: from now on the time counts. */
void pg_far_send(struct pg *pg, int sent);
/* Its results, the last of them kept. */
void pg_far_keep(struct pg *pg);

#endif
