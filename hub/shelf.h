/*
 * shelf: the folder of images, a file each: STREAM-POSITION.image.
 *
 * The files are the only truth about what there is; a file appears whole and
 * is never changed.  Any thread may look; one makes and drops.
 */
#ifndef HUB_SHELF_H
#define HUB_SHELF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "credit/region.h"

#define SHELF_PATH_MAX 1024

struct shelf_image {
	char stream[STREAM_LEN + 1];
	uint64_t position;
	int64_t made_us;
	uint64_t bytes;
};

/* Make the folder if missing, and clear away what a crash left half. */
MUST_CHECK enum err shelf_open(const char *folder, struct why *why);
/* What is there, ascending by stream and position.  Caller frees. */
struct shelf_image *shelf_list(const char *folder, size_t *count);
/* Into `out`, SHELF_PATH_MAX bytes; returns it. */
const char *shelf_path(
    const char *folder, const struct shelf_image *image, char *out);
void shelf_drop(const char *folder, const struct shelf_image *image);

#endif
