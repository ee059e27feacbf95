/*
 * porter: takes the materials of objections up to the hub, piece by piece.
 */
#include "node/porter.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "node/materials.h"

#define RETRY_US (5 * CLOCK_SECOND)
#define LOOK_US CLOCK_SECOND /* between looks at an empty folder */

struct porter {
	struct porter_settings settings;
	char name[MATERIALS_NAME_SIZE]; /* under way, or the last that was */
	struct material material;
	bool busy;             /* one is under way */
	uint64_t offset;       /* bytes of it that the hub has */
	size_t sent;           /* bytes in the message under way */
	uint64_t ticket;       /* of the message under way; 0: none */
	int64_t not_before_us; /* monotonic */
};

struct porter *
porter_new(const struct porter_settings *settings)
{
	struct porter *porter = mem_new(sizeof(*porter));

	porter->settings = *settings;
	return porter;
}

void
porter_free(struct porter *porter)
{
	mem_free(porter);
}

static bool
pick_up(struct porter *porter)
{
	porter->offset = 0;
	porter->busy = materials_next(porter->settings.folder, porter->name,
			   &porter->material) == ERR_OK;
	return porter->busy;
}

static void
put_down(struct porter *porter, int64_t pause_us)
{
	porter->busy = false;
	porter->not_before_us = clock_tick_us() + pause_us;
}

static void
send(struct porter *porter, uint64_t sequence)
{
	struct request request = {.kind = REQUEST_UPWARD};
	struct upward upward = {.kind = UPWARD_MATERIAL,
	    .origin = span_of(porter->settings.own_code),
	    .sequence = sequence,
	    .time_us = clock_now_us(),
	    .offset = porter->offset};
	struct buf document = {0}, piece = {0}, packed = {0};
	enum err err = materials_read(porter->settings.folder, porter->name,
	    porter->offset, FEED_PIECE_MAX, &piece);

	material_print(&porter->material, &document);
	upward.document = buf_span(&document);
	upward.bytes = buf_span(&piece);
	if (err == ERR_OK)
		err = pack_upward(&upward, porter->settings.signer, &packed);
	request.upward = buf_span(&packed);
	if (err == ERR_OK)
		porter->ticket = parent_send(porter->settings.parent, &request);
	else
		log_error("material.keep", "why=\"cannot be read\"");
	porter->sent = piece.len;
	porter->not_before_us = clock_tick_us() + RETRY_US;
	buf_release(&document);
	buf_release(&piece);
	buf_release(&packed);
}

void
porter_tick(struct porter *porter, uint64_t sequence)
{
	int64_t now_us = clock_tick_us();

	if (now_us < porter->not_before_us)
		return;
	porter->ticket = 0;
	if (porter->busy || pick_up(porter))
		send(porter, sequence);
	else
		porter->not_before_us = now_us + LOOK_US;
}

bool
porter_on_reply(struct porter *porter, const struct reply *reply)
{
	if (porter->ticket == 0 || reply->ticket != porter->ticket)
		return false;
	porter->ticket = 0;
	if (reply->kind == REPLY_TAKEN) {
		porter->offset += porter->sent;
		porter->not_before_us = 0;
		if (porter->offset < porter->material.size)
			return true;
		materials_drop(porter->settings.folder, porter->name);
		put_down(porter, 0);
	} else if (span_is(reply->reason, "invalid")) {
		log_warn("material.refused", "pieces=1");
		materials_drop(porter->settings.folder, porter->name);
		put_down(porter, 0);
	} else {
		put_down(porter, RETRY_US);
	}
	return true;
}
