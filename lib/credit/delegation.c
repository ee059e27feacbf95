/*
 * delegation: a subject lets another organisation sign consents for it.
 */
#include "credit/delegation.h"

#include <string.h>

#include "base/json.h"
#include "base/jws.h"

static void
read_purposes(struct claims *claims, struct delegation *delegation)
{
	const struct json *list;
	enum purpose purpose;
	size_t i;

	if (claims->err != ERR_OK)
		return;
	list = json_find(claims->root, "purposes");
	if (!json_is_array(list) || json_count(list) == 0 ||
	    json_count(list) > PURPOSE_COUNT) {
		claims_refuse(claims, "purposes", "not a list of purposes");
		return;
	}
	for (i = 0; i < json_count(list); i++) {
		purpose = purpose_parse(json_text(json_at(list, i)));
		if (purpose == PURPOSE_NONE)
			claims_refuse(claims, "purposes", "not a purpose");
		delegation->purposes[purpose] = true;
	}
}

enum err
delegation_parse(
    struct span json, struct delegation *delegation, struct why *why)
{
	static const char *const names[] = {"id", "version", "subject",
	    "delegate", "purposes", "items", "categories", "not_before",
	    "expiry", NULL};
	struct delegation read = {0};
	struct claims claims;
	enum err err;

	claims_open(&claims, json, CONSENT_MAX, names, why);
	claims_int(&claims, "version", 1, 1, &read.widest.version);
	claims_consent_id(&claims, "id", read.widest.id);
	claims_subject(&claims, read.widest.subject);
	claims_text(&claims, "delegate", read.delegate, sizeof(read.delegate));
	if (!member_code_is_valid(span_of(read.delegate)))
		claims_refuse(&claims, "delegate", "not an organisation code");
	read_purposes(&claims, &read);
	claims_scope(&claims, &read.widest);
	claims_term(&claims, &read.widest);
	err = claims_close(&claims);
	if (err == ERR_OK)
		*delegation = read;
	return err;
}

void
delegation_print(const struct delegation *delegation, struct buf *out)
{
	struct json_out json = {out, false};
	unsigned i;

	json_open_object(&json, NULL);
	json_put_cstr(&json, "id", delegation->widest.id);
	json_put_int(&json, "version", delegation->widest.version);
	json_put_cstr(&json, "subject", delegation->widest.subject);
	json_put_cstr(&json, "delegate", delegation->delegate);
	json_open_array(&json, "purposes");
	for (i = PURPOSE_NONE + 1; i < PURPOSE_COUNT; i++) {
		if (delegation->purposes[i])
			json_put_cstr(
			    &json, NULL, purpose_name((enum purpose)i));
	}
	json_close_array(&json);
	consent_print_limits(&delegation->widest, &json);
	json_close_object(&json);
}

static bool
lists_all(const uint32_t *listed, size_t count, const uint32_t *wanted,
    size_t wanted_count)
{
	size_t i, j;

	for (i = 0; i < wanted_count; i++) {
		for (j = 0; j < count && listed[j] != wanted[i]; j++)
			;
		if (j == count)
			return false;
	}
	return true;
}

enum err
delegation_covers(const struct delegation *delegation,
    const struct consent *consent, struct why *why)
{
	const struct consent *most = &delegation->widest;

	if (strcmp(most->subject, consent->subject) != 0)
		return why_set(
		    why, ERR_INVALID, "the delegation is another subject's");
	if (!delegation->purposes[consent->purpose])
		return why_set(
		    why, ERR_INVALID, "the delegation is not for that purpose");
	if (!lists_all(most->items, most->item_count, consent->items,
		consent->item_count) ||
	    !lists_all(most->categories, most->category_count,
		consent->categories, consent->category_count))
		return why_set(why, ERR_INVALID,
		    "the delegation does not cover all items");
	if (consent->not_before_us < most->not_before_us ||
	    consent->expiry_us > most->expiry_us)
		return why_set(why, ERR_INVALID,
		    "it begins before or ends after the delegation");
	return ERR_OK;
}

/* The subject signed the delegation, and it names who signed the consent. */
static enum err
check_delegation(const struct authority *authority, const struct trust *trust,
    int64_t now_us, struct why *why)
{
	struct delegation delegation;
	struct identity who;
	struct buf jws = {0}, claims = {0};
	enum err err = ERR_INVALID;

	if (consent_find_delegation(buf_span(&authority->claims), &jws))
		err = jws_check_with_trust(buf_span(&jws), DELEGATION_TYPE,
		    trust, now_us, &who, &claims, why);
	if (err == ERR_OK)
		err = delegation_parse(buf_span(&claims), &delegation, why);
	if (err == ERR_OK && strcmp(who.code, delegation.widest.subject) != 0)
		err = why_set(why, ERR_INVALID,
		    "the delegation is not signed by its subject");
	if (err == ERR_OK &&
	    strcmp(delegation.delegate, authority->signer) != 0)
		err = why_set(
		    why, ERR_INVALID, "the delegation is for another signer");
	if (err == ERR_OK)
		err = delegation_covers(&delegation, &authority->consent, why);
	buf_release(&jws);
	buf_release(&claims);
	return err;
}

static enum err
check_signer(const struct authority *authority, const struct trust *trust,
    int64_t now_us, struct why *why)
{
	const struct consent *consent = &authority->consent;
	bool own = strcmp(authority->signer, consent->subject) == 0;

	if (own && consent->delegated)
		return why_set(
		    why, ERR_INVALID, "its subject needs no delegation");
	if (own)
		return ERR_OK;
	if (!consent->delegated)
		return why_set(
		    why, ERR_INVALID, "it is not signed by its subject");
	return check_delegation(authority, trust, now_us, why);
}

enum err
authority_check(struct span jws, const struct trust *trust, int64_t now_us,
    struct authority *authority, struct why *why)
{
	struct identity who;
	enum err err;

	*authority = (struct authority){0};
	if (jws.len > CONSENT_MAX)
		return why_set(why, ERR_LIMIT, "a consent is too long");
	err = jws_check_with_trust(
	    jws, CONSENT_TYPE, trust, now_us, &who, &authority->claims, why);
	if (err == ERR_OK)
		err = consent_parse(
		    buf_span(&authority->claims), &authority->consent, why);
	if (err != ERR_OK)
		return err;
	memcpy(authority->signer, who.code, sizeof(authority->signer));
	return check_signer(authority, trust, now_us, why);
}

void
authority_release(struct authority *authority)
{
	buf_release(&authority->claims);
}
