/*
 * trail_pages: the trail over HTTP.
 */
#include "node/trail_pages.h"

#include <errno.h>
#include <stdlib.h>

#include "base/codec.h"
#include "base/json.h"
#include "base/mem.h"
#include "credit/merkle.h"
#include "node/node.h"
#include "node/world.h"
#include "wire/pack.h"

struct page {
	struct node *node;
	struct http_exchange *exchange;
	const char *content_type;
	enum err err;
	struct buf body;
	char member[MEMBER_CODE_MAX + 1]; /* who asks for an entry */
};

static struct page *
page_new(struct http_exchange *exchange, void *context)
{
	struct page *page = mem_new(sizeof(*page));

	page->node = context;
	page->exchange = exchange;
	memcpy(page->member, http_peer(exchange)->code, sizeof(page->member));
	return page;
}

static void
page_on_loop(struct http_exchange *exchange, void *argument)
{
	struct page *page = argument;

	if (page->err == ERR_OK)
		http_reply(
		    exchange, 200, page->content_type, buf_span(&page->body));
	else if (page->err == ERR_MISSING)
		http_reply_problem(
		    exchange, 404, "not_found", "No such part", NULL);
	else if (page->err == ERR_TOO_OLD)
		http_reply_problem(exchange, 410, "entry_deleted",
		    "The entry was deleted at the end of its retention",
		    "Its hash is in the trail still.");
	else if (page->err == ERR_DENIED)
		http_reply_problem(exchange, 403, "not_yours", "Not yours",
		    "Its member, its subject and the operator may see it.");
	else
		http_reply_problem(exchange, 503, "trail_unavailable",
		    "The trail cannot be read", NULL);
	buf_release(&page->body);
	mem_free(page);
}

static void
page_on_file(void *context, enum err err, struct span bytes)
{
	struct page *page = context;

	page->err = err;
	if (err == ERR_OK)
		buf_add(&page->body, bytes.ptr, bytes.len);
	http_defer(page->exchange, page_on_loop, page);
}

static void
serve_note(struct http_exchange *exchange, const char *name, struct node *node)
{
	struct page *page = page_new(exchange, node);

	page->content_type = "text/plain; charset=utf-8";
	tree_read_file(trail_tree(page->node->trail), name, page_on_file, page);
}

void
trail_on_checkpoint(struct http_exchange *exchange, void *context)
{
	serve_note(exchange, "checkpoint", context);
}

void
trail_on_witnessed(struct http_exchange *exchange, void *context)
{
	serve_note(exchange, "witnessed", context);
}

/* Only what is exactly a tile's path reaches the disk. */
void
trail_on_tile(struct http_exchange *exchange, void *context)
{
	const char *rest = http_path_param(exchange, "rest");
	char name[MERKLE_PATH_MAX];
	struct page *page;
	uint64_t index;
	unsigned width;
	int level;

	if (!merkle_parse_tile_path(span_of(rest), &level, &index, &width)) {
		http_reply_problem(
		    exchange, 404, "not_found", "No such tile", NULL);
		return;
	}
	page = page_new(exchange, context);
	page->content_type = "application/octet-stream";
	merkle_tile_path(level, index, width, name);
	tree_read_file(trail_tree(page->node->trail), name, page_on_file, page);
}

static bool
page_may_see(struct page *page, const struct access *access)
{
	const struct world *world = shared_hold(page->node->world);
	const struct member *member = world_find(world, page->member);
	bool may = strcmp(page->member, access->member) == 0 ||
		   strcmp(page->member, access->subject) == 0 ||
		   (member != NULL && member_may_audit(member));

	shared_drop(page->node->world, world);
	return may;
}

static void
page_print_entry(
    struct page *page, const struct entry *entry, const struct access *access)
{
	struct json_out out = {.buf = &page->body};
	struct buf text = {0};

	json_open_object(&out, NULL);
	json_put_int(&out, "index", (int64_t)entry->index);
	codec_base64(span_make(entry->nonce, ACCESS_NONCE_LEN), &text);
	json_put_text(&out, "nonce", buf_span(&text));
	buf_reset(&text);
	codec_base64(entry->bytes, &text);
	json_put_text(&out, "entry", buf_span(&text));
	buf_reset(&text);
	access_print(access, &text);
	json_put_raw(&out, "access", buf_span(&text));
	json_close_object(&out);
	buf_release(&text);
}

static void
page_on_entry(void *context, enum err err, const struct entry *entry)
{
	struct page *page = context;
	struct access access = {0};

	page->err = err;
	if (err == ERR_OK)
		page->err = unpack_access(entry->bytes, &access);
	if (page->err == ERR_OK && !page_may_see(page, &access))
		page->err = ERR_DENIED;
	if (page->err == ERR_OK)
		page_print_entry(page, entry, &access);
	http_defer(page->exchange, page_on_loop, page);
}

static void
page_on_proof(void *context, enum err err, const struct inclusion *proof)
{
	struct page *page = context;

	page->err = err;
	if (err == ERR_OK)
		inclusion_print(proof, &page->body);
	http_defer(page->exchange, page_on_loop, page);
}

/* The number in "{index}"; false when it is none, and answered. */
static bool
page_index(struct http_exchange *exchange, uint64_t *index)
{
	const char *text = http_path_param(exchange, "index");
	char *end;

	errno = 0;
	*index = strtoull(text, &end, 10);
	if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0)
		return true;
	http_reply_problem(exchange, 404, "not_found", "No such entry", NULL);
	return false;
}

void
trail_on_receipt(struct http_exchange *exchange, void *context)
{
	struct page *page;
	uint64_t index;

	if (!page_index(exchange, &index))
		return;
	page = page_new(exchange, context);
	page->content_type = "application/json";
	tree_prove(trail_tree(page->node->trail), index, page_on_proof, page);
}

void
trail_on_entry_page(struct http_exchange *exchange, void *context)
{
	struct page *page;
	uint64_t index;

	if (!page_index(exchange, &index))
		return;
	page = page_new(exchange, context);
	page->content_type = "application/json";
	trail_read(page->node->trail, index, page_on_entry, page);
}
