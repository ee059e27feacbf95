/*
 * problem_page: a page for each type of problem document.
 */
#include "wire/problem_page.h"

#include <ctype.h>
#include <string.h>

#include "wire/http_tag.h"
#include "wire/problem.h"

/* The manual's style. */
static const char head[] =
    "<!doctype html>\n<html lang=\"zh\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, "
    "initial-scale=1\">\n"
    "<link rel=\"stylesheet\" href=\"/v1/openapi.css\">\n";

static void
begin(struct buf *page, const char *title)
{
	buf_text(page, head);
	buf_print(page, "<title>%s</title>\n</head>\n<body>\n<main>\n", title);
}

static void
reply(struct http_exchange *exchange, struct buf *page)
{
	buf_text(page, "</main>\n</body>\n</html>\n");
	http_reply_header(exchange, "content-security-policy",
	    "default-src 'none'; style-src 'self'; base-uri 'none'; "
	    "form-action 'none'; frame-ancestors 'none'");
	http_reply_header(exchange, "x-content-type-options", "nosniff");
	http_tag_reply(exchange, "text/html; charset=utf-8", buf_span(page));
	buf_release(page);
}

void
problem_on_list(struct http_exchange *exchange, void *context)
{
	const struct problem_words *row;
	struct buf page = {0};

	(void)context;
	begin(&page, "融信 Rongxin: problems");
	buf_text(&page,
	    "<h1>错误类型 <span lang=\"en\">Problem types</span></h1>\n<table>"
	    "<thead><tr><th>类型 type</th><th>HTTP</th><th>含义 "
	    "meaning</th></tr></thead>\n<tbody>\n");
	for (row = problem_words; row->name != NULL; row++)
		buf_print(&page,
		    "<tr><td><a href=\"" PROBLEM_PAGES
		    "%s\"><code>%s</code></a></td><td>%s</td>"
		    "<td>%s<br><span class=\"weak\" lang=\"en\">%s</span></td>"
		    "</tr>\n",
		    row->name, row->name, row->status, row->zh, row->en);
	buf_text(&page, "</tbody></table>\n");
	reply(exchange, &page);
}

static const struct problem_words *
find(const char *name)
{
	const struct problem_words *row = problem_words;

	while (row->name != NULL && strcmp(row->name, name) != 0)
		row++;
	return row->name != NULL ? row : NULL;
}

void
problem_on_page(struct http_exchange *exchange, void *context)
{
	const struct problem_words *row =
	    find(http_path_param(exchange, "name"));
	struct buf page = {0};

	(void)context;
	if (row == NULL) {
		http_reply_problem(
		    exchange, 404, "not_found", "No such problem type", NULL);
		return;
	}
	begin(&page, row->name);
	buf_print(&page,
	    "<h1><code>%s</code></h1>\n<p>HTTP %s · <code>" PROBLEM_URN
	    "%s</code></p>\n",
	    row->name, row->status, row->name);
	buf_print(&page,
	    "<h2>含义</h2>\n<p>%s。</p>\n<h2>怎么办</h2>\n<p>%s</p>\n", row->zh,
	    row->zh_do);
	buf_print(&page,
	    "<section lang=\"en\">\n<h2>What it means</h2>\n<p>%c%s.</p>\n"
	    "<h2>What to do</h2>\n<p>%s</p>\n</section>\n",
	    toupper(row->en[0]), row->en + 1, row->en_do);
	buf_text(&page,
	    "<p><a href=\"/v1/problems\">全部错误类型 all problem types</a> · "
	    "<a href=\"/v1/openapi\">接口说明 API</a></p>\n");
	reply(exchange, &page);
}
