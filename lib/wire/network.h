/*
 * network: what every member knows of the network (network.json).
 *
 * The roots of trust: the CA, the hub's public keys.  Read once at start.
 */
#ifndef WIRE_NETWORK_H
#define WIRE_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/bus.h"

struct network {
	char name[65];
	char *ca; /* PEM text; owned */
	uint8_t batch_key[32];
	uint8_t catalogue_key[32];
	char hub_curve_key[BUS_KEY_LEN + 1];
	bool has_receipt_key; /* networks made before receipts were signed */
	uint8_t receipt_key[32];
	bool has_witness_key; /* … before trails were witnessed */
	uint8_t witness_key[32];
};

/* Unknown members and any suite but "international" are refused. */
MUST_CHECK enum err network_read(
    const char *path, struct network *network, struct why *why);
void network_release(struct network *network);
/* {"network","suite","ca","batch_key","catalogue_key","hub_curve_key"} and
 * perhaps "receipt_key", "witness_key" */
void network_print(const struct network *network, struct buf *out);
/* Read a one-line Z85 key file; a secret one must be readable by its owner
 * only. */
MUST_CHECK enum err network_read_curve(
    const char *path, bool secret, char key[BUS_KEY_LEN + 1], struct why *why);

#endif
