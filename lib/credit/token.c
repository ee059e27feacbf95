/*
 * token: what stands for an enterprise that is not named.
 */
#include "credit/token.h"

#include <stdio.h>

#include "base/codec.h"
#include "base/digest.h"

#define TOKEN_BYTES 18 /* 144 bits of the HMAC */

const char *
token_print(const struct token_scope *scope, const char *subject,
    char out[TOKEN_LEN + 1])
{
	struct buf bytes = {0}, text = {0};
	struct digest digest;

	buf_text(&bytes, "RXT1");
	buf_counted(&bytes, span_of(scope->member));
	buf_u16(&bytes, (uint16_t)scope->purpose);
	buf_u32(&bytes, scope->period);
	buf_counted(&bytes, span_of(subject));
	digest = digest_hmac(scope->key, buf_span(&bytes));
	codec_base64url(span_make(digest.bytes, TOKEN_BYTES), &text);
	snprintf(out, TOKEN_LEN + 1, "%s", buf_cstr(&text));
	buf_release(&bytes);
	buf_release(&text);
	return out;
}

bool
token_is_valid(struct span text)
{
	struct buf bytes = {0};
	bool valid = text.len == TOKEN_LEN &&
		     codec_parse_base64url(text, &bytes) &&
		     bytes.len == TOKEN_BYTES;

	buf_release(&bytes);
	return valid;
}

static bool
is_of_scope(
    const struct token_scope *scope, const char *subject, const char *token)
{
	char text[TOKEN_LEN + 1];

	return digest_same_secret(
	    span_of(token_print(scope, subject, text)), span_of(token));
}

bool
token_belongs(
    const struct token_scope *scope, const char *subject, const char *token)
{
	struct token_scope tried = *scope;
	unsigned purpose, back;

	for (purpose = PURPOSE_NONE + 1; purpose < PURPOSE_COUNT; purpose++) {
		tried.purpose = (enum purpose)purpose;
		for (back = 0; back < 2; back++) {
			tried.period = scope->period - back;
			if (is_of_scope(&tried, subject, token))
				return true;
		}
	}
	return false;
}
