/*
 * endpoints: the console's pages, and what they ask first.
 */
#include "hub/endpoints.h"

#include "base/json.h"
#include "hub/inquiry.h"

void
console_on_file(struct http_exchange *exchange, void *context)
{
	const char *name = http_path_param(exchange, "file");
	const struct page_file *file = NULL;
	const struct hub *hub = context;
	struct member who;

	if (!inquiry_admit_operator(exchange, hub, &who))
		return;
	if (hub->console != NULL)
		file = pages_find(hub->console, name);
	if (file != NULL)
		pages_send(exchange, file);
	else
		answer_problem(exchange, 404, "not_found",
		    hub->console == NULL ? "this hub has no console_folder"
					 : NULL);
}

void
console_on_root(struct http_exchange *exchange, void *context)
{
	struct member who;

	if (!inquiry_admit_provider(exchange, context, &who))
		return;
	http_reply_header(exchange, "location",
	    who.kind == MEMBER_DEPARTMENT ? "/dept/" : "/console/");
	http_reply(exchange, 303, NULL, span_make("", 0));
}

static void
put_items(const struct member *who, struct json_out *json)
{
	size_t i;

	json_open_array(json, "items");
	for (i = 0; i < who->item_count; i++)
		json_put_int(json, NULL, who->items[i]);
	json_close_array(json);
}

/* What the page shows and hides; the server decides all the same. */
void
console_on_me(struct http_exchange *exchange, void *context)
{
	struct buf body = {0};
	struct json_out json = {.buf = &body};
	struct member who;

	if (!inquiry_admit(exchange, context, &who))
		return;
	json_open_object(&json, NULL);
	json_put_cstr(&json, "code", who.code);
	json_put_cstr(&json, "name", who.name);
	json_put_cstr(&json, "kind", member_kind_name(who.kind));
	if (who.kind == MEMBER_OPERATOR)
		json_put_cstr(&json, "role", member_role_name(who.role));
	if (who.kind == MEMBER_DEPARTMENT)
		put_items(&who, &json);
	json_close_object(&json);
	http_reply(exchange, 200, "application/json", buf_span(&body));
	buf_release(&body);
}

/* Which of the other questions are worth asking again. */
void
console_on_live(struct http_exchange *exchange, void *context)
{
	const struct hub *hub = context;
	struct member who;

	if (!inquiry_admit_operator(exchange, hub, &who))
		return;
	if (!news_listen(hub->news, exchange))
		answer_problem(exchange, 503, "busy", "too many listen");
}
