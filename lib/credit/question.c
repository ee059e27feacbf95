/*
 * question: what a member asks about one subject.
 */
#include "credit/question.h"

#include <stdlib.h>

#include "credit/claims.h"
#include "credit/token.h"
#include "credit/uscc.h"

static const char *const question_members[] = {
    "subject", "token", "purpose", "items", "consent", NULL};

static int
by_number(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

/* An empty list is refused: it must not be taken for "every item". */
static void
read_items(struct claims *claims, struct question *question)
{
	size_t i, kept = 0, count;

	claims_numbers(
	    claims, "items", QUESTION_ITEMS_MAX, question->items, &count);
	if (claims_has(claims, "items") && count == 0)
		claims_refuse(claims, "items", "empty");
	qsort(question->items, count, sizeof(question->items[0]), by_number);
	for (i = 0; i < count; i++) {
		if (kept == 0 ||
		    question->items[kept - 1] != question->items[i])
			question->items[kept++] = question->items[i];
	}
	question->item_count = kept;
}

static void
read_purpose(struct claims *claims, struct question *question)
{
	char text[32];

	claims_text(claims, "purpose", text, sizeof(text));
	question->purpose = purpose_parse(span_of(text));
	if (question->purpose == PURPOSE_NONE)
		claims_refuse(claims, "purpose", "not a purpose");
}

static void
read_subject(struct claims *claims, struct question *question)
{
	claims_text(
	    claims, "subject", question->subject, sizeof(question->subject));
	if (uscc_check(span_of(question->subject)) != USCC_OK)
		claims_refuse(
		    claims, "subject", "not a unified social credit code");
}

static void
read_token(struct claims *claims, struct question *question)
{
	claims_text(claims, "token", question->token, sizeof(question->token));
	if (!token_is_valid(span_of(question->token)))
		claims_refuse(claims, "token", "not a token");
	if (claims_has(claims, "subject"))
		claims_refuse(claims, "token", "a token or a subject");
}

enum err
question_parse_json(
    struct span json, struct question *question, struct why *why)
{
	struct question read = {0};
	struct claims claims;
	enum err err;

	claims_open(&claims, json, QUESTION_MAX, question_members, why);
	if (claims_has(&claims, "token"))
		read_token(&claims, &read);
	else
		read_subject(&claims, &read);
	read_purpose(&claims, &read);
	read_items(&claims, &read);
	if (claims_has(&claims, "consent")) {
		claims_text(
		    &claims, "consent", read.consent, sizeof(read.consent));
		if (!consent_id_is_valid(span_of(read.consent)))
			claims_refuse(&claims, "consent", "not a consent's id");
	}
	err = claims_close(&claims);
	if (err == ERR_OK)
		*question = read;
	return err;
}

enum err
question_parse(struct span json, struct question *question, struct why *why)
{
	if (question_parse_plain(json, question))
		return ERR_OK;
	return question_parse_json(json, question, why);
}

void
question_print(const struct question *question, struct buf *out)
{
	struct json_out json = {out, false};
	size_t i;

	json_open_object(&json, NULL);
	json_put_cstr(&json, "subject", question->subject);
	json_put_cstr(&json, "purpose", purpose_name(question->purpose));
	if (question->item_count > 0) {
		json_open_array(&json, "items");
		for (i = 0; i < question->item_count; i++)
			json_put_int(&json, NULL, question->items[i]);
		json_close_array(&json);
	}
	if (question->consent[0] != '\0')
		json_put_cstr(&json, "consent", question->consent);
	json_close_object(&json);
}
