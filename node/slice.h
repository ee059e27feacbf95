/*
 * slice: some rows of a job, answered as questions are.
 *
 * Each row is decided by the permit and read from one snapshot; each is in the
 * trail before its line may be written.
 * Thread: jobs, but `done`.
 */
#ifndef NODE_SLICE_H
#define NODE_SLICE_H

#include "node/job.h"
#include "node/node.h"

#define SLICE_ROWS 32

struct slice;

/* `done` comes on the trail thread, or within slice_log. */
struct slice *slice_new(struct node *node, const struct job_head *head,
    void (*done)(void *context), void *context);
void slice_free(struct slice *slice); /* safe on NULL */
/* The next row.  ERR_BUSY: not now, ask for it again in *wait_ms; else what
 * became of it is in the slice. */
MUST_CHECK enum err slice_add(struct slice *slice, uint64_t number,
    const struct job_row *row, unsigned *wait_ms);
size_t slice_count(const struct slice *slice);
/* All that is not in the trail goes there; then `done`. */
void slice_log(struct slice *slice);
/* After `done`.  ERR_OK: every row is in the trail, the lines are appended;
 * ERR_BUSY: log again (a consent's last use went to somebody else); ERR_IO: the
 * trail cannot be written, log again later. */
MUST_CHECK enum err slice_end(struct slice *slice, struct buf *lines);

/* Lines as they were written become lines that may be told now: a consent that
 * is gone takes its report along. */
MUST_CHECK enum err slice_tell(struct node *node, const struct job_head *head,
    struct span lines, struct buf *out);

#endif
