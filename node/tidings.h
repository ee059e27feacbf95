/*
 * tidings: one write of the watchbook: what some records mean to those who
 * watch.
 *
 * Events, what is known of the records now and how far the stream was looked
 * through become one write, or none of them.  Thread: watch.
 */
#ifndef NODE_TIDINGS_H
#define NODE_TIDINGS_H

#include "node/watchbook.h"
#include "node/world.h"

struct tidings;

/* The member has new events, on disk. */
typedef void (*tidings_told_fn)(void *context, const char *member);

/* `book` is borrowed. */
struct tidings *tidings_new(
    struct watchbook *book, tidings_told_fn told, void *context);
void tidings_free(struct tidings *tidings); /* safe on NULL */
/* The watches are others now. */
void tidings_renew(struct tidings *tidings);

/* `world` is borrowed until the end and has a catalogue. */
void tidings_begin(struct tidings *tidings, const struct world *world);
/* `event` says where and when; the record what. */
MUST_CHECK enum err tidings_look(
    struct tidings *tidings, const struct record *record, struct event *event);
/* The stream was looked through up to here. */
void tidings_reach(
    struct tidings *tidings, const char *stream, uint64_t position);
/* Writes if `err` is ERR_OK, then tells who has events; else nothing of it is
 * left. */
MUST_CHECK enum err tidings_end(
    struct tidings *tidings, enum err err, struct why *why);
/* Events of this write, also after its end. */
size_t tidings_count(const struct tidings *tidings);

#endif
