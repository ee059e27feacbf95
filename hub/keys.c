/*
 * keys: the hub's own keys as stream 0000 tells of them.
 */
#include "hub/keys.h"

#include <string.h>

#include "base/codec.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"

#define KEY_TEXT_MAX 64
#define KNOWN_MAX 64

/* One key on stream 0000. */
struct known {
	char key[KEY_TEXT_MAX + 1];
	bool retired;
};

/* One kind of key. */
struct kind {
	const char *subject;
	char current[KEY_TEXT_MAX + 1];
	char next[KEY_TEXT_MAX + 1]; /* "": none */
	bool has_former; /* it has rolled before, says network.json */
	struct known known[KNOWN_MAX];
	size_t known_count;
};

static void
print_hex(const uint8_t raw[32], char out[KEY_TEXT_MAX + 1])
{
	struct buf hex = {0};

	codec_hex(span_make(raw, 32), &hex);
	memcpy(out, buf_cstr(&hex), KEY_TEXT_MAX + 1);
	buf_release(&hex);
}

/* What network.json says of the batch keys. */
static void
read_batch(const struct network *network, struct kind *kind)
{
	kind->subject = CONTROL_KEY_BATCH;
	print_hex(network->batch_key, kind->current);
	if (network->has_next_batch_key)
		print_hex(network->next_batch_key, kind->next);
	kind->has_former = network->former_count > 0;
}

static void
read_curve(const struct network *network, struct kind *kind)
{
	kind->subject = CONTROL_KEY_CURVE;
	memcpy(kind->current, network->hub_curve_key, BUS_KEY_LEN + 1);
	memcpy(kind->next, network->next_hub_curve_key, BUS_KEY_LEN + 1);
}

static enum err
fill_batch(const struct network *network, const char *path, struct kind *kind,
    struct why *why)
{
	struct signer *signer = signer_open(path, why);
	uint8_t raw[32];
	enum err err;

	if (signer == NULL)
		return ERR_CRYPTO;
	err = signer_public(signer, raw);
	signer_free(signer);
	if (err != ERR_OK || memcmp(raw, network->batch_key, sizeof(raw)) != 0)
		return why_set(why, ERR_CRYPTO,
		    "%s is not the batch_key of network.json", path);
	read_batch(network, kind);
	return ERR_OK;
}

static enum err
fill_curve(const struct network *network, const char *path, struct kind *kind,
    struct why *why)
{
	char secret[BUS_KEY_LEN + 1];
	enum err err = network_read_curve(path, true, secret, why);

	if (err != ERR_OK)
		return err;
	read_curve(network, kind);
	if (bus_public_key(secret, kind->current) != ERR_OK)
		err = why_set(why, ERR_CRYPTO, "%s: not a CURVE key", path);
	explicit_bzero(secret, sizeof(secret));
	return err;
}

static enum err
read_known(struct pg *pg, struct kind *kind)
{
	size_t i;

	pg_exec(pg,
	    "SELECT key, state FROM record WHERE stream = '0000'"
	    " AND item = 60004 AND subject = $1 ORDER BY key LIMIT 64",
	    pg_arg_text(span_of(kind->subject)));
	for (i = 0; i < pg_rows(pg) && i < KNOWN_MAX; i++) {
		struct span key = pg_bytes(pg, i, 0);
		struct known *known = &kind->known[kind->known_count];

		if (key.len > KEY_TEXT_MAX)
			continue;
		memcpy(known->key, key.ptr, key.len);
		known->retired = pg_int(pg, i, 1) == RECORD_WITHDRAWN;
		kind->known_count++;
	}
	return pg_has_failed(pg) ? ERR_DATABASE : ERR_OK;
}

static const struct known *
find_known(const struct kind *kind, const char *key)
{
	size_t i;

	for (i = 0; i < kind->known_count; i++)
		if (strcmp(kind->known[i].key, key) == 0)
			return &kind->known[i];
	return NULL;
}

/* Would every node that is up to date take what we seal, or let us in? */
static enum err
check_current(const struct kind *kind, struct why *why)
{
	const struct known *current = find_known(kind, kind->current);
	const struct known *next = find_known(kind, kind->next);
	bool rolls = kind->known_count > 0 || kind->has_former;

	if (rolls && current == NULL)
		return why_set(why, ERR_CRYPTO,
		    "the %s key was never announced: start the hub with the "
		    "one before it, and with this one as the next",
		    kind->subject);
	if ((current != NULL && current->retired) ||
	    (next != NULL && next->retired))
		return why_set(why, ERR_CRYPTO,
		    "the %s key was retired and cannot come again",
		    kind->subject);
	return ERR_OK;
}

static enum err
announce(struct control_round *round, const struct kind *kind, const char *key,
    struct why *why)
{
	struct control_key record = {.subject = kind->subject,
	    .key = span_of(key),
	    .document = span_of("{}")};

	if (key[0] == '\0' || find_known(kind, key) != NULL)
		return ERR_OK;
	log_info("keys.announced", "kind=%s key=%s", kind->subject, key);
	return control_put_key(round, &record, why);
}

/* Where every stream is; answers where stream 0000 is. */
static int64_t
print_bounds(struct pg *pg, struct buf *out)
{
	struct json_out json = {.buf = out};
	int64_t control = 0;
	size_t i;

	pg_query(pg, "SELECT stream, position FROM stream_state"
		     " WHERE position > 0 ORDER BY stream");
	json_open_object(&json, NULL);
	json_open_object(&json, "until");
	for (i = 0; i < pg_rows(pg); i++) {
		char stream[STREAM_LEN + 1] = "";
		struct span name = pg_bytes(pg, i, 0);

		if (name.len != STREAM_LEN)
			continue;
		memcpy(stream, name.ptr, STREAM_LEN);
		json_put_int(&json, stream, pg_int(pg, i, 1));
		if (strcmp(stream, STREAM_CONTROL) == 0)
			control = pg_int(pg, i, 1);
	}
	json_close_object(&json);
	json_close_object(&json);
	return control;
}

static enum err
retire(struct control_round *round, const struct kind *kind, const char *key,
    struct why *why)
{
	struct buf bounds = {0};
	int64_t control = print_bounds(control_round_pg(round), &bounds);
	struct control_key record = {.subject = kind->subject,
	    .key = span_of(key),
	    .document = buf_span(&bounds),
	    .retired = true};
	enum err err = control_put_key(round, &record, why);

	log_info("keys.retired", "kind=%s key=%s until=%lld", kind->subject,
	    key, (long long)control);
	buf_release(&bounds);
	return err;
}

static enum err
announce_both(
    struct control_round *round, const struct kind *kind, struct why *why)
{
	enum err err = announce(round, kind, kind->current, why);

	if (err == ERR_OK)
		err = announce(round, kind, kind->next, why);
	return err;
}

static enum err
settle(struct control_round *round, struct kind *kind, struct why *why)
{
	enum err err = read_known(control_round_pg(round), kind);
	size_t i;

	if (err == ERR_OK)
		err = check_current(kind, why);
	/* Nothing is said of keys before the first roll. */
	if (err == ERR_OK && kind->next[0] != '\0')
		err = announce_both(round, kind, why);
	for (i = 0; i < kind->known_count && err == ERR_OK; i++) {
		const struct known *known = &kind->known[i];

		if (!known->retired && strcmp(known->key, kind->current) != 0 &&
		    strcmp(known->key, kind->next) != 0)
			err = retire(round, kind, known->key, why);
	}
	return err;
}

enum err
keys_settle(struct ledger *ledger, const struct network *network,
    const struct keys_files *files, struct why *why)
{
	struct kind *kinds = mem_new(2 * sizeof(*kinds));
	struct control_round *round;
	enum err ended,
	    err = fill_batch(network, files->batch_key, &kinds[0], why);

	if (err == ERR_OK)
		err = fill_curve(network, files->curve, &kinds[1], why);
	if (err == ERR_OK) {
		round = control_round_begin(ledger);
		err = settle(round, &kinds[0], why);
		if (err == ERR_OK)
			err = settle(round, &kinds[1], why);
		ended = control_round_end(round, why);
		err = err != ERR_OK ? err : ended;
	}
	mem_free(kinds);
	return err;
}

bool
keys_kind_is_known(const char *kind)
{
	return strcmp(kind, CONTROL_KEY_BATCH) == 0 ||
	       strcmp(kind, CONTROL_KEY_CURVE) == 0;
}

enum err
keys_announce(struct control_round *round, const struct network *network,
    const char *kind, struct span key, struct why *why)
{
	struct kind *found = mem_new(sizeof(*found));
	enum err err;

	if (strcmp(kind, CONTROL_KEY_BATCH) == 0)
		read_batch(network, found);
	else
		read_curve(network, found);
	err = read_known(control_round_pg(round), found);
	if (err == ERR_OK && check_current(found, why) != ERR_OK)
		err = ERR_CONFLICT;
	else if (err == ERR_OK &&
		 (found->next[0] == '\0' || !span_is(key, found->next)))
		err = why_set(why, ERR_CONFLICT,
		    "network.json does not name it as the next %s key", kind);
	else if (err == ERR_OK && find_known(found, found->next) != NULL)
		err = why_set(why, ERR_CONFLICT, "it is announced already");
	if (err == ERR_OK)
		err = announce_both(round, found, why);
	mem_free(found);
	return err;
}
