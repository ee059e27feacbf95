/*
 * consents: given and revoked at this node by its members and subjects.
 */
#include "node/consents.h"

#include <stdio.h>

#include "base/json.h"
#include "base/log.h"
#include "credit/delegation.h"
#include "node/answer.h"
#include "node/control.h"
#include "node/world.h"

struct deed {
	struct answer answer;  /* first */
	struct consent claims; /* as handed in, or as they are here */
	struct order order;    /* about it; unless it is handed in */
	bool pending;          /* … they are, but not on stream 0000 */
	struct letter *letter; /* to be carried once logged; NULL: none */
	enum courier_outcome outcome;
};

static void
deed_release(struct answer *answer)
{
	struct deed *deed = (struct deed *)answer;

	letter_free(deed->letter);
	buf_release(&answer->body);
	mem_free(deed);
}

static void
deed_say(struct deed *deed, int status, const char *state)
{
	struct json_out out = {.buf = &deed->answer.body};

	buf_reset(&deed->answer.body);
	deed->answer.status = status;
	json_open_object(&out, NULL);
	json_put_cstr(&out, "id", deed->claims.id);
	json_put_cstr(&out, "state", state);
	json_close_object(&out);
}

/* What the consent is when the order is kept here. */
static const char *
deed_outcome(const struct order *order)
{
	static const char *const states[ORDER_COUNT] = {
	    [ORDER_REVOKE] = "revoked",
	    [ORDER_PAUSE] = "paused",
	    [ORDER_RESUME] = "active"};

	return states[order->kind];
}

static void
deed_on_loop(struct http_exchange *exchange, void *argument)
{
	struct deed *deed = argument;
	(void)exchange;
	switch (deed->outcome) {
	case COURIER_KEPT:
		deed_say(deed, 200, deed_outcome(&deed->order));
		break;
	case COURIER_ACTIVE:
		deed_say(deed, 201, "active");
		break;
	case COURIER_REVOKED:
		deed_say(deed, 200, "revoked");
		break;
	case COURIER_PENDING:
		deed_say(deed, 202, "pending");
		break;
	case COURIER_REFUSED:
		answer_problem(&deed->answer, 400, "consent_invalid",
		    "The hub refused it", NULL);
		break;
	case COURIER_FAILED:
		answer_problem(&deed->answer, 503, "not_ready",
		    "The store failed", "It was not taken; try again.");
		break;
	}
	answer_send(&deed->answer);
}

static void
deed_on_carried(void *context, enum courier_outcome outcome)
{
	struct deed *deed = context;

	deed->outcome = outcome;
	http_defer(deed->answer.exchange, deed_on_loop, deed);
}

static void
deed_on_logged(struct answer *answer)
{
	struct deed *deed = (struct deed *)answer;
	struct letter *letter = deed->letter;

	if (letter == NULL) {
		if (answer->status >= 400)
			answer_add_receipt(answer);
		answer_send(answer);
		return;
	}
	deed->letter = NULL;
	follow_carry(answer->node->follow, letter);
}

static struct deed *
deed_new(struct http_exchange *exchange, void *context, const char *action)
{
	struct deed *deed = mem_new(sizeof(*deed));

	answer_init(&deed->answer, context, exchange, action);
	deed->answer.then = deed_on_logged;
	deed->answer.release = deed_release;
	return deed;
}

/* What is not even a document is not logged: it is about nobody. */
static void
deed_reject(struct deed *deed, int status, const char *type, const char *title,
    const char *detail)
{
	http_reply_problem(deed->answer.exchange, status, type, title, detail);
	deed_release(&deed->answer);
}

static void
deed_log(struct deed *deed)
{
	struct access *access = &deed->answer.access;
	const struct consent *claims = &deed->claims;

	memcpy(access->subject, claims->subject, sizeof(access->subject));
	memcpy(access->consent, claims->id, sizeof(access->consent));
	access->purpose = claims->purpose;
	answer_log(&deed->answer);
}

static void
deed_refuse_stranger(struct deed *deed, const char *detail)
{
	deed->answer.access.rule = PERMIT_MEMBER_KIND;
	answer_problem(&deed->answer, 403, "not_yours", "Not yours", detail);
	deed_log(deed);
}

static enum err
deed_find(struct deed *deed, const char *id, struct consent *known,
    struct buf *claims)
{
	struct snapshot *snapshot = store_snapshot(deed->answer.node->store);
	enum err err = control_find_consent(snapshot, id, known, claims);

	if (err == ERR_MISSING) {
		err = control_find_pending(snapshot, id, known, claims);
		deed->pending = err == ERR_OK;
	}
	snapshot_release(snapshot);
	return err;
}

/* While stream 0000 comes as an image nobody knows. */
static void
deed_reject_unfound(struct deed *deed, enum err err)
{
	if (err == ERR_BUSY)
		deed_reject(deed, 503, "not_ready", "Not ready",
		    "Consents are being loaded.");
	else
		deed_reject(deed, 404, "not_found", "No such consent", NULL);
}

static bool
deed_is_by_institution(struct deed *deed)
{
	struct shared *shared = deed->answer.node->world;
	const struct world *world = shared_hold(shared);
	const struct member *member =
	    world_find(world, deed->answer.access.member);
	bool may = member != NULL && member->status == MEMBER_ACTIVE &&
		   member_is_institution(member);

	shared_drop(shared, world);
	return may;
}

static bool
deed_is_by_subject(const struct deed *deed)
{
	return strcmp(deed->answer.access.member, deed->claims.subject) == 0;
}

static bool
deed_is_by_operator(struct deed *deed)
{
	struct shared *shared = deed->answer.node->world;
	const struct world *world = shared_hold(shared);
	const struct member *member =
	    world_find(world, deed->answer.access.member);
	bool may = member != NULL && member_may_audit(member);

	shared_drop(shared, world);
	return may;
}

static void
deed_write_letter(
    struct deed *deed, enum upward_kind kind, struct span document)
{
	struct letter *letter = mem_new(sizeof(*letter));

	letter->kind = kind;
	letter->order = deed->order;
	memcpy(letter->order.id, deed->claims.id, sizeof(letter->order.id));
	memcpy(letter->order.subject, deed->claims.subject,
	    sizeof(letter->order.subject));
	buf_add(&letter->document, document.ptr, document.len);
	letter->done = deed_on_carried;
	letter->context = deed;
	deed->letter = letter;
}

/* Who was struck off gives no consents, for nobody. */
static bool
deed_signer_is_good(struct deed *deed, const char *signer)
{
	struct shared *shared = deed->answer.node->world;
	const struct world *world = shared_hold(shared);
	const struct member *member = world_find(world, signer);
	bool good = member == NULL || member->status == MEMBER_ACTIVE;

	shared_drop(shared, world);
	return good;
}

/* A door answers for nothing, so it could never count a use. */
static bool
deed_counts_at_a_door(struct deed *deed)
{
	struct shared *shared = deed->answer.node->world;
	const struct world *world = shared_hold(shared);
	const struct member *at = world_find(world, deed->claims.frequency.at);
	bool door = at != NULL && member_is_door(at);

	shared_drop(shared, world);
	return door;
}

static enum err
deed_check_consent(struct deed *deed, struct span jws,
    struct authority *authority, struct why *why)
{
	int64_t now_us = node_hub_time(deed->answer.node);
	enum err err = authority_check(
	    jws, deed->answer.node->trust, now_us, authority, why);

	if (err != ERR_OK)
		return err;
	deed->claims = authority->consent;
	if (deed->claims.expiry_us <= now_us)
		return why_set(why, ERR_INVALID, "it has expired");
	if (deed_counts_at_a_door(deed))
		return why_set(why, ERR_INVALID,
		    "frequency: its platform holds no enterprises");
	if (!deed_signer_is_good(deed, authority->signer))
		return why_set(
		    why, ERR_INVALID, "its signer is suspended or struck off");
	return ERR_OK;
}

/* One that is pending may be handed in again, by its subject's will: it is
 * the hub that decides what the id stands for. */
static bool
deed_is_open(const struct deed *deed, const struct consent *known)
{
	return deed->pending && !known->revoked &&
	       strcmp(known->subject, deed->claims.subject) == 0;
}

static const char *
consent_state(const struct consent *consent)
{
	if (consent->revoked)
		return "revoked";
	return consent->paused ? "paused" : "active";
}

/* The same consent again is no harm; another one under its id is. */
static void
deed_repeat(struct deed *deed, const struct consent *known, bool same)
{
	if (!same)
		answer_problem(&deed->answer, 409, "consent_conflict",
		    "The id is taken",
		    "Another consent is registered under this id.");
	else
		deed_say(deed, 200, consent_state(known));
}

static void
deed_register(struct deed *deed, struct span jws, struct span payload)
{
	struct consent known;
	struct buf claims = {0};
	enum err err = deed_find(deed, deed->claims.id, &known, &claims);

	if (err == ERR_OK && !deed_is_open(deed, &known))
		deed_repeat(
		    deed, &known, span_equal(buf_span(&claims), payload));
	else if (err == ERR_OK || err == ERR_MISSING)
		deed_write_letter(deed, UPWARD_CONSENT, jws);
	else
		answer_problem(
		    &deed->answer, 503, "not_ready", "The store failed", NULL);
	buf_release(&claims);
	deed_log(deed);
}

void
consents_on_post(struct http_exchange *exchange, void *context)
{
	struct deed *deed = deed_new(exchange, context, "consent");
	const char *member = deed->answer.access.member;
	struct span jws = http_body(exchange);
	struct authority authority = {0};
	struct why why = {""};

	if (node_hub_time(context) == 0)
		deed_reject(deed, 503, "not_ready", "Not ready yet",
		    "The hub's time is not known yet.");
	else if (deed_check_consent(deed, jws, &authority, &why) != ERR_OK)
		deed_reject(deed, 400, "consent_invalid", "Not a valid consent",
		    why.text);
	else if (strcmp(member, authority.signer) != 0 &&
		 !deed_is_by_subject(deed) && !deed_is_by_institution(deed))
		deed_refuse_stranger(deed,
		    "Consents are handed in by institutions, by their subjects "
		    "or by who signed them.");
	else
		deed_register(deed, jws, buf_span(&authority.claims));
	authority_release(&authority);
}

/* Revoked or paused before it came: that is what it will be. */
static const char *
deed_state(const struct deed *deed)
{
	const struct consent *claims = &deed->claims;

	if (deed->pending && !claims->revoked && !claims->paused)
		return "pending";
	return consent_state(claims);
}

static void
deed_show(struct deed *deed, struct span claims)
{
	struct json_out out = {.buf = &deed->answer.body};

	json_open_object(&out, NULL);
	json_put_cstr(&out, "id", deed->claims.id);
	json_put_cstr(&out, "state", deed_state(deed));
	json_put_raw(&out, "claims", claims);
	json_close_object(&out);
	answer_send(&deed->answer);
}

void
consents_on_get(struct http_exchange *exchange, void *context)
{
	struct deed *deed = deed_new(exchange, context, "consent");
	const char *id = http_path_param(exchange, "id");
	struct buf claims = {0};
	enum err err = deed_find(deed, id, &deed->claims, &claims);

	if (err != ERR_OK)
		deed_reject_unfound(deed, err);
	else if (!deed_is_by_subject(deed) &&
		 strcmp(deed->answer.access.member, deed->claims.grantee) !=
		     0 &&
		 !deed_is_by_operator(deed))
		deed_reject(deed, 403, "not_yours", "Not yours",
		    "Its subject, its grantee and the operator may see it.");
	else
		deed_show(deed, buf_span(&claims));
	buf_release(&claims);
}

/* Is it this order, and about exactly this consent? */
static enum err
deed_check_order(struct deed *deed, struct span jws, struct why *why)
{
	enum order_kind kind = deed->order.kind;
	enum err err = order_check(jws, deed->answer.node->trust,
	    node_hub_time(deed->answer.node), &deed->order, why);

	if (err != ERR_OK)
		return err;
	if (deed->order.kind != kind ||
	    strcmp(deed->order.subject, deed->claims.subject) != 0 ||
	    strcmp(deed->order.id, deed->claims.id) != 0)
		return why_set(why, ERR_INVALID, "it orders something else");
	return ERR_OK;
}

static bool
deed_is_stale(const struct deed *deed)
{
	return deed->order.kind != ORDER_REVOKE &&
	       deed->order.time_us <= deed->claims.ordered_us;
}

static void
deed_order(struct deed *deed, struct span jws)
{
	if (deed->claims.revoked && deed->order.kind == ORDER_REVOKE)
		deed_say(deed, 200, "revoked");
	else if (deed->claims.revoked)
		answer_problem(&deed->answer, 409, "consent_conflict",
		    "It is revoked", "A revocation is for ever.");
	else if (deed_is_stale(deed))
		answer_problem(&deed->answer, 409, "not_newer", "Not newer",
		    "The subject has said something later already.");
	else if (jws.len > 0)
		deed_write_letter(deed, UPWARD_ORDER, jws);
	else
		deed_write_letter(deed, UPWARD_ORDERED_HERE, span_of(""));
	deed_log(deed);
}

/* By certificate it is said now, which is after whatever was said before. */
static void
deed_date_order(struct deed *deed)
{
	deed->order.time_us = node_hub_time(deed->answer.node);
	if (deed->order.time_us <= deed->claims.ordered_us)
		deed->order.time_us = deed->claims.ordered_us + 1;
}

static void
consents_on_order(
    struct http_exchange *exchange, void *context, enum order_kind kind)
{
	struct deed *deed = deed_new(exchange, context, order_action(kind));
	const char *id = http_path_param(exchange, "id");
	struct span jws = http_body(exchange);
	struct why why = {""};
	enum err err = deed_find(deed, id, &deed->claims, NULL);

	deed->order.kind = kind;
	if (err != ERR_OK) {
		deed_reject_unfound(deed, err);
	} else if (jws.len == 0 && !deed_is_by_subject(deed)) {
		deed_refuse_stranger(
		    deed, "Only its subject orders about a consent.");
	} else if (jws.len > 0 && deed_check_order(deed, jws, &why) != ERR_OK) {
		deed_reject(deed, 400, "consent_invalid", "Not a valid order",
		    why.text);
	} else {
		if (jws.len == 0)
			deed_date_order(deed);
		deed_order(deed, jws);
	}
}

void
consents_on_delete(struct http_exchange *exchange, void *context)
{
	consents_on_order(exchange, context, ORDER_REVOKE);
}

void
consents_on_pause(struct http_exchange *exchange, void *context)
{
	consents_on_order(exchange, context, ORDER_PAUSE);
}

void
consents_on_resume(struct http_exchange *exchange, void *context)
{
	consents_on_order(exchange, context, ORDER_RESUME);
}
