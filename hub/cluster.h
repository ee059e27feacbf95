/*
 * cluster: the hub's private PostgreSQL, for when no other is named.
 *
 * Lives in a folder of its own and listens on a Unix socket there only; who
 * may enter the folder may enter the database.  The server ends with the
 * hub, however the hub ends.
 * Main thread; before any other thread starts.
 */
#ifndef HUB_CLUSTER_H
#define HUB_CLUSTER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct cluster;

/* Makes the cluster when `folder` is new, ends a server that an earlier hub
 * left behind, starts ours and waits until it answers.  `binaries`: where
 * postgres and initdb are; "" finds the newest of this machine. */
struct cluster *cluster_open(
    const char *folder, const char *binaries, struct why *why);
/* Fast shutdown; waits for it.  Safe on NULL. */
void cluster_close(struct cluster *cluster);
/* How to reach the hub's database; borrowed. */
const char *cluster_conninfo(const struct cluster *cluster);
/* Is the server still running?  False once it has ended by itself. */
bool cluster_is_running(struct cluster *cluster);

#endif
