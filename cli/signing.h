/*
 * signing: what the commands share that sign documents of a subject.
 */
#ifndef CLI_SIGNING_H
#define CLI_SIGNING_H

#include "credit/consent.h"

/* "7,19,20"; none when `list` is NULL. */
bool signing_numbers(
    const char *list, uint32_t numbers[MEMBER_LIST_MAX], size_t *count);
/* A random id. */
void signing_id(char id[CONSENT_ID_MAX + 1]);
/* Whose certificate STEM.crt is. */
MUST_CHECK enum err signing_subject(
    const char *stem, char subject[USCC_LEN + 1], struct why *why);

#endif
