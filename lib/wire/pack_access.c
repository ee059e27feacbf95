/*
 * pack_access: an entry of the trail (proto/trail.proto).
 */
#include <assert.h>
#include <string.h>

#include "trail.pb-c.h"
#include "wire/pack.h"
#include "wire/pack_part.h"

#define VARINT 0u
#define BYTES 2u
#define ITEM_MAX 5 /* bytes of a varint of 32 bits */
/* Numbers, tags and lengths of all fields but items and asked; their texts. */
#define ROOM_NUMBERS 160
#define ROOM_TEXTS sizeof(struct access_texts)
#define ROOM_ASKED (MEMBER_CODE_MAX + VOUCH_NONCE_LEN + DIGEST_LEN + 32)

struct access_texts {
	char member[MEMBER_CODE_MAX], subject[USCC_LEN], action[16];
	char consent[CONSENT_ID_MAX], stream[STREAM_LEN], via[MEMBER_CODE_MAX];
	uint8_t certificate[8], vouch[VOUCH_NONCE_LEN], answer[DIGEST_LEN];
};

/* Every answer waits for it: written straight into its room, field by field
 * as proto/trail.proto has them, nothing for what is empty. */
static char *
put_varint(char *at, uint64_t value)
{
	for (; value > 127; value >>= 7)
		*at++ = (char)(value % 128 + 128);
	*at++ = (char)value;
	return at;
}

static char *
put_number(char *at, unsigned field, uint64_t value)
{
	if (value == 0)
		return at;
	return put_varint(put_varint(at, field << 3 | VARINT), value);
}

static char *
put_bytes(char *at, unsigned field, const void *bytes, size_t len)
{
	if (len == 0)
		return at;
	at = put_varint(put_varint(at, field << 3 | BYTES), len);
	memcpy(at, bytes, len);
	return at + len;
}

static char *
put_text(char *at, unsigned field, const char *text)
{
	return put_bytes(at, field, text, strlen(text));
}

static char *
put_items(char *at, const struct access *access)
{
	char list[QUESTION_ITEMS_MAX * ITEM_MAX], *end = list;
	size_t i;

	assert(access->item_count <= QUESTION_ITEMS_MAX);
	for (i = 0; i < access->item_count; i++)
		end = put_varint(end, access->items[i]);
	return put_bytes(at, 7, list, (size_t)(end - list));
}

static char *
put_asked(char *at, const struct access_asked *asked)
{
	char part[ROOM_ASKED], *end = part;

	end = put_text(end, 1, asked->node);
	end = put_bytes(end, 2, asked->vouch, VOUCH_NONCE_LEN);
	if (asked->answered) {
		end = put_bytes(end, 3, asked->leaf.bytes, DIGEST_LEN);
		end = put_number(end, 4, asked->index);
	}
	return put_bytes(at, 21, part, (size_t)(end - part));
}

static char *
put_use(char *at, const struct use *use)
{
	at = put_number(at, 16, use->number);
	at = put_number(at, 17, use->most);
	return put_number(at, 18, use->window);
}

/* Who asked through whom, and where it was asked. */
static char *
put_elsewhere(char *at, const struct access *access)
{
	size_t i;

	if (access->via[0] != '\0') {
		at = put_text(at, 19, access->via);
		at = put_bytes(at, 20, access->vouch, VOUCH_NONCE_LEN);
	}
	assert(access->asked_count <= HOLDERS_MAX);
	for (i = 0; i < access->asked_count; i++)
		at = put_asked(at, &access->asked[i]);
	return at;
}

void
pack_access(const struct access *access, struct buf *out)
{
	size_t room = ROOM_NUMBERS + ROOM_TEXTS +
		      access->item_count * ITEM_MAX +
		      access->asked_count * ROOM_ASKED;
	char *begin = buf_room(out, room), *at = begin;

	at = put_number(at, 1, (uint64_t)access->time_us);
	at = put_text(at, 2, access->member);
	at = put_bytes(at, 3, access->certificate, sizeof(access->certificate));
	at = put_text(at, 4, access->subject);
	at = put_number(at, 5, access->purpose);
	at = put_text(at, 6, access->action);
	at = put_items(at, access);
	at = put_text(at, 8, access->consent);
	at = put_number(at, 9, access->rule);
	at = put_number(at, 10, access->consent_rule);
	at = put_number(at, 11, access->authorised);
	at = put_text(at, 12, access->stream);
	at = put_number(at, 13, access->position);
	at = put_bytes(at, 14, access->answer.bytes, DIGEST_LEN);
	at = put_number(at, 15, access->level);
	at = put_elsewhere(at, access);
	/* Last, as when it is counted later. */
	if (access->use.number > 0)
		at = put_use(at, &access->use);
	out->len += (size_t)(at - begin);
	assert((size_t)(at - begin) <= room);
}

void
pack_access_use(const struct use *use, struct buf *access)
{
	char *begin = buf_room(access, ROOM_NUMBERS);

	access->len += (size_t)(put_use(begin, use) - begin);
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
