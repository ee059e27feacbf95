/*
 * pack_access: an entry of the trail (proto/trail.proto).
 */
#include <assert.h>

#include "trail.pb-c.h"
#include "wire/pack.h"
#include "wire/pack_part.h"

/* What one entry needs besides its message. */
struct asked_parts {
	Rongxin__Asked parts[HOLDERS_MAX];
	Rongxin__Asked *list[HOLDERS_MAX];
};

static void
asked_build(
    struct access *from, Rongxin__Access *packed, struct asked_parts *parts)
{
	size_t i;

	assert(from->asked_count <= HOLDERS_MAX);
	for (i = 0; i < from->asked_count; i++) {
		struct access_asked *asked = &from->asked[i];
		Rongxin__Asked *part = &parts->parts[i];

		rongxin__asked__init(part);
		part->node = asked->node;
		part->vouch.data = asked->vouch;
		part->vouch.len = VOUCH_NONCE_LEN;
		part->leaf.data = asked->leaf.bytes;
		part->leaf.len = asked->answered ? DIGEST_LEN : 0;
		part->index = asked->answered ? asked->index : 0;
		parts->list[i] = part;
	}
	packed->n_asked = from->asked_count;
	packed->asked = parts->list;
}

void
pack_access(const struct access *access, struct buf *out)
{
	Rongxin__Access packed = RONGXIN__ACCESS__INIT;
	struct access from = *access;
	struct asked_parts asked;

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
	packed.via = from.via;
	packed.vouch.data = from.vouch;
	packed.vouch.len = from.via[0] != '\0' ? VOUCH_NONCE_LEN : 0;
	asked_build(&from, &packed, &asked);
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

static bool
nonce_take(ProtobufCBinaryData bytes, uint8_t nonce[VOUCH_NONCE_LEN])
{
	if (bytes.len != VOUCH_NONCE_LEN)
		return false;
	memcpy(nonce, bytes.data, VOUCH_NONCE_LEN);
	return true;
}

static bool
asked_take(const Rongxin__Asked *packed, struct access_asked *asked)
{
	if (packed->base.n_unknown_fields != 0 ||
	    !access_take_text(packed->node, asked->node, sizeof(asked->node)) ||
	    !nonce_take(packed->vouch, asked->vouch))
		return false;
	asked->index = packed->index;
	asked->answered = packed->leaf.len > 0;
	return asked->answered ? part_take_digest(packed->leaf, &asked->leaf)
			       : packed->index == 0;
}

/* Who asked through whom, and where it was asked. */
static bool
elsewhere_take(const Rongxin__Access *packed, struct access *access)
{
	size_t i;

	if (!access_take_text(packed->via, access->via, sizeof(access->via)) ||
	    packed->n_asked > HOLDERS_MAX)
		return false;
	if (access->via[0] != '\0' ? !nonce_take(packed->vouch, access->vouch)
				   : packed->vouch.len > 0)
		return false;
	for (i = 0; i < packed->n_asked; i++)
		if (!asked_take(packed->asked[i], &access->asked[i]))
			return false;
	access->asked_count = packed->n_asked;
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
	    !part_take_digest(packed->answer, &to->answer) ||
	    !elsewhere_take(packed, to))
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
