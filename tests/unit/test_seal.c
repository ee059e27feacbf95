/*
 * seal: what was sealed opens, and nothing that was touched does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/pack_part.h"
#include "wire/seal.h"

#define RECORDS 8

struct fixture {
	struct signer *signer;
	struct sealer *sealer;
	struct keyring *keys;
	struct opener *opener;
	struct arena *arena;
	struct batch_header header; /* as sealed */
	struct buf raw;
	struct buf sealed;
};

static void
fill_raw(struct buf *raw, size_t count)
{
	struct record_field field = {1, {"value", 5}};
	struct record record = {.item = 1,
	    .subject = span_of("91440101MA5AKXJN1H"),
	    .state = RECORD_CURRENT,
	    .fields = &field,
	    .field_count = 1};
	struct buf packed = {0};

	for (size_t i = 0; i < count; i++) {
		record.version = i + 1;
		buf_reset(&packed);
		pack_record(&record, &packed);
		pack_batch_record(buf_span(&packed), raw);
	}
	buf_release(&packed);
}

static struct batch_header
some_header(void)
{
	return (struct batch_header){.stream = "4401",
	    .first = 11,
	    .last = 10 + RECORDS,
	    .previous = {{1}},
	    .committed_us = 1700000000000000,
	    .state = {{2}}};
}

static int
setup(void **state)
{
	struct fixture *fixture = mem_new(sizeof(*fixture));
	uint8_t raw_key[32];

	fixture->signer = signer_new();
	assert_int_equal(signer_public(fixture->signer, raw_key), ERR_OK);
	fixture->sealer = sealer_new(fixture->signer);
	fixture->keys = keyring_of(raw_key);
	fixture->opener = opener_new(fixture->keys);
	fixture->arena = arena_new();
	fixture->header = some_header();
	fill_raw(&fixture->raw, RECORDS);
	assert_int_equal(sealer_seal(fixture->sealer, &fixture->header,
			     buf_span(&fixture->raw), &fixture->sealed),
	    ERR_OK);
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	buf_release(&fixture->sealed);
	buf_release(&fixture->raw);
	arena_free(fixture->arena);
	opener_free(fixture->opener);
	keyring_free(fixture->keys);
	sealer_free(fixture->sealer);
	signer_free(fixture->signer);
	mem_free(fixture);
	return 0;
}

/* Check and open as a node does. */
static enum err
try_open(struct fixture *fixture, struct span bytes)
{
	struct batch_header header;
	struct sealed sealed;
	struct record *records;
	struct why why;
	enum err err;

	err = opener_check(fixture->opener, bytes, &header, &sealed, &why);
	if (err != ERR_OK)
		return err;
	return opener_open(
	    fixture->opener, &header, &sealed, fixture->arena, &records, &why);
}

static void
a_sealed_batch_opens_to_its_records(void **state)
{
	struct fixture *fixture = *state;
	struct batch_header header;
	struct sealed sealed;
	struct record *records;
	struct why why;

	assert_int_equal(
	    opener_check(fixture->opener, buf_span(&fixture->sealed), &header,
		&sealed, &why),
	    ERR_OK);
	assert_int_equal(opener_open(fixture->opener, &header, &sealed,
			     fixture->arena, &records, &why),
	    ERR_OK);

	assert_string_equal(header.stream, "4401");
	assert_int_equal(header.first, 11);
	assert_int_equal(header.raw_size, fixture->raw.len);
	assert_true(digest_equal(&header.body, &fixture->header.body));
	assert_int_equal(records[RECORDS - 1].version, RECORDS);
	assert_true(span_is(records[0].fields[0].value, "value"));
}

static void
the_same_batch_has_the_same_bytes(void **state)
{
	struct fixture *fixture = *state;
	struct batch_header header = some_header();
	struct buf again = {0};

	assert_int_equal(sealer_seal(fixture->sealer, &header,
			     buf_span(&fixture->raw), &again),
	    ERR_OK);

	assert_true(span_equal(buf_span(&again), buf_span(&fixture->sealed)));
	buf_release(&again);
}

static void
a_bit_turned_anywhere_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct buf *sealed = &fixture->sealed;

	for (size_t i = 0; i < sealed->len; i++) {
		sealed->data[i] ^= 1;
		assert_int_not_equal(
		    try_open(fixture, buf_span(sealed)), ERR_OK);
		sealed->data[i] ^= 1;
	}
	assert_int_equal(try_open(fixture, buf_span(sealed)), ERR_OK);
}

static void
every_truncation_is_refused(void **state)
{
	struct fixture *fixture = *state;

	for (size_t len = 0; len < fixture->sealed.len; len++)
		assert_int_not_equal(
		    try_open(fixture, span_make(fixture->sealed.data, len)),
		    ERR_OK);
}

static void
a_batch_of_another_key_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct signer *other = signer_new();
	struct sealer *sealer = sealer_new(other);
	struct batch_header header = some_header();
	struct buf forged = {0};

	assert_int_equal(
	    sealer_seal(sealer, &header, buf_span(&fixture->raw), &forged),
	    ERR_OK);

	assert_int_equal(try_open(fixture, buf_span(&forged)), ERR_INVALID);

	buf_release(&forged);
	sealer_free(sealer);
	signer_free(other);
}

/* Even the hub's own signature does not make these right. */
static void
a_batch_that_claims_other_positions_is_refused(void **state)
{
	struct fixture *fixture = *state;
	const uint64_t wrong[] = {10 + RECORDS - 1, 10 + RECORDS + 1};

	for (size_t i = 0; i < 2; i++) {
		struct batch_header header = some_header();
		struct buf sealed = {0};

		header.last = wrong[i];
		assert_int_equal(sealer_seal(fixture->sealer, &header,
				     buf_span(&fixture->raw), &sealed),
		    ERR_OK);
		assert_int_equal(
		    try_open(fixture, buf_span(&sealed)), ERR_INVALID);
		buf_release(&sealed);
	}
}

static void
a_body_of_another_size_than_said_is_refused(void **state)
{
	struct fixture *fixture = *state;
	const int off[] = {-1, 1};

	for (size_t i = 0; i < 2; i++) {
		struct batch_header header = fixture->header;
		struct sealed sealed;
		struct record *records;
		struct why why;

		assert_int_equal(
		    unpack_sealed(buf_span(&fixture->sealed), &sealed), ERR_OK);
		header.raw_size += (uint32_t)off[i];
		assert_int_equal(opener_open(fixture->opener, &header, &sealed,
				     fixture->arena, &records, &why),
		    ERR_INVALID);
	}
}

static void
a_batch_over_the_limit_is_not_sealed(void **state)
{
	struct fixture *fixture = *state;
	struct batch_header header = some_header();
	char *much = mem_new(BATCH_RAW_MAX + 1);
	struct buf out = {0};

	assert_int_equal(sealer_seal(fixture->sealer, &header,
			     span_make(much, BATCH_RAW_MAX + 1), &out),
	    ERR_LIMIT);

	assert_int_equal(out.len, 0);
	mem_free(much);
}

int
main(void)
{
#define SEAL_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    SEAL_TEST(a_sealed_batch_opens_to_its_records),
	    SEAL_TEST(the_same_batch_has_the_same_bytes),
	    SEAL_TEST(a_bit_turned_anywhere_is_refused),
	    SEAL_TEST(every_truncation_is_refused),
	    SEAL_TEST(a_batch_of_another_key_is_refused),
	    SEAL_TEST(a_batch_that_claims_other_positions_is_refused),
	    SEAL_TEST(a_body_of_another_size_than_said_is_refused),
	    SEAL_TEST(a_batch_over_the_limit_is_not_sealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
