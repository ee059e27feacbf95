/*
 * sign: keys, their files, and vectors of RFC 8032 and GM/T 0003.5.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/x509.h>

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

/* GM/T 0003.5-2012, appendix A: the public key as DER, r and s as DER. */
static void
sm2_is_as_in_its_standard(void **state)
{
	static const uint8_t der[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a,
	    0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x81, 0x1c,
	    0xcf, 0x55, 0x01, 0x82, 0x2d, 0x03, 0x42, 0x00, 0x04, /* x */
	    0x09, 0xf9, 0xdf, 0x31, 0x1e, 0x54, 0x21, 0xa1, 0x50, 0xdd, 0x7d,
	    0x16, 0x1e, 0x4b, 0xc5, 0xc6, 0x72, 0x17, 0x9f, 0xad, 0x18, 0x33,
	    0xfc, 0x07, 0x6b, 0xb0, 0x8f, 0xf3, 0x56, 0xf3, 0x50, 0x20, /* y */
	    0xcc, 0xea, 0x49, 0x0c, 0xe2, 0x67, 0x75, 0xa5, 0x2d, 0xc6, 0xea,
	    0x71, 0x8c, 0xc1, 0xaa, 0x60, 0x0a, 0xed, 0x05, 0xfb, 0xf3, 0x5e,
	    0x08, 0x4a, 0x66, 0x32, 0xf6, 0x07, 0x2d, 0xa9, 0xad, 0x13};
	static const char signature[] =
	    "3046022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eac"
	    "eee720b3022100b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b"
	    "69c485bbc1aa";
	const unsigned char *at = der;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, sizeof(der));
	struct verifier *verifier = verifier_of_key(key);
	struct buf raw = {0};

	(void)state;
	assert_non_null(verifier);
	assert_true(codec_parse_hex(span_of(signature), &raw));
	assert_true(verifier_check(
	    verifier, span_of("message digest"), buf_span(&raw)));
	assert_false(verifier_check(
	    verifier, span_of("message digesT"), buf_span(&raw)));
	verifier_free(verifier);
	EVP_PKEY_free(key);
	buf_release(&raw);
}

static void
sm2_signs_and_has_no_raw_key(void **state)
{
	struct signer *signer = signer_new_sm2(), *again;
	struct verifier *verifier = verifier_of_key(signer_key(signer));
	struct buf signature = {0};
	uint8_t raw[32];

	(void)state;
	assert_int_equal(signer_save(signer, path, NULL), ERR_OK);
	again = signer_open(path, NULL);
	assert_non_null(again);
	assert_string_equal(signer_algorithm(again), "SM2-SM3");
	assert_string_equal(verifier_algorithm(verifier), "SM2-SM3");
	assert_int_equal(signer_public(again, raw), ERR_INVALID);
	assert_int_equal(signer_sign(again, span_of("x"), &signature), ERR_OK);
	assert_true(
	    verifier_check(verifier, span_of("x"), buf_span(&signature)));
	assert_false(
	    verifier_check(verifier, span_of("y"), buf_span(&signature)));
	unlink(path);
	verifier_free(verifier);
	signer_free(signer);
	signer_free(again);
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
	    cmocka_unit_test(sm2_is_as_in_its_standard),
	    cmocka_unit_test(sm2_signs_and_has_no_raw_key),
	    cmocka_unit_test(a_key_is_named_by_the_digest_of_its_raw_bytes),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
