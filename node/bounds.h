/*
 * bounds: how late the word of a subject comes to this node, measured.
 *
 * From when the hub took a revocation, a pause or a resumption to its effect
 * here.  What was said before this process started says nothing of it.
 * Thread: follow.
 */
#ifndef NODE_BOUNDS_H
#define NODE_BOUNDS_H

#include "credit/record.h"

struct bounds;

struct bounds *bounds_new(void);
void bounds_free(struct bounds *bounds); /* safe on NULL */
/* A record of stream 0000 that was just applied. */
void bounds_on_record(struct bounds *bounds, const struct record *record);
/* Revocations that took effect within the last 24 hours, and the longest that
 * one of them took. */
void bounds_read(
    const struct bounds *bounds, uint32_t *count, int64_t *longest_us);

#endif
