/*
 * roster: the member list as the hub signed it.
 */
#include "credit/roster.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/jws.h"
#include "base/mem.h"

struct roster {
	char time[CLOCK_TEXT_MAX];
	struct member *platforms;
	size_t count;
};

enum err
roster_sign(struct span members, const char *network, int64_t time_us,
    struct signer *receipts, struct buf *jws)
{
	char time[CLOCK_TEXT_MAX];
	struct buf text = {0};
	struct json_out json = {.buf = &text};
	enum err err;

	json_open_object(&json, NULL);
	json_put_cstr(&json, "network", network);
	json_put_cstr(&json, "time", clock_print(time_us, time));
	json_put_raw(&json, "members", members);
	json_close_object(&json);
	err = jws_sign_with_key(
	    receipts, ROSTER_TYPE, buf_span(&text), jws, NULL);
	buf_release(&text);
	return err;
}

static enum err
read_member(struct roster *roster, const struct json *document, struct why *why)
{
	struct member *member = &roster->platforms[roster->count];
	struct buf text = {0};
	enum err err;

	json_print(document, &text);
	err = member_parse(buf_span(&text), member, why);
	buf_release(&text);
	if (err == ERR_OK && member->kind == MEMBER_PLATFORM)
		roster->count++;
	return err;
}

static enum err
read_list(struct roster *roster, const struct json *root, struct why *why)
{
	const struct json *members = json_find(root, "members");
	const char *time = json_cstr(json_find(root, "time"), "");
	enum err err = ERR_OK;
	size_t i;

	if (!json_is_array(members) || strlen(time) >= sizeof(roster->time))
		return why_set(why, ERR_INVALID, "not a member list");
	strcpy(roster->time, time);
	roster->platforms =
	    mem_new((json_count(members) + 1) * sizeof(*roster->platforms));
	for (i = 0; i < json_count(members) && err == ERR_OK; i++)
		err = read_member(roster, json_at(members, i), why);
	return err;
}

struct roster *
roster_open(struct span jws, const uint8_t receipt_key[32], struct why *why)
{
	struct roster *roster = mem_new(sizeof(*roster));
	struct verifier *verifier = verifier_new(receipt_key);
	struct buf text = {0};
	struct json *root = NULL;
	enum err err =
	    jws_check_with_key(jws, ROSTER_TYPE, verifier, &text, why);

	if (err == ERR_OK) {
		root = json_parse(buf_span(&text), why);
		err = root != NULL ? read_list(roster, root, why) : ERR_INVALID;
	}
	json_free(root);
	buf_release(&text);
	verifier_free(verifier);
	if (err == ERR_OK)
		return roster;
	roster_free(roster);
	return NULL;
}

void
roster_free(struct roster *roster)
{
	if (roster == NULL)
		return;
	mem_free(roster->platforms);
	mem_free(roster);
}

const char *
roster_time(const struct roster *roster)
{
	return roster->time;
}

const struct member *
roster_platform(const struct roster *roster, size_t index)
{
	return index < roster->count ? &roster->platforms[index] : NULL;
}
