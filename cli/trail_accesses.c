/*
 * trail_accesses: who saw my data, asked at each node with my certificate.
 *
 * The nodes are asked one by one, by the subject itself: so nobody in between
 * learns whose data was looked at.
 */
#include "cli/trail_accesses.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "cli/fetch.h"
#include "cli/show.h"

static const char *
text_of(const struct json *object, const char *name)
{
	return json_cstr(json_find(object, name), "-");
}

static void
say_access(const struct json *seen)
{
	const struct json *access = json_find(seen, "access");
	const struct json *items = json_find(access, "items");
	size_t i;

	printf("%s  %s (%s)  %s %s  items ", text_of(access, "time"),
	    text_of(seen, "name"), text_of(access, "member"),
	    text_of(access, "action"), text_of(access, "purpose"));
	for (i = 0; i < json_count(items); i++)
		printf("%s%" PRId64, i > 0 ? "," : "",
		    json_int(json_at(items, i), 0));
	printf("%s  consent %s  rule %s  entry %" PRId64 "\n", i > 0 ? "" : "-",
	    text_of(access, "consent"), text_of(access, "rule"),
	    json_int(json_find(seen, "index"), -1));
}

static void
say_page(const struct json *page, bool first)
{
	const struct json *list = json_find(page, "accesses");
	size_t i;

	if (first)
		printf("node %s, its first %" PRId64 " entries\n",
		    text_of(page, "node"),
		    json_int(json_find(page, "tree_size"), 0));
	for (i = 0; i < json_count(list); i++)
		say_access(json_at(list, i));
}

/* `after` goes on to the next page; -1: that was the last. */
static enum err
ask_page(
    const struct args *args, const char *url, int64_t *after, struct why *why)
{
	struct buf path = {0}, body = {0};
	struct json *page = NULL;
	bool first = *after < 0;
	enum err err;

	buf_print(&path, "%s/v1/accesses?limit=500", url);
	if (!first)
		buf_print(&path, "&after=%" PRId64, *after);
	err = fetch_get(args, buf_cstr(&path), &body, why);
	if (err == ERR_OK) {
		page = json_parse(buf_span(&body), why);
		err = page != NULL ? ERR_OK : ERR_INVALID;
	}
	if (err == ERR_OK) {
		*after = json_int(json_find(page, "next"), -1);
		if (args_has(args, "json"))
			show_raw(buf_span(&body));
		else
			say_page(page, first);
	}
	json_free(page);
	buf_release(&path);
	buf_release(&body);
	return err;
}

/* Every node is asked, also behind one that did not answer. */
int
trail_accesses(const struct args *args)
{
	struct why why = {""};
	int64_t after;
	enum err err;
	int code = DONE, i;

	for (i = 0; i < args->operand_count; i++) {
		after = -1;
		do {
			err = ask_page(args, args->operands[i], &after, &why);
		} while (err == ERR_OK && after >= 0);
		if (err != ERR_OK)
			code = args_failed(
			    args, "%s: %s", args->operands[i], why.text);
	}
	return code;
}

const struct arg_option trail_accesses_options[] = {
    FETCH_IDENTITY("RX_SUBJECT"),
    {"json", NULL, NULL, "print the answers as they came"},
    {NULL, NULL, NULL, NULL},
};
