/*
 * order: a subject's word about a consent that it gave: revoke, pause, resume.
 */
#include "credit/order.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/jws.h"
#include "credit/claims.h"

struct order_words {
	const char *member, *type, *action;
};

static const struct order_words words[ORDER_COUNT] = {
    [ORDER_REVOKE] = {"revokes", "rongxin-revocation+jws", "revocation"},
    [ORDER_PAUSE] = {"pauses", "rongxin-pause+jws", "pause"},
    [ORDER_RESUME] = {"resumes", "rongxin-resume+jws", "resume"},
};

static void
read_kind(struct claims *claims, struct order *order)
{
	unsigned i, found = 0;

	for (i = 0; i < ORDER_COUNT; i++) {
		if (!claims_has(claims, words[i].member))
			continue;
		order->kind = (enum order_kind)i;
		found++;
	}
	if (found != 1)
		claims_refuse(claims, "revokes", "one of three must be there");
}

enum err
order_parse(struct span json, struct order *order, struct why *why)
{
	static const char *const names[] = {
	    "revokes", "pauses", "resumes", "subject", "time", NULL};
	struct order read = {0};
	struct claims claims;
	enum err err;

	claims_open(&claims, json, CONSENT_MAX, names, why);
	read_kind(&claims, &read);
	claims_consent_id(&claims, words[read.kind].member, read.id);
	claims_subject(&claims, read.subject);
	claims_time(&claims, "time", &read.time_us);
	err = claims_close(&claims);
	if (err == ERR_OK)
		*order = read;
	return err;
}

void
order_print(const struct order *order, struct buf *out)
{
	struct json_out json = {out, false};
	char time[CLOCK_TEXT_MAX];

	json_open_object(&json, NULL);
	json_put_cstr(&json, words[order->kind].member, order->id);
	json_put_cstr(&json, "subject", order->subject);
	json_put_cstr(&json, "time", clock_print(order->time_us, time));
	json_close_object(&json);
}

const char *
order_type(enum order_kind kind)
{
	return words[kind].type;
}

const char *
order_action(enum order_kind kind)
{
	return words[kind].action;
}

/* A revocation holds whatever the clock said. */
bool
order_is_ahead(const struct order *order, int64_t now_us)
{
	return order->kind != ORDER_REVOKE &&
	       order->time_us > now_us + ORDER_AHEAD_US;
}

/* The kind is in the claims and in the type: they must say the same. */
static enum err
check_kind(struct span jws, const struct trust *trust, int64_t now_us,
    struct order *order, struct why *why)
{
	struct identity who;
	struct buf claims = {0};
	enum err err = jws_check_with_trust(
	    jws, order_type(order->kind), trust, now_us, &who, &claims, why);
	enum order_kind kind = order->kind;

	if (err == ERR_OK)
		err = order_parse(buf_span(&claims), order, why);
	buf_release(&claims);
	if (err != ERR_OK)
		return err;
	if (order->kind != kind)
		return why_set(
		    why, ERR_INVALID, "its type and its claims differ");
	if (strcmp(who.code, order->subject) != 0)
		return why_set(
		    why, ERR_INVALID, "the certificate is not the subject's");
	if (order_is_ahead(order, now_us))
		return why_set(why, ERR_INVALID, "it is from the future");
	return ERR_OK;
}

enum err
order_check(struct span jws, const struct trust *trust, int64_t now_us,
    struct order *order, struct why *why)
{
	struct buf claims = {0};
	enum err err;

	*order = (struct order){0};
	if (jws.len > CONSENT_MAX)
		return why_set(why, ERR_LIMIT, "it is too long");
	if (!jws_peek(jws, &claims))
		err = why_set(why, ERR_INVALID, "not a compact JWS");
	else
		err = order_parse(buf_span(&claims), order, why);
	buf_release(&claims);
	return err == ERR_OK ? check_kind(jws, trust, now_us, order, why) : err;
}
