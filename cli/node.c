/*
 * node: how nodes are doing.
 */
#include <stdio.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/compare.h"
#include "cli/country.h"
#include "cli/fetch.h"
#include "cli/show.h"
#include "cli/top_view.h"

static const struct arg_option node_options[] = {
    FETCH_OPTIONS("node", "RX_NODE,RX_CITY", "RX_OPERATOR"),
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option hub_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR"),
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option compare_options[] = {
    {"stream", "PREFIX", NULL,
	"only streams that begin so, and both must hold them"},
    {"wait", "SECONDS", NULL,
	"how long to wait for equal positions (default 30)"},
    FETCH_IDENTITY("RX_OPERATOR"),
    {NULL, NULL, NULL, NULL},
};

static const struct show_column stream_columns[] = {
    {"stream", "stream"},
    {"position", "position"},
    {"agreed", "agreed"},
    {"agreed_at", "agreed at"},
    {"applied", "applied"},
    {"delay_ms", "delay ms"},
    {NULL, NULL},
};

static const struct show_column held_columns[] = {
    {"stream", "stream"},
    {"position", "position"},
    {"applied", "applied"},
    {"delay_ms", "delay ms"},
    {NULL, NULL},
};

static const struct show_column node_columns[] = {
    {"code", "code"},
    {"name", "name"},
    {"time", "last heard"},
    {"software", "software"},
    {"parent", "parent"},
    {"streams", "streams"},
    {"trail_size", "trail"},
    {NULL, NULL},
};

/* GET `path` and show the array `member` of the answer. */
static int
get_table(const struct args *args, const char *url, const char *path,
    const char *member, const struct show_column *columns)
{
	struct fetch fetch = {.method = "GET", .path = path};
	struct fetch_answer answer = {0};
	struct json *root = NULL;
	struct why why = {""};
	int code = fetch_send(args, url, &fetch, &answer);

	if (code == DONE && args_has(args, "json")) {
		show_raw(buf_span(&answer.body));
	} else if (code == DONE) {
		root = json_parse(buf_span(&answer.body), &why);
		if (root == NULL)
			code = args_failed(args, "the answer: %s", why.text);
		else
			show_table(json_find(root, member), columns);
	}
	json_free(root);
	fetch_answer_release(&answer);
	return code;
}

static int
node_status(const struct args *args)
{
	struct fetch fetch = {.method = "GET", .path = "/readyz"};
	struct fetch_answer answer = {0};
	int code, ready;

	code =
	    get_table(args, "node", "/v1/streams", "streams", stream_columns);
	if (code != DONE || args_has(args, "json"))
		return code;
	ready = fetch_send(args, "node", &fetch, &answer);
	fetch_answer_release(&answer);
	printf("%s\n", ready == DONE ? "ready" : "not ready");
	return ready == DONE ? DONE : REFUSED;
}

static int
node_list(const struct args *args)
{
	return get_table(args, "hub", "/v1/nodes", "nodes", node_columns);
}

static const struct json *
find_node(const struct json *root, const char *code)
{
	const struct json *nodes = json_find(root, "nodes");
	size_t i;

	for (i = 0; i < json_count(nodes); i++)
		if (span_is(
			json_text(json_find(json_at(nodes, i), "code")), code))
			return json_at(nodes, i);
	return NULL;
}

/* The hub's streams, for comparison; NULL and told when it does not say. */
static struct json *
read_streams(const struct args *args)
{
	struct fetch fetch = {.method = "GET", .path = "/v1/streams"};
	struct fetch_answer answer = {0};
	struct json *root = NULL;

	if (fetch_send(args, "hub", &fetch, &answer) == DONE)
		root = json_parse(buf_span(&answer.body), NULL);
	fetch_answer_release(&answer);
	return root;
}

static void
show_node(const struct json *node, const struct json *streams)
{
	static const char *const members[] = {"code", "name", "received",
	    "software", "parent", "trail_size", "trail_counted",
	    "trail_checked", "trail_forked", "trail_short"};
	struct top_lag lag = top_view_lag(node, streams);
	struct buf text = {0};
	size_t i;

	for (i = 0; i < sizeof(members) / sizeof(*members); i++) {
		buf_reset(&text);
		json_scalar(json_find(node, members[i]), &text);
		printf("%-14s %s\n", members[i], buf_cstr(&text));
	}
	printf("%-14s %lld positions%s\n\n", "behind", (long long)lag.positions,
	    lag.unequal ? ", and holds something else than the hub" : "");
	show_table(json_find(node, "streams"), held_columns);
	buf_release(&text);
}

static int
node_show(const struct args *args)
{
	struct fetch fetch = {.method = "GET", .path = "/v1/nodes"};
	struct fetch_answer answer = {0};
	struct json *root = NULL, *streams = NULL;
	const struct json *node;
	struct buf text = {0};
	int code = fetch_send(args, "hub", &fetch, &answer);

	if (code == DONE)
		root = json_parse(buf_span(&answer.body), NULL);
	node = find_node(root, args->operands[0]);
	if (code == DONE && node == NULL) {
		fprintf(stderr, "rongxin: node show: the hub knows no such "
				"node\n");
		code = REFUSED;
	} else if (code == DONE && args_has(args, "json")) {
		json_print(node, &text);
		show_raw(buf_span(&text));
	} else if (code == DONE) {
		streams = read_streams(args);
		code = streams != NULL ? DONE : UNREACHED;
		if (streams != NULL)
			show_node(node, json_find(streams, "streams"));
	}
	json_free(root);
	json_free(streams);
	buf_release(&text);
	fetch_answer_release(&answer);
	return code;
}

static const struct arg_command commands[] = {
    {"node status", "", "a node's streams, and whether it is ready",
	"Exits with 1 when the node answers but is not ready.",
	"rongxin node status --node https://localhost:8444", 0, 0, node_options,
	node_status},
    {"node list", "", "all nodes, as the hub last heard of them", "",
	"rongxin node list --hub https://localhost:8443", 0, 0, hub_options,
	node_list},
    {"node show", "CODE", "one node, stream by stream, as the hub knows it", "",
	"rongxin node show 11440100MB0044011H", 1, 1, hub_options, node_show},
    {"node platforms", "", "the platform list and how each is",
	"Position, proof, disk, certificate and software of every platform.",
	"rongxin node platforms", 0, 0, hub_options, country_platforms},
    {"node keys", "", "every key of the network, the next to end first",
	"CURVE and batch keys have no end: they are to roll.",
	"rongxin node keys", 0, 0, hub_options, country_keys},
    {"node gaps", "", "hours in which a node's trail had no checkpoint", "",
	"rongxin node gaps", 0, 0, hub_options, country_gaps},
    {"node compare", "A B", "do two places, hub or node, hold the same?",
	"Compares position and signed digest of the streams that both hold; "
	"exits with 1 when one differs, or is not at the same position in "
	"time.",
	"rongxin node compare https://localhost:8443 https://localhost:8444", 2,
	2, compare_options, compare_run},
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL},
};

int
command_node(int argc, char **argv)
{
	return args_dispatch("node", commands, argc, argv);
}
