/*
 * sandbox: a node with made-up enterprises and no hub.
 *
 * In place of a hub a thread of this process seals batches, sends pulses and
 * takes what the node tells upward, over the same bus and with keys of its own
 * (`rongxin sandbox` makes them).  The node knows nothing of it: it verifies,
 * permits and logs as everywhere.  Who has a sandbox's network.json trusts
 * made-up data, so the file says what it is, and neither hub nor node starts
 * with it outside a sandbox, nor a sandbox without it.
 */
#ifndef NODE_SANDBOX_H
#define NODE_SANDBOX_H

#include "base/err.h"
#include "node/settings.h"
#include "node/store.h"
#include "wire/network.h"

struct sandbox;

/* Setting `sandbox` decides where everything is; "": nothing is changed.
 * ERR_INVALID: it goes with no parent and no children. */
MUST_CHECK enum err sandbox_settle(
    struct node_settings *settings, struct why *why);
/* Does the network go with the settings: both a sandbox, or neither? */
MUST_CHECK enum err sandbox_check(const struct node_settings *settings,
    const struct network *network, struct why *why);

/* At the first start takes in what lies in the folder: members, the catalogue,
 * feeds.  Then serves the node, on the loopback.  NULL and `why` on failure. */
struct sandbox *sandbox_open(const struct node_settings *settings,
    const struct network *network, struct why *why);
/* Where the node finds its parent; borrowed. */
const char *sandbox_live(const struct sandbox *sandbox);
const char *sandbox_fetch(const struct sandbox *sandbox);
/* Does the node hold all that there was when it was opened? */
bool sandbox_is_held(const struct sandbox *sandbox, struct store *store);
/* After the node's own bus; safe on NULL. */
void sandbox_close(struct sandbox *sandbox);

#endif
