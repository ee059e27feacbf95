/*
 * material: files that are given with an objection.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "credit/material.h"

#define SHA "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static enum err
parse(const char *text)
{
	struct material material;

	return material_parse(span_of(text), &material, NULL);
}

static void
what_is_printed_is_read_again(void **state)
{
	struct material before = {.objection = "o-1", .size = 5}, after;
	struct buf text = {0};

	(void)state;
	before.digest.bytes[31] = 9;
	material_print(&before, &text);
	assert_int_equal(material_parse(buf_span(&text), &after, NULL), ERR_OK);
	assert_memory_equal(&before, &after, sizeof(before));
	buf_release(&text);
}

static void
what_is_none_is_refused(void **state)
{
	(void)state;
	assert_int_equal(parse("{\"objection\":\"o\",\"sha256\":\"" SHA
			       "\",\"size\":5242880}"),
	    ERR_OK);
	assert_int_equal(parse("{\"objection\":\"o\",\"sha256\":\"" SHA
			       "\",\"size\":5242881}"),
	    ERR_INVALID);
	assert_int_equal(
	    parse("{\"objection\":\"o\",\"sha256\":\"" SHA "\",\"size\":0}"),
	    ERR_INVALID);
	assert_int_equal(
	    parse("{\"objection\":\"../o\",\"sha256\":\"" SHA "\",\"size\":1}"),
	    ERR_INVALID);
	assert_int_equal(
	    parse("{\"objection\":\"o\",\"sha256\":\"00\",\"size\":1}"),
	    ERR_INVALID);
	assert_int_equal(parse("{\"objection\":\"o\",\"sha256\":\"" SHA
			       "\",\"size\":1,\"name\":\"x\"}"),
	    ERR_INVALID);
	assert_int_equal(parse("7"), ERR_INVALID);
}

static void
its_kind_is_what_its_first_bytes_say(void **state)
{
	(void)state;
	assert_string_equal(
	    material_type(span_of("%PDF-1.7")), "application/pdf");
	assert_string_equal(
	    material_type(span_of("\xff\xd8\xff\xe0")), "image/jpeg");
	assert_string_equal(
	    material_type(span_of("\x89PNG\r\n\x1a\n")), "image/png");
	assert_null(material_type(span_of("<html>%PDF-")));
	assert_null(material_type(span_of("%PDF")));
	assert_null(material_type(span_of("MZ")));
	assert_null(material_type(span_of("")));
}

static void
only_what_the_claims_name_is_named(void **state)
{
	struct json *claims = json_parse(
	    span_of(
		"{\"materials\":[{\"name\":\"a\",\"sha256\":\"" SHA "\"}]}"),
	    NULL);
	struct digest digest;
	int i;

	(void)state;
	for (i = 0; i < DIGEST_LEN; i++)
		digest.bytes[i] = (uint8_t)i;
	assert_true(material_is_named(claims, &digest));
	digest.bytes[0] = 1;
	assert_false(material_is_named(claims, &digest));
	assert_false(material_is_named(NULL, &digest));
	json_free(claims);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_printed_is_read_again),
	    cmocka_unit_test(what_is_none_is_refused),
	    cmocka_unit_test(its_kind_is_what_its_first_bytes_say),
	    cmocka_unit_test(only_what_the_claims_name_is_named)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
