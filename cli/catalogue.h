/*
 * catalogue: where the command line finds the sharing list.
 */
#ifndef CLI_CATALOGUE_H
#define CLI_CATALOGUE_H

#include "base/buf.h"
#include "base/err.h"
#include "credit/catalog.h"

/* The catalogue in `path`; NULL: in $RX_CATALOGUE, in
 * deploy/catalogue/catalogue.json below the working folder, or beside the
 * program's folder.  Caller owns it; NULL and `why` on failure. */
struct catalog *catalogue_open(const char *path, struct why *why);
/* The same as text. */
MUST_CHECK enum err catalogue_read(
    const char *path, struct buf *text, struct why *why);

#endif
