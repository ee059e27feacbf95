/*
 * wanted: lines of a batch that are read a second time.
 *
 * The rows come in the order of the file, and so do the lines from the
 * database, a page at a time: both are walked together.
 */
#include "hub/ledger_inner.h"

#include "base/mem.h"
#include "wire/pack.h"

#define PAGE_ROWS 2048
#define PAGE_SQL "FETCH 2048 FROM wanted"

struct line {
	uint64_t line;
	char stream[STREAM_LEN + 1];
	struct digest digest, old_digest;
	uint64_t old_version;
	uint64_t ordinal;
	int64_t old_as_of_us;
};

struct wanted {
	struct ledger *ledger;
	int64_t known_us; /* 0: bodies only */
	struct line lines[PAGE_ROWS];
	size_t count, at;
	uint64_t revised;
	enum err err;
};

static struct digest
digest_from(struct span bytes)
{
	struct digest digest = {{0}};

	if (bytes.len == DIGEST_LEN)
		memcpy(digest.bytes, bytes.ptr, DIGEST_LEN);
	return digest;
}

static void
line_fill(struct line *line, const struct pg *pg, size_t row, bool change)
{
	struct span stream;

	line->line = (uint64_t)pg_int(pg, row, 0);
	if (!change)
		return;
	stream = pg_bytes(pg, row, 1);
	*line->stream = '\0';
	if (stream.len == STREAM_LEN) {
		memcpy(line->stream, stream.ptr, STREAM_LEN);
		line->stream[STREAM_LEN] = '\0';
	}
	line->digest = digest_from(pg_bytes(pg, row, 2));
	line->old_digest = digest_from(pg_bytes(pg, row, 3));
	line->old_version = (uint64_t)pg_int(pg, row, 4);
	line->ordinal = (uint64_t)pg_int(pg, row, 5);
	line->old_as_of_us = pg_time(pg, row, 6);
}

static void
turn_page(struct wanted *wanted)
{
	struct pg *pg = wanted->ledger->pg;
	size_t i;

	pg_query(pg, PAGE_SQL);
	wanted->at = 0;
	wanted->count = pg_rows(pg);
	for (i = 0; i < wanted->count; i++)
		line_fill(&wanted->lines[i], pg, i, wanted->known_us != 0);
}

/* Sealed and written at once. */
static void
write_change(struct wanted *wanted, const struct ledger_row *row,
    const struct line *line)
{
	struct ledger *ledger = wanted->ledger;
	struct record record = *row->record;
	struct ledger_row versioned = *row;
	struct ledger_place place = {.stream = line->stream,
	    .digest = line->digest,
	    .known_us = wanted->known_us};
	struct changelog_change change = {.stream = line->stream,
	    .ordinal = line->ordinal,
	    .digest = line->digest,
	    .old_digest = line->old_digest,
	    .old_version = line->old_version,
	    .as_of_us = record.as_of_us,
	    .old_as_of_us = line->old_as_of_us};

	record.version = line->old_version + 1;
	versioned.record = &record;
	buf_reset(&ledger->scratch);
	pack_record(&record, &ledger->scratch);
	change.packed = buf_span(&ledger->scratch);
	wanted->err =
	    changelog_add(ledger->changelog, &change, &place.position);
	if (wanted->err != ERR_OK)
		return;
	changelog_flush(ledger->changelog, ledger->pg);
	ledger_put_record(ledger, &versioned, &place);
	wanted->revised += line->old_version > 0;
}

void
ledger_stage_again(struct ledger *ledger, const struct ledger_row *row)
{
	struct wanted *wanted = ledger->wanted;
	const struct line *line;

	if (wanted->at == wanted->count || wanted->err != ERR_OK)
		return;
	line = &wanted->lines[wanted->at];
	if (row->line != line->line)
		return;
	if (wanted->known_us != 0)
		write_change(wanted, row, line);
	else
		ledger_put_body(ledger, row, false);
	ledger_flush(ledger, LEDGER_FLUSH_BYTES);
	if (++wanted->at == wanted->count)
		turn_page(wanted);
}

static enum err
read_again(struct wanted *wanted)
{
	const struct ledger_plan *plan = &wanted->ledger->plan;
	enum err err;

	turn_page(wanted);
	if (wanted->count == 0)
		return ERR_OK;
	wanted->ledger->wanted = wanted;
	err = plan->again(plan->context);
	wanted->ledger->wanted = NULL;
	if (err == ERR_OK)
		err = wanted->err;
	/* A line that did not come again. */
	if (err == ERR_OK && wanted->at < wanted->count)
		err = ERR_CONFLICT;
	return err;
}

static uint64_t
read_wanted(struct ledger *ledger, int64_t known_us)
{
	struct wanted *wanted;
	uint64_t revised;

	if (pg_has_failed(ledger->pg) || ledger->err != ERR_OK)
		return 0;
	wanted = mem_new(sizeof(*wanted));
	wanted->ledger = ledger;
	wanted->known_us = known_us;
	ledger->err = read_again(wanted);
	revised = wanted->revised;
	mem_free(wanted);
	ledger_flush(ledger, 0);
	pg_run(ledger->pg, "CLOSE wanted");
	return revised;
}

uint64_t
wanted_read_changes(struct ledger *ledger, int64_t known_us)
{
	pg_exec(ledger->pg,
	    "DECLARE wanted NO SCROLL CURSOR FOR SELECT line, stream, digest,"
	    " old_digest, old_version, ordinal, old_as_of FROM change"
	    " WHERE line < $1 AND NOT yielded ORDER BY line",
	    pg_arg_int(LEDGER_EXTRA_LINE));
	return read_wanted(ledger, known_us);
}

void
wanted_read_bodies(struct ledger *ledger, const char *sql)
{
	struct buf cursor = {0};

	if (ledger->plan.again == NULL)
		return;
	buf_print(&cursor, "DECLARE wanted NO SCROLL CURSOR FOR %s", sql);
	pg_run(ledger->pg, buf_cstr(&cursor));
	(void)read_wanted(ledger, 0);
	buf_release(&cursor);
}
