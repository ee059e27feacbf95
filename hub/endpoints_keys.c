/*
 * endpoints: every key of the network, since when and until when.
 */
#include "hub/endpoints.h"

#include <stdio.h>

#include "base/cert.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/json.h"
#include "hub/figure.h"

#define PATH_SIZE 4096

static void
put_end(const char *kind, int64_t end_us, struct json_out *json)
{
	char time[CLOCK_TEXT_MAX];

	if (end_us == 0)
		return;
	json_open_object(json, NULL);
	json_put_cstr(json, "kind", kind);
	json_put_cstr(json, "expires", clock_print(end_us, time));
	json_close_object(json);
}

static void
put_text_key(
    const char *kind, const char *key, const char *next, struct json_out *json)
{
	json_open_object(json, NULL);
	json_put_cstr(json, "kind", kind);
	json_put_cstr(json, "key", key);
	if (next[0] != '\0')
		json_put_cstr(json, "next", next);
	json_close_object(json);
}

/* `next` NULL: none. */
static void
put_raw_key(const char *kind, const uint8_t *key, const uint8_t *next,
    struct json_out *json)
{
	struct buf hex = {0}, next_hex = {0};

	codec_hex(span_make(key, 32), &hex);
	if (next != NULL)
		codec_hex(span_make(next, 32), &next_hex);
	put_text_key(kind, buf_cstr(&hex), buf_cstr(&next_hex), json);
	buf_release(&hex);
	buf_release(&next_hex);
}

/* The hub's own. */
static void
print_own(const struct hub *hub, struct buf *out)
{
	const struct network *network = &hub->network;
	struct json_out json = {.buf = out};
	char path[PATH_SIZE];
	struct identity who;

	json_open_array(&json, NULL);
	snprintf(path, sizeof(path), "%s.crt", hub->settings.stem);
	if (cert_read(path, &who, NULL, NULL) == ERR_OK)
		put_end("certificate", who.not_after_us, &json);
	put_end("ca", trust_until_us(hub->trust), &json);
	put_text_key("curve", network->hub_curve_key,
	    network->next_hub_curve_key, &json);
	put_raw_key("batch", network->batch_key,
	    network->has_next_batch_key ? network->next_batch_key : NULL,
	    &json);
	put_raw_key("catalogue", network->catalogue_key, NULL, &json);
	if (network->has_receipt_key)
		put_raw_key("receipt", network->receipt_key, NULL, &json);
	if (network->has_witness_key)
		put_raw_key("witness", network->witness_key, NULL, &json);
	if (network->has_journal_key)
		put_raw_key("journal", network->journal_key, NULL, &json);
	json_close_array(&json);
}

static void
fill_keys(struct inquiry *inquiry, struct ledger *ledger)
{
	struct buf own = {0};

	print_own(inquiry->hub, &own);
	FIGURE(inquiry, ledger,
	    "SELECT console_keys($1::json, $2::integer)::text",
	    pg_arg_text(buf_span(&own)),
	    pg_arg_int(inquiry->hub->settings.key_days));
	buf_release(&own);
}

void
keys_on_list(struct http_exchange *exchange, void *context)
{
	figure_ask(exchange, context, fill_keys);
}
