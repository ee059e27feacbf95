/*
 * imprint: the signature on the last line of a report's file.
 */
#include "credit/imprint.h"

#define LINE_MAX_BYTES 600

static const struct frame {
	const char *magic, *before, *after;
} frames[] = {
    {"%PDF-", "% rongxin-imprint ", "\n"},
    {"<!DOCTYPE html>", "<!-- rongxin-imprint ", " -->\n"},
};

static bool
begins_with(struct span text, const char *start)
{
	size_t len = strlen(start);

	return text.len >= len && memcmp(text.ptr, start, len) == 0;
}

static const struct frame *
frame_of(struct span file)
{
	size_t i;

	for (i = 0; i < sizeof(frames) / sizeof(*frames); i++) {
		if (begins_with(file, frames[i].magic))
			return &frames[i];
	}
	return NULL;
}

enum err
imprint_add(struct buf *file, struct signer *signer, struct why *why)
{
	const struct frame *frame = frame_of(buf_span(file));
	struct buf jws = {0}, detached = {0};
	enum err err;

	if (frame == NULL)
		return why_set(why, ERR_INVALID, "neither PDF nor HTML");
	err = jws_sign_with_key(signer, PRINT_TYPE, buf_span(file), &jws, why);
	if (err == ERR_OK && !jws_detach(buf_span(&jws), &detached))
		err = ERR_CRYPTO;
	if (err == ERR_OK) {
		buf_text(file, frame->before);
		buf_add(file, detached.data, detached.len);
		buf_text(file, frame->after);
	}
	buf_release(&jws);
	buf_release(&detached);
	return err;
}

/* Where the last line begins. */
static size_t
last_line(struct span file)
{
	size_t at = file.len > 0 ? file.len - 1 : 0;

	while (at > 0 && file.ptr[at - 1] != '\n')
		at--;
	return at;
}

enum err
imprint_check(
    struct span file, const struct verifier *verifier, struct why *why)
{
	const struct frame *frame = frame_of(file);
	size_t at = last_line(file), around;
	struct span line = span_make(file.ptr + at, file.len - at);
	struct buf jws = {0}, body = {0};
	enum err err = ERR_INVALID;

	if (frame == NULL)
		return why_set(why, ERR_INVALID, "neither PDF nor HTML");
	around = strlen(frame->before) + strlen(frame->after);
	if (line.len <= around || line.len > LINE_MAX_BYTES ||
	    !begins_with(line, frame->before) ||
	    memcmp(line.ptr + line.len - strlen(frame->after), frame->after,
		strlen(frame->after)) != 0)
		return why_set(
		    why, ERR_INVALID, "no signature on its last line");
	line = span_make(line.ptr + strlen(frame->before), line.len - around);
	if (jws_attach(line, span_make(file.ptr, at), &jws))
		err = jws_check_with_key(
		    buf_span(&jws), PRINT_TYPE, verifier, &body, why);
	else
		why_set(why, err, "its last line holds no detached JWS");
	buf_release(&jws);
	buf_release(&body);
	return err;
}
