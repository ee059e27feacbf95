/*
 * control_find: what the index of control records says.
 */
#include "node/control_inner.h"

#include "node/consent_value.h"
#include "node/store_key.h"

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

struct key_walk {
	control_key_fn each;
	void *context;
};

static bool
key_walk_row(void *context, struct span name, struct span value)
{
	struct key_walk *walk = context;
	const char *blank = memchr(name.ptr, ' ', name.len);
	struct control_key_row row;

	if (blank == NULL || value.len == 0)
		return true;
	row.subject = span_make(name.ptr + 1, (size_t)(blank - name.ptr) - 1);
	row.key =
	    span_make(blank + 1, name.len - (size_t)(blank + 1 - name.ptr));
	row.document = span_make(value.ptr + 1, value.len - 1);
	row.retired = *value.ptr == STATE_REVOKED;
	walk->each(walk->context, &row);
	return true;
}

enum err
control_each_key(struct snapshot *snapshot, control_key_fn each, void *context,
    struct why *why)
{
	struct kv_range range = {
	    .family = STORE_CONTROL, .prefix = span_of("h")};
	struct key_walk walk = {each, context};

	return kv_each(
	    snapshot_view(snapshot), &range, key_walk_row, &walk, why);
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

/* The newer one of what stream 0000 and what the subject said here.  A mark
 * that cannot be read pauses. */
static void
control_read_mark(
    struct snapshot *snapshot, struct consent *consent, char state)
{
	struct buf mark = {0};
	enum err err = control_get(snapshot, 'o', span_of(consent->id), &mark);
	struct span subject = {0};
	int64_t time_us = 0;

	if (err == ERR_OK && mark.len > MARK_HEAD_LEN) {
		time_us = (int64_t)store_parse_u64(mark.data + 1);
		subject = span_make(
		    mark.data + MARK_HEAD_LEN, mark.len - MARK_HEAD_LEN);
	} else if (err != ERR_MISSING) {
		state = STATE_PAUSED;
	}
	if (time_us > consent->ordered_us &&
	    span_is(subject, consent->subject)) {
		state = mark.data[0];
		consent->ordered_us = time_us;
	}
	consent->paused = state == STATE_PAUSED;
	buf_release(&mark);
}

/* Members and consents that an image brings are not all there yet. */
static bool
control_is_half(struct snapshot *snapshot)
{
	struct stream_state state;

	return snapshot_stream(snapshot, STREAM_CONTROL, &state, NULL) !=
		   ERR_OK ||
	       state.half;
}

enum err
control_find(struct snapshot *snapshot, char kind, struct consent *consent,
    const char *id, struct buf *claims)
{
	struct buf bytes = {0};
	enum err err = control_get(snapshot, kind, span_of(id), &bytes);
	struct consent_value value;

	if (err == ERR_OK)
		err = consent_value_parse(buf_span(&bytes), &value, consent);
	if (err == ERR_OK) {
		consent->revoked = value.state == STATE_REVOKED ||
				   control_is_marked(snapshot, consent);
		consent->ordered_us = value.ordered_us;
		control_read_mark(snapshot, consent, value.state);
		if (claims != NULL)
			buf_add(claims, value.claims.ptr, value.claims.len);
	}
	buf_release(&bytes);
	return err;
}

enum err
control_find_consent(struct snapshot *snapshot, const char *id,
    struct consent *consent, struct buf *claims)
{
	if (control_is_half(snapshot))
		return ERR_BUSY;
	return control_find(snapshot, 'c', consent, id, claims);
}

enum err
control_find_pending(struct snapshot *snapshot, const char *id,
    struct consent *consent, struct buf *claims)
{
	return control_find(snapshot, 'p', consent, id, claims);
}

struct id_walk {
	control_id_fn each;
	void *context;
	size_t skip; /* bytes of the key before the id */
	const char *after;
};

static bool
id_walk_row(void *context, struct span key, struct span value)
{
	struct id_walk *walk = context;
	struct span id = span_make(key.ptr + walk->skip, key.len - walk->skip);
	char text[CONSENT_ID_MAX + 1];

	(void)value;
	if (!consent_id_is_valid(id) ||
	    (walk->after != NULL && span_is(id, walk->after)))
		return true;
	memcpy(text, id.ptr, id.len);
	text[id.len] = '\0';
	return walk->each(walk->context, text);
}

enum err
control_each_consent_of(struct snapshot *snapshot, const char *subject,
    const char *after, control_id_fn each, void *context)
{
	const struct record first = {
	    .item = CONTROL_CONSENT, .subject = span_of(subject)};
	struct id_walk walk = {each, context, 0, after};
	struct kv_range range = {.family = STORE_RECORDS};
	struct buf prefix = {0}, from = {0};
	enum err err;

	store_record_key(STREAM_CONTROL, &first, &prefix);
	buf_add(&from, prefix.data, prefix.len);
	buf_text(&from, after != NULL ? after : "");
	range.prefix = buf_span(&prefix);
	range.from = buf_span(&from);
	walk.skip = prefix.len;
	err =
	    kv_each(snapshot_view(snapshot), &range, id_walk_row, &walk, NULL);
	buf_release(&prefix);
	buf_release(&from);
	return err;
}

enum err
control_each_pending(
    struct snapshot *snapshot, control_id_fn each, void *context)
{
	struct kv_range range = {
	    .family = STORE_CONTROL, .prefix = span_of("p")};
	struct id_walk walk = {each, context, 1, NULL};

	return kv_each(
	    snapshot_view(snapshot), &range, id_walk_row, &walk, NULL);
}
