/*
 * notice: tells people of alerts, by webhook and e-mail.
 *
 * Messages wait in the ledger (alert_message).  One that is not taken is tried
 * again after a pause that doubles, up to an hour; after `alert_attempts` it is
 * dead, and stays to be seen and tried again by hand.  A message may come
 * twice after a crash; its id is the same.
 * One thread with a connection of its own.
 */
#ifndef HUB_NOTICE_H
#define HUB_NOTICE_H

#include "base/err.h"

struct hub_settings;
struct notice;

/* Are the settings whole and safe, and their secrets there? */
MUST_CHECK enum err notice_check(
    const struct hub_settings *settings, struct why *why);
/* After notice_check.  *out stays NULL when neither way is set. */
MUST_CHECK enum err notice_open(const struct hub_settings *settings,
    const char *conninfo, struct notice **out, struct why *why);
void notice_close(struct notice *notice); /* safe on NULL */

#endif
