/*
 * reprint: a report that this node signed once, printed again.
 */
#include "node/reprint.h"

#include "base/codec.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "credit/imprint.h"
#include "node/former.h"
#include "node/node.h"
#include "node/world.h"

struct reprint {
	struct http_exchange *exchange;
	struct node *node;
	const struct world *world; /* held: its catalogue may be used */
	struct buf report;
	struct print_job job;
};

static void
reprint_free(struct reprint *reprint)
{
	shared_drop(reprint->node->world, reprint->world);
	buf_release(&reprint->report);
	buf_release(&reprint->job.out);
	mem_free(reprint);
}

static void
send_print(struct http_exchange *exchange, void *argument)
{
	struct reprint *reprint = argument;
	struct buf policy = {0};

	if (reprint->job.err == ERR_MISSING) {
		http_reply_problem(exchange, 404, "not_found",
		    "No such catalogue here",
		    "The report is by a catalogue that this node never had.");
	} else if (reprint->job.err != ERR_OK) {
		http_reply_problem(
		    exchange, 503, "busy", "It could not be printed", NULL);
	} else {
		http_reply_header(exchange, "cache-control", "no-store");
		http_reply_header(
		    exchange, "x-content-type-options", "nosniff");
		page_print_policy(&policy);
		if (reprint->job.form == PRINT_HTML)
			http_reply_header(exchange, "content-security-policy",
			    buf_cstr(&policy));
		http_reply(exchange, 200, print_form_type(reprint->job.form),
		    buf_span(&reprint->job.out));
	}
	buf_release(&policy);
	reprint_free(reprint);
}

static void
on_printed(void *context)
{
	struct reprint *reprint = context;

	http_defer(reprint->exchange, send_print, reprint);
}

/* Signed by us, then: no other document is ever printed. */
static bool
read_report(struct reprint *reprint)
{
	const struct member *self = reprint->world->self;
	struct verifier *verifier;
	struct buf raw = {0};
	bool ours;

	if (self == NULL || !codec_parse_hex(span_of(self->sign_key), &raw) ||
	    raw.len != 32) {
		buf_release(&raw);
		return false;
	}
	verifier = verifier_new((const uint8_t *)raw.data);
	ours = jws_check_with_key(text_trim(http_body(reprint->exchange)),
		   REPORT_TYPE, verifier, &reprint->report, NULL) == ERR_OK;
	verifier_free(verifier);
	buf_release(&raw);
	return ours;
}

/* The catalogue in force, or one of before, which the printer reads. */
static void
choose_catalogue(struct reprint *reprint)
{
	struct json *root = json_parse(buf_span(&reprint->report), NULL);
	int64_t version =
	    json_int(json_find(json_find(root, "asked"), "catalogue"), 0);
	const struct catalog *now = reprint->world->catalog;

	json_free(root);
	if (now != NULL && catalog_version(now) == (uint64_t)version) {
		reprint->job.catalog = now;
		return;
	}
	reprint->job.former_folder = reprint->node->former_folder;
	reprint->job.former = (uint64_t)version;
}

static const char *
begin(struct reprint *reprint)
{
	struct print_job *job = &reprint->job;

	if (reprint->world == NULL || !read_report(reprint))
		return "not_yours";
	if (reprint->report.len > PRINT_MAX)
		return "too_large";
	job->form = print_form_of(http_header(reprint->exchange, "accept"));
	if (job->form != PRINT_HTML)
		job->form = PRINT_PDF;
	job->language = print_language_of(http_query(reprint->exchange, "lang"),
	    http_header(reprint->exchange, "accept-language"));
	job->report = buf_span(&reprint->report);
	choose_catalogue(reprint);
	job->done = on_printed;
	job->context = reprint;
	return printer_post(reprint->node->printer, job) ? NULL : "busy";
}

void
reprint_on_post(struct http_exchange *exchange, void *context)
{
	static const struct {
		const char *type, *title;
		int status;
	} problems[] = {
	    {"not_yours", "Not a report that this node signed", 403},
	    {"too_large", "Too long to be printed", 413},
	    {"busy", "Too much at once", 503}};
	struct reprint *reprint = mem_new(sizeof(*reprint));
	const char *problem;
	size_t i = 0;

	reprint->exchange = exchange;
	reprint->node = context;
	reprint->world = shared_hold(reprint->node->world);
	problem = begin(reprint);
	if (problem == NULL)
		return;
	while (strcmp(problems[i].type, problem) != 0)
		i++;
	http_reply_problem(
	    exchange, problems[i].status, problem, problems[i].title, NULL);
	reprint_free(reprint);
}
