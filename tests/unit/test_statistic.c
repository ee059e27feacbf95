/*
 * statistic: the tables that come out, and whose noise is in them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "credit/statistic.h"
#include "sample_mask.h"

#define EXACT "1000000000"

static struct catalog *catalog;

/* 40 in 4401 (30 C39, 10 F51), 12 in 4403 (all C39); the first is very
 * large. */
static struct population *
make_population(const char *text)
{
	struct population *population;
	struct population_maker *maker;
	unsigned i;

	catalog = catalog_parse(span_of(text), NULL);
	assert_non_null(catalog);
	maker = population_begin(catalog_mask(catalog), "2026-11-23");
	for (i = 0; i < 52; i++) {
		struct enterprise e = {i < 40 ? "4401" : "4403",
		    i < 30 || i >= 40 ? "C3989" : "F5199", 50,
		    i % 2 == 0 ? 2 : 0, i == 0 ? 9000 : 150};

		sample_enterprise(maker, i, &e);
	}
	population_end(maker, &population);
	return population;
}

static void
drop(struct population *population)
{
	population_free(population);
	catalog_free(catalog);
}

/* As printed; the caller releases. */
static struct buf
ask(const struct population *population, const char *key, const char *question)
{
	struct noise_source source = {.key = span_of(key)};
	struct statistic statistic;
	struct buf text = {0};
	struct json_out out = {.buf = &text};
	struct why why = {""};

	if (statistic_parse(span_of(question), population->mask, &statistic,
		&why) != ERR_OK)
		fail_msg("%s", why.text);
	json_open_object(&out, NULL);
	assert_int_equal(
	    statistic_answer(&statistic, population, &source, &out), ERR_OK);
	json_close_object(&out);
	buf_cstr(&text);
	return text;
}

static void
expect(const char *catalogue, const char *question, const char *cells)
{
	struct population *population = make_population(catalogue);
	struct buf text = ask(population, "key", question);

	if (strstr(text.data, cells) == NULL)
		fail_msg("%s\nhas not %s", text.data, cells);
	buf_release(&text);
	drop(population);
}

#define ASK(more) "{\"purpose\":\"customer_screening\",\"statistic\":" more "}"

static void
without_noise_counts_are_exact(void **state)
{
	(void)state;
	expect(MASK_TEXT("1", "100", "100", EXACT), ASK("\"count\""),
	    "\"cells\":[{\"value\":52}]");
	expect(MASK_TEXT("1", "100", "100", EXACT),
	    ASK("\"count\",\"by\":[\"industry/1\",\"division\"]"),
	    "[{\"division\":\"4401\",\"industry\":\"C\",\"value\":30},"
	    "{\"division\":\"4401\",\"industry\":\"F\",\"value\":10},"
	    "{\"division\":\"4401\",\"industry\":\"*\",\"value\":40},"
	    "{\"division\":\"4403\",\"industry\":\"C\",\"value\":12},"
	    "{\"division\":\"4403\",\"industry\":\"F\",\"value\":null},"
	    "{\"division\":\"4403\",\"industry\":\"*\",\"value\":12},"
	    "{\"division\":\"*\",\"industry\":\"C\",\"value\":42},"
	    "{\"division\":\"*\",\"industry\":\"F\",\"value\":10},"
	    "{\"division\":\"*\",\"industry\":\"*\",\"value\":52}]");
	expect(MASK_TEXT("1", "100", "100", EXACT),
	    ASK("\"count\",\"measure\":\"penalties\",\"where\":{\"division\":"
		"\"4403\"}"),
	    "[{\"value\":6}]");
}

static void
small_cells_take_others_with_them(void **state)
{
	(void)state;
	expect(MASK_TEXT("11", "100", "100", EXACT),
	    ASK("\"count\",\"by\":[\"industry/1\"]"),
	    "[{\"industry\":\"C\",\"value\":null},"
	    "{\"industry\":\"F\",\"value\":null},"
	    "{\"industry\":\"*\",\"value\":52}]");
}

static void
sums_are_cut_and_dominated_ones_are_hidden(void **state)
{
	(void)state;
	expect(MASK_TEXT("1", "100", "100", EXACT),
	    ASK("\"sum\",\"measure\":\"revenue\""), "[{\"value\":16650}]");
	expect(MASK_TEXT("3", "50", "75", EXACT),
	    ASK("\"sum\",\"measure\":\"revenue\",\"by\":[\"division\"]"),
	    "\"cells\":[{\"division\":\"4401\",\"value\":null},"
	    "{\"division\":\"4403\",\"value\":1800},"
	    "{\"division\":\"*\",\"value\":null}]");
	expect(MASK_TEXT("3", "70", "75", EXACT),
	    ASK("\"sum\",\"measure\":\"revenue\",\"by\":[\"division\"]"),
	    "\"cells\":[{\"division\":\"4401\",\"value\":14850}");
	expect(MASK_TEXT("3", "70", "60", EXACT),
	    ASK("\"sum\",\"measure\":\"revenue\",\"by\":[\"division\"]"),
	    "\"cells\":[{\"division\":\"4401\",\"value\":null}");
}

static void
a_median_is_the_band_that_holds_it(void **state)
{
	(void)state;
	expect(MASK_TEXT("3", "50", "75", EXACT),
	    ASK("\"median\",\"measure\":\"revenue\""),
	    "[{\"value\":\"100-999\"}]");
}

static void
noise_belongs_to_the_cell_and_not_to_the_question(void **state)
{
	struct population *population =
	    make_population(MASK_TEXT("3", "50", "75", "100"));
	struct buf one = ask(
	    population, "key", ASK("\"count\",\"where\":{\"industry\":\"C\"}"));
	struct buf all = ask(population, "key",
	    ASK("\"count\",\"by\":[\"division\",\"industry/1\"]"));
	struct buf other = ask(population, "another",
	    ASK("\"count\",\"where\":{\"industry\":\"C\"}"));
	struct buf wanted = {0};
	const char *value = strstr(one.data, "\"cells\":[{");

	(void)state;
	assert_non_null(value);
	buf_print(&wanted, "{\"division\":\"*\",\"industry\":\"C\",%.*s",
	    (int)strcspn(value + 10, "}"), value + 10);
	assert_non_null(strstr(all.data, buf_cstr(&wanted)));
	assert_string_not_equal(one.data, other.data);
	buf_release(&one);
	buf_release(&all);
	buf_release(&other);
	buf_release(&wanted);
	drop(population);
}

static void
the_digest_is_of_what_is_asked_and_not_of_its_words(void **state)
{
	static const char *const same[] = {
	    ASK("\"count\",\"by\":[\"division\",\"industry\"]"),
	    ASK("\"count\",\"by\":[\"industry/0\",\"division\"]"),
	    ASK("\"count\",\"by\":[\"division\",\"industry\"],\"where\":{}")};
	static const char *const others[] = {ASK("\"count\""),
	    ASK("\"count\",\"by\":[\"division\",\"industry/1\"]"),
	    ASK("\"median\",\"measure\":\"revenue\",\"by\":[\"division\","
		"\"industry\"]"),
	    ASK("\"count\",\"measure\":\"revenue\",\"by\":[\"division\","
		"\"industry\"]"),
	    ASK("\"count\",\"by\":[\"division\",\"industry\"],\"where\":{"
		"\"size\":\"10-99\"}")};
	struct population *population =
	    make_population(MASK_TEXT("3", "50", "75", "250"));
	struct digest first, next, none = {{0}}, one = {{1}};
	struct statistic statistic;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		assert_int_equal(statistic_parse(span_of(same[i]),
				     population->mask, &statistic, NULL),
		    ERR_OK);
		next = statistic_digest(&statistic, population->mask, &none);
		if (i == 0)
			first = next;
		assert_true(digest_equal(&first, &next));
	}
	assert_int_equal(statistic_cost(&statistic, population->mask), 1000);
	next = statistic_digest(&statistic, population->mask, &one);
	assert_false(digest_equal(&first, &next));
	for (i = 0; i < 5; i++) {
		assert_int_equal(statistic_parse(span_of(others[i]),
				     population->mask, &statistic, NULL),
		    ERR_OK);
		next = statistic_digest(&statistic, population->mask, &none);
		assert_false(digest_equal(&first, &next));
	}
	drop(population);
}

static void
a_table_that_is_too_large_is_refused(void **state)
{
	struct population_maker *maker;
	struct population *population;
	struct noise_source source = {.key = span_of("key")};
	struct statistic statistic;
	struct buf text = {0};
	struct json_out out = {.buf = &text};
	char industry[4], stream[5];
	unsigned i;

	(void)state;
	catalog =
	    catalog_parse(span_of(MASK_TEXT("3", "50", "75", "250")), NULL);
	maker = population_begin(catalog_mask(catalog), "2026-11-23");
	for (i = 0; i < 100; i++) {
		struct enterprise e = {stream, industry, 50, 0, -1};

		snprintf(industry, sizeof(industry), "C%02u", i);
		snprintf(stream, sizeof(stream), "44%02u", i);
		sample_enterprise(maker, i, &e);
	}
	population_end(maker, &population);
	assert_int_equal(
	    statistic_parse(
		span_of(ASK("\"count\",\"by\":[\"division\",\"industry\"]")),
		population->mask, &statistic, NULL),
	    ERR_OK);
	assert_int_equal(
	    statistic_answer(&statistic, population, &source, &out), ERR_LIMIT);
	buf_release(&text);
	drop(population);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_noise_counts_are_exact),
	    cmocka_unit_test(small_cells_take_others_with_them),
	    cmocka_unit_test(sums_are_cut_and_dominated_ones_are_hidden),
	    cmocka_unit_test(a_median_is_the_band_that_holds_it),
	    cmocka_unit_test(noise_belongs_to_the_cell_and_not_to_the_question),
	    cmocka_unit_test(
		the_digest_is_of_what_is_asked_and_not_of_its_words),
	    cmocka_unit_test(a_table_that_is_too_large_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
