/*
 * node: how nodes are doing.
 */
#include <stdio.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/compare.h"
#include "cli/fetch.h"
#include "cli/show.h"

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

static const struct arg_command commands[] = {
    {"node status", "", "a node's streams, and whether it is ready",
	"Exits with 1 when the node answers but is not ready.",
	"rongxin node status --node https://localhost:8444", 0, 0, node_options,
	node_status},
    {"node list", "", "all nodes, as the hub last heard of them", "",
	"rongxin node list --hub https://localhost:8443", 0, 0, hub_options,
	node_list},
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
