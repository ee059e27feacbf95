/*
 * conformance_paths: every operation that only reads, held to the
 * installation's own document.
 */
#include <stdio.h>
#include <string.h>

#include "cli/conformance.h"

struct walk {
	struct conformance *run;
	const char *path;
	const struct json *operation;
	size_t asked, left, wrong;
};

const struct json *
conformance_follow(const struct json *root, const struct json *value)
{
	const char *at = json_cstr(json_find(value, "$ref"), "");
	char step[64];
	int len;

	if (strncmp(at, "#/", 2) != 0)
		return value;
	for (at += 1, value = root; *at == '/'; at += len + 1) {
		len = (int)strcspn(at + 1, "/");
		snprintf(step, sizeof(step), "%.*s", len, at + 1);
		value = json_find(value, step);
	}
	return value;
}

bool
conformance_is_askable(const struct conformance *run, const char *path,
    const struct json *operation)
{
	const struct json *given = json_find(operation, "parameters");
	const struct json *ok = json_find(
	    json_find(json_find(operation, "responses"), "200"), "content");
	size_t i;

	for (i = 0; i < json_count(given); i++)
		if (json_bool(json_find(conformance_follow(
					    run->document, json_at(given, i)),
				  "required"),
			false))
			return false;
	return strchr(path, '{') == NULL &&
	       json_find(ok, "text/event-stream") == NULL;
}

static bool
has_name(const struct json *names, const char *name)
{
	size_t i;

	for (i = 0; i < json_count(names); i++)
		if (strcmp(json_cstr(json_at(names, i), ""), name) == 0)
			return true;
	return false;
}

static bool
is_told_problem(const struct walk *walk, const struct probe *probe)
{
	const struct json *own = json_find(walk->operation, "x-problems");
	const char *name = probe_problem(probe);

	return has_name(own, name) ||
	       has_name(
		   json_find(walk->run->document, "x-common-problems"), name) ||
	       (probe->answer.status == 403 && has_name(own, "permit"));
}

static bool
has_told_type(const struct walk *walk, const struct probe *probe)
{
	char status[8];
	struct buf type = {0};
	const struct json *content;
	bool is_told = true;

	snprintf(status, sizeof(status), "%ld", probe->answer.status);
	content = json_find(
	    json_find(json_find(walk->operation, "responses"), status),
	    "content");
	if (json_count(content) > 0) {
		is_told = fetch_look_find(&probe->look, "content-type", &type);
		type.len = strcspn(buf_cstr(&type), "; ");
		is_told =
		    is_told && json_find(content, buf_cstr(&type)) != NULL;
	}
	buf_release(&type);
	return is_told;
}

static bool
blame(struct probe *probe, const char *what)
{
	(void)why_set(
	    &probe->why, ERR_INVALID, "%ld: %s", probe->answer.status, what);
	return false;
}

/* False: `probe->why` tells what is wrong. */
static bool
judge(const struct walk *walk, struct probe *probe)
{
	char status[8];

	snprintf(status, sizeof(status), "%ld", probe->answer.status);
	if (probe->err != ERR_OK)
		return false;
	if (probe->answer.status >= 400)
		return probe_is_problem(probe, probe->answer.status) &&
		       (is_told_problem(walk, probe) ||
			   blame(probe, "not a problem of the document"));
	if (json_find(json_find(walk->operation, "responses"), status) == NULL)
		return blame(probe, "not a status of the document");
	if (!has_told_type(walk, probe))
		return blame(probe, "not a content type of the document");
	if (probe_is_type(probe, "application/json") && probe->body == NULL)
		return blame(probe, "not JSON");
	return true;
}

static bool
walk_path(void *context, const char *path, const struct json *methods)
{
	struct walk *walk = context;
	struct probe probe = {0};
	char check[32];

	walk->path = path;
	walk->operation = json_find(methods, "get");
	if (walk->operation == NULL)
		return true;
	if (!conformance_is_askable(walk->run, path, walk->operation)) {
		walk->left++;
		return true;
	}
	probe_send(&probe, walk->run, "GET", path, NULL);
	walk->asked++;
	if (!judge(walk, &probe)) {
		walk->wrong++;
		snprintf(check, sizeof(check), "GET %.24s", path);
		conformance_tell(walk->run, false, check, &probe.why);
	}
	probe_release(&probe);
	return true;
}

void
conformance_paths(struct conformance *run)
{
	struct walk walk = {.run = run};

	if (run->document == NULL) {
		conformance_say(run, VERDICT_SKIP, "operations",
		    "there is no document to hold them to");
		return;
	}
	json_each(json_find(run->document, "paths"), walk_path, &walk);
	if (walk.wrong == 0)
		conformance_say(run,
		    walk.asked > 0 ? VERDICT_PASS : VERDICT_FAIL, "operations",
		    "%zu that read answer as the document tells, %zu need "
		    "more than a path",
		    walk.asked, walk.left);
}
