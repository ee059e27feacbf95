/*
 * holder_answer: what another node said, looked at before it is passed on.
 */
#include "wire/holder_answer.h"

#include <string.h>

#include "base/codec.h"
#include "base/json.h"

#define PROBLEM "urn:rongxin:problem:"
#define REPORT_TYPE "application/json"
#define PROBLEM_TYPE "application/problem+json"

static bool
begins(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* {"index","leaf_hash"} of its entry. */
static bool
read_receipt(const struct json *root, struct access_asked *asked)
{
	const struct json *receipt = json_find(root, "receipt");
	int64_t index = json_int(json_find(receipt, "index"), -1);
	struct span hex = json_text(json_find(receipt, "leaf_hash"));
	struct buf raw = {0};
	bool good = index >= 0 && hex.len == DIGEST_HEX_LEN &&
		    codec_parse_hex(hex, &raw) && raw.len == DIGEST_LEN;

	if (good) {
		asked->index = (uint64_t)index;
		memcpy(asked->leaf.bytes, raw.data, DIGEST_LEN);
		asked->answered = true;
	}
	buf_release(&raw);
	return good;
}

/* Where we go on writing. */
static bool
open_end(struct span *body)
{
	while (body->len > 0 &&
	       memchr(" \t\r\n", body->ptr[body->len - 1], 4) != NULL)
		body->len--;
	if (body->len == 0 || body->ptr[body->len - 1] != '}')
		return false;
	body->len--;
	return true;
}

static const char *
judge_report(const struct json *root, const struct https_answer *answer,
    const char *subject)
{
	if (!begins(answer->content_type, REPORT_TYPE))
		return "not JSON by its type";
	if (!span_is(json_text(json_find(root, "subject")), subject))
		return "about another subject";
	return NULL;
}

static const char *
judge_problem(const struct json *root, const struct https_answer *answer,
    const char **type)
{
	const char *urn = json_cstr(json_find(root, "type"), "");

	if (!begins(answer->content_type, PROBLEM_TYPE) ||
	    !begins(urn, PROBLEM))
		return "not a problem by its type";
	*type = urn + strlen(PROBLEM);
	return strcmp(*type, "vouch") == 0 ? "it does not take our word" : NULL;
}

static enum holder_end
end_of(int status, const char *type)
{
	if (status == 404 && (strcmp(type, "subject_not_held") == 0 ||
				 strcmp(type, "item_not_here") == 0))
		return HOLDER_NOT_HELD;
	return HOLDER_ANSWERED;
}

static enum holder_end
judge_document(struct https_answer *answer, const char *subject,
    struct access_asked *asked, const char **fault)
{
	struct json *root = json_parse(answer->body, NULL);
	const char *type = "";
	enum holder_end end = HOLDER_FAILED;

	if (!json_is_object(root))
		*fault = "not a JSON object";
	else if (json_find(root, "elsewhere") != NULL)
		*fault = "it has asked somebody else";
	else if (answer->status == 200)
		*fault = judge_report(root, answer, subject);
	else
		*fault = judge_problem(root, answer, &type);
	if (*fault == NULL && !read_receipt(root, asked))
		*fault = "no receipt";
	if (*fault == NULL && !open_end(&answer->body))
		*fault = "not a JSON object";
	if (*fault == NULL)
		end = end_of(answer->status, type);
	json_free(root);
	return end;
}

enum holder_end
holder_judge(struct https_answer *answer, const char *subject,
    struct access_asked *asked, const char **fault)
{
	*fault = NULL;
	switch (answer->err) {
	case ERR_OK:
		break;
	case ERR_LIMIT:
		*fault = "too large";
		return HOLDER_FAILED;
	case ERR_DENIED:
		*fault = "not its certificate";
		return HOLDER_FAILED;
	default:
		return HOLDER_AWAY;
	}
	if (answer->status == 503)
		return HOLDER_AWAY;
	if (answer->status == 200 || answer->status == 403 ||
	    answer->status == 404 || answer->status == 429)
		return judge_document(answer, subject, asked, fault);
	*fault = "not a status of an answer";
	return HOLDER_FAILED;
}

size_t
holder_items(struct span body, uint32_t *items)
{
	struct buf whole = {0};
	struct json *root;
	const struct json *list, *item;
	size_t i, count = 0;
	int64_t number;

	buf_add(&whole, body.ptr, body.len);
	buf_char(&whole, '}');
	root = json_parse(buf_span(&whole), NULL);
	list = json_find(root, "items");
	for (i = 0; i < json_count(list) && count < QUESTION_ITEMS_MAX; i++) {
		item = json_at(list, i);
		number = json_int(json_find(item, "item"), 0);
		if (json_count(json_find(item, "records")) > 0 && number > 0 &&
		    number <= CATALOG_ITEM_MAX)
			items[count++] = (uint32_t)number;
	}
	json_free(root);
	buf_release(&whole);
	return count;
}
