/*
 * declaration: what a subject wants to be read beside a record that it has
 * objected to.
 */
#include "credit/declaration.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/jws.h"
#include "credit/claims.h"

#define KEY_SEPARATOR '\x1f'

static const char *const members[] = {
    "objection", "subject", "statement", "time", NULL};

enum err
declaration_parse(
    struct span json, struct declaration *declaration, struct why *why)
{
	struct claims claims;
	enum err err;

	memset(declaration, 0, sizeof(*declaration));
	claims_open(&claims, json, DECLARATION_MAX, members, why);
	claims_consent_id(&claims, "objection", declaration->objection);
	claims_subject(&claims, declaration->subject);
	claims_text(
	    &claims, "statement", declaration->text, sizeof(declaration->text));
	claims_time(&claims, "time", &declaration->time_us);
	err = claims_close(&claims);
	if (err != ERR_OK)
		memset(declaration, 0, sizeof(*declaration));
	return err;
}

void
declaration_print(const struct declaration *declaration, struct buf *out)
{
	struct json_out json = {.buf = out};
	char time[CLOCK_TEXT_MAX];

	json_open_object(&json, NULL);
	json_put_cstr(&json, "objection", declaration->objection);
	json_put_cstr(&json, "subject", declaration->subject);
	json_put_cstr(&json, "statement", declaration->text);
	json_put_cstr(&json, "time", clock_print(declaration->time_us, time));
	json_close_object(&json);
}

enum err
declaration_check(struct span jws, const struct trust *trust, int64_t now_us,
    struct declaration *declaration, struct why *why)
{
	struct identity who;
	struct buf claims = {0};
	enum err err;

	if (jws.len > DECLARATION_MAX)
		return why_set(why, ERR_LIMIT, "it is too long");
	err = jws_check_with_trust(
	    jws, DECLARATION_TYPE, trust, now_us, &who, &claims, why);
	if (err == ERR_OK)
		err = declaration_parse(buf_span(&claims), declaration, why);
	buf_release(&claims);
	if (err == ERR_OK && strcmp(who.code, declaration->subject) != 0)
		err = why_set(
		    why, ERR_INVALID, "the certificate is not the subject's");
	return err;
}

static bool
stands_as(const struct json *objection, const char *state)
{
	return span_is(json_text(json_find(objection, "state")), state);
}

bool
declaration_is_due(const struct json *objection)
{
	return !stands_as(objection, "refused") &&
	       !stands_as(objection, "terminated");
}

/* Without a key it is about all records of the item. */
static bool
is_about_key(const struct json *list, struct span key)
{
	struct span value;
	size_t i;

	if (list == NULL)
		return true;
	for (i = 0; i < json_count(list); i++) {
		value = json_text(json_at(list, i));
		if (i > 0) {
			if (key.len == 0 || key.ptr[0] != KEY_SEPARATOR)
				return false;
			key = span_make(key.ptr + 1, key.len - 1);
		}
		if (key.len < value.len ||
		    memcmp(key.ptr, value.ptr, value.len) != 0)
			return false;
		key = span_make(key.ptr + value.len, key.len - value.len);
	}
	return key.len == 0;
}

struct span
declaration_about(const struct json *objection, uint32_t item, struct span key)
{
	if (json_bool(json_find(objection, "repair"), true) ||
	    (!stands_as(objection, "accepted") &&
		!stands_as(objection, "suspended") &&
		!stands_as(objection, "undetermined")) ||
	    json_int(json_find(objection, "item"), 0) != (int64_t)item ||
	    !is_about_key(json_find(objection, "key"), key))
		return (struct span){0};
	return json_text(json_find(objection, "statement"));
}
