/*
 * span: borrowed bytes with a length.  Not terminated, not owned.
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const char *ptr;
	size_t len;
};

static inline struct span
span_make(const void *ptr, size_t len)
{
	return (struct span){ptr, len};
}

/* `text` may be NULL: an empty span. */
static inline struct span
span_of(const char *text)
{
	return (struct span){text, text != NULL ? strlen(text) : 0};
}

static inline bool
span_equal(struct span a, struct span b)
{
	return a.len == b.len &&
	       (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* As memcmp, a prefix before what it begins. */
static inline int
span_order(struct span a, struct span b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len == 0 ? 0 : memcmp(a.ptr, b.ptr, len);

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static inline bool
span_is(struct span a, const char *text)
{
	return span_equal(a, span_of(text));
}

#endif
