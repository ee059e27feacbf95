/*
 * question_plain: a question as nearly everybody writes it, read in place.
 *
 * Building a document of it costs more than all else that is done with a
 * question.  Whatever is unusual here, or to be refused, is left to
 * question_parse_json.
 */
#include "credit/question.h"

#include "credit/catalog.h"
#include "credit/token.h"
#include "credit/uscc.h"

#define PURPOSE_TEXT_MAX 32
#define DIGITS_MAX 5

enum asked {
	ASKED_SUBJECT,
	ASKED_TOKEN,
	ASKED_PURPOSE,
	ASKED_CONSENT,
	ASKED_ITEMS,
	ASKED_COUNT
};

static const char *const names[ASKED_COUNT] = {
    "subject", "token", "purpose", "consent", "items"};

static void
skip_blanks(struct span *rest)
{
	size_t i = 0;

	while (
	    i < rest->len && (rest->ptr[i] == ' ' || rest->ptr[i] == '\n' ||
				 rest->ptr[i] == '\r' || rest->ptr[i] == '\t'))
		i++;
	*rest = span_make(rest->ptr + i, rest->len - i);
}

/* Blanks before it are passed by. */
static bool
take_sign(struct span *rest, char sign)
{
	skip_blanks(rest);
	if (rest->len == 0 || rest->ptr[0] != sign)
		return false;
	*rest = span_make(rest->ptr + 1, rest->len - 1);
	return true;
}

/* Printable ASCII without escapes. */
static bool
take_text(struct span *rest, struct span *text)
{
	size_t i;

	if (!take_sign(rest, '"'))
		return false;
	for (i = 0; i < rest->len && rest->ptr[i] != '"'; i++)
		if (rest->ptr[i] < ' ' || rest->ptr[i] > '~' ||
		    rest->ptr[i] == '\\')
			return false;
	if (i == rest->len)
		return false;
	*text = span_make(rest->ptr, i);
	*rest = span_make(rest->ptr + i + 1, rest->len - i - 1);
	return true;
}

static bool
take_number(struct span *rest, uint32_t *number)
{
	size_t i;

	skip_blanks(rest);
	*number = 0;
	for (i = 0; i < rest->len && i < DIGITS_MAX && rest->ptr[i] >= '0' &&
		    rest->ptr[i] <= '9';
	     i++)
		*number = *number * 10 + (uint32_t)(rest->ptr[i] - '0');
	if (i == 0 || rest->ptr[0] == '0' || *number > CATALOG_ITEM_MAX)
		return false;
	*rest = span_make(rest->ptr + i, rest->len - i);
	return true;
}

/* Ascending, so that none is there twice. */
static bool
take_items(struct span *rest, struct question *question)
{
	uint32_t before = 0, *at;

	if (!take_sign(rest, '['))
		return false;
	do {
		if (question->item_count == QUESTION_ITEMS_MAX)
			return false;
		at = &question->items[question->item_count++];
		if (!take_number(rest, at) || *at <= before)
			return false;
		before = *at;
	} while (take_sign(rest, ','));
	return take_sign(rest, ']');
}

static enum asked
asked_of(struct span name)
{
	unsigned i = 0;

	while (i < ASKED_COUNT && !span_is(name, names[i]))
		i++;
	return (enum asked)i;
}

static bool
take_member(struct span *rest, struct question *question, struct span texts[])
{
	struct span name;
	enum asked which;

	if (!take_text(rest, &name) || !take_sign(rest, ':'))
		return false;
	which = asked_of(name);
	if (which == ASKED_ITEMS)
		return question->item_count == 0 && take_items(rest, question);
	return which < ASKED_ITEMS && texts[which].len == 0 &&
	       take_text(rest, &texts[which]) && texts[which].len > 0;
}

static bool
copy_text(struct span text, char *out, size_t size)
{
	if (text.len >= size)
		return false;
	memcpy(out, text.ptr, text.len);
	out[text.len] = '\0';
	return true;
}

static bool
take_subject(const struct span texts[], struct question *question)
{
	struct span subject = texts[ASKED_SUBJECT];
	struct span token = texts[ASKED_TOKEN];

	if ((subject.len > 0) == (token.len > 0))
		return false;
	if (token.len > 0)
		return token_is_valid(token) &&
		       copy_text(
			   token, question->token, sizeof(question->token));
	return uscc_check(subject) == USCC_OK &&
	       copy_text(subject, question->subject, sizeof(question->subject));
}

static bool
take_rest(const struct span texts[], struct question *question)
{
	struct span purpose = texts[ASKED_PURPOSE];
	struct span consent = texts[ASKED_CONSENT];

	if (purpose.len == 0 || purpose.len >= PURPOSE_TEXT_MAX)
		return false;
	question->purpose = purpose_parse(purpose);
	if (question->purpose == PURPOSE_NONE)
		return false;
	return consent.len == 0 || (consent_id_is_valid(consent) &&
				       copy_text(consent, question->consent,
					   sizeof(question->consent)));
}

bool
question_parse_plain(struct span json, struct question *question)
{
	struct span texts[ASKED_ITEMS] = {{0}};

	*question = (struct question){0};
	if (json.len == 0 || json.len > QUESTION_MAX || !take_sign(&json, '{'))
		return false;
	do {
		if (!take_member(&json, question, texts))
			return false;
	} while (take_sign(&json, ','));
	if (!take_sign(&json, '}'))
		return false;
	skip_blanks(&json);
	return json.len == 0 && take_subject(texts, question) &&
	       take_rest(texts, question);
}
