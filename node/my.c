/*
 * my: the enterprise's page, and what it asks first.
 */
#include "node/my.h"

#include <stdio.h>

#include "base/json.h"
#include "base/jws.h"
#include "node/control.h"
#include "node/door.h"
#include "node/former.h"
#include "node/node.h"
#include "node/world.h"
#include "wire/http_tag.h"
#include "wire/pages.h"

#define NAME_MAX_LEN 256

void
my_on_root(struct http_exchange *exchange, void *context)
{
	(void)context;
	http_reply_header(exchange, "location", "/my/");
	http_reply(exchange, 303, NULL, span_make("", 0));
}

static void
send_page(
    struct http_exchange *exchange, const struct node *node, const char *folder)
{
	const char *file = http_path_param(exchange, "file");
	const struct page_file *page = NULL;
	char name[NAME_MAX_LEN];

	if (*file == '\0')
		file = "index.html";
	if (node->pages != NULL &&
	    snprintf(name, sizeof(name), "%s/%s", folder, file) < NAME_MAX_LEN)
		page = pages_find(node->pages, name);
	if (page != NULL)
		pages_send(exchange, page);
	else
		http_reply_problem(exchange, 404, "not_found", "No such page",
		    node->pages == NULL ? "This node has no pages_folder."
					: NULL);
}

void
my_on_page(struct http_exchange *exchange, void *context)
{
	send_page(exchange, context, "my");
}

void
my_on_entry(struct http_exchange *exchange, void *context)
{
	send_page(exchange, context, "entry");
}

void
my_on_base(struct http_exchange *exchange, void *context)
{
	send_page(exchange, context, "base");
}

static void
put_member(struct json_out *out, const struct member *member)
{
	json_put_cstr(out, "code", member->code);
	json_put_cstr(out, "name", member->name);
	json_put_cstr(out, "kind", member_kind_name(member->kind));
}

static void
send_json(struct http_exchange *exchange, struct buf *body)
{
	http_reply(exchange, 200, "application/json", buf_span(body));
	buf_release(body);
}

void
my_on_me(struct http_exchange *exchange, void *context)
{
	struct node *node = context;
	const struct world *world = shared_hold(node->world);
	const struct member *me = world_find(world, http_peer(exchange)->code);
	struct buf body = {0};
	struct json_out out = {.buf = &body};

	json_open_object(&out, NULL);
	if (me != NULL)
		put_member(&out, me);
	if (node->is_sandbox)
		json_put_bool(&out, "sandbox", true);
	json_open_object(&out, "node");
	json_put_cstr(&out, "code", node->code);
	json_put_cstr(&out, "name",
	    world != NULL && world->self != NULL ? world->self->name : "");
	if (door_holder(world) != NULL)
		json_put_cstr(&out, "holder", door_holder(world)->code);
	json_close_object(&out);
	json_close_object(&out);
	shared_drop(node->world, world);
	send_json(exchange, &body);
}

void
my_on_members(struct http_exchange *exchange, void *context)
{
	struct node *node = context;
	const struct world *world = shared_hold(node->world);
	struct buf body = {0};
	struct json_out out = {.buf = &body};
	const struct member *member;
	size_t i;

	json_open_object(&out, NULL);
	json_open_array(&out, "members");
	for (i = 0; world != NULL && i < world->member_count; i++) {
		member = &world->members[i];
		if (member->status != MEMBER_ACTIVE ||
		    (!member_is_institution(member) &&
			member->kind != MEMBER_PLATFORM))
			continue;
		json_open_object(&out, NULL);
		put_member(&out, member);
		json_close_object(&out);
	}
	json_close_array(&out);
	json_close_object(&out);
	shared_drop(node->world, world);
	http_tag_reply(exchange, "application/json", buf_span(&body));
	buf_release(&body);
}

/* The text of the catalogue in force: stream 0000 may have an older one, and is
 * asked only for what could not be kept. */
static bool
catalogue_text(struct node *node, struct buf *json)
{
	const struct world *world = shared_hold(node->world);
	struct snapshot *snapshot = store_snapshot(node->store);
	struct buf jws = {0};
	bool found = false;

	if (world != NULL && world->catalog != NULL)
		found = former_read(node->former_folder,
			    catalog_version(world->catalog), json,
			    NULL) == ERR_OK ||
			(control_catalogue(snapshot, &jws, NULL) == ERR_OK &&
			    jws_peek(buf_span(&jws), json));
	buf_release(&jws);
	snapshot_release(snapshot);
	shared_drop(node->world, world);
	return found;
}

void
my_on_catalogue(struct http_exchange *exchange, void *context)
{
	struct node *node = context;
	struct buf body = {0};

	if (catalogue_text(node, &body))
		http_tag_reply(exchange, "application/json", buf_span(&body));
	else
		http_reply_problem(exchange, 503, "not_ready", "Not ready yet",
		    "The catalogue has not arrived yet.");
	buf_release(&body);
}
