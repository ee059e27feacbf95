#include "wire/network.h"

#include <string.h>
#include <sys/stat.h>

#include "base/codec.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#define NETWORK_MAX 65536

static const char *const known[] = {"network", "suite", "ca", "batch_key",
    "catalogue_key", "hub_curve_key", "receipt_key", "witness_key", NULL};

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
	if (!copy_key(json_find(root, "batch_key"), network->batch_key) ||
	    !copy_key(json_find(root, "catalogue_key"), network->catalogue_key))
		return why_set(why, ERR_INVALID,
		    "batch_key, catalogue_key: 64 hex digits are needed");
	if (!copy_optional(json_find(root, "receipt_key"),
		&network->has_receipt_key, network->receipt_key) ||
	    !copy_optional(json_find(root, "witness_key"),
		&network->has_witness_key, network->witness_key))
		return why_set(why, ERR_INVALID,
		    "receipt_key, witness_key: 64 hex digits are needed");
	if (!copy_text(json_find(root, "hub_curve_key"), network->hub_curve_key,
		sizeof(network->hub_curve_key)) ||
	    strlen(network->hub_curve_key) != BUS_KEY_LEN)
		return why_set(why, ERR_INVALID,
		    "hub_curve_key: 40 Z85 characters are needed");
	network->ca = mem_text(json_cstr(json_find(root, "ca"), ""));
	if (strstr(network->ca, "BEGIN CERTIFICATE") == NULL)
		return why_set(why, ERR_INVALID, "ca: no PEM certificate");
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
	memset(network, 0, sizeof(*network));
}

void
network_print(const struct network *network, struct buf *out)
{
	struct json_out json = {.buf = out};
	struct buf hex = {0};

	json_open_object(&json, NULL);
	json_put_cstr(&json, "network", network->name);
	json_put_cstr(&json, "suite", "international");
	json_put_cstr(&json, "ca", network->ca);
	codec_hex(span_make(network->batch_key, 32), &hex);
	json_put_text(&json, "batch_key", buf_span(&hex));
	buf_reset(&hex);
	codec_hex(span_make(network->catalogue_key, 32), &hex);
	json_put_text(&json, "catalogue_key", buf_span(&hex));
	json_put_cstr(&json, "hub_curve_key", network->hub_curve_key);
	buf_reset(&hex);
	codec_hex(span_make(network->receipt_key, 32), &hex);
	if (network->has_receipt_key)
		json_put_text(&json, "receipt_key", buf_span(&hex));
	buf_reset(&hex);
	codec_hex(span_make(network->witness_key, 32), &hex);
	if (network->has_witness_key)
		json_put_text(&json, "witness_key", buf_span(&hex));
	json_close_object(&json);
	buf_release(&hex);
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
