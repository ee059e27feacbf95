/*
 * setsum: order does not matter, and removal undoes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/setsum.h"

static struct digest
element(const char *text)
{
	return digest_of(span_of(text));
}

static void
order_does_not_matter_and_removal_undoes(void **state)
{
	struct digest a = element("a"), b = element("b"), c = element("c");
	struct setsum one = {{0}}, other = {{0}};

	(void)state;
	setsum_add(&one, &a);
	setsum_add(&one, &b);
	setsum_add(&other, &c);
	setsum_add(&other, &b);
	setsum_add(&other, &a);
	setsum_remove(&other, &c);

	assert_memory_equal(&one, &other, sizeof(one));
}

static void
a_part_that_is_taken_out_leaves_the_rest(void **state)
{
	struct digest a = element("a"), b = element("b"), c = element("c");
	struct setsum all = {{0}}, part = {{0}}, rest = {{0}};

	(void)state;
	setsum_add(&all, &a);
	setsum_add(&all, &b);
	setsum_add(&all, &c);
	setsum_add(&part, &c);
	setsum_add(&part, &a);
	setsum_add(&rest, &b);
	setsum_part(&all, &part);

	assert_memory_equal(&all, &rest, sizeof(all));
}

static void
an_empty_set_comes_back_even_through_negative_sums(void **state)
{
	static const struct setsum empty = {{0}};
	struct setsum sum = {{0}};
	struct digest digest;
	char text[8];
	int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		text[0] = (char)i;
		digest = digest_of(span_make(text, 1));
		setsum_remove(&sum, &digest);
	}
	for (i = 99; i >= 0; i--) {
		text[0] = (char)i;
		digest = digest_of(span_make(text, 1));
		setsum_add(&sum, &digest);
	}

	assert_memory_equal(&sum, &empty, sizeof(sum));
}

static void
a_carry_runs_through_all_limbs(void **state)
{
	static const struct setsum empty = {{0}};
	struct digest a = element("a");
	struct setsum sum, stretched = {{0}};
	size_t i;

	(void)state;
	/* all ones is minus one: adding x gives x - 1 */
	memset(&sum, 0xff, sizeof(sum));
	setsum_add(&stretched, &a);
	setsum_add(&sum, &a);
	assert_int_equal(sum.limbs[0], stretched.limbs[0] - 1);
	for (i = 1; i < SETSUM_LEN / 8; i++)
		assert_int_equal(sum.limbs[i], stretched.limbs[i]);
	setsum_remove(&stretched, &a);
	assert_memory_equal(&stretched, &empty, sizeof(empty));
}

/* ChaCha20 under SHA-256("a"), first eight bytes; made with Python's
 * cryptography. */
static void
an_element_is_stretched_by_chacha20(void **state)
{
	struct digest a = element("a"), digest;
	struct setsum sum = {{0}};
	uint8_t bytes[SETSUM_LEN];
	char hex[DIGEST_HEX_LEN + 1];

	(void)state;
	setsum_add(&sum, &a);
	setsum_print(&sum, bytes);
	assert_memory_equal(bytes, "\x20\x5e\x84\x24\x78\xfd\x83\x1e", 8);
	digest = setsum_digest(&sum);
	assert_string_equal(digest_print(&digest, hex),
	    "0a9c84a2454a2c5c75ba859404e8f7a1"
	    "0620f52808c047e7317410a6620de18c");
}

/* However many there are, in groups and beyond them. */
static void
many_at_once_are_as_one_after_the_other(void **state)
{
	struct setsum together = {{0}}, alone = {{0}};
	struct digest elements[21];
	size_t count, i;

	(void)state;
	for (i = 0; i < 21; i++)
		elements[i] = digest_of(span_make(&i, sizeof(i)));
	for (count = 0; count <= 21; count++) {
		setsum_add_all(&together, elements, count);
		for (i = 0; i < count; i++)
			setsum_add(&alone, &elements[i]);
		assert_memory_equal(&together, &alone, sizeof(alone));
		setsum_remove_all(&together, elements, count / 2);
		for (i = 0; i < count / 2; i++)
			setsum_remove(&alone, &elements[i]);
		assert_memory_equal(&together, &alone, sizeof(alone));
	}
}

static void
a_sum_is_stored_and_read_back(void **state)
{
	struct digest a = element("a");
	struct setsum sum = {{0}}, again;
	uint8_t bytes[SETSUM_LEN];

	(void)state;
	setsum_add(&sum, &a);
	setsum_print(&sum, bytes);
	assert_true(setsum_parse(span_make(bytes, sizeof(bytes)), &again));
	assert_memory_equal(&sum, &again, sizeof(sum));
	assert_false(setsum_parse(span_make(bytes, 511), &again));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(order_does_not_matter_and_removal_undoes),
	    cmocka_unit_test(a_part_that_is_taken_out_leaves_the_rest),
	    cmocka_unit_test(
		an_empty_set_comes_back_even_through_negative_sums),
	    cmocka_unit_test(a_carry_runs_through_all_limbs),
	    cmocka_unit_test(an_element_is_stretched_by_chacha20),
	    cmocka_unit_test(many_at_once_are_as_one_after_the_other),
	    cmocka_unit_test(a_sum_is_stored_and_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
