/*
 * feed_check: a batch read as the hub would, without sending it.
 */
#include "cli/feed_check.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/catalogue.h"
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

bool
feed_item_of(const struct args *args, uint32_t *item)
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

bool
feed_is_ndjson(const struct args *args, const char *path)
{
	const char *format = args_get(args, "format");

	if (format != NULL)
		return strcmp(format, "ndjson") == 0;
	return ends_with(path, ".ndjson") || ends_with(path, ".jsonl");
}

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
	    .format = feed_is_ndjson(args, path) ? FEED_NDJSON : FEED_CSV,
	    .charset = charset != NULL ? charset : "utf-8",
	    .received_us = clock_now_us(),
	    .now_us = clock_now_us(),
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

int
feed_check(const struct args *args)
{
	struct check check = {
	    .examples = EXAMPLES_DEFAULT, .json = args_has(args, "json")};
	struct catalog *catalog;
	struct why why = {""};
	uint32_t item;
	int code;

	if (!feed_item_of(args, &item) ||
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
