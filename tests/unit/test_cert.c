/*
 * cert: a CA, its members, and who is not one.
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

#include "base/cert.h"
#include "base/clock.h"
#include "base/file.h"

#define DAY_US (86400 * CLOCK_SECOND)
#define NOW INT64_C(1795408800000000)

static char folder[] = "/tmp/test_cert.XXXXXX";
static char ca[64], bank[64], other_ca[64], ca_file[72], bank_file[72],
    bank_key[72];
static const struct cert_request request = {
    "91110000100000001X", "某某银行", "bank.example,127.0.0.1,::1", 30, false};

static int
make_network(void **state)
{
	(void)state;
	clock_set(NOW);
	if (mkdtemp(folder) == NULL)
		return 1;
	file_path(ca, sizeof(ca), folder, "ca");
	file_path(other_ca, sizeof(other_ca), folder, "other");
	file_path(bank, sizeof(bank), folder, "bank");
	file_path(ca_file, sizeof(ca_file), folder, "ca.crt");
	file_path(bank_file, sizeof(bank_file), folder, "bank.crt");
	file_path(bank_key, sizeof(bank_key), folder, "bank.key");
	return cert_make_ca(ca, "融信测试根", NULL) != ERR_OK ||
	       cert_make_ca(other_ca, "Other", NULL) != ERR_OK ||
	       cert_issue(ca, bank, &request, NULL) != ERR_OK;
}

static int
remove_network(void **state)
{
	static const char *const names[] = {"ca.key", "ca.crt", "other.key",
	    "other.crt", "bank.key", "bank.crt"};
	char path[96];
	size_t i;

	(void)state;
	clock_set(-1);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(file_path(path, sizeof(path), folder, names[i]));
	return rmdir(folder);
}

static struct trust *
trust_in(const char *path)
{
	struct buf pem = {0};
	struct trust *trust;

	assert_int_equal(file_read(path, 65536, &pem, NULL), ERR_OK);
	trust = trust_new(buf_cstr(&pem), NULL);
	buf_release(&pem);
	return trust;
}

static enum err
check(const char *root, const char *file, int64_t now_us, struct identity *who)
{
	struct verifier *verifier = NULL;
	struct identity ignored;
	struct trust *trust;
	struct buf der = {0};
	enum err err;

	trust = trust_in(root);
	assert_non_null(trust);
	err = cert_read(file, &ignored, &der, NULL);
	assert_int_equal(err, ERR_OK);
	err = trust_check(trust, buf_span(&der), now_us, who, &verifier, NULL);
	assert_int_equal(err == ERR_OK, verifier != NULL);
	verifier_free(verifier);
	trust_free(trust);
	buf_release(&der);
	return err;
}

static void
a_member_is_who_its_certificate_says(void **state)
{
	struct identity who;

	(void)state;
	assert_int_equal(check(ca_file, bank_file, NOW, &who), ERR_OK);
	assert_string_equal(who.code, "91110000100000001X");
	assert_string_equal(who.name, "某某银行");
	assert_int_equal(who.not_after_us, NOW + 30 * DAY_US);
	assert_int_equal(strlen(who.fingerprint), 64);
}

static void
time_is_the_callers(void **state)
{
	struct identity who;

	(void)state;
	assert_int_equal(
	    check(ca_file, bank_file, NOW + 31 * DAY_US, &who), ERR_DENIED);
	assert_int_equal(
	    check(ca_file, bank_file, NOW - DAY_US, &who), ERR_DENIED);
}

static void
another_ca_is_not_trusted(void **state)
{
	char other_file[72];
	struct identity who;

	(void)state;
	file_path(other_file, sizeof(other_file), folder, "other.crt");
	assert_int_equal(check(other_file, bank_file, NOW, &who), ERR_DENIED);
}

static void
a_renewed_certificate_keeps_key_and_member(void **state)
{
	struct buf before = {0}, after = {0};
	struct identity one, other;
	struct stat info;

	(void)state;
	assert_int_equal(file_read(bank_key, 4096, &before, NULL), ERR_OK);
	assert_int_equal(stat(bank_key, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(cert_read(bank_file, &one, NULL, NULL), ERR_OK);
	assert_int_equal(cert_issue(ca, bank, &request, NULL), ERR_OK);
	assert_int_equal(cert_read(bank_file, &other, NULL, NULL), ERR_OK);
	assert_int_equal(file_read(bank_key, 4096, &after, NULL), ERR_OK);
	assert_true(span_equal(buf_span(&before), buf_span(&after)));
	assert_string_equal(one.code, other.code);
	assert_string_not_equal(one.fingerprint, other.fingerprint);
	buf_release(&before);
	buf_release(&after);
}

static void
a_ca_is_no_member_and_is_made_once(void **state)
{
	struct identity who;
	struct why why;

	(void)state;
	assert_int_equal(cert_read(ca_file, &who, NULL, &why), ERR_INVALID);
	assert_non_null(strstr(why.text, "organizationIdentifier"));
	assert_int_equal(cert_make_ca(ca, "x", &why), ERR_CONFLICT);
}

static void
bad_requests_are_refused(void **state)
{
	struct cert_request wrong = request;
	struct why why;

	(void)state;
	wrong.code = "no spaces";
	assert_int_equal(cert_issue(ca, bank, &wrong, &why), ERR_INVALID);
	wrong = request;
	wrong.hosts = "a b";
	assert_int_equal(cert_issue(ca, bank, &wrong, &why), ERR_CRYPTO);
	wrong.hosts = "a,,b";
	assert_int_equal(cert_issue(ca, bank, &wrong, &why), ERR_CRYPTO);
	wrong = request;
	wrong.name = "";
	assert_int_equal(cert_issue(ca, bank, &wrong, &why), ERR_CRYPTO);
	assert_int_not_equal(
	    cert_issue("/none/ca", bank, &request, &why), ERR_OK);
}

static void
bytes_behind_a_certificate_are_refused(void **state)
{
	struct buf der = {0};
	struct identity who;

	(void)state;
	assert_int_equal(cert_read(bank_file, &who, &der, NULL), ERR_OK);
	assert_int_equal(cert_identify(buf_span(&der), &who, NULL), ERR_OK);
	buf_char(&der, 0);
	assert_int_equal(
	    cert_identify(buf_span(&der), &who, NULL), ERR_INVALID);
	assert_int_equal(cert_identify(span_of("x"), &who, NULL), ERR_INVALID);
	assert_int_equal(cert_identify(span_of(NULL), &who, NULL), ERR_INVALID);
	assert_null(trust_in(bank_key));
	assert_null(trust_in(bank_file));
	assert_null(trust_new("", NULL));
	trust_free(NULL);
	buf_release(&der);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_member_is_who_its_certificate_says),
	    cmocka_unit_test(time_is_the_callers),
	    cmocka_unit_test(another_ca_is_not_trusted),
	    cmocka_unit_test(a_renewed_certificate_keeps_key_and_member),
	    cmocka_unit_test(a_ca_is_no_member_and_is_made_once),
	    cmocka_unit_test(bad_requests_are_refused),
	    cmocka_unit_test(bytes_behind_a_certificate_are_refused),
	};

	return cmocka_run_group_tests(tests, make_network, remove_network);
}
