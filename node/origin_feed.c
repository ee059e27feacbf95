/*
 * origin_feed: a department's batch becomes records of a sandbox.
 */
#include "node/origin_feed.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"

struct count {
	struct origin *origin;
	const char *provider;
	uint64_t rows, accepted, unchanged, rejected, warned;
};

static void
on_row(void *context, const struct feed_row *row)
{
	struct count *count = context;
	struct record record = row->record;

	count->rows++;
	if (!row->accepted) {
		count->rejected++;
		return;
	}
	count->warned += row->finding_count > 0;
	record.provider = span_of(count->provider);
	if (row->withdrawn) {
		record.state = RECORD_WITHDRAWN;
		record.field_count = 0;
	}
	if (origin_put(count->origin, row->stream, &record))
		count->accepted++;
	else
		count->unchanged++;
}

static enum err
read_rows(struct count *count, const struct origin_feed *feed,
    struct span bytes, struct why *why)
{
	struct feed_settings settings = {.catalog = feed->catalog,
	    .item = catalog_find_item(feed->catalog, feed->item),
	    .format =
		strstr(feed->type, "ndjson") != NULL ? FEED_NDJSON : FEED_CSV,
	    .charset =
		strstr(feed->type, "gb18030") != NULL ? "gb18030" : "utf-8",
	    .received_us = clock_now_us(),
	    .now_us = clock_now_us(),
	    .row = on_row,
	    .context = count};
	struct feed_reader *reader;
	enum err err;

	if (settings.item == NULL)
		return why_set(why, ERR_INVALID, "there is no such item");
	reader = feed_reader_new(&settings);
	err = feed_reader_feed(reader, bytes);
	if (err == ERR_OK)
		err = feed_reader_end(reader);
	if (err != ERR_OK)
		err = why_set(why, err, "%s", feed_reader_why(reader));
	feed_reader_free(reader);
	return err;
}

/* Streams never go away, and new ones lie between the old. */
static void
print_streams(struct origin *origin, const struct stream_head *before,
    size_t old_count, struct json_out *json)
{
	size_t count, i, old = 0;
	const struct stream_head *heads = origin_heads(origin, &count);
	uint64_t from;

	json_open_array(json, "streams");
	for (i = 0; i < count; i++) {
		from = 0;
		if (old < old_count &&
		    strcmp(before[old].stream, heads[i].stream) == 0)
			from = before[old++].position;
		if (heads[i].position == from)
			continue;
		json_open_object(json, NULL);
		json_put_cstr(json, "stream", heads[i].stream);
		json_put_int(json, "first", (int64_t)from + 1);
		json_put_int(json, "last", (int64_t)heads[i].position);
		json_close_object(json);
	}
	json_close_array(json);
}

static void
print_counts(const struct count *count, const struct origin_feed *feed,
    struct json_out *json)
{
	json_put_cstr(json, "batch", feed->id);
	json_put_int(json, "item", feed->item);
	json_put_cstr(json, "state", "committed");
	json_put_int(json, "rows", (int64_t)count->rows);
	json_put_int(json, "accepted", (int64_t)count->accepted);
	json_put_int(json, "unchanged", (int64_t)count->unchanged);
	json_put_int(json, "rejected", (int64_t)count->rejected);
	json_put_int(json, "warned", (int64_t)count->warned);
}

enum err
origin_feed_take(struct origin *origin, const struct origin_feed *feed,
    struct span bytes, struct buf *receipt, struct why *why)
{
	struct count count = {.origin = origin, .provider = feed->provider};
	struct json_out json = {.buf = receipt};
	size_t old_count;
	const struct stream_head *heads = origin_heads(origin, &old_count);
	struct stream_head *before = mem_new((old_count + 1) * sizeof(*heads));
	enum err err, kept;

	if (old_count > 0)
		memcpy(before, heads, old_count * sizeof(*heads));
	err = read_rows(&count, feed, bytes, why);
	kept = origin_commit(origin, why);
	if (kept != ERR_OK)
		err = kept;
	if (err == ERR_OK) {
		json_open_object(&json, NULL);
		print_counts(&count, feed, &json);
		print_streams(origin, before, old_count, &json);
		json_close_object(&json);
	}
	mem_free(before);
	return err;
}
