/*
 * mailbag: the oldest letters of the outbox, on their way up together.
 */
#include "node/mailbag.h"

#include "base/clock.h"
#include "base/jws.h"
#include "base/log.h"
#include "base/mem.h"
#include "credit/declaration.h"
#include "credit/order.h"
#include "node/control.h"
#include "node/filings.h"
#include "node/outbox.h"

#define LETTERS_MAX 64
#define RETRY_US (5 * CLOCK_SECOND)

/* One letter on its way. */
struct carried {
	uint64_t sequence;
	struct buf packed;
	enum upward_kind kind;
	char id[CONSENT_ID_MAX + 1]; /* of the consent; empty: unreadable */
	char subject[USCC_LEN + 1];  /* of an objection or statement */
	int64_t said_us;             /* of a statement */
	uint64_t ticket;             /* of its request; 0: to be sent */
	int64_t sent_us;             /* monotonic */
};

struct mailbag {
	struct store *store;
	struct snapshot *newest;
	struct parent *parent;
	bool emptied; /* the outbox has no more than these */
	struct carried letters[LETTERS_MAX]; /* oldest first */
	size_t count;
};

struct mailbag *
mailbag_new(struct store *store, struct parent *parent)
{
	struct mailbag *bag = mem_new(sizeof(*bag));

	bag->store = store;
	bag->newest = store_newest(store);
	bag->parent = parent;
	return bag;
}

void
mailbag_free(struct mailbag *bag)
{
	if (bag == NULL)
		return;
	while (bag->count > 0)
		buf_release(&bag->letters[--bag->count].packed);
	snapshot_release(bag->newest);
	mem_free(bag);
}

void
mailbag_wake(struct mailbag *bag)
{
	bag->emptied = false;
}

static enum err
read_filed(struct span claims, struct carried *letter)
{
	struct objection *objection = mem_new(sizeof(*objection));
	enum err err = objection_parse(claims, objection, NULL);

	if (err == ERR_OK) {
		memcpy(letter->id, objection->id, sizeof(letter->id));
		memcpy(letter->subject, objection->subject,
		    sizeof(letter->subject));
	}
	mem_free(objection);
	return err;
}

/* Not before the objection that it is about. */
static enum err
read_said(struct span claims, struct carried *letter)
{
	struct declaration *said = mem_new(sizeof(*said));
	enum err err = declaration_parse(claims, said, NULL);

	if (err == ERR_OK) {
		memcpy(letter->id, said->objection, sizeof(letter->id));
		memcpy(letter->subject, said->subject, sizeof(letter->subject));
		letter->said_us = said->time_us;
	}
	mem_free(said);
	return err;
}

static enum err
read_claims(const struct upward *upward, struct carried *letter)
{
	struct order order;
	struct consent consent;
	struct buf claims = {0};
	enum err err = ERR_INVALID;

	if (upward->subject.len > 0)
		buf_add(&claims, upward->document.ptr, upward->document.len);
	else if (!jws_peek(upward->document, &claims))
		goto out;
	if (upward->kind == UPWARD_OBJECTION) {
		err = read_filed(buf_span(&claims), letter);
	} else if (upward->kind == UPWARD_STATEMENT) {
		err = read_said(buf_span(&claims), letter);
	} else if (upward->kind == UPWARD_CONSENT) {
		err = consent_parse(buf_span(&claims), &consent, NULL);
		if (err == ERR_OK)
			memcpy(letter->id, consent.id, sizeof(letter->id));
	} else {
		err = order_parse(buf_span(&claims), &order, NULL);
		if (err == ERR_OK)
			memcpy(letter->id, order.id, sizeof(letter->id));
	}
out:
	buf_release(&claims);
	return err;
}

/* What is it about?  What cannot be read is the hub's to refuse. */
static void
read_letter(struct carried *letter)
{
	struct arena *arena = arena_new();
	struct upward upward;

	letter->kind = UPWARD_STATUS;
	if (unpack_upward(buf_span(&letter->packed), NULL, arena, &upward) !=
	    ERR_OK)
		goto out;
	letter->kind = upward.kind;
	if (upward.kind != UPWARD_ORDERED_HERE)
		(void)read_claims(&upward, letter);
	else if (consent_id_is_valid(upward.document))
		memcpy(letter->id, upward.document.ptr, upward.document.len);
out:
	arena_free(arena);
}

static void
mailbag_fill(struct mailbag *bag)
{
	struct carried *letter;
	struct why why = {""};
	enum err err = ERR_OK;
	uint64_t after;

	while (!bag->emptied && bag->count < LETTERS_MAX && err == ERR_OK) {
		letter = &bag->letters[bag->count];
		*letter = (struct carried){0};
		after =
		    bag->count > 0 ? bag->letters[bag->count - 1].sequence : 0;
		err = outbox_next(bag->newest, after, &letter->sequence,
		    &letter->packed, &why);
		if (err != ERR_OK) {
			buf_release(&letter->packed);
			break;
		}
		read_letter(letter);
		bag->count++;
	}
	if (err == ERR_MISSING)
		bag->emptied = true;
	else if (err != ERR_OK)
		log_error("courier.outbox", "why=\"%s\"", why.text);
}

/* Is an older one about the same consent not settled yet? */
static bool
mailbag_must_wait(const struct mailbag *bag, size_t index)
{
	size_t i;

	for (i = 0; i < index; i++)
		if (strcmp(bag->letters[i].id, bag->letters[index].id) == 0)
			return true;
	return false;
}

void
mailbag_pump(struct mailbag *bag)
{
	int64_t now_us = clock_tick_us();
	struct request request = {.kind = REQUEST_UPWARD};
	size_t i;

	mailbag_fill(bag);
	for (i = 0; i < bag->count; i++) {
		struct carried *letter = &bag->letters[i];

		if (letter->ticket != 0 && now_us - letter->sent_us <= RETRY_US)
			continue;
		if (mailbag_must_wait(bag, i))
			continue;
		request.upward = buf_span(&letter->packed);
		letter->ticket = parent_send(bag->parent, &request);
		letter->sent_us = now_us;
	}
}

/* Out of the outbox and out of the bag. */
static void
mailbag_settle(struct mailbag *bag, size_t index, bool refused)
{
	struct carried letter = bag->letters[index];
	struct kv_write *write = kv_write_begin(store_kv(bag->store));
	struct order said = {0};
	struct why why = {""};

	outbox_delete(write, letter.sequence);
	if (refused && letter.kind == UPWARD_CONSENT && letter.id[0] != '\0')
		control_drop_pending(write, letter.id);
	if (refused && letter.kind == UPWARD_OBJECTION && letter.id[0] != '\0')
		filings_drop(
		    write, span_of(letter.subject), span_of(letter.id));
	if (refused && letter.kind == UPWARD_STATEMENT &&
	    letter.id[0] != '\0') {
		memcpy(said.id, letter.id, sizeof(said.id));
		memcpy(said.subject, letter.subject, sizeof(said.subject));
		said.time_us = letter.said_us;
		filings_drop_said(write, &said);
	}
	/* Unsynced: sent once more after a crash is no harm. */
	if (kv_write_end(write, false, &why) != ERR_OK)
		log_error("courier.drop", "why=\"%s\"", why.text);
	buf_release(&letter.packed);
	bag->count--;
	memmove(&bag->letters[index], &bag->letters[index + 1],
	    (bag->count - index) * sizeof(letter));
}

bool
mailbag_take_reply(
    struct mailbag *bag, const struct reply *reply, struct mailbag_news *news)
{
	size_t i = 0;

	*news = (struct mailbag_news){0};
	while (i < bag->count && (bag->letters[i].ticket == 0 ||
				     bag->letters[i].ticket != reply->ticket))
		i++;
	if (i == bag->count)
		return false;
	news->refused =
	    reply->kind == REPLY_REFUSAL && span_is(reply->reason, "invalid");
	/* Busy: sent again in its time. */
	if (!news->refused && reply->kind != REPLY_TAKEN)
		return true;
	if (news->refused)
		log_error("courier.refused", "reason=invalid");
	news->sequence = bag->letters[i].sequence;
	mailbag_settle(bag, i, news->refused);
	return true;
}
