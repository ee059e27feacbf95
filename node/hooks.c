/*
 * hooks: members' servers are called with their events (webhooks).
 */
#include "node/hooks.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/metric.h"
#include "node/telling.h"
#include "wire/https.h"

#define PAGE 100
#define TIMEOUT_MS 10000
#define ANSWER_MAX 65536
#define PAUSE_US CLOCK_SECOND
#define PAUSE_MAX_US (3600 * CLOCK_SECOND)
/* Of who is no member now, or when the store fails. */
#define LATER_US (60 * CLOCK_SECOND)
#define SYSTEM_ROOTS "/etc/ssl/certs/ca-certificates.crt"

struct hooks {
	struct hooks_settings settings;
	struct https *https;
	struct hook *list;
	bool stopped;
	struct metric *taken, *failed, *dead;
};

/* One member's; all of it belongs to the watch thread, the telling to the
 * trail's while it is logged, the request to https's until its answer. */
struct hook {
	struct listener listener;
	struct hooks *hooks;
	struct hook *next;
	struct hook_place place;
	struct telling telling;
	struct dead letter; /* that is brought again … */
	bool is_letter;     /* … now */
	bool is_busy, is_woken, is_removed;
	unsigned attempts;
	int64_t next_us;      /* monotonic: not before */
	struct digest logged; /* the body that the trail has already */
	bool ok;              /* logged, or answered */
	long status;
	char id[80], time[24];
	char lines[3][256];
};

static struct lookout *
hook_lookout(const struct hook *hook)
{
	return hook->hooks->settings.node->lookout;
}

static void
hook_free(struct hook *hook)
{
	telling_release(&hook->telling);
	mem_free(hook);
}

static void
hook_wait(struct hook *hook, int64_t pause_us)
{
	hook->next_us = clock_tick_us() + pause_us;
	hook->is_woken = true;
}

/* Nobody else has it any more: go, if it was taken away meanwhile. */
static bool
hook_is_over(struct hook *hook)
{
	hook->is_busy = false;
	if (!hook->is_removed)
		return hook->hooks->stopped;
	hook_free(hook);
	return true;
}

/* How far the hook is, and its letters: one write. */
static void
hook_write(struct hook *hook, const struct dead *dead, bool brought)
{
	struct kv_write *write =
	    watchbook_begin(lookout_book(hook_lookout(hook)));
	const char *member = hook->listener.member;
	struct why why = {""};

	if (!hook->is_letter)
		hook->place.after = hook->telling.last;
	watchbook_put_hook(write, member, &hook->place);
	if (dead != NULL)
		watchbook_put_dead(write, member, dead);
	else if (brought && hook->is_letter)
		watchbook_remove_dead(write, member, hook->letter.first);
	if (kv_write_end(write, true, &why) != ERR_OK)
		log_error("hook.failed", "why=\"%s\"", why.text);
}

static void
hook_bury(struct hook *hook)
{
	struct dead dead = {.first = hook->telling.after + 1,
	    .last = hook->telling.last,
	    .time_us = clock_now_us(),
	    .attempts = hook->attempts,
	    .status = (uint64_t)hook->status};

	log_warn("hook.dead", "member=%s first=%llu last=%llu status=%ld",
	    hook->listener.member, (unsigned long long)dead.first,
	    (unsigned long long)dead.last, hook->status);
	metric_add(hook->hooks->dead, 1);
	hook_write(hook, &dead, false);
	hook->attempts = 0;
}

static void
hook_retry(struct hook *hook)
{
	int64_t pause_us = PAUSE_US;
	unsigned i;

	metric_add(hook->hooks->failed, 1);
	hook->attempts++;
	if (hook->attempts >= hook->hooks->settings.attempts ||
	    hook->is_letter) {
		hook_bury(hook);
		hook_wait(hook, PAUSE_US);
		return;
	}
	for (i = 1; i < hook->attempts && pause_us < PAUSE_MAX_US; i++)
		pause_us *= 2;
	hook_wait(hook, pause_us < PAUSE_MAX_US ? pause_us : PAUSE_MAX_US);
}

static void hook_pump(struct hook *hook);

static void
hook_on_answered(void *context)
{
	struct hook *hook = context;

	if (hook_is_over(hook))
		return;
	if (!hook->ok) {
		hook_retry(hook);
		return;
	}
	metric_add(hook->hooks->taken, 1);
	hook->attempts = 0;
	hook_write(hook, NULL, true);
	hook->is_woken = true;
	hook_pump(hook);
}

/* On https's thread. */
static void
hook_on_answer(void *context, const struct https_answer *answer)
{
	struct hook *hook = context;

	hook->status = answer->err == ERR_OK ? answer->status : 0;
	hook->ok = hook->status >= 200 && hook->status < 300;
	lookout_run(hook_lookout(hook), hook_on_answered, hook);
}

/* v1,BASE64(HMAC-SHA-256(secret, ID.TIME.BODY)) */
static void
hook_sign(struct hook *hook)
{
	struct buf text = {0}, signature = {0};
	struct digest hmac;

	snprintf(hook->id, sizeof(hook->id), "%s-%llu-%llu",
	    watchbook_log(lookout_book(hook_lookout(hook))),
	    (unsigned long long)hook->telling.after + 1,
	    (unsigned long long)hook->telling.last);
	snprintf(hook->time, sizeof(hook->time), "%lld",
	    (long long)(clock_now_us() / CLOCK_SECOND));
	buf_print(&text, "%s.%s.", hook->id, hook->time);
	buf_add(&text, hook->telling.body.data, hook->telling.body.len);
	hmac =
	    digest_hmac(span_make(hook->place.secret, hook->place.secret_len),
		buf_span(&text));
	codec_base64(span_make(hmac.bytes, DIGEST_LEN), &signature);
	snprintf(
	    hook->lines[0], sizeof(hook->lines[0]), "webhook-id: %s", hook->id);
	snprintf(hook->lines[1], sizeof(hook->lines[1]),
	    "webhook-timestamp: %s", hook->time);
	snprintf(hook->lines[2], sizeof(hook->lines[2]),
	    "webhook-signature: v1,%s", buf_cstr(&signature));
	buf_release(&text);
	buf_release(&signature);
}

static void
hook_send(void *context)
{
	struct hook *hook = context;
	const char *const lines[] = {
	    hook->lines[0], hook->lines[1], hook->lines[2], NULL};
	struct https_request request = {.url = hook->place.url,
	    .content_type = "application/json",
	    .headers = lines,
	    .body = buf_span(&hook->telling.body),
	    .timeout_ms = TIMEOUT_MS,
	    .limit = ANSWER_MAX};

	https_send(hook->hooks->https, &request, hook_on_answer, hook);
}

static void
hook_on_logged(void *context)
{
	struct hook *hook = context;

	if (!hook->ok || hook->hooks->stopped || hook->is_removed ||
	    !telling_may_leave(&hook->telling)) {
		if (!hook_is_over(hook))
			hook_wait(hook, PAUSE_US);
		return;
	}
	hook->logged = digest_of(buf_span(&hook->telling.body));
	hook_sign(hook);
	https_run(hook->hooks->https, hook_send, hook);
}

/* On the trail thread. */
static void
hook_on_trail(struct telling *telling, bool logged)
{
	struct hook *hook =
	    (struct hook *)((char *)telling - offsetof(struct hook, telling));

	hook->ok = logged;
	lookout_run(hook_lookout(hook), hook_on_logged, hook);
}

/* A page that is the same again is not read again by the bank's doing: the
 * trail has it. */
static void
hook_log(struct hook *hook)
{
	struct digest digest = digest_of(buf_span(&hook->telling.body));

	hook->is_busy = true;
	if (digest_equal(&digest, &hook->logged)) {
		hook->ok = true;
		hook_on_logged(hook);
	} else {
		telling_log(&hook->telling);
	}
}

static bool
hook_on_dead(void *context, const struct dead *dead)
{
	struct hook *hook = context;

	if (!dead->again)
		return true;
	hook->letter = *dead;
	hook->is_letter = true;
	return false;
}

/* Letters that are to be brought again come first. */
static void
hook_choose(struct hook *hook)
{
	struct kv_view *view = watchbook_view(lookout_book(hook_lookout(hook)));

	hook->is_letter = false;
	if (watchbook_each_dead(
		view, hook->listener.member, hook_on_dead, hook) != ERR_OK)
		log_error("hook.failed", "why=\"cannot read\"");
	kv_view_close(view);
	hook->telling.after =
	    hook->is_letter ? hook->letter.first - 1 : hook->place.after;
	hook->telling.limit =
	    hook->is_letter
		? (size_t)(hook->letter.last - hook->letter.first + 1)
		: PAGE;
}

/* Events that are gone, or of a log that was lost, cannot be brought. */
static void
hook_skip(struct hook *hook, enum err err)
{
	struct telling *telling = &hook->telling;

	telling->last = err == ERR_TOO_OLD ? telling->oldest - 1 : 0;
	log_warn("hook.skipped", "member=%s after=%llu to=%llu",
	    hook->listener.member, (unsigned long long)telling->after,
	    (unsigned long long)telling->last);
	hook_write(hook, NULL, true);
	hook_wait(hook, 0);
}

static void
hook_pump(struct hook *hook)
{
	enum err err;

	if (hook->is_busy || !hook->is_woken || hook->hooks->stopped ||
	    clock_tick_us() < hook->next_us)
		return;
	hook->is_woken = false;
	hook_choose(hook);
	err = telling_read(&hook->telling);
	if (err == ERR_TOO_OLD || err == ERR_MISSING)
		hook_skip(hook, err);
	else if (err != ERR_OK || hook->telling.waiting)
		hook_wait(hook, err == ERR_OK ? PAUSE_US : LATER_US);
	if (err == ERR_OK && hook->telling.count > 0)
		hook_log(hook);
}

static void
hook_wake(struct listener *listener, bool beat)
{
	struct hook *hook = (struct hook *)listener;

	(void)beat;
	hook->is_woken = true;
	hook_pump(hook);
}

static void
hooks_add(void *context, const char *member, const struct hook_place *place)
{
	struct hooks *hooks = context;
	struct hook *hook = mem_new(sizeof(*hook));

	hook->hooks = hooks;
	hook->place = *place;
	hook->listener.wake = hook_wake;
	snprintf(
	    hook->listener.member, sizeof(hook->listener.member), "%s", member);
	hook->telling.node = hooks->settings.node;
	hook->telling.action = "events";
	hook->telling.done = hook_on_trail;
	snprintf(
	    hook->telling.member, sizeof(hook->telling.member), "%s", member);
	hook->next = hooks->list;
	hooks->list = hook;
	lookout_add(hooks->settings.node->lookout, &hook->listener);
	hook_wake(&hook->listener, true);
}

static void
hooks_remove(struct hooks *hooks, const char *member)
{
	struct hook **at = &hooks->list, *hook;

	while (*at != NULL && strcmp((*at)->listener.member, member) != 0)
		at = &(*at)->next;
	hook = *at;
	if (hook == NULL)
		return;
	*at = hook->next;
	lookout_remove(hooks->settings.node->lookout, &hook->listener);
	hook->is_removed = true;
	if (!hook->is_busy)
		hook_free(hook);
}

void
hooks_renew(struct hooks *hooks, const char *member)
{
	struct lookout *lookout = hooks->settings.node->lookout;
	struct kv_view *view = watchbook_view(lookout_book(lookout));
	struct hook_place place;

	hooks_remove(hooks, member);
	if (watchbook_find_hook(view, member, &place) == ERR_OK)
		hooks_add(hooks, member, &place);
	kv_view_close(view);
}

/* On the watch thread, several times a second: retries that are due. */
static void
hooks_tick(void *context)
{
	struct hooks *hooks = context;
	struct hook *hook, *next;

	for (hook = hooks->list; hook != NULL; hook = next) {
		next = hook->next;
		hook_pump(hook);
	}
}

static void
hooks_begin(void *context)
{
	struct hooks *hooks = context;
	struct lookout *lookout = hooks->settings.node->lookout;
	struct kv_view *view = watchbook_view(lookout_book(lookout));

	if (watchbook_each_hook(view, hooks_add, hooks) != ERR_OK)
		log_error("hook.failed", "why=\"cannot read\"");
	kv_view_close(view);
	lookout_set_tick(lookout, hooks_tick, hooks);
}

struct hooks *
hooks_open(const struct hooks_settings *settings, struct why *why)
{
	static const char name[] = "rongxin_node_hook_pages_total";
	static const char help[] = "Pages of events brought to webhooks.";
	struct https_settings https = {
	    .ca = settings->ca[0] != '\0' ? settings->ca : SYSTEM_ROOTS,
	    .public_only = !settings->private};
	struct hooks *hooks = mem_new(sizeof(*hooks));

	hooks->settings = *settings;
	hooks->taken = metric_counter(name, "outcome=\"taken\"", help);
	hooks->failed = metric_counter(name, "outcome=\"failed\"", help);
	hooks->dead = metric_counter(name, "outcome=\"dead\"", help);
	hooks->https = https_open(&https, why);
	if (hooks->https == NULL) {
		mem_free(hooks);
		return NULL;
	}
	lookout_run(settings->node->lookout, hooks_begin, hooks);
	return hooks;
}

static void
hooks_end(void *context)
{
	((struct hooks *)context)->stopped = true;
}

void
hooks_stop(struct hooks *hooks)
{
	if (hooks == NULL)
		return;
	lookout_run(hooks->settings.node->lookout, hooks_end, hooks);
	https_stop(hooks->https);
}

void
hooks_close(struct hooks *hooks)
{
	struct hook *hook;

	if (hooks == NULL)
		return;
	https_close(hooks->https);
	while ((hook = hooks->list) != NULL) {
		hooks->list = hook->next;
		hook_free(hook);
	}
	mem_free(hooks);
}
