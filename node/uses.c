/*
 * uses: how often consents with a limit were used at this node.
 */
#include "node/uses.h"

#include <string.h>

#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "credit/access.h"
#include "wire/pack.h"

#define KEY_LEN 16
#define SLOTS_FIRST 1024
#define PRINTED_LEN (KEY_LEN + 4 + 4)

/* The newest use of one consent; number 0: the slot is free. */
struct slot {
	uint8_t key[KEY_LEN]; /* of the digest of its id */
	uint32_t window, number;
};

struct uses {
	struct slot *slots; /* open addressing, a power of two of them */
	size_t size, used;
	bool unread; /* an entry could not be read: counts may be too low */
	struct metric *granted, *refused;
};

struct uses *
uses_new(void)
{
	struct uses *uses = mem_new(sizeof(*uses));

	uses->granted = metric_counter("rongxin_consent_uses_total",
	    "outcome=\"granted\"", "Uses of consents with a limit.");
	uses->refused = metric_counter("rongxin_consent_uses_total",
	    "outcome=\"refused\"", "Uses of consents with a limit.");
	uses_forget(uses);
	return uses;
}

void
uses_free(struct uses *uses)
{
	if (uses == NULL)
		return;
	mem_free(uses->slots);
	mem_free(uses);
}

void
uses_forget(struct uses *uses)
{
	mem_free(uses->slots);
	uses->size = SLOTS_FIRST;
	uses->slots = mem_new(uses->size * sizeof(*uses->slots));
	uses->used = 0;
	uses->unread = false;
}

void
uses_print(const struct uses *uses, struct buf *out)
{
	size_t i;

	for (i = 0; i < uses->size; i++) {
		if (uses->slots[i].number == 0)
			continue;
		buf_add(out, uses->slots[i].key, KEY_LEN);
		buf_u32(out, uses->slots[i].window);
		buf_u32(out, uses->slots[i].number);
	}
}

/* The consent's slot, or the free one that would be its. */
static struct slot *
uses_slot(struct uses *uses, const uint8_t key[KEY_LEN])
{
	size_t at;

	memcpy(&at, key, sizeof(at));
	for (at &= uses->size - 1; uses->slots[at].number > 0;
	     at = (at + 1) & (uses->size - 1)) {
		if (memcmp(uses->slots[at].key, key, KEY_LEN) == 0)
			break;
	}
	return &uses->slots[at];
}

static void
uses_grow(struct uses *uses)
{
	struct slot *old = uses->slots;
	size_t i, count = uses->size;

	uses->size = count * 2;
	uses->slots = mem_new(uses->size * sizeof(*old));
	for (i = 0; i < count; i++) {
		if (old[i].number > 0)
			*uses_slot(uses, old[i].key) = old[i];
	}
	mem_free(old);
}

static void
uses_make_room(struct uses *uses)
{
	if (uses->used * 3 > uses->size * 2)
		uses_grow(uses);
}

static uint32_t
parse_u32(const char *at)
{
	const uint8_t *bytes = (const uint8_t *)at;

	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
	       (uint32_t)bytes[2] << 8 | bytes[3];
}

bool
uses_parse(struct uses *uses, struct span bytes)
{
	struct slot *slot, found;
	size_t at;

	if (bytes.len % PRINTED_LEN != 0)
		return false;
	for (at = 0; at < bytes.len; at += PRINTED_LEN) {
		memcpy(found.key, bytes.ptr + at, KEY_LEN);
		found.window = parse_u32(bytes.ptr + at + KEY_LEN);
		found.number = parse_u32(bytes.ptr + at + KEY_LEN + 4);
		if (found.number == 0)
			return false;
		uses_make_room(uses);
		slot = uses_slot(uses, found.key);
		uses->used += slot->number == 0;
		*slot = found;
	}
	return true;
}

static struct slot *
uses_find(struct uses *uses, const char *consent)
{
	struct digest digest = digest_of(span_of(consent));

	uses_make_room(uses);
	return uses_slot(uses, digest.bytes);
}

static void
uses_note(struct uses *uses, struct slot *slot, const char *consent,
    const struct use *use)
{
	struct digest digest = digest_of(span_of(consent));

	if (slot->number == 0)
		uses->used++;
	memcpy(slot->key, digest.bytes, KEY_LEN);
	slot->window = use->window;
	slot->number = use->number;
}

void
uses_see(struct uses *uses, struct span entry)
{
	struct access access;

	if (unpack_access(entry, &access) == ERR_OK) {
		if (access.use.number > 0)
			uses_note(uses, uses_find(uses, access.consent),
			    access.consent, &access.use);
		return;
	}
	if (!uses->unread)
		log_error("uses.unread", "granted=none");
	uses->unread = true;
}

enum err
uses_take(struct uses *uses, const char *consent, struct use *use)
{
	struct slot *slot = uses_find(uses, consent);
	uint32_t before = 0;

	if (uses->unread)
		return ERR_IO;
	/* Two workers may see midnight in another order. */
	if (slot->number > 0 && slot->window >= use->window) {
		use->window = slot->window;
		before = slot->number;
	}
	if (before >= use->most) {
		metric_add(uses->refused, 1);
		return ERR_LIMIT;
	}
	metric_add(uses->granted, 1);
	use->number = before + 1;
	uses_note(uses, slot, consent, use);
	return ERR_OK;
}
