/*
 * pack_upward: what a node signs and sends up (proto/bus.proto, Upward).
 */
#include <assert.h>

#include "bus.pb-c.h"
#include "credit/consent.h"
#include "credit/declaration.h"
#include "credit/informed.h"
#include "credit/member.h"
#include "credit/note.h"
#include "credit/objection.h"
#include "credit/uscc.h"
#include "wire/pack.h"
#include "wire/pack_alert.h"
#include "wire/pack_condition.h"
#include "wire/pack_part.h"
#include "wire/pack_usage.h"

#define UPWARD_MAGIC "RXU1"
#define PARENT_MAX 255

/* Room for what protobuf-c wants terminated or as an array of pointers. */
struct status_room {
	char software[PACK_SOFTWARE_MAX + 1];
	char parent[PARENT_MAX + 1];
	struct stream_status *from;
	Rongxin__StreamStatus *streams;
	Rongxin__StreamStatus **pointers;
};

static void
status_build(const struct upward *upward, struct status_room *room,
    Rongxin__Status *status)
{
	size_t count = upward->stream_count;

	room->from = mem_copy(upward->streams, count * sizeof(*room->from));
	room->streams = mem_new(count * sizeof(*room->streams));
	room->pointers = mem_new(count * sizeof(*room->pointers));
	for (size_t i = 0; i < count; i++) {
		Rongxin__StreamStatus *stream = &room->streams[i];

		rongxin__stream_status__init(stream);
		stream->stream = room->from[i].stream;
		stream->position = room->from[i].position;
		stream->state.data = room->from[i].state.bytes;
		stream->state.len = DIGEST_LEN;
		stream->applied_us = room->from[i].applied_us;
		stream->delay_us = room->from[i].delay_us;
		room->pointers[i] = stream;
	}
	status->time_us = upward->time_us;
	status->software =
	    part_text(upward->software, room->software, sizeof(room->software));
	status->parent =
	    part_text(upward->parent, room->parent, sizeof(room->parent));
	status->checkpoint = part_bytes(upward->checkpoint);
	status->trail_size = upward->trail_size;
	status->n_streams = count;
	status->streams = room->pointers;
}

static void
status_room_release(struct status_room *room)
{
	mem_free(room->from);
	mem_free(room->streams);
	mem_free(room->pointers);
}

static void
feed_build(const struct upward *upward, Rongxin__FeedPiece *feed)
{
	feed->manifest = part_bytes(upward->document);
	feed->offset = upward->offset;
	feed->bytes = part_bytes(upward->bytes);
}

/* "RXU1" || body, as it is signed. */
static void
upward_print_body(const struct upward *upward, struct buf *out)
{
	Rongxin__UpwardBody body = RONGXIN__UPWARD_BODY__INIT;
	Rongxin__Status status = RONGXIN__STATUS__INIT;
	Rongxin__FeedPiece feed = RONGXIN__FEED_PIECE__INIT;
	struct status_room room = {0};
	struct arena *arena = arena_new();
	char origin[MEMBER_CODE_MAX + 1], id[CONSENT_ID_MAX + 1];
	char subject[USCC_LEN + 1];

	body.origin = part_text(upward->origin, origin, sizeof(origin));
	body.sequence = upward->sequence;
	body.time_us = upward->time_us;
	switch (upward->kind) {
	case UPWARD_CONSENT:
		body.what_case = RONGXIN__UPWARD_BODY__WHAT_CONSENT;
		body.consent = part_bytes(upward->document);
		break;
	case UPWARD_ORDER:
		body.what_case = RONGXIN__UPWARD_BODY__WHAT_ORDERED;
		body.ordered = part_bytes(upward->document);
		break;
	case UPWARD_ORDERED_HERE:
		body.what_case = RONGXIN__UPWARD_BODY__WHAT_ORDERED_ID;
		body.ordered_id = part_text(upward->document, id, sizeof(id));
		body.subject =
		    part_text(upward->subject, subject, sizeof(subject));
		body.order = upward->order;
		break;
	case UPWARD_STATUS:
		status_build(upward, &room, &status);
		status.condition = condition_build(upward->condition, arena);
		body.what_case = RONGXIN__UPWARD_BODY__WHAT_STATUS;
		body.status = &status;
		break;
	case UPWARD_USAGE:
		body.what_case = RONGXIN__UPWARD_BODY__WHAT_USAGE;
		body.usage = usage_build(upward, arena);
		break;
	case UPWARD_ALERTS:
		body.what_case = RONGXIN__UPWARD_BODY__WHAT_ALERTS;
		body.alerts = alerts_build(upward, arena);
		break;
	case UPWARD_FEED:
		feed_build(upward, &feed);
		body.what_case = RONGXIN__UPWARD_BODY__WHAT_FEED;
		body.feed = &feed;
		break;
	case UPWARD_MATERIAL:
		feed_build(upward, &feed);
		body.what_case = RONGXIN__UPWARD_BODY__WHAT_MATERIAL;
		body.material = &feed;
		break;
	case UPWARD_OBJECTION:
		body.what_case = RONGXIN__UPWARD_BODY__WHAT_OBJECTION;
		body.objection = part_bytes(upward->document);
		body.subject =
		    part_text(upward->subject, subject, sizeof(subject));
		break;
	case UPWARD_STATEMENT:
		body.what_case = RONGXIN__UPWARD_BODY__WHAT_STATEMENT;
		body.statement = part_bytes(upward->document);
		body.subject =
		    part_text(upward->subject, subject, sizeof(subject));
		break;
	case UPWARD_INFORMED:
		body.what_case = RONGXIN__UPWARD_BODY__WHAT_INFORMED;
		body.informed = part_bytes(upward->document);
		break;
	}
	buf_text(out, UPWARD_MAGIC);
	pack_message(&body.base, out);
	status_room_release(&room);
	arena_free(arena);
}

enum err
pack_upward(const struct upward *upward, struct signer *signer, struct buf *out)
{
	const size_t magic = strlen(UPWARD_MAGIC);
	struct buf body = {0}, signature = {0};
	enum err err;

	upward_print_body(upward, &body);
	err = signer_sign(signer, buf_span(&body), &signature);
	if (err == ERR_OK) {
		frame_add(
		    1, span_make(body.data + magic, body.len - magic), out);
		frame_add(2, buf_span(&signature), out);
	}
	buf_release(&signature);
	buf_release(&body);
	return err;
}

static bool
stream_status_take(
    const Rongxin__StreamStatus *packed, struct stream_status *stream)
{
	if (packed->base.n_unknown_fields != 0 ||
	    !part_is_stream(packed->stream) ||
	    !part_take_digest(packed->state, &stream->state))
		return false;
	memcpy(stream->stream, packed->stream, STREAM_LEN + 1);
	stream->position = packed->position;
	stream->applied_us = packed->applied_us;
	stream->delay_us = packed->delay_us;
	return true;
}

static enum err
status_fill(
    const Rongxin__Status *status, struct arena *arena, struct upward *upward)
{
	struct stream_status *streams =
	    arena_take(arena, status->n_streams * sizeof(*streams));

	if (status->base.n_unknown_fields != 0 ||
	    !part_is_text(status->software, PACK_SOFTWARE_MAX) ||
	    !part_is_text(status->parent, PARENT_MAX) ||
	    status->checkpoint.len > NOTE_MAX)
		return ERR_INVALID;
	for (size_t i = 0; i < status->n_streams; i++) {
		if (!stream_status_take(status->streams[i], &streams[i]))
			return ERR_INVALID;
		if (i > 0 &&
		    strcmp(streams[i - 1].stream, streams[i].stream) >= 0)
			return ERR_INVALID;
	}
	upward->software = span_of(status->software);
	upward->parent = span_of(status->parent);
	upward->checkpoint = part_span(status->checkpoint);
	upward->trail_size = status->trail_size;
	upward->streams = streams;
	upward->stream_count = status->n_streams;
	return condition_fill(status->condition, arena, upward);
}

static enum err
upward_fill_document(struct upward *upward, enum upward_kind kind,
    struct span document, size_t max)
{
	upward->kind = kind;
	upward->document = document;
	return document.len >= 1 && document.len <= max ? ERR_OK : ERR_INVALID;
}

static enum err
feed_fill(const Rongxin__FeedPiece *feed, enum upward_kind kind,
    struct upward *upward)
{
	if (feed->base.n_unknown_fields != 0 ||
	    feed->bytes.len > FEED_PIECE_MAX)
		return ERR_INVALID;
	upward->offset = feed->offset;
	upward->bytes = part_span(feed->bytes);
	return upward_fill_document(
	    upward, kind, part_span(feed->manifest), FEED_MANIFEST_MAX);
}

static enum err
upward_fill(
    const Rongxin__UpwardBody *body, struct arena *arena, struct upward *upward)
{
	upward->origin = span_of(body->origin);
	upward->sequence = body->sequence;
	upward->time_us = body->time_us;
	upward->subject = span_of(body->subject);
	if (body->base.n_unknown_fields != 0 || body->origin[0] == '\0' ||
	    !part_is_text(body->origin, MEMBER_CODE_MAX) ||
	    !part_is_text(body->subject, USCC_LEN))
		return ERR_INVALID;
	switch (body->what_case) {
	case RONGXIN__UPWARD_BODY__WHAT_CONSENT:
		return upward_fill_document(upward, UPWARD_CONSENT,
		    part_span(body->consent), CONSENT_MAX);
	case RONGXIN__UPWARD_BODY__WHAT_ORDERED:
		return upward_fill_document(upward, UPWARD_ORDER,
		    part_span(body->ordered), CONSENT_MAX);
	case RONGXIN__UPWARD_BODY__WHAT_ORDERED_ID:
		upward->order = (enum order_kind)body->order;
		if (body->subject[0] == '\0' || body->order >= ORDER_COUNT ||
		    !part_is_text(body->ordered_id, CONSENT_ID_MAX))
			return ERR_INVALID;
		return upward_fill_document(upward, UPWARD_ORDERED_HERE,
		    span_of(body->ordered_id), CONSENT_ID_MAX);
	case RONGXIN__UPWARD_BODY__WHAT_STATUS:
		upward->kind = UPWARD_STATUS;
		return status_fill(body->status, arena, upward);
	case RONGXIN__UPWARD_BODY__WHAT_USAGE:
		upward->kind = UPWARD_USAGE;
		return usage_fill(body->usage, arena, upward);
	case RONGXIN__UPWARD_BODY__WHAT_ALERTS:
		upward->kind = UPWARD_ALERTS;
		return alerts_fill(body->alerts, arena, upward);
	case RONGXIN__UPWARD_BODY__WHAT_FEED:
		return feed_fill(body->feed, UPWARD_FEED, upward);
	case RONGXIN__UPWARD_BODY__WHAT_MATERIAL:
		return feed_fill(body->material, UPWARD_MATERIAL, upward);
	case RONGXIN__UPWARD_BODY__WHAT_OBJECTION:
		return upward_fill_document(upward, UPWARD_OBJECTION,
		    part_span(body->objection), OBJECTION_MAX);
	case RONGXIN__UPWARD_BODY__WHAT_STATEMENT:
		return upward_fill_document(upward, UPWARD_STATEMENT,
		    part_span(body->statement), DECLARATION_MAX);
	case RONGXIN__UPWARD_BODY__WHAT_INFORMED:
		return upward_fill_document(upward, UPWARD_INFORMED,
		    part_span(body->informed), INFORMED_MAX);
	default:
		return ERR_INVALID;
	}
}

static bool
upward_is_signed(
    const struct verifier *verifier, struct span body, struct span signature)
{
	struct buf bytes = {0};
	bool is_signed;

	buf_text(&bytes, UPWARD_MAGIC);
	buf_add(&bytes, body.ptr, body.len);
	is_signed = verifier_check(verifier, buf_span(&bytes), signature);
	buf_release(&bytes);
	return is_signed;
}

enum err
unpack_upward(struct span bytes, const struct verifier *verifier,
    struct arena *arena, struct upward *upward)
{
	struct span rest = bytes, packed, signature;
	ProtobufCMessage *body;

	*upward = (struct upward){0};
	if (bytes.len > UPWARD_MAX || !frame_take(&rest, 1, &packed) ||
	    !frame_take(&rest, 2, &signature) || rest.len != 0 ||
	    signature.len != SIGNATURE_LEN)
		return ERR_INVALID;
	if (verifier != NULL && !upward_is_signed(verifier, packed, signature))
		return ERR_INVALID;
	body = unpack_message(&rongxin__upward_body__descriptor, packed, arena);
	if (body == NULL)
		return ERR_INVALID;
	return upward_fill((const Rongxin__UpwardBody *)body, arena, upward);
}
