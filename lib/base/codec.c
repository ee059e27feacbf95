/*
 * codec: hex and the two base64 alphabets of RFC 4648.
 */
#include "base/codec.h"

static const char base64_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void
codec_hex(struct span bytes, struct buf *out)
{
	static const char letters[] = "0123456789abcdef";
	char *at = buf_room(out, bytes.len * 2);
	size_t i;

	for (i = 0; i < bytes.len; i++) {
		*at++ = letters[(uint8_t)bytes.ptr[i] >> 4];
		*at++ = letters[(uint8_t)bytes.ptr[i] & 15];
	}
	out->len += bytes.len * 2;
}

/* Lower case only: one spelling per value. */
static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool
codec_parse_hex(struct span text, struct buf *out)
{
	size_t i, start = out->len;
	int high, low;

	if (text.len % 2 != 0)
		return false;
	buf_room(out, text.len / 2);
	for (i = 0; i < text.len; i += 2) {
		high = hex_value(text.ptr[i]);
		low = hex_value(text.ptr[i + 1]);
		if (high < 0 || low < 0) {
			out->len = start;
			return false;
		}
		buf_char(out, (char)(high << 4 | low));
	}
	return true;
}

static void
print64(struct span bytes, const char *letters, bool pad, struct buf *out)
{
	char *at = buf_room(out, (bytes.len / 3 + 1) * 4);
	char *start = at;
	unsigned bits = 0;
	uint32_t word = 0;
	size_t i;

	for (i = 0; i < bytes.len; i++) {
		word = word << 8 | (uint8_t)bytes.ptr[i];
		for (bits += 8; bits >= 6; bits -= 6)
			*at++ = letters[word >> (bits - 6) & 63];
	}
	if (bits > 0)
		*at++ = letters[word << (6 - bits) & 63];
	while (pad && (at - start) % 4 != 0)
		*at++ = '=';
	out->len += (size_t)(at - start);
}

static int
value64(char c, const char *letters)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == letters[62])
		return 62;
	return c == letters[63] ? 63 : -1;
}

/* `text` without padding.  Bits left over must be zero. */
static bool
parse64(struct span text, const char *letters, struct buf *out)
{
	size_t i, start = out->len;
	unsigned bits = 0;
	uint32_t word = 0;
	int value = 0;

	if (text.len % 4 == 1)
		return false;
	buf_room(out, text.len / 4 * 3 + 3);
	for (i = 0; i < text.len && value >= 0; i++) {
		value = value64(text.ptr[i], letters);
		word = word << 6 | ((uint32_t)value & 63);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out->data[out->len++] = (char)(word >> bits);
		}
	}
	if (value < 0 || (word & ((1U << bits) - 1)) != 0) {
		out->len = start;
		return false;
	}
	return true;
}

void
codec_base64(struct span bytes, struct buf *out)
{
	print64(bytes, base64_letters, true, out);
}

bool
codec_parse_base64(struct span text, struct buf *out)
{
	int padding;

	if (text.len % 4 != 0)
		return false;
	for (padding = 0; padding < 2 && text.len > 0; padding++) {
		if (text.ptr[text.len - 1] != '=')
			break;
		text.len--;
	}
	return parse64(text, base64_letters, out);
}

void
codec_base64url(struct span bytes, struct buf *out)
{
	print64(bytes, base64url_letters, false, out);
}

bool
codec_parse_base64url(struct span text, struct buf *out)
{
	return parse64(text, base64url_letters, out);
}
