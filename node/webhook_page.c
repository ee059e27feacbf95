/*
 * webhook_page: /v1/webhook and dead letters.
 */
#include "node/webhook_page.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/json.h"
#include "node/hooks.h"
#include "node/lookout.h"
#include "node/watches_page.h"

#define SECRET_PREFIX "whsec_"
#define DEAD_PAGE 1000

/* One change of a member's hook, made on the watch thread. */
struct turn {
	struct node *node;
	struct http_exchange *exchange;
	char member[MEMBER_CODE_MAX + 1];
	struct hook_place place;
	bool since_given;
	uint64_t first; /* of the letter; 0: all */
	size_t count;
	struct kv_write *write;
	enum err err;
	int status;
};

static struct turn *
turn_new(struct http_exchange *exchange, struct node *node)
{
	struct turn *turn = mem_new(sizeof(*turn));

	turn->node = node;
	turn->exchange = exchange;
	turn->status = 200;
	snprintf(turn->member, sizeof(turn->member), "%.*s", MEMBER_CODE_MAX,
	    http_peer(exchange)->code);
	return turn;
}

static void
put_place(struct json_out *out, const struct hook_place *place)
{
	json_put_cstr(out, "url", place->url);
	json_put_int(out, "delivered", (int64_t)place->after);
}

static void
turn_on_loop(struct http_exchange *exchange, void *argument)
{
	struct turn *turn = argument;
	struct buf body = {0};
	struct json_out out = {.buf = &body};

	json_open_object(&out, NULL);
	if (turn->place.url[0] != '\0')
		put_place(&out, &turn->place);
	else
		json_put_int(&out, "pages", (int64_t)turn->count);
	json_close_object(&out);
	if (turn->err == ERR_OK)
		http_reply(exchange, turn->status, "application/json",
		    buf_span(&body));
	else if (turn->err == ERR_MISSING)
		http_reply_problem(
		    exchange, 404, "not_found", "There is no webhook", NULL);
	else
		http_reply_problem(
		    exchange, 503, "not_ready", "The store failed", NULL);
	buf_release(&body);
	mem_free(turn);
}

static void
turn_end(struct turn *turn)
{
	if (turn->err == ERR_OK)
		turn->err = kv_write_end(turn->write, true, NULL);
	else
		kv_write_cancel(turn->write);
	hooks_renew(turn->node->hooks, turn->member);
	http_defer(turn->exchange, turn_on_loop, turn);
}

/* On the watch thread.  A new hook begins with what comes; the same one with
 * another secret or server goes on. */
static void
turn_put(void *context)
{
	struct turn *turn = context;
	struct watchbook *book = lookout_book(turn->node->lookout);
	struct kv_view *view = watchbook_view(book);
	struct hook_place there;
	uint64_t newest = 0, oldest;

	turn->err = watchbook_find_hook(view, turn->member, &there);
	if (turn->err == ERR_OK && !turn->since_given) {
		turn->place.after = there.after;
	} else if (turn->err == ERR_OK || turn->err == ERR_MISSING) {
		turn->status = turn->err == ERR_MISSING ? 201 : 200;
		turn->err =
		    watchbook_bounds(view, turn->member, &newest, &oldest);
		if (!turn->since_given || turn->place.after > newest)
			turn->place.after = newest;
	}
	kv_view_close(view);
	turn->write = watchbook_begin(book);
	watchbook_put_hook(turn->write, turn->member, &turn->place);
	turn_end(turn);
}

/* "https://host…", without a user in it. */
static bool
url_is_good(struct span url)
{
	static const char begin[] = "https://";
	size_t i, len = sizeof(begin) - 1;

	if (url.len <= len || url.len > HOOK_URL_MAX ||
	    memcmp(url.ptr, begin, len) != 0)
		return false;
	for (i = 0; i < url.len; i++)
		if (url.ptr[i] <= ' ' || url.ptr[i] > '~' || url.ptr[i] == '@')
			return false;
	return true;
}

static bool
read_secret(struct span text, struct hook_place *place)
{
	size_t before = sizeof(SECRET_PREFIX) - 1;
	struct buf raw = {0};
	bool ok;

	if (text.len < before || memcmp(text.ptr, SECRET_PREFIX, before) != 0)
		return false;
	ok = codec_parse_base64(
		 span_make(text.ptr + before, text.len - before), &raw) &&
	     raw.len >= 24 && raw.len <= HOOK_SECRET_MAX;
	if (ok) {
		memcpy(place->secret, raw.data, raw.len);
		place->secret_len = raw.len;
	}
	buf_release(&raw);
	return ok;
}

static bool
read_turn(struct span json, struct turn *turn)
{
	static const char *const members[] = {"url", "secret", "since", NULL};
	struct json *root = json_parse(json, NULL);
	struct span url = json_text(json_find(root, "url"));
	int64_t since = json_int(json_find(root, "since"), -1);
	bool ok;

	ok = json_is_object(root) && json_has_only(root, members, NULL) &&
	     url_is_good(url) &&
	     read_secret(json_text(json_find(root, "secret")), &turn->place);
	turn->since_given = json_find(root, "since") != NULL;
	if (turn->since_given && since < 0)
		ok = false;
	if (ok) {
		memcpy(turn->place.url, url.ptr, url.len);
		turn->place.after = turn->since_given ? (uint64_t)since : 0;
	}
	json_free(root);
	return ok;
}

void
webhook_on_put(struct http_exchange *exchange, void *context)
{
	struct turn *turn;

	if (!watches_admit(exchange, context))
		return;
	turn = turn_new(exchange, context);
	if (read_turn(http_body(exchange), turn)) {
		lookout_run(turn->node->lookout, turn_put, turn);
		return;
	}
	http_reply_problem(exchange, 400, "malformed", "Not a webhook",
	    "url: https, without a user; secret: whsec_ and 24 to 64 bytes in "
	    "base64; since: a number");
	mem_free(turn);
}

void
webhook_on_get(struct http_exchange *exchange, void *context)
{
	struct node *node = context;
	struct hook_place place;
	struct buf body = {0};
	struct json_out out = {.buf = &body};
	struct kv_view *view;

	if (!watches_admit(exchange, node))
		return;
	view = watchbook_view(lookout_book(node->lookout));
	if (watchbook_find_hook(view, http_peer(exchange)->code, &place) ==
	    ERR_OK) {
		json_open_object(&out, NULL);
		put_place(&out, &place);
		json_close_object(&out);
		http_reply(exchange, 200, "application/json", buf_span(&body));
	} else {
		http_reply_problem(
		    exchange, 404, "not_found", "There is no webhook", NULL);
	}
	kv_view_close(view);
	buf_release(&body);
}

/* On the watch thread. */
static void
turn_remove(void *context)
{
	struct turn *turn = context;
	struct watchbook *book = lookout_book(turn->node->lookout);
	struct kv_view *view = watchbook_view(book);

	turn->err = watchbook_find_hook(view, turn->member, &turn->place);
	kv_view_close(view);
	turn->write = watchbook_begin(book);
	watchbook_remove_hook(turn->write, turn->member);
	turn_end(turn);
}

void
webhook_on_delete(struct http_exchange *exchange, void *context)
{
	struct turn *turn;

	if (!watches_admit(exchange, context))
		return;
	turn = turn_new(exchange, context);
	lookout_run(turn->node->lookout, turn_remove, turn);
}

struct dead_list {
	struct json_out out;
	size_t count;
	bool more;
};

static bool
put_dead(void *context, const struct dead *dead)
{
	struct dead_list *list = context;
	char time[CLOCK_TEXT_MAX];

	list->more = list->count == DEAD_PAGE;
	if (list->more)
		return false;
	list->count++;
	json_open_object(&list->out, NULL);
	json_put_int(&list->out, "first", (int64_t)dead->first);
	json_put_int(&list->out, "last", (int64_t)dead->last);
	json_put_cstr(&list->out, "time", clock_print(dead->time_us, time));
	json_put_int(&list->out, "attempts", (int64_t)dead->attempts);
	json_put_int(&list->out, "status", (int64_t)dead->status);
	json_put_bool(&list->out, "redelivering", dead->again);
	json_close_object(&list->out);
	return true;
}

void
webhook_on_dead(struct http_exchange *exchange, void *context)
{
	struct node *node = context;
	struct buf body = {0};
	struct dead_list list = {.out = {.buf = &body}};
	struct kv_view *view;
	enum err err;

	if (!watches_admit(exchange, node))
		return;
	view = watchbook_view(lookout_book(node->lookout));
	json_open_object(&list.out, NULL);
	json_open_array(&list.out, "dead");
	err = watchbook_each_dead(
	    view, http_peer(exchange)->code, put_dead, &list);
	json_close_array(&list.out);
	json_put_bool(&list.out, "more", list.more);
	json_close_object(&list.out);
	kv_view_close(view);
	if (err == ERR_OK)
		http_reply(exchange, 200, "application/json", buf_span(&body));
	else
		http_reply_problem(
		    exchange, 503, "not_ready", "The store failed", NULL);
	buf_release(&body);
}

static bool
revive(void *context, const struct dead *dead)
{
	struct turn *turn = context;
	struct dead again = *dead;

	if (turn->first != 0 && turn->first != dead->first)
		return true;
	again.again = true;
	watchbook_put_dead(turn->write, turn->member, &again);
	turn->count++;
	return true;
}

/* On the watch thread. */
static void
turn_redeliver(void *context)
{
	struct turn *turn = context;
	struct watchbook *book = lookout_book(turn->node->lookout);
	struct kv_view *view = watchbook_view(book);

	turn->status = 202;
	turn->write = watchbook_begin(book);
	turn->err = watchbook_each_dead(view, turn->member, revive, turn);
	if (turn->err == ERR_OK && turn->count == 0 && turn->first != 0)
		turn->err = ERR_MISSING;
	kv_view_close(view);
	turn_end(turn);
}

void
webhook_on_redeliver(struct http_exchange *exchange, void *context)
{
	static const char *const members[] = {"first", NULL};
	struct span body = http_body(exchange);
	struct json *root = body.len > 0 ? json_parse(body, NULL) : NULL;
	int64_t first = json_int(json_find(root, "first"), 0);
	bool ok = body.len == 0 ||
		  (json_is_object(root) && json_has_only(root, members, NULL) &&
		      first >= 0);
	struct turn *turn;

	json_free(root);
	if (!watches_admit(exchange, context))
		return;
	if (!ok) {
		http_reply_problem(exchange, 400, "malformed", "Malformed",
		    "nothing, or the first number of a dead page");
		return;
	}
	turn = turn_new(exchange, context);
	turn->first = (uint64_t)first;
	lookout_run(turn->node->lookout, turn_redeliver, turn);
}
