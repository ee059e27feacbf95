/*
 * screening_answer: tokens, and rows of bands.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "credit/screening.h"

struct ticket {
	char token[TOKEN_LEN + 1];
	size_t row;
};

static int
by_token(const void *a, const void *b)
{
	return strcmp(((const struct ticket *)a)->token,
	    ((const struct ticket *)b)->token);
}

/* In the order of tokens, which tells nothing. */
static struct ticket *
write_tickets(const struct recode *recode, const uint8_t *fits,
    const struct token_scope *scope, size_t *count)
{
	const struct population *population = recode->population;
	struct ticket *tickets = NULL;
	size_t row, room = 0;

	*count = 0;
	for (row = 0; fits != NULL && row < population->count; row++) {
		if (!fits[row])
			continue;
		if (*count == room) {
			room = room == 0 ? 256 : room * 2;
			tickets = mem_grow(tickets, room * sizeof(*tickets));
		}
		tickets[*count].row = row;
		token_print(scope, population->subjects[row],
		    tickets[(*count)++].token);
	}
	if (*count > 0)
		qsort(tickets, *count, sizeof(*tickets), by_token);
	return tickets;
}

static void
print_band(
    const struct recode *recode, size_t row, size_t i, struct json_out *out)
{
	const struct measure *measure = &recode->population->mask->measures[i];
	int band = recode_band(recode, row, i);
	char code[8];

	if (band < 0) {
		json_put_null(out, measure->name);
	} else if (measure->kind == MEASURE_FLAG) {
		json_put_bool(out, measure->name, band == 1);
	} else {
		snprintf(code, sizeof(code), "b%d", band % 100);
		json_put_cstr(out, measure->name, code);
	}
}

static void
print_columns(const bool *shown, const struct recode *recode, size_t row,
    struct json_out *out)
{
	const struct mask *mask = recode->population->mask;
	char label[MASK_LABEL_MAX];
	size_t i;

	for (i = 0; i < mask->dimension_count; i++)
		json_put_cstr(out, mask->dimensions[i].name,
		    dimension_label(&mask->dimensions[i],
			recode_level(recode, row, i),
			recode_code(recode, row, i), label));
	for (i = 0; i < mask->measure_count; i++) {
		if (shown[i])
			print_band(recode, row, i, out);
	}
}

/* What the codes of the columns mean. */
static void
print_legend(const bool *shown, const struct mask *mask, struct json_out *out)
{
	char label[MASK_LABEL_MAX];
	size_t i, j;

	json_open_object(out, "bands");
	for (i = 0; i < mask->measure_count; i++) {
		if (!shown[i] || mask->measures[i].kind == MEASURE_FLAG)
			continue;
		json_open_array(out, mask->measures[i].name);
		for (j = 0; j <= mask->measures[i].bands.count; j++)
			json_put_cstr(out, NULL,
			    bands_label(&mask->measures[i].bands, j, label));
		json_close_array(out);
	}
	json_close_object(out);
}

void
screening_answer(const struct screening *screening, const struct recode *recode,
    const uint8_t *fits, const struct token_scope *scope, struct json_out *out)
{
	size_t count, i, shown = 0;
	struct ticket *tickets = write_tickets(recode, fits, scope, &count);

	print_legend(screening->shown, recode->population->mask, out);
	json_open_array(out, "rows");
	for (i = 0; i < count && shown < screening->limit; i++) {
		if (strcmp(tickets[i].token, screening->after) <= 0)
			continue;
		json_open_object(out, NULL);
		json_put_cstr(out, "token", tickets[i].token);
		print_columns(screening->shown, recode, tickets[i].row, out);
		json_close_object(out);
		shown++;
	}
	json_close_array(out);
	if (i < count)
		json_put_cstr(out, "next", tickets[i - 1].token);
	else
		json_put_null(out, "next");
	mem_free(tickets);
}

void
screening_print_own(
    const struct recode *recode, size_t row, struct json_out *out)
{
	bool shown[MASK_MEASURES_MAX];

	memset(shown, true, sizeof(shown));
	print_legend(shown, recode->population->mask, out);
	json_open_object(out, "row");
	print_columns(shown, recode, row, out);
	json_close_object(out);
}
