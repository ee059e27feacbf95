/*
 * json: JSON read with limits, and written with full escaping.
 *
 * The only home of jansson.  Reading refuses duplicate names, bytes that are
 * not UTF-8, U+0000, nesting above 32 and trailing bytes.  Writing is our
 * own: for an 11 KB answer 6 µs against 93 (docs/PERFORMANCE.md).
 * A document belongs to one thread at a time.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct json; /* a value inside a document; borrowed from its document */

/* The root; NULL and `why` (line and column) when it is not JSON. */
struct json *json_parse(struct span text, struct why *why);
void json_free(struct json *root); /* safe on NULL */

bool json_is_object(const struct json *value);
bool json_is_array(const struct json *value);
bool json_is_text(const struct json *value);
bool json_is_number(const struct json *value);
bool json_is_null(const struct json *value);

/* Member of an object; NULL when absent or not an object. */
const struct json *json_find(const struct json *object, const char *name);
/* Text of a string; an empty span with ptr NULL for anything else. */
struct span json_text(const struct json *value);
/* Text as C string, or `otherwise`. */
const char *json_cstr(const struct json *value, const char *otherwise);
/* Integer, or `otherwise` when it is none or out of range. */
int64_t json_int(const struct json *value, int64_t otherwise);
bool json_bool(const struct json *value, bool otherwise);
/* A scalar as the text a CSV cell would hold (numbers verbatim). */
void json_scalar(const struct json *value, struct buf *out);
/* Elements of an array, or members of an object; 0 for anything else. */
size_t json_count(const struct json *value);
const struct json *json_at(const struct json *array, size_t index);

typedef bool (*json_member_fn)(
    void *context, const char *name, const struct json *value);
/* In document order; stops when `visit` returns false.  True: all seen. */
bool json_each(const struct json *object, json_member_fn visit, void *context);
/* Does the object have only members from `names` (NULL-terminated)?  The
 * first other one is borrowed into `unknown` (may be NULL). */
bool json_has_only(
    const struct json *object, const char *const *names, const char **unknown);
/* Compact, members in document order. */
void json_print(const struct json *value, struct buf *out);

/* Writing: commas are kept by the writer; the caller keeps the nesting. */
struct json_out {
	struct buf *buf;
	bool comma;
};

void json_open_object(struct json_out *out, const char *name_or_null);
void json_close_object(struct json_out *out);
void json_open_array(struct json_out *out, const char *name_or_null);
void json_close_array(struct json_out *out);
/* Inside an object `name` is required, inside an array it is NULL. */
void json_put_text(struct json_out *out, const char *name, struct span text);
void json_put_cstr(struct json_out *out, const char *name, const char *text);
void json_put_int(struct json_out *out, const char *name, int64_t value);
void json_put_bool(struct json_out *out, const char *name, bool value);
void json_put_null(struct json_out *out, const char *name);
/* Already JSON (a stored document, a canonical number). */
void json_put_raw(struct json_out *out, const char *name, struct span json);
/* For names that are put again and again: the quoted name with its colon, and
 * members put under it. */
void json_label(const char *name, struct buf *label);
void json_put_labelled(
    struct json_out *out, struct span label, struct span text);
void json_put_labelled_raw(
    struct json_out *out, struct span label, struct span json);
/* A quoted, escaped string without a writer. */
void json_quote(struct span text, struct buf *out);

#endif
