/*
 * jws: a signed document in compact serialisation (RFC 7515 §7.1).
 */
#include "base/jws.h"

#include <limits.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <stdio.h>

#include "base/codec.h"
#include "base/json.h"

/* r and s, 32 bytes each, of P-256 (RFC 7518 §3.4) and SM2 alike. */
#define RAW_LEN 64
#define HEADER_MAX ((size_t)64 << 10)

/* The three parts as they came, and the header understood. */
struct parts {
	struct span signed_text; /* header "." payload */
	struct span payload;
	struct buf signature;
	struct json *header;
};

/* Signatures on a curve are DER for OpenSSL and r || s in a JWS. */
static bool
is_pair(const char *algorithm)
{
	return strcmp(algorithm, "EdDSA") != 0;
}

static bool
raw_from_der(struct span der, struct buf *raw)
{
	const unsigned char *at = (const unsigned char *)der.ptr;
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
	unsigned char *out = (unsigned char *)buf_room(raw, RAW_LEN);
	bool fine;

	fine = pair != NULL &&
	       BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, 32) == 32 &&
	       BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + 32, 32) == 32;
	if (fine)
		raw->len += RAW_LEN;
	ECDSA_SIG_free(pair);
	return fine;
}

static bool
der_from_raw(struct span raw, struct buf *der)
{
	const unsigned char *bytes = (const unsigned char *)raw.ptr;
	ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(bytes, 32, NULL);
	BIGNUM *s = BN_bin2bn(bytes + 32, 32, NULL);
	unsigned char *at;
	int len;

	if (pair == NULL || r == NULL || s == NULL) {
		BN_free(r);
		BN_free(s);
		ECDSA_SIG_free(pair);
		return false;
	}
	ECDSA_SIG_set0(pair, r, s);
	at = (unsigned char *)buf_room(der, RAW_LEN + 16);
	len = i2d_ECDSA_SIG(pair, &at);
	if (len > 0)
		der->len += (size_t)len;
	ECDSA_SIG_free(pair);
	return len > 0;
}

/* `header` "." `payload` "." signature, appended to `out`. */
static enum err
sign_parts(struct signer *signer, struct span header, struct span payload,
    struct buf *out)
{
	bool pair = is_pair(signer_algorithm(signer));
	struct buf signature = {0}, raw = {0};
	size_t start = out->len;
	enum err err;

	codec_base64url(header, out);
	buf_char(out, '.');
	codec_base64url(payload, out);
	err = signer_sign(
	    signer, span_make(out->data + start, out->len - start), &signature);
	if (err == ERR_OK && pair && !raw_from_der(buf_span(&signature), &raw))
		err = ERR_CRYPTO;
	if (err == ERR_OK) {
		buf_char(out, '.');
		codec_base64url(buf_span(pair ? &raw : &signature), out);
	} else {
		out->len = start;
	}
	buf_release(&signature);
	buf_release(&raw);
	return err;
}

static enum err
sign(struct signer *signer, struct span header, struct span payload,
    struct buf *out, struct why *why)
{
	enum err err;

	if (payload.len > JWS_MAX / 4 * 3 - 2 * HEADER_MAX)
		return why_set(why, ERR_LIMIT,
		    "document of %zu bytes is too "
		    "long to sign",
		    payload.len);
	err = sign_parts(signer, header, payload, out);
	if (err != ERR_OK)
		why_set(why, err, "cannot sign");
	return err;
}

static void
put_x5c(struct json_out *json, struct span der)
{
	struct buf text = {0};

	codec_base64(der, &text);
	json_open_array(json, "x5c");
	json_put_text(json, NULL, buf_span(&text));
	json_close_array(json);
	buf_release(&text);
}

enum err
jws_sign_with_cert(const char *stem, const char *type, struct span payload,
    struct buf *out, struct why *why)
{
	struct buf header = {0}, der = {0};
	struct json_out json = {&header, false};
	struct signer *signer = NULL;
	struct identity who;
	char path[PATH_MAX];
	enum err err;

	if (strlen(stem) > sizeof(path) - 5)
		return why_set(why, ERR_LIMIT, "path too long: %s", stem);
	snprintf(path, sizeof(path), "%s.crt", stem);
	err = cert_read(path, &who, &der, why);
	if (err != ERR_OK)
		goto out;
	snprintf(path, sizeof(path), "%s.key", stem);
	err = ERR_CRYPTO;
	signer = signer_open(path, why);
	if (signer == NULL)
		goto out;
	json_open_object(&json, NULL);
	json_put_cstr(&json, "alg", signer_algorithm(signer));
	json_put_cstr(&json, "typ", type);
	put_x5c(&json, buf_span(&der));
	json_close_object(&json);
	err = sign(signer, buf_span(&header), payload, out, why);
out:
	signer_free(signer);
	buf_release(&header);
	buf_release(&der);
	return err;
}

static void
print_key_id(const uint8_t raw[32], struct buf *out)
{
	uint8_t id[SIGN_KEY_ID_LEN];

	sign_key_id(raw, id);
	codec_hex(span_make(id, sizeof(id)), out);
}

enum err
jws_sign_with_key(struct signer *signer, const char *type, struct span payload,
    struct buf *out, struct why *why)
{
	struct buf header = {0}, id = {0};
	struct json_out json = {&header, false};
	uint8_t raw[32];
	enum err err;

	err = signer_public(signer, raw);
	if (err != ERR_OK)
		return why_set(why, err, "a named key must be Ed25519");
	print_key_id(raw, &id);
	json_open_object(&json, NULL);
	json_put_cstr(&json, "alg", signer_algorithm(signer));
	json_put_text(&json, "kid", buf_span(&id));
	json_put_cstr(&json, "typ", type);
	json_close_object(&json);
	err = sign(signer, buf_span(&header), payload, out, why);
	buf_release(&header);
	buf_release(&id);
	return err;
}

static void
parts_release(struct parts *parts)
{
	json_free(parts->header);
	buf_release(&parts->signature);
}

/* The text before the next dot; false when there is none. */
static bool
take_part(struct span *rest, struct span *part)
{
	const char *dot;

	dot = rest->len > 0 ? memchr(rest->ptr, '.', rest->len) : NULL;
	if (dot == NULL)
		return false;
	*part = span_make(rest->ptr, (size_t)(dot - rest->ptr));
	rest->len -= part->len + 1;
	rest->ptr = dot + 1;
	return true;
}

bool
jws_detach(struct span jws, struct buf *detached)
{
	struct span header, payload, rest = jws;

	if (!take_part(&rest, &header) || !take_part(&rest, &payload))
		return false;
	buf_add(detached, header.ptr, header.len);
	buf_text(detached, "..");
	buf_add(detached, rest.ptr, rest.len);
	return true;
}

bool
jws_attach(struct span detached, struct span payload, struct buf *jws)
{
	struct span header, nothing, rest = detached;

	if (!take_part(&rest, &header) || !take_part(&rest, &nothing) ||
	    nothing.len > 0)
		return false;
	buf_add(jws, header.ptr, header.len);
	buf_char(jws, '.');
	codec_base64url(payload, jws);
	buf_char(jws, '.');
	buf_add(jws, rest.ptr, rest.len);
	return true;
}

static enum err
parse_header(struct parts *parts, struct span encoded, struct why *why)
{
	struct buf text = {0};

	if (encoded.len <= HEADER_MAX && codec_parse_base64url(encoded, &text))
		parts->header = json_parse(buf_span(&text), NULL);
	buf_release(&text);
	if (!json_is_object(parts->header))
		return why_set(why, ERR_INVALID, "JWS header is not JSON");
	return ERR_OK;
}

static enum err
parse_parts(struct parts *parts, struct span jws, struct why *why)
{
	struct span header, rest = jws;

	if (jws.len > JWS_MAX)
		return why_set(why, ERR_LIMIT, "JWS is too long");
	if (!take_part(&rest, &header) || !take_part(&rest, &parts->payload) ||
	    rest.len > 4 * RAW_LEN ||
	    !codec_parse_base64url(rest, &parts->signature))
		return why_set(
		    why, ERR_INVALID, "not a JWS in compact serialisation");
	parts->signed_text =
	    span_make(jws.ptr, header.len + 1 + parts->payload.len);
	return parse_header(parts, header, why);
}

/* Members of the header are exactly alg, typ and the one that names the
 * signer; so `crit`, `jwk`, `jku` and what is to come are refused. */
static enum err
check_header(const struct json *header, const char *type, const char *signer,
    struct why *why)
{
	const char *const names[] = {"alg", "typ", signer, NULL};

	if (!json_has_only(header, names, NULL))
		return why_set(why, ERR_INVALID,
		    "JWS header has more than alg, typ and %s", signer);
	if (!span_is(json_text(json_find(header, "typ")), type))
		return why_set(why, ERR_INVALID, "JWS is not a %s", type);
	return ERR_OK;
}

/* The key decides the algorithm; the header has to agree. */
static enum err
check_signature(
    const struct parts *parts, const struct verifier *verifier, struct why *why)
{
	const char *algorithm = verifier_algorithm(verifier);
	struct span signature = buf_span(&parts->signature);
	struct buf der = {0};
	bool good = true;

	if (!span_is(json_text(json_find(parts->header, "alg")), algorithm))
		return why_set(why, ERR_INVALID,
		    "JWS algorithm is not the key's, %s", algorithm);
	if (signature.len != RAW_LEN)
		good = false;
	else if (is_pair(algorithm))
		good = der_from_raw(signature, &der);
	if (der.len > 0)
		signature = buf_span(&der);
	good = good && verifier_check(verifier, parts->signed_text, signature);
	buf_release(&der);
	ERR_clear_error();
	return good ? ERR_OK
		    : why_set(why, ERR_INVALID, "JWS signature is wrong");
}

static enum err
take_payload(const struct parts *parts, struct buf *payload, struct why *why)
{
	if (!codec_parse_base64url(parts->payload, payload))
		return why_set(
		    why, ERR_INVALID, "JWS payload is not base64url");
	return ERR_OK;
}

static enum err
check_chain(const struct parts *parts, const struct trust *trust,
    int64_t now_us, struct identity *who, struct verifier **verifier)
{
	const struct json *chain = json_find(parts->header, "x5c");
	struct buf der = {0};
	enum err err = ERR_INVALID;

	if (json_is_array(chain) && json_count(chain) == 1 &&
	    codec_parse_base64(json_text(json_at(chain, 0)), &der))
		err = trust_check(
		    trust, buf_span(&der), now_us, who, verifier, NULL);
	buf_release(&der);
	return err;
}

enum err
jws_check_with_trust(struct span jws, const char *type,
    const struct trust *trust, int64_t now_us, struct identity *who,
    struct buf *payload, struct why *why)
{
	struct verifier *verifier = NULL;
	struct parts parts = {0};
	enum err err;

	err = parse_parts(&parts, jws, why);
	if (err == ERR_OK)
		err = check_header(parts.header, type, "x5c", why);
	if (err == ERR_OK) {
		err = check_chain(&parts, trust, now_us, who, &verifier);
		if (err != ERR_OK)
			why_set(why, err, "JWS certificate is not accepted");
	}
	if (err == ERR_OK)
		err = check_signature(&parts, verifier, why);
	if (err == ERR_OK)
		err = take_payload(&parts, payload, why);
	verifier_free(verifier);
	parts_release(&parts);
	return err;
}

static enum err
check_key_id(
    const struct json *header, const struct verifier *verifier, struct why *why)
{
	struct buf id = {0};
	uint8_t raw[32];
	bool same;

	if (verifier_public(verifier, raw) != ERR_OK)
		return why_set(why, ERR_INVALID, "a named key must be Ed25519");
	print_key_id(raw, &id);
	same = span_equal(json_text(json_find(header, "kid")), buf_span(&id));
	buf_release(&id);
	return same ? ERR_OK
		    : why_set(why, ERR_INVALID, "JWS is of another key");
}

enum err
jws_check_with_key(struct span jws, const char *type,
    const struct verifier *verifier, struct buf *payload, struct why *why)
{
	struct parts parts = {0};
	enum err err;

	err = parse_parts(&parts, jws, why);
	if (err == ERR_OK)
		err = check_header(parts.header, type, "kid", why);
	if (err == ERR_OK)
		err = check_key_id(parts.header, verifier, why);
	if (err == ERR_OK)
		err = check_signature(&parts, verifier, why);
	if (err == ERR_OK)
		err = take_payload(&parts, payload, why);
	parts_release(&parts);
	return err;
}

bool
jws_peek(struct span jws, struct buf *payload)
{
	const char *first = memchr(jws.ptr, '.', jws.len);
	const char *second;

	if (first == NULL)
		return false;
	first++;
	second = memchr(first, '.', jws.len - (size_t)(first - jws.ptr));
	if (second == NULL)
		return false;
	return codec_parse_base64url(
	    span_make(first, (size_t)(second - first)), payload);
}
