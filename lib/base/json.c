/*
 * json: JSON read through jansson behind limits, and written by hand.
 */
#include "base/json.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#undef json_is_object
#undef json_is_array
#undef json_is_number
#undef json_is_null

#define DEPTH_MAX 32

/* `struct json` is jansson's json_t under a name of ours. */
static json_t *
inner(const struct json *value)
{
	return (json_t *)(uintptr_t)value;
}

static const struct json *
outer(const json_t *value)
{
	return (const struct json *)(const void *)value;
}

static json_type
kind(const struct json *value)
{
	return value != NULL ? json_typeof(inner(value)) : JSON_NULL;
}

/* Before parsing, because jansson recurses once a level.  Good enough on
 * malformed text: what it misjudges, the parser refuses. */
static bool
depth_is_fine(struct span text)
{
	bool quoted = false;
	int depth = 0;
	size_t i;

	for (i = 0; i < text.len; i++) {
		switch (text.ptr[i]) {
		case '"':
			quoted = !quoted;
			break;
		case '\\':
			if (quoted)
				i++;
			break;
		case '{':
		case '[':
			if (!quoted && ++depth > DEPTH_MAX)
				return false;
			break;
		case '}':
		case ']':
			if (!quoted)
				depth--;
			break;
		default:
			break;
		}
	}
	return true;
}

struct json *
json_parse(struct span text, struct why *why)
{
	json_error_t error;
	json_t *root;

	if (!depth_is_fine(text)) {
		why_set(why, ERR_LIMIT, "nested deeper than %d", DEPTH_MAX);
		return NULL;
	}
	root = json_loadb(text.ptr != NULL ? text.ptr : "", text.len,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (root == NULL) {
		/* jansson's own text quotes the input: say only where. */
		why_set(why, ERR_INVALID, "not JSON at line %d, column %d",
		    error.line, error.column);
		return NULL;
	}
	return (struct json *)(void *)root;
}

void
json_free(struct json *root)
{
	json_decref(inner(root));
}

bool
json_is_object(const struct json *value)
{
	return kind(value) == JSON_OBJECT;
}

bool
json_is_array(const struct json *value)
{
	return kind(value) == JSON_ARRAY;
}

bool
json_is_text(const struct json *value)
{
	return kind(value) == JSON_STRING;
}

bool
json_is_number(const struct json *value)
{
	return kind(value) == JSON_INTEGER || kind(value) == JSON_REAL;
}

bool
json_is_null(const struct json *value)
{
	return value != NULL && kind(value) == JSON_NULL;
}

const struct json *
json_find(const struct json *object, const char *name)
{
	return outer(json_object_get(inner(object), name));
}

struct span
json_text(const struct json *value)
{
	if (!json_is_text(value))
		return (struct span){NULL, 0};
	return span_make(
	    json_string_value(inner(value)), json_string_length(inner(value)));
}

const char *
json_cstr(const struct json *value, const char *otherwise)
{
	return json_is_text(value) ? json_string_value(inner(value))
				   : otherwise;
}

int64_t
json_int(const struct json *value, int64_t otherwise)
{
	return kind(value) == JSON_INTEGER ? json_integer_value(inner(value))
					   : otherwise;
}

bool
json_bool(const struct json *value, bool otherwise)
{
	switch (kind(value)) {
	case JSON_TRUE:
		return true;
	case JSON_FALSE:
		return false;
	default:
		return otherwise;
	}
}

/* The shortest decimal that reads back as the same double. */
static void
print_real(double real, struct buf *out)
{
	char text[40];
	int digits;

	for (digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, real);
		if (strtod(text, NULL) >= real && strtod(text, NULL) <= real)
			break;
	}
	buf_text(out, text);
	if (strpbrk(text, ".e") == NULL)
		buf_text(out, ".0");
}

static void
print_int(int64_t value, struct buf *out)
{
	char text[24];
	char *at = text + sizeof(text);
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

	do {
		*--at = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0)
		*--at = '-';
	buf_add(out, at, (size_t)(text + sizeof(text) - at));
}

void
json_scalar(const struct json *value, struct buf *out)
{
	switch (kind(value)) {
	case JSON_STRING:
		buf_add(out, json_string_value(inner(value)),
		    json_string_length(inner(value)));
		break;
	case JSON_INTEGER:
		print_int(json_integer_value(inner(value)), out);
		break;
	case JSON_REAL:
		print_real(json_real_value(inner(value)), out);
		break;
	case JSON_TRUE:
		buf_text(out, "true");
		break;
	case JSON_FALSE:
		buf_text(out, "false");
		break;
	default:
		break;
	}
}

size_t
json_count(const struct json *value)
{
	if (json_is_array(value))
		return json_array_size(inner(value));
	return json_object_size(inner(value));
}

const struct json *
json_at(const struct json *array, size_t index)
{
	return outer(json_array_get(inner(array), index));
}

bool
json_each(const struct json *object, json_member_fn visit, void *context)
{
	json_t *value;
	const char *name;

	if (!json_is_object(object))
		return true;
	json_object_foreach(inner(object), name, value)
	{
		if (!visit(context, name, outer(value)))
			return false;
	}
	return true;
}

static bool
name_is_in(const char *name, const char *const *names)
{
	for (; *names != NULL; names++) {
		if (strcmp(*names, name) == 0)
			return true;
	}
	return false;
}

bool
json_has_only(
    const struct json *object, const char *const *names, const char **unknown)
{
	json_t *value;
	const char *name;

	if (!json_is_object(object))
		return true;
	json_object_foreach(inner(object), name, value)
	{
		if (name_is_in(name, names))
			continue;
		if (unknown != NULL)
			*unknown = name;
		return false;
	}
	return true;
}

static void print_value(struct json_out *out, const char *name, json_t *value);

static void
print_members(struct json_out *out, json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		print_value(out, name, value);
	}
}

/* Recursion is bounded by DEPTH_MAX. */
static void
print_value(struct json_out *out, const char *name, json_t *value)
{
	struct buf scalar = {0};
	size_t i;

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		json_open_object(out, name);
		print_members(out, value);
		json_close_object(out);
		break;
	case JSON_ARRAY:
		json_open_array(out, name);
		for (i = 0; i < json_array_size(value); i++)
			print_value(out, NULL, json_array_get(value, i));
		json_close_array(out);
		break;
	case JSON_STRING:
		json_put_text(out, name, json_text(outer(value)));
		break;
	case JSON_NULL:
		json_put_null(out, name);
		break;
	default:
		json_scalar(outer(value), &scalar);
		json_put_raw(out, name, buf_span(&scalar));
		buf_release(&scalar);
		break;
	}
}

void
json_print(const struct json *value, struct buf *out)
{
	struct json_out writer = {out, false};

	assert(value != NULL);
	print_value(&writer, NULL, inner(value));
}

static void
quote_escaped(unsigned char c, struct buf *out)
{
	static const char hex[] = "0123456789abcdef";
	static const char from[] = "\"\\\n\r\t\b\f";
	static const char to[] = "\"\\nrtbf";
	const char *short_form = c != 0 ? strchr(from, c) : NULL;

	buf_char(out, '\\');
	if (short_form != NULL) {
		buf_char(out, to[short_form - from]);
		return;
	}
	buf_text(out, "u00");
	buf_char(out, hex[c >> 4]);
	buf_char(out, hex[c & 15]);
}

static bool
is_plain(char c)
{
	return (unsigned char)c >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The top bit of each byte below `limit` (at most 0x80). */
static uint64_t
below(uint64_t word, uint8_t limit)
{
	return (word - EACH(limit)) & ~word;
}

/* Does each of the eight bytes stand for itself? */
static bool
is_plain_word(uint64_t word)
{
	uint64_t special = below(word, 0x20) | below(word ^ EACH('"'), 1) |
			   below(word ^ EACH('\\'), 1) |
			   below(word ^ EACH(0x7f), 1);

	return (special & EACH(0x80)) == 0;
}

/* Copies the run at the start that needs no escape, eight bytes a step, of
 * which the last ones may be copied twice; its length. */
static size_t
copy_plain(struct span text, char *to)
{
	size_t i = 0, last = text.len - sizeof(uint64_t);
	uint64_t word;

	while (text.len >= sizeof(word)) {
		memcpy(&word, text.ptr + i, sizeof(word));
		if (!is_plain_word(word))
			break;
		memcpy(to + i, &word, sizeof(word));
		if (i == last)
			return text.len;
		i = i + sizeof(word) < last ? i + sizeof(word) : last;
	}
	for (; i < text.len && is_plain(text.ptr[i]); i++)
		to[i] = text.ptr[i];
	return i;
}

/* From the first byte that needs an escape on. */
static void
quote_rest(struct span text, struct buf *out)
{
	size_t run;

	while (text.len > 0) {
		quote_escaped((unsigned char)text.ptr[0], out);
		text = span_make(text.ptr + 1, text.len - 1);
		run = copy_plain(text, buf_room(out, text.len + 1));
		out->len += run;
		text = span_make(text.ptr + run, text.len - run);
	}
	buf_char(out, '"');
}

/* What needs no escape is copied as it is looked through; that is what makes
 * it fast.  `at` is the end of `out`, with room for the text and two more. */
static inline void
quote_at(char *at, struct span text, struct buf *out)
{
	size_t run;

	at[0] = '"';
	run = copy_plain(text, at + 1);
	if (run < text.len) {
		out->len += 1 + run;
		quote_rest(span_make(text.ptr + run, text.len - run), out);
		return;
	}
	at[1 + run] = '"';
	out->len += run + 2;
}

void
json_quote(struct span text, struct buf *out)
{
	quote_at(buf_room(out, text.len + 2), text, out);
}

/* What stands before any value: a comma if one is due, and the name. */
static void
put_name(struct json_out *out, const char *name)
{
	if (out->comma)
		buf_char(out->buf, ',');
	out->comma = true;
	if (name != NULL) {
		json_quote(span_of(name), out->buf);
		buf_char(out->buf, ':');
	}
}

void
json_open_object(struct json_out *out, const char *name_or_null)
{
	put_name(out, name_or_null);
	buf_char(out->buf, '{');
	out->comma = false;
}

void
json_close_object(struct json_out *out)
{
	buf_char(out->buf, '}');
	out->comma = true;
}

void
json_open_array(struct json_out *out, const char *name_or_null)
{
	put_name(out, name_or_null);
	buf_char(out->buf, '[');
	out->comma = false;
}

void
json_close_array(struct json_out *out)
{
	buf_char(out->buf, ']');
	out->comma = true;
}

void
json_put_text(struct json_out *out, const char *name, struct span text)
{
	put_name(out, name);
	json_quote(text, out->buf);
}

void
json_label(const char *name, struct buf *label)
{
	json_quote(span_of(name), label);
	buf_char(label, ':');
}

/* `more` is room for the value. */
static char *
put_label(struct json_out *out, struct span label, size_t more)
{
	char *at = buf_room(out->buf, 1 + label.len + more);

	if (out->comma)
		*at++ = ',';
	memcpy(at, label.ptr, label.len);
	out->buf->len += label.len + (out->comma ? 1 : 0);
	out->comma = true;
	return at + label.len;
}

void
json_put_labelled(struct json_out *out, struct span label, struct span text)
{
	quote_at(put_label(out, label, text.len + 2), text, out->buf);
}

void
json_put_labelled_raw(struct json_out *out, struct span label, struct span json)
{
	memcpy(put_label(out, label, json.len), json.ptr, json.len);
	out->buf->len += json.len;
}

void
json_put_cstr(struct json_out *out, const char *name, const char *text)
{
	json_put_text(out, name, span_of(text));
}

void
json_put_int(struct json_out *out, const char *name, int64_t value)
{
	put_name(out, name);
	print_int(value, out->buf);
}

void
json_put_bool(struct json_out *out, const char *name, bool value)
{
	put_name(out, name);
	buf_text(out->buf, value ? "true" : "false");
}

void
json_put_null(struct json_out *out, const char *name)
{
	put_name(out, name);
	buf_text(out->buf, "null");
}

void
json_put_raw(struct json_out *out, const char *name, struct span json)
{
	put_name(out, name);
	buf_add(out->buf, json.ptr, json.len);
}
