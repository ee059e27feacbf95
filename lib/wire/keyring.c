/*
 * keyring: the keys that may have sealed a batch, and up to where each may.
 */
#include "wire/keyring.h"

#include <pthread.h>
#include <string.h>

#include "base/codec.h"
#include "base/json.h"
#include "base/mem.h"

#define BOUNDS_MAX 10000 /* as many streams as four digits can name */

struct bound {
	char stream[STREAM_LEN + 1];
	uint64_t until;
};

struct held_key {
	uint8_t raw[32], id[SIGN_KEY_ID_LEN];
	struct verifier *verifier;
	bool retired;
	bool told; /* stream 0000 has told every bound */
	struct bound *bounds;
	size_t bound_count;
};

struct keyring {
	pthread_mutex_t lock;
	struct held_key keys[KEYRING_MAX];
	size_t count;
	uint64_t serial;
};

struct keyring *
keyring_new(void)
{
	struct keyring *keyring = mem_new(sizeof(*keyring));

	pthread_mutex_init(&keyring->lock, NULL);
	return keyring;
}

struct keyring *
keyring_of(const uint8_t raw_key[32])
{
	struct keyring *keyring = keyring_new();

	keyring_trust(keyring, raw_key);
	return keyring;
}

void
keyring_free(struct keyring *keyring)
{
	size_t i;

	if (keyring == NULL)
		return;
	for (i = 0; i < keyring->count; i++) {
		verifier_free(keyring->keys[i].verifier);
		mem_free(keyring->keys[i].bounds);
	}
	pthread_mutex_destroy(&keyring->lock);
	mem_free(keyring);
}

/* The key, made when it is new; NULL: there are too many. */
static struct held_key *
keyring_hold(struct keyring *keyring, const uint8_t raw_key[32])
{
	struct held_key *key;
	size_t i;

	for (i = 0; i < keyring->count; i++)
		if (memcmp(keyring->keys[i].raw, raw_key, 32) == 0)
			return &keyring->keys[i];
	if (keyring->count == KEYRING_MAX)
		return NULL;
	keyring->serial++;
	key = &keyring->keys[keyring->count++];
	memcpy(key->raw, raw_key, 32);
	sign_key_id(raw_key, key->id);
	key->verifier = verifier_new(raw_key);
	return key;
}

static struct held_key *
keyring_find(struct keyring *keyring, struct span id)
{
	size_t i;

	for (i = 0; i < keyring->count; i++)
		if (span_equal(
			id, span_make(keyring->keys[i].id, SIGN_KEY_ID_LEN)))
			return &keyring->keys[i];
	return NULL;
}

void
keyring_trust(struct keyring *keyring, const uint8_t raw_key[32])
{
	pthread_mutex_lock(&keyring->lock);
	(void)keyring_hold(keyring, raw_key);
	pthread_mutex_unlock(&keyring->lock);
}

static void
key_bound(struct held_key *key, const char *stream, uint64_t until)
{
	struct bound *bound;

	key->bounds = mem_grow(
	    key->bounds, (key->bound_count + 1) * sizeof(*key->bounds));
	bound = &key->bounds[key->bound_count++];
	memcpy(bound->stream, stream, STREAM_LEN + 1);
	bound->until = until;
}

void
keyring_trust_former(
    struct keyring *keyring, const uint8_t raw_key[32], uint64_t until)
{
	struct held_key *key;

	pthread_mutex_lock(&keyring->lock);
	key = keyring_hold(keyring, raw_key);
	if (key != NULL && !key->retired) {
		keyring->serial++;
		key->retired = true;
		key_bound(key, STREAM_CONTROL, until);
	}
	pthread_mutex_unlock(&keyring->lock);
}

static bool
take_bound(void *context, const char *name, const struct json *value)
{
	struct held_key *key = context;
	int64_t until = json_int(value, -1);

	if (strlen(name) != STREAM_LEN || until < 0 ||
	    key->bound_count == BOUNDS_MAX)
		return false;
	key_bound(key, name, (uint64_t)until);
	return true;
}

static bool
parse_bounds(struct span document, struct held_key *into)
{
	struct json *root = json_parse(document, NULL);
	const struct json *until = json_find(root, "until");
	bool good = json_is_object(until) && json_each(until, take_bound, into);

	json_free(root);
	return good;
}

/* That it was announced says nothing of one that is known as retired: the
 * stream is read from long ago, and no key comes back. */
static void
keyring_settle(struct keyring *keyring, const uint8_t raw_key[32],
    const struct held_key *news)
{
	struct held_key *key;

	pthread_mutex_lock(&keyring->lock);
	key = keyring_hold(keyring, raw_key);
	if (key != NULL && news->retired) {
		keyring->serial++;
		mem_free(key->bounds);
		key->bounds = news->bounds;
		key->bound_count = news->bound_count;
		key->retired = true;
		key->told = true;
	} else {
		mem_free(news->bounds);
	}
	pthread_mutex_unlock(&keyring->lock);
}

enum err
keyring_take(struct keyring *keyring, struct span hex, bool retired,
    struct span document)
{
	struct held_key news = {.retired = retired};
	struct buf raw = {0};
	bool good = codec_parse_hex(hex, &raw) && raw.len == 32 &&
		    (!retired || parse_bounds(document, &news));

	if (good)
		keyring_settle(keyring, (const uint8_t *)raw.data, &news);
	else
		mem_free(news.bounds);
	buf_release(&raw);
	return good ? ERR_OK : ERR_INVALID;
}

static bool
key_may_seal(const struct held_key *key, const struct batch_header *header)
{
	size_t i;

	if (!key->retired)
		return true;
	for (i = 0; i < key->bound_count; i++)
		if (strcmp(key->bounds[i].stream, header->stream) == 0)
			return header->last <= key->bounds[i].until;
	return !key->told;
}

static enum err
check_locked(struct keyring *keyring, const struct sealed *sealed,
    struct batch_header *header, struct why *why)
{
	const struct held_key *key = keyring_find(keyring, sealed->key_id);

	if (key == NULL)
		return why_set(why, ERR_INVALID, "sealed by an unknown key");
	if (!verifier_check(key->verifier, sealed->header, sealed->signature))
		return why_set(why, ERR_INVALID, "wrong signature of a batch");
	if (batch_header_parse(sealed->header, header) != ERR_OK)
		return why_set(why, ERR_INVALID, "malformed batch header");
	if (!key_may_seal(key, header))
		return why_set(why, ERR_INVALID,
		    "sealed by a key that was retired before it");
	return ERR_OK;
}

enum err
keyring_check(struct keyring *keyring, const struct sealed *sealed,
    struct batch_header *header, struct why *why)
{
	enum err err;

	pthread_mutex_lock(&keyring->lock);
	err = check_locked(keyring, sealed, header, why);
	pthread_mutex_unlock(&keyring->lock);
	return err;
}

uint64_t
keyring_serial(struct keyring *keyring)
{
	uint64_t serial;

	pthread_mutex_lock(&keyring->lock);
	serial = keyring->serial;
	pthread_mutex_unlock(&keyring->lock);
	return serial;
}

const struct verifier *
keyring_live(struct keyring *keyring, size_t index)
{
	const struct verifier *verifier = NULL;
	size_t i;

	pthread_mutex_lock(&keyring->lock);
	for (i = 0; i < keyring->count && verifier == NULL; i++)
		if (!keyring->keys[i].retired && index-- == 0)
			verifier = keyring->keys[i].verifier;
	pthread_mutex_unlock(&keyring->lock);
	return verifier;
}
