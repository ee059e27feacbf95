/*
 * usage: how much is asked at the nodes, and of which items.
 */
#include <stdio.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/show.h"

static const struct show_column columns[] = {{"hour", "hour"}, {"node", "node"},
    {"member", "member"}, {"action", "action"}, {"purpose", "purpose"},
    {"item", "item"}, {"questions", "questions"}, {"refused", "refused"},
    {NULL, NULL}};

static const char *const filters[] = {
    "node", "member", "item", "from", "to", NULL};

static void
print_path(const struct args *args, struct buf *path)
{
	const char *value;
	size_t i;

	buf_text(path, "/v1/usage?limit=5000");
	for (i = 0; filters[i] != NULL; i++) {
		value = args_get(args, filters[i]);
		if (value == NULL)
			continue;
		buf_print(path, "&%s=", filters[i]);
		fetch_escape(value, path);
	}
}

static int
show_usage(const struct args *args, struct span answer)
{
	struct json *root;

	if (args_has(args, "json")) {
		show_raw(answer);
		return DONE;
	}
	root = json_parse(answer, NULL);
	if (root == NULL)
		return args_failed(args, "the answer is no JSON");
	show_table(json_find(root, "usage"), columns);
	if (json_find(root, "next") != NULL)
		printf("There is more: narrow --from and --to.\n");
	json_free(root);
	return DONE;
}

static int
usage(const struct args *args)
{
	struct buf path = {0};
	struct fetch fetch = {.method = "GET"};
	struct fetch_answer answer = {0};
	int code;

	print_path(args, &path);
	fetch.path = buf_cstr(&path);
	code = fetch_send(args, "hub", &fetch, &answer);
	if (code == DONE)
		code = show_usage(args, buf_span(&answer.body));
	fetch_answer_release(&answer);
	buf_release(&path);
	return code;
}

static const struct arg_option options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR"),
    {"node", "CODE", NULL, "one platform"},
    {"member", "CODE", NULL, "one who asks"},
    {"item", "NUMBER", NULL, "one item; 0 or absent: all"},
    {"from", "DAY", NULL, "first day, 2026-11-01 (30 days ago)"},
    {"to", "DAY", NULL, "last day (today)"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_command command = {"usage", "",
    "how much is asked at the nodes, and of which items",
    "Questions by node, hour, member, purpose and item, as the nodes' trails "
    "have them;\nitem 0 is the question as a whole. No subjects are known "
    "here.",
    "rongxin usage --node 11440100MB0044011H --from 2026-11-01", 0, 0, options,
    usage};

int
command_usage(int argc, char **argv)
{
	return args_run(&command, argc, argv);
}
