/*
 * consent_list: GET /v1/consents, all that the certificate's organisation gave.
 *
 * What stream 0000 brought, by id, and behind it what this node took and
 * stream 0000 has not brought yet.
 */
#include "node/consent_list.h"

#include <stdlib.h>

#include "base/json.h"
#include "node/control.h"
#include "node/node.h"
#include "node/world.h"

#define LIMIT 100
#define LIMIT_MAX 500

struct consent_list {
	struct snapshot *snapshot;
	const struct world *world;
	const char *subject;
	struct json_out out;
	size_t limit, count;
	char last[CONSENT_ID_MAX + 1];
	bool more;
	enum err err;
};

static void
put_consent(struct consent_list *list, const struct consent *consent,
    struct span claims, const char *state)
{
	const struct member *grantee =
	    world_find(list->world, consent->grantee);
	struct json_out *out = &list->out;

	json_open_object(out, NULL);
	json_put_cstr(out, "id", consent->id);
	json_put_cstr(out, "state", state);
	json_put_cstr(
	    out, "grantee_name", grantee != NULL ? grantee->name : "");
	json_put_raw(out, "claims", claims);
	json_close_object(out);
}

static const char *
state_of(const struct consent *consent, bool pending)
{
	if (consent->revoked)
		return "revoked";
	if (consent->paused)
		return "paused";
	return pending ? "pending" : "active";
}

static void
put_found(struct consent_list *list, const char *id, bool pending)
{
	struct consent consent;
	struct buf claims = {0};
	enum err err =
	    pending
		? control_find_pending(list->snapshot, id, &consent, &claims)
		: control_find_consent(list->snapshot, id, &consent, &claims);

	if (err == ERR_OK && strcmp(consent.subject, list->subject) == 0)
		put_consent(list, &consent, buf_span(&claims),
		    state_of(&consent, pending));
	else if (err != ERR_OK && err != ERR_MISSING)
		list->err = err;
	buf_release(&claims);
}

static bool
list_id(void *context, const char *id)
{
	struct consent_list *list = context;

	if (list->count == list->limit) {
		list->more = true;
		return false;
	}
	list->count++;
	memcpy(list->last, id, strlen(id) + 1);
	put_found(list, id, false);
	return list->err == ERR_OK;
}

static bool
list_pending(void *context, const char *id)
{
	struct consent_list *list = context;

	put_found(list, id, true);
	return list->err == ERR_OK;
}

static enum err
list_all(struct consent_list *list, const char *after)
{
	enum err err;

	json_open_object(&list->out, NULL);
	json_put_cstr(&list->out, "subject", list->subject);
	json_open_array(&list->out, "consents");
	err = control_each_consent_of(
	    list->snapshot, list->subject, after, list_id, list);
	if (err == ERR_OK && !list->more)
		err = control_each_pending(list->snapshot, list_pending, list);
	json_close_array(&list->out);
	if (list->more)
		json_put_cstr(&list->out, "next", list->last);
	json_close_object(&list->out);
	return err == ERR_OK ? list->err : err;
}

static bool
read_limit(struct http_exchange *exchange, size_t *limit)
{
	const char *text = http_query(exchange, "limit");
	char *end;

	*limit = LIMIT;
	if (text == NULL)
		return true;
	*limit = strtoul(text, &end, 10);
	return *end == '\0' && *limit >= 1 && *limit <= LIMIT_MAX;
}

void
consent_list_on_get(struct http_exchange *exchange, void *context)
{
	struct node *node = context;
	const char *after = http_query(exchange, "after");
	struct buf body = {0};
	struct consent_list list = {
	    .subject = http_peer(exchange)->code, .out = {.buf = &body}};

	if (!read_limit(exchange, &list.limit) ||
	    (after != NULL && !consent_id_is_valid(span_of(after)))) {
		http_reply_problem(exchange, 400, "malformed", "Not a question",
		    "limit: 1 to 500; after: the id of a consent");
		return;
	}
	list.snapshot = store_snapshot(node->store);
	list.world = shared_hold(node->world);
	if (list_all(&list, after) == ERR_OK)
		http_reply(exchange, 200, "application/json", buf_span(&body));
	else
		http_reply_problem(exchange, 503, "not_ready", "Not ready",
		    "Consents are being loaded, or the store failed.");
	shared_drop(node->world, list.world);
	snapshot_release(list.snapshot);
	buf_release(&body);
}
