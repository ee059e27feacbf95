/*
 * fold: the fast way round text_fold.
 */
#include "credit/fold.h"

#include "base/text.h"

/* Bytes after which it depends on the next ones. */
static const bool doubtful[256] = {[0] = true,
    [1] = true,
    [2] = true,
    [3] = true,
    [4] = true,
    [5] = true,
    [6] = true,
    [7] = true,
    [8] = true,
    [9] = true,
    [10] = true,
    [11] = true,
    [12] = true,
    [13] = true,
    [14] = true,
    [15] = true,
    [16] = true,
    [17] = true,
    [18] = true,
    [19] = true,
    [20] = true,
    [21] = true,
    [22] = true,
    [23] = true,
    [24] = true,
    [25] = true,
    [26] = true,
    [27] = true,
    [28] = true,
    [29] = true,
    [30] = true,
    [31] = true,
    [32] = true,
    [0x7f] = true,
    [0xc2] = true,
    [0xe1] = true,
    [0xe2] = true,
    [0xe3] = true,
    [0xef] = true};

/* Does text_fold change what begins here?  U+0080..A0, U+1680, U+2000..200F,
 * U+2028..202F, U+205F..2060, U+3000, U+FEFF, U+FF01..FF5E; when in doubt,
 * yes. */
static bool
changes(const uint8_t *at, size_t left)
{
	if (at[0] <= ' ')
		return at[0] != ' ' || (left > 1 && at[1] == ' ');
	if (left < 2)
		return true;
	switch (at[0]) {
	case 0xc2:
		return at[1] <= 0xa0;
	case 0xe1:
		return at[1] == 0x9a;
	case 0xe2:
		return at[1] == 0x81 ||
		       (at[1] == 0x80 &&
			   (left < 3 || at[2] < 0x90 || at[2] > 0xa7) &&
			   !(left >= 3 && at[2] > 0xaf));
	case 0xe3:
		return at[1] == 0x80 && (left < 3 || at[2] == 0x80);
	case 0xef:
		return at[1] >= 0xbb && at[1] <= 0xbd;
	default:
		return true;
	}
}

bool
fold_is_needed(struct span text)
{
	const uint8_t *bytes = (const uint8_t *)text.ptr;
	size_t i;

	for (i = 0; i < text.len; i++) {
		if (doubtful[bytes[i]] && changes(bytes + i, text.len - i))
			return true;
	}
	return false;
}

/* Folding leaves one kind of white space: single ASCII spaces. */
static struct span
trim_spaces(struct span text)
{
	while (text.len > 0 && text.ptr[0] == ' ') {
		text.ptr++;
		text.len--;
	}
	while (text.len > 0 && text.ptr[text.len - 1] == ' ')
		text.len--;
	return text;
}

struct span
fold_add(struct span text, struct buf *out)
{
	size_t start = out->len;
	struct span folded;

	buf_room(out, text.len + 1);
	if (!fold_is_needed(text)) {
		text = trim_spaces(text);
		buf_add(out, text.ptr, text.len);
		return span_make(out->data + start, text.len);
	}
	text_fold(text, out);
	folded = trim_spaces(span_make(out->data + start, out->len - start));
	if (folded.len > 0)
		memmove(out->data + start, folded.ptr, folded.len);
	out->len = start + folded.len;
	return span_make(out->data + start, folded.len);
}
