/*
 * consent_list: what the certificate's organisation gave, page by page.
 */
#include "cli/consent_list.h"

#include <stdio.h>

#include "base/json.h"
#include "cli/fetch.h"
#include "cli/show.h"
#include "credit/consent.h"

static const char *
text_of(const struct json *object, const char *name)
{
	return json_cstr(json_find(object, name), "-");
}

static void
say_consent(const struct json *consent)
{
	const struct json *claims = json_find(consent, "claims");
	const struct json *items = json_find(claims, "items");
	const char *separator = "";
	size_t i;

	printf("%s  %s  to %s (%s)  %s  until %s  items ",
	    text_of(consent, "id"), text_of(consent, "state"),
	    text_of(consent, "grantee_name"), text_of(claims, "grantee"),
	    text_of(claims, "purpose"), text_of(claims, "expiry"));
	for (i = 0; i < json_count(items); i++, separator = ",")
		printf("%s%lld", separator,
		    (long long)json_int(json_at(items, i), 0));
	printf("%s\n", json_count(items) == 0 ? "by category" : "");
}

static void
say_page(const struct args *args, const struct json *page, struct span body)
{
	const struct json *list = json_find(page, "consents");
	size_t i;

	if (args_has(args, "json")) {
		show_raw(body);
		return;
	}
	for (i = 0; i < json_count(list); i++)
		say_consent(json_at(list, i));
}

/* `after` becomes where the next page begins; "": that was the last. */
static int
ask_page(const struct args *args, char after[CONSENT_ID_MAX + 1])
{
	struct fetch fetch = {.method = "GET"};
	struct fetch_answer answer = {0};
	struct json *page = NULL;
	struct buf path = {0};
	int code;

	buf_text(&path, "/v1/consents?limit=500");
	if (after[0] != '\0')
		buf_print(&path, "&after=%s", after);
	after[0] = '\0';
	fetch.path = buf_cstr(&path);
	code = fetch_send(args, "node", &fetch, &answer);
	if (code == DONE)
		page = json_parse(buf_span(&answer.body), NULL);
	if (page != NULL) {
		say_page(args, page, buf_span(&answer.body));
		snprintf(after, CONSENT_ID_MAX + 1, "%s",
		    json_cstr(json_find(page, "next"), ""));
	}
	json_free(page);
	fetch_answer_release(&answer);
	buf_release(&path);
	return code;
}

int
consent_list(const struct args *args)
{
	char after[CONSENT_ID_MAX + 1] = "";
	int code;

	do
		code = ask_page(args, after);
	while (code == DONE && after[0] != '\0');
	return code;
}
