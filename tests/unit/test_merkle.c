/*
 * merkle: the vectors of certificate-transparency, and proofs for every
 * tree up to 70 leaves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credit/merkle.h"

#define LEAVES_MAX 70

/* certificate-transparency, merkletree tests: eight leaves … */
static const struct span ct_leaves[8] = {
    {"", 0},
    {"\x00", 1},
    {"\x10", 1},
    {"\x20\x21", 2},
    {"\x30\x31", 2},
    {"\x40\x41\x42\x43", 4},
    {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
    {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16},
};

/* … and the roots of the trees of the first 0 to 8 of them. */
static const char *const ct_roots[9] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static struct digest leaves[LEAVES_MAX];
static struct digest roots[LEAVES_MAX + 1];

static int
make_leaves(void **state)
{
	uint8_t i;

	(void)state;
	for (i = 0; i < LEAVES_MAX; i++)
		leaves[i] = merkle_leaf(span_make(&i, 1));
	for (i = 0; i <= LEAVES_MAX; i++)
		roots[i] = merkle_root_of(leaves, i);
	return 0;
}

static struct merkle_source
source_of(struct merkle_leaves *known)
{
	*known = (struct merkle_leaves){leaves, LEAVES_MAX};
	return (struct merkle_source){merkle_find_in_leaves, known};
}

static void
the_roots_are_those_of_certificate_transparency(void **state)
{
	char hex[DIGEST_HEX_LEN + 1];
	struct merkle tree = {0};
	struct digest root, leaf;
	size_t i;

	(void)state;
	for (i = 0; i <= 8; i++) {
		root = merkle_root(&tree);
		assert_string_equal(digest_print(&root, hex), ct_roots[i]);
		if (i == 8)
			break;
		leaf = merkle_leaf(ct_leaves[i]);
		merkle_add(&tree, &leaf);
	}
	assert_int_equal(tree.size, 8);
	assert_int_equal(tree.edge_count, 1);
}

/* RFC 6962 §2.1 as written, recursion and all. */
static struct digest
root_by_definition(const struct digest *hashes, size_t count)
{
	struct digest left, right;
	size_t split = 1;

	if (count == 1)
		return hashes[0];
	while (split * 2 < count)
		split *= 2;
	left = root_by_definition(hashes, split);
	right = root_by_definition(hashes + split, count - split);
	return merkle_node(&left, &right);
}

static void
a_growing_tree_has_the_roots_of_the_definition(void **state)
{
	struct digest root;
	size_t size;

	(void)state;
	for (size = 1; size <= LEAVES_MAX; size++) {
		root = root_by_definition(leaves, size);
		assert_true(digest_equal(&root, &roots[size]));
	}
}

static void
every_leaf_of_every_tree_is_proved(void **state)
{
	struct merkle_leaves known;
	struct merkle_source source = source_of(&known);
	struct merkle_proof proof;
	uint64_t size, i;

	(void)state;
	for (size = 1; size <= LEAVES_MAX; size++) {
		for (i = 0; i < size; i++) {
			assert_true(
			    merkle_prove_inclusion(&source, i, size, &proof));
			assert_true(merkle_check_inclusion(i, size, &leaves[i],
			    proof.steps, proof.count, &roots[size]));
		}
	}
}

static bool
is_included(uint64_t index, uint64_t size, const struct merkle_proof *proof)
{
	return merkle_check_inclusion(index, size, &leaves[index], proof->steps,
	    proof->count, &roots[size]);
}

static void
a_wrong_inclusion_proof_is_refused(void **state)
{
	struct merkle_leaves known;
	struct merkle_source source = source_of(&known);
	struct merkle_proof proof, bent;
	size_t i;

	(void)state;
	assert_true(merkle_prove_inclusion(&source, 33, 70, &proof));
	assert_true(is_included(33, 70, &proof));
	assert_false(is_included(32, 70, &proof));
	assert_false(is_included(33, 69, &proof));
	for (i = 0; i < proof.count; i++) {
		bent = proof;
		bent.steps[i].bytes[31] ^= 1;
		assert_false(is_included(33, 70, &bent));
	}
	bent = proof;
	bent.count--;
	assert_false(is_included(33, 70, &bent));
	bent.count += 2;
	bent.steps[bent.count - 1] = leaves[0];
	assert_false(is_included(33, 70, &bent));
	assert_false(merkle_check_inclusion(
	    70, 70, &leaves[0], proof.steps, proof.count, &roots[70]));
	assert_false(
	    merkle_check_inclusion(0, 0, &leaves[0], NULL, 0, &roots[0]));
}

static bool
is_consistent(
    uint64_t old_size, uint64_t size, const struct merkle_proof *proof)
{
	return merkle_check_consistency(old_size, size, &roots[old_size],
	    &roots[size], proof->steps, proof->count);
}

static void
every_tree_is_proved_to_grow_into_every_later_one(void **state)
{
	struct merkle_leaves known;
	struct merkle_source source = source_of(&known);
	struct merkle_proof proof;
	uint64_t size, old;

	(void)state;
	for (size = 0; size <= LEAVES_MAX; size++) {
		for (old = 0; old <= size; old++) {
			assert_true(merkle_prove_consistency(
			    &source, old, size, &proof));
			assert_true(is_consistent(old, size, &proof));
		}
	}
}

static void
a_rewritten_history_is_refused(void **state)
{
	struct merkle_leaves known;
	struct merkle_source source = source_of(&known);
	struct merkle_proof proof, bent;
	struct digest forked;
	size_t i;

	(void)state;
	assert_true(merkle_prove_consistency(&source, 37, 70, &proof));
	forked = roots[37];
	forked.bytes[0] ^= 1;
	assert_false(merkle_check_consistency(
	    37, 70, &forked, &roots[70], proof.steps, proof.count));
	assert_false(merkle_check_consistency(
	    37, 70, &roots[37], &forked, proof.steps, proof.count));
	for (i = 0; i < proof.count; i++) {
		bent = proof;
		bent.steps[i].bytes[0] ^= 0x80;
		assert_false(is_consistent(37, 70, &bent));
	}
	assert_false(is_consistent(36, 70, &proof));
	assert_false(merkle_prove_consistency(&source, 70, 37, &proof));
	assert_false(
	    merkle_check_consistency(70, 37, &roots[70], &roots[37], NULL, 0));
	assert_false(
	    merkle_check_consistency(37, 70, &roots[37], &roots[70], NULL, 0));
	assert_false(
	    merkle_check_consistency(0, 5, &roots[5], &roots[5], NULL, 0));
}

static void
a_source_that_fails_gives_no_proof(void **state)
{
	struct merkle_leaves known;
	struct merkle_source source = source_of(&known);
	struct merkle_proof proof;

	(void)state;
	known.count = 60;
	assert_false(merkle_prove_inclusion(&source, 3, 70, &proof));
	assert_false(merkle_prove_inclusion(&source, 70, 70, &proof));
	assert_false(merkle_prove_consistency(&source, 3, 70, &proof));
}

/* The examples of C2SP tlog-tiles, and the ends of the range. */
static void
tile_paths_are_those_of_tlog_tiles(void **state)
{
	char out[MERKLE_PATH_MAX];

	(void)state;
	assert_string_equal(
	    merkle_tile_path(0, 1234067, 256, out), "tile/0/x001/x234/067");
	assert_string_equal(merkle_tile_path(0, 0, 256, out), "tile/0/000");
	assert_string_equal(
	    merkle_tile_path(1, 273, 17, out), "tile/1/273.p/17");
	assert_string_equal(merkle_tile_path(-1, 1000, 255, out),
	    "tile/entries/x001/000.p/255");
	assert_string_equal(merkle_tile_path(63, UINT64_MAX, 1, out),
	    "tile/63/x018/x446/x744/x073/x709/x551/615.p/1");
}

static void
every_path_is_parsed_back(void **state)
{
	static const uint64_t indices[] = {
	    0, 7, 999, 1000, 1000000, 1234067, UINT64_MAX / 1000, UINT64_MAX};
	static const unsigned widths[] = {1, 99, 255, 256};
	char out[MERKLE_PATH_MAX];
	unsigned width;
	uint64_t index;
	size_t i, j;
	int level;

	(void)state;
	for (i = 0; i < sizeof(indices) / sizeof(indices[0]); i++) {
		for (j = 0; j < 4; j++) {
			merkle_tile_path(
			    (int)j - 1, indices[i], widths[j], out);
			assert_true(merkle_parse_tile_path(
			    span_of(out + 5), &level, &index, &width));
			assert_int_equal(level, (int)j - 1);
			assert_true(index == indices[i]);
			assert_int_equal(width, widths[j]);
		}
	}
}

static void
other_paths_are_refused(void **state)
{
	static const char *const others[] = {"", "0", "0/", "0/0", "0/00",
	    "0/0000", "00/000", "64/000", "100/000", "-1/000", "0/x000/067",
	    "0/x001/", "0/x001", "0/001/067", "0/x001067", "0/067/",
	    "0/067.p/0", "0/067.p/256", "0/067.p/01", "0/067.p/", "0/067.p/1/",
	    "0/067.p", "0/067 ", "entries", "entries/", "entries/../etc",
	    "tile/0/000", "0/x018/x446/x744/x073/x709/x551/616", "0//000",
	    "0/x001/x000/x000/x000/x000/x000/x000/000", "0/٠٠٠"};
	unsigned width;
	uint64_t index;
	int level;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(merkle_parse_tile_path(
		    span_of(others[i]), &level, &index, &width));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_roots_are_those_of_certificate_transparency),
	    cmocka_unit_test(a_growing_tree_has_the_roots_of_the_definition),
	    cmocka_unit_test(every_leaf_of_every_tree_is_proved),
	    cmocka_unit_test(a_wrong_inclusion_proof_is_refused),
	    cmocka_unit_test(every_tree_is_proved_to_grow_into_every_later_one),
	    cmocka_unit_test(a_rewritten_history_is_refused),
	    cmocka_unit_test(a_source_that_fails_gives_no_proof),
	    cmocka_unit_test(tile_paths_are_those_of_tlog_tiles),
	    cmocka_unit_test(every_path_is_parsed_back),
	    cmocka_unit_test(other_paths_are_refused),
	};

	return cmocka_run_group_tests(tests, make_leaves, NULL);
}
