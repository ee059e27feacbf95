/*
 * answer: what a worker thread hands back to an HTTP exchange.
 */
#include "hub/answer.h"

#include <stdarg.h>
#include <stdio.h>

#include "credit/page.h"
#include "wire/problem.h"

static const struct {
	const char *type, *title;
} titles[] = {
    {"malformed", "The request is not what this path takes"},
    {"batch_unreadable", "The batch cannot be read"},
    {"sequence_gap", "Batches before this one are missing"},
    {"sequence_seen", "This sequence number was used before"},
    {"not_held", "The batch does not wait for a decision"},
    {"batch_conflict", "This batch id was used with other bytes"},
    {"digest_mismatch", "The content is not what its digest says"},
    {"upload_incomplete", "Bytes of the upload are missing"},
    {"uploads_full", "As many half uploads as a department may have"},
    {"range", "Not the next part of the upload"},
    {"member_unknown", "Not on the member list"},
    {"member_inactive", "The member is not active"},
    {"member_kind", "Not for this kind of member"},
    {"member_role", "Not for an operator of this role"},
    {"cross_site", "Another site's page may not do this"},
    {"not_yours", "Belongs to another member"},
    {"not_found", "There is no such thing"},
    {"item_unknown", "The catalogue has no such item"},
    {"application_state", "The application does not stand so"},
    {"second_person", "It takes another person"},
    {"review_needed", "It takes a reviewed application"},
    {"key_state", "The key does not stand so"},
    {"platform_conflict", "The platform list does not allow it"},
    {"month_published", "The month is published already"},
    {"month_open", "The month is not over"},
    {"alert_closed", "The alert is closed"},
    {"not_newer", "Not newer than what is there"},
    {"too_large", "Too large"},
    {"media_type", "Neither CSV nor NDJSON, or an unknown charset"},
    {"not_available", "Not part of this version"},
    {"not_ready", "Not ready"},
    {"busy", "Too much at once"},
};

void
answer_release(struct answer *answer)
{
	buf_release(&answer->body);
}

void
answer_refuse(struct answer *answer, int status, const char *type,
    const char *format, ...)
{
	va_list list;

	answer->status = status;
	answer->problem = type;
	va_start(list, format);
	vsnprintf(answer->detail, sizeof(answer->detail), format, list);
	va_end(list);
}

void
answer_refuse_stopping(struct answer *answer)
{
	answer_refuse(answer, 503, "busy",
	    "the hub is stopping; hand the batch in again");
}

void
answer_fail(struct answer *answer, enum err err, const char *detail)
{
	int status = problem_status(err);
	const char *type = "not_ready";

	if (status < 500)
		type = err == ERR_MISSING  ? "not_found"
		       : err == ERR_LIMIT  ? "too_large"
		       : err == ERR_DENIED ? "not_yours"
					   : "malformed";
	answer_refuse(answer, status < 500 ? status : 503, type, "%s", detail);
}

void
answer_problem(struct http_exchange *exchange, int status, const char *type,
    const char *detail)
{
	const char *title = type;
	size_t i;

	for (i = 0; i < sizeof(titles) / sizeof(*titles); i++)
		if (strcmp(titles[i].type, type) == 0)
			title = titles[i].title;
	if (status == 503)
		http_reply_header(exchange, "retry-after", "1");
	http_reply_problem(exchange, status, type, title,
	    detail != NULL && *detail != '\0' ? detail : NULL);
}

static void
put_policy(struct http_exchange *exchange)
{
	struct buf policy = {0};

	page_print_policy(&policy);
	http_reply_header(
	    exchange, "content-security-policy", buf_cstr(&policy));
	http_reply_header(exchange, "cache-control", "no-store");
	http_reply_header(exchange, "x-content-type-options", "nosniff");
	buf_release(&policy);
}

static void
put_attachment(struct http_exchange *exchange)
{
	http_reply_header(exchange, "content-disposition", "attachment");
	http_reply_header(
	    exchange, "content-security-policy", "default-src 'none'; sandbox");
	http_reply_header(exchange, "cache-control", "no-store");
	http_reply_header(exchange, "x-content-type-options", "nosniff");
}

void
answer_send(struct answer *answer, struct http_exchange *exchange)
{
	const char *type = answer->content_type;
	char number[24];

	snprintf(number, sizeof(number), "%lld", (long long)answer->expected);
	if (answer->expected > 0)
		http_reply_header(exchange, "batch-sequence-expected", number);
	if (answer->problem == NULL && answer->is_page)
		put_policy(exchange);
	if (answer->problem == NULL && answer->is_file)
		put_attachment(exchange);
	if (answer->problem != NULL)
		answer_problem(
		    exchange, answer->status, answer->problem, answer->detail);
	else
		http_reply(exchange, answer->status,
		    type != NULL ? type : "application/json",
		    buf_span(&answer->body));
	answer_release(answer);
}
