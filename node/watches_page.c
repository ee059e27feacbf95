/*
 * watches_page: /v1/watches, what members want to be told of.
 */
#include "node/watches_page.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/digest.h"
#include "base/log.h"
#include "node/lookout.h"
#include "node/node.h"
#include "node/world.h"

#define PAGE 1000
#define ID_BYTES 8

/* One change of the watchbook, made on the watch thread. */
struct errand {
	struct node *node;
	struct http_exchange *exchange;
	char member[MEMBER_CODE_MAX + 1];
	struct watch watch;
	struct watched *list;
	size_t count, left; /* subjects; that the watch has now */
	uint64_t limit;
	struct snapshot *snapshot;
	struct buf body;
	int status;
	const char *problem, *title; /* NULL: the body is the answer */
};

static void
errand_free(struct errand *errand)
{
	snapshot_release(errand->snapshot);
	buf_release(&errand->body);
	mem_free(errand->list);
	mem_free(errand);
}

bool
watches_admit(struct http_exchange *exchange, struct node *node)
{
	const struct world *world = shared_hold(node->world);
	const struct member *who = world_find(world, http_peer(exchange)->code);
	const char *type = who == NULL ? "member_unknown" : NULL;

	if (who != NULL && who->status != MEMBER_ACTIVE)
		type = "member_inactive";
	else if (who != NULL && !member_is_institution(who))
		type = "member_kind";
	if (type != NULL)
		http_reply_problem(exchange, 403, type, "Refused",
		    "Only active institutions watch.");
	shared_drop(node->world, world);
	return type == NULL;
}

static struct errand *
errand_new(struct http_exchange *exchange, struct node *node)
{
	struct errand *errand = mem_new(sizeof(*errand));

	errand->node = node;
	errand->exchange = exchange;
	errand->limit = node->watch_subjects;
	snprintf(errand->member, sizeof(errand->member), "%.*s",
	    MEMBER_CODE_MAX, http_peer(exchange)->code);
	return errand;
}

static void
errand_on_loop(struct http_exchange *exchange, void *argument)
{
	struct errand *errand = argument;

	if (errand->problem != NULL)
		http_reply_problem(exchange, errand->status, errand->problem,
		    errand->title, NULL);
	else
		http_reply(exchange, errand->status, "application/json",
		    buf_span(&errand->body));
	errand_free(errand);
}

static void
errand_refuse(
    struct errand *errand, int status, const char *problem, const char *title)
{
	errand->status = status;
	errand->problem = problem;
	errand->title = title;
}

static void
errand_end(struct errand *errand)
{
	http_defer(errand->exchange, errand_on_loop, errand);
}

struct counting {
	struct kv_view *view;
	const char *member;
	uint64_t count;
};

static bool
count_subject(void *context, struct span subject, struct span consent)
{
	struct counting *counting = context;

	(void)subject, (void)consent;
	counting->count++;
	return true;
}

static void
count_watch(void *context, const struct watch *watch, int64_t created_us)
{
	struct counting *counting = context;

	(void)created_us;
	if (watchbook_each_subject(counting->view, counting->member, watch->id,
		"", count_subject, counting) != ERR_OK)
		counting->count = UINT64_MAX / 2;
}

/* Of all watches of the member; a failure counts as too many. */
static uint64_t
count_all(struct kv_view *view, const char *member)
{
	struct counting counting = {view, member, 0};

	if (watchbook_each(view, member, count_watch, &counting) != ERR_OK)
		return UINT64_MAX / 2;
	return counting.count;
}

static void
put_position(void *context, const struct stream_state *state)
{
	json_put_int(
	    context, state->chain.stream, (int64_t)state->chain.position);
}

/* From which position of each stream on changes are told. */
static enum err
print_order(struct errand *errand, struct kv_view *view)
{
	struct counting counting = {view, errand->member, 0};
	struct json_out out = {.buf = &errand->body};
	enum err err;

	err = watchbook_each_subject(view, errand->member, errand->watch.id, "",
	    count_subject, &counting);
	json_open_object(&out, NULL);
	watch_print(&errand->watch, &out);
	json_put_int(&out, "subjects", (int64_t)counting.count);
	json_open_object(&out, "from");
	if (err == ERR_OK)
		err = snapshot_each_stream(
		    errand->snapshot, put_position, &out, NULL);
	json_close_object(&out);
	json_close_object(&out);
	return err;
}

static enum err
write_order(struct errand *errand, bool is_new)
{
	struct lookout *lookout = errand->node->lookout;
	struct kv_write *write = watchbook_begin(lookout_book(lookout));
	enum err err = ERR_OK;
	size_t i;

	if (is_new)
		watchbook_put_head(
		    write, errand->member, &errand->watch, clock_now_us());
	for (i = 0; i < errand->count && err == ERR_OK; i++) {
		err = scan_begin(lookout_scan(lookout), errand->snapshot, write,
		    errand->list[i].subject);
		watchbook_put(
		    write, errand->member, &errand->watch, &errand->list[i]);
	}
	if (err == ERR_OK)
		return kv_write_end(write, true, NULL);
	kv_write_cancel(write);
	return err;
}

static void
name_watch(struct watch *watch)
{
	uint8_t random[ID_BYTES];
	struct buf hex = {0};

	if (watch->id[0] != '\0')
		return;
	digest_random(random, sizeof(random));
	codec_hex(span_make(random, sizeof(random)), &hex);
	snprintf(watch->id, sizeof(watch->id), "%s", buf_cstr(&hex));
	buf_release(&hex);
}

/* On the watch thread. */
static void
errand_put(void *context)
{
	struct errand *errand = context;
	struct lookout *lookout = errand->node->lookout;
	struct kv_view *view = watchbook_view(lookout_book(lookout));
	struct watch there;
	int64_t created_us;
	enum err err;

	name_watch(&errand->watch);
	err = watchbook_find(
	    view, errand->member, errand->watch.id, &there, &created_us);
	errand->status = err == ERR_MISSING ? 201 : 200;
	errand->snapshot = store_snapshot(errand->node->store);
	if (err == ERR_OK && errand->watch.rule_count == 0)
		errand->watch = there;
	if (err == ERR_OK && !watch_same_rules(&there, &errand->watch))
		errand_refuse(
		    errand, 409, "watch_conflict", "The watch has other rules");
	else if (count_all(view, errand->member) + errand->count >
		 errand->limit)
		errand_refuse(errand, 429, "watch_limit",
		    "More subjects than one member may watch");
	else if (err == ERR_OK || err == ERR_MISSING)
		err = write_order(errand, err == ERR_MISSING);
	kv_view_close(view);
	view = watchbook_view(lookout_book(lookout));
	scan_renew(lookout_scan(lookout));
	if (errand->problem == NULL && err == ERR_OK)
		err = print_order(errand, view);
	if (errand->problem == NULL && err != ERR_OK)
		errand_refuse(errand, 503, "not_ready", "The store failed");
	kv_view_close(view);
	errand_end(errand);
}

void
watches_on_post(struct http_exchange *exchange, void *context)
{
	struct errand *errand;
	struct why why = {""};

	if (!watches_admit(exchange, context))
		return;
	errand = errand_new(exchange, context);
	if (watch_parse(http_body(exchange), &errand->watch, &errand->list,
		&errand->count, &why) != ERR_OK) {
		http_reply_problem(
		    exchange, 400, "malformed", "Not a watch", why.text);
		errand_free(errand);
		return;
	}
	lookout_run(errand->node->lookout, errand_put, errand);
}

struct listing {
	struct json_out out;
	struct kv_view *view;
	const char *member;
	size_t count;
	bool more;
	char last[USCC_LEN + 1];
};

static void
list_watch(void *context, const struct watch *watch, int64_t created_us)
{
	struct listing *listing = context;
	struct counting counting = {listing->view, listing->member, 0};
	char time[CLOCK_TEXT_MAX];

	count_watch(&counting, watch, created_us);
	json_open_object(&listing->out, NULL);
	watch_print(watch, &listing->out);
	json_put_cstr(&listing->out, "created", clock_print(created_us, time));
	json_put_int(&listing->out, "subjects", (int64_t)counting.count);
	json_close_object(&listing->out);
}

static void
reply_listing(
    struct http_exchange *exchange, struct listing *listing, enum err err)
{
	if (err == ERR_OK)
		http_reply(exchange, 200, "application/json",
		    buf_span(listing->out.buf));
	else if (err == ERR_MISSING)
		http_reply_problem(
		    exchange, 404, "not_found", "There is no such watch", NULL);
	else
		http_reply_problem(
		    exchange, 503, "not_ready", "The store failed", NULL);
	kv_view_close(listing->view);
	buf_release(listing->out.buf);
}

void
watches_on_list(struct http_exchange *exchange, void *context)
{
	struct node *node = context;
	struct buf body = {0};
	struct listing listing = {
	    .out = {.buf = &body}, .member = http_peer(exchange)->code};
	enum err err;

	if (!watches_admit(exchange, node))
		return;
	listing.view = watchbook_view(lookout_book(node->lookout));
	json_open_object(&listing.out, NULL);
	json_open_array(&listing.out, "watches");
	err =
	    watchbook_each(listing.view, listing.member, list_watch, &listing);
	json_close_array(&listing.out);
	json_close_object(&listing.out);
	reply_listing(exchange, &listing, err);
}

static bool
list_subject(void *context, struct span subject, struct span consent)
{
	struct listing *listing = context;

	if (listing->count++ == PAGE) {
		listing->more = true;
		return false;
	}
	json_open_object(&listing->out, NULL);
	json_put_text(&listing->out, "subject", subject);
	if (consent.len > 0)
		json_put_text(&listing->out, "consent", consent);
	json_close_object(&listing->out);
	snprintf(listing->last, sizeof(listing->last), "%.*s", (int)subject.len,
	    subject.ptr);
	return true;
}

static enum err
print_watch(struct listing *listing, const char *id, const char *after)
{
	struct watch watch;
	char time[CLOCK_TEXT_MAX];
	int64_t created_us;
	enum err err;

	err = watchbook_find(
	    listing->view, listing->member, id, &watch, &created_us);
	if (err != ERR_OK)
		return err;
	json_open_object(&listing->out, NULL);
	watch_print(&watch, &listing->out);
	json_put_cstr(&listing->out, "created", clock_print(created_us, time));
	json_open_array(&listing->out, "subjects");
	err = watchbook_each_subject(
	    listing->view, listing->member, id, after, list_subject, listing);
	json_close_array(&listing->out);
	if (listing->more)
		json_put_cstr(&listing->out, "next", listing->last);
	json_close_object(&listing->out);
	return err;
}

void
watches_on_get(struct http_exchange *exchange, void *context)
{
	struct node *node = context;
	const char *after = http_query(exchange, "after");
	struct buf body = {0};
	struct listing listing = {
	    .out = {.buf = &body}, .member = http_peer(exchange)->code};

	if (!watches_admit(exchange, node))
		return;
	listing.view = watchbook_view(lookout_book(node->lookout));
	reply_listing(exchange, &listing,
	    print_watch(&listing, http_path_param(exchange, "id"),
		after != NULL ? after : ""));
}

struct removal {
	struct errand *errand;
	struct kv_write *write;
	struct kv_view *view;
	unsigned watchers; /* of the subject at hand */
};

static void
count_watcher(
    void *context, const char *member, const char *watch, struct span consent)
{
	struct removal *removal = context;

	(void)member, (void)watch, (void)consent;
	removal->watchers++;
}

static bool
remove_subject(void *context, struct span subject, struct span consent)
{
	struct removal *removal = context;
	struct errand *errand = removal->errand;
	char code[USCC_LEN + 1] = "";

	(void)consent;
	memcpy(code, subject.ptr, USCC_LEN);
	watchbook_remove(
	    removal->write, errand->member, errand->watch.id, code);
	removal->watchers = 0;
	if (watchbook_each_watcher(
		removal->view, subject, count_watcher, removal) == ERR_OK &&
	    removal->watchers == 1)
		watchbook_forget_subject(removal->write, code);
	errand->left++;
	return true;
}

static enum err
remove_all(struct removal *removal)
{
	struct errand *errand = removal->errand;
	enum err err = watchbook_each_subject(removal->view, errand->member,
	    errand->watch.id, "", remove_subject, removal);

	watchbook_remove_head(removal->write, errand->member, errand->watch.id);
	return err;
}

/* On the watch thread. */
static void
errand_remove(void *context)
{
	struct errand *errand = context;
	struct lookout *lookout = errand->node->lookout;
	struct removal removal = {.errand = errand};
	struct watch there;
	int64_t created_us;
	enum err err;

	removal.view = watchbook_view(lookout_book(lookout));
	removal.write = watchbook_begin(lookout_book(lookout));
	err = watchbook_find(removal.view, errand->member, errand->watch.id,
	    &there, &created_us);
	if (err == ERR_OK && errand->count == 0)
		err = remove_all(&removal);
	else if (err == ERR_OK)
		remove_subject(
		    &removal, span_of(errand->list[0].subject), span_of(""));
	kv_view_close(removal.view);
	if (err == ERR_OK)
		err = kv_write_end(removal.write, true, NULL);
	else
		kv_write_cancel(removal.write);
	scan_renew(lookout_scan(lookout));
	errand->status = 200;
	buf_print(&errand->body, "{\"id\":\"%s\",\"removed\":%zu}",
	    errand->watch.id, errand->left);
	if (err == ERR_MISSING)
		errand_refuse(
		    errand, 404, "not_found", "There is no such watch");
	else if (err != ERR_OK)
		errand_refuse(errand, 503, "not_ready", "The store failed");
	errand_end(errand);
}

void
watches_on_delete(struct http_exchange *exchange, void *context)
{
	const char *id = http_path_param(exchange, "id");
	const char *subject = http_query(exchange, "subject");
	struct errand *errand;

	if (!watches_admit(exchange, context))
		return;
	if (!consent_id_is_valid(span_of(id)) ||
	    (subject != NULL && uscc_check(span_of(subject)) != USCC_OK)) {
		http_reply_problem(exchange, 400, "malformed", "Malformed",
		    "an id of a watch; subject: a unified social credit code");
		return;
	}
	errand = errand_new(exchange, context);
	snprintf(errand->watch.id, sizeof(errand->watch.id), "%s", id);
	if (subject != NULL) {
		errand->count = 1;
		errand->list = mem_new(sizeof(*errand->list));
		memcpy(errand->list->subject, subject, USCC_LEN);
	}
	lookout_run(errand->node->lookout, errand_remove, errand);
}
