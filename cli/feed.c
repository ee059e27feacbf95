/*
 * feed: batches of records: checked here, handed in, followed up.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/mem.h"
#include "cli/args.h"
#include "cli/catalogue.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/show.h"
#include "credit/feed.h"

#define PIECE ((size_t)256 << 10)
#define RULES_MAX 64
#define EXAMPLES_DEFAULT 10
#define EXAMPLES_MAX 1000000
#define ITEM_MAX CATALOG_ITEM_MAX

struct tally {
	const char *rule;
	uint64_t rejects, warns;
};

struct check {
	uint64_t rows, accepted, rejected, warned;
	struct tally rules[RULES_MAX];
	size_t rule_count;
	int64_t examples; /* still to be shown */
	bool json;
};

static bool
item_of(const struct args *args, uint32_t *item)
{
	char *end;
	unsigned long number = strtoul(args->operands[0], &end, 10);

	if (*end != '\0' || number == 0 || number > ITEM_MAX) {
		args_misused(args, "'%s' is no item", args->operands[0]);
		return false;
	}
	*item = (uint32_t)number;
	return true;
}

static bool
ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static bool
is_ndjson(const struct args *args, const char *path)
{
	const char *format = args_get(args, "format");

	if (format != NULL)
		return strcmp(format, "ndjson") == 0;
	return ends_with(path, ".ndjson") || ends_with(path, ".jsonl");
}

/* --- check --- */

static void
count_finding(struct check *check, const struct finding *finding)
{
	struct tally *tally = check->rules;
	size_t i;

	for (i = 0; i < check->rule_count; i++, tally++)
		if (strcmp(tally->rule, finding->rule) == 0)
			break;
	if (i == RULES_MAX)
		return;
	if (i == check->rule_count) {
		tally->rule = finding->rule;
		check->rule_count++;
	}
	if (finding->severity == FINDING_REJECT)
		tally->rejects++;
	else
		tally->warns++;
}

static void
show_example(struct check *check, const struct finding *finding)
{
	if (check->json || check->examples <= 0)
		return;
	check->examples--;
	printf("line %" PRIu64 ": %s: %s%s%s\n", finding->line,
	    finding->severity == FINDING_REJECT ? "rejected" : "warning",
	    finding->rule, finding->field[0] != '\0' ? ": " : "",
	    finding->field);
}

static void
on_row(void *context, const struct feed_row *row)
{
	struct check *check = context;
	size_t i;

	check->rows++;
	check->accepted += row->accepted;
	check->rejected += !row->accepted;
	check->warned += row->accepted && row->finding_count > 0;
	for (i = 0; i < row->finding_count; i++) {
		count_finding(check, &row->findings[i]);
		show_example(check, &row->findings[i]);
	}
}

static enum err
read_through(FILE *file, struct feed_reader *reader, struct why *why)
{
	struct progress progress = {0};
	struct stat status;
	char *piece = mem_new(PIECE);
	enum err err = ERR_OK;
	size_t got;

	if (fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode))
		progress_begin(&progress, "checked", (uint64_t)status.st_size,
		    PROGRESS_BYTES);
	while (err == ERR_OK && (got = fread(piece, 1, PIECE, file)) > 0) {
		err = feed_reader_feed(reader, span_make(piece, got));
		progress_add(&progress, got);
	}
	if (err == ERR_OK && ferror(file))
		err = why_set(why, ERR_IO, "%s", strerror(errno));
	else if (err == ERR_OK)
		err = feed_reader_end(reader);
	if (err == ERR_INVALID || err == ERR_LIMIT)
		why_set(why, err, "%s", feed_reader_why(reader));
	progress_end(&progress);
	mem_free(piece);
	return err;
}

static void
show_unknown(const struct feed_reader *reader)
{
	const char *column;
	size_t i;

	for (i = 0; (column = feed_reader_unknown(reader, i)) != NULL; i++)
		fprintf(stderr,
		    "column '%s' is not in the catalogue and is "
		    "left out\n",
		    column);
}

static void
print_check_json(const struct check *check)
{
	struct buf text = {0};
	struct json_out json = {&text, false};
	size_t i;

	json_open_object(&json, NULL);
	json_put_int(&json, "rows", (int64_t)check->rows);
	json_put_int(&json, "accepted", (int64_t)check->accepted);
	json_put_int(&json, "rejected", (int64_t)check->rejected);
	json_put_int(&json, "warned", (int64_t)check->warned);
	json_open_array(&json, "rules");
	for (i = 0; i < check->rule_count; i++) {
		json_open_object(&json, NULL);
		json_put_cstr(&json, "rule", check->rules[i].rule);
		json_put_int(
		    &json, "rejects", (int64_t)check->rules[i].rejects);
		json_put_int(&json, "warns", (int64_t)check->rules[i].warns);
		json_close_object(&json);
	}
	json_close_array(&json);
	json_close_object(&json);
	show_raw(buf_span(&text));
	buf_release(&text);
}

static void
print_check(const struct check *check, const struct catalog *catalog)
{
	const struct rule *rule;
	size_t i;

	printf("%" PRIu64 " rows: %" PRIu64 " acceptable (%" PRIu64
	       " with warnings), %" PRIu64 " would be rejected\n",
	    check->rows, check->accepted, check->warned, check->rejected);
	for (i = 0; i < check->rule_count; i++) {
		rule = catalog_find_rule(catalog, check->rules[i].rule);
		printf("  %-20s %8" PRIu64 " rejected %8" PRIu64
		       " warned  %s\n",
		    check->rules[i].rule, check->rules[i].rejects,
		    check->rules[i].warns, rule != NULL ? rule->en : "");
	}
}

static int
check_file(
    const struct args *args, const struct feed_settings *settings, FILE *file)
{
	struct check *check = settings->context;
	struct feed_reader *reader = feed_reader_new(settings);
	struct why why = {""};
	enum err err;

	if (reader == NULL)
		return args_misused(args, "--charset: utf-8 or gb18030");
	err = read_through(file, reader, &why);
	show_unknown(reader);
	feed_reader_free(reader);
	if (err == ERR_INVALID || err == ERR_LIMIT) {
		args_failed(args, "unreadable: %s", why.text);
		return REFUSED;
	}
	if (err != ERR_OK)
		return args_failed(args, "%s", why.text);
	if (check->json)
		print_check_json(check);
	else
		print_check(check, settings->catalog);
	return check->rejected == 0 ? DONE : REFUSED;
}

static int
check_with(const struct args *args, const struct catalog *catalog,
    uint32_t number, struct check *check)
{
	const char *path = args->operands[1];
	const char *charset = args_get(args, "charset");
	struct feed_settings settings = {.catalog = catalog,
	    .item = catalog_find_item(catalog, number),
	    .format = is_ndjson(args, path) ? FEED_NDJSON : FEED_CSV,
	    .charset = charset != NULL ? charset : "utf-8",
	    .received_us = clock_now_us(),
	    .row = on_row,
	    .context = check};
	FILE *file;
	int code;

	if (settings.item == NULL)
		return args_misused(args, "there is no item %u", number);
	file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	if (file == NULL)
		return args_failed(
		    args, "cannot open %s: %s", path, strerror(errno));
	code = check_file(args, &settings, file);
	if (file != stdin)
		fclose(file);
	return code;
}

static int
feed_check(const struct args *args)
{
	struct check check = {
	    .examples = EXAMPLES_DEFAULT, .json = args_has(args, "json")};
	struct catalog *catalog;
	struct why why = {""};
	uint32_t item;
	int code;

	if (!item_of(args, &item) ||
	    !args_int(
		args, "show", (int64_t[]){0, EXAMPLES_MAX}, &check.examples))
		return MISUSED;
	catalog = catalogue_open(args_get(args, "catalogue"), &why);
	if (catalog == NULL)
		return args_failed(args, "%s", why.text);
	code = check_with(args, catalog, item, &check);
	catalog_free(catalog);
	return code;
}

/* --- submit --- */

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

	buf_text(out, is_ndjson(args, args->operands[1])
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
	size_t i;

	printf("batch %s, item %" PRId64 ", %s\n",
	    json_cstr(json_find(receipt, "batch"), "?"),
	    json_int(json_find(receipt, "item"), 0),
	    json_cstr(json_find(receipt, "state"), "?"));
	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		printf("  %-10s %10" PRId64 "\n", counts[i],
		    json_int(json_find(receipt, counts[i]), 0));
	if (json_count(json_find(receipt, "streams")) > 0)
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

static int
feed_submit(const struct args *args)
{
	const char *mode = args_get(args, "mode");
	struct buf path = {0}, id = {0}, type = {0};
	struct fetch fetch = {.method = "POST", .file = args->operands[1]};
	uint32_t item;
	int code;

	if (!item_of(args, &item))
		return MISUSED;
	buf_print(&path, "/v1/feeds/%u/batches?mode=", item);
	fetch_escape(mode != NULL ? mode : "delta", &path);
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

static int
feed_receipt(const struct args *args)
{
	struct buf path = {0};
	struct fetch fetch = {.method = "GET"};
	uint32_t item;
	int code;

	if (!item_of(args, &item))
		return MISUSED;
	batch_path(args, item, &path);
	fetch.path = buf_cstr(&path);
	code = send_for_receipt(args, &fetch);
	buf_release(&path);
	return code;
}

/* --- findings --- */

static void
show_findings(const struct json *list)
{
	const struct json *finding;
	size_t i;

	for (i = 0; i < json_count(list); i++) {
		finding = json_at(list, i);
		printf("line %-9" PRId64 " %-7s %-20s %s\n",
		    json_int(json_find(finding, "line"), 0),
		    json_cstr(json_find(finding, "severity"), "?"),
		    json_cstr(json_find(finding, "rule"), "?"),
		    json_cstr(json_find(finding, "field"), ""));
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
			show_findings(json_find(root, "findings"));
		*next = json_int(json_find(root, "next"), -1);
	}
	json_free(root);
	fetch_answer_release(&answer);
	return code;
}

static int
feed_findings(const struct args *args)
{
	struct buf path = {0};
	int64_t next = 0, after;
	uint32_t item;
	int code;

	if (!item_of(args, &item))
		return MISUSED;
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
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option hub_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_DEPT"),
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
    {"feed receipt", "ITEM ID", "a batch's receipt", "",
	"rongxin feed receipt 1 2026-11-23-5f0c", 2, 2, hub_options,
	feed_receipt},
    {"feed findings", "ITEM ID", "what was wrong with a batch's rows", "",
	"rongxin feed findings 1 2026-11-23-5f0c", 2, 2, hub_options,
	feed_findings},
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL},
};

int
command_feed(int argc, char **argv)
{
	return args_dispatch("feed", commands, argc, argv);
}
