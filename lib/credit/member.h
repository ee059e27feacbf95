/*
 * member: an organisation on the network's member list (接入机构).
 *
 * Known by its organisation code; the certificate only proves the code.
 * Travels as a control record (JSON, unknown members refused).
 * Pure; any thread.
 */
#ifndef CREDIT_MEMBER_H
#define CREDIT_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define MEMBER_MAX 16384   /* bytes of the document */
#define MEMBER_CODE_MAX 32 /* A-Z a-z 0-9 - _ . */
#define MEMBER_NAME_MAX 192
#define MEMBER_LIST_MAX 64
#define MEMBER_DIVISION_MAX 6
#define MEMBER_CURVE_KEY_LEN 40 /* Z85 */
#define MEMBER_URL_MAX 255

enum member_kind {
	MEMBER_DEPARTMENT = 1,
	MEMBER_PLATFORM, /* runs a node */
	MEMBER_BANK,
	MEMBER_GUARANTEE,
	MEMBER_SERVICE, /* credit-service institution */
	MEMBER_OPERATOR,
	MEMBER_SUBJECT /* an enterprise that signs consents and reads itself */
};

enum member_status {
	MEMBER_ACTIVE = 1,
	MEMBER_SUSPENDED,
	MEMBER_STRUCK_OFF
};

/* What an operator may do (docs/decisions/0014-console.md). */
enum member_role {
	MEMBER_ROLE_OPERATOR, /* everything; who has no role has this one */
	MEMBER_ROLE_AUDITOR,  /* reads everything, changes nothing */
	MEMBER_ROLE_VIEWER    /* reads what names no subject */
};

struct member {
	char code[MEMBER_CODE_MAX + 1];
	char name[MEMBER_NAME_MAX + 1];
	enum member_kind kind;
	enum member_status status;
	enum member_role role; /* operators only */
	/* Platforms: divisions held; institutions: those that they may ask
	 * about, none: any ("" nation, "44", "4401").  A platform's may be a
	 * county ("440106"), of which it holds nothing. */
	char divisions[MEMBER_LIST_MAX][MEMBER_DIVISION_MAX + 1];
	size_t division_count;
	/* Departments: items that it may hand in.  Platforms: items that it
	 * answers for; none: all. */
	uint32_t items[MEMBER_LIST_MAX];
	size_t item_count;
	/* Platforms: public keys, "" when none. */
	char curve_key[MEMBER_CURVE_KEY_LEN + 1];
	char next_curve_key[MEMBER_CURVE_KEY_LEN + 1]; /* while it rolls */
	char sign_key[65];  /* upward messages; hex of raw Ed25519 */
	char trail_key[65]; /* checkpoints; hex of raw Ed25519 */
	/* Platforms: where others reach its HTTPS, "https://host:port"; ""
	 * when nobody forwards a question to it. */
	char url[MEMBER_URL_MAX + 1];
};

/* {"code","name","kind","status","divisions","items","curve_key","sign_key",
 * "trail_key","next_curve_key","url","role"}; the first three are required,
 * status is "active" if absent, role "operator". */
MUST_CHECK enum err member_parse(
    struct span json, struct member *member, struct why *why);
void member_print(const struct member *member, struct buf *out);
bool member_code_is_valid(struct span code);
const char *member_kind_name(enum member_kind kind);
const char *member_status_name(enum member_status status);
const char *member_role_name(enum member_role role);
/* An active operator who may change things? */
bool member_may_act(const struct member *member);
/* An active operator who may read what names subjects? */
bool member_may_audit(const struct member *member);
bool member_holds(const struct member *member, const char *stream);
/* A platform of counties only: it holds no stream but 0000, and others answer
 * what it is asked. */
bool member_is_door(const struct member *member);
/* Platforms only: topics of the bus that begin so are all theirs.  "pulse" and
 * stream 0000 are everybody's. */
bool member_may_hear(const struct member *member, const char *topic_prefix);
/* Is it the CURVE key, or the one that follows? */
bool member_has_key(const struct member *member, const char *curve_key);
/* That very division, not one that lies in it. */
bool member_has_division(const struct member *member, const char *division);
/* The platform list has one active platform a province, city or other
 * division: a division that both have, NULL when there is none.  The nation
 * ("") is no such division: any number of national nodes may be there. */
const char *member_rival_division(
    const struct member *member, const struct member *other);
/* Departments only, and only what their document lists. */
bool member_may_provide(const struct member *member, uint32_t item);
/* Platforms: does it answer for the item? */
bool member_is_subscribed(const struct member *member, uint32_t item);
/* Banks, guarantee and credit-service institutions. */
bool member_is_institution(const struct member *member);
/* An institution that asks about subjects of its divisions only. */
bool member_is_bound(const struct member *member);

#endif
