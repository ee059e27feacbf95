/*
 * abuse: what is a pattern, and what is a bank at work.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sample_catalog.h"

#include "base/buf.h"
#include "credit/abuse.h"
#include "credit/statistic.h"

static struct catalog *
with(const char *alerts, struct why *why)
{
	struct buf text = {0};
	struct catalog *catalog;

	buf_add(&text, sample_catalog, strlen(sample_catalog) - 1);
	buf_print(&text, ",\"alerts\":%s}", alerts);
	catalog = catalog_parse(buf_span(&text), why);
	buf_release(&text);
	return catalog;
}

static void
thresholds_are_the_catalogues(void **state)
{
	struct why why = {""};
	struct catalog *catalog =
	    with("{\"subjects_not_held\":{\"least\":10,\"percent\":20},"
		 "\"consent_places\":4}",
		&why);
	const struct abuse_rules *rules = catalog_abuse(catalog);
	struct abuse_counts counts = {.asked = 100};

	(void)state;
	assert_non_null(rules);
	counts.seen[ABUSE_NOT_HELD] = 19;
	assert_false(abuse_is_alert(rules, &counts, ABUSE_NOT_HELD));
	counts.seen[ABUSE_NOT_HELD] = 20;
	assert_true(abuse_is_alert(rules, &counts, ABUSE_NOT_HELD));
	counts.asked = 9;
	counts.seen[ABUSE_NOT_HELD] = 9;
	assert_false(abuse_is_alert(rules, &counts, ABUSE_NOT_HELD));
	counts.seen[ABUSE_CONSENT] = 3;
	assert_false(abuse_is_alert(rules, &counts, ABUSE_CONSENT));
	counts.seen[ABUSE_CONSENT] = 4;
	assert_true(abuse_is_alert(rules, &counts, ABUSE_CONSENT));
	counts.seen[ABUSE_REFUSED] = counts.seen[ABUSE_LIMITED] = 1000;
	assert_false(abuse_is_alert(rules, &counts, ABUSE_REFUSED));
	assert_false(abuse_is_alert(rules, &counts, ABUSE_LIMITED));
	catalog_free(catalog);

	catalog = catalog_parse(span_of(sample_catalog), &why);
	assert_null(catalog_abuse(catalog));
	catalog_free(catalog);
}

static void
a_section_that_means_nothing_is_refused(void **state)
{
	static const char *const wrong[] = {"{\"x\":1}", "{\"refusals\":9}",
	    "{\"refusals\":{\"least\":9}}", "{\"limits_met\":0}",
	    "{\"refusals\":{\"least\":9,\"percent\":101}}", "[]"};
	struct why why;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_null(with(wrong[i], &why));
}

static void
entries_tell_what_they_are(void **state)
{
	struct access access = {
	    .purpose = PURPOSE_PRE_LOAN, .action = "report"};

	(void)state;
	assert_int_equal(abuse_of(&access), ABUSE_NOT_HELD);
	memcpy(access.stream, "4401", 5);
	assert_int_equal(abuse_of(&access), ABUSE_NONE);
	access.rule = PERMIT_PURPOSE;
	assert_int_equal(abuse_of(&access), ABUSE_REFUSED);
	access.rule = PERMIT_QUOTA;
	assert_int_equal(abuse_of(&access), ABUSE_LIMITED);
	access.purpose = PURPOSE_NONE;
	assert_int_equal(abuse_of(&access), ABUSE_NONE);
	access = (struct access){
	    .purpose = PURPOSE_POST_LOAN, .action = "statistics"};
	assert_int_equal(abuse_of(&access), ABUSE_NONE);
}

static void
codes_of_one_batch_are_near_each_other(void **state)
{
	(void)state;
#define CODE(body) "91440101" body "00"
	assert_true(abuse_is_sequential(CODE("MA59ABC1"), CODE("MA59ABC2")));
	assert_true(abuse_is_sequential(CODE("MA59ABC2"), CODE("MA59ABC1")));
	assert_true(abuse_is_sequential(CODE("MA59ABCZ"), CODE("MA59ABD0")));
	assert_true(abuse_is_sequential(CODE("00000009"), CODE("00000010")));
	assert_false(abuse_is_sequential(CODE("MA59ABC1"), CODE("MA59ABC1")));
	assert_false(abuse_is_sequential(CODE("MA59ABC1"), CODE("MA59BBC1")));
	assert_false(abuse_is_sequential("", CODE("MA59ABC1")));
}

/* `level` and `code` of dimension 0 and 1; level 9: open. */
static struct statistic
where(size_t level0, uint64_t code0, size_t level1, uint64_t code1)
{
	struct statistic made = {.kind = STATISTIC_COUNT, .measure = -1};

	if (level0 != 9)
		made.where[made.where_count++] =
		    (struct place){0, level0, code0};
	if (level1 != 9)
		made.where[made.where_count++] =
		    (struct place){1, level1, code1};
	return made;
}

static void
near_is_what_lies_in_the_other(void **state)
{
	struct statistic all = where(9, 0, 9, 0), one = where(1, 5, 9, 0);
	struct statistic other = where(1, 6, 9, 0), fine = where(0, 5, 9, 0);
	struct statistic both = where(1, 5, 0, 2), sum = one;

	(void)state;
	assert_true(abuse_is_near(&one, &all));
	assert_true(abuse_is_near(&all, &one));
	assert_true(abuse_is_near(&one, &both));
	assert_true(abuse_is_near(&one, &fine));
	assert_false(abuse_is_near(&one, &one));
	assert_false(abuse_is_near(&one, &other));
	assert_false(abuse_is_near(&all, &both));
	assert_false(abuse_is_near(&other, &both));
	sum.kind = STATISTIC_SUM;
	assert_false(abuse_is_near(&sum, &all));
}

static void
names_are_read_as_they_are_printed(void **state)
{
	unsigned kind;

	(void)state;
	for (kind = ABUSE_NONE + 1; kind < ABUSE_COUNT; kind++)
		assert_int_equal(
		    abuse_parse(span_of(abuse_name((enum abuse_kind)kind))),
		    kind);
	assert_int_equal(abuse_parse(span_of("none")), ABUSE_NONE);
	assert_string_equal(abuse_name((enum abuse_kind)200), "none");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(thresholds_are_the_catalogues),
	    cmocka_unit_test(a_section_that_means_nothing_is_refused),
	    cmocka_unit_test(entries_tell_what_they_are),
	    cmocka_unit_test(codes_of_one_batch_are_near_each_other),
	    cmocka_unit_test(near_is_what_lies_in_the_other),
	    cmocka_unit_test(names_are_read_as_they_are_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
