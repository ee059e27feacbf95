/*
 * mask: the catalogue's anonymisation section, levels, bands and numbers;
 * recoding and populations.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "credit/recode.h"
#include "sample_mask.h"

#define TODAY "2026-11-23"

static struct catalog *catalog;
static const struct mask *mask;

static int
load(void **state)
{
	struct why why;

	(void)state;
	catalog =
	    catalog_parse(span_of(MASK_TEXT("3", "50", "75", "250")), &why);
	if (catalog == NULL)
		print_error("%s\n", why.text);
	else
		mask = catalog_mask(catalog);
	return mask != NULL ? 0 : -1;
}

static int
drop(void **state)
{
	(void)state;
	catalog_free(catalog);
	return 0;
}

static const char *
label(const char *dimension, size_t level, const char *text)
{
	static char out[MASK_LABEL_MAX];
	const struct dimension *of =
	    &mask->dimensions[mask_find_dimension(mask, span_of(dimension))];

	return dimension_label(of, level,
	    dimension_code(of, level, dimension_raw(of, span_of(text))), out);
}

static void
a_dimension_is_coarser_at_each_level_and_tells_nothing_behind(void **state)
{
	(void)state;
	assert_string_equal(label("industry", 0, "C3989"), "C39");
	assert_string_equal(label("industry", 1, "C3989"), "C");
	assert_string_equal(label("industry", 2, "C3989"), "*");
	assert_string_equal(label("division", 0, "4401"), "4401");
	assert_string_equal(label("division", 1, "4401"), "44");
	assert_string_equal(label("size", 0, "9"), "<10");
	assert_string_equal(label("size", 0, "10"), "10-99");
	assert_string_equal(label("size", 0, "300"), "300+");
	assert_string_equal(label("size", 1, "99"), "<100");
	assert_string_equal(label("size", 2, "99"), "*");
}

static void
what_is_no_code_or_number_is_unknown(void **state)
{
	(void)state;
	assert_string_equal(label("industry", 0, "制造业"), "?");
	assert_string_equal(label("industry", 1, "C"), "?");
	assert_string_equal(label("industry", 0, ""), "?");
	assert_string_equal(label("size", 1, "many"), "?");
}

static void
a_label_finds_its_level_and_code(void **state)
{
	static const char *const labels[] = {"C39", "C"};
	uint64_t code, wanted;
	size_t level, i;

	(void)state;
	for (i = 0; i < 2; i++) {
		const struct dimension *of = &mask->dimensions[1];

		assert_true(
		    dimension_find(of, span_of(labels[i]), &level, &code));
		wanted =
		    dimension_code(of, i, dimension_raw(of, span_of("C3989")));
		assert_int_equal(level, i);
		assert_int_equal(code, wanted);
	}
	assert_true(dimension_find(
	    &mask->dimensions[2], span_of("<100"), &level, &code));
	assert_int_equal(level, 1);
	assert_false(dimension_find(
	    &mask->dimensions[2], span_of("<17"), &level, &code));
	assert_false(
	    dimension_find(&mask->dimensions[1], span_of("C3"), &level, &code));
	assert_false(
	    dimension_find(&mask->dimensions[1], span_of("*"), &level, &code));
}

static void
numbers_are_cut_to_what_a_measure_can_hold(void **state)
{
	const struct measure *total =
	    &mask->measures[mask_find_measure(mask, span_of("total"))];

	(void)state;
	assert_int_equal(mask_number(span_of("12.99")), 12);
	assert_int_equal(mask_number(span_of("-7.50")), -7);
	assert_int_equal(
	    mask_number(span_of("99999999999999999999999999")), MASK_VALUE_MAX);
	assert_true(mask_number(span_of("")) == MASK_UNKNOWN);
	assert_true(mask_number(span_of("1e5")) == MASK_UNKNOWN);
	assert_true(mask_number(span_of("-")) == MASK_UNKNOWN);
	assert_int_equal(measure_cut(total, -80), -50);
	assert_int_equal(measure_cut(total, 20000), 10000);
	assert_int_equal(measure_reach(total), 10000);
}

static void
only_measures_of_public_fields_are_open(void **state)
{
	(void)state;
	assert_true(mask->measures[0].is_open);
	assert_true(mask->measures[1].is_open);
	assert_false(mask->measures[2].is_open);
	assert_false(mask->measures[4].is_open);
}

static void
refused(const char *from, const char *to, const char *reason)
{
	const char *text = MASK_TEXT("3", "50", "75", "250");
	const char *at = strstr(text, from);
	struct buf changed = {0};
	struct why why = {""};

	assert_non_null(at);
	buf_add(&changed, text, (size_t)(at - text));
	buf_text(&changed, to);
	buf_text(&changed, at + strlen(from));
	assert_null(catalog_parse(buf_span(&changed), &why));
	if (strstr(why.text, reason) == NULL)
		fail_msg("%s", why.text);
	buf_release(&changed);
}

static void
a_section_that_is_not_understood_refuses_the_catalogue(void **state)
{
	(void)state;
	refused("\"k\":3", "\"k\":0", "k: missing, or not a number");
	refused("\"k\":3", "\"k\":3,\"x\":1", "unknown member");
	refused("\"largest\":50", "\"largest\":101", "largest");
	refused("\"epsilon_milli\":250", "\"epsilon_milli\":0", "epsilon");
	refused("[4,2]", "[2,4]", "descending");
	refused("[4,2]", "[]", "required");
	refused("[[10,100,300],[100]]", "[[10,100],[50]]", "finer level");
	refused("[[10,100,300],[100]]", "[[100,10]]", "ascending");
	refused("\"name\":\"size\"", "\"name\":\"industry\"", "there twice");
	refused("\"name\":\"revenue\",\"zh\":\"收\"",
	    "\"name\":\"size\",\"zh\":\"收\"", "there twice");
	refused("\"kind\":\"newest\"", "\"kind\":\"latest\"", "known words");
	refused("\"date\":\"decided\",\"months\":12", "\"months\":12",
	    "months go by a date");
	refused("\"over\":\"revenue\",", "", "over");
	refused(
	    "\"field\":\"debts\"", "\"field\":\"nothing\"", "no such field");
	refused("\"kind\":\"flag\",\"item\":2", "\"kind\":\"flag\",\"item\":9",
	    "no such item");
	refused("\"field\":\"staff\",\"bands\"",
	    "\"field\":\"industry\",\"bands\"", "only numbers");
}

static void
a_catalogue_without_the_section_has_no_mask(void **state)
{
	static const char *text =
	    "{\"catalogue\":\"x\",\"version\":1,\"items\":[]}";
	struct catalog *bare = catalog_parse(span_of(text), NULL);

	(void)state;
	assert_non_null(bare);
	assert_null(catalog_mask(bare));
	catalog_free(bare);
}

static int64_t
value(const struct population *population, const char *name, size_t row)
{
	return population_value(
	    population, (size_t)mask_find_measure(mask, span_of(name)), row);
}

static void
a_population_holds_what_current_records_say(void **state)
{
	struct population_maker *maker = population_begin(mask, TODAY);
	struct enterprise e = {"4401", "C3989", 50, 1, 0};
	struct record_field old[] = {{1, span_of("2025-11-22")}};
	struct record_field edge[] = {{1, span_of("2025-11-23")}};
	struct record_field y24[] = {{1, span_of("2024")},
	    {2, span_of("700.00")}, {3, span_of("350.00")}};
	struct record_field y23[] = {{1, span_of("2023")},
	    {2, span_of("20.00")}, {3, span_of("350.00")}};
	struct record disputed = {.item = 2,
	    .subject = span_of("914400000000000001"),
	    .state = RECORD_DISPUTED,
	    .fields = edge,
	    .field_count = 1};
	struct population *population;

	(void)state;
	e.revenue = -1;
	sample_enterprise(maker, 1, &e);
	sample_add(maker, "914400000000000001", &e, 2, old, 1);
	sample_add(maker, "914400000000000001", &e, 2, edge, 1);
	population_add(maker, "4401", &disputed);
	sample_add(maker, "914400000000000001", &e, 3, y24, 3);
	sample_add(maker, "914400000000000001", &e, 3, y23, 3);
	e.penalties = 0;
	sample_enterprise(maker, 2, &e);
	population_end(maker, &population);

	assert_int_equal(population->count, 2);
	assert_int_equal(value(population, "penalties", 0), 2);
	assert_int_equal(value(population, "punished", 0), 1);
	assert_int_equal(value(population, "revenue", 0), 700);
	assert_int_equal(value(population, "total", 0), 720);
	assert_int_equal(value(population, "ratio", 0), 50);
	assert_int_equal(value(population, "penalties", 1), 0);
	assert_true(value(population, "revenue", 1) == MASK_UNKNOWN);
	population_free(population);
}

/* Every group of rows that are described alike has k rows or more. */
static void
check_groups(const struct recode *recode)
{
	const struct population *population = recode->population;
	size_t row, other, alike, i, taken = 0;

	for (row = 0; row < population->count; row++) {
		if (recode->taken[row] == RECODE_NEVER)
			continue;
		taken++;
		for (other = 0, alike = 0; other < population->count; other++) {
			if (recode->taken[other] != recode->taken[row])
				continue;
			for (i = 0; i < 3; i++) {
				if (recode_code(recode, other, i) !=
				    recode_code(recode, row, i))
					break;
			}
			alike += i == 3 && recode_band(recode, other, 0) ==
					       recode_band(recode, row, 0);
		}
		assert_true(alike >= mask->k);
	}
	assert_true(taken > population->count / 2);
}

static void
nobody_is_described_so_that_fewer_than_k_look_alike(void **state)
{
	static const char *const industries[] = {
	    "C3989", "C3490", "F5199", "A0141", ""};
	struct population_maker *maker = population_begin(mask, TODAY);
	struct population *population;
	struct recode *recode;
	unsigned i, seed = 7;

	(void)state;
	for (i = 0; i < 400; i++) {
		struct enterprise e = {.revenue = -1};

		seed = seed * 1103515245 + 12345;
		e.stream = seed >> 16 & 1 ? "4401" : "4403";
		e.industry = industries[(seed >> 17) % 5];
		e.staff = (int)((seed >> 20) % 400);
		e.penalties = (seed >> 9) % 16 == 0 ? (int)(seed >> 13) % 5 : 0;
		sample_enterprise(maker, i, &e);
	}
	population_end(maker, &population);
	recode = recode_new(population);

	check_groups(recode);
	recode_free(recode);
	population_free(population);
}

static void
who_is_like_too_few_at_every_level_is_left_out(void **state)
{
	struct population_maker *maker = population_begin(mask, TODAY);
	struct enterprise e = {"4401", "C3989", 50, 0, -1};
	struct population *population;
	struct recode *recode;

	(void)state;
	sample_enterprise(maker, 1, &e);
	sample_enterprise(maker, 2, &e);
	population_end(maker, &population);
	recode = recode_new(population);

	assert_int_equal(recode->taken[0], RECODE_NEVER);
	assert_int_equal(recode->taken[1], RECODE_NEVER);
	recode_free(recode);
	population_free(population);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		a_dimension_is_coarser_at_each_level_and_tells_nothing_behind),
	    cmocka_unit_test(what_is_no_code_or_number_is_unknown),
	    cmocka_unit_test(a_label_finds_its_level_and_code),
	    cmocka_unit_test(numbers_are_cut_to_what_a_measure_can_hold),
	    cmocka_unit_test(only_measures_of_public_fields_are_open),
	    cmocka_unit_test(
		a_section_that_is_not_understood_refuses_the_catalogue),
	    cmocka_unit_test(a_catalogue_without_the_section_has_no_mask),
	    cmocka_unit_test(a_population_holds_what_current_records_say),
	    cmocka_unit_test(
		nobody_is_described_so_that_fewer_than_k_look_alike),
	    cmocka_unit_test(who_is_like_too_few_at_every_level_is_left_out),
	};

	return cmocka_run_group_tests(tests, load, drop);
}
