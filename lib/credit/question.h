/*
 * question: what a member asks about one subject.
 * Pure; any thread.
 */
#ifndef CREDIT_QUESTION_H
#define CREDIT_QUESTION_H

#include "base/buf.h"
#include "base/err.h"
#include "credit/consent.h"
#include "credit/purpose.h"

#define QUESTION_ITEMS_MAX 256
#define QUESTION_MAX 16384 /* bytes of the JSON */
#define QUESTION_TOKEN_MAX 24

/* What is asked for decides who may ask and what is shown at most. */
enum question_form {
	QUESTION_REPORT,     /* about one subject */
	QUESTION_STATISTICS, /* level A: aggregates, about nobody */
	QUESTION_SCREENING   /* level B: bands of enterprises without names */
};

struct question {
	enum question_form form;
	char subject[USCC_LEN + 1];
	enum purpose purpose;
	uint32_t items[QUESTION_ITEMS_MAX]; /* ascending, once each */
	size_t item_count;                  /* 0: every item */
	char consent[CONSENT_ID_MAX + 1];   /* "" none */
	/* Of a screening, in the subject's place, which is then "" until the
	 * consent that is named tells whose it is; "" none. */
	char token[QUESTION_TOKEN_MAX + 1];
};

/* A report: {"subject"|"token","purpose","items","consent"}; the first two are
 * required, unknown members are refused, the subject's check digit is checked.
 */
MUST_CHECK enum err question_parse(
    struct span json, struct question *question, struct why *why);
/* Its two ways.  The first reads what is written in the plainest manner, ASCII
 * without escapes and items in ascending order, as the second would; false:
 * ask that, which also says what is wrong. */
bool question_parse_plain(struct span json, struct question *question);
MUST_CHECK enum err question_parse_json(
    struct span json, struct question *question, struct why *why);
/* The document again, of a question about a subject. */
void question_print(const struct question *question, struct buf *out);

#endif
