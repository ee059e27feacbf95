/*
 * mask: how credit data is made anonymous.
 */
#include "credit/mask.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Above every packed prefix, so that band codes are never taken for text. */
#define BAND_BASE (UINT64_C(1) << 63)

int
mask_find_dimension(const struct mask *mask, struct span name)
{
	size_t i;

	for (i = 0; i < mask->dimension_count; i++) {
		if (span_is(name, mask->dimensions[i].name))
			return (int)i;
	}
	return -1;
}

int
mask_find_measure(const struct mask *mask, struct span name)
{
	size_t i;

	for (i = 0; i < mask->measure_count; i++) {
		if (span_is(name, mask->measures[i].name))
			return (int)i;
	}
	return -1;
}

static bool
is_code_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z');
}

/* Shorter than the finest level keeps, or no code: unknown. */
static uint64_t
prefix_raw(const struct dimension *dimension, struct span text)
{
	uint64_t raw = 0;
	size_t i;

	if (text.len < dimension->prefixes[0])
		return 0;
	for (i = 0; i < dimension->prefixes[0]; i++) {
		if (!is_code_char(text.ptr[i]))
			return 0;
		raw = raw << 8 | (uint8_t)text.ptr[i];
	}
	return raw;
}

uint64_t
dimension_raw(const struct dimension *dimension, struct span text)
{
	int64_t value;

	if (!dimension->banded)
		return prefix_raw(dimension, text);
	value = mask_number(text);
	if (value == MASK_UNKNOWN)
		return 0;
	return BAND_BASE + (uint64_t)(value + MASK_VALUE_MAX);
}

uint64_t
dimension_code(const struct dimension *dimension, size_t level, uint64_t raw)
{
	if (level >= dimension->level_count || raw == 0)
		return 0;
	if (!dimension->banded)
		return raw >> 8 * (dimension->prefixes[0] -
				      dimension->prefixes[level]);
	return 1 + bands_index(&dimension->bands[level],
		       (int64_t)(raw - BAND_BASE) - MASK_VALUE_MAX);
}

const char *
dimension_label(const struct dimension *dimension, size_t level, uint64_t code,
    char out[MASK_LABEL_MAX])
{
	size_t i, len;

	if (level >= dimension->level_count)
		return memcpy(out, "*", 2);
	if (code == 0)
		return memcpy(out, "?", 2);
	if (dimension->banded)
		return bands_label(
		    &dimension->bands[level], (size_t)code - 1, out);
	len = dimension->prefixes[level];
	out[len] = '\0';
	for (i = len; i > 0; i--, code >>= 8)
		out[i - 1] = (char)(code & 0xff);
	return out;
}

static bool
find_band(const struct bands *bands, struct span label, uint64_t *code)
{
	char text[MASK_LABEL_MAX];
	size_t i;

	for (i = 0; i <= bands->count; i++) {
		if (span_is(label, bands_label(bands, i, text))) {
			*code = 1 + i;
			return true;
		}
	}
	return false;
}

static bool
find_prefix(struct span label, uint64_t *code)
{
	size_t i;

	*code = 0;
	for (i = 0; i < label.len; i++) {
		if (!is_code_char(label.ptr[i]))
			return false;
		*code = *code << 8 | (uint8_t)label.ptr[i];
	}
	return true;
}

bool
dimension_find(const struct dimension *dimension, struct span label,
    size_t *level, uint64_t *code)
{
	size_t i;

	for (i = 0; i < dimension->level_count; i++) {
		*level = i;
		if (dimension->banded) {
			if (find_band(&dimension->bands[i], label, code))
				return true;
		} else if (label.len == dimension->prefixes[i]) {
			return find_prefix(label, code);
		}
	}
	return false;
}

size_t
bands_index(const struct bands *bands, int64_t value)
{
	size_t i = 0;

	while (i < bands->count && value >= bands->edges[i])
		i++;
	return i;
}

const char *
bands_label(const struct bands *bands, size_t index, char out[MASK_LABEL_MAX])
{
	const int64_t *edges = bands->edges;

	if (index > bands->count)
		snprintf(out, MASK_LABEL_MAX, "?");
	else if (index == 0)
		snprintf(out, MASK_LABEL_MAX, "<%" PRId64, edges[0]);
	else if (index == bands->count)
		snprintf(out, MASK_LABEL_MAX, "%" PRId64 "+", edges[index - 1]);
	else if (edges[index] - edges[index - 1] == 1)
		snprintf(out, MASK_LABEL_MAX, "%" PRId64, edges[index - 1]);
	else
		snprintf(out, MASK_LABEL_MAX, "%" PRId64 "-%" PRId64,
		    edges[index - 1], edges[index] - 1);
	return out;
}

int64_t
mask_number(struct span text)
{
	bool negative = text.len > 0 && text.ptr[0] == '-';
	size_t i = negative ? 1 : 0, first = i;
	int64_t value = 0;

	for (; i < text.len && text.ptr[i] != '.'; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return MASK_UNKNOWN;
		if (value < MASK_VALUE_MAX)
			value = value * 10 + (text.ptr[i] - '0');
	}
	if (i == first)
		return MASK_UNKNOWN;
	if (value > MASK_VALUE_MAX)
		value = MASK_VALUE_MAX;
	return negative ? -value : value;
}

static int64_t
cut_low(const struct measure *measure)
{
	return measure->bands.edges[0] < 0 ? measure->bands.edges[0] : 0;
}

static int64_t
cut_high(const struct measure *measure)
{
	int64_t last = measure->bands.edges[measure->bands.count - 1];

	return last > 0 ? last : 0;
}

int64_t
measure_cut(const struct measure *measure, int64_t value)
{
	if (value < cut_low(measure))
		return cut_low(measure);
	return value > cut_high(measure) ? cut_high(measure) : value;
}

uint64_t
measure_reach(const struct measure *measure)
{
	int64_t low = -cut_low(measure), high = cut_high(measure);

	return (uint64_t)(low > high ? low : high);
}
