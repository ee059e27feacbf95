/*
 * fetch: answers to what nodes ask over the bus: hello, fetch, snapshots.
 *
 * A platform gets the streams of its own member document and no other.
 */
#ifndef HUB_FETCH_H
#define HUB_FETCH_H

#include "hub/gallery.h"
#include "hub/members.h"
#include "hub/pg.h"
#include "wire/bus.h"
#include "wire/pack.h"

#define FETCH_CREDITS_MAX 256
#define FETCH_BYTES_MAX (8 << 20)

/* Where answers come from; borrowed. */
struct fetch_source {
	struct pg *pg;
	const struct members *members;
	struct gallery *gallery;
	struct span pulse; /* the newest, packed; empty: none yet */
};

/* Appends a packed Reply; refuses by default. */
void fetch_answer(const struct fetch_source *source,
    const struct bus_route *from, const struct request *request,
    struct buf *reply);
/* Stream 0000 behind `after`, a packed Reply as a `fetch` gets it;
 * ERR_DATABASE: the ledger cannot be read. */
MUST_CHECK enum err fetch_control(
    struct pg *pg, uint64_t after, struct buf *reply);
/* {refusal: reason} */
void fetch_refuse(uint64_t ticket, const char *reason, struct buf *reply);

#endif
