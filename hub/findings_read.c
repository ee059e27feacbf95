/*
 * findings_read: findings for departments and operators, explained.
 */
#include "hub/findings_read.h"

#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/json.h"
#include "credit/csv.h"

#define COLUMNS                                                                \
	"SELECT f.number, f.line, f.field, f.rule, f.severity,"                \
	" f.value_digest, b.provider, b.item, b.id, r.closed_at, c.id"
#define JOINS                                                                  \
	" JOIN feed_batch b ON b.number = f.batch"                             \
	" LEFT JOIN feed_batch c ON c.number = r.closed_by"

static const char of_batch_sql[] =
    COLUMNS " FROM finding f LEFT JOIN finding_row r ON r.batch = f.batch"
	    " AND r.line = f.line" JOINS " WHERE f.batch = $1 AND f.number > $2"
	    " ORDER BY f.number LIMIT $3";

static const char open_sql[] =
    COLUMNS " FROM finding_row r JOIN finding f ON f.batch = r.batch"
	    " AND f.line = r.line" JOINS " WHERE r.closed_by IS NULL"
	    " AND ($4 = '' OR r.provider = $4) AND ($1 = 0 OR r.item = $1)"
	    " AND f.number > $2 ORDER BY f.number LIMIT $3";

/* Findings between rows have no row of their own, and a broken one would
 * break those behind it. */
static const char rows_sql[] =
    "SELECT f.line, string_agg(f.field, '; ' ORDER BY f.number),"
    " string_agg(f.rule, '; ' ORDER BY f.number),"
    " min(f.severity), min(f.original) FROM finding f JOIN finding_row r"
    " ON r.batch = f.batch AND r.line = f.line WHERE f.batch = $1"
    " AND f.line > $2 AND r.closed_by IS NULL AND f.original IS NOT NULL"
    " AND f.rule NOT IN ('duplicate_key', 'row_broken') GROUP BY f.line ORDER "
    "BY f.line LIMIT $3";

static const char *
explain(const struct catalog *catalog, struct span id, bool zh)
{
	char name[72];
	const struct rule *rule;

	if (catalog == NULL || id.len >= sizeof(name))
		return "";
	memcpy(name, id.ptr, id.len);
	name[id.len] = '\0';
	rule = catalog_find_rule(catalog, name);
	if (rule == NULL)
		return "";
	return zh ? rule->zh : rule->en;
}

static void
put_state(const struct pg *pg, size_t row, struct json_out *json)
{
	bool is_closed = !pg_is_null(pg, row, 9);
	char time[CLOCK_TEXT_MAX];

	json_put_cstr(json, "state", is_closed ? "closed" : "open");
	if (!is_closed)
		return;
	json_put_text(json, "closed_by", pg_bytes(pg, row, 10));
	json_put_cstr(
	    json, "closed_at", clock_print(pg_time(pg, row, 9), time));
}

static void
put_finding(const struct pg *pg, size_t row, const struct catalog *catalog,
    struct json_out *json)
{
	struct span rule = pg_bytes(pg, row, 3);
	struct buf hex = {0};

	codec_hex(pg_bytes(pg, row, 5), &hex);
	json_open_object(json, NULL);
	json_put_text(json, "provider", pg_bytes(pg, row, 6));
	json_put_int(json, "item", pg_int(pg, row, 7));
	json_put_text(json, "batch", pg_bytes(pg, row, 8));
	json_put_int(json, "line", pg_int(pg, row, 1));
	json_put_text(json, "field", pg_bytes(pg, row, 2));
	json_put_text(json, "rule", rule);
	json_put_text(json, "severity", pg_bytes(pg, row, 4));
	json_put_cstr(json, "zh", explain(catalog, rule, true));
	json_put_cstr(json, "en", explain(catalog, rule, false));
	json_put_text(json, "value_digest", buf_span(&hex));
	put_state(pg, row, json);
	json_close_object(json);
	buf_release(&hex);
}

static enum err
print_list(const struct pg *pg, const struct findings_question *question,
    struct buf *out)
{
	struct json_out json = {.buf = out};
	size_t i, rows = pg_rows(pg);

	if (pg_has_failed(pg))
		return ERR_DATABASE;
	json_open_object(&json, NULL);
	json_open_array(&json, "findings");
	for (i = 0; i < rows; i++)
		put_finding(pg, i, question->catalog, &json);
	json_close_array(&json);
	if (rows < (size_t)question->limit)
		json_put_null(&json, "next");
	else
		json_put_int(&json, "next", pg_int(pg, rows - 1, 0));
	json_close_object(&json);
	return ERR_OK;
}

/* Number and header of the batch that is asked about. */
static enum err
find_batch(struct pg *pg, const struct findings_question *question,
    int64_t *number, struct buf *header)
{
	struct span text;

	pg_exec(pg,
	    "SELECT number, header FROM feed_batch WHERE item = $1 AND id = $2"
	    " AND ($3 = '' OR provider = $3) ORDER BY number DESC LIMIT 1",
	    pg_arg_int(question->item), pg_arg_text(span_of(question->batch)),
	    pg_arg_text(span_of(question->provider)));
	if (pg_rows(pg) == 0)
		return pg_has_failed(pg) ? ERR_DATABASE : ERR_MISSING;
	*number = pg_int(pg, 0, 0);
	if (header != NULL && !pg_is_null(pg, 0, 1)) {
		text = pg_bytes(pg, 0, 1);
		buf_add(header, text.ptr, text.len);
	}
	return ERR_OK;
}

enum err
findings_print(
    struct pg *pg, const struct findings_question *question, struct buf *out)
{
	int64_t number = 0;
	enum err err = find_batch(pg, question, &number, NULL);

	if (err != ERR_OK)
		return err;
	pg_exec(pg, of_batch_sql, pg_arg_int(number),
	    pg_arg_int(question->after), pg_arg_int(question->limit));
	return print_list(pg, question, out);
}

enum err
findings_print_open(
    struct pg *pg, const struct findings_question *question, struct buf *out)
{
	pg_exec(pg, open_sql, pg_arg_int(question->item),
	    pg_arg_int(question->after), pg_arg_int(question->limit),
	    pg_arg_text(span_of(question->provider)));
	return print_list(pg, question, out);
}

/* The texts of a row's rules, each once. */
static void
explain_all(
    const struct catalog *catalog, struct span rules, bool zh, struct buf *out)
{
	const char *stop;
	size_t len;

	while (rules.len > 0) {
		stop = memmem(rules.ptr, rules.len, "; ", 2);
		len = stop != NULL ? (size_t)(stop - rules.ptr) : rules.len;
		if (out->len > 0)
			buf_text(out, "; ");
		buf_text(out, explain(catalog, span_make(rules.ptr, len), zh));
		len += stop != NULL ? 2 : 0;
		rules = span_make(rules.ptr + len, rules.len - len);
	}
}

/* What was found in one row. */
struct found {
	int64_t line;
	struct buf corrects, zh, en;
	struct span field, rules, severity, original;
};

static void
read_found(const struct pg *pg, size_t row, int64_t number,
    const struct catalog *catalog, struct found *found)
{
	buf_reset(&found->corrects);
	buf_reset(&found->zh);
	buf_reset(&found->en);
	found->line = pg_int(pg, row, 0);
	found->field = pg_bytes(pg, row, 1);
	found->rules = pg_bytes(pg, row, 2);
	found->severity = pg_bytes(pg, row, 3);
	found->original = pg_bytes(pg, row, 4);
	buf_print(&found->corrects, "%lld:%lld", (long long)number,
	    (long long)found->line);
	explain_all(catalog, found->rules, true, &found->zh);
	explain_all(catalog, found->rules, false, &found->en);
}

static void
found_release(struct found *found)
{
	buf_release(&found->corrects);
	buf_release(&found->zh);
	buf_release(&found->en);
}

static void
put_cell(struct buf *out, struct span cell, char separator)
{
	size_t i;

	buf_char(out, '"');
	for (i = 0; i < cell.len; i++) {
		if (cell.ptr[i] == '"')
			buf_char(out, '"');
		buf_char(out, cell.ptr[i]);
	}
	buf_char(out, '"');
	buf_char(out, separator);
}

static void
put_csv(const struct found *found, char separator, struct buf *out)
{
	put_cell(out, buf_span(&found->corrects), separator);
	buf_print(out, "%lld%c", (long long)found->line, separator);
	put_cell(out, found->field, separator);
	put_cell(out, found->rules, separator);
	put_cell(out, found->severity, separator);
	put_cell(out, buf_span(&found->zh), separator);
	put_cell(out, buf_span(&found->en), separator);
	buf_add(out, found->original.ptr, found->original.len);
	buf_char(out, '\n');
}

static void
put_csv_header(struct span header, char separator, struct buf *out)
{
	static const char *const names[] = {
	    "_corrects", "_line", "_field", "_rule", "_severity", "_zh", "_en"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		buf_print(out, "%s%c", names[i], separator);
	/* Some write a mark of the byte order first; it stands there no more.
	 */
	if (header.len >= 3 && memcmp(header.ptr, "\xef\xbb\xbf", 3) == 0)
		header = span_make(header.ptr + 3, header.len - 3);
	buf_add(out, header.ptr, header.len);
	buf_char(out, '\n');
}

/* Our members go before those of the row; what is no object stays a text. */
static void
put_ndjson(const struct found *found, struct buf *out)
{
	struct json_out json = {.buf = out};
	struct json *original = json_parse(found->original, NULL);
	const char *brace;

	json_open_object(&json, NULL);
	json_put_text(&json, "_corrects", buf_span(&found->corrects));
	json_put_int(&json, "_line", found->line);
	json_put_text(&json, "_field", found->field);
	json_put_text(&json, "_rule", found->rules);
	json_put_text(&json, "_severity", found->severity);
	json_put_text(&json, "_zh", buf_span(&found->zh));
	json_put_text(&json, "_en", buf_span(&found->en));
	brace = memchr(found->original.ptr, '{', found->original.len);
	if (json_is_object(original) && brace != NULL) {
		if (json_count(original) > 0)
			buf_char(out, ',');
		brace++;
		buf_add(out, brace,
		    (size_t)(found->original.ptr + found->original.len -
			     brace));
	} else {
		json_put_text(&json, "_original", found->original);
		json_close_object(&json);
	}
	buf_char(out, '\n');
	json_free(original);
}

enum err
findings_print_rows(struct pg *pg, const struct findings_question *question,
    struct buf *out, bool *is_ndjson)
{
	struct buf header = {0};
	struct found found = {0};
	int64_t number = 0;
	char separator;
	size_t i;
	enum err err = find_batch(pg, question, &number, &header);

	if (err != ERR_OK)
		goto out;
	*is_ndjson = header.len == 0;
	separator = csv_separator_of(buf_span(&header));
	if (!*is_ndjson)
		put_csv_header(buf_span(&header), separator, out);
	pg_exec(pg, rows_sql, pg_arg_int(number), pg_arg_int(question->after),
	    pg_arg_int(question->limit));
	for (i = 0; i < pg_rows(pg); i++) {
		read_found(pg, i, number, question->catalog, &found);
		if (*is_ndjson)
			put_ndjson(&found, out);
		else
			put_csv(&found, separator, out);
	}
	err = pg_has_failed(pg) ? ERR_DATABASE : ERR_OK;
	found_release(&found);
out:
	buf_release(&header);
	return err;
}
