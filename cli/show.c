/*
 * show: tables and progress on a terminal.
 */
#include "cli/show.h"

#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

#define SHOW_EVERY_US 200000
#define BAR_WIDTH 30
#define COLUMNS_MAX 32
#define LIST_SHOWN 8

static void
draw(const struct progress *progress, bool last)
{
	static const char filled[] = "##############################";
	double seconds =
	    (double)(clock_tick_us() - progress->began_us) / 1e6 + 1e-6;
	double scale = progress->unit == PROGRESS_BYTES ? 1048576.0 : 1000.0;
	const char *unit = progress->unit == PROGRESS_BYTES ? "MiB" : "k rows";
	double done = (double)progress->done;
	int cells = 0;

	if (progress->total > 0)
		cells = (int)(BAR_WIDTH * done / (double)progress->total);
	if (cells > BAR_WIDTH)
		cells = BAR_WIDTH;
	fprintf(stderr, "\r[%-*.*s] %.1f %s %s, %.1f %s/s %s", BAR_WIDTH, cells,
	    filled, done / scale, unit, progress->what, done / scale / seconds,
	    unit, last ? "\n" : "");
	fflush(stderr);
}

void
progress_begin(struct progress *progress, const char *what, uint64_t total,
    enum progress_unit unit)
{
	*progress = (struct progress){.on = isatty(STDERR_FILENO) == 1,
	    .what = what,
	    .unit = unit,
	    .total = total,
	    .began_us = clock_tick_us()};
	progress->shown_us = progress->began_us;
}

void
progress_add(struct progress *progress, uint64_t amount)
{
	int64_t now;

	if (!progress->on)
		return;
	progress->done += amount;
	now = clock_tick_us();
	if (now - progress->shown_us < SHOW_EVERY_US)
		return;
	progress->shown_us = now;
	draw(progress, false);
}

void
progress_end(struct progress *progress)
{
	if (progress->on && progress->shown_us != progress->began_us)
		draw(progress, true);
	progress->on = false;
}

void
show_raw(struct span bytes)
{
	if (bytes.len == 0)
		return;
	fwrite(bytes.ptr, 1, bytes.len, stdout);
	if (bytes.ptr[bytes.len - 1] != '\n')
		putchar('\n');
}

/* Lead bytes 0xE2 and above begin what terminals draw two columns wide, but
 * for general punctuation and the like (U+2000..U+2E7F). */
size_t
show_width(struct span text)
{
	size_t width = 0, i;
	unsigned char c;

	for (i = 0; i < text.len; i++) {
		c = (unsigned char)text.ptr[i];
		if ((c & 0xc0) == 0x80)
			continue;
		width += c >= 0xe3 ? 2 : 1;
	}
	return width;
}

void
show_padded(struct span text, size_t width)
{
	size_t has = show_width(text);

	fwrite(text.ptr, 1, text.len, stdout);
	for (; has < width; has++)
		putchar(' ');
}

/* Short texts side by side, the nation's division too; or how many there
 * are. */
static void
cell_list(const struct json *list, struct buf *out)
{
	struct span text;
	size_t i;

	for (i = 0; i < json_count(list); i++) {
		text = json_text(json_at(list, i));
		if (text.ptr == NULL || i == LIST_SHOWN) {
			buf_reset(out);
			buf_print(out, "%zu", json_count(list));
			return;
		}
		if (i > 0)
			buf_char(out, ' ');
		if (text.len == 0)
			buf_text(out, "\"\"");
		buf_add(out, text.ptr, text.len);
	}
}

static void
cell_text(const struct json *row, const char *member, struct buf *out)
{
	const struct json *value = json_find(row, member);

	buf_reset(out);
	if (value == NULL || json_is_null(value) || json_is_object(value))
		buf_char(out, '-');
	else if (json_is_array(value))
		cell_list(value, out);
	else
		json_scalar(value, out);
	if (out->len == 0)
		buf_char(out, '-');
}

static void
show_row(const struct json *row, const struct show_column *columns,
    const size_t *widths)
{
	struct buf cell = {0};
	size_t i;

	for (i = 0; columns[i].member != NULL; i++) {
		if (row != NULL) {
			cell_text(row, columns[i].member, &cell);
		} else {
			buf_reset(&cell);
			buf_text(&cell, columns[i].title);
		}
		if (columns[i + 1].member != NULL)
			show_padded(buf_span(&cell), widths[i] + 2);
		else
			show_raw(buf_span(&cell));
	}
	buf_release(&cell);
}

void
show_table(const struct json *rows, const struct show_column *columns)
{
	size_t widths[COLUMNS_MAX] = {0}, width, i, j;
	struct buf cell = {0};

	for (i = 0; i < COLUMNS_MAX && columns[i].member != NULL; i++) {
		widths[i] = show_width(span_of(columns[i].title));
		for (j = 0; j < json_count(rows); j++) {
			cell_text(json_at(rows, j), columns[i].member, &cell);
			width = show_width(buf_span(&cell));
			if (width > widths[i])
				widths[i] = width;
		}
	}
	buf_release(&cell);
	show_row(NULL, columns, widths);
	for (j = 0; j < json_count(rows); j++)
		show_row(json_at(rows, j), columns, widths);
}
