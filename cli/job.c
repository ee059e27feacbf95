/*
 * job: reports about many subjects.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/show.h"

#define LIST_MAX (512 << 20)
#define PAGE 1000

static int
submit(const struct args *args)
{
	const char *purpose = args_get(args, "purpose");
	const char *items = args_get(args, "items");
	struct fetch fetch = {.method = "POST", .content_type = "text/csv"};
	struct fetch_answer answer = {0};
	struct buf path = {0}, list = {0};
	struct why why = {""};
	int code = DONE;

	buf_text(&path, "/v1/report-jobs?purpose=");
	fetch_escape(purpose != NULL ? purpose : "post_loan", &path);
	if (items != NULL) {
		buf_text(&path, "&items=");
		fetch_escape(items, &path);
	}
	fetch.path = buf_cstr(&path);
	if (file_read(args->operands[0], LIST_MAX, &list, &why) != ERR_OK)
		code = args_failed(args, "%s", why.text);
	fetch.body = buf_span(&list);
	if (code == DONE)
		code = fetch_send(args, "node", &fetch, &answer);
	if (code == DONE)
		show_raw(buf_span(&answer.body));
	fetch_answer_release(&answer);
	buf_release(&path);
	buf_release(&list);
	return code;
}

static int
send_about(const struct args *args, const char *method)
{
	struct fetch fetch = {.method = method};
	struct fetch_answer answer = {0};
	struct buf path = {0};
	int code;

	buf_text(&path, "/v1/report-jobs");
	if (args->operand_count > 0) {
		buf_char(&path, '/');
		fetch_escape(args->operands[0], &path);
	}
	fetch.path = buf_cstr(&path);
	code = fetch_send(args, "node", &fetch, &answer);
	if (code == DONE)
		show_raw(buf_span(&answer.body));
	fetch_answer_release(&answer);
	buf_release(&path);
	return code;
}

static int
status(const struct args *args)
{
	return send_about(args, "GET");
}

static int
remove_job(const struct args *args)
{
	return send_about(args, "DELETE");
}

static uint64_t
count_lines(struct span text)
{
	uint64_t lines = 0;
	size_t i;

	for (i = 0; i < text.len; i++)
		lines += text.ptr[i] == '\n';
	return lines;
}

/* Page by page: memory does not grow with the job. */
static int
results(const struct args *args)
{
	int64_t after = 0, bounds[2] = {0, INT64_MAX};
	struct fetch fetch = {
	    .method = "GET", .accept = "application/x-ndjson"};
	struct buf path = {0};
	int code = args_int(args, "after", bounds, &after) ? DONE : MISUSED;
	uint64_t at = (uint64_t)after, lines = 1;

	while (code == DONE && lines > 0) {
		struct fetch_answer answer = {0};

		buf_reset(&path);
		buf_text(&path, "/v1/report-jobs/");
		fetch_escape(args->operands[0], &path);
		buf_print(&path, "/results?limit=%d&after=%" PRIu64, PAGE, at);
		fetch.path = buf_cstr(&path);
		code = fetch_send(args, "node", &fetch, &answer);
		lines = code == DONE ? count_lines(buf_span(&answer.body)) : 0;
		if (code == DONE)
			fwrite(answer.body.data, 1, answer.body.len, stdout);
		at += lines;
		fetch_answer_release(&answer);
	}
	buf_release(&path);
	return code;
}

static const struct arg_option submit_options[] = {
    FETCH_OPTIONS("node", "RX_NODE,RX_CITY", "RX_BANK"),
    {"purpose", "PURPOSE", NULL, "why (post_loan)"},
    {"items", "N,N", NULL, "these items, ascending (all)"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option options[] = {
    FETCH_OPTIONS("node", "RX_NODE,RX_CITY", "RX_BANK"),
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option results_options[] = {
    FETCH_OPTIONS("node", "RX_NODE,RX_CITY", "RX_BANK"),
    {"after", "NUMBER", NULL, "lines behind this one (all)"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_command commands[] = {
    {"job submit", "FILE", "ask for reports about many enterprises",
	"A line each: CODE, or CODE,CONSENT, or {\"subject\",\"consent\"}.",
	"rongxin job submit borrowers.csv --items 1,11", 1, 1, submit_options,
	submit},
    {"job status", "[ID]", "how far a job is; all jobs", "",
	"rongxin job status", 0, 1, options, status},
    {"job results", "ID", "what is answered so far, a line each",
	"Lines are numbered as the list is: go on with --after.",
	"rongxin job results 5f0c3a9e12b48d77 --after 20000", 1, 1,
	results_options, results},
    {"job remove", "ID", "end a job and delete its results", "",
	"rongxin job remove 5f0c3a9e12b48d77", 1, 1, options, remove_job},
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL},
};

int
command_job(int argc, char **argv)
{
	return args_dispatch("job", commands, argc, argv);
}
