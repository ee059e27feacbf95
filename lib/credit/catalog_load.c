/*
 * catalog_load: members of the catalogue's document.
 */
#include "credit/catalog_load.h"

#include <ctype.h>

#include "credit/fold.h"

void
loader_refuse(struct loader *loader, const char *member, const char *reason)
{
	if (loader->failed)
		return;
	loader->failed = true;
	why_set(loader->why, ERR_INVALID, "%s%.60s: %s", loader->where, member,
	    reason);
}

void
loader_check_members(
    struct loader *loader, const struct json *object, const char *const *names)
{
	const char *unknown = "";

	if (!json_is_object(object))
		loader_refuse(loader, "", "not an object");
	else if (!json_has_only(object, names, &unknown))
		loader_refuse(loader, unknown, "unknown member");
}

/* Folded, so that lookups compare bytes. */
static const char *
text_of(struct loader *loader, const struct json *value)
{
	struct buf buf = {0};
	struct span folded = fold_add(json_text(value), &buf);
	const char *text;

	text = arena_text(loader->arena, folded.ptr, folded.len);
	buf_release(&buf);
	return text;
}

const char *
loader_text(struct loader *loader, const struct json *object, const char *name)
{
	const struct json *value = json_find(object, name);

	if (value != NULL && !json_is_text(value))
		loader_refuse(loader, name, "not a text");
	return text_of(loader, value);
}

const char *
loader_need_text(
    struct loader *loader, const struct json *object, const char *name)
{
	const char *text = loader_text(loader, object, name);

	if (*text == '\0')
		loader_refuse(loader, name, "missing");
	return text;
}

const char *
loader_need_name(
    struct loader *loader, const struct json *object, const char *name)
{
	const char *text = loader_need_text(loader, object, name);
	const char *c = text;

	while (islower((unsigned char)*c) ||
	       (c > text && *c != '\0' &&
		   (isdigit((unsigned char)*c) || *c == '_' || *c == '-')))
		c++;
	if (*c != '\0' || c - text > 64)
		loader_refuse(loader, name, "not a name (a-z, 0-9, _, -)");
	return text;
}

bool
loader_bool(struct loader *loader, const struct json *object, const char *name)
{
	const struct json *value = json_find(object, name);

	if (value != NULL && json_bool(value, true) != json_bool(value, false))
		loader_refuse(loader, name, "not true or false");
	return json_bool(value, false);
}

int64_t
loader_need_int(struct loader *loader, const struct json *object,
    const char *name, int64_t min, int64_t max)
{
	int64_t value = json_int(json_find(object, name), INT64_MIN);

	if (value < min || value > max) {
		loader_refuse(
		    loader, name, "missing, or not a number in range");
		return min;
	}
	return value;
}

size_t
loader_count(struct loader *loader, const struct json *object, const char *name,
    size_t max)
{
	const struct json *array = json_find(object, name);

	if (array == NULL)
		return 0;
	if (!json_is_array(array) || json_count(array) > max) {
		loader_refuse(loader, name, "not an array, or too long");
		return 0;
	}
	return json_count(array);
}

const char *const *
loader_texts(struct loader *loader, const struct json *object, const char *name)
{
	size_t i, count = loader_count(loader, object, name, 256);
	const struct json *array = json_find(object, name);
	const char **texts;

	texts = arena_take(loader->arena, (count + 1) * sizeof(*texts));
	for (i = 0; i < count; i++) {
		texts[i] = text_of(loader, json_at(array, i));
		if (*texts[i] == '\0')
			loader_refuse(loader, name, "not a list of texts");
	}
	return texts;
}

int
loader_need_one_of(struct loader *loader, const struct json *object,
    const char *name, const char *const *names)
{
	const char *text = loader_need_text(loader, object, name);
	int i;

	for (i = 0; names[i] != NULL; i++) {
		if (strcmp(text, names[i]) == 0)
			return i;
	}
	loader_refuse(loader, name, "not one of the known words");
	return 0;
}
