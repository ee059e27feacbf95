/*
 * readers: GET /v1/objections/{id}/readers, which institutions saw the records
 * that an objection is about, out of this node's trail.
 */
#include "node/readers.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "credit/purpose.h"
#include "node/accesses.h"
#include "node/filings.h"
#include "node/node.h"
#include "node/world.h"

struct readers {
	struct node *node;
	struct http_exchange *exchange;
	struct accesses_question question;
	char id[CONSENT_ID_MAX + 1];
	uint32_t item;
	enum err err;
	struct buf body;
};

static bool
is_reader(const struct readers *readers, const struct access *access)
{
	size_t i;

	if (strcmp(access->member, access->subject) == 0)
		return false;
	for (i = 0; i < access->item_count; i++)
		if (access->items[i] == readers->item)
			return true;
	return false;
}

static void
put_reader(
    struct json_out *out, const struct seen *seen, const struct world *world)
{
	const struct access *access = &seen->access;
	const struct member *member = world_find(world, access->member);
	char time[CLOCK_TEXT_MAX];

	json_open_object(out, NULL);
	json_put_cstr(out, "member", access->member);
	json_put_cstr(out, "name", member != NULL ? member->name : "");
	json_put_cstr(out, "time", clock_print(access->time_us, time));
	json_put_cstr(out, "purpose", purpose_name(access->purpose));
	json_put_int(out, "index", (int64_t)seen->index);
	json_close_object(out);
}

static void
print_page(struct readers *readers, const struct accesses_page *page)
{
	const struct world *world = shared_hold(readers->node->world);
	struct json_out out = {.buf = &readers->body};
	size_t i;

	json_open_object(&out, NULL);
	json_put_cstr(&out, "id", readers->id);
	json_put_cstr(&out, "node", readers->node->code);
	json_put_int(&out, "item", readers->item);
	json_open_array(&out, "readers");
	for (i = 0; i < page->count; i++)
		if (is_reader(readers, &page->list[i].access))
			put_reader(&out, &page->list[i], world);
	json_close_array(&out);
	if (page->more)
		json_put_int(
		    &out, "next", (int64_t)page->list[page->count - 1].index);
	json_close_object(&out);
	shared_drop(readers->node->world, world);
}

static void
on_loop(struct http_exchange *exchange, void *argument)
{
	struct readers *readers = argument;

	if (readers->err == ERR_OK)
		http_reply(exchange, 200, "application/json",
		    buf_span(&readers->body));
	else if (readers->err == ERR_BUSY)
		http_reply_problem(
		    exchange, 503, "busy", "Busy", "The trail is being read.");
	else
		http_reply_problem(exchange, 503, "trail_unavailable",
		    "The trail cannot be read", NULL);
	buf_release(&readers->body);
	mem_free(readers);
}

static void
on_found(void *context, enum err err, const struct accesses_page *page)
{
	struct readers *readers = context;

	readers->err = err;
	if (err == ERR_OK)
		print_page(readers, page);
	http_defer(readers->exchange, on_loop, readers);
}

/* 0: it is none of the subject's. */
static uint32_t
find_item(struct node *node, const struct order *about)
{
	struct snapshot *snapshot = store_snapshot(node->store);
	struct buf text = {0};
	struct json *document;
	bool pending = false;
	enum err err = filings_find(snapshot, about, &text, &pending);
	uint32_t item = 0;

	snapshot_release(snapshot);
	if (err == ERR_OK) {
		document = json_parse(buf_span(&text), NULL);
		item = (uint32_t)json_int(json_find(document, "item"), 0);
		json_free(document);
	}
	buf_release(&text);
	return item;
}

static bool
read_after(struct http_exchange *exchange, uint64_t *from)
{
	const char *text = http_query(exchange, "after");
	char *end;

	*from = 0;
	if (text == NULL)
		return true;
	errno = 0;
	*from = strtoull(text, &end, 10) + 1;
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 &&
	       *from <= INT64_MAX;
}

void
readers_on_get(struct http_exchange *exchange, void *context)
{
	const char *id = http_path_param(exchange, "id");
	const char *subject = http_peer(exchange)->code;
	struct readers *readers;
	struct order about = {0};
	uint64_t from;
	uint32_t item = 0;

	if (!read_after(exchange, &from)) {
		http_reply_problem(exchange, 400, "malformed", "Malformed",
		    "after: an index of the trail");
		return;
	}
	if (consent_id_is_valid(span_of(id)) && strlen(subject) == USCC_LEN) {
		memcpy(about.id, id, strlen(id) + 1);
		memcpy(about.subject, subject, USCC_LEN + 1);
		item = find_item(context, &about);
	}
	if (item == 0) {
		http_reply_problem(exchange, 404, "not_found",
		    "No such objection of yours", NULL);
		return;
	}
	readers = mem_new(sizeof(*readers));
	readers->node = context;
	readers->exchange = exchange;
	readers->item = item;
	memcpy(readers->id, about.id, sizeof(readers->id));
	readers->question.from = from;
	readers->question.limit = ACCESSES_LIMIT_MAX;
	memcpy(readers->question.subject, about.subject,
	    sizeof(readers->question.subject));
	accesses_ask(
	    readers->node->accesses, &readers->question, on_found, readers);
}
