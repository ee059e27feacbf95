/*
 * conformance_link: the connection, and the manners of every answer.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/conformance.h"

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
		    run, VERDICT_SKIP, "clock", "answers have no Date field");
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

void
conformance_manners(struct conformance *run)
{
	check_problem(run, "no such path", "GET /v1/no-such-path", 404);
	check_problem(run, "no such method", "PATCH /v1/streams", 405);
	check_problem(run, "malformed request", "GET /v1/streams?a=1&a=2", 400);
}
