/*
 * ledger: what the hub knew of an enterprise, and when.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/show.h"

static void
add_query(const struct args *args, const char *option, const char *name,
    struct buf *path)
{
	const char *value = args_get(args, option);

	if (value == NULL)
		return;
	buf_print(path, "&%s=", name);
	fetch_escape(value, path);
}

static bool
show_field(void *context, const char *name, const struct json *value)
{
	struct buf text = {0};

	(void)context;
	json_scalar(value, &text);
	printf("    %s: %s\n", name, buf_cstr(&text));
	buf_release(&text);
	return true;
}

static void
show_record(const struct json *record)
{
	printf("item %" PRId64 " in %s, version %" PRId64 ", %s, as of %s, "
	       "known from %s to %s\n",
	    json_int(json_find(record, "item"), 0),
	    json_cstr(json_find(record, "stream"), "?"),
	    json_int(json_find(record, "version"), 0),
	    json_cstr(json_find(record, "state"), "?"),
	    json_cstr(json_find(record, "as_of"), "?"),
	    json_cstr(json_find(record, "known_from"), "?"),
	    json_cstr(json_find(record, "known_to"), "now"));
	json_each(json_find(record, "fields"), show_field, NULL);
}

static void
show_answer(const struct json *root)
{
	const struct json *records = json_find(root, "records");
	const struct json *moves = json_find(root, "moves");
	size_t i;

	for (i = 0; i < json_count(records); i++)
		show_record(json_at(records, i));
	for (i = 0; i < json_count(moves); i++)
		printf("moved from %s to %s at %s\n",
		    json_cstr(json_find(json_at(moves, i), "from"), "?"),
		    json_cstr(json_find(json_at(moves, i), "to"), "?"),
		    json_cstr(json_find(json_at(moves, i), "time"), "?"));
	if (!json_bool(json_find(root, "complete"), true))
		printf("there are more records: ask with --item\n");
}

static int
send(const struct args *args, const struct fetch *fetch,
    void (*show)(const struct json *root))
{
	struct fetch_answer answer = {0};
	struct json *root = NULL;
	int code = fetch_send(args, "hub", fetch, &answer);

	if (code == DONE && args_has(args, "json")) {
		show_raw(buf_span(&answer.body));
	} else if (code == DONE) {
		root = json_parse(buf_span(&answer.body), NULL);
		if (root == NULL)
			code = args_failed(args, "the answer is no JSON");
		else
			show(root);
	}
	json_free(root);
	fetch_answer_release(&answer);
	return code;
}

static int
ledger_show(const struct args *args)
{
	struct buf path = {0};
	struct fetch fetch = {.method = "GET"};
	int code;

	buf_text(&path, "/v1/ledger/");
	fetch_escape(args->operands[0], &path);
	buf_text(&path, "?");
	add_query(args, "item", "item", &path);
	add_query(args, "as-of", "as_of", &path);
	add_query(args, "valid-at", "valid_at", &path);
	fetch.path = buf_cstr(&path);
	code = send(args, &fetch, show_answer);
	buf_release(&path);
	return code;
}

static void
show_retention(const struct json *root)
{
	static const struct show_column columns[] = {
	    {"item", "item"},
	    {"years", "years"},
	    {"from", "counted from"},
	    {"due", "to withdraw"},
	    {"purge", "to purge"},
	    {NULL, NULL},
	};

	show_table(json_find(root, "items"), columns);
}

static int
ledger_retention(const struct args *args)
{
	const struct fetch fetch = {
	    .method = args_has(args, "dry-run") ? "GET" : "POST",
	    .path = "/v1/retention"};

	return send(args, &fetch, show_retention);
}

static const struct arg_option show_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR"),
    {"item", "N", NULL, "of this item only"},
    {"as-of", "TIME", NULL, "as the ledger stood then: 2026-03-28T08:00:00Z"},
    {"valid-at", "DATE", NULL, "about that day: 2026-03-28"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option retention_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR"),
    {"dry-run", NULL, NULL, "count only"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_command commands[] = {
    {"ledger show", "SUBJECT", "what was known of an enterprise",
	"Departments see their own records, operators all.",
	"rongxin ledger show 91440101MA000RX19U --as-of 2026-03-28T08:00:00Z",
	1, 1, show_options, ledger_show},
    {"ledger retention", "", "withdraw and purge what is past its day",
	"The hub does it every day by itself; the catalogue says how long "
	"each item is shown.",
	"rongxin ledger retention --dry-run", 0, 0, retention_options,
	ledger_retention},
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL},
};

int
command_ledger(int argc, char **argv)
{
	return args_dispatch("ledger", commands, argc, argv);
}
