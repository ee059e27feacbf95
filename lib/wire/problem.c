/*
 * problem: errors of ours as HTTP statuses and RFC 9457 documents.
 */
#include "wire/problem.h"

#include "base/json.h"

/* What is not here is our own failure: 500. */
static const struct {
	enum err err;
	int status;
} problem_table[] = {
    {ERR_OK, 200},
    {ERR_SEEN, 200},
    {ERR_GAP, 409},
    {ERR_TOO_OLD, 410},
    {ERR_INVALID, 400},
    {ERR_LIMIT, 413},
    {ERR_DENIED, 403},
    {ERR_MISSING, 404},
    {ERR_CONFLICT, 409},
    {ERR_BUSY, 503},
    {ERR_IO, 503},
    {ERR_DATABASE, 503},
    {ERR_NETWORK, 502},
    {ERR_CRYPTO, 500},
    {ERR_CLOSED, 503},
};

int
problem_status(enum err err)
{
	size_t i;

	for (i = 0; i < sizeof(problem_table) / sizeof(*problem_table); i++)
		if (problem_table[i].err == err)
			return problem_table[i].status;
	return 500;
}

static void
put_joined(struct json_out *json, const char *member, const char *before,
    const char *type)
{
	struct buf text = {0};

	buf_text(&text, before);
	buf_text(&text, type);
	json_put_text(json, member, buf_span(&text));
	buf_release(&text);
}

void
problem_print(int status, const char *type, const char *title,
    const char *detail, struct buf *out)
{
	struct json_out json = {out, false};

	json_open_object(&json, NULL);
	put_joined(&json, "type", PROBLEM_URN, type);
	json_put_cstr(&json, "title", title);
	json_put_int(&json, "status", status);
	if (detail != NULL)
		json_put_cstr(&json, "detail", detail);
	put_joined(&json, "help", PROBLEM_PAGES, type);
	json_close_object(&json);
}
