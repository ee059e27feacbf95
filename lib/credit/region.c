/*
 * region: which prefecture's stream a subject belongs to.
 */
#include "credit/region.h"

#include "base/text.h"

#define NATIONAL_REGISTRY "100000"
#define CAPITAL "1101"

static const struct code *
find(const struct catalog *catalog, const char *list_name, struct span text)
{
	const struct code_list *list = catalog_find_codes(catalog, list_name);

	if (list == NULL || text.len == 0)
		return NULL;
	return code_list_find(list, text);
}

static bool
are_digits(struct span text)
{
	size_t i;

	for (i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
	}
	return true;
}

/* A division by its first four digits, retired ones mapped. */
static const struct code *
find_prefecture(const struct catalog *catalog, struct span digits)
{
	if (digits.len < STREAM_LEN)
		return NULL;
	digits.len = STREAM_LEN;
	return are_digits(digits) ? find(catalog, "division", digits) : NULL;
}

static bool
is_spelled(const struct code *code, struct span name)
{
	const char *const *other;

	if (span_is(name, code->zh))
		return true;
	for (other = code->names; other != NULL && *other != NULL; other++) {
		if (span_is(name, *other))
			return true;
	}
	return false;
}

/* Names such as 朝阳 are only clear within their province. */
static const struct code *
find_within(const struct catalog *catalog, const struct code *province,
    struct span name)
{
	const struct code_list *list = catalog_find_codes(catalog, "division");
	size_t i;

	for (i = 0; list != NULL && i < list->count; i++) {
		if (strncmp(list->codes[i].code, province->code, 2) == 0 &&
		    is_spelled(&list->codes[i], name))
			return &list->codes[i];
	}
	return NULL;
}

static const struct code *
find_named(const struct catalog *catalog, const struct code *province,
    struct span city)
{
	const struct code *code;

	city = text_trim(city);
	if (city.len == 0)
		return NULL;
	code = find(catalog, "division", city);
	if (province == NULL ||
	    (code != NULL && strncmp(code->code, province->code, 2) == 0))
		return code;
	return find_within(catalog, province, city);
}

static bool
is_municipality(const char *province)
{
	return memcmp(province, "11", 2) == 0 ||
	       memcmp(province, "12", 2) == 0 ||
	       memcmp(province, "31", 2) == 0 || memcmp(province, "50", 2) == 0;
}

static void
take(char stream[STREAM_LEN + 1], const char *code)
{
	memcpy(stream, code, STREAM_LEN);
	stream[STREAM_LEN] = '\0';
}

static void
take_province(char stream[STREAM_LEN + 1], const char *province)
{
	memcpy(stream, province, 2);
	memcpy(stream + 2, is_municipality(province) ? "01" : "00", 3);
}

/* By the code alone: what is left when the row says nothing. */
static enum region_source
take_coded(const struct catalog *catalog, struct span uscc,
    const struct code *named, char stream[STREAM_LEN + 1])
{
	struct span coded = {NULL, 0};
	const struct code *code;

	if (uscc.len >= 8)
		coded = span_make(uscc.ptr + 2, 6);
	code = find_prefecture(catalog, coded);
	if (code != NULL) {
		take(stream, code->code);
		return REGION_CODE;
	}
	if (named != NULL) {
		take_province(stream, named->code);
		return REGION_NAMED;
	}
	if (coded.len == 0 || !are_digits(span_make(coded.ptr, 2)) ||
	    span_is(coded, NATIONAL_REGISTRY))
		take(stream, CAPITAL);
	else
		take_province(stream, coded.ptr);
	return REGION_CODE;
}

enum region_source
region_stream(const struct catalog *catalog, struct span uscc,
    const struct whereabouts *where, char stream[STREAM_LEN + 1])
{
	const struct code *province, *code;

	code = find_prefecture(catalog, text_trim(where->division));
	if (code != NULL) {
		take(stream, code->code);
		return REGION_DECLARED;
	}
	province = find(catalog, "province", where->province);
	code = find_named(catalog, province, where->city);
	if (code != NULL) {
		take(stream, code->code);
		return REGION_NAMED;
	}
	return take_coded(catalog, uscc, province, stream);
}

bool
region_is_province(const struct catalog *catalog, struct span two_digits)
{
	return two_digits.len == 2 && are_digits(two_digits) &&
	       find(catalog, "province", two_digits) != NULL;
}

bool
region_is_prefecture(const struct catalog *catalog, struct span four_digits)
{
	return four_digits.len == STREAM_LEN &&
	       find_prefecture(catalog, four_digits) != NULL;
}

bool
region_holds(const char *division, const char *stream)
{
	if (strcmp(stream, STREAM_CONTROL) == 0)
		return true;
	return !region_is_county(division) &&
	       strncmp(division, stream, strlen(division)) == 0;
}

bool
region_is_county(const char *division)
{
	return strlen(division) > STREAM_LEN;
}
