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
#include "base/cert.h"
#include "base/err.h"
#include "wire/bus.h"
#include "wire/keyring.h"

#define NETWORK_FORMER_MAX 16

/* A batch key of before, and the last position of stream 0000 that it sealed;
 * UINT64_MAX: not known. */
struct former_key {
	uint8_t raw[32];
	uint64_t until;
};

struct network {
	char name[65];
	bool is_sandbox; /* made-up data: no hub or node starts with it */
	char *ca;        /* PEM text; owned */
	/* CAs of who signs documents and opens no connection, SM2's above all;
	 * PEM text, owned; NULL: none */
	char *document_ca;
	uint8_t batch_key[32];
	uint8_t catalogue_key[32];
	char hub_curve_key[BUS_KEY_LEN + 1];
	bool has_receipt_key; /* networks made before receipts were signed */
	uint8_t receipt_key[32];
	bool has_witness_key; /* … before trails were witnessed */
	uint8_t witness_key[32];
	bool has_journal_key; /* … before the hub had a trail of its own */
	uint8_t journal_key[32];
	/* while keys roll, and after */
	bool has_next_batch_key;
	uint8_t next_batch_key[32];
	struct former_key former[NETWORK_FORMER_MAX];
	size_t former_count;
	char next_hub_curve_key[BUS_KEY_LEN + 1]; /* "": none */
};

/* Unknown members and any suite but "international" are refused. */
MUST_CHECK enum err network_read(
    const char *path, struct network *network, struct why *why);
void network_release(struct network *network);
/* {"network","suite","ca","batch_key","catalogue_key","hub_curve_key"} and
 * perhaps "sandbox", "document_ca", "receipt_key", "witness_key",
 * "journal_key", "next_batch_key", "former_batch_keys", "next_hub_curve_key" */
void network_print(const struct network *network, struct buf *out);
/* Who is believed in documents: `ca` and `document_ca`.  Caller frees. */
struct trust *network_trust(const struct network *network, struct why *why);
/* The batch keys; the caller's to free. */
struct keyring *network_keyring(const struct network *network);
/* Read a one-line Z85 key file; a secret one must be readable by its owner
 * only. */
MUST_CHECK enum err network_read_curve(
    const char *path, bool secret, char key[BUS_KEY_LEN + 1], struct why *why);

#endif
