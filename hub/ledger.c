/*
 * ledger: a batch of rows becomes changed records, in one transaction.
 *
 * The order of locks is the same in every transaction, so two never wait for
 * each other: new subjects (sorted), (item, stream) pairs (sorted), streams
 * (sorted).  The pairs let batches for different divisions go in parallel
 * and keep the same key from being raced.
 */
#include "hub/ledger.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "wire/pack.h"

/* Rows wait for one COPY of this size: what a socket takes without waiting,
 * so that the server stores rows while we read the next. */
#define FLUSH_BYTES (160 << 10)
#define ORIGINAL_MAX 4096
/* From here on the planner needs real figures. */
#define ANALYZE_FROM 1000

/* `stage`: rows as they came in, and `body`: what is wide of them, so that
 * finding the changes scans little; `pick`: one row a key; `change`: what
 * differs from the ledger.  They are empty between transactions. */
static const char setup_sql[] =
    "SET jit = off; SET work_mem = '64MB'; SET temp_buffers = '64MB';"
    "CREATE TEMP TABLE stage (line bigint, item integer,"
    " subject text COLLATE \"C\", key text COLLATE \"C\","
    " stream text COLLATE \"C\", named boolean, digest bytea, state smallint)"
    " ON COMMIT DELETE ROWS;"
    "CREATE TEMP TABLE body (line bigint, provider text, as_of timestamptz,"
    " packed bytea, fields jsonb) ON COMMIT DELETE ROWS;"
    "CREATE TEMP TABLE pick (line bigint, item integer,"
    " subject text COLLATE \"C\", key text COLLATE \"C\","
    " stream text COLLATE \"C\", named text COLLATE \"C\", digest bytea,"
    " state smallint) ON COMMIT DELETE ROWS;"
    "CREATE TEMP TABLE change (line bigint, item integer,"
    " subject text COLLATE \"C\", key text COLLATE \"C\","
    " stream text COLLATE \"C\", digest bytea, state smallint,"
    " old_digest bytea, old_version bigint, ordinal bigint)"
    " ON COMMIT DELETE ROWS;"
    "ALTER TABLE body ALTER COLUMN packed SET STORAGE EXTERNAL;";

static const char copy_stage_sql[] =
    "COPY stage (line, item, subject, key, stream, named, digest, state)"
    " FROM STDIN (FORMAT binary)";

static const char copy_body_sql[] =
    "COPY body (line, provider, as_of, packed, fields)"
    " FROM STDIN (FORMAT binary)";

static const char copy_finding_sql[] =
    "COPY finding (batch, line, field, rule, severity, value_digest, original)"
    " FROM STDIN (FORMAT binary)";

/* A subject stays in the stream of its first record. */
static const char subjects_sql[] =
    "INSERT INTO subject (subject, stream, known_from)"
    " SELECT DISTINCT ON (s.subject) s.subject, s.stream, $1 FROM stage s"
    " WHERE s.item < 60000 AND s.state <> 4 AND NOT EXISTS"
    " (SELECT FROM subject k WHERE k.subject = s.subject)"
    " ORDER BY s.subject, s.line DESC ON CONFLICT (subject) DO NOTHING";

/* Of rows with the same key the last one counts. */
static const char pick_sql[] =
    "INSERT INTO pick (line, item, subject, key, stream, named, digest, state)"
    " SELECT DISTINCT ON (s.item, s.subject, s.key) s.line, s.item, s.subject,"
    " s.key, COALESCE(k.stream, s.stream),"
    " CASE WHEN s.named THEN s.stream END, s.digest, s.state"
    " FROM stage s LEFT JOIN subject k"
    " ON k.subject = s.subject AND s.item < 60000"
    " ORDER BY s.item, s.subject, s.key, s.line DESC";

static const char duplicates_sql[] =
    "INSERT INTO finding"
    " (batch, line, field, rule, severity, value_digest, original)"
    " SELECT $1, s.line, '', 'duplicate_key', 'reject', s.digest,"
    " left(b.fields::text, 1024) FROM stage s JOIN body b ON b.line = s.line"
    " JOIN pick p ON p.item = s.item AND p.subject = s.subject"
    " AND p.key = s.key WHERE s.line <> p.line AND s.digest <> p.digest"
    " ORDER BY s.line";

/* Only a registration says where a subject is. */
static const char divisions_sql[] =
    "INSERT INTO finding"
    " (batch, line, field, rule, severity, value_digest)"
    " SELECT $1, p.line, '', 'division_changed', 'warn',"
    " sha256(convert_to(p.named, 'UTF8')) FROM pick p"
    " WHERE p.item = 1 AND p.named <> p.stream ORDER BY p.line";

static const char locks_sql[] =
    "SELECT pg_advisory_xact_lock(x.item, x.stream::integer) FROM"
    " (SELECT DISTINCT item, stream FROM pick ORDER BY item, stream OFFSET 0) "
    "x";

/* A withdrawal of what is not there, or is withdrawn already, changes
 * nothing. */
static const char change_sql[] =
    "INSERT INTO change (line, item, subject, key, stream, digest, state,"
    " old_digest, old_version, ordinal)"
    " SELECT p.line, p.item, p.subject, p.key, p.stream, p.digest, p.state,"
    " r.digest, COALESCE(r.version, 0), row_number() OVER"
    " (PARTITION BY p.stream ORDER BY p.item, p.subject, p.key)"
    " FROM pick p LEFT JOIN record r ON r.stream = p.stream"
    " AND r.item = p.item AND r.subject = p.subject AND r.key = p.key"
    " WHERE CASE WHEN r.digest IS NULL THEN p.state <> 4"
    " ELSE r.digest <> p.digest AND (p.state <> 4 OR r.state <> 4) END";

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
    " fields, provider, as_of, known_from, batch, position)"
    " SELECT c.stream, c.item, c.subject, c.key, 1, c.state,"
    " c.digest, b.fields, b.provider, b.as_of, $1, NULLIF($2, 0),"
    " t.position + c.ordinal FROM change c JOIN body b ON b.line = c.line"
    " JOIN stream_state t ON t.stream = c.stream WHERE c.old_version = 0";

static const char update_sql[] =
    "UPDATE record r SET version = c.old_version + 1, state = c.state,"
    " digest = c.digest, fields = b.fields, provider = b.provider,"
    " as_of = b.as_of, known_from = $1, batch = NULLIF($2, 0),"
    " position = t.position + c.ordinal"
    " FROM change c JOIN body b ON b.line = c.line"
    " JOIN stream_state t ON t.stream = c.stream"
    " WHERE c.old_version > 0 AND r.stream = c.stream AND r.item = c.item"
    " AND r.subject = c.subject AND r.key = c.key";

struct ledger {
	struct pg *pg;
	struct signer *signer;
	struct changelog *changelog;
	enum err err;   /* a failure that is not the database's */
	int64_t number; /* of the batch; 0: control records */
	int64_t staged;
	struct buf rows;     /* for stage */
	struct buf bodies;   /* for body */
	struct buf findings; /* for finding */
	struct buf scratch;
};

struct ledger *
ledger_open(const char *conninfo, const char *batch_key, struct why *why)
{
	struct ledger *ledger = mem_new(sizeof(*ledger));

	ledger->signer = signer_open(batch_key, why);
	if (ledger->signer == NULL)
		goto fail;
	ledger->changelog = changelog_new(ledger->signer);
	ledger->pg = pg_open(conninfo, setup_sql, why);
	if (ledger->pg != NULL)
		return ledger;
fail:
	ledger_close(ledger);
	return NULL;
}

void
ledger_close(struct ledger *ledger)
{
	if (ledger == NULL)
		return;
	pg_close(ledger->pg);
	changelog_free(ledger->changelog);
	signer_free(ledger->signer);
	buf_release(&ledger->rows);
	buf_release(&ledger->bodies);
	buf_release(&ledger->findings);
	buf_release(&ledger->scratch);
	mem_free(ledger);
}

struct pg *
ledger_pg(struct ledger *ledger)
{
	return ledger->pg;
}

void
ledger_begin(struct ledger *ledger)
{
	ledger->err = ERR_OK;
	ledger->number = 0;
	ledger->staged = 0;
	buf_reset(&ledger->rows);
	buf_reset(&ledger->bodies);
	buf_reset(&ledger->findings);
	pg_begin(ledger->pg);
}

int64_t
ledger_take_number(struct ledger *ledger)
{
	pg_query(ledger->pg,
	    "SELECT nextval(pg_get_serial_sequence('feed_batch', 'number'))");
	if (pg_rows(ledger->pg) == 1)
		ledger->number = pg_int(ledger->pg, 0, 0);
	return ledger->number;
}

static void
flush(struct ledger *ledger, size_t from)
{
	if (ledger->rows.len > from)
		pg_copy(ledger->pg, copy_stage_sql, &ledger->rows);
	if (ledger->bodies.len > from)
		pg_copy(ledger->pg, copy_body_sql, &ledger->bodies);
	if (ledger->findings.len > from)
		pg_copy(ledger->pg, copy_finding_sql, &ledger->findings);
}

/* Control records have documents, and a consent what revoked it. */
static const char *
field_name(const struct item *item, uint32_t number)
{
	const struct field *field;

	if (item == NULL)
		return number == 1 ? "document" : "revocation";
	field = item_find_number(item, number);
	return field != NULL ? field->name : "?";
}

static void
print_fields(const struct ledger_row *row, struct buf *out)
{
	const struct record *record = row->record;
	struct json_out json = {.buf = out};
	size_t i;

	json_open_object(&json, NULL);
	for (i = 0; i < record->field_count; i++)
		json_put_text(&json,
		    field_name(row->item, record->fields[i].number),
		    record->fields[i].value);
	json_close_object(&json);
}

static void
put_body(struct ledger *ledger, const struct ledger_row *row)
{
	struct record first = *row->record;
	struct buf *bodies = &ledger->bodies;
	struct buf *scratch = &ledger->scratch;

	pg_put_row(bodies, 5);
	pg_put_int8(bodies, (int64_t)row->line);
	pg_put_bytes(bodies, first.provider);
	pg_put_time(bodies, first.as_of_us);
	/* Most rows are new: packed with the version that they will have. */
	first.version = 1;
	buf_reset(scratch);
	pack_record(&first, scratch);
	pg_put_bytes(bodies, buf_span(scratch));
	buf_reset(scratch);
	print_fields(row, scratch);
	pg_put_jsonb(bodies, buf_span(scratch));
}

void
ledger_stage(struct ledger *ledger, const struct ledger_row *row)
{
	const struct record *record = row->record;
	struct digest digest = record_content_digest(record);
	struct buf *rows = &ledger->rows;

	pg_put_row(rows, 8);
	pg_put_int8(rows, (int64_t)row->line);
	pg_put_int4(rows, (int32_t)record->item);
	pg_put_bytes(rows, record->subject);
	pg_put_bytes(rows, record->key);
	pg_put_bytes(rows, span_of(row->stream));
	pg_put_bool(rows, row->named);
	pg_put_bytes(rows, span_make(digest.bytes, DIGEST_LEN));
	pg_put_int2(rows, (int16_t)record->state);
	put_body(ledger, row);
	ledger->staged++;
	flush(ledger, FLUSH_BYTES);
}

/* What text columns take: no U+0000, whole characters, not too long. */
static void
put_original(struct buf *rows, struct span original)
{
	size_t len = original.len;

	if (len > ORIGINAL_MAX) {
		len = ORIGINAL_MAX;
		while (len > 0 && (original.ptr[len] & 0xc0) == 0x80)
			len--;
	}
	if (len == 0 || memchr(original.ptr, '\0', len) != NULL ||
	    !text_is_utf8(span_make(original.ptr, len)))
		pg_put_null(rows);
	else
		pg_put_bytes(rows, span_make(original.ptr, len));
}

void
ledger_note(
    struct ledger *ledger, const struct finding *finding, struct span original)
{
	bool rejects = finding->severity == FINDING_REJECT;
	struct buf *rows = &ledger->findings;

	pg_put_row(rows, 7);
	pg_put_int8(rows, ledger->number);
	pg_put_int8(rows, (int64_t)finding->line);
	pg_put_bytes(rows, span_of(finding->field));
	pg_put_bytes(rows, span_of(finding->rule));
	pg_put_bytes(rows, span_of(rejects ? "reject" : "warn"));
	pg_put_bytes(rows, span_make(finding->value.bytes, DIGEST_LEN));
	put_original(rows, original);
	flush(ledger, FLUSH_BYTES);
}

static void
analyze(struct ledger *ledger, const char *sql)
{
	if (ledger->staged >= ANALYZE_FROM)
		pg_run(ledger->pg, sql);
}

/* One row a key; answers how many rows were taken out as duplicates. */
static uint64_t
pick_rows(struct ledger *ledger, int64_t now_us)
{
	struct pg *pg = ledger->pg;
	int64_t picked;

	analyze(ledger, "ANALYZE body (line)");
	analyze(ledger, "ANALYZE stage (line, item, subject, key, stream)");
	pg_exec(pg, subjects_sql, pg_arg_time(now_us));
	pg_query(pg, pick_sql);
	picked = pg_affected(pg);
	analyze(ledger, "ANALYZE pick (line, item, subject, key, stream)");
	return (uint64_t)(ledger->staged - picked);
}

void
ledger_merge(struct ledger *ledger, struct ledger_outcome *outcome)
{
	struct pg *pg = ledger->pg;
	struct pg_arg number = pg_arg_int(ledger->number);
	int64_t now_us = clock_now_us();
	uint64_t surplus;

	*outcome = (struct ledger_outcome){0};
	flush(ledger, 0);
	if (ledger->staged == 0)
		return;
	surplus = pick_rows(ledger, now_us);
	if (surplus > 0) {
		pg_exec(pg, duplicates_sql, number);
		outcome->duplicates = (uint64_t)pg_affected(pg);
	}
	pg_exec(pg, divisions_sql, number);
	pg_query(pg, locks_sql);
	pg_query(pg, change_sql);
	outcome->changed = (uint64_t)pg_affected(pg);
	outcome->unchanged =
	    (uint64_t)ledger->staged - outcome->changed - outcome->duplicates;
	if (outcome->changed == 0)
		return;
	analyze(ledger,
	    "ANALYZE change (line, item, subject, key, stream, old_version)");
	changelog_lock(ledger->changelog, pg);
	/* Positions follow commit order, and so do the times. */
	now_us = clock_now_us();
	pg_exec(pg, history_sql, pg_arg_time(now_us));
	pg_exec(pg, update_sql, pg_arg_time(now_us), number);
	pg_exec(pg, insert_sql, pg_arg_time(now_us), number);
	ledger->err = changelog_write(ledger->changelog, pg);
	outcome->ranges =
	    changelog_ranges(ledger->changelog, &outcome->range_count);
	pg_run(pg, "NOTIFY " LEDGER_CHANNEL);
}

enum err
ledger_end(struct ledger *ledger, bool commit)
{
	enum err err;

	flush(ledger, 0);
	err = pg_end(ledger->pg, commit && ledger->err == ERR_OK);
	return ledger->err != ERR_OK ? ledger->err : err;
}

const char *
ledger_why(const struct ledger *ledger)
{
	if (ledger->err != ERR_OK)
		return err_name(ledger->err);
	return pg_why(ledger->pg);
}
