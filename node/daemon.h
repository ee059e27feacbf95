/*
 * daemon: the node's parts in one process, opened one after the other and
 * closed in reverse.
 *
 * Requests end first, then what they need.
 * Threads: main.
 */
#ifndef NODE_DAEMON_H
#define NODE_DAEMON_H

#include <stdatomic.h>

#include "node/check.h"
#include "node/detour.h"
#include "node/node.h"
#include "node/redial.h"
#include "node/relay.h"
#include "node/sandbox.h"
#include "node/settings.h"
#include "wire/network.h"

#define PATH_SIZE 4096

struct daemon {
	struct node_settings settings;
	struct node node;
	struct network network;
	struct keyring *keys; /* of the hub's batches */
	struct identity self;
	char ca[PATH_SIZE], trail_folder[PATH_SIZE], freight_folder[PATH_SIZE],
	    former_folder[PATH_SIZE];
	struct sandbox *sandbox; /* NULL: the parent is a real one */
	struct trust *trust;
	struct signer *sign_key, *trail_key;
	char public_key[BUS_KEY_LEN + 1], secret_key[BUS_KEY_LEN + 1];
	struct relay *relay; /* NULL: serves no children */
	struct redial *redial;
	struct detour *detour;
	struct check *check;
	struct budget *budget;
	struct health *health;
	struct census_taker *census_taker;
	struct bus *bus;
	struct bus *_Atomic dialled; /* the same, for the bus thread */
	struct http_server *http;
};

/* From `settings`.  After an error what is open is closed as after none. */
MUST_CHECK enum err daemon_open(struct daemon *daemon, struct why *why);
void daemon_close(struct daemon *daemon);
/* Listens, or, when it does so already, takes the certificate from its files
 * again: for new connections. */
MUST_CHECK enum err daemon_open_http(struct daemon *daemon, struct why *why);

#endif
