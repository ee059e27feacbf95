/*
 * kv, store, control, outbox: what is written is there, whole, and a damaged
 * store is moved aside.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node_sample.h"

#include "base/codec.h"
#include "node/control.h"
#include "node/outbox.h"
#include "node/store_key.h"

struct fixture {
	char *folder;
	struct store *store;
};

static int
setup(void **state)
{
	struct fixture *fixture = mem_new(sizeof(*fixture));
	struct why why = {""};

	fixture->folder = sample_folder();
	fixture->store = store_open(fixture->folder, &why);
	assert_non_null(fixture->store);
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	store_close(fixture->store);
	sample_remove(fixture->folder);
	mem_free(fixture);
	return 0;
}

static void
reopen(struct fixture *fixture)
{
	struct why why = {""};

	store_close(fixture->store);
	fixture->store = store_open(fixture->folder, &why);
	assert_non_null(fixture->store);
}

static void
put_record(struct fixture *fixture, const char *subject, uint32_t item,
    const char *key)
{
	struct kv_write *write = kv_write_begin(store_kv(fixture->store));
	struct record record = {.item = item,
	    .subject = span_of(subject),
	    .key = span_of(key),
	    .version = 1,
	    .state = RECORD_CURRENT,
	    .provider = span_of("11440000MB00004493")};

	store_put_record(write, "4401", &record);
	assert_int_equal(kv_write_end(write, true, NULL), ERR_OK);
}

struct walked {
	uint32_t items[8];
	size_t count;
};

static void
on_stored(void *context, const struct stored *stored)
{
	struct walked *walked = context;

	assert_string_equal(stored->stream, "4401");
	walked->items[walked->count++] = stored->record.item;
}

static enum err
each_record(struct snapshot *snapshot, struct walked *walked)
{
	struct record_reader reader = {
	    .subject = SAMPLE_SUBJECT, .each = on_stored, .context = walked};

	return snapshot_each_record(snapshot, &reader, NULL);
}

static uint32_t
wants_2(void *context, uint32_t item)
{
	(void)context;
	return item <= 2 ? 2 : 0;
}

/* Not even when they could not be read. */
static void
records_of_unwanted_items_are_not_opened(void **state)
{
	struct fixture *fixture = *state;
	struct walked walked = {0};
	struct record_reader reader = {.subject = SAMPLE_SUBJECT,
	    .wants = wants_2,
	    .each = on_stored,
	    .context = &walked};
	struct kv_write *write = kv_write_begin(store_kv(fixture->store));
	struct snapshot *snapshot;

	put_record(fixture, SAMPLE_SUBJECT, 2, "a");
	kv_write_put(write, STORE_RECORDS,
	    span_make(SAMPLE_SUBJECT "\0\0\1"
				     "4401k",
		USCC_LEN + 8),
	    span_of("no record"));
	assert_int_equal(kv_write_end(write, false, NULL), ERR_OK);

	snapshot = store_snapshot(fixture->store);
	assert_int_equal(snapshot_each_record(snapshot, &reader, NULL), ERR_OK);
	assert_int_equal(walked.count, 1);
	assert_int_equal(each_record(snapshot, &walked), ERR_INVALID);
	snapshot_release(snapshot);
}

/* Twenty of another item before them, one that cannot be read behind. */
static void
a_walk_jumps_to_what_is_wanted_and_ends_behind_it(void **state)
{
	struct fixture *fixture = *state;
	struct walked walked = {0};
	struct record_reader reader = {.subject = SAMPLE_SUBJECT,
	    .wants = wants_2,
	    .each = on_stored,
	    .context = &walked};
	struct kv_write *write;
	struct snapshot *snapshot;
	char key[8];
	int i;

	for (i = 0; i < 20; i++) {
		snprintf(key, sizeof(key), "k%02d", i);
		put_record(fixture, SAMPLE_SUBJECT, 1, key);
	}
	put_record(fixture, SAMPLE_SUBJECT, 2, "a");
	put_record(fixture, SAMPLE_SUBJECT, 2, "b");
	write = kv_write_begin(store_kv(fixture->store));
	kv_write_put(write, STORE_RECORDS,
	    span_make(SAMPLE_SUBJECT "\0\0\3"
				     "4401k",
		USCC_LEN + 8),
	    span_of("no record"));
	assert_int_equal(kv_write_end(write, false, NULL), ERR_OK);

	snapshot = store_snapshot(fixture->store);
	assert_int_equal(snapshot_each_record(snapshot, &reader, NULL), ERR_OK);
	assert_int_equal(walked.count, 2);
	assert_int_equal(walked.items[0], 2);
	snapshot_release(snapshot);
}

static void
a_subjects_records_come_by_item_and_without_others(void **state)
{
	struct fixture *fixture = *state;
	struct snapshot *snapshot;
	struct walked walked = {0};

	put_record(fixture, SAMPLE_SUBJECT, 300, "b");
	put_record(fixture, SAMPLE_SUBJECT, 2, "a");
	put_record(fixture, SAMPLE_SUBJECT, CONTROL_CONSENT, "c");
	put_record(fixture, "91440101MA000RX94", 1, "prefix");
	put_record(fixture, "91440101MA000RX94M", 1, "next");

	snapshot = store_snapshot(fixture->store);
	assert_int_equal(each_record(snapshot, &walked), ERR_OK);
	snapshot_release(snapshot);

	assert_int_equal(walked.count, 2);
	assert_int_equal(walked.items[0], 2);
	assert_int_equal(walked.items[1], 300);
}

static void
put_value(struct kv *kv, unsigned family, struct span key, struct span value)
{
	struct kv_write *write = kv_write_begin(kv);

	kv_write_put(write, family, key, value);
	assert_int_equal(kv_write_end(write, true, NULL), ERR_OK);
}

/* In tables, in others that know nothing of groups, as before there were any,
 * and in memory. */
static void
a_walk_finds_what_lies_in_tables_of_every_age(void **state)
{
	static const struct kv_family before[] = {
	    {"records.2", .compressed = true, .looked_up = true},
	    {"sealed", .compressed = false}, {"streams", .looked_up = true},
	    {"control", .compressed = true, .looked_up = true},
	    {"outbox", .compressed = false}};
	struct fixture *fixture = *state;
	struct walked walked = {0};
	struct snapshot *snapshot;
	struct buf key = {0}, value = {0};
	char path[512];
	struct kv *kv;

	put_record(fixture, SAMPLE_SUBJECT, 2, "a");
	snapshot = store_snapshot(fixture->store);
	store_record_key("4401",
	    &(struct record){.item = 2,
		.subject = span_of(SAMPLE_SUBJECT),
		.key = span_of("a")},
	    &key);
	assert_int_equal(kv_get(snapshot_view(snapshot), STORE_RECORDS,
			     buf_span(&key), &value, NULL),
	    ERR_OK);
	snapshot_release(snapshot);
	store_close(fixture->store);
	snprintf(path, sizeof(path), "%s/store", fixture->folder);
	assert_int_equal(kv_open(path, before, 5, &kv, NULL), ERR_OK);
	key.data[key.len - 1] = 'b';
	put_value(kv, STORE_RECORDS, buf_span(&key), buf_span(&value));
	kv_close(kv);
	fixture->store = store_open(fixture->folder, NULL);
	put_record(fixture, "91440101MA000RX94M", 1, "next");
	reopen(fixture);
	put_record(fixture, SAMPLE_SUBJECT, 300, "c");

	snapshot = store_snapshot(fixture->store);
	assert_int_equal(each_record(snapshot, &walked), ERR_OK);
	snapshot_release(snapshot);

	assert_int_equal(walked.count, 3);
	assert_int_equal(walked.items[1], 2);
	assert_int_equal(walked.items[2], 300);
	buf_release(&key);
	buf_release(&value);
}

static bool
count_row(void *context, struct span key, struct span value)
{
	(void)key, (void)value;
	++*(size_t *)context;
	return true;
}

/* A walk over all subjects goes on behind one of which there is nothing. */
static void
rows_behind_a_missing_group_are_found(void **state)
{
	struct fixture *fixture = *state;
	const struct kv_range range = {.family = STORE_RECORDS,
	    .from = span_make("91440101MA000RX93P\0", USCC_LEN + 1)};
	struct snapshot *snapshot;
	size_t count = 0;

	put_record(fixture, SAMPLE_SUBJECT, 2, "a");
	put_record(fixture, "91440101MA000RX94M", 1, "next");
	reopen(fixture);

	snapshot = store_snapshot(fixture->store);
	assert_int_equal(
	    kv_each(snapshot_view(snapshot), &range, count_row, &count, NULL),
	    ERR_OK);
	snapshot_release(snapshot);

	assert_int_equal(count, 2);
}

#define MANY 30000 /* rows: more than one piece of what waits in memory */

struct many {
	char value[300];
	size_t next;
};

static void
put_many(struct kv *kv, char mark)
{
	struct kv_write *write = kv_write_begin(kv);
	struct many many = {.next = 0};
	char key[32];
	size_t i;

	memset(many.value, mark, sizeof(many.value));
	/* In no order. */
	for (i = 0; i < MANY; i++) {
		snprintf(key, sizeof(key), "%05zu", i * 7919 % MANY);
		kv_write_put(write, STORE_RECORDS, span_make(key, 6),
		    span_make(many.value, sizeof(many.value)));
		if (i % 256 != 255)
			continue;
		assert_int_equal(kv_write_end(write, false, NULL), ERR_OK);
		write = kv_write_begin(kv);
	}
	assert_int_equal(kv_write_end(write, false, NULL), ERR_OK);
}

static bool
is_next_of_many(void *context, struct span key, struct span value)
{
	struct many *many = context;
	char text[32];

	snprintf(text, sizeof(text), "%05zu", many->next++);
	assert_string_equal(key.ptr, text);
	assert_true(
	    span_equal(value, span_make(many->value, sizeof(many->value))));
	return true;
}

/* What waits in memory is in several pieces, each with older and newer rows. */
static void
of_rows_in_several_pieces_the_newest_counts(void **state)
{
	struct fixture *fixture = *state;
	struct kv *kv = store_kv(fixture->store);
	const struct kv_range all = {.family = STORE_RECORDS};
	struct kv_view *before;
	struct many many = {.next = 0};

	put_many(kv, 'a');
	before = kv_view_open(kv);
	put_many(kv, 'b');
	kv_weigh(kv);

	memset(many.value, 'a', sizeof(many.value));
	assert_int_equal(
	    kv_each(before, &all, is_next_of_many, &many, NULL), ERR_OK);
	assert_int_equal(many.next, MANY);
	kv_view_close(before);
	reopen(fixture);
	before = kv_view_open(store_kv(fixture->store));
	memset(many.value, 'b', sizeof(many.value));
	many.next = 0;
	assert_int_equal(
	    kv_each(before, &all, is_next_of_many, &many, NULL), ERR_OK);
	assert_int_equal(many.next, MANY);
	kv_view_close(before);
}

static void
a_snapshot_does_not_change(void **state)
{
	struct fixture *fixture = *state;
	struct snapshot *snapshot = store_snapshot(fixture->store);
	struct walked walked = {0};

	put_record(fixture, SAMPLE_SUBJECT, 1, "later");
	assert_int_equal(each_record(snapshot, &walked), ERR_OK);

	assert_int_equal(walked.count, 0);
	snapshot_release(snapshot);
}

/* Bodies only. */
static void
on_sealed(void *context, struct span packed)
{
	struct sealed sealed;

	assert_int_equal(unpack_sealed(packed, &sealed), ERR_OK);
	buf_add(context, sealed.body.ptr, sealed.body.len);
}

static void
put_sealed(struct kv_write *write, const char *stream, uint64_t first,
    uint64_t last, const char *body)
{
	struct batch_header header = {.first = first, .last = last};
	uint8_t bytes[BATCH_HEADER_LEN];
	char nothing[SIGNATURE_LEN] = "";
	struct sealed sealed = {span_make(bytes, sizeof(bytes)),
	    span_make(nothing, SIGNATURE_LEN),
	    span_make(nothing, SIGN_KEY_ID_LEN), span_of(body)};
	struct buf packed = {0};

	memcpy(header.stream, stream, sizeof(header.stream));
	batch_header_print(&header, bytes);
	pack_sealed(&sealed, &packed);
	store_put_sealed(write, stream, first, buf_span(&packed));
	buf_release(&packed);
}

static void
the_sealed_log_is_read_in_windows(void **state)
{
	struct fixture *fixture = *state;
	struct kv_write *write = kv_write_begin(store_kv(fixture->store));
	struct log_window window = {
	    .stream = "4401", .after = 10, .count = 2, .bytes = 1 << 20};
	struct snapshot *snapshot;
	struct buf seen = {0};

	put_sealed(write, "4401", 1, 10, "a");
	put_sealed(write, "4401", 11, 299, "b");
	put_sealed(write, "4401", 300, 69999, "c");
	put_sealed(write, "4401", 70000, 70001, "d");
	put_sealed(write, "4402", 11, 12, "x");
	assert_int_equal(kv_write_end(write, false, NULL), ERR_OK);

	snapshot = store_snapshot(fixture->store);
	assert_int_equal(
	    snapshot_each_sealed(snapshot, &window, on_sealed, &seen, NULL),
	    ERR_OK);
	snapshot_release(snapshot);

	assert_string_equal(buf_cstr(&seen), "bc");
	buf_release(&seen);
}

/* Consents arrive as JWS; only their payload is read here. */
static void
print_consent(const char *subject, const char *grantee, struct buf *jws)
{
	struct buf json = {0};

	buf_print(&json,
	    "{\"id\":\"c-1\",\"version\":1,\"subject\":\"%s\",\"grantee\":"
	    "\"%s\",\"items\":[1],\"purpose\":\"pre_loan\",\"mode\":\"period\","
	    "\"not_before\":\"2026-01-01T00:00:00Z\",\"expiry\":"
	    "\"2036-01-01T00:00:00Z\",\"frequency\":\"unlimited\","
	    "\"data_life_days\":30,\"revocation\":\"https://x/\"}",
	    subject, grantee);
	buf_text(jws, "e30.");
	codec_base64url(buf_span(&json), jws);
	buf_text(jws, ".AA");
	buf_release(&json);
}

static void
index_consent(struct fixture *fixture, const char *subject, const char *grantee,
    enum record_state record_state)
{
	struct kv_write *write = kv_write_begin(store_kv(fixture->store));
	struct snapshot *newest = store_newest(fixture->store);
	struct buf jws = {0};
	struct record_field field = {1, {NULL, 0}};
	struct record record = {.item = CONTROL_CONSENT,
	    .subject = span_of(subject),
	    .key = span_of("c-1"),
	    .state = record_state,
	    .fields = &field,
	    .field_count = 1};

	print_consent(subject, grantee, &jws);
	field.value = buf_span(&jws);
	assert_int_equal(control_index(write, newest, &record, NULL), ERR_OK);
	assert_int_equal(kv_write_end(write, false, NULL), ERR_OK);
	snapshot_release(newest);
	buf_release(&jws);
}

static enum err
find_consent(struct fixture *fixture, struct consent *consent)
{
	struct snapshot *snapshot = store_snapshot(fixture->store);
	enum err err = control_find_consent(snapshot, "c-1", consent, NULL);

	snapshot_release(snapshot);
	return err;
}

static void
a_consent_is_found_and_its_withdrawal_seen(void **state)
{
	struct fixture *fixture = *state;
	struct consent consent;

	assert_int_equal(find_consent(fixture, &consent), ERR_MISSING);
	index_consent(
	    fixture, SAMPLE_SUBJECT, "91440101MA000RX19U", RECORD_CURRENT);
	assert_int_equal(find_consent(fixture, &consent), ERR_OK);
	assert_false(consent.revoked);

	index_consent(
	    fixture, SAMPLE_SUBJECT, "91440101MA000RX19U", RECORD_WITHDRAWN);

	assert_int_equal(find_consent(fixture, &consent), ERR_OK);
	assert_true(consent.revoked);
}

static void
a_mark_revokes_at_once(void **state)
{
	struct fixture *fixture = *state;
	struct kv_write *write;
	struct consent consent;

	index_consent(
	    fixture, SAMPLE_SUBJECT, "91440101MA000RX19U", RECORD_CURRENT);
	write = kv_write_begin(store_kv(fixture->store));
	control_mark(
	    write, &(struct order){ORDER_REVOKE, "c-1", SAMPLE_SUBJECT, 1});
	assert_int_equal(kv_write_end(write, true, NULL), ERR_OK);
	reopen(fixture);

	assert_int_equal(find_consent(fixture, &consent), ERR_OK);

	assert_true(consent.revoked);
}

static void
mark_revoked(struct fixture *fixture, const char *subject)
{
	struct kv_write *write = kv_write_begin(store_kv(fixture->store));
	struct order order = {.id = "c-1"};

	snprintf(order.subject, sizeof(order.subject), "%s", subject);
	control_mark(write, &order);
	assert_int_equal(kv_write_end(write, true, NULL), ERR_OK);
}

static void
keep_pending(struct fixture *fixture)
{
	struct kv_write *write = kv_write_begin(store_kv(fixture->store));
	struct buf jws = {0};

	print_consent(SAMPLE_SUBJECT, "91440101MA000RX19U", &jws);
	control_keep_pending(write, "c-1", buf_span(&jws));
	assert_int_equal(kv_write_end(write, true, NULL), ERR_OK);
	buf_release(&jws);
}

static enum err
find_pending(struct fixture *fixture, struct consent *consent)
{
	struct snapshot *snapshot = store_snapshot(fixture->store);
	enum err err = control_find_pending(snapshot, "c-1", consent, NULL);

	snapshot_release(snapshot);
	return err;
}

static void
a_mark_of_another_subject_does_not_revoke(void **state)
{
	struct fixture *fixture = *state;
	struct consent consent;

	index_consent(
	    fixture, SAMPLE_SUBJECT, "91440101MA000RX19U", RECORD_CURRENT);

	mark_revoked(fixture, "91440300MA000RX27J");

	assert_int_equal(find_consent(fixture, &consent), ERR_OK);
	assert_false(consent.revoked);
}

static void
a_pending_consent_is_found_apart_until_stream_0000_has_one(void **state)
{
	struct fixture *fixture = *state;
	struct consent consent;

	keep_pending(fixture);
	reopen(fixture);
	assert_int_equal(find_consent(fixture, &consent), ERR_MISSING);
	assert_int_equal(find_pending(fixture, &consent), ERR_OK);
	assert_false(consent.revoked);
	assert_string_equal(consent.subject, SAMPLE_SUBJECT);

	index_consent(
	    fixture, SAMPLE_SUBJECT, "91440101MA000RX19U", RECORD_CURRENT);

	assert_int_equal(find_pending(fixture, &consent), ERR_MISSING);
	assert_int_equal(find_consent(fixture, &consent), ERR_OK);
}

static void
a_pending_consent_that_was_revoked_arrives_revoked(void **state)
{
	struct fixture *fixture = *state;
	struct consent consent;

	keep_pending(fixture);
	mark_revoked(fixture, SAMPLE_SUBJECT);
	assert_int_equal(find_pending(fixture, &consent), ERR_OK);
	assert_true(consent.revoked);

	index_consent(
	    fixture, SAMPLE_SUBJECT, "91440101MA000RX19U", RECORD_CURRENT);

	assert_int_equal(find_consent(fixture, &consent), ERR_OK);
	assert_true(consent.revoked);
}

static void
another_subject_cannot_take_over_a_consents_id(void **state)
{
	struct fixture *fixture = *state;
	struct consent consent;

	index_consent(
	    fixture, SAMPLE_SUBJECT, "91440101MA000RX19U", RECORD_CURRENT);
	index_consent(fixture, "91440300MA000RX27J", "91440300MA000RX27J",
	    RECORD_CURRENT);

	assert_int_equal(find_consent(fixture, &consent), ERR_OK);

	assert_string_equal(consent.subject, SAMPLE_SUBJECT);
}

static void
the_outbox_gives_the_oldest_and_survives_a_restart(void **state)
{
	struct fixture *fixture = *state;
	struct kv_write *write = kv_write_begin(store_kv(fixture->store));
	struct snapshot *newest;
	struct buf letter = {0};
	uint64_t sequence;

	outbox_put(write, 300, span_of("second"));
	outbox_put(write, 20, span_of("first"));
	assert_int_equal(kv_write_end(write, true, NULL), ERR_OK);
	reopen(fixture);

	newest = store_newest(fixture->store);
	assert_int_equal(
	    outbox_next(newest, 0, &sequence, &letter, NULL), ERR_OK);
	assert_int_equal(sequence, 20);
	assert_string_equal(buf_cstr(&letter), "first");
	assert_int_equal(outbox_newest(newest, &sequence, NULL), ERR_OK);
	assert_int_equal(sequence, 300);
	snapshot_release(newest);
	buf_release(&letter);
}

static void
run(const char *format, const char *folder)
{
	char command[512];

	snprintf(command, sizeof(command), "cd '%s' && %s", folder, format);
	assert_int_equal(system(command), 0);
}

static void
a_damaged_store_is_moved_aside_and_begun_anew(void **state)
{
	struct fixture *fixture = *state;
	struct snapshot *snapshot;
	struct walked walked = {0};
	struct why why = {""};

	put_record(fixture, SAMPLE_SUBJECT, 1, "k");
	store_close(fixture->store);
	run("for m in store/MANIFEST-*; do echo rubbish > $m; done",
	    fixture->folder);

	fixture->store = store_open(fixture->folder, &why);

	assert_non_null(fixture->store);
	run("test -e store.damaged-1/CURRENT", fixture->folder);
	snapshot = store_snapshot(fixture->store);
	assert_int_equal(each_record(snapshot, &walked), ERR_OK);
	assert_int_equal(walked.count, 0);
	snapshot_release(snapshot);
}

/* As the version before had it. */
static void
a_store_of_another_layout_is_moved_aside_and_begun_anew(void **state)
{
	static const struct kv_family before[] = {
	    {"records", .compressed = true}, {"sealed", .compressed = false},
	    {"streams", .looked_up = true}, {"control", .compressed = true},
	    {"outbox", .compressed = false}};
	struct fixture *fixture = *state;
	char path[512];
	struct why why = {""};
	struct kv *kv;

	store_close(fixture->store);
	run("rm -r store", fixture->folder);
	snprintf(path, sizeof(path), "%s/store", fixture->folder);
	assert_int_equal(kv_open(path, before, 5, &kv, &why), ERR_OK);
	kv_close(kv);

	fixture->store = store_open(fixture->folder, &why);

	assert_non_null(fixture->store);
	run("test -e store.damaged-1/CURRENT", fixture->folder);
}

static void
a_condemned_store_is_moved_aside_at_the_next_start(void **state)
{
	struct fixture *fixture = *state;

	store_condemn(fixture->store);
	reopen(fixture);

	run("test -e store.damaged-1/CURRENT && test ! -e store.damaged",
	    fixture->folder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_subjects_records_come_by_item_and_without_others),
	    TEST(records_of_unwanted_items_are_not_opened),
	    TEST(a_walk_jumps_to_what_is_wanted_and_ends_behind_it),
	    TEST(a_walk_finds_what_lies_in_tables_of_every_age),
	    TEST(rows_behind_a_missing_group_are_found),
	    TEST(of_rows_in_several_pieces_the_newest_counts),
	    TEST(a_snapshot_does_not_change),
	    TEST(the_sealed_log_is_read_in_windows),
	    TEST(a_consent_is_found_and_its_withdrawal_seen),
	    TEST(a_mark_revokes_at_once),
	    TEST(a_mark_of_another_subject_does_not_revoke),
	    TEST(a_pending_consent_is_found_apart_until_stream_0000_has_one),
	    TEST(a_pending_consent_that_was_revoked_arrives_revoked),
	    TEST(another_subject_cannot_take_over_a_consents_id),
	    TEST(the_outbox_gives_the_oldest_and_survives_a_restart),
	    TEST(a_damaged_store_is_moved_aside_and_begun_anew),
	    TEST(a_store_of_another_layout_is_moved_aside_and_begun_anew),
	    TEST(a_condemned_store_is_moved_aside_at_the_next_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
