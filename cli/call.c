/*
 * call: one question to the hub, and its answer as a table.
 */
#include "cli/call.h"

#include <stdio.h>

#include "cli/fetch.h"

static int
show_answer(const struct args *args, const struct call *call,
    const struct fetch_answer *answer)
{
	struct json *root;

	if (call->list == NULL || args_has(args, "json")) {
		show_raw(buf_span(&answer->body));
		return DONE;
	}
	root = json_parse(buf_span(&answer->body), NULL);
	if (root == NULL)
		return args_failed(args, "the answer is no JSON");
	show_table(json_find(root, call->list), call->columns);
	if (json_int(json_find(root, "next"), -1) >= 0)
		printf("There are more.\n");
	json_free(root);
	return DONE;
}

int
call_send(const struct args *args, const struct call *call)
{
	struct fetch fetch = {.method = call->method,
	    .path = call->path,
	    .content_type = call->body.len > 0 ? "application/json" : NULL,
	    .body = call->body};
	struct fetch_answer answer = {0};
	int code = fetch_send(args, "hub", &fetch, &answer);

	if (code == DONE)
		code = show_answer(args, call, &answer);
	fetch_answer_release(&answer);
	return code;
}

int
call_table(const struct args *args, const char *path, const char *list,
    const struct show_column *columns)
{
	const struct call call = {"GET", path, list, columns, {NULL, 0}};

	return call_send(args, &call);
}

int
call_about(const struct args *args, const char *before, const char *after,
    struct span body)
{
	struct call call = {"POST", NULL, NULL, NULL, body};
	struct buf path = {0};
	int code;

	buf_text(&path, before);
	fetch_escape(args->operands[0], &path);
	buf_text(&path, after);
	call.path = buf_cstr(&path);
	code = call_send(args, &call);
	buf_release(&path);
	return code;
}

void
call_filter(const struct args *args, const char *name, struct buf *path)
{
	const char *value = args_get(args, name);

	if (value == NULL)
		return;
	buf_print(path, "&%s=", name);
	fetch_escape(value, path);
}

void
call_note(const struct args *args, struct buf *body)
{
	const char *note = args_get(args, "note");
	struct json_out json = {.buf = body};

	json_open_object(&json, NULL);
	if (note != NULL)
		json_put_cstr(&json, "note", note);
	json_close_object(&json);
}
