/*
 * control: the control records of stream 0000 as the node looks them up.
 *
 * Keys begin with one letter: m member, k catalogue, c consent, p pending
 * consent, r revoked here.  A consent's value is its state and its claims, a
 * mark's the subject.
 */
#include "node/control.h"

#include "base/codec.h"
#include "base/log.h"

static void
control_key(char kind, struct span name, struct buf *key)
{
	buf_char(key, kind);
	buf_add(key, name.ptr, name.len);
}

static enum err
control_get(
    struct snapshot *snapshot, char kind, struct span name, struct buf *value)
{
	struct buf key = {0};
	enum err err;

	control_key(kind, name, &key);
	err = kv_get(snapshot_view(snapshot), STORE_CONTROL, buf_span(&key),
	    value, NULL);
	buf_release(&key);
	return err;
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

/* The hub checked the signature and signed the batch; here only the payload
 * between the two dots is of interest. */
bool
control_claims(struct span jws, struct buf *claims)
{
	const char *first = memchr(jws.ptr, '.', jws.len);
	const char *second;

	if (first == NULL)
		return false;
	first++;
	second = memchr(first, '.', jws.len - (size_t)(first - jws.ptr));
	if (second == NULL)
		return false;
	return codec_parse_base64url(
	    span_make(first, (size_t)(second - first)), claims);
}

static bool
control_is_foreign(struct snapshot *newest, const struct record *record)
{
	char id[CONSENT_ID_MAX + 1];
	struct consent known;

	memcpy(id, record->key.ptr, record->key.len);
	id[record->key.len] = '\0';
	return control_find_consent(newest, id, &known, NULL) == ERR_OK &&
	       !span_is(record->subject, known.subject);
}

static void
control_index_consent(struct kv_write *write, struct snapshot *newest,
    const struct record *record, struct span jws)
{
	bool revoked = record->state == RECORD_WITHDRAWN;
	struct buf value = {0};

	buf_char(&value, revoked ? 'r' : 'a');
	if (!consent_id_is_valid(record->key) || !control_claims(jws, &value) ||
	    control_is_foreign(newest, record))
		log_warn("control.consent", "ignored=1");
	else
		control_put(write, 'c', record->key, buf_span(&value));
	control_delete(write, 'p', record->key);
	if (revoked)
		control_delete(write, 'r', record->key);
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
	default: /* of a later version */
		break;
	}
	return ERR_OK;
}

void
control_mark_revoked(
    struct kv_write *write, const char *consent_id, const char *subject)
{
	control_put(write, 'r', span_of(consent_id), span_of(subject));
}

void
control_keep_pending(
    struct kv_write *write, const char *consent_id, struct span jws)
{
	struct buf value = {0};

	buf_char(&value, 'p');
	if (control_claims(jws, &value))
		control_put(write, 'p', span_of(consent_id), buf_span(&value));
	buf_release(&value);
}

void
control_drop_pending(struct kv_write *write, const char *consent_id)
{
	control_delete(write, 'p', span_of(consent_id));
}

struct member_walk {
	control_member_fn each;
	void *context;
};

static bool
member_walk_row(void *context, struct span key, struct span value)
{
	struct member_walk *walk = context;

	(void)key;
	walk->each(walk->context, value);
	return true;
}

enum err
control_each_member(struct snapshot *snapshot, control_member_fn each,
    void *context, struct why *why)
{
	struct kv_range range = {
	    .family = STORE_CONTROL, .prefix = span_of("m")};
	struct member_walk walk = {each, context};

	return kv_each(
	    snapshot_view(snapshot), &range, member_walk_row, &walk, why);
}

enum err
control_catalogue(struct snapshot *snapshot, struct buf *jws, struct why *why)
{
	return kv_get(
	    snapshot_view(snapshot), STORE_CONTROL, span_of("k"), jws, why);
}

/* A mark that cannot be read counts; another subject's does not. */
static bool
control_is_marked(struct snapshot *snapshot, const struct consent *consent)
{
	struct buf mark = {0};
	enum err err = control_get(snapshot, 'r', span_of(consent->id), &mark);
	bool marked =
	    err != ERR_MISSING &&
	    (err != ERR_OK || span_is(buf_span(&mark), consent->subject));

	buf_release(&mark);
	return marked;
}

static enum err
control_find(struct snapshot *snapshot, char kind, struct consent *consent,
    const char *id, struct buf *claims)
{
	struct buf value = {0};
	enum err err = control_get(snapshot, kind, span_of(id), &value);

	if (err == ERR_OK)
		err = consent_parse(
		    span_make(value.data + 1, value.len - 1), consent, NULL);
	if (err == ERR_OK) {
		consent->revoked = value.data[0] == 'r' ||
				   control_is_marked(snapshot, consent);
		if (claims != NULL)
			buf_add(claims, value.data + 1, value.len - 1);
	}
	buf_release(&value);
	return err;
}

enum err
control_find_consent(struct snapshot *snapshot, const char *id,
    struct consent *consent, struct buf *claims)
{
	return control_find(snapshot, 'c', consent, id, claims);
}

enum err
control_find_pending(struct snapshot *snapshot, const char *id,
    struct consent *consent, struct buf *claims)
{
	return control_find(snapshot, 'p', consent, id, claims);
}
