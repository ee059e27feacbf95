/*
 * team: threads that work ahead for one thread.
 *
 * It gives jobs and takes them back done, in the order in which it gave them.
 * What nobody has begun when it is taken is done by the taker itself, so a
 * team of no threads works, too.
 * Threads: the one that gives and takes; `handle` runs on the team's and on
 * that one.
 */
#ifndef BASE_TEAM_H
#define BASE_TEAM_H

#include <stddef.h>

#include "base/work.h"

struct team;

struct team *team_new(
    const char *name, size_t threads, work_fn handle, void *context);
/* The job is the team's until it is taken. */
void team_give(struct team *team, void *job);
/* The oldest one, done; waits for it.  NULL: none was given. */
void *team_take(struct team *team);
/* When all is taken; safe on NULL. */
void team_free(struct team *team);

#endif
