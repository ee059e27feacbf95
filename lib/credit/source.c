/*
 * source: an exchange database of a department, as an operator describes it.
 */
#include "credit/source.h"

#include <string.h>

#include "base/json.h"

#define ITEM_MAX 59999
#define DAY_SECONDS 86400

static const char *const names[] = {"name", "department", "item", "conninfo",
    "table", "cursor", "key", "columns", "rows", "every_seconds", "lag_seconds",
    "settle_seconds", "timeout_seconds", NULL};

/* Of letters, 1 to `max`. */
static bool
copy_word(const struct json *value, const char *letters, char *out, size_t max)
{
	struct span text = json_text(value);
	size_t i;

	if (text.ptr == NULL || text.len == 0 || text.len > max)
		return false;
	for (i = 0; i < text.len; i++)
		if (strchr(letters, text.ptr[i]) == NULL)
			return false;
	memcpy(out, text.ptr, text.len);
	out[text.len] = '\0';
	return true;
}

/* NULL when it is no text, empty or too long. */
static const char *
keep_text(struct arena *arena, const struct json *value, size_t max)
{
	struct span text = json_text(value);

	if (text.ptr == NULL || text.len == 0 || text.len > max)
		return NULL;
	return arena_text(arena, text.ptr, text.len);
}

/* "table" is one of schema public, "schema.table" says which. */
static bool
fill_table(const struct json *value, struct arena *arena, struct source *source)
{
	struct span text = json_text(value);
	const char *dot = text.len > 0 ? memchr(text.ptr, '.', text.len) : NULL;
	size_t before = dot != NULL ? (size_t)(dot - text.ptr) : 0;
	struct span schema = {"public", 6};

	if (dot != NULL) {
		schema = span_make(text.ptr, before);
		text = span_make(dot + 1, text.len - before - 1);
	}
	if (schema.len == 0 || schema.len > SOURCE_COLUMN_MAX ||
	    text.len == 0 || text.len > SOURCE_COLUMN_MAX)
		return false;
	source->schema = arena_text(arena, schema.ptr, schema.len);
	source->table = arena_text(arena, text.ptr, text.len);
	return true;
}

static bool
add_order(const struct json *value, struct arena *arena, struct source *source)
{
	const char *column = keep_text(arena, value, SOURCE_COLUMN_MAX);
	size_t i;

	for (i = 0; column != NULL && i < source->order_count; i++)
		if (strcmp(source->order[i], column) == 0)
			return false;
	source->order[source->order_count++] = column;
	return column != NULL;
}

static bool
fill_order(const struct json *root, struct arena *arena, struct source *source)
{
	const struct json *key = json_find(root, "key");
	size_t count = json_count(key), i;

	if (!add_order(json_find(root, "cursor"), arena, source))
		return false;
	if (key != NULL &&
	    (!json_is_array(key) || count == 0 || count > SOURCE_KEYS_MAX))
		return false;
	for (i = 0; i < count; i++)
		if (!add_order(json_at(key, i), arena, source))
			return false;
	return true;
}

struct column_visit {
	struct arena *arena;
	struct source *source;
};

static bool
add_column(void *context, const char *name, const struct json *value)
{
	struct column_visit *visit = context;
	struct source *source = visit->source;
	struct source_column *column = &source->columns[source->column_count];

	column->field = arena_text(visit->arena, name, strlen(name));
	column->column = keep_text(visit->arena, value, SOURCE_COLUMN_MAX);
	source->column_count++;
	return column->column != NULL && name[0] != '\0';
}

static bool
fill_columns(
    const struct json *columns, struct arena *arena, struct source *source)
{
	struct column_visit visit = {arena, source};
	size_t count = json_count(columns);

	if (columns == NULL)
		return true;
	if (!json_is_object(columns) || count == 0 ||
	    count > SOURCE_COLUMNS_MAX)
		return false;
	source->columns = arena_take(arena, count * sizeof(*source->columns));
	return json_each(columns, add_column, &visit);
}

struct figure {
	const char *name, *wrong;
	int64_t otherwise, least, most;
	unsigned *target;
};

static const char *
fill_figures(const struct json *root, struct source *source)
{
	const struct figure figures[] = {
	    {"rows", "rows: 1 to 20000", 5000, 1, SOURCE_ROWS_MAX,
		&source->rows},
	    {"every_seconds", "every_seconds: 1 to 86400", 60, 1, DAY_SECONDS,
		&source->every_seconds},
	    {"lag_seconds", "lag_seconds: 1 to 86400", 1, 1, DAY_SECONDS,
		&source->lag_seconds},
	    {"settle_seconds", "settle_seconds: 0 to 86400", 60, 0, DAY_SECONDS,
		&source->settle_seconds},
	    {"timeout_seconds", "timeout_seconds: 1 to 600", 30, 1, 600,
		&source->timeout_seconds},
	};
	size_t i;

	for (i = 0; i < sizeof(figures) / sizeof(*figures); i++) {
		const struct json *given = json_find(root, figures[i].name);
		int64_t value =
		    given != NULL ? json_int(given, -1) : figures[i].otherwise;

		if (value < figures[i].least || value > figures[i].most)
			return figures[i].wrong;
		*figures[i].target = (unsigned)value;
	}
	return NULL;
}

/* What is wrong with it, or NULL. */
static const char *
fill_source(const struct json *root, struct arena *arena, struct source *source)
{
	int64_t item = json_int(json_find(root, "item"), 0);

	if (!json_is_object(root) || !json_has_only(root, names, NULL))
		return "not an object, or an unknown member";
	if (!copy_word(json_find(root, "name"),
		"abcdefghijklmnopqrstuvwxyz0123456789-", source->name,
		SOURCE_NAME_MAX))
		return "name: 1 to 32 of a-z, 0-9, -";
	if (!copy_word(json_find(root, "department"),
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789-_.",
		source->department, MEMBER_CODE_MAX))
		return "department: a member's code";
	if (item < 1 || item > ITEM_MAX)
		return "item: a number";
	source->item = (uint32_t)item;
	source->conninfo =
	    keep_text(arena, json_find(root, "conninfo"), SOURCE_CONNINFO_MAX);
	if (source->conninfo == NULL)
		return "conninfo: a connection string of libpq";
	if (!fill_table(json_find(root, "table"), arena, source))
		return "table: TABLE or SCHEMA.TABLE";
	if (!fill_order(root, arena, source))
		return "cursor: a column; key: [1 to 3 other columns]";
	if (!fill_columns(json_find(root, "columns"), arena, source))
		return "columns: {field: column}, 1 to 200";
	return fill_figures(root, source);
}

static bool
is_taken(const struct sources *sources, const char *name)
{
	size_t i;

	for (i = 0; i < sources->count; i++)
		if (strcmp(sources->list[i].name, name) == 0)
			return true;
	return false;
}

static enum err
fill(const struct json *root, struct sources *sources, struct why *why)
{
	size_t count = json_count(root), i;

	if (!json_is_array(root) || count > SOURCES_MAX)
		return why_set(why, ERR_INVALID, "an array of 0 to 64 sources");
	sources->list =
	    arena_take(sources->arena, (count + 1) * sizeof(*sources->list));
	for (i = 0; i < count; i++) {
		struct source *source = &sources->list[i];
		const char *wrong =
		    fill_source(json_at(root, i), sources->arena, source);

		if (wrong == NULL && is_taken(sources, source->name))
			wrong = "name: two have the same";
		if (wrong != NULL)
			return why_set(
			    why, ERR_INVALID, "source %zu: %s", i + 1, wrong);
		sources->count++;
	}
	return ERR_OK;
}

enum err
sources_parse(struct span text, struct sources *sources, struct why *why)
{
	struct json *root;
	enum err err;

	*sources = (struct sources){0};
	if (text.len > SOURCES_TEXT_MAX)
		return why_set(why, ERR_LIMIT, "it is too long");
	root = json_parse(text, why);
	if (root == NULL)
		return ERR_INVALID;
	sources->arena = arena_new();
	err = fill(root, sources, why);
	json_free(root);
	if (err != ERR_OK)
		sources_release(sources);
	return err;
}

void
sources_release(struct sources *sources)
{
	arena_free(sources->arena);
	*sources = (struct sources){0};
}
