/*
 * catalogue_rehearse: a candidate, tried out on the last day's batches.
 */
#include "cli/catalogue_rehearse.h"

#include <stdio.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/fetch.h"
#include "cli/show.h"

#define CANDIDATE_MAX (1 << 20)

static const struct show_column items[] = {{"item", "item"}, {"rows", "rows"},
    {"rejected_before", "rejected now"}, {"rejected_after", "then"},
    {"newly_rejected", "newly rejected"}, {"newly_accepted", "newly accepted"},
    {"newly_warned", "newly warned"}, {NULL, NULL}};

static const struct show_column rules[] = {{"item", "item"}, {"field", "field"},
    {"rule", "rule"}, {"severity", "severity"}, {"before", "now"},
    {"after", "then"}, {NULL, NULL}};

static void
show(const struct json *root)
{
	printf("Version %lld beside %lld: %lld rows, %lld newly rejected, "
	       "%lld newly accepted, %lld newly warned%s\n\n",
	    (long long)json_int(json_find(root, "version"), 0),
	    (long long)json_int(json_find(root, "current"), 0),
	    (long long)json_int(json_find(root, "rows"), 0),
	    (long long)json_int(json_find(root, "newly_rejected"), 0),
	    (long long)json_int(json_find(root, "newly_accepted"), 0),
	    (long long)json_int(json_find(root, "newly_warned"), 0),
	    json_bool(json_find(root, "all"), true)
		? ""
		: "; of each stream the newest only");
	show_table(json_find(root, "items"), items);
	if (json_count(json_find(root, "rules")) == 0)
		return;
	printf("\n");
	show_table(json_find(root, "rules"), rules);
}

static int
show_answer(const struct args *args, struct span body)
{
	struct json *root = json_parse(body, NULL);
	int code = DONE;

	if (root == NULL)
		return args_failed(args, "the answer is no JSON");
	if (args_has(args, "json"))
		show_raw(body);
	else
		show(root);
	if (json_int(json_find(root, "newly_rejected"), 0) > 0)
		code = REFUSED;
	json_free(root);
	return code;
}

int
catalogue_rehearse(const struct args *args)
{
	struct fetch fetch = {
	    .method = "POST", .path = "/v1/catalogue/rehearsal"};
	struct fetch_answer answer = {0};
	struct buf text = {0};
	struct why why = {""};
	int code;

	if (file_read(args->operands[0], CANDIDATE_MAX, &text, &why) !=
	    ERR_OK) {
		code = args_failed(args, "%s", why.text);
	} else {
		fetch.body = text_trim(buf_span(&text));
		fetch.content_type =
		    fetch.body.len > 0 && fetch.body.ptr[0] == '{'
			? "application/json"
			: "application/jose";
		code = fetch_send(args, "hub", &fetch, &answer);
		if (code == DONE)
			code = show_answer(args, buf_span(&answer.body));
	}
	fetch_answer_release(&answer);
	buf_release(&text);
	return code;
}
