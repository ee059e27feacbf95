/*
 * manifest: what a department says of a file that it put into its inbox.
 */
#include "credit/manifest.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"

#define ITEM_MAX 65535
#define CHARSET_MAX 20

static const char *const names[] = {"item", "id", "file", "size", "digest",
    "mode", "charset", "format", "divisions", "sequence", NULL};

/* Printable ASCII without space, 1 to `size` - 1 characters. */
static bool
copy_word(const struct json *value, char *out, size_t size)
{
	struct span text = json_text(value);
	size_t i;

	if (text.ptr == NULL || text.len == 0 || text.len >= size)
		return false;
	for (i = 0; i < text.len; i++)
		if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
			return false;
	memcpy(out, text.ptr, text.len);
	out[text.len] = '\0';
	return true;
}

static bool
copy_optional(const struct json *value, char *out, size_t size)
{
	out[0] = '\0';
	return value == NULL || copy_word(value, out, size);
}

/* A name in the folder itself: no way out of it, nothing hidden. */
static bool
copy_file(const struct json *value, char *out)
{
	struct span text = json_text(value);
	size_t i;

	if (text.ptr == NULL || text.len == 0 || text.len > MANIFEST_FILE_MAX ||
	    text.ptr[0] == '.')
		return false;
	for (i = 0; i < text.len; i++)
		if ((uint8_t)text.ptr[i] < ' ' || text.ptr[i] == '/' ||
		    text.ptr[i] == 0x7f)
			return false;
	memcpy(out, text.ptr, text.len);
	out[text.len] = '\0';
	return true;
}

static bool
ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), tail = strlen(end);

	return len >= tail && strcmp(text + len - tail, end) == 0;
}

static bool
fill_type(const struct json *root, struct manifest *manifest)
{
	char format[16], charset[CHARSET_MAX];
	bool lines;

	if (!copy_optional(json_find(root, "format"), format, sizeof(format)) ||
	    !copy_optional(
		json_find(root, "charset"), charset, sizeof(charset)) ||
	    strpbrk(charset, ";\",") != NULL)
		return false;
	if (format[0] != '\0' && strcmp(format, "csv") != 0 &&
	    strcmp(format, "ndjson") != 0)
		return false;
	lines = strcmp(format, "ndjson") == 0 ||
		(format[0] == '\0' && ends_with(manifest->file, ".ndjson"));
	snprintf(manifest->type, sizeof(manifest->type), "%s; charset=%s",
	    lines ? "application/x-ndjson" : "text/csv",
	    charset[0] != '\0' ? charset : "utf-8");
	return true;
}

static enum err
fill(const struct json *root, struct manifest *manifest, struct why *why)
{
	int64_t item = json_int(json_find(root, "item"), 0);
	int64_t size = json_int(json_find(root, "size"), -1);
	const char *wrong = NULL;

	if (!json_has_only(root, names, &wrong))
		return why_set(why, ERR_INVALID,
		    "not an object, or an "
		    "unknown member");
	if (item < 1 || item > ITEM_MAX)
		wrong = "item: a number";
	else if (!copy_word(
		     json_find(root, "id"), manifest->id, sizeof(manifest->id)))
		wrong = "id: 1 to 128 printable characters";
	else if (!copy_file(json_find(root, "file"), manifest->file))
		wrong = "file: the name of a file in the same folder";
	else if (size < 0)
		wrong = "size: bytes of the file";
	else if (!digest_parse(
		     json_text(json_find(root, "digest")), &manifest->digest))
		wrong = "digest: SHA-256 of the file, 64 hex digits";
	else if (!fill_type(root, manifest))
		wrong = "format: csv or ndjson; charset: utf-8 or gb18030";
	else if (!copy_optional(json_find(root, "mode"), manifest->mode,
		     sizeof(manifest->mode)) ||
		 !copy_optional(json_find(root, "divisions"),
		     manifest->divisions, sizeof(manifest->divisions)) ||
		 !copy_optional(json_find(root, "sequence"), manifest->sequence,
		     sizeof(manifest->sequence)))
		wrong = "mode, divisions, sequence: short texts";
	manifest->item = (uint32_t)item;
	manifest->size = (uint64_t)size;
	return wrong == NULL ? ERR_OK : why_set(why, ERR_INVALID, "%s", wrong);
}

enum err
manifest_parse(struct span text, struct manifest *manifest, struct why *why)
{
	struct json *root;
	enum err err;

	memset(manifest, 0, sizeof(*manifest));
	if (text.len > MANIFEST_MAX)
		return why_set(why, ERR_LIMIT, "the manifest is too long");
	root = json_parse(text, why);
	if (root == NULL)
		return ERR_INVALID;
	err = fill(root, manifest, why);
	json_free(root);
	return err;
}
