/*
 * shake: eight at once are what OpenSSL makes of each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <string.h>

#include "base/shake.h"

static void
expect(const struct digest *in, uint8_t out[8 * SHAKE_WORDS])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	assert_true(EVP_DigestInit_ex(context, EVP_shake128(), NULL));
	assert_true(EVP_DigestUpdate(context, in->bytes, DIGEST_LEN));
	assert_true(EVP_DigestFinalXOF(context, out, 8 * SHAKE_WORDS));
	EVP_MD_CTX_free(context);
}

static void
each_of_eight_is_what_openssl_makes_of_it(void **state)
{
	uint64_t words[SHAKE_AT_ONCE][SHAKE_WORDS];
	struct digest in[SHAKE_AT_ONCE];
	uint8_t expected[8 * SHAKE_WORDS];
	unsigned round, i, k;

	(void)state;
	memset(in, 0, sizeof(in));
	for (round = 0; round < 100; round++) {
		shake_stretch(in, words);
		for (i = 0; i < SHAKE_AT_ONCE; i++) {
			expect(&in[i], expected);
			for (k = 0; k < sizeof(expected); k++)
				assert_int_equal(expected[k],
				    words[i][k / 8] >> (8 * (k % 8)) & 0xff);
			in[i] = digest_of(span_make(expected, 8 + i));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_of_eight_is_what_openssl_makes_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
