#include "wire/network.h"

#include <string.h>
#include <sys/stat.h>

#include "base/codec.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#define NETWORK_MAX 65536

static const char *const known[] = {"network", "suite", "ca", "document_ca",
    "batch_key", "catalogue_key", "hub_curve_key", "receipt_key", "witness_key",
    "journal_key", "sandbox", "next_batch_key", "former_batch_keys",
    "next_hub_curve_key", NULL};
static const char *const known_former[] = {"key", "until", NULL};

static bool
copy_text(const struct json *value, char *out, size_t size)
{
	struct span text = json_text(value);

	if (text.ptr == NULL || text.len == 0 || text.len >= size)
		return false;
	memcpy(out, text.ptr, text.len);
	out[text.len] = '\0';
	return true;
}

static bool
copy_key(const struct json *value, uint8_t out[32])
{
	struct buf raw = {0};
	bool good = codec_parse_hex(json_text(value), &raw) && raw.len == 32;

	if (good)
		memcpy(out, raw.data, 32);
	buf_release(&raw);
	return good;
}

/* It may be missing, but not be wrong. */
static bool
copy_optional(const struct json *value, bool *has, uint8_t out[32])
{
	*has = value != NULL;
	return value == NULL || copy_key(value, out);
}

static bool
copy_former(const struct json *value, struct former_key *former)
{
	const struct json *until = json_find(value, "until");
	const char *unknown;
	int64_t position = json_int(until, -1);

	former->until = until == NULL ? UINT64_MAX : (uint64_t)position;
	return json_has_only(value, known_former, &unknown) &&
	       copy_key(json_find(value, "key"), former->raw) &&
	       (until == NULL || position >= 0);
}

/* What is there while keys roll, and after. */
static bool
copy_rolled(const struct json *root, struct network *network)
{
	const struct json *next = json_find(root, "next_batch_key");
	const struct json *former = json_find(root, "former_batch_keys");
	const struct json *curve = json_find(root, "next_hub_curve_key");
	size_t i;

	network->has_next_batch_key = next != NULL;
	if ((next != NULL && !copy_key(next, network->next_batch_key)) ||
	    (former != NULL && !json_is_array(former)) ||
	    json_count(former) > NETWORK_FORMER_MAX)
		return false;
	for (i = 0; i < json_count(former); i++)
		if (!copy_former(json_at(former, i), &network->former[i]))
			return false;
	network->former_count = i;
	return curve == NULL ||
	       (copy_text(curve, network->next_hub_curve_key,
		    sizeof(network->next_hub_curve_key)) &&
		   strlen(network->next_hub_curve_key) == BUS_KEY_LEN);
}

static enum err
network_fill(const struct json *root, struct network *network, struct why *why)
{
	const char *unknown = NULL;

	if (!json_has_only(root, known, &unknown))
		return why_set(why, ERR_INVALID, "unknown member %s",
		    unknown != NULL ? unknown : "(no object)");
	if (!span_is(json_text(json_find(root, "suite")), "international"))
		return why_set(why, ERR_INVALID,
		    "suite: only \"international\" is available");
	if (!copy_text(json_find(root, "network"), network->name,
		sizeof(network->name)))
		return why_set(why, ERR_INVALID, "network: a name is needed");
	network->is_sandbox = json_bool(json_find(root, "sandbox"), false);
	if (!copy_key(json_find(root, "batch_key"), network->batch_key) ||
	    !copy_key(json_find(root, "catalogue_key"), network->catalogue_key))
		return why_set(why, ERR_INVALID,
		    "batch_key, catalogue_key: 64 hex digits are needed");
	if (!copy_optional(json_find(root, "receipt_key"),
		&network->has_receipt_key, network->receipt_key) ||
	    !copy_optional(json_find(root, "witness_key"),
		&network->has_witness_key, network->witness_key) ||
	    !copy_optional(json_find(root, "journal_key"),
		&network->has_journal_key, network->journal_key))
		return why_set(why, ERR_INVALID,
		    "receipt_key, witness_key, journal_key: 64 hex digits "
		    "are needed");
	if (!copy_text(json_find(root, "hub_curve_key"), network->hub_curve_key,
		sizeof(network->hub_curve_key)) ||
	    strlen(network->hub_curve_key) != BUS_KEY_LEN)
		return why_set(why, ERR_INVALID,
		    "hub_curve_key: 40 Z85 characters are needed");
	if (!copy_rolled(root, network))
		return why_set(why, ERR_INVALID,
		    "next_batch_key, former_batch_keys, next_hub_curve_key: "
		    "64 hex digits, [{\"key\",\"until\"}], 40 Z85 characters");
	network->ca = mem_text(json_cstr(json_find(root, "ca"), ""));
	if (strstr(network->ca, "BEGIN CERTIFICATE") == NULL)
		return why_set(why, ERR_INVALID, "ca: no PEM certificate");
	if (json_find(root, "document_ca") != NULL)
		network->document_ca =
		    mem_text(json_cstr(json_find(root, "document_ca"), ""));
	return ERR_OK;
}

enum err
network_read(const char *path, struct network *network, struct why *why)
{
	struct buf text = {0};
	struct json *root;
	struct why inner = {0};
	enum err err = file_read(path, NETWORK_MAX, &text, why);

	memset(network, 0, sizeof(*network));
	if (err != ERR_OK)
		goto out;
	root = json_parse(buf_span(&text), &inner);
	err = root == NULL ? ERR_INVALID : network_fill(root, network, &inner);
	json_free(root);
	if (err != ERR_OK) {
		network_release(network);
		err = why_set(why, err, "%s: %s", path, inner.text);
	}
out:
	buf_release(&text);
	return err;
}

void
network_release(struct network *network)
{
	mem_free(network->ca);
	mem_free(network->document_ca);
	memset(network, 0, sizeof(*network));
}

static void
put_key(struct json_out *json, const char *name, const uint8_t raw[32])
{
	struct buf hex = {0};

	codec_hex(span_make(raw, 32), &hex);
	json_put_text(json, name, buf_span(&hex));
	buf_release(&hex);
}

static void
put_rolled(struct json_out *json, const struct network *network)
{
	size_t i;

	if (network->has_next_batch_key)
		put_key(json, "next_batch_key", network->next_batch_key);
	if (network->next_hub_curve_key[0] != '\0')
		json_put_cstr(
		    json, "next_hub_curve_key", network->next_hub_curve_key);
	if (network->former_count == 0)
		return;
	json_open_array(json, "former_batch_keys");
	for (i = 0; i < network->former_count; i++) {
		json_open_object(json, NULL);
		put_key(json, "key", network->former[i].raw);
		if (network->former[i].until != UINT64_MAX)
			json_put_int(
			    json, "until", (int64_t)network->former[i].until);
		json_close_object(json);
	}
	json_close_array(json);
}

struct trust *
network_trust(const struct network *network, struct why *why)
{
	struct why inner = {0};
	struct trust *trust = trust_new(network->ca, &inner);

	if (trust != NULL && network->document_ca != NULL &&
	    trust_add(trust, network->document_ca, &inner) != ERR_OK) {
		trust_free(trust);
		trust = NULL;
	}
	if (trust == NULL)
		why_set(why, ERR_INVALID, "ca, document_ca: %s", inner.text);
	return trust;
}

struct keyring *
network_keyring(const struct network *network)
{
	struct keyring *keyring = keyring_of(network->batch_key);
	size_t i;

	if (network->has_next_batch_key)
		keyring_trust(keyring, network->next_batch_key);
	for (i = 0; i < network->former_count; i++)
		keyring_trust_former(
		    keyring, network->former[i].raw, network->former[i].until);
	return keyring;
}

void
network_print(const struct network *network, struct buf *out)
{
	struct json_out json = {.buf = out};

	json_open_object(&json, NULL);
	json_put_cstr(&json, "network", network->name);
	if (network->is_sandbox)
		json_put_bool(&json, "sandbox", true);
	json_put_cstr(&json, "suite", "international");
	json_put_cstr(&json, "ca", network->ca);
	if (network->document_ca != NULL)
		json_put_cstr(&json, "document_ca", network->document_ca);
	put_key(&json, "batch_key", network->batch_key);
	put_key(&json, "catalogue_key", network->catalogue_key);
	json_put_cstr(&json, "hub_curve_key", network->hub_curve_key);
	if (network->has_receipt_key)
		put_key(&json, "receipt_key", network->receipt_key);
	if (network->has_witness_key)
		put_key(&json, "witness_key", network->witness_key);
	if (network->has_journal_key)
		put_key(&json, "journal_key", network->journal_key);
	put_rolled(&json, network);
	json_close_object(&json);
}

enum err
network_read_curve(
    const char *path, bool secret, char key[BUS_KEY_LEN + 1], struct why *why)
{
	struct buf text = {0};
	struct span line;
	struct stat status;
	enum err err = file_read(path, 256, &text, why);

	if (err != ERR_OK)
		goto out;
	line = text_trim(buf_span(&text));
	if (secret && stat(path, &status) == 0 && (status.st_mode & 077) != 0)
		err = why_set(why, ERR_DENIED,
		    "%s: others may read it (chmod 600)", path);
	else if (line.len != BUS_KEY_LEN)
		err = why_set(why, ERR_INVALID,
		    "%s: no CURVE key (40 Z85 characters)", path);
	else
		memcpy(key, line.ptr, BUS_KEY_LEN);
	key[BUS_KEY_LEN] = '\0';
out:
	buf_release(&text);
	return err;
}
