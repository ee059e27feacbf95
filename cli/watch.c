/*
 * watch: who is watched for what.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/show.h"

#define LIST_MAX (4 << 20)

/* The lines of a file, or of standard input: CODE or CODE,CONSENT. */
static void
put_line(struct json_out *out, struct span line)
{
	const char *comma = memchr(line.ptr, ',', line.len);

	if (comma == NULL) {
		json_put_text(out, NULL, line);
		return;
	}
	json_open_object(out, NULL);
	json_put_text(
	    out, "subject", span_make(line.ptr, (size_t)(comma - line.ptr)));
	json_put_text(out, "consent",
	    span_make(comma + 1, line.len - (size_t)(comma - line.ptr) - 1));
	json_close_object(out);
}

static void
put_lines(struct json_out *out, struct span text)
{
	const char *at = text.ptr, *end = text.ptr + text.len, *next;
	size_t len;

	for (; at < end; at = next + 1) {
		next = memchr(at, '\n', (size_t)(end - at));
		if (next == NULL)
			next = end;
		len = (size_t)(next - at);
		if (len > 0 && at[len - 1] == '\r')
			len--;
		if (len > 0)
			put_line(out, span_make(at, len));
	}
}

static void
put_words(
    struct json_out *out, const char *name, const char *words, bool are_numbers)
{
	size_t len;

	if (words == NULL)
		return;
	json_open_array(out, name);
	for (; *words != '\0'; words += len + (words[len] == ',')) {
		len = strcspn(words, ",");
		if (are_numbers)
			json_put_int(out, NULL, strtol(words, NULL, 10));
		else
			json_put_text(out, NULL, span_make(words, len));
	}
	json_close_array(out);
}

static void
put_rule(const struct args *args, struct json_out *out)
{
	const char *items = args_get(args, "items");
	const char *kinds = args_get(args, "kinds");

	if (items == NULL && kinds == NULL && !args_has(args, "negative"))
		return;
	json_open_array(out, "rules");
	json_open_object(out, NULL);
	put_words(out, "items", items, true);
	put_words(out, "kinds", kinds, false);
	if (args_has(args, "negative"))
		json_put_bool(out, "negative", true);
	json_close_object(out);
	json_close_array(out);
}

static int
send_watch(const struct args *args, struct span subjects)
{
	struct buf body = {0};
	struct json_out out = {.buf = &body};
	struct fetch fetch = {.method = "POST",
	    .path = "/v1/watches",
	    .content_type = "application/json"};
	struct fetch_answer answer = {0};
	int code;

	json_open_object(&out, NULL);
	if (args_get(args, "id") != NULL)
		json_put_cstr(&out, "id", args_get(args, "id"));
	if (args_get(args, "label") != NULL)
		json_put_cstr(&out, "label", args_get(args, "label"));
	put_rule(args, &out);
	json_open_array(&out, "subjects");
	put_lines(&out, subjects);
	json_close_array(&out);
	json_close_object(&out);
	fetch.body = buf_span(&body);
	code = fetch_send(args, "node", &fetch, &answer);
	if (code == DONE)
		show_raw(buf_span(&answer.body));
	fetch_answer_release(&answer);
	buf_release(&body);
	return code;
}

static int
add(const struct args *args)
{
	struct buf subjects = {0};
	struct why why = {""};
	int i, code = DONE;

	if (args_get(args, "file") != NULL &&
	    file_read(args_get(args, "file"), LIST_MAX, &subjects, &why) !=
		ERR_OK)
		code = args_failed(args, "%s", why.text);
	for (i = 0; i < args->operand_count; i++)
		buf_print(&subjects, "\n%s", args->operands[i]);
	if (code == DONE)
		code = send_watch(args, buf_span(&subjects));
	buf_release(&subjects);
	return code;
}

static int
list(const struct args *args)
{
	static const struct show_column columns[] = {{"id", "watch"},
	    {"label", "label"}, {"subjects", "subjects"},
	    {"created", "created"}, {NULL, NULL}};
	struct fetch fetch = {.method = "GET", .path = "/v1/watches"};
	struct fetch_answer answer = {0};
	struct json *root = NULL;
	int code = fetch_send(args, "node", &fetch, &answer);

	if (code == DONE && args_has(args, "json")) {
		show_raw(buf_span(&answer.body));
	} else if (code == DONE) {
		root = json_parse(buf_span(&answer.body), NULL);
		if (json_count(json_find(root, "watches")) > 0)
			show_table(json_find(root, "watches"), columns);
		else
			printf("nobody is watched\n");
	}
	json_free(root);
	fetch_answer_release(&answer);
	return code;
}

static int
remove_watch(const struct args *args)
{
	struct fetch fetch = {.method = "DELETE"};
	struct fetch_answer answer = {0};
	struct buf path = {0};
	int code;

	buf_text(&path, "/v1/watches/");
	fetch_escape(args->operands[0], &path);
	if (args->operand_count > 1) {
		buf_text(&path, "?subject=");
		fetch_escape(args->operands[1], &path);
	}
	fetch.path = buf_cstr(&path);
	code = fetch_send(args, "node", &fetch, &answer);
	if (code == DONE)
		show_raw(buf_span(&answer.body));
	fetch_answer_release(&answer);
	buf_release(&path);
	return code;
}

static const struct arg_option add_options[] = {
    FETCH_OPTIONS("node", "RX_NODE,RX_CITY", "RX_BANK"),
    {"id", "ID", NULL, "of a watch that is made or added to (a new one)"},
    {"label", "TEXT", NULL, "what it is about"},
    {"file", "FILE", NULL, "subjects, a line each: CODE or CODE,CONSENT"},
    {"items", "N,N", NULL, "changes of these items only"},
    {"kinds", "KIND,KIND", NULL, "new, changed, disputed, repaired, withdrawn"},
    {"negative", NULL, NULL, "bad information only"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option options[] = {
    FETCH_OPTIONS("node", "RX_NODE,RX_CITY", "RX_BANK"),
    {NULL, NULL, NULL, NULL},
};

static const struct arg_command commands[] = {
    {"watch add", "[SUBJECT…]", "watch enterprises",
	"Without a rule every change is told.",
	"rongxin watch add --id loans --items 11 --kinds new --file "
	"borrowers.csv",
	0, ARGS_OPERANDS_MAX, add_options, add},
    {"watch list", "", "what is watched", "", "rongxin watch list", 0, 0,
	options, list},
    {"watch remove", "ID [SUBJECT]", "end a watch, or that of one subject", "",
	"rongxin watch remove loans", 1, 2, options, remove_watch},
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL},
};

int
command_watch(int argc, char **argv)
{
	return args_dispatch("watch", commands, argc, argv);
}
