/*
 * typeset: a report's page as PDF on A4.
 *
 * Everything is laid out twice: the first time only to count the pages, so
 * that each can say of how many it is one.
 */
#include "node/typeset.h"

#include <cairo-pdf.h>
#include <fontconfig/fontconfig.h>
#include <pango/pangocairo.h>
#include <stdio.h>

#include "base/mem.h"

#define MM (72.0 / 25.4)
#define SHEET_WIDTH (210 * MM)
#define SHEET_HEIGHT (297 * MM)
#define MARGIN (16 * MM)
#define BOTTOM (SHEET_HEIGHT - 18 * MM)
#define WIDTH (SHEET_WIDTH - 2 * MARGIN)
#define GUTTER (5 * MM)
#define HALF ((WIDTH - GUTTER) / 2)
#define LABEL_SHARE 0.36
#define FONTS "WenQuanYi Zen Hei, Noto Sans CJK SC, DejaVu Sans"
#define FONTS_CODE "DejaVu Sans Mono"

struct colour {
	double red, green, blue;
};

/* The same as in HTML. */
static const struct colour black = {0.10, 0.10, 0.10};
static const struct colour grey = {0.30, 0.30, 0.30};
static const struct colour pale = {0.85, 0.85, 0.85};
static const struct colour blue = {0.08, 0.28, 0.48};
static const struct colour mark_colours[] = {
    [PAGE_PLAIN] = {0.10, 0.10, 0.10},
    [PAGE_POSITIVE] = {0.04, 0.42, 0.18},
    [PAGE_NEGATIVE] = {0.65, 0.05, 0.05},
    [PAGE_DISPUTED] = {0.48, 0.29, 0.00},
    [PAGE_REPAIRED] = {0.08, 0.28, 0.48},
};

struct typesetter {
	PangoFontMap *fonts;
};

/* One run over the page. */
struct sheet {
	const struct page *page;
	cairo_surface_t *surface;
	cairo_t *cairo;
	PangoLayout *layout;
	bool draws;
	unsigned number, total; /* of sheets */
	double y;               /* of what comes next */
	/* The left half of a row waits for its right half. */
	const struct page_line *left;
};

struct typesetter *
typesetter_new(void)
{
	struct typesetter *typesetter = mem_new(sizeof(*typesetter));

	typesetter->fonts = pango_cairo_font_map_new();
	return typesetter;
}

void
typesetter_free(struct typesetter *typesetter)
{
	if (typesetter == NULL)
		return;
	g_object_unref(typesetter->fonts);
	mem_free(typesetter);
}

void
typesetters_end(void)
{
	cairo_debug_reset_static_data();
	FcFini();
}

struct face {
	const char *family;
	double points;
	bool bold;
	PangoWrapMode wrap;
};

static const struct face body_face = {FONTS, 8.5, false, PANGO_WRAP_WORD_CHAR};
static const struct face note_face = {FONTS, 7.5, false, PANGO_WRAP_WORD_CHAR};
static const struct face code_face = {FONTS_CODE, 7, false, PANGO_WRAP_CHAR};

/* Its height, once it is in the layout. */
static double
set_text(struct sheet *sheet, const struct face *face, double width,
    const char *text)
{
	PangoFontDescription *font = pango_font_description_new();
	int height;

	pango_font_description_set_family_static(font, face->family);
	pango_font_description_set_absolute_size(
	    font, face->points * PANGO_SCALE);
	if (face->bold)
		pango_font_description_set_weight(font, PANGO_WEIGHT_BOLD);
	pango_layout_set_font_description(sheet->layout, font);
	pango_font_description_free(font);
	pango_layout_set_wrap(sheet->layout, face->wrap);
	pango_layout_set_width(sheet->layout, (int)(width * PANGO_SCALE));
	pango_layout_set_text(sheet->layout, text, -1);
	pango_layout_get_size(sheet->layout, NULL, &height);
	return (double)height / PANGO_SCALE;
}

static void
show_text(struct sheet *sheet, const struct colour *colour, double x, double y)
{
	if (!sheet->draws)
		return;
	cairo_set_source_rgb(
	    sheet->cairo, colour->red, colour->green, colour->blue);
	cairo_move_to(sheet->cairo, x, y);
	pango_cairo_show_layout(sheet->cairo, sheet->layout);
}

static void
show_rule(struct sheet *sheet, const struct colour *colour, double y,
    double thickness)
{
	if (!sheet->draws)
		return;
	cairo_set_source_rgb(
	    sheet->cairo, colour->red, colour->green, colour->blue);
	cairo_set_line_width(sheet->cairo, thickness);
	cairo_move_to(sheet->cairo, MARGIN, y);
	cairo_line_to(sheet->cairo, MARGIN + WIDTH, y);
	cairo_stroke(sheet->cairo);
}

static void
end_sheet(struct sheet *sheet)
{
	bool zh = page_language(sheet->page) == PAGE_ZH;
	char text[64];

	snprintf(text, sizeof(text), "%s%u%s%u%s", zh ? "第 " : "Page ",
	    sheet->number, zh ? " 页，共 " : " of ", sheet->total,
	    zh ? " 页" : "");
	pango_layout_set_alignment(sheet->layout, PANGO_ALIGN_CENTER);
	set_text(sheet, &note_face, WIDTH, text);
	show_text(sheet, &grey, MARGIN, BOTTOM + 6 * MM);
	pango_layout_set_alignment(sheet->layout, PANGO_ALIGN_LEFT);
	if (sheet->draws)
		cairo_show_page(sheet->cairo);
}

/* What comes next is `height` high; begin another sheet when it does not fit,
 * unless nothing is on this one. */
static void
make_room(struct sheet *sheet, double height)
{
	if (sheet->y + height <= BOTTOM || sheet->y <= MARGIN)
		return;
	end_sheet(sheet);
	sheet->number++;
	sheet->y = MARGIN;
}

static double
fact_height(struct sheet *sheet, const struct page_line *line, double width)
{
	double label =
	    set_text(sheet, &body_face, width * LABEL_SHARE - 2, line->label);
	double text =
	    set_text(sheet, &body_face, width * (1 - LABEL_SHARE), line->text);

	return label > text ? label : text;
}

static void
show_fact(
    struct sheet *sheet, const struct page_line *line, double x, double width)
{
	double share = width < WIDTH ? LABEL_SHARE : LABEL_SHARE * HALF / WIDTH;

	set_text(sheet, &body_face, width * share - 2, line->label);
	show_text(sheet, &grey, x, sheet->y);
	set_text(sheet, &body_face, width * (1 - share), line->text);
	show_text(sheet, &black, x + width * share, sheet->y);
}

static void
end_row(struct sheet *sheet, double height)
{
	sheet->y += height + 1.5;
	show_rule(sheet, &pale, sheet->y - 0.5, 0.4);
}

static void
put_row(struct sheet *sheet, const struct page_line *left,
    const struct page_line *right)
{
	double height = fact_height(sheet, left, HALF), other = 0;

	if (right != NULL)
		other = fact_height(sheet, right, HALF);
	if (other > height)
		height = other;
	make_room(sheet, height + 2);
	show_fact(sheet, left, MARGIN, HALF);
	if (right != NULL)
		show_fact(sheet, right, MARGIN + HALF + GUTTER, HALF);
	end_row(sheet, height);
}

static void
flush_row(struct sheet *sheet)
{
	const struct page_line *left = sheet->left;

	sheet->left = NULL;
	if (left != NULL)
		put_row(sheet, left, NULL);
}

static void
put_long(struct sheet *sheet, const struct face *face, double x, double width,
    const char *text)
{
	PangoLayout *layout = sheet->layout;
	PangoRectangle extents;
	PangoLayoutIter *iter;
	double top = 0, y;

	set_text(sheet, face, width, text);
	/* A new sheet's footer needs the layout, so this one is kept. */
	sheet->layout = pango_layout_copy(layout);
	iter = pango_layout_get_iter(layout);
	do {
		pango_layout_iter_get_line_extents(iter, NULL, &extents);
		y = (double)extents.height / PANGO_SCALE;
		make_room(sheet, y);
		top =
		    (double)(pango_layout_iter_get_baseline(iter) - extents.y) /
		    PANGO_SCALE;
		if (sheet->draws) {
			cairo_set_source_rgb(
			    sheet->cairo, black.red, black.green, black.blue);
			cairo_move_to(sheet->cairo, x, sheet->y + top);
			pango_cairo_show_layout_line(sheet->cairo,
			    pango_layout_iter_get_line_readonly(iter));
		}
		sheet->y += y;
	} while (pango_layout_iter_next_line(iter));
	pango_layout_iter_free(iter);
	g_object_unref(layout);
}

static void
put_wide(struct sheet *sheet, const struct page_line *line)
{
	const struct face *face =
	    line->kind == PAGE_CODE ? &code_face : &body_face;
	double indent = LABEL_SHARE * HALF;
	double label = set_text(sheet, &body_face, indent - 2, line->label);

	make_room(sheet, label + 2);
	set_text(sheet, &body_face, indent - 2, line->label);
	show_text(sheet, &grey, MARGIN, sheet->y);
	label += sheet->y;
	put_long(sheet, face, MARGIN + indent, WIDTH - indent, line->text);
	if (sheet->y < label && label < BOTTOM)
		sheet->y = label;
	end_row(sheet, 0);
}

/* Beyond this a fact gets a row of its own. */
#define HALF_LINES_MAX 3

static bool
is_wide(struct sheet *sheet, const struct page_line *line)
{
	if (line->kind == PAGE_CODE)
		return true;
	set_text(sheet, &body_face, HALF * (1 - LABEL_SHARE), line->text);
	return pango_layout_get_line_count(sheet->layout) > HALF_LINES_MAX;
}

static void
put_fact(struct sheet *sheet, const struct page_line *line)
{
	const struct page_line *left = sheet->left;

	if (is_wide(sheet, line)) {
		flush_row(sheet);
		put_wide(sheet, line);
	} else if (left != NULL) {
		sheet->left = NULL;
		put_row(sheet, left, line);
	} else {
		sheet->left = line;
	}
}

/* A heading stays with what follows. */
static void
put_heading(struct sheet *sheet, const struct page_line *line,
    const struct face *face, double before)
{
	const struct colour *colour =
	    line->mark != PAGE_PLAIN ? &mark_colours[line->mark] : &black;
	struct buf text = {0};
	double height;

	if (line->kind == PAGE_SECTION)
		colour = &blue;
	buf_print(&text, "%s %s", line->text,
	    page_mark_text(line->mark, page_language(sheet->page)));
	height = set_text(sheet, face, WIDTH, buf_cstr(&text));
	make_room(sheet, before + height + 14 * MM);
	/* The room may have changed what the layout holds. */
	set_text(sheet, face, WIDTH, buf_cstr(&text));
	sheet->y += sheet->y > MARGIN ? before : 0;
	show_text(sheet, colour, MARGIN, sheet->y);
	sheet->y += height + 1.5;
	buf_release(&text);
}

static void
put_section(struct sheet *sheet, const struct page_line *line)
{
	static const struct face face = {FONTS, 12, true, PANGO_WRAP_WORD_CHAR};
	char at[96];

	put_heading(sheet, line, &face, 10);
	show_rule(sheet, &blue, sheet->y, 1);
	if (sheet->draws) {
		snprintf(at, sizeof(at), "page=%u pos=[0 %d]", sheet->number,
		    (int)(sheet->y - 18));
		cairo_pdf_surface_add_outline(sheet->surface,
		    CAIRO_PDF_OUTLINE_ROOT, line->text, at,
		    (cairo_pdf_outline_flags_t)0);
	}
	sheet->y += 4;
}

static void
put_title(struct sheet *sheet, const struct page_line *line)
{
	static const struct face face = {FONTS, 18, true, PANGO_WRAP_WORD_CHAR};
	double height;

	pango_layout_set_alignment(sheet->layout, PANGO_ALIGN_CENTER);
	height = set_text(sheet, &face, WIDTH, line->text);
	show_text(sheet, &black, MARGIN, sheet->y);
	pango_layout_set_alignment(sheet->layout, PANGO_ALIGN_LEFT);
	sheet->y += height + 8;
}

static void
put_line(struct sheet *sheet, const struct page_line *line)
{
	static const struct face item = {
	    FONTS, 9.5, true, PANGO_WRAP_WORD_CHAR};
	static const struct face record = {
	    FONTS, 8.5, true, PANGO_WRAP_WORD_CHAR};

	if (line->kind == PAGE_FACT || line->kind == PAGE_CODE) {
		put_fact(sheet, line);
		return;
	}
	flush_row(sheet);
	if (line->kind == PAGE_TITLE)
		put_title(sheet, line);
	else if (line->kind == PAGE_SECTION)
		put_section(sheet, line);
	else if (line->kind == PAGE_ITEM)
		put_heading(sheet, line, &item, 6);
	else if (line->kind == PAGE_RECORD)
		put_heading(sheet, line, &record, 3);
	else
		put_long(sheet,
		    line->kind == PAGE_NOTE ? &note_face : &body_face, MARGIN,
		    WIDTH, line->text);
}

static void
run(struct sheet *sheet)
{
	size_t count, i;
	const struct page_line *lines = page_lines(sheet->page, &count);

	sheet->number = 1;
	sheet->y = MARGIN;
	sheet->left = NULL;
	for (i = 0; i < count && sheet->number <= TYPESET_PAGES_MAX; i++)
		put_line(sheet, &lines[i]);
	flush_row(sheet);
	end_sheet(sheet);
	sheet->total = sheet->number;
}

static cairo_status_t
on_bytes(void *context, const unsigned char *bytes, unsigned len)
{
	buf_add(context, bytes, len);
	return CAIRO_STATUS_SUCCESS;
}

static void
name_document(struct sheet *sheet)
{
	size_t count;
	const struct page_line *lines = page_lines(sheet->page, &count);
	char time[sizeof("2026-03-28T08:00:00Z")];

	/* Cairo knows no fractions of a second. */
	snprintf(time, sizeof(time), "%.19sZ", page_time(sheet->page));
	cairo_pdf_surface_set_metadata(
	    sheet->surface, CAIRO_PDF_METADATA_TITLE, lines[0].text);
	cairo_pdf_surface_set_metadata(
	    sheet->surface, CAIRO_PDF_METADATA_CREATOR, "Rongxin");
	cairo_pdf_surface_set_metadata(
	    sheet->surface, CAIRO_PDF_METADATA_CREATE_DATE, time);
}

enum err
typeset(struct typesetter *typesetter, const struct page *page, struct buf *pdf,
    struct why *why)
{
	struct sheet sheet = {.page = page};
	PangoContext *context =
	    pango_font_map_create_context(typesetter->fonts);
	enum err err = ERR_OK;

	pango_context_set_language(
	    context, pango_language_from_string(
			 page_language(page) == PAGE_ZH ? "zh-cn" : "en"));
	sheet.surface = cairo_pdf_surface_create_for_stream(
	    on_bytes, pdf, SHEET_WIDTH, SHEET_HEIGHT);
	sheet.cairo = cairo_create(sheet.surface);
	name_document(&sheet);
	sheet.layout = pango_layout_new(context);
	run(&sheet);
	if (sheet.total > TYPESET_PAGES_MAX) {
		err = why_set(why, ERR_LIMIT, "too many pages");
	} else {
		sheet.draws = true;
		run(&sheet);
	}
	g_object_unref(sheet.layout);
	cairo_destroy(sheet.cairo);
	cairo_surface_finish(sheet.surface);
	if (err == ERR_OK &&
	    cairo_surface_status(sheet.surface) != CAIRO_STATUS_SUCCESS)
		err = why_set(why, ERR_IO, "the PDF could not be written");
	cairo_surface_destroy(sheet.surface);
	g_object_unref(context);
	return err;
}
