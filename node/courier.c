/*
 * courier: carries consents and revocations up to the parent and tells who
 * waits for them.
 */
#include "node/courier.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/jws.h"
#include "base/log.h"
#include "base/mem.h"
#include "node/control.h"
#include "node/filings.h"
#include "node/mailbag.h"
#include "node/outbox.h"

#define PATIENCE_US (5 * CLOCK_SECOND)

/* Somebody who waits for a consent to come back. */
struct waiting {
	char id[CONSENT_ID_MAX + 1];
	struct digest claims;
	uint64_t sequence;
	int64_t since_us; /* monotonic */
	courier_done_fn done;
	void *context;
};

struct courier {
	struct store *store;
	struct snapshot *newest;
	struct mailbag *bag;
	struct signer *signer;
	char own_code[MEMBER_CODE_MAX + 1];
	uint64_t sequence;
	struct waiting *list; /* oldest first */
	size_t count, size;
};

void
letter_free(struct letter *letter)
{
	if (letter == NULL)
		return;
	buf_release(&letter->document);
	buf_release(&letter->claims);
	mem_free(letter);
}

struct courier *
courier_new(const struct courier_settings *settings, struct why *why)
{
	struct courier *courier = mem_new(sizeof(*courier));

	courier->store = settings->store;
	courier->newest = store_newest(settings->store);
	courier->bag = mailbag_new(settings->store, settings->parent);
	courier->signer = settings->signer;
	snprintf(courier->own_code, sizeof(courier->own_code), "%s",
	    settings->own_code);
	if (outbox_newest(courier->newest, &courier->sequence, why) == ERR_OK)
		return courier;
	courier_free(courier);
	return NULL;
}

static void
waiting_resolve(
    struct courier *courier, size_t index, enum courier_outcome outcome)
{
	struct waiting found = courier->list[index];

	courier->count--;
	memmove(&courier->list[index], &courier->list[index + 1],
	    (courier->count - index) * sizeof(found));
	found.done(found.context, outcome);
}

void
courier_free(struct courier *courier)
{
	if (courier == NULL)
		return;
	while (courier->count > 0)
		waiting_resolve(courier, 0, COURIER_PENDING);
	mailbag_free(courier->bag);
	snapshot_release(courier->newest);
	mem_free(courier->list);
	mem_free(courier);
}

/* The clock makes them unique over restarts even with an empty outbox. */
uint64_t
courier_next_sequence(struct courier *courier)
{
	uint64_t now = (uint64_t)clock_now_us();

	if (now <= courier->sequence)
		now = courier->sequence + 1;
	courier->sequence = now;
	return now;
}

static enum err
letter_pack(struct courier *courier, const struct letter *letter,
    uint64_t sequence, struct buf *packed)
{
	struct upward upward = {.kind = letter->kind};

	upward.origin = span_of(courier->own_code);
	upward.sequence = sequence;
	upward.time_us = clock_now_us();
	upward.document = buf_span(&letter->document);
	if (letter->kind == UPWARD_ORDERED_HERE) {
		upward.time_us = letter->order.time_us;
		upward.document = span_of(letter->order.id);
		upward.subject = span_of(letter->order.subject);
		upward.order = letter->order.kind;
	} else if (letter->is_vouched) {
		upward.subject = span_of(letter->order.subject);
	}
	return pack_upward(&upward, courier->signer, packed);
}

/* What this node knows from now on, without waiting for stream 0000. */
static void
letter_mark(const struct letter *letter, struct kv_write *write)
{
	if (letter->kind == UPWARD_CONSENT)
		control_keep_pending(
		    write, letter->order.id, buf_span(&letter->document));
	else if (letter->kind == UPWARD_OBJECTION)
		filings_keep(write, &letter->order, buf_span(&letter->claims));
	else if (letter->kind == UPWARD_STATEMENT)
		filings_keep_said(
		    write, &letter->order, buf_span(&letter->claims));
	else if (letter->kind != UPWARD_INFORMED)
		control_mark(write, &letter->order);
}

/* The mark and the letter are one write. */
static enum err
letter_keep(struct courier *courier, const struct letter *letter,
    uint64_t sequence, struct why *why)
{
	struct kv_write *write;
	struct buf packed = {0};
	enum err err = ERR_OK;

	if (!letter->is_packed)
		err = letter_pack(courier, letter, sequence, &packed);
	if (err != ERR_OK)
		return why_set(why, err, "cannot sign an upward message");
	write = kv_write_begin(store_kv(courier->store));
	outbox_put(write, sequence,
	    buf_span(letter->is_packed ? &letter->document : &packed));
	if (!letter->is_packed)
		letter_mark(letter, write);
	err = kv_write_end(write, true, why);
	buf_release(&packed);
	return err;
}

static struct digest
digest_of_claims(struct span jws)
{
	struct buf claims = {0};
	struct digest digest;

	(void)jws_peek(jws, &claims);
	digest = digest_of(buf_span(&claims));
	buf_release(&claims);
	return digest;
}

static void
courier_wait(
    struct courier *courier, const struct letter *letter, uint64_t sequence)
{
	struct waiting *waiting;

	if (courier->count == courier->size) {
		courier->size = courier->size == 0 ? 16 : courier->size * 2;
		courier->list = mem_grow(
		    courier->list, courier->size * sizeof(*courier->list));
	}
	waiting = &courier->list[courier->count++];
	memcpy(waiting->id, letter->order.id, sizeof(waiting->id));
	waiting->claims = digest_of_claims(buf_span(&letter->document));
	waiting->sequence = sequence;
	waiting->since_us = clock_tick_us();
	waiting->done = letter->done;
	waiting->context = letter->context;
}

/* An id belongs to the consent that the hub took first. */
static void
courier_resolve(struct courier *courier, struct span id,
    const struct digest *claims, bool revoked)
{
	enum courier_outcome outcome;
	size_t i = 0;

	while (i < courier->count) {
		if (!span_is(id, courier->list[i].id)) {
			i++;
			continue;
		}
		outcome = revoked ? COURIER_REVOKED : COURIER_ACTIVE;
		if (!digest_equal(claims, &courier->list[i].claims))
			outcome = COURIER_REFUSED;
		waiting_resolve(courier, i, outcome);
	}
}

/* It may have come back before anybody waited for it. */
static void
courier_look(struct courier *courier, const char *id)
{
	struct buf claims = {0};
	struct consent known;
	struct digest digest;

	if (control_find_consent(courier->newest, id, &known, &claims) ==
	    ERR_OK) {
		digest = digest_of(buf_span(&claims));
		courier_resolve(courier, span_of(id), &digest, known.revoked);
	}
	buf_release(&claims);
}

void
courier_take(struct courier *courier, struct letter *letter)
{
	uint64_t sequence = courier_next_sequence(courier);
	struct why why = {""};

	if (letter_keep(courier, letter, sequence, &why) != ERR_OK) {
		log_error("courier.keep", "why=\"%s\"", why.text);
		letter->done(letter->context, COURIER_FAILED);
	} else if (letter->kind == UPWARD_CONSENT && !letter->is_packed) {
		courier_wait(courier, letter, sequence);
		courier_look(courier, letter->order.id);
	} else {
		letter->done(letter->context, COURIER_KEPT);
	}
	letter_free(letter);
	mailbag_wake(courier->bag);
	courier_tick(courier);
}

void
courier_on_consent(
    struct courier *courier, struct span id, struct span jws, bool revoked)
{
	struct digest claims;

	if (courier->count == 0)
		return;
	claims = digest_of_claims(jws);
	courier_resolve(courier, id, &claims, revoked);
}

static void
courier_on_refused(struct courier *courier, uint64_t sequence)
{
	size_t i = 0;

	while (i < courier->count) {
		if (courier->list[i].sequence == sequence)
			waiting_resolve(courier, i, COURIER_REFUSED);
		else
			i++;
	}
}

bool
courier_on_reply(struct courier *courier, const struct reply *reply)
{
	struct mailbag_news news;

	if (!mailbag_take_reply(courier->bag, reply, &news))
		return false;
	if (news.refused)
		courier_on_refused(courier, news.sequence);
	if (news.sequence != 0)
		courier_tick(courier);
	return true;
}

void
courier_tick(struct courier *courier)
{
	int64_t now_us = clock_tick_us();

	mailbag_pump(courier->bag);
	while (courier->count > 0 &&
	       now_us - courier->list[0].since_us > PATIENCE_US)
		waiting_resolve(courier, 0, COURIER_PENDING);
}
