/*
 * claims: the members of a JSON document from outside, read strictly.
 *
 * What was not understood is refused, and the first fault decides: after it
 * every call is a no-op and claims_close tells.  Faults name the member,
 * never its value.  Pure; one thread per document.
 */
#ifndef CREDIT_CLAIMS_H
#define CREDIT_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "base/span.h"

struct claims {
	struct json *whole;      /* owned */
	const struct json *root; /* the object that is read */
	struct why *why;
	enum err err;
};

/* An object with no members but `names` (ends with NULL); longer than `max`
 * bytes is ERR_LIMIT.  Always to be closed. */
void claims_open(struct claims *claims, struct span json, size_t max,
    const char *const *names, struct why *why);
/* Is the member there?  (null counts as there, and is then refused.) */
bool claims_has(const struct claims *claims, const char *name);
/* Required text of 1 to size - 1 bytes without control characters. */
void claims_text(
    struct claims *claims, const char *name, char *out, size_t size);
/* The same, "" when absent or empty. */
void claims_maybe_text(
    struct claims *claims, const char *name, char *out, size_t size);
/* Required, RFC 3339. */
void claims_time(struct claims *claims, const char *name, int64_t *time_us);
/* Required, min..max. */
void claims_int(struct claims *claims, const char *name, int64_t min,
    int64_t max, unsigned *out);
/* Item or category numbers, up to `max`; none when absent. */
void claims_numbers(struct claims *claims, const char *name, size_t max,
    uint32_t *numbers, size_t *count);
/* Divisions: "" (the nation), two digits, four, or six (a county's do not end
 * in "00"); up to `max`; none when absent. */
#define CLAIMS_DIVISION_SIZE 7
void claims_divisions(struct claims *claims, const char *name, size_t max,
    char (*divisions)[CLAIMS_DIVISION_SIZE], size_t *count);
bool claims_has_object(const struct claims *claims, const char *name);
/* The members of member `name`, an object with none but `names`: to be read as
 * a document of its own, and left, which hands its first fault back. */
void claims_enter(struct claims *claims, const char *name,
    const char *const *names, struct claims *inner);
void claims_leave(struct claims *claims, const struct claims *inner);
/* Makes `reason` about member `name` the fault, unless there is one. */
void claims_refuse(struct claims *claims, const char *name, const char *reason);
/* Frees the document; ERR_OK, or the first fault. */
MUST_CHECK enum err claims_close(struct claims *claims);

#endif
