/*
 * consent: a subject's signed authorization: who may read what, why, how
 * long, how often (授权).
 */
#include "credit/consent.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "credit/claims.h"

/* Ten years, three leap days among them. */
#define CONSENT_TERM_MAX (3653 * 86400 * CLOCK_SECOND)
#define CONSENT_LIFE_MAX 3650

static const char *const consent_members[] = {"id", "version", "subject",
    "grantee", "items", "categories", "purpose", "mode", "not_before", "expiry",
    "frequency", "data_life_days", "revocation", "delegation", NULL};

static const char *const mode_names[] = {
    [CONSENT_ONCE] = "once",
    [CONSENT_PERIOD] = "period",
    [CONSENT_MONITOR] = "monitor",
};

bool
consent_id_is_valid(struct span id)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789-_";
	size_t i;

	if (id.len == 0 || id.len > CONSENT_ID_MAX)
		return false;
	for (i = 0; i < id.len; i++) {
		if (memchr(letters, id.ptr[i], sizeof(letters) - 1) == NULL)
			return false;
	}
	return true;
}

void
claims_consent_id(
    struct claims *claims, const char *name, char id[CONSENT_ID_MAX + 1])
{
	claims_text(claims, name, id, CONSENT_ID_MAX + 1);
	if (!consent_id_is_valid(span_of(id)))
		claims_refuse(claims, name, "not a consent's id");
}

void
claims_subject(struct claims *claims, char subject[USCC_LEN + 1])
{
	claims_text(claims, "subject", subject, USCC_LEN + 1);
	if (uscc_check(span_of(subject)) != USCC_OK)
		claims_refuse(
		    claims, "subject", "not a unified social credit code");
}

static void
read_words(struct claims *claims, struct consent *consent)
{
	char text[32];

	claims_text(claims, "purpose", text, sizeof(text));
	consent->purpose = purpose_parse(span_of(text));
	if (consent->purpose == PURPOSE_NONE)
		claims_refuse(claims, "purpose", "not a purpose");

	claims_text(claims, "mode", text, sizeof(text));
	consent->mode = consent_mode_parse(span_of(text));
	if (consent->mode == 0)
		claims_refuse(claims, "mode", "not a mode");
	if (consent->mode == CONSENT_MONITOR &&
	    !purpose_may_monitor(consent->purpose))
		claims_refuse(claims, "mode", "nothing that is monitored");
}

static void
read_frequency(struct claims *claims, struct consent *consent)
{
	const struct frequency *frequency = &consent->frequency;

	frequency_read(claims, &consent->frequency);
	if (consent->mode == CONSENT_ONCE &&
	    (frequency->uses != 1 || frequency->per != PERIOD_WHOLE))
		claims_refuse(claims, "frequency", "once is one use in all");
}

void
claims_term(struct claims *claims, struct consent *consent)
{
	claims_time(claims, "not_before", &consent->not_before_us);
	claims_time(claims, "expiry", &consent->expiry_us);
	if (consent->expiry_us <= consent->not_before_us)
		claims_refuse(claims, "expiry", "not after not_before");
	else if (consent->expiry_us - consent->not_before_us > CONSENT_TERM_MAX)
		claims_refuse(claims, "expiry", "more than ten years");
}

void
claims_scope(struct claims *claims, struct consent *consent)
{
	claims_numbers(claims, "items", MEMBER_LIST_MAX, consent->items,
	    &consent->item_count);
	claims_numbers(claims, "categories", MEMBER_LIST_MAX,
	    consent->categories, &consent->category_count);
	if (consent->item_count + consent->category_count == 0)
		claims_refuse(claims, "items", "neither items nor categories");
}

/* It is shown to people as a link: only a web address, and plain ASCII. */
static void
read_revocation_url(struct claims *claims, struct consent *consent)
{
	const char *url = consent->revocation;
	size_t i;

	claims_maybe_text(claims, "revocation", consent->revocation,
	    sizeof(consent->revocation));
	if (url[0] != '\0' && strncmp(url, "https://", 8) != 0 &&
	    strncmp(url, "http://", 7) != 0)
		claims_refuse(claims, "revocation", "not a web address");
	for (i = 0; url[i] != '\0'; i++) {
		if (url[i] <= ' ' || url[i] >= 0x7f)
			claims_refuse(claims, "revocation", "not plain ASCII");
	}
}

/* Whose it is and what it allows is for credit/delegation.h to say. */
static void
read_delegation(struct claims *claims, struct consent *consent)
{
	struct span text;

	consent->delegated = claims_has(claims, "delegation");
	if (!consent->delegated)
		return;
	text = json_text(json_find(claims->root, "delegation"));
	if (text.len == 0 || text.len > DELEGATION_MAX)
		claims_refuse(claims, "delegation", "not a JWS");
}

bool
consent_find_delegation(struct span json, struct buf *jws)
{
	struct json *root = json_parse(json, NULL);
	struct span text = json_text(json_find(root, "delegation"));

	if (text.ptr != NULL)
		buf_add(jws, text.ptr, text.len);
	json_free(root);
	return text.len > 0;
}

enum err
consent_parse(struct span json, struct consent *consent, struct why *why)
{
	struct consent read = {0};
	struct claims claims;
	enum err err;

	claims_open(&claims, json, CONSENT_MAX, consent_members, why);
	claims_int(&claims, "version", 1, 1, &read.version);
	claims_consent_id(&claims, "id", read.id);
	claims_subject(&claims, read.subject);
	claims_text(&claims, "grantee", read.grantee, sizeof(read.grantee));
	if (!member_code_is_valid(span_of(read.grantee)))
		claims_refuse(&claims, "grantee", "not an organisation code");
	claims_scope(&claims, &read);
	read_words(&claims, &read);
	read_frequency(&claims, &read);
	claims_term(&claims, &read);
	claims_int(&claims, "data_life_days", 0, CONSENT_LIFE_MAX,
	    &read.data_life_days);
	read_delegation(&claims, &read);
	read_revocation_url(&claims, &read);
	err = claims_close(&claims);
	if (err == ERR_OK)
		*consent = read;
	return err;
}

static void
put_numbers(struct json_out *out, const char *name, const uint32_t *numbers,
    size_t count)
{
	size_t i;

	if (count == 0)
		return;
	json_open_array(out, name);
	for (i = 0; i < count; i++)
		json_put_int(out, NULL, numbers[i]);
	json_close_array(out);
}

static void
put_time(struct json_out *out, const char *name, int64_t time_us)
{
	char text[CLOCK_TEXT_MAX];

	json_put_cstr(out, name, clock_print(time_us, text));
}

void
consent_print_limits(const struct consent *consent, struct json_out *json)
{
	put_numbers(json, "items", consent->items, consent->item_count);
	put_numbers(
	    json, "categories", consent->categories, consent->category_count);
	put_time(json, "not_before", consent->not_before_us);
	put_time(json, "expiry", consent->expiry_us);
}

void
consent_print(
    const struct consent *consent, struct span delegation, struct buf *out)
{
	struct json_out json = {out, false};

	json_open_object(&json, NULL);
	json_put_cstr(&json, "id", consent->id);
	json_put_int(&json, "version", consent->version);
	json_put_cstr(&json, "subject", consent->subject);
	json_put_cstr(&json, "grantee", consent->grantee);
	json_put_cstr(&json, "purpose", purpose_name(consent->purpose));
	json_put_cstr(&json, "mode", consent_mode_name(consent->mode));
	consent_print_limits(consent, &json);
	frequency_print(&consent->frequency, &json);
	json_put_int(&json, "data_life_days", consent->data_life_days);
	if (consent->revocation[0] != '\0')
		json_put_cstr(&json, "revocation", consent->revocation);
	if (delegation.len > 0)
		json_put_text(&json, "delegation", delegation);
	json_close_object(&json);
}

const char *
consent_mode_name(enum consent_mode mode)
{
	unsigned i = (unsigned)mode;

	return i > 0 && i < CONSENT_MODES ? mode_names[i] : "unknown";
}

enum consent_mode
consent_mode_parse(struct span text)
{
	unsigned i;

	for (i = 1; i < CONSENT_MODES; i++) {
		if (span_is(text, mode_names[i]))
			return (enum consent_mode)i;
	}
	return 0;
}

static bool
has_number(const uint32_t *numbers, size_t count, uint32_t number)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (numbers[i] == number)
			return true;
	}
	return false;
}

bool
consent_covers(const struct consent *consent, uint32_t item, uint32_t category)
{
	return has_number(consent->items, consent->item_count, item) ||
	       has_number(
		   consent->categories, consent->category_count, category);
}
