/*
 * keys: the hub's own keys as stream 0000 tells of them.
 *
 * Which keys there are is said by files: the key that the hub uses, and the
 * next one in network.json.  Stream 0000 follows them when the hub starts: it
 * announces what is next, and retires what is neither used nor next any more.
 * What is next it announces sooner where an operator says so.
 */
#ifndef HUB_KEYS_H
#define HUB_KEYS_H

#include "hub/control.h"
#include "hub/ledger.h"
#include "wire/network.h"

struct keys_files {
	const char *batch_key, *curve; /* as the settings name them */
};

/* Before anything else is sealed with that key, so that the positions that a
 * retirement names are the last ones of the key before.  An error: the key is
 * not one that nodes would accept; nothing has changed. */
MUST_CHECK enum err keys_settle(struct ledger *ledger,
    const struct network *network, const struct keys_files *files,
    struct why *why);

bool keys_kind_is_known(const char *kind); /* CONTROL_KEY_BATCH, …_CURVE */
/* The next key of `network`, which is network.json as it is now, if that is
 * `key`.  ERR_CONFLICT: it is not, or is announced already, or can be no key
 * any more. */
MUST_CHECK enum err keys_announce(struct control_round *round,
    const struct network *network, const char *kind, struct span key,
    struct why *why);

#endif
