/*
 * inclusion: what is printed is read back; what is not a receipt is not read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "credit/inclusion.h"

static void
print_sample(struct buf *text)
{
	struct inclusion inclusion = {
	    .index = 5, .size = 9, .checkpoint = span_of("a\n9\n")};

	inclusion.leaf = digest_of(span_of("leaf"));
	inclusion.proof.steps[0] = digest_of(span_of("step"));
	inclusion.proof.count = 1;
	inclusion_print(&inclusion, text);
}

static void
what_is_printed_is_read_back(void **state)
{
	struct digest step = digest_of(span_of("step"));
	struct buf text = {0}, note = {0};
	struct inclusion inclusion;

	(void)state;
	print_sample(&text);
	assert_int_equal(
	    inclusion_parse(buf_span(&text), &inclusion, &note, NULL), ERR_OK);
	assert_int_equal(inclusion.index, 5);
	assert_int_equal(inclusion.size, 9);
	assert_int_equal(inclusion.proof.count, 1);
	assert_true(digest_equal(&inclusion.proof.steps[0], &step));
	assert_true(span_is(inclusion.checkpoint, "a\n9\n"));
	buf_release(&text);
	buf_release(&note);
}

static void
a_proof_holds_for_its_own_place_and_root_only(void **state)
{
	struct digest leaves[5], root;
	struct merkle_leaves all = {leaves, 5};
	struct merkle_source source = {merkle_find_in_leaves, &all};
	struct inclusion inclusion = {.index = 3, .size = 5};
	size_t i;

	(void)state;
	for (i = 0; i < 5; i++)
		leaves[i] = merkle_leaf(span_make(&"abcde"[i], 1));
	root = merkle_root_of(leaves, 5);
	inclusion.leaf = leaves[3];
	assert_true(merkle_prove_inclusion(&source, 3, 5, &inclusion.proof));
	assert_true(inclusion_holds(&inclusion, &root));
	inclusion.index = 2;
	assert_false(inclusion_holds(&inclusion, &root));
	inclusion.index = 3;
	assert_false(inclusion_holds(&inclusion, &leaves[0]));
}

static void
what_is_no_receipt_is_not_read(void **state)
{
	static const char negative[] =
	    "{\"index\":-1,\"leaf_hash\":\"\",\"tree_size\":1,"
	    "\"proof\":[],\"checkpoint\":\"\"}";
	static const char *const wrong[] = {
	    "", "[]", "{}", "{\"index\":0}", negative};
	struct inclusion inclusion;
	struct buf note = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(
		    inclusion_parse(span_of(wrong[i]), &inclusion, &note, NULL),
		    ERR_INVALID);
	buf_release(&note);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_printed_is_read_back),
	    cmocka_unit_test(a_proof_holds_for_its_own_place_and_root_only),
	    cmocka_unit_test(what_is_no_receipt_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
