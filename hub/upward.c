/*
 * upward: what a node tells the hub: consents, revocations, its status.
 */
#include "hub/upward.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "credit/note.h"
#include "hub/condition.h"
#include "hub/material.h"
#include "hub/objection.h"
#include "hub/pattern.h"
#include "hub/usage.h"
#include "wire/pack.h"

#define STATUS_STREAMS_MAX 1024
#define STATUS_TEXT_MAX 256

static const struct member *
find_origin(const struct members *members, struct span origin)
{
	char code[MEMBER_CODE_MAX + 1] = "";
	const struct member *member;

	if (origin.len > MEMBER_CODE_MAX)
		return NULL;
	memcpy(code, origin.ptr, origin.len);
	member = members_find(members, code);
	if (member == NULL || member->kind != MEMBER_PLATFORM ||
	    member->status != MEMBER_ACTIVE)
		return NULL;
	return member;
}

static struct verifier *
verifier_of(const struct member *member)
{
	struct verifier *verifier = NULL;
	struct buf raw = {0};

	if (codec_parse_hex(span_of(member->sign_key), &raw) && raw.len == 32)
		verifier = verifier_new((const uint8_t *)raw.data);
	buf_release(&raw);
	return verifier;
}

static void
print_stream(const struct stream_status *status, struct json_out *json)
{
	char hex[DIGEST_HEX_LEN + 1];
	char time[CLOCK_TEXT_MAX];

	json_open_object(json, NULL);
	json_put_cstr(json, "stream", status->stream);
	json_put_int(json, "position", (int64_t)status->position);
	json_put_cstr(json, "state", digest_print(&status->state, hex));
	json_put_cstr(json, "applied", clock_print(status->applied_us, time));
	json_put_int(json, "delay_ms", status->delay_us / 1000);
	json_close_object(json);
}

static bool
is_sane_text(struct span text)
{
	return text.len <= STATUS_TEXT_MAX && text_is_utf8(text) &&
	       (text.len == 0 || memchr(text.ptr, '\0', text.len) == NULL);
}

/* An older message than the one that is there changes nothing. */
static void
keep_status(struct pg *pg, const struct member *origin,
    const struct upward *upward, struct span streams)
{
	struct buf condition = {0};

	if (upward->condition != NULL)
		condition_print(upward->condition, &condition);
	pg_exec(pg,
	    "INSERT INTO node_status (code, sequence, reported_at, received_at,"
	    " software, parent, streams, trail_size, checkpoint, condition)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7::json, $8, $9,"
	    " NULLIF($10, '')::json)"
	    " ON CONFLICT (code) DO UPDATE SET sequence = excluded.sequence,"
	    " reported_at = excluded.reported_at,"
	    " received_at = excluded.received_at,"
	    " software = excluded.software, parent = excluded.parent,"
	    " streams = excluded.streams, trail_size = excluded.trail_size,"
	    " checkpoint = excluded.checkpoint,"
	    " condition = excluded.condition"
	    " WHERE node_status.reported_at < excluded.reported_at",
	    pg_arg_text(span_of(origin->code)),
	    pg_arg_int((int64_t)upward->sequence), pg_arg_time(upward->time_us),
	    pg_arg_time(clock_now_us()), pg_arg_text(upward->software),
	    pg_arg_text(upward->parent), pg_arg_text(streams),
	    pg_arg_int((int64_t)upward->trail_size),
	    pg_arg_bytes(upward->checkpoint),
	    pg_arg_text(buf_span(&condition)));
	pg_exec(
	    pg, "SELECT node_prove($1)", pg_arg_text(span_of(origin->code)));
	buf_release(&condition);
}

static enum err
take_status(struct control_round *round, const struct member *origin,
    const struct upward *upward, struct why *why)
{
	struct buf streams = {0};
	struct json_out json = {.buf = &streams};
	size_t i;

	if (upward->stream_count > STATUS_STREAMS_MAX ||
	    upward->checkpoint.len > NOTE_MAX ||
	    !is_sane_text(upward->software) || !is_sane_text(upward->parent))
		return why_set(why, ERR_INVALID, "status out of bounds");
	json_open_array(&json, NULL);
	for (i = 0; i < upward->stream_count; i++)
		print_stream(&upward->streams[i], &json);
	json_close_array(&json);
	keep_status(
	    control_round_pg(round), origin, upward, buf_span(&streams));
	buf_release(&streams);
	return ERR_OK;
}

static enum err
take_order(struct control_round *round, const struct member *origin,
    const struct upward *upward, struct why *why)
{
	struct order order = {
	    .kind = upward->order, .time_us = upward->time_us};

	snprintf(order.id, sizeof(order.id), "%.*s", (int)upward->document.len,
	    upward->document.ptr);
	snprintf(order.subject, sizeof(order.subject), "%.*s",
	    (int)upward->subject.len, upward->subject.ptr);
	return control_order_at(round, origin->code, &order, why);
}

static enum err
dispatch(struct control_round *round, const struct member *origin,
    struct upward_turn *turn, const struct upward *upward, struct why *why)
{
	const struct trust *trust = turn->trust;

	switch (upward->kind) {
	case UPWARD_CONSENT:
		return control_register(round, trust, upward->document, why);
	case UPWARD_ORDER:
		return control_order(round, trust, upward->document, why);
	case UPWARD_ORDERED_HERE:
		return take_order(round, origin, upward, why);
	case UPWARD_STATUS:
		return take_status(round, origin, upward, why);
	case UPWARD_USAGE:
		turn->is_usage = true;
		return usage_take(control_round_pg(round), origin, upward,
		    &turn->counted, why);
	case UPWARD_ALERTS:
		return pattern_take(
		    control_round_pg(round), origin, upward, why);
	case UPWARD_OBJECTION:
		return objection_file(
		    round, &turn->objections, origin->code, upward, why);
	case UPWARD_STATEMENT:
		return objection_say(round, trust, upward, why);
	case UPWARD_INFORMED:
		return objection_note_informed(
		    round, origin->code, upward->document, why);
	case UPWARD_MATERIAL:
		return material_take(round, upward, why);
	case UPWARD_FEED:
		turn->is_feed = true;
		return freight_take(turn->freight, control_round_pg(round),
		    origin->code, upward);
	}
	return ERR_INVALID;
}

enum err
upward_take(struct control_round *round, struct upward_turn *turn,
    struct span message, struct why *why)
{
	struct arena *arena = arena_new();
	struct verifier *verifier = NULL;
	const struct member *origin = NULL;
	struct upward upward;
	enum err err = unpack_upward(message, NULL, arena, &upward);

	if (err == ERR_OK)
		origin = find_origin(turn->members, upward.origin);
	if (origin != NULL)
		verifier = verifier_of(origin);
	if (err != ERR_OK || verifier == NULL) {
		err = why_set(why, ERR_INVALID,
		    err != ERR_OK ? "unreadable"
				  : "origin is no active platform");
		goto out;
	}
	err = unpack_upward(message, verifier, arena, &upward);
	if (err != ERR_OK)
		err = why_set(why, ERR_INVALID, "signature does not hold");
	else
		err = dispatch(round, origin, turn, &upward, why);
out:
	verifier_free(verifier);
	arena_free(arena);
	return err;
}

static void
print_node(struct pg *pg, size_t row, const struct members *members,
    struct json_out *json)
{
	const struct member *member =
	    find_origin(members, pg_bytes(pg, row, 0));
	char time[CLOCK_TEXT_MAX];

	json_open_object(json, NULL);
	json_put_text(json, "code", pg_bytes(pg, row, 0));
	json_put_cstr(json, "name", member != NULL ? member->name : "");
	json_put_cstr(json, "time", clock_print(pg_time(pg, row, 1), time));
	json_put_cstr(json, "received", clock_print(pg_time(pg, row, 2), time));
	json_put_text(json, "software", pg_bytes(pg, row, 3));
	json_put_text(json, "parent", pg_bytes(pg, row, 4));
	json_put_raw(json, "streams", pg_bytes(pg, row, 5));
	json_put_int(json, "trail_size", pg_int(pg, row, 6));
	json_put_int(json, "trail_counted", pg_int(pg, row, 7));
	json_put_int(json, "trail_checked", pg_int(pg, row, 8));
	json_put_bool(json, "trail_forked", !pg_is_null(pg, row, 9));
	json_put_bool(json, "trail_short", pg_int(pg, row, 10) != 0);
	json_close_object(json);
}

enum err
upward_print_nodes(
    struct pg *pg, const struct members *members, struct buf *out)
{
	struct json_out json = {.buf = out};
	size_t i;

	pg_query(pg,
	    "SELECT s.code, s.reported_at, s.received_at, s.software, s.parent,"
	    " s.streams::text, s.trail_size, t.next, t.checked, t.forked_at,"
	    " t.short_at IS NOT NULL OR (s.sequence > t.sequence"
	    " AND s.trail_size < t.checked)"
	    " FROM node_status s LEFT JOIN node_trail t USING (code)"
	    " ORDER BY s.code");
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	json_open_object(&json, NULL);
	json_open_array(&json, "nodes");
	for (i = 0; i < pg_rows(pg); i++)
		print_node(pg, i, members, &json);
	json_close_array(&json);
	json_close_object(&json);
	return ERR_OK;
}
