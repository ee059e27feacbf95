/*
 * disclosure: a subject's signed wish to be told who saw its data, at one node
 * or at all.
 */
#include "credit/disclosure.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "credit/claims.h"

static const char *const disclosure_members[] = {
    "subject", "node", "after", "limit", "time", NULL};

static void
read_after(struct claims *claims, struct disclosure *disclosure)
{
	int64_t after;

	if (!claims_has(claims, "after"))
		return;
	after = json_int(json_find(claims->root, "after"), -1);
	if (after < 0 || after == INT64_MAX)
		claims_refuse(claims, "after", "not an index");
	else
		disclosure->from = (uint64_t)after + 1;
}

enum err
disclosure_parse(
    struct span json, struct disclosure *disclosure, struct why *why)
{
	struct disclosure read = {.limit = DISCLOSURE_LIMIT};
	struct claims claims;
	enum err err;

	claims_open(&claims, json, DISCLOSURE_JWS_MAX, disclosure_members, why);
	claims_text(&claims, "subject", read.subject, sizeof(read.subject));
	if (uscc_check(span_of(read.subject)) != USCC_OK)
		claims_refuse(
		    &claims, "subject", "not a unified social credit code");
	claims_text(&claims, "node", read.node, sizeof(read.node));
	if (!member_code_is_valid(span_of(read.node)))
		claims_refuse(&claims, "node", "not an organisation code");
	read_after(&claims, &read);
	if (claims_has(&claims, "limit"))
		claims_int(
		    &claims, "limit", 1, DISCLOSURE_LIMIT_MAX, &read.limit);
	claims_time(&claims, "time", &read.time_us);
	err = claims_close(&claims);
	if (err == ERR_OK)
		*disclosure = read;
	return err;
}

void
disclosure_print(const struct disclosure *disclosure, struct buf *out)
{
	struct json_out json = {out, false};
	char time[CLOCK_TEXT_MAX];

	json_open_object(&json, NULL);
	json_put_cstr(&json, "subject", disclosure->subject);
	json_put_cstr(&json, "node", disclosure->node);
	if (disclosure->from > 0)
		json_put_int(&json, "after", (int64_t)disclosure->from - 1);
	json_put_int(&json, "limit", disclosure->limit);
	json_put_cstr(&json, "time", clock_print(disclosure->time_us, time));
	json_close_object(&json);
}

bool
disclosure_holds(
    const struct disclosure *disclosure, const char *subject, int64_t now_us)
{
	return strcmp(disclosure->subject, subject) == 0 &&
	       disclosure->time_us >= now_us - DISCLOSURE_AGE_US &&
	       disclosure->time_us <= now_us + DISCLOSURE_AGE_US;
}

bool
disclosure_is_for(const struct disclosure *disclosure, const char *node)
{
	return strcmp(disclosure->node, DISCLOSURE_ALL) == 0 ||
	       strcmp(disclosure->node, node) == 0;
}
