/*
 * objection_say: what a subject wants to be read beside a record that it has
 * objected to.
 */
#include "cli/objection_say.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/jws.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/signing.h"
#include "credit/declaration.h"

const struct arg_option objection_say_options[] = {
    FETCH_OPTIONS("node", "RX_NODE,RX_CITY", "RX_SUBJECT"),
    {"stem", "STEM", NULL, "sign it with the subject's STEM.key and STEM.crt"},
    {"text", "TEXT", NULL, "what is to be read beside the record"},
    {NULL, NULL, NULL, NULL},
};

/* What we would send must be what a node accepts. */
static enum err
sign(const char *stem, struct declaration *said, struct buf *jws,
    struct why *why)
{
	struct declaration *again = mem_new(sizeof(*again));
	struct buf claims = {0};
	enum err err = signing_subject(stem, said->subject, why);

	declaration_print(said, &claims);
	if (err == ERR_OK)
		err = declaration_parse(buf_span(&claims), again, why);
	if (err == ERR_OK)
		err = jws_sign_with_cert(
		    stem, DECLARATION_TYPE, buf_span(&claims), jws, why);
	buf_release(&claims);
	mem_free(again);
	return err;
}

static int
send(const struct args *args, const char *id, struct span jws)
{
	struct buf path = {0};
	struct fetch fetch = {
	    .method = "PUT", .content_type = "application/jose", .body = jws};
	struct fetch_answer answer = {0};
	struct json *root;
	int code;

	buf_print(&path, "/v1/objections/%s/statement", id);
	fetch.path = buf_cstr(&path);
	code = fetch_send(args, "node", &fetch, &answer);
	if (code == DONE) {
		root = json_parse(buf_span(&answer.body), NULL);
		printf(
		    "%s: %s\n", id, json_cstr(json_find(root, "state"), "?"));
		json_free(root);
	}
	fetch_answer_release(&answer);
	buf_release(&path);
	return code;
}

int
objection_say(const struct args *args)
{
	const char *id = args->operands[0], *text = args_need(args, "text");
	const char *stem = args_need(args, "stem");
	struct declaration *said;
	struct buf jws = {0};
	struct why why = {""};
	int code;

	if (text == NULL || stem == NULL)
		return MISUSED;
	if (!consent_id_is_valid(span_of(id)))
		return args_misused(args, "not an objection's id");
	if (strlen(text) > OBJECTION_TEXT_MAX)
		return args_misused(args, "--text: at most 3000 bytes");
	said = mem_new(sizeof(*said));
	snprintf(said->objection, sizeof(said->objection), "%s", id);
	snprintf(said->text, sizeof(said->text), "%s", text);
	said->time_us = clock_now_us() / CLOCK_SECOND * CLOCK_SECOND;
	if (sign(stem, said, &jws, &why) == ERR_OK)
		code = send(args, id, buf_span(&jws));
	else
		code = args_failed(args, "%s", why.text);
	buf_release(&jws);
	mem_free(said);
	return code;
}
