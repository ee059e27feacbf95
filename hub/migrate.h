/*
 * migrate: the schema, brought up to date by numbered files.
 *
 * `NNN-name.sql` of a folder, each once and in its own transaction, under an
 * advisory lock, so that hubs that start together do not race.
 */
#ifndef HUB_MIGRATE_H
#define HUB_MIGRATE_H

#include "base/err.h"
#include "hub/pg.h"

MUST_CHECK enum err migrate(struct pg *pg, const char *folder, struct why *why);
/* Where the files are when no setting says so: beside the program's folder
 * (../sql, ../../sql), or installed.  Into `out`; false when nowhere. */
bool migrate_find_folder(char *out, size_t size);

#endif
