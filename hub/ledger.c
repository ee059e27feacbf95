/*
 * ledger: rows and findings of a batch go to PostgreSQL as they come.
 */
#include "hub/ledger_inner.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "wire/pack.h"

/* Rows wait for one COPY of this size: what a socket takes without waiting,
 * so that the server stores rows while we read the next. */
#define FLUSH_BYTES (160 << 10)
#define ORIGINAL_MAX 65536
static const char setup_sql[] =
    "SET jit = off; SET random_page_cost = 1.1; SET work_mem = '64MB'; SET "
    "temp_buffers = '64MB';"
    "CREATE TEMP TABLE stage (line bigint, item integer,"
    " subject text COLLATE \"C\", key text COLLATE \"C\","
    " stream text COLLATE \"C\", named boolean, digest bytea, state smallint,"
    " stated timestamptz) ON COMMIT DELETE ROWS;"
    "CREATE TEMP TABLE body (line bigint, provider text, as_of timestamptz,"
    " packed bytea, fields jsonb) ON COMMIT DELETE ROWS;"
    "CREATE TEMP TABLE pick (line bigint, item integer,"
    " subject text COLLATE \"C\", key text COLLATE \"C\","
    " stream text COLLATE \"C\", named text COLLATE \"C\", digest bytea,"
    " state smallint, stated timestamptz) ON COMMIT DELETE ROWS;"
    "CREATE TEMP TABLE change (line bigint, item integer,"
    " subject text COLLATE \"C\", key text COLLATE \"C\","
    " stream text COLLATE \"C\", digest bytea, state smallint,"
    " stated timestamptz, old_digest bytea, old_version bigint,"
    " old_as_of timestamptz, older boolean, contested boolean, ordinal bigint,"
    " yielded boolean DEFAULT false) ON COMMIT DELETE ROWS;"
    "CREATE TEMP TABLE move (subject text COLLATE \"C\","
    " source text COLLATE \"C\", target text COLLATE \"C\")"
    " ON COMMIT DELETE ROWS;"
    "CREATE TEMP TABLE scope (stream text COLLATE \"C\")"
    " ON COMMIT DELETE ROWS;"
    "CREATE TEMP TABLE mention (subject text COLLATE \"C\","
    " key text COLLATE \"C\") ON COMMIT DELETE ROWS;"
    "CREATE TEMP TABLE dispute (line bigint, stream text COLLATE \"C\","
    " item integer, subject text COLLATE \"C\", key text COLLATE \"C\","
    " state smallint, digest bytea, stated timestamptz, behind boolean,"
    " ahead boolean, holder text COLLATE \"C\", held smallint,"
    " held_digest bytea, own smallint, older boolean DEFAULT false,"
    " repeated boolean DEFAULT false, differs boolean DEFAULT false,"
    " winner text COLLATE \"C\", won_digest bytea) ON COMMIT DELETE ROWS;"
    "CREATE TEMP TABLE voice (stream text COLLATE \"C\", item integer,"
    " subject text COLLATE \"C\", key text COLLATE \"C\","
    " provider text COLLATE \"C\", state smallint, digest bytea,"
    " fields jsonb, as_of timestamptz, confirmed timestamptz,"
    " known_from timestamptz, batch bigint, since timestamptz, fresh boolean)"
    " ON COMMIT DELETE ROWS;"
    "ALTER TABLE body ALTER COLUMN packed SET STORAGE EXTERNAL;";

static const char copy_stage_sql[] =
    "COPY stage (line, item, subject, key, stream, named, digest, state,"
    " stated) FROM STDIN (FORMAT binary)";

static const char copy_pick_sql[] =
    "COPY pick (line, item, subject, key, stream, named, digest, state,"
    " stated) FROM STDIN (FORMAT binary)";

static const char copy_mention_sql[] =
    "COPY mention (subject, key) FROM STDIN (FORMAT binary)";

static const char copy_body_sql[] =
    "COPY body (line, provider, as_of, packed, fields)"
    " FROM STDIN (FORMAT binary)";

static const char copy_finding_sql[] =
    "COPY finding (batch, line, field, rule, severity, value_digest, original)"
    " FROM STDIN (FORMAT binary)";

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
	buf_release(&ledger->picks);
	buf_release(&ledger->findings);
	buf_release(&ledger->mentions);
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
	ledger->plan = (struct ledger_plan){0};
	ledger->number = 0;
	ledger->staged = 0;
	ledger->extra = 0;
	ledger->dated = false;
	ledger->prepared = false;
	buf_reset(&ledger->rows);
	buf_reset(&ledger->bodies);
	buf_reset(&ledger->picks);
	buf_reset(&ledger->findings);
	buf_reset(&ledger->mentions);
	pg_begin(ledger->pg);
}

void
ledger_set_plan(struct ledger *ledger, const struct ledger_plan *plan)
{
	ledger->plan = *plan;
}

void
ledger_set_number(struct ledger *ledger, int64_t number)
{
	ledger->number = number;
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
send(struct ledger *ledger, const char *sql, struct buf *rows, size_t from)
{
	if (rows->len > from)
		pg_copy(ledger->pg, sql, rows);
}

void
ledger_flush(struct ledger *ledger, size_t from)
{
	send(ledger, copy_stage_sql, &ledger->rows, from);
	send(ledger, copy_body_sql, &ledger->bodies, from);
	send(ledger, copy_pick_sql, &ledger->picks, from);
	send(ledger, copy_finding_sql, &ledger->findings, from);
	send(ledger, copy_mention_sql, &ledger->mentions, from);
}

/* Control records have documents, and a consent what revoked it. */
static const char *
field_name(const struct item *item, uint32_t number)
{
	const struct field *field;

	if (item == NULL)
		return number == 1 ? "document" : "revocation";
	if (number == CATALOG_SOURCE_NUMBER)
		return "source_number";
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

void
ledger_put_body(struct ledger *ledger, const struct ledger_row *row)
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

/* `named` is a flag in `stage`, and the stream it names in `pick`. */
static void
put_row(struct buf *rows, const struct ledger_row *row, bool extra)
{
	const struct record *record = row->record;
	struct digest digest = record_content_digest(record);

	pg_put_row(rows, 9);
	pg_put_int8(rows, (int64_t)row->line);
	pg_put_int4(rows, (int32_t)record->item);
	pg_put_bytes(rows, record->subject);
	pg_put_bytes(rows, record->key);
	pg_put_bytes(rows, span_of(row->stream));
	if (extra)
		pg_put_null(rows);
	else
		pg_put_bool(rows, row->named);
	pg_put_bytes(rows, span_make(digest.bytes, DIGEST_LEN));
	pg_put_int2(rows, (int16_t)record->state);
	if (row->dated)
		pg_put_time(rows, record->as_of_us);
	else
		pg_put_null(rows);
}

void
ledger_stage(struct ledger *ledger, const struct ledger_row *row)
{
	put_row(&ledger->rows, row, false);
	ledger_put_body(ledger, row);
	ledger->staged++;
	ledger->dated |= row->dated;
	ledger_flush(ledger, FLUSH_BYTES);
}

void
ledger_put_extra(struct ledger *ledger, const struct ledger_row *row)
{
	struct ledger_row extra = *row;

	extra.line = (uint64_t)(LEDGER_EXTRA_LINE + ledger->extra++);
	put_row(&ledger->picks, &extra, true);
	ledger_put_body(ledger, &extra);
}

void
ledger_mention(struct ledger *ledger, struct span subject, struct span key)
{
	pg_put_row(&ledger->mentions, 2);
	pg_put_bytes(&ledger->mentions, subject);
	pg_put_bytes(&ledger->mentions, key);
	ledger_flush(ledger, FLUSH_BYTES);
}

/* Whole, or not at all: it may be handed in again.  Text columns take no
 * U+0000. */
static void
put_original(struct buf *rows, struct span original)
{
	if (original.len == 0 || original.len > ORIGINAL_MAX ||
	    memchr(original.ptr, '\0', original.len) != NULL ||
	    !text_is_utf8(original))
		pg_put_null(rows);
	else
		pg_put_bytes(rows, original);
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
	ledger_flush(ledger, FLUSH_BYTES);
}

enum err
ledger_end(struct ledger *ledger, bool commit)
{
	enum err err;

	ledger_flush(ledger, 0);
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
