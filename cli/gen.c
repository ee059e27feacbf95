/*
 * gen: synthetic feeds of any size for every item of the catalogue.
 *
 * The same options give the same bytes.  Dirt falls on rows by a dice of its
 * own, so that a row that is not hit stays what it is without dirt.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/args.h"
#include "cli/catalogue.h"
#include "cli/commands.h"
#include "cli/gen_value.h"
#include "cli/show.h"
#include "credit/csv.h"

#define OUT_SIZE ((size_t)4 << 20)
/* A row's cells, and all its names when it is JSON. */
#define ROW_ROOM ((size_t)96 << 10)
#define PROGRESS_EVERY 65536
#define TODAY_DEFAULT "2026-10-31"
#define DAY_US (INT64_C(86400) * CLOCK_SECOND)
#define ROWS_MAX INT64_C(1000000000000)

struct gen {
	struct plan plan;
	struct places places;
	bool ndjson;
	uint64_t rows, population; /* population 0: as many as needed */
	char *codes;               /* of --subjects; USCC_LEN bytes each */
	size_t code_count;
	uint64_t dirt[DIRT_COUNT]; /* a dice below this hits */
	bool dirty;
	FILE *file;
	char *out;
	struct pen pen;
};

static const char *const dirt_names[DIRT_COUNT] = {"uscc", "uscc_length",
    "uscc_old", "uscc_character", "uscc_province", "date", "number", "code",
    "required", "too_long", "columns", "json", "duplicate", "full_width",
    "missing", "retention"};

/* Only a capital like "1,000(万元)" has a comma, and nothing has a quote. */
static void
quote_cell(char *start, struct pen *pen)
{
	size_t len = (size_t)(pen->at - start);

	if (memchr(start, ',', len) == NULL)
		return;
	memmove(start + 1, start, len);
	start[0] = '"';
	pen->at++;
	pen_char(pen, '"');
}

static void
csv_row(struct gen *gen, struct row *row)
{
	struct pen *pen = &gen->pen;
	char *start;
	size_t i;

	plan_uscc(row, pen);
	for (i = 0; i < gen->plan.count; i++) {
		pen_char(pen, ',');
		start = pen->at;
		plan_cell(&gen->plan, &gen->plan.columns[i], row, pen);
		quote_cell(start, pen);
	}
	pen_char(pen, ',');
	pen_date(pen, gen->plan.today);
	pen_char(pen, ',');
	pen_number(pen, row->index + 1);
	if ((row->dirty >> DIRT_COLUMNS & 1) != 0)
		pen_text(pen, ",多出一列");
	pen_char(pen, '\n');
}

static void
json_name(struct pen *pen, const char *name)
{
	pen_text(pen, ",\"");
	pen_text(pen, name);
	pen_text(pen, "\":\"");
}

/* No value has a quote, a backslash or a control character. */
static void
json_row(struct gen *gen, struct row *row)
{
	struct pen *pen = &gen->pen;
	const struct column *column;
	char *start, *value;
	size_t i;

	pen_text(pen, "{\"uscc\":\"");
	plan_uscc(row, pen);
	pen_char(pen, '"');
	for (i = 0; i < gen->plan.count; i++) {
		column = &gen->plan.columns[i];
		start = pen->at;
		json_name(pen, column->field->name);
		value = pen->at;
		plan_cell(&gen->plan, column, row, pen);
		if (pen->at == value)
			pen->at = start;
		else
			pen_char(pen, '"');
	}
	json_name(pen, "data_date");
	pen_date(pen, gen->plan.today);
	pen_char(pen, '"');
	json_name(pen, "source_number");
	pen_number(pen, row->index + 1);
	pen_text(pen, (row->dirty >> DIRT_JSON & 1) != 0 ? "\"\n" : "\"}\n");
}

static uint32_t
throw_dirt(const struct gen *gen, uint64_t index)
{
	struct dice dice;
	uint32_t dirty = 0;
	int i;

	if (!gen->dirty)
		return 0;
	dice = dice_start(gen->plan.seed, 'D', gen->plan.item->number, index);
	for (i = 0; i < DIRT_COUNT; i++)
		if (dice_throw(&dice) >> 1 < gen->dirt[i])
			dirty |= UINT32_C(1) << i;
	return dirty;
}

/* Row `index` belongs to subject index / per_subject; a population that is
 * used up begins again with further rows of each subject. */
static void
make_row(struct gen *gen, uint64_t index)
{
	unsigned per = gen->plan.per_subject;
	uint32_t dirty = throw_dirt(gen, index);
	uint64_t count, number;
	struct subject subject;
	struct row row;

	if (index > 0 && (dirty >> DIRT_DUPLICATE & 1) != 0)
		index--;
	count = gen->codes != NULL ? gen->code_count : gen->population;
	number = index / per;
	row.subject = &subject;
	row.dirty = dirty;
	row.index = index;
	row.nth = index % per;
	if (count > 0) {
		row.nth += number / count * per;
		number %= count;
	}
	if (gen->codes != NULL)
		subject_of_code(&gen->places, gen->plan.seed,
		    gen->codes + number * USCC_LEN, &subject);
	else
		subject_make(&gen->places, gen->plan.seed, number, &subject);
	row.dice =
	    dice_start(gen->plan.seed, 'R', gen->plan.item->number, index);
	plan_draft(&gen->plan, &row);
	if (gen->ndjson)
		json_row(gen, &row);
	else
		csv_row(gen, &row);
}

static void
csv_header(struct gen *gen)
{
	size_t i;

	pen_text(&gen->pen, "uscc");
	for (i = 0; i < gen->plan.count; i++) {
		pen_char(&gen->pen, ',');
		pen_text(&gen->pen, gen->plan.columns[i].field->name);
	}
	pen_text(&gen->pen, ",data_date,source_number\n");
}

static bool
flush(struct gen *gen)
{
	size_t len = (size_t)(gen->pen.at - gen->out);
	bool fine = fwrite(gen->out, 1, len, gen->file) == len;

	gen->pen.at = gen->out;
	return fine;
}

static bool
write_rows(struct gen *gen)
{
	struct progress progress;
	bool fine = true;
	uint64_t i;

	progress_begin(&progress, "made", gen->rows, PROGRESS_ROWS);
	if (!gen->ndjson)
		csv_header(gen);
	for (i = 0; fine && i < gen->rows; i++) {
		make_row(gen, i);
		if ((size_t)(gen->pen.at - gen->out) > OUT_SIZE - ROW_ROOM)
			fine = flush(gen);
		if (i % PROGRESS_EVERY == PROGRESS_EVERY - 1)
			progress_add(&progress, PROGRESS_EVERY);
	}
	fine = flush(gen) && fine && fflush(gen->file) == 0;
	progress_end(&progress);
	return fine;
}

/* Is a prefecture named by `list` ("44,4401"; NULL: the mainland)? */
static bool
is_wanted(const char *list, const char *code)
{
	size_t len;

	if (list == NULL)
		return code[0] < '7';
	for (;; list += len + 1) {
		len = strcspn(list, ",");
		if (len >= 2 && len <= 4 && strncmp(list, code, len) == 0)
			return true;
		if (list[len] == '\0')
			return false;
	}
}

static bool
find_places(
    struct places *places, const struct catalog *catalog, const char *list)
{
	const struct code_list *divisions =
	    catalog_find_codes(catalog, "division");
	size_t i;

	places->provinces = catalog_find_codes(catalog, "province");
	if (divisions == NULL || places->provinces == NULL ||
	    places->provinces->count == 0)
		return false;
	places->divisions =
	    mem_new((divisions->count + 1) * sizeof(struct code *));
	for (i = 0; i < divisions->count; i++)
		if (is_wanted(list, divisions->codes[i].code))
			places->divisions[places->count++] =
			    &divisions->codes[i];
	return places->count > 0;
}

static bool
take_dirt(struct gen *gen, const char *name, size_t len, const char *share)
{
	char *end;
	double value = strtod(share, &end);
	int i;

	if (end == share || (*end != ',' && *end != '\0') || !(value >= 0) ||
	    value > 1)
		return false;
	for (i = 0; i < DIRT_COUNT; i++)
		if (strlen(dirt_names[i]) == len &&
		    memcmp(dirt_names[i], name, len) == 0) {
			gen->dirt[i] = value >= 1 ? UINT64_C(1) << 63
						  : (uint64_t)(value * 0x1p63);
			gen->dirty = true;
			return true;
		}
	return false;
}

/* "uscc=0.01,date=0.02" */
static bool
read_dirt(struct gen *gen, const char *list)
{
	const char *equal;

	while (list != NULL && *list != '\0') {
		equal = strchr(list, '=');
		if (equal == NULL ||
		    !take_dirt(gen, list, (size_t)(equal - list), equal + 1))
			return false;
		list = strchr(equal, ',');
		list = list != NULL ? list + 1 : NULL;
	}
	return true;
}

struct code_reader {
	struct buf codes;
	size_t column;
	bool begun;
};

/* The column `uscc`, or the first one; what is no right code is skipped, the
 * header among it. */
static void
on_code_row(void *context, const struct csv_row *row)
{
	struct code_reader *reader = context;
	size_t i;

	for (i = 0; !reader->begun && i < row->count; i++)
		if (span_is(row->cells[i], "uscc"))
			reader->column = i;
	reader->begun = true;
	if (!row->broken && reader->column < row->count &&
	    uscc_check(row->cells[reader->column]) == USCC_OK)
		buf_add(
		    &reader->codes, row->cells[reader->column].ptr, USCC_LEN);
}

static bool
read_codes(struct gen *gen, const char *path)
{
	struct code_reader reader = {0};
	struct csv *csv;
	char piece[4096];
	FILE *file = fopen(path, "rb");
	size_t got;

	if (file == NULL)
		return false;
	csv = csv_new(on_code_row, &reader);
	while ((got = fread(piece, 1, sizeof(piece), file)) > 0)
		csv_feed(csv, span_make(piece, got));
	csv_end(csv);
	csv_free(csv);
	fclose(file);
	gen->codes = reader.codes.data;
	gen->code_count = reader.codes.len / USCC_LEN;
	return gen->code_count > 0;
}

static int
fill_numbers(const struct args *args, struct gen *gen, int64_t *item)
{
	int64_t rows = -1, seed = 1, population = 0, per = 0;
	char text[CLOCK_TEXT_MAX];
	int64_t today;

	if (args_need(args, "item") == NULL || args_need(args, "rows") == NULL)
		return MISUSED;
	if (!args_int(args, "item", (int64_t[]){1, CATALOG_ITEM_MAX}, item) ||
	    !args_int(args, "rows", (int64_t[]){0, ROWS_MAX}, &rows) ||
	    !args_int(args, "seed", (int64_t[]){0, INT64_MAX}, &seed) ||
	    !args_int(args, "per-subject", (int64_t[]){1, 100000}, &per) ||
	    !args_int(
		args, "population", (int64_t[]){0, ROWS_MAX}, &population))
		return MISUSED;
	snprintf(text, sizeof(text), "%.10sT00:00:00Z",
	    args_has(args, "date") ? args_get(args, "date") : TODAY_DEFAULT);
	if (clock_parse(span_of(text), &today) != ERR_OK || today < 0)
		return args_misused(args, "--date: YYYY-MM-DD");
	gen->plan.today = today / DAY_US;
	gen->plan.seed = (uint64_t)seed;
	gen->plan.per_subject = (unsigned)per;
	gen->rows = (uint64_t)rows;
	gen->population = (uint64_t)population;
	return DONE;
}

static int
fill_choices(
    const struct args *args, struct gen *gen, const struct catalog *catalog)
{
	const char *format = args_get(args, "format");
	const char *subjects = args_get(args, "subjects");

	gen->ndjson = format != NULL && strcmp(format, "ndjson") == 0;
	if (format != NULL && !gen->ndjson && strcmp(format, "csv") != 0)
		return args_misused(args, "--format: csv or ndjson");
	if (!read_dirt(gen, args_get(args, "dirt")))
		return args_misused(
		    args, "--dirt: like uscc=0.01,date=0.02 (see --help)");
	if (!find_places(&gen->places, catalog, args_get(args, "division")))
		return args_misused(
		    args, "--division: no prefecture of the catalogue");
	if (subjects != NULL && !read_codes(gen, subjects))
		return args_failed(
		    args, "%s: cannot be read, or has no codes", subjects);
	gen->plan.places = &gen->places;
	return DONE;
}

static int
run_gen(const struct args *args, struct gen *gen)
{
	const char *path = args_get(args, "out");
	int code = DONE;

	gen->file = path != NULL ? fopen(path, "wb") : stdout;
	if (gen->file == NULL)
		return args_failed(
		    args, "cannot open %s: %s", path, strerror(errno));
	gen->out = mem_new(OUT_SIZE);
	gen->pen.at = gen->out;
	if (!write_rows(gen))
		code = args_failed(args, "cannot write: %s", strerror(errno));
	if (gen->file != stdout && fclose(gen->file) != 0 && code == DONE)
		code = args_failed(args, "cannot write: %s", strerror(errno));
	mem_free(gen->out);
	return code;
}

static int
gen_with(const struct args *args, const struct catalog *catalog)
{
	struct gen gen = {0};
	const struct item *item;
	unsigned per_subject;
	int64_t number = 0;
	int code = fill_numbers(args, &gen, &number);

	if (code != DONE)
		return code;
	item = catalog_find_item(catalog, (uint32_t)number);
	if (item == NULL)
		return args_misused(args, "there is no such item");
	per_subject = gen.plan.per_subject;
	plan_init(&gen.plan, item);
	if (per_subject > 0)
		gen.plan.per_subject = per_subject;
	code = fill_choices(args, &gen, catalog);
	if (code == DONE)
		code = run_gen(args, &gen);
	mem_free(gen.places.divisions);
	mem_free(gen.codes);
	return code;
}

static int
gen_run(const struct args *args)
{
	struct why why = {""};
	struct catalog *catalog =
	    catalogue_open(args_get(args, "catalogue"), &why);
	int code;

	if (catalog == NULL)
		return args_failed(args, "%s", why.text);
	code = gen_with(args, catalog);
	catalog_free(catalog);
	return code;
}

static const struct arg_option options[] = {
    {"item", "N", NULL, "item of the catalogue"},
    {"rows", "N", NULL, "how many rows"},
    {"seed", "N", NULL, "where chance begins (1)"},
    {"division", "LIST", NULL, "provinces and prefectures: 44,4401 (all)"},
    {"dirt", "LIST", NULL, "share of each kind of dirt: uscc=0.01,date=0.02"},
    {"format", "FORMAT", NULL, "csv (default) or ndjson"},
    {"subjects", "FILE", NULL,
	"about these codes: one a line, or a CSV with a column uscc"},
    {"population", "N", NULL, "about the seed's first N enterprises only"},
    {"per-subject", "N", NULL, "rows of an enterprise one after another"},
    {"date", "DATE", NULL, "the data's date (" TODAY_DEFAULT ")"},
    {"out", "FILE", NULL, "write here (standard output)"},
    {"catalogue", "FILE", "RX_CATALOGUE", "the catalogue to follow"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_command command = {"gen", "", "make a synthetic feed",
    "The same options give the same bytes. Enterprise i of a seed is the same "
    "in every item, when\n--division is. Dirt that rejects rows: uscc "
    "uscc_length uscc_old uscc_character uscc_province\nrequired columns (csv) "
    "json (ndjson); date number code too_long when a required field takes "
    "it,\nelse a warning; retention in items of bad information; duplicate "
    "repeats the row before;\nfull_width and missing are harmless. Else no "
    "row's years are over within four of its date.",
    "rongxin gen --item 1 --rows 100000 --seed 7 --division 4401 --dirt "
    "uscc=0.01 > registrations.csv",
    0, 0, options, gen_run};

int
command_gen(int argc, char **argv)
{
	return args_run(&command, argc, argv);
}
