/*
 * search: enterprises found by name, number, place and trade.
 */
#include "credit/search.h"

#include <stdio.h>

#include "base/text.h"

/* Neither is in a folded text. */
#define START "\x02"
#define END "\x03"
#define GRAM 3 /* characters */

static const size_t division_levels[] = {2, 4, 6};
static const size_t industry_levels[] = {1, 3, 4, 5};

bool
search_fields_find(const struct catalog *catalog, struct search_fields *fields)
{
	const struct item *item = catalog_find_item(catalog, SEARCH_ITEM);
	size_t i;

	*fields = (struct search_fields){0};
	for (i = 0; item != NULL && i < item->field_count; i++) {
		const struct field *field = &item->fields[i];

		if (item_protects(item, field))
			continue;
		if (strcmp(field->name, "name") == 0)
			fields->name = field->number;
		else if (strcmp(field->name, "registration_number") == 0)
			fields->number = field->number;
		else if (strcmp(field->name, "division") == 0)
			fields->division = field->number;
		else if (strcmp(field->name, "industry") == 0)
			fields->industry = field->number;
	}
	return fields->name != 0;
}

static size_t
symbol_len(struct span text)
{
	uint8_t lead = text.len > 0 ? (uint8_t)text.ptr[0] : 0;
	size_t len = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

	return len < text.len ? len : text.len;
}

/* What is written in several ways, and the one that counts; "" counts as
 * nothing. */
static const struct {
	const char *from, *to;
} variants[] = {
    {"〔", "("},
    {"【", "("},
    {"「", "("},
    {"《", "("},
    {"〈", "("},
    {"[", "("},
    {"{", "("},
    {"<", "("},
    {"〕", ")"},
    {"】", ")"},
    {"」", ")"},
    {"》", ")"},
    {"〉", ")"},
    {"]", ")"},
    {"}", ")"},
    {">", ")"},
    {"•", "·"},
    {"・", "·"},
    {"‧", "·"},
    {" ", ""},
};

static void
add_symbol(struct span symbol, struct buf *out)
{
	size_t i;

	for (i = 0; i < sizeof(variants) / sizeof(*variants); i++) {
		if (span_is(symbol, variants[i].from)) {
			buf_text(out, variants[i].to);
			return;
		}
	}
	if (symbol.len == 1 && *symbol.ptr >= 'a' && *symbol.ptr <= 'z')
		buf_char(out, (char)(*symbol.ptr - 'a' + 'A'));
	else
		buf_add(out, symbol.ptr, symbol.len);
}

static void
fold_name(struct span name, struct buf *out)
{
	size_t start = out->len, len;
	struct buf plain = {0};
	struct span rest;

	text_fold(name, &plain);
	for (rest = buf_span(&plain); rest.len > 0;
	     rest.ptr += len, rest.len -= len) {
		len = symbol_len(rest);
		if (out->len - start + len + 4 > SEARCH_TEXT_MAX)
			break;
		add_symbol(span_make(rest.ptr, len), out);
	}
	buf_release(&plain);
}

/* Each run of three characters, and at the end of two: so every character
 * begins one. */
static void
each_gram(struct span text, search_term_fn each, void *context)
{
	char term[SEARCH_TERM_MAX] = "n";
	struct span rest, ahead;
	size_t count, len;

	for (rest = text; rest.len > 0 && !span_is(rest, END);
	     len = symbol_len(rest), rest.ptr += len, rest.len -= len) {
		ahead = rest;
		for (count = 0; count < GRAM && ahead.len > 0; count++) {
			len = symbol_len(ahead);
			ahead.ptr += len;
			ahead.len -= len;
		}
		len = (size_t)(ahead.ptr - rest.ptr);
		memcpy(term + 1, rest.ptr, len);
		each(context, span_make(term, len + 1));
	}
}

static size_t
count_symbols(struct span text)
{
	size_t count = 0, len;

	for (; text.len > 0; text.ptr += len, text.len -= len, count++)
		len = symbol_len(text);
	return count;
}

static struct span
value_of(const struct record *record, uint32_t number)
{
	const struct record_field *field =
	    number != 0 ? record_find(record, number) : NULL;

	return field != NULL ? field->value : span_of("");
}

/* No value has a NUL in it; what is too long for a card is not on it. */
static void
add_value(struct span value, size_t max, struct buf *out)
{
	buf_char(out, '\0');
	if (value.len <= max)
		buf_add(out, value.ptr, value.len);
}

void
card_print(const struct search_fields *fields, const struct record *record,
    struct buf *out)
{
	fold_name(value_of(record, fields->name), out);
	add_value(value_of(record, fields->number), SEARCH_TERM_MAX - 2, out);
	add_value(value_of(record, fields->division), 6, out);
	add_value(value_of(record, fields->industry), 6, out);
}

bool
card_parse(struct span bytes, struct card *card)
{
	struct span *const parts[] = {
	    &card->name, &card->number, &card->division, &card->industry};
	const char *end;
	size_t i;

	for (i = 0; i < 4; i++) {
		end = bytes.len > 0 ? memchr(bytes.ptr, '\0', bytes.len) : NULL;
		if ((end == NULL) != (i == 3))
			return false;
		*parts[i] = bytes;
		if (end == NULL)
			break;
		parts[i]->len = (size_t)(end - bytes.ptr);
		bytes.ptr += parts[i]->len + 1;
		bytes.len -= parts[i]->len + 1;
	}
	return card->name.len < SEARCH_TEXT_MAX &&
	       card->number.len < SEARCH_TERM_MAX - 1 &&
	       card->division.len <= 6 && card->industry.len <= 6;
}

static void
put_term(char kind, struct span text, search_term_fn each, void *context)
{
	char term[SEARCH_TERM_MAX] = {kind};

	memcpy(term + 1, text.ptr, text.len);
	each(context, span_make(term, text.len + 1));
}

static void
put_levels(char kind, struct span code, const size_t levels[4],
    search_term_fn each, void *context)
{
	size_t i;

	for (i = 0; i < 4 && levels[i] != 0 && levels[i] <= code.len; i++)
		put_term(kind, span_make(code.ptr, levels[i]), each, context);
}

static void
mark_name(struct span name, const char *start, const char *end, struct buf *out)
{
	buf_text(out, start);
	buf_add(out, name.ptr, name.len);
	buf_text(out, end);
}

void
card_each_term(const struct card *card, search_term_fn each, void *context)
{
	const size_t divisions[4] = {2, 4, 6, 0};
	const size_t industries[4] = {1, 3, 4, 5};
	struct buf name = {0};

	mark_name(card->name, START, END, &name);
	each_gram(buf_span(&name), each, context);
	buf_release(&name);
	if (card->number.len > 0)
		put_term('o', card->number, each, context);
	put_levels('d', card->division, divisions, each, context);
	put_levels('i', card->industry, industries, each, context);
}

static bool
is_level(const char *code, const size_t *levels, size_t count)
{
	size_t len = strlen(code), i;

	for (i = 0; i < count; i++) {
		if (levels[i] == len)
			return true;
	}
	return false;
}

static enum err
take_code(
    const char *word, const char *what, char *out, size_t size, struct why *why)
{
	size_t i;

	if (word == NULL)
		return ERR_OK;
	for (i = 0; word[i] != '\0'; i++) {
		if (i + 1 >= size || ((word[i] < '0' || word[i] > '9') &&
					 (word[i] < 'A' || word[i] > 'Z')))
			return why_set(why, ERR_INVALID, "%s: no such", what);
		out[i] = word[i];
	}
	out[i] = '\0';
	return i > 0 ? ERR_OK : why_set(why, ERR_INVALID, "%s: empty", what);
}

static enum err
take_name(
    const struct search_words *words, struct search *search, struct why *why)
{
	static const char *const matches[] = {"contains", "prefix", "exact"};
	struct buf folded = {0};
	unsigned i = 0;

	if (words->name == NULL)
		return words->match == NULL
			   ? ERR_OK
			   : why_set(why, ERR_INVALID, "match: without a name");
	while (words->match != NULL && i < 3 &&
	       strcmp(words->match, matches[i]) != 0)
		i++;
	if (i == 3)
		return why_set(
		    why, ERR_INVALID, "match: contains, prefix or exact");
	search->match = (enum search_match)i;
	if (!text_is_utf8(span_of(words->name)) ||
	    strlen(words->name) >= SEARCH_TEXT_MAX / 2)
		return why_set(why, ERR_INVALID, "name: too long");
	fold_name(span_of(words->name), &folded);
	snprintf(search->name, sizeof(search->name), "%s", buf_cstr(&folded));
	buf_release(&folded);
	return search->name[0] != '\0'
		   ? ERR_OK
		   : why_set(why, ERR_INVALID, "name: empty");
}

static enum err
check_codes(const struct search *search, struct why *why)
{
	if (search->uscc[0] != '\0' &&
	    uscc_check(span_of(search->uscc)) != USCC_OK)
		return why_set(why, ERR_INVALID, "uscc: no credit code");
	if (search->division[0] != '\0' &&
	    !is_level(search->division, division_levels, 3))
		return why_set(
		    why, ERR_INVALID, "division: two, four or six digits");
	if (search->industry[0] != '\0' &&
	    !is_level(search->industry, industry_levels, 4))
		return why_set(why, ERR_INVALID,
		    "industry: a letter and two to four digits, or none");
	if (search->uscc[0] == '\0' && search->number[0] == '\0' &&
	    search->name[0] == '\0' && search->division[0] == '\0' &&
	    search->industry[0] == '\0')
		return why_set(why, ERR_INVALID,
		    "uscc, old_number, name, division or industry is needed");
	return ERR_OK;
}

enum err
search_parse(
    const struct search_words *words, struct search *search, struct why *why)
{
	enum err err;

	*search = (struct search){.uscc = ""};
	err = take_code(
	    words->uscc, "uscc", search->uscc, sizeof(search->uscc), why);
	if (err == ERR_OK)
		err = take_code(words->number, "old_number", search->number,
		    SEARCH_TERM_MAX - 2, why);
	if (err == ERR_OK)
		err = take_code(words->division, "division", search->division,
		    sizeof(search->division), why);
	if (err == ERR_OK)
		err = take_code(words->industry, "industry", search->industry,
		    sizeof(search->industry), why);
	if (err == ERR_OK)
		err = take_name(words, search, why);
	return err == ERR_OK ? check_codes(search, why) : err;
}

const char *
search_match_name(enum search_match match)
{
	return match == SEARCH_EXACT    ? "exact"
	       : match == SEARCH_PREFIX ? "prefix"
					: "contains";
}

static bool
begins_with(struct span text, struct span start)
{
	return text.len >= start.len &&
	       memcmp(text.ptr, start.ptr, start.len) == 0;
}

static bool
name_fits(const struct search *search, struct span name)
{
	struct span wanted = span_of(search->name);

	if (search->match == SEARCH_EXACT)
		return span_equal(name, wanted);
	if (search->match == SEARCH_PREFIX)
		return begins_with(name, wanted);
	return wanted.len == 0 ||
	       (name.len > 0 &&
		   memmem(name.ptr, name.len, wanted.ptr, wanted.len) != NULL);
}

bool
search_fits(const struct search *search, const struct card *card)
{
	return (search->number[0] == '\0' ||
		   span_is(card->number, search->number)) &&
	       begins_with(card->division, span_of(search->division)) &&
	       begins_with(card->industry, span_of(search->industry)) &&
	       name_fits(search, card->name);
}

static void
plan_term(void *context, struct span term)
{
	struct search_plan *plan = context;

	if (plan->count < SEARCH_TERMS_MAX)
		memcpy(plan->terms[plan->count++], term.ptr, term.len);
}

/* Only whole grams: the text may go on. */
static void
plan_name_term(void *context, struct span term)
{
	if (count_symbols(span_make(term.ptr + 1, term.len - 1)) == GRAM)
		plan_term(context, term);
}

static void
plan_filters(const struct search *search, struct search_plan *plan)
{
	if (search->number[0] != '\0')
		put_term('o', span_of(search->number), plan_term, plan);
	if (search->division[0] != '\0')
		put_term('d', span_of(search->division), plan_term, plan);
	if (search->industry[0] != '\0')
		put_term('i', span_of(search->industry), plan_term, plan);
}

void
search_make_plan(const struct search *search, struct search_plan *plan)
{
	bool starts = search->match != SEARCH_CONTAINS;
	bool ends = search->match == SEARCH_EXACT;
	struct buf name = {0};

	memset(plan, 0, sizeof(*plan));
	if (search->name[0] != '\0')
		mark_name(span_of(search->name), starts ? START : "",
		    ends ? END : "", &name);
	plan->scans = name.len > 0 && search->number[0] == '\0' &&
		      count_symbols(buf_span(&name)) < GRAM;
	if (plan->scans) {
		put_term('n', buf_span(&name), plan_term, plan);
	} else {
		plan_filters(search, plan);
		each_gram(buf_span(&name), plan_name_term, plan);
	}
	buf_release(&name);
}

struct first_term {
	struct span wanted;
	struct buf first;
};

static void
first_term_take(void *context, struct span term)
{
	struct first_term *first = context;

	if (!begins_with(term, first->wanted) ||
	    (first->first.len > 0 &&
		span_order(term, buf_span(&first->first)) >= 0))
		return;
	buf_reset(&first->first);
	buf_add(&first->first, term.ptr, term.len);
}

bool
search_is_first(
    const struct search_plan *plan, const struct card *card, struct span term)
{
	struct first_term first = {.wanted = span_of(plan->terms[0])};
	bool same;

	card_each_term(card, first_term_take, &first);
	same = span_equal(buf_span(&first.first), term);
	buf_release(&first.first);
	return same;
}
