/*
 * status: what a node tells its parent of itself every 2 s.
 */
#include "node/status.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/version.h"

static int
by_stream(const void *a, const void *b)
{
	return strcmp(((const struct stream_status *)a)->stream,
	    ((const struct stream_status *)b)->stream);
}

/* Ascending, though they were met in another order. */
static struct stream_status *
status_streams(struct parent *parent, size_t *count)
{
	struct stream_status *list = NULL;
	struct stream_status *status;
	struct followed *followed;

	for (*count = 0; parent_at(parent, *count) != NULL; ++*count)
		continue;
	list = mem_new((*count + 1) * sizeof(*list));
	for (*count = 0; (followed = parent_at(parent, *count)) != NULL;
	     ++*count) {
		status = &list[*count];
		memcpy(status->stream, followed->state.chain.stream,
		    sizeof(status->stream));
		status->position = followed->state.chain.position;
		status->state = setsum_digest(&followed->state.sum);
		status->applied_us = followed->state.applied_us;
		status->delay_us =
		    followed->state.applied_us - followed->state.committed_us;
	}
	qsort(list, *count, sizeof(*list), by_stream);
	return list;
}

enum err
status_pack(
    const struct status_source *source, uint64_t sequence, struct buf *upward)
{
	struct upward status = {.kind = UPWARD_STATUS, .sequence = sequence};
	struct stream_status *streams;
	struct buf checkpoint = {0};
	enum err err;

	streams = status_streams(source->parent, &status.stream_count);
	status.streams = streams;
	status.origin = span_of(source->own_code);
	status.time_us = clock_now_us();
	status.software = span_of("rongxin-node " RONGXIN_VERSION);
	status.parent = span_of(source->parent_name);
	status.condition = source->condition;
	if (source->trail != NULL) {
		status.trail_size = trail_size(source->trail);
		tree_checkpoint(trail_tree(source->trail), &checkpoint);
	}
	status.checkpoint = buf_span(&checkpoint);
	err = pack_upward(&status, source->signer, upward);
	buf_release(&checkpoint);
	mem_free(streams);
	return err;
}
