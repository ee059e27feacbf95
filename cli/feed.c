/*
 * feed: batches of records: checked here, handed in, followed up.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/jws.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/feed_check.h"
#include "cli/feed_hold.h"
#include "cli/fetch.h"
#include "cli/show.h"
#include "credit/catalog.h"
#include "wire/network.h"

#define STREAMS_SHOWN 20

static void
make_batch_id(struct buf *id)
{
	uint8_t random[8];
	char time[CLOCK_TEXT_MAX];

	clock_print(clock_now_us(), time);
	digest_random(random, sizeof(random));
	buf_print(id, "%.10s-", time);
	codec_hex(span_make(random, sizeof(random)), id);
}

static const char *
content_type_of(const struct args *args, struct buf *out)
{
	const char *charset = args_get(args, "charset");

	buf_text(out, feed_is_ndjson(args, args->operands[1])
			  ? "application/x-ndjson"
			  : "text/csv");
	if (charset != NULL)
		buf_print(out, "; charset=%s", charset);
	return buf_cstr(out);
}

static void
show_receipt(const struct json *receipt)
{
	static const char *const counts[] = {
	    "rows", "accepted", "unchanged", "rejected", "warned"};
	static const struct show_column columns[] = {
	    {"stream", "stream"},
	    {"first", "first"},
	    {"last", "last"},
	    {NULL, NULL},
	};
	size_t i, count;

	printf("batch %s, item %" PRId64 ", %s\n",
	    json_cstr(json_find(receipt, "batch"), "?"),
	    json_int(json_find(receipt, "item"), 0),
	    json_cstr(json_find(receipt, "state"), "?"));
	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		printf("  %-10s %10" PRId64 "\n", counts[i],
		    json_int(json_find(receipt, counts[i]), 0));
	count = json_count(json_find(receipt, "streams"));
	if (count > STREAMS_SHOWN)
		printf("  %zu streams (--json lists them)\n", count);
	else if (count > 0)
		show_table(json_find(receipt, "streams"), columns);
}

static int
send_for_receipt(const struct args *args, const struct fetch *fetch)
{
	struct fetch_answer answer = {0};
	struct json *root;
	int code = fetch_send(args, "hub", fetch, &answer);

	if (code == DONE && args_has(args, "json")) {
		show_raw(buf_span(&answer.body));
	} else if (code == DONE) {
		root = json_parse(buf_span(&answer.body), NULL);
		if (root != NULL)
			show_receipt(root);
		else
			code = args_failed(args, "the receipt is no JSON");
		json_free(root);
	}
	fetch_answer_release(&answer);
	return code;
}

/* A signed receipt, as it came, for a file. */
static int
send_for_text(const struct args *args, const struct fetch *fetch)
{
	struct fetch_answer answer = {0};
	int code = fetch_send(args, "hub", fetch, &answer);

	if (code == DONE)
		show_raw(buf_span(&answer.body));
	fetch_answer_release(&answer);
	return code;
}

static int
feed_submit(const struct args *args)
{
	const char *mode = args_get(args, "mode");
	struct buf path = {0}, id = {0}, type = {0};
	struct fetch fetch = {.method = "POST", .file = args->operands[1]};
	uint32_t item;
	int code;

	if (!feed_item_of(args, &item))
		return MISUSED;
	buf_print(&path, "/v1/feeds/%u/batches?mode=", item);
	fetch_escape(mode != NULL ? mode : "delta", &path);
	if (args_has(args, "divisions")) {
		buf_text(&path, "&divisions=");
		fetch_escape(args_get(args, "divisions"), &path);
	}
	fetch.sequence = args_get(args, "sequence");
	if (args_has(args, "id"))
		buf_text(&id, args_get(args, "id"));
	else
		make_batch_id(&id);
	fetch.path = buf_cstr(&path);
	fetch.batch = buf_cstr(&id);
	fetch.content_type = content_type_of(args, &type);
	code = send_for_receipt(args, &fetch);
	if (code == UNREACHED)
		fprintf(stderr,
		    "Whether it was committed is not known: send "
		    "it again with --id %s.\n",
		    fetch.batch);
	buf_release(&path);
	buf_release(&id);
	buf_release(&type);
	return code;
}

static void
batch_path(const struct args *args, uint32_t item, struct buf *path)
{
	buf_reset(path);
	buf_print(path, "/v1/feeds/%u/batches/", item);
	fetch_escape(args->operands[1], path);
}

/* A signed receipt is a file; the network's public key says whether it is
 * the hub's. */
static int
verify_receipt(const struct args *args, const char *file)
{
	const char *path = args_need(args, "network");
	struct buf jws = {0}, payload = {0};
	struct verifier *verifier = NULL;
	struct network network = {0};
	struct why why = {""};
	int code = UNREACHED;

	if (path == NULL)
		return MISUSED;
	if (network_read(path, &network, &why) != ERR_OK ||
	    file_read(file, JWS_MAX, &jws, &why) != ERR_OK) {
		args_failed(args, "%s", why.text);
	} else if (!network.has_receipt_key) {
		args_failed(args, "%s names no receipt_key", path);
	} else {
		verifier = verifier_new(network.receipt_key);
		code = jws_check_with_key(text_trim(buf_span(&jws)),
			   "rongxin-receipt+jws", verifier, &payload,
			   &why) == ERR_OK
			   ? DONE
			   : REFUSED;
		if (code == DONE)
			show_raw(buf_span(&payload));
		else
			args_failed(args, "%s: %s", file, why.text);
	}
	verifier_free(verifier);
	network_release(&network);
	buf_release(&jws);
	buf_release(&payload);
	return code;
}

static int
feed_receipt(const struct args *args)
{
	const char *file = args_get(args, "verify");
	struct buf path = {0};
	struct fetch fetch = {.method = "GET"};
	uint32_t item;
	int code;

	if (file != NULL)
		return verify_receipt(args, file);
	if (args->operand_count < 2)
		return args_misused(args, "ITEM and ID, or --verify FILE");
	if (!feed_item_of(args, &item))
		return MISUSED;
	batch_path(args, item, &path);
	fetch.path = buf_cstr(&path);
	if (args_has(args, "signed")) {
		fetch.accept = "application/jose";
		code = send_for_text(args, &fetch);
	} else {
		code = send_for_receipt(args, &fetch);
	}
	buf_release(&path);
	return code;
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
    {"mode", "MODE", NULL, "delta (default) or full"},
    {"divisions", "LIST", NULL, "which a full batch replaces: 44,4401"},
    {"sequence", "N", NULL, "its number among our batches of this item"},
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
	"The receipt comes after commit. When the answer is lost, send again "
	"with the same id.",
	"rongxin feed submit 1 registrations.csv --charset gb18030", 2, 2,
	submit_options, feed_submit},
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
