/*
 * What makes two records the same, and what does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "credit/record.h"

static const struct record_field fields[] = {
    {1, {"甲公司", 9}}, {7, {"100.00", 6}}};

static struct record
sample(void)
{
	return (struct record){.item = 1,
	    .subject = span_of("914403001922038216"),
	    .version = 1,
	    .state = RECORD_CURRENT,
	    .provider = span_of("tax"),
	    .as_of_us = 5,
	    .fields = fields,
	    .field_count = 2};
}

static void
the_digest_is_of_the_documented_bytes(void **state)
{
	struct record record = sample();
	struct digest digest, expected;
	struct buf bytes = {0};

	(void)state;
	buf_text(&bytes, "RXC1");
	buf_u32(&bytes, 1);
	buf_counted(&bytes, record.subject);
	buf_counted(&bytes, record.key);
	buf_u32(&bytes, RECORD_CURRENT);
	buf_counted(&bytes, record.provider);
	buf_u32(&bytes, 2);
	buf_u32(&bytes, 1);
	buf_counted(&bytes, fields[0].value);
	buf_u32(&bytes, 7);
	buf_counted(&bytes, fields[1].value);
	expected = digest_of(buf_span(&bytes));

	digest = record_content_digest(&record);

	assert_true(digest_equal(&digest, &expected));
	buf_release(&bytes);
}

static void
version_and_time_do_not_change_the_content(void **state)
{
	struct record a = sample(), b = sample();
	struct digest first, second;

	(void)state;
	b.version = 9;
	b.as_of_us = 99;

	first = record_content_digest(&a);
	second = record_content_digest(&b);

	assert_true(digest_equal(&first, &second));
}

static void
bytes_that_move_between_parts_change_the_content(void **state)
{
	struct record a = sample(), b = sample();
	struct digest first, second;

	(void)state;
	a.key = span_of("ab");
	a.provider = span_of("c");
	b.key = span_of("a");
	b.provider = span_of("bc");

	first = record_content_digest(&a);
	second = record_content_digest(&b);

	assert_false(digest_equal(&first, &second));
}

static void
a_long_record_has_a_digest_too(void **state)
{
	struct record_field big = {1, {NULL, 100000}};
	struct record record = sample();
	struct digest first, second;
	char *text = mem_new(big.value.len);

	(void)state;
	memset(text, 'x', big.value.len);
	big.value.ptr = text;
	record.fields = &big;
	record.field_count = 1;

	first = record_content_digest(&record);
	text[99999] = 'y';
	second = record_content_digest(&record);

	assert_false(digest_equal(&first, &second));
	mem_free(text);
}

static void
the_element_digest_depends_on_version_and_time(void **state)
{
	struct record record = sample();
	struct digest content = record_content_digest(&record);
	struct digest one, two, later, expected;
	struct buf bytes = {0};

	(void)state;
	buf_text(&bytes, "RXE2");
	buf_add(&bytes, content.bytes, DIGEST_LEN);
	buf_u64(&bytes, UINT64_C(0x100000002));
	buf_u64(&bytes, 7);
	expected = digest_of(buf_span(&bytes));

	one = record_element_digest(&content, 1, 7);
	two = record_element_digest(&content, UINT64_C(0x100000002), 7);
	later = record_element_digest(&content, 1, -7);

	assert_false(digest_equal(&one, &two));
	assert_false(digest_equal(&one, &later));
	assert_true(digest_equal(&two, &expected));
	buf_release(&bytes);
}

static void
a_field_is_found_by_its_number(void **state)
{
	struct record record = sample();

	(void)state;

	assert_ptr_equal(record_find(&record, 7), &fields[1]);
	assert_null(record_find(&record, 2));
	assert_string_equal(record_state_name(RECORD_WITHDRAWN), "withdrawn");
}

static void
fields_are_found_one_after_the_other_in_any_order(void **state)
{
	static const uint32_t asked[] = {1, 2, 7, 8, 7, 1, 1, 3, 7};
	struct record record = sample();
	size_t i, at = 0;

	(void)state;

	for (i = 0; i < sizeof(asked) / sizeof(*asked); i++)
		assert_ptr_equal(record_find_next(&record, asked[i], &at),
		    record_find(&record, asked[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_digest_is_of_the_documented_bytes),
	    cmocka_unit_test(version_and_time_do_not_change_the_content),
	    cmocka_unit_test(bytes_that_move_between_parts_change_the_content),
	    cmocka_unit_test(a_long_record_has_a_digest_too),
	    cmocka_unit_test(the_element_digest_depends_on_version_and_time),
	    cmocka_unit_test(a_field_is_found_by_its_number),
	    cmocka_unit_test(fields_are_found_one_after_the_other_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
