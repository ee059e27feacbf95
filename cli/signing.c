/*
 * signing: what the commands share that sign documents of a subject.
 */
#include "cli/signing.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cert.h"
#include "base/codec.h"
#include "base/digest.h"

#define ID_BYTES 12

bool
signing_numbers(
    const char *list, uint32_t numbers[MEMBER_LIST_MAX], size_t *count)
{
	char *end;
	unsigned long number;

	*count = 0;
	while (list != NULL && *list != '\0') {
		number = strtoul(list, &end, 10);
		if (end == list || number == 0 || number > UINT32_MAX ||
		    *count == MEMBER_LIST_MAX || (*end != ',' && *end != '\0'))
			return false;
		numbers[(*count)++] = (uint32_t)number;
		list = *end == ',' ? end + 1 : end;
	}
	return true;
}

void
signing_id(char id[CONSENT_ID_MAX + 1])
{
	uint8_t random[ID_BYTES];
	struct buf hex = {0};

	digest_random(random, sizeof(random));
	codec_hex(span_make(random, sizeof(random)), &hex);
	snprintf(id, CONSENT_ID_MAX + 1, "c-%s", buf_cstr(&hex));
	buf_release(&hex);
}

enum err
signing_subject(const char *stem, char subject[USCC_LEN + 1], struct why *why)
{
	char path[PATH_MAX];
	struct identity who;
	struct buf der = {0};
	enum err err;

	snprintf(path, sizeof(path), "%s.crt", stem);
	err = cert_read(path, &who, &der, why);
	if (err == ERR_OK)
		snprintf(subject, USCC_LEN + 1, "%.*s", USCC_LEN, who.code);
	buf_release(&der);
	return err;
}
