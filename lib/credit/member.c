/*
 * member: an organisation on the network's member list (接入机构).
 */
#include "credit/member.h"

#include <string.h>

#include "base/buf.h"
#include "base/codec.h"
#include "base/json.h"
#include "credit/claims.h"
#include "credit/region.h"

static const char *const member_members[] = {"code", "name", "kind", "status",
    "divisions", "items", "curve_key", "sign_key", "trail_key",
    "next_curve_key", "url", "role", NULL};

static const char *const kind_names[] = {
    [MEMBER_DEPARTMENT] = "department",
    [MEMBER_PLATFORM] = "platform",
    [MEMBER_BANK] = "bank",
    [MEMBER_GUARANTEE] = "guarantee",
    [MEMBER_SERVICE] = "service",
    [MEMBER_OPERATOR] = "operator",
    [MEMBER_SUBJECT] = "subject",
};
#define KIND_COUNT (sizeof(kind_names) / sizeof(kind_names[0]))

static const char *const status_names[] = {
    [MEMBER_ACTIVE] = "active",
    [MEMBER_SUSPENDED] = "suspended",
    [MEMBER_STRUCK_OFF] = "struck_off",
};
#define STATUS_COUNT (sizeof(status_names) / sizeof(status_names[0]))

static const char *const role_names[] = {
    [MEMBER_ROLE_OPERATOR] = "operator",
    [MEMBER_ROLE_AUDITOR] = "auditor",
    [MEMBER_ROLE_VIEWER] = "viewer",
};
#define ROLE_COUNT (sizeof(role_names) / sizeof(role_names[0]))

/* Index of `text` in names[1..count-1]; 0 when it is none of them. */
static unsigned
name_index(const char *const *names, size_t count, const char *text)
{
	unsigned i;

	for (i = 1; i < count; i++) {
		if (strcmp(names[i], text) == 0)
			return i;
	}
	return 0;
}

bool
member_code_is_valid(struct span code)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789-_.";
	size_t i;

	if (code.len == 0 || code.len > MEMBER_CODE_MAX)
		return false;
	for (i = 0; i < code.len; i++) {
		if (memchr(letters, code.ptr[i], sizeof(letters) - 1) == NULL)
			return false;
	}
	return true;
}

static void
read_kind(struct claims *claims, struct member *member)
{
	char text[16];

	claims_text(claims, "kind", text, sizeof(text));
	member->kind =
	    (enum member_kind)name_index(kind_names, KIND_COUNT, text);
	if (member->kind == 0)
		claims_refuse(claims, "kind", "not a kind of member");
}

static void
read_status(struct claims *claims, struct member *member)
{
	char text[16] = "active";

	if (claims_has(claims, "status"))
		claims_text(claims, "status", text, sizeof(text));
	member->status =
	    (enum member_status)name_index(status_names, STATUS_COUNT, text);
	if (member->status == 0)
		claims_refuse(claims, "status", "not a status");
}

/* A role that is not understood is refused: it might have meant less. */
static void
read_role(struct claims *claims, struct member *member)
{
	char text[16];
	unsigned i;

	if (!claims_has(claims, "role"))
		return;
	claims_text(claims, "role", text, sizeof(text));
	if (member->kind != MEMBER_OPERATOR)
		claims_refuse(claims, "role", "for operators only");
	for (i = 0; i < ROLE_COUNT; i++) {
		if (strcmp(role_names[i], text) == 0) {
			member->role = (enum member_role)i;
			return;
		}
	}
	claims_refuse(claims, "role", "not a role");
}

static void
read_curve_key(
    struct claims *claims, const char *name, char key[MEMBER_CURVE_KEY_LEN + 1])
{
	/* ZeroMQ RFC 32. */
	static const char z85[] =
	    "0123456789abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
	size_t len;

	claims_maybe_text(claims, name, key, MEMBER_CURVE_KEY_LEN + 1);
	len = strlen(key);
	if (len != 0 &&
	    (len != MEMBER_CURVE_KEY_LEN || strspn(key, z85) != len))
		claims_refuse(claims, name, "not a Z85 key");
}

static void
read_hex_key(struct claims *claims, const char *name, char key[65])
{
	size_t len;

	claims_maybe_text(claims, name, key, 65);
	len = strlen(key);
	if (len != 0 && (len != 64 || strspn(key, "0123456789abcdef") != len))
		claims_refuse(claims, name, "not 64 hex digits");
}

/* "https://host" or "https://host:port", and nothing behind it. */
static void
read_url(struct claims *claims, struct member *member)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789-.:[]";
	const char *host = member->url + 8;

	claims_maybe_text(claims, "url", member->url, sizeof(member->url));
	if (member->url[0] == '\0')
		return;
	if (member->kind != MEMBER_PLATFORM)
		claims_refuse(claims, "url", "for platforms only");
	if (strncmp(member->url, "https://", 8) != 0 || host[0] == '\0' ||
	    strspn(host, letters) != strlen(host))
		claims_refuse(claims, "url", "not https://host:port");
}

/* A county is no stream: who is bound to one could not be told what is his. */
static void
judge_divisions(struct claims *claims, const struct member *member)
{
	size_t i;

	for (i = 0; i < member->division_count; i++)
		if (member->kind != MEMBER_PLATFORM &&
		    region_is_county(member->divisions[i]))
			claims_refuse(
			    claims, "divisions", "counties are for platforms");
}

enum err
member_parse(struct span json, struct member *member, struct why *why)
{
	struct member read = {0};
	struct claims claims;
	enum err err;

	claims_open(&claims, json, MEMBER_MAX, member_members, why);
	claims_text(&claims, "code", read.code, sizeof(read.code));
	if (!member_code_is_valid(span_of(read.code)))
		claims_refuse(&claims, "code", "not an organisation code");
	claims_text(&claims, "name", read.name, sizeof(read.name));
	read_kind(&claims, &read);
	read_status(&claims, &read);
	read_role(&claims, &read);
	claims_divisions(&claims, "divisions", MEMBER_LIST_MAX, read.divisions,
	    &read.division_count);
	judge_divisions(&claims, &read);
	claims_numbers(
	    &claims, "items", MEMBER_LIST_MAX, read.items, &read.item_count);
	read_curve_key(&claims, "curve_key", read.curve_key);
	read_curve_key(&claims, "next_curve_key", read.next_curve_key);
	read_hex_key(&claims, "sign_key", read.sign_key);
	read_hex_key(&claims, "trail_key", read.trail_key);
	read_url(&claims, &read);
	err = claims_close(&claims);
	if (err == ERR_OK)
		*member = read;
	return err;
}

static void
put_unless_empty(struct json_out *out, const char *name, const char *text)
{
	if (text[0] != '\0')
		json_put_cstr(out, name, text);
}

static void
put_lists(struct json_out *out, const struct member *member)
{
	size_t i;

	json_open_array(out, "divisions");
	for (i = 0; i < member->division_count; i++)
		json_put_cstr(out, NULL, member->divisions[i]);
	json_close_array(out);
	json_open_array(out, "items");
	for (i = 0; i < member->item_count; i++)
		json_put_int(out, NULL, member->items[i]);
	json_close_array(out);
}

void
member_print(const struct member *member, struct buf *out)
{
	struct json_out json = {out, false};

	json_open_object(&json, NULL);
	json_put_cstr(&json, "code", member->code);
	json_put_cstr(&json, "name", member->name);
	json_put_cstr(&json, "kind", member_kind_name(member->kind));
	json_put_cstr(&json, "status", member_status_name(member->status));
	put_lists(&json, member);
	put_unless_empty(&json, "curve_key", member->curve_key);
	put_unless_empty(&json, "sign_key", member->sign_key);
	put_unless_empty(&json, "trail_key", member->trail_key);
	put_unless_empty(&json, "next_curve_key", member->next_curve_key);
	put_unless_empty(&json, "url", member->url);
	/* The usual role is left out: documents of before keep their digest. */
	if (member->role != MEMBER_ROLE_OPERATOR)
		json_put_cstr(&json, "role", member_role_name(member->role));
	json_close_object(&json);
}

const char *
member_kind_name(enum member_kind kind)
{
	unsigned i = (unsigned)kind;

	return i > 0 && i < KIND_COUNT ? kind_names[i] : "unknown";
}

const char *
member_status_name(enum member_status status)
{
	unsigned i = (unsigned)status;

	return i > 0 && i < STATUS_COUNT ? status_names[i] : "unknown";
}

const char *
member_role_name(enum member_role role)
{
	unsigned i = (unsigned)role;

	return i < ROLE_COUNT ? role_names[i] : "unknown";
}

static bool
is_active_operator(const struct member *member)
{
	return member->kind == MEMBER_OPERATOR &&
	       member->status == MEMBER_ACTIVE;
}

bool
member_may_act(const struct member *member)
{
	return is_active_operator(member) &&
	       member->role == MEMBER_ROLE_OPERATOR;
}

bool
member_may_audit(const struct member *member)
{
	return is_active_operator(member) && member->role != MEMBER_ROLE_VIEWER;
}

bool
member_holds(const struct member *member, const char *stream)
{
	size_t i;

	for (i = 0; i < member->division_count; i++) {
		if (region_holds(member->divisions[i], stream))
			return true;
	}
	return false;
}

bool
member_is_door(const struct member *member)
{
	size_t i;

	for (i = 0; i < member->division_count; i++) {
		if (!region_is_county(member->divisions[i]))
			return false;
	}
	return member->kind == MEMBER_PLATFORM && member->division_count > 0;
}

bool
member_may_hear(const struct member *member, const char *topic_prefix)
{
	const char *division;
	size_t i;

	if (member->kind != MEMBER_PLATFORM || member->status != MEMBER_ACTIVE)
		return false;
	if (strcmp(topic_prefix, "pulse") == 0 ||
	    strcmp(topic_prefix, STREAM_CONTROL) == 0)
		return true;
	for (i = 0; i < member->division_count; i++) {
		division = member->divisions[i];
		if (!region_is_county(division) &&
		    strncmp(topic_prefix, division, strlen(division)) == 0)
			return true;
	}
	return false;
}

static bool
lists_item(const struct member *member, uint32_t item)
{
	size_t i;

	for (i = 0; i < member->item_count; i++) {
		if (member->items[i] == item)
			return true;
	}
	return false;
}

bool
member_may_provide(const struct member *member, uint32_t item)
{
	return member->kind == MEMBER_DEPARTMENT && lists_item(member, item);
}

bool
member_is_subscribed(const struct member *member, uint32_t item)
{
	return member->item_count == 0 || lists_item(member, item);
}

bool
member_is_institution(const struct member *member)
{
	return member->kind == MEMBER_BANK ||
	       member->kind == MEMBER_GUARANTEE ||
	       member->kind == MEMBER_SERVICE;
}

bool
member_has_division(const struct member *member, const char *division)
{
	size_t i;

	for (i = 0; i < member->division_count; i++) {
		if (strcmp(member->divisions[i], division) == 0)
			return true;
	}
	return false;
}

const char *
member_rival_division(const struct member *member, const struct member *other)
{
	const char *division;
	size_t i;

	if (member->kind != MEMBER_PLATFORM || other->kind != MEMBER_PLATFORM ||
	    member->status != MEMBER_ACTIVE || other->status != MEMBER_ACTIVE ||
	    strcmp(member->code, other->code) == 0)
		return NULL;
	for (i = 0; i < member->division_count; i++) {
		division = member->divisions[i];
		if (division[0] != '\0' && member_has_division(other, division))
			return division;
	}
	return NULL;
}

bool
member_has_key(const struct member *member, const char *curve_key)
{
	return curve_key[0] != '\0' &&
	       (strcmp(member->curve_key, curve_key) == 0 ||
		   strcmp(member->next_curve_key, curve_key) == 0);
}

bool
member_is_bound(const struct member *member)
{
	return member_is_institution(member) && member->division_count > 0;
}
