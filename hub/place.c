/*
 * place: how far an exchange database has been read, kept in the ledger.
 */
#include "hub/place.h"

#include "base/clock.h"
#include "base/json.h"

void
place_release(struct place *place)
{
	size_t i;

	for (i = 0; i < 1 + SOURCE_KEYS_MAX; i++)
		buf_release(&place->values[i]);
	*place = (struct place){.count = 0};
}

void
place_copy(struct place *to, const struct place *from)
{
	size_t i;

	for (i = 0; i < from->count; i++) {
		buf_reset(&to->values[i]);
		buf_add(
		    &to->values[i], from->values[i].data, from->values[i].len);
	}
	to->count = from->count;
	to->rows = from->rows;
}

bool
place_equal(const struct place *a, const struct place *b)
{
	size_t i;

	for (i = 0; i < a->count && i < b->count; i++)
		if (!span_equal(
			buf_span(&a->values[i]), buf_span(&b->values[i])))
			return false;
	return a->count == b->count;
}

void
place_print(const struct place *place, struct buf *out)
{
	struct json_out json = {.buf = out};
	size_t i;

	json_open_array(&json, NULL);
	for (i = 0; i < place->count; i++)
		json_put_text(&json, NULL, buf_span(&place->values[i]));
	json_close_array(&json);
}

/* What a place is about: the same words, the same rows in the same order. */
static void
describe(const struct source *source, struct buf *out)
{
	struct json_out json = {.buf = out};
	size_t i;

	json_open_array(&json, NULL);
	json_put_cstr(&json, NULL, source->schema);
	json_put_cstr(&json, NULL, source->table);
	for (i = 0; i < source->order_count; i++)
		json_put_cstr(&json, NULL, source->order[i]);
	json_close_array(&json);
}

static enum err
parse(struct span text, const struct source *source, struct place *place)
{
	struct json *root = json_parse(text, NULL);
	size_t i;

	place->count = json_count(root);
	for (i = 0; i < place->count && i < source->order_count; i++) {
		struct span value = json_text(json_at(root, i));

		buf_reset(&place->values[i]);
		buf_add(&place->values[i], value.ptr, value.len);
	}
	json_free(root);
	return place->count == source->order_count ? ERR_OK : ERR_CONFLICT;
}

static enum err
fill(struct pg *pg, const struct source *source, struct place *place)
{
	struct buf described = {0};
	enum err err = ERR_CONFLICT;

	place->count = 0;
	place->rows = 0;
	if (pg_rows(pg) == 0)
		return ERR_OK;
	describe(source, &described);
	if (span_is(pg_bytes(pg, 0, 0), source->department) &&
	    pg_int(pg, 0, 1) == source->item &&
	    span_equal(pg_bytes(pg, 0, 2), buf_span(&described)))
		err = parse(pg_bytes(pg, 0, 3), source, place);
	place->rows = pg_int(pg, 0, 4);
	buf_release(&described);
	return err;
}

enum err
place_read(struct pg *pg, const struct source *source, struct place *place)
{
	enum err err;

	pg_begin(pg);
	pg_exec(pg,
	    "SELECT provider, item, described, place, rows FROM exchange_place"
	    " WHERE source = $1",
	    pg_arg_text(span_of(source->name)));
	err = fill(pg, source, place);
	return pg_end(pg, true) != ERR_OK ? ERR_DATABASE : err;
}

enum err
place_move(struct pg *pg, const struct source *source, const struct place *from,
    const struct place *to, const char *batch)
{
	struct buf before = {0}, after = {0}, described = {0};

	place_print(from, &before);
	place_print(to, &after);
	describe(source, &described);
	if (from->count == 0)
		pg_exec(pg,
		    "INSERT INTO exchange_place (source, provider, item,"
		    " described, place, rows, batch, moved_at)"
		    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
		    " ON CONFLICT DO NOTHING",
		    pg_arg_text(span_of(source->name)),
		    pg_arg_text(span_of(source->department)),
		    pg_arg_int(source->item), pg_arg_text(buf_span(&described)),
		    pg_arg_text(buf_span(&after)), pg_arg_int(to->rows),
		    pg_arg_text(span_of(batch)), pg_arg_time(clock_now_us()));
	else
		pg_exec(pg,
		    "UPDATE exchange_place SET place = $4, rows = $5,"
		    " batch = $6, moved_at = $7 WHERE source = $1"
		    " AND described = $2 AND place = $3 AND rows = $8",
		    pg_arg_text(span_of(source->name)),
		    pg_arg_text(buf_span(&described)),
		    pg_arg_text(buf_span(&before)),
		    pg_arg_text(buf_span(&after)), pg_arg_int(to->rows),
		    pg_arg_text(span_of(batch)), pg_arg_time(clock_now_us()),
		    pg_arg_int(from->rows));
	buf_release(&before);
	buf_release(&after);
	buf_release(&described);
	return pg_affected(pg) == 1 ? ERR_OK : ERR_CONFLICT;
}
