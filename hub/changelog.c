/*
 * changelog: changed records get positions and travel in sealed batches.
 */
#include "hub/changelog.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/setsum.h"
#include "wire/pack.h"
#include "wire/seal.h"

/* A batch is sealed when it has so many records or bytes: large enough to
 * compress well, small enough to lose little on a retry. */
#define SEAL_RECORDS 256
#define SEAL_BYTES 80000
/* Of the advisory locks: beside those of items and of whole streams. */
#define LOCKS "-1"
/* Sealed batches wait here for one COPY. */
#define COPY_BYTES (1 << 20)

#define COPY_SQL                                                               \
	"COPY change_log (stream, first, last, header, sealed, committed_at)"  \
	" FROM STDIN (FORMAT binary)"

/* One locked stream and the batch that is being filled for it. */
struct lane {
	struct chain chain;
	struct setsum sum;
	uint64_t before; /* position when it was locked */
	uint64_t records;
	struct buf raw; /* the open batch */
	size_t raw_records;
	/* What it takes out of the sum and adds to it; SEAL_RECORDS each, from
	 * the first record on. */
	struct digest *gone, *come;
	size_t gone_count;
};

struct changelog {
	struct sealer *sealer;
	struct arena *arena;
	struct lane *lanes; /* ascending by stream */
	size_t lane_count;
	bool damaged; /* a lane's row makes no sense */
	struct changelog_range *ranges;
	size_t range_count;
	struct buf packed; /* one record */
	struct buf sealed;
	struct buf rows; /* for COPY */
};

struct changelog *
changelog_new(struct signer *signer)
{
	struct changelog *log = mem_new(sizeof(*log));

	log->sealer = sealer_new(signer);
	log->arena = arena_new();
	return log;
}

static void
drop_lanes(struct changelog *log)
{
	size_t i;

	for (i = 0; i < log->lane_count; i++) {
		buf_release(&log->lanes[i].raw);
		mem_free(log->lanes[i].gone);
		mem_free(log->lanes[i].come);
	}
	mem_free(log->lanes);
	log->lanes = NULL;
	log->lane_count = 0;
}

void
changelog_free(struct changelog *log)
{
	if (log == NULL)
		return;
	sealer_free(log->sealer);
	arena_free(log->arena);
	drop_lanes(log);
	mem_free(log->ranges);
	buf_release(&log->packed);
	buf_release(&log->sealed);
	buf_release(&log->rows);
	mem_free(log);
}

static void
copy_stream(char out[STREAM_LEN + 1], struct span stream)
{
	size_t len = stream.len < STREAM_LEN ? stream.len : STREAM_LEN;

	memcpy(out, stream.ptr, len);
	out[len] = '\0';
}

static bool
lane_fill(struct lane *lane, const struct pg *pg, size_t row)
{
	struct span head = pg_bytes(pg, row, 2);

	copy_stream(lane->chain.stream, pg_bytes(pg, row, 0));
	lane->chain.position = (uint64_t)pg_int(pg, row, 1);
	lane->before = lane->chain.position;
	if (head.len == DIGEST_LEN)
		memcpy(lane->chain.head.bytes, head.ptr, DIGEST_LEN);
	lane->records = (uint64_t)pg_int(pg, row, 4);
	return head.len == DIGEST_LEN &&
	       setsum_parse(pg_bytes(pg, row, 3), &lane->sum);
}

static int
lane_compare(const void *one, const void *other)
{
	const struct lane *a = one, *b = other;

	return strcmp(a->chain.stream, b->chain.stream);
}

/* Who has the lock of a stream's number may change its row: UPDATE gives no
 * order of its own, and SELECT … FOR UPDATE does not go over several shards.
 */
static const char lock_sql[] =
    "SELECT pg_advisory_xact_lock(" LOCKS ", x.stream::integer) FROM"
    " (SELECT DISTINCT stream FROM change ORDER BY 1 OFFSET 0) x";

static const char read_sql[] =
    "UPDATE stream_state SET position = position"
    " WHERE stream IN (SELECT DISTINCT stream FROM change)"
    " RETURNING stream, position, head, setsum, records";

void
changelog_lock(struct changelog *log, struct pg *pg)
{
	size_t i;

	drop_lanes(log);
	log->range_count = 0;
	log->damaged = false;
	buf_reset(&log->rows);
	pg_query(pg, lock_sql);
	pg_run(pg, "INSERT INTO stream_state (stream)"
		   " SELECT DISTINCT stream FROM change ORDER BY 1"
		   " ON CONFLICT (stream) DO NOTHING");
	pg_query(pg, read_sql);
	log->lane_count = pg_rows(pg);
	log->lanes = mem_new((log->lane_count + 1) * sizeof(*log->lanes));
	log->ranges =
	    mem_grow(log->ranges, (log->lane_count + 1) * sizeof(*log->ranges));
	for (i = 0; i < log->lane_count; i++)
		log->damaged |= !lane_fill(&log->lanes[i], pg, i);
	qsort(log->lanes, log->lane_count, sizeof(*log->lanes), lane_compare);
}

/* Close the open batch: number it, seal it, put it behind the others. */
static enum err
seal_batch(struct changelog *log, struct lane *lane)
{
	struct batch_header header = {0};
	uint8_t bytes[BATCH_HEADER_LEN];
	enum err err;

	if (lane->raw_records == 0)
		return ERR_OK;
	memcpy(header.stream, lane->chain.stream, sizeof(header.stream));
	header.first = lane->chain.position + 1;
	header.last = lane->chain.position + lane->raw_records;
	header.previous = lane->chain.head;
	header.committed_us = clock_now_us();
	setsum_remove_all(&lane->sum, lane->gone, lane->gone_count);
	setsum_add_all(&lane->sum, lane->come, lane->raw_records);
	header.state = setsum_digest(&lane->sum);
	buf_reset(&log->sealed);
	err = sealer_seal(
	    log->sealer, &header, buf_span(&lane->raw), &log->sealed);
	if (err != ERR_OK)
		return err;
	chain_advance(&lane->chain, &header);
	batch_header_print(&header, bytes);
	pg_put_row(&log->rows, 6);
	pg_put_bytes(&log->rows, span_of(header.stream));
	pg_put_int8(&log->rows, (int64_t)header.first);
	pg_put_int8(&log->rows, (int64_t)header.last);
	pg_put_bytes(&log->rows, span_make(bytes, sizeof(bytes)));
	pg_put_bytes(&log->rows, buf_span(&log->sealed));
	pg_put_time(&log->rows, header.committed_us);
	buf_reset(&lane->raw);
	lane->raw_records = 0;
	lane->gone_count = 0;
	return ERR_OK;
}

static struct digest
digest_from(struct span bytes)
{
	struct digest digest = {{0}};

	if (bytes.len == DIGEST_LEN)
		memcpy(digest.bytes, bytes.ptr, DIGEST_LEN);
	return digest;
}

/* The record with its version; it was staged as version 1. */
static enum err
pack_with_version(struct changelog *log, struct span staged, uint64_t version)
{
	struct record record;
	enum err err;

	buf_reset(&log->packed);
	if (version == 1) {
		buf_add(&log->packed, staged.ptr, staged.len);
		return ERR_OK;
	}
	arena_reset(log->arena);
	err = unpack_record(staged, log->arena, &record);
	if (err != ERR_OK)
		return err;
	record.version = version;
	pack_record(&record, &log->packed);
	return ERR_OK;
}

static void
count_elements(struct lane *lane, const struct changelog_change *change)
{
	if (lane->gone == NULL) {
		lane->gone = mem_new(SEAL_RECORDS * sizeof(*lane->gone));
		lane->come = mem_new(SEAL_RECORDS * sizeof(*lane->come));
	}
	if (change->old_version > 0)
		lane->gone[lane->gone_count++] =
		    record_element_digest(&change->old_digest,
			change->old_version, change->old_as_of_us);
	else
		lane->records++;
	lane->come[lane->raw_records] = record_element_digest(
	    &change->digest, change->old_version + 1, change->as_of_us);
}

static enum err
add_packed(struct changelog *log, struct lane *lane,
    const struct changelog_change *change)
{
	enum err err = ERR_OK;

	if (lane->raw_records >= SEAL_RECORDS ||
	    (lane->raw_records > 0 &&
		lane->raw.len + change->packed.len > SEAL_BYTES))
		err = seal_batch(log, lane);
	if (err != ERR_OK)
		return err;
	count_elements(lane, change);
	pack_batch_record(change->packed, &lane->raw);
	lane->raw_records++;
	return ERR_OK;
}

static struct lane *
find_lane(struct changelog *log, const char *stream)
{
	struct lane key = {0};

	memcpy(key.chain.stream, stream, sizeof(key.chain.stream));
	return bsearch(
	    &key, log->lanes, log->lane_count, sizeof(key), lane_compare);
}

enum err
changelog_add(struct changelog *log, const struct changelog_change *change,
    uint64_t *position)
{
	struct lane *lane;

	if (log->damaged)
		return ERR_DATABASE;
	lane = find_lane(log, change->stream);
	if (lane == NULL)
		return ERR_CONFLICT;
	*position = lane->before + change->ordinal;
	if (*position != lane->chain.position + lane->raw_records + 1)
		return ERR_CONFLICT;
	return add_packed(log, lane, change);
}

void
changelog_flush(struct changelog *log, struct pg *pg)
{
	if (log->rows.len > COPY_BYTES)
		pg_copy(pg, COPY_SQL, &log->rows);
}

/* The lane is complete: its last batch, its range. */
static enum err
finish_lane(struct changelog *log, struct lane *lane)
{
	struct changelog_range *range = &log->ranges[log->range_count];
	enum err err = seal_batch(log, lane);

	memcpy(range->stream, lane->chain.stream, sizeof(range->stream));
	range->first = lane->before + 1;
	range->last = lane->chain.position;
	log->range_count++;
	return err;
}

static void
store_lane(const struct lane *lane, struct pg *pg)
{
	uint8_t sum[SETSUM_LEN];

	setsum_print(&lane->sum, sum);
	pg_exec(pg,
	    "UPDATE stream_state SET position = $2, head = $3, setsum = $4,"
	    " records = $5 WHERE stream = $1",
	    pg_arg_text(span_of(lane->chain.stream)),
	    pg_arg_int((int64_t)lane->chain.position),
	    pg_arg_bytes(span_make(lane->chain.head.bytes, DIGEST_LEN)),
	    pg_arg_bytes(span_make(sum, sizeof(sum))),
	    pg_arg_int((int64_t)lane->records));
}

/* One row of the cursor. */
static enum err
add_row(struct changelog *log, const struct pg *pg, size_t row)
{
	char stream[STREAM_LEN + 1];
	struct changelog_change change = {.stream = stream,
	    .digest = digest_from(pg_bytes(pg, row, 2)),
	    .old_digest = digest_from(pg_bytes(pg, row, 3)),
	    .old_version = (uint64_t)pg_int(pg, row, 4),
	    .ordinal = (uint64_t)pg_int(pg, row, 5),
	    .as_of_us = pg_time(pg, row, 6),
	    .old_as_of_us = pg_time(pg, row, 7)};
	uint64_t position;
	enum err err = pack_with_version(
	    log, pg_bytes(pg, row, 1), change.old_version + 1);

	if (err != ERR_OK)
		return err;
	copy_stream(stream, pg_bytes(pg, row, 0));
	change.packed = buf_span(&log->packed);
	return changelog_add(log, &change, &position);
}

/* Walk through them with a cursor. */
static enum err
add_packed_changes(struct changelog *log, struct pg *pg)
{
	enum err err = ERR_OK;
	size_t row, rows;

	pg_run(pg,
	    "DECLARE changes NO SCROLL CURSOR FOR"
	    " SELECT c.stream, b.packed, c.digest, c.old_digest, c.old_version,"
	    " c.ordinal, b.as_of, c.old_as_of"
	    " FROM change c JOIN body b ON b.line = c.line"
	    " WHERE b.packed IS NOT NULL ORDER BY c.stream, c.ordinal");
	do {
		pg_query(pg, "FETCH 1000 FROM changes");
		rows = pg_rows(pg);
		for (row = 0; row < rows && err == ERR_OK; row++)
			err = add_row(log, pg, row);
		changelog_flush(log, pg);
	} while (rows > 0 && err == ERR_OK);
	pg_run(pg, "CLOSE changes");
	return err;
}

enum err
changelog_write(struct changelog *log, struct pg *pg, bool packed)
{
	enum err err = ERR_OK;
	size_t i;

	if (pg_has_failed(pg) || log->lane_count == 0)
		return ERR_OK;
	assert(log->lanes != NULL);
	if (log->damaged)
		return ERR_DATABASE;
	if (packed)
		err = add_packed_changes(log, pg);
	for (i = 0; i < log->lane_count && err == ERR_OK; i++)
		err = finish_lane(log, &log->lanes[i]);
	pg_copy(pg, COPY_SQL, &log->rows);
	for (i = 0; i < log->lane_count && err == ERR_OK; i++)
		store_lane(&log->lanes[i], pg);
	return err;
}

const struct changelog_range *
changelog_ranges(const struct changelog *log, size_t *count)
{
	*count = log->range_count;
	return log->ranges;
}
