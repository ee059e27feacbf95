/*
 * endpoints: what operators and machines watch.
 */
#include "hub/endpoints.h"

#include "base/codec.h"
#include "base/json.h"
#include "base/metric.h"
#include "base/setsum.h"
#include "hub/inquiry.h"
#include "hub/pattern.h"
#include "hub/pull.h"
#include "hub/upward.h"
#include "hub/usage.h"
#include "hub/witness.h"
#include "wire/manual.h"

#define USAGE_MAX 5000
#define USAGE_DAYS 30

static void
print_stream(struct pg *pg, size_t row, struct json_out *json)
{
	struct buf head = {0};
	struct setsum sum = {0};
	struct digest state;
	char hex[DIGEST_HEX_LEN + 1];

	codec_hex(pg_bytes(pg, row, 2), &head);
	(void)setsum_parse(pg_bytes(pg, row, 3), &sum);
	state = setsum_digest(&sum);
	json_open_object(json, NULL);
	json_put_text(json, "stream", pg_bytes(pg, row, 0));
	json_put_int(json, "position", pg_int(pg, row, 1));
	json_put_text(json, "head", buf_span(&head));
	json_put_cstr(json, "state", digest_print(&state, hex));
	json_put_int(json, "records", pg_int(pg, row, 4));
	json_close_object(json);
	buf_release(&head);
}

static void
print_streams(struct pg *pg, struct buf *out)
{
	struct json_out json = {.buf = out};
	size_t i;

	json_open_object(&json, NULL);
	json_open_array(&json, "streams");
	for (i = 0; i < pg_rows(pg); i++)
		print_stream(pg, i, &json);
	json_close_array(&json);
	json_close_object(&json);
}

static void
fill_streams(struct inquiry *inquiry, struct ledger *ledger)
{
	struct pg *pg = ledger_pg(ledger);

	pg_begin(pg);
	pg_query(pg,
	    "SELECT stream, position, head, setsum, records FROM stream_state"
	    " WHERE position > 0 ORDER BY stream");
	if (!pg_has_failed(pg))
		print_streams(pg, &inquiry->answer.body);
	if (pg_end(pg, true) != ERR_OK)
		answer_fail(&inquiry->answer, ERR_DATABASE, "no database");
}

void
watch_on_streams(struct http_exchange *exchange, void *context)
{
	struct hub *hub = context;
	struct member who;

	if (inquiry_admit(exchange, hub, &who))
		inquiry_post(inquiry_new(exchange, hub, &who, fill_streams));
}

static void
fill_nodes(struct inquiry *inquiry, struct ledger *ledger)
{
	const struct members *members = shared_hold(inquiry->hub->members);
	struct pg *pg = ledger_pg(ledger);
	enum err err;

	pg_begin(pg);
	err = upward_print_nodes(pg, members, &inquiry->answer.body);
	shared_drop(inquiry->hub->members, members);
	if (pg_end(pg, true) != ERR_OK || err != ERR_OK)
		answer_fail(&inquiry->answer, ERR_DATABASE, "no database");
}

void
watch_on_nodes(struct http_exchange *exchange, void *context)
{
	struct hub *hub = context;
	struct member who;

	if (inquiry_admit_operator(exchange, hub, &who))
		inquiry_post(inquiry_new(exchange, hub, &who, fill_nodes));
}

static void
fill_checkpoint(struct inquiry *inquiry, struct ledger *ledger)
{
	struct pg *pg = ledger_pg(ledger);
	enum err err;

	pg_begin(pg);
	err = witness_print(pg, inquiry->id, &inquiry->answer.body);
	inquiry->answer.content_type = "text/plain; charset=utf-8";
	if (pg_end(pg, true) != ERR_OK || err == ERR_DATABASE)
		answer_fail(&inquiry->answer, ERR_DATABASE, "no database");
	else if (err == ERR_MISSING)
		answer_fail(&inquiry->answer, ERR_MISSING,
		    "no witnessed checkpoint of that node");
}

/* For any member: who compares it with what the node shows him knows whether
 * he is shown another trail than the hub. */
void
watch_on_checkpoint(struct http_exchange *exchange, void *context)
{
	const char *code = http_path_param(exchange, "code");
	struct hub *hub = context;
	struct inquiry *inquiry;
	struct member who;

	if (!inquiry_admit(exchange, hub, &who))
		return;
	if (!member_code_is_valid(span_of(code))) {
		http_reply_problem(
		    exchange, 404, "not_found", "No such node", NULL);
		return;
	}
	inquiry = inquiry_new(exchange, hub, &who, fill_checkpoint);
	memcpy(inquiry->id, code, strlen(code) + 1);
	inquiry_post(inquiry);
}

static void
fill_usage(struct inquiry *inquiry, struct ledger *ledger)
{
	struct pg *pg = ledger_pg(ledger);
	const struct usage_question question = {.node = inquiry->id,
	    .member = inquiry->provider,
	    .item = inquiry->item,
	    .from = inquiry->from,
	    .to = inquiry->to,
	    .after = inquiry->after,
	    .limit = inquiry->limit};
	enum err err;

	pg_begin(pg);
	err = usage_print(pg, &question, &inquiry->answer.body);
	if (pg_end(pg, true) != ERR_OK || err != ERR_OK)
		answer_fail(&inquiry->answer, ERR_DATABASE, "no database");
}

/* Into `code`, "" when the query does not name one; false: too long. */
static bool
query_code(const struct http_exchange *exchange, const char *name,
    char code[MEMBER_CODE_MAX + 1])
{
	const char *text = http_query(exchange, name);

	code[0] = '\0';
	if (text == NULL)
		return true;
	if (!member_code_is_valid(span_of(text)))
		return false;
	memcpy(code, text, strlen(text) + 1);
	return true;
}

/* False: something of the query is not what it should be. */
static bool
read_usage_question(
    const struct http_exchange *exchange, struct inquiry *inquiry)
{
	int64_t item = inquiry_number(exchange, "item", 0, 0);

	inquiry->after = inquiry_number(exchange, "after", 0, 0);
	inquiry->limit = inquiry_number(exchange, "limit", 1000, 1);
	if (item < 0 || item > CATALOG_ITEM_MAX || inquiry->after < 0 ||
	    inquiry->limit < 0)
		return false;
	inquiry->item = (uint32_t)item;
	if (inquiry->limit > USAGE_MAX)
		inquiry->limit = USAGE_MAX;
	return query_code(exchange, "node", inquiry->id) &&
	       query_code(exchange, "member", inquiry->provider) &&
	       inquiry_day(exchange, "from", USAGE_DAYS, inquiry->from) &&
	       inquiry_day(exchange, "to", 0, inquiry->to);
}

void
watch_on_usage(struct http_exchange *exchange, void *context)
{
	struct hub *hub = context;
	struct inquiry *inquiry;
	struct member who;

	if (!inquiry_admit_operator(exchange, hub, &who))
		return;
	inquiry = inquiry_new(exchange, hub, &who, fill_usage);
	if (read_usage_question(exchange, inquiry)) {
		inquiry_post(inquiry);
		return;
	}
	inquiry_free(inquiry);
	answer_problem(exchange, 400, "malformed",
	    "node, member: codes; item, after, limit: numbers; from, to: days");
}

static void
fill_patterns(struct inquiry *inquiry, struct ledger *ledger)
{
	struct pg *pg = ledger_pg(ledger);
	const struct pattern_question question = {.node = inquiry->id,
	    .member = inquiry->provider,
	    .kind = (enum abuse_kind)inquiry->item,
	    .from = inquiry->from,
	    .to = inquiry->to,
	    .after = inquiry->after,
	    .limit = inquiry->limit};
	enum err err;

	pg_begin(pg);
	err = pattern_print(pg, &question, &inquiry->answer.body);
	if (pg_end(pg, true) != ERR_OK || err != ERR_OK)
		answer_fail(&inquiry->answer, ERR_DATABASE, "no database");
}

/* The same filters, but for the kind. */
static bool
read_pattern_question(
    const struct http_exchange *exchange, struct inquiry *inquiry)
{
	const char *kind = http_query(exchange, "kind");

	if (http_query(exchange, "item") != NULL ||
	    !read_usage_question(exchange, inquiry))
		return false;
	if (kind != NULL)
		inquiry->item = abuse_parse(span_of(kind));
	return kind == NULL || inquiry->item != ABUSE_NONE;
}

void
watch_on_patterns(struct http_exchange *exchange, void *context)
{
	struct hub *hub = context;
	struct inquiry *inquiry;
	struct member who;

	if (!inquiry_admit_operator(exchange, hub, &who))
		return;
	inquiry = inquiry_new(exchange, hub, &who, fill_patterns);
	if (read_pattern_question(exchange, inquiry)) {
		inquiry_post(inquiry);
		return;
	}
	inquiry_free(inquiry);
	answer_problem(exchange, 400, "malformed",
	    "node, member: codes; kind: its name; after, limit: numbers; "
	    "from, to: days");
}

void
watch_on_sources(struct http_exchange *exchange, void *context)
{
	const struct hub *hub = context;
	struct member who;
	struct buf body = {0};

	if (!inquiry_admit(exchange, hub, &who))
		return;
	if (who.kind != MEMBER_OPERATOR && who.kind != MEMBER_DEPARTMENT) {
		answer_problem(exchange, 403, "member_kind", NULL);
		return;
	}
	pull_print(
	    hub->pull, who.kind == MEMBER_OPERATOR ? NULL : who.code, &body);
	http_reply(exchange, 200, "application/json", buf_span(&body));
	buf_release(&body);
}

MANUAL_FILE(hub_manual, "docs/api/hub.json");

void
watch_on_manual(struct http_exchange *exchange, void *context)
{
	struct member who;

	if (inquiry_admit(exchange, context, &who))
		manual_reply(exchange, MANUAL_SPAN(hub_manual));
}

void
watch_on_metrics(struct http_exchange *exchange, void *context)
{
	struct member who;
	struct buf body = {0};

	if (!inquiry_admit(exchange, context, &who))
		return;
	metric_print(&body);
	http_reply(exchange, 200, "text/plain; version=0.0.4; charset=utf-8",
	    buf_span(&body));
	buf_release(&body);
}

void
watch_on_alive(struct http_exchange *exchange, void *context)
{
	struct member who;

	if (inquiry_admit(exchange, context, &who))
		http_reply(exchange, 200, "application/json",
		    span_of("{\"status\":\"alive\"}"));
}

static void
fill_ready(struct inquiry *inquiry, struct ledger *ledger)
{
	struct pg *pg = ledger_pg(ledger);
	const struct catalogue *catalogue =
	    shared_hold(inquiry->hub->catalogue);
	bool has_catalogue = catalogue != NULL;

	shared_drop(inquiry->hub->catalogue, catalogue);
	pg_begin(pg);
	pg_query(pg, "SELECT 1");
	if (pg_end(pg, true) != ERR_OK)
		answer_refuse(
		    &inquiry->answer, 503, "not_ready", "no database");
	else if (!has_catalogue)
		answer_refuse(
		    &inquiry->answer, 503, "not_ready", "no catalogue yet");
	else
		buf_text(&inquiry->answer.body, "{\"status\":\"ready\"}");
}

void
watch_on_ready(struct http_exchange *exchange, void *context)
{
	struct hub *hub = context;
	struct member who;

	if (inquiry_admit(exchange, hub, &who))
		inquiry_post(inquiry_new(exchange, hub, &who, fill_ready));
}
