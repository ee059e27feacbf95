/*
 * screening: the enterprises that fit criteria, as tokens and bands, level B.
 *
 * Criteria are judged on each enterprise as it is described to everybody
 * (recode.h), never on what lies behind: who is not described finely enough to
 * be told apart does not fit.  A result of fewer than k enterprises, or one
 * that differs from an earlier result of the same member by fewer than k, is
 * empty, and looks like one that nobody fits.
 * Pure; any thread.
 */
#ifndef CREDIT_SCREENING_H
#define CREDIT_SCREENING_H

#include "base/json.h"
#include "credit/recode.h"
#include "credit/token.h"

#define SCREENING_MAX 8192 /* bytes of the JSON */
#define SCREENING_LIMIT_MAX 10000
#define SCREENING_LIMIT 1000
#define SCREENING_PLACES_MAX 16

struct screening_place {
	size_t dimension, level;
	uint64_t code;
};

struct screening {
	enum purpose purpose;
	/* Any of these, of each dimension named. */
	struct screening_place places[SCREENING_PLACES_MAX];
	size_t place_count;
	bool placed[MASK_DIMENSIONS_MAX];
	/* Bit i: band i fits; 0: any, known or not. */
	uint32_t bands[MASK_MEASURES_MAX];
	bool shown[MASK_MEASURES_MAX]; /* criteria are always shown */
	size_t limit;
	char after[TOKEN_LEN + 1]; /* "" from the first one on */
};

/* {"purpose","where":{"industry":["C"],"revenue":["b4","b5"],"dishonest":
 * [false]},"columns":["capital"],"limit","after"}; only the first is
 * required. */
MUST_CHECK enum err screening_parse(struct span json, const struct mask *mask,
    struct screening *screening, struct why *why);
/* The same criteria about the same population; columns, limit and after do
 * not matter. */
struct digest screening_digest(const struct screening *screening,
    const struct mask *mask, const struct digest *population);
/* By row: does it fit?  Returns how many do. */
size_t screening_match(const struct screening *screening,
    const struct recode *recode, uint8_t *fits);
/* Are the two results different, but by fewer than k? */
bool screening_is_close(
    const struct recode *recode, const uint8_t *fits, const uint8_t *earlier);
/* Adds members "bands", "rows" and "next" to the open object; `fits` NULL:
 * the result is empty. */
void screening_answer(const struct screening *screening,
    const struct recode *recode, const uint8_t *fits,
    const struct token_scope *scope, struct json_out *out);
/* Adds members "bands" and "row" to the open object: this row as others see
 * it, all columns, without a token.  It was taken. */
void screening_print_own(
    const struct recode *recode, size_t row, struct json_out *out);

#endif
