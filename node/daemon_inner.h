/*
 * daemon_inner: what the files of daemon share.  Nobody else includes it.
 */
#ifndef NODE_DAEMON_INNER_H
#define NODE_DAEMON_INNER_H

#include "node/daemon.h"

#define STEM_MAX 3500

/* daemon.c */

const char *daemon_stem(
    const struct daemon *daemon, const char *suffix, char out[PATH_SIZE]);

/* daemon_parts.c: what lies on disk and who works on it */

MUST_CHECK enum err daemon_open_store(struct daemon *daemon, struct why *why);
MUST_CHECK enum err daemon_open_trail(struct daemon *daemon, struct why *why);
MUST_CHECK enum err daemon_open_lookout(struct daemon *daemon, struct why *why);
MUST_CHECK enum err daemon_open_health(struct daemon *daemon, struct why *why);
MUST_CHECK enum err daemon_open_follow(struct daemon *daemon, struct why *why);
MUST_CHECK enum err daemon_open_limits(struct daemon *daemon, struct why *why);
MUST_CHECK enum err daemon_open_check(struct daemon *daemon, struct why *why);
MUST_CHECK enum err daemon_open_masked(struct daemon *daemon, struct why *why);
MUST_CHECK enum err daemon_open_printer(struct daemon *daemon, struct why *why);
MUST_CHECK enum err daemon_open_finder(struct daemon *daemon, struct why *why);
MUST_CHECK enum err daemon_open_pages(struct daemon *daemon, struct why *why);
MUST_CHECK enum err daemon_open_hooks(struct daemon *daemon, struct why *why);
MUST_CHECK enum err daemon_open_jobs(struct daemon *daemon, struct why *why);

/* daemon_net.c: who it speaks with */

MUST_CHECK enum err daemon_open_elsewhere(
    struct daemon *daemon, struct why *why);
MUST_CHECK enum err daemon_open_detour(struct daemon *daemon, struct why *why);
MUST_CHECK enum err daemon_open_bus(struct daemon *daemon, struct why *why);
MUST_CHECK enum err daemon_tell_ready(struct daemon *daemon, struct why *why);

#endif
