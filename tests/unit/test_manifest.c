/*
 * manifest: documents that come from outside.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "credit/manifest.h"

#define DIGEST                                                                 \
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static enum err
parse(const char *file, const char *more, struct manifest *manifest)
{
	char text[512];

	snprintf(text, sizeof(text),
	    "{\"item\":2,\"id\":\"a-1\",\"file\":\"%s\",\"size\":7,"
	    "\"digest\":\"" DIGEST "\"%s}",
	    file, more);
	return manifest_parse(span_of(text), manifest, NULL);
}

static void
a_short_manifest_has_defaults(void **state)
{
	struct manifest manifest;

	(void)state;
	assert_int_equal(parse("登记.csv", "", &manifest), ERR_OK);

	assert_int_equal(manifest.item, 2);
	assert_string_equal(manifest.id, "a-1");
	assert_string_equal(manifest.file, "登记.csv");
	assert_int_equal(manifest.size, 7);
	assert_string_equal(manifest.type, "text/csv; charset=utf-8");
	assert_string_equal(manifest.mode, "");
}

static void
format_and_charset_make_the_type(void **state)
{
	struct manifest manifest;

	(void)state;
	assert_int_equal(
	    parse("a.ndjson", ",\"charset\":\"gb18030\"", &manifest), ERR_OK);
	assert_string_equal(
	    manifest.type, "application/x-ndjson; charset=gb18030");
	assert_int_equal(
	    parse("a.ndjson", ",\"format\":\"csv\"", &manifest), ERR_OK);
	assert_string_equal(manifest.type, "text/csv; charset=utf-8");
	assert_int_equal(
	    parse("a", ",\"format\":\"xml\"", &manifest), ERR_INVALID);
}

static void
a_file_name_never_leads_out_of_the_folder(void **state)
{
	static const char *const bad[] = {"", ".", "..", "../a", "a/b", "/a",
	    ".hidden", "a\\u0000b", "a\\nb"};
	struct manifest manifest;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(parse(bad[i], "", &manifest), ERR_INVALID);
}

static void
unknown_members_are_refused(void **state)
{
	struct manifest manifest;

	(void)state;
	assert_int_equal(
	    parse("a.csv", ",\"owner\":\"x\"", &manifest), ERR_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_short_manifest_has_defaults),
	    cmocka_unit_test(format_and_charset_make_the_type),
	    cmocka_unit_test(a_file_name_never_leads_out_of_the_folder),
	    cmocka_unit_test(unknown_members_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
