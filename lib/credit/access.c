/*
 * access: one entry of the trail: who asked what about whom, and the permit.
 */
#include "credit/access.h"

#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/json.h"

void
access_fill(struct access *access, const struct question *question,
    const struct permit *permit)
{
	size_t i;

	memcpy(access->subject, question->subject, sizeof(access->subject));
	memcpy(access->consent, question->consent, sizeof(access->consent));
	access->purpose = question->purpose;
	access->rule = permit->rule;
	access->consent_rule = permit->consent_rule;
	access->authorised = permit->authorised;
	access->level = permit->level;
	access->use = permit->use;
	access->item_count = 0;
	for (i = 0; i < permit->item_count; i++) {
		if (permit->items[i].shown != 0 ||
		    question->form != QUESTION_REPORT)
			access->items[access->item_count++] =
			    permit->items[i].item->number;
	}
}

struct digest
access_commitment(const uint8_t nonce[ACCESS_NONCE_LEN], struct span entry)
{
	struct span parts[] = {span_make(nonce, ACCESS_NONCE_LEN), entry};

	return digest_of_parts(parts, 2);
}

static void
put_or_null(struct json_out *out, const char *name, const char *text)
{
	if (text[0] == '\0')
		json_put_null(out, name);
	else
		json_put_cstr(out, name, text);
}

static void
put_items(struct json_out *out, const struct access *access)
{
	size_t i;

	json_open_array(out, "items");
	for (i = 0; i < access->item_count; i++)
		json_put_int(out, NULL, access->items[i]);
	json_close_array(out);
}

/* Uses of an unlimited consent have no number. */
static void
put_use(struct json_out *out, const struct use *use)
{
	if (use->number == 0)
		return;
	json_open_object(out, "use");
	json_put_int(out, "number", use->number);
	json_put_int(out, "of", use->most);
	json_close_object(out);
}

static void
put_decision(struct json_out *out, const struct access *access)
{
	json_put_cstr(out, "rule", permit_rule_name(access->rule));
	json_put_cstr(
	    out, "consent_rule", permit_rule_name(access->consent_rule));
	json_put_bool(out, "authorised", access->authorised);
	json_put_cstr(out, "level", permit_level_name(access->level));
}

static void
put_nonce(struct json_out *out, const uint8_t nonce[VOUCH_NONCE_LEN])
{
	struct buf hex = {0};

	codec_hex(span_make(nonce, VOUCH_NONCE_LEN), &hex);
	json_put_text(out, "vouch", buf_span(&hex));
	buf_release(&hex);
}

static void
put_asked(struct json_out *out, const struct access_asked *asked)
{
	char hex[DIGEST_HEX_LEN + 1];

	json_open_object(out, NULL);
	json_put_cstr(out, "node", asked->node);
	put_nonce(out, asked->vouch);
	if (asked->answered) {
		json_put_int(out, "index", (int64_t)asked->index);
		json_put_cstr(
		    out, "leaf_hash", digest_print(&asked->leaf, hex));
	}
	json_close_object(out);
}

/* Most questions are asked and answered at one node. */
static void
put_elsewhere(struct json_out *out, const struct access *access)
{
	size_t i;

	if (access->via[0] != '\0') {
		json_put_cstr(out, "via", access->via);
		put_nonce(out, access->vouch);
	}
	if (access->asked_count == 0)
		return;
	json_open_array(out, "asked");
	for (i = 0; i < access->asked_count; i++)
		put_asked(out, &access->asked[i]);
	json_close_array(out);
}

void
access_print(const struct access *access, struct buf *json)
{
	struct json_out out = {json, false};
	char time[CLOCK_TEXT_MAX], hex[DIGEST_HEX_LEN + 1];

	json_open_object(&out, NULL);
	json_put_cstr(&out, "time", clock_print(access->time_us, time));
	json_put_cstr(&out, "member", access->member);
	put_or_null(&out, "subject", access->subject);
	put_or_null(&out, "purpose",
	    access->purpose == PURPOSE_NONE ? ""
					    : purpose_name(access->purpose));
	json_put_cstr(&out, "action", access->action);
	put_items(&out, access);
	put_or_null(&out, "consent", access->consent);
	put_use(&out, &access->use);
	put_decision(&out, access);
	put_or_null(&out, "stream", access->stream);
	json_put_int(&out, "position", (int64_t)access->position);
	json_put_cstr(&out, "answer", digest_print(&access->answer, hex));
	put_elsewhere(&out, access);
	json_close_object(&out);
}
