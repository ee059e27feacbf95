/*
 * catalog_purpose: which items a purpose may touch.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sample_catalog.h"

#include "base/buf.h"
#include "credit/catalog.h"
#include "credit/purpose.h"

static struct catalog *
with(const char *purposes, struct why *why)
{
	struct buf text = {0};
	struct catalog *catalog;

	buf_add(&text, sample_catalog, strlen(sample_catalog) - 1);
	buf_print(&text, ",\"purposes\":%s}", purposes);
	catalog = catalog_parse(buf_span(&text), why);
	buf_release(&text);
	return catalog;
}

static void
assert_refused(const char *purposes, const char *reason)
{
	struct why why = {""};
	struct catalog *catalog = with(purposes, &why);

	assert_null(catalog);
	if (strstr(why.text, reason) == NULL)
		fail_msg("\"%s\" is not \"%s\"", why.text, reason);
}

/* Items 1 to 4, as letters. */
static void
assert_touches(
    const struct catalog *catalog, enum purpose purpose, const char *wanted)
{
	char found[5] = "----";
	uint32_t i;

	for (i = 0; i < 4; i++) {
		if (item_is_for(catalog_find_item(catalog, i + 1), purpose))
			found[i] = (char)('1' + i);
	}
	assert_string_equal(found, wanted);
}

static void
a_purpose_that_is_not_listed_touches_everything(void **state)
{
	struct catalog *catalog = catalog_parse(span_of(sample_catalog), NULL);
	unsigned i;

	(void)state;
	for (i = PURPOSE_NONE + 1; i < PURPOSE_COUNT; i++)
		assert_touches(catalog, (enum purpose)i, "1234");
	catalog_free(catalog);
}

static void
a_purpose_that_is_listed_touches_what_it_lists_alone(void **state)
{
	struct why why = {""};
	struct catalog *catalog =
	    with("[{\"purpose\":\"pre_loan\",\"items\":[3],"
		 "\"categories\":[1]},{\"purpose\":\"supervision\"},"
		 "{\"purpose\":\"in_loan\",\"items\":[2,4]}]",
		&why);

	(void)state;
	if (catalog == NULL)
		fail_msg("%s", why.text);
	assert_touches(catalog, PURPOSE_PRE_LOAN, "123-");
	assert_touches(catalog, PURPOSE_SUPERVISION, "----");
	assert_touches(catalog, PURPOSE_IN_LOAN, "-2-4");
	assert_touches(catalog, PURPOSE_POST_LOAN, "1234");
	assert_touches(catalog, PURPOSE_SELF, "1234");
	catalog_free(catalog);
}

static void
what_nobody_could_mean_is_refused(void **state)
{
	(void)state;
	assert_refused("[{\"items\":[1]}]", "purpose");
	assert_refused("[{\"purpose\":\"curiosity\"}]", "no such purpose");
	assert_refused(
	    "[{\"purpose\":\"self\",\"items\":[1]}]", "no such purpose");
	assert_refused(
	    "[{\"purpose\":\"pre_loan\"},{\"purpose\":\"pre_loan\"}]",
	    "listed twice");
	assert_refused(
	    "[{\"purpose\":\"pre_loan\",\"items\":[5]}]", "no such item");
	assert_refused("[{\"purpose\":\"pre_loan\",\"categories\":[3]}]",
	    "no such category");
	assert_refused(
	    "[{\"purpose\":\"pre_loan\",\"items\":[\"1\"]}]", "not a number");
	assert_refused("[{\"purpose\":\"pre_loan\",\"item\":[1]}]", "unknown");
	assert_refused("[{\"purpose\":\"pre_loan\",\"items\":1}]", "items");
	assert_refused("{\"pre_loan\":[1]}", "purposes");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_purpose_that_is_not_listed_touches_everything),
	    cmocka_unit_test(
		a_purpose_that_is_listed_touches_what_it_lists_alone),
	    cmocka_unit_test(what_nobody_could_mean_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
