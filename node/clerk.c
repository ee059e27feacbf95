/*
 * clerk: takes what a sandbox's node tells upward, in place of a hub's desk.
 */
#include "node/clerk.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/jws.h"
#include "base/log.h"
#include "credit/delegation.h"
#include "credit/merkle.h"
#include "credit/note.h"
#include "credit/order.h"
#include "node/bureau.h"
#include "node/cargo.h"
#include "wire/pack.h"

#define CATALOGUE_TYPE "rongxin-catalogue+jws"
#define PROVIDER "hub" /* as a real one writes into control records */

struct clerk {
	struct clerk_settings settings;
	struct verifier *node_key, *catalogue_key;
	struct catalog *catalog;
	struct cargo *cargo;
	struct bureau *bureau;
	struct merkle tree; /* of the node's trail, told since we began */
	struct buf cosignature;
};

struct clerk *
clerk_new(const struct clerk_settings *settings)
{
	struct clerk *clerk = mem_new(sizeof(*clerk));
	struct buf raw = {0};

	clerk->settings = *settings;
	if (codec_parse_hex(span_of(settings->node->sign_key), &raw) &&
	    raw.len == 32)
		clerk->node_key = verifier_new((const uint8_t *)raw.data);
	buf_release(&raw);
	clerk->catalogue_key = verifier_new(settings->network->catalogue_key);
	clerk->bureau = bureau_new(settings->origin);
	clerk->cargo =
	    cargo_new(settings->origin, settings->trust, settings->receipts);
	return clerk;
}

void
clerk_free(struct clerk *clerk)
{
	if (clerk == NULL)
		return;
	verifier_free(clerk->node_key);
	verifier_free(clerk->catalogue_key);
	catalog_free(clerk->catalog);
	cargo_free(clerk->cargo);
	bureau_free(clerk->bureau);
	buf_release(&clerk->cosignature);
	mem_free(clerk);
}

static struct record
control_record(enum control_item item, struct span subject, struct span key)
{
	return (struct record){.item = item,
	    .subject = subject,
	    .key = key,
	    .state = RECORD_CURRENT,
	    .provider = span_of(PROVIDER),
	    .as_of_us = clock_now_us()};
}

static void
put(struct clerk *clerk, struct record *record,
    const struct record_field *fields, size_t count)
{
	record->fields = fields;
	record->field_count = count;
	(void)origin_put(clerk->settings.origin, STREAM_CONTROL, record);
}

static bool
find(struct clerk *clerk, const struct record *like, struct arena *arena,
    struct record *found)
{
	return origin_find(
	    clerk->settings.origin, STREAM_CONTROL, like, arena, found);
}

enum err
clerk_put_member(struct clerk *clerk, struct span document, struct why *why)
{
	struct record_field field = {.number = 1};
	struct record record;
	struct member member;
	struct buf text = {0};
	enum err err = member_parse(document, &member, why);

	if (err != ERR_OK)
		return err;
	member_print(&member, &text);
	field.value = buf_span(&text);
	record =
	    control_record(CONTROL_MEMBER, span_of(member.code), span_of(""));
	put(clerk, &record, &field, 1);
	buf_release(&text);
	return ERR_OK;
}

static struct catalog *
read_catalogue(struct clerk *clerk, struct span jws, struct why *why)
{
	struct catalog *catalog = NULL;
	struct buf json = {0};

	if (jws_check_with_key(jws, CATALOGUE_TYPE, clerk->catalogue_key, &json,
		why) == ERR_OK)
		catalog = catalog_parse(buf_span(&json), why);
	buf_release(&json);
	return catalog;
}

enum err
clerk_put_catalogue(struct clerk *clerk, struct span jws, struct why *why)
{
	struct record_field field = {.number = 1, .value = jws};
	struct record record = control_record(
	    CONTROL_CATALOGUE, span_of("catalogue"), span_of(""));
	struct catalog *catalog = read_catalogue(clerk, jws, why);

	if (catalog == NULL)
		return ERR_INVALID;
	catalog_free(clerk->catalog);
	clerk->catalog = catalog;
	put(clerk, &record, &field, 1);
	return ERR_OK;
}

const struct catalog *
clerk_catalog(struct clerk *clerk)
{
	struct record like = control_record(
	    CONTROL_CATALOGUE, span_of("catalogue"), span_of(""));
	struct arena *arena = arena_new();
	struct record record;
	struct why why = {""};

	if (clerk->catalog == NULL && find(clerk, &like, arena, &record))
		clerk->catalog =
		    read_catalogue(clerk, record_find(&record, 1)->value, &why);
	arena_free(arena);
	return clerk->catalog;
}

static enum err
take_consent(
    struct clerk *clerk, struct span jws, struct arena *arena, struct why *why)
{
	struct record_field field = {.number = 1, .value = jws};
	struct record record, held;
	struct authority authority;
	enum err err = authority_check(
	    jws, clerk->settings.trust, clock_now_us(), &authority, why);

	if (err == ERR_OK) {
		record = control_record(CONTROL_CONSENT,
		    span_of(authority.consent.subject),
		    span_of(authority.consent.id));
		if (!find(clerk, &record, arena, &held))
			put(clerk, &record, &field, 1);
		else if (!span_equal(record_find(&held, 1)->value, jws))
			err = why_set(why, ERR_CONFLICT, "the id is taken");
	}
	authority_release(&authority);
	return err;
}

/* A word that is not newer than the last one was said before. */
static bool
is_stale(const struct record *held, const struct order *order)
{
	const struct record_field *time = record_find(held, 4);
	int64_t last_us = 0;

	if (held->state == RECORD_WITHDRAWN)
		return true;
	return order->kind != ORDER_REVOKE && time != NULL &&
	       clock_parse(time->value, &last_us) == ERR_OK &&
	       order->time_us <= last_us;
}

static enum err
take_order(struct clerk *clerk, const struct order *order, struct span by,
    struct arena *arena)
{
	struct record record = control_record(
	    CONTROL_CONSENT, span_of(order->subject), span_of(order->id));
	struct record_field fields[4] = {{.number = 1}};
	char time[CLOCK_TEXT_MAX];
	struct record held;

	if (!find(clerk, &record, arena, &held))
		return ERR_MISSING;
	if (is_stale(&held, order))
		return ERR_OK;
	fields[0].value = record_find(&held, 1)->value;
	if (order->kind == ORDER_REVOKE) {
		record.state = RECORD_WITHDRAWN;
		fields[1] = (struct record_field){2, by};
		put(clerk, &record, fields, 2);
		return ERR_OK;
	}
	fields[1] = (struct record_field){3,
	    span_of(
		order->kind == ORDER_PAUSE ? CONTROL_PAUSED : CONTROL_RESUMED)};
	fields[2] = (struct record_field){
	    4, span_of(clock_print(order->time_us, time))};
	fields[3] = (struct record_field){5, by};
	put(clerk, &record, fields, 4);
	return ERR_OK;
}

/* The node saw the subject's certificate. */
static enum err
take_order_here(struct clerk *clerk, const struct upward *upward,
    struct arena *arena, struct why *why)
{
	struct order order = {
	    .kind = upward->order, .time_us = upward->time_us};
	struct buf by = {0};
	enum err err;

	if (!consent_id_is_valid(upward->document) ||
	    upward->subject.len != USCC_LEN)
		return why_set(why, ERR_INVALID, "no consent id or subject");
	memcpy(order.id, upward->document.ptr, upward->document.len);
	memcpy(order.subject, upward->subject.ptr, USCC_LEN);
	buf_print(&by, "node:%s", clerk->settings.node->code);
	err = take_order(clerk, &order, buf_span(&by), arena);
	buf_release(&by);
	return err;
}

static enum err
take_signed_order(
    struct clerk *clerk, struct span jws, struct arena *arena, struct why *why)
{
	struct order order;
	enum err err = order_check(
	    jws, clerk->settings.trust, clock_now_us(), &order, why);

	return err == ERR_OK ? take_order(clerk, &order, jws, arena) : err;
}

static enum err
take_objection(
    struct clerk *clerk, const struct upward *upward, struct why *why)
{
	struct objection claims;
	struct buf text = {0};
	enum err err;

	if (upward->subject.len == 0) {
		err = objection_check(upward->document, clerk->settings.trust,
		    clock_now_us(), &claims, why);
		(void)jws_peek(upward->document, &text);
	} else {
		err = objection_parse(upward->document, &claims, why);
		buf_add(&text, upward->document.ptr, upward->document.len);
	}
	if (err == ERR_OK && upward->subject.len > 0 &&
	    !span_is(upward->subject, claims.subject))
		err = why_set(why, ERR_DENIED, "it is another subject's");
	if (err == ERR_OK)
		err = bureau_file(clerk->bureau, &claims, buf_span(&text), why);
	buf_release(&text);
	return err;
}

static enum err
take_statement(
    struct clerk *clerk, const struct upward *upward, struct why *why)
{
	struct declaration said;
	enum err err;

	if (upward->subject.len == 0)
		err = declaration_check(upward->document, clerk->settings.trust,
		    clock_now_us(), &said, why);
	else
		err = declaration_parse(upward->document, &said, why);
	if (err == ERR_OK && upward->subject.len > 0 &&
	    !span_is(upward->subject, said.subject))
		err = why_set(why, ERR_DENIED, "it is another subject's");
	if (err == ERR_OK)
		bureau_say(clerk->bureau, &said);
	return err;
}

static enum err
take_informed(struct clerk *clerk, struct span document, struct why *why)
{
	struct informed informed;
	enum err err = informed_parse(document, &informed, why);

	if (err == ERR_OK)
		bureau_note_informed(clerk->bureau, &informed);
	return err;
}

static enum trail_verdict
witness(struct clerk *clerk, const struct upward *upward)
{
	const struct member *node = clerk->settings.node;
	struct digest root = merkle_root(&clerk->tree);
	struct checkpoint checkpoint = {0};
	struct buf raw = {0};
	struct why why = {""};
	enum err err = ERR_INVALID;

	if (codec_parse_hex(span_of(node->trail_key), &raw) && raw.len == 32)
		err = note_check(upward->checkpoint, (const uint8_t *)raw.data,
		    &checkpoint, &why);
	buf_release(&raw);
	if (err != ERR_OK || checkpoint.size != clerk->tree.size)
		return TRAIL_GOOD;
	if (!digest_equal(&root, &checkpoint.root))
		return TRAIL_FORKED;
	if (note_cosign(upward->checkpoint, clock_now_us() / CLOCK_SECOND,
		clerk->settings.witness, &clerk->cosignature) != ERR_OK)
		log_error("sandbox.cosign", "size=%llu",
		    (unsigned long long)checkpoint.size);
	return TRAIL_GOOD;
}

static void
take_usage(
    struct clerk *clerk, const struct upward *upward, struct reply *reply)
{
	size_t i;

	for (i = 0; i < upward->row_count; i++)
		if (upward->first + i == clerk->tree.size)
			merkle_add(&clerk->tree, &upward->rows[i].leaf);
	buf_reset(&clerk->cosignature);
	if (upward->checkpoint.len > 0)
		reply->verdict = witness(clerk, upward);
	reply->kind = REPLY_COUNTED;
	reply->next = clerk->tree.size;
	reply->cosignature = buf_span(&clerk->cosignature);
}

static enum err
take(struct clerk *clerk, const struct upward *upward, struct arena *arena,
    struct reply *reply, struct why *why)
{
	switch (upward->kind) {
	case UPWARD_CONSENT:
		return take_consent(clerk, upward->document, arena, why);
	case UPWARD_ORDER:
		return take_signed_order(clerk, upward->document, arena, why);
	case UPWARD_ORDERED_HERE:
		return take_order_here(clerk, upward, arena, why);
	case UPWARD_OBJECTION:
		return take_objection(clerk, upward, why);
	case UPWARD_STATEMENT:
		return take_statement(clerk, upward, why);
	case UPWARD_INFORMED:
		return take_informed(clerk, upward->document, why);
	case UPWARD_USAGE:
		take_usage(clerk, upward, reply);
		return ERR_OK;
	case UPWARD_FEED:
		cargo_take(clerk->cargo, clerk_catalog(clerk), upward, reply);
		return ERR_OK;
	case UPWARD_STATUS:
	case UPWARD_ALERTS:
	case UPWARD_MATERIAL:
		return ERR_OK;
	}
	return ERR_INVALID;
}

void
clerk_answer(
    struct clerk *clerk, struct span message, uint64_t ticket, struct buf *out)
{
	struct reply reply = {.ticket = ticket, .kind = REPLY_TAKEN};
	struct arena *arena = arena_new();
	struct why why = {""};
	struct upward upward;
	enum err err = unpack_upward(message, clerk->node_key, arena, &upward);

	if (err == ERR_OK)
		err = take(clerk, &upward, arena, &reply, &why);
	if (err == ERR_OK)
		err = origin_commit(clerk->settings.origin, &why);
	if (err != ERR_OK) {
		log_warn("sandbox.refused", "err=%s why=\"%s\"", err_name(err),
		    why.text);
		reply.kind = REPLY_REFUSAL;
		reply.reason = span_of(err == ERR_IO ? "busy" : "invalid");
	}
	pack_reply(&reply, out);
	arena_free(arena);
}

void
clerk_work(struct clerk *clerk)
{
	struct why why = {""};

	if (bureau_work(clerk->bureau) &&
	    origin_commit(clerk->settings.origin, &why) != ERR_OK)
		log_warn("sandbox.refused", "err=%s why=\"%s\"",
		    err_name(ERR_IO), why.text);
}
