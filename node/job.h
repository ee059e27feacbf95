/*
 * job: one list of subjects and the reports about them, in a folder.
 *
 * head.json, subjects (one row of fixed length each) and results in parts of
 * JOB_PART lines; how many lines there are is how far it is, so that a kill
 * costs nothing but lines that were not written yet.  A line that was begun is
 * cut off at the next start.  All files 0600.  One thread.
 */
#ifndef NODE_JOB_H
#define NODE_JOB_H

#include "base/buf.h"
#include "credit/job_list.h"
#include "credit/question.h"

#define JOB_ID_LEN 16
#define JOB_PART 1000

struct job_head {
	char id[JOB_ID_LEN + 1];
	char member[MEMBER_CODE_MAX + 1];
	uint8_t certificate[8];
	struct question question; /* its subject and consent are each row's */
	uint64_t total;
	int64_t created_us, finished_us; /* 0: not yet */
};

struct job {
	struct job_head head;
	char path[4096];
	uint64_t done;    /* lines of results */
	int rows, part;   /* files; -1: not open */
	uint64_t part_at; /* of the first line in it */
	struct job *next;
};

/* A new one in `folder`, without rows; NULL and `why` on failure. */
struct job *job_new(
    const char *folder, const struct job_head *head, struct why *why);
/* Rows as job_row_print prints them. */
MUST_CHECK enum err job_add(struct job *job, struct span rows);
/* From now on it exists, with `total` rows. */
MUST_CHECK enum err job_keep(struct job *job, struct why *why);
/* One that is there; ERR_MISSING: it was never whole, and is gone now. */
MUST_CHECK enum err job_open(
    const char *folder, const char *id, struct job **out, struct why *why);
void job_close(struct job *job); /* safe on NULL */
/* With all its files. */
void job_remove(struct job *job);

/* Row `number`, from 1. */
MUST_CHECK enum err job_row(
    struct job *job, uint64_t number, struct job_row *row);
/* Lines with the numbers done + 1, …, that fill no more than this part; on
 * disk when it returns. */
MUST_CHECK enum err job_write(
    struct job *job, struct span lines, uint64_t count, struct why *why);
/* All lines are there. */
MUST_CHECK enum err job_finish(struct job *job, struct why *why);
/* Append lines behind number `after`, at most *count and about `max` bytes,
 * whole; *count: how many. */
MUST_CHECK enum err job_read(struct job *job, uint64_t after, size_t max,
    struct buf *lines, uint64_t *count);

/* Every folder's id. */
typedef void (*job_id_fn)(void *context, const char *id);
void job_each(const char *folder, job_id_fn each, void *context);

#endif
