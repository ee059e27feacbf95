/*
 * text: Chinese text as it arrives, made comparable.
 */
#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <iconv.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

#define UTF8_MAX 4
#define GB_MAX 4
#define REPLACEMENT "\xef\xbf\xbd"
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

struct text_decoder {
	iconv_t converter; /* gb18030 only */
	bool gb18030;
	bool begun;   /* past a possible byte order mark */
	char tail[8]; /* a character that was cut */
	size_t tail_len;
	size_t broken;
};

/* What the second byte of a sequence may be, by its first (Unicode, table
 * 3-7): no overlong forms, no surrogates, nothing above U+10FFFF. */
static bool
second_is_fine(uint8_t first, uint8_t second)
{
	switch (first) {
	case 0xe0:
		return second >= 0xa0 && second <= 0xbf;
	case 0xed:
		return second >= 0x80 && second <= 0x9f;
	case 0xf0:
		return second >= 0x90 && second <= 0xbf;
	case 0xf4:
		return second >= 0x80 && second <= 0x8f;
	default:
		return second >= 0x80 && second <= 0xbf;
	}
}

static size_t
length_by_first(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	if (first >= 0xf0 && first <= 0xf4)
		return 4;
	return 0;
}

enum sequence {
	SEQUENCE_WHOLE,
	SEQUENCE_CUT,
	SEQUENCE_BROKEN
};

/* The sequence at the start of `text` (not empty).  `len`: its length when
 * whole; when broken, how much to replace by one U+FFFD (the maximal
 * subpart, as Unicode recommends). */
static enum sequence
utf8_next(struct span text, size_t *len)
{
	const uint8_t *bytes = (const uint8_t *)text.ptr;
	size_t need = length_by_first(bytes[0]);
	size_t i;

	*len = need;
	if (need == 1)
		return SEQUENCE_WHOLE;
	for (i = 1; i < need && i < text.len; i++) {
		if (i == 1 && !second_is_fine(bytes[0], bytes[1]))
			break;
		if (i > 1 && (bytes[i] & 0xc0) != 0x80)
			break;
	}
	if (need != 0 && i == need)
		return SEQUENCE_WHOLE;
	*len = i;
	return need != 0 && i == text.len ? SEQUENCE_CUT : SEQUENCE_BROKEN;
}

/* Length of the ASCII run at the start: eight bytes a step. */
static size_t
ascii_run(struct span text)
{
	uint64_t word;
	size_t i = 0;

	for (; i + sizeof(word) <= text.len; i += sizeof(word)) {
		memcpy(&word, text.ptr + i, sizeof(word));
		if ((word & UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	while (i < text.len && (uint8_t)text.ptr[i] < 0x80)
		i++;
	return i;
}

/* Length of the run of three-byte characters at the start, most of what
 * Chinese is made of; stops before 0xe0 and 0xed, whose second byte is
 * special. */
static size_t
wide_run(struct span text)
{
	const uint8_t *bytes = (const uint8_t *)text.ptr;
	size_t i = 0;

	while (i + 3 <= text.len && (bytes[i] & 0xf0) == 0xe0 &&
	       bytes[i] != 0xe0 && bytes[i] != 0xed &&
	       (bytes[i + 1] & 0xc0) == 0x80 && (bytes[i + 2] & 0xc0) == 0x80)
		i += 3;
	return i;
}

/* Length of the longest start of `text` that is whole UTF-8. */
static size_t
utf8_run(struct span text)
{
	size_t i = 0, len;
	struct span rest;

	while (i < text.len) {
		rest = span_make(text.ptr + i, text.len - i);
		len = (uint8_t)*rest.ptr < 0x80 ? ascii_run(rest)
						: wide_run(rest);
		if (len == 0 && utf8_next(rest, &len) != SEQUENCE_WHOLE)
			break;
		i += len;
	}
	return i;
}

/* Length of the run of characters at the start that are surely neither
 * white, control nor full-width: printable ASCII, U+4000 to U+CFFF. */
static size_t
plain_run(struct span text)
{
	const uint8_t *bytes = (const uint8_t *)text.ptr;
	size_t i = 0;

	while (i < text.len) {
		if (bytes[i] > ' ' && bytes[i] < 0x7f)
			i++;
		else if (bytes[i] >= 0xe4 && bytes[i] <= 0xec &&
			 i + 3 <= text.len && (bytes[i + 1] & 0xc0) == 0x80 &&
			 (bytes[i + 2] & 0xc0) == 0x80)
			i += 3;
		else
			break;
	}
	return i;
}

bool
text_is_utf8(struct span text)
{
	return utf8_run(text) == text.len;
}

size_t
text_count(struct span text)
{
	size_t i, count = 0;

	for (i = 0; i < text.len; i++)
		count += ((uint8_t)text.ptr[i] & 0xc0) != 0x80;
	return count;
}

/* One code point of `text`, which may be anything: bytes that are not UTF-8
 * come one by one as U+FFFD. */
static uint32_t
code_point(struct span text, size_t *len)
{
	static const uint8_t masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t point;
	size_t i;

	if (utf8_next(text, len) != SEQUENCE_WHOLE) {
		*len = 1;
		return 0xfffd;
	}
	point = (uint8_t)text.ptr[0] & masks[*len];
	for (i = 1; i < *len; i++)
		point = point << 6 | ((uint8_t)text.ptr[i] & 0x3f);
	return point;
}

static bool
is_white(uint32_t point)
{
	return point == ' ' || (point >= '\t' && point <= '\r') ||
	       point == 0x85 || point == 0xa0 || point == 0x1680 ||
	       (point >= 0x2000 && point <= 0x200a) || point == 0x2028 ||
	       point == 0x2029 || point == 0x202f || point == 0x205f ||
	       point == 0x3000 || point == 0xfeff;
}

/* Also what has neither width nor look, such as U+200B and U+FEFF. */
static bool
is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point <= 0x9f) ||
	       (point >= 0x200b && point <= 0x200f) || point == 0x2060 ||
	       point == 0xfeff;
}

struct span
text_trim(struct span text)
{
	size_t i, len, end = 0;

	while (text.len > 0 && is_white(code_point(text, &len))) {
		text.ptr += len;
		text.len -= len;
	}
	for (i = 0; i < text.len; i += len) {
		struct span rest = span_make(text.ptr + i, text.len - i);

		len = plain_run(rest);
		if (len > 0 || !is_white(code_point(rest, &len)))
			end = i + len;
	}
	text.len = end;
	return text;
}

void
text_fold(struct span text, struct buf *out)
{
	bool white = false;
	uint32_t point;
	size_t len;

	for (; text.len > 0; text.ptr += len, text.len -= len) {
		/* The first byte of a plain run is in no class either. */
		len = plain_run(text);
		point = len > 0 ? (uint8_t)*text.ptr : code_point(text, &len);
		if (is_white(point) && point != 0xfeff) {
			white = true;
			continue;
		}
		if (is_control(point))
			continue;
		if (white)
			buf_char(out, ' ');
		white = false;
		if (point >= 0xff01 && point <= 0xff5e)
			buf_char(out, (char)(point - 0xff01 + '!'));
		else
			buf_add(out, text.ptr, len);
	}
	if (white)
		buf_char(out, ' ');
}

struct text_decoder *
text_decoder_new(const char *charset)
{
	struct text_decoder *decoder;
	bool gb18030 = strcasecmp(charset, "gb18030") == 0;

	if (!gb18030 && strcasecmp(charset, "utf-8") != 0)
		return NULL;
	decoder = mem_new(sizeof(*decoder));
	decoder->gb18030 = gb18030;
	if (gb18030) {
		decoder->converter = iconv_open("UTF-8", "GB18030");
		if (decoder->converter == (iconv_t)-1) {
			mem_free(decoder);
			return NULL;
		}
	}
	return decoder;
}

void
text_decoder_free(struct text_decoder *decoder)
{
	if (decoder == NULL)
		return;
	if (decoder->gb18030)
		iconv_close(decoder->converter);
	mem_free(decoder);
}

static void
decoder_replace(struct text_decoder *decoder, struct buf *out)
{
	buf_text(out, REPLACEMENT);
	decoder->broken++;
}

/* Returns how many bytes were used; the rest is one cut sequence. */
static size_t
decode_utf8(struct text_decoder *decoder, struct span bytes, struct buf *out)
{
	size_t used = 0, len;
	struct span rest;

	for (;;) {
		rest = span_make(bytes.ptr + used, bytes.len - used);
		len = utf8_run(rest);
		buf_add(out, rest.ptr, len);
		used += len;
		if (used == bytes.len)
			return used;
		rest = span_make(bytes.ptr + used, bytes.len - used);
		if (utf8_next(rest, &len) == SEQUENCE_CUT)
			return used;
		decoder_replace(decoder, out);
		used += len;
	}
}

/* As decode_utf8.  A byte that begins no character is replaced alone, so
 * that a stray lead byte does not swallow a comma or a line end. */
static size_t
decode_gb18030(struct text_decoder *decoder, struct span bytes, struct buf *out)
{
	char *from = (char *)(uintptr_t)bytes.ptr;
	size_t left = bytes.len, room, before;
	char *to;

	while (left > 0) {
		room = before = left * 2 + 16;
		to = buf_room(out, room);
		if (iconv(decoder->converter, &from, &left, &to, &room) ==
		    (size_t)-1) {
			out->len += before - room;
			if (errno == EINVAL && left < GB_MAX)
				break;
			if (errno == E2BIG)
				continue;
			decoder_replace(decoder, out);
			from++;
			left--;
			continue;
		}
		out->len += before - room;
	}
	return bytes.len - left;
}

static size_t
decode(struct text_decoder *decoder, struct span bytes, struct buf *out)
{
	if (bytes.len == 0)
		return 0;
	if (decoder->gb18030)
		return decode_gb18030(decoder, bytes, out);
	return decode_utf8(decoder, bytes, out);
}

/* Complete the cut character byte by byte.  Returns how many of `bytes` went
 * into it. */
static size_t
decode_tail(struct text_decoder *decoder, struct span bytes, struct buf *out)
{
	size_t taken = 0, used;

	while (decoder->tail_len > 0 && taken < bytes.len) {
		assert(decoder->tail_len < sizeof(decoder->tail));
		decoder->tail[decoder->tail_len++] = bytes.ptr[taken++];
		used = decode(
		    decoder, span_make(decoder->tail, decoder->tail_len), out);
		decoder->tail_len -= used;
		memmove(decoder->tail, decoder->tail + used, decoder->tail_len);
	}
	return taken;
}

/* The mark is three bytes of output, so it is seen when they are there. */
static void
drop_mark(struct text_decoder *decoder, struct buf *out, size_t start)
{
	size_t len = out->len - start;

	if (decoder->begun || len == 0)
		return;
	decoder->begun = true;
	if (len < strlen(BYTE_ORDER_MARK) ||
	    memcmp(out->data + start, BYTE_ORDER_MARK, 3) != 0)
		return;
	memmove(out->data + start, out->data + start + 3, len - 3);
	out->len -= 3;
}

void
text_decoder_feed(
    struct text_decoder *decoder, struct span bytes, bool last, struct buf *out)
{
	size_t start = out->len, used;

	if (bytes.ptr == NULL)
		bytes.ptr = "";
	used = decode_tail(decoder, bytes, out);
	bytes = span_make(bytes.ptr + used, bytes.len - used);
	used = decode(decoder, bytes, out);
	if (used < bytes.len) {
		decoder->tail_len = bytes.len - used;
		assert(decoder->tail_len < sizeof(decoder->tail));
		memcpy(decoder->tail, bytes.ptr + used, decoder->tail_len);
	}
	if (last && decoder->tail_len > 0) {
		decoder_replace(decoder, out);
		decoder->tail_len = 0;
	}
	drop_mark(decoder, out, start);
}

size_t
text_decoder_broken(const struct text_decoder *decoder)
{
	return decoder->broken;
}
