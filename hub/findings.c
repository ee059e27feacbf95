/*
 * findings: which rows of a batch were found wanting, and which later row
 * corrects them.
 */
#include "hub/findings.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/text.h"
#include "credit/check.h"
#include "hub/ledger_inner.h"

#define FLUSH_BYTES (160 << 10)
#define NOWHERE "----"
#define MERGED "subject_merged"

struct findings {
	const struct findings_batch *batch;
	struct buf rows;        /* for finding_row */
	struct buf corrections; /* for correction */
	struct buf header;
	struct metric *closed;
	int64_t noted; /* findings of single rows */
	bool corrects;
};

static const char copy_rows_sql[] =
    "COPY finding_row (batch, line, provider, item, stream, subject, key,"
    " source, rejected) FROM STDIN (FORMAT binary)";

static const char copy_corrections_sql[] =
    "COPY correction (batch, line) FROM STDIN (FORMAT binary)";

/* What only the ledger knows is asked of what is new, and again where it was
 * found wanting before. */
#define CANDIDATES                                                             \
	"(SELECT line, item, subject, key, stream FROM change"                 \
	" WHERE state <> 4 AND line < $2 AND NOT yielded"                      \
	" UNION SELECT p.line, p.item, p.subject, p.key, p.stream FROM pick p" \
	" JOIN finding_row f ON f.provider = $3 AND f.item = p.item"           \
	" AND f.subject = p.subject AND f.key = p.key"                         \
	" WHERE f.closed_by IS NULL AND f.crossed AND f.batch <> $1"           \
	" AND p.state <> 4 AND p.line < $2) c"
#define PUT_FINDING                                                            \
	"INSERT INTO finding (batch, line, field, rule, severity,"             \
	" value_digest) SELECT $1, c.line, $4, $5, 'warn', "

static const char registered_sql[] =
    PUT_FINDING "sha256(convert_to(c.subject, 'UTF8')) FROM " CANDIDATES
		" WHERE NOT EXISTS (SELECT FROM record r"
		" WHERE r.stream = c.stream AND r.item = 1"
		" AND r.subject = c.subject AND r.state <> 4)"
		" AND c.stream IN (SELECT d.stream FROM"
		" (SELECT DISTINCT stream FROM pick) d WHERE EXISTS (SELECT"
		" FROM record r WHERE r.stream = d.stream AND r.item = 1))"
		" ORDER BY c.line";

static const char founded_sql[] =
    PUT_FINDING "sha256(convert_to(s.said->>$4, 'UTF8')) FROM " CANDIDATES
		" JOIN stage s ON s.line = c.line JOIN record r"
		" ON r.stream = c.stream AND r.item = 1"
		" AND r.subject = c.subject AND r.state <> 4"
		" WHERE s.said->>$4 < r.fields->>'established'"
		" ORDER BY c.line";

static const char province_sql[] =
    PUT_FINDING "sha256(convert_to(s.said->>$4, 'UTF8')) FROM " CANDIDATES
		" JOIN stage s ON s.line = c.line"
		" WHERE substr(s.said->>$4, 3, 2)"
		" NOT IN ('10', left(c.stream, 2)) ORDER BY c.line";

/* Whoever was absorbed by another has nothing new of its own. */
static const char merged_sql[] =
    PUT_FINDING "sha256(convert_to(c.subject, 'UTF8')) FROM " CANDIDATES
		" JOIN subject_link k ON k.subject = c.subject ORDER BY c.line";

/* Rows of whose findings the reader did not know, and where all of them
 * belong. */
static const char found_later_sql[] =
    "INSERT INTO finding_row (batch, line, provider, item, stream, subject,"
    " key, rejected, crossed) SELECT $1, f.line, $2, s.item, p.stream,"
    " s.subject, s.key, bool_or(f.severity = 'reject'),"
    " bool_and(f.rule = ANY (string_to_array($3, ',')))"
    " FROM finding f JOIN stage s ON s.line = f.line"
    " JOIN pick p ON p.item = s.item AND p.subject = s.subject"
    " AND p.key = s.key AND p.line < $4 WHERE f.batch = $1"
    " GROUP BY f.line, s.item, p.stream, s.subject, s.key"
    " ON CONFLICT (batch, line) DO UPDATE SET stream = excluded.stream,"
    " rejected = excluded.rejected, crossed = excluded.crossed";

#define CLOSE "UPDATE finding_row f SET closed_by = $1, closed_at = $4"
#define IS_OPEN                                                                \
	" f.provider = $2 AND f.item = $3 AND f.closed_by IS NULL"             \
	" AND f.batch <> $1"

/* The same record; or, when the row did not say which, the same subject. */
static const char close_same_sql[] = CLOSE
    " FROM pick p WHERE p.line < $5 AND" IS_OPEN " AND f.subject = p.subject"
    " AND (f.key = p.key OR (f.key IS NULL AND f.source IS NULL))";

static const char close_source_sql[] = CLOSE
    " FROM pick p JOIN stage s ON s.line = p.line WHERE p.line < $5 AND" IS_OPEN
    " AND f.source IS NOT NULL AND f.source = s.said->>'source_number'";

/* A row that named its subject by a registration number of before 2015. */
static const char close_numbered_sql[] =
    CLOSE " FROM subject_alias a JOIN pick p ON p.subject = a.subject"
	  " WHERE p.line < $5 AND" IS_OPEN " AND length(f.subject) = 15"
	  " AND a.number = f.subject"
	  " AND (f.key = p.key OR (f.key IS NULL AND f.source IS NULL))";

static const char close_named_sql[] =
    CLOSE " FROM correction c WHERE" IS_OPEN
	  " AND f.batch = c.batch AND f.line = c.line";

struct findings *
findings_new(void)
{
	struct findings *findings = mem_new(sizeof(*findings));

	findings->closed = metric_counter("rongxin_hub_findings_closed_total",
	    "", "Rows with findings that a later batch corrected.");
	return findings;
}

void
findings_free(struct findings *findings)
{
	if (findings == NULL)
		return;
	buf_release(&findings->rows);
	buf_release(&findings->corrections);
	buf_release(&findings->header);
	mem_free(findings);
}

void
findings_begin(struct findings *findings, const struct findings_batch *batch)
{
	findings->batch = batch;
	findings->noted = 0;
	findings->corrects = false;
	buf_reset(&findings->rows);
	buf_reset(&findings->corrections);
	buf_reset(&findings->header);
	pg_exec(batch->pg, "DELETE FROM finding_row WHERE batch = $1",
	    pg_arg_int(batch->number));
}

/* A text column takes it, and it may be somebody's name for the row. */
static bool
is_usable(struct span text, size_t max)
{
	return text.len > 0 && text.len <= max &&
	       memchr(text.ptr, '\0', text.len) == NULL && text_is_utf8(text);
}

static void
put_row(struct findings *findings, const struct feed_row *row)
{
	const struct findings_batch *batch = findings->batch;
	struct span subject = row->subject, key = row->record.key;
	struct buf *rows = &findings->rows;

	if (!is_usable(subject, RECORD_SUBJECT_MAX))
		subject = span_of("");
	pg_put_row(rows, 9);
	pg_put_int8(rows, batch->number);
	pg_put_int8(rows, (int64_t)row->line);
	pg_put_bytes(rows, span_of(batch->provider));
	pg_put_int4(rows, (int32_t)batch->item->number);
	pg_put_bytes(
	    rows, span_of(row->stream[0] != '\0' ? row->stream : NOWHERE));
	pg_put_bytes(rows, subject);
	if (row->has_key && (key.len == 0 || is_usable(key, RECORD_KEY_MAX)))
		pg_put_bytes(rows, key);
	else
		pg_put_null(rows);
	if (!row->accepted && is_usable(row->source, RECORD_KEY_MAX))
		pg_put_bytes(rows, row->source);
	else
		pg_put_null(rows);
	pg_put_bool(rows, !row->accepted);
}

/* "BATCH:LINE", as the findings' CSV has it. */
static bool
parse_correction(struct span text, int64_t *batch, int64_t *line)
{
	char copy[48], *end;

	if (text.len == 0 || text.len >= sizeof(copy))
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	*batch = strtoll(copy, &end, 10);
	if (*end != ':')
		return false;
	*line = strtoll(end + 1, &end, 10);
	return *end == '\0' && *batch > 0 && *line > 0;
}

static void
flush(struct findings *findings, size_t from)
{
	struct pg *pg = findings->batch->pg;

	if (findings->rows.len > from)
		pg_copy(pg, copy_rows_sql, &findings->rows);
	if (findings->corrections.len > from)
		pg_copy(pg, copy_corrections_sql, &findings->corrections);
}

static void
put_correction(struct findings *findings, struct span text)
{
	int64_t batch, line;

	if (!parse_correction(text, &batch, &line))
		return;
	if (!findings->corrects)
		pg_run(findings->batch->pg,
		    "CREATE TEMP TABLE IF NOT EXISTS correction"
		    " (batch bigint, line bigint) ON COMMIT DELETE ROWS");
	findings->corrects = true;
	pg_put_row(&findings->corrections, 2);
	pg_put_int8(&findings->corrections, batch);
	pg_put_int8(&findings->corrections, line);
}

void
findings_take(struct findings *findings, const struct feed_row *row)
{
	if (row->finding_count > 0)
		put_row(findings, row);
	findings->noted += (int64_t)row->finding_count;
	if (row->accepted && row->corrects.len > 0)
		put_correction(findings, row->corrects);
	flush(findings, FLUSH_BYTES);
}

void
findings_set_header(struct findings *findings, struct span header)
{
	buf_reset(&findings->header);
	if (is_usable(header, FEED_HEADER_MAX))
		buf_add(&findings->header, header.ptr, header.len);
}

static void
ask_ledger(const struct findings_batch *batch, const struct check *check)
{
	static const char *const sql[] = {
	    registered_sql, founded_sql, province_sql};
	const char *field = check->field_count > 0
				? batch->item->fields[check->fields[0]].name
				: "uscc";

	pg_exec(batch->pg, sql[check->kind - CHECK_REGISTERED],
	    pg_arg_int(batch->number), pg_arg_int(LEDGER_EXTRA_LINE),
	    pg_arg_text(span_of(batch->provider)), pg_arg_text(span_of(field)),
	    pg_arg_text(span_of(check->id)));
}

static void
ask_for_mergers(const struct findings_batch *batch, struct buf *ids)
{
	struct pg *pg = batch->pg;

	if (batch->item->number == 1)
		return;
	pg_query(pg, "SELECT FROM subject_link LIMIT 1");
	if (pg_rows(pg) == 0)
		return;
	pg_exec(pg, merged_sql, pg_arg_int(batch->number),
	    pg_arg_int(LEDGER_EXTRA_LINE),
	    pg_arg_text(span_of(batch->provider)), pg_arg_text(span_of("uscc")),
	    pg_arg_text(span_of(MERGED)));
	buf_print(ids, "%s%s", ids->len > 0 ? "," : "", MERGED);
}

/* The ids of the checks that the ledger decided. */
static void
cross_records(const struct findings_batch *batch, struct buf *ids)
{
	const struct item *item = batch->item;
	size_t i;

	for (i = 0; i < item->check_count; i++) {
		if (!check_needs_ledger(&item->checks[i]))
			continue;
		ask_ledger(batch, &item->checks[i]);
		buf_print(
		    ids, "%s%s", ids->len > 0 ? "," : "", item->checks[i].id);
	}
}

/* Has the batch findings of rows that were taken? */
static bool
has_taken_rows(const struct findings *findings)
{
	struct pg *pg = findings->batch->pg;

	pg_exec(pg, "SELECT count(*) FROM finding WHERE batch = $1",
	    pg_arg_int(findings->batch->number));
	if (pg_rows(pg) != 1 || pg_int(pg, 0, 0) == 0)
		return false;
	if (pg_int(pg, 0, 0) > findings->noted)
		return true;
	pg_exec(pg,
	    "SELECT FROM finding_row WHERE batch = $1 AND NOT rejected LIMIT 1",
	    pg_arg_int(findings->batch->number));
	return pg_rows(pg) > 0;
}

static void
close_with(struct findings *findings, const char *sql)
{
	const struct findings_batch *batch = findings->batch;

	pg_exec(batch->pg, sql, pg_arg_int(batch->number),
	    pg_arg_text(span_of(batch->provider)),
	    pg_arg_int(batch->item->number), pg_arg_time(clock_now_us()),
	    pg_arg_int(LEDGER_EXTRA_LINE));
	metric_add(findings->closed, pg_affected(batch->pg));
}

static bool
has_numbered(const struct findings *findings)
{
	const struct findings_batch *batch = findings->batch;

	pg_exec(batch->pg,
	    "SELECT FROM finding_row WHERE provider = $1 AND item = $2"
	    " AND closed_by IS NULL AND length(subject) = 15 LIMIT 1",
	    pg_arg_text(span_of(batch->provider)),
	    pg_arg_int(batch->item->number));
	return pg_rows(batch->pg) > 0;
}

/* Two batches of one provider and item close in turn: their rows may be the
 * same in another order. */
static void
close_corrected(struct findings *findings)
{
	const struct findings_batch *batch = findings->batch;
	struct pg *pg = batch->pg;

	pg_exec(pg,
	    "SELECT f.source IS NOT NULL FROM finding_row f"
	    " WHERE f.provider = $1 AND f.item = $2 AND f.closed_by IS NULL"
	    " AND f.batch <> $3 ORDER BY f.source IS NOT NULL DESC LIMIT 1",
	    pg_arg_text(span_of(batch->provider)),
	    pg_arg_int(batch->item->number), pg_arg_int(batch->number));
	if (pg_rows(pg) == 0)
		return;
	pg_exec(pg,
	    "SELECT pg_advisory_xact_lock(hashtextextended("
	    "concat_ws(' ', 'findings', $1, $2), 0))",
	    pg_arg_text(span_of(batch->provider)),
	    pg_arg_int(batch->item->number));
	if (findings->corrects)
		close_with(findings, close_named_sql);
	close_with(findings, close_same_sql);
	close_with(findings, close_source_sql);
	if (has_numbered(findings))
		close_with(findings, close_numbered_sql);
}

void
findings_settle(struct findings *findings)
{
	const struct findings_batch *batch = findings->batch;
	struct buf ids = {0};

	flush(findings, 0);
	cross_records(batch, &ids);
	ask_for_mergers(batch, &ids);
	if (has_taken_rows(findings))
		pg_exec(batch->pg, found_later_sql, pg_arg_int(batch->number),
		    pg_arg_text(span_of(batch->provider)),
		    pg_arg_text(
			span_make(ids.len > 0 ? ids.data : "", ids.len)),
		    pg_arg_int(LEDGER_EXTRA_LINE));
	close_corrected(findings);
	buf_release(&ids);
}

void
findings_put_off(struct findings *findings)
{
	const struct findings_batch *batch = findings->batch;

	flush(findings, 0);
	if (has_taken_rows(findings))
		pg_exec(batch->pg, found_later_sql, pg_arg_int(batch->number),
		    pg_arg_text(span_of(batch->provider)),
		    pg_arg_text(span_of("")), pg_arg_int(LEDGER_EXTRA_LINE));
}

void
findings_keep(struct findings *findings)
{
	const struct findings_batch *batch = findings->batch;

	pg_exec(batch->pg,
	    "UPDATE feed_batch SET header = NULLIF($2, ''),"
	    " catalogue_version = $3 WHERE number = $1",
	    pg_arg_int(batch->number),
	    pg_arg_text(
		span_make(findings->header.len > 0 ? findings->header.data : "",
		    findings->header.len)),
	    pg_arg_int((int64_t)batch->catalogue_version));
}
