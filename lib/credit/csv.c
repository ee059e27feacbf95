/*
 * csv: finds the ends of rows, then cuts rows into cells.
 *
 * Rows that lie whole in the piece that comes are read where they lie; only
 * the row that a piece cuts is copied.  Where a row ends depends on quotes,
 * so the search remembers how far it came and is never begun again.
 */
#include "credit/csv.h"

#include "base/buf.h"
#include "base/mem.h"

struct csv {
	csv_row_fn row;
	void *context;
	struct buf pending; /* a row that is not whole yet */
	struct buf scratch; /* cells whose quotes were taken out */
	uint64_t line;
	size_t scanned;  /* of the current row, already searched */
	bool quoted;     /* the search stands inside quotes */
	bool skipping;   /* the rest of a row that is too long */
	bool after_cr;   /* a LF that comes next belongs to the CR */
	char separator;  /* '\0': the first row decides */
	bool has_quotes; /* the current row has one */
	struct span cells[CSV_CELLS_MAX];
};

/* One look over the bytes at hand; the next line end and quote are kept while
 * they lie ahead, so that a search stays linear. */
struct view {
	const char *start, *end;
	const char *lf, *cr, *quote;
};

struct csv *
csv_new(csv_row_fn row, void *context)
{
	struct csv *csv = mem_new(sizeof(*csv));

	csv->row = row;
	csv->context = context;
	csv->line = 1;
	return csv;
}

void
csv_free(struct csv *csv)
{
	if (csv == NULL)
		return;
	buf_release(&csv->pending);
	buf_release(&csv->scratch);
	mem_free(csv);
}

static const char *
look_for(const char *known, const char *at, const char *end, char c)
{
	if (known != NULL && known >= at)
		return known;
	known = memchr(at, c, (size_t)(end - at));
	return known != NULL ? known : end;
}

static bool
is_separator(const struct csv *csv, char c)
{
	if (csv->separator != '\0')
		return c == csv->separator;
	return c == ',' || c == ';' || c == '\t';
}

/* The end of the quotes that `at` stands in; NULL when it is not there yet.
 * A quote that ends the piece may be doubled by the next one. */
static const char *
find_closing(const char *at, const char *end, bool last, const char **resume)
{
	const char *quote;

	for (;;) {
		quote = memchr(at, '"', (size_t)(end - at));
		if (quote == NULL) {
			*resume = end;
			return NULL;
		}
		if (quote + 1 == end && !last) {
			*resume = quote;
			return NULL;
		}
		if (quote + 1 == end || quote[1] != '"')
			return quote + 1;
		at = quote + 2;
	}
}

/* The first line end of the row that begins at `start` which is not inside
 * quotes; NULL when the row is not whole. */
static const char *
find_row_end(struct csv *csv, struct view *view, bool last)
{
	const char *start = view->start, *at = start + csv->scanned;
	const char *resume, *stop;

	for (;;) {
		if (csv->quoted) {
			at = find_closing(at, view->end, last, &resume);
			if (at == NULL) {
				csv->scanned = (size_t)(resume - start);
				return NULL;
			}
			csv->quoted = false;
		}
		view->lf = look_for(view->lf, at, view->end, '\n');
		view->cr = look_for(view->cr, at, view->end, '\r');
		view->quote = look_for(view->quote, at, view->end, '"');
		stop = view->lf < view->cr ? view->lf : view->cr;
		if (stop <= view->quote) {
			csv->scanned = (size_t)(stop - start);
			return stop < view->end ? stop : NULL;
		}
		csv->has_quotes = true;
		at = view->quote + 1;
		csv->quoted =
		    view->quote == start || is_separator(csv, view->quote[-1]);
	}
}

/* The first row says what separates cells: what it has most of outside of
 * quotes; a comma when in doubt. */
char
csv_separator_of(struct span text)
{
	size_t commas = 0, semicolons = 0, tabs = 0, i;
	bool quoted = false;

	for (i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"')
			quoted = !quoted;
		if (quoted)
			continue;
		commas += text.ptr[i] == ',';
		semicolons += text.ptr[i] == ';';
		tabs += text.ptr[i] == '\t';
	}
	if (tabs > commas && tabs > semicolons)
		return '\t';
	return semicolons > commas ? ';' : ',';
}

/* Takes a quoted cell's text; returns where it ends.  Without doubled quotes
 * it is borrowed as it stands. */
static const char *
cut_quoted(struct csv *csv, const char *at, const char *end, struct span *cell)
{
	const char *from = at + 1, *quote, *stop;
	size_t start = csv->scratch.len;

	for (;;) {
		quote = memchr(from, '"', (size_t)(end - from));
		if (quote == NULL)
			quote = end;
		if (quote + 1 < end && quote[1] == '"') {
			buf_add(
			    &csv->scratch, from, (size_t)(quote + 1 - from));
			from = quote + 2;
			continue;
		}
		break;
	}
	stop = quote < end
		   ? memchr(quote, csv->separator, (size_t)(end - quote))
		   : NULL;
	if (stop == NULL)
		stop = end;
	if (csv->scratch.len == start && stop - quote <= 1) {
		*cell = span_make(from, (size_t)(quote - from));
		return stop;
	}
	buf_add(&csv->scratch, from, (size_t)(quote - from));
	if (stop - quote > 1)
		buf_add(&csv->scratch, quote + 1, (size_t)(stop - quote - 1));
	*cell = span_make(csv->scratch.data + start, csv->scratch.len - start);
	return stop;
}

/* Returns the number of cells; CSV_CELLS_MAX + 1 when there are more. */
static size_t
cut_cells(struct csv *csv, struct span text)
{
	const char *at = text.ptr, *end = text.ptr + text.len, *stop;
	size_t count = 0;

	buf_reset(&csv->scratch);
	if (csv->has_quotes)
		buf_room(&csv->scratch, text.len + 1);
	for (;;) {
		if (count == CSV_CELLS_MAX)
			return CSV_CELLS_MAX + 1;
		if (at < end && *at == '"') {
			stop = cut_quoted(csv, at, end, &csv->cells[count]);
		} else {
			stop = at < end ? memchr(at, csv->separator,
					      (size_t)(end - at))
					: NULL;
			if (stop == NULL)
				stop = end;
			csv->cells[count] = span_make(at, (size_t)(stop - at));
		}
		count++;
		if (stop == end)
			return count;
		at = stop + 1;
	}
}

/* Lines that a row spans: its quoted line ends, CRLF counted once. */
static uint64_t
count_lines(struct span text)
{
	uint64_t lines = 0;
	size_t i;

	for (i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\n' ||
		    (text.ptr[i] == '\r' &&
			(i + 1 == text.len || text.ptr[i + 1] != '\n')))
			lines++;
	}
	return lines;
}

static void
hand_out(struct csv *csv, struct span text, bool broken)
{
	struct csv_row row = {.line = csv->line, .text = text};

	if (csv->separator == '\0' && text.len > 0)
		csv->separator = csv_separator_of(text);
	if (text.len > 0) {
		if (!broken)
			row.count = cut_cells(csv, text);
		row.broken = broken || row.count > CSV_CELLS_MAX;
		if (row.broken)
			row.count = 0;
		row.cells = csv->cells;
		csv->row(csv->context, &row);
	}
	csv->line += 1 + (csv->has_quotes ? count_lines(text) : 0);
	csv->has_quotes = false;
	csv->quoted = false;
	csv->scanned = 0;
}

static const char *
first_line_end(const char *start, const char *end)
{
	const char *at = start;

	while (at < end && *at != '\n' && *at != '\r')
		at++;
	return at;
}

/* Past the line end at `stop`.  A CR that ends the piece may be half of a
 * CRLF. */
static const char *
pass_line_end(struct csv *csv, const char *stop, const char *end)
{
	if (stop == end)
		return end;
	if (*stop == '\r') {
		csv->after_cr = stop + 1 == end;
		if (stop + 1 < end && stop[1] == '\n')
			stop++;
	}
	return stop + 1;
}

/* The row at the start cannot be one: an open quote spoils its first line,
 * mere length all of it. */
static const char *
give_up_row(struct csv *csv, struct view *view)
{
	size_t len = (size_t)(view->end - view->start);
	const char *stop = view->end;

	if (len > CSV_ROW_MAX)
		len = CSV_ROW_MAX;
	if (csv->quoted)
		stop = first_line_end(view->start, view->start + len);
	if (csv->quoted && stop < view->start + len) {
		csv->has_quotes = false;
		hand_out(csv,
		    span_make(view->start, (size_t)(stop - view->start)), true);
		view->lf = view->cr = view->quote = NULL;
		return pass_line_end(csv, stop, view->end);
	}
	csv->has_quotes = false;
	hand_out(csv, span_make(view->start, len), true);
	csv->line--;
	csv->skipping = true;
	return view->start + len;
}

static const char *
skip_row(struct csv *csv, const char *at, const char *end)
{
	at = first_line_end(at, end);
	if (at == end)
		return end;
	csv->skipping = false;
	csv->line++;
	return pass_line_end(csv, at, end);
}

/* Hands out what is whole; returns how many bytes were used. */
static size_t
read_rows(struct csv *csv, struct span bytes, bool last)
{
	struct view view = {bytes.ptr, bytes.ptr + bytes.len, NULL, NULL, NULL};
	const char *stop;
	size_t len;

	while (view.start < view.end) {
		if (csv->after_cr && csv->scanned == 0 && *view.start == '\n')
			view.start++;
		csv->after_cr = false;
		if (csv->skipping) {
			view.start = skip_row(csv, view.start, view.end);
			continue;
		}
		stop = find_row_end(csv, &view, last);
		len = (size_t)((stop != NULL ? stop : view.end) - view.start);
		if (len > CSV_ROW_MAX || (last && csv->quoted)) {
			view.start = give_up_row(csv, &view);
			continue;
		}
		if (stop == NULL && !last)
			break;
		hand_out(csv, span_make(view.start, len), false);
		view.start = pass_line_end(csv, view.start + len, view.end);
	}
	return (size_t)(view.start - bytes.ptr);
}

void
csv_feed(struct csv *csv, struct span bytes)
{
	struct buf *pending = &csv->pending;
	size_t used;

	if (bytes.len == 0)
		return;
	if (pending->len == 0) {
		used = read_rows(csv, bytes, false);
		buf_add(pending, bytes.ptr + used, bytes.len - used);
		return;
	}
	buf_add(pending, bytes.ptr, bytes.len);
	used = read_rows(csv, buf_span(pending), false);
	pending->len -= used;
	if (used > 0 && pending->len > 0)
		memmove(pending->data, pending->data + used, pending->len);
}

void
csv_end(struct csv *csv)
{
	if (csv->pending.len > 0)
		read_rows(csv, buf_span(&csv->pending), true);
	buf_reset(&csv->pending);
}
