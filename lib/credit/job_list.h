/*
 * job_list: subjects of a job as they are handed in, line by line.
 *
 * A code; a code and a consent's id behind a comma; or {"subject","consent"}.
 * A first line that begins with "subject" or "uscc" is a header.  Pure; one
 * thread.
 */
#ifndef CREDIT_JOB_LIST_H
#define CREDIT_JOB_LIST_H

#include "base/buf.h"
#include "credit/consent.h"

struct job_row {
	char subject[USCC_LEN + 1];
	char consent[CONSENT_ID_MAX + 1]; /* "" none */
};

/* As rows of one length, so that each is found by its number. */
#define JOB_ROW_LEN (USCC_LEN + CONSENT_ID_MAX)
void job_row_print(const struct job_row *row, struct buf *rows);
void job_row_read(const char bytes[JOB_ROW_LEN], struct job_row *row);

struct job_list {
	struct buf rest; /* of a line that is not whole */
	struct buf rows; /* job_row_print; the reader takes them */
	uint64_t line, count, most;
};

void job_list_release(struct job_list *list);
/* ERR_INVALID: a line is none; ERR_LIMIT: more than `most` rows. */
MUST_CHECK enum err job_list_feed(
    struct job_list *list, struct span bytes, struct why *why);
/* The last line needs no end. */
MUST_CHECK enum err job_list_end(struct job_list *list, struct why *why);

#endif
