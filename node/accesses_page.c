/*
 * accesses_page: GET /v1/accesses, who saw the data of whom the certificate
 * is.
 */
#include "node/accesses_page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "node/accesses.h"
#include "node/node.h"
#include "node/world.h"

#define LIMIT 100

struct reply_page {
	struct node *node;
	struct http_exchange *exchange;
	struct accesses_question question;
	enum err err;
	struct buf body;
};

static void
put_seen(
    struct json_out *out, const struct seen *seen, const struct world *world)
{
	const struct member *member = world_find(world, seen->access.member);
	char hex[DIGEST_HEX_LEN + 1];
	struct buf text = {0};

	json_open_object(out, NULL);
	json_put_int(out, "index", (int64_t)seen->index);
	json_put_cstr(out, "leaf_hash", digest_print(&seen->leaf, hex));
	json_put_cstr(out, "name", member != NULL ? member->name : "");
	access_print(&seen->access, &text);
	json_put_raw(out, "access", buf_span(&text));
	json_close_object(out);
	buf_release(&text);
}

void
accesses_page_print(struct node *node, const char *subject,
    const struct accesses_page *page, struct buf *body)
{
	const struct world *world = shared_hold(node->world);
	struct json_out out = {.buf = body};
	size_t i;

	json_open_object(&out, NULL);
	json_put_cstr(&out, "node", node->code);
	json_put_cstr(&out, "subject", subject);
	json_put_int(&out, "tree_size", (int64_t)page->size);
	json_put_text(&out, "checkpoint", page->checkpoint);
	json_open_array(&out, "accesses");
	for (i = 0; i < page->count; i++)
		put_seen(&out, &page->list[i], world);
	json_close_array(&out);
	if (page->more)
		json_put_int(
		    &out, "next", (int64_t)page->list[page->count - 1].index);
	json_close_object(&out);
	shared_drop(node->world, world);
}

static void
on_loop(struct http_exchange *exchange, void *argument)
{
	struct reply_page *reply = argument;

	if (reply->err == ERR_OK) {
		http_reply(
		    exchange, 200, "application/json", buf_span(&reply->body));
	} else if (reply->err == ERR_BUSY) {
		http_reply_header(exchange, "retry-after", "5");
		http_reply_problem(
		    exchange, 503, "busy", "Busy", "The trail is being read.");
	} else {
		http_reply_problem(exchange, 503, "trail_unavailable",
		    "The trail cannot be read", NULL);
	}
	buf_release(&reply->body);
	mem_free(reply);
}

static void
on_found(void *context, enum err err, const struct accesses_page *page)
{
	struct reply_page *reply = context;

	reply->err = err;
	if (err == ERR_OK)
		accesses_page_print(
		    reply->node, reply->question.subject, page, &reply->body);
	http_defer(reply->exchange, on_loop, reply);
}

/* A number of the query up to `max`; false when it is none. */
static bool
query_number(struct http_exchange *exchange, const char *name, uint64_t max,
    uint64_t *number)
{
	const char *text = http_query(exchange, name);
	char *end;

	if (text == NULL)
		return true;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 &&
	       *number <= max;
}

void
accesses_on_page(struct http_exchange *exchange, void *context)
{
	const char *code = http_peer(exchange)->code;
	uint64_t after = UINT64_MAX, limit = LIMIT;
	struct reply_page *reply;

	if (!query_number(exchange, "after", INT64_MAX, &after) ||
	    !query_number(exchange, "limit", ACCESSES_LIMIT_MAX, &limit) ||
	    limit == 0) {
		http_reply_problem(exchange, 400, "malformed", "Malformed",
		    "after: an index; limit: 1 to 500");
		return;
	}
	reply = mem_new(sizeof(*reply));
	reply->node = context;
	reply->exchange = exchange;
	reply->question.from = after + 1; /* none: 0 */
	reply->question.limit = (size_t)limit;
	snprintf(reply->question.subject, sizeof(reply->question.subject),
	    "%.*s", USCC_LEN, code);
	accesses_ask(reply->node->accesses, &reply->question, on_found, reply);
}
