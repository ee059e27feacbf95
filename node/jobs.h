/*
 * jobs: reports about many subjects, made beside everything else.
 *
 * One thread, behind all others, takes a slice of each job in turn.  What is
 * done survives a kill: a job goes on behind its last line on disk, so that no
 * row stands there twice.  The trail may have an entry twice whose line was
 * not written yet.  A finished job is kept for a while and then deleted.
 * Calls: on the thread (jobs_run), unless said otherwise.
 */
#ifndef NODE_JOBS_H
#define NODE_JOBS_H

#include "base/spool.h"
#include "node/job.h"
#include "node/node.h"

struct jobs;

struct jobs_settings {
	struct node *node;
	const char *folder; /* of the node: jobs lie in its folder "jobs" */
	int64_t keep_us;    /* after its end */
	uint64_t subjects;  /* in one job, at most */
	unsigned count;     /* jobs of one member, at most */
};

/* NULL and `why` on failure. */
struct jobs *jobs_open(const struct jobs_settings *settings, struct why *why);
void jobs_stop(struct jobs *jobs);
void jobs_close(struct jobs *jobs); /* after the trail was; safe on NULL */
/* Where uploads wait.  Any thread. */
const char *jobs_spool_folder(const struct jobs *jobs);
uint64_t jobs_subjects(const struct jobs *jobs);

/* Do this on the thread, in order.  Any thread. */
void jobs_run(struct jobs *jobs, void (*call)(void *context), void *context);

/* The list in the spool becomes a job; head->id and head->total are set.
 * ERR_LIMIT: too many subjects; ERR_BUSY: the member has too many jobs;
 * ERR_INVALID: `why` says which line is none. */
MUST_CHECK enum err jobs_take(struct jobs *jobs, struct job_head *head,
    struct spool *spool, struct why *why);
/* The member's; NULL: there is none. */
struct job *jobs_find(struct jobs *jobs, const char *member, const char *id);
typedef void (*jobs_fn)(void *context, const struct job *job);
void jobs_each(
    struct jobs *jobs, const char *member, jobs_fn each, void *context);
/* The job and all its results are no more. */
void jobs_remove(struct jobs *jobs, struct job *job);

#endif
