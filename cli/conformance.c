/*
 * conformance: does an installation keep to the protocol?
 */
#include "cli/conformance.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/show.h"

#define WAIT_S 30
#define WAIT_MAX_S 600

static const char *const verdicts[] = {"PASS", "FAIL", "SKIP"};

void
conformance_say(struct conformance *run, enum verdict verdict,
    const char *check, const char *format, ...)
{
	struct conformance_row *row;
	va_list list;

	if (run->count == CONFORMANCE_ROWS_MAX)
		return;
	row = &run->rows[run->count++];
	row->verdict = verdict;
	run->failed += verdict == VERDICT_FAIL;
	snprintf(row->check, sizeof(row->check), "%s", check);
	va_start(list, format);
	vsnprintf(row->reason.text, sizeof(row->reason.text), format, list);
	va_end(list);
}

void
conformance_tell(struct conformance *run, bool passed, const char *check,
    const struct why *why)
{
	conformance_say(
	    run, passed ? VERDICT_PASS : VERDICT_FAIL, check, "%s", why->text);
}

static void
send_at(struct probe *probe, const struct conformance *run, const char *url,
    struct fetch *fetch)
{
	struct buf full = {0};
	size_t len = strlen(url);

	while (len > 0 && url[len - 1] == '/')
		len--;
	buf_print(&full, "%.*s%s", (int)len, url, fetch->path);
	fetch->look = &probe->look;
	probe->err = fetch_at(
	    run->args, buf_cstr(&full), fetch, &probe->answer, &probe->why);
	buf_release(&full);
	if (probe->err == ERR_OK)
		probe->body = json_parse(buf_span(&probe->answer.body), NULL);
}

void
probe_send(struct probe *probe, const struct conformance *run,
    const char *method, const char *path, const char *body)
{
	struct fetch fetch = {.method = method,
	    .path = path,
	    .accept = "application/json, */*;q=0.5",
	    .content_type = body != NULL ? "application/json" : NULL,
	    .body = span_of(body != NULL ? body : "")};

	send_at(probe, run, run->url, &fetch);
}

void
probe_get_at(struct probe *probe, const struct conformance *run,
    const char *url, const char *path)
{
	struct fetch fetch = {.method = "GET", .path = path};

	send_at(probe, run, url, &fetch);
}

void
probe_release(struct probe *probe)
{
	json_free(probe->body);
	buf_release(&probe->look.head);
	fetch_answer_release(&probe->answer);
	*probe = (struct probe){0};
}

bool
probe_is_type(const struct probe *probe, const char *type)
{
	struct buf text = {0};
	size_t len = strlen(type);
	bool same = fetch_look_find(&probe->look, "content-type", &text) &&
		    strncmp(buf_cstr(&text), type, len) == 0 &&
		    strchr("; ", buf_cstr(&text)[len]) != NULL;

	buf_release(&text);
	return same;
}

const char *
probe_problem(const struct probe *probe)
{
	static const char prefix[] = "urn:rongxin:problem:";
	const char *type = json_cstr(json_find(probe->body, "type"), "");

	if (strncmp(type, prefix, sizeof(prefix) - 1) != 0)
		return "";
	return type + sizeof(prefix) - 1;
}

bool
probe_is_problem(struct probe *probe, long status)
{
	const char *wrong = NULL;

	if (probe->err != ERR_OK)
		return false;
	if (probe->answer.status != status)
		wrong = "another status was due";
	else if (!probe_is_type(probe, "application/problem+json"))
		wrong = "not application/problem+json";
	else if (probe_problem(probe)[0] == '\0')
		wrong = "no type urn:rongxin:problem:…";
	else if (json_int(json_find(probe->body, "status"), 0) != status)
		wrong = "member status is another";
	else if (json_cstr(json_find(probe->body, "title"), "")[0] == '\0')
		wrong = "no title";
	if (wrong != NULL)
		(void)why_set(&probe->why, ERR_INVALID, "%ld: %s",
		    probe->answer.status, wrong);
	else
		(void)why_set(&probe->why, ERR_OK, "%ld %s",
		    probe->answer.status, probe_problem(probe));
	return wrong == NULL;
}

static void
print_json(const struct conformance *run)
{
	struct buf text = {0};
	struct json_out json = {&text, false};
	size_t i;

	json_open_object(&json, NULL);
	json_put_cstr(&json, "url", run->url);
	json_put_cstr(&json, "program",
	    run->document == NULL ? ""
	    : run->is_node        ? "node"
				  : "hub");
	json_put_bool(&json, "conforms", run->failed == 0);
	json_open_array(&json, "checks");
	for (i = 0; i < run->count; i++) {
		json_open_object(&json, NULL);
		json_put_cstr(&json, "check", run->rows[i].check);
		json_put_cstr(&json, "verdict", verdicts[run->rows[i].verdict]);
		json_put_cstr(&json, "reason", run->rows[i].reason.text);
		json_close_object(&json);
	}
	json_close_array(&json);
	json_close_object(&json);
	show_raw(buf_span(&text));
	buf_release(&text);
}

static void
print_table(const struct conformance *run)
{
	const struct conformance_row *row;
	size_t skipped = 0, i;

	for (i = 0; i < run->count; i++) {
		row = &run->rows[i];
		skipped += row->verdict == VERDICT_SKIP;
		printf("%s  ", verdicts[row->verdict]);
		show_padded(span_of(row->check), sizeof(row->check) - 8);
		printf("%s\n", row->reason.text);
	}
	printf("\n%s: %zu checks passed, %zu failed, %zu skipped\n", run->url,
	    run->count - run->failed - skipped, run->failed, skipped);
}

static int
conformance(const struct args *args)
{
	struct conformance run = {
	    .args = args, .url = args->operands[0], .wait_s = WAIT_S};
	int64_t bounds[2] = {0, WAIT_MAX_S};

	if (strncmp(run.url, "https://", 8) != 0)
		return args_misused(args, "URL: https://host:port");
	if (!args_int(args, "wait", bounds, &run.wait_s))
		return MISUSED;
	if (!conformance_link(&run))
		return args_failed(args, "%s", run.rows[0].reason.text);
	conformance_manners(&run);
	conformance_pages(&run);
	conformance_paths(&run);
	conformance_proofs(&run);
	if (args_has(args, "json"))
		print_json(&run);
	else
		print_table(&run);
	json_free(run.document);
	return run.failed == 0 ? DONE : REFUSED;
}

static const struct arg_option options[] = {
    FETCH_IDENTITY("RX_BANK"),
    {"subject", "CODE", NULL, "at a node: ask about this enterprise, too"},
    {"purpose", "PURPOSE", NULL, "for that: customer_screening (default), …"},
    {"consent", "ID", NULL, "… and the authorization for it"},
    {"hub", "URL", NULL,
	"at a node: compare its streams and its trail's key with the hub's"},
    {"member", "FILE", NULL,
	"at a node: its member document, which names its trail's key"},
    {"network", "FILE", "RX_NETWORK",
	"network.json: the witness's line must hold"},
    {"wait", "SECONDS", NULL,
	"how long a receipt or an agreement may take (30)"},
    {"json", NULL, NULL, "print the checks as JSON"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_command command = {"conformance", "URL",
    "try whether a hub or node keeps to the protocol",
    "With any member's certificate; nothing is changed. A question about "
    "--subject is a\nquestion like others: it enters the node's access log "
    "and counts. What cannot be\ntried with what was given is skipped. Exits "
    "with 1 when a check failed, 3 when\nnobody answers.",
    "rongxin conformance https://localhost:8444 --as keys/bank --hub "
    "https://localhost:8443",
    1, 1, options, conformance};

int
command_conformance(int argc, char **argv)
{
	return args_run(&command, argc, argv);
}
