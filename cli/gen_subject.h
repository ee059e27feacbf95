/*
 * gen_subject: the made-up enterprises of synthetic feeds.
 *
 * Subject i of a seed is a pure function of both, so that the feeds of
 * different items are about the same enterprises.  Codes are right in every
 * digit and differ for different i.  Any thread.
 */
#ifndef CLI_GEN_SUBJECT_H
#define CLI_GEN_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "credit/catalog.h"
#include "credit/uscc.h"

/* Text that is being written; the room was made beforehand. */
struct pen {
	char *at;
};

void pen_text(struct pen *pen, const char *text);
void pen_span(struct pen *pen, const char *text, size_t len);
void pen_char(struct pen *pen, char c);
void pen_number(struct pen *pen, uint64_t number);
/* With leading zeros. */
void pen_digits(struct pen *pen, uint64_t number, unsigned width);

/* A stream of numbers that depends on its start only (splitmix64). */
struct dice {
	uint64_t state;
};

struct dice dice_start(uint64_t seed, uint64_t a, uint64_t b, uint64_t c);
uint64_t dice_throw(struct dice *dice);
/* 0 to below - 1. */
uint32_t dice_below(struct dice *dice, uint32_t below);

/* Where subjects may be. */
struct places {
	const struct code **divisions; /* prefectures */
	size_t count;
	const struct code_list *provinces;
};

struct subject {
	char uscc[USCC_LEN + 1];
	uint64_t own; /* what everything else about it is drawn from */
	const struct code *division;
	const struct code *province;
};

/* How big it is: what its taxes, insurances, meters and funds go by. */
struct size {
	uint32_t staff;
	uint32_t capital;  /* 万元 */
	uint64_t turnover; /* yuan a year */
};

void subject_make(const struct places *places, uint64_t seed, uint64_t index,
    struct subject *subject);
/* The subject of a code from elsewhere. */
void subject_of_code(const struct places *places, uint64_t seed,
    const char uscc[USCC_LEN], struct subject *subject);
void subject_size(const struct subject *subject, struct size *size);
/* Days since 1970; three years before `today` at least. */
int64_t subject_established(const struct subject *subject, int64_t today);
/* Its capital is in US dollars. */
bool subject_is_foreign(const struct subject *subject);
/* Short name as departments write it: 广东, 广州. */
const char *place_short(const struct code *code);

/* At most 120 bytes each. */
void subject_name(const struct subject *subject, struct pen *pen);
void subject_address(const struct subject *subject, struct pen *pen);
/* At most 600 bytes. */
void subject_scope(const struct subject *subject, struct pen *pen);
void subject_industry(const struct subject *subject, struct pen *pen);
void subject_type(const struct subject *subject, struct pen *pen);
/* Its people; 0 is the legal representative. */
void subject_person(
    const struct subject *subject, uint64_t number, struct pen *pen);
/* The code of a public body where the subject is. */
void subject_body_code(
    const struct subject *subject, unsigned body, struct pen *pen);
void person_name(struct dice *dice, struct pen *pen);

#endif
