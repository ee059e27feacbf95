/*
 * door: what a county's platform, which holds no enterprises, says of itself.
 */
#include "node/door.h"

#include <stdio.h>

#include "credit/holder.h"
#include "credit/region.h"

#define DETAIL_MAX (MEMBER_NAME_MAX + MEMBER_URL_MAX + 64)

static bool
is_door(const struct world *world)
{
	return world != NULL && world->self != NULL &&
	       member_is_door(world->self);
}

const struct member *
door_holder(const struct world *world)
{
	const struct member *found[HOLDERS_MAX];
	char hint[STREAM_LEN + 1];

	if (!is_door(world))
		return NULL;
	snprintf(
	    hint, sizeof(hint), "%.*s", STREAM_LEN, world->self->divisions[0]);
	if (holders_find(world->members, world->member_count, world->self, hint,
		found) == 0)
		return NULL;
	return found[0];
}

bool
door_admit(struct http_exchange *exchange, struct node *node)
{
	const struct world *world = shared_hold(node->world);
	const struct member *who = world_find(world, http_peer(exchange)->code);
	const struct member *holder = door_holder(world);
	bool refuse =
	    is_door(world) && who != NULL && who->status == MEMBER_ACTIVE;
	char detail[DETAIL_MAX] = "";

	if (holder != NULL)
		snprintf(detail, sizeof(detail), "Ask %s at %s.", holder->name,
		    holder->url);
	shared_drop(node->world, world);
	if (refuse)
		http_reply_problem(exchange, 404, "door",
		    "This platform holds no enterprises", detail);
	return !refuse;
}
