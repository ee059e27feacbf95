/*
 * assess: the assessment of a month: shown, published, weighed.
 */
#include "cli/assess.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/fetch.h"
#include "cli/show.h"
#include "cli/signed.h"

#define WEIGHTS_MAX 4096
#define NO_DATA "–"

static void
put_cell(const struct json *value, bool first, struct json_out *json,
    const char *name)
{
	struct buf text = {0};

	if (value != NULL && !json_is_null(value))
		json_scalar(value, &text);
	else if (!first)
		buf_text(&text, NO_DATA);
	json_put_text(json, name, buf_span(&text));
	buf_release(&text);
}

/* One row flat, so that show_table shows it. */
static void
flatten(const struct json *row, const struct json *definitions,
    struct json_out *json)
{
	const struct json *indicators = json_find(row, "indicators");
	const char *code;
	size_t i;

	json_open_object(json, NULL);
	put_cell(json_find(row, "rank"), false, json, "rank");
	put_cell(json_find(row, "unit"), true, json, "unit");
	put_cell(json_find(row, "name"), true, json, "name");
	put_cell(json_find(row, "score"), false, json, "score");
	for (i = 0; i < json_count(definitions); i++) {
		code =
		    json_cstr(json_find(json_at(definitions, i), "code"), "");
		put_cell(json_find(json_find(indicators, code), "value"), false,
		    json, code);
	}
	json_close_object(json);
}

static void
show_answer(const struct json *root)
{
	static const struct show_column columns[] = {{"rank", "rank"},
	    {"unit", "unit"}, {"name", "name"}, {"score", "score"},
	    {"coverage", "coverage"}, {"timeliness", "timeliness"},
	    {"frequency", "frequency"}, {"completeness", "complete"},
	    {"accuracy", "accuracy"}, {"consistency", "consistent"},
	    {"correction", "corrected"}, {"query_success", "answered"},
	    {"objections", "objections"}, {"use", "use"}, {NULL, NULL}};
	const struct json *rows = json_find(root, "rows");
	struct buf text = {0};
	struct json_out json = {.buf = &text};
	struct json *table;
	size_t i;

	json_open_array(&json, NULL);
	for (i = 0; i < json_count(rows); i++)
		flatten(
		    json_at(rows, i), json_find(root, "definitions"), &json);
	json_close_array(&json);
	table = json_parse(buf_span(&text), NULL);
	printf("%s by %s: %s, weights of version %lld\n",
	    json_cstr(json_find(root, "month"), ""),
	    json_cstr(json_find(root, "by"), ""),
	    json_cstr(json_find(root, "state"), ""),
	    (long long)json_int(json_find(root, "weights_version"), 0));
	show_table(table, columns);
	json_free(table);
	buf_release(&text);
}

static void
print_path(const struct args *args, struct buf *path)
{
	const char *by = args_get(args, "by");

	buf_print(path, "/v1/assessment?format=%s",
	    args_has(args, "csv") ? "csv" : "json");
	if (args->operand_count > 0) {
		buf_text(path, "&month=");
		fetch_escape(args->operands[0], path);
	}
	if (by != NULL) {
		buf_text(path, "&by=");
		fetch_escape(by, path);
	}
}

int
assess_show(const struct args *args)
{
	struct fetch fetch = {.method = "GET"};
	struct fetch_answer answer = {0};
	struct json *root = NULL;
	struct buf path = {0};
	bool raw = args_has(args, "csv") || args_has(args, "json") ||
		   args_has(args, "signed");
	int code;

	print_path(args, &path);
	fetch.path = buf_cstr(&path);
	fetch.accept = args_has(args, "signed") ? "application/jose" : NULL;
	code = fetch_send(args, "hub", &fetch, &answer);
	if (code == DONE && raw) {
		show_raw(buf_span(&answer.body));
	} else if (code == DONE) {
		root = json_parse(buf_span(&answer.body), NULL);
		if (root == NULL)
			code = args_failed(args, "the answer is no JSON");
		else
			show_answer(root);
	}
	json_free(root);
	fetch_answer_release(&answer);
	buf_release(&path);
	return code;
}

int
assess_publish(const struct args *args)
{
	struct fetch fetch = {.method = "POST", .accept = "application/jose"};
	struct fetch_answer answer = {0};
	struct buf path = {0};
	int code;

	buf_text(&path, "/v1/assessment/");
	fetch_escape(args->operands[0], &path);
	buf_text(&path, "/publish");
	fetch.path = buf_cstr(&path);
	code = fetch_send(args, "hub", &fetch, &answer);
	if (code == DONE)
		show_raw(buf_span(&answer.body));
	fetch_answer_release(&answer);
	buf_release(&path);
	return code;
}

int
assess_weights(const struct args *args)
{
	struct fetch fetch = {
	    .method = "GET", .path = "/v1/assessment/weights"};
	struct fetch_answer answer = {0};
	struct buf document = {0};
	struct why why = {""};
	int code = DONE;

	if (args->operand_count > 0) {
		if (file_read(args->operands[0], WEIGHTS_MAX, &document,
			&why) != ERR_OK)
			code = args_failed(args, "%s", why.text);
		fetch.method = "POST";
		fetch.content_type = "application/json";
		fetch.body = buf_span(&document);
	}
	if (code == DONE)
		code = fetch_send(args, "hub", &fetch, &answer);
	if (code == DONE)
		show_raw(buf_span(&answer.body));
	fetch_answer_release(&answer);
	buf_release(&document);
	return code;
}

int
assess_verify(const struct args *args)
{
	return signed_show(args, args->operands[0], "rongxin-assessment+jws");
}
