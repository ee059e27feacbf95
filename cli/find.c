/*
 * find: which enterprises a node holds, by name, number, place and trade.
 */
#include <stdio.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/show.h"

static const char *const filters[] = {"name", "match", "uscc", "old_number",
    "division", "industry", "purpose", "limit", "after", NULL};

static void
print_path(const struct args *args, struct buf *path)
{
	const char *value, *separator = "?";
	size_t i;

	buf_text(path, "/v1/enterprises");
	for (i = 0; filters[i] != NULL; i++) {
		value = args_get(args, filters[i]);
		if (value == NULL)
			continue;
		buf_print(path, "%s%s=", separator, filters[i]);
		fetch_escape(value, path);
		separator = "&";
	}
}

static void
show_found(const struct json *found)
{
	const struct json *fields = json_find(found, "fields");

	printf("%s  %s  %s  ", json_cstr(json_find(found, "subject"), "?"),
	    json_cstr(json_find(found, "stream"), "?"),
	    json_cstr(json_find(fields, "status"), "-"));
	printf("%s\n", json_cstr(json_find(fields, "name"), "?"));
}

static int
show_answer(const struct args *args, struct span answer)
{
	const struct json *list;
	struct json *root;
	size_t i;

	if (args_has(args, "json")) {
		show_raw(answer);
		return DONE;
	}
	root = json_parse(answer, NULL);
	if (root == NULL)
		return args_failed(args, "the answer is no JSON");
	list = json_find(root, "enterprises");
	for (i = 0; i < json_count(list); i++)
		show_found(json_at(list, i));
	if (json_int(json_find(root, "behind"), 0) > 0)
		printf("The node's index is not complete yet.\n");
	if (json_find(root, "next") != NULL)
		printf("There may be more: --after %s\n",
		    json_cstr(json_find(root, "next"), ""));
	json_free(root);
	return DONE;
}

static int
find(const struct args *args)
{
	struct buf path = {0};
	struct fetch fetch = {.method = "GET"};
	struct fetch_answer answer = {0};
	int code;

	print_path(args, &path);
	fetch.path = buf_cstr(&path);
	code = fetch_send(args, "node", &fetch, &answer);
	if (code == DONE)
		code = show_answer(args, buf_span(&answer.body));
	fetch_answer_release(&answer);
	buf_release(&path);
	return code;
}

static const struct arg_option options[] = {
    FETCH_OPTIONS("node", "RX_NODE,RX_CITY", "RX_BANK"),
    {"name", "TEXT", NULL, "a part of the name"},
    {"match", "HOW", NULL, "of the name: contains (default), prefix, exact"},
    {"uscc", "CODE", NULL, "the credit code"},
    {"old_number", "NUMBER", NULL, "registration number of before 2015"},
    {"division", "DIGITS", NULL, "two, four or six digits of GB/T 2260"},
    {"industry", "CODE", NULL, "of GB/T 4754, at any level: C, C26"},
    {"purpose", "PURPOSE", NULL, "customer_screening (default), …"},
    {"limit", "NUMBER", NULL, "at most so many (20; 100)"},
    {"after", "PLACE", NULL, "go on from there"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_command command = {"find", "",
    "find enterprises by name or number",
    "Names are compared without regard to width, case, spaces and kinds of "
    "brackets.\nThe question enters the node's access log.",
    "rongxin find --name 餐饮管理 --division 4401", 0, 0, options, find};

int
command_find(int argc, char **argv)
{
	return args_run(&command, argc, argv);
}
