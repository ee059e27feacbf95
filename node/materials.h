/*
 * materials: files that subjects give with their objections, until the hub has
 * them.
 *
 * PUT /v1/objections/{id}/materials/{sha256}.  Only what the claims name, where
 * they were filed; on disk before the subject is told so.  A folder; a file
 * goes when the hub has all of it, or after MATERIALS_KEEP_S.
 * One thread writes; handlers: http workers.
 */
#ifndef NODE_MATERIALS_H
#define NODE_MATERIALS_H

#include "credit/material.h"
#include "wire/http.h"

#define MATERIALS_KEEP_S (30 * 86400)
/* "<objection>.<sha256>" */
#define MATERIALS_NAME_SIZE (CONSENT_ID_MAX + 1 + DIGEST_HEX_LEN + 1)

struct materials;

/* Makes the folder `<folder>/materials`.  NULL and `why` on failure. */
struct materials *materials_open(const char *folder, struct why *why);
void materials_close(struct materials *materials); /* safe on NULL */
const char *materials_folder(const struct materials *materials);
/* The context is a struct node. */
void materials_on_put(struct http_exchange *exchange, void *context);

/* for who carries them (porter.h); the folder alone tells */

/* The next file behind `name`, round and round; ERR_MISSING: there is none. */
MUST_CHECK enum err materials_next(const char *folder,
    char name[MATERIALS_NAME_SIZE], struct material *material);
/* A piece of it, at most `max` bytes. */
MUST_CHECK enum err materials_read(const char *folder, const char *name,
    uint64_t offset, size_t max, struct buf *piece);
void materials_drop(const char *folder, const char *name);

#endif
