/*
 * trim: the oldest batches leave the log.
 */
#include "hub/trim.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"

/* Batches of one transaction. */
#define PORTION 256
#define DAY_US (86400 * CLOCK_SECOND)

/* One stream's part of the log. */
struct part {
	char stream[STREAM_LEN + 1];
	uint64_t position; /* of the stream, as listed last */
	uint64_t counted;  /* position when its size was counted */
	uint64_t seen;     /* first position of the newest batch counted */
	uint64_t bytes;
	uint64_t limit;    /* what ends behind it stays */
	int64_t oldest_us; /* of what may leave; INT64_MAX: nothing */
	uint64_t left;     /* batches, in this run */
};

struct trim {
	struct trim_limits limits;
	struct part *parts; /* ascending by stream */
	size_t count;
	uint64_t bytes;
	struct metric *size, *trimmed;
};

struct trim *
trim_new(const struct trim_limits *limits)
{
	struct trim *trim = mem_new(sizeof(*trim));

	trim->limits = *limits;
	trim->size = metric_gauge(
	    "rongxin_hub_log_bytes", "", "Sealed batches in the change log.");
	trim->trimmed = metric_counter("rongxin_hub_log_trimmed_total", "",
	    "Batches that left the change log.");
	return trim;
}

void
trim_free(struct trim *trim)
{
	if (trim == NULL)
		return;
	mem_free(trim->parts);
	mem_free(trim);
}

/* Streams come and never go, so both lists are in step. */
static void
list_parts(struct trim *trim, struct pg *pg)
{
	struct part *parts;
	size_t i, rows, old = 0;

	pg_query(pg, "SELECT stream, position FROM stream_state"
		     " WHERE position > 0 ORDER BY stream");
	rows = pg_rows(pg);
	if (pg_has_failed(pg))
		return;
	parts = mem_new((rows + 1) * sizeof(*parts));
	for (i = 0; i < rows; i++) {
		struct span stream = pg_bytes(pg, i, 0);

		if (old < trim->count &&
		    span_is(stream, trim->parts[old].stream))
			parts[i] = trim->parts[old++];
		else if (stream.len == STREAM_LEN)
			memcpy(parts[i].stream, stream.ptr, STREAM_LEN);
		parts[i].position = (uint64_t)pg_int(pg, i, 1);
		parts[i].left = 0;
	}
	mem_free(trim->parts);
	trim->parts = parts;
	trim->count = rows;
}

/* Batches that came since this was counted. */
static void
count_part(struct trim *trim, struct pg *pg, struct part *part)
{
	pg_exec(pg,
	    "SELECT coalesce(sum(octet_length(sealed)), 0)::bigint,"
	    " coalesce(max(first), $2) FROM change_log"
	    " WHERE stream = $1 AND first > $2",
	    pg_arg_text(span_of(part->stream)),
	    pg_arg_int((int64_t)part->seen));
	if (pg_rows(pg) != 1)
		return;
	part->bytes += (uint64_t)pg_int(pg, 0, 0);
	trim->bytes += (uint64_t)pg_int(pg, 0, 0);
	part->seen = (uint64_t)pg_int(pg, 0, 1);
	part->counted = part->position;
}

/* Batches that may leave, oldest first. */
static void
select_oldest(struct pg *pg, const struct part *part, int64_t limit)
{
	pg_exec(pg,
	    "SELECT first, last, octet_length(sealed), committed_at"
	    " FROM change_log WHERE stream = $1 AND first < $2 AND last <= $3"
	    " ORDER BY first LIMIT $4",
	    pg_arg_text(span_of(part->stream)), pg_arg_int((int64_t)part->seen),
	    pg_arg_int((int64_t)part->limit), pg_arg_int(limit));
}

static void
find_oldest(struct pg *pg, struct part *part)
{
	select_oldest(pg, part, 1);
	part->oldest_us = pg_rows(pg) == 1 ? pg_time(pg, 0, 3) : INT64_MAX;
}

/* What an image stands at is where its taker goes on. */
static uint64_t
limit_of(
    const struct part *part, const struct shelf_image *images, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(images[i].stream, part->stream) == 0)
			return images[i].position;
	return INT64_MAX;
}

static bool
is_over(const struct trim *trim, uint64_t bytes)
{
	return trim->limits.bytes > 0 && bytes > (uint64_t)trim->limits.bytes;
}

/* One portion of one stream, until its batches are younger than `cutoff_us`
 * and the log is small enough. */
static enum err
trim_part(
    struct trim *trim, struct pg *pg, struct part *part, int64_t cutoff_us)
{
	uint64_t bytes = 0, first = 0;
	size_t i, rows;
	enum err err;

	pg_begin(pg);
	select_oldest(pg, part, PORTION);
	rows = pg_rows(pg);
	for (i = 0; i < rows && (pg_time(pg, i, 3) < cutoff_us ||
				    is_over(trim, trim->bytes - bytes));
	     i++) {
		first = (uint64_t)pg_int(pg, i, 0);
		bytes += (uint64_t)pg_int(pg, i, 2);
	}
	pg_exec(pg, "DELETE FROM change_log WHERE stream = $1 AND first <= $2",
	    pg_arg_text(span_of(part->stream)), pg_arg_int((int64_t)first));
	find_oldest(pg, part);
	err = pg_end(pg, true);
	if (err != ERR_OK)
		return err;
	part->bytes -= bytes;
	trim->bytes -= bytes;
	part->left += i;
	metric_add(trim->trimmed, (int64_t)i);
	return ERR_OK;
}

/* The stream with the oldest batch that may leave; NULL: none may. */
static struct part *
oldest_part(struct trim *trim)
{
	struct part *oldest = NULL;
	size_t i;

	for (i = 0; i < trim->count; i++) {
		struct part *part = &trim->parts[i];

		if (part->oldest_us < INT64_MAX &&
		    (oldest == NULL || part->oldest_us < oldest->oldest_us))
			oldest = part;
	}
	return oldest;
}

static enum err
look(struct trim *trim, struct pg *pg, const struct shelf_image *images,
    size_t count)
{
	size_t i;

	pg_begin(pg);
	list_parts(trim, pg);
	for (i = 0; i < trim->count; i++) {
		struct part *part = &trim->parts[i];

		if (part->position > part->counted)
			count_part(trim, pg, part);
		part->limit = limit_of(part, images, count);
		find_oldest(pg, part);
	}
	return pg_end(pg, true);
}

static void
tell(const struct trim *trim)
{
	size_t i;

	metric_set(trim->size, (int64_t)trim->bytes);
	for (i = 0; i < trim->count; i++)
		if (trim->parts[i].left > 0)
			log_info("log.trimmed", "stream=%s batches=%" PRIu64,
			    trim->parts[i].stream, trim->parts[i].left);
}

enum err
trim_run(struct trim *trim, struct pg *pg, const struct shelf_image *images,
    size_t count, int64_t now_us)
{
	int64_t cutoff_us = INT64_MIN;
	struct part *part;
	enum err err = look(trim, pg, images, count);

	if (trim->limits.days > 0)
		cutoff_us = now_us - trim->limits.days * DAY_US;
	while (err == ERR_OK && (part = oldest_part(trim)) != NULL &&
	       (part->oldest_us < cutoff_us || is_over(trim, trim->bytes)))
		err = trim_part(trim, pg, part, cutoff_us);
	tell(trim);
	return err;
}
