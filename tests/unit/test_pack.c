/*
 * pack: what is packed comes back, and nothing else does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credit/declaration.h"
#include "credit/informed.h"
#include "wire/pack.h"
#include "wire/pack_part.h"

typedef enum err (*unpack_fn)(struct span bytes, struct arena *arena);

static struct signer *signer;
static struct verifier *verifier;

static int
setup(void **state)
{
	uint8_t raw[32];

	(void)state;
	signer = signer_new();
	assert_int_equal(signer_public(signer, raw), ERR_OK);
	verifier = verifier_new(raw);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	verifier_free(verifier);
	signer_free(signer);
	return 0;
}

static struct span
text(const char *words)
{
	return span_of(words);
}

static enum err
try_record(struct span bytes, struct arena *arena)
{
	struct record record;

	return unpack_record(bytes, arena, &record);
}

static enum err
try_batch(struct span bytes, struct arena *arena)
{
	struct record *records;
	size_t count;

	return unpack_batch(bytes, arena, &records, &count);
}

static enum err
try_sealed(struct span bytes, struct arena *arena)
{
	struct sealed sealed;

	(void)arena;
	return unpack_sealed(bytes, &sealed);
}

static enum err
try_pulse(struct span bytes, struct arena *arena)
{
	struct pulse pulse;

	return unpack_pulse(bytes, verifier, arena, &pulse);
}

static enum err
try_live(struct span bytes, struct arena *arena)
{
	enum live_kind kind;
	struct span packed;

	(void)arena;
	return unpack_live(bytes, &kind, &packed);
}

static enum err
try_request(struct span bytes, struct arena *arena)
{
	struct request request;

	return unpack_request(bytes, arena, &request);
}

static enum err
try_reply(struct span bytes, struct arena *arena)
{
	struct reply reply;

	return unpack_reply(bytes, arena, &reply);
}

static enum err
try_upward(struct span bytes, struct arena *arena)
{
	struct upward upward;

	return unpack_upward(bytes, verifier, arena, &upward);
}

static enum err
try_access(struct span bytes, struct arena *arena)
{
	struct access access;

	(void)arena;
	return unpack_access(bytes, &access);
}

/* Every truncation is copied to memory of its own size, so that a read
 * behind the end is seen by the sanitizer.  Returns how many were refused. */
static size_t
count_refused_truncations(unpack_fn unpack, struct span whole)
{
	size_t refused = 0;

	for (size_t len = 0; len < whole.len; len++) {
		char *cut = mem_copy(whole.ptr, len);
		struct arena *arena = arena_new();

		if (unpack(span_make(cut, len), arena) != ERR_OK)
			refused++;
		arena_free(arena);
		mem_free(cut);
	}
	return refused;
}

static const struct record_field some_fields[] = {
    {1, {"\xe5\xb9\xbf\xe5\xb7\x9e", 6}},
    {3, {"", 0}},
    {7, {"100.00", 6}},
};

static struct record
some_record(void)
{
	return (struct record){
	    .item = 1,
	    .subject = text("91440101MA5AKXJN1H"),
	    .key = text("k\x1f"
			"2"),
	    .version = 3,
	    .state = RECORD_DISPUTED,
	    .provider = text("11440000MB2D0000XX"),
	    .as_of_us = 1700000000000000,
	    .fields = some_fields,
	    .field_count = 3,
	};
}

static void
assert_record_is_refused(const struct record *record)
{
	struct arena *arena = arena_new();
	struct buf packed = {0};

	pack_record(record, &packed);
	assert_int_equal(try_record(buf_span(&packed), arena), ERR_INVALID);

	buf_release(&packed);
	arena_free(arena);
}

static void
a_record_comes_back_as_it_was(void **state)
{
	struct arena *arena = arena_new();
	struct buf packed = {0}, again = {0};
	struct record before = some_record(), after;

	(void)state;
	pack_record(&before, &packed);

	assert_int_equal(
	    unpack_record(buf_span(&packed), arena, &after), ERR_OK);

	assert_int_equal(after.item, 1);
	assert_true(span_equal(after.subject, before.subject));
	assert_true(span_equal(after.key, before.key));
	assert_int_equal(after.version, 3);
	assert_int_equal(after.state, RECORD_DISPUTED);
	assert_true(span_equal(after.provider, before.provider));
	assert_int_equal(after.as_of_us, 1700000000000000);
	assert_int_equal(after.field_count, 3);
	assert_int_equal(after.fields[2].number, 7);
	assert_true(span_is(after.fields[2].value, "100.00"));
	pack_record(&after, &again);
	assert_true(span_equal(buf_span(&packed), buf_span(&again)));
	buf_release(&packed);
	buf_release(&again);
	arena_free(arena);
}

static void
a_record_outside_its_limits_is_refused(void **state)
{
	static const struct record_field twice[] = {
	    {2, {"a", 1}}, {2, {"b", 1}}};
	static const struct record_field broken[] = {{2, {"\xff", 1}}};
	struct record record;

	(void)state;
	record = some_record();
	record.item = 0;
	assert_record_is_refused(&record);
	record = some_record();
	record.subject = text("");
	assert_record_is_refused(&record);
	record = some_record();
	record.subject = text("\xc3\x28");
	assert_record_is_refused(&record);
	record = some_record();
	record.version = 0;
	assert_record_is_refused(&record);
	record = some_record();
	record.state = (enum record_state)5;
	assert_record_is_refused(&record);
	record = some_record();
	record.state = (enum record_state)0;
	assert_record_is_refused(&record);
	record = some_record();
	record.fields = twice;
	record.field_count = 2;
	assert_record_is_refused(&record);
	record = some_record();
	record.fields = broken;
	record.field_count = 1;
	assert_record_is_refused(&record);
}

/* Every packer writes them so, and what is not understood is
 * not passed over. */
static void
a_record_is_its_parts_in_order_each_once(void **state)
{
	static const struct span refused[] = {
	    {"\x12\x01s\x08\x01\x20\x01\x28\x01", 9}, /* item behind */
	    {"\x08\x01\x12\x01s\x12\x01t\x20\x01\x28\x01", 12},
	    {"\x08\x01\x12\x01s\x20\x01\x28\x01\x48\x01", 11}, /* 9 */
	    {"\x08\x01\x12\x01\0\x20\x01\x28\x01", 9},
	    {"\x08\x81\x00\x12\x01s\x20\x01\x28\x01", 10}, /* long 1 */
	    {"\x08\xff\xff\xff\xff\x7f\x12\x01s\x20\x01\x28\x01", 13},
	    {"\x08\x01\x12\x02s\x20\x01\x28\x01", 9},
	    {"\x08\x01\x12\x01s\x20\x01\x28\x01\x42\x02\x08\x00", 13},
	    {"\x08\x01\x12\x01s\x20\x01\x28\x01\x42\x04\x08\x01\x18\x01", 15},
	};
	static const struct span taken = {
	    "\x08\x01\x12\x01s\x20\x01\x28\x01\x42\x02\x08\x01", 13};
	struct arena *arena = arena_new();
	size_t i;

	(void)state;
	assert_int_equal(try_record(taken, arena), ERR_OK);
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_int_equal(try_record(refused[i], arena), ERR_INVALID);
	arena_free(arena);
}

static void
a_key_or_value_that_is_too_long_is_refused(void **state)
{
	char *long_value = mem_new(RECORD_VALUE_MAX + 1);
	struct record_field field = {1, {long_value, RECORD_VALUE_MAX + 1}};
	struct record record = some_record();

	(void)state;
	record.fields = &field;
	record.field_count = 1;
	assert_record_is_refused(&record);
	record = some_record();
	record.key = span_make(long_value, RECORD_KEY_MAX + 1);
	assert_record_is_refused(&record);
	mem_free(long_value);
}

static void
a_record_with_an_unknown_field_is_refused(void **state)
{
	struct arena *arena = arena_new();
	struct record record = some_record();
	struct buf packed = {0};

	(void)state;
	pack_record(&record, &packed);
	frame_add(15, text("new"), &packed);

	assert_int_equal(try_record(buf_span(&packed), arena), ERR_INVALID);

	buf_release(&packed);
	arena_free(arena);
}

static void
a_record_with_too_many_fields_is_refused(void **state)
{
	struct arena *arena = arena_new();
	struct record record = some_record();
	struct buf packed = {0};

	(void)state;
	record.field_count = 0;
	pack_record(&record, &packed);
	for (int i = 1; i <= RECORD_FIELDS_MAX + 1; i++) {
		const char field[] = {0x08, (char)i};

		frame_add(8, span_make(field, sizeof(field)), &packed);
	}

	assert_int_equal(try_record(buf_span(&packed), arena), ERR_INVALID);

	buf_release(&packed);
	arena_free(arena);
}

static void
fill_batch(struct buf *batch, size_t count)
{
	struct record record = some_record();
	struct buf packed = {0};

	for (size_t i = 0; i < count; i++) {
		record.version = i + 1;
		buf_reset(&packed);
		pack_record(&record, &packed);
		pack_batch_record(buf_span(&packed), batch);
	}
	buf_release(&packed);
}

static void
framed_records_are_a_batch(void **state)
{
	struct arena *arena = arena_new();
	struct buf batch = {0};
	struct record *records;
	size_t count;

	(void)state;
	fill_batch(&batch, 256);

	assert_int_equal(
	    unpack_batch(buf_span(&batch), arena, &records, &count), ERR_OK);

	assert_int_equal(count, 256);
	assert_int_equal(records[255].version, 256);
	assert_int_equal(records[255].field_count, 3);
	buf_release(&batch);
	arena_free(arena);
}

static void
a_batch_of_too_many_records_is_refused(void **state)
{
	struct arena *arena = arena_new();
	struct buf batch = {0};

	(void)state;
	fill_batch(&batch, BATCH_RECORDS_MAX + 1);

	assert_int_equal(try_batch(buf_span(&batch), arena), ERR_INVALID);

	buf_release(&batch);
	arena_free(arena);
}

static void
a_message_of_empty_parts_cannot_take_all_memory(void **state)
{
	struct arena *arena = arena_new();
	struct buf hostile = {0};
	enum err err;

	(void)state;
	for (int i = 0; i < 1000000; i++)
		buf_add(&hostile, "\x42\x00", 2);

	err = try_record(buf_span(&hostile), arena);

	assert_int_equal(err, ERR_INVALID);
	assert_true(arena_used(arena) <= (size_t)129 << 20);
	buf_release(&hostile);
	arena_free(arena);
}

static void
fill_sealed(struct buf *out)
{
	static const char zeros[BATCH_HEADER_LEN];
	struct sealed sealed = {
	    .header = {zeros, BATCH_HEADER_LEN},
	    .signature = {zeros, SIGNATURE_LEN},
	    .key_id = {zeros, SIGN_KEY_ID_LEN},
	    .body = {"body", 4},
	};

	pack_sealed(&sealed, out);
}

static void
a_sealed_batch_is_borrowed_from_its_bytes(void **state)
{
	struct buf packed = {0};
	struct sealed sealed;

	(void)state;
	fill_sealed(&packed);

	assert_int_equal(unpack_sealed(buf_span(&packed), &sealed), ERR_OK);

	assert_int_equal(sealed.header.len, BATCH_HEADER_LEN);
	assert_true(span_is(sealed.body, "body"));
	assert_ptr_equal(
	    sealed.body.ptr + sealed.body.len, packed.data + packed.len);
	buf_char(&packed, 'x');
	assert_int_equal(
	    unpack_sealed(buf_span(&packed), &sealed), ERR_INVALID);
	buf_release(&packed);
}

static void
fill_pulse(struct buf *out)
{
	static const struct stream_head heads[] = {
	    {"0000", 7, {{1}}},
	    {"4401", 9, {{2}}},
	};
	struct pulse pulse = {1700000000000001, heads, 2};

	assert_int_equal(pack_pulse(&pulse, signer, out), ERR_OK);
}

static void
a_pulse_comes_back_when_its_signature_holds(void **state)
{
	struct arena *arena = arena_new();
	struct buf packed = {0};
	struct pulse pulse;

	(void)state;
	fill_pulse(&packed);

	assert_int_equal(
	    unpack_pulse(buf_span(&packed), verifier, arena, &pulse), ERR_OK);

	assert_int_equal(pulse.hub_time_us, 1700000000000001);
	assert_int_equal(pulse.head_count, 2);
	assert_string_equal(pulse.heads[1].stream, "4401");
	assert_int_equal(pulse.heads[1].position, 9);
	assert_int_equal(pulse.heads[1].head.bytes[0], 2);
	buf_release(&packed);
	arena_free(arena);
}

static void
a_pulse_with_any_bit_turned_in_its_body_is_refused(void **state)
{
	struct arena *arena = arena_new();
	struct buf packed = {0};

	(void)state;
	fill_pulse(&packed);
	/* behind the body: signature (66 bytes framed), key id (10) */
	for (size_t i = 0; i < packed.len - 10; i++) {
		packed.data[i] ^= 4;
		assert_int_equal(
		    try_pulse(buf_span(&packed), arena), ERR_INVALID);
		packed.data[i] ^= 4;
	}
	assert_int_equal(try_pulse(buf_span(&packed), arena), ERR_OK);

	buf_release(&packed);
	arena_free(arena);
}

static void
a_pulse_whose_streams_do_not_ascend_is_refused(void **state)
{
	static const struct stream_head heads[] = {
	    {"4401", 9, {{2}}}, {"4401", 9, {{2}}}};
	struct pulse pulse = {1, heads, 2};
	struct arena *arena = arena_new();
	struct buf packed = {0};

	(void)state;
	assert_int_equal(pack_pulse(&pulse, signer, &packed), ERR_OK);

	assert_int_equal(try_pulse(buf_span(&packed), arena), ERR_INVALID);

	buf_release(&packed);
	arena_free(arena);
}

static void
a_live_message_says_what_it_holds(void **state)
{
	struct buf packed = {0};
	enum live_kind kind;
	struct span inside;

	(void)state;
	pack_live(LIVE_PULSE, text("pulse"), &packed);

	assert_int_equal(
	    unpack_live(buf_span(&packed), &kind, &inside), ERR_OK);

	assert_int_equal(kind, LIVE_PULSE);
	assert_true(span_is(inside, "pulse"));
	buf_release(&packed);
}

static void
a_hello_comes_back(void **state)
{
	struct request before = {.ticket = 5,
	    .kind = REQUEST_HELLO,
	    .protocol = PROTOCOL_NEWEST,
	    .software = text("rongxin 0.1"),
	    .code = text("114400000000000001")};
	struct arena *arena = arena_new();
	struct buf packed = {0};
	struct request after;

	(void)state;
	pack_request(&before, &packed);

	assert_int_equal(
	    unpack_request(buf_span(&packed), arena, &after), ERR_OK);

	assert_int_equal(after.ticket, 5);
	assert_int_equal(after.kind, REQUEST_HELLO);
	assert_int_equal(after.protocol, PROTOCOL_NEWEST);
	assert_true(span_equal(after.software, before.software));
	assert_true(span_equal(after.code, before.code));
	buf_release(&packed);
	arena_free(arena);
}

static void
a_fetch_comes_back_and_needs_a_stream_of_four_digits(void **state)
{
	struct request before = {
	    .kind = REQUEST_FETCH, .stream = "4401", .after = 9, .credits = 4};
	struct arena *arena = arena_new();
	struct buf packed = {0};
	struct request after;

	(void)state;
	pack_request(&before, &packed);

	assert_int_equal(
	    unpack_request(buf_span(&packed), arena, &after), ERR_OK);

	assert_int_equal(after.kind, REQUEST_FETCH);
	assert_string_equal(after.stream, "4401");
	assert_int_equal(after.after, 9);
	assert_int_equal(after.credits, 4);
	before.stream[2] = 'x';
	buf_reset(&packed);
	pack_request(&before, &packed);
	assert_int_equal(try_request(buf_span(&packed), arena), ERR_INVALID);
	buf_release(&packed);
	arena_free(arena);
}

static void
what_is_asked_of_a_snapshot_comes_back(void **state)
{
	struct request before = {.ticket = 6,
	    .stream = "0000",
	    .position = 70000000000,
	    .number = 12};
	struct arena *arena = arena_new();
	struct buf packed = {0};
	struct request after;

	(void)state;
	for (int i = 0; i < 2; i++) {
		before.kind = i == 0 ? REQUEST_SNAPSHOT : REQUEST_CHUNK;
		buf_reset(&packed);
		pack_request(&before, &packed);

		assert_int_equal(
		    unpack_request(buf_span(&packed), arena, &after), ERR_OK);

		assert_int_equal(after.ticket, 6);
		assert_int_equal(after.kind, before.kind);
		assert_string_equal(after.stream, "0000");
		assert_int_equal(after.position, 70000000000);
		assert_int_equal(after.number, 12);
		strcpy(before.stream, "00x0");
		buf_reset(&packed);
		pack_request(&before, &packed);
		assert_int_equal(
		    try_request(buf_span(&packed), arena), ERR_INVALID);
		strcpy(before.stream, "0000");
	}
	buf_release(&packed);
	arena_free(arena);
}

static void
a_request_for_nothing_is_refused(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_int_equal(try_request(text("\x08\x05"), arena), ERR_INVALID);
	assert_int_equal(try_request(text(""), arena), ERR_INVALID);
	arena_free(arena);
}

static void
fill_batches(struct buf *out)
{
	static const struct span sealed[] = {{"one", 3}, {"three", 5}};
	struct reply reply = {.ticket = 8,
	    .kind = REPLY_BATCHES,
	    .stream = "4401",
	    .sealed = sealed,
	    .sealed_count = 2,
	    .newest = 77};

	pack_reply(&reply, out);
}

static void
batches_come_back_in_order(void **state)
{
	struct arena *arena = arena_new();
	struct buf packed = {0};
	struct reply after;

	(void)state;
	fill_batches(&packed);

	assert_int_equal(
	    unpack_reply(buf_span(&packed), arena, &after), ERR_OK);

	assert_int_equal(after.ticket, 8);
	assert_int_equal(after.kind, REPLY_BATCHES);
	assert_string_equal(after.stream, "4401");
	assert_int_equal(after.sealed_count, 2);
	assert_true(span_is(after.sealed[1], "three"));
	assert_int_equal(after.newest, 77);
	buf_release(&packed);
	arena_free(arena);
}

static void
every_other_reply_comes_back(void **state)
{
	struct reply replies[] = {
	    {.kind = REPLY_WELCOME,
		.protocol = 1,
		.software = text("s"),
		.pulse = text("pulse")},
	    {.kind = REPLY_TOO_OLD, .stream = "0000", .oldest = 40},
	    {.kind = REPLY_TAKEN, .ticket = 3},
	    {.kind = REPLY_REFUSAL, .reason = text("not_yours")},
	    {.kind = REPLY_SNAPSHOT, .ticket = 4, .image = text("index")},
	    {.kind = REPLY_CHUNK, .ticket = 5, .image = text("chunk")},
	};
	struct arena *arena = arena_new();
	struct buf packed = {0};

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct reply after;

		buf_reset(&packed);
		pack_reply(&replies[i], &packed);
		assert_int_equal(
		    unpack_reply(buf_span(&packed), arena, &after), ERR_OK);
		assert_int_equal(after.kind, replies[i].kind);
		assert_int_equal(after.ticket, replies[i].ticket);
		assert_int_equal(after.oldest, replies[i].oldest);
		assert_true(span_equal(after.reason, replies[i].reason));
		assert_true(span_equal(after.software, replies[i].software));
		assert_true(span_equal(after.pulse, replies[i].pulse));
		assert_true(span_equal(after.image, replies[i].image));
	}
	buf_release(&packed);
	arena_free(arena);
}

static void
fill_status(struct buf *out)
{
	static const struct stream_status streams[] = {
	    {"0000", 3, {{9}}, 100, 5}, {"4401", 6, {{8}}, 200, 7}};
	static const struct budget_use uses[] = {
	    {"91110000100000000M", true, 690, 12}};
	static const struct condition condition = {.protocol = 2,
	    .disk_free = 5,
	    .disk_total = UINT64_C(1) << 40,
	    .certificate_us = 1800000000000000,
	    .revocations = 3,
	    .revocation_us = 70000,
	    .budgets = uses,
	    .budget_count = 1};
	struct upward upward = {.origin = text("114400000000000001"),
	    .sequence = 12,
	    .time_us = 1700000000000000,
	    .kind = UPWARD_STATUS,
	    .software = text("rongxin 0.1"),
	    .checkpoint = text("note"),
	    .parent = text(""),
	    .streams = streams,
	    .stream_count = 2,
	    .trail_size = 1000,
	    .condition = &condition};

	assert_int_equal(pack_upward(&upward, signer, out), ERR_OK);
}

static void
a_status_comes_back(void **state)
{
	struct arena *arena = arena_new();
	struct buf packed = {0};
	struct upward after;

	(void)state;
	fill_status(&packed);

	assert_int_equal(
	    unpack_upward(buf_span(&packed), verifier, arena, &after), ERR_OK);

	assert_true(span_is(after.origin, "114400000000000001"));
	assert_int_equal(after.sequence, 12);
	assert_int_equal(after.kind, UPWARD_STATUS);
	assert_true(span_is(after.checkpoint, "note"));
	assert_int_equal(after.trail_size, 1000);
	assert_int_equal(after.stream_count, 2);
	assert_string_equal(after.streams[1].stream, "4401");
	assert_int_equal(after.streams[1].state.bytes[0], 8);
	assert_int_equal(after.streams[1].delay_us, 7);
	assert_int_equal(after.condition->disk_total, UINT64_C(1) << 40);
	assert_int_equal(after.condition->certificate_us, 1800000000000000);
	assert_int_equal(after.condition->revocations, 3);
	assert_int_equal(after.condition->revocation_us, 70000);
	assert_int_equal(after.condition->budget_count, 1);
	assert_string_equal(
	    after.condition->budgets[0].member, "91110000100000000M");
	assert_true(after.condition->budgets[0].screenings);
	assert_int_equal(after.condition->budgets[0].spent, 12);
	buf_release(&packed);
	arena_free(arena);
}

static void
every_upward_document_comes_back(void **state)
{
	static const enum upward_kind kinds[] = {
	    UPWARD_CONSENT, UPWARD_ORDER, UPWARD_ORDERED_HERE};
	struct arena *arena = arena_new();
	struct buf packed = {0};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct upward after, before = {.origin = text("o"),
					 .kind = kinds[i],
					 .document = text("a.b.c")};

		if (kinds[i] == UPWARD_ORDERED_HERE) {
			before.subject = text("91440101MA5AKXJN1H");
			before.order = ORDER_RESUME;
		}
		buf_reset(&packed);
		assert_int_equal(pack_upward(&before, signer, &packed), ERR_OK);
		assert_int_equal(
		    unpack_upward(buf_span(&packed), verifier, arena, &after),
		    ERR_OK);
		assert_int_equal(after.kind, kinds[i]);
		assert_true(span_equal(after.document, before.document));
		assert_true(span_equal(after.subject, before.subject));
		assert_int_equal(after.order, before.order);
	}
	buf_release(&packed);
	arena_free(arena);
}

static void
fill_usage(struct usage_row rows[2], struct upward *usage)
{
	static const uint32_t items[] = {1, 37};

	rows[0] = (struct usage_row){.time_us = 5,
	    .member = text("bank"),
	    .action = text("report"),
	    .purpose = PURPOSE_PRE_LOAN,
	    .items = items,
	    .item_count = 2};
	rows[1] = rows[0];
	rows[1].item_count = 0;
	rows[1].rule = (enum permit_rule)200; /* a newer node's */
	rows[1].leaf.bytes[31] = 9;
	*usage = (struct upward){.origin = text("o"),
	    .kind = UPWARD_USAGE,
	    .first = 77,
	    .rows = rows,
	    .row_count = 2,
	    .checkpoint = text("note")};
}

static void
a_piece_of_a_trail_comes_back(void **state)
{
	struct arena *arena = arena_new();
	struct usage_row rows[2];
	struct upward before, after;
	struct buf packed = {0};

	(void)state;
	fill_usage(rows, &before);
	assert_int_equal(pack_upward(&before, signer, &packed), ERR_OK);

	assert_int_equal(
	    unpack_upward(buf_span(&packed), verifier, arena, &after), ERR_OK);

	assert_int_equal(after.kind, UPWARD_USAGE);
	assert_int_equal(after.first, 77);
	assert_int_equal(after.row_count, 2);
	assert_true(span_is(after.checkpoint, "note"));
	assert_true(span_is(after.rows[0].member, "bank"));
	assert_int_equal(after.rows[0].item_count, 2);
	assert_int_equal(after.rows[0].items[1], 37);
	assert_int_equal(after.rows[1].item_count, 0);
	assert_int_equal(after.rows[1].rule, 200);
	assert_int_equal(after.rows[1].leaf.bytes[31], 9);
	buf_release(&packed);
	arena_free(arena);
}

static void
alerts_come_back_and_what_is_none_is_refused(void **state)
{
	struct abuse_alert alert = {.member = "bank",
	    .kind = (enum abuse_kind)200, /* a newer node's */
	    .first_us = 5,
	    .last_us = 6,
	    .count = 7};
	struct upward after, before = {.origin = text("o"),
				 .kind = UPWARD_ALERTS,
				 .alerts = &alert,
				 .alert_count = 1};
	struct arena *arena = arena_new();
	struct buf packed = {0};
	int i;

	(void)state;
	assert_int_equal(pack_upward(&before, signer, &packed), ERR_OK);
	assert_int_equal(
	    unpack_upward(buf_span(&packed), verifier, arena, &after), ERR_OK);
	assert_int_equal(after.kind, UPWARD_ALERTS);
	assert_int_equal(after.alert_count, 1);
	assert_string_equal(after.alerts[0].member, "bank");
	assert_int_equal(after.alerts[0].kind, 200);
	assert_int_equal(after.alerts[0].first_us, 5);
	assert_int_equal(after.alerts[0].last_us, 6);
	assert_int_equal(after.alerts[0].count, 7);

	for (i = 0; i < 4; i++) {
		alert.member[1] = i == 0 ? ' ' : 'a';
		alert.kind = i == 1 ? ABUSE_NONE : ABUSE_REFUSED;
		alert.first_us = i == 2 ? -1 : 5;
		alert.last_us = i == 3 ? INT64_MAX : 6;
		buf_reset(&packed);
		assert_int_equal(pack_upward(&before, signer, &packed), ERR_OK);
		assert_int_equal(
		    try_upward(buf_span(&packed), arena), ERR_INVALID);
	}
	buf_release(&packed);
	arena_free(arena);
}

static void
a_piece_of_a_local_feed_comes_back_and_so_does_its_answer(void **state)
{
	struct upward after, before = {.origin = text("o"),
				 .kind = UPWARD_FEED,
				 .document = text("a.b.c"),
				 .offset = UINT64_MAX,
				 .bytes = text("rows")};
	struct reply told, reply = {.ticket = 7,
			       .kind = REPLY_FEED,
			       .held = 4,
			       .status = 409,
			       .answer = text("{}")};
	struct arena *arena = arena_new();
	struct buf packed = {0};

	(void)state;
	assert_int_equal(pack_upward(&before, signer, &packed), ERR_OK);
	assert_int_equal(
	    unpack_upward(buf_span(&packed), verifier, arena, &after), ERR_OK);
	assert_int_equal(after.kind, UPWARD_FEED);
	assert_true(span_equal(after.document, before.document));
	assert_true(after.offset == before.offset);
	assert_true(span_equal(after.bytes, before.bytes));

	buf_reset(&packed);
	pack_reply(&reply, &packed);
	assert_int_equal(unpack_reply(buf_span(&packed), arena, &told), ERR_OK);
	assert_int_equal(told.kind, REPLY_FEED);
	assert_int_equal(told.held, 4);
	assert_int_equal(told.status, 409);
	assert_true(span_equal(told.answer, reply.answer));
	buf_release(&packed);
	arena_free(arena);
}

static void
a_statement_comes_back_with_who_said_it(void **state)
{
	struct upward after, before = {.origin = text("o"),
				 .kind = UPWARD_STATEMENT,
				 .subject = text("91440101MA5CUY37JD"),
				 .document = text("{}")};
	struct arena *arena = arena_new();
	struct buf packed = {0}, wide = {0};

	(void)state;
	assert_int_equal(pack_upward(&before, signer, &packed), ERR_OK);
	assert_int_equal(
	    unpack_upward(buf_span(&packed), verifier, arena, &after), ERR_OK);
	assert_int_equal(after.kind, UPWARD_STATEMENT);
	assert_true(span_equal(after.document, before.document));
	assert_true(span_equal(after.subject, before.subject));

	while (wide.len <= DECLARATION_MAX)
		buf_char(&wide, ' ');
	before.document = buf_span(&wide);
	buf_reset(&packed);
	assert_int_equal(pack_upward(&before, signer, &packed), ERR_OK);
	assert_int_equal(try_upward(buf_span(&packed), arena), ERR_INVALID);
	buf_release(&wide);
	buf_release(&packed);
	arena_free(arena);
}

static void
how_many_were_informed_comes_back(void **state)
{
	struct upward after, before = {.origin = text("o"),
				 .kind = UPWARD_INFORMED,
				 .document = text("{}")};
	struct arena *arena = arena_new();
	struct buf packed = {0}, wide = {0};

	(void)state;
	assert_int_equal(pack_upward(&before, signer, &packed), ERR_OK);
	assert_int_equal(
	    unpack_upward(buf_span(&packed), verifier, arena, &after), ERR_OK);
	assert_int_equal(after.kind, UPWARD_INFORMED);
	assert_true(span_equal(after.document, before.document));

	while (wide.len <= INFORMED_MAX)
		buf_char(&wide, ' ');
	before.document = buf_span(&wide);
	buf_reset(&packed);
	assert_int_equal(pack_upward(&before, signer, &packed), ERR_OK);
	assert_int_equal(try_upward(buf_span(&packed), arena), ERR_INVALID);
	buf_release(&wide);
	buf_release(&packed);
	arena_free(arena);
}

static void
a_trails_row_out_of_bounds_is_refused(void **state)
{
	static const uint32_t wide[] = {1 << 16};
	struct arena *arena = arena_new();
	struct usage_row rows[2];
	struct upward usage;
	struct buf packed = {0};
	int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		fill_usage(rows, &usage);
		rows[1].time_us = i == 0 ? -1 : 5;
		rows[1].time_us = i == 1 ? INT64_MAX : rows[1].time_us;
		rows[1].items = wide;
		rows[1].item_count = i == 2;
		rows[1].rule = i == 3 ? (enum permit_rule)256 : PERMIT_ALLOWED;
		usage.first = i == 4 ? UINT64_MAX : 0;
		buf_reset(&packed);
		assert_int_equal(pack_upward(&usage, signer, &packed), ERR_OK);
		assert_int_equal(
		    try_upward(buf_span(&packed), arena), ERR_INVALID);
	}
	buf_release(&packed);
	arena_free(arena);
}

static void
an_upward_message_of_another_signer_is_parsed_but_not_believed(void **state)
{
	struct signer *other = signer_new();
	struct upward after, before = {.origin = text("o"),
				 .kind = UPWARD_CONSENT,
				 .document = text("a.b.c")};
	struct arena *arena = arena_new();
	struct buf packed = {0};

	(void)state;
	assert_int_equal(pack_upward(&before, other, &packed), ERR_OK);

	assert_int_equal(
	    unpack_upward(buf_span(&packed), NULL, arena, &after), ERR_OK);
	assert_true(span_is(after.origin, "o"));
	assert_int_equal(try_upward(buf_span(&packed), arena), ERR_INVALID);

	buf_release(&packed);
	arena_free(arena);
	signer_free(other);
}

static struct access
some_access(void)
{
	return (struct access){.time_us = 1700000000000000,
	    .member = "bank",
	    .certificate = {1, 2, 3},
	    .subject = "91440101MA5AKXJN1H",
	    .purpose = PURPOSE_PRE_LOAN,
	    .action = "report",
	    .items = {1, 1001},
	    .item_count = 2,
	    .consent = "c-1",
	    .rule = PERMIT_ALLOWED,
	    .consent_rule = PERMIT_CONSENT_EXPIRED,
	    .authorised = true,
	    .level = LEVEL_DETAIL,
	    .stream = "4401",
	    .position = 9,
	    .answer = {{7}}};
}

static void
an_access_entry_comes_back(void **state)
{
	struct access before = some_access(), after;
	struct buf packed = {0};

	(void)state;
	pack_access(&before, &packed);

	assert_int_equal(unpack_access(buf_span(&packed), &after), ERR_OK);

	assert_string_equal(after.member, "bank");
	assert_int_equal(after.certificate[2], 3);
	assert_string_equal(after.subject, before.subject);
	assert_int_equal(after.purpose, PURPOSE_PRE_LOAN);
	assert_string_equal(after.action, "report");
	assert_int_equal(after.item_count, 2);
	assert_int_equal(after.items[1], 1001);
	assert_string_equal(after.consent, "c-1");
	assert_int_equal(after.consent_rule, PERMIT_CONSENT_EXPIRED);
	assert_true(after.authorised);
	assert_int_equal(after.level, LEVEL_DETAIL);
	assert_string_equal(after.stream, "4401");
	assert_int_equal(after.position, 9);
	assert_true(digest_equal(&after.answer, &before.answer));
	buf_release(&packed);
}

static void
where_else_it_was_asked_comes_back(void **state)
{
	struct access before = some_access(), after;
	struct buf packed = {0};

	(void)state;
	strcpy(before.via, "gz");
	before.vouch[15] = 5;
	before.asked_count = 2;
	before.asked[0] = (struct access_asked){.node = "sz", .vouch = {1}};
	before.asked[1] = (struct access_asked){.node = "gd",
	    .vouch = {2},
	    .answered = true,
	    .index = 77,
	    .leaf = {{9}}};
	pack_access(&before, &packed);

	assert_int_equal(unpack_access(buf_span(&packed), &after), ERR_OK);

	assert_memory_equal(&after, &before, sizeof(after));
	buf_release(&packed);
}

static void
fill_text(char *text, size_t size)
{
	memset(text, 'x', size - 1);
}

/* The longest there is: its room is exact. */
static void
the_largest_access_entry_comes_back(void **state)
{
	struct access before = some_access(), after;
	struct buf packed = {0};
	size_t i;

	(void)state;
	before.time_us = -1;
	before.position = UINT64_MAX;
	fill_text(before.member, sizeof(before.member));
	fill_text(before.subject, sizeof(before.subject));
	fill_text(before.action, sizeof(before.action));
	fill_text(before.consent, sizeof(before.consent));
	fill_text(before.via, sizeof(before.via));
	before.vouch[15] = 5;
	before.use = (struct use){UINT32_MAX, UINT32_MAX, UINT32_MAX};
	before.item_count = QUESTION_ITEMS_MAX;
	for (i = 0; i < QUESTION_ITEMS_MAX; i++)
		before.items[i] = UINT32_MAX;
	before.asked_count = HOLDERS_MAX;
	for (i = 0; i < HOLDERS_MAX; i++) {
		before.asked[i] = (struct access_asked){.vouch = {2},
		    .answered = true,
		    .index = UINT64_MAX,
		    .leaf = {{9}}};
		fill_text(before.asked[i].node, sizeof(before.asked[i].node));
	}
	pack_access(&before, &packed);

	assert_int_equal(unpack_access(buf_span(&packed), &after), ERR_OK);

	assert_memory_equal(&after, &before, sizeof(after));
	buf_release(&packed);
}

/* Its leaf hashes are in trails that others keep. */
static void
the_bytes_of_an_access_entry_stay_what_they_were(void **state)
{
	struct access access = some_access();
	struct buf packed = {0};
	char hex[DIGEST_HEX_LEN + 1];
	struct digest digest;

	(void)state;
	access.use = (struct use){.most = 5, .window = 20000, .number = 3};
	strcpy(access.via, "gz");
	access.asked_count = 1;
	access.asked[0] = (struct access_asked){
	    .node = "gd", .answered = true, .index = 300, .leaf = {{9}}};
	pack_access(&access, &packed);

	digest = digest_of(buf_span(&packed));

	assert_string_equal(digest_print(&digest, hex),
	    "7d61d2f0263e0a2206a875a17dc4b8a9ee7e2a2985f0b83be86267f23b91df80");
	buf_release(&packed);
}

static void
an_access_entry_of_unknown_words_is_refused(void **state)
{
	struct access access = some_access(), after;
	struct buf packed = {0};

	(void)state;
	access.purpose = PURPOSE_COUNT;
	pack_access(&access, &packed);
	assert_int_equal(unpack_access(buf_span(&packed), &after), ERR_INVALID);

	access = some_access();
	access.rule = PERMIT_COUNT;
	buf_reset(&packed);
	pack_access(&access, &packed);
	assert_int_equal(unpack_access(buf_span(&packed), &after), ERR_INVALID);
	buf_release(&packed);
}

/* Where a cut can fall between two whole fields of an unsigned message, what
 * is left may still be a message; the others must be whole. */
static void
no_truncation_is_read_behind_its_end(void **state)
{
	struct record record = some_record();
	struct access access = some_access();
	struct buf packed = {0};

	(void)state;
	pack_record(&record, &packed);
	assert_true(count_refused_truncations(try_record, buf_span(&packed)) >
		    packed.len / 2);
	buf_reset(&packed);
	fill_batch(&packed, 3);
	assert_true(count_refused_truncations(try_batch, buf_span(&packed)) >=
		    packed.len - 3);
	buf_reset(&packed);
	fill_batches(&packed);
	assert_true(
	    count_refused_truncations(try_reply, buf_span(&packed)) > 0);
	buf_reset(&packed);
	pack_access(&access, &packed);
	/* All but the level, which is the last field, is required. */
	assert_int_equal(
	    count_refused_truncations(try_access, buf_span(&packed)),
	    packed.len - 1);
	buf_release(&packed);
}

static void
every_truncation_of_a_signed_message_is_refused(void **state)
{
	struct buf packed = {0};

	(void)state;
	fill_sealed(&packed);
	assert_int_equal(
	    count_refused_truncations(try_sealed, buf_span(&packed)),
	    packed.len);
	buf_reset(&packed);
	fill_pulse(&packed);
	assert_int_equal(
	    count_refused_truncations(try_pulse, buf_span(&packed)),
	    packed.len);
	buf_reset(&packed);
	fill_status(&packed);
	assert_int_equal(
	    count_refused_truncations(try_upward, buf_span(&packed)),
	    packed.len);
	buf_reset(&packed);
	pack_live(LIVE_SEALED, text("sealed"), &packed);
	assert_int_equal(
	    count_refused_truncations(try_live, buf_span(&packed)), packed.len);
	buf_release(&packed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_record_comes_back_as_it_was),
	    cmocka_unit_test(a_record_outside_its_limits_is_refused),
	    cmocka_unit_test(a_record_is_its_parts_in_order_each_once),
	    cmocka_unit_test(a_key_or_value_that_is_too_long_is_refused),
	    cmocka_unit_test(a_record_with_an_unknown_field_is_refused),
	    cmocka_unit_test(a_record_with_too_many_fields_is_refused),
	    cmocka_unit_test(framed_records_are_a_batch),
	    cmocka_unit_test(a_batch_of_too_many_records_is_refused),
	    cmocka_unit_test(a_message_of_empty_parts_cannot_take_all_memory),
	    cmocka_unit_test(a_sealed_batch_is_borrowed_from_its_bytes),
	    cmocka_unit_test(a_pulse_comes_back_when_its_signature_holds),
	    cmocka_unit_test(
		a_pulse_with_any_bit_turned_in_its_body_is_refused),
	    cmocka_unit_test(a_pulse_whose_streams_do_not_ascend_is_refused),
	    cmocka_unit_test(a_live_message_says_what_it_holds),
	    cmocka_unit_test(a_hello_comes_back),
	    cmocka_unit_test(
		a_fetch_comes_back_and_needs_a_stream_of_four_digits),
	    cmocka_unit_test(what_is_asked_of_a_snapshot_comes_back),
	    cmocka_unit_test(a_request_for_nothing_is_refused),
	    cmocka_unit_test(batches_come_back_in_order),
	    cmocka_unit_test(every_other_reply_comes_back),
	    cmocka_unit_test(a_status_comes_back),
	    cmocka_unit_test(every_upward_document_comes_back),
	    cmocka_unit_test(a_piece_of_a_trail_comes_back),
	    cmocka_unit_test(alerts_come_back_and_what_is_none_is_refused),
	    cmocka_unit_test(
		a_piece_of_a_local_feed_comes_back_and_so_does_its_answer),
	    cmocka_unit_test(a_statement_comes_back_with_who_said_it),
	    cmocka_unit_test(how_many_were_informed_comes_back),
	    cmocka_unit_test(a_trails_row_out_of_bounds_is_refused),
	    cmocka_unit_test(
		an_upward_message_of_another_signer_is_parsed_but_not_believed),
	    cmocka_unit_test(an_access_entry_comes_back),
	    cmocka_unit_test(the_largest_access_entry_comes_back),
	    cmocka_unit_test(the_bytes_of_an_access_entry_stay_what_they_were),
	    cmocka_unit_test(where_else_it_was_asked_comes_back),
	    cmocka_unit_test(an_access_entry_of_unknown_words_is_refused),
	    cmocka_unit_test(no_truncation_is_read_behind_its_end),
	    cmocka_unit_test(every_truncation_of_a_signed_message_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
