/*
 * control: catalogue, members and consents become records of stream 0000.
 */
#include "hub/control.h"

#include "base/clock.h"
#include "base/jws.h"
#include "base/mem.h"
#include "credit/delegation.h"
#include "credit/order.h"
#include "credit/record.h"
#include "hub/catalogue.h"
#include "hub/platforms.h"

/* Control records have no department; the hub itself puts them in. */
#define PROVIDER "hub"

/* A record that a round changes. */
struct touched {
	uint32_t item;
	char key[CONSENT_ID_MAX + 1]; /* of a member: its code */
};

struct control_round {
	struct ledger *ledger;
	struct platforms *platforms; /* NULL: none changed in this round */
	size_t count;
	struct touched touched[CONTROL_ROUND_MAX];
};

struct control_round *
control_round_begin(struct ledger *ledger)
{
	struct control_round *round = mem_new(sizeof(*round));

	round->ledger = ledger;
	ledger_begin(ledger);
	return round;
}

struct pg *
control_round_pg(struct control_round *round)
{
	return ledger_pg(round->ledger);
}

struct ledger *
control_round_ledger(struct control_round *round)
{
	return round->ledger;
}

enum err
control_round_end(struct control_round *round, struct why *why)
{
	struct ledger_outcome outcome;
	enum err err;

	if (round->count > 0)
		ledger_merge(round->ledger, &outcome);
	err = ledger_end(round->ledger, true);
	if (err != ERR_OK)
		err =
		    why_set(why, err, "ledger: %s", ledger_why(round->ledger));
	platforms_free(round->platforms);
	mem_free(round);
	return err;
}

/* Room for one change of this record?  What the round has changed is not in
 * the ledger yet, so nobody could judge a second change of it. */
static bool
round_takes(
    const struct control_round *round, enum control_item item, struct span key)
{
	size_t i;

	for (i = 0; i < round->count; i++)
		if (round->touched[i].item == item &&
		    span_is(key, round->touched[i].key))
			return false;
	return round->count < CONTROL_ROUND_MAX;
}

static void
round_put(
    struct control_round *round, const struct record *record, struct span key)
{
	struct touched *touched = &round->touched[round->count++];
	struct ledger_row row = {
	    .line = round->count, .record = record, .stream = STREAM_CONTROL};

	touched->item = record->item;
	memcpy(touched->key, key.ptr, key.len);
	ledger_stage(round->ledger, &row);
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
put_document(struct control_round *round, const struct member *member)
{
	struct buf document = {0};
	struct record_field field = {.number = 1};
	struct record record =
	    control_record(CONTROL_MEMBER, span_of(member->code), span_of(""));

	member_print(member, &document);
	field.value = buf_span(&document);
	record.fields = &field;
	record.field_count = 1;
	round_put(round, &record, span_of(member->code));
	buf_release(&document);
}

static enum err
round_load_platforms(struct control_round *round, struct why *why)
{
	if (round->platforms == NULL)
		round->platforms = platforms_load(control_round_pg(round), why);
	return round->platforms != NULL ? ERR_OK : ERR_DATABASE;
}

enum err
control_put_member(
    struct control_round *round, const struct member *member, struct why *why)
{
	enum err err = ERR_OK;

	if (!round_takes(round, CONTROL_MEMBER, span_of(member->code)))
		return why_set(why, ERR_BUSY, "not in this round");
	if (member->kind == MEMBER_PLATFORM)
		err = round_load_platforms(round, why);
	if (err == ERR_OK && round->platforms != NULL)
		err = platforms_put(round->platforms, member, 1, why);
	if (err == ERR_OK)
		put_document(round, member);
	return err;
}

/* Both as the list has them. */
static enum err
find_two(struct control_round *round, const struct takeover *takeover,
    const char *code, struct member both[2])
{
	const struct member *from, *to;

	from = platforms_find(round->platforms, takeover->from);
	to = platforms_find(round->platforms, code);
	if (from == NULL || to == NULL)
		return ERR_MISSING;
	both[0] = *from;
	both[1] = *to;
	return ERR_OK;
}

enum err
control_take_over(struct control_round *round, const struct takeover *takeover,
    const char *code, struct member both[2], struct why *why)
{
	enum err err;

	if (!round_takes(round, CONTROL_MEMBER, span_of(code)) ||
	    !round_takes(round, CONTROL_MEMBER, span_of(takeover->from)) ||
	    round->count + 2 > CONTROL_ROUND_MAX)
		return why_set(why, ERR_BUSY, "not in this round");
	err = round_load_platforms(round, why);
	if (err == ERR_OK &&
	    find_two(round, takeover, code, both) == ERR_MISSING)
		err = why_set(why, ERR_MISSING, "no such platform");
	if (err == ERR_OK)
		err = takeover_apply(takeover, &both[0], &both[1], why);
	if (err == ERR_OK)
		err = platforms_put(round->platforms, both, 2, why);
	if (err == ERR_OK) {
		put_document(round, &both[0]);
		put_document(round, &both[1]);
	}
	return err;
}

enum err
control_put_key(
    struct control_round *round, const struct control_key *key, struct why *why)
{
	struct record_field field = {.number = 1, .value = key->document};
	struct record record =
	    control_record(CONTROL_KEY, span_of(key->subject), key->key);

	/* `touched` has room for a batch key, which is the longest. */
	if (!round_takes(round, CONTROL_KEY, key->key))
		return why_set(why, ERR_BUSY, "not in this round");
	if (key->retired)
		record.state = RECORD_WITHDRAWN;
	record.fields = &field;
	record.field_count = 1;
	round_put(round, &record, key->key);
	return ERR_OK;
}

bool
control_round_takes_objection(const struct control_round *round, struct span id)
{
	return round_takes(round, CONTROL_OBJECTION, id);
}

enum err
control_put_objection(struct control_round *round, struct span subject,
    struct span id, struct span document, struct why *why)
{
	struct record_field field = {.number = 1, .value = document};
	struct record record = control_record(CONTROL_OBJECTION, subject, id);

	if (!round_takes(round, CONTROL_OBJECTION, id))
		return why_set(why, ERR_BUSY, "not in this round");
	record.fields = &field;
	record.field_count = 1;
	round_put(round, &record, id);
	return ERR_OK;
}

enum err
control_admit(
    struct ledger *ledger, const struct member *member, struct why *why)
{
	struct control_round *round = control_round_begin(ledger);
	enum err err = control_put_member(round, member, why);
	enum err ended = control_round_end(round, why);

	return ended != ERR_OK ? ended : err;
}

/* A catalogue must be newer than ours, or the very same. */
static enum err
check_version(struct ledger *ledger, const struct verifier *verifier,
    const struct catalogue *offered, struct why *why)
{
	struct catalogue *ours;
	uint64_t version = catalog_version(offered->catalog);
	enum err err = catalogue_load(ledger_pg(ledger), verifier, &ours, why);

	if (err == ERR_OK && catalog_version(ours->catalog) >= version)
		err = why_set(why, ERR_CONFLICT,
		    "version %llu is not newer than %llu",
		    (unsigned long long)version,
		    (unsigned long long)catalog_version(ours->catalog));
	catalogue_free(ours);
	/* One that we cannot read any more does not stand in the way. */
	return err == ERR_MISSING || err == ERR_INVALID ? ERR_OK : err;
}

static enum err
put_catalogue(struct ledger *ledger, const struct verifier *verifier,
    const struct catalogue *offered, struct why *why)
{
	struct control_round *round = control_round_begin(ledger);
	struct record_field field = {
	    .number = 1, .value = buf_span(&offered->jws)};
	struct record record = control_record(
	    CONTROL_CATALOGUE, span_of("catalogue"), span_of(""));
	enum err err, ended;

	record.fields = &field;
	record.field_count = 1;
	err = check_version(ledger, verifier, offered, why);
	if (err == ERR_OK)
		round_put(round, &record, span_of(""));
	ended = control_round_end(round, why);
	return ended != ERR_OK ? ended : err;
}

enum err
control_put_catalogue(struct ledger *ledger, const struct verifier *verifier,
    struct span jws, struct why *why)
{
	struct catalogue *offered = catalogue_parse(jws, verifier, why);
	enum err err;

	if (offered == NULL)
		return ERR_INVALID;
	if (offered->jws.len > RECORD_VALUE_MAX)
		err = why_set(why, ERR_LIMIT, "a catalogue has at most 1 MiB");
	else
		err = put_catalogue(ledger, verifier, offered, why);
	catalogue_free(offered);
	return err;
}

/* The consent's record as the ledger has it. */
struct held {
	struct buf subject;
	struct buf document;
	bool withdrawn;
	int64_t ordered_us; /* last paused or resumed; 0: never */
};

static void
held_release(struct held *held)
{
	buf_release(&held->subject);
	buf_release(&held->document);
}

static enum err
find_consent(struct control_round *round, struct span id, struct held *held)
{
	struct pg *pg = control_round_pg(round);
	struct span text;

	pg_exec(pg,
	    "SELECT subject, fields->>'document', state,"
	    " coalesce(fields->>'ordered_at', '') FROM record"
	    " WHERE stream = '0000' AND item = 60003 AND key = $1",
	    pg_arg_text(id));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	if (pg_rows(pg) == 0)
		return ERR_MISSING;
	text = pg_bytes(pg, 0, 0);
	buf_add(&held->subject, text.ptr, text.len);
	text = pg_bytes(pg, 0, 1);
	buf_add(&held->document, text.ptr, text.len);
	held->withdrawn = pg_int(pg, 0, 2) == RECORD_WITHDRAWN;
	text = pg_bytes(pg, 0, 3);
	if (text.len > 0 && clock_parse(text, &held->ordered_us) != ERR_OK)
		return ERR_DATABASE;
	return ERR_OK;
}

static enum err
register_steps(struct control_round *round, const struct consent *consent,
    struct span jws, struct why *why)
{
	struct record_field field = {.number = 1, .value = jws};
	struct record record = control_record(
	    CONTROL_CONSENT, span_of(consent->subject), span_of(consent->id));
	struct held held = {0};
	enum err err;

	record.fields = &field;
	record.field_count = 1;
	if (!round_takes(round, CONTROL_CONSENT, record.key))
		return why_set(why, ERR_BUSY, "not in this round");
	err = find_consent(round, record.key, &held);
	if (err == ERR_OK && !span_equal(jws, buf_span(&held.document)))
		err = why_set(
		    why, ERR_CONFLICT, "another consent has this id already");
	if (err == ERR_MISSING) {
		round_put(round, &record, record.key);
		err = ERR_OK;
	}
	held_release(&held);
	return err;
}

enum err
control_register(struct control_round *round, const struct trust *trust,
    struct span jws, struct why *why)
{
	struct authority authority;
	enum err err =
	    authority_check(jws, trust, clock_now_us(), &authority, why);

	if (err == ERR_OK)
		err = register_steps(round, &authority.consent, jws, why);
	authority_release(&authority);
	return err;
}

/* A word that is not newer than the last one was said before. */
static bool
is_stale(const struct held *held, const struct order *order)
{
	return order->kind != ORDER_REVOKE &&
	       order->time_us <= held->ordered_us;
}

/* `by` is the JWS, or the node that saw the subject's certificate. */
static void
put_order(struct control_round *round, const struct held *held,
    const struct order *order, struct span by)
{
	struct record_field fields[4] = {{1, buf_span(&held->document)}};
	struct record record = control_record(
	    CONTROL_CONSENT, span_of(order->subject), span_of(order->id));
	char time[CLOCK_TEXT_MAX];

	record.fields = fields;
	if (order->kind == ORDER_REVOKE) {
		record.state = RECORD_WITHDRAWN;
		fields[1] = (struct record_field){2, by};
		record.field_count = 2;
	} else {
		fields[1] = (struct record_field){
		    3, span_of(order->kind == ORDER_PAUSE ? CONTROL_PAUSED
							  : CONTROL_RESUMED)};
		fields[2] = (struct record_field){
		    4, span_of(clock_print(order->time_us, time))};
		fields[3] = (struct record_field){5, by};
		record.field_count = 4;
	}
	round_put(round, &record, span_of(order->id));
}

static enum err
order_steps(struct control_round *round, const struct order *order,
    struct span by, struct why *why)
{
	struct held held = {0};
	enum err err;

	if (!round_takes(round, CONTROL_CONSENT, span_of(order->id)))
		return why_set(why, ERR_BUSY, "not in this round");
	err = find_consent(round, span_of(order->id), &held);
	if (err == ERR_MISSING)
		err = why_set(why, ERR_MISSING, "no such consent");
	if (err == ERR_OK && !span_is(buf_span(&held.subject), order->subject))
		err = why_set(
		    why, ERR_DENIED, "the consent is another subject's");
	if (err == ERR_OK && !held.withdrawn && !is_stale(&held, order))
		put_order(round, &held, order, by);
	held_release(&held);
	return err;
}

enum err
control_order(struct control_round *round, const struct trust *trust,
    struct span jws, struct why *why)
{
	struct order order;
	enum err err = order_check(jws, trust, clock_now_us(), &order, why);

	return err == ERR_OK ? order_steps(round, &order, jws, why) : err;
}

enum err
control_order_at(struct control_round *round, const char *node,
    const struct order *order, struct why *why)
{
	struct buf by = {0};
	enum err err;

	if (!consent_id_is_valid(span_of(order->id)) ||
	    strlen(order->subject) != USCC_LEN)
		return why_set(why, ERR_INVALID, "no consent id or subject");
	if (order_is_ahead(order, clock_now_us()))
		return why_set(why, ERR_INVALID, "it is from the future");
	buf_print(&by, "node:%s", node);
	err = order_steps(round, order, buf_span(&by), why);
	buf_release(&by);
	return err;
}
