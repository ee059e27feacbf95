/*
 * objection: a subject's word that a record about it is wrong, or that what
 * the record punishes is made good (异议, 信用修复).
 */
#include "credit/objection.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/jws.h"
#include "credit/catalog.h"
#include "credit/claims.h"

#define KEY_SEPARATOR '\x1f'
#define KEY_VALUES_MAX 16

static const char *const members[] = {"id", "subject", "item", "key", "reason",
    "text", "materials", "time", NULL};
static const char *const material_members[] = {"name", "sha256", NULL};

static const char *const reasons[OBJECTION_REASONS] = {
    [OBJECTION_WRONG] = "wrong",
    [OBJECTION_NOT_OURS] = "not_ours",
    [OBJECTION_OUTDATED] = "outdated",
    [OBJECTION_EXPIRED] = "expired",
    [OBJECTION_DUPLICATE] = "duplicate",
    [OBJECTION_FULFILLED] = "fulfilled",
    [OBJECTION_LIFTED] = "lifted",
};

const char *
objection_reason_name(enum objection_reason reason)
{
	return reason > 0 && reason < OBJECTION_REASONS ? reasons[reason] : "?";
}

bool
objection_asks_repair(enum objection_reason reason)
{
	return reason == OBJECTION_FULFILLED || reason == OBJECTION_LIFTED;
}

static void
read_reason(struct claims *claims, struct objection *objection)
{
	char text[32];
	unsigned i;

	claims_text(claims, "reason", text, sizeof(text));
	for (i = 1; i < OBJECTION_REASONS; i++)
		if (strcmp(text, reasons[i]) == 0)
			objection->reason = (enum objection_reason)i;
	if (objection->reason == 0)
		claims_refuse(claims, "reason", "not a reason");
}

static bool
is_plain(struct span text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
			return false;
	return true;
}

static void
read_key(struct claims *claims, struct objection *objection)
{
	const struct json *list;
	struct span value;
	size_t i, len = 0;

	if (!claims_has(claims, "key"))
		return;
	list = json_find(claims->root, "key");
	if (!json_is_array(list) || json_count(list) == 0 ||
	    json_count(list) > KEY_VALUES_MAX) {
		claims_refuse(claims, "key", "not a list of key values");
		return;
	}
	for (i = 0; i < json_count(list); i++) {
		value = json_text(json_at(list, i));
		if (value.ptr == NULL || !is_plain(value) ||
		    len + value.len + 1 > RECORD_KEY_MAX) {
			claims_refuse(claims, "key", "not a key value");
			return;
		}
		if (i > 0)
			objection->key[len++] = KEY_SEPARATOR;
		memcpy(objection->key + len, value.ptr, value.len);
		len += value.len;
	}
	if (len == 0)
		claims_refuse(claims, "key", "empty");
}

static bool
read_material(struct claims *claims, const struct json *value,
    struct objection_material *material)
{
	struct claims inner = {
	    .root = value, .why = claims->why, .err = ERR_OK};
	struct span digest = json_text(json_find(value, "sha256"));

	if (!json_is_object(value) ||
	    !json_has_only(value, material_members, NULL) ||
	    !digest_parse(digest, &material->digest))
		return false;
	claims_text(&inner, "name", material->name, sizeof(material->name));
	return inner.err == ERR_OK;
}

static void
read_materials(struct claims *claims, struct objection *objection)
{
	const struct json *list;
	size_t i;

	if (!claims_has(claims, "materials"))
		return;
	list = json_find(claims->root, "materials");
	if (!json_is_array(list) ||
	    json_count(list) > OBJECTION_MATERIALS_MAX) {
		claims_refuse(claims, "materials", "not a list, or too long");
		return;
	}
	for (i = 0; i < json_count(list); i++)
		if (!read_material(
			claims, json_at(list, i), &objection->materials[i])) {
			claims_refuse(
			    claims, "materials", "name and sha256 of a file");
			return;
		}
	objection->material_count = i;
}

enum err
objection_parse(struct span json, struct objection *objection, struct why *why)
{
	struct claims claims;
	unsigned item = 0;
	enum err err;

	memset(objection, 0, sizeof(*objection));
	claims_open(&claims, json, OBJECTION_MAX, members, why);
	claims_consent_id(&claims, "id", objection->id);
	claims_subject(&claims, objection->subject);
	claims_int(&claims, "item", 1, CATALOG_ITEM_MAX, &item);
	objection->item = item;
	read_key(&claims, objection);
	read_reason(&claims, objection);
	claims_text(&claims, "text", objection->text, sizeof(objection->text));
	read_materials(&claims, objection);
	claims_time(&claims, "time", &objection->time_us);
	err = claims_close(&claims);
	if (err != ERR_OK)
		memset(objection, 0, sizeof(*objection));
	return err;
}

void
objection_put_key(struct json_out *json, struct span key)
{
	const char *end;
	size_t len;

	if (key.len == 0)
		return;
	json_open_array(json, "key");
	while (true) {
		end = memchr(key.ptr, KEY_SEPARATOR, key.len);
		len = end == NULL ? key.len : (size_t)(end - key.ptr);
		json_put_text(json, NULL, span_make(key.ptr, len));
		if (end == NULL)
			break;
		key = span_make(end + 1, key.len - len - 1);
	}
	json_close_array(json);
}

static void
put_materials(const struct objection *objection, struct json_out *json)
{
	char hex[DIGEST_HEX_LEN + 1];
	size_t i;

	if (objection->material_count == 0)
		return;
	json_open_array(json, "materials");
	for (i = 0; i < objection->material_count; i++) {
		json_open_object(json, NULL);
		json_put_cstr(json, "name", objection->materials[i].name);
		json_put_cstr(json, "sha256",
		    digest_print(&objection->materials[i].digest, hex));
		json_close_object(json);
	}
	json_close_array(json);
}

void
objection_print(const struct objection *objection, struct buf *out)
{
	struct json_out json = {.buf = out};
	char time[CLOCK_TEXT_MAX];

	json_open_object(&json, NULL);
	json_put_cstr(&json, "id", objection->id);
	json_put_cstr(&json, "subject", objection->subject);
	json_put_int(&json, "item", objection->item);
	objection_put_key(&json, span_of(objection->key));
	json_put_cstr(
	    &json, "reason", objection_reason_name(objection->reason));
	json_put_cstr(&json, "text", objection->text);
	put_materials(objection, &json);
	json_put_cstr(&json, "time", clock_print(objection->time_us, time));
	json_close_object(&json);
}

enum err
objection_check(struct span jws, const struct trust *trust, int64_t now_us,
    struct objection *objection, struct why *why)
{
	struct identity who;
	struct buf claims = {0};
	enum err err;

	if (jws.len > OBJECTION_MAX)
		return why_set(why, ERR_LIMIT, "it is too long");
	err = jws_check_with_trust(
	    jws, OBJECTION_TYPE, trust, now_us, &who, &claims, why);
	if (err == ERR_OK)
		err = objection_parse(buf_span(&claims), objection, why);
	buf_release(&claims);
	if (err == ERR_OK && strcmp(who.code, objection->subject) != 0)
		err = why_set(
		    why, ERR_INVALID, "the certificate is not the subject's");
	return err;
}
