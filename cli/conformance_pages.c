/*
 * conformance_pages: lists that come in pages, what is sent again, and what
 * problems say where to read on.
 */
#include <stdio.h>
#include <string.h>

#include "cli/conformance.h"

#define PATH_MAX_BYTES 640

struct pages {
	struct conformance *run;
	size_t asked, further;
	bool is_wrong;
};

static bool
takes(const struct conformance *run, const struct json *operation,
    const char *name)
{
	const struct json *given = json_find(operation, "parameters");
	const struct json *one;
	size_t i;

	for (i = 0; i < json_count(given); i++) {
		one = conformance_follow(run->document, json_at(given, i));
		if (strcmp(json_cstr(json_find(one, "name"), ""), name) == 0)
			return true;
	}
	return false;
}

/* The first member that is a list. */
static bool
find_list(void *context, const char *name, const struct json *value)
{
	const struct json **list = context;

	(void)name;
	if (json_is_array(value))
		*list = value;
	return *list == NULL;
}

static const struct json *
list_of(const struct probe *probe)
{
	const struct json *list = NULL;

	(void)json_each(probe->body, find_list, &list);
	return list;
}

/* Numbers and texts as they stand in a question; empty: there is no more. */
static void
print_next(const struct probe *probe, struct buf *out)
{
	const struct json *next = json_find(probe->body, "next");
	struct span text = json_text(next);

	if (text.ptr != NULL)
		fetch_escape(text.ptr, out);
	else if (json_int(next, -1) >= 0)
		json_print(next, out);
}

static void
tell(struct pages *pages, const char *path, const char *what)
{
	pages->is_wrong = true;
	conformance_say(
	    pages->run, VERDICT_FAIL, "pages", "%.200s: %s", path, what);
}

/* It holds one, and not the one before again. */
static void
look_behind(struct pages *pages, const char *path, const char *next,
    const struct json *before)
{
	struct probe probe = {0};
	char asked[PATH_MAX_BYTES];
	struct buf first = {0}, second = {0};
	const struct json *list;

	snprintf(asked, sizeof(asked), "%s?limit=1&after=%s", path, next);
	probe_send(&probe, pages->run, "GET", asked, NULL);
	list = list_of(&probe);
	json_print(json_at(before, 0), &first);
	if (json_count(list) > 0)
		json_print(json_at(list, 0), &second);
	if (probe.answer.status != 200 || json_count(list) > 1)
		tell(pages, path, "nothing like a page behind `next`");
	else if (span_equal(buf_span(&first), buf_span(&second)))
		tell(pages, path, "the page behind `next` is the same again");
	pages->further++;
	buf_release(&first);
	buf_release(&second);
	probe_release(&probe);
}

static bool
look_at(void *context, const char *path, const struct json *methods)
{
	struct pages *pages = context;
	const struct json *operation = json_find(methods, "get"), *list;
	struct probe probe = {0};
	struct buf next = {0};
	char asked[PATH_MAX_BYTES];

	if (operation == NULL || strlen(path) > 100 ||
	    !takes(pages->run, operation, "limit") ||
	    !takes(pages->run, operation, "after") ||
	    !conformance_is_askable(pages->run, path, operation))
		return true;
	snprintf(asked, sizeof(asked), "%s?limit=1", path);
	probe_send(&probe, pages->run, "GET", asked, NULL);
	list = list_of(&probe);
	if (probe.answer.status == 200) {
		pages->asked++;
		print_next(&probe, &next);
		if (json_count(list) > 1)
			tell(pages, path, "more than `limit`");
		else if (next.len > 0)
			look_behind(pages, path, buf_cstr(&next), list);
	}
	buf_release(&next);
	probe_release(&probe);
	return !pages->is_wrong;
}

static void
check_pages(struct conformance *run)
{
	struct pages pages = {.run = run};

	(void)json_each(json_find(run->document, "paths"), look_at, &pages);
	if (!pages.is_wrong)
		conformance_say(run,
		    pages.asked > 0 ? VERDICT_PASS : VERDICT_SKIP, "pages",
		    "%zu lists keep to `limit`, %zu of them go on behind it",
		    pages.asked, pages.further);
}

/* A problem says where its page is. */
static void
check_help(struct conformance *run)
{
	static const char check[] = "problem page";
	struct probe problem = {0}, page = {0};
	const char *help;
	bool is_page;

	probe_send(&problem, run, "GET", "/v1/no-such-path", NULL);
	help = json_cstr(json_find(problem.body, "help"), "");
	if (help[0] == '/') {
		probe_send(&page, run, "GET", help, NULL);
		is_page = page.answer.status == 200 &&
			  probe_is_type(&page, "text/html");
		conformance_say(run, is_page ? VERDICT_PASS : VERDICT_FAIL,
		    check, "%ld at %.120s", page.answer.status, help);
	} else {
		conformance_say(
		    run, VERDICT_FAIL, check, "the problem has no help");
	}
	probe_release(&problem);
	probe_release(&page);
}

/* What a department handed in last has the same receipt whenever it asks. */
static void
check_receipt_again(struct conformance *run, const struct json *batch)
{
	static const char check[] = "repetition";
	struct probe first = {0}, again = {0};
	struct buf path = {0};
	bool is_same;

	buf_print(&path, "/v1/feeds/%lld/batches/",
	    (long long)json_int(json_find(batch, "item"), 0));
	fetch_escape(json_cstr(json_find(batch, "batch"), ""), &path);
	probe_send(&first, run, "GET", buf_cstr(&path), NULL);
	probe_send(&again, run, "GET", buf_cstr(&path), NULL);
	is_same = first.answer.status == 200 && again.answer.status == 200 &&
		  span_equal(buf_span(&first.answer.body),
		      buf_span(&again.answer.body));
	conformance_say(run, is_same ? VERDICT_PASS : VERDICT_FAIL, check,
	    is_same ? "a batch has one receipt, byte for byte"
		    : "the receipt of a batch is not the same again");
	buf_release(&path);
	probe_release(&first);
	probe_release(&again);
}

/* A question is an access of its own, never a repetition. */
static void
check_question_again(struct conformance *run)
{
	struct probe probe = {.look = {.ask = "Idempotency-Key: conformance"}};
	bool is_right;

	probe_send(&probe, run, "POST", "/v1/reports", "{}");
	is_right = probe_is_problem(&probe, 400) &&
		   strstr(json_cstr(json_find(probe.body, "title"), ""),
		       "Idempotency-Key") != NULL;
	if (!is_right && probe.answer.status == 400)
		(void)why_set(&probe.why, ERR_INVALID,
		    "Idempotency-Key is not what is refused");
	conformance_tell(run, is_right, "repetition", &probe.why);
	probe_release(&probe);
}

static void
check_repetition(struct conformance *run)
{
	struct probe probe = {0};
	const struct json *batches;

	if (run->is_node) {
		check_question_again(run);
		return;
	}
	probe_send(&probe, run, "GET", "/v1/feeds?limit=1", NULL);
	batches = json_find(probe.body, "batches");
	if (json_count(batches) > 0)
		check_receipt_again(run, json_at(batches, 0));
	else
		conformance_say(run, VERDICT_SKIP, "repetition",
		    "no batch of ours is there");
	probe_release(&probe);
}

void
conformance_pages(struct conformance *run)
{
	check_help(run);
	if (run->document == NULL)
		return;
	check_pages(run);
	check_repetition(run);
}
