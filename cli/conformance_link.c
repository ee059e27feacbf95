/*
 * conformance_link: the connection, and the manners of every answer.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/conformance.h"
#include "wire/trace.h"

#define SKEW_MAX_S 60

/* Anything but an answer will do: an alert, a closed connection. */
static void
check_refused(struct conformance *run, const char *check, bool old, bool nobody)
{
	struct probe probe = {.look = {.is_old = old, .is_nobody = nobody}};

	probe_send(&probe, run, "GET", "/v1/openapi.json", NULL);
	if (probe.err == ERR_OK)
		conformance_say(run, VERDICT_FAIL, check, "answered with %ld",
		    probe.answer.status);
	else if (probe.look.is_late)
		conformance_say(
		    run, VERDICT_FAIL, check, "neither refused nor answered");
	else
		conformance_say(
		    run, VERDICT_PASS, check, "refused: %s", probe.why.text);
	probe_release(&probe);
}

static bool
is_program(const struct probe *probe, bool *is_node)
{
	const char *title =
	    json_cstr(json_find(json_find(probe->body, "info"), "title"), "");

	*is_node = strcmp(title, "Rongxin node") == 0;
	return *is_node || strcmp(title, "Rongxin hub") == 0;
}

static void
check_document(struct conformance *run, struct probe *probe)
{
	static const char check[] = "openapi";

	if (probe->answer.status != 200)
		conformance_say(run, VERDICT_FAIL, check, "%ld %s",
		    probe->answer.status, probe_problem(probe));
	else if (!probe_is_type(probe, "application/json"))
		conformance_say(run, VERDICT_FAIL, check,
		    "/v1/openapi.json is not application/json");
	else if (!is_program(probe, &run->is_node))
		conformance_say(run, VERDICT_FAIL, check,
		    "the document is not of a hub or node");
	else {
		conformance_say(run, VERDICT_PASS, check,
		    "it is a %s, interface version %s",
		    run->is_node ? "node" : "hub",
		    json_cstr(
			json_find(json_find(probe->body, "info"), "version"),
			"?"));
		run->document = probe->body;
		probe->body = NULL;
	}
}

/* A number of a version would tell whom to attack how. */
static void
check_leak(struct conformance *run, const struct probe *probe)
{
	static const char *const names[] = {"server", "x-powered-by", "via"};
	struct buf value = {0};
	bool leaks = false;
	size_t i;

	for (i = 0; !leaks && i < sizeof(names) / sizeof(*names); i++)
		leaks = fetch_look_find(&probe->look, names[i], &value);
	if (leaks)
		conformance_say(run, VERDICT_FAIL, "no leak", "%s: %.80s",
		    names[i - 1], buf_cstr(&value));
	else
		conformance_say(run, VERDICT_PASS, "no leak",
		    "no field says what runs there");
	buf_release(&value);
}

static void
check_clock(struct conformance *run, const struct probe *probe)
{
	int64_t date_us = fetch_look_date_us(&probe->look);
	int64_t off_s = (date_us - clock_now_us()) / CLOCK_SECOND;

	if (date_us < 0)
		conformance_say(
		    run, VERDICT_FAIL, "clock", "answers have no Date field");
	else
		conformance_say(run,
		    llabs(off_s) <= SKEW_MAX_S ? VERDICT_PASS : VERDICT_FAIL,
		    "clock", "%" PRId64 " s from ours", off_s);
}

static void
check_sniff(struct conformance *run, const struct probe *probe)
{
	struct buf value = {0};
	bool is_set =
	    fetch_look_find(&probe->look, "x-content-type-options", &value) &&
	    strcmp(buf_cstr(&value), "nosniff") == 0;

	conformance_say(run, is_set ? VERDICT_PASS : VERDICT_FAIL, "nosniff",
	    "X-Content-Type-Options: %s",
	    value.len > 0 ? buf_cstr(&value) : "not there");
	buf_release(&value);
}

bool
conformance_link(struct conformance *run)
{
	struct probe probe = {0};

	probe_send(&probe, run, "GET", "/v1/openapi.json", NULL);
	if (probe.err != ERR_OK) {
		conformance_say(
		    run, VERDICT_FAIL, "TLS 1.3", "%s", probe.why.text);
		probe_release(&probe);
		return false;
	}
	conformance_say(run, VERDICT_PASS, "TLS 1.3",
	    "with the network's CA and the server's name");
	check_refused(run, "TLS 1.2", true, false);
	check_refused(run, "no certificate", false, true);
	conformance_say(run, probe.look.is_http2 ? VERDICT_PASS : VERDICT_FAIL,
	    "HTTP/2", "%s",
	    probe.look.is_http2 ? "negotiated" : "HTTP/1.1 was negotiated");
	check_leak(run, &probe);
	check_sniff(run, &probe);
	check_clock(run, &probe);
	check_document(run, &probe);
	probe_release(&probe);
	return true;
}

static void
check_problem(struct conformance *run, const char *check, const char *request,
    long status)
{
	struct probe probe = {0};
	char method[8];
	const char *path = strchr(request, ' ');
	bool is_right;

	snprintf(
	    method, sizeof(method), "%.*s", (int)(path - request), request);
	probe_send(&probe, run, method, path + 1, NULL);
	is_right = probe_is_problem(&probe, status);
	conformance_tell(run, is_right, check, &probe.why);
	probe_release(&probe);
}

/* What is here already is not sent again. */
static void
check_unchanged(struct conformance *run)
{
	static const char check[] = "unchanged";
	struct probe first = {0}, again = {0};
	struct buf tag = {0}, line = {0};
	bool has_tag;

	probe_send(&first, run, "GET", "/v1/members", NULL);
	has_tag = fetch_look_find(&first.look, "etag", &tag);
	buf_print(&line, "If-None-Match: %s", buf_cstr(&tag));
	again.look.ask = buf_cstr(&line);
	if (has_tag)
		probe_send(&again, run, "GET", "/v1/members", NULL);
	if (!has_tag)
		conformance_say(
		    run, VERDICT_FAIL, check, "/v1/members has no ETag");
	else
		conformance_say(run,
		    again.answer.status == 304 ? VERDICT_PASS : VERDICT_FAIL,
		    check, "%ld to the ETag of /v1/members",
		    again.answer.status);
	buf_release(&tag);
	buf_release(&line);
	probe_release(&first);
	probe_release(&again);
}

static void
check_trace(struct conformance *run)
{
	struct trace trace = {.id = ""}, theirs = {.id = ""};
	struct probe probe = {0};
	struct buf line = {0}, value = {0};
	bool is_same;

	trace_begin(&trace);
	buf_print(&line, "traceparent: %s", trace.parent);
	probe.look.ask = buf_cstr(&line);
	probe_send(&probe, run, "GET", "/v1/streams", NULL);
	is_same = fetch_look_find(&probe.look, "traceparent", &value) &&
		  trace_follow(&theirs, buf_cstr(&value)) &&
		  strcmp(theirs.id, trace.id) == 0;
	conformance_say(run, is_same ? VERDICT_PASS : VERDICT_FAIL, "trace",
	    "%s",
	    is_same ? "goes on as it was begun"
		    : "our traceparent does not come back");
	buf_release(&line);
	buf_release(&value);
	probe_release(&probe);
}

void
conformance_manners(struct conformance *run)
{
	check_unchanged(run);
	check_trace(run);
	check_problem(run, "no such path", "GET /v1/no-such-path", 404);
	check_problem(run, "no such method", "PATCH /v1/streams", 405);
	check_problem(run, "malformed request", "GET /v1/streams?a=1&a=2", 400);
}
