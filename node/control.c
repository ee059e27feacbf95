/*
 * control: the control records of stream 0000 as the node looks them up.
 *
 * Keys begin with one letter: m member, k catalogue, c consent, h key of the
 * hub, p pending consent, r revoked here, o paused or resumed here, f an
 * objection that is pending, g what it claims, x one that is corrected
 * (filings.h).  A consent's value is consent_value.h's; a key's its state and
 * its document; a mark's the subject, of an order state and time before it.
 */
#include "node/control_inner.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/jws.h"
#include "base/log.h"
#include "node/consent_value.h"
#include "node/filings.h"
#include "node/survey.h"

#define REBUILD_RECORDS 1000 /* in a write */

void
control_key(char kind, struct span name, struct buf *key)
{
	buf_char(key, kind);
	buf_add(key, name.ptr, name.len);
}

static void
control_put(
    struct kv_write *write, char kind, struct span name, struct span value)
{
	struct buf key = {0};

	control_key(kind, name, &key);
	kv_write_put(write, STORE_CONTROL, buf_span(&key), value);
	buf_release(&key);
}

static void
control_delete(struct kv_write *write, char kind, struct span name)
{
	struct buf key = {0};

	control_key(kind, name, &key);
	kv_write_delete(write, STORE_CONTROL, buf_span(&key));
	buf_release(&key);
}

static bool
control_is_foreign(struct snapshot *newest, const struct record *record)
{
	char id[CONSENT_ID_MAX + 1];
	struct consent known;

	memcpy(id, record->key.ptr, record->key.len);
	id[record->key.len] = '\0';
	return control_find(newest, 'c', &known, id, NULL) == ERR_OK &&
	       !span_is(record->subject, known.subject);
}

static void
head_print(char state, int64_t time_us, struct buf *value)
{
	buf_char(value, state);
	buf_u64(value, (uint64_t)time_us);
}

/* The order that a consent's record tells, if any. */
static void
control_read_order(const struct record *record, struct consent_value *value)
{
	const struct record_field *order = record_find(record, 3);
	const struct record_field *time = record_find(record, 4);

	value->state = STATE_ACTIVE;
	if (order != NULL && !span_is(order->value, CONTROL_RESUMED))
		value->state = STATE_PAUSED;
	if (time != NULL &&
	    clock_parse(time->value, &value->ordered_us) != ERR_OK)
		value->state = STATE_PAUSED;
	if (record->state == RECORD_WITHDRAWN)
		value->state = STATE_REVOKED;
}

static void
control_put_consent(struct kv_write *write, char kind, struct span id,
    const struct consent_value *value)
{
	struct buf bytes = {0};

	consent_value_print(value, &bytes);
	control_put(write, kind, id, buf_span(&bytes));
	buf_release(&bytes);
}

static void
control_index_consent(struct kv_write *write, struct snapshot *newest,
    const struct record *record, struct span jws)
{
	bool revoked = record->state == RECORD_WITHDRAWN;
	struct consent_value value = {0};
	struct buf claims = {0};

	control_read_order(record, &value);
	if (!consent_id_is_valid(record->key) || !jws_peek(jws, &claims) ||
	    control_is_foreign(newest, record)) {
		log_warn("control.consent", "ignored=1");
	} else {
		value.claims = buf_span(&claims);
		control_put_consent(write, 'c', record->key, &value);
	}
	control_delete(write, 'p', record->key);
	if (revoked) {
		control_delete(write, 'r', record->key);
		control_delete(write, 'o', record->key);
	}
	buf_release(&claims);
}

/* Its name is subject, blank, key. */
static void
control_index_key(
    struct kv_write *write, const struct record *record, struct span document)
{
	struct buf name = {0}, value = {0};

	buf_add(&name, record->subject.ptr, record->subject.len);
	buf_char(&name, ' ');
	buf_add(&name, record->key.ptr, record->key.len);
	buf_char(&value,
	    record->state == RECORD_WITHDRAWN ? STATE_REVOKED : STATE_ACTIVE);
	buf_add(&value, document.ptr, document.len);
	control_put(write, 'h', buf_span(&name), buf_span(&value));
	buf_release(&name);
	buf_release(&value);
}

enum err
control_index(struct kv_write *write, struct snapshot *newest,
    const struct record *record, struct why *why)
{
	const struct record_field *document = record_find(record, 1);

	if (document == NULL)
		return why_set(
		    why, ERR_INVALID, "control record without a document");
	switch (record->item) {
	case CONTROL_CATALOGUE:
		control_put(write, 'k', span_of(""), document->value);
		break;
	case CONTROL_MEMBER:
		if (record->state == RECORD_WITHDRAWN)
			control_delete(write, 'm', record->subject);
		else
			control_put(
			    write, 'm', record->subject, document->value);
		break;
	case CONTROL_CONSENT:
		control_index_consent(write, newest, record, document->value);
		break;
	case CONTROL_KEY:
		control_index_key(write, record, document->value);
		break;
	case CONTROL_OBJECTION:
		filings_index(write, record);
		break;
	default: /* of a later version */
		break;
	}
	return ERR_OK;
}

struct rebuild {
	struct store *store;
	struct snapshot *newest;
	struct kv_write *write;
	size_t count; /* of records in the write */
	control_consent_fn each;
	void *context;
	struct why *why;
	enum err err;
};

static void
rebuild_turn(struct rebuild *rebuild)
{
	enum err err = kv_write_end(rebuild->write, false, rebuild->why);

	if (rebuild->err == ERR_OK)
		rebuild->err = err;
	rebuild->write = kv_write_begin(store_kv(rebuild->store));
	rebuild->count = 0;
}

static void
rebuild_tell(struct rebuild *rebuild, const struct record *record)
{
	const struct record_field *document = record_find(record, 1);

	if (rebuild->each != NULL && record->item == CONTROL_CONSENT &&
	    document != NULL)
		rebuild->each(rebuild->context, record->key, document->value,
		    record->state == RECORD_WITHDRAWN);
}

/* One that a later version, or nobody, can read stays out of the index. */
static void
rebuild_add(void *context, struct span key, const struct stored *stored)
{
	struct rebuild *rebuild = context;
	struct why why = {""};

	(void)key;
	if (rebuild->err != ERR_OK || stored == NULL)
		return;
	if (control_index(rebuild->write, rebuild->newest, &stored->record,
		&why) != ERR_OK)
		log_warn("control.consent", "ignored=1 why=\"%s\"", why.text);
	rebuild_tell(rebuild, &stored->record);
	if (++rebuild->count == REBUILD_RECORDS)
		rebuild_turn(rebuild);
}

/* Marks of what was revoked here and consents that wait are not of stream
 * 0000 and stay. */
static void
rebuild_empty(struct rebuild *rebuild)
{
	static const char *const kinds[] = {
	    "c", "d", "h", "i", "k", "l", "m", "n"};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i += 2)
		kv_write_delete_range(rebuild->write, STORE_CONTROL,
		    span_of(kinds[i]), span_of(kinds[i + 1]));
	rebuild_turn(rebuild);
}

enum err
control_rebuild(struct store *store, control_consent_fn each, void *context,
    struct why *why)
{
	static const _Atomic bool never;
	struct rebuild rebuild = {
	    .store = store, .each = each, .context = context, .why = why};
	enum err err;

	rebuild.newest = store_newest(store);
	rebuild.write = kv_write_begin(store_kv(store));
	rebuild_empty(&rebuild);
	err = survey_each(
	    rebuild.newest, STREAM_CONTROL, &never, rebuild_add, &rebuild);
	rebuild_turn(&rebuild);
	kv_write_cancel(rebuild.write);
	snapshot_release(rebuild.newest);
	return err != ERR_OK ? err : rebuild.err;
}

void
control_mark(struct kv_write *write, const struct order *order)
{
	struct buf value = {0};

	if (order->kind == ORDER_REVOKE) {
		control_put(
		    write, 'r', span_of(order->id), span_of(order->subject));
		return;
	}
	head_print(order->kind == ORDER_RESUME ? STATE_ACTIVE : STATE_PAUSED,
	    order->time_us, &value);
	buf_text(&value, order->subject);
	control_put(write, 'o', span_of(order->id), buf_span(&value));
	buf_release(&value);
}

void
control_keep_pending(
    struct kv_write *write, const char *consent_id, struct span jws)
{
	struct consent_value value = {.state = STATE_PENDING};
	struct buf claims = {0};

	if (jws_peek(jws, &claims)) {
		value.claims = buf_span(&claims);
		control_put_consent(write, 'p', span_of(consent_id), &value);
	}
	buf_release(&claims);
}

void
control_drop_pending(struct kv_write *write, const char *consent_id)
{
	control_delete(write, 'p', span_of(consent_id));
}
