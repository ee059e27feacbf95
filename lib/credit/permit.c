/*
 * permit: the decision on one question (放行决定).
 */
#include "credit/permit.h"

#include <string.h>

#include "base/clock.h"
#include "credit/mask.h"

#define DAY_US (86400 * CLOCK_SECOND)

struct rule_words {
	const char *name, *text;
};

static const struct rule_words rule_words[] = {
    [PERMIT_ALLOWED] = {"allowed", "The question is allowed."},
    [PERMIT_MEMBER_UNKNOWN] = {"member_unknown",
	"The certificate's organisation is not on the member list."},
    [PERMIT_MEMBER_INACTIVE] = {"member_inactive",
	"The member is suspended or struck off."},
    [PERMIT_MEMBER_KIND] = {"member_kind",
	"This kind of member asks no such questions."},
    [PERMIT_PURPOSE] = {"purpose",
	"The purpose does not allow this member to read it."},
    [PERMIT_NOT_SELF] = {"not_self",
	"With the purpose self a member asks about itself only."},
    [PERMIT_ITEM_UNKNOWN] = {"item_unknown",
	"An item that was asked for is not in the catalogue."},
    [PERMIT_CONSENT_MISSING] = {"consent_missing",
	"Protected fields need the subject's consent and none was named."},
    [PERMIT_CONSENT_UNKNOWN] = {"consent_unknown",
	"No consent is registered under this id."},
    [PERMIT_CONSENT_GRANTEE] = {"consent_grantee",
	"The consent was given to another member."},
    [PERMIT_CONSENT_SUBJECT] = {"consent_subject",
	"The consent was given by another subject."},
    [PERMIT_CONSENT_REVOKED] = {"consent_revoked",
	"The subject has revoked the consent."},
    [PERMIT_CONSENT_PURPOSE] = {"consent_purpose",
	"The consent was given for another purpose."},
    [PERMIT_CONSENT_MODE] = {"consent_mode",
	"The consent's mode does not allow single questions."},
    [PERMIT_CONSENT_EARLY] = {"consent_early", "The consent is not valid yet."},
    [PERMIT_CONSENT_EXPIRED] = {"consent_expired", "The consent has expired."},
    [PERMIT_CONSENT_SCOPE] = {"consent_scope",
	"The consent does not cover the item."},
    [PERMIT_LEASE_STALE] = {"lease_stale",
	"This node cannot prove now that its consents are up to date."},
    [PERMIT_ITEM_NOT_HERE] = {"item_not_here",
	"This platform is not subscribed to an item that was asked for."},
    [PERMIT_TOKEN] = {"token",
	"The token is not one that this member got for the consent's subject."},
    [PERMIT_BUDGET] = {"budget",
	"The member's budget of anonymised answers is used up until the period "
	"ends."},
    [PERMIT_CONSENT_PAUSED] = {"consent_paused",
	"The subject has paused the consent."},
    [PERMIT_CONSENT_ELSEWHERE] = {"consent_elsewhere",
	"The consent's uses are limited, and another node counts them."},
    [PERMIT_CONSENT_USED_UP] = {"consent_used_up",
	"The consent was used as often as it allows."},
    [PERMIT_CONSENT_TOO_OFTEN] = {"consent_too_often",
	"The consent was used as often as it allows in this day, week or "
	"month."},
    [PERMIT_RATE] = {"rate_exceeded", "The member asks too fast."},
    [PERMIT_QUOTA] = {"quota_exceeded",
	"The member has asked all that it may ask on this day."},
    [PERMIT_SUBJECTS] = {"subjects_exceeded",
	"The member has asked about as many subjects as it may on this day."},
    [PERMIT_VOUCH] = {"vouch",
	"No platform's word is enough for this question, or it does not "
	"hold."},
    [PERMIT_PURPOSE_ITEM] = {"purpose_item",
	"The catalogue keeps the item from this purpose."},
    [PERMIT_MEMBER_REGION] = {"member_region",
	"The member asks about enterprises of its own divisions only."},
};
#define RULE_COUNT (sizeof(rule_words) / sizeof(rule_words[0]))

static enum permit_rule
judge_self(const struct question *question, const struct member *member)
{
	return strcmp(member->code, question->subject) == 0 ? PERMIT_ALLOWED
							    : PERMIT_NOT_SELF;
}

static enum permit_rule
judge_purpose(const struct question *question, const struct member *member)
{
	switch (question->purpose) {
	case PURPOSE_SELF:
		if (member->kind == MEMBER_OPERATOR)
			return PERMIT_PURPOSE;
		return judge_self(question, member);
	case PURPOSE_SUPERVISION:
		return member_may_audit(member) ? PERMIT_ALLOWED
						: PERMIT_PURPOSE;
	case PURPOSE_CUSTOMER_SCREENING:
	case PURPOSE_PRE_LOAN:
	case PURPOSE_IN_LOAN:
	case PURPOSE_POST_LOAN:
	case PURPOSE_GUARANTEE_REVIEW:
	case PURPOSE_DISPUTE_CHECK:
		return member_is_institution(member) ? PERMIT_ALLOWED
						     : PERMIT_PURPOSE;
	default:
		return PERMIT_PURPOSE;
	}
}

/* Aggregates are for institutions and the operator, lists of enterprises for
 * institutions only. */
static enum permit_rule
judge_anonymised(const struct question *question, const struct member *member)
{
	bool lists = question->form == QUESTION_SCREENING;

	if (member->kind == MEMBER_OPERATOR && !lists)
		return question->purpose == PURPOSE_SUPERVISION
			   ? PERMIT_ALLOWED
			   : PERMIT_PURPOSE;
	if (!member_is_institution(member))
		return PERMIT_MEMBER_KIND;
	if (lists ? purpose_has_screenings(question->purpose)
		  : purpose_has_statistics(question->purpose))
		return PERMIT_ALLOWED;
	return PERMIT_PURPOSE;
}

/* Oneself sees oneself, wherever one is. */
static enum permit_rule
judge_region(
    const struct question *question, const struct circumstances *around)
{
	const struct member *member = around->member;

	if (!member_is_bound(member) || question->purpose == PURPOSE_SELF ||
	    around->stream == NULL || around->stream[0] == '\0')
		return PERMIT_ALLOWED;
	return member_holds(member, around->stream) ? PERMIT_ALLOWED
						    : PERMIT_MEMBER_REGION;
}

static enum permit_rule
judge_member(const struct question *question, const struct member *member)
{
	if (member == NULL)
		return PERMIT_MEMBER_UNKNOWN;
	if (member->status != MEMBER_ACTIVE)
		return PERMIT_MEMBER_INACTIVE;
	if (!member_is_institution(member) && member->kind != MEMBER_OPERATOR &&
	    member->kind != MEMBER_SUBJECT)
		return PERMIT_MEMBER_KIND;
	return question->form == QUESTION_REPORT
		   ? judge_purpose(question, member)
		   : judge_anonymised(question, member);
}

static bool
mode_answers(enum consent_mode mode, enum purpose purpose)
{
	if (mode == CONSENT_MONITOR)
		return purpose_may_monitor(purpose);
	return mode == CONSENT_ONCE || mode == CONSENT_PERIOD;
}

/* Only what one node counts is counted exactly. */
static enum permit_rule
judge_frequency(const struct circumstances *around)
{
	const struct frequency *frequency = &around->consent->frequency;

	if (!frequency_is_limited(frequency))
		return PERMIT_ALLOWED;
	if (around->platform == NULL ||
	    strcmp(around->platform->code, frequency->at) != 0)
		return PERMIT_CONSENT_ELSEWHERE;
	if (!around->is_spent)
		return PERMIT_ALLOWED;
	return frequency->per == PERIOD_WHOLE ? PERMIT_CONSENT_USED_UP
					      : PERMIT_CONSENT_TOO_OFTEN;
}

/* All of the consent but its scope and the lease; first whether it is the
 * asker's, who is told nothing else about another's.  Without the hub's time
 * (0) its term cannot be judged; the lease then says no. */
static enum permit_rule
judge_claims(
    const struct question *question, const struct circumstances *around)
{
	const struct consent *consent = around->consent;

	if (question->consent[0] == '\0')
		return PERMIT_CONSENT_MISSING;
	if (consent == NULL || strcmp(consent->id, question->consent) != 0)
		return PERMIT_CONSENT_UNKNOWN;
	if (strcmp(consent->grantee, around->member->code) != 0)
		return PERMIT_CONSENT_GRANTEE;
	if (strcmp(consent->subject, question->subject) != 0)
		return PERMIT_CONSENT_SUBJECT;
	if (consent->revoked)
		return PERMIT_CONSENT_REVOKED;
	if (consent->paused)
		return PERMIT_CONSENT_PAUSED;
	if (consent->purpose != question->purpose)
		return PERMIT_CONSENT_PURPOSE;
	if (!mode_answers(consent->mode, question->purpose))
		return PERMIT_CONSENT_MODE;
	if (around->now_us > 0 && around->now_us < consent->not_before_us)
		return PERMIT_CONSENT_EARLY;
	if (around->now_us > 0 && around->now_us >= consent->expiry_us)
		return PERMIT_CONSENT_EXPIRED;
	return judge_frequency(around);
}

/* What the consent opens, in general.  Screening and supervision never see
 * protected fields, whatever was signed; oneself needs nobody's consent. */
static enum permit_rule
judge_consent(
    const struct question *question, const struct circumstances *around)
{
	enum permit_rule rule;

	if (question->purpose == PURPOSE_SELF)
		return PERMIT_ALLOWED;
	if (question->purpose == PURPOSE_CUSTOMER_SCREENING ||
	    question->purpose == PURPOSE_SUPERVISION)
		return PERMIT_PURPOSE;
	rule = judge_claims(question, around);
	if (rule != PERMIT_ALLOWED)
		return rule;
	if (!around->lease_fresh || around->now_us <= 0)
		return PERMIT_LEASE_STALE;
	return PERMIT_ALLOWED;
}

/* The general rule, sharpened by the scope: a stale lease is named only for
 * what the consent would open. */
static enum permit_rule
judge_item(const struct question *question, const struct circumstances *around,
    enum permit_rule general, const struct item *item)
{
	if (general != PERMIT_ALLOWED && general != PERMIT_LEASE_STALE)
		return general;
	if (question->purpose == PURPOSE_SELF)
		return general;
	if (!consent_covers(around->consent, item->number, item->category))
		return PERMIT_CONSENT_SCOPE;
	return general;
}

/* `all`: a bit for each field; `guarded`: for each protected one. */
static void
field_masks(const struct item *item, uint64_t *all, uint64_t *guarded)
{
	size_t i;

	*all = *guarded = 0;
	for (i = 0; i < item->field_count && i < CATALOG_FIELDS_MAX; i++) {
		*all |= UINT64_C(1) << i;
		if (item_protects(item, &item->fields[i]))
			*guarded |= UINT64_C(1) << i;
	}
}

static void
decide_item(const struct question *question, const struct circumstances *around,
    struct permit *permit, struct permit_item *decided)
{
	uint64_t all, guarded;
	enum permit_rule rule;

	rule =
	    judge_item(question, around, permit->consent_rule, decided->item);
	field_masks(decided->item, &all, &guarded);
	decided->withheld = rule == PERMIT_ALLOWED ? 0 : guarded;
	if (!item_is_for(decided->item, question->purpose)) {
		rule = PERMIT_PURPOSE_ITEM;
		decided->withheld = all;
	}
	decided->shown = all & ~decided->withheld;
	decided->rule = decided->withheld == 0 ? PERMIT_ALLOWED : rule;
	if ((decided->shown & guarded) != 0)
		permit->authorised = true;
}

/* Keeps the items ascending, as reports need them. */
static void
take_item(struct permit *permit, const struct item *item)
{
	size_t i = permit->item_count++;

	for (; i > 0 && permit->items[i - 1].item->number > item->number; i--)
		permit->items[i] = permit->items[i - 1];
	permit->items[i] = (struct permit_item){.item = item};
}

static bool
is_here(const struct circumstances *around, const struct item *item)
{
	return around->platform == NULL ||
	       member_is_subscribed(around->platform, item->number);
}

static enum permit_rule
take_every_item(struct permit *permit, const struct question *question,
    const struct circumstances *around)
{
	const struct item *items;
	size_t i, count;

	items = catalog_items(around->catalog, &count);
	if (count > QUESTION_ITEMS_MAX)
		return PERMIT_ITEM_UNKNOWN;
	for (i = 0; i < count; i++)
		if (is_here(around, &items[i]) &&
		    item_is_for(&items[i], question->purpose))
			take_item(permit, &items[i]);
	return PERMIT_ALLOWED;
}

static enum permit_rule
take_items(struct permit *permit, const struct question *question,
    const struct circumstances *around)
{
	const struct item *item;
	size_t i;

	if (around->catalog == NULL)
		return PERMIT_ITEM_UNKNOWN;
	if (question->item_count == 0)
		return take_every_item(permit, question, around);
	for (i = 0; i < question->item_count; i++) {
		item = catalog_find_item(around->catalog, question->items[i]);
		if (item == NULL)
			return PERMIT_ITEM_UNKNOWN;
		if (!is_here(around, item))
			return PERMIT_ITEM_NOT_HERE;
		take_item(permit, item);
	}
	return PERMIT_ALLOWED;
}

void
permit_refuse(enum permit_rule rule, struct permit *permit)
{
	permit->rule = permit->consent_rule = rule;
	permit->authorised = false;
	permit->level = LEVEL_PUBLIC;
	permit->item_count = 0;
}

/* No field of anybody is shown, whatever was signed. */
static void
decide_anonymised(const struct question *question,
    const struct circumstances *around, struct permit *permit)
{
	enum permit_rule rule = PERMIT_ALLOWED;
	uint64_t guarded;
	size_t i;

	if (around->catalog == NULL || catalog_mask(around->catalog) == NULL)
		rule = PERMIT_ITEM_UNKNOWN;
	else if (question->item_count > 0)
		rule = take_items(permit, question, around);
	for (i = 0; rule == PERMIT_ALLOWED && i < permit->item_count; i++) {
		if (!item_is_for(permit->items[i].item, question->purpose))
			rule = PERMIT_PURPOSE_ITEM;
	}
	if (rule == PERMIT_ALLOWED && around->cost > around->left)
		rule = PERMIT_BUDGET;
	if (rule != PERMIT_ALLOWED) {
		permit_refuse(rule, permit);
		return;
	}
	permit->rule = PERMIT_ALLOWED;
	permit->consent_rule = PERMIT_PURPOSE;
	permit->level = question->form == QUESTION_SCREENING ? LEVEL_BANDED
							     : LEVEL_AGGREGATE;
	for (i = 0; i < permit->item_count; i++) {
		field_masks(permit->items[i].item, &permit->items[i].withheld,
		    &guarded);
		permit->items[i].rule = PERMIT_PURPOSE;
	}
}

/* What shows nothing that is protected uses nothing. */
static void
note_consent(const struct question *question,
    const struct circumstances *around, struct permit *permit)
{
	const struct frequency *frequency;

	if (!permit->authorised || question->purpose == PURPOSE_SELF)
		return;
	permit->consent = around->consent;
	permit->keep_until_us =
	    around->now_us + around->consent->data_life_days * DAY_US;
	frequency = &around->consent->frequency;
	permit->use.most = frequency->uses;
	permit->use.window = frequency_window(frequency, around->now_us);
}

static void
decide_report(const struct question *question,
    const struct circumstances *around, struct permit *permit)
{
	enum permit_rule consent_rule = judge_consent(question, around);
	enum permit_rule rule = PERMIT_ALLOWED;
	size_t i;

	if (around->vouched &&
	    (question->purpose == PURPOSE_SELF || question->token[0] != '\0'))
		rule = PERMIT_VOUCH;
	else if (question->token[0] != '\0' && consent_rule != PERMIT_ALLOWED)
		rule = consent_rule;
	else if (question->token[0] != '\0' && !around->token_fits)
		rule = PERMIT_TOKEN;
	if (rule == PERMIT_ALLOWED)
		rule = judge_region(question, around);
	if (rule == PERMIT_ALLOWED)
		rule = take_items(permit, question, around);
	if (rule != PERMIT_ALLOWED) {
		permit_refuse(rule, permit);
		return;
	}
	permit->rule = PERMIT_ALLOWED;
	permit->consent_rule = consent_rule;
	for (i = 0; i < permit->item_count; i++)
		decide_item(question, around, permit, &permit->items[i]);
	if (permit->authorised)
		permit->level = LEVEL_DETAIL;
	note_consent(question, around, permit);
}

void
permit_decide(const struct question *question,
    const struct circumstances *around, struct permit *permit)
{
	enum permit_rule rule = judge_member(question, around->member);

	permit->authorised = false;
	permit->level = LEVEL_PUBLIC;
	permit->consent = NULL;
	permit->use = (struct use){0};
	permit->item_count = 0;
	if (rule != PERMIT_ALLOWED)
		permit_refuse(rule, permit);
	else if (question->form == QUESTION_REPORT)
		decide_report(question, around, permit);
	else
		decide_anonymised(question, around, permit);
}

bool
permit_rule_is_limit(enum permit_rule rule)
{
	return rule == PERMIT_BUDGET || rule == PERMIT_RATE ||
	       rule == PERMIT_QUOTA || rule == PERMIT_SUBJECTS;
}

const char *
permit_level_name(enum permit_level level)
{
	static const char *const names[] = {"public", "A", "B", "C"};

	return (unsigned)level < LEVEL_COUNT ? names[level] : "public";
}

const char *
permit_rule_name(enum permit_rule rule)
{
	return (unsigned)rule < RULE_COUNT ? rule_words[rule].name : "unknown";
}

const char *
permit_rule_text(enum permit_rule rule)
{
	return (unsigned)rule < RULE_COUNT ? rule_words[rule].text
					   : "The question is not allowed.";
}
