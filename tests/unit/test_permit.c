/*
 * permit: the whole table of who may see what, against a second statement
 * of the rules that shares nothing with the first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "credit/mask.h"
#include "credit/permit.h"
#include "tests/unit/sample_catalog.h"
#include "tests/unit/sample_mask.h"

#define SUBJECT "91440101MA5CUY37JD"
#define OTHER "91440101MA5CUY37KG"
#define BANK "91110000100000001W"
#define HERE "11440100MB0044011H"
#define NOW INT64_C(1800000000000000)
#define ITEMS 4

static struct catalog *catalog;

static int
load_catalog(void **state)
{
	struct why why;

	(void)state;
	catalog = catalog_parse(span_of(sample_catalog), &why);
	if (catalog == NULL)
		print_error("%s\n", why.text);
	return catalog != NULL ? 0 : -1;
}

static int
drop_catalog(void **state)
{
	(void)state;
	catalog_free(catalog);
	return 0;
}

/*
 * Who may ask what for.  Rows are kinds of members, columns purposes in
 * their order (none, screening, pre, in, post, guarantee, dispute,
 * supervision, self).  '.': nothing; P: what is public; C: what a consent
 * opens too; S: everything about itself.
 */
static const char *const table[] = {
    [MEMBER_BANK] = ".PCCCCC.S",
    [MEMBER_GUARANTEE] = ".PCCCCC.S",
    [MEMBER_SERVICE] = ".PCCCCC.S",
    [MEMBER_OPERATOR] = ".......P.",
    [MEMBER_SUBJECT] = "........S",
};
static const enum member_kind kinds[] = {0, MEMBER_DEPARTMENT, MEMBER_PLATFORM,
    MEMBER_BANK, MEMBER_GUARANTEE, MEMBER_SERVICE, MEMBER_OPERATOR,
    MEMBER_SUBJECT, (enum member_kind)8};

/* By item: fields that anybody may see, and all fields. */
static const uint64_t open_fields[ITEMS] = {0x19, 0x3, 0x0, 0x0};
static const uint64_t all_fields[ITEMS] = {0x1f, 0x3, 0x3, 0x1};

/* What can be wrong with a consent, and the rule that must say so.  Each
 * letter bends the good consent: see bend(). */
struct consent_case {
	const char *bends;
	enum permit_rule rule;
	bool by_time;           /* decided by comparing with the clock */
	unsigned covers[ITEMS]; /* when it is good */
};
static const struct consent_case consents[] = {
    {"", PERMIT_ALLOWED, false, {1, 1, 1, 1}},
    {"i", PERMIT_ALLOWED, false, {1, 0, 0, 1}},
    {"k", PERMIT_ALLOWED, false, {0, 0, 1, 1}},
    {"n", PERMIT_ALLOWED, false, {0, 0, 0, 0}},
    {"1", PERMIT_ALLOWED, false, {1, 1, 1, 1}},
    {"1i", PERMIT_ALLOWED, false, {1, 0, 0, 1}},
    {"d", PERMIT_ALLOWED, false, {1, 1, 1, 1}},
    {"m", PERMIT_ALLOWED, false, {1, 1, 1, 1}},
    {"md", PERMIT_ALLOWED, false, {1, 1, 1, 1}},
    {"!", PERMIT_ALLOWED, false, {1, 1, 1, 1}},
    {"1!", PERMIT_CONSENT_USED_UP, false, {0}},
    {"d!", PERMIT_CONSENT_TOO_OFTEN, false, {0}},
    {"1@", PERMIT_CONSENT_ELSEWHERE, false, {0}},
    {"d@!", PERMIT_CONSENT_ELSEWHERE, false, {0}},
    {"1~", PERMIT_CONSENT_ELSEWHERE, false, {0}},
    {"~", PERMIT_ALLOWED, false, {1, 1, 1, 1}},
    {"b", PERMIT_ALLOWED, false, {1, 1, 1, 1}},
    {"-", PERMIT_CONSENT_MISSING, false, {0}},
    {"?", PERMIT_CONSENT_UNKNOWN, false, {0}},
    {"#", PERMIT_CONSENT_UNKNOWN, false, {0}},
    {"R", PERMIT_CONSENT_REVOKED, false, {0}},
    {"p", PERMIT_CONSENT_PAUSED, false, {0}},
    {"RpX", PERMIT_CONSENT_REVOKED, false, {0}},
    {"pPMX", PERMIT_CONSENT_PAUSED, false, {0}},
    {"pSG", PERMIT_CONSENT_GRANTEE, false, {0}},
    {"p1!", PERMIT_CONSENT_PAUSED, false, {0}},
    {"S", PERMIT_CONSENT_SUBJECT, false, {0}},
    {"G", PERMIT_CONSENT_GRANTEE, false, {0}},
    {"P", PERMIT_CONSENT_PURPOSE, false, {0}},
    {"M", PERMIT_CONSENT_MODE, false, {0}},
    {"0", PERMIT_CONSENT_MODE, false, {0}},
    {"E", PERMIT_CONSENT_EARLY, true, {1, 1, 1, 1}},
    {"X", PERMIT_CONSENT_EXPIRED, true, {1, 1, 1, 1}},
    {"Xn", PERMIT_CONSENT_EXPIRED, true, {0}},
    {"RSGPMX", PERMIT_CONSENT_GRANTEE, false, {0}},
    {"SGPMXn", PERMIT_CONSENT_GRANTEE, false, {0}},
    {"RG", PERMIT_CONSENT_GRANTEE, false, {0}},
    {"GPME", PERMIT_CONSENT_GRANTEE, false, {0}},
    {"RSPMX", PERMIT_CONSENT_SUBJECT, false, {0}},
    {"RPMXn", PERMIT_CONSENT_REVOKED, false, {0}},
    {"PMX", PERMIT_CONSENT_PURPOSE, false, {0}},
    {"MX", PERMIT_CONSENT_MODE, false, {0}},
};
#define CASES (sizeof(consents) / sizeof(consents[0]))

/* A question in its world. */
struct world {
	struct member member, platform;
	struct consent consent;
	struct question question;
	struct circumstances around;
};

static void
bend(struct world *world, char how)
{
	struct consent *consent = &world->consent;

	switch (how) {
	case '-': /* none named, though there is one */
		world->question.consent[0] = '\0';
		break;
	case '?': /* none found */
		world->around.consent = NULL;
		break;
	case '#': /* another one found */
		strcpy(consent->id, "c-2");
		break;
	case 'R':
		consent->revoked = true;
		break;
	case 'p':
		consent->paused = true;
		break;
	case 'S':
		strcpy(consent->subject, OTHER);
		break;
	case 'G':
		strcpy(consent->grantee, "another");
		break;
	case 'P':
		consent->purpose = consent->purpose == PURPOSE_PRE_LOAN
				       ? PURPOSE_IN_LOAN
				       : PURPOSE_PRE_LOAN;
		break;
	case 'M':
		consent->mode = CONSENT_MODES;
		break;
	case '0':
		consent->mode = 0;
		break;
	case '1': /* one use, counted here */
		consent->mode = CONSENT_ONCE;
		consent->frequency = (struct frequency){.uses = 1, .at = HERE};
		break;
	case 'd': /* three a day */
		consent->frequency = (struct frequency){
		    .uses = 3, .per = PERIOD_DAY, .at = HERE};
		break;
	case 'm':
		consent->mode = CONSENT_MONITOR;
		break;
	case '!': /* none is left */
		world->around.is_spent = true;
		break;
	case '@': /* counted elsewhere */
		strcpy(consent->frequency.at, OTHER);
		break;
	case '~': /* nobody knows who answers */
		world->around.platform = NULL;
		break;
	case 'E':
		consent->not_before_us = NOW + 1;
		break;
	case 'X':
		consent->expiry_us = NOW;
		break;
	case 'b': /* the first microsecond */
		consent->not_before_us = NOW;
		break;
	case 'i': /* two items by number */
		consent->category_count = 0;
		consent->items[0] = 4;
		consent->items[1] = 1;
		consent->item_count = 2;
		break;
	case 'k': /* one category */
		consent->category_count = 1;
		consent->categories[0] = 2;
		break;
	case 'n': /* other items and categories */
		consent->category_count = 1;
		consent->categories[0] = 3;
		consent->items[0] = 9;
		consent->item_count = 1;
		break;
	default:
		fail_msg("no such bend: %c", how);
	}
}

static void
make_world(
    struct world *world, enum purpose purpose, const struct consent_case *given)
{
	const char *how;

	strcpy(world->question.subject, SUBJECT);
	strcpy(world->question.consent, "c-1");
	world->question.purpose = purpose;
	world->consent = (struct consent){.id = "c-1",
	    .version = 1,
	    .subject = SUBJECT,
	    .categories = {2, 1},
	    .category_count = 2,
	    .purpose = purpose,
	    .mode = CONSENT_PERIOD,
	    .not_before_us = NOW - 1,
	    .expiry_us = NOW + 1};
	strcpy(world->consent.grantee, world->member.code);
	strcpy(world->platform.code, HERE);
	world->around = (struct circumstances){.catalog = catalog,
	    .member = &world->member,
	    .platform = &world->platform,
	    .consent = &world->consent,
	    .lease_fresh = true,
	    .now_us = NOW};
	for (how = given->bends; *how != '\0'; how++)
		bend(world, *how);
}

/* What ought to come out. */
struct expected {
	enum permit_rule rule, general;
	enum permit_rule item[ITEMS];
	uint64_t shown[ITEMS];
	uint32_t most; /* uses, when this is one */
};

/* What is read again and again is a loan or a guarantee that was given. */
static enum permit_rule
claims_rule(const struct world *world, const struct consent_case *given)
{
	enum purpose purpose = world->question.purpose;

	if (strchr(given->bends, 'm') != NULL && purpose != PURPOSE_POST_LOAN &&
	    purpose != PURPOSE_GUARANTEE_REVIEW)
		return PERMIT_CONSENT_MODE;
	return given->rule;
}

static enum permit_rule
refusal(const struct world *world, char cell)
{
	if (world->around.member == NULL)
		return PERMIT_MEMBER_UNKNOWN;
	if (world->member.status != MEMBER_ACTIVE)
		return PERMIT_MEMBER_INACTIVE;
	if (cell == ' ')
		return PERMIT_MEMBER_KIND;
	if (cell == '.')
		return PERMIT_PURPOSE;
	if (cell == 'S' && strcmp(world->member.code, SUBJECT) != 0)
		return PERMIT_NOT_SELF;
	return PERMIT_ALLOWED;
}

static void
expect_item(const struct world *world, const struct consent_case *given,
    char cell, size_t i, struct expected *expected)
{
	bool in_time = world->around.lease_fresh && world->around.now_us != 0;
	bool clock_says_no = given->by_time && world->around.now_us != 0;
	enum permit_rule rule = claims_rule(world, given);
	bool bad = rule != PERMIT_ALLOWED && (!given->by_time || clock_says_no);
	enum permit_rule why = PERMIT_ALLOWED, general = PERMIT_ALLOWED;

	if (cell == 'P') {
		why = general = PERMIT_PURPOSE;
	} else if (cell == 'C') {
		if (!in_time)
			why = general = PERMIT_LEASE_STALE;
		if (given->covers[i] == 0)
			why = PERMIT_CONSENT_SCOPE;
		if (bad)
			why = general = rule;
		if (why == PERMIT_ALLOWED && all_fields[i] != open_fields[i])
			expected->most = world->consent.frequency.uses;
	}
	expected->general = general;
	expected->shown[i] =
	    why == PERMIT_ALLOWED ? all_fields[i] : open_fields[i];
	expected->item[i] =
	    expected->shown[i] == all_fields[i] ? PERMIT_ALLOWED : why;
}

static struct expected
expect(const struct world *world, const struct consent_case *given)
{
	unsigned kind = (unsigned)world->member.kind;
	struct expected expected = {0};
	char cell = ' ';
	size_t i;

	if (kind < sizeof(table) / sizeof(table[0]) && table[kind] != NULL)
		cell = table[kind][world->question.purpose];
	expected.rule = expected.general = refusal(world, cell);
	if (expected.rule != PERMIT_ALLOWED)
		return expected;
	for (i = 0; i < ITEMS; i++)
		expect_item(world, given, cell, i, &expected);
	if (world->question.token[0] == '\0')
		return expected;
	if (expected.general == PERMIT_ALLOWED && !world->around.token_fits)
		expected.general = PERMIT_TOKEN;
	expected.rule = expected.general;
	return expected;
}

static void
compare_items(const struct permit *permit, const struct expected *expected)
{
	const struct permit_item *item;
	bool authorised = false;
	size_t i;

	assert_int_equal(permit->item_count, ITEMS);
	for (i = 0; i < ITEMS; i++) {
		item = &permit->items[i];
		assert_int_equal(item->item->number, i + 1);
		assert_int_equal(item->shown, expected->shown[i]);
		assert_int_equal(
		    item->withheld, all_fields[i] & ~expected->shown[i]);
		assert_int_equal(item->rule, expected->item[i]);
		authorised |= (item->shown & ~open_fields[i]) != 0;
	}
	assert_int_equal(permit->authorised, authorised);
	assert_int_equal(permit->use.most, expected->most);
	assert_int_equal(
	    permit->level, authorised ? LEVEL_DETAIL : LEVEL_PUBLIC);
}

static size_t
compare(const struct world *world, const struct consent_case *given)
{
	struct expected expected = expect(world, given);
	struct permit permit;

	permit_decide(&world->question, &world->around, &permit);
	assert_int_equal(permit.rule, expected.rule);
	assert_int_equal(permit.consent_rule, expected.general);
	if (expected.rule == PERMIT_ALLOWED) {
		compare_items(&permit, &expected);
		return ITEMS;
	}
	assert_int_equal(permit.item_count, 0);
	assert_int_equal(permit.level, LEVEL_PUBLIC);
	assert_int_equal(permit.use.most, 0);
	assert_false(permit.authorised);
	return 1;
}

/* Every lease and clock, by name and by token, for one member, purpose and
 * consent. */
static size_t
compare_leases(const struct member *member, bool known, enum purpose purpose,
    const struct consent_case *given)
{
	struct world world = {.member = *member};
	size_t rows = 0;
	int i;

	for (i = 0; i < 16; i++) {
		world.question.token[0] = '\0';
		make_world(&world, purpose, given);
		world.around.lease_fresh = (i & 1) == 0;
		world.around.now_us = (i & 2) == 0 ? NOW : 0;
		if ((i & 4) != 0)
			strcpy(world.question.token, "t");
		world.around.token_fits = (i & 8) != 0;
		if (!known)
			world.around.member = NULL;
		rows += compare(&world, given);
	}
	return rows;
}

static size_t
compare_member(const struct member *member, bool known)
{
	unsigned purpose;
	size_t rows = 0, i;

	for (purpose = 0; purpose < PURPOSE_COUNT; purpose++) {
		for (i = 0; i < CASES; i++)
			rows += compare_leases(
			    member, known, (enum purpose)purpose, &consents[i]);
	}
	return rows;
}

static void
the_table_of_all_cases_holds(void **state)
{
	struct member member = {0};
	unsigned status;
	size_t rows, kind;

	(void)state;
	strcpy(member.code, BANK);
	member.kind = MEMBER_BANK;
	member.status = MEMBER_ACTIVE;
	rows = compare_member(&member, false);
	for (kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
		member.kind = kinds[kind];
		for (status = 0; status <= MEMBER_STRUCK_OFF; status++) {
			member.status = (enum member_status)status;
			strcpy(member.code, BANK);
			rows += compare_member(&member, true);
			strcpy(member.code, SUBJECT);
			rows += compare_member(&member, true);
		}
	}
	print_message("permit table: %zu rows\n", rows);
	assert_true(rows > 120000);
}

/* The same for what is anonymised: A statistics, B screenings too. */
static const char *const masked_table[] = {
    [MEMBER_BANK] = ".B..AB...",
    [MEMBER_GUARANTEE] = ".B..AB...",
    [MEMBER_SERVICE] = ".B..AB...",
    [MEMBER_OPERATOR] = ".......A.",
};

static enum permit_rule
expect_masked(const struct world *world)
{
	unsigned kind = (unsigned)world->member.kind;
	bool lists = world->question.form == QUESTION_SCREENING;
	const char *row = NULL;
	char cell;

	if (world->around.member == NULL)
		return PERMIT_MEMBER_UNKNOWN;
	if (world->member.status != MEMBER_ACTIVE)
		return PERMIT_MEMBER_INACTIVE;
	if (kind < sizeof(masked_table) / sizeof(masked_table[0]))
		row = masked_table[kind];
	if (row == NULL || (lists && world->member.kind == MEMBER_OPERATOR))
		return PERMIT_MEMBER_KIND;
	cell = row[world->question.purpose];
	if (cell == '.' || (lists && cell != 'B'))
		return PERMIT_PURPOSE;
	if (catalog_mask(world->around.catalog) == NULL)
		return PERMIT_ITEM_UNKNOWN;
	if (world->around.platform != NULL)
		return PERMIT_ITEM_NOT_HERE;
	return world->around.cost > world->around.left ? PERMIT_BUDGET
						       : PERMIT_ALLOWED;
}

static void
compare_masked(const struct world *world)
{
	enum permit_rule rule = expect_masked(world);
	enum permit_level level = world->question.form == QUESTION_SCREENING
				      ? LEVEL_BANDED
				      : LEVEL_AGGREGATE;
	struct permit permit;

	permit_decide(&world->question, &world->around, &permit);
	assert_int_equal(permit.rule, rule);
	assert_false(permit.authorised);
	if (rule != PERMIT_ALLOWED) {
		assert_int_equal(permit.level, LEVEL_PUBLIC);
		assert_int_equal(permit.item_count, 0);
		return;
	}
	assert_int_equal(permit.level, level);
	assert_int_equal(permit.item_count, 1);
	assert_int_equal(permit.items[0].shown, 0);
}

static size_t
compare_masked_member(const struct member *member, const struct catalog *with)
{
	struct member platform = {
	    .kind = MEMBER_PLATFORM, .items = {1}, .item_count = 1};
	struct world world = {.member = *member};
	unsigned purpose, i;

	for (purpose = 0; purpose < PURPOSE_COUNT; purpose++) {
		for (i = 0; i < 32; i++) {
			make_world(&world, (enum purpose)purpose, &consents[0]);
			world.question.form = (i & 1) != 0
						  ? QUESTION_SCREENING
						  : QUESTION_STATISTICS;
			world.question.items[0] = 3;
			world.question.item_count = 1;
			world.around.catalog = (i & 2) != 0 ? with : catalog;
			world.around.cost = (i & 4) != 0 ? 10 : 11;
			world.around.left = 10;
			if ((i & 8) != 0)
				world.around.member = NULL;
			world.around.platform =
			    (i & 16) != 0 ? &platform : NULL;
			compare_masked(&world);
		}
	}
	return PURPOSE_COUNT * (size_t)32;
}

static void
the_table_of_anonymised_answers_holds(void **state)
{
	struct catalog *with =
	    catalog_parse(span_of(MASK_TEXT("10", "50", "75", "250")), NULL);
	struct member member = {0};
	size_t rows = 0, kind;
	unsigned status;

	(void)state;
	assert_non_null(with);
	strcpy(member.code, BANK);
	for (kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
		member.kind = kinds[kind];
		for (status = 0; status <= MEMBER_STRUCK_OFF; status++) {
			member.status = (enum member_status)status;
			rows += compare_masked_member(&member, with);
		}
	}
	print_message("anonymised answers: %zu rows\n", rows);
	catalog_free(with);
}

static struct world
bank_with_good_consent(void)
{
	struct world world = {
	    .member = {.kind = MEMBER_BANK, .status = MEMBER_ACTIVE}};

	strcpy(world.member.code, BANK);
	make_world(&world, PURPOSE_PRE_LOAN, &consents[0]);
	return world;
}

/* An operator's role says whether it may see enterprises at all. */
static void
a_viewer_sees_no_enterprise_and_an_auditor_does(void **state)
{
	struct world world = {
	    .member = {.kind = MEMBER_OPERATOR, .status = MEMBER_ACTIVE}};
	struct permit permit;

	(void)state;
	strcpy(world.member.code, BANK);
	make_world(&world, PURPOSE_SUPERVISION, &consents[0]);
	permit_decide(&world.question, &world.around, &permit);
	assert_int_equal(permit.rule, PERMIT_ALLOWED);

	world.member.role = MEMBER_ROLE_AUDITOR;
	permit_decide(&world.question, &world.around, &permit);
	assert_int_equal(permit.rule, PERMIT_ALLOWED);

	world.member.role = MEMBER_ROLE_VIEWER;
	permit_decide(&world.question, &world.around, &permit);
	assert_int_equal(permit.rule, PERMIT_PURPOSE);
}

static void
nobody_vouches_for_a_subject_or_a_token(void **state)
{
	struct world world = bank_with_good_consent();
	struct permit permit;

	(void)state;
	world.around.member = &world.member;
	world.around.consent = &world.consent;
	world.around.vouched = true;
	permit_decide(&world.question, &world.around, &permit);
	assert_int_equal(permit.rule, PERMIT_ALLOWED);
	assert_true(permit.authorised);

	strcpy(world.question.token, "abc");
	world.around.token_fits = true;
	permit_decide(&world.question, &world.around, &permit);
	assert_int_equal(permit.rule, PERMIT_VOUCH);

	world.question.token[0] = '\0';
	world.question.purpose = PURPOSE_SELF;
	strcpy(world.question.subject, BANK);
	permit_decide(&world.question, &world.around, &permit);
	assert_int_equal(permit.rule, PERMIT_VOUCH);
	assert_int_equal(permit.item_count, 0);
}

static void
only_items_that_are_asked_for_are_decided(void **state)
{
	struct world world = bank_with_good_consent();
	struct permit permit;

	(void)state;
	world.around.member = &world.member;
	world.around.consent = &world.consent;
	world.question.items[0] = 2;
	world.question.items[1] = 4;
	world.question.item_count = 2;
	permit_decide(&world.question, &world.around, &permit);

	assert_int_equal(permit.item_count, 2);
	assert_int_equal(permit.items[0].item->number, 2);
	assert_int_equal(permit.items[1].item->number, 4);
}

static void
one_unknown_item_refuses_the_whole_question(void **state)
{
	struct world world = bank_with_good_consent();
	struct permit permit;

	(void)state;
	world.around.member = &world.member;
	world.around.consent = &world.consent;
	world.question.items[0] = 2;
	world.question.items[1] = 5;
	world.question.item_count = 2;
	permit_decide(&world.question, &world.around, &permit);

	assert_int_equal(permit.rule, PERMIT_ITEM_UNKNOWN);
	assert_int_equal(permit.item_count, 0);
	assert_false(permit.authorised);
}

static void
without_a_catalogue_nothing_is_shown(void **state)
{
	struct world world = bank_with_good_consent();
	struct permit permit;

	(void)state;
	world.around.member = &world.member;
	world.around.catalog = NULL;
	permit_decide(&world.question, &world.around, &permit);

	assert_int_equal(permit.rule, PERMIT_ITEM_UNKNOWN);
	assert_int_equal(permit.item_count, 0);
}

static void
only_items_of_the_platforms_subscription_are_shown(void **state)
{
	struct world world = bank_with_good_consent();
	struct member platform = {.kind = MEMBER_PLATFORM};
	struct permit all, some;

	(void)state;
	world.around.member = &world.member;
	world.around.consent = &world.consent;
	world.around.platform = &platform;
	world.question.item_count = 0;
	permit_decide(&world.question, &world.around, &all);
	platform.items[0] = all.items[0].item->number;
	platform.item_count = 1;
	permit_decide(&world.question, &world.around, &some);

	assert_true(all.item_count > 1);
	assert_int_equal(some.rule, PERMIT_ALLOWED);
	assert_int_equal(some.item_count, 1);

	world.question.item_count = 2;
	world.question.items[0] = platform.items[0];
	world.question.items[1] = all.items[1].item->number;
	permit_decide(&world.question, &world.around, &some);

	assert_int_equal(some.rule, PERMIT_ITEM_NOT_HERE);
	assert_int_equal(some.item_count, 0);
}

static void
every_rule_has_a_name_and_a_sentence(void **state)
{
	unsigned i, j;

	(void)state;
	for (i = 0; i < PERMIT_COUNT; i++) {
		assert_non_null(permit_rule_name((enum permit_rule)i));
		assert_true(strlen(permit_rule_text((enum permit_rule)i)) > 10);
		for (j = 0; j < i; j++)
			assert_string_not_equal(
			    permit_rule_name((enum permit_rule)i),
			    permit_rule_name((enum permit_rule)j));
	}
	assert_string_equal(
	    permit_rule_name(PERMIT_CONSENT_MISSING), "consent_missing");
	assert_string_equal(permit_rule_name((enum permit_rule)77), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_table_of_all_cases_holds),
	    cmocka_unit_test(the_table_of_anonymised_answers_holds),
	    cmocka_unit_test(nobody_vouches_for_a_subject_or_a_token),
	    cmocka_unit_test(only_items_that_are_asked_for_are_decided),
	    cmocka_unit_test(one_unknown_item_refuses_the_whole_question),
	    cmocka_unit_test(a_viewer_sees_no_enterprise_and_an_auditor_does),
	    cmocka_unit_test(without_a_catalogue_nothing_is_shown),
	    cmocka_unit_test(
		only_items_of_the_platforms_subscription_are_shown),
	    cmocka_unit_test(every_rule_has_a_name_and_a_sentence),
	};

	return cmocka_run_group_tests(tests, load_catalog, drop_catalog);
}
