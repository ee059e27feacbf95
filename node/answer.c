/*
 * answer: what may leave only after the trail holds it.
 */
#include "node/answer.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/codec.h"
#include "node/world.h"
#include "wire/problem.h"

static void
take_fingerprint(struct access *access, const char *fingerprint)
{
	struct buf raw = {0};

	if (codec_parse_hex(span_of(fingerprint), &raw) &&
	    raw.len >= sizeof(access->certificate))
		memcpy(
		    access->certificate, raw.data, sizeof(access->certificate));
	buf_release(&raw);
}

void
answer_init(struct answer *answer, struct node *node,
    struct http_exchange *exchange, const char *action)
{
	const struct identity *peer = http_peer(exchange);
	struct access *access = &answer->access;

	answer->node = node;
	answer->exchange = exchange;
	answer->status = 200;
	access->time_us = clock_now_us();
	snprintf(access->action, sizeof(access->action), "%s", action);
	snprintf(access->member, sizeof(access->member), "%s", peer->code);
	take_fingerprint(access, peer->fingerprint);
}

void
answer_vouch(struct answer *answer, const struct vouch *vouch)
{
	struct access *access = &answer->access;

	memcpy(access->member, vouch->member, sizeof(access->member));
	take_fingerprint(access, vouch->certificate);
	memcpy(access->via, vouch->from, sizeof(access->via));
	memcpy(access->vouch, vouch->nonce, sizeof(access->vouch));
}

void
answer_problem(struct answer *answer, int status, const char *type,
    const char *title, const char *detail)
{
	answer->status = status;
	buf_reset(&answer->body);
	problem_print(status, type, title, detail, &answer->body);
}

static int
status_of(enum permit_rule rule)
{
	if (permit_rule_is_limit(rule))
		return 429;
	return rule == PERMIT_ITEM_UNKNOWN || rule == PERMIT_ITEM_NOT_HERE
		   ? 404
		   : 403;
}

void
answer_refuse(struct answer *answer, enum permit_rule rule)
{
	enum outcome outcome =
	    permit_rule_is_limit(rule) ? OUTCOME_LIMITED : OUTCOME_REFUSED;

	metric_add(answer->node->outcomes[outcome], 1);
	answer_problem(answer, status_of(rule), permit_rule_name(rule),
	    "Refused", permit_rule_text(rule));
}

bool
answer_is_within_limits(struct answer *answer, const struct catalog *catalog,
    const struct question *question, struct permit *permit)
{
	struct node *node = answer->node;
	struct ask ask = {.limits = catalog_limits(catalog),
	    .code = answer->access.member,
	    .purpose = question->purpose,
	    .subject = question->subject,
	    .time_us = answer->access.time_us,
	    .tick_us = clock_tick_us()};
	const struct world *world;

	if (ask.limits == NULL)
		return true;
	world = shared_hold(node->world);
	ask.member = world_find(world, ask.code);
	limiter_take(node->limiter, &ask, &answer->allowance);
	shared_drop(node->world, world);
	if (answer->allowance.verdict == PERMIT_ALLOWED)
		return true;
	permit_refuse(answer->allowance.verdict, permit);
	return false;
}

/* draft-ietf-httpapi-ratelimit-headers; RFC 9110 section 10.2.3. */
static void
put_allowance(struct answer *answer)
{
	const struct allowance *allowance = &answer->allowance;
	char text[ALLOWANCE_TEXT_MAX];

	if (allowance_print(allowance, text, sizeof(text))) {
		http_reply_header(answer->exchange, "ratelimit-policy",
		    allowance->rule->policy);
		http_reply_header(answer->exchange, "ratelimit", text);
	}
	if (allowance->retry_s == 0)
		return;
	snprintf(text, sizeof(text), "%u", allowance->retry_s);
	http_reply_header(answer->exchange, "retry-after", text);
}

static void
answer_on_loop(struct http_exchange *exchange, void *argument)
{
	struct answer *answer = argument;

	if (answer->logged == ERR_OK) {
		answer->then(answer);
		return;
	}
	if (answer->logged == ERR_LIMIT && answer->on_spent != NULL) {
		answer->on_spent(answer);
		return;
	}
	metric_add(answer->node->outcomes[OUTCOME_UNAVAILABLE], 1);
	http_reply_problem(exchange, 503, "trail_unavailable",
	    "The trail cannot be written",
	    "Nothing is answered that is not in the trail.");
	answer->release(answer);
}

static void
answer_on_trail(
    void *context, enum err err, const struct trail_receipt *receipt)
{
	struct answer *answer = context;

	answer->logged = err;
	if (receipt != NULL)
		answer->receipt = *receipt;
	http_defer(answer->exchange, answer_on_loop, answer);
}

void
answer_log(struct answer *answer)
{
	answer->access.answer = digest_of(buf_span(&answer->body));
	trail_append(
	    answer->node->trail, &answer->access, answer_on_trail, answer);
}

void
answer_add_receipt(struct answer *answer)
{
	char leaf[DIGEST_HEX_LEN + 1];

	if (answer->body.len == 0 ||
	    answer->body.data[answer->body.len - 1] != '}')
		return;
	answer->body.len--;
	buf_print(&answer->body,
	    ",\"receipt\":{\"index\":%llu,\"leaf_hash\":\"%s\"}}",
	    (unsigned long long)answer->receipt.index,
	    digest_print(&answer->receipt.leaf, leaf));
}

void
answer_send(struct answer *answer)
{
	put_allowance(answer);
	http_reply(answer->exchange, answer->status,
	    answer->status >= 400 ? "application/problem+json"
				  : "application/json",
	    buf_span(&answer->body));
	answer->release(answer);
}
