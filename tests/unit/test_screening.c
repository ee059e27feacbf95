/*
 * screening: criteria, results that are too near to each other, tokens.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "credit/screening.h"
#include "sample_mask.h"

#define BANK "91440101MA000RX19U"
#define SUBJECT "914400000000000001"

static struct catalog *catalog;
static struct population *population;
static struct recode *recode;

/* 30 of C39 in 4401, of which 4 were punished; one of F51. */
static int
prepare(void **state)
{
	struct population_maker *maker;
	unsigned i;

	(void)state;
	catalog =
	    catalog_parse(span_of(MASK_TEXT("3", "50", "75", "250")), NULL);
	assert_non_null(catalog);
	maker = population_begin(catalog_mask(catalog), "2026-11-23");
	for (i = 0; i < 31; i++) {
		struct enterprise e = {"4401", i == 30 ? "F5199" : "C3989", 50,
		    i < 4 ? 1 : 0, i < 2 ? 50 : 500};

		sample_enterprise(maker, i, &e);
	}
	population_end(maker, &population);
	recode = recode_new(population);
	return 0;
}

static int
drop(void **state)
{
	(void)state;
	recode_free(recode);
	population_free(population);
	catalog_free(catalog);
	return 0;
}

static struct screening
parse(const char *where)
{
	struct screening screening;
	struct buf json = {0};
	struct why why = {""};

	buf_print(
	    &json, "{\"purpose\":\"customer_screening\",\"where\":%s}", where);
	if (screening_parse(
		buf_span(&json), population->mask, &screening, &why) != ERR_OK)
		fail_msg("%s: %s", where, why.text);
	buf_release(&json);
	return screening;
}

static size_t
match(const char *where, uint8_t *fits)
{
	struct screening screening = parse(where);

	return screening_match(&screening, recode, fits);
}

static void
criteria_are_judged_on_what_is_shown(void **state)
{
	uint8_t fits[31];

	(void)state;
	assert_int_equal(match("{}", fits), 30);
	assert_int_equal(match("{\"industry\":[\"C39\"]}", fits), 30);
	assert_int_equal(match("{\"industry\":[\"C\",\"F\"]}", fits), 30);
	/* There is one, but it is like no other. */
	assert_int_equal(match("{\"industry\":[\"F51\"]}", fits), 0);
	assert_int_equal(match("{\"punished\":[true]}", fits), 4);
	assert_int_equal(match("{\"penalties\":[\"b0\"]}", fits), 26);
	assert_int_equal(match("{\"revenue\":[\"b0\"]}", fits), 2);
	assert_int_equal(
	    match("{\"revenue\":[\"b0\",\"b1\"],\"punished\":[true]}", fits),
	    4);
	assert_int_equal(match("{\"division\":[\"4403\"]}", fits), 0);
}

static void
results_that_differ_by_a_few_are_close(void **state)
{
	uint8_t all[31], most[31], some[31];

	(void)state;
	match("{}", all);
	match("{\"revenue\":[\"b1\"]}", most);
	match("{\"punished\":[false]}", some);

	assert_true(screening_is_close(recode, all, most));
	assert_false(screening_is_close(recode, all, some));
	assert_false(screening_is_close(recode, all, all));
}

static void
the_digest_is_of_the_criteria_whatever_is_shown(void **state)
{
	struct screening one =
	    parse("{\"industry\":[\"C\",\"F51\"],\"punished\":[true]}");
	struct screening same =
	    parse("{\"punished\":[true],\"industry\":[\"F51\",\"C\"]}");
	struct screening other = parse("{\"industry\":[\"C\",\"F51\"]}");
	struct digest none = {{0}}, a, b;

	(void)state;
	same.limit = 7;
	same.shown[2] = true;
	a = screening_digest(&one, population->mask, &none);
	b = screening_digest(&same, population->mask, &none);
	assert_true(digest_equal(&a, &b));
	b = screening_digest(&other, population->mask, &none);
	assert_false(digest_equal(&a, &b));
}

static struct buf
answer(const struct screening *screening, const uint8_t *fits)
{
	struct token_scope scope = {
	    span_of("key"), BANK, PURPOSE_CUSTOMER_SCREENING, 7};
	struct buf text = {0};
	struct json_out out = {.buf = &text};

	json_open_object(&out, NULL);
	screening_answer(screening, recode, fits, &scope, &out);
	json_close_object(&out);
	buf_cstr(&text);
	return text;
}

static void
pages_follow_each_other_and_an_empty_result_is_like_none(void **state)
{
	struct screening screening = parse("{\"revenue\":[\"b0\",\"b1\"]}");
	struct screening nobody = parse("{\"revenue\":[\"b3\"]}");
	uint8_t fits[31];
	struct buf page, empty;
	const char *next;
	size_t pages = 0;

	(void)state;
	screening_match(&screening, recode, fits);
	screening.limit = 7;
	do {
		page = answer(&screening, fits);
		pages++;
		next = strstr(page.data, "\"next\":\"");
		if (next != NULL)
			memcpy(screening.after, next + 8, TOKEN_LEN);
		assert_null(strstr(page.data, "9144"));
		buf_release(&page);
	} while (next != NULL);
	assert_int_equal(pages, 5);

	memset(screening.after, 0, sizeof(screening.after));
	page = answer(&screening, NULL);
	screening_match(&nobody, recode, fits);
	empty = answer(&nobody, fits);
	assert_string_equal(page.data, empty.data);
	buf_release(&page);
	buf_release(&empty);
}

static void
a_token_belongs_to_one_bank_subject_and_purpose(void **state)
{
	struct token_scope scope = {
	    span_of("key"), BANK, PURPOSE_CUSTOMER_SCREENING, 7};
	struct token_scope other = scope;
	char token[TOKEN_LEN + 1], changed[TOKEN_LEN + 1];

	(void)state;
	token_print(&scope, SUBJECT, token);
	assert_true(token_is_valid(span_of(token)));
	assert_true(token_belongs(&scope, SUBJECT, token));
	assert_false(token_belongs(&scope, "914400000000000002", token));
	other.member = "91440300MA000RX27J";
	assert_false(token_belongs(&other, SUBJECT, token));
	other = scope;
	other.key = span_of("another");
	assert_false(token_belongs(&other, SUBJECT, token));
	other = scope;
	other.purpose = PURPOSE_GUARANTEE_REVIEW;
	assert_string_not_equal(token_print(&other, SUBJECT, changed), token);
}

static void
a_token_is_good_for_its_period_and_the_next(void **state)
{
	struct token_scope scope = {
	    span_of("key"), BANK, PURPOSE_CUSTOMER_SCREENING, 7};
	char token[TOKEN_LEN + 1];

	(void)state;
	token_print(&scope, SUBJECT, token);
	scope.period = 8;
	assert_true(token_belongs(&scope, SUBJECT, token));
	scope.period = 9;
	assert_false(token_belongs(&scope, SUBJECT, token));
	scope.period = 6;
	assert_false(token_belongs(&scope, SUBJECT, token));
}

static void
what_is_no_token_is_not_valid(void **state)
{
	(void)state;
	assert_false(token_is_valid(span_of("")));
	assert_false(token_is_valid(span_of("AAAAAAAAAAAAAAAAAAAAAAA")));
	assert_false(token_is_valid(span_of("AAAAAAAAAAAAAAAAAAAAAAA=")));
	assert_false(token_is_valid(span_of("AAAAAAAAAAAAAAAAAAAAAAA/")));
	assert_true(token_is_valid(span_of("AAAAAAAAAAAAAAAAAAAAAAA_")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(criteria_are_judged_on_what_is_shown),
	    cmocka_unit_test(results_that_differ_by_a_few_are_close),
	    cmocka_unit_test(the_digest_is_of_the_criteria_whatever_is_shown),
	    cmocka_unit_test(
		pages_follow_each_other_and_an_empty_result_is_like_none),
	    cmocka_unit_test(a_token_belongs_to_one_bank_subject_and_purpose),
	    cmocka_unit_test(a_token_is_good_for_its_period_and_the_next),
	    cmocka_unit_test(what_is_no_token_is_not_valid),
	};

	return cmocka_run_group_tests(tests, prepare, drop);
}
