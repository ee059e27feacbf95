/*
 * feed_hold: batches that wait for an operator.
 */
#include "cli/feed_hold.h"

#include <stdio.h>

#include "cli/feed_check.h"
#include "cli/fetch.h"
#include "cli/show.h"

int
feed_held(const struct args *args)
{
	static const struct show_column columns[] = {
	    {"provider", "provider"},
	    {"item", "item"},
	    {"batch", "batch"},
	    {"mode", "mode"},
	    {"reason", "reason"},
	    {"share", "percent"},
	    {"rows", "rows"},
	    {"rejected", "rejected"},
	    {"withdrawn", "withdrawn"},
	    {"received", "received"},
	    {NULL, NULL},
	};
	struct fetch fetch = {
	    .method = "GET", .path = "/v1/batches?state=held"};
	struct fetch_answer answer = {0};
	struct json *root = NULL;
	int code = fetch_send(args, "hub", &fetch, &answer);

	if (code == DONE && args_has(args, "json")) {
		show_raw(buf_span(&answer.body));
	} else if (code == DONE) {
		root = json_parse(buf_span(&answer.body), NULL);
		if (json_count(json_find(root, "batches")) > 0)
			show_table(json_find(root, "batches"), columns);
		else
			printf("no batch waits\n");
	}
	json_free(root);
	fetch_answer_release(&answer);
	return code;
}

static int
decide(const struct args *args, const char *what)
{
	struct fetch fetch = {.method = "POST"};
	struct fetch_answer answer = {0};
	struct buf path = {0};
	uint32_t item;
	int code;

	if (!feed_item_of(args, &item))
		return MISUSED;
	buf_print(&path, "/v1/feeds/%u/batches/", item);
	fetch_escape(args->operands[1], &path);
	buf_print(&path, "/%s?provider=", what);
	fetch_escape(args->operands[2], &path);
	fetch.path = buf_cstr(&path);
	code = fetch_send(args, "hub", &fetch, &answer);
	if (code == DONE)
		show_raw(buf_span(&answer.body));
	fetch_answer_release(&answer);
	buf_release(&path);
	return code;
}

int
feed_release(const struct args *args)
{
	return decide(args, "release");
}

int
feed_refuse(const struct args *args)
{
	return decide(args, "refuse");
}
