/*
 * question: what a member asks about one subject.
 * Pure; any thread.
 */
#ifndef CREDIT_QUESTION_H
#define CREDIT_QUESTION_H

#include "base/err.h"
#include "credit/consent.h"
#include "credit/purpose.h"

#define QUESTION_ITEMS_MAX 256
#define QUESTION_MAX 16384 /* bytes of the JSON */

struct question {
	char subject[USCC_LEN + 1];
	enum purpose purpose;
	uint32_t items[QUESTION_ITEMS_MAX]; /* ascending, once each */
	size_t item_count;                  /* 0: every item */
	char consent[CONSENT_ID_MAX + 1];   /* "" none */
};

/* {"subject","purpose","items","consent"}; the first two are required,
 * unknown members are refused, the subject's check digit is checked. */
MUST_CHECK enum err question_parse(
    struct span json, struct question *question, struct why *why);

#endif
