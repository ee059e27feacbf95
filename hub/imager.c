/*
 * imager: a stream of the ledger becomes an image.
 */
#include "hub/imager.h"

#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/json.h"
#include "base/mem.h"
#include "hub/catalogue.h"
#include "hub/fields.h"
#include "wire/image.h"

/* Nothing is written that leaves less of the disk free than one part in: the
 * ledger may live there. */
#define DISK_RESERVE 20

/* Rows between two looks at the disk. */
#define LOOK_ROWS 1000

/* One sort, on disk when it is large. */
static const char begin_sql[] =
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;"
    "SET LOCAL jit = off; SET LOCAL work_mem = '64MB'";

static const char newest_sql[] =
    "SELECT c.sealed, c.last, t.position FROM stream_state t"
    " JOIN change_log c ON c.stream = t.stream"
    " WHERE t.stream = $1 ORDER BY c.first DESC LIMIT 1";

static const char catalogues_sql[] =
    "SELECT fields->>'document' FROM (SELECT version, fields FROM record"
    " WHERE stream = '0000' AND item = 60001 UNION ALL SELECT version, fields"
    " FROM record_history WHERE stream = '0000' AND item = 60001) x"
    " ORDER BY version DESC";

/* What a row of `records_sql` has. */
enum column {
	ITEM,
	SUBJECT,
	KEY,
	VERSION,
	STATE,
	PROVIDER,
	AS_OF,
	DIGEST,
	FIELDS,
	POSITION,
	COLUMNS
};

/* The server reads and prints while the rows before are packed here. */
static const char records_sql[][128] = {
    "COPY (SELECT item, subject, key, version, state, provider, as_of,"
    " digest, fields::text, position FROM record WHERE stream = ",
    " ORDER BY subject, item, key) TO STDOUT (FORMAT binary)"};

struct imager {
	struct pg *pg;
	const char *folder;
	struct catalogue **catalogues; /* newest first */
	size_t catalogue_count;
	struct buf sealed;
	struct image_writer *writer;
	struct imager_result *result;
	enum err err; /* of a row … */
	struct why *why;
};

static enum err
read_newest(struct imager *imager, struct why *why)
{
	struct shelf_image *image = &imager->result->image;
	struct pg *pg = imager->pg;
	struct span sealed;

	pg_exec(pg, newest_sql, pg_arg_text(span_of(image->stream)));
	if (pg_has_failed(pg))
		return why_set(why, ERR_DATABASE, "%s", pg_why(pg));
	if (pg_rows(pg) == 0)
		return why_set(why, ERR_MISSING, "the stream has no batch");
	if (pg_int(pg, 0, 1) != pg_int(pg, 0, 2))
		return why_set(why, ERR_CONFLICT,
		    "the newest batch does not reach the stream's position");
	image->position = (uint64_t)pg_int(pg, 0, 1);
	sealed = pg_bytes(pg, 0, 0);
	buf_add(&imager->sealed, sealed.ptr, sealed.len);
	return ERR_OK;
}

/* Each record was written under one of them. */
static enum err
read_catalogues(
    struct imager *imager, const struct verifier *verifier, struct why *why)
{
	struct pg *pg = imager->pg;
	size_t i, count;

	pg_query(pg, catalogues_sql);
	if (pg_has_failed(pg))
		return why_set(why, ERR_DATABASE, "%s", pg_why(pg));
	count = pg_rows(pg);
	imager->catalogues = mem_new((count + 1) * sizeof(struct catalogue *));
	for (i = 0; i < count; i++) {
		struct catalogue *one =
		    catalogue_parse(pg_bytes(pg, i, 0), verifier, why);

		if (one == NULL)
			return ERR_CONFLICT;
		imager->catalogues[imager->catalogue_count++] = one;
	}
	return ERR_OK;
}

static bool
has_digest(const struct record *record, struct span digest)
{
	struct digest found = record_content_digest(record);

	return span_equal(span_make(found.bytes, DIGEST_LEN), digest);
}

/* A row, and its document when it could not be skimmed. */
struct row {
	const struct span *columns;
	struct json *document;
	struct record record;
	struct fields fields;
};

/* With the names of one catalogue; values borrow from row or document. */
static void
read_fields(const struct item *item, struct row *row)
{
	struct span text = row->columns[FIELDS];

	if (item != NULL && row->document == NULL &&
	    fields_skim(item, text, &row->fields))
		return;
	if (row->document == NULL)
		row->document = json_parse(text, NULL);
	fields_read(item, row->document, &row->fields);
}

/* The catalogue under which the digest is right is the one it was written
 * under. */
static bool
find_fields(const struct imager *imager, struct row *row)
{
	struct record *record = &row->record;
	bool control = record->item > CATALOG_ITEM_MAX;
	size_t i, tries = control ? 1 : imager->catalogue_count;

	for (i = 0; i < tries; i++) {
		const struct item *item = NULL;

		if (!control)
			item = catalog_find_item(
			    imager->catalogues[i]->catalog, record->item);
		if (!control && item == NULL)
			continue;
		read_fields(item, row);
		record->fields = row->fields.list;
		record->field_count = row->fields.count;
		if (row->fields.unknown == 0 &&
		    has_digest(record, row->columns[DIGEST]))
			return true;
	}
	return false;
}

static void
read_row(const struct span *columns, struct row *row)
{
	row->columns = columns;
	row->document = NULL;
	row->record =
	    (struct record){.item = (uint32_t)pg_parse_int(columns[ITEM]),
		.subject = columns[SUBJECT],
		.key = columns[KEY],
		.version = (uint64_t)pg_parse_int(columns[VERSION]),
		.state = (enum record_state)pg_parse_int(columns[STATE]),
		.provider = columns[PROVIDER],
		.as_of_us = pg_parse_time(columns[AS_OF])};
}

static enum err
check_disk(const struct imager *imager, struct why *why)
{
	struct statvfs disk;

	if (statvfs(imager->folder, &disk) != 0 ||
	    disk.f_bavail >= disk.f_blocks / DISK_RESERVE)
		return ERR_OK;
	return why_set(why, ERR_LIMIT, "the disk is nearly full");
}

/* Its digest was found right, so it is not computed again. */
static enum err
add_found(struct imager *imager, const struct row *row)
{
	struct digest content;

	memcpy(content.bytes, row->columns[DIGEST].ptr, DIGEST_LEN);
	return image_writer_put(
	    imager->writer, &row->record, &content, imager->why);
}

static bool
add_row(void *context, const struct span *columns, size_t count)
{
	struct imager *imager = context;
	struct row row;

	if (count != COLUMNS)
		return false;
	read_row(columns, &row);
	if (find_fields(imager, &row))
		imager->err = add_found(imager, &row);
	else
		imager->err = why_set(imager->why, ERR_CONFLICT,
		    "the record at position %" PRIu64
		    " is not what its digest says",
		    (uint64_t)pg_parse_int(columns[POSITION]));
	json_free(row.document);
	if (++imager->result->records % LOOK_ROWS == 0 && imager->err == ERR_OK)
		imager->err = check_disk(imager, imager->why);
	return imager->err == ERR_OK;
}

static enum err
add_rows(struct imager *imager, struct why *why)
{
	struct pg *pg = imager->pg;
	struct buf sql = {0};

	imager->why = why;
	buf_text(&sql, records_sql[0]);
	pg_quote_text(pg, span_of(imager->result->image.stream), &sql);
	buf_text(&sql, records_sql[1]);
	pg_copy_out(pg, buf_cstr(&sql), add_row, imager);
	buf_release(&sql);
	if (imager->err == ERR_OK)
		imager->err = check_disk(imager, why);
	if (imager->err == ERR_OK && pg_has_failed(pg))
		return why_set(why, ERR_DATABASE, "%s", pg_why(pg));
	return imager->err;
}

static enum err
write_image(struct imager *imager, struct why *why)
{
	struct shelf_image *image = &imager->result->image;
	char path[SHELF_PATH_MAX];
	enum err err;

	shelf_path(imager->folder, image, path);
	imager->writer = image_writer_begin(path, image->stream, why);
	if (imager->writer == NULL)
		return ERR_IO;
	err = add_rows(imager, why);
	if (err == ERR_OK)
		err = image_writer_end(
		    imager->writer, buf_span(&imager->sealed), why);
	return err;
}

enum err
imager_make(const struct imager_settings *settings, struct pg *pg,
    const char *stream, struct imager_result *result, struct why *why)
{
	struct imager imager = {
	    .pg = pg, .folder = settings->folder, .result = result};
	enum err err;
	size_t i;

	*result = (struct imager_result){0};
	memcpy(result->image.stream, stream, STREAM_LEN + 1);
	pg_begin(pg);
	pg_run(pg, begin_sql);
	err = read_newest(&imager, why);
	if (err == ERR_OK)
		err = read_catalogues(&imager, settings->catalogues, why);
	if (err == ERR_OK)
		err = write_image(&imager, why);
	if (pg_end(pg, false) != ERR_OK && err == ERR_OK)
		err = why_set(why, ERR_DATABASE, "%s", pg_why(pg));
	for (i = 0; i < imager.catalogue_count; i++)
		catalogue_free(imager.catalogues[i]);
	mem_free(imager.catalogues);
	image_writer_free(imager.writer);
	buf_release(&imager.sealed);
	return err;
}
