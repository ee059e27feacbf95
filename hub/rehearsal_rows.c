/*
 * rehearsal_rows: what the ledger keeps of the last day's batches.
 */
#include "hub/rehearsal_rows.h"

#include <string.h>

#include "base/mem.h"
#include "wire/pack.h"
#include "wire/seal.h"

/* A candidate is answered in seconds, not in the time of an intake. */
#define ROWS_MAX 60000
#define REJECTED_MAX 20000
/* Of one stream and of one batch: no one of them stands for all. */
#define STREAM_SEALS 8
#define BATCH_REJECTED 2000
#define BATCHES_MAX 400

#define DIGITS_(number) #number
#define DIGITS(number) DIGITS_(number)

/* The streams whose newest batch is of that time. */
static const char streams_sql[] =
    "SELECT s.stream FROM stream_state s, LATERAL (SELECT c.committed_at FROM"
    " change_log c WHERE c.stream = s.stream ORDER BY c.first DESC LIMIT 1) n"
    " WHERE s.stream <> '0000' AND n.committed_at > $1 ORDER BY s.stream";

static const char seals_sql[] =
    "SELECT sealed FROM (SELECT sealed, committed_at FROM change_log"
    " WHERE stream = $1 ORDER BY first DESC LIMIT " DIGITS(
	STREAM_SEALS) ") n"
		      " WHERE committed_at > $2";

static const char batches_sql[] =
    "SELECT number, item, COALESCE(header, '') FROM feed_batch"
    " WHERE received_at > $1 AND rejected > 0 AND state = 'committed'"
    " ORDER BY number DESC LIMIT " DIGITS(BATCHES_MAX);

static const char rejected_sql[] =
    "SELECT min(original) FROM finding WHERE batch = $1"
    " AND severity = 'reject' AND original IS NOT NULL"
    " GROUP BY line ORDER BY line LIMIT " DIGITS(BATCH_REJECTED);

/* Numbers and texts of the first column of a result, which the next statement
 * takes away. */
struct list {
	struct buf text;
	size_t count;
};

static enum err
take_sealed(struct rehearsal *rehearsal, struct span bytes, struct arena *arena)
{
	struct record *records = NULL;
	struct sealed sealed;
	struct buf raw = {0};
	size_t count = 0, i;
	enum err err = unpack_sealed(bytes, &sealed);

	if (err == ERR_OK)
		err = seal_expand(sealed.body, &raw);
	if (err == ERR_OK)
		err = unpack_batch(buf_span(&raw), arena, &records, &count);
	for (i = 0; err == ERR_OK && i < count; i++)
		rehearsal_take_record(rehearsal, &records[i]);
	buf_release(&raw);
	arena_reset(arena);
	return err;
}

static enum err
read_stream(struct pg *pg, const char *stream, int64_t since_us,
    struct rehearsal *rehearsal)
{
	struct arena *arena = arena_new();
	enum err err = ERR_OK;
	size_t i;

	pg_exec(
	    pg, seals_sql, pg_arg_text(span_of(stream)), pg_arg_time(since_us));
	for (i = 0; i < pg_rows(pg) && err == ERR_OK; i++)
		err = take_sealed(rehearsal, pg_bytes(pg, i, 0), arena);
	if (err == ERR_OK && pg_rows(pg) == STREAM_SEALS)
		err = ERR_LIMIT;
	arena_free(arena);
	return pg_has_failed(pg) ? ERR_DATABASE : err;
}

static void
read_list(struct pg *pg, struct list *list)
{
	size_t i;

	for (i = 0; i < pg_rows(pg); i++) {
		struct span text = pg_bytes(pg, i, 0);

		buf_add(&list->text, text.ptr, text.len);
		buf_char(&list->text, '\0');
	}
	list->count = pg_rows(pg);
}

static enum err
read_standing(
    struct pg *pg, int64_t since_us, struct rehearsal *rehearsal, bool *all)
{
	struct list streams = {0};
	enum err err = ERR_OK;
	const char *stream;
	size_t i;

	pg_exec(pg, streams_sql, pg_arg_time(since_us));
	read_list(pg, &streams);
	stream = streams.text.data;
	for (i = 0; i < streams.count && err == ERR_OK; i++) {
		if (rehearsal_rows(rehearsal) >= ROWS_MAX) {
			*all = false;
			break;
		}
		err = read_stream(pg, stream, since_us, rehearsal);
		if (err == ERR_LIMIT) {
			*all = false;
			err = ERR_OK;
		}
		stream += strlen(stream) + 1;
	}
	buf_release(&streams.text);
	return pg_has_failed(pg) ? ERR_DATABASE : err;
}

/* One batch that had rejected rows. */
struct rejects {
	int64_t number;
	uint32_t item;
	struct buf header; /* empty: NDJSON */
};

static size_t
read_rejected(
    struct pg *pg, const struct rejects *batch, struct rehearsal *rehearsal)
{
	struct buf text = {0};
	size_t rows, i;

	pg_exec(pg, rejected_sql, pg_arg_int(batch->number));
	rows = pg_rows(pg);
	buf_add(&text, batch->header.data, batch->header.len);
	if (batch->header.len > 0)
		buf_char(&text, '\n');
	for (i = 0; i < rows; i++) {
		struct span row = pg_bytes(pg, i, 0);

		buf_add(&text, row.ptr, row.len);
		buf_char(&text, '\n');
	}
	if (rows > 0)
		rehearsal_take_rows(rehearsal, batch->item,
		    batch->header.len > 0 ? FEED_CSV : FEED_NDJSON,
		    buf_span(&text), rows);
	buf_release(&text);
	return rows;
}

static enum err
read_batches(
    struct pg *pg, int64_t since_us, struct rehearsal *rehearsal, bool *all)
{
	struct rejects *batches;
	size_t count, i, rows = 0, more;

	pg_exec(pg, batches_sql, pg_arg_time(since_us));
	count = pg_rows(pg);
	batches = mem_new((count + 1) * sizeof(*batches));
	for (i = 0; i < count; i++) {
		struct span header = pg_bytes(pg, i, 2);

		batches[i].number = pg_int(pg, i, 0);
		batches[i].item = (uint32_t)pg_int(pg, i, 1);
		buf_add(&batches[i].header, header.ptr, header.len);
	}
	*all = *all && count < BATCHES_MAX;
	for (i = 0; i < count; i++) {
		more = rows < REJECTED_MAX
			   ? read_rejected(pg, &batches[i], rehearsal)
			   : BATCH_REJECTED;
		*all = *all && more < BATCH_REJECTED;
		rows += more;
		buf_release(&batches[i].header);
	}
	mem_free(batches);
	return pg_has_failed(pg) ? ERR_DATABASE : ERR_OK;
}

enum err
rehearsal_rows_read(
    struct pg *pg, int64_t since_us, struct rehearsal *rehearsal, bool *all)
{
	enum err err;

	*all = true;
	err = read_standing(pg, since_us, rehearsal, all);
	if (err == ERR_OK)
		err = read_batches(pg, since_us, rehearsal, all);
	return err;
}
