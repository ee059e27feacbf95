/*
 * world: what stream 0000 says of the network: catalogue and member list.
 */
#include "node/world.h"

#include <stdlib.h>

#include "base/jws.h"
#include "base/log.h"
#include "node/control.h"

#define CATALOGUE_TYPE "rongxin-catalogue+jws"

struct world_reading {
	struct world *world;
	size_t size;
};

static void
world_on_member(void *context, struct span document)
{
	struct world_reading *reading = context;
	struct world *world = reading->world;
	struct why why = {""};

	if (world->member_count == reading->size) {
		reading->size = reading->size == 0 ? 16 : reading->size * 2;
		world->members = mem_grow(
		    world->members, reading->size * sizeof(*world->members));
	}
	if (member_parse(
		document, &world->members[world->member_count], &why) == ERR_OK)
		world->member_count++;
	else
		log_warn("world.member", "ignored=1 why=\"%s\"", why.text);
}

static void
world_on_key(void *context, const struct control_key_row *row)
{
	struct world *world = context;
	struct world_key *key;

	if (!span_is(row->subject, CONTROL_KEY_CURVE) ||
	    row->key.len != BUS_KEY_LEN)
		return;
	world->hub_keys = mem_grow(world->hub_keys,
	    (world->hub_key_count + 1) * sizeof(*world->hub_keys));
	key = &world->hub_keys[world->hub_key_count++];
	memcpy(key->key, row->key.ptr, BUS_KEY_LEN);
	key->key[BUS_KEY_LEN] = '\0';
	key->retired = row->retired;
}

static int
member_order(const void *a, const void *b)
{
	const struct member *left = a, *right = b;

	return strcmp(left->code, right->code);
}

static enum err
world_read_catalogue(struct world *world, struct snapshot *snapshot,
    const struct verifier *key, struct why *why)
{
	struct buf jws = {0}, json = {0};
	struct why fault = {""};
	enum err err = control_catalogue(snapshot, &jws, why);

	if (err == ERR_OK) {
		if (jws_check_with_key(buf_span(&jws), CATALOGUE_TYPE, key,
			&json, &fault) == ERR_OK)
			world->catalog = catalog_parse(buf_span(&json), &fault);
		if (world->catalog == NULL)
			log_error("world.catalogue", "why=\"%s\"", fault.text);
	}
	buf_release(&jws);
	buf_release(&json);
	return err == ERR_MISSING ? ERR_OK : err;
}

struct world *
world_read(struct snapshot *snapshot, const struct verifier *catalogue_key,
    const char *own_code, struct why *why)
{
	struct world *world = mem_new(sizeof(*world));
	struct world_reading reading = {world, 0};
	enum err err;

	err = control_each_member(snapshot, world_on_member, &reading, why);
	if (err == ERR_OK)
		err = control_each_key(snapshot, world_on_key, world, why);
	if (err == ERR_OK)
		err = world_read_catalogue(world, snapshot, catalogue_key, why);
	if (err != ERR_OK) {
		world_free(world);
		return NULL;
	}
	if (world->member_count > 0)
		qsort(world->members, world->member_count,
		    sizeof(*world->members), member_order);
	world->self = world_find(world, own_code);
	return world;
}

void
world_free(void *object)
{
	struct world *world = object;

	if (world == NULL)
		return;
	catalog_free(world->catalog);
	mem_free(world->members);
	mem_free(world->hub_keys);
	mem_free(world);
}

static int
member_compare(const void *code, const void *member)
{
	return strcmp(code, ((const struct member *)member)->code);
}

const struct member *
world_find(const struct world *world, const char *code)
{
	if (world == NULL || world->member_count == 0)
		return NULL;
	return bsearch(code, world->members, world->member_count,
	    sizeof(*world->members), member_compare);
}

const struct member *
world_find_platform(const struct world *world, const char *curve_key)
{
	const struct member *member;
	size_t i;

	for (i = 0; world != NULL && i < world->member_count; i++) {
		member = &world->members[i];
		if (member->kind == MEMBER_PLATFORM &&
		    member->status == MEMBER_ACTIVE &&
		    member_has_key(member, curve_key))
			return member;
	}
	return NULL;
}

bool
world_holds(const struct world *world, const char *stream)
{
	return strcmp(stream, STREAM_CONTROL) == 0 ||
	       (world != NULL && world->self != NULL &&
		   member_holds(world->self, stream));
}
