/*
 * load_inner: what load.c and load_answer.c share.
 */
#ifndef NODE_LOAD_INNER_H
#define NODE_LOAD_INNER_H

#include <stdatomic.h>

#include "base/work.h"
#include "node/load.h"

#define LOAD_WINDOW 8 /* chunks asked for at a time: about 2 MiB each */

enum phase {
	PHASE_IDLE,
	PHASE_INDEX,
	PHASE_CHUNKS
};

/* A request under way. */
struct slot {
	uint64_t ticket; /* 0: none */
	int64_t asked_us;
	bool come;
	struct buf body; /* of a chunk that came before its turn */
};

struct load {
	struct load_settings settings;
	struct worker *worker;
	_Atomic bool stopping, busy, held;
	struct opener *opener;
	uint64_t ticket;
	/* the one under way */
	enum phase phase;
	struct load_order order;
	struct staging *staging;
	struct index index;
	struct fill *fill;
	uint32_t *wanted; /* chunks to be fetched, ascending */
	uint32_t wanted_count, asked, done;
	struct slot page,
	    window[LOAD_WINDOW]; /* wanted[i] in window[i % LOAD_WINDOW] */
	int64_t heard_us;
};

const char *load_stream(const struct load *load);
/* Report it; afterwards nothing is under way. */
void load_finish(struct load *load, enum load_outcome outcome);
/* … because something failed here; … because the parent lies. */
void load_fail(struct load *load, const struct why *why);
void load_lied(struct load *load, const char *where, const struct why *why);
/* Ask for the next page; for chunks, as far as there are credits. */
void load_ask_page(struct load *load);
void load_pump(struct load *load);
/* A reply came. */
void load_answer(struct load *load, struct span message);

#endif
