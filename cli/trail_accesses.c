/*
 * trail_accesses: who saw my data, asked at each node with my certificate.
 *
 * Nodes that are named are asked one by one, by the subject itself: so nobody
 * in between learns whose data was looked at.  With --all one node asks all
 * the others, for which the subject signs.
 */
#include "cli/trail_accesses.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/jws.h"
#include "cli/fetch.h"
#include "cli/show.h"
#include "credit/disclosure.h"

static const char *
text_of(const struct json *object, const char *name)
{
	return json_cstr(json_find(object, name), "-");
}

static void
say_access(const struct json *seen)
{
	const struct json *access = json_find(seen, "access");
	const struct json *items = json_find(access, "items");
	size_t i;

	printf("%s  %s (%s)  %s %s  items ", text_of(access, "time"),
	    text_of(seen, "name"), text_of(access, "member"),
	    text_of(access, "action"), text_of(access, "purpose"));
	for (i = 0; i < json_count(items); i++)
		printf("%s%" PRId64, i > 0 ? "," : "",
		    json_int(json_at(items, i), 0));
	printf("%s  consent %s  rule %s  entry %" PRId64 "\n", i > 0 ? "" : "-",
	    text_of(access, "consent"), text_of(access, "rule"),
	    json_int(json_find(seen, "index"), -1));
}

static void
say_page(const struct json *page, bool first)
{
	const struct json *list = json_find(page, "accesses");
	size_t i;

	if (first)
		printf("node %s, its first %" PRId64 " entries\n",
		    text_of(page, "node"),
		    json_int(json_find(page, "tree_size"), 0));
	for (i = 0; i < json_count(list); i++)
		say_access(json_at(list, i));
}

/* `after` goes on to the next page; -1: that was the last. */
static enum err
ask_page(
    const struct args *args, const char *url, int64_t *after, struct why *why)
{
	struct buf path = {0}, body = {0};
	struct json *page = NULL;
	bool first = *after < 0;
	enum err err;

	buf_print(&path, "%s/v1/accesses?limit=500", url);
	if (!first)
		buf_print(&path, "&after=%" PRId64, *after);
	err = fetch_get(args, buf_cstr(&path), &body, why);
	if (err == ERR_OK) {
		page = json_parse(buf_span(&body), why);
		err = page != NULL ? ERR_OK : ERR_INVALID;
	}
	if (err == ERR_OK) {
		*after = json_int(json_find(page, "next"), -1);
		if (args_has(args, "json"))
			show_raw(buf_span(&body));
		else
			say_page(page, first);
	}
	json_free(page);
	buf_release(&path);
	buf_release(&body);
	return err;
}

/* A wish of now, signed. */
static enum err
sign_wish(const struct args *args, const char *node, int64_t after,
    struct buf *jws, struct why *why)
{
	const char *stem = args_get(args, "as");
	struct disclosure wish = {.from = (uint64_t)(after + 1),
	    .limit = DISCLOSURE_LIMIT_MAX,
	    .time_us = clock_now_us()};
	struct identity who = {0};
	struct buf path = {0}, payload = {0};
	enum err err;

	buf_print(&path, "%s.crt", stem);
	err = cert_read(buf_cstr(&path), &who, NULL, why);
	snprintf(
	    wish.subject, sizeof(wish.subject), "%.*s", USCC_LEN, who.code);
	snprintf(wish.node, sizeof(wish.node), "%s", node);
	disclosure_print(&wish, &payload);
	if (err == ERR_OK)
		err = jws_sign_with_cert(
		    stem, DISCLOSURE_TYPE, buf_span(&payload), jws, why);
	buf_release(&path);
	buf_release(&payload);
	return err;
}

/* The answer of all, or of one; its code in `*code`.  NULL: there is none,
 * and that was told. */
static struct json *
post_wish(const struct args *args, const char *node, int64_t after, int *code)
{
	struct fetch fetch = {
	    .method = "POST", .content_type = "application/jose"};
	struct fetch_answer answer = {0};
	struct buf url = {0}, jws = {0};
	struct json *root = NULL;
	struct why why = {""};
	enum err err = sign_wish(args, node, after, &jws, &why);

	buf_print(&url, "%s/v1/accesses", args->operands[0]);
	fetch.body = buf_span(&jws);
	if (err == ERR_OK)
		err = fetch_at(args, buf_cstr(&url), &fetch, &answer, &why);
	*code = fetch_tell(args, err, &answer, &why);
	if (*code == DONE && args_has(args, "json"))
		show_raw(buf_span(&answer.body));
	if (*code == DONE)
		root = json_parse(buf_span(&answer.body), &why);
	if (*code == DONE && root == NULL)
		*code = args_failed(args, "the node's answer: %s", why.text);
	fetch_answer_release(&answer);
	buf_release(&url);
	buf_release(&jws);
	return root;
}

/* One node's entries; those behind `*next`, -1: there are no more. */
static int
say_node(
    const struct args *args, const struct json *page, bool first, int64_t *next)
{
	const struct json *problem = json_find(page, "problem");

	*next = json_int(json_find(page, "next"), -1);
	if (problem != NULL)
		return args_failed(args, "node %s was not asked: %s",
		    text_of(page, "node"), json_cstr(problem, "-"));
	if (!args_has(args, "json"))
		say_page(page, first);
	return DONE;
}

/* The rest of a node's entries. */
static int
follow_node(const struct args *args, const char *node, int64_t next)
{
	struct json *root;
	int code = DONE;

	while (code == DONE && next >= 0) {
		root = post_wish(args, node, next, &code);
		next = -1;
		if (root != NULL)
			code = say_node(args,
			    json_at(json_find(root, "nodes"), 0), false, &next);
		json_free(root);
	}
	return code;
}

static int
ask_all(const struct args *args)
{
	const struct json *nodes, *page;
	struct json *root;
	int worst = DONE, code;
	int64_t next;
	size_t i;

	if (args_need(args, "as") == NULL)
		return MISUSED;
	if (args->operand_count != 1)
		return args_misused(args, "--all: one node asks the others");
	root = post_wish(args, DISCLOSURE_ALL, -1, &worst);
	nodes = json_find(root, "nodes");
	for (i = 0; i < json_count(nodes); i++) {
		page = json_at(nodes, i);
		code = say_node(args, page, true, &next);
		if (code == DONE)
			code = follow_node(args, text_of(page, "node"), next);
		if (code != DONE)
			worst = code;
	}
	json_free(root);
	return worst;
}

/* Every node is asked, also behind one that did not answer. */
int
trail_accesses(const struct args *args)
{
	struct why why = {""};
	int64_t after;
	enum err err;
	int code = DONE, i;

	if (args_has(args, "all"))
		return ask_all(args);

	for (i = 0; i < args->operand_count; i++) {
		after = -1;
		do {
			err = ask_page(args, args->operands[i], &after, &why);
		} while (err == ERR_OK && after >= 0);
		if (err != ERR_OK)
			code = args_failed(
			    args, "%s: %s", args->operands[i], why.text);
	}
	return code;
}

const struct arg_option trail_accesses_options[] = {
    FETCH_IDENTITY("RX_SUBJECT"),
    {"all", NULL, NULL,
	"this node asks all others; --as signs for that, exit 3 if one was not "
	"asked"},
    {"json", NULL, NULL, "print the answers as they came"},
    {NULL, NULL, NULL, NULL},
};
