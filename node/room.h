/*
 * room: is there room on the disk for more batches?
 *
 * Says stop before the disk is full, and go on when there is clearly more than
 * that again, so that it does not flutter.
 * Thread: follow; room_is_short: any.
 */
#ifndef NODE_ROOM_H
#define NODE_ROOM_H

#include <stdbool.h>
#include <stdint.h>

struct room;

/* `reserve`: free bytes below which it is short. */
struct room *room_new(const char *folder, uint64_t reserve);
void room_free(struct room *room); /* safe on NULL */
/* Look, at most once a second. */
void room_look(struct room *room);
bool room_is_short(const struct room *room);

#endif
