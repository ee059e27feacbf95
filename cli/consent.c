/*
 * consent: a subject's authorization, signed here and registered at a node.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/jws.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/consent_list.h"
#include "cli/delegate.h"
#include "cli/fetch.h"
#include "cli/show.h"
#include "cli/signing.h"
#include "credit/order.h"

#define DAY_US (INT64_C(86400) * CLOCK_SECOND)
#define DAYS_DEFAULT 30
#define DATA_LIFE_DEFAULT 30
#define DAYS_MAX 3650

static int
fill_scope(const struct args *args, struct consent *consent)
{
	const char *purpose = args_need(args, "purpose");

	if (purpose == NULL)
		return MISUSED;
	consent->purpose = purpose_parse(span_of(purpose));
	if (consent->purpose == PURPOSE_NONE)
		return args_misused(args, "--purpose: '%s' is none", purpose);
	if (!signing_numbers(args_get(args, "items"), consent->items,
		&consent->item_count) ||
	    !signing_numbers(args_get(args, "categories"), consent->categories,
		&consent->category_count))
		return args_misused(args, "--items, --categories: 7,19,20");
	if ((consent->item_count == 0) == (consent->category_count == 0))
		return args_misused(args, "either --items or --categories");
	return DONE;
}

/* Who asks for once has asked for one use. */
static int
fill_frequency(const struct args *args, struct consent *consent)
{
	const char *mode = args_get(args, "mode"), *per = args_get(args, "per");
	const char *at = args_get(args, "at");
	struct frequency *frequency = &consent->frequency;
	int64_t uses = 0;

	consent->mode = consent_mode_parse(
	    span_of(mode != NULL ? mode : consent_mode_name(CONSENT_PERIOD)));
	if (consent->mode == 0)
		return args_misused(args, "--mode: once, period, monitor");
	if (!args_int(args, "uses", (int64_t[]){1, FREQUENCY_USES_MAX}, &uses))
		return MISUSED;
	if (consent->mode == CONSENT_ONCE && uses == 0)
		uses = 1;
	frequency->uses = (unsigned)uses;
	if (per != NULL)
		frequency->per = period_parse(span_of(per));
	if (per != NULL && (uses == 0 || frequency->per == PERIOD_WHOLE))
		return args_misused(args, "--per: day, week, month, of --uses");
	if ((uses > 0) != (at != NULL))
		return args_misused(
		    args, "--at: the node that counts limited uses");
	if (at != NULL)
		snprintf(frequency->at, sizeof(frequency->at), "%s", at);
	return DONE;
}

static int
fill_terms(const struct args *args, struct consent *consent)
{
	const char *id = args_get(args, "id");
	const char *grantee = args_need(args, "grantee");
	int64_t days = DAYS_DEFAULT, life = DATA_LIFE_DEFAULT;

	if (grantee == NULL)
		return MISUSED;
	if (strlen(grantee) > MEMBER_CODE_MAX)
		return args_misused(args, "--grantee: not a code");
	if (id != NULL && !consent_id_is_valid(span_of(id)))
		return args_misused(
		    args, "--id: 1 to %d of A-Z a-z 0-9 - _", CONSENT_ID_MAX);
	if (!args_int(args, "days", (int64_t[]){1, DAYS_MAX}, &days) ||
	    !args_int(args, "data-life", (int64_t[]){1, DAYS_MAX}, &life))
		return MISUSED;
	signing_id(consent->id);
	if (id != NULL)
		snprintf(consent->id, sizeof(consent->id), "%s", id);
	snprintf(consent->grantee, sizeof(consent->grantee), "%s", grantee);
	consent->version = 1;
	consent->not_before_us = clock_now_us() / CLOCK_SECOND * CLOCK_SECOND;
	consent->expiry_us = consent->not_before_us + days * DAY_US;
	consent->data_life_days = (unsigned)life;
	return DONE;
}

/* What we would sign must be what a node accepts. */
static enum err
sign_claims(const char *stem, const struct consent *consent,
    struct span delegation, struct buf *jws, struct why *why)
{
	struct buf claims = {0};
	struct consent again;
	enum err err;

	consent_print(consent, delegation, &claims);
	err = consent_parse(buf_span(&claims), &again, why);
	if (err == ERR_OK)
		err = jws_sign_with_cert(
		    stem, CONSENT_TYPE, buf_span(&claims), jws, why);
	buf_release(&claims);
	return err;
}

/* The subject is that of the delegation, else the one who signs. */
static enum err
fill_subject(const struct args *args, const char *stem, struct consent *consent,
    struct buf *delegation, struct why *why)
{
	const char *path = args_get(args, "delegation");
	struct delegation under;
	enum err err;

	if (path == NULL)
		return signing_subject(stem, consent->subject, why);
	err = delegate_read(path, delegation, &under, why);
	if (err != ERR_OK)
		return err;
	memcpy(
	    consent->subject, under.widest.subject, sizeof(consent->subject));
	if (!args_has(args, "days") &&
	    consent->expiry_us > under.widest.expiry_us)
		consent->expiry_us = under.widest.expiry_us;
	return delegation_covers(&under, consent, why);
}

static int
consent_sign(const struct args *args)
{
	const char *stem = args_need(args, "stem");
	struct consent consent = {0};
	struct buf jws = {0}, delegation = {0};
	struct why why = {""};
	int result = DONE;
	enum err err;

	if (stem == NULL || fill_scope(args, &consent) != DONE ||
	    fill_frequency(args, &consent) != DONE ||
	    fill_terms(args, &consent) != DONE)
		return MISUSED;
	err = fill_subject(args, stem, &consent, &delegation, &why);
	if (err == ERR_OK)
		err = sign_claims(
		    stem, &consent, buf_span(&delegation), &jws, &why);
	if (err == ERR_OK) {
		show_raw(buf_span(&jws));
		fprintf(stderr, "consent %s\n", consent.id);
	} else {
		result = args_failed(args, "%s", why.text);
	}
	buf_release(&delegation);
	buf_release(&jws);
	return result;
}

static struct span
trimmed(const struct buf *text)
{
	struct span span = buf_span(text);

	while (span.len > 0 && strchr(" \r\n\t", span.ptr[span.len - 1]))
		span.len--;
	return span;
}

/* Says "id: state" of the answer {"id","state"}. */
static int
send_and_tell(const struct args *args, const struct fetch *fetch)
{
	struct fetch_answer answer = {0};
	struct json *root;
	int code = fetch_send(args, "node", fetch, &answer);

	if (code == DONE && args_has(args, "json")) {
		show_raw(buf_span(&answer.body));
	} else if (code == DONE) {
		root = json_parse(buf_span(&answer.body), NULL);
		printf("%s: %s\n", json_cstr(json_find(root, "id"), "?"),
		    json_cstr(json_find(root, "state"), "?"));
		json_free(root);
	}
	fetch_answer_release(&answer);
	return code;
}

static int
consent_register(const struct args *args)
{
	const char *path = args->operands[0];
	struct buf text = {0};
	struct fetch fetch = {.method = "POST",
	    .path = "/v1/consents",
	    .content_type = "application/jose"};
	struct why why = {""};
	int code;

	if (strcmp(path, "-") == 0)
		path = "/dev/stdin";
	if (file_read(path, CONSENT_MAX, &text, &why) != ERR_OK) {
		code = args_failed(args, "%s", why.text);
	} else {
		fetch.body = trimmed(&text);
		code = send_and_tell(args, &fetch);
	}
	buf_release(&text);
	return code;
}

static enum err
sign_order(const char *stem, const struct order *said, struct buf *jws,
    struct why *why)
{
	struct order order = *said;
	struct buf claims = {0};
	enum err err = signing_subject(stem, order.subject, why);

	if (err != ERR_OK)
		return err;
	order.time_us = clock_now_us();
	order_print(&order, &claims);
	err = jws_sign_with_cert(
	    stem, order_type(order.kind), buf_span(&claims), jws, why);
	buf_release(&claims);
	return err;
}

static int
order_send(const struct args *args, enum order_kind kind)
{
	const char *id = args->operands[0], *stem = args_get(args, "stem");
	struct buf path = {0}, jws = {0};
	struct fetch fetch = {
	    .method = kind == ORDER_REVOKE ? "DELETE" : "POST"};
	struct order order = {.kind = kind};
	struct why why = {""};
	int code = DONE;

	if (!consent_id_is_valid(span_of(id)))
		return args_misused(args, "not a consent's id");
	snprintf(order.id, sizeof(order.id), "%s", id);
	buf_print(&path, "/v1/consents/%s", id);
	if (kind != ORDER_REVOKE)
		buf_print(&path, "/%s", order_action(kind));
	fetch.path = buf_cstr(&path);
	if (stem != NULL) {
		if (sign_order(stem, &order, &jws, &why) != ERR_OK)
			code = args_failed(args, "%s", why.text);
		fetch.body = buf_span(&jws);
		fetch.content_type = "application/jose";
	}
	if (code == DONE && stem != NULL && args_has(args, "print"))
		show_raw(buf_span(&jws));
	else if (code == DONE)
		code = send_and_tell(args, &fetch);
	buf_release(&jws);
	buf_release(&path);
	return code;
}

static int
consent_revoke(const struct args *args)
{
	return order_send(args, ORDER_REVOKE);
}

static int
consent_pause(const struct args *args)
{
	return order_send(args, ORDER_PAUSE);
}

static int
consent_resume(const struct args *args)
{
	return order_send(args, ORDER_RESUME);
}

static int
consent_show(const struct args *args)
{
	struct buf path = {0};
	struct fetch fetch = {.method = "GET"};
	struct fetch_answer answer = {0};
	int code;

	if (!consent_id_is_valid(span_of(args->operands[0])))
		return args_misused(args, "not a consent's id");
	buf_print(&path, "/v1/consents/%s", args->operands[0]);
	fetch.path = buf_cstr(&path);
	code = fetch_send(args, "node", &fetch, &answer);
	if (code == DONE)
		show_raw(buf_span(&answer.body));
	fetch_answer_release(&answer);
	buf_release(&path);
	return code;
}

static const struct arg_option sign_options[] = {
    {"stem", "STEM", NULL, "the subject's STEM.key and STEM.crt"},
    {"grantee", "CODE", NULL, "who may read"},
    {"purpose", "PURPOSE", NULL, "why: pre_loan, in_loan, post_loan, …"},
    {"items", "LIST", NULL, "what: 7,19,20"},
    {"categories", "LIST", NULL, "or whole categories: 7,8"},
    {"mode", "MODE", NULL, "once, period (default) or monitor"},
    {"uses", "N", NULL, "how many answers (without limit)"},
    {"per", "PERIOD", NULL, "… in each day, week or month"},
    {"at", "CODE", NULL, "the node that counts them and answers"},
    {"days", "N", NULL, "how long, from now (30)"},
    {"data-life", "N", NULL, "days that the grantee may keep it (30)"},
    {"id", "ID", NULL, "its id (random)"},
    {"delegation", "FILE", NULL, "sign for the subject that delegated to us"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option node_options[] = {
    FETCH_OPTIONS("node", "RX_NODE,RX_CITY", "RX_SUBJECT"),
    {NULL, NULL, NULL, NULL},
};

static const struct arg_option order_options[] = {
    FETCH_OPTIONS("node", "RX_NODE,RX_CITY", "RX_SUBJECT"),
    {"stem", "STEM", NULL, "sign it with the subject's STEM.key and STEM.crt"},
    {"print", NULL, NULL, "… and print it, to be sent by somebody else"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_command commands[] = {
    {"consent sign", "", "sign an authorization; prints the JWS",
	"The subject is the organisation of the certificate. The id goes to "
	"standard error.",
	"rongxin consent sign --stem keys/firm --grantee 91100000100003962T "
	"--purpose pre_loan --items 7,19 --uses 3 --at 11440100MB2C00003X "
	"> consent.jws",
	0, 0, sign_options, consent_sign},
    {"consent delegate", "", "let another organisation sign; prints the JWS",
	"The legal representative signs with the subject's certificate whom it "
	"lets sign authorizations for it, for what and how long. The delegate "
	"uses it with consent sign --delegation.",
	"rongxin consent delegate --stem keys/firm --delegate "
	"91440101MA000RX94L --purposes pre_loan,in_loan --items 7,19 --days 90 "
	"> delegation.jws",
	0, 0, delegate_options, delegate_sign},
    {"consent register", "FILE", "register a signed authorization at a node",
	"FILE is a JWS from consent sign; - is standard input.",
	"rongxin consent register consent.jws", 1, 1, node_options,
	consent_register},
    {"consent show", "ID", "claims and state of an authorization", "",
	"rongxin consent show c-5f0c", 1, 1, node_options, consent_show},
    {"consent list", "", "all that the certificate's organisation gave", "",
	"rongxin consent list --as keys/firm", 0, 0, node_options,
	consent_list},
    {"consent revoke", "ID", "revoke an authorization",
	"With the subject's certificate, or with --stem by a signed "
	"revocation that anybody may bring.",
	"rongxin consent revoke c-5f0c --stem keys/firm", 1, 1, order_options,
	consent_revoke},
    {"consent pause", "ID", "stop an authorization for a while",
	"With the subject's certificate, or with --stem by a signed word that "
	"anybody may bring, as for revoke.",
	"rongxin consent pause c-5f0c", 1, 1, order_options, consent_pause},
    {"consent resume", "ID", "let a paused authorization go on", "",
	"rongxin consent resume c-5f0c", 1, 1, order_options, consent_resume},
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL},
};

int
command_consent(int argc, char **argv)
{
	return args_dispatch("consent", commands, argc, argv);
}
