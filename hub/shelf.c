/*
 * shelf: the folder of images.
 */
#include "hub/shelf.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "wire/image.h"

#define SUFFIX ".image"

typedef void (*shelf_fn)(void *context, const char *path, const char *name);

static void
each(const char *folder, shelf_fn visit, void *context)
{
	char path[SHELF_PATH_MAX];
	struct dirent *entry;
	DIR *dir = opendir(folder);

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (strlen(folder) + strlen(entry->d_name) + 2 < sizeof(path))
			visit(context,
			    file_path(
				path, sizeof(path), folder, entry->d_name),
			    entry->d_name);
	}
	if (dir != NULL)
		closedir(dir);
}

static bool
ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);

	return len > end_len && strcmp(name + len - end_len, end) == 0;
}

static void
drop_half(void *context, const char *path, const char *name)
{
	(void)context;
	if (ends_in(name, IMAGE_BESIDE))
		unlink(path);
}

enum err
shelf_open(const char *folder, struct why *why)
{
	enum err err = file_make_folder(folder, 0700, why);

	if (err == ERR_OK)
		each(folder, drop_half, NULL);
	return err;
}

static bool
parse(const char *name, struct shelf_image *image)
{
	char *end;

	if (strlen(name) < STREAM_LEN + 1 || !ends_in(name, SUFFIX) ||
	    strspn(name, "0123456789") != STREAM_LEN || name[STREAM_LEN] != '-')
		return false;
	memcpy(image->stream, name, STREAM_LEN);
	image->stream[STREAM_LEN] = '\0';
	image->position = strtoull(name + STREAM_LEN + 1, &end, 10);
	return image->position > 0 && strcmp(end, SUFFIX) == 0;
}

struct listing {
	struct shelf_image *images;
	size_t count;
};

static void
list_one(void *context, const char *path, const char *name)
{
	struct listing *listing = context;
	struct shelf_image image = {.position = 0};
	struct stat info;

	if (!parse(name, &image) || stat(path, &info) != 0)
		return;
	image.bytes = (uint64_t)info.st_size;
	image.made_us = info.st_mtim.tv_sec * CLOCK_SECOND;
	listing->images = mem_grow(
	    listing->images, (listing->count + 1) * sizeof(*listing->images));
	listing->images[listing->count++] = image;
}

static int
compare(const void *a, const void *b)
{
	const struct shelf_image *one = a, *other = b;
	int order = strcmp(one->stream, other->stream);

	if (order != 0)
		return order;
	return (one->position > other->position) -
	       (one->position < other->position);
}

struct shelf_image *
shelf_list(const char *folder, size_t *count)
{
	struct listing listing = {0};

	each(folder, list_one, &listing);
	if (listing.count > 0)
		qsort(listing.images, listing.count, sizeof(*listing.images),
		    compare);
	*count = listing.count;
	return listing.images;
}

const char *
shelf_path(const char *folder, const struct shelf_image *image, char *out)
{
	char name[STREAM_LEN + 32];

	snprintf(name, sizeof(name), "%s-%" PRIu64 SUFFIX, image->stream,
	    image->position);
	return file_path(out, SHELF_PATH_MAX, folder, name);
}

void
shelf_drop(const char *folder, const struct shelf_image *image)
{
	char path[SHELF_PATH_MAX];

	(void)unlink(shelf_path(folder, image, path));
}
