/*
 * problem: RFC 9457 problem documents, and the status an error deserves.
 *
 * Pure.  docs/PROTOCOL.md section 7 lists the types.
 */
#ifndef WIRE_PROBLEM_H
#define WIRE_PROBLEM_H

#include "base/buf.h"
#include "base/err.h"

#define PROBLEM_URN "urn:rongxin:problem:"
/* Where the page of a type is (problem_page.h). */
#define PROBLEM_PAGES "/v1/problems/"

/* Append {"type","title","status","detail","help"}; `detail` may be NULL. */
void problem_print(int status, const char *type, const char *title,
    const char *detail, struct buf *out);
/* The HTTP status that an error of ours deserves. */
int problem_status(enum err err);

#endif
