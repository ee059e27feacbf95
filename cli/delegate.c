/*
 * delegate: `rongxin consent delegate`: a subject lets another sign for it.
 */
#include "cli/delegate.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/jws.h"
#include "cli/show.h"
#include "cli/signing.h"

#define DAY_US (INT64_C(86400) * CLOCK_SECOND)
#define DAYS_DEFAULT 90
#define DAYS_MAX 3650

const struct arg_option delegate_options[] = {
    {"stem", "STEM", NULL, "the subject's STEM.key and STEM.crt"},
    {"delegate", "CODE", NULL, "who may sign for it"},
    {"purposes", "LIST", NULL, "for what: pre_loan,in_loan"},
    {"items", "LIST", NULL, "about what: 7,19,20"},
    {"categories", "LIST", NULL, "and about whole categories: 7,8"},
    {"days", "N", NULL, "how long, from now (90)"},
    {"id", "ID", NULL, "its id (random)"},
    {NULL, NULL, NULL, NULL},
};

static bool
fill_purposes(const char *list, struct delegation *delegation)
{
	enum purpose purpose;
	size_t len;

	while (*list != '\0') {
		len = strcspn(list, ",");
		purpose = purpose_parse(span_make(list, len));
		if (purpose == PURPOSE_NONE)
			return false;
		delegation->purposes[purpose] = true;
		list += len + (list[len] == ',');
	}
	return true;
}

static int
fill_scope(const struct args *args, struct delegation *delegation)
{
	const char *delegate = args_need(args, "delegate");
	const char *purposes = args_need(args, "purposes");
	struct consent *widest = &delegation->widest;

	if (delegate == NULL || purposes == NULL)
		return MISUSED;
	if (!member_code_is_valid(span_of(delegate)))
		return args_misused(args, "--delegate: not a code");
	snprintf(
	    delegation->delegate, sizeof(delegation->delegate), "%s", delegate);
	if (!fill_purposes(purposes, delegation))
		return args_misused(args, "--purposes: pre_loan,in_loan,…");
	if (!signing_numbers(
		args_get(args, "items"), widest->items, &widest->item_count) ||
	    !signing_numbers(args_get(args, "categories"), widest->categories,
		&widest->category_count) ||
	    widest->item_count + widest->category_count == 0)
		return args_misused(args, "--items, --categories: 7,19,20");
	return DONE;
}

static int
fill_terms(const struct args *args, struct consent *widest)
{
	const char *id = args_get(args, "id");
	int64_t days = DAYS_DEFAULT;

	if (id != NULL && !consent_id_is_valid(span_of(id)))
		return args_misused(
		    args, "--id: 1 to %d of A-Z a-z 0-9 - _", CONSENT_ID_MAX);
	if (!args_int(args, "days", (int64_t[]){1, DAYS_MAX}, &days))
		return MISUSED;
	signing_id(widest->id);
	if (id != NULL)
		snprintf(widest->id, sizeof(widest->id), "%s", id);
	widest->version = 1;
	widest->not_before_us = clock_now_us() / CLOCK_SECOND * CLOCK_SECOND;
	widest->expiry_us = widest->not_before_us + days * DAY_US;
	return DONE;
}

static enum err
sign(const char *stem, const struct delegation *delegation, struct buf *jws,
    struct why *why)
{
	struct delegation again;
	struct buf claims = {0};
	enum err err;

	delegation_print(delegation, &claims);
	err = delegation_parse(buf_span(&claims), &again, why);
	if (err == ERR_OK)
		err = jws_sign_with_cert(
		    stem, DELEGATION_TYPE, buf_span(&claims), jws, why);
	if (err == ERR_OK && jws->len > DELEGATION_MAX)
		err = why_set(why, ERR_LIMIT, "the delegation is too long");
	buf_release(&claims);
	return err;
}

int
delegate_sign(const struct args *args)
{
	const char *stem = args_need(args, "stem");
	struct delegation delegation = {0};
	struct buf jws = {0};
	struct why why = {""};
	int result = DONE;
	enum err err;

	if (stem == NULL || fill_scope(args, &delegation) != DONE ||
	    fill_terms(args, &delegation.widest) != DONE)
		return MISUSED;
	err = signing_subject(stem, delegation.widest.subject, &why);
	if (err == ERR_OK)
		err = sign(stem, &delegation, &jws, &why);
	if (err == ERR_OK)
		show_raw(buf_span(&jws));
	else
		result = args_failed(args, "%s", why.text);
	buf_release(&jws);
	return result;
}

static void
trim(struct buf *text)
{
	while (text->len > 0 &&
	       strchr(" \r\n\t", text->data[text->len - 1]) != NULL)
		text->len--;
}

enum err
delegate_read(const char *path, struct buf *jws, struct delegation *delegation,
    struct why *why)
{
	struct buf claims = {0};
	enum err err = file_read(path, DELEGATION_MAX + 2, jws, why);

	if (err != ERR_OK)
		return err;
	trim(jws);
	if (!jws_peek(buf_span(jws), &claims))
		err = why_set(why, ERR_INVALID, "not a delegation's JWS");
	else
		err = delegation_parse(buf_span(&claims), delegation, why);
	buf_release(&claims);
	return err;
}
