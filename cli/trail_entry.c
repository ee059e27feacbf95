/*
 * trail_entry: one entry of a node's trail, and its proof.
 */
#include "cli/trail_entry.h"

#include <stdio.h>

#include "base/file.h"
#include "cli/fetch.h"
#include "cli/show.h"

const struct arg_option trail_entry_options[] = {
    FETCH_OPTIONS("node", "RX_NODE,RX_CITY", "RX_OPERATOR,RX_BANK"),
    {"receipt", "FILE", NULL,
	"keep its proof there, for rongxin trail verify --receipt"},
    {NULL, NULL, NULL, NULL},
};

static bool
show_member(void *context, const char *name, const struct json *value)
{
	struct buf text = {0};

	(void)context;
	if (json_is_object(value) || json_is_array(value))
		json_print(value, &text);
	else if (value != NULL && !json_is_null(value))
		json_scalar(value, &text);
	if (text.len > 0)
		printf("%-16s %s\n", name, buf_cstr(&text));
	buf_release(&text);
	return true;
}

static int
show_entry(const struct args *args, struct span body)
{
	struct json *root;

	if (args_has(args, "json")) {
		show_raw(body);
		return DONE;
	}
	root = json_parse(body, NULL);
	if (root == NULL)
		return args_failed(args, "the answer is no JSON");
	json_each(json_find(root, "access"), show_member, NULL);
	json_free(root);
	return DONE;
}

static int
keep_proof(const struct args *args, struct span body)
{
	struct why why = {""};

	if (file_replace(args_get(args, "receipt"), body, 0644, &why) == ERR_OK)
		return DONE;
	return args_failed(args, "%s", why.text);
}

/* GET `before`INDEX, and what to do with the answer. */
static int
get(const struct args *args, const char *before,
    int (*take)(const struct args *args, struct span body))
{
	struct fetch fetch = {.method = "GET"};
	struct fetch_answer answer = {0};
	struct buf path = {0};
	int code;

	buf_text(&path, before);
	fetch_escape(args->operands[0], &path);
	fetch.path = buf_cstr(&path);
	code = fetch_send(args, "node", &fetch, &answer);
	if (code == DONE)
		code = take(args, buf_span(&answer.body));
	fetch_answer_release(&answer);
	buf_release(&path);
	return code;
}

int
trail_entry(const struct args *args)
{
	int code = get(args, "/v1/trail/entries/", show_entry);

	if (code == DONE && args_get(args, "receipt") != NULL)
		code = get(args, "/v1/trail/receipts/", keep_proof);
	return code;
}
