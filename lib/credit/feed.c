/*
 * feed: bytes to rows of cells; columns are mapped to fields once.
 */
#include "credit/feed.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "credit/csv.h"
#include "credit/feed_inner.h"
#include "credit/fold.h"
#include "credit/ndjson.h"

#define PIECE (64 << 10)
#define NAMES_MAX 256
#define NAME_LEN_MAX 128
#define UNKNOWN_MAX 64

/* A column or member name as it came, and where its cells go. */
struct name {
	char *text;
	size_t len;
	unsigned slot;
};

struct feed_reader {
	struct row_maker maker;
	enum feed_format format;
	struct text_decoder *decoder;
	struct buf utf8;
	struct csv *csv;
	struct ndjson *ndjson;
	struct why why;
	bool failed;
	bool has_header;
	struct buf header; /* as it came */
	size_t column_count;
	unsigned slots[CSV_CELLS_MAX]; /* by column */
	struct name names[NAMES_MAX];  /* members met so far */
	size_t name_count;
	char *unknown[UNKNOWN_MAX];
	size_t unknown_count;
	struct buf scalars; /* members of one object as cells */
	bool repeated;      /* one object says a field twice */
};

static void on_row(void *context, const struct csv_row *row);
static void on_line(void *context, const struct ndjson_line *line);

struct feed_reader *
feed_reader_new(const struct feed_settings *settings)
{
	const char *charset = settings->charset;
	struct text_decoder *decoder;
	struct feed_reader *reader;

	decoder = text_decoder_new(charset != NULL ? charset : "utf-8");
	if (decoder == NULL)
		return NULL;
	reader = mem_new(sizeof(*reader));
	reader->decoder = decoder;
	reader->format = settings->format;
	row_maker_init(&reader->maker, settings);
	if (settings->format == FEED_CSV)
		reader->csv = csv_new(on_row, reader);
	else
		reader->ndjson = ndjson_new(on_line, reader);
	return reader;
}

void
feed_reader_free(struct feed_reader *reader)
{
	size_t i;

	if (reader == NULL)
		return;
	for (i = 0; i < reader->name_count; i++)
		mem_free(reader->names[i].text);
	for (i = 0; i < reader->unknown_count; i++)
		mem_free(reader->unknown[i]);
	row_maker_release(&reader->maker);
	csv_free(reader->csv);
	ndjson_free(reader->ndjson);
	text_decoder_free(reader->decoder);
	buf_release(&reader->utf8);
	buf_release(&reader->scalars);
	buf_release(&reader->header);
	mem_free(reader);
}

static void
fail(struct feed_reader *reader, const char *reason, const char *column)
{
	if (reader->failed)
		return;
	reader->failed = true;
	why_set(&reader->why, ERR_INVALID, "%s%s", reason, column);
}

static char *
copy_name(struct span text)
{
	char *copy = mem_new(text.len + 1);

	if (text.len > 0)
		memcpy(copy, text.ptr, text.len);
	return copy;
}

/* Where cells of this column go.  The common columns keep their own names
 * even when a catalogue forgets them. */
static unsigned
find_slot(const struct feed_reader *reader, struct span column)
{
	static const char *const common[] = {
	    "uscc", "data_date", "source_number", "_action", "_corrects", NULL};
	const struct item *item = reader->maker.item;
	const struct field *field;
	struct buf buf = {0};
	struct span name;
	unsigned i;

	field = catalog_find_common(reader->maker.catalog, column);
	name = field != NULL ? span_of(field->name) : fold_add(column, &buf);
	for (i = 0; common[i] != NULL && !span_is(name, common[i]); i++)
		;
	buf_release(&buf);
	if (common[i] != NULL)
		return SLOT_USCC + i;
	field = item_find_field(item, column);
	return field != NULL ? (unsigned)(field - item->fields) : SLOT_UNKNOWN;
}

/* The findings' CSV, corrected and handed in again, has these before the
 * original columns. */
static bool
is_of_findings(struct span name)
{
	static const char *const names[] = {
	    "_line", "_field", "_rule", "_severity", "_zh", "_en", NULL};
	size_t i;

	for (i = 0; names[i] != NULL; i++)
		if (span_is(name, names[i]))
			return true;
	return false;
}

static void
add_unknown(struct feed_reader *reader, struct span name)
{
	name = text_trim(name);
	if (reader->unknown_count == UNKNOWN_MAX || name.len == 0 ||
	    name.len > NAME_LEN_MAX || is_of_findings(name))
		return;
	reader->unknown[reader->unknown_count++] = copy_name(name);
}

static const char *
slot_name(const struct feed_reader *reader, unsigned slot)
{
	static const char *const common[] = {
	    "uscc", "data_date", "source_number", "_action", "_corrects"};

	return slot < SLOT_USCC ? reader->maker.item->fields[slot].name
				: common[slot - SLOT_USCC];
}

/* With an `_action` column a batch may be of withdrawals, which only say
 * their keys; what an upsert then lacks is found row by row. */
static void
check_columns(struct feed_reader *reader, const bool seen[SLOT_COUNT + 1])
{
	const struct row_maker *maker = &reader->maker;
	const struct field *field;
	bool is_key;
	unsigned i;

	if (!seen[SLOT_USCC])
		fail(reader, "missing column: ", "uscc");
	for (i = 0; i < maker->item->field_count; i++) {
		field = &maker->item->fields[i];
		is_key = (maker->key_mask >> i & 1) != 0;
		if (!seen[i] &&
		    (is_key || (field->required && !seen[SLOT_ACTION])))
			fail(reader, "missing column: ", field->name);
	}
	if (maker->date_field->required && !seen[SLOT_DATE])
		fail(reader, "missing column: ", "data_date");
	if (maker->source_field->required && !seen[SLOT_SOURCE])
		fail(reader, "missing column: ", "source_number");
}

static void
read_header(struct feed_reader *reader, const struct csv_row *row)
{
	bool seen[SLOT_COUNT + 1] = {false};
	unsigned slot;
	size_t i;

	reader->has_header = true;
	if (row->broken) {
		fail(reader, "the header cannot be read", "");
		return;
	}
	for (i = 0; i < row->count; i++) {
		slot = find_slot(reader, row->cells[i]);
		reader->slots[i] = slot;
		if (slot == SLOT_UNKNOWN)
			add_unknown(reader, row->cells[i]);
		else if (seen[slot])
			fail(reader,
			    "a column twice: ", slot_name(reader, slot));
		seen[slot] = true;
	}
	reader->column_count = row->count;
	if (row->text.len <= FEED_HEADER_MAX)
		buf_add(&reader->header, row->text.ptr, row->text.len);
	check_columns(reader, seen);
}

static void
on_row(void *context, const struct csv_row *row)
{
	struct feed_reader *reader = context;
	struct row_maker *maker = &reader->maker;
	size_t i;

	if (reader->failed)
		return;
	if (!reader->has_header) {
		read_header(reader, row);
		return;
	}
	maker->line = row->line;
	maker->original = row->text;
	if (row->broken) {
		row_maker_refuse(maker, "row_broken");
		return;
	}
	if (row->count != reader->column_count) {
		row_maker_refuse(maker, "column_count");
		return;
	}
	for (i = 0; i < row->count; i++) {
		if (reader->slots[i] != SLOT_UNKNOWN)
			maker->cells[reader->slots[i]] = row->cells[i];
	}
	row_maker_make(maker);
}

/* Member names repeat from line to line: looked up once each. */
static unsigned
find_member(struct feed_reader *reader, struct span name)
{
	struct name *known;
	unsigned slot;
	size_t i;

	for (i = 0; i < reader->name_count; i++) {
		known = &reader->names[i];
		if (known->len == name.len &&
		    memcmp(known->text, name.ptr, name.len) == 0)
			return known->slot;
	}
	if (name.len > NAME_LEN_MAX)
		return SLOT_UNKNOWN;
	slot = find_slot(reader, name);
	if (reader->name_count == NAMES_MAX)
		return slot;
	if (slot == SLOT_UNKNOWN)
		add_unknown(reader, name);
	reader->names[reader->name_count++] =
	    (struct name){copy_name(name), name.len, slot};
	return slot;
}

/* Cells are offsets until all members are there: the buffer may move. */
static bool
on_member(void *context, const char *name, const struct json *value)
{
	struct feed_reader *reader = context;
	struct row_maker *maker = &reader->maker;
	unsigned slot = find_member(reader, span_of(name));
	struct place *place;

	if (slot == SLOT_UNKNOWN || json_is_null(value))
		return true;
	place = &maker->places[slot];
	if (place->at != SIZE_MAX)
		reader->repeated = true;
	place->at = reader->scalars.len;
	maker->nested[slot] = json_is_object(value) || json_is_array(value);
	if (maker->nested[slot])
		json_print(value, &reader->scalars);
	else
		json_scalar(value, &reader->scalars);
	place->len = reader->scalars.len - place->at;
	return true;
}

static void
read_members(struct feed_reader *reader, const struct json *object)
{
	struct row_maker *maker = &reader->maker;
	size_t i;

	reader->repeated = false;
	buf_reset(&reader->scalars);
	memset(maker->nested, 0, sizeof(maker->nested));
	for (i = 0; i < SLOT_COUNT; i++)
		maker->places[i] = (struct place){SIZE_MAX, 0};
	json_each(object, on_member, reader);
	for (i = 0; i < SLOT_COUNT; i++) {
		struct place place = maker->places[i];

		maker->cells[i] = (struct span){NULL, 0};
		if (place.at != SIZE_MAX && place.len > 0)
			maker->cells[i] = span_make(
			    reader->scalars.data + place.at, place.len);
	}
}

static void
on_line(void *context, const struct ndjson_line *line)
{
	struct feed_reader *reader = context;
	struct row_maker *maker = &reader->maker;
	struct json *object;

	maker->line = line->line;
	maker->original = line->text;
	if (line->broken) {
		row_maker_refuse(maker, "row_broken");
		return;
	}
	object = json_parse(line->text, NULL);
	if (!json_is_object(object)) {
		json_free(object);
		row_maker_refuse(maker, "not_json");
		return;
	}
	read_members(reader, object);
	json_free(object);
	if (reader->repeated)
		row_maker_refuse(maker, "row_broken");
	else
		row_maker_make(maker);
}

static void
feed_piece(struct feed_reader *reader, struct span bytes, bool last)
{
	buf_reset(&reader->utf8);
	text_decoder_feed(reader->decoder, bytes, last, &reader->utf8);
	reader->maker.suspect = text_decoder_broken(reader->decoder) > 0;
	if (reader->format == FEED_CSV)
		csv_feed(reader->csv, buf_span(&reader->utf8));
	else
		ndjson_feed(reader->ndjson, buf_span(&reader->utf8));
}

enum err
feed_reader_feed(struct feed_reader *reader, struct span bytes)
{
	size_t len;

	while (bytes.len > 0 && !reader->failed) {
		len = bytes.len < PIECE ? bytes.len : PIECE;
		feed_piece(reader, span_make(bytes.ptr, len), false);
		bytes = span_make(bytes.ptr + len, bytes.len - len);
	}
	return reader->failed ? ERR_INVALID : ERR_OK;
}

enum err
feed_reader_end(struct feed_reader *reader)
{
	if (reader->failed)
		return ERR_INVALID;
	feed_piece(reader, (struct span){"", 0}, true);
	if (reader->format == FEED_NDJSON) {
		ndjson_end(reader->ndjson);
		return ERR_OK;
	}
	csv_end(reader->csv);
	if (!reader->has_header)
		fail(reader, "there is no header", "");
	return reader->failed ? ERR_INVALID : ERR_OK;
}

const char *
feed_reader_why(const struct feed_reader *reader)
{
	return reader->why.text;
}

struct span
feed_reader_header(const struct feed_reader *reader)
{
	return buf_span(&reader->header);
}

const char *
feed_reader_unknown(const struct feed_reader *reader, size_t index)
{
	return index < reader->unknown_count ? reader->unknown[index] : NULL;
}
