/*
 * telling: a page of a member's events, as it may be told them now.
 */
#include "node/telling.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "node/control.h"
#include "node/world.h"

/* One subject, one decision: one entry. */
struct telling_about {
	struct telling *telling;
	struct access access;
};

/* While a page is read. */
struct teller {
	struct telling *telling;
	const struct world *world;
	const struct member *member;
	struct snapshot *snapshot;
	struct stream_state control;
	bool fresh;
	int64_t now_us;
	struct consent consent; /* the last that was looked up */
	bool has_consent;
	struct json_out out;
	enum err err;
};

static void
find_consent(struct teller *teller, const char *id)
{
	if (teller->has_consent && strcmp(teller->consent.id, id) == 0)
		return;
	teller->has_consent =
	    id[0] != '\0' && control_find_consent(teller->snapshot, id,
				 &teller->consent, NULL) == ERR_OK;
}

static void
fill_question(const struct event *event, struct question *question)
{
	*question = (struct question){.purpose = PURPOSE_POST_LOAN,
	    .items = {event->item},
	    .item_count = 1};
	snprintf(question->subject, sizeof(question->subject), "%.*s",
	    (int)event->subject.len, event->subject.ptr);
	snprintf(question->consent, sizeof(question->consent), "%.*s",
	    (int)event->consent.len, event->consent.ptr);
}

/* Does it hold trade secrets?  That they changed is one, too. */
static uint64_t
secrets_of(const struct item *item)
{
	uint64_t secrets = 0;
	size_t i;

	for (i = 0; i < item->field_count && i < CATALOG_FIELDS_MAX; i++)
		if (item->needs_consent ||
		    item->fields[i].class == FIELD_RESTRICTED)
			secrets |= UINT64_C(1) << i;
	return secrets;
}

/* An event has no values, so what a personal field would show needs no consent
 * here, and uses none.  A consent whose uses are counted is not for being told
 * again and again. */
static enum permit_rule
decide(struct teller *teller, const struct question *question,
    const struct event *event, struct permit *permit)
{
	uint64_t secrets;
	struct circumstances around = {.catalog = teller->world->catalog,
	    .member = teller->member,
	    .platform = teller->world->self,
	    .stream = event->stream,
	    .lease_fresh = teller->fresh,
	    .now_us = teller->now_us};

	/* It has read that already; there is nothing in it but that. */
	if (event->kind == CHANGE_CORRECTED)
		return permit->rule = PERMIT_ALLOWED;
	find_consent(teller, question->consent);
	if (teller->has_consent)
		around.consent = &teller->consent;
	permit_decide(question, &around, permit);
	if (permit->rule != PERMIT_ALLOWED)
		return permit->rule;
	secrets = secrets_of(permit->items[0].item);
	if ((secrets & permit->items[0].withheld) != 0)
		return permit->items[0].rule;
	if (secrets != 0 && permit->use.most > 0)
		return PERMIT_CONSENT_MODE;
	permit->use = (struct use){0};
	permit->authorised = permit->authorised && secrets != 0;
	return PERMIT_ALLOWED;
}

static void
print_watches(struct json_out *out, struct span watches)
{
	const char *at = watches.ptr, *end = watches.ptr + watches.len;

	json_open_array(out, "watches");
	for (; at < end; at += strlen(at) + 1)
		json_put_cstr(out, NULL, at);
	json_close_array(out);
}

/* The member's own reading, and that it was of something wrong. */
static void
print_corrected(struct json_out *out, const struct event *event)
{
	char time[CLOCK_TEXT_MAX];

	json_put_cstr(out, "kind", change_kind_name(event->kind));
	json_put_text(out, "subject", event->subject);
	json_put_int(out, "item", event->item);
	json_put_cstr(out, "stream", event->stream);
	json_put_cstr(out, "committed", clock_print(event->committed_us, time));
	json_open_object(out, "read");
	json_put_cstr(out, "time", clock_print(event->read_us, time));
	json_put_int(out, "index", (int64_t)event->read_index);
	json_close_object(out);
}

static void
print_shown(struct json_out *out, const struct event *event)
{
	char time[CLOCK_TEXT_MAX];

	json_put_cstr(out, "kind", change_kind_name(event->kind));
	json_put_text(out, "subject", event->subject);
	json_put_int(out, "item", event->item);
	json_put_cstr(out, "stream", event->stream);
	json_put_int(out, "position", (int64_t)event->position);
	json_put_int(out, "version", (int64_t)event->version);
	json_put_cstr(out, "as_of", clock_print(event->as_of_us, time));
	json_put_cstr(out, "committed", clock_print(event->committed_us, time));
	if (event->by_difference)
		json_put_bool(out, "by_difference", true);
	if (event->consent.len > 0)
		json_put_text(out, "consent", event->consent);
	print_watches(out, event->watches);
}

static void
print_frame(struct teller *teller, const struct event *event)
{
	if (teller->telling->form == TELLING_EVENTS)
		buf_print(&teller->telling->body,
		    "id: %s-%llu\nevent: change\ndata: ",
		    watchbook_log(lookout_book(teller->telling->node->lookout)),
		    (unsigned long long)event->number);
}

static void
print_event(
    struct teller *teller, const struct event *event, enum permit_rule rule)
{
	static const char *const ends[] = {[TELLING_PAGE] = "",
	    [TELLING_LINES] = "\n",
	    [TELLING_EVENTS] = "\n\n"};
	enum telling_form form = teller->telling->form;
	struct json_out *out = &teller->out;

	if (form != TELLING_PAGE)
		out->comma = false;
	print_frame(teller, event);
	json_open_object(out, NULL);
	json_put_int(out, "number", (int64_t)event->number);
	if (event->kind == CHANGE_CORRECTED)
		print_corrected(out, event);
	else if (rule == PERMIT_ALLOWED)
		print_shown(out, event);
	else
		json_put_cstr(out, "withheld", permit_rule_name(rule));
	json_close_object(out);
	buf_text(out->buf, ends[form]);
}

static void
add_item(struct access *access, uint32_t item)
{
	size_t i;

	for (i = 0; i < access->item_count; i++)
		if (access->items[i] == item)
			return;
	if (i < QUESTION_ITEMS_MAX)
		access->items[access->item_count++] = item;
}

static struct access *
find_about(struct telling *telling, const struct question *question,
    enum permit_rule rule)
{
	struct telling_about *about;
	size_t i;

	for (i = 0; i < telling->about_count; i++) {
		about = &telling->about[i];
		if (about->access.rule == rule &&
		    strcmp(about->access.subject, question->subject) == 0 &&
		    strcmp(about->access.consent, question->consent) == 0)
			return &about->access;
	}
	telling->about = mem_grow(telling->about,
	    (telling->about_count + 1) * sizeof(*telling->about));
	about = &telling->about[telling->about_count++];
	memset(about, 0, sizeof(*about));
	about->telling = telling;
	return &about->access;
}

/* Everything that is told of a subject, and what was refused. */
static void
note_about(struct telling *telling, const struct event *event,
    const struct question *question, const struct permit *permit)
{
	enum permit_rule rule = permit->rule;
	struct access *access = find_about(telling, question, rule);

	if (access->time_us == 0) {
		access_fill(access, question, permit);
		access->item_count = 0;
		access->time_us = clock_now_us();
		snprintf(access->action, sizeof(access->action), "%s",
		    telling->action);
		memcpy(access->member, telling->member, sizeof(access->member));
		memcpy(access->certificate, telling->certificate,
		    sizeof(access->certificate));
	}
	if (rule == PERMIT_ALLOWED)
		add_item(access, event->item);
	memcpy(access->stream, event->stream, sizeof(access->stream));
	access->position = event->position;
}

static bool
on_event(void *context, const struct event *event)
{
	struct teller *teller = context;
	struct telling *telling = teller->telling;
	struct question question;
	struct permit permit = {0};
	enum permit_rule rule;

	if (telling->count == telling->limit) {
		telling->more = true;
		return false;
	}
	/* Damage must not pass for completeness. */
	if (event->number != telling->last + 1) {
		teller->err = ERR_INVALID;
		return false;
	}
	fill_question(event, &question);
	rule = decide(teller, &question, event, &permit);
	if (rule == PERMIT_LEASE_STALE) {
		telling->waiting = telling->more = true;
		return false;
	}
	if (rule != PERMIT_ALLOWED && permit.rule == PERMIT_ALLOWED)
		permit.rule = permit.consent_rule = rule;
	if (rule != PERMIT_ALLOWED) {
		permit.authorised = false;
		permit.use = (struct use){0};
	}
	telling->guarded = telling->guarded || permit.authorised;
	print_event(teller, event, rule);
	note_about(telling, event, &question, &permit);
	telling->last = event->number;
	telling->count++;
	return true;
}

static void
on_position(void *context, const char *stream, uint64_t position)
{
	json_put_int(context, stream, (int64_t)position);
}

/* How far it goes: all that was changed up to here was told. */
static void
print_end(struct teller *teller, struct kv_view *view)
{
	struct telling *telling = teller->telling;
	struct json_out *out = &teller->out;

	json_put_cstr(
	    out, "log", watchbook_log(lookout_book(telling->node->lookout)));
	json_put_int(out, "last", (int64_t)telling->last);
	json_put_bool(out, "more", telling->more);
	if (telling->waiting)
		json_put_cstr(out, "waiting", "lease_stale");
	if (telling->more)
		return;
	json_open_object(out, "complete");
	if (watchbook_each_position(view, on_position, out) != ERR_OK)
		teller->err = ERR_DATABASE;
	json_close_object(out);
}

static void
print_page(struct teller *teller, struct kv_view *view)
{
	struct telling *telling = teller->telling;
	struct json_out *out = &teller->out;
	enum err err;

	if (telling->form == TELLING_PAGE) {
		json_open_object(out, NULL);
		json_open_array(out, "events");
	}
	err = watchbook_each_event(
	    view, telling->member, telling->after, on_event, teller);
	if (teller->err == ERR_OK)
		teller->err = err;
	if (telling->form == TELLING_PAGE)
		json_close_array(out);
	else
		out->comma = false;
	if (telling->form == TELLING_EVENTS &&
	    (telling->more || !telling->complete))
		return;
	if (telling->form == TELLING_EVENTS)
		buf_text(out->buf, "event: complete\ndata: ");
	if (telling->form != TELLING_PAGE)
		json_open_object(out, NULL);
	print_end(teller, view);
	json_close_object(out);
	if (telling->form == TELLING_LINES)
		buf_text(out->buf, "\n");
	else if (telling->form == TELLING_EVENTS)
		buf_text(out->buf, "\n\n");
}

static enum err
read_bounds(struct telling *telling, struct kv_view *view)
{
	enum err err = watchbook_bounds(
	    view, telling->member, &telling->newest, &telling->oldest);

	if (err != ERR_OK)
		return err;
	if (telling->after > telling->newest)
		return ERR_MISSING;
	return telling->after + 1 < telling->oldest ? ERR_TOO_OLD : ERR_OK;
}

static enum err
teller_prepare(struct teller *teller)
{
	struct node *node = teller->telling->node;
	enum err err;

	if (teller->world == NULL || teller->world->catalog == NULL)
		return ERR_BUSY;
	teller->member = world_find(teller->world, teller->telling->member);
	if (teller->member == NULL || teller->member->status != MEMBER_ACTIVE ||
	    !member_is_institution(teller->member))
		return ERR_DENIED;
	err = snapshot_stream(
	    teller->snapshot, STREAM_CONTROL, &teller->control, NULL);
	teller->now_us = node_hub_time(node);
	teller->fresh = err == ERR_OK && !teller->control.half &&
			node_is_fresh(node, teller->control.chain.position);
	return err;
}

static void
telling_reset(struct telling *telling)
{
	buf_reset(&telling->body);
	telling->last = telling->after;
	telling->count = telling->about_count = 0;
	telling->more = telling->waiting = telling->guarded = false;
	atomic_store(&telling->failed, false);
}

enum err
telling_read(struct telling *telling)
{
	struct node *node = telling->node;
	struct teller teller = {
	    .telling = telling, .out = {.buf = &telling->body}};
	struct kv_view *view = watchbook_view(lookout_book(node->lookout));

	telling_reset(telling);
	teller.world = shared_hold(node->world);
	teller.snapshot = store_snapshot(node->store);
	teller.err = teller_prepare(&teller);
	if (teller.err == ERR_OK)
		teller.err = read_bounds(telling, view);
	if (teller.err == ERR_OK)
		print_page(&teller, view);
	snapshot_release(teller.snapshot);
	shared_drop(node->world, teller.world);
	kv_view_close(view);
	return teller.err;
}

bool
telling_may_leave(const struct telling *telling)
{
	return !telling->guarded || node_may_still_show(telling->node);
}

static void
on_trail(void *context, enum err err, const struct trail_receipt *receipt)
{
	struct telling_about *about = context;
	struct telling *telling = about->telling;

	(void)receipt;
	if (err != ERR_OK)
		atomic_store(&telling->failed, true);
	if (atomic_fetch_sub(&telling->pending, 1) == 1)
		telling->done(telling, !atomic_load(&telling->failed));
}

/* The last callback may come before the last call returns: all are counted
 * before the first. */
void
telling_log(struct telling *telling)
{
	struct digest digest = digest_of(buf_span(&telling->body));
	size_t i, count = telling->about_count;

	atomic_store(&telling->pending, count);
	for (i = 0; i < count; i++)
		telling->about[i].access.answer = digest;
	for (i = 0; i < count; i++)
		trail_append(telling->node->trail, &telling->about[i].access,
		    on_trail, &telling->about[i]);
}

void
telling_release(struct telling *telling)
{
	buf_release(&telling->body);
	mem_free(telling->about);
	telling->about = NULL;
}
