/*
 * watch: what a member wants to be told of, about whom (贷后监测).
 *
 * Its rules speak of the catalogue: items, categories, what is bad
 * information; and of the kind of change.  Which subjects it is about is kept
 * beside it.  Unknown members are refused.  Pure; any thread.
 */
#ifndef CREDIT_WATCH_H
#define CREDIT_WATCH_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/json.h"
#include "credit/catalog.h"
#include "credit/consent.h"
#include "credit/record.h"
#include "credit/uscc.h"

#define WATCH_ID_MAX 64 /* A-Z a-z 0-9 - _ */
#define WATCH_LABEL_MAX 192
#define WATCH_RULES_MAX 16
#define WATCH_SUBJECTS_MAX 10000 /* in one document */
#define WATCH_MAX (2 << 20)      /* bytes of it */

/* What became of a record. */
enum change_kind {
	CHANGE_NEW = 1,
	CHANGE_CHANGED,
	CHANGE_DISPUTED,
	CHANGE_REPAIRED,
	CHANGE_WITHDRAWN,
	/* What the member once read was corrected after an objection, watched
	 * or not: in events, not in rules. */
	CHANGE_CORRECTED,
	CHANGE_KINDS
};

/* `before` 0: it was not there. */
enum change_kind change_kind_of(
    enum record_state before, enum record_state after);
const char *change_kind_name(enum change_kind kind);

/* All that it names must fit; what it does not name fits always. */
struct watch_rule {
	uint32_t items[MEMBER_LIST_MAX];
	size_t item_count;
	uint32_t categories[MEMBER_LIST_MAX];
	size_t category_count;
	bool negative;  /* bad information only */
	unsigned kinds; /* bit i: change_kind i; 0: any */
};

struct watch {
	char id[WATCH_ID_MAX + 1]; /* "": to be given one */
	char label[WATCH_LABEL_MAX + 1];
	struct watch_rule rules[WATCH_RULES_MAX];
	size_t rule_count; /* 0: any change */
};

struct watched {
	char subject[USCC_LEN + 1];
	char consent[CONSENT_ID_MAX + 1]; /* "" none */
};

/* {"id","label","rules":[{"items","categories","negative","kinds"}],
 * "subjects":["code" or {"subject","consent"}]}; `list` is the caller's to
 * free, subjects ascending and once each. */
MUST_CHECK enum err watch_parse(struct span json, struct watch *watch,
    struct watched **list, size_t *count, struct why *why);
/* Its members in an object that is open: id, label, rules. */
void watch_print(const struct watch *watch, struct json_out *out);
bool watch_same_rules(const struct watch *a, const struct watch *b);
/* `item` NULL: the catalogue does not know it. */
bool watch_wants(const struct watch *watch, uint32_t number,
    const struct item *item, enum change_kind kind);

#endif
