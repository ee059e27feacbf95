/*
 * query_print: an answer as a page, on paper or signed.
 */
#include "node/query_inner.h"

static void
query_send_print(struct http_exchange *exchange, void *argument)
{
	struct query *query = argument;
	struct buf policy = {0};

	if (query->print.err != ERR_OK) {
		http_reply_problem(exchange, 503, "not_ready",
		    "The report could not be printed", NULL);
		query->answer.release(&query->answer);
		return;
	}
	http_reply_header(exchange, "cache-control", "no-store");
	http_reply_header(exchange, "x-content-type-options", "nosniff");
	if (query->print.form == PRINT_HTML) {
		page_print_policy(&policy);
		http_reply_header(
		    exchange, "content-security-policy", buf_cstr(&policy));
		buf_release(&policy);
	}
	http_reply(exchange, 200, print_form_type(query->print.form),
	    buf_span(&query->print.out));
	query->answer.release(&query->answer);
}

static void
query_on_printed(void *context)
{
	struct query *query = context;

	http_defer(query->answer.exchange, query_send_print, query);
}

void
query_print(struct query *query)
{
	struct print_job *job = &query->print;

	job->report = buf_span(&query->answer.body);
	job->catalog = query->world->catalog;
	job->done = query_on_printed;
	job->context = query;
	if (printer_post(query->answer.node->printer, job))
		return;
	http_reply_problem(query->answer.exchange, 503, "busy",
	    "Too much at once", "Other reports are being printed; try again.");
	query->answer.release(&query->answer);
}

bool
query_is_too_long(const struct query *query, struct span report)
{
	return (query->print.form == PRINT_HTML ||
		   query->print.form == PRINT_PDF) &&
	       report.len > PRINT_MAX;
}

void
query_say_too_long(struct query *query)
{
	query_count(query, OUTCOME_MALFORMED);
	query_drop_report(query);
	query->answer.access.item_count = 0;
	query->answer.access.authorised = false;
	query->answer.access.use = (struct use){0};
	answer_problem(&query->answer, 413, "too_large",
	    "The report is too long to be printed",
	    "Ask for fewer items, or for JSON.");
}
