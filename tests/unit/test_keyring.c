/*
 * keyring: which key may have sealed what.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/codec.h"
#include "wire/keyring.h"
#include "wire/seal.h"

#define UNTIL "{\"until\":{\"0000\":5,\"4401\":7}}"

struct fixture {
	struct signer *signers[2];
	uint8_t raw[2][32];
	struct buf hex[2];
	struct keyring *keys;
};

static int
setup(void **state)
{
	struct fixture *fixture = mem_new(sizeof(*fixture));

	for (int i = 0; i < 2; i++) {
		fixture->signers[i] = signer_new();
		assert_int_equal(
		    signer_public(fixture->signers[i], fixture->raw[i]),
		    ERR_OK);
		codec_hex(span_make(fixture->raw[i], 32), &fixture->hex[i]);
	}
	fixture->keys = keyring_of(fixture->raw[0]);
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 2; i++) {
		signer_free(fixture->signers[i]);
		buf_release(&fixture->hex[i]);
	}
	keyring_free(fixture->keys);
	mem_free(fixture);
	return 0;
}

/* What the ring says of a batch of that stream up to `last`. */
static enum err
sealed_by(struct fixture *fixture, int who, const char *stream, uint64_t last)
{
	struct sealer *sealer = sealer_new(fixture->signers[who]);
	struct batch_header header = {.first = last, .last = last};
	struct buf bytes = {0};
	struct sealed sealed;
	struct why why = {""};
	enum err err;

	memcpy(header.stream, stream, STREAM_LEN);
	assert_int_equal(
	    sealer_seal(sealer, &header, span_of("raw"), &bytes), ERR_OK);
	assert_int_equal(unpack_sealed(buf_span(&bytes), &sealed), ERR_OK);
	err = keyring_check(fixture->keys, &sealed, &header, &why);
	buf_release(&bytes);
	sealer_free(sealer);
	return err;
}

static size_t
live_keys(struct keyring *keys)
{
	size_t count = 0;

	while (keyring_live(keys, count) != NULL)
		count++;
	return count;
}

static enum err
take(struct fixture *fixture, int who, bool retired, const char *document)
{
	return keyring_take(fixture->keys, buf_span(&fixture->hex[who]),
	    retired, span_of(document));
}

static void
a_key_counts_when_it_was_announced(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(sealed_by(fixture, 0, "4401", 1), ERR_OK);
	assert_int_equal(sealed_by(fixture, 1, "4401", 1), ERR_INVALID);
	assert_int_equal(take(fixture, 1, false, "{}"), ERR_OK);
	assert_int_equal(sealed_by(fixture, 1, "4401", 1), ERR_OK);
	assert_int_equal(live_keys(fixture->keys), 2);
}

static void
a_retired_key_proves_the_past_and_nothing_new(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(take(fixture, 0, true, UNTIL), ERR_OK);
	assert_int_equal(sealed_by(fixture, 0, "4401", 7), ERR_OK);
	assert_int_equal(sealed_by(fixture, 0, "4401", 8), ERR_INVALID);
	assert_int_equal(sealed_by(fixture, 0, "0000", 5), ERR_OK);
	assert_int_equal(sealed_by(fixture, 0, "0000", 6), ERR_INVALID);
	assert_int_equal(sealed_by(fixture, 0, "4403", 1), ERR_INVALID);
	assert_int_equal(live_keys(fixture->keys), 0);
}

static void
a_retired_key_does_not_come_back(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(take(fixture, 0, true, UNTIL), ERR_OK);
	assert_int_equal(take(fixture, 0, false, "{}"), ERR_OK);
	keyring_trust(fixture->keys, fixture->raw[0]);
	assert_int_equal(sealed_by(fixture, 0, "4401", 8), ERR_INVALID);
	assert_int_equal(live_keys(fixture->keys), 0);
}

static void
a_former_key_of_the_file_is_bound_on_stream_0000(void **state)
{
	struct fixture *fixture = *state;

	keyring_trust_former(fixture->keys, fixture->raw[1], 5);
	assert_int_equal(sealed_by(fixture, 1, "0000", 5), ERR_OK);
	assert_int_equal(sealed_by(fixture, 1, "0000", 6), ERR_INVALID);
	assert_int_equal(sealed_by(fixture, 1, "4401", 100), ERR_OK);
	assert_int_equal(live_keys(fixture->keys), 1);
	/* Its announcement, long ago, changes nothing; its retirement does. */
	assert_int_equal(take(fixture, 1, false, "{}"), ERR_OK);
	assert_int_equal(sealed_by(fixture, 1, "0000", 6), ERR_INVALID);
	assert_int_equal(take(fixture, 1, true, UNTIL), ERR_OK);
	assert_int_equal(sealed_by(fixture, 1, "4401", 8), ERR_INVALID);
}

static void
what_is_no_key_or_no_bound_changes_nothing(void **state)
{
	static const char *const broken[] = {"", "{}", "[]", "{\"until\":[]}",
	    "{\"until\":{\"440\":1}}", "{\"until\":{\"4401\":-1}}",
	    "{\"until\":{\"4401\":1,\"4403\":\"2\"}}"};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++)
		assert_int_equal(
		    take(fixture, 0, true, broken[i]), ERR_INVALID);
	assert_int_equal(
	    keyring_take(fixture->keys, span_of("abcd"), false, span_of("{}")),
	    ERR_INVALID);
	assert_int_equal(sealed_by(fixture, 0, "4401", 1000), ERR_OK);
	assert_int_equal(live_keys(fixture->keys), 1);
}

static void
more_keys_than_a_ring_holds_are_left_out(void **state)
{
	struct fixture *fixture = *state;
	uint8_t raw[32] = {0};

	for (unsigned i = 0; i < 2 * KEYRING_MAX; i++) {
		raw[0] = (uint8_t)i;
		keyring_trust(fixture->keys, raw);
	}
	assert_int_equal(live_keys(fixture->keys), KEYRING_MAX);
	assert_int_equal(sealed_by(fixture, 0, "4401", 1), ERR_OK);
	assert_int_equal(take(fixture, 1, false, "{}"), ERR_OK);
	assert_int_equal(sealed_by(fixture, 1, "4401", 1), ERR_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_key_counts_when_it_was_announced),
	    TEST(a_retired_key_proves_the_past_and_nothing_new),
	    TEST(a_retired_key_does_not_come_back),
	    TEST(a_former_key_of_the_file_is_bound_on_stream_0000),
	    TEST(what_is_no_key_or_no_bound_changes_nothing),
	    TEST(more_keys_than_a_ring_holds_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
