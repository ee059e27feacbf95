/*
 * imager: a stream of the ledger, as it stands, becomes an image.
 *
 * One read-only transaction sees records, state and newest batch together,
 * so changes go on meanwhile.  What does not add up to the signed state is
 * ERR_CONFLICT: the ledger is damaged.  One thread per imager.
 */
#ifndef HUB_IMAGER_H
#define HUB_IMAGER_H

#include "base/sign.h"
#include "hub/pg.h"
#include "hub/shelf.h"

struct imager_settings {
	const char *folder;                /* of images */
	const struct verifier *catalogues; /* their signer */
};

struct imager_result {
	struct shelf_image image;
	uint64_t records;
};

/* ERR_MISSING: the stream has no batch yet; ERR_LIMIT: the disk is nearly
 * full. */
MUST_CHECK enum err imager_make(const struct imager_settings *settings,
    struct pg *pg, const char *stream, struct imager_result *result,
    struct why *why);

#endif
