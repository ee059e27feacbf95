/*
 * material: a file that is given with an objection.
 */
#include "credit/material.h"

#include <string.h>

#include "base/codec.h"

static bool
parse_digest(struct span hex, struct digest *digest)
{
	struct buf raw = {0};
	bool good = hex.len == DIGEST_HEX_LEN && codec_parse_hex(hex, &raw) &&
		    raw.len == DIGEST_LEN;

	if (good)
		memcpy(digest->bytes, raw.data, DIGEST_LEN);
	buf_release(&raw);
	return good;
}

enum err
material_parse(struct span text, struct material *material, struct why *why)
{
	static const char *const names[] = {
	    "objection", "sha256", "size", NULL};
	struct json *json = json_parse(text, NULL);
	struct span id = json_text(json_find(json, "objection"));
	int64_t size = json_int(json_find(json, "size"), 0);
	enum err err = ERR_OK;

	*material = (struct material){0};
	if (!json_is_object(json) || !json_has_only(json, names, NULL) ||
	    !consent_id_is_valid(id) || size < 1 ||
	    size > (int64_t)MATERIAL_BYTES_MAX ||
	    !parse_digest(
		json_text(json_find(json, "sha256")), &material->digest)) {
		err = why_set(why, ERR_INVALID, "an objection's file");
	} else {
		memcpy(material->objection, id.ptr, id.len);
		material->size = (uint32_t)size;
	}
	json_free(json);
	return err;
}

void
material_print(const struct material *material, struct buf *out)
{
	struct json_out json = {.buf = out};
	char hex[DIGEST_HEX_LEN + 1];

	json_open_object(&json, NULL);
	json_put_cstr(&json, "objection", material->objection);
	json_put_cstr(&json, "sha256", digest_print(&material->digest, hex));
	json_put_int(&json, "size", material->size);
	json_close_object(&json);
}

const char *
material_type(struct span bytes)
{
	static const struct {
		const char *magic;
		size_t len;
		const char *type;
	} kinds[] = {{"%PDF-", 5, "application/pdf"},
	    {"\xff\xd8\xff", 3, "image/jpeg"},
	    {"\x89PNG\r\n\x1a\n", 8, "image/png"}};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (bytes.len >= kinds[i].len &&
		    memcmp(bytes.ptr, kinds[i].magic, kinds[i].len) == 0)
			return kinds[i].type;
	return NULL;
}

bool
material_is_named(const struct json *claims, const struct digest *digest)
{
	const struct json *list = json_find(claims, "materials");
	char hex[DIGEST_HEX_LEN + 1];
	size_t i;

	digest_print(digest, hex);
	for (i = 0; i < json_count(list); i++)
		if (span_is(
			json_text(json_find(json_at(list, i), "sha256")), hex))
			return true;
	return false;
}
