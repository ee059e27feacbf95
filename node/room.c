/*
 * room: is there room on the disk for more batches?
 */
#include "node/room.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"

struct room {
	char *folder;
	uint64_t reserve;
	int64_t looked_us;
	_Atomic bool is_short;
	struct metric *free_bytes;
};

struct room *
room_new(const char *folder, uint64_t reserve)
{
	struct room *room = mem_new(sizeof(*room));

	room->folder = mem_text(folder);
	room->reserve = reserve;
	room->free_bytes = metric_gauge("rongxin_node_disk_free_bytes", "",
	    "Free space where the store is.");
	room_look(room);
	return room;
}

void
room_free(struct room *room)
{
	if (room == NULL)
		return;
	mem_free(room->folder);
	mem_free(room);
}

static void
room_turn(struct room *room, bool is_short, uint64_t left)
{
	if (atomic_exchange(&room->is_short, is_short) == is_short)
		return;
	if (is_short)
		log_error("disk.full", "free=%llu reserve=%llu",
		    (unsigned long long)left,
		    (unsigned long long)room->reserve);
	else
		log_info("disk.room", "free=%llu", (unsigned long long)left);
}

void
room_look(struct room *room)
{
	int64_t now_us = clock_tick_us();
	uint64_t left, wanted = room->reserve;

	if (room->looked_us != 0 && now_us - room->looked_us < CLOCK_SECOND)
		return;
	room->looked_us = now_us;
	left = file_free_bytes(room->folder);
	metric_set(
	    room->free_bytes, left > INT64_MAX ? INT64_MAX : (int64_t)left);
	if (room_is_short(room))
		wanted += wanted / 8;
	room_turn(room, left < wanted, left);
}

bool
room_is_short(const struct room *room)
{
	return atomic_load(&room->is_short);
}
