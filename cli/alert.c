/*
 * alert: what is wrong in the network, and who knows.
 */
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/call.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/show.h"

static const struct show_column alert_columns[] = {{"id", "id"},
    {"severity", "severity"}, {"rule", "rule"}, {"name", "about"},
    {"value", "value"}, {"unit", ""}, {"state", "state"}, {"since", "since"},
    {"acknowledged_by", "acknowledged by"}, {NULL, NULL}};

static const struct show_column rule_columns[] = {{"name", "rule"},
    {"severity", "severity"}, {"threshold", "threshold"}, {"unit", "unit"},
    {"raise_seconds", "raise after s"}, {"close_seconds", "close after s"},
    {"keep_days", "kept days"}, {"enabled", "enabled"}, {"zh", "zh"},
    {"en", "en"}, {NULL, NULL}};

static const struct show_column message_columns[] = {{"id", "id"},
    {"alert", "alert"}, {"event", "event"}, {"channel", "channel"},
    {"state", "state"}, {"attempts", "attempts"}, {"made_at", "made"},
    {"sent_at", "sent"}, {"error", "error"}, {NULL, NULL}};

static int
alert_list(const struct args *args)
{
	struct call call = {"GET", NULL, "alerts", alert_columns, {NULL, 0}};
	struct buf path = {0};
	int code;

	buf_text(&path, "/v1/alerts?limit=1000");
	call_filter(args, "state", &path);
	call_filter(args, "rule", &path);
	call.path = buf_cstr(&path);
	code = call_send(args, &call);
	buf_release(&path);
	return code;
}

static void
show_member(const char *name, const struct json *value)
{
	struct buf text = {0};

	if (value == NULL || json_is_null(value))
		return;
	if (json_is_object(value) || json_is_array(value))
		json_print(value, &text);
	else
		json_scalar(value, &text);
	if (text.len > 0)
		printf("%-16s %s\n", name, buf_cstr(&text));
	buf_release(&text);
}

static bool
show_one_member(void *context, const char *name, const struct json *value)
{
	(void)context;
	show_member(name, value);
	return true;
}

static int
alert_show(const struct args *args)
{
	struct fetch fetch = {.method = "GET"};
	struct fetch_answer answer = {0};
	struct buf path = {0};
	struct json *root = NULL;
	int code;

	buf_text(&path, "/v1/alerts?state=all&id=");
	fetch_escape(args->operands[0], &path);
	fetch.path = buf_cstr(&path);
	code = fetch_send(args, "hub", &fetch, &answer);
	if (code == DONE)
		root = json_parse(buf_span(&answer.body), NULL);
	if (code == DONE && json_count(json_find(root, "alerts")) == 0) {
		fprintf(
		    stderr, "rongxin: alert show: there is no such alert\n");
		code = REFUSED;
	} else if (code == DONE && args_has(args, "json")) {
		show_raw(buf_span(&answer.body));
	} else if (code == DONE) {
		json_each(json_at(json_find(root, "alerts"), 0),
		    show_one_member, NULL);
	}
	json_free(root);
	fetch_answer_release(&answer);
	buf_release(&path);
	return code;
}

static int
alert_acknowledge(const struct args *args)
{
	struct buf body = {0};
	int code;

	call_note(args, &body);
	code = call_about(args, "/v1/alerts/", "/acknowledge", buf_span(&body));
	buf_release(&body);
	return code;
}

static int
alert_rules(const struct args *args)
{
	const struct call call = {
	    "GET", "/v1/alerts/rules", "rules", rule_columns, {NULL, 0}};

	return call_send(args, &call);
}

/* False when the option is no number; says so. */
static bool
put_number(const struct args *args, const char *option, const char *member,
    struct json_out *json)
{
	int64_t bounds[2] = {0, INT64_C(1000000000000)}, value = -1;

	if (args_get(args, option) == NULL)
		return true;
	if (!args_int(args, option, bounds, &value))
		return false;
	json_put_int(json, member, value);
	return true;
}

static int
alert_rule(const struct args *args)
{
	const char *severity = args_get(args, "severity");
	struct buf body = {0};
	struct json_out json = {.buf = &body};
	int code = MISUSED;

	json_open_object(&json, NULL);
	if (severity != NULL)
		json_put_cstr(&json, "severity", severity);
	if (args_has(args, "enable") || args_has(args, "disable"))
		json_put_bool(&json, "enabled", args_has(args, "enable"));
	if (put_number(args, "threshold", "threshold", &json) &&
	    put_number(args, "raise", "raise_seconds", &json) &&
	    put_number(args, "close", "close_seconds", &json) &&
	    put_number(args, "keep", "keep_days", &json)) {
		json_close_object(&json);
		code =
		    call_about(args, "/v1/alerts/rules/", "", buf_span(&body));
	}
	buf_release(&body);
	return code;
}

static int
alert_messages(const struct args *args)
{
	struct call call = {
	    "GET", NULL, "messages", message_columns, {NULL, 0}};
	struct buf path = {0};
	int code;

	buf_text(&path, "/v1/alerts/messages?");
	call_filter(args, "state", &path);
	call.path = buf_cstr(&path);
	code = call_send(args, &call);
	buf_release(&path);
	return code;
}

static const struct show_column pattern_columns[] = {{"day", "day"},
    {"node", "node"}, {"member", "member"}, {"kind", "kind"},
    {"count", "count"}, {"first_seen", "first seen"},
    {"last_seen", "last seen"}, {NULL, NULL}};

static int
alert_patterns(const struct args *args)
{
	static const char *const filters[] = {
	    "node", "member", "kind", "from", "to", NULL};
	struct call call = {
	    "GET", NULL, "patterns", pattern_columns, {NULL, 0}};
	struct buf path = {0};
	size_t i;
	int code;

	buf_text(&path, "/v1/alerts/patterns?limit=5000");
	for (i = 0; filters[i] != NULL; i++)
		call_filter(args, filters[i], &path);
	call.path = buf_cstr(&path);
	code = call_send(args, &call);
	buf_release(&path);
	return code;
}

static int
alert_retry(const struct args *args)
{
	return call_about(
	    args, "/v1/alerts/messages/", "/retry", (struct span){NULL, 0});
}

static const struct arg_option list_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR"),
    {"state", "STATE", NULL, "open (default), closed, all"},
    {"rule", "NAME", NULL, "of one rule"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option hub_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR"),
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option note_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR"),
    {"note", "TEXT", NULL, "what is being done about it"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option rule_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR"),
    {"threshold", "NUMBER", NULL, "beyond which it is bad"},
    {"raise", "SECONDS", NULL, "how long it must be bad"},
    {"close", "SECONDS", NULL, "how long it must be good again"},
    {"keep", "DAYS", NULL, "how long it is kept when it is closed"},
    {"severity", "WORD", NULL, "critical, warning or info"},
    {"enable", NULL, NULL, "watch it"},
    {"disable", NULL, NULL, "do not watch it; open ones close"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option message_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR"),
    {"state", "STATE", NULL, "waiting, sent or dead"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option pattern_options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR"),
    {"node", "CODE", NULL, "one platform"},
    {"member", "CODE", NULL, "one who asks"},
    {"kind", "NAME", NULL, "one kind, such as sequential_codes"},
    {"from", "DAY", NULL, "first day, 2026-11-01 (30 days ago)"},
    {"to", "DAY", NULL, "last day (today)"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_command commands[] = {
    {"alert list", "", "what is wrong, worst first", "",
	"rongxin alert list --state all", 0, 0, list_options, alert_list},
    {"alert show", "ID", "one alert with its facts",
	"What it means and what to do is in docs/OPERATING.md, Runbook.",
	"rongxin alert show 12", 1, 1, hub_options, alert_show},
    {"alert acknowledge", "ID", "say that somebody is at it", "",
	"rongxin alert acknowledge 12 --note 'called Guangzhou'", 1, 1,
	note_options, alert_acknowledge},
    {"alert patterns", "", "who asks the nodes in a suspicious way",
	"One line a node, member, kind and day. Whom it was about is in the "
	"node's trail only.",
	"rongxin alert patterns --kind sequential_codes", 0, 0, pattern_options,
	alert_patterns},
    {"alert rules", "", "what is watched", "", "rongxin alert rules", 0, 0,
	hub_options, alert_rules},
    {"alert rule", "NAME", "change a rule", "",
	"rongxin alert rule node_behind --threshold 120 --raise 60", 1, 1,
	rule_options, alert_rule},
    {"alert messages", "", "the newest messages to webhook and mail", "",
	"rongxin alert messages --state dead", 0, 0, message_options,
	alert_messages},
    {"alert retry", "ID", "send a dead message again", "",
	"rongxin alert retry 7", 1, 1, hub_options, alert_retry},
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL},
};

int
command_alert(int argc, char **argv)
{
	return args_dispatch("alert", commands, argc, argv);
}
