/*
 * forward: a child's message goes up, and what the hub answers comes back.
 */
#include "node/forward.h"

#include "base/clock.h"
#include "base/mem.h"

#define WAITING_MAX 1024
#define PATIENCE_US (5 * CLOCK_SECOND)

struct waiting {
	uint64_t ticket;
	int64_t since_us; /* monotonic */
	forward_done_fn done;
	void *context;
};

struct forward {
	struct parent *parent;
	struct waiting list[WAITING_MAX]; /* oldest first */
	size_t count;
};

struct forward *
forward_new(struct parent *parent)
{
	struct forward *forward = mem_new(sizeof(*forward));

	forward->parent = parent;
	return forward;
}

static void
settle(struct forward *forward, size_t index, struct reply *reply)
{
	struct waiting found = forward->list[index];

	forward->count--;
	memmove(&forward->list[index], &forward->list[index + 1],
	    (forward->count - index) * sizeof(found));
	found.done(found.context, reply);
}

void
forward_free(struct forward *forward)
{
	if (forward == NULL)
		return;
	while (forward->count > 0)
		settle(forward, 0, NULL);
	mem_free(forward);
}

void
forward_take(struct forward *forward, struct span upward, forward_done_fn done,
    void *context)
{
	struct request request = {.kind = REQUEST_UPWARD, .upward = upward};
	uint64_t ticket = 0;

	if (forward->count < WAITING_MAX)
		ticket = parent_send(forward->parent, &request);
	if (ticket == 0) {
		done(context, NULL);
		return;
	}
	forward->list[forward->count++] = (struct waiting){.ticket = ticket,
	    .since_us = clock_tick_us(),
	    .done = done,
	    .context = context};
}

bool
forward_on_reply(struct forward *forward, struct reply *reply)
{
	size_t i;

	for (i = 0; i < forward->count; i++)
		if (forward->list[i].ticket == reply->ticket) {
			settle(forward, i, reply);
			return true;
		}
	return false;
}

void
forward_tick(struct forward *forward)
{
	int64_t now_us = clock_tick_us();

	while (forward->count > 0 &&
	       now_us - forward->list[0].since_us > PATIENCE_US)
		settle(forward, 0, NULL);
}
