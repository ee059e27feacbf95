/*
 * pack_access: an entry of the trail (proto/trail.proto).
 */
#include <assert.h>

#include "trail.pb-c.h"
#include "wire/pack.h"
#include "wire/pack_part.h"

void
pack_access(const struct access *access, struct buf *out)
{
	Rongxin__Access packed = RONGXIN__ACCESS__INIT;
	struct access from = *access;

	assert(from.item_count <= QUESTION_ITEMS_MAX);
	packed.time_us = from.time_us;
	packed.member = from.member;
	packed.certificate.data = from.certificate;
	packed.certificate.len = sizeof(from.certificate);
	packed.subject = from.subject;
	packed.purpose = from.purpose;
	packed.action = from.action;
	packed.items = from.items;
	packed.n_items = from.item_count;
	packed.consent = from.consent;
	packed.rule = from.rule;
	packed.consent_rule = from.consent_rule;
	packed.authorised = from.authorised;
	packed.stream = from.stream;
	packed.position = from.position;
	packed.answer.data = from.answer.bytes;
	packed.answer.len = DIGEST_LEN;
	packed.level = from.level;
	pack_message(&packed.base, out);
	if (from.use.number > 0)
		pack_access_use(&from.use, out);
}

void
pack_access_use(const struct use *use, struct buf *access)
{
	Rongxin__Access packed = RONGXIN__ACCESS__INIT;

	packed.use = use->number;
	packed.use_most = use->most;
	packed.use_window = use->window;
	pack_message(&packed.base, access);
}

/* A question that was refused has no stream. */
static bool
access_is_sound(const Rongxin__Access *packed)
{
	return packed->base.n_unknown_fields == 0 &&
	       packed->certificate.len ==
		   sizeof((struct access){0}.certificate) &&
	       packed->purpose < PURPOSE_COUNT && packed->rule < PERMIT_COUNT &&
	       packed->consent_rule < PERMIT_COUNT &&
	       packed->level < LEVEL_COUNT && packed->use <= packed->use_most &&
	       (packed->use > 0) == (packed->use_most > 0) &&
	       packed->n_items <= QUESTION_ITEMS_MAX &&
	       packed->answer.len == DIGEST_LEN &&
	       (packed->stream[0] == '\0' || part_is_stream(packed->stream));
}

static bool
access_take_text(const char *text, char *to, size_t size)
{
	if (!part_is_text(text, size - 1))
		return false;
	memcpy(to, text, strlen(text) + 1);
	return true;
}

static enum err
access_take(const Rongxin__Access *packed, struct access *access)
{
	struct access *to = access;

	*to = (struct access){0};
	if (!access_is_sound(packed) ||
	    !access_take_text(packed->member, to->member, sizeof(to->member)) ||
	    !access_take_text(
		packed->subject, to->subject, sizeof(to->subject)) ||
	    !access_take_text(packed->action, to->action, sizeof(to->action)) ||
	    !access_take_text(
		packed->consent, to->consent, sizeof(to->consent)) ||
	    !access_take_text(packed->stream, to->stream, sizeof(to->stream)) ||
	    !part_take_digest(packed->answer, &to->answer))
		return ERR_INVALID;
	to->time_us = packed->time_us;
	memcpy(
	    to->certificate, packed->certificate.data, sizeof(to->certificate));
	to->purpose = (enum purpose)packed->purpose;
	for (size_t i = 0; i < packed->n_items; i++)
		to->items[i] = packed->items[i];
	to->item_count = packed->n_items;
	to->rule = (enum permit_rule)packed->rule;
	to->consent_rule = (enum permit_rule)packed->consent_rule;
	to->authorised = packed->authorised;
	to->position = packed->position;
	to->level = (enum permit_level)packed->level;
	to->use =
	    (struct use){packed->use_most, packed->use_window, packed->use};
	return ERR_OK;
}

enum err
unpack_access(struct span bytes, struct access *access)
{
	struct arena *arena;
	ProtobufCMessage *packed;
	enum err err = ERR_INVALID;

	if (bytes.len > ACCESS_PACKED_MAX)
		return ERR_INVALID;
	arena = arena_new();
	packed = unpack_message(&rongxin__access__descriptor, bytes, arena);
	if (packed != NULL)
		err = access_take((const Rongxin__Access *)packed, access);
	arena_free(arena);
	return err;
}
