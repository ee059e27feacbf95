/*
 * tls: OpenSSL between two memories.
 */
#include "wire/tls.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/mem.h"
#include "base/shared.h"

/* A ticket saves the certificate checks of a returning client; this bounds
 * how long a certificate taken from it is believed without a handshake. */
#define TICKET_LIFE_S 600
/* About 10 KB each; the oldest goes, and its client makes a full handshake. */
#define SESSIONS_MAX 2048

static const unsigned char alpn_both[] = "\x02h2\x08http/1.1";
static const unsigned char alpn_http1[] = "\x08http/1.1";
static const unsigned char alpn_http2[] = "\x02h2";

/* What one set of files makes; its sessions outlive it in `contexts`. */
struct context {
	SSL_CTX *ssl;
};

struct tls {
	struct shared *contexts; /* struct context, the newest files' */
	BIO_METHOD *method;
	bool is_server;
};

struct tls_session {
	SSL *ssl;
	struct span in;
	struct buf out;
	bool broken;
};

static bool
copy_text(char *out, size_t size, const ASN1_STRING *value)
{
	unsigned char *text = NULL;
	int len = ASN1_STRING_to_UTF8(&text, value);
	bool fits;

	if (len < 0)
		return false;
	fits = (size_t)len < size && memchr(text, '\0', (size_t)len) == NULL;
	if (fits) {
		memcpy(out, text, (size_t)len);
		out[len] = '\0';
	}
	OPENSSL_free(text);
	return fits;
}

/* Exactly one attribute of that kind; two could be read differently by
 * different readers. */
static bool
copy_attribute(X509 *cert, int nid, char *out, size_t size)
{
	const X509_NAME *name = X509_get_subject_name(cert);
	int at = X509_NAME_get_index_by_NID(name, nid, -1);
	const X509_NAME_ENTRY *entry;

	if (at < 0 || X509_NAME_get_index_by_NID(name, nid, at) >= 0)
		return false;
	entry = X509_NAME_get_entry(name, at);
	return copy_text(out, size, X509_NAME_ENTRY_get_data(entry));
}

static bool
code_is_plain(const char *code)
{
	size_t i;

	for (i = 0; code[i] != '\0'; i++)
		if (code[i] <= ' ' || code[i] > '~')
			return false;
	return i > 0;
}

static bool
copy_fingerprint(X509 *cert, char out[DIGEST_HEX_LEN + 1])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct buf hex = {0};
	unsigned len = 0;
	bool ok;

	if (X509_digest(cert, EVP_sha256(), digest, &len) != 1)
		return false;
	codec_hex(span_make(digest, len), &hex);
	ok = hex.len == DIGEST_HEX_LEN;
	if (ok)
		memcpy(out, buf_cstr(&hex), DIGEST_HEX_LEN + 1);
	buf_release(&hex);
	return ok;
}

static bool
copy_end(X509 *cert, int64_t *not_after_us)
{
	struct tm end = {0};

	if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &end) != 1)
		return false;
	*not_after_us = (int64_t)timegm(&end) * CLOCK_SECOND;
	return true;
}

static bool
identity_of(X509 *cert, struct identity *who)
{
	memset(who, 0, sizeof(*who));
	if (!copy_attribute(
		cert, NID_organizationIdentifier, who->code, sizeof(who->code)))
		return false;
	if (!copy_attribute(cert, NID_commonName, who->name, sizeof(who->name)))
		return false;
	return code_is_plain(who->code) &&
	       copy_fingerprint(cert, who->fingerprint) &&
	       copy_end(cert, &who->not_after_us);
}

/* Refuses a client that belongs to the network but names no organisation. */
static int
on_verify(int verified, X509_STORE_CTX *store)
{
	struct identity who;

	if (!verified || X509_STORE_CTX_get_error_depth(store) != 0)
		return verified;
	if (identity_of(X509_STORE_CTX_get_current_cert(store), &who))
		return 1;
	X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
	return 0;
}

static int
bio_on_read(BIO *bio, char *out, int size)
{
	struct tls_session *session = BIO_get_data(bio);
	size_t len = session->in.len;

	BIO_clear_retry_flags(bio);
	if (len == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	if (len > (size_t)size)
		len = (size_t)size;
	memcpy(out, session->in.ptr, len);
	session->in.ptr += len;
	session->in.len -= len;
	return (int)len;
}

static int
bio_on_write(BIO *bio, const char *bytes, int len)
{
	struct tls_session *session = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (len > 0)
		buf_add(&session->out, bytes, (size_t)len);
	return len;
}

static long
bio_on_ctrl(BIO *bio, int command, long number, void *pointer)
{
	(void)bio, (void)number, (void)pointer;
	return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *
bio_method_new(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "memory");

	if (method == NULL)
		return NULL;
	BIO_meth_set_read(method, bio_on_read);
	BIO_meth_set_write(method, bio_on_write);
	BIO_meth_set_ctrl(method, bio_on_ctrl);
	return method;
}

static int
on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *offered, unsigned offered_len, void *context)
{
	unsigned char *chosen;
	int found = SSL_select_next_proto(&chosen, out_len, alpn_both,
	    sizeof(alpn_both) - 1, offered, offered_len);

	(void)ssl, (void)context;
	if (found != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static enum err
why_openssl(struct why *why, const char *what, const char *path)
{
	char text[128];

	ERR_error_string_n(ERR_peek_last_error(), text, sizeof(text));
	ERR_clear_error();
	return why_set(why, ERR_CRYPTO, "%s %s: %s", what, path, text);
}

static enum err
load_files(SSL_CTX *context, const struct tls_files *files, struct why *why)
{
	struct stat status;

	if (stat(files->key, &status) != 0)
		return why_set(why, ERR_IO, "cannot open %s", files->key);
	if ((status.st_mode & 077) != 0)
		return why_set(
		    why, ERR_DENIED, "others may read %s", files->key);
	if (SSL_CTX_use_certificate_chain_file(context, files->cert) != 1)
		return why_openssl(why, "certificate", files->cert);
	if (SSL_CTX_use_PrivateKey_file(
		context, files->key, SSL_FILETYPE_PEM) != 1)
		return why_openssl(why, "key", files->key);
	if (SSL_CTX_load_verify_locations(context, files->ca, NULL) != 1)
		return why_openssl(why, "CA", files->ca);
	return ERR_OK;
}

static enum err
set_server(SSL_CTX *context, const char *ca, struct why *why)
{
	static const unsigned char id[] = "rongxin";
	STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(ca);

	if (names == NULL)
		return why_openssl(why, "CA", ca);
	SSL_CTX_set_client_CA_list(context, names);
	SSL_CTX_set_verify(context,
	    SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, on_verify);
	SSL_CTX_set_alpn_select_cb(context, on_alpn, NULL);
	SSL_CTX_set_session_id_context(context, id, sizeof(id) - 1);
	/* A ticket is the number of a session that is kept here: one that has
	 * all of the session in it is encoded, sealed and, with its
	 * certificate, parsed again. */
	SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER);
	SSL_CTX_sess_set_cache_size(context, SESSIONS_MAX);
	SSL_CTX_set_timeout(context, TICKET_LIFE_S);
	SSL_CTX_set_num_tickets(context, 1);
	return ERR_OK;
}

static void
set_client(SSL_CTX *context)
{
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

static void
context_free(void *object)
{
	struct context *context = object;

	if (context == NULL)
		return;
	SSL_CTX_free(context->ssl);
	mem_free(context);
}

static struct context *
context_new(const struct tls_files *files, bool is_server, struct why *why)
{
	struct context *context = mem_new(sizeof(*context));
	enum err err;

	context->ssl =
	    SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
	if (context->ssl == NULL) {
		err = why_openssl(why, "TLS", "context");
		goto out;
	}
	SSL_CTX_set_min_proto_version(context->ssl, TLS1_3_VERSION);
	SSL_CTX_set_mode(context->ssl,
	    SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	err = load_files(context->ssl, files, why);
	if (err != ERR_OK)
		goto out;
	if (is_server)
		err = set_server(context->ssl, files->ca, why);
	else
		set_client(context->ssl);
out:
	if (err == ERR_OK)
		return context;
	context_free(context);
	return NULL;
}

enum err
tls_renew(struct tls *tls, const struct tls_files *files, struct why *why)
{
	struct context *context = context_new(files, tls->is_server, why);

	if (context == NULL)
		return ERR_CRYPTO;
	shared_swap(tls->contexts, context);
	return ERR_OK;
}

static struct tls *
tls_open(const struct tls_files *files, bool is_server, struct why *why)
{
	struct tls *tls = mem_new(sizeof(*tls));
	enum err err = ERR_OK;

	tls->is_server = is_server;
	tls->contexts = shared_new(context_free);
	tls->method = bio_method_new();
	if (tls->method == NULL)
		err = why_openssl(why, "TLS", "memory");
	if (err == ERR_OK)
		err = tls_renew(tls, files, why);
	if (err == ERR_OK)
		return tls;
	tls_close(tls);
	return NULL;
}

struct tls *
tls_open_server(const struct tls_files *files, struct why *why)
{
	return tls_open(files, true, why);
}

struct tls *
tls_open_client(const struct tls_files *files, struct why *why)
{
	return tls_open(files, false, why);
}

void
tls_close(struct tls *tls)
{
	if (tls == NULL)
		return;
	shared_free(tls->contexts);
	BIO_meth_free(tls->method);
	mem_free(tls);
}

static bool
set_host(SSL *ssl, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1)
		return true;
	return SSL_set1_host(ssl, host) == 1 &&
	       SSL_set_tlsext_host_name(ssl, host) == 1;
}

struct tls_session *
tls_session_new(struct tls *tls, const char *host)
{
	struct tls_session *session = mem_new(sizeof(*session));
	const struct context *context = shared_hold(tls->contexts);
	BIO *bio = BIO_new(tls->method);

	session->ssl = SSL_new(context->ssl);
	shared_drop(tls->contexts, context);
	if (bio == NULL || session->ssl == NULL) {
		BIO_free(bio);
		session->broken = true;
		return session;
	}
	BIO_set_data(bio, session);
	BIO_set_init(bio, 1);
	SSL_set_bio(session->ssl, bio, bio);
	if (tls->is_server) {
		SSL_set_accept_state(session->ssl);
		return session;
	}
	SSL_set_connect_state(session->ssl);
	SSL_set_alpn_protos(session->ssl, alpn_both, sizeof(alpn_both) - 1);
	session->broken = host == NULL || !set_host(session->ssl, host);
	ERR_clear_error();
	return session;
}

void
tls_session_free(struct tls_session *session)
{
	if (session == NULL)
		return;
	SSL_free(session->ssl);
	buf_release(&session->out);
	mem_free(session);
}

void
tls_offer(struct tls_session *session, bool http2)
{
	if (http2)
		SSL_set_alpn_protos(
		    session->ssl, alpn_http2, sizeof(alpn_http2) - 1);
	else
		SSL_set_alpn_protos(
		    session->ssl, alpn_http1, sizeof(alpn_http1) - 1);
}

void
tls_feed(struct tls_session *session, struct span bytes)
{
	session->in = bytes;
}

enum tls_result
tls_read(struct tls_session *session, char *out, size_t size, size_t *len)
{
	int error, got;

	if (session->broken)
		return TLS_FAILED;
	ERR_clear_error();
	got = SSL_read(session->ssl, out, size > INT_MAX ? INT_MAX : (int)size);
	if (got > 0) {
		*len = (size_t)got;
		return TLS_DATA;
	}
	error = SSL_get_error(session->ssl, got);
	if (error == SSL_ERROR_WANT_READ)
		return TLS_MORE;
	if (error == SSL_ERROR_ZERO_RETURN)
		return TLS_END;
	session->broken = true;
	ERR_clear_error();
	return TLS_FAILED;
}

bool
tls_write(struct tls_session *session, struct span bytes)
{
	if (session->broken || bytes.len > INT_MAX)
		return false;
	if (bytes.len == 0)
		return true;
	ERR_clear_error();
	if (SSL_write(session->ssl, bytes.ptr, (int)bytes.len) ==
	    (int)bytes.len)
		return true;
	session->broken = true;
	ERR_clear_error();
	return false;
}

void
tls_shut(struct tls_session *session)
{
	if (session->broken || !SSL_is_init_finished(session->ssl))
		return;
	ERR_clear_error();
	(void)SSL_shutdown(session->ssl);
	ERR_clear_error();
}

struct buf *
tls_output(struct tls_session *session)
{
	return &session->out;
}

bool
tls_is_ready(const struct tls_session *session)
{
	return !session->broken && SSL_is_init_finished(session->ssl);
}

bool
tls_is_http2(const struct tls_session *session)
{
	const unsigned char *chosen = NULL;
	unsigned len = 0;

	SSL_get0_alpn_selected(session->ssl, &chosen, &len);
	return len == 2 && memcmp(chosen, "h2", 2) == 0;
}

enum err
tls_peer(const struct tls_session *session, struct identity *who)
{
	X509 *cert = SSL_get0_peer_certificate(session->ssl);

	if (cert == NULL || !identity_of(cert, who))
		return ERR_DENIED;
	return clock_now_us() < who->not_after_us ? ERR_OK : ERR_DENIED;
}
