/*
 * sign: keys, their files, and a vector of RFC 8032.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/file.h"
#include "base/sign.h"

static char folder[] = "/tmp/test_sign.XXXXXX";
static char path[64];

static int
make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return 1;
	file_path(path, sizeof(path), folder, "key");
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

/* RFC 8032 §7.1, test 2. */
static void
ed25519_is_as_in_rfc_8032(void **state)
{
	struct verifier *verifier;
	struct buf raw = {0}, signature = {0};

	(void)state;
	assert_true(codec_parse_hex(span_of("3d4017c3e843895a92b70aa74d1b7ebc"
					    "9c982ccf2ec4968cc0cd55f12af4660c"),
	    &raw));
	assert_true(codec_parse_hex(
	    span_of("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223"
		    "ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
		    "b00d291612bb0c00"),
	    &signature));
	verifier = verifier_new((const uint8_t *)raw.data);
	assert_true(
	    verifier_check(verifier, span_of("r"), buf_span(&signature)));
	assert_false(
	    verifier_check(verifier, span_of("s"), buf_span(&signature)));
	signature.len--;
	assert_false(
	    verifier_check(verifier, span_of("r"), buf_span(&signature)));
	verifier_free(verifier);
	verifier_free(NULL);
	buf_release(&raw);
	buf_release(&signature);
}

static void
a_saved_key_signs_as_before(void **state)
{
	struct signer *signer = signer_new(), *again;
	struct buf one = {0}, other = {0};
	struct stat info;
	struct why why;

	(void)state;
	assert_int_equal(signer_save(signer, path, &why), ERR_OK);
	assert_int_equal(signer_save(signer, path, &why), ERR_CONFLICT);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	again = signer_open(path, &why);
	assert_non_null(again);
	assert_int_equal(signer_sign(signer, span_of("x"), &one), ERR_OK);
	assert_int_equal(signer_sign(again, span_of("x"), &other), ERR_OK);
	assert_int_equal(one.len, 64);
	assert_true(span_equal(buf_span(&one), buf_span(&other)));
	assert_string_equal(signer_algorithm(again), "EdDSA");
	unlink(path);
	signer_free(signer);
	signer_free(again);
	buf_release(&one);
	buf_release(&other);
}

static void
a_key_that_others_may_read_is_refused(void **state)
{
	struct signer *signer = signer_new();
	struct why why;

	(void)state;
	assert_int_equal(signer_save(signer, path, &why), ERR_OK);
	assert_int_equal(chmod(path, 0640), 0);
	assert_null(signer_open(path, &why));
	assert_non_null(strstr(why.text, "chmod 600"));
	unlink(path);
	assert_null(signer_open(path, &why));
	assert_int_equal(
	    file_replace(path, span_of("no key"), 0600, &why), ERR_OK);
	assert_null(signer_open(path, &why));
	unlink(path);
	signer_free(signer);
	signer_free(NULL);
}

static void
p256_signs_and_has_no_raw_key(void **state)
{
	struct signer *signer = signer_new_p256();
	struct verifier *verifier = verifier_of_key(signer_key(signer));
	struct buf signature = {0};
	uint8_t raw[32];

	(void)state;
	assert_string_equal(signer_algorithm(signer), "ES256");
	assert_string_equal(verifier_algorithm(verifier), "ES256");
	assert_int_equal(signer_public(signer, raw), ERR_INVALID);
	assert_int_equal(signer_sign(signer, span_of("x"), &signature), ERR_OK);
	assert_true(
	    verifier_check(verifier, span_of("x"), buf_span(&signature)));
	signature.data[signature.len - 1] ^= 1;
	assert_false(
	    verifier_check(verifier, span_of("x"), buf_span(&signature)));
	verifier_free(verifier);
	signer_free(signer);
	buf_release(&signature);
}

static void
a_key_is_named_by_the_digest_of_its_raw_bytes(void **state)
{
	static const uint8_t raw[32] = {1};
	struct digest digest = digest_of(span_make(raw, 32));
	uint8_t id[SIGN_KEY_ID_LEN];

	(void)state;
	sign_key_id(raw, id);
	assert_memory_equal(id, digest.bytes, SIGN_KEY_ID_LEN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ed25519_is_as_in_rfc_8032),
	    cmocka_unit_test(a_saved_key_signs_as_before),
	    cmocka_unit_test(a_key_that_others_may_read_is_refused),
	    cmocka_unit_test(p256_signs_and_has_no_raw_key),
	    cmocka_unit_test(a_key_is_named_by_the_digest_of_its_raw_bytes),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
