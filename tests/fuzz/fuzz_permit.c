/*
 * fuzz_permit: no protected field is shown unless a plain reading of the
 * consent says so.
 *
 * Bytes choose from small pools, so that near misses are frequent.
 */
#include <stdint.h>
#include <stdlib.h>

#include "credit/permit.h"
#include "tests/unit/sample_catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const codes[] = {
    "91440101MA5CUY37JD", "91440101MA5CUY37KG", "91110000100000001W", ""};
static const char *const ids[] = {"c-1", "c-2", ""};

struct bytes {
	const uint8_t *at, *end;
};

static unsigned
take(struct bytes *bytes, unsigned below)
{
	return bytes->at < bytes->end ? *bytes->at++ % below : 0;
}

static void
take_consent(struct bytes *bytes, struct consent *consent)
{
	size_t i;

	strcpy(consent->id, ids[take(bytes, 3)]);
	strcpy(consent->subject, codes[take(bytes, 4)]);
	strcpy(consent->grantee, codes[take(bytes, 4)]);
	consent->purpose = (enum purpose)take(bytes, PURPOSE_COUNT + 1);
	consent->mode = (enum consent_mode)take(bytes, 5);
	consent->revoked = take(bytes, 4) == 1;
	consent->paused = take(bytes, 4) == 1;
	consent->not_before_us = (int64_t)take(bytes, 8) - 2;
	consent->expiry_us = (int64_t)take(bytes, 8) + 3;
	consent->item_count = take(bytes, 4);
	consent->category_count = take(bytes, 3);
	consent->frequency.uses = take(bytes, 3);
	consent->frequency.per = (enum period)take(bytes, 5);
	strcpy(consent->frequency.at, codes[take(bytes, 4)]);
	for (i = 0; i < consent->item_count; i++)
		consent->items[i] = take(bytes, 6);
	for (i = 0; i < consent->category_count; i++)
		consent->categories[i] = take(bytes, 4);
}

static void
take_question(struct bytes *bytes, struct question *question)
{
	size_t i, count = take(bytes, 5);

	strcpy(question->subject, codes[take(bytes, 4)]);
	strcpy(question->consent, ids[take(bytes, 3)]);
	question->purpose = (enum purpose)take(bytes, PURPOSE_COUNT + 1);
	for (i = 0; i < count; i++)
		question->items[i] = (uint32_t)i + 1 + take(bytes, 32) / 31;
	question->item_count = count;
	question->form = (enum question_form)(take(bytes, 8) % 3);
	strcpy(question->token, take(bytes, 4) == 1 ? "t" : "");
}

static bool
lists(const uint32_t *numbers, size_t count, uint32_t number)
{
	return count > 0 && (numbers[count - 1] == number ||
				lists(numbers, count - 1, number));
}

static bool
reads_itself(const struct question *question, const struct member *member)
{
	return question->purpose == PURPOSE_SELF &&
	       strcmp(question->subject, member->code) == 0 &&
	       member->kind >= MEMBER_BANK && member->kind != MEMBER_OPERATOR;
}

/* A limit counts at the platform that it names, and nowhere else. */
static bool
may_be_used(const struct consent *consent, const struct circumstances *around)
{
	if (consent->frequency.uses == 0)
		return true;
	return around->platform != NULL && !around->is_spent &&
	       strcmp(consent->frequency.at, around->platform->code) == 0;
}

static bool
mode_is_good(enum consent_mode mode, enum purpose purpose)
{
	return mode == 1 || mode == 2 ||
	       (mode == 3 && (purpose == PURPOSE_POST_LOAN ||
				 purpose == PURPOSE_GUARANTEE_REVIEW));
}

static bool
consent_is_good(const struct question *question,
    const struct circumstances *around, const struct item *item)
{
	const struct consent *consent = around->consent;

	return consent != NULL && question->consent[0] != '\0' &&
	       strcmp(question->consent, consent->id) == 0 &&
	       !consent->revoked && !consent->paused &&
	       strcmp(consent->subject, question->subject) == 0 &&
	       strcmp(consent->grantee, around->member->code) == 0 &&
	       consent->purpose == question->purpose &&
	       question->purpose > PURPOSE_CUSTOMER_SCREENING &&
	       question->purpose < PURPOSE_SUPERVISION &&
	       mode_is_good(consent->mode, question->purpose) &&
	       may_be_used(consent, around) && around->now_us > 0 &&
	       around->lease_fresh &&
	       consent->not_before_us <= around->now_us &&
	       around->now_us < consent->expiry_us &&
	       (lists(consent->items, consent->item_count, item->number) ||
		   lists(consent->categories, consent->category_count,
		       item->category)) &&
	       around->member->kind >= MEMBER_BANK &&
	       around->member->kind <= MEMBER_SERVICE;
}

/* In the second catalogue post_loan touches items 2 and 4, supervision none. */
static bool
is_kept(const struct question *question, const struct circumstances *around,
    uint32_t number)
{
	if (catalog_version(around->catalog) == 1)
		return false;
	return question->purpose == PURPOSE_SUPERVISION ||
	       (question->purpose == PURPOSE_POST_LOAN && number != 2 &&
		   number != 4);
}

/* Nor does anything else open them; a use is told only of what is shown. */
static void
check_use(const struct permit *permit)
{
	if (permit->use.number != 0 ||
	    (permit->use.most > 0 && !permit->authorised) ||
	    (permit->consent != NULL && !permit->authorised))
		abort();
}

static void
check_item(const struct question *question, const struct circumstances *around,
    const struct permit *permit, const struct permit_item *decided)
{
	const struct item *item = decided->item;
	uint64_t all = (UINT64_C(1) << item->field_count) - 1;
	size_t i;

	if (around->platform != NULL && item->number != 2)
		abort();
	if (is_kept(question, around, item->number) &&
	    (decided->shown != 0 || decided->rule != PERMIT_PURPOSE_ITEM))
		abort();
	if ((decided->shown & decided->withheld) != 0 ||
	    (decided->shown | decided->withheld) != all ||
	    (decided->withheld != 0) != (decided->rule != PERMIT_ALLOWED))
		abort();
	for (i = 0; i < item->field_count; i++) {
		if ((decided->shown >> i & 1) == 0 ||
		    (!item->needs_consent &&
			item->fields[i].class == FIELD_PUBLIC))
			continue;
		if (!permit->authorised)
			abort();
		if (reads_itself(question, around->member))
			continue;
		if (!consent_is_good(question, around, item) ||
		    permit->use.most != around->consent->frequency.uses)
			abort();
	}
}

/* Bound to another city than the subject's. */
static bool
is_abroad(const struct question *question, const struct circumstances *around)
{
	const struct member *member = around->member;

	return member != NULL && question->form == QUESTION_REPORT &&
	       question->purpose != PURPOSE_SELF &&
	       member->kind >= MEMBER_BANK && member->kind <= MEMBER_SERVICE &&
	       member->division_count > 0 && around->stream[0] != '\0' &&
	       strcmp(member->divisions[0], "4403") == 0;
}

static void
check(const struct question *question, const struct circumstances *around,
    const struct permit *permit)
{
	size_t i;

	if (is_abroad(question, around) && permit->rule == PERMIT_ALLOWED)
		abort();
	if (permit->rule != PERMIT_ALLOWED) {
		if (permit->item_count != 0 || permit->authorised)
			abort();
		return;
	}
	if (around->member == NULL || around->member->status != MEMBER_ACTIVE)
		abort();
	if (question->form != QUESTION_REPORT)
		abort(); /* this catalogue has no anonymisation */
	if (question->token[0] != '\0' &&
	    (!around->token_fits || permit->consent_rule != PERMIT_ALLOWED))
		abort();
	check_use(permit);
	for (i = 0; i < permit->item_count; i++)
		check_item(question, around, permit, &permit->items[i]);
}

static void
load(struct catalog *catalogs[2])
{
	static const char first[] = "\"version\":1,",
			  second[] = "\"version\":2,";
	struct buf text = {0};

	if (catalogs[0] != NULL)
		return;
	buf_add(&text, sample_catalog, strlen(sample_catalog) - 1);
	buf_text(&text, ",\"purposes\":[{\"purpose\":\"post_loan\","
			"\"items\":[2,4]},{\"purpose\":\"supervision\"}]}");
	memcpy(strstr((char *)buf_cstr(&text), first), second, strlen(second));
	catalogs[0] = catalog_parse(span_of(sample_catalog), NULL);
	catalogs[1] = catalog_parse(buf_span(&text), NULL);
	buf_release(&text);
	if (catalogs[0] == NULL || catalogs[1] == NULL)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct catalog *catalogs[2];
	struct bytes bytes = {data, data + size};
	struct circumstances around;
	struct question question = {0};
	struct consent consent = {0};
	struct member member = {0}, platform = {.items = {2}, .item_count = 1};
	struct permit permit;

	load(catalogs);
	take_question(&bytes, &question);
	strcpy(member.code, codes[take(&bytes, 4)]);
	member.kind = (enum member_kind)take(&bytes, 9);
	member.status = (enum member_status)take(&bytes, 4);
	take_consent(&bytes, &consent);
	around = (struct circumstances){.catalog = catalogs[take(&bytes, 2)]};
	around.member = take(&bytes, 8) == 7 ? NULL : &member;
	around.consent = take(&bytes, 8) == 7 ? NULL : &consent;
	around.lease_fresh = take(&bytes, 4) != 3;
	around.now_us = (int64_t)take(&bytes, 10) - 1;
	around.token_fits = take(&bytes, 2) == 1;
	around.platform = take(&bytes, 2) == 1 ? &platform : NULL;
	strcpy(platform.code, codes[take(&bytes, 4)]);
	around.is_spent = take(&bytes, 2) == 1;
	around.stream = take(&bytes, 2) == 1 ? "4401" : "";
	strcpy(member.divisions[0], take(&bytes, 2) == 1 ? "4403" : "44");
	member.division_count = take(&bytes, 2);
	around.vouched = take(&bytes, 2) == 1;
	permit_decide(&question, &around, &permit);
	if (around.vouched && permit.rule == PERMIT_ALLOWED &&
	    (question.purpose == PURPOSE_SELF || question.token[0] != '\0'))
		abort();
	check(&question, &around, &permit);
	return 0;
}
