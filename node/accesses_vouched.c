/*
 * accesses_vouched: who saw a subject's data here, asked through another node.
 */
#include "node/accesses_vouched.h"

#include <string.h>

#include "base/clock.h"
#include "base/jws.h"
#include "base/mem.h"
#include "credit/claims.h"
#include "node/accesses.h"
#include "node/accesses_page.h"
#include "node/answer.h"
#include "node/world.h"

struct told {
	struct answer answer; /* first */
	struct accesses_question question;
	enum err err;
};

bool
accesses_check_wish(struct node *node, struct span jws, const char *subject,
    struct disclosure *disclosure)
{
	int64_t now_us = clock_now_us();
	struct identity who;
	struct buf payload = {0};
	bool good;

	good =
	    jws.len <= DISCLOSURE_JWS_MAX &&
	    jws_check_with_trust(jws, DISCLOSURE_TYPE, node->trust, now_us,
		&who, &payload, NULL) == ERR_OK &&
	    disclosure_parse(buf_span(&payload), disclosure, NULL) == ERR_OK &&
	    strcmp(who.code, subject) == 0 &&
	    disclosure_holds(disclosure, subject, now_us);
	buf_release(&payload);
	return good;
}

static void
told_release(struct answer *answer)
{
	buf_release(&answer->body);
	mem_free(answer);
}

static void
told_on_logged(struct answer *answer)
{
	answer_add_receipt(answer);
	answer_send(answer);
}

static void
told_refuse(struct told *told, enum permit_rule rule)
{
	struct access *access = &told->answer.access;

	access->rule = access->consent_rule = rule;
	answer_refuse(&told->answer, rule);
	answer_log(&told->answer);
}

static void
told_on_loop(struct http_exchange *exchange, void *argument)
{
	struct told *told = argument;

	if (told->err == ERR_OK) {
		answer_log(&told->answer);
		return;
	}
	http_reply_problem(exchange, 503,
	    told->err == ERR_BUSY ? "busy" : "trail_unavailable",
	    "The trail cannot be read", NULL);
	told_release(&told->answer);
}

static void
told_on_found(void *context, enum err err, const struct accesses_page *page)
{
	struct told *told = context;
	struct answer *answer = &told->answer;

	told->err = err;
	if (err == ERR_OK)
		accesses_page_print(
		    answer->node, told->question.subject, page, &answer->body);
	http_defer(answer->exchange, told_on_loop, told);
}

static bool
read_proof(struct span json, char proof[DISCLOSURE_JWS_MAX + 1])
{
	static const char *const members[] = {"proof", NULL};
	struct claims claims;

	claims_open(&claims, json, VOUCH_MAX, members, NULL);
	claims_text(&claims, "proof", proof, DISCLOSURE_JWS_MAX + 1);
	return claims_close(&claims) == ERR_OK;
}

static enum permit_rule
judge_subject(struct node *node, const char *code)
{
	const struct world *world = shared_hold(node->world);
	const struct member *member = world_find(world, code);
	enum permit_rule rule = PERMIT_ALLOWED;

	if (member == NULL)
		rule = PERMIT_MEMBER_UNKNOWN;
	else if (member->status != MEMBER_ACTIVE)
		rule = PERMIT_MEMBER_INACTIVE;
	shared_drop(node->world, world);
	return rule;
}

static enum permit_rule
judge(struct told *told, const struct vouch *vouch, struct span json)
{
	struct node *node = told->answer.node;
	char proof[DISCLOSURE_JWS_MAX + 1];
	struct disclosure disclosure;

	if (!read_proof(json, proof) ||
	    !accesses_check_wish(
		node, span_of(proof), vouch->member, &disclosure) ||
	    !disclosure_is_for(&disclosure, node->code))
		return PERMIT_VOUCH;
	memcpy(told->question.subject, disclosure.subject,
	    sizeof(told->question.subject));
	told->question.from = disclosure.from;
	told->question.limit = disclosure.limit;
	return judge_subject(node, vouch->member);
}

void
accesses_on_vouched(struct http_exchange *exchange, struct node *node,
    const struct vouch *vouch, struct span json)
{
	struct told *told = mem_new(sizeof(*told));
	struct access *access = &told->answer.access;
	enum permit_rule rule;

	answer_init(&told->answer, node, exchange, "accesses");
	answer_vouch(&told->answer, vouch);
	told->answer.then = told_on_logged;
	told->answer.release = told_release;
	rule = judge(told, vouch, json);
	if (rule != PERMIT_ALLOWED) {
		told_refuse(told, rule);
		return;
	}
	memcpy(
	    access->subject, told->question.subject, sizeof(access->subject));
	accesses_ask(node->accesses, &told->question, told_on_found, told);
}
