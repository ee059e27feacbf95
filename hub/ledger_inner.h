/*
 * ledger_inner: what ledger.c and ledger_rows.c (rows in), ledger_merge.c and
 * wanted.c (changes out), consequence.c (changes that no row names) and
 * statement.c (whose word counts) share.
 *
 * Temporary tables, empty between transactions.  `stage`: rows as they came
 * in, without what is wide of them but `said`, the fields that the merge asks
 * for; `body`: what is wide, of those rows only where a statement needs it;
 * `revised`: new versions of records; `pick`: one row a key, then what follows
 * from them; `change`: what differs from the ledger; `move`: subjects that
 * leave a stream; `scope`: streams whose sets a full batch replaces; `mention`:
 * records of rows that were refused; `dispute`: changes of records about which
 * several providers speak, and `voice`: what these say.
 */
#ifndef HUB_LEDGER_INNER_H
#define HUB_LEDGER_INNER_H

#include "base/buf.h"
#include "credit/check.h"
#include "hub/ledger.h"

/* Items of provinces' own lists, by number. */
#define LEDGER_PROVINCIAL "1001 AND 59999"
/* Lines from here on are no lines of the batch. */
#define LEDGER_EXTRA_LINE (INT64_C(1) << 40)
#define LEDGER_EXTRA_TEXT "1099511627776"

/* Rows wait for one COPY of this size: what a socket takes without waiting,
 * so that the server stores rows while we read the next. */
#define LEDGER_FLUSH_BYTES (160 << 10)

struct wanted;

struct ledger {
	struct pg *pg;
	struct signer *signer;
	struct changelog *changelog;
	struct ledger_plan plan;
	enum err err;   /* a failure that is not the database's */
	int64_t number; /* of the batch; 0: control records */
	int64_t staged;
	int64_t extra; /* rows that no line of the batch is behind */
	bool dated;    /* a row stated its data date */
	bool yielded;  /* a change is another provider's word */
	bool aliased;  /* a row has a number from before the code */
	bool merges;   /* a registration names a successor */
	bool prepared; /* `change` is filled */
	uint32_t said[CHECKS_MAX + 3]; /* fields of `said`, by number */
	size_t said_count;
	uint32_t old_number;   /* of them: the number from before the code */
	uint32_t successor;    /* of them: who absorbed the subject */
	struct wanted *wanted; /* while the batch is read again */
	struct buf rows;       /* for stage */
	struct buf bodies;     /* for body */
	struct buf picks;      /* for pick */
	struct buf records;    /* for record */
	struct buf revised;    /* for revised */
	struct buf findings;   /* for finding */
	struct buf mentions;   /* for mention */
	struct buf scratch;
};

/* Send what waits in bufs of more than `from` bytes. */
void ledger_flush(struct ledger *ledger, size_t from);

/* ledger_rows.c */

void ledger_choose_said(struct ledger *ledger, const struct item *item);
/* `packed`: with the record as it travels, to be written as a change.  Flushes
 * nothing. */
void ledger_put_body(
    struct ledger *ledger, const struct ledger_row *row, bool packed);
/* Where a record goes. */
struct ledger_place {
	const char *stream;
	struct digest digest;
	int64_t known_us;
	uint64_t position;
};
/* New ones straight into `record`, others into `revised`. */
void ledger_put_record(struct ledger *ledger, const struct ledger_row *row,
    const struct ledger_place *place);
/* A row of ours, straight into `pick`; its line is made up.  Flushes nothing:
 * its texts may be those of the last statement. */
void ledger_put_extra(struct ledger *ledger, const struct ledger_row *row);

/* wanted.c */

/* Read the batch again for the lines of `change`: seal them, put new records
 * into `record` and new versions into `revised`; answers how many of these. */
uint64_t wanted_read_changes(struct ledger *ledger, int64_t known_us);
/* Read it again for the lines that `sql` selects, in order: into `body`, but
 * not to be written from there. */
void wanted_read_bodies(struct ledger *ledger, const char *sql);

/* consequence.c */

/* Fill `scope` for a full batch; `pick` is there. */
void consequence_find_scope(struct ledger *ledger);
/* Fill `move` with subjects whose registration names another stream. */
uint64_t consequence_find_moves(struct ledger *ledger);
/* The subjects' streams, and their records out of one and into the other. */
void consequence_move(struct ledger *ledger, int64_t now_us);
/* Withdraw what a full batch leaves out; answers how many records, and in
 * `set` of how many. */
uint64_t consequence_withdraw_absent(struct ledger *ledger, uint64_t *set);
/* Withdraw what `sql` selects as stream, item, subject, key, provider. */
uint64_t consequence_withdraw(struct ledger *ledger, const char *sql,
    const struct pg_arg *args, size_t count);

/* A record of another provider takes this one's place in the change of the
 * same line: for each changed line that yields. */
void consequence_bring_forward(struct ledger *ledger);

/* statement.c */

/* The plan's precedence for its item, entries with commas between. */
void statement_print_precedence(const struct ledger *ledger, struct buf *out);
/* Subjects in `move` take with them what providers said. */
void statement_move(struct ledger *ledger, int64_t now_us);
/* `change` is filled for a department's batch: keep what it says, and change
 * only what the provider with precedence says.  `streams`: the batch's, with
 * commas between.  Answers how many changes remain undone. */
uint64_t statement_settle(struct ledger *ledger, struct span streams);
/* All of `pick` is withdrawn: by nobody's word, so nobody's is kept. */
void statement_forget(struct ledger *ledger);

/* Place of `provider` in the precedence `list` (SQL expressions); the same
 * for all that are not in it. */
#define LEDGER_RANK(provider, list)                                            \
	"COALESCE((SELECT min(u.place) FROM unnest(string_to_array(" list      \
	", ',')) WITH ORDINALITY u(entry, place) WHERE CASE"                   \
	" WHEN right(u.entry, 1) = '*'"                                        \
	" THEN starts_with(" provider ", rtrim(u.entry, '*'))"                 \
	" ELSE u.entry = " provider " END), 1000)"

/* Is what `p` (of pick) says older than what `r` (of record) holds?  Stated
 * dates decide; else a batch that was held never undoes what came later.
 * $1: 1 when it was held, $2: when it was handed in. */
#define LEDGER_IS_OLDER                                                        \
	"COALESCE(CASE WHEN p.stated IS NOT NULL AND r.confirmed IS NOT NULL"  \
	" THEN p.stated < r.confirmed ELSE $1 <> 0 AND r.known_from > $2 END," \
	" false)"

#endif
