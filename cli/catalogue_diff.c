/*
 * catalogue_diff: what differs between two catalogues.
 *
 * Both are compared as documents: items, fields, lists and checks by what
 * names them, whatever their order; everything else as it is written.
 */
#include "cli/catalogue_diff.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/fetch.h"
#include "cli/show.h"

#define CATALOGUE_MAX ((size_t)8 << 20)
#define PATH_LEN_MAX 512
#define SHOWN_MAX 60

struct diff {
	/* An array of {"change","where","before","after"}; NULL: only counted.
	 */
	struct json_out *out;
	size_t count;
};

struct pair {
	struct diff *diff;
	const char *path;
	const struct json *other;
};

static void
put_side(struct json_out *out, const char *name, const struct json *value)
{
	struct buf text = {0};

	if (value == NULL) {
		json_put_null(out, name);
		return;
	}
	json_print(value, &text);
	json_put_raw(out, name, buf_span(&text));
	buf_release(&text);
}

static void
note(struct diff *diff, const char *path, const struct json *before,
    const struct json *after)
{
	const char *change = before == NULL  ? "added"
			     : after == NULL ? "removed"
					     : "changed";

	diff->count++;
	if (diff->out == NULL)
		return;
	json_open_object(diff->out, NULL);
	json_put_cstr(diff->out, "change", change);
	json_put_cstr(diff->out, "where", path);
	put_side(diff->out, "before", before);
	put_side(diff->out, "after", after);
	json_close_object(diff->out);
}

static void compare(struct diff *diff, const char *path,
    const struct json *before, const struct json *after);

static void
compare_below(struct diff *diff, const char *path, const char *name,
    const struct json *before, const struct json *after)
{
	char below[PATH_LEN_MAX];

	snprintf(below, sizeof(below), "%s%s%s", path,
	    path[0] != '\0' ? "/" : "", name);
	compare(diff, below, before, after);
}

static bool
on_before(void *context, const char *name, const struct json *value)
{
	const struct pair *pair = context;

	compare_below(
	    pair->diff, pair->path, name, value, json_find(pair->other, name));
	return true;
}

static bool
on_after(void *context, const char *name, const struct json *value)
{
	const struct pair *pair = context;

	if (json_find(pair->other, name) == NULL)
		compare_below(pair->diff, pair->path, name, NULL, value);
	return true;
}

/* What names an element of the catalogue's arrays; "" when nothing does. */
static void
name_of(const struct json *element, struct buf *name)
{
	static const char *const keys[] = {"number", "name", "code", "id"};
	size_t i;

	buf_reset(name);
	for (i = 0; i < sizeof(keys) / sizeof(*keys) && name->len == 0; i++)
		if (json_find(element, keys[i]) != NULL)
			json_scalar(json_find(element, keys[i]), name);
}

/* Does every element have a name of its own? */
static bool
has_names(const struct json *array)
{
	struct buf name = {0}, other = {0};
	bool good = json_count(array) > 0;
	size_t i, j;

	for (i = 0; good && i < json_count(array); i++) {
		name_of(json_at(array, i), &name);
		good = name.len > 0;
		for (j = 0; good && j < i; j++) {
			name_of(json_at(array, j), &other);
			good = !span_equal(buf_span(&name), buf_span(&other));
		}
	}
	buf_release(&name);
	buf_release(&other);
	return good;
}

static const struct json *
find_named(const struct json *array, struct span wanted)
{
	const struct json *found = NULL;
	struct buf name = {0};
	size_t i;

	for (i = 0; found == NULL && i < json_count(array); i++) {
		name_of(json_at(array, i), &name);
		if (span_equal(buf_span(&name), wanted))
			found = json_at(array, i);
	}
	buf_release(&name);
	return found;
}

static void
compare_named(struct diff *diff, const char *path, const struct json *before,
    const struct json *after)
{
	const struct json *one;
	struct buf name = {0};
	size_t i;

	for (i = 0; i < json_count(before); i++) {
		one = json_at(before, i);
		name_of(one, &name);
		compare_below(diff, path, buf_cstr(&name), one,
		    find_named(after, buf_span(&name)));
	}
	for (i = 0; i < json_count(after); i++) {
		one = json_at(after, i);
		name_of(one, &name);
		if (find_named(before, buf_span(&name)) == NULL)
			compare_below(diff, path, buf_cstr(&name), NULL, one);
	}
	buf_release(&name);
}

/* Whatever the order of the members of their objects. */
static bool
is_same(const struct json *before, const struct json *after)
{
	struct diff inner = {NULL, 0};
	struct buf left = {0}, right = {0};
	size_t i;

	if (json_is_array(before) && json_is_array(after)) {
		inner.count = json_count(before) != json_count(after);
		for (i = 0; inner.count == 0 && i < json_count(before); i++)
			compare(
			    &inner, "", json_at(before, i), json_at(after, i));
		return inner.count == 0;
	}
	json_print(before, &left);
	json_print(after, &right);
	inner.count = !span_equal(buf_span(&left), buf_span(&right));
	buf_release(&left);
	buf_release(&right);
	return inner.count == 0;
}

static void
compare(struct diff *diff, const char *path, const struct json *before,
    const struct json *after)
{
	struct pair forth = {diff, path, after}, back = {diff, path, before};

	if (before == NULL || after == NULL) {
		note(diff, path, before, after);
	} else if (json_is_object(before) && json_is_object(after)) {
		json_each(before, on_before, &forth);
		json_each(after, on_after, &back);
	} else if (has_names(before) && has_names(after)) {
		compare_named(diff, path, before, after);
	} else if (!is_same(before, after)) {
		note(diff, path, before, after);
	}
}

static bool
is_version(const char *text)
{
	return text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
}

/* NULL and told when it cannot be had. */
static struct json *
read_side(const struct args *args, const char *name, int *code)
{
	struct fetch_answer answer = {0};
	struct fetch fetch = {.method = "GET"};
	struct buf path = {0}, text = {0};
	struct json *root = NULL;
	struct why why = {""};

	if (is_version(name)) {
		buf_print(&path, "/v1/catalogue/versions/%s", name);
		fetch.path = buf_cstr(&path);
		*code = fetch_send(args, "hub", &fetch, &answer);
		buf_add(&text, answer.body.data, answer.body.len);
	} else if (file_read(name, CATALOGUE_MAX, &text, &why) != ERR_OK) {
		*code = args_failed(args, "%s", why.text);
	}
	if (*code == DONE) {
		root = json_parse(buf_span(&text), &why);
		if (root == NULL)
			*code = args_failed(args, "%s: %s", name, why.text);
	}
	fetch_answer_release(&answer);
	buf_release(&path);
	buf_release(&text);
	return root;
}

static void
show_side(const char *sign, const struct json *value)
{
	struct buf text = {0};
	size_t len = 0, width = 0;

	if (value == NULL || json_is_null(value))
		return;
	json_print(value, &text);
	while (len < text.len &&
	       (width < SHOWN_MAX ||
		   ((unsigned char)text.data[len] & 0xc0) == 0x80)) {
		width += ((unsigned char)text.data[len] & 0xc0) != 0x80;
		len++;
	}
	printf("  %s %.*s%s\n", sign, (int)len, text.data,
	    len < text.len ? "…" : "");
	buf_release(&text);
}

static void
show_changes(struct span changes)
{
	struct json *root = json_parse(changes, NULL);
	const struct json *one;
	size_t i;

	for (i = 0; i < json_count(root); i++) {
		one = json_at(root, i);
		printf("%s %s\n", json_cstr(json_find(one, "change"), ""),
		    json_cstr(json_find(one, "where"), ""));
		show_side("-", json_find(one, "before"));
		show_side("+", json_find(one, "after"));
	}
	json_free(root);
}

int
catalogue_diff(const struct args *args)
{
	struct buf text = {0};
	struct json_out out = {.buf = &text};
	struct diff diff = {.out = &out};
	struct json *before, *after = NULL;
	int code = DONE;

	before = read_side(args, args->operands[0], &code);
	if (code == DONE)
		after = read_side(args, args->operands[1], &code);
	if (code == DONE) {
		json_open_array(&out, NULL);
		compare(&diff, "", before, after);
		json_close_array(&out);
		if (args_has(args, "json"))
			show_raw(buf_span(&text));
		else
			show_changes(buf_span(&text));
		code = diff.count == 0 ? DONE : REFUSED;
	}
	json_free(before);
	json_free(after);
	buf_release(&text);
	return code;
}

int
catalogue_versions(const struct args *args)
{
	static const struct show_column columns[] = {{"version", "version"},
	    {"issued", "issued"}, {"known_from", "in force from"},
	    {"known_to", "until"}, {NULL, NULL}};
	struct fetch fetch = {
	    .method = "GET", .path = "/v1/catalogue/versions"};
	struct fetch_answer answer = {0};
	struct json *root = NULL;
	int code = fetch_send(args, "hub", &fetch, &answer);

	if (code == DONE && args_has(args, "json")) {
		show_raw(buf_span(&answer.body));
	} else if (code == DONE) {
		root = json_parse(buf_span(&answer.body), NULL);
		show_table(json_find(root, "versions"), columns);
	}
	json_free(root);
	fetch_answer_release(&answer);
	return code;
}
