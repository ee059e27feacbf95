/*
 * jws: signed documents, RFC 8037's example, and forgeries.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/file.h"
#include "base/jws.h"
#include "sample_sm2.h"

#define NOW INT64_C(1795408800000000)
#define LATER INT64_C(1900000000000000)

static char folder[] = "/tmp/test_jws.XXXXXX";
static char ca[64], subject[64], ca_file[72];
static struct trust *trust;

static int
make_network(void **state)
{
	const struct cert_request request = {
	    "91110000100000001X", "某某公司", NULL, 30, false};
	struct buf pem = {0};

	(void)state;
	clock_set(NOW);
	if (mkdtemp(folder) == NULL)
		return 1;
	file_path(ca, sizeof(ca), folder, "ca");
	file_path(subject, sizeof(subject), folder, "subject");
	file_path(ca_file, sizeof(ca_file), folder, "ca.crt");
	if (cert_make_ca(ca, "Root", NULL) != ERR_OK ||
	    cert_issue(ca, subject, &request, NULL) != ERR_OK)
		return 1;
	if (file_read(ca_file, 65536, &pem, NULL) != ERR_OK)
		return 1;
	trust = trust_new(buf_cstr(&pem), NULL);
	buf_release(&pem);
	return trust == NULL;
}

static int
remove_network(void **state)
{
	static const char *const names[] = {
	    "ca.key", "ca.crt", "subject.key", "subject.crt"};
	char path[96];
	size_t i;

	(void)state;
	clock_set(-1);
	trust_free(trust);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(file_path(path, sizeof(path), folder, names[i]));
	return rmdir(folder);
}

/* RFC 8037 A.4: its key and signature, over its signing input. */
static void
a_signature_is_as_in_rfc_8037(void **state)
{
	struct buf raw = {0}, signature = {0};
	struct verifier *verifier;

	(void)state;
	assert_true(codec_parse_base64url(
	    span_of("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"), &raw));
	assert_true(codec_parse_base64url(
	    span_of("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4"
		    "iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"),
	    &signature));
	verifier = verifier_new((const uint8_t *)raw.data);

	assert_true(verifier_check(verifier,
	    span_of("eyJhbGciOiJFZERTQSJ9."
		    "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"),
	    buf_span(&signature)));
	verifier_free(verifier);
	buf_release(&raw);
	buf_release(&signature);
}

static void
a_document_signed_with_a_certificate_says_by_whom(void **state)
{
	struct buf jws = {0}, payload = {0};
	struct identity who;
	struct why why;
	int i;

	(void)state;
	/* Often enough that r or s begins with a zero or a high bit. */
	for (i = 0; i < 64; i++) {
		buf_reset(&jws);
		buf_reset(&payload);
		assert_int_equal(jws_sign_with_cert(subject, "consent+jws",
				     span_of("{\"id\":1}"), &jws, &why),
		    ERR_OK);
		assert_int_equal(
		    jws_check_with_trust(buf_span(&jws), "consent+jws", trust,
			NOW, &who, &payload, &why),
		    ERR_OK);
	}
	assert_string_equal(who.code, "91110000100000001X");
	assert_string_equal(buf_cstr(&payload), "{\"id\":1}");
	buf_release(&jws);
	buf_release(&payload);
}

static void
a_document_of_another_type_or_time_is_refused(void **state)
{
	struct buf jws = {0}, payload = {0};
	struct identity who;

	(void)state;
	assert_int_equal(
	    jws_sign_with_cert(subject, "a", span_of("x"), &jws, NULL), ERR_OK);
	assert_int_equal(jws_check_with_trust(buf_span(&jws), "b", trust, NOW,
			     &who, &payload, NULL),
	    ERR_INVALID);
	assert_int_equal(
	    jws_check_with_trust(buf_span(&jws), "a", trust,
		NOW + 31 * 86400 * CLOCK_SECOND, &who, &payload, NULL),
	    ERR_DENIED);
	assert_int_equal(payload.len, 0);
	buf_release(&jws);
	buf_release(&payload);
}

static void
any_changed_byte_is_noticed(void **state)
{
	struct signer *signer = signer_new();
	struct buf jws = {0}, payload = {0};
	struct verifier *verifier;
	uint8_t raw[32];
	size_t i;

	(void)state;
	assert_int_equal(signer_public(signer, raw), ERR_OK);
	verifier = verifier_new(raw);
	assert_int_equal(
	    jws_sign_with_key(signer, "catalogue", span_of("{}"), &jws, NULL),
	    ERR_OK);
	assert_int_equal(jws_check_with_key(buf_span(&jws), "catalogue",
			     verifier, &payload, NULL),
	    ERR_OK);
	assert_string_equal(buf_cstr(&payload), "{}");
	for (i = 0; i < jws.len; i++) {
		jws.data[i] ^= 1;
		assert_int_equal(jws_check_with_key(buf_span(&jws), "catalogue",
				     verifier, &payload, NULL),
		    ERR_INVALID);
		jws.data[i] ^= 1;
	}
	verifier_free(verifier);
	signer_free(signer);
	buf_release(&jws);
	buf_release(&payload);
}

/* Signs an arbitrary header, as an attacker with a good key would. */
static enum err
check_header(struct signer *signer, const char *header)
{
	struct buf jws = {0}, signature = {0}, payload = {0};
	struct verifier *verifier;
	uint8_t raw[32];
	enum err err;

	assert_int_equal(signer_public(signer, raw), ERR_OK);
	verifier = verifier_new(raw);
	codec_base64url(span_of(header), &jws);
	buf_text(&jws, ".e30");
	assert_int_equal(
	    signer_sign(signer, buf_span(&jws), &signature), ERR_OK);
	buf_char(&jws, '.');
	codec_base64url(buf_span(&signature), &jws);
	err = jws_check_with_key(buf_span(&jws), "t", verifier, &payload, NULL);
	verifier_free(verifier);
	buf_release(&jws);
	buf_release(&signature);
	buf_release(&payload);
	return err;
}

static void
the_header_has_nothing_but_what_is_known(void **state)
{
	struct signer *signer = signer_new();
	uint8_t raw[32], id[SIGN_KEY_ID_LEN];
	struct buf kid = {0}, header = {0};

	(void)state;
	assert_int_equal(signer_public(signer, raw), ERR_OK);
	sign_key_id(raw, id);
	codec_hex(span_make(id, sizeof(id)), &kid);
	buf_print(&header, "{\"alg\":\"EdDSA\",\"typ\":\"t\",\"kid\":\"%s\"}",
	    buf_cstr(&kid));
	assert_int_equal(check_header(signer, buf_cstr(&header)), ERR_OK);
	header.len--;
	buf_text(&header, ",\"crit\":[\"exp\"]}");
	assert_int_equal(check_header(signer, buf_cstr(&header)), ERR_INVALID);
	buf_reset(&header);
	buf_print(&header, "{\"alg\":\"none\",\"typ\":\"t\",\"kid\":\"%s\"}",
	    buf_cstr(&kid));
	assert_int_equal(check_header(signer, buf_cstr(&header)), ERR_INVALID);
	assert_int_equal(
	    check_header(signer, "{\"alg\":\"EdDSA\",\"typ\":\"t\"}"),
	    ERR_INVALID);
	assert_int_equal(check_header(signer, "[]"), ERR_INVALID);
	signer_free(signer);
	buf_release(&kid);
	buf_release(&header);
}

static void
what_is_no_jws_is_refused(void **state)
{
	static const char *const wrong[] = {"", ".", "..", "a.b", "e30.e30.",
	    "e30.e30.AA.AA", "e30..AA", "!.!.!"};
	struct buf payload = {0};
	struct identity who;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(jws_check_with_trust(span_of(wrong[i]), "t",
				     trust, NOW, &who, &payload, NULL),
		    ERR_INVALID);
	buf_release(&payload);
}

/* Not one of openssl's certificates names who signs: it is hashed in. */
static void
a_document_of_an_sm2_certificate_is_believed_from_its_ca_on(void **state)
{
	struct trust *sm2 = trust_new(sample_sm2_root, NULL);
	struct span jws = span_of(sample_sm2_jws);
	struct identity who;
	struct buf payload = {0};

	(void)state;
	assert_non_null(sm2);
	assert_int_equal(
	    jws_check_with_trust(jws, "t", sm2, LATER, &who, &payload, NULL),
	    ERR_DENIED);
	assert_int_equal(trust_add(sm2, sample_sm2_between, NULL), ERR_OK);
	assert_int_equal(
	    jws_check_with_trust(jws, "t", sm2, LATER, &who, &payload, NULL),
	    ERR_OK);
	assert_string_equal(who.code, SAMPLE_SM2_CODE);
	assert_string_equal(buf_cstr(&payload), SAMPLE_SM2_PAYLOAD);
	assert_int_equal(
	    jws_check_with_trust(jws, "t", trust, LATER, &who, &payload, NULL),
	    ERR_DENIED);
	trust_free(sm2);
	buf_release(&payload);
}

static void
a_changed_document_of_an_sm2_certificate_is_not(void **state)
{
	struct trust *sm2 = trust_new(sample_sm2_root, NULL);
	struct buf changed = {0}, payload = {0};
	struct identity who;
	char *last;

	(void)state;
	assert_int_equal(trust_add(sm2, sample_sm2_between, NULL), ERR_OK);
	buf_text(&changed, sample_sm2_jws);
	last = &changed.data[changed.len - 3];
	*last = *last == 'A' ? 'B' : 'A';
	assert_int_equal(jws_check_with_trust(buf_span(&changed), "t", sm2,
			     LATER, &who, &payload, NULL),
	    ERR_INVALID);
	trust_free(sm2);
	buf_release(&changed);
	buf_release(&payload);
}

static void
an_sm2_member_of_a_p256_ca_signs(void **state)
{
	const struct cert_request request = {
	    "91110000100000002X", "某某公司", NULL, 30, true};
	struct buf jws = {0}, payload = {0};
	struct identity who;
	char stem[64], path[72];

	(void)state;
	file_path(stem, sizeof(stem), folder, "sm2");
	assert_int_equal(cert_issue(ca, stem, &request, NULL), ERR_OK);
	assert_int_equal(
	    jws_sign_with_cert(stem, "t", span_of("{}"), &jws, NULL), ERR_OK);
	assert_int_equal(jws_check_with_trust(buf_span(&jws), "t", trust, NOW,
			     &who, &payload, NULL),
	    ERR_OK);
	assert_string_equal(who.code, request.code);
	unlink(file_path(path, sizeof(path), folder, "sm2.key"));
	unlink(file_path(path, sizeof(path), folder, "sm2.crt"));
	buf_release(&jws);
	buf_release(&payload);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_signature_is_as_in_rfc_8037),
	    cmocka_unit_test(a_document_signed_with_a_certificate_says_by_whom),
	    cmocka_unit_test(a_document_of_another_type_or_time_is_refused),
	    cmocka_unit_test(any_changed_byte_is_noticed),
	    cmocka_unit_test(the_header_has_nothing_but_what_is_known),
	    cmocka_unit_test(what_is_no_jws_is_refused),
	    cmocka_unit_test(
		a_document_of_an_sm2_certificate_is_believed_from_its_ca_on),
	    cmocka_unit_test(a_changed_document_of_an_sm2_certificate_is_not),
	    cmocka_unit_test(an_sm2_member_of_a_p256_ca_signs),
	};

	return cmocka_run_group_tests(tests, make_network, remove_network);
}
