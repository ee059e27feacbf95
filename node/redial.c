/*
 * redial: which key the parent is expected to have.
 */
#include "node/redial.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "node/world.h"

#define PATH_SIZE 4096
/* A handshake is given up after 3 s. */
#define PATIENCE_US (4 * CLOCK_SECOND)
#define KEYS_MAX 16

struct redial {
	struct redial_settings settings;
	char path[PATH_SIZE];
	char set[BUS_KEY_LEN + 1];  /* by the operator */
	char key[BUS_KEY_LEN + 1];  /* that is tried, or works */
	char kept[BUS_KEY_LEN + 1]; /* in the file, or what was set */
	/* Whose it is, once stream 0000 told; "": not known, or the hub's. */
	char code[MEMBER_CODE_MAX + 1];
	bool connected;
	int64_t since_us; /* monotonic: since when it is tried */
};

/* The keys that one party has. */
struct keys {
	const char *list[KEYS_MAX];
	size_t count;
	bool has; /* the key in question is among them, or was */
};

static bool
is_key(const char *text)
{
	return strlen(text) == BUS_KEY_LEN;
}

/* "SET\nKEPT\n", perhaps "CODE\n"; anything else counts as no file. */
static void
read_kept(struct redial *redial)
{
	const size_t keys = 2 * (BUS_KEY_LEN + 1);
	struct buf text = {0};
	size_t len;

	if (file_read(redial->path, 256, &text, NULL) == ERR_OK &&
	    text.len >= keys &&
	    memcmp(text.data, redial->set, BUS_KEY_LEN) == 0) {
		memcpy(redial->key, text.data + BUS_KEY_LEN + 1, BUS_KEY_LEN);
		len = text.len > keys ? text.len - keys - 1 : 0;
		if (member_code_is_valid(span_make(text.data + keys, len)))
			memcpy(redial->code, text.data + keys, len);
	}
	buf_release(&text);
}

struct redial *
redial_new(const struct redial_settings *settings)
{
	struct redial *redial = mem_new(sizeof(*redial));

	redial->settings = *settings;
	file_path(redial->path, PATH_SIZE, settings->folder, "parent.keys");
	snprintf(redial->set, sizeof(redial->set), "%s", settings->parent_key);
	memcpy(redial->key, redial->set, sizeof(redial->key));
	if (is_key(redial->set))
		read_kept(redial);
	memcpy(redial->kept, redial->key, sizeof(redial->kept));
	redial->since_us = clock_tick_us();
	return redial;
}

void
redial_free(struct redial *redial)
{
	mem_free(redial);
}

const char *
redial_key(const struct redial *redial)
{
	return redial->key;
}

static void
keep(struct redial *redial)
{
	struct why why = {""};
	struct buf text = {0};

	buf_print(&text, "%s\n%s\n", redial->set, redial->key);
	if (redial->code[0] != '\0')
		buf_print(&text, "%s\n", redial->code);
	if (file_replace(redial->path, buf_span(&text), 0600, &why) == ERR_OK)
		memcpy(redial->kept, redial->key, sizeof(redial->kept));
	else
		log_warn("node.parent_key", "why=\"%s\"", why.text);
	buf_release(&text);
}

/* As long as somebody has the key: after a roll nobody does. */
static void
learn_code(struct redial *redial, const struct world *world)
{
	const struct member *parent = world_find_platform(world, redial->key);

	if (parent == NULL || strcmp(parent->code, redial->code) == 0)
		return;
	memcpy(redial->code, parent->code, sizeof(redial->code));
	keep(redial);
}

void
redial_on_link(struct redial *redial, bool connected)
{
	const struct world *world = shared_hold(redial->settings.world);

	redial->connected = connected;
	redial->since_us = clock_tick_us();
	if (connected && strcmp(redial->key, redial->kept) != 0) {
		log_info("node.parent_key", "changed=1 key=%s", redial->key);
		keep(redial);
	}
	learn_code(redial, world);
	shared_drop(redial->settings.world, world);
}

static void
keys_add(struct keys *keys, const char *key)
{
	if (is_key(key) && keys->count < KEYS_MAX)
		keys->list[keys->count++] = key;
}

static const struct world_key *
find_hub_key(const struct world *world, const char *key)
{
	size_t i;

	for (i = 0; world != NULL && i < world->hub_key_count; i++)
		if (strcmp(world->hub_keys[i].key, key) == 0)
			return &world->hub_keys[i];
	return NULL;
}

/* The file counts until stream 0000 says otherwise. */
static void
hub_keys(
    const struct redial *redial, const struct world *world, struct keys *keys)
{
	const struct network *network = redial->settings.network;
	const char *const roots[] = {
	    network->hub_curve_key, network->next_hub_curve_key};
	size_t i;

	keys->has = find_hub_key(world, redial->key) != NULL;
	for (i = 0; world != NULL && i < world->hub_key_count; i++)
		if (!world->hub_keys[i].retired)
			keys_add(keys, world->hub_keys[i].key);
	for (i = 0; i < 2; i++) {
		keys->has |= strcmp(roots[i], redial->key) == 0;
		if (find_hub_key(world, roots[i]) == NULL)
			keys_add(keys, roots[i]);
	}
}

static void
platform_keys(
    const struct redial *redial, const struct world *world, struct keys *keys)
{
	const struct member *parent = world_find_platform(world, redial->key);

	if (parent == NULL && redial->code[0] != '\0')
		parent = world_find(world, redial->code);
	*keys = (struct keys){.has = parent != NULL &&
				     parent->kind == MEMBER_PLATFORM &&
				     parent->status == MEMBER_ACTIVE};
	if (!keys->has)
		return;
	keys_add(keys, parent->curve_key);
	keys_add(keys, parent->next_curve_key);
}

/* The one behind the key that does not work, if there is another. */
static const char *
next_key(const struct keys *keys, const char *key)
{
	size_t i = 0;

	if (!keys->has || keys->count == 0)
		return NULL;
	while (i < keys->count && strcmp(keys->list[i], key) != 0)
		i++;
	if (i == keys->count)
		return keys->list[0];
	return keys->count > 1 ? keys->list[(i + 1) % keys->count] : NULL;
}

void
redial_tick(struct redial *redial, struct bus *bus)
{
	const struct world *world;
	struct keys keys = {0};
	const char *next;

	if (redial->connected ||
	    clock_tick_us() - redial->since_us < PATIENCE_US)
		return;
	redial->since_us = clock_tick_us();
	world = shared_hold(redial->settings.world);
	learn_code(redial, world);
	hub_keys(redial, world, &keys);
	if (!keys.has)
		platform_keys(redial, world, &keys);
	next = next_key(&keys, redial->key);
	if (next != NULL) {
		memcpy(redial->key, next, sizeof(redial->key));
		bus_dial(bus, redial->key);
	}
	shared_drop(redial->settings.world, world);
}
