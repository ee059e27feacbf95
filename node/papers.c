/*
 * papers: the standard documents of a subject's objections.
 */
#include "node/papers.h"

#include "base/json.h"
#include "base/mem.h"
#include "credit/paper.h"
#include "node/filings.h"
#include "node/node.h"
#include "node/printer.h"
#include "node/world.h"

struct printing {
	struct http_exchange *exchange;
	struct print_job job;
	struct node *node;
	const struct world *world; /* held: the page has its words */
};

static void
printing_free(struct printing *printing)
{
	page_free(printing->job.page);
	shared_drop(printing->node->world, printing->world);
	buf_release(&printing->job.out);
	mem_free(printing);
}

static void
send_text(struct http_exchange *exchange, const struct page *page)
{
	struct buf text = {0};

	paper_print_text(page, &text);
	http_reply(exchange, 200, "text/plain; charset=utf-8", buf_span(&text));
	buf_release(&text);
}

static void
send_on_loop(struct http_exchange *exchange, void *argument)
{
	struct printing *printing = argument;
	struct buf policy = {0};

	if (printing->job.err != ERR_OK) {
		http_reply_problem(exchange, 503, "not_ready",
		    "The document could not be printed", NULL);
		printing_free(printing);
		return;
	}
	page_print_policy(&policy);
	http_reply_header(exchange, "cache-control", "no-store");
	http_reply_header(exchange, "x-content-type-options", "nosniff");
	if (printing->job.form == PRINT_HTML)
		http_reply_header(
		    exchange, "content-security-policy", buf_cstr(&policy));
	http_reply(exchange, 200, print_form_type(printing->job.form),
	    buf_span(&printing->job.out));
	buf_release(&policy);
	printing_free(printing);
}

static void
on_printed(void *context)
{
	struct printing *printing = context;

	http_defer(printing->exchange, send_on_loop, printing);
}

static struct page *
make_page(struct printing *printing, enum paper_kind kind, struct span document)
{
	const struct world *world = printing->world;
	struct json *objection = json_parse(document, NULL);
	const struct json *provider = json_find(objection, "provider");
	int64_t item = json_int(json_find(objection, "item"), 0);
	const struct member *subject =
	    world_find(world, json_cstr(json_find(objection, "subject"), ""));
	const struct member *department =
	    world_find(world, json_cstr(provider, ""));
	struct paper_names names = {
	    .subject = subject != NULL ? subject->name : "",
	    .provider = department != NULL ? department->name : ""};
	struct page *page;

	if (world != NULL && world->catalog != NULL && item > 0 &&
	    item <= CATALOG_ITEM_MAX)
		names.item = catalog_find_item(world->catalog, (uint32_t)item);
	page = paper_new(kind, objection, &names, printing->job.language);
	json_free(objection);
	return page;
}

/* Whether it waits here or stands on stream 0000. */
static enum err
find_document(struct node *node, const struct order *about, struct buf *out)
{
	struct snapshot *snapshot = store_snapshot(node->store);
	struct buf found = {0};
	struct json_out json = {.buf = out, .comma = true};
	bool pending = false;
	enum err err = filings_find(snapshot, about, &found, &pending);

	if (err == ERR_OK && !pending) {
		filings_print_whole(snapshot, about, buf_span(&found), out);
	} else if (err == ERR_OK && found.len > 0) {
		buf_add(out, found.data, found.len);
		while (out->len > 0 && out->data[out->len - 1] != '}')
			out->len--;
		out->len -= out->len > 0;
		json_put_raw(&json, "claims", buf_span(&found));
		json_close_object(&json);
	}
	snapshot_release(snapshot);
	buf_release(&found);
	return err;
}

static void
print(struct printing *printing)
{
	struct http_exchange *exchange = printing->exchange;

	if (printing->job.page == NULL)
		http_reply_problem(exchange, 409, "objection_state",
		    "There is no such document of it", "It does not stand so.");
	else if (printing->job.form == PRINT_JSON ||
		 printing->job.form == PRINT_SIGNED)
		send_text(exchange, printing->job.page);
	else if (printer_post(printing->node->printer, &printing->job))
		return;
	else
		http_reply_problem(exchange, 503, "busy", "Too much at once",
		    "Other documents are being printed; try again.");
	printing_free(printing);
}

void
papers_on_get(struct http_exchange *exchange, void *context)
{
	struct node *node = context;
	const char *id = http_path_param(exchange, "id");
	const char *subject = http_peer(exchange)->code;
	enum paper_kind kind =
	    paper_kind_parse(http_path_param(exchange, "kind"));
	struct printing *printing;
	struct buf document = {0};
	struct order about = {0};
	enum err err = ERR_MISSING;

	if (kind != PAPER_KINDS && consent_id_is_valid(span_of(id)) &&
	    strlen(subject) == USCC_LEN) {
		memcpy(about.id, id, strlen(id) + 1);
		memcpy(about.subject, subject, USCC_LEN + 1);
		err = find_document(node, &about, &document);
	}
	if (err != ERR_OK) {
		http_reply_problem(exchange, 404, "not_found",
		    "No such document of yours", NULL);
		buf_release(&document);
		return;
	}
	printing = mem_new(sizeof(*printing));
	printing->exchange = exchange;
	printing->node = node;
	printing->world = shared_hold(node->world);
	printing->job.form = print_form_of(http_header(exchange, "accept"));
	printing->job.language = print_language_of(http_query(exchange, "lang"),
	    http_header(exchange, "accept-language"));
	printing->job.done = on_printed;
	printing->job.context = printing;
	printing->job.page = make_page(printing, kind, buf_span(&document));
	buf_release(&document);
	print(printing);
}
