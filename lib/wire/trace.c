/*
 * trace: W3C Trace Context level 1, section 3.2.
 */
#include "wire/trace.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"

#define PART_LEN 16 /* hex digits of a parent id */
#define FLAGS_AT 53

static bool
is_hex(const char *text, size_t len)
{
	return strspn(text, "0123456789abcdef") >= len;
}

static bool
is_zero(const char *text, size_t len)
{
	return strspn(text, "0") >= len;
}

static void
put_random(char *out, size_t digits)
{
	uint8_t raw[TRACE_ID_LEN / 2];
	size_t i;

	digest_random(raw, digits / 2);
	raw[0] |= 1; /* all zeros are not an id */
	for (i = 0; i < digits / 2; i++)
		snprintf(out + 2 * i, 3, "%02x", raw[i]);
}

/* Our part of it has an id of its own. */
static void
print(struct trace *trace, const char *flags)
{
	char part[PART_LEN + 1];

	put_random(part, PART_LEN);
	snprintf(trace->parent, sizeof(trace->parent), "00-%s-%s-%.2s",
	    trace->id, part, flags);
}

bool
trace_follow(struct trace *trace, const char *text)
{
	const char *part;

	if (text == NULL || strlen(text) != TRACE_PARENT_LEN ||
	    strncmp(text, "00-", 3) != 0)
		return false;
	part = text + 3 + TRACE_ID_LEN + 1;
	if (!is_hex(text + 3, TRACE_ID_LEN) || part[-1] != '-' ||
	    is_zero(text + 3, TRACE_ID_LEN) || !is_hex(part, PART_LEN) ||
	    is_zero(part, PART_LEN) || part[PART_LEN] != '-' ||
	    !is_hex(text + FLAGS_AT, 2))
		return false;
	memcpy(trace->id, text + 3, TRACE_ID_LEN);
	trace->id[TRACE_ID_LEN] = '\0';
	print(trace, text + FLAGS_AT);
	return true;
}

void
trace_begin(struct trace *trace)
{
	put_random(trace->id, TRACE_ID_LEN);
	print(trace, "00");
}
