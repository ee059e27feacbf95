/*
 * quality: what departments hand in, what they owe, and how it is assessed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/assess.h"
#include "cli/commands.h"
#include "cli/country.h"
#include "cli/fetch.h"
#include "cli/show.h"

static void
show_list(const struct json *root, const char *member, const char *title,
    const struct show_column *columns)
{
	const struct json *list = json_find(root, member);

	if (json_count(list) == 0)
		return;
	printf("%s\n", title);
	show_table(list, columns);
	printf("\n");
}

static void
show_quality(const struct json *root)
{
	static const struct show_column days[] = {{"day", "day"},
	    {"provider", "provider"}, {"item", "item"},
	    {"division", "division"}, {"batches", "batches"}, {"rows", "rows"},
	    {"accepted", "accepted"}, {"unchanged", "unchanged"},
	    {"rejected", "rejected"}, {"warned", "warned"},
	    {"duplicates", "duplicates"}, {NULL, NULL}};
	static const struct show_column rules[] = {{"provider", "provider"},
	    {"item", "item"}, {"rule", "rule"}, {"severity", "severity"},
	    {"count", "count"}, {NULL, NULL}};
	static const struct show_column fields[] = {{"provider", "provider"},
	    {"item", "item"}, {"field", "field"}, {"present", "present"},
	    {"rows", "rows"}, {NULL, NULL}};
	static const struct show_column due[] = {{"provider", "provider"},
	    {"item", "item"}, {"cadence", "cadence"}, {"last_day", "last"},
	    {"due_day", "due"}, {"periods_due", "periods due"},
	    {"periods_received", "received"}, {"late", "late"}, {NULL, NULL}};

	show_list(root, "days", "Rows handed in", days);
	show_list(root, "rules", "Findings by rule", rules);
	show_list(root, "fields", "Completeness", fields);
	show_list(root, "due", "Due", due);
	if (json_int(json_find(root, "next"), -1) >= 0)
		printf("There are more days: narrow --from and --to.\n");
}

static void
add_filter(const struct args *args, const char *name, struct buf *path)
{
	const char *value = args_get(args, name);

	if (value == NULL)
		return;
	buf_print(path, "&%s=", name);
	fetch_escape(value, path);
}

static int
quality(const struct args *args)
{
	struct buf path = {0};
	struct fetch fetch = {.method = "GET"};
	struct fetch_answer answer = {0};
	struct json *root;
	int code;

	buf_text(&path, "/v1/quality?limit=5000");
	add_filter(args, "provider", &path);
	add_filter(args, "item", &path);
	add_filter(args, "from", &path);
	add_filter(args, "to", &path);
	fetch.path = buf_cstr(&path);
	code = fetch_send(args, "hub", &fetch, &answer);
	if (code == DONE && args_has(args, "json")) {
		show_raw(buf_span(&answer.body));
	} else if (code == DONE) {
		root = json_parse(buf_span(&answer.body), NULL);
		if (root != NULL)
			show_quality(root);
		else
			code = args_failed(args, "the answer is no JSON");
		json_free(root);
	}
	fetch_answer_release(&answer);
	buf_release(&path);
	return code;
}

static const struct arg_option options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR,RX_DEPT"),
    {"provider", "CODE", NULL, "one department (operators only)"},
    {"item", "NUMBER", NULL, "one item"},
    {"from", "DAY", NULL, "first day, 2026-11-01 (30 days ago)"},
    {"to", "DAY", NULL, "last day (today)"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option assess_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR,RX_DEPT"),
    {"by", "KIND", NULL, "department, province, city, nation or month"},
    {"csv", NULL, NULL, "as a CSV file"},
    {"signed", NULL, NULL, "the signed document of a published month"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option hub_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR"),
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option departments_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR,RX_DEPT"),
    {"provider", "CODE", NULL, "one department (operators only)"},
    {"day", "DAY", NULL, "as of that day (today)"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option verify_options[] = {
    {"network", "FILE", NULL, "network.json"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_command commands[] = {
    {"quality show", "", "what departments hand in, and what they owe",
	"Figures by provider, item, division and day; findings by rule; "
	"completeness by field;\nwhat is due by each item's cadence. A "
	"department sees its own. Without \"show\" too.",
	"rongxin quality --item 1 --from 2026-11-01", 0, 0, options, quality},
    {"quality departments", "", "each department and item, 30 days in a line",
	"Due and received, late, rejected, disputed, still to be corrected.",
	"rongxin quality departments --day 2026-11-20", 0, 0,
	departments_options, country_departments},
    {"quality grid", "", "provinces by categories: good, late or failed", "",
	"rongxin quality grid", 0, 0, hub_options, country_grid},
    {"quality assess", "[MONTH]", "score and rank the sharing of a month",
	"This month if none is named. Who is no operator sees published months "
	"only.",
	"rongxin quality assess 2026-10 --by province", 0, 1, assess_options,
	assess_show},
    {"quality publish", "MONTH", "freeze and sign the assessment of a month",
	"Prints the signed document. What came later changes nothing of it.",
	"rongxin quality publish 2026-10 > 2026-10.jws", 1, 1, hub_options,
	assess_publish},
    {"quality weights", "[FILE]", "show the weights, or set new ones",
	"FILE: {\"from\":\"2026-11\",\"weights\":{\"accuracy\":15,…}}; it is a "
	"new version and counts\nfrom that month on, for what is not "
	"published.",
	"rongxin quality weights weights.json", 0, 1, hub_options,
	assess_weights},
    {"quality verify", "FILE", "check a published assessment without the hub",
	"Prints it if the network's receipt key signed it.",
	"rongxin quality verify 2026-10.jws --network network.json", 1, 1,
	verify_options, assess_verify},
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL},
};

int
command_quality(int argc, char **argv)
{
	if (argc < 2 || (argv[1][0] == '-' && strcmp(argv[1], "-h") != 0 &&
			    strcmp(argv[1], "--help") != 0))
		return args_run(&commands[0], argc, argv);
	return args_dispatch("quality", commands, argc, argv);
}
