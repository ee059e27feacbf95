/*
 * query_masked: anonymised questions to a node, and their answers for people.
 */
#include "cli/query_masked.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/fetch.h"
#include "cli/show.h"

#define COLUMNS_MAX 32

/* The next piece before `mark`; `rest` moves behind it.  False: no more. */
static bool
next_piece(struct span *rest, char mark, struct span *piece)
{
	const char *end;

	if (rest->len == 0)
		return false;
	end = memchr(rest->ptr, mark, rest->len);
	piece->ptr = rest->ptr;
	piece->len = end != NULL ? (size_t)(end - rest->ptr) : rest->len;
	rest->ptr += piece->len + (end != NULL);
	rest->len -= piece->len + (end != NULL);
	return true;
}

static void
print_list(const struct args *args, const char *name, struct json_out *json)
{
	struct span rest, piece;

	if (!args_has(args, name))
		return;
	rest = span_of(args_get(args, name));
	json_open_array(json, name);
	while (next_piece(&rest, ',', &piece))
		json_put_text(json, NULL, piece);
	json_close_array(json);
}

static void
print_values(struct span values, struct json_out *json)
{
	struct span value;

	while (next_piece(&values, '|', &value)) {
		if (span_is(value, "true") || span_is(value, "false"))
			json_put_bool(json, NULL, span_is(value, "true"));
		else
			json_put_text(json, NULL, value);
	}
}

/* "industry=C,size=10-99"; a screening's values are lists, "C|F". */
static bool
print_where(const struct args *args, bool lists, struct json_out *json)
{
	struct span rest, pair, name = {0};
	struct buf text = {0};
	bool fine = true;

	if (!args_has(args, "where"))
		return true;
	rest = span_of(args_get(args, "where"));
	json_open_object(json, "where");
	while (fine && next_piece(&rest, ',', &pair)) {
		fine = next_piece(&pair, '=', &name) && pair.len > 0;
		buf_reset(&text);
		buf_add(&text, name.ptr, name.len);
		if (fine && lists) {
			json_open_array(json, buf_cstr(&text));
			print_values(pair, json);
			json_close_array(json);
		} else if (fine) {
			json_put_text(json, buf_cstr(&text), pair);
		}
	}
	json_close_object(json);
	buf_release(&text);
	return fine;
}

struct columns {
	struct show_column titles[COLUMNS_MAX + 1];
	size_t count;
};

static bool
add_column(void *context, const char *name, const struct json *value)
{
	struct columns *columns = context;

	(void)value;
	columns->titles[columns->count++] = (struct show_column){name, name};
	return columns->count < COLUMNS_MAX;
}

static void
show_answer(const struct json *answer, const char *rows)
{
	const struct json *list = json_find(answer, rows);
	const struct json *budget = json_find(answer, "budget");
	const struct json *receipt = json_find(answer, "receipt");
	struct columns columns = {.count = 0};

	if (json_count(list) > 0) {
		json_each(json_at(list, 0), add_column, &columns);
		show_table(list, columns.titles);
	} else {
		printf("nothing that may be shown\n");
	}
	if (!json_is_null(json_find(answer, "next")) &&
	    json_find(answer, "next") != NULL)
		printf("more behind %s\n",
		    json_cstr(json_find(answer, "next"), "?"));
	printf("\nlevel %s, about %s; cost %" PRId64 ", left %" PRId64
	       " %s until %s\ntrail entry %" PRId64 ", leaf %s\n",
	    json_cstr(json_find(answer, "level"), "?"),
	    json_cstr(json_find(json_find(answer, "population"), "time"), "?"),
	    json_int(json_find(budget, "cost"), -1),
	    json_int(json_find(budget, "left"), -1),
	    json_cstr(json_find(budget, "of"), "?"),
	    json_cstr(json_find(budget, "until"), "?"),
	    json_int(json_find(receipt, "index"), -1),
	    json_cstr(json_find(receipt, "leaf_hash"), "?"));
}

static int
ask(const struct args *args, const char *path, struct span question,
    const char *rows)
{
	struct fetch fetch = {.method = "POST",
	    .path = path,
	    .content_type = "application/json",
	    .body = question};
	struct fetch_answer answer = {0};
	struct json *parsed = NULL;
	struct why why = {""};
	int code = fetch_send(args, "node", &fetch, &answer);

	if (code == DONE && args_has(args, "json")) {
		show_raw(buf_span(&answer.body));
	} else if (code == DONE) {
		parsed = json_parse(buf_span(&answer.body), &why);
		if (parsed == NULL)
			code = args_failed(args, "the answer: %s", why.text);
		else
			show_answer(parsed, rows);
	}
	json_free(parsed);
	fetch_answer_release(&answer);
	return code;
}

static void
print_purpose(const struct args *args, struct json_out *json)
{
	const char *purpose = args_get(args, "purpose");

	json_put_cstr(
	    json, "purpose", purpose != NULL ? purpose : "customer_screening");
}

static int
statistics(const struct args *args)
{
	struct buf text = {0};
	struct json_out json = {.buf = &text};
	const char *kind = args_get(args, "statistic");
	int code;

	json_open_object(&json, NULL);
	print_purpose(args, &json);
	json_put_cstr(&json, "statistic", kind != NULL ? kind : "count");
	if (args_has(args, "measure"))
		json_put_cstr(&json, "measure", args_get(args, "measure"));
	print_list(args, "by", &json);
	if (print_where(args, false, &json)) {
		json_close_object(&json);
		code = ask(args, "/v1/statistics", buf_span(&text), "cells");
	} else {
		code = args_misused(args, "--where: like industry=C,size=<10");
	}
	buf_release(&text);
	return code;
}

static int
screening(const struct args *args)
{
	int64_t bounds[2] = {1, 10000}, limit = 0;
	struct buf text = {0};
	struct json_out json = {.buf = &text};
	int code;

	if (!args_int(args, "limit", bounds, &limit))
		return MISUSED;
	json_open_object(&json, NULL);
	print_purpose(args, &json);
	print_list(args, "columns", &json);
	if (args_has(args, "limit"))
		json_put_int(&json, "limit", limit);
	if (args_has(args, "after"))
		json_put_cstr(&json, "after", args_get(args, "after"));
	if (print_where(args, true, &json)) {
		json_close_object(&json);
		code = ask(args, "/v1/screenings", buf_span(&text), "rows");
	} else {
		code = args_misused(
		    args, "--where: like industry=C|F,revenue=b4|b5");
	}
	buf_release(&text);
	return code;
}

static const struct arg_option statistics_options[] = {
    FETCH_OPTIONS("node", "RX_NODE,RX_CITY", "RX_BANK"),
    {"purpose", "PURPOSE", NULL,
	"customer_screening (default), post_loan, guarantee_review, "
	"supervision"},
    {"statistic", "KIND", NULL, "count (default), sum, median"},
    {"measure", "NAME", NULL, "what is summed; count: who has it"},
    {"by", "LIST", NULL, "at most two: division,industry/1"},
    {"where", "LIST", NULL, "industry=C,size=10-99"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option screening_options[] = {
    FETCH_OPTIONS("node", "RX_NODE,RX_CITY", "RX_BANK"),
    {"purpose", "PURPOSE", NULL,
	"customer_screening (default), guarantee_review"},
    {"where", "LIST", NULL, "industry=C|F,revenue=b4|b5,dishonest=false"},
    {"columns", "LIST", NULL, "measures to show: capital,revenue"},
    {"limit", "N", NULL, "rows (1000)"},
    {"after", "TOKEN", NULL, "go on behind this one"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_command commands[] = {
    {"query statistics", "", "counts, sums and medians of many enterprises",
	"Cells of few enterprises are hidden and all others have noise. Costs "
	"of the budget are told.",
	"rongxin query statistics --by division,industry/1", 0, 0,
	statistics_options, statistics},
    {"query screening", "", "enterprises that fit criteria, without names",
	"Rows are tokens and bands. A token becomes a report with its "
	"subject's consent only.",
	"rongxin query screening --where 'industry=C,penalties_36=b0' "
	"--columns revenue",
	0, 0, screening_options, screening},
};

bool
query_is_masked(const char *word)
{
	return strcmp(word, "statistics") == 0 ||
	       strcmp(word, "screening") == 0;
}

int
query_masked(int argc, char **argv)
{
	bool lists = strcmp(argv[0], "screening") == 0;

	return args_run(&commands[lists ? 1 : 0], argc, argv);
}
