/*
 * uscc: the unified social credit code of a subject (GB 32100-2015).
 * Pure; any thread.
 */
#ifndef CREDIT_USCC_H
#define CREDIT_USCC_H

#include <stdbool.h>

#include "base/span.h"

#define USCC_LEN 18

enum uscc_fault {
	USCC_OK,
	USCC_LENGTH,      /* not 18 characters, and no old number */
	USCC_OLD_NUMBER,  /* 15 digits that pass ISO 7064 MOD 11,10 */
	USCC_CHARACTER,   /* outside GB 32100-2015 table 1 (no I O S V Z) */
	USCC_CHECK_DIGIT, /* §5.6: sum of weighted values modulo 31 */
	USCC_PROVINCE     /* characters 3-4 cannot be a province, or 10 without
			     0000; which exist: region_is_province */
};

/* Characters only as the standard has them: callers fold width and case. */
enum uscc_fault uscc_check(struct span code);
/* Rule id of the fault: "uscc_check_digit"; NULL for USCC_OK. */
const char *uscc_rule(enum uscc_fault fault);
/* The check character for the first 17; '\0' when one of them is illegal. */
char uscc_check_character(const char first17[17]);
/* Does the organisation code inside (characters 9-17) pass its own check
 * digit (GB 11714)?  189 of 3 M right codes do not: warn, do not reject. */
bool uscc_organisation_is_sound(const char code[USCC_LEN]);

#endif
