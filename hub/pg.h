/*
 * pg: one PostgreSQL connection, with sticky transactions.
 *
 * The only home of libpq.  After the first failure every call is a no-op
 * until pg_end, which is the one place that tells; so a dozen calls go
 * unchecked in between.  A lost connection is made again by the next
 * pg_begin.  Values travel in binary both ways.
 * One thread per connection, but for pg_interrupt.
 */
#ifndef HUB_PG_H
#define HUB_PG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct pg;

/* Connects; NULL and `why` when that fails.  `setup` (may be NULL; borrowed)
 * is SQL that every new connection runs first. */
struct pg *pg_open(const char *conninfo, const char *setup, struct why *why);

/* What is borne of a server that is not ours; borrowed. */
struct pg_patience {
	unsigned timeout_ms;         /* of one statement, whatever it does */
	const atomic_bool *stopping; /* true: give up at once */
};

/* The same to somebody else's server: no wait is without end, and unless
 * `conninfo` says otherwise its certificate has to be right.  `why` says
 * nothing but that. */
struct pg *pg_open_far(const char *conninfo, const char *setup,
    const struct pg_patience *patience, struct why *why);
void pg_close(struct pg *pg); /* safe on NULL */
/* Does a server answer there? */
bool pg_ping(const char *conninfo);
bool pg_ping_far(const char *conninfo);

void pg_begin(struct pg *pg);
/* Commits, or rolls back when anything failed or `commit` is false.  Answers
 * ERR_DATABASE (and pg_why) for failures only. */
MUST_CHECK enum err pg_end(struct pg *pg, bool commit);
bool pg_has_failed(const struct pg *pg);
/* For good: the statement that runs is cancelled, everything later fails but
 * the way out of a transaction.  Any thread; may be called again, as a
 * statement that was just on its way to the server is not seen. */
void pg_interrupt(struct pg *pg);
/* SQLSTATE and message, never data; borrowed.  A far server's message may
 * be anything: show its SQLSTATE only ("-": the connection failed). */
const char *pg_why(const struct pg *pg);

enum pg_kind {
	PG_NULL,
	PG_INT, /* bigint */
	PG_TEXT,
	PG_BYTES,
	PG_TIME /* timestamptz, microseconds since 1970 */
};

struct pg_arg {
	enum pg_kind kind;
	int64_t number;
	struct span bytes;
};

static inline struct pg_arg
pg_arg_int(int64_t number)
{
	return (struct pg_arg){PG_INT, number, {NULL, 0}};
}

static inline struct pg_arg
pg_arg_time(int64_t time_us)
{
	return (struct pg_arg){PG_TIME, time_us, {NULL, 0}};
}

static inline struct pg_arg
pg_arg_text(struct span text)
{
	return (struct pg_arg){PG_TEXT, 0, text};
}

static inline struct pg_arg
pg_arg_bytes(struct span bytes)
{
	return (struct pg_arg){PG_BYTES, 0, bytes};
}

#define PG_ARGS_MAX 24

/* One or more statements without parameters; no rows. */
void pg_run(struct pg *pg, const char *sql);
void pg_exec_args(
    struct pg *pg, const char *sql, const struct pg_arg *args, size_t count);
/* One statement; its rows stay until the next call. */
#define pg_exec(pg, sql, ...)                                                  \
	pg_exec_args(pg, sql, (struct pg_arg[]){__VA_ARGS__},                  \
	    sizeof((struct pg_arg[]){__VA_ARGS__}) / sizeof(struct pg_arg))
void pg_query(struct pg *pg, const char *sql); /* the same, no parameters */

/* One row of pg_each, as row 0.  False: no more of them. */
typedef bool (*pg_row_fn)(void *context, const struct pg *pg);
/* One statement of a far connection, its rows one by one as they come, so
 * that they need no memory.  When `visit` wants no more, the connection is
 * dropped and the next pg_begin makes it again. */
void pg_each(struct pg *pg, const char *sql, const struct pg_arg *args,
    size_t count, pg_row_fn visit, void *context);
/* Appends `text` quoted, as a name or a literal. */
void pg_quote_name(struct pg *pg, struct span text, struct buf *out);
void pg_quote_text(struct pg *pg, struct span text, struct buf *out);

/* Rows of the last statement; 0 after a failure. */
size_t pg_rows(const struct pg *pg);
/* Rows that it inserted, updated or deleted. */
int64_t pg_affected(const struct pg *pg);
bool pg_is_null(const struct pg *pg, size_t row, int column);
/* smallint, integer, bigint, boolean; 0 for null. */
int64_t pg_int(const struct pg *pg, size_t row, int column);
int64_t pg_time(const struct pg *pg, size_t row, int column);
/* text or bytea; borrowed until the next statement. */
struct span pg_bytes(const struct pg *pg, size_t row, int column);

/* Rows for COPY … FROM STDIN (FORMAT binary), collected in a buf. */
void pg_put_row(struct buf *rows, unsigned columns);
void pg_put_null(struct buf *rows);
void pg_put_int2(struct buf *rows, int16_t value);
void pg_put_int4(struct buf *rows, int32_t value);
void pg_put_int8(struct buf *rows, int64_t value);
void pg_put_bool(struct buf *rows, bool value);
void pg_put_time(struct buf *rows, int64_t time_us);
void pg_put_bytes(struct buf *rows, struct span bytes); /* text, bytea */
void pg_put_jsonb(struct buf *rows, struct span json);
/* Send them with `sql` and empty the buf; nothing when it is empty.  The server
 * works on while the caller makes more rows: the next call waits for it. */
void pg_copy(struct pg *pg, const char *sql, struct buf *rows);

/* One row of COPY … TO STDOUT (FORMAT binary), its columns as they travel,
 * ptr NULL where there is null; borrowed until return.  False: no more. */
#define PG_COLUMNS_MAX 16
typedef bool (*pg_columns_fn)(
    void *context, const struct span *columns, size_t count);
/* The server goes on while rows are visited, and nobody keeps them.  When
 * `visit` wants no more, the connection is dropped and the next pg_begin
 * makes it again. */
void pg_copy_out(
    struct pg *pg, const char *sql, pg_columns_fn visit, void *context);
/* Such a column, as pg_int and pg_time have it. */
int64_t pg_parse_int(struct span column);
int64_t pg_parse_time(struct span column);

/* For LISTEN on a loop: -1 while not connected. */
int pg_socket(const struct pg *pg);
/* Take what has arrived without waiting.  Was there a notification? */
bool pg_take_notifications(struct pg *pg);

#endif
