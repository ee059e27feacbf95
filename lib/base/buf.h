/*
 * buf: bytes that grow.  Embed it; init or {0}, then release.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/span.h"

struct buf {
	char *data;
	size_t len;
	size_t size;
};

void buf_release(struct buf *buf);           /* safe on {0}; leaves {0} */
void buf_reset(struct buf *buf);             /* length 0, memory kept */
void buf_grow(struct buf *buf, size_t more); /* buf_room's way to it */
void buf_text(struct buf *buf, const char *text);
void buf_print(struct buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Big-endian integers, for canonical bytes that are hashed or signed. */
void buf_u16(struct buf *buf, uint16_t value);
void buf_u32(struct buf *buf, uint32_t value);
void buf_u64(struct buf *buf, uint64_t value);
/* Length (u32) and bytes: unambiguous concatenation. */
void buf_counted(struct buf *buf, struct span bytes);
/* Terminates with NUL (not counted in len); borrowed. */
const char *buf_cstr(struct buf *buf);

/* Room for `more` bytes behind the end; the caller then raises `len`. */
static inline char *
buf_room(struct buf *buf, size_t more)
{
	if (buf->size - buf->len < more || buf->size == 0)
		buf_grow(buf, more);
	return buf->data + buf->len;
}

static inline void
buf_add(struct buf *buf, const void *bytes, size_t len)
{
	if (len == 0)
		return;
	memcpy(buf_room(buf, len), bytes, len);
	buf->len += len;
}

static inline void
buf_char(struct buf *buf, char c)
{
	if (buf->len == buf->size)
		buf_room(buf, 1);
	buf->data[buf->len++] = c;
}

static inline struct span
buf_span(const struct buf *buf)
{
	return (struct span){buf->data, buf->len};
}

#endif
