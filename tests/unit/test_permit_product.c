/*
 * permit: every combination of what can be said about a question, against the
 * list of rules in docs/PROTOCOL.md section 5, read from the top: the first
 * that applies is the answer.
 *
 * Nothing here calls what permit.c calls; the rules are lines of a table, each
 * with its condition in plain words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "credit/permit.h"
#include "tests/unit/sample_catalog.h"

#define SUBJECT "91440101MA5CUY37JD"
#define OTHER "91440101MA5CUY37KG"
#define HERE "11440100MB0044011H"
#define NOW INT64_C(1800000000000000)

/* What can be true of a consent, a bit each. */
enum {
	UNNAMED = 1 << 0, /* the question names none */
	UNKNOWN = 1 << 1, /* it is registered nowhere */
	NOT_MINE = 1 << 2,
	NOT_HIS = 1 << 3, /* another subject's */
	REVOKED = 1 << 4,
	PAUSED = 1 << 5,
	OTHER_PURPOSE = 1 << 6,
	NO_MODE = 1 << 7,
	EARLY = 1 << 8,
	EXPIRED = 1 << 9,
	ELSEWHERE = 1 << 10, /* limited, and counted at another node */
	SPENT = 1 << 11,     /* limited, and none is left */
	UNCOVERED = 1 << 12, /* other items than those asked for */
	STALE = 1 << 13,     /* no fresh word of the hub */
	FAULTS = 1 << 14
};

/* In the order of docs/PROTOCOL.md. */
static const struct {
	unsigned fault;
	enum permit_rule rule;
} order[] = {
    {UNNAMED, PERMIT_CONSENT_MISSING},
    {UNKNOWN, PERMIT_CONSENT_UNKNOWN},
    {NOT_MINE, PERMIT_CONSENT_GRANTEE},
    {NOT_HIS, PERMIT_CONSENT_SUBJECT},
    {REVOKED, PERMIT_CONSENT_REVOKED},
    {PAUSED, PERMIT_CONSENT_PAUSED},
    {OTHER_PURPOSE, PERMIT_CONSENT_PURPOSE},
    {NO_MODE, PERMIT_CONSENT_MODE},
    {EARLY, PERMIT_CONSENT_EARLY},
    {EXPIRED, PERMIT_CONSENT_EXPIRED},
    {ELSEWHERE, PERMIT_CONSENT_ELSEWHERE},
    {SPENT, PERMIT_CONSENT_USED_UP},
    {UNCOVERED, PERMIT_CONSENT_SCOPE},
    {STALE, PERMIT_LEASE_STALE},
};

/* Rows kinds of members, columns purposes from customer_screening on: who may
 * ask at all (-: nobody), public (P), with a consent (C), itself (S). */
static const struct {
	enum member_kind kind;
	const char *purposes;
} who[] = {
    {0, NULL},
    {MEMBER_DEPARTMENT, NULL},
    {MEMBER_PLATFORM, NULL},
    {MEMBER_BANK, "PCCCCC-S"},
    {MEMBER_GUARANTEE, "PCCCCC-S"},
    {MEMBER_SERVICE, "PCCCCC-S"},
    {MEMBER_OPERATOR, "------P-"},
    {MEMBER_SUBJECT, "-------S"},
};
#define KINDS (sizeof(who) / sizeof(who[0]))

/* Items of the sample: 1 has fields of both kinds (open ones are bits 0, 3 and
 * 4 of five), 2 only open ones, 3 and 4 only protected ones. */
static const uint64_t whole[] = {0x1f, 0x3, 0x3, 0x1};
static const uint64_t open_to_all[] = {0x19, 0x3, 0, 0};
/* In the catalogue with the section "purposes", in_loan keeps to 2 and 3. */
static bool
is_kept_from(bool sectioned, enum purpose purpose, unsigned item)
{
	return sectioned && purpose == PURPOSE_IN_LOAN && item != 2 &&
	       item != 3;
}

static struct catalog *catalogs[2];

static int
load(void **state)
{
	static const char section[] = ",\"purposes\":[{\"purpose\":\"in_loan\","
				      "\"items\":[2,3]}]}";
	struct buf text = {0};

	(void)state;
	catalogs[0] = catalog_parse(span_of(sample_catalog), NULL);
	buf_add(&text, sample_catalog, strlen(sample_catalog) - 1);
	buf_text(&text, section);
	catalogs[1] = catalog_parse(buf_span(&text), NULL);
	buf_release(&text);
	return catalogs[0] != NULL && catalogs[1] != NULL ? 0 : -1;
}

static int
drop(void **state)
{
	(void)state;
	catalog_free(catalogs[0]);
	catalog_free(catalogs[1]);
	return 0;
}

struct scene {
	size_t who;
	bool active, sectioned, own, away;
	enum purpose purpose;
	unsigned faults;
	struct member member, platform;
	struct consent consent;
	struct question question;
	struct circumstances around;
};

static void
set_consent(struct scene *scene)
{
	struct consent *consent = &scene->consent;
	unsigned faults = scene->faults;

	*consent = (struct consent){.id = "c-1",
	    .purpose = scene->purpose,
	    .mode = (faults & NO_MODE) != 0 ? CONSENT_MODES : CONSENT_PERIOD,
	    .categories = {(faults & UNCOVERED) != 0 ? 9 : 1, 2},
	    .category_count = (faults & UNCOVERED) != 0 ? 1 : 2,
	    .revoked = (faults & REVOKED) != 0,
	    .paused = (faults & PAUSED) != 0,
	    .not_before_us = NOW + ((faults & EARLY) != 0),
	    .expiry_us = NOW + ((faults & EXPIRED) == 0)};
	strcpy(consent->grantee,
	    (faults & NOT_MINE) != 0 ? "another" : scene->member.code);
	strcpy(consent->subject, (faults & NOT_HIS) != 0 ? OTHER : SUBJECT);
	if ((faults & OTHER_PURPOSE) != 0)
		consent->purpose = scene->purpose == PURPOSE_PRE_LOAN
				       ? PURPOSE_IN_LOAN
				       : PURPOSE_PRE_LOAN;
	if ((faults & (ELSEWHERE | SPENT)) != 0)
		consent->frequency.uses = 1;
	strcpy(consent->frequency.at, (faults & ELSEWHERE) != 0 ? OTHER : HERE);
}

static void
set_scene(struct scene *scene)
{
	unsigned faults = scene->faults;

	scene->member.kind = who[scene->who].kind;
	scene->member.status = scene->active ? MEMBER_ACTIVE : MEMBER_SUSPENDED;
	strcpy(scene->member.code, scene->own ? SUBJECT : OTHER);
	strcpy(scene->platform.code, HERE);
	strcpy(scene->question.subject, SUBJECT);
	strcpy(scene->question.consent, (faults & UNNAMED) != 0 ? "" : "c-1");
	scene->question.purpose = scene->purpose;
	scene->question.items[0] = 1;
	scene->question.items[1] = 2;
	scene->question.items[2] = 3;
	scene->question.items[3] = 4;
	scene->question.item_count = 4;
	set_consent(scene);
	strcpy(scene->member.divisions[0], scene->away ? "4403" : "44");
	scene->member.division_count = 1;
	scene->around =
	    (struct circumstances){.catalog = catalogs[scene->sectioned],
		.member = &scene->member,
		.platform = &scene->platform,
		.consent = (faults & UNKNOWN) != 0 ? NULL : &scene->consent,
		.stream = "4401",
		.lease_fresh = (faults & STALE) == 0,
		.now_us = NOW,
		.is_spent = (faults & SPENT) != 0};
}

/* Of the question as a whole. */
static enum permit_rule
expected_of_all(const struct scene *scene)
{
	const char *row = who[scene->who].purposes;
	char cell;

	if (!scene->active)
		return PERMIT_MEMBER_INACTIVE;
	if (row == NULL)
		return PERMIT_MEMBER_KIND;
	cell = row[scene->purpose - PURPOSE_CUSTOMER_SCREENING];
	if (cell == '-')
		return PERMIT_PURPOSE;
	if (cell == 'S' && !scene->own)
		return PERMIT_NOT_SELF;
	/* The operator is of no region. */
	return cell != 'S' && scene->away &&
		       scene->member.kind != MEMBER_OPERATOR
		   ? PERMIT_MEMBER_REGION
		   : PERMIT_ALLOWED;
}

/* What keeps the protected fields of everything that is asked for. */
static enum permit_rule
expected_of_fields(const struct scene *scene)
{
	char cell = who[scene->who]
			.purposes[scene->purpose - PURPOSE_CUSTOMER_SCREENING];
	size_t i;

	if (cell == 'S')
		return PERMIT_ALLOWED;
	if (cell == 'P')
		return PERMIT_PURPOSE;
	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if ((scene->faults & order[i].fault) != 0)
			return order[i].rule;
	}
	return PERMIT_ALLOWED;
}

static void
compare_item(const struct scene *scene, const struct permit_item *decided,
    unsigned i, enum permit_rule rule)
{
	uint64_t shown = rule == PERMIT_ALLOWED ? whole[i] : open_to_all[i];

	if (is_kept_from(scene->sectioned, scene->purpose, i + 1)) {
		shown = 0;
		rule = PERMIT_PURPOSE_ITEM;
	}
	assert_int_equal(decided->item->number, i + 1);
	assert_int_equal(decided->shown, shown);
	assert_int_equal(decided->withheld, whole[i] & ~shown);
	assert_int_equal(
	    decided->rule, shown == whole[i] ? PERMIT_ALLOWED : rule);
}

static size_t
compare(struct scene *scene)
{
	enum permit_rule of_all, of_fields;
	struct permit permit;
	unsigned i;

	set_scene(scene);
	of_all = expected_of_all(scene);
	permit_decide(&scene->question, &scene->around, &permit);
	assert_int_equal(permit.rule, of_all);
	if (of_all != PERMIT_ALLOWED) {
		assert_int_equal(permit.item_count, 0);
		return 1;
	}
	of_fields = expected_of_fields(scene);
	assert_int_equal(permit.item_count, 4);
	for (i = 0; i < 4; i++)
		compare_item(scene, &permit.items[i], i, of_fields);
	/* Items that are kept from in_loan leave item 3, which is protected. */
	assert_int_equal(permit.authorised, of_fields == PERMIT_ALLOWED);
	return 4;
}

static void
every_combination_of_faults_names_the_first_of_them(void **state)
{
	struct scene scene = {0};
	size_t rows = 0;
	unsigned bits;

	(void)state;
	for (scene.who = 0; scene.who < KINDS; scene.who++) {
		for (bits = 0; bits < 16 * FAULTS; bits++) {
			scene.faults = bits % FAULTS;
			scene.active = (bits / FAULTS & 1) == 0;
			scene.own = (bits / FAULTS & 2) != 0;
			scene.sectioned = (bits / FAULTS & 4) != 0;
			scene.away = (bits / FAULTS & 8) != 0;
			/* Who is not active is told so, whatever it asks. */
			if (!scene.active && scene.faults % 64 != 0)
				continue;
			scene.purpose = PURPOSE_CUSTOMER_SCREENING;
			for (; scene.purpose < PURPOSE_COUNT; scene.purpose++)
				rows += compare(&scene);
		}
	}
	print_message("permit product: %zu rows\n", rows);
	assert_true(rows > 5000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		every_combination_of_faults_names_the_first_of_them),
	};

	return cmocka_run_group_tests(tests, load, drop);
}
