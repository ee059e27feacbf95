/*
 * filings: the objections of subjects as this node knows them.
 */
#include "node/filings.h"

#include "base/clock.h"
#include "base/mem.h"
#include "credit/declaration.h"
#include "node/store_key.h"

/* Beside the other control records' index (control.c); of what is corrected:
 * time(u64) id → subject; of what is said: subject id time(u64) → claims. */
#define PENDING "f"
#define CLAIMS "g"
#define CORRECTED "x"
#define SAID "y"

static void
print_key(
    const char *kind, struct span subject, struct span id, struct buf *key)
{
	buf_text(key, kind);
	buf_add(key, subject.ptr, subject.len);
	buf_char(key, ' ');
	buf_add(key, id.ptr, id.len);
}

static void
delete_row(struct kv_write *write, const char *kind, struct span subject,
    struct span id)
{
	struct buf key = {0};

	print_key(kind, subject, id, &key);
	kv_write_delete(write, STORE_CONTROL, buf_span(&key));
	buf_release(&key);
}

void
filings_drop(struct kv_write *write, struct span subject, struct span id)
{
	delete_row(write, PENDING, subject, id);
	delete_row(write, CLAIMS, subject, id);
}

void
filings_keep(
    struct kv_write *write, const struct order *about, struct span claims)
{
	static const char *const kinds[] = {PENDING, CLAIMS};
	struct buf key = {0};
	size_t i;

	for (i = 0; i < 2; i++) {
		buf_reset(&key);
		print_key(kinds[i], span_of(about->subject), span_of(about->id),
		    &key);
		kv_write_put(write, STORE_CONTROL, buf_span(&key), claims);
	}
	buf_release(&key);
}

enum err
filings_claims(struct snapshot *snapshot, const struct order *about,
    struct span document, struct buf *claims)
{
	const size_t begin = claims->len;
	struct json *stand = json_parse(document, NULL);
	struct buf key = {0};
	char hex[DIGEST_HEX_LEN + 1];
	struct digest digest;
	enum err err;

	print_key(CLAIMS, span_of(about->subject), span_of(about->id), &key);
	err = kv_get(snapshot_view(snapshot), STORE_CONTROL, buf_span(&key),
	    claims, NULL);
	if (err == ERR_OK) {
		digest = digest_of(
		    span_make(claims->data + begin, claims->len - begin));
		if (!span_is(json_text(json_find(stand, "digest")),
			digest_print(&digest, hex))) {
			claims->len = begin;
			err = ERR_MISSING;
		}
	}
	buf_release(&key);
	json_free(stand);
	return err;
}

static void
print_said_key(struct span subject, struct span id, struct buf *key)
{
	print_key(SAID, subject, id, key);
	buf_char(key, ' ');
}

static void
delete_said(struct kv_write *write, struct span subject, struct span id,
    int64_t time_us)
{
	struct buf key = {0};

	print_said_key(subject, id, &key);
	buf_u64(&key, (uint64_t)time_us);
	kv_write_delete(write, STORE_CONTROL, buf_span(&key));
	buf_release(&key);
}

void
filings_keep_said(
    struct kv_write *write, const struct order *about, struct span claims)
{
	struct buf key = {0};

	print_said_key(span_of(about->subject), span_of(about->id), &key);
	buf_u64(&key, (uint64_t)about->time_us);
	kv_write_put(write, STORE_CONTROL, buf_span(&key), claims);
	buf_release(&key);
}

void
filings_drop_said(struct kv_write *write, const struct order *about)
{
	delete_said(
	    write, span_of(about->subject), span_of(about->id), about->time_us);
}

static int64_t
stated_in(const struct json *document)
{
	struct span text = json_text(json_find(document, "stated"));
	int64_t time_us = 0;

	if (text.ptr == NULL || clock_parse(text, &time_us) != ERR_OK)
		return 0;
	return time_us;
}

/* The last row is the newest. */
static bool
said_row(void *context, struct span key, struct span value)
{
	struct buf *newest = context;

	(void)key;
	buf_reset(newest);
	buf_add(newest, value.ptr, value.len);
	return true;
}

void
filings_put_said(struct snapshot *snapshot, const struct order *about,
    const struct json *document, struct json_out *out)
{
	struct declaration *said = mem_new(sizeof(*said));
	struct buf prefix = {0}, claims = {0};
	struct kv_range range = {.family = STORE_CONTROL};
	char time[CLOCK_TEXT_MAX];

	print_said_key(span_of(about->subject), span_of(about->id), &prefix);
	range.prefix = buf_span(&prefix);
	if (kv_each(snapshot_view(snapshot), &range, said_row, &claims, NULL) ==
		ERR_OK &&
	    claims.len > 0 &&
	    declaration_parse(buf_span(&claims), said, NULL) == ERR_OK &&
	    said->time_us > stated_in(document) &&
	    (document == NULL || declaration_is_due(document))) {
		json_open_object(out, "pending_statement");
		json_put_cstr(out, "text", said->text);
		json_put_cstr(out, "time", clock_print(said->time_us, time));
		json_close_object(out);
	}
	buf_release(&prefix);
	buf_release(&claims);
	mem_free(said);
}

void
filings_print_whole(struct snapshot *snapshot, const struct order *about,
    struct span document, struct buf *out)
{
	struct json_out json = {.buf = out, .comma = true};
	struct json *stand;
	struct buf claims = {0};

	if (document.len == 0)
		return;
	stand = json_parse(document, NULL);
	buf_add(out, document.ptr, document.len - 1);
	if (filings_claims(snapshot, about, document, &claims) == ERR_OK)
		json_put_raw(&json, "claims", buf_span(&claims));
	filings_put_said(snapshot, about, stand, &json);
	json_close_object(&json);
	json_free(stand);
	buf_release(&claims);
}

static void
print_corrected_key(int64_t told_us, struct span id, struct buf *key)
{
	buf_text(key, CORRECTED);
	buf_u64(key, (uint64_t)told_us);
	buf_add(key, id.ptr, id.len);
}

/* What is joined to another one is corrected with that one. */
void
filings_index(struct kv_write *write, const struct record *record)
{
	const struct record_field *field = record_find(record, 1);
	struct json *document = NULL;
	struct buf key = {0};

	delete_row(write, PENDING, record->subject, record->key);
	if (field != NULL)
		document = json_parse(field->value, NULL);
	delete_said(write, record->subject, record->key, stated_in(document));
	if (strcmp(json_cstr(json_find(document, "state"), ""), "corrected") ==
		0 &&
	    json_find(document, "joined") == NULL) {
		print_corrected_key(record->as_of_us, record->key, &key);
		kv_write_put(
		    write, STORE_CONTROL, buf_span(&key), record->subject);
	}
	buf_release(&key);
	json_free(document);
}

struct corrected_walk {
	filings_corrected_fn each;
	void *context;
};

static bool
corrected_row(void *context, struct span key, struct span value)
{
	const struct corrected_walk *walk = context;
	const size_t head = strlen(CORRECTED) + 8;

	if (key.len <= head)
		return true;
	return walk->each(walk->context,
	    (int64_t)store_parse_u64(key.ptr + strlen(CORRECTED)),
	    span_make(key.ptr + head, key.len - head), value);
}

enum err
filings_each_corrected(struct snapshot *snapshot, int64_t from_us,
    filings_corrected_fn each, void *context)
{
	struct corrected_walk walk = {each, context};
	struct kv_range range = {
	    .family = STORE_CONTROL, .prefix = span_of(CORRECTED)};
	struct buf from = {0};
	enum err err;

	print_corrected_key(from_us, span_of(""), &from);
	range.from = buf_span(&from);
	err = kv_each(
	    snapshot_view(snapshot), &range, corrected_row, &walk, NULL);
	buf_release(&from);
	return err;
}

struct filed_walk {
	filings_fn each;
	void *context;
	struct arena *arena;
	size_t skip; /* bytes of the key before the id */
	const char *after;
	bool pending, enough;
};

static bool
filed_walk_row(void *context, struct span key, struct span value)
{
	struct filed_walk *walk = context;
	struct span id = span_make(key.ptr + walk->skip, key.len - walk->skip);
	const struct record_field *document;
	struct stored stored;

	if (walk->after != NULL && span_is(id, walk->after))
		return true;
	if (!walk->pending) {
		arena_reset(walk->arena);
		if (store_parse_record(key, value, walk->arena, &stored) !=
		    ERR_OK)
			return true;
		document = record_find(&stored.record, 1);
		if (document == NULL)
			return true;
		value = document->value;
	}
	walk->enough = !walk->each(walk->context, id, value, walk->pending);
	return !walk->enough;
}

static enum err
filed_walk_range(struct snapshot *snapshot, enum store_family family,
    struct span prefix, struct filed_walk *walk)
{
	struct kv_range range = {.family = family, .prefix = prefix};
	struct buf from = {0};
	enum err err;

	buf_add(&from, prefix.ptr, prefix.len);
	buf_text(&from, walk->after != NULL ? walk->after : "");
	range.from = buf_span(&from);
	walk->skip = prefix.len;
	err = kv_each(
	    snapshot_view(snapshot), &range, filed_walk_row, walk, NULL);
	buf_release(&from);
	return err;
}

enum err
filings_each(struct snapshot *snapshot, const char *subject, const char *after,
    filings_fn each, void *context)
{
	const struct record first = {
	    .item = CONTROL_OBJECTION, .subject = span_of(subject)};
	struct filed_walk walk = {
	    .each = each, .context = context, .after = after};
	struct buf prefix = {0};
	enum err err;

	walk.arena = arena_new();
	store_record_key(STREAM_CONTROL, &first, &prefix);
	err =
	    filed_walk_range(snapshot, STORE_RECORDS, buf_span(&prefix), &walk);
	buf_reset(&prefix);
	print_key(PENDING, span_of(subject), span_of(""), &prefix);
	walk.pending = true;
	walk.after = NULL;
	if (err == ERR_OK && !walk.enough)
		err = filed_walk_range(
		    snapshot, STORE_CONTROL, buf_span(&prefix), &walk);
	buf_release(&prefix);
	arena_free(walk.arena);
	return err;
}

struct filed_search {
	const char *id;
	struct buf *document;
	bool pending, found;
};

static bool
filed_search_one(
    void *context, struct span id, struct span document, bool pending)
{
	struct filed_search *search = context;

	if (!span_is(id, search->id))
		return true;
	buf_add(search->document, document.ptr, document.len);
	search->pending = pending;
	search->found = true;
	return false;
}

enum err
filings_find(struct snapshot *snapshot, const struct order *about,
    struct buf *document, bool *pending)
{
	struct filed_search search = {.id = about->id, .document = document};
	enum err err = filings_each(
	    snapshot, about->subject, NULL, filed_search_one, &search);

	*pending = search.pending;
	if (err != ERR_OK)
		return err;
	return search.found ? ERR_OK : ERR_MISSING;
}

struct said_walk {
	const struct record *record;
	struct json_out out;
	size_t count;
};

static void
put_said(struct json_out *out, struct span id, const struct json *objection,
    struct span text)
{
	struct span time = json_text(json_find(objection, "stated"));

	if (time.ptr == NULL)
		time = json_text(json_find(objection, "filed"));
	json_open_object(out, NULL);
	json_put_text(out, "objection", id);
	json_put_text(out, "text", text);
	json_put_text(out, "time", time);
	json_close_object(out);
}

static bool
said_walk_one(void *context, struct span id, struct span document, bool pending)
{
	struct said_walk *walk = context;
	const struct record *record = walk->record;
	static const char member[] = "\"statement\"";
	struct json *objection;
	struct span text;

	if (pending || memmem(document.ptr, document.len, member,
			   sizeof(member) - 1) == NULL)
		return true;
	objection = json_parse(document, NULL);
	text = declaration_about(objection, record->item, record->key);
	if (text.ptr != NULL) {
		put_said(&walk->out, id, objection, text);
		walk->count++;
	}
	json_free(objection);
	return walk->count < DECLARATIONS_SHOWN;
}

/* What cannot be read of stream 0000 now the query finds out by itself. */
void
filings_report(struct report *report, struct snapshot *snapshot,
    const struct record *record)
{
	struct buf said = {0};
	struct said_walk walk = {.record = record, .out = {.buf = &said}};
	char subject[USCC_LEN + 1] = "";

	if (record->state == RECORD_DISPUTED &&
	    record->subject.len == USCC_LEN) {
		memcpy(subject, record->subject.ptr, USCC_LEN);
		if (filings_each(snapshot, subject, NULL, said_walk_one,
			&walk) != ERR_OK)
			buf_reset(&said);
	}
	report_add(report, record, buf_span(&said));
	buf_release(&said);
}
