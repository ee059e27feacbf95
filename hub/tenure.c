/*
 * tenure: which of several hubs on one ledger works; the others stand by.
 */
#include "hub/tenure.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/work.h"
#include "hub/pg.h"

/* 7207001 is migrate.c's, 7207002 that of alert_look in the schema. */
#define LOCK "7207003"
#define LOOK_MS 1000
/* What sessions of a hub are called at the server (libpq's PGAPPNAME): with
 * its tenure's number behind. */
#define NAME_WORKS "rongxin-hub-"
#define NAME_WAITS "rongxin-standby"

/* Silence that ends a session, by the server's clock. */
#define SETUP                                                                  \
	"SET idle_session_timeout = '10s';"                                    \
	"SET idle_in_transaction_session_timeout = '10s'"

struct tenure {
	struct pg *pg;
	struct worker *worker;
	int64_t number;
	atomic_bool is_over;
};

/* Where the last number is; before migrations, which are the holder's. */
static void
make_table(struct pg *pg)
{
	pg_run(pg, "SELECT pg_advisory_xact_lock(7207001);"
		   "CREATE TABLE IF NOT EXISTS tenure (number bigint NOT NULL,"
		   " since timestamptz NOT NULL);"
		   "INSERT INTO tenure SELECT 0, 'epoch'"
		   " WHERE NOT EXISTS (SELECT FROM tenure)");
}

static bool
try_lock(struct pg *pg)
{
	pg_query(pg, "SELECT pg_try_advisory_lock(" LOCK ")");
	return pg_rows(pg) == 1 && pg_int(pg, 0, 0) == 1;
}

/* Whatever the hub of before has open: a transaction that nobody ends would
 * hold up all that touches its streams. */
static void
end_former(struct pg *pg)
{
	pg_query(pg, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
		     " WHERE application_name LIKE '" NAME_WORKS "%'"
		     " AND usename = current_user"
		     " AND datname = current_database()");
}

/* Lock and number in one transaction: a lock without its number would let the
 * holder of before take itself for the present one.  ERR_BUSY: another hub
 * has it. */
static enum err
begin(struct tenure *tenure)
{
	struct pg *pg = tenure->pg;
	bool mine;

	pg_begin(pg);
	make_table(pg);
	mine = try_lock(pg);
	if (mine) {
		end_former(pg);
		pg_exec(pg,
		    "UPDATE tenure SET number = number + 1, since = $1"
		    " RETURNING number",
		    pg_arg_time(clock_now_us()));
		tenure->number = pg_rows(pg) == 1 ? pg_int(pg, 0, 0) : 0;
	}
	if (pg_end(pg, true) != ERR_OK)
		return ERR_DATABASE;
	return mine ? ERR_OK : ERR_BUSY;
}

/* The session was made anew, and the lock went with the old one. */
static void
renew(struct tenure *tenure)
{
	struct pg *pg = tenure->pg;
	bool mine, same;

	pg_begin(pg);
	mine = try_lock(pg);
	pg_query(pg, "SELECT number FROM tenure");
	same = pg_rows(pg) == 1 && pg_int(pg, 0, 0) == tenure->number;
	if (pg_end(pg, true) != ERR_OK)
		return;
	if (!same) {
		log_error(
		    "tenure.over", "number=%lld", (long long)tenure->number);
		atomic_store(&tenure->is_over, true);
	} else if (mine) {
		log_warn(
		    "tenure.renewed", "number=%lld", (long long)tenure->number);
	}
	/* The same, and not ours: the old session is not ended yet. */
}

/* Once a second, which is what the server hears of us. */
static void
look(void *context)
{
	struct tenure *tenure = context;
	struct pg *pg = tenure->pg;
	bool held;

	if (atomic_load(&tenure->is_over))
		return;
	pg_begin(pg);
	pg_query(pg,
	    "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid()"
	    " AND locktype = 'advisory' AND classid = 0"
	    " AND objid = " LOCK " AND objsubid = 1 AND granted");
	held = pg_rows(pg) == 1 && pg_int(pg, 0, 0) > 0;
	if (pg_end(pg, true) == ERR_OK && !held)
		renew(tenure);
}

static void
handle(void *context, void *job)
{
	(void)context;
	(void)job;
}

static void
wait_for_it(struct tenure *tenure)
{
	const struct timespec pause = {.tv_sec = LOOK_MS / 1000};
	enum err err, said = ERR_OK;

	while ((err = begin(tenure)) != ERR_OK) {
		if (err != said)
			log_info("hub.standby", "why=\"%s\"",
			    err == ERR_BUSY ? "another hub works"
					    : pg_why(tenure->pg));
		said = err;
		nanosleep(&pause, NULL);
	}
}

struct tenure *
tenure_take(const char *conninfo, struct why *why)
{
	char name[sizeof(NAME_WORKS) + 20];
	struct tenure *tenure;
	struct pg *pg;

	setenv("PGAPPNAME", NAME_WAITS, 1);
	pg = pg_open(conninfo, SETUP, why);
	if (pg == NULL)
		return NULL;
	tenure = mem_new(sizeof(*tenure));
	tenure->pg = pg;
	wait_for_it(tenure);
	snprintf(
	    name, sizeof(name), NAME_WORKS "%lld", (long long)tenure->number);
	setenv("PGAPPNAME", name, 1);
	log_info("tenure.begin", "number=%lld", (long long)tenure->number);
	tenure->worker = worker_new("tenure", handle, look, LOOK_MS, tenure);
	return tenure;
}

bool
tenure_is_over(const struct tenure *tenure)
{
	return atomic_load(&tenure->is_over);
}

void
tenure_free(struct tenure *tenure)
{
	if (tenure == NULL)
		return;
	worker_stop(tenure->worker);
	worker_free(tenure->worker);
	pg_close(tenure->pg);
	mem_free(tenure);
}
