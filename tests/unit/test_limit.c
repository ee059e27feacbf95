/*
 * limit: which rule of the catalogue counts for whom.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sample_catalog.h"

#include "base/buf.h"
#include "credit/limit.h"

#define BANK "91440101MA000RX19U"

static struct catalog *
with(const char *limits, struct why *why)
{
	struct buf text = {0};
	struct catalog *catalog;

	buf_add(&text, sample_catalog, strlen(sample_catalog) - 1);
	buf_print(&text, ",\"limits\":%s}", limits);
	catalog = catalog_parse(buf_span(&text), why);
	buf_release(&text);
	return catalog;
}

static void
assert_refused(const char *limits, const char *reason)
{
	struct why why = {""};
	struct catalog *catalog = with(limits, &why);

	assert_null(catalog);
	if (strstr(why.text, reason) == NULL)
		fail_msg("\"%s\" is not \"%s\"", why.text, reason);
}

static void
a_catalogue_without_the_section_limits_nobody(void **state)
{
	struct catalog *catalog = catalog_parse(span_of(sample_catalog), NULL);

	(void)state;
	assert_null(catalog_limits(catalog));
	assert_null(limits_find(NULL, BANK, NULL, PURPOSE_SELF));
	catalog_free(catalog);
}

static void
the_first_rule_that_fits_decides(void **state)
{
	struct why why = {""};
	struct catalog *catalog =
	    with("[{\"name\":\"this\",\"members\":[\"" BANK "\"],\"purposes\":"
		 "[\"in_loan\"],\"per_day\":5},"
		 "{\"name\":\"bank\",\"kinds\":[\"bank\",\"service\"],"
		 "\"per_minute\":600,\"burst\":30,\"subjects_per_day\":9},"
		 "{\"name\":\"rest\",\"per_day\":1}]",
		&why);
	const struct limits *limits = catalog_limits(catalog);
	struct member bank = {.kind = MEMBER_BANK};
	struct member subject = {.kind = MEMBER_SUBJECT};

	(void)state;
	assert_non_null(limits);
#define NAME(...) limits_find(limits, __VA_ARGS__)->name
	assert_string_equal(NAME(BANK, &bank, PURPOSE_IN_LOAN), "this");
	assert_string_equal(NAME(BANK, &bank, PURPOSE_PRE_LOAN), "bank");
	assert_string_equal(NAME("other", &bank, PURPOSE_IN_LOAN), "bank");
	assert_string_equal(NAME("other", &subject, PURPOSE_SELF), "rest");
	assert_string_equal(NAME("other", NULL, PURPOSE_PRE_LOAN), "rest");
	assert_string_equal(limits->list[1].policy,
	    "\"bank\";q=30;w=3, \"bank-subjects\";q=9;w=86400;qu=\"subjects\"");
	catalog_free(catalog);
}

static void
a_rule_that_means_nothing_is_refused(void **state)
{
	(void)state;
	assert_refused("{}", "not an array");
	assert_refused("[{\"per_day\":1}]", "name: missing");
	assert_refused("[{\"name\":\"a\",\"per_hour\":1}]", "per_hour");
	assert_refused("[{\"name\":\"a\"},{\"name\":\"a\"}]", "there twice");
	assert_refused("[{\"name\":\"a\",\"kinds\":[\"banks\"]}]", "kind");
	assert_refused("[{\"name\":\"a\",\"purposes\":[\"none\"]}]", "purpose");
	assert_refused("[{\"name\":\"a\",\"members\":[\"no code\"]}]", "code");
	assert_refused("[{\"name\":\"a\",\"per_minute\":9}]", "go together");
	assert_refused("[{\"name\":\"a\",\"per_day\":0}]", "per_day");
	assert_refused("[{\"name\":\"a\",\"per_day\":\"9\"}]", "per_day");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_catalogue_without_the_section_limits_nobody),
	    cmocka_unit_test(the_first_rule_that_fits_decides),
	    cmocka_unit_test(a_rule_that_means_nothing_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
