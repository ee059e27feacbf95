/*
 * pattern: how a text must look, from the catalogue.
 */
#include "credit/pattern.h"

#include <stdint.h>
#include <string.h>

#define ATOMS_MAX 64
#define RANGES_MAX 128
#define COUNT_MAX 255

struct range {
	uint32_t low, high;
};

/* One character of a set, so many times. */
struct atom {
	uint16_t first, count; /* of the pattern's ranges */
	bool negated;
	bool last; /* of its alternative */
	uint32_t min, max;
};

struct pattern {
	struct atom atoms[ATOMS_MAX];
	size_t atom_count;
	struct range ranges[RANGES_MAX];
	size_t range_count;
};

/* The next code point; `text` is UTF-8 and not empty. */
static uint32_t
take(struct span *text)
{
	const uint8_t *at = (const uint8_t *)text->ptr;
	size_t len = *at < 0x80 ? 1 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;
	uint32_t point = len == 1 ? *at : *at & (0x7fU >> len);
	size_t i;

	for (i = 1; i < len && i < text->len; i++)
		point = point << 6 | (at[i] & 0x3f);
	len = i < len ? i : len;
	*text = span_make(text->ptr + len, text->len - len);
	return point;
}

static bool
next_is(struct span *text, char c)
{
	if (text->len == 0 || text->ptr[0] != c)
		return false;
	*text = span_make(text->ptr + 1, text->len - 1);
	return true;
}

static bool
add_range(
    struct pattern *pattern, struct atom *atom, uint32_t low, uint32_t high)
{
	if (pattern->range_count == RANGES_MAX || low > high)
		return false;
	pattern->ranges[pattern->range_count++] = (struct range){low, high};
	atom->count++;
	return true;
}

/* What stands behind a backslash. */
static bool
parse_escape(struct pattern *pattern, struct atom *atom, struct span *text)
{
	uint32_t point;

	if (text->len == 0)
		return false;
	point = take(text);
	if (point == 'd')
		return add_range(pattern, atom, '0', '9');
	if ((point | 0x20) >= 'a' && (point | 0x20) <= 'z')
		return false;
	return add_range(pattern, atom, point, point);
}

static bool
parse_set(struct pattern *pattern, struct atom *atom, struct span *text)
{
	uint32_t low, high;

	atom->negated = next_is(text, '^');
	while (text->len > 0 && text->ptr[0] != ']') {
		if (next_is(text, '\\')) {
			if (!parse_escape(pattern, atom, text))
				return false;
			continue;
		}
		low = take(text);
		high = low;
		if (text->len > 1 && text->ptr[0] == '-' &&
		    text->ptr[1] != ']' && text->ptr[1] != '\\') {
			next_is(text, '-');
			high = take(text);
		}
		if (!add_range(pattern, atom, low, high))
			return false;
	}
	return atom->count > 0 && next_is(text, ']');
}

static bool
parse_number(struct span *text, uint32_t *number)
{
	size_t digits = 0;

	for (*number = 0;
	     text->len > 0 && text->ptr[0] >= '0' && text->ptr[0] <= '9';
	     digits++) {
		*number = *number * 10 + (uint32_t)(text->ptr[0] - '0');
		*text = span_make(text->ptr + 1, text->len - 1);
		if (*number > COUNT_MAX)
			return false;
	}
	return digits > 0;
}

static bool
parse_count(struct atom *atom, struct span *text)
{
	atom->min = 1;
	atom->max = 1;
	if (next_is(text, '?')) {
		atom->min = 0;
	} else if (next_is(text, '*')) {
		atom->min = 0;
		atom->max = PATTERN_TEXT_MAX;
	} else if (next_is(text, '+')) {
		atom->max = PATTERN_TEXT_MAX;
	} else if (next_is(text, '{')) {
		if (!parse_number(text, &atom->min))
			return false;
		atom->max = atom->min;
		if (next_is(text, ',') && !parse_number(text, &atom->max))
			return false;
		return next_is(text, '}') && atom->min <= atom->max;
	}
	return true;
}

static bool
parse_atom(struct pattern *pattern, struct span *text)
{
	static const char reserved[] = "()^$?*+{}]";
	struct atom *atom = &pattern->atoms[pattern->atom_count];
	bool fine;
	uint32_t point;

	if (pattern->atom_count == ATOMS_MAX)
		return false;
	atom->first = (uint16_t)pattern->range_count;
	pattern->atom_count++;
	if (next_is(text, '[')) {
		fine = parse_set(pattern, atom, text);
	} else if (next_is(text, '\\')) {
		fine = parse_escape(pattern, atom, text);
	} else if (next_is(text, '.')) {
		fine = add_range(pattern, atom, 0, UINT32_MAX);
	} else {
		point = take(text);
		fine = (point >= 0x80 || point == 0 ||
			   strchr(reserved, (int)point) == NULL) &&
		       add_range(pattern, atom, point, point);
	}
	return fine && parse_count(atom, text);
}

static bool
parse(struct pattern *pattern, struct span text)
{
	size_t before = 0;

	while (text.len > 0) {
		if (!next_is(&text, '|')) {
			if (!parse_atom(pattern, &text))
				return false;
			continue;
		}
		if (pattern->atom_count == before || text.len == 0)
			return false;
		pattern->atoms[pattern->atom_count - 1].last = true;
		before = pattern->atom_count;
	}
	if (pattern->atom_count == before)
		return false;
	pattern->atoms[pattern->atom_count - 1].last = true;
	return true;
}

const struct pattern *
pattern_parse(struct arena *arena, struct span text)
{
	struct pattern *pattern = arena_take(arena, sizeof(*pattern));

	if (text.len == 0 || text.len > PATTERN_MAX)
		return NULL;
	return parse(pattern, text) ? pattern : NULL;
}

static bool
atom_takes(
    const struct pattern *pattern, const struct atom *atom, uint32_t point)
{
	const struct range *range = &pattern->ranges[atom->first];
	size_t i;

	for (i = 0; i < atom->count; i++)
		if (point >= range[i].low && point <= range[i].high)
			return !atom->negated;
	return atom->negated;
}

/* Where in the text the atoms so far may end. */
struct reach {
	bool at[PATTERN_TEXT_MAX + 1];
};

/* From every reachable place the atom takes `min` to `max` characters: a run
 * of places, counted by where runs begin and end. */
static void
advance(const struct pattern *pattern, const struct atom *atom,
    const uint32_t *points, size_t count, struct reach *reach)
{
	int starts[PATTERN_TEXT_MAX + 2] = {0}, open = 0;
	size_t i, run = 0, high;

	for (i = count + 1; i-- > 0;) {
		if (i < count)
			run =
			    atom_takes(pattern, atom, points[i]) ? run + 1 : 0;
		high = run < atom->max ? run : atom->max;
		if (!reach->at[i] || high < atom->min)
			continue;
		starts[i + atom->min]++;
		starts[i + high + 1]--;
	}
	for (i = 0; i <= count; i++) {
		open += starts[i];
		reach->at[i] = open > 0;
	}
}

bool
pattern_matches(const struct pattern *pattern, struct span text)
{
	uint32_t points[PATTERN_TEXT_MAX];
	struct reach reach = {{true}};
	size_t i, count = 0;

	while (text.len > 0) {
		if (count == PATTERN_TEXT_MAX)
			return false;
		points[count++] = take(&text);
	}
	for (i = 0; i < pattern->atom_count; i++) {
		advance(pattern, &pattern->atoms[i], points, count, &reach);
		if (!pattern->atoms[i].last)
			continue;
		if (reach.at[count])
			return true;
		reach = (struct reach){{true}};
	}
	return false;
}
