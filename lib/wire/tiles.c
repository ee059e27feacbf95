/*
 * tiles: a trail's Merkle tree as C2SP tlog-tiles and a signed checkpoint.
 */
#include "wire/tiles.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define PATH_SIZE 4096
#define LEVELS 8
#define BUNDLE (-1)

/* The tiles of one level, from left to right, or the bundles. */
struct strip {
	int level;
	struct merkle tree; /* over the hashes of the last tile, none if full */
	/* The tile at the right edge, as far as it was published. */
	uint64_t index;
	unsigned width;
	unsigned shown; /* the part of it that has a file, 0: none */
	struct digest hashes[MERKLE_TILE_WIDTH];
	bool partial; /* files of parts of it may be there */
	/* What is to come behind it. */
	struct digest *waiting;
	size_t count, size;
};

struct tiles {
	const char *folder;
	char origin[NOTE_ORIGIN_MAX + 1];
	struct signer *signer;
	uint64_t leaves;
	struct strip levels[LEVELS];
	struct strip bundles; /* commitments */
	uint64_t published;
	bool has_published;
};

struct tiles *
tiles_new(const char *folder, const char *node_code, struct signer *signer)
{
	struct tiles *tiles = mem_new(sizeof(*tiles));
	int level;

	tiles->folder = folder;
	tiles->signer = signer;
	note_trail_origin(node_code, tiles->origin);
	tiles->bundles.level = BUNDLE;
	tiles->bundles.partial = true;
	for (level = 0; level < LEVELS; level++) {
		tiles->levels[level].level = level;
		tiles->levels[level].partial = true;
	}
	return tiles;
}

void
tiles_free(struct tiles *tiles)
{
	int level;

	if (tiles == NULL)
		return;
	mem_free(tiles->bundles.waiting);
	for (level = 0; level < LEVELS; level++)
		mem_free(tiles->levels[level].waiting);
	mem_free(tiles);
}

static void
strip_add(struct strip *strip, const struct digest *hash)
{
	if (strip->count == strip->size) {
		strip->size =
		    strip->size == 0 ? MERKLE_TILE_WIDTH : strip->size * 2;
		strip->waiting = mem_grow(
		    strip->waiting, strip->size * sizeof(*strip->waiting));
	}
	strip->waiting[strip->count++] = *hash;
}

/* The root of a full tile is a hash of the level above. */
void
tiles_add(struct tiles *tiles, const struct digest *commitment,
    const struct digest *leaf)
{
	struct digest hash = *leaf;
	struct strip *strip;
	int level;

	tiles->leaves++;
	strip_add(&tiles->bundles, commitment);
	for (level = 0; level < LEVELS; level++) {
		strip = &tiles->levels[level];
		strip_add(strip, &hash);
		merkle_add(&strip->tree, &hash);
		if (strip->tree.size < MERKLE_TILE_WIDTH)
			break;
		hash = merkle_root(&strip->tree);
		strip->tree = (struct merkle){0};
	}
}

/* The complete subtrees from right to left, which are the levels' own. */
struct digest
tiles_root(const struct tiles *tiles)
{
	struct merkle none = {0};
	struct digest root = merkle_root(&none);
	bool empty = true;
	int level;

	for (level = 0; level < LEVELS; level++) {
		const struct merkle *tree = &tiles->levels[level].tree;
		unsigned i;

		for (i = tree->edge_count; i > 0; i--) {
			root = empty ? tree->edge[i - 1]
				     : merkle_node(&tree->edge[i - 1], &root);
			empty = false;
		}
	}
	return root;
}

uint64_t
tiles_size(const struct tiles *tiles)
{
	return tiles->leaves;
}

bool
tiles_are_behind(const struct tiles *tiles)
{
	return !tiles->has_published || tiles->published < tiles->leaves;
}

static void
tile_bytes(const struct strip *strip, struct buf *bytes)
{
	unsigned i;

	for (i = 0; i < strip->width; i++) {
		if (strip->level == BUNDLE)
			buf_u16(bytes, DIGEST_LEN);
		buf_add(bytes, strip->hashes[i].bytes, DIGEST_LEN);
	}
}

/* After a crash most tiles are there already, and right. */
static bool
tile_is_there(const char *path, struct span bytes)
{
	struct buf found = {0};
	bool same = file_read(path, bytes.len, &found, NULL) == ERR_OK &&
		    span_equal(buf_span(&found), bytes);

	buf_release(&found);
	return same;
}

/* Most have their folder already. */
static int
tile_create(const char *path, struct why *why)
{
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
	char folder[PATH_SIZE];
	int fd = open(path, flags, 0644);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	snprintf(folder, sizeof(folder), "%s", path);
	*strrchr(folder, '/') = '\0';
	if (file_make_folder(folder, 0755, why) != ERR_OK)
		return -1;
	return open(path, flags, 0644);
}

/* Beside and renamed, so that no reader sees half a tile. */
static enum err
tile_replace(const char *path, struct span bytes, struct why *why)
{
	char beside[PATH_SIZE];
	enum err err;
	int fd;

	snprintf(beside, sizeof(beside), "%.*s.new", PATH_SIZE - 8, path);
	fd = tile_create(beside, why);
	err = fd < 0 ? ERR_IO : file_write_all(fd, bytes);
	if (fd >= 0)
		close(fd);
	if (err == ERR_OK && rename(beside, path) != 0)
		err = ERR_IO;
	if (err != ERR_OK)
		return why_set(
		    why, err, "cannot write %s: %s", path, strerror(errno));
	return ERR_OK;
}

static enum err
tile_write(
    const struct tiles *tiles, const struct strip *strip, struct why *why)
{
	char name[MERKLE_PATH_MAX], path[PATH_SIZE];
	struct buf bytes = {0};
	enum err err = ERR_OK;

	merkle_tile_path(strip->level, strip->index, strip->width, name);
	file_path(path, sizeof(path), tiles->folder, name);
	tile_bytes(strip, &bytes);
	if (tiles->has_published || !tile_is_there(path, buf_span(&bytes)))
		err = tile_replace(path, buf_span(&bytes), why);
	buf_release(&bytes);
	return err;
}

/* Partial tiles are of no use once the whole one is there; left alone they
 * would take thirty times its room. */
static void
tile_drop_partial(const struct tiles *tiles, const struct strip *strip)
{
	char name[MERKLE_PATH_MAX], folder[PATH_SIZE], path[PATH_SIZE];
	struct dirent *found;
	DIR *dir;

	merkle_tile_path(strip->level, strip->index, 1, name);
	file_path(folder, sizeof(folder), tiles->folder, name);
	*strrchr(folder, '/') = '\0';
	dir = opendir(folder);
	if (dir == NULL)
		return;
	while ((found = readdir(dir)) != NULL) {
		if (found->d_name[0] == '.')
			continue;
		file_path(path, sizeof(path), folder, found->d_name);
		unlink(path);
	}
	closedir(dir);
	rmdir(folder);
}

/* A full tile is written and begun anew behind it.  Of those of an earlier run
 * nobody knows whether there are parts. */
static enum err
strip_turn(struct tiles *tiles, struct strip *strip, struct why *why)
{
	enum err err;

	if (strip->width < MERKLE_TILE_WIDTH)
		return ERR_OK;
	err = tile_write(tiles, strip, why);
	if (err != ERR_OK)
		return err;
	if (strip->partial)
		tile_drop_partial(tiles, strip);
	strip->partial = !tiles->has_published;
	strip->index++;
	strip->width = 0;
	strip->shown = 0;
	return ERR_OK;
}

/* A tile that could not be written stays full and is tried again first. */
static enum err
strip_publish(struct tiles *tiles, struct strip *strip, struct why *why)
{
	enum err err = strip_turn(tiles, strip, why);
	size_t done = 0, count;

	while (err == ERR_OK && done < strip->count) {
		count = MERKLE_TILE_WIDTH - strip->width;
		if (count > strip->count - done)
			count = strip->count - done;
		memcpy(&strip->hashes[strip->width], &strip->waiting[done],
		    count * sizeof(*strip->waiting));
		strip->width += (unsigned)count;
		done += count;
		err = strip_turn(tiles, strip, why);
	}
	strip->count -= done;
	if (done > 0)
		memmove(strip->waiting, strip->waiting + done,
		    strip->count * sizeof(*strip->waiting));
	if (err != ERR_OK || strip->width == strip->shown)
		return err;
	strip->partial = true;
	err = tile_write(tiles, strip, why);
	if (err == ERR_OK)
		strip->shown = strip->width;
	return err;
}

static enum err
tiles_write_checkpoint(struct tiles *tiles, struct why *why)
{
	struct checkpoint checkpoint = {.size = tiles->leaves};
	char path[PATH_SIZE];
	struct buf note = {0};
	enum err err;

	memcpy(checkpoint.origin, tiles->origin, sizeof(checkpoint.origin));
	checkpoint.root = tiles_root(tiles);
	err = note_sign(&checkpoint, tiles->signer, &note);
	if (err == ERR_OK)
		err = file_replace(
		    file_path(path, sizeof(path), tiles->folder, "checkpoint"),
		    buf_span(&note), 0644, why);
	buf_release(&note);
	return err;
}

enum err
tiles_publish(struct tiles *tiles, struct why *why)
{
	enum err err = strip_publish(tiles, &tiles->bundles, why);
	int level;

	for (level = 0; level < LEVELS && err == ERR_OK; level++)
		err = strip_publish(tiles, &tiles->levels[level], why);
	if (err == ERR_OK)
		err = tiles_write_checkpoint(tiles, why);
	if (err != ERR_OK)
		return err;
	tiles->published = tiles->leaves;
	tiles->has_published = true;
	return ERR_OK;
}

bool
tiles_read_bundle(const struct tiles *tiles, uint64_t index,
    struct digest commitments[MERKLE_TILE_WIDTH])
{
	const size_t each = 2 + DIGEST_LEN;
	char name[MERKLE_PATH_MAX], path[PATH_SIZE];
	struct buf bytes = {0};
	const char *at;
	bool whole;
	size_t i;

	merkle_tile_path(BUNDLE, index, MERKLE_TILE_WIDTH, name);
	file_path(path, sizeof(path), tiles->folder, name);
	whole =
	    file_read(path, each * MERKLE_TILE_WIDTH, &bytes, NULL) == ERR_OK &&
	    bytes.len == each * MERKLE_TILE_WIDTH;
	for (i = 0; whole && i < MERKLE_TILE_WIDTH; i++) {
		at = bytes.data + i * each;
		whole = at[0] == 0 && at[1] == DIGEST_LEN;
		memcpy(commitments[i].bytes, at + 2, DIGEST_LEN);
	}
	buf_release(&bytes);
	return whole;
}

/* The hashes of one tile; how many, 0: it is not there. */
static unsigned
tile_read(const struct tiles *tiles, unsigned level, uint64_t index,
    struct digest hashes[MERKLE_TILE_WIDTH])
{
	const struct strip *edge = &tiles->levels[level];
	char name[MERKLE_PATH_MAX], path[PATH_SIZE];
	struct buf bytes = {0};
	size_t size = sizeof(struct digest) * MERKLE_TILE_WIDTH;
	bool there;

	if (index == edge->index) {
		memcpy(hashes, edge->hashes, size);
		return edge->width;
	}
	merkle_tile_path((int)level, index, MERKLE_TILE_WIDTH, name);
	file_path(path, sizeof(path), tiles->folder, name);
	there =
	    file_read(path, size, &bytes, NULL) == ERR_OK && bytes.len == size;
	if (there)
		memcpy(hashes, bytes.data, size);
	buf_release(&bytes);
	return there ? MERKLE_TILE_WIDTH : 0;
}

bool
tiles_find(void *context, unsigned level, uint64_t index, struct digest *hash)
{
	const struct tiles *tiles = context;
	struct digest hashes[MERKLE_TILE_WIDTH];
	uint64_t first = index << level % 8;
	size_t count = (size_t)1 << level % 8;
	size_t at = first % MERKLE_TILE_WIDTH;

	if (level / 8 >= LEVELS ||
	    at + count >
		tile_read(tiles, level / 8, first / MERKLE_TILE_WIDTH, hashes))
		return false;
	*hash = merkle_root_of(hashes + at, count);
	return true;
}
