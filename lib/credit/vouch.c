/*
 * vouch: one node's word for who asks a question, to the node that holds its
 * subject.
 */
#include "credit/vouch.h"

#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/json.h"
#include "credit/claims.h"

static const char *const vouch_members[] = {"from", "to", "member",
    "certificate", "action", "time", "nonce", "question", NULL};

static const char *const action_names[] = {
    [VOUCH_REPORT] = "report",
    [VOUCH_ENTERPRISE] = "enterprise",
    [VOUCH_ACCESSES] = "accesses",
};
#define ACTION_COUNT (sizeof(action_names) / sizeof(action_names[0]))

const char *
vouch_action_name(enum vouch_action action)
{
	unsigned i = (unsigned)action;

	return i > 0 && i < ACTION_COUNT ? action_names[i] : "unknown";
}

static void
read_code(
    struct claims *claims, const char *name, char code[MEMBER_CODE_MAX + 1])
{
	claims_text(claims, name, code, MEMBER_CODE_MAX + 1);
	if (!member_code_is_valid(span_of(code)))
		claims_refuse(claims, name, "not an organisation code");
}

static void
read_action(struct claims *claims, struct vouch *vouch)
{
	char text[16];
	unsigned i;

	claims_text(claims, "action", text, sizeof(text));
	for (i = 1; i < ACTION_COUNT; i++)
		if (strcmp(text, action_names[i]) == 0)
			vouch->action = (enum vouch_action)i;
	if (vouch->action == 0)
		claims_refuse(claims, "action", "not an action");
}

static void
read_hex(struct claims *claims, const char *name, size_t bytes, char *text)
{
	claims_text(claims, name, text, 2 * bytes + 1);
	if (strlen(text) != 2 * bytes ||
	    strspn(text, "0123456789abcdef") != 2 * bytes)
		claims_refuse(claims, name, "not so many hex digits");
}

static void
read_nonce(struct claims *claims, struct vouch *vouch)
{
	char text[2 * VOUCH_NONCE_LEN + 1];
	struct buf raw = {0};

	read_hex(claims, "nonce", VOUCH_NONCE_LEN, text);
	if (codec_parse_hex(span_of(text), &raw) && raw.len == VOUCH_NONCE_LEN)
		memcpy(vouch->nonce, raw.data, VOUCH_NONCE_LEN);
	buf_release(&raw);
}

static void
read_question(struct claims *claims, struct buf *question)
{
	if (claims->err != ERR_OK)
		return;
	if (json_is_object(json_find(claims->root, "question")))
		json_print(json_find(claims->root, "question"), question);
	else
		claims_refuse(claims, "question", "not an object");
}

enum err
vouch_parse(struct span json, struct vouch *vouch, struct buf *question,
    struct why *why)
{
	struct vouch read = {0};
	struct claims claims;
	enum err err;

	claims_open(&claims, json, VOUCH_MAX, vouch_members, why);
	read_code(&claims, "from", read.from);
	read_code(&claims, "to", read.to);
	read_code(&claims, "member", read.member);
	read_hex(&claims, "certificate", DIGEST_LEN, read.certificate);
	read_action(&claims, &read);
	claims_time(&claims, "time", &read.time_us);
	read_nonce(&claims, &read);
	read_question(&claims, question);
	err = claims_close(&claims);
	if (err == ERR_OK)
		*vouch = read;
	return err;
}

void
vouch_print(const struct vouch *vouch, struct span question, struct buf *out)
{
	struct json_out json = {out, false};
	char time[CLOCK_TEXT_MAX];
	struct buf nonce = {0};

	codec_hex(span_make(vouch->nonce, VOUCH_NONCE_LEN), &nonce);
	json_open_object(&json, NULL);
	json_put_cstr(&json, "from", vouch->from);
	json_put_cstr(&json, "to", vouch->to);
	json_put_cstr(&json, "member", vouch->member);
	json_put_cstr(&json, "certificate", vouch->certificate);
	json_put_cstr(&json, "action", vouch_action_name(vouch->action));
	json_put_cstr(&json, "time", clock_print(vouch->time_us, time));
	json_put_text(&json, "nonce", buf_span(&nonce));
	json_put_raw(&json, "question", question);
	json_close_object(&json);
	buf_release(&nonce);
}

const char *
vouch_fault(const struct vouch *vouch, const struct vouch_place *place)
{
	if (strcmp(vouch->from, place->peer) != 0)
		return "Another platform signed it than brought it.";
	if (strcmp(vouch->to, place->self) != 0)
		return "It is for another node.";
	if (strcmp(vouch->member, vouch->from) == 0)
		return "A platform does not vouch for itself.";
	if (vouch->time_us > place->now_us + VOUCH_AGE_US)
		return "Its time is in the future.";
	if (vouch->time_us < place->now_us - VOUCH_AGE_US ||
	    vouch->time_us < place->since_us)
		return "It is too old.";
	return NULL;
}
