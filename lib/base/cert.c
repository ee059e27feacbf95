/*
 * cert: X.509 certificates through OpenSSL: made and understood.
 */
#include "base/cert.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

#define CERT_FILE_MAX ((size_t)64 << 10)
#define CA_DAYS 3653
/* Begins a little earlier, because clocks of members differ. */
#define BEGIN_BEFORE_SECONDS 300
#define SERIAL_LEN 16

/* organizationIdentifier (X.520 6.4.7) has no name in OpenSSL 3.0. */
static ASN1_OBJECT *
code_object(void)
{
	return OBJ_txt2obj("2.5.4.97", 1);
}

static bool
code_is_fine(const char *code)
{
	size_t len = strlen(code);

	return len > 0 && len <= CERT_CODE_MAX &&
	       strspn(code, "0123456789abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ._-") == len;
}

static const char *
cert_path(char out[PATH_MAX], const char *stem, const char *suffix)
{
	int len = snprintf(out, PATH_MAX, "%s%s", stem, suffix);

	return len > 0 && len < PATH_MAX ? out : NULL;
}

/* The only value of `object` in the subject, as UTF-8.  False when there is
 * none, more than one, or one that does not fit. */
static bool
subject_text(
    const X509 *cert, const ASN1_OBJECT *object, char *out, size_t size)
{
	const X509_NAME *subject = X509_get_subject_name(cert);
	int at = X509_NAME_get_index_by_OBJ(subject, object, -1);
	unsigned char *text = NULL;
	bool fine;
	int len;

	if (at < 0 || X509_NAME_get_index_by_OBJ(subject, object, at) >= 0)
		return false;
	len = ASN1_STRING_to_UTF8(
	    &text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	fine = len > 0 && (size_t)len < size &&
	       memchr(text, '\0', (size_t)len) == NULL;
	if (fine) {
		memcpy(out, text, (size_t)len);
		out[len] = '\0';
	}
	OPENSSL_free(text);
	return fine;
}

static bool
time_us(const ASN1_TIME *time, int64_t *us)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return false;
	*us = (int64_t)timegm(&tm) * CLOCK_SECOND;
	return true;
}

static bool
cert_der(const X509 *cert, struct buf *der)
{
	int len = i2d_X509(cert, NULL);
	unsigned char *at;

	if (len <= 0)
		return false;
	at = (unsigned char *)buf_room(der, (size_t)len);
	if (i2d_X509(cert, &at) != len)
		return false;
	der->len += (size_t)len;
	return true;
}

static enum err
identity_of(const X509 *cert, struct identity *who, struct why *why)
{
	ASN1_OBJECT *code = code_object();
	struct buf der = {0};
	struct digest digest;
	bool fine;

	memset(who, 0, sizeof(*who));
	fine = code != NULL &&
	       subject_text(cert, code, who->code, sizeof(who->code)) &&
	       code_is_fine(who->code);
	ASN1_OBJECT_free(code);
	if (!fine)
		return why_set(why, ERR_INVALID,
		    "certificate has no single organizationIdentifier");
	if (!subject_text(cert, OBJ_nid2obj(NID_commonName), who->name,
		sizeof(who->name)))
		return why_set(
		    why, ERR_INVALID, "certificate has no single common name");
	fine = time_us(X509_get0_notAfter(cert), &who->not_after_us) &&
	       cert_der(cert, &der);
	digest = digest_of(buf_span(&der));
	digest_print(&digest, who->fingerprint);
	buf_release(&der);
	if (!fine)
		return why_set(why, ERR_INVALID, "certificate is malformed");
	return ERR_OK;
}

/* NULL unless `der` is one certificate and nothing else. */
static X509 *
cert_parse(struct span der)
{
	const unsigned char *at = (const unsigned char *)der.ptr;
	X509 *cert = NULL;

	if (der.len > 0 && der.len <= CERT_FILE_MAX)
		cert = d2i_X509(NULL, &at, (long)der.len);
	if (cert != NULL && (const char *)at != der.ptr + der.len) {
		X509_free(cert);
		cert = NULL;
	}
	ERR_clear_error();
	return cert;
}

static X509 *
cert_open(const char *path, struct why *why)
{
	struct buf pem = {0};
	X509 *cert = NULL;
	BIO *bio = NULL;

	if (file_read(path, CERT_FILE_MAX, &pem, why) != ERR_OK)
		goto out;
	if (pem.len > 0)
		bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	if (bio != NULL)
		cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	if (cert == NULL)
		why_set(
		    why, ERR_INVALID, "%s holds no certificate in PEM", path);
	BIO_free(bio);
	ERR_clear_error();
out:
	buf_release(&pem);
	return cert;
}

enum err
cert_identify(struct span der, struct identity *who, struct why *why)
{
	X509 *cert = cert_parse(der);
	enum err err;

	if (cert == NULL)
		return why_set(why, ERR_INVALID, "not a certificate in DER");
	err = identity_of(cert, who, why);
	X509_free(cert);
	return err;
}

enum err
cert_read(
    const char *path, struct identity *who, struct buf *der, struct why *why)
{
	X509 *cert = cert_open(path, why);
	enum err err;

	if (cert == NULL)
		return file_exists(path) ? ERR_INVALID : ERR_MISSING;
	err = identity_of(cert, who, why);
	if (err == ERR_OK && der != NULL && !cert_der(cert, der))
		err = why_set(why, ERR_INVALID, "%s is malformed", path);
	X509_free(cert);
	return err;
}

static bool
set_serial(X509 *cert)
{
	uint8_t bytes[SERIAL_LEN];
	ASN1_INTEGER *serial = NULL;
	BIGNUM *number;
	bool fine;

	digest_random(bytes, sizeof(bytes));
	/* Positive, and never short (RFC 5280 4.1.2.2). */
	bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40);
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	if (number != NULL)
		serial = BN_to_ASN1_INTEGER(number, NULL);
	fine = serial != NULL && X509_set_serialNumber(cert, serial) == 1;
	ASN1_INTEGER_free(serial);
	BN_free(number);
	return fine;
}

static bool
set_times(X509 *cert, int days)
{
	time_t now = (time_t)(clock_now_us() / CLOCK_SECOND);

	return X509_time_adj_ex(X509_getm_notBefore(cert), 0,
		   -BEGIN_BEFORE_SECONDS, &now) != NULL &&
	       X509_time_adj_ex(X509_getm_notAfter(cert), days, 0, &now) !=
		   NULL;
}

static bool
set_subject(X509 *cert, const char *name, const char *code)
{
	X509_NAME *subject = X509_NAME_new();
	ASN1_OBJECT *object = code_object();
	bool fine;

	fine = subject != NULL && object != NULL &&
	       X509_NAME_add_entry_by_NID(subject, NID_commonName,
		   MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) == 1;
	if (fine && code != NULL)
		fine =
		    X509_NAME_add_entry_by_OBJ(subject, object, MBSTRING_UTF8,
			(const unsigned char *)code, -1, -1, 0) == 1;
	fine = fine && X509_set_subject_name(cert, subject) == 1;
	ASN1_OBJECT_free(object);
	X509_NAME_free(subject);
	return fine;
}

static bool
add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX context;
	bool fine;

	X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_nconf_nid(NULL, &context, nid, value);
	fine = extension != NULL && X509_add_ext(cert, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return fine;
}

static GENERAL_NAME *
host_name(struct span host)
{
	ASN1_OCTET_STRING *address;
	ASN1_IA5STRING *dns;
	GENERAL_NAME *name;
	char text[256];

	if (host.len == 0 || host.len >= sizeof(text))
		return NULL;
	memcpy(text, host.ptr, host.len);
	text[host.len] = '\0';
	name = GENERAL_NAME_new();
	address = a2i_IPADDRESS(text);
	if (name != NULL && address != NULL) {
		GENERAL_NAME_set0_value(name, GEN_IPADD, address);
		return name;
	}
	dns = ASN1_IA5STRING_new();
	if (name != NULL && dns != NULL &&
	    strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz"
			 "ABCDEFGHIJKLMNOPQRSTUVWXYZ.-*") == host.len &&
	    ASN1_STRING_set(dns, text, (int)host.len) == 1) {
		GENERAL_NAME_set0_value(name, GEN_DNS, dns);
		return name;
	}
	ASN1_IA5STRING_free(dns);
	GENERAL_NAME_free(name);
	return NULL;
}

static bool
push_host(GENERAL_NAMES *names, struct span host)
{
	GENERAL_NAME *name = host_name(host);

	if (name != NULL && sk_GENERAL_NAME_push(names, name) > 0)
		return true;
	GENERAL_NAME_free(name);
	return false;
}

static bool
add_hosts(X509 *cert, const char *hosts)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	bool fine = names != NULL;
	size_t len;

	while (fine) {
		len = strcspn(hosts, ",");
		fine = push_host(names, span_make(hosts, len));
		if (hosts[len] == '\0')
			break;
		hosts += len + 1;
	}
	fine = fine && X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0,
			   X509V3_ADD_DEFAULT) == 1;
	sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
	return fine;
}

static bool
add_ca_extensions(X509 *cert)
{
	return add_extension(cert, cert, NID_basic_constraints,
		   "critical,CA:TRUE,pathlen:0") &&
	       add_extension(
		   cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	       add_extension(cert, cert, NID_subject_key_identifier, "hash") &&
	       add_extension(
		   cert, cert, NID_authority_key_identifier, "keyid:always");
}

static bool
add_member_extensions(X509 *cert, X509 *ca, const char *hosts)
{
	return add_extension(
		   cert, ca, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(
		   cert, ca, NID_key_usage, "critical,digitalSignature") &&
	       add_extension(cert, ca, NID_ext_key_usage,
		   hosts != NULL ? "serverAuth,clientAuth" : "clientAuth") &&
	       add_extension(cert, ca, NID_subject_key_identifier, "hash") &&
	       add_extension(
		   cert, ca, NID_authority_key_identifier, "keyid:always") &&
	       (hosts == NULL || add_hosts(cert, hosts));
}

static enum err
cert_save(const X509 *cert, const char *stem, struct why *why)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char path[PATH_MAX];
	enum err err = ERR_CRYPTO;
	char *pem;
	long len;

	if (bio != NULL && PEM_write_bio_X509(bio, cert) == 1 &&
	    cert_path(path, stem, ".crt") != NULL) {
		len = BIO_get_mem_data(bio, &pem);
		err =
		    file_replace(path, span_make(pem, (size_t)len), 0644, why);
	}
	BIO_free(bio);
	return err;
}

/* `<stem>.key`; a new key when there is none and `make` says how. */
static struct signer *
open_key(const char *stem, struct signer *(*make)(void), struct why *why)
{
	struct signer *signer;
	char path[PATH_MAX];

	if (cert_path(path, stem, ".key") == NULL) {
		why_set(why, ERR_LIMIT, "path too long: %s", stem);
		return NULL;
	}
	if (make == NULL || file_exists(path))
		return signer_open(path, why);
	signer = make();
	if (signer_save(signer, path, why) != ERR_OK) {
		signer_free(signer);
		return NULL;
	}
	return signer;
}

/* Ed25519 signs without a digest of its own. */
static bool
cert_sign(X509 *cert, const struct signer *signer)
{
	bool ed25519 = strcmp(signer_algorithm(signer), "EdDSA") == 0;

	return X509_sign(
		   cert, signer_key(signer), ed25519 ? NULL : EVP_sha256()) > 0;
}

static X509 *
new_cert(const struct signer *key, const char *name, const char *code, int days)
{
	X509 *cert = X509_new();

	if (cert != NULL && X509_set_version(cert, X509_VERSION_3) == 1 &&
	    set_serial(cert) && set_times(cert, days) &&
	    set_subject(cert, name, code) &&
	    X509_set_pubkey(cert, signer_key(key)) == 1)
		return cert;
	X509_free(cert);
	return NULL;
}

enum err
cert_make_ca(const char *stem, const char *name, struct why *why)
{
	enum err err = ERR_CRYPTO;
	struct signer *signer;
	char path[PATH_MAX];
	X509 *cert;

	if (cert_path(path, stem, ".key") != NULL && file_exists(path))
		return why_set(why, ERR_CONFLICT, "%s exists already", path);
	signer = open_key(stem, signer_new_p256, why);
	if (signer == NULL)
		return ERR_IO;
	cert = new_cert(signer, name, NULL, CA_DAYS);
	if (cert != NULL &&
	    X509_set_issuer_name(cert, X509_get_subject_name(cert)) == 1 &&
	    add_ca_extensions(cert) && cert_sign(cert, signer))
		err = cert_save(cert, stem, why);
	if (err == ERR_CRYPTO)
		why_set(
		    why, err, "cannot make a CA named so (1 to 64 letters)");
	X509_free(cert);
	signer_free(signer);
	ERR_clear_error();
	return err;
}

/* The request is fine and all three keys and certificates are open. */
static enum err
issue(X509 *ca, const struct signer *ca_key, const char *stem,
    const struct cert_request *request, struct why *why)
{
	struct signer *key = open_key(
	    stem, request->sm2 ? signer_new_sm2 : signer_new_p256, why);
	enum err err = ERR_CRYPTO;
	X509 *cert;

	if (key == NULL)
		return ERR_IO;
	cert = new_cert(key, request->name, request->code, request->days);
	if (cert != NULL &&
	    X509_set_issuer_name(cert, X509_get_subject_name(ca)) == 1 &&
	    add_member_extensions(cert, ca, request->hosts) &&
	    cert_sign(cert, ca_key))
		err = cert_save(cert, stem, why);
	if (err == ERR_CRYPTO)
		why_set(why, err,
		    "cannot certify: name of 1 to 64 letters, hosts of DNS "
		    "names or IPs");
	X509_free(cert);
	signer_free(key);
	return err;
}

enum err
cert_issue(const char *ca_stem, const char *stem,
    const struct cert_request *request, struct why *why)
{
	struct signer *ca_key = NULL;
	X509 *ca = NULL;
	char path[PATH_MAX];
	enum err err = ERR_CRYPTO;

	if (!code_is_fine(request->code) || request->days < 1)
		return why_set(why, ERR_INVALID,
		    "a code is 1 to %d of A-Z a-z 0-9 . _ -, days are 1 or "
		    "more",
		    CERT_CODE_MAX);
	ca_key = open_key(ca_stem, NULL, why);
	if (ca_key != NULL && cert_path(path, ca_stem, ".crt") != NULL)
		ca = cert_open(path, why);
	if (ca != NULL && X509_check_private_key(ca, signer_key(ca_key)) != 1)
		why_set(why, err, "%s does not belong to its key", path);
	else if (ca != NULL)
		err = issue(ca, ca_key, stem, request, why);
	X509_free(ca);
	signer_free(ca_key);
	ERR_clear_error();
	return err;
}
