/*
 * fuzz_masked: an accepted statistic or screening is within its contract, and
 * can be answered.
 */
#include <stdint.h>
#include <stdlib.h>

#include "credit/screening.h"
#include "credit/statistic.h"
#include "tests/unit/sample_mask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct population *population;
static struct recode *recode;

static void
prepare(void)
{
	static const char *const industries[] = {"C3989", "F5199", "?"};
	struct catalog *catalog =
	    catalog_parse(span_of(MASK_TEXT("3", "50", "75", "250")), NULL);
	struct population_maker *maker;
	unsigned i;

	if (catalog == NULL)
		abort();
	maker = population_begin(catalog_mask(catalog), "2026-11-23");
	for (i = 0; i < 60; i++) {
		struct enterprise e = {i % 7 == 0 ? "4403" : "4401",
		    industries[i % 3], (int)i * 7, (int)i % 4,
		    (int)i * 33 - 100};

		sample_enterprise(maker, i, &e);
	}
	population_end(maker, &population);
	recode = recode_new(population);
}

static void
answer_statistic(const struct statistic *statistic, struct json_out *out)
{
	struct noise_source source = {.key = span_of("key")};
	size_t i;

	if (statistic->by_count > STATISTIC_BY_MAX ||
	    (statistic->kind != STATISTIC_COUNT && statistic->measure < 0) ||
	    statistic_cost(statistic, population->mask) == 0)
		abort();
	for (i = 0; i < statistic->by_count; i++) {
		if (statistic->by[i].dimension >=
		    population->mask->dimension_count)
			abort();
	}
	if (statistic_answer(statistic, population, &source, out) != ERR_OK)
		abort();
}

static void
answer_screening(const struct screening *screening, struct json_out *out)
{
	struct token_scope scope = {
	    span_of("key"), "a bank", PURPOSE_CUSTOMER_SCREENING, 1};
	uint8_t fits[60];

	if (screening_match(screening, recode, fits) > population->count)
		abort();
	screening_answer(screening, recode, fits, &scope, out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span json = span_make(data, size);
	struct statistic statistic;
	struct screening screening;
	struct buf text = {0};
	struct json_out out = {.buf = &text};
	struct json *printed;

	if (population == NULL)
		prepare();
	json_open_object(&out, NULL);
	if (statistic_parse(json, population->mask, &statistic, NULL) == ERR_OK)
		answer_statistic(&statistic, &out);
	else if (screening_parse(json, population->mask, &screening, NULL) ==
		 ERR_OK)
		answer_screening(&screening, &out);
	json_close_object(&out);
	printed = json_parse(buf_span(&text), NULL);
	if (printed == NULL)
		abort();
	json_free(printed);
	buf_release(&text);
	return 0;
}
