/*
 * masked: anonymised answers: statistics (level A) and screenings (level B).
 */
#include "node/masked.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/work.h"
#include "credit/mask.h"
#include "node/guard.h"
#include "node/masked_inner.h"
#include "node/world.h"

#define PATH_SIZE 4096
#define WAITING_MAX 64
#define IDLE_MS 60000
#define DAY_US (24 * 3600 * CLOCK_SECOND)

struct masked {
	struct node *node;
	struct budget *budget;
	struct worker *worker;
	uint32_t period; /* the newest that was met */
};

enum err
masked_read_key(const char *folder, struct digest *key, struct why *why)
{
	char path[PATH_SIZE];
	struct buf bytes = {0};
	enum err err;

	file_path(path, sizeof(path), folder, "mask.key");
	err = file_read(path, DIGEST_LEN, &bytes, why);
	if (err == ERR_MISSING) {
		digest_random(key->bytes, DIGEST_LEN);
		return file_replace(
		    path, span_make(key->bytes, DIGEST_LEN), 0600, why);
	}
	if (err == ERR_OK && bytes.len != DIGEST_LEN)
		err = why_set(why, ERR_INVALID, "%s is not a key", path);
	if (err == ERR_OK)
		memcpy(key->bytes, bytes.data, DIGEST_LEN);
	buf_release(&bytes);
	return err;
}

static uint32_t
period_of(const struct mask *mask, int64_t now_us)
{
	return (uint32_t)(now_us / (mask->period_days * DAY_US));
}

bool
masked_token_fits(struct node *node, const struct catalog *catalog,
    const char *member, const char *subject, const char *token)
{
	struct token_scope scope = {
	    .key = span_make(node->mask_key.bytes, DIGEST_LEN),
	    .member = member};
	const struct mask *mask = catalog_mask(catalog);

	if (mask == NULL)
		return false;
	scope.period = period_of(mask, node_hub_time(node));
	return token_belongs(&scope, subject, token);
}

static void
inquiry_release(struct answer *answer)
{
	struct inquiry *inquiry = (struct inquiry *)answer;

	shared_drop(answer->node->censuses, inquiry->census);
	buf_release(&inquiry->request);
	buf_release(&inquiry->note);
	buf_release(&answer->body);
	mem_free(inquiry);
}

static void
inquiry_on_logged(struct answer *answer)
{
	answer_add_receipt(answer);
	answer_send(answer);
}

/* No entry: nothing was said. */
static void
inquiry_on_failed(struct http_exchange *exchange, void *argument)
{
	struct inquiry *inquiry = argument;

	(void)exchange;
	answer_send(&inquiry->answer);
}

static void
inquiry_fail(struct inquiry *inquiry, int status, const char *type,
    const char *title, const char *detail)
{
	struct answer *answer = &inquiry->answer;

	metric_add(answer->node->outcomes[status < 500 ? OUTCOME_MALFORMED
						       : OUTCOME_UNAVAILABLE],
	    1);
	answer_problem(answer, status, type, title, detail);
	http_defer(answer->exchange, inquiry_on_failed, inquiry);
}

static const char *
day_print(uint32_t period, const struct mask *mask, char out[CLOCK_TEXT_MAX])
{
	clock_print((int64_t)period * mask->period_days * DAY_US, out);
	out[10] = '\0';
	return out;
}

static void
print_budget(const struct inquiry *inquiry, struct json_out *out)
{
	bool noise = inquiry->account.kind == BUDGET_STATISTICS;
	uint32_t cost = inquiry->paid ? 0 : inquiry->cost;
	uint32_t spent = inquiry->spent + cost;
	uint32_t left = spent < inquiry->budget ? inquiry->budget - spent : 0;
	const struct mask *mask = inquiry->census->mask;
	char day[CLOCK_TEXT_MAX];

	json_open_object(out, "budget");
	json_put_cstr(out, "of", noise ? "epsilon_milli" : "screenings");
	json_put_cstr(
	    out, "from", day_print(inquiry->account.period, mask, day));
	json_put_cstr(
	    out, "until", day_print(inquiry->account.period + 1, mask, day));
	json_put_int(out, "cost", cost);
	json_put_int(out, "spent", spent);
	json_put_int(out, "left", left);
	json_close_object(out);
}

static void
print_census(const struct inquiry *inquiry, struct json_out *out)
{
	char time[CLOCK_TEXT_MAX], hex[DIGEST_HEX_LEN + 1];

	json_open_object(out, "population");
	json_put_cstr(out, "time", clock_print(inquiry->census->time_us, time));
	json_put_cstr(
	    out, "digest", digest_print(&inquiry->census->digest, hex));
	json_put_int(out, "catalogue",
	    (int64_t)catalog_version(inquiry->census->world->catalog));
	json_put_int(out, "k", inquiry->census->mask->k);
	json_close_object(out);
}

static void
begin_body(struct inquiry *inquiry, struct json_out *out)
{
	out->buf = &inquiry->answer.body;
	json_open_object(out, NULL);
	json_put_cstr(out, "level", permit_level_name(inquiry->permit.level));
	json_put_cstr(out, "node", inquiry->answer.node->code);
	json_put_cstr(out, "purpose", purpose_name(inquiry->question.purpose));
	print_census(inquiry, out);
}

/* Which period it is, who pays how much, and what was paid before. */
static enum err
inquiry_account(struct masked *masked, struct inquiry *inquiry)
{
	const struct mask *mask = inquiry->census->mask;
	struct account *account = &inquiry->account;
	enum err err;

	account->member = inquiry->answer.access.member;
	account->period = period_of(mask, inquiry->now_us);
	if (account->period > masked->period) {
		masked->period = account->period;
		err = budget_forget(masked->budget, account->period);
		if (err != ERR_OK)
			return err;
	}
	inquiry->budget = account->kind == BUDGET_STATISTICS
			      ? mask->budget_milli
			      : mask->screenings;
	err = budget_spent(masked->budget, account, &inquiry->spent);
	if (err != ERR_OK)
		return err;
	err = budget_find(
	    masked->budget, account, &inquiry->digest, &inquiry->note);
	inquiry->paid = err == ERR_OK;
	return err == ERR_MISSING ? ERR_OK : err;
}

static void
inquiry_decide(struct inquiry *inquiry)
{
	struct node *node = inquiry->answer.node;
	const struct world *world = shared_hold(node->world);
	uint32_t spent = inquiry->spent, budget = inquiry->budget;
	struct circumstances around = {
	    .catalog = inquiry->census->world->catalog,
	    .member = world_find(world, inquiry->answer.access.member),
	    .platform = inquiry->census->world->self,
	    .now_us = inquiry->now_us,
	    .cost = inquiry->paid ? 0 : inquiry->cost,
	    .left = spent < budget ? budget - spent : 0};

	permit_decide(&inquiry->question, &around, &inquiry->permit);
	access_fill(
	    &inquiry->answer.access, &inquiry->question, &inquiry->permit);
	shared_drop(node->world, world);
}

/* Until the period ends, and the budget is whole again. */
static uint32_t
seconds_left(const struct inquiry *inquiry)
{
	int64_t period_us = inquiry->census->mask->period_days * DAY_US;
	int64_t end_us = (inquiry->account.period + 1) * period_us;

	return (uint32_t)((end_us - inquiry->now_us) / CLOCK_SECOND) + 1;
}

static void
inquiry_refuse(struct inquiry *inquiry)
{
	enum permit_rule rule = inquiry->permit.rule;

	answer_refuse(&inquiry->answer, rule);
	if (rule == PERMIT_BUDGET)
		inquiry->answer.allowance.retry_s = seconds_left(inquiry);
	answer_log(&inquiry->answer);
}

/* False: it was refused, or failed. */
static bool
inquiry_admit(struct masked *masked, struct inquiry *inquiry)
{
	struct answer *answer = &inquiry->answer;
	bool allowed;

	if (!answer_is_within_limits(answer, inquiry->census->world->catalog,
		&inquiry->question, &inquiry->permit)) {
		access_fill(
		    &answer->access, &inquiry->question, &inquiry->permit);
	} else if (inquiry_account(masked, inquiry) != ERR_OK) {
		inquiry_fail(
		    inquiry, 503, "not_ready", "The store failed", NULL);
		return false;
	} else {
		inquiry_decide(inquiry);
	}
	/* What is refused may be answered, and gone, at once. */
	allowed = inquiry->permit.rule == PERMIT_ALLOWED;
	if (!allowed)
		inquiry_refuse(inquiry);
	return allowed;
}

/* The charge first: an answer that was not paid for never leaves. */
static void
inquiry_finish(
    struct masked *masked, struct inquiry *inquiry, struct json_out *out)
{
	print_budget(inquiry, out);
	json_close_object(out);
	if (!inquiry->paid &&
	    budget_charge(masked->budget, &inquiry->account, &inquiry->digest,
		inquiry->cost, buf_span(&inquiry->note)) != ERR_OK) {
		inquiry_fail(inquiry, 503, "not_ready", "The store failed",
		    "The budget cannot be written.");
		return;
	}
	metric_add(masked->node->outcomes[OUTCOME_ANONYMISED], 1);
	answer_log(&inquiry->answer);
}

static void
answer_statistics(struct masked *masked, struct inquiry *inquiry)
{
	struct json_out out = {0};
	struct statistic statistic;
	struct why why = {""};

	if (inquiry_read_statistics(inquiry, &statistic, &why) != ERR_OK) {
		inquiry_fail(
		    inquiry, 400, "malformed", "Not a question", why.text);
		return;
	}
	if (!inquiry_admit(masked, inquiry))
		return;
	if (!inquiry->paid)
		guard_statistic(masked->node->guard,
		    inquiry->answer.access.member, &statistic);
	begin_body(inquiry, &out);
	if (inquiry_tabulate(inquiry, &statistic, &out) == ERR_OK)
		inquiry_finish(masked, inquiry, &out);
	else
		inquiry_fail(inquiry, 400, "malformed", "Too many cells",
		    "Ask at coarser levels, or for a part.");
}

static void
answer_screening(struct masked *masked, struct inquiry *inquiry)
{
	struct json_out out = {0};
	struct screening screening;
	struct why why = {""};

	if (inquiry_read_screening(inquiry, &screening, &why) != ERR_OK) {
		inquiry_fail(
		    inquiry, 400, "malformed", "Not a question", why.text);
		return;
	}
	if (!inquiry_admit(masked, inquiry))
		return;
	begin_body(inquiry, &out);
	if (inquiry_screen(inquiry, masked->budget, &screening, &out) == ERR_OK)
		inquiry_finish(masked, inquiry, &out);
	else
		inquiry_fail(
		    inquiry, 503, "not_ready", "The store failed", NULL);
}

/* Only a census by the rules that are in force. */
static bool
hold_census(struct inquiry *inquiry)
{
	struct node *node = inquiry->answer.node;
	const struct world *world = shared_hold(node->world);
	const struct catalog *catalog = world != NULL ? world->catalog : NULL;
	const struct census *census = shared_hold(node->censuses);

	inquiry->census = census;
	inquiry->now_us = node_hub_time(node);
	if (catalog != NULL && catalog_mask(catalog) == NULL)
		inquiry_fail(inquiry, 501, "not_available", "Not available",
		    "The catalogue allows no anonymised answers.");
	else if (catalog == NULL || census == NULL || inquiry->now_us == 0 ||
		 catalog_version(catalog) !=
		     catalog_version(census->world->catalog))
		inquiry_fail(inquiry, 503, "not_ready", "Not ready yet",
		    "The enterprises are being counted.");
	else if (census->population == NULL)
		inquiry_fail(inquiry, 501, "not_available", "Not available",
		    "This node holds more enterprises than it may count.");
	else
		catalog = NULL;
	shared_drop(node->world, world);
	return catalog == NULL;
}

static void
masked_on_job(void *context, void *job)
{
	struct masked *masked = context;
	struct inquiry *inquiry = job;

	if (!hold_census(inquiry))
		return;
	if (inquiry->question.form == QUESTION_STATISTICS)
		answer_statistics(masked, inquiry);
	else
		answer_screening(masked, inquiry);
}

struct masked *
masked_new(struct node *node, struct budget *budget)
{
	struct masked *masked = mem_new(sizeof(*masked));

	masked->node = node;
	masked->budget = budget;
	masked->worker =
	    worker_new("masked", masked_on_job, NULL, IDLE_MS, masked);
	return masked;
}

void
masked_free(struct masked *masked)
{
	if (masked == NULL)
		return;
	worker_stop(masked->worker);
	worker_free(masked->worker);
	mem_free(masked);
}

static void
masked_take(
    struct http_exchange *exchange, struct node *node, enum question_form form)
{
	struct inquiry *inquiry = mem_new(sizeof(*inquiry));
	struct span body = http_body(exchange);
	bool lists = form == QUESTION_SCREENING;

	answer_init(&inquiry->answer, node, exchange,
	    lists ? "screening" : "statistics");
	inquiry->answer.then = inquiry_on_logged;
	inquiry->answer.release = inquiry_release;
	inquiry->question.form = form;
	inquiry->account.kind = lists ? BUDGET_SCREENINGS : BUDGET_STATISTICS;
	buf_add(&inquiry->request, body.ptr, body.len);
	if (worker_post(node->masked->worker, inquiry, WAITING_MAX))
		return;
	metric_add(node->outcomes[OUTCOME_UNAVAILABLE], 1);
	http_reply_problem(exchange, 503, "busy", "Too much at once",
	    "Other questions wait; try again.");
	inquiry_release(&inquiry->answer);
}

void
masked_on_statistics(struct http_exchange *exchange, void *context)
{
	masked_take(exchange, context, QUESTION_STATISTICS);
}

void
masked_on_screening(struct http_exchange *exchange, void *context)
{
	masked_take(exchange, context, QUESTION_SCREENING);
}
