/*
 * permit: the decision on one question (放行决定).
 *
 * One pure function.  Refuse by default: what could not be decided is a no,
 * and every no names the rule that decided.  Tested as a table, fuzzed, and
 * logged whole.
 */
#ifndef CREDIT_PERMIT_H
#define CREDIT_PERMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "credit/catalog.h"
#include "credit/consent.h"
#include "credit/member.h"
#include "credit/question.h"

enum permit_rule {
	PERMIT_ALLOWED = 0,
	PERMIT_MEMBER_UNKNOWN,
	PERMIT_MEMBER_INACTIVE,
	PERMIT_MEMBER_KIND, /* this kind of member asks no such thing */
	PERMIT_PURPOSE,     /* not a purpose of this member or field */
	PERMIT_NOT_SELF,    /* purpose self, another subject */
	PERMIT_ITEM_UNKNOWN,
	PERMIT_CONSENT_MISSING,
	PERMIT_CONSENT_UNKNOWN,
	PERMIT_CONSENT_GRANTEE, /* what follows is the grantee's to know */
	PERMIT_CONSENT_SUBJECT,
	PERMIT_CONSENT_REVOKED,
	PERMIT_CONSENT_PURPOSE,
	PERMIT_CONSENT_MODE,
	PERMIT_CONSENT_EARLY,
	PERMIT_CONSENT_EXPIRED,
	PERMIT_CONSENT_SCOPE,  /* the consent does not cover the item */
	PERMIT_LEASE_STALE,    /* stream 0000 is not fresh enough */
	PERMIT_ITEM_NOT_HERE,  /* the platform is not subscribed to the item */
	PERMIT_TOKEN,          /* not this member's, or another subject's */
	PERMIT_BUDGET,         /* of anonymised answers: used up */
	PERMIT_CONSENT_PAUSED, /* by its subject, who may resume it */
	PERMIT_CONSENT_ELSEWHERE, /* another node counts its uses */
	PERMIT_CONSENT_USED_UP,   /* all uses that it allows were made */
	PERMIT_CONSENT_TOO_OFTEN, /* … in this day, week or month */
	PERMIT_RATE,              /* asked too fast (credit/limit.h) … */
	PERMIT_QUOTA,             /* … too much on this day … */
	PERMIT_SUBJECTS,          /* … about too many different subjects */
	PERMIT_VOUCH,             /* a platform's word does not hold for this */
	PERMIT_PURPOSE_ITEM,  /* not with this purpose, says the catalogue */
	PERMIT_MEMBER_REGION, /* an institution of another region */
	PERMIT_COUNT
};

/* How much an answer says at most.  Printed on it. */
enum permit_level {
	LEVEL_PUBLIC,    /* "public": what anybody may see of one */
	LEVEL_AGGREGATE, /* "A": of many together */
	LEVEL_BANDED,    /* "B": in bands, without names */
	LEVEL_DETAIL,    /* "C": protected fields too */
	LEVEL_COUNT
};

/* What the world knows at the moment of the question. */
struct circumstances {
	const struct catalog *catalog;
	const struct member *member;   /* NULL: not on the list */
	const struct member *platform; /* who answers; NULL: for every item */
	const struct consent *consent; /* NULL: none found under the given id */
	const char *stream; /* the subject's; NULL or "": it is not held here */
	bool lease_fresh;
	int64_t now_us; /* the hub's signed time, carried forward */
	/* The question's token is one that this member got for the subject of
	 * this consent. */
	bool token_fits;
	bool is_spent; /* the consent's uses: none is left now */
	/* Anonymised answers: what this one costs (0: it was paid for), and
	 * what the member has left in this period. */
	uint32_t cost, left;
	/* A platform says who asks, not a certificate. */
	bool vouched;
};

struct permit_item {
	const struct item *item;
	uint64_t shown;        /* bit i: field at index i may be shown */
	uint64_t withheld;     /* bit i: field i is left out … */
	enum permit_rule rule; /* … by this rule */
};

struct permit {
	enum permit_rule rule;         /* not PERMIT_ALLOWED: nothing is said */
	bool authorised;               /* a protected field may be shown */
	enum permit_level level;       /* LEVEL_PUBLIC when refused */
	enum permit_rule consent_rule; /* of the consent, its scope apart */
	/* Borrowed: under which protected fields are shown; NULL: none are, or
	 * without anybody's consent. */
	const struct consent *consent;
	int64_t keep_until_us; /* so long may be kept what it opens */
	struct use use; /* that this answer is; `most` 0: it is not counted */
	struct permit_item items[QUESTION_ITEMS_MAX];
	size_t item_count;
};

/* An institution with divisions asks about their subjects and no others; whose
 * division is not known here is for the holder to say.
 * What the catalogue keeps from the purpose is withheld, its public fields too
 * (PERMIT_PURPOSE_ITEM), and left out when no items are asked for.
 * Item numbers asked for must exist: else PERMIT_ITEM_UNKNOWN for the whole;
 * and the platform be subscribed to them: else PERMIT_ITEM_NOT_HERE.
 * With no items asked, every item of the subscription is (more than
 * QUESTION_ITEMS_MAX of them: PERMIT_ITEM_UNKNOWN).  Items come out ascending.
 * A refused question has no items, and its rule as consent_rule too.
 *
 * Of several faults of a consent the first in the order of permit_rule is
 * named: a member that it was not given to learns only that.  Without the hub's
 * time (now_us 0) its term cannot be judged, and PERMIT_LEASE_STALE says so.
 * A consent with a limit opens nothing but at the platform that counts; what
 * is shown under it is a use, which must be counted before it leaves.  Its
 * faults come after all others of the consent; a pause comes behind a
 * revocation.
 * Screening and supervision never see protected fields (PERMIT_PURPOSE);
 * oneself sees all of one's own.
 *
 * Who asks by token learns nothing, not even what is public, unless the consent
 * is good and the token is its subject's.
 *
 * Nobody vouches for a subject, which would see all of itself, nor for a token
 * (PERMIT_VOUCH).
 *
 * Statistics and screenings show no field of any item; their items are those
 * that the answer is made of.  A catalogue without anonymisation has none
 * (PERMIT_ITEM_UNKNOWN). */
void permit_decide(const struct question *question,
    const struct circumstances *around, struct permit *permit);
/* What was refused before it could be decided. */
void permit_refuse(enum permit_rule rule, struct permit *permit);
/* Is it one of the limits, which say: not now? */
bool permit_rule_is_limit(enum permit_rule rule);
/* "consent_missing" …: stable, in answers and in the trail. */
const char *permit_rule_name(enum permit_rule rule);
const char *permit_level_name(enum permit_level level);
/* One English sentence. */
const char *permit_rule_text(enum permit_rule rule);

#endif
