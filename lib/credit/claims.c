/*
 * claims: the members of a JSON document from outside, read strictly.
 */
#include "credit/claims.h"

#include <string.h>

#include "base/clock.h"
#include "credit/catalog.h"

void
claims_refuse(struct claims *claims, const char *name, const char *reason)
{
	if (claims->err == ERR_OK)
		claims->err =
		    why_set(claims->why, ERR_INVALID, "%s: %s", name, reason);
}

void
claims_open(struct claims *claims, struct span json, size_t max,
    const char *const *names, struct why *why)
{
	*claims = (struct claims){NULL, NULL, why, ERR_OK};
	if (json.len > max) {
		claims->err =
		    why_set(why, ERR_LIMIT, "longer than %zu bytes", max);
		return;
	}
	claims->root = claims->whole = json_parse(json, why);
	if (claims->root == NULL)
		claims->err = ERR_INVALID;
	else if (!json_is_object(claims->root))
		claims->err = why_set(why, ERR_INVALID, "not an object");
	else if (!json_has_only(claims->root, names, NULL))
		/* The unknown name is input and is not repeated. */
		claims->err = why_set(why, ERR_INVALID, "unknown member");
}

bool
claims_has(const struct claims *claims, const char *name)
{
	return claims->err == ERR_OK && json_find(claims->root, name) != NULL;
}

static bool
has_controls(struct span text)
{
	size_t i;

	for (i = 0; i < text.len; i++) {
		if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
			return true;
	}
	return false;
}

void
claims_maybe_text(
    struct claims *claims, const char *name, char *out, size_t size)
{
	struct span text;

	out[0] = '\0';
	if (!claims_has(claims, name))
		return;
	text = json_text(json_find(claims->root, name));
	if (text.ptr == NULL)
		claims_refuse(claims, name, "not a text");
	else if (text.len >= size)
		claims_refuse(claims, name, "too long");
	else if (has_controls(text))
		claims_refuse(claims, name, "control character");
	else {
		memcpy(out, text.ptr, text.len);
		out[text.len] = '\0';
	}
}

void
claims_text(struct claims *claims, const char *name, char *out, size_t size)
{
	claims_maybe_text(claims, name, out, size);
	if (out[0] == '\0')
		claims_refuse(claims, name, "missing");
}

void
claims_time(struct claims *claims, const char *name, int64_t *time_us)
{
	char text[64];

	*time_us = 0;
	claims_text(claims, name, text, sizeof(text));
	if (claims->err == ERR_OK &&
	    clock_parse(span_of(text), time_us) != ERR_OK)
		claims_refuse(claims, name, "not an RFC 3339 time");
}

void
claims_int(struct claims *claims, const char *name, int64_t min, int64_t max,
    unsigned *out)
{
	int64_t value;

	*out = 0;
	if (claims->err != ERR_OK)
		return;
	value = json_int(json_find(claims->root, name), min - 1);
	if (value < min || value > max)
		claims_refuse(claims, name, "missing or out of range");
	else
		*out = (unsigned)value;
}

void
claims_numbers(struct claims *claims, const char *name, size_t max,
    uint32_t *numbers, size_t *count)
{
	const struct json *list;
	int64_t number;
	size_t i;

	*count = 0;
	if (!claims_has(claims, name))
		return;
	list = json_find(claims->root, name);
	if (!json_is_array(list) || json_count(list) > max) {
		claims_refuse(claims, name, "not a list, or too long");
		return;
	}
	for (i = 0; i < json_count(list); i++) {
		number = json_int(json_at(list, i), 0);
		if (number < 1 || number > CATALOG_ITEM_MAX) {
			claims_refuse(claims, name, "not a list of numbers");
			return;
		}
		numbers[i] = (uint32_t)number;
	}
	*count = i;
}

bool
claims_has_object(const struct claims *claims, const char *name)
{
	return claims_has(claims, name) &&
	       json_is_object(json_find(claims->root, name));
}

void
claims_enter(struct claims *claims, const char *name, const char *const *names,
    struct claims *inner)
{
	*inner = *claims;
	if (!claims_has_object(claims, name)) {
		claims_refuse(inner, name, "not an object");
		return;
	}
	inner->root = json_find(claims->root, name);
	if (!json_has_only(inner->root, names, NULL))
		claims_refuse(inner, name, "unknown member");
}

void
claims_leave(struct claims *claims, const struct claims *inner)
{
	claims->err = inner->err;
}

enum err
claims_close(struct claims *claims)
{
	json_free(claims->whole);
	claims->root = claims->whole = NULL;
	return claims->err;
}

static bool
division_is_valid(struct span text)
{
	size_t i;

	if (text.ptr == NULL)
		return false;
	for (i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
	}
	if (text.len == 6)
		return memcmp(text.ptr + 4, "00", 2) != 0;
	return text.len == 0 || text.len == 2 || text.len == 4;
}

void
claims_divisions(struct claims *claims, const char *name, size_t max,
    char (*divisions)[CLAIMS_DIVISION_SIZE], size_t *count)
{
	const struct json *list;
	struct span text;
	size_t i;

	*count = 0;
	if (!claims_has(claims, name))
		return;
	list = json_find(claims->root, name);
	if (!json_is_array(list) || json_count(list) > max) {
		claims_refuse(claims, name, "not a list, or too long");
		return;
	}
	for (i = 0; i < json_count(list); i++) {
		text = json_text(json_at(list, i));
		if (!division_is_valid(text)) {
			claims_refuse(claims, name, "not a division");
			return;
		}
		memcpy(divisions[i], text.ptr, text.len);
		divisions[i][text.len] = '\0';
	}
	*count = i;
}
