/*
 * objections: filed at this node by subjects, and how theirs stand.
 */
#include "node/objections.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/jws.h"
#include "credit/objection.h"
#include "node/answer.h"
#include "node/filings.h"

#define LIMIT 100
#define LIMIT_MAX 500

struct filing {
	struct answer answer; /* first */
	struct objection claims;
	struct order about;    /* id and subject of it */
	struct letter *letter; /* to be carried once logged; NULL: none */
	bool kept;
};

static void
filing_release(struct answer *answer)
{
	struct filing *filing = (struct filing *)answer;

	letter_free(filing->letter);
	buf_release(&answer->body);
	mem_free(filing);
}

static void
filing_say(struct filing *filing, int status, const char *state)
{
	struct json_out out = {.buf = &filing->answer.body};

	buf_reset(&filing->answer.body);
	filing->answer.status = status;
	json_open_object(&out, NULL);
	json_put_cstr(&out, "id", filing->claims.id);
	json_put_cstr(&out, "state", state);
	json_close_object(&out);
}

static void
filing_on_loop(struct http_exchange *exchange, void *argument)
{
	struct filing *filing = argument;

	(void)exchange;
	if (filing->kept)
		filing_say(filing, 202, "pending");
	else
		answer_problem(&filing->answer, 503, "not_ready",
		    "The store failed", "It was not taken; try again.");
	answer_send(&filing->answer);
}

static void
filing_on_carried(void *context, enum courier_outcome outcome)
{
	struct filing *filing = context;

	filing->kept = outcome == COURIER_KEPT;
	http_defer(filing->answer.exchange, filing_on_loop, filing);
}

static void
filing_on_logged(struct answer *answer)
{
	struct filing *filing = (struct filing *)answer;
	struct letter *letter = filing->letter;

	if (letter == NULL) {
		if (answer->status >= 400)
			answer_add_receipt(answer);
		answer_send(answer);
		return;
	}
	filing->letter = NULL;
	follow_carry(answer->node->follow, letter);
}

/* What is not even a document is not logged: it is about nobody. */
static void
filing_reject(struct filing *filing, int status, const char *type,
    const char *title, const char *detail)
{
	http_reply_problem(
	    filing->answer.exchange, status, type, title, detail);
	filing_release(&filing->answer);
}

static void
filing_log(struct filing *filing)
{
	memcpy(filing->answer.access.subject, filing->claims.subject,
	    sizeof(filing->answer.access.subject));
	answer_log(&filing->answer);
}

static void
filing_write_letter(
    struct filing *filing, struct span document, struct span claims)
{
	struct letter *letter = mem_new(sizeof(*letter));

	letter->kind = UPWARD_OBJECTION;
	letter->order = filing->about;
	letter->is_vouched = span_equal(document, claims);
	buf_add(&letter->document, document.ptr, document.len);
	buf_add(&letter->claims, claims.ptr, claims.len);
	letter->done = filing_on_carried;
	letter->context = filing;
	filing->letter = letter;
}

/* How a document of stream 0000 says that it stands. */
static const char *
state_in(const struct json *document, bool pending)
{
	return pending ? "pending"
		       : json_cstr(json_find(document, "state"), "?");
}

/* The same again is no harm; another one under its id is. */
static void
filing_repeat(
    struct filing *filing, struct span known, bool pending, struct span claims)
{
	struct digest digest = digest_of(claims);
	char hex[DIGEST_HEX_LEN + 1];
	struct json *document = json_parse(known, NULL);
	bool same = pending
			? span_equal(known, claims)
			: strcmp(json_cstr(json_find(document, "digest"), ""),
			      digest_print(&digest, hex)) == 0;

	if (same)
		filing_say(filing, 200, state_in(document, pending));
	else
		answer_problem(&filing->answer, 409, "objection_conflict",
		    "The id is taken",
		    "Another objection was filed under this id.");
	json_free(document);
}

static void
filing_take(struct filing *filing, struct span document, struct span claims)
{
	struct snapshot *snapshot = store_snapshot(filing->answer.node->store);
	struct buf known = {0};
	bool pending = false;
	enum err err = filings_find(snapshot, &filing->about, &known, &pending);

	snapshot_release(snapshot);
	if (err == ERR_OK)
		filing_repeat(filing, buf_span(&known), pending, claims);
	else if (err == ERR_MISSING)
		filing_write_letter(filing, document, claims);
	else
		answer_problem(&filing->answer, 503, "not_ready",
		    "The store failed", NULL);
	buf_release(&known);
	filing_log(filing);
}

/* Signed by the subject, or under its certificate. */
static enum err
filing_read(struct filing *filing, struct span body, struct buf *claims,
    struct why *why)
{
	struct node *node = filing->answer.node;
	enum err err;

	if (body.len > 0 && body.ptr[0] == '{') {
		err = objection_parse(body, &filing->claims, why);
		buf_add(claims, body.ptr, body.len);
	} else {
		err = objection_check(body, node->trust, node_hub_time(node),
		    &filing->claims, why);
		(void)jws_peek(body, claims);
	}
	memcpy(filing->about.id, filing->claims.id, sizeof(filing->about.id));
	memcpy(filing->about.subject, filing->claims.subject,
	    sizeof(filing->about.subject));
	return err;
}

void
objections_on_post(struct http_exchange *exchange, void *context)
{
	struct filing *filing = mem_new(sizeof(*filing));
	struct span body = http_body(exchange);
	struct buf claims = {0};
	struct why why = {""};

	answer_init(&filing->answer, context, exchange, "objection");
	filing->answer.then = filing_on_logged;
	filing->answer.release = filing_release;
	if (node_hub_time(context) == 0)
		filing_reject(filing, 503, "not_ready", "Not ready yet",
		    "The hub's time is not known yet.");
	else if (filing_read(filing, body, &claims, &why) != ERR_OK)
		filing_reject(filing, 400, "objection_invalid",
		    "Not a valid objection", why.text);
	else if (strcmp(filing->answer.access.member, filing->claims.subject) !=
		 0) {
		filing->answer.access.rule = PERMIT_MEMBER_KIND;
		answer_problem(&filing->answer, 403, "not_yours", "Not yours",
		    "Only the subject itself objects.");
		filing_log(filing);
	} else
		filing_take(filing, body, buf_span(&claims));
	buf_release(&claims);
}

struct listing {
	struct snapshot *snapshot;
	struct order about;
	struct json_out out;
	size_t limit, count;
	char last[CONSENT_ID_MAX + 1];
	bool more;
};

static bool
list_one(void *context, struct span id, struct span document, bool pending)
{
	struct listing *listing = context;
	struct json_out *out = &listing->out;

	if (listing->count == listing->limit) {
		listing->more = true;
		return false;
	}
	listing->count++;
	if (!pending && id.len <= CONSENT_ID_MAX) {
		memcpy(listing->last, id.ptr, id.len);
		listing->last[id.len] = '\0';
	}
	if (!pending) {
		struct buf whole = {0};

		memcpy(listing->about.id, listing->last,
		    sizeof(listing->about.id));
		filings_print_whole(
		    listing->snapshot, &listing->about, document, &whole);
		json_put_raw(out, NULL, buf_span(&whole));
		buf_release(&whole);
		return true;
	}
	json_open_object(out, NULL);
	json_put_text(out, "id", id);
	json_put_cstr(out, "state", "pending");
	json_put_raw(out, "claims", document);
	if (id.len <= CONSENT_ID_MAX) {
		memset(listing->about.id, 0, sizeof(listing->about.id));
		memcpy(listing->about.id, id.ptr, id.len);
		filings_put_said(listing->snapshot, &listing->about, NULL, out);
	}
	json_close_object(out);
	return true;
}

static bool
read_limit(struct http_exchange *exchange, size_t *limit)
{
	const char *text = http_query(exchange, "limit");
	char *end;

	*limit = LIMIT;
	if (text == NULL)
		return true;
	*limit = strtoul(text, &end, 10);
	return *end == '\0' && *limit >= 1 && *limit <= LIMIT_MAX;
}

void
objections_on_list(struct http_exchange *exchange, void *context)
{
	struct node *node = context;
	const char *after = http_query(exchange, "after");
	const char *subject = http_peer(exchange)->code;
	struct buf body = {0};
	struct listing listing = {.out = {.buf = &body}};
	struct snapshot *snapshot;
	enum err err;

	if (!read_limit(exchange, &listing.limit) ||
	    (after != NULL && !consent_id_is_valid(span_of(after)))) {
		http_reply_problem(exchange, 400, "malformed", "Not a question",
		    "limit: 1 to 500; after: the id of an objection");
		return;
	}
	snapshot = listing.snapshot = store_snapshot(node->store);
	if (strlen(subject) == USCC_LEN)
		memcpy(listing.about.subject, subject, USCC_LEN + 1);
	json_open_object(&listing.out, NULL);
	json_put_cstr(&listing.out, "subject", subject);
	json_open_array(&listing.out, "objections");
	err = filings_each(snapshot, subject, after, list_one, &listing);
	json_close_array(&listing.out);
	if (listing.more && listing.last[0] != '\0')
		json_put_cstr(&listing.out, "next", listing.last);
	json_close_object(&listing.out);
	snapshot_release(snapshot);
	if (err == ERR_OK)
		http_reply(exchange, 200, "application/json", buf_span(&body));
	else
		http_reply_problem(
		    exchange, 503, "not_ready", "The store failed", NULL);
	buf_release(&body);
}
