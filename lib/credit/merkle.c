/*
 * merkle: RFC 6962 §2.1 trees, and C2SP tlog-tiles (height 8).
 */
#include "credit/merkle.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

struct digest
merkle_leaf(struct span data)
{
	struct span parts[] = {span_make("\0", 1), data};

	return digest_of_parts(parts, 2);
}

struct digest
merkle_node(const struct digest *left, const struct digest *right)
{
	char pair[1 + 2 * DIGEST_LEN] = {1};

	memcpy(pair + 1, left->bytes, DIGEST_LEN);
	memcpy(pair + 1 + DIGEST_LEN, right->bytes, DIGEST_LEN);
	return digest_of(span_make(pair, sizeof(pair)));
}

/* Each 1 bit of the size is one complete subtree; adding a leaf is adding
 * one with its carries. */
void
merkle_add(struct merkle *tree, const struct digest *leaf)
{
	struct digest node = *leaf;
	uint64_t carry;

	for (carry = tree->size; (carry & 1) != 0; carry >>= 1)
		node = merkle_node(&tree->edge[--tree->edge_count], &node);
	tree->edge[tree->edge_count++] = node;
	tree->size++;
}

struct digest
merkle_root(const struct merkle *tree)
{
	struct digest root;
	unsigned i;

	if (tree->edge_count == 0)
		return digest_of(span_make("", 0));
	root = tree->edge[tree->edge_count - 1];
	for (i = tree->edge_count - 1; i > 0; i--)
		root = merkle_node(&tree->edge[i - 1], &root);
	return root;
}

struct digest
merkle_root_of(const struct digest *leaves, size_t count)
{
	struct merkle tree = {0};
	size_t i;

	for (i = 0; i < count; i++)
		merkle_add(&tree, &leaves[i]);
	return merkle_root(&tree);
}

/* RFC 9162 §2.1.3.2, which is RFC 6962's proof checked from the leaf up. */
bool
merkle_check_inclusion(uint64_t index, uint64_t size, const struct digest *leaf,
    const struct digest *proof, size_t proof_len, const struct digest *root)
{
	struct digest hash = *leaf;
	uint64_t node = index, last = size - 1;
	size_t i;

	if (index >= size)
		return false;
	for (i = 0; i < proof_len; i++) {
		if (last == 0)
			return false;
		if ((node & 1) == 0 && node != last) {
			hash = merkle_node(&hash, &proof[i]);
		} else {
			hash = merkle_node(&proof[i], &hash);
			for (; (node & 1) == 0 && node != 0; last >>= 1)
				node >>= 1;
		}
		node >>= 1;
		last >>= 1;
	}
	return last == 0 && digest_equal(&hash, root);
}

/* The two roots that a consistency proof leads to, step by step. */
struct walk {
	uint64_t node, last;
	struct digest old_hash, new_hash;
};

static bool
walk_step(struct walk *walk, const struct digest *step)
{
	if (walk->last == 0)
		return false;
	if ((walk->node & 1) == 0 && walk->node != walk->last) {
		walk->new_hash = merkle_node(&walk->new_hash, step);
	} else {
		walk->old_hash = merkle_node(step, &walk->old_hash);
		walk->new_hash = merkle_node(step, &walk->new_hash);
		for (; (walk->node & 1) == 0 && walk->node != 0;
		     walk->last >>= 1)
			walk->node >>= 1;
	}
	walk->node >>= 1;
	walk->last >>= 1;
	return true;
}

/* RFC 9162 §2.1.4.2. */
bool
merkle_check_consistency(uint64_t old_size, uint64_t new_size,
    const struct digest *old_root, const struct digest *new_root,
    const struct digest *proof, size_t proof_len)
{
	struct walk walk = {old_size - 1, new_size - 1, *old_root, *old_root};
	struct digest empty = merkle_root_of(NULL, 0);
	size_t i = 0;

	if (old_size > new_size)
		return false;
	if (old_size == new_size)
		return proof_len == 0 && digest_equal(old_root, new_root);
	if (old_size == 0)
		return proof_len == 0 && digest_equal(old_root, &empty);
	for (; (walk.node & 1) != 0; walk.last >>= 1)
		walk.node >>= 1;
	/* An old tree that is one complete subtree starts the walk itself. */
	if ((old_size & (old_size - 1)) != 0) {
		if (proof_len == 0)
			return false;
		walk.old_hash = walk.new_hash = proof[i++];
	}
	for (; i < proof_len; i++) {
		if (!walk_step(&walk, &proof[i]))
			return false;
	}
	return walk.last == 0 && digest_equal(&walk.old_hash, old_root) &&
	       digest_equal(&walk.new_hash, new_root);
}

/* The largest power of two below `size` (size > 1): RFC 6962's k. */
static uint64_t
split_of(uint64_t size)
{
	return UINT64_C(1) << (63 - __builtin_clzll(size - 1));
}

/* Root of leaves first..end, as RFC 6962 splits them: `first` is always a
 * multiple of the complete subtrees asked for. */
static bool
range_root(const struct merkle_source *source, uint64_t first, uint64_t end,
    struct digest *root)
{
	uint64_t count = end - first, split;
	struct digest left, right;
	unsigned level;

	if ((count & (count - 1)) == 0) {
		level = (unsigned)__builtin_ctzll(count);
		return source->find(
		    source->context, level, first >> level, root);
	}
	split = split_of(count);
	if (!range_root(source, first, first + split, &left) ||
	    !range_root(source, first + split, end, &right))
		return false;
	*root = merkle_node(&left, &right);
	return true;
}

/* Steps are found from the root down and told from the leaf up. */
static void
proof_turn(struct merkle_proof *proof)
{
	struct digest swap;
	size_t i;

	for (i = 0; i < proof->count / 2; i++) {
		swap = proof->steps[i];
		proof->steps[i] = proof->steps[proof->count - 1 - i];
		proof->steps[proof->count - 1 - i] = swap;
	}
}

static bool
proof_add(struct merkle_proof *proof, const struct merkle_source *source,
    uint64_t first, uint64_t end)
{
	assert(proof->count < MERKLE_PROOF_MAX);
	return range_root(source, first, end, &proof->steps[proof->count++]);
}

bool
merkle_prove_inclusion(const struct merkle_source *source, uint64_t index,
    uint64_t size, struct merkle_proof *proof)
{
	uint64_t first = 0, end = size, middle;

	proof->count = 0;
	if (index >= size)
		return false;
	while (end - first > 1) {
		middle = first + split_of(end - first);
		if (index < middle) {
			if (!proof_add(proof, source, middle, end))
				return false;
			end = middle;
		} else {
			if (!proof_add(proof, source, first, middle))
				return false;
			first = middle;
		}
	}
	proof_turn(proof);
	return true;
}

bool
merkle_prove_consistency(const struct merkle_source *source, uint64_t old_size,
    uint64_t new_size, struct merkle_proof *proof)
{
	uint64_t first = 0, end = new_size, middle;

	proof->count = 0;
	if (old_size > new_size)
		return false;
	if (old_size == 0)
		return true;
	while (end != old_size) {
		middle = first + split_of(end - first);
		if (old_size <= middle) {
			if (!proof_add(proof, source, middle, end))
				return false;
			end = middle;
		} else {
			if (!proof_add(proof, source, first, middle))
				return false;
			first = middle;
		}
	}
	if (first != 0 && !proof_add(proof, source, first, end))
		return false;
	proof_turn(proof);
	return true;
}

bool
merkle_find_in_leaves(
    void *context, unsigned level, uint64_t index, struct digest *hash)
{
	const struct merkle_leaves *leaves = context;
	uint64_t count = UINT64_C(1) << level;

	if (index >= leaves->count >> level)
		return false;
	*hash = merkle_root_of(leaves->hashes + index * count, count);
	return true;
}

/* "x001/x234/067": groups of three digits, all but the last marked. */
static size_t
print_index(uint64_t index, char *out, size_t size)
{
	unsigned groups[7];
	size_t count = 0, len = 0;

	do {
		groups[count++] = (unsigned)(index % 1000);
		index /= 1000;
	} while (index > 0);
	while (count-- > 0)
		len += (size_t)snprintf(out + len, size - len, "%s%03u%s",
		    count > 0 ? "x" : "", groups[count], count > 0 ? "/" : "");
	return len;
}

const char *
merkle_tile_path(
    int level, uint64_t index, unsigned width, char out[MERKLE_PATH_MAX])
{
	size_t len;

	assert(level >= -1 && level <= MERKLE_LEVEL_MAX);
	assert(width > 0 && width <= MERKLE_TILE_WIDTH);
	if (level < 0)
		len = (size_t)snprintf(out, MERKLE_PATH_MAX, "tile/entries/");
	else
		len = (size_t)snprintf(out, MERKLE_PATH_MAX, "tile/%d/", level);
	len += print_index(index, out + len, MERKLE_PATH_MAX - len);
	if (width < MERKLE_TILE_WIDTH)
		snprintf(out + len, MERKLE_PATH_MAX - len, ".p/%u", width);
	return out;
}

static bool
take_text(struct span *path, const char *text)
{
	size_t len = strlen(text);

	if (path->len < len || memcmp(path->ptr, text, len) != 0)
		return false;
	path->ptr += len;
	path->len -= len;
	return true;
}

/* A decimal of at most three digits without leading zeros. */
static bool
take_decimal(struct span *path, unsigned *value)
{
	size_t i;

	*value = 0;
	for (i = 0; i < path->len && i < 3; i++) {
		if (path->ptr[i] < '0' || path->ptr[i] > '9')
			break;
		*value = *value * 10 + (unsigned)(path->ptr[i] - '0');
	}
	if (i == 0 || (i > 1 && path->ptr[0] == '0'))
		return false;
	path->ptr += i;
	path->len -= i;
	return true;
}

static bool
take_group(struct span *path, unsigned *group)
{
	size_t i;

	if (path->len < 3)
		return false;
	for (*group = 0, i = 0; i < 3; i++) {
		if (path->ptr[i] < '0' || path->ptr[i] > '9')
			return false;
		*group = *group * 10 + (unsigned)(path->ptr[i] - '0');
	}
	path->ptr += 3;
	path->len -= 3;
	return true;
}

static bool
take_index(struct span *path, uint64_t *index)
{
	bool more, first = true;
	unsigned group;

	*index = 0;
	do {
		more = take_text(path, "x");
		if (!take_group(path, &group))
			return false;
		if (more && (!take_text(path, "/") || (first && group == 0)))
			return false;
		if (*index > (UINT64_MAX - group) / 1000)
			return false;
		*index = *index * 1000 + group;
		first = false;
	} while (more);
	return true;
}

static bool
take_level(struct span *path, int *level)
{
	unsigned value;

	if (take_text(path, "entries/")) {
		*level = -1;
		return true;
	}
	if (!take_decimal(path, &value) || value > MERKLE_LEVEL_MAX)
		return false;
	*level = (int)value;
	return take_text(path, "/");
}

bool
merkle_parse_tile_path(
    struct span path, int *level, uint64_t *index, unsigned *width)
{
	if (!take_level(&path, level) || !take_index(&path, index))
		return false;
	*width = MERKLE_TILE_WIDTH;
	if (path.len == 0)
		return true;
	return take_text(&path, ".p/") && take_decimal(&path, width) &&
	       *width > 0 && *width < MERKLE_TILE_WIDTH && path.len == 0;
}
