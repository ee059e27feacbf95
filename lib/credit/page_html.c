/*
 * page_html: a report as one HTML document: no script, nothing fetched.
 */
#include "credit/page.h"

#include "base/codec.h"
#include "base/digest.h"

/* The words of a mark carry the meaning; colour only repeats it.  All pairs
 * of colours have a contrast of at least 4.5 (WCAG 2.1, 1.4.3). */
static const char style[] =
    ":root{color-scheme:light}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;max-width:60rem;padding:1rem;background:#fff;"
    "color:#1a1a1a;font:16px/1.5 system-ui,\"Noto Sans CJK SC\","
    "\"WenQuanYi Zen Hei\",\"Microsoft YaHei\",sans-serif}"
    "h1{font-size:1.6rem;margin:.5rem 0 1rem;text-align:center}"
    "h2{font-size:1.2rem;margin:2rem 0 .5rem;padding-bottom:.2rem;"
    "border-bottom:2px solid #14477a;color:#14477a;break-after:avoid}"
    "h3{font-size:1rem;margin:1.2rem 0 .2rem;break-after:avoid}"
    "h4{font-size:.95rem;margin:.6rem 0 .1rem;break-after:avoid}"
    "p{margin:.2rem 0 .5rem}"
    ".note{color:#4d4d4d;font-size:.85rem}"
    "dl{display:grid;grid-template-columns:repeat(auto-fill,"
    "minmax(min(100%,19rem),1fr));gap:0 1.5rem;margin:.2rem 0 .6rem}"
    "dl>div{display:flex;gap:.6rem;padding:.15rem 0;"
    "border-bottom:1px solid #d9d9d9;break-inside:avoid}"
    "dt{flex:0 0 38%;color:#4d4d4d}"
    "dd{margin:0;flex:1;overflow-wrap:anywhere}"
    ".code{display:block}"
    ".code dd{font:.8rem/1.4 ui-monospace,monospace;word-break:break-all}"
    ".wide{grid-column:1/-1}"
    ".mark{font-weight:bold;font-size:.9em}"
    ".bad{color:#a50e0e}.good{color:#0b6b2e}"
    ".disputed{color:#7a4a00}.repaired{color:#14477a}"
    "@page{size:A4;margin:18mm 16mm}"
    "@media print{body{max-width:none;padding:0;font-size:9.5pt}"
    "h2{margin-top:1rem}dl{grid-template-columns:1fr 1fr}}";

struct printer {
	const struct page *page;
	struct buf *out;
	bool in_list;
};

static void
put_escaped(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '&')
			buf_text(out, "&amp;");
		else if (*text == '<')
			buf_text(out, "&lt;");
		else if (*text == '>')
			buf_text(out, "&gt;");
		else if (*text == '"')
			buf_text(out, "&quot;");
		else if ((unsigned char)*text >= ' ')
			buf_char(out, *text);
		else
			buf_char(out, ' ');
	}
}

void
page_print_policy(struct buf *out)
{
	struct digest digest = digest_of(span_of(style));

	buf_text(out, "default-src 'none'; style-src 'sha256-");
	codec_base64(span_make(digest.bytes, DIGEST_LEN), out);
	buf_text(out,
	    "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
}

static void
put_mark(struct printer *printer, enum page_mark mark)
{
	static const char *const names[] = {[PAGE_PLAIN] = "",
	    [PAGE_POSITIVE] = "good",
	    [PAGE_NEGATIVE] = "bad",
	    [PAGE_DISPUTED] = "disputed",
	    [PAGE_REPAIRED] = "repaired"};

	if (mark == PAGE_PLAIN)
		return;
	buf_print(printer->out, " <span class=\"mark %s\">%s</span>",
	    names[mark], page_mark_text(mark, page_language(printer->page)));
}

static void
put_element(struct printer *printer, const char *open, const char *close,
    const struct page_line *line)
{
	buf_text(printer->out, open);
	put_escaped(printer->out, line->text);
	put_mark(printer, line->mark);
	buf_text(printer->out, close);
}

/* Texts that would not stand beside their label. */
#define WIDE_BYTES 90

static void
put_pair(struct printer *printer, const struct page_line *line)
{
	const char *kind = "";

	if (line->kind == PAGE_CODE)
		kind = " class=\"code wide\"";
	else if (strlen(line->text) > WIDE_BYTES)
		kind = " class=\"wide\"";
	if (!printer->in_list)
		buf_text(printer->out, "<dl>\n");
	printer->in_list = true;
	buf_print(printer->out, "<div%s><dt>", kind);
	put_escaped(printer->out, line->label);
	buf_text(printer->out, "</dt><dd>");
	put_escaped(printer->out, line->text);
	buf_text(printer->out, "</dd></div>\n");
}

static void
end_list(struct printer *printer)
{
	if (printer->in_list)
		buf_text(printer->out, "</dl>\n");
	printer->in_list = false;
}

static void
put_line(struct printer *printer, const struct page_line *line)
{
	static const struct {
		const char *open, *close;
	} tags[] = {
	    [PAGE_TITLE] = {"<h1>", "</h1>\n"},
	    [PAGE_SECTION] = {"<h2>", "</h2>\n"},
	    [PAGE_ITEM] = {"<h3>", "</h3>\n"},
	    [PAGE_NOTE] = {"<p class=\"note\">", "</p>\n"},
	    [PAGE_RECORD] = {"<h4>", "</h4>\n"},
	    [PAGE_TEXT] = {"<p>", "</p>\n"},
	};

	if (line->kind == PAGE_FACT || line->kind == PAGE_CODE) {
		put_pair(printer, line);
		return;
	}
	end_list(printer);
	put_element(
	    printer, tags[line->kind].open, tags[line->kind].close, line);
}

static void
put_head(struct printer *printer, const struct page_line *title)
{
	struct buf *out = printer->out;

	buf_print(out,
	    "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
	    "content=\"width=device-width,initial-scale=1\">\n"
	    "<meta name=\"robots\" content=\"noindex\">\n<title>",
	    page_language(printer->page) == PAGE_ZH ? "zh-CN" : "en");
	put_escaped(out, title->text);
	buf_text(out, "</title>\n<style>");
	buf_text(out, style);
	buf_text(out, "</style>\n</head>\n<body>\n<main>\n");
}

void
page_print_html(const struct page *page, struct buf *out)
{
	struct printer printer = {page, out, false};
	size_t count, i;
	const struct page_line *lines = page_lines(page, &count);

	put_head(&printer, &lines[0]);
	for (i = 0; i < count; i++)
		put_line(&printer, &lines[i]);
	end_list(&printer);
	buf_text(out, "</main>\n</body>\n</html>\n");
}
