/*
 * ledger: rows and findings of a batch go to PostgreSQL as they come.
 */
#include "hub/ledger_inner.h"

#include "base/mem.h"

static const char setup_sql[] =
    "SET jit = off; SET random_page_cost = 1.1; SET work_mem = '64MB'; SET "
    "temp_buffers = '64MB'; SET default_statistics_target = 10;"
    "CREATE TEMP TABLE stage (line bigint, item integer,"
    " subject text COLLATE \"C\", key text COLLATE \"C\","
    " stream text COLLATE \"C\", named boolean, digest bytea, state smallint,"
    " stated timestamptz, said jsonb) ON COMMIT DELETE ROWS;"
    "CREATE TEMP TABLE body (line bigint, provider text, as_of timestamptz,"
    " packed bytea, fields jsonb) ON COMMIT DELETE ROWS;"
    "CREATE TEMP TABLE pick (line bigint, item integer,"
    " subject text COLLATE \"C\", key text COLLATE \"C\","
    " stream text COLLATE \"C\", named text COLLATE \"C\", digest bytea,"
    " state smallint, stated timestamptz, known boolean)"
    " ON COMMIT DELETE ROWS;"
    "CREATE TEMP TABLE place (item integer, stream text COLLATE \"C\")"
    " ON COMMIT DELETE ROWS;"
    "CREATE TEMP TABLE confirmed (stream text COLLATE \"C\", item integer,"
    " subject text COLLATE \"C\", key text COLLATE \"C\","
    " stated timestamptz) ON COMMIT DELETE ROWS;"
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
    "CREATE TEMP TABLE revised ON COMMIT DELETE ROWS AS"
    " SELECT * FROM record WITH NO DATA;"
    "CREATE INDEX ON body (line);"
    "ALTER TABLE body ALTER COLUMN packed SET STORAGE EXTERNAL;";

static const char copy_stage_sql[] =
    "COPY stage (line, item, subject, key, stream, named, digest, state,"
    " stated, said) FROM STDIN (FORMAT binary)";

static const char copy_pick_sql[] =
    "COPY pick (line, item, subject, key, stream, named, digest, state,"
    " stated) FROM STDIN (FORMAT binary)";

static const char copy_mention_sql[] =
    "COPY mention (subject, key) FROM STDIN (FORMAT binary)";

static const char copy_body_sql[] =
    "COPY body (line, provider, as_of, packed, fields)"
    " FROM STDIN (FORMAT binary)";

#define RECORD_COLUMNS                                                         \
	"stream, item, subject, key, version, state, digest, fields,"          \
	" provider, as_of, confirmed, known_from, batch, position"

static const char copy_record_sql[] =
    "COPY record (" RECORD_COLUMNS ") FROM STDIN (FORMAT binary)";

static const char copy_revised_sql[] =
    "COPY revised (" RECORD_COLUMNS ") FROM STDIN (FORMAT binary)";

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
	buf_release(&ledger->records);
	buf_release(&ledger->revised);
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
	ledger->yielded = false;
	ledger->aliased = false;
	ledger->merges = false;
	ledger->said_count = 0;
	ledger->prepared = false;
	buf_reset(&ledger->rows);
	buf_reset(&ledger->bodies);
	buf_reset(&ledger->picks);
	buf_reset(&ledger->records);
	buf_reset(&ledger->revised);
	buf_reset(&ledger->findings);
	buf_reset(&ledger->mentions);
	pg_begin(ledger->pg);
}

void
ledger_set_plan(struct ledger *ledger, const struct ledger_plan *plan)
{
	const struct item *item = catalog_find_item(plan->catalog, plan->item);

	ledger->plan = *plan;
	if (item != NULL)
		ledger_choose_said(ledger, item);
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
	send(ledger, copy_record_sql, &ledger->records, from);
	send(ledger, copy_revised_sql, &ledger->revised, from);
	send(ledger, copy_finding_sql, &ledger->findings, from);
	send(ledger, copy_mention_sql, &ledger->mentions, from);
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
