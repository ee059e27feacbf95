/*
 * feed: batches of records: checked here, handed in, followed up.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/feed_check.h"
#include "cli/feed_hold.h"
#include "cli/feed_leave.h"
#include "cli/feed_receipt.h"
#include "cli/feed_submit.h"
#include "cli/fetch.h"
#include "cli/show.h"
#include "credit/catalog.h"

static void
batch_path(const struct args *args, uint32_t item, struct buf *path)
{
	buf_reset(path);
	buf_print(path, "/v1/feeds/%u/batches/", item);
	fetch_escape(args->operands[1], path);
}

static void
show_findings(const struct json *list, bool with_batch)
{
	const struct json *finding;
	size_t i;

	for (i = 0; i < json_count(list); i++) {
		finding = json_at(list, i);
		if (with_batch)
			printf("item %-5" PRId64 " %s ",
			    json_int(json_find(finding, "item"), 0),
			    json_cstr(json_find(finding, "batch"), "?"));
		printf("line %-9" PRId64 " %-6s %-7s %-20s %-20s %s\n",
		    json_int(json_find(finding, "line"), 0),
		    json_cstr(json_find(finding, "state"), "?"),
		    json_cstr(json_find(finding, "severity"), "?"),
		    json_cstr(json_find(finding, "rule"), "?"),
		    json_cstr(json_find(finding, "field"), ""),
		    json_cstr(json_find(finding, "zh"), ""));
	}
}

/* One page; `next` becomes where the next begins, -1 when there is none. */
static int
findings_page(const struct args *args, const char *path, int64_t *next)
{
	struct fetch fetch = {.method = "GET", .path = path};
	struct fetch_answer answer = {0};
	struct json *root = NULL;
	int code = fetch_send(args, "hub", &fetch, &answer);

	if (code == DONE) {
		root = json_parse(buf_span(&answer.body), NULL);
		if (root == NULL)
			code = args_failed(args, "the answer is no JSON");
		else if (args_has(args, "json"))
			show_raw(buf_span(&answer.body));
		else
			show_findings(json_find(root, "findings"),
			    args->operand_count == 0);
		*next = json_int(json_find(root, "next"), -1);
	}
	json_free(root);
	fetch_answer_release(&answer);
	return code;
}

/* The rows themselves, to be corrected and handed in again. */
static int
findings_rows(const struct args *args, uint32_t item)
{
	struct buf path = {0};
	struct fetch fetch = {.method = "GET"};
	struct fetch_answer answer = {0};
	int code;

	batch_path(args, item, &path);
	buf_text(&path, "/findings?format=csv&limit=1000&after=");
	buf_text(
	    &path, args_has(args, "after") ? args_get(args, "after") : "0");
	fetch.path = buf_cstr(&path);
	code = fetch_send(args, "hub", &fetch, &answer);
	if (code == DONE)
		fwrite(answer.body.data, 1, answer.body.len, stdout);
	fetch_answer_release(&answer);
	buf_release(&path);
	return code;
}

static int
feed_findings(const struct args *args)
{
	struct buf path = {0};
	int64_t next = 0, after;
	uint32_t item;
	int code = DONE;

	if (!feed_item_of(args, &item))
		return MISUSED;
	if (args_has(args, "csv"))
		return findings_rows(args, item);
	do {
		after = next;
		batch_path(args, item, &path);
		buf_print(
		    &path, "/findings?after=%" PRId64 "&limit=1000", after);
		code = findings_page(args, buf_cstr(&path), &next);
	} while (code == DONE && next > after);
	buf_release(&path);
	return code;
}

/* What is open, of all batches. */
static int
feed_open(const struct args *args)
{
	int64_t next = 0, after, item = 0;
	struct buf path = {0};
	int code = DONE;

	if (!args_int(args, "item", (int64_t[]){0, CATALOG_ITEM_MAX}, &item))
		return MISUSED;
	do {
		after = next;
		buf_reset(&path);
		buf_print(&path,
		    "/v1/findings?state=open&item=%" PRId64 "&after=%" PRId64
		    "&limit=1000",
		    item, after);
		code = findings_page(args, buf_cstr(&path), &next);
	} while (code == DONE && next > after);
	buf_release(&path);
	return code;
}

#define FORMAT_OPTIONS                                                         \
	{"format", "FORMAT", NULL, "csv or ndjson (from the file's name)"},    \
	{                                                                      \
		"charset", "NAME", NULL, "utf-8 (default) or gb18030"          \
	}

static const struct arg_option check_options[] = {
    {"catalogue", "FILE", "RX_CATALOGUE", "the catalogue to check against"},
    FORMAT_OPTIONS,
    {"show", "N", NULL, "show the first N findings (10)"},
    {"json", NULL, NULL, "counts as JSON"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option submit_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_DEPT"),
    FORMAT_OPTIONS,
    {"id", "ID", NULL, "the batch's id (made up); the same id again is safe"},
    {"gzip", NULL, NULL, "compress it on its way"},
    {"zstd", NULL, NULL, "the same, faster and smaller"},
    {"resume", NULL, NULL, "in parts, from where the hub has it (with --id)"},
    {"part-mib", "N", NULL, "size of a part in MiB (8)"},
    {"retries", "N", NULL, "attempts without progress after the first (6)"},
    {"mode", "MODE", NULL, "delta (default) or full"},
    {"divisions", "LIST", NULL, "which a full batch replaces: 44,4401"},
    {"sequence", "N", NULL, "its number among our batches of this item"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option leave_options[] = {
    FETCH_OPTIONS("node", "RX_NODE", "RX_DEPT"),
    FORMAT_OPTIONS,
    {"id", "ID", NULL, "the batch's id (made up); the same id again is safe"},
    {"mode", "MODE", NULL, "delta (default) or full"},
    {"divisions", "LIST", NULL, "which a full batch replaces: 44,4401"},
    {"sequence", "N", NULL, "its number among our batches of this item"},
    {"wait", "SECONDS", NULL, "for the hub's receipt (60)"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option receipt_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_DEPT"),
    {"signed", NULL, NULL, "print it signed by the hub (JWS), to keep"},
    {"verify", "FILE", NULL, "check such a file, without the hub"},
    {"network", "FILE", NULL, "network.json, for --verify"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option operator_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR"),
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option findings_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_DEPT"),
    {"csv", NULL, NULL, "the open rows themselves, to correct and submit"},
    {"after", "LINE", NULL, "with --csv: rows behind this line"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option open_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_DEPT"),
    {"item", "NUMBER", NULL, "one item"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_command commands[] = {
    {"feed check", "ITEM FILE", "check a batch without sending it",
	"The same reader and rules as the hub's; only rows that clash with "
	"each other are left\nto the hub. FILE - is standard input. Exits "
	"with 1 when a row would be rejected.",
	"rongxin feed check 1 registrations.csv", 2, 2, check_options,
	feed_check},
    {"feed submit", "ITEM FILE", "hand a batch in and print the receipt",
	"The receipt comes after commit. A file of 64 MiB or more goes in "
	"parts that go on where a\ncut left off (compressed ones are first "
	"made in TMPDIR). While the hub is away it is\ntried again; when that "
	"ends, send again with the same id.",
	"rongxin feed submit 1 registrations.csv --zstd --id 2026-11 --resume",
	2, 2, submit_options, feed_submit},
    {"feed leave", "ITEM FILE", "hand a batch in at a node, for the hub",
	"For departments that reach a city's or a province's node only. The "
	"manifest is signed with\nthe key of --as, so that no node on the way "
	"can change the batch; the receipt is the hub's.",
	"rongxin feed leave 1 registrations.csv --node https://gz:8443 --as "
	"tax",
	2, 2, leave_options, feed_leave},
    {"feed receipt", "ITEM ID", "a batch's receipt",
	"--signed prints the one that proves to others what was handed in; "
	"--verify checks it\nby the network's public key and prints what it "
	"says; exits with 1 when it is not the hub's.",
	"rongxin feed receipt 1 2026-11-23-5f0c", 0, 2, receipt_options,
	feed_receipt},
    {"feed findings", "ITEM ID", "what was wrong with a batch's rows",
	"With --csv at most 1000 rows as they came, each behind what was "
	"found. Correct them and\nsubmit the file as it is: its findings are "
	"closed then.",
	"rongxin feed findings 1 2026-11-23-5f0c --csv", 2, 2, findings_options,
	feed_findings},
    {"feed open", "", "findings of all batches that are not corrected", "",
	"rongxin feed open --item 1", 0, 0, open_options, feed_open},
    {"feed held", "", "batches that wait for an operator", "",
	"rongxin feed held", 0, 0, operator_options, feed_held},
    {"feed release", "ITEM ID PROVIDER", "let a held batch in", "",
	"rongxin feed release 1 2026-11-23-5f0c 11100000MB00000510", 3, 3,
	operator_options, feed_release},
    {"feed refuse", "ITEM ID PROVIDER", "refuse a held batch for good", "",
	"rongxin feed refuse 1 2026-11-23-5f0c 11100000MB00000510", 3, 3,
	operator_options, feed_refuse},
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL},
};

int
command_feed(int argc, char **argv)
{
	return args_dispatch("feed", commands, argc, argv);
}
