/*
 * privilege: a daemon started by root becomes an ordinary user.
 */
#ifndef BASE_PRIVILEGE_H
#define BASE_PRIVILEGE_H

#include "base/err.h"

/* When running as root: make `folder` (mode 0700) if it is missing, give it
 * to `user`, and become that user for good.  Otherwise nothing.  Call before
 * any thread and before any file in `folder` is opened. */
MUST_CHECK enum err privilege_drop(
    const char *user, const char *folder, struct why *why);

#endif
