/*
 * endpoints: what operators and machines watch.
 */
#include "hub/endpoints.h"

#include "base/codec.h"
#include "base/json.h"
#include "base/metric.h"
#include "base/setsum.h"
#include "hub/inquiry.h"
#include "hub/upward.h"

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
