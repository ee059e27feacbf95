/*
 * endpoints: every key of the network, since when and until when; and the
 * begin of a roll of the hub's own.
 */
#include "hub/endpoints.h"

#include <stdio.h>
#include <string.h>

#include "base/cert.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/json.h"
#include "hub/action.h"
#include "hub/figure.h"
#include "hub/inquiry.h"
#include "hub/keys.h"

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

/* A key, what network.json says of it by now, and the one after it. */
struct shown {
	const char *kind, *key, *named, *next;
};

static void
put_rolling(const struct shown *shown, struct json_out *json)
{
	json_open_object(json, NULL);
	json_put_cstr(json, "kind", shown->kind);
	json_put_cstr(json, "key", shown->key);
	if (strcmp(shown->key, shown->named) != 0) {
		json_put_cstr(json, "next", shown->named);
		json_put_bool(json, "start", true);
	} else if (shown->next[0] != '\0') {
		json_put_cstr(json, "next", shown->next);
	}
	json_close_object(json);
}

static void
put_text_key(const char *kind, const char *key, struct json_out *json)
{
	json_open_object(json, NULL);
	json_put_cstr(json, "kind", kind);
	json_put_cstr(json, "key", key);
	json_close_object(json);
}

static void
put_raw_key(const char *kind, const uint8_t *key, struct json_out *json)
{
	struct buf hex = {0};

	codec_hex(span_make(key, 32), &hex);
	put_text_key(kind, buf_cstr(&hex), json);
	buf_release(&hex);
}

/* Those that roll: as the process has them, and as network.json has them. */
static void
put_rolling_keys(const struct network *ours, const struct network *named,
    struct json_out *json)
{
	struct buf key = {0}, current = {0}, next = {0};

	put_rolling(&(struct shown){CONTROL_KEY_CURVE, ours->hub_curve_key,
			named->hub_curve_key, named->next_hub_curve_key},
	    json);
	codec_hex(span_make(ours->batch_key, 32), &key);
	codec_hex(span_make(named->batch_key, 32), &current);
	if (named->has_next_batch_key)
		codec_hex(span_make(named->next_batch_key, 32), &next);
	put_rolling(&(struct shown){CONTROL_KEY_BATCH, buf_cstr(&key),
			buf_cstr(&current), buf_cstr(&next)},
	    json);
	buf_release(&key);
	buf_release(&current);
	buf_release(&next);
}

/* The hub's own.  A network.json that cannot be read now tells nothing new. */
static void
print_own(const struct hub *hub, struct buf *out)
{
	const struct network *network = &hub->network;
	struct network named = {0};
	bool is_read =
	    network_read(hub->settings.network, &named, NULL) == ERR_OK;
	struct json_out json = {.buf = out};
	char path[PATH_SIZE];
	struct identity who;

	json_open_array(&json, NULL);
	snprintf(path, sizeof(path), "%s.crt", hub->settings.stem);
	if (cert_read(path, &who, NULL, NULL) == ERR_OK)
		put_end("certificate", who.not_after_us, &json);
	put_end("ca", trust_until_us(hub->trust), &json);
	put_rolling_keys(network, is_read ? &named : network, &json);
	put_raw_key("catalogue", network->catalogue_key, &json);
	if (network->has_receipt_key)
		put_raw_key("receipt", network->receipt_key, &json);
	if (network->has_witness_key)
		put_raw_key("witness", network->witness_key, &json);
	if (network->has_journal_key)
		put_raw_key("journal", network->journal_key, &json);
	json_close_array(&json);
	if (is_read)
		network_release(&named);
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

static void
note_roll(struct pg *pg, const char *who, const char *kind, struct span key)
{
	struct buf detail = {0};
	struct json_out json = {.buf = &detail};

	json_open_object(&json, NULL);
	json_put_cstr(&json, "kind", kind);
	json_put_text(&json, "next", key);
	json_close_object(&json);
	action_note(pg, who, "key", "hub", buf_span(&detail));
	buf_release(&detail);
}

/* The key is a name only: what it must be is in network.json, on the hub's
 * machine, where its secret was made. */
static enum err
announce_key(struct inquiry *inquiry, struct ledger *ledger, struct span key,
    struct why *why)
{
	const struct hub *hub = inquiry->hub;
	struct control_round *round;
	struct network named;
	enum err err, ended;

	if (network_read(hub->settings.network, &named, why) != ERR_OK)
		return ERR_CONFLICT;
	round = control_round_begin(ledger);
	if (memcmp(named.batch_key, hub->network.batch_key, 32) != 0 ||
	    strcmp(named.hub_curve_key, hub->network.hub_curve_key) != 0)
		err = why_set(why, ERR_CONFLICT,
		    "the hub is to be started with the keys that it has now");
	else
		err = keys_announce(round, &named, inquiry->id, key, why);
	if (err == ERR_OK)
		note_roll(control_round_pg(round), inquiry->who.code,
		    inquiry->id, key);
	ended = control_round_end(round, why);
	network_release(&named);
	return err != ERR_OK ? err : ended;
}

/* Kind in `id`. */
static void
fill_roll(struct inquiry *inquiry, struct ledger *ledger)
{
	static const char *const names[] = {"key", NULL};
	struct json *root = json_parse(buf_span(&inquiry->body), NULL);
	struct span key = json_text(json_find(root, "key"));
	struct json_out json = {.buf = &inquiry->answer.body};
	struct why why = {""};
	enum err err = ERR_INVALID;

	if (json_is_object(root) && json_has_only(root, names, NULL) &&
	    key.ptr != NULL)
		err = announce_key(inquiry, ledger, key, &why);
	if (err == ERR_CONFLICT) {
		answer_refuse(
		    &inquiry->answer, 409, "key_state", "%s", why.text);
	} else if (err != ERR_OK) {
		answer_fail(&inquiry->answer, err,
		    err == ERR_INVALID ? "key: the public key that is next"
				       : why.text);
	} else {
		json_open_object(&json, NULL);
		json_put_cstr(&json, "kind", inquiry->id);
		json_put_text(&json, "next", key);
		json_close_object(&json);
		publish_wake(inquiry->hub->publish);
		news_tell(inquiry->hub->news, NEWS_MEMBERS);
		news_tell(inquiry->hub->news, NEWS_ACTIONS);
	}
	json_free(root);
}

void
keys_on_roll(struct http_exchange *exchange, void *context)
{
	const char *kind = http_path_param(exchange, "kind");
	struct inquiry *inquiry;
	struct member who;

	if (!inquiry_admit_actor(exchange, context, &who))
		return;
	if (!keys_kind_is_known(kind)) {
		answer_problem(exchange, 404, "not_found", NULL);
		return;
	}
	inquiry = inquiry_new(exchange, context, &who, fill_roll);
	strcpy(inquiry->id, kind);
	inquiry_post(inquiry);
}
