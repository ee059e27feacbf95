/*
 * ledger_merge: staged rows become changed records.
 *
 * The order of locks is the same in every transaction, so two never wait for
 * each other: new subjects (sorted), streams as a whole (sorted; shared, but
 * exclusive where a subject leaves or enters), (item, stream) pairs
 * (sorted), streams' states (sorted).  The pairs let batches for different
 * divisions go in parallel and keep the same key from being raced; the
 * streams keep a subject where a merge has seen it.
 */
#include "hub/ledger_inner.h"

#include "base/clock.h"
#include "hub/merger.h"

/* From here on the planner needs real figures. */
#define ANALYZE_FROM 100
/* Streams that a statement names as a constant, so that only their partitions
 * are planned for: more are in most partitions anyway. */
#define NAMED_STREAMS_MAX 32

/* Of rows with the same key the last one counts.  A province's own item stays
 * in the province, wherever its subject is.  Sorting by a number is several
 * times faster than by texts that begin alike. */
static const char pick_sql[] =
    "INSERT INTO pick (line, item, subject, key, stream, named, digest, state,"
    " stated, known)"
    " SELECT DISTINCT ON (s.hash, s.subject, s.key, s.item) s.line, s.item,"
    " s.subject, s.key, CASE WHEN s.item BETWEEN " LEDGER_PROVINCIAL
    " AND left(k.stream, 2) <> left(s.stream, 2) THEN s.stream"
    " ELSE COALESCE(k.stream, s.stream) END,"
    " CASE WHEN s.named THEN s.stream END, s.digest, s.state, s.stated,"
    " k.subject IS NOT NULL OR s.item >= 60000"
    " FROM (SELECT *, hashtextextended(subject, hashtextextended(key, 0))"
    " AS hash FROM stage) s LEFT JOIN subject k"
    " ON k.subject = s.subject AND s.item < 60000"
    " ORDER BY s.hash, s.subject, s.key, s.item, s.line DESC";

/* A new subject's stream is that of its last row, unless another batch was
 * faster. */
static const char subjects_sql[] =
    "INSERT INTO subject (subject, stream, known_from)"
    " SELECT DISTINCT ON (subject) subject, stream, $1 FROM pick"
    " WHERE NOT known AND state <> 4 ORDER BY subject, line DESC"
    " ON CONFLICT (subject) DO NOTHING";

static const char follow_sql[] =
    "UPDATE pick p SET stream = k.stream FROM subject k"
    " WHERE NOT p.known AND k.subject = p.subject AND k.stream <> p.stream"
    " AND NOT (p.item BETWEEN " LEDGER_PROVINCIAL
    " AND left(k.stream, 2) <> left(p.stream, 2))";

static const char surplus_sql[] =
    "SELECT s.line FROM stage s"
    " JOIN pick p ON p.item = s.item AND p.subject = s.subject"
    " AND p.key = s.key WHERE s.line <> p.line AND s.digest <> p.digest"
    " ORDER BY s.line";

static const char duplicates_sql[] =
    "INSERT INTO finding"
    " (batch, line, field, rule, severity, value_digest, original)"
    " SELECT $1, s.line, '', 'duplicate_key', 'reject', s.digest,"
    " left(b.fields::text, 1024) FROM stage s JOIN body b ON b.line = s.line"
    " JOIN pick p ON p.item = s.item AND p.subject = s.subject"
    " AND p.key = s.key WHERE s.line <> p.line AND s.digest <> p.digest"
    " ORDER BY s.line";

static const char repeats_sql[] =
    "SELECT count(*) FROM stage s"
    " JOIN pick p ON p.item = s.item AND p.subject = s.subject"
    " AND p.key = s.key WHERE s.line <> p.line AND s.digest = p.digest";

static const char stream_locks_sql[] =
    "SELECT CASE WHEN x.moving"
    " THEN pg_advisory_xact_lock(0, x.stream::integer)::text"
    " ELSE pg_advisory_xact_lock_shared(0, x.stream::integer)::text END"
    " FROM (SELECT y.stream, bool_or(y.moving) AS moving FROM"
    " (SELECT stream, false AS moving FROM place"
    " UNION ALL SELECT stream, false FROM scope"
    " UNION ALL SELECT source, true FROM move"
    " UNION ALL SELECT target, true FROM move) y"
    " GROUP BY y.stream ORDER BY y.stream OFFSET 0) x";

static const char pair_locks_sql[] =
    "SELECT pg_advisory_xact_lock(x.item, x.stream::integer) FROM"
    " (SELECT item, stream FROM place UNION SELECT $1::integer, stream"
    " FROM scope ORDER BY 1, 2 OFFSET 0) x";

/* Did a subject of ours move after we looked where it is? */
static const char moved_sql[] =
    "SELECT FROM subject_move m JOIN pick p ON p.subject = m.subject"
    " WHERE m.xid >= pg_snapshot_xmin($1::pg_snapshot)"
    " AND NOT pg_visible_in_snapshot(m.xid, $1::pg_snapshot) LIMIT 1";

/* A withdrawal of what is not there, or is withdrawn already, changes
 * nothing; nor does a provider that says of a record that the hub has marked
 * (mark.h) what it said before. */
static const char change_sql[] =
    "WITH x AS MATERIALIZED (SELECT p.line, p.item, p.subject, p.key,"
    " p.stream, p.digest,"
    " p.state, p.stated, r.digest AS old_digest,"
    " COALESCE(r.version, 0) AS old_version, r.as_of AS old_as_of,"
    " p.line < $3 AND " LEDGER_IS_OLDER " AS older,"
    " p.line < $3 AND COALESCE(r.provider <> $4, false) AS contested"
    " FROM pick p LEFT JOIN record r ON r.stream = p.stream"
    " AND ($5 = '' OR r.stream = ANY (string_to_array($5, ',')))"
    " AND r.item = p.item AND r.subject = p.subject AND r.key = p.key"
    " WHERE CASE WHEN r.digest IS NULL THEN p.state <> 4"
    " WHEN r.digest <> p.digest THEN (p.state <> 4 OR r.state <> 4)"
    " AND ($4 = '' OR p.digest IS DISTINCT FROM r.unmarked)"
    " ELSE p.line < $3 AND p.stated IS NOT NULL"
    " AND (r.confirmed IS NULL OR r.confirmed < p.stated) END),"
    " c AS (INSERT INTO confirmed SELECT stream, item, subject, key, stated"
    " FROM x WHERE digest = old_digest)"
    " INSERT INTO change (line, item, subject, key, stream, digest, state,"
    " stated, old_digest, old_version, old_as_of, older, contested, ordinal)"
    " SELECT x.*, row_number() OVER"
    " (PARTITION BY x.stream, x.older ORDER BY x.line)"
    " FROM x WHERE x.digest IS DISTINCT FROM x.old_digest";

static const char older_sql[] =
    "INSERT INTO finding (batch, line, field, rule, severity, value_digest)"
    " SELECT $1, c.line, '', 'older_than_known', 'warn', c.digest"
    " FROM change c WHERE c.older ORDER BY c.line";

/* The same facts of a later day: an older version cannot undo them now. */
static const char confirm_sql[] =
    "UPDATE record r SET confirmed = c.stated FROM confirmed c"
    " WHERE r.stream = c.stream AND r.item = c.item"
    " AND r.subject = c.subject AND r.key = c.key";

static const char history_sql[] =
    "INSERT INTO record_history (stream, item, subject, key, version, state,"
    " digest, fields, provider, as_of, known_from, known_to, batch, position)"
    " SELECT r.stream, r.item, r.subject, r.key, r.version, r.state, r.digest,"
    " r.fields, r.provider, r.as_of, r.known_from, $1, r.batch, r.position"
    " FROM change c JOIN record r ON r.stream = c.stream AND r.item = c.item"
    " AND r.subject = c.subject AND r.key = c.key WHERE c.old_version > 0";

/* The (item, stream) locks keep others from inserting the same key, so new
 * and changed records need no ON CONFLICT: a third faster. */
static const char insert_sql[] =
    "INSERT INTO record (stream, item, subject, key, version, state, digest,"
    " fields, provider, as_of, confirmed, known_from, batch, position)"
    " SELECT c.stream, c.item, c.subject, c.key, 1, c.state,"
    " c.digest, b.fields, b.provider, b.as_of, c.stated, $1, NULLIF($2, 0),"
    " t.position + c.ordinal FROM change c JOIN body b ON b.line = c.line"
    " AND b.packed IS NOT NULL"
    " JOIN stream_state t ON t.stream = c.stream WHERE c.old_version = 0";

/* $3: by the hub itself, which says nothing new of it. */
static const char update_sql[] =
    "UPDATE record r SET version = c.old_version + 1, state = c.state,"
    " digest = c.digest, fields = b.fields, provider = b.provider,"
    " as_of = b.as_of, known_from = $1, position = t.position + c.ordinal,"
    " confirmed = CASE WHEN $3 = 0 THEN c.stated ELSE r.confirmed END,"
    " batch = CASE WHEN $3 = 0 THEN NULLIF($2, 0) ELSE r.batch END,"
    " unmarked = CASE WHEN $3 <> 0 THEN r.unmarked END"
    " FROM change c JOIN body b ON b.line = c.line"
    " AND b.packed IS NOT NULL"
    " JOIN stream_state t ON t.stream = c.stream"
    " WHERE c.old_version > 0 AND r.stream = c.stream AND r.item = c.item"
    " AND r.subject = c.subject AND r.key = c.key";

/* What was written out already: one join, whatever the planner thinks. */
static const char revise_sql[] =
    "UPDATE record r SET version = v.version, state = v.state,"
    " digest = v.digest, fields = v.fields, provider = v.provider,"
    " as_of = v.as_of, confirmed = v.confirmed, known_from = v.known_from,"
    " batch = v.batch, position = v.position, unmarked = NULL"
    " FROM revised v"
    " WHERE r.stream = v.stream AND r.item = v.item"
    " AND r.subject = v.subject AND r.key = v.key";

/* Numbers from before the credit code, for those who still use them. */
static const char alias_sql[] =
    "INSERT INTO subject_alias (number, subject, known_from)"
    " SELECT DISTINCT ON (1) s.said->>'registration_number', c.subject, $1"
    " FROM change c JOIN stage s ON s.line = c.line"
    " WHERE c.state <> 4 AND NOT c.yielded AND s.said ? 'registration_number'"
    " ORDER BY 1, c.line DESC ON CONFLICT (number) DO UPDATE"
    " SET subject = excluded.subject, known_from = excluded.known_from"
    " WHERE subject_alias.subject <> excluded.subject";

static void
analyze(struct ledger *ledger, const char *sql)
{
	if (ledger->staged + ledger->extra >= ANALYZE_FROM)
		pg_run(ledger->pg, sql);
}

/* Subjects that nobody has heard of.  One row of each, and nobody else who
 * put it in: then all have the right stream already. */
static void
add_subjects(struct ledger *ledger)
{
	struct pg *pg = ledger->pg;
	int64_t unknown;

	pg_query(pg, "SELECT count(*) FROM pick WHERE NOT known");
	unknown = pg_rows(pg) == 1 ? pg_int(pg, 0, 0) : 0;
	if (unknown == 0)
		return;
	pg_exec(pg, subjects_sql, pg_arg_time(clock_now_us()));
	if (pg_affected(pg) < unknown)
		pg_query(pg, follow_sql);
}

/* One row a key; answers how many rows were taken out as duplicates. */
static uint64_t
pick_rows(struct ledger *ledger)
{
	int64_t picked;

	pg_query(ledger->pg, pick_sql);
	picked = pg_affected(ledger->pg);
	analyze(ledger, "ANALYZE pick (line, item, subject, key, stream)");
	add_subjects(ledger);
	return (uint64_t)(ledger->staged - picked);
}

static void
take_snapshot(struct pg *pg, struct buf *snapshot)
{
	struct span text;

	pg_query(pg, "SELECT pg_current_snapshot()::text");
	if (pg_rows(pg) != 1)
		return;
	text = pg_bytes(pg, 0, 0);
	buf_reset(snapshot);
	buf_add(snapshot, text.ptr, text.len);
}

static void
lock(struct ledger *ledger)
{
	pg_run(ledger->pg, "INSERT INTO place (item, stream)"
			   " SELECT DISTINCT item, stream FROM pick");
	pg_query(ledger->pg, stream_locks_sql);
	pg_exec(ledger->pg, pair_locks_sql, pg_arg_int(ledger->plan.item));
}

/* Which rows count and where their subjects are, locked.  A subject that
 * moves meanwhile makes it look again. */
static uint64_t
settle(struct ledger *ledger, struct ledger_outcome *outcome)
{
	struct pg *pg = ledger->pg;
	struct buf snapshot = {0};
	uint64_t surplus;
	bool again;

	pg_run(pg, "SAVEPOINT merge");
	do {
		take_snapshot(pg, &snapshot);
		surplus = pick_rows(ledger);
		outcome->moved = consequence_find_moves(ledger);
		if (ledger->plan.full)
			consequence_find_scope(ledger);
		lock(ledger);
		pg_exec(pg, moved_sql, pg_arg_text(buf_span(&snapshot)));
		again = pg_rows(pg) > 0;
		if (again)
			pg_run(pg, "ROLLBACK TO SAVEPOINT merge");
	} while (again);
	buf_release(&snapshot);
	return surplus;
}

static void
find_duplicates(struct ledger *ledger, struct ledger_outcome *outcome)
{
	wanted_read_bodies(ledger, surplus_sql);
	pg_exec(ledger->pg, duplicates_sql, pg_arg_int(ledger->number));
	outcome->duplicates = (uint64_t)pg_affected(ledger->pg);
}

static uint64_t
count_repeats(struct pg *pg)
{
	pg_query(pg, repeats_sql);
	return pg_rows(pg) == 1 ? (uint64_t)pg_int(pg, 0, 0) : 0;
}

/* With commas between; answers how many. */
static int64_t
name_streams(struct pg *pg, struct buf *streams)
{
	struct span text;

	pg_query(pg,
	    "SELECT string_agg(stream, ','), count(*) FROM"
	    " (SELECT stream FROM place UNION SELECT stream FROM scope"
	    " UNION SELECT source FROM move UNION SELECT target FROM move) x");
	if (pg_rows(pg) != 1)
		return 0;
	text = pg_bytes(pg, 0, 0);
	buf_add(streams, text.ptr, text.len);
	return pg_int(pg, 0, 1);
}

static void
find_changes(struct ledger *ledger, struct ledger_outcome *outcome)
{
	const char *provider = ledger->plan.provider;
	struct pg *pg = ledger->pg;
	struct buf streams = {0};
	bool few = name_streams(pg, &streams) <= NAMED_STREAMS_MAX;
	struct span named = span_make(buf_cstr(&streams), streams.len);

	pg_exec(pg, change_sql, pg_arg_int(ledger->plan.was_held),
	    pg_arg_time(ledger->plan.received_us),
	    pg_arg_int(LEDGER_EXTRA_LINE),
	    pg_arg_text(span_of(provider != NULL ? provider : "")),
	    pg_arg_text(few ? named : span_of("")));
	outcome->changed = (uint64_t)pg_affected(pg);
	if (outcome->changed > 0 && provider != NULL)
		outcome->changed -= statement_settle(ledger, named);
	buf_release(&streams);
	if (outcome->changed == 0)
		return;
	if (ledger->dated || ledger->plan.was_held) {
		pg_exec(pg, older_sql, pg_arg_int(ledger->number));
		pg_query(pg, "DELETE FROM change WHERE older");
		outcome->changed -= (uint64_t)pg_affected(pg);
	}
	analyze(ledger,
	    "ANALYZE change (line, item, subject, key, stream, old_version)");
}

/* Of the changes, those that rows of the batch made; of the rows, those that
 * were picked or said the same once more. */
static void
count_rows(
    struct ledger *ledger, struct ledger_outcome *outcome, uint64_t surplus)
{
	struct pg *pg = ledger->pg;

	if (ledger->extra > 0) {
		pg_exec(pg, "SELECT count(*) FROM change WHERE line < $1",
		    pg_arg_int(LEDGER_EXTRA_LINE));
		outcome->changed =
		    pg_rows(pg) == 1 ? (uint64_t)pg_int(pg, 0, 0) : 0;
	}
	outcome->unchanged =
	    (uint64_t)ledger->staged - surplus - outcome->changed;
	if (surplus > outcome->duplicates)
		outcome->unchanged += count_repeats(pg);
}

void
ledger_prepare(struct ledger *ledger, struct ledger_outcome *outcome)
{
	uint64_t surplus;

	*outcome = (struct ledger_outcome){0};
	ledger->prepared = true;
	ledger_flush(ledger, 0);
	if (ledger->staged == 0 && !ledger->plan.full)
		return;
	analyze(ledger, "ANALYZE stage (line, item, subject, key, stream)");
	surplus = settle(ledger, outcome);
	if (surplus > 0)
		find_duplicates(ledger, outcome);
	if (outcome->moved > 0)
		consequence_move(ledger, clock_now_us());
	if (ledger->plan.full)
		outcome->withdrawn =
		    consequence_withdraw_absent(ledger, &outcome->set);
	ledger_flush(ledger, 0);
	find_changes(ledger, outcome);
	count_rows(ledger, outcome, surplus);
}

void
ledger_give_up(struct ledger *ledger)
{
	struct ledger_outcome again = {0};

	ledger->prepared = false;
	if (ledger->staged == 0 && !ledger->plan.full)
		return;
	pg_run(ledger->pg, "ROLLBACK TO SAVEPOINT merge");
	/* The findings of duplicates went with it. */
	pg_query(ledger->pg, pick_sql);
	find_duplicates(ledger, &again);
}

/* Rows that wait in `body`. */
static void
write_bodies(struct ledger *ledger, struct pg_arg now)
{
	struct pg *pg = ledger->pg;
	struct pg_arg number = pg_arg_int(ledger->number);

	analyze(ledger, "ANALYZE body (line)");
	pg_exec(pg, update_sql, now, number,
	    pg_arg_int(ledger->plan.catalog == NULL));
	pg_exec(pg, insert_sql, now, number);
}

/* Rows that are read again. */
static void
write_wanted(struct ledger *ledger, int64_t now_us)
{
	uint64_t revised = wanted_read_changes(ledger, now_us);

	if (revised == 0)
		return;
	if (revised >= ANALYZE_FROM)
		pg_run(
		    ledger->pg, "ANALYZE revised (stream, item, subject, key)");
	pg_query(ledger->pg, revise_sql);
}

static void
write_changes(struct ledger *ledger, struct ledger_outcome *outcome)
{
	struct pg *pg = ledger->pg;
	bool again = ledger->plan.again != NULL;
	bool bodies = !again || ledger->extra > 0 || ledger->yielded;
	int64_t now_us;
	struct pg_arg now;

	changelog_lock(ledger->changelog, pg);
	/* Positions follow commit order, and so do the times. */
	now_us = clock_now_us();
	now = pg_arg_time(now_us);
	pg_exec(pg, history_sql, now);
	if (again && outcome->changed > 0)
		write_wanted(ledger, now_us);
	if (bodies)
		write_bodies(ledger, now);
	if (ledger->aliased)
		pg_exec(pg, alias_sql, now);
	if (ledger->plan.item == 1)
		merger_note(pg, ledger->merges || ledger->yielded, now_us);
	if (ledger->err == ERR_OK)
		ledger->err = changelog_write(ledger->changelog, pg, bodies);
	outcome->ranges =
	    changelog_ranges(ledger->changelog, &outcome->range_count);
	pg_run(pg, "NOTIFY " LEDGER_CHANNEL);
}

static bool
has_changes(struct pg *pg)
{
	pg_query(pg, "SELECT FROM change LIMIT 1");
	return pg_rows(pg) > 0;
}

static void
confirm(struct pg *pg)
{
	pg_query(pg, "SELECT FROM confirmed LIMIT 1");
	if (pg_rows(pg) > 0)
		pg_query(pg, confirm_sql);
}

void
ledger_merge(struct ledger *ledger, struct ledger_outcome *outcome)
{
	if (!ledger->prepared)
		ledger_prepare(ledger, outcome);
	if (ledger->dated)
		confirm(ledger->pg);
	if (outcome->changed > 0 ||
	    (ledger->extra > 0 && has_changes(ledger->pg)))
		write_changes(ledger, outcome);
}

uint64_t
ledger_withdraw(struct ledger *ledger, const char *stream, const char *sql,
    const struct pg_arg *args, size_t count)
{
	struct ledger_outcome outcome = {0};

	ledger->prepared = true;
	pg_exec(ledger->pg, "INSERT INTO scope (stream) VALUES ($1)",
	    pg_arg_text(span_of(stream)));
	lock(ledger);
	(void)consequence_withdraw(ledger, sql, args, count);
	statement_forget(ledger);
	find_changes(ledger, &outcome);
	if (outcome.changed > 0)
		write_changes(ledger, &outcome);
	return outcome.changed;
}
