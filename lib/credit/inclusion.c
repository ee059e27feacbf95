/*
 * inclusion: the proof that an entry is in a trail, as a document.
 */
#include "credit/inclusion.h"

#include "base/json.h"

void
inclusion_print(const struct inclusion *inclusion, struct buf *json)
{
	struct json_out out = {.buf = json};
	char hex[DIGEST_HEX_LEN + 1];
	size_t i;

	json_open_object(&out, NULL);
	json_put_int(&out, "index", (int64_t)inclusion->index);
	json_put_cstr(&out, "leaf_hash", digest_print(&inclusion->leaf, hex));
	json_put_int(&out, "tree_size", (int64_t)inclusion->size);
	json_open_array(&out, "proof");
	for (i = 0; i < inclusion->proof.count; i++)
		json_put_cstr(
		    &out, NULL, digest_print(&inclusion->proof.steps[i], hex));
	json_close_array(&out);
	json_put_text(&out, "checkpoint", inclusion->checkpoint);
	json_close_object(&out);
}

static bool
parse_number(const struct json *value, uint64_t *number)
{
	int64_t read = json_int(value, -1);

	*number = (uint64_t)read;
	return read >= 0;
}

static bool
parse_steps(const struct json *list, struct merkle_proof *proof)
{
	size_t i;

	proof->count = json_count(list);
	if (!json_is_array(list) || proof->count > MERKLE_PROOF_MAX)
		return false;
	for (i = 0; i < proof->count; i++) {
		if (!digest_parse(
			json_text(json_at(list, i)), &proof->steps[i]))
			return false;
	}
	return true;
}

static enum err
inclusion_fill(const struct json *root, struct inclusion *inclusion,
    struct buf *note, struct why *why)
{
	static const char *const known[] = {
	    "index", "leaf_hash", "tree_size", "proof", "checkpoint", NULL};
	struct span text = json_text(json_find(root, "checkpoint"));

	if (!json_is_object(root) || !json_has_only(root, known, NULL))
		return why_set(why, ERR_INVALID, "not a receipt's members");
	if (!parse_number(json_find(root, "index"), &inclusion->index) ||
	    !parse_number(json_find(root, "tree_size"), &inclusion->size))
		return why_set(
		    why, ERR_INVALID, "index, tree_size: numbers are needed");
	if (!digest_parse(
		json_text(json_find(root, "leaf_hash")), &inclusion->leaf) ||
	    !parse_steps(json_find(root, "proof"), &inclusion->proof))
		return why_set(why, ERR_INVALID,
		    "leaf_hash, proof: hashes in hex are needed");
	if (text.ptr == NULL)
		return why_set(why, ERR_INVALID, "checkpoint: it is missing");
	buf_reset(note);
	buf_add(note, text.ptr, text.len);
	inclusion->checkpoint = buf_span(note);
	return ERR_OK;
}

enum err
inclusion_parse(struct span text, struct inclusion *inclusion, struct buf *note,
    struct why *why)
{
	struct json *root;
	enum err err;

	*inclusion = (struct inclusion){0};
	if (text.len > INCLUSION_MAX)
		return why_set(why, ERR_LIMIT, "a receipt is not so long");
	root = json_parse(text, why);
	if (root == NULL)
		return ERR_INVALID;
	err = inclusion_fill(root, inclusion, note, why);
	json_free(root);
	return err;
}

bool
inclusion_holds(const struct inclusion *inclusion, const struct digest *root)
{
	return merkle_check_inclusion(inclusion->index, inclusion->size,
	    &inclusion->leaf, inclusion->proof.steps, inclusion->proof.count,
	    root);
}
