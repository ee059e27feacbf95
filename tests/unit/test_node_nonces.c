/*
 * nonces: what was seen counts once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node/nonces.h"

#define AGE 1000

static struct digest
nonce_of(int number)
{
	return digest_of(span_make(&number, sizeof(number)));
}

static void
many_are_each_taken_once(void **state)
{
	struct nonces *nonces = nonces_new(AGE);
	struct digest nonce;
	int i;

	(void)state;
	for (i = 0; i < 5000; i++) {
		nonce = nonce_of(i);
		assert_int_equal(nonces_add(nonces, &nonce, 0), ERR_OK);
	}
	for (i = 0; i < 5000; i++) {
		nonce = nonce_of(i);
		assert_int_equal(nonces_add(nonces, &nonce, 0), ERR_SEEN);
	}
	nonces_free(nonces);
}

static void
nothing_younger_than_the_age_is_forgotten(void **state)
{
	struct nonces *nonces = nonces_new(AGE);
	struct digest nonce;
	int64_t tick;
	int i;

	(void)state;
	for (tick = 0; tick < 20 * AGE; tick += AGE / 10) {
		nonce = nonce_of((int)tick);
		assert_int_equal(nonces_add(nonces, &nonce, tick), ERR_OK);
		for (i = 0; i < 10 && tick >= i * AGE / 10; i++) {
			nonce = nonce_of((int)tick - i * AGE / 10);
			assert_int_equal(
			    nonces_add(nonces, &nonce, tick), ERR_SEEN);
		}
	}
	nonces_free(nonces);
}

static void
what_is_old_is_forgotten(void **state)
{
	struct nonces *nonces = nonces_new(AGE);
	struct digest first = nonce_of(1), second = nonce_of(2);

	(void)state;
	assert_int_equal(nonces_add(nonces, &first, 0), ERR_OK);
	assert_int_equal(nonces_add(nonces, &second, 5 * AGE), ERR_OK);
	assert_int_equal(nonces_add(nonces, &first, 5 * AGE), ERR_OK);
	assert_int_equal(nonces_add(nonces, &second, 6 * AGE), ERR_SEEN);
	assert_int_equal(nonces_add(nonces, &second, 7 * AGE), ERR_OK);
	nonces_free(nonces);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(many_are_each_taken_once),
	    cmocka_unit_test(nothing_younger_than_the_age_is_forgotten),
	    cmocka_unit_test(what_is_old_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
