/*
 * file: whole files, read with a limit and written so that a crash leaves
 * the old one or the new one.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* Append the whole file; ERR_LIMIT when it is longer than `max`,
 * ERR_MISSING when there is none. */
MUST_CHECK enum err file_read(
    const char *path, size_t max, struct buf *out, struct why *why);
/* Write beside, fsync, rename, fsync the folder. */
MUST_CHECK enum err file_replace(
    const char *path, struct span bytes, mode_t mode, struct why *why);
/* `from`, whole and flushed, takes the place of `to` in the same folder:
 * rename, fsync the folder.  When it fails, `from` is gone. */
MUST_CHECK enum err file_rename(
    const char *from, const char *to, struct why *why);
/* Make the folder, with `mode`, and its missing parents, with 0755; fine
 * when it is there. */
MUST_CHECK enum err file_make_folder(
    const char *path, mode_t mode, struct why *why);
/* Bytes that this user may still write where `path` is; UINT64_MAX when nobody
 * can tell. */
uint64_t file_free_bytes(const char *path);
/* Of the whole file system; 0 when nobody can tell. */
uint64_t file_total_bytes(const char *path);
bool file_exists(const char *path);
/* All of it, or an error: EINTR and short writes are handled. */
MUST_CHECK enum err file_write_all(int fd, struct span bytes);
/* "%s/%s" into a fixed buffer; asserts that it fits. */
const char *file_path(
    char *out, size_t size, const char *folder, const char *name);

#endif
