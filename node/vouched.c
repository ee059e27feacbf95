/*
 * vouched: questions that another node asks in a member's name.
 */
#include "node/vouched.h"

#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/jws.h"
#include "base/mem.h"
#include "node/accesses_vouched.h"
#include "node/answer.h"
#include "node/elsewhere.h"
#include "node/query.h"
#include "node/world.h"

struct vouched {
	struct answer answer; /* first: of a word that does not hold */
	struct vouch vouch;
	struct buf question;
	enum err use;
};

static void
vouched_release(struct answer *answer)
{
	struct vouched *vouched = (struct vouched *)answer;

	buf_release(&vouched->question);
	buf_release(&answer->body);
	mem_free(vouched);
}

static void
vouched_on_logged(struct answer *answer)
{
	answer_add_receipt(answer);
	answer_send(answer);
}

static void
vouched_refuse(
    struct vouched *vouched, enum permit_rule rule, const char *detail)
{
	struct answer *answer = &vouched->answer;

	metric_add(answer->node->outcomes[OUTCOME_REFUSED], 1);
	answer->access.rule = answer->access.consent_rule = rule;
	answer_problem(
	    answer, 403, "vouch", "This platform's word does not hold", detail);
	answer_log(answer);
}

/* Platforms of the list only: with its key, or NULL and the rule. */
static struct verifier *
caller_key(const struct vouched *vouched, enum permit_rule *rule)
{
	struct shared *list = vouched->answer.node->world;
	const struct world *world = shared_hold(list);
	const struct member *caller =
	    world_find(world, vouched->answer.access.member);
	struct verifier *key = NULL;
	struct buf raw = {0};

	if (caller == NULL)
		*rule = PERMIT_MEMBER_UNKNOWN;
	else if (caller->status != MEMBER_ACTIVE)
		*rule = PERMIT_MEMBER_INACTIVE;
	else if (caller->kind != MEMBER_PLATFORM)
		*rule = PERMIT_MEMBER_KIND;
	else if (codec_parse_hex(span_of(caller->sign_key), &raw) &&
		 raw.len == 32)
		key = verifier_new((const uint8_t *)raw.data);
	buf_release(&raw);
	shared_drop(list, world);
	return key;
}

static const char *
vouched_fault(struct vouched *vouched, const struct verifier *key)
{
	struct node *node = vouched->answer.node;
	struct vouch_place place = {.peer = vouched->answer.access.member,
	    .self = node->code,
	    .now_us = clock_now_us(),
	    .since_us = elsewhere_since(node->elsewhere)};
	struct buf payload = {0};
	enum err err = jws_check_with_key(http_body(vouched->answer.exchange),
	    VOUCH_TYPE, key, &payload, NULL);

	if (err == ERR_OK)
		err = vouch_parse(buf_span(&payload), &vouched->vouch,
		    &vouched->question, NULL);
	buf_release(&payload);
	if (err != ERR_OK)
		return "It is not signed with the platform's key, or is no "
		       "vouch.";
	return vouch_fault(&vouched->vouch, &place);
}

static void
vouched_on_loop(struct http_exchange *exchange, void *argument)
{
	struct vouched *vouched = argument;

	if (vouched->use == ERR_SEEN) {
		vouched_refuse(vouched, PERMIT_VOUCH, "It was used before.");
		return;
	}
	if (vouched->use == ERR_OK && vouched->vouch.action == VOUCH_ACCESSES)
		accesses_on_vouched(exchange, vouched->answer.node,
		    &vouched->vouch, buf_span(&vouched->question));
	else if (vouched->use == ERR_OK)
		query_on_vouched(exchange, vouched->answer.node,
		    &vouched->vouch, buf_span(&vouched->question));
	else
		http_reply_problem(exchange, 503, "busy", "Busy", NULL);
	vouched_release(&vouched->answer);
}

static void
vouched_on_used(void *context, enum err err)
{
	struct vouched *vouched = context;

	vouched->use = err;
	http_defer(vouched->answer.exchange, vouched_on_loop, vouched);
}

void
vouched_on_post(struct http_exchange *exchange, void *context)
{
	struct vouched *vouched = mem_new(sizeof(*vouched));
	enum permit_rule rule = PERMIT_VOUCH;
	struct verifier *key;
	const char *fault;

	answer_init(&vouched->answer, context, exchange, "vouched");
	vouched->answer.then = vouched_on_logged;
	vouched->answer.release = vouched_release;
	key = caller_key(vouched, &rule);
	if (key == NULL) {
		vouched_refuse(vouched, rule, permit_rule_text(rule));
		return;
	}
	fault = vouched_fault(vouched, key);
	verifier_free(key);
	if (fault != NULL)
		vouched_refuse(vouched, PERMIT_VOUCH, fault);
	else
		elsewhere_use(vouched->answer.node->elsewhere, &vouched->vouch,
		    vouched_on_used, vouched);
}
