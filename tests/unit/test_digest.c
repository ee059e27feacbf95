/*
 * digest: the vectors of FIPS 180 and RFC 4231.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "base/digest.h"

static void
assert_digest(const struct digest *digest, const char *expected)
{
	char text[DIGEST_HEX_LEN + 1];

	assert_string_equal(digest_print(digest, text), expected);
}

static void
sha256_is_as_in_fips_180(void **state)
{
	struct digest digest;

	(void)state;
	digest = digest_of(span_of(NULL));
	assert_digest(&digest, "e3b0c44298fc1c149afbf4c8996fb924"
			       "27ae41e4649b934ca495991b7852b855");
	digest = digest_of(span_of("abc"));
	assert_digest(&digest, "ba7816bf8f01cfea414140de5dae2223"
			       "b00361a396177a9cb410ff61f20015ad");
	digest = digest_of(span_of(
	    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"));
	assert_digest(&digest, "248d6a61d20638b8e5c026930c3e6039"
			       "a33ce45964ff2167f6ecedd419db06c1");
}

static void
parts_and_streams_give_the_digest_of_the_whole(void **state)
{
	const struct span parts[] = {
	    span_of("a"), span_of(NULL), span_of("bc")};
	struct digest_stream *stream = digest_stream_new();
	struct digest whole = digest_of(span_of("abc"));
	struct digest other = digest_of_parts(parts, 3);

	(void)state;
	assert_true(digest_equal(&whole, &other));
	digest_stream_add(stream, span_of("ab"));
	digest_stream_add(stream, span_of("c"));
	other = digest_stream_end(stream);
	assert_true(digest_equal(&whole, &other));
	digest_stream_free(stream);
	digest_stream_free(NULL);
}

static void
hmac_is_as_in_rfc_4231(void **state)
{
	struct digest digest;
	char key[131];

	(void)state;
	memset(key, 0x0b, 20);
	digest = digest_hmac(span_make(key, 20), span_of("Hi There"));
	assert_digest(&digest, "b0344c61d8db38535ca8afceaf0bf12b"
			       "881dc200c9833da726e9376c2e32cff7");
	digest = digest_hmac(
	    span_of("Jefe"), span_of("what do ya want for nothing?"));
	assert_digest(&digest, "5bdcc146bf60754e6a042426089575c7"
			       "5a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, 131);
	digest = digest_hmac(span_make(key, 131),
	    span_of("Test Using Larger Than Block-Size Key - Hash Key First"));
	assert_digest(&digest, "60e431591ee0b67f0d8a26aacbf5b77f"
			       "8e0bc6213728c5140546040f0ee37f54");
}

static void
only_64_lower_case_digits_are_a_digest(void **state)
{
	struct digest digest = digest_of(span_of("abc")), again;
	char text[DIGEST_HEX_LEN + 1];

	(void)state;
	digest_print(&digest, text);
	assert_true(digest_parse(span_of(text), &again));
	assert_true(digest_equal(&digest, &again));
	text[0] = 'B';
	assert_false(digest_parse(span_of(text), &again));
	assert_false(digest_parse(span_of("ba"), &again));
}

static void
random_bytes_and_secrets_differ(void **state)
{
	uint8_t a[32], b[32];

	(void)state;
	digest_random(a, sizeof(a));
	digest_random(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	assert_false(digest_same_secret(span_make(a, 32), span_make(b, 32)));
	assert_true(digest_same_secret(span_make(a, 32), span_make(a, 32)));
	assert_false(digest_same_secret(span_make(a, 31), span_make(a, 32)));
}

static void *
hash_many(void *context)
{
	struct digest *digest = context;
	int i;

	for (i = 0; i < 1000; i++)
		*digest = digest_of(span_make(digest->bytes, DIGEST_LEN));
	return NULL;
}

static void
threads_do_not_disturb_each_other(void **state)
{
	struct digest digests[3] = {{{0}}, {{0}}, {{0}}};
	pthread_t threads[2];
	int i;

	(void)state;
	for (i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, hash_many, &digests[i]);
	hash_many(&digests[2]);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);

	assert_true(digest_equal(&digests[0], &digests[2]));
	assert_true(digest_equal(&digests[1], &digests[2]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sha256_is_as_in_fips_180),
	    cmocka_unit_test(parts_and_streams_give_the_digest_of_the_whole),
	    cmocka_unit_test(hmac_is_as_in_rfc_4231),
	    cmocka_unit_test(only_64_lower_case_digits_are_a_digest),
	    cmocka_unit_test(random_bytes_and_secrets_differ),
	    cmocka_unit_test(threads_do_not_disturb_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
