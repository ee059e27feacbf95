/*
 * buf: bytes that grow.
 */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define BUF_FIRST 64

void
buf_release(struct buf *buf)
{
	mem_free(buf->data);
	*buf = (struct buf){0};
}

void
buf_reset(struct buf *buf)
{
	buf->len = 0;
}

void
buf_grow(struct buf *buf, size_t more)
{
	size_t size = buf->size;

	assert(more < SIZE_MAX / 4 && buf->len < SIZE_MAX / 4);
	if (size < BUF_FIRST)
		size = BUF_FIRST;
	while (size - buf->len < more)
		size *= 2;
	buf->data = mem_grow(buf->data, size);
	buf->size = size;
}

void
buf_text(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void
buf_print(struct buf *buf, const char *format, ...)
{
	size_t room;
	va_list args;
	int len;

	buf_room(buf, BUF_FIRST);
	room = buf->size - buf->len;
	va_start(args, format);
	len = vsnprintf(buf->data + buf->len, room, format, args);
	va_end(args);
	assert(len >= 0);
	if ((size_t)len >= room) {
		room = (size_t)len + 1;
		buf_room(buf, room);
		va_start(args, format);
		vsnprintf(buf->data + buf->len, room, format, args);
		va_end(args);
	}
	buf->len += (size_t)len;
}

static void
buf_big_endian(struct buf *buf, uint64_t value, unsigned bytes)
{
	char *out = buf_room(buf, bytes);
	unsigned i;

	for (i = 0; i < bytes; i++)
		out[i] = (char)(value >> (8 * (bytes - 1 - i)));
	buf->len += bytes;
}

void
buf_u16(struct buf *buf, uint16_t value)
{
	buf_big_endian(buf, value, 2);
}

void
buf_u32(struct buf *buf, uint32_t value)
{
	buf_big_endian(buf, value, 4);
}

void
buf_u64(struct buf *buf, uint64_t value)
{
	buf_big_endian(buf, value, 8);
}

void
buf_counted(struct buf *buf, struct span bytes)
{
	assert(bytes.len <= UINT32_MAX);
	buf_u32(buf, (uint32_t)bytes.len);
	buf_add(buf, bytes.ptr, bytes.len);
}

const char *
buf_cstr(struct buf *buf)
{
	*buf_room(buf, 1) = '\0';
	return buf->data;
}
