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

/* The tile at the right edge of one level. */
struct edge {
	uint64_t index; /* of the tile */
	unsigned width;
	struct digest hashes[MERKLE_TILE_WIDTH];
};

struct waiting {
	struct digest commitment, leaf;
};

struct tiles {
	const char *folder;
	char origin[NOTE_ORIGIN_MAX + 1];
	struct signer *signer;
	struct merkle tree;
	struct edge levels[LEVELS];
	struct edge bundle;      /* commitments */
	struct waiting *waiting; /* what no tile has yet */
	size_t waiting_count, waiting_size;
	uint64_t published;
	bool has_published;
};

struct tiles *
tiles_new(const char *folder, const char *node_code, struct signer *signer)
{
	struct tiles *tiles = mem_new(sizeof(*tiles));

	tiles->folder = folder;
	tiles->signer = signer;
	note_trail_origin(node_code, tiles->origin);
	return tiles;
}

void
tiles_free(struct tiles *tiles)
{
	if (tiles == NULL)
		return;
	mem_free(tiles->waiting);
	mem_free(tiles);
}

void
tiles_add(struct tiles *tiles, const struct digest *commitment,
    const struct digest *leaf)
{
	if (tiles->waiting_count == tiles->waiting_size) {
		tiles->waiting_size =
		    tiles->waiting_size == 0 ? 256 : tiles->waiting_size * 2;
		tiles->waiting = mem_grow(tiles->waiting,
		    tiles->waiting_size * sizeof(*tiles->waiting));
	}
	tiles->waiting[tiles->waiting_count++] =
	    (struct waiting){*commitment, *leaf};
	merkle_add(&tiles->tree, leaf);
}

struct digest
tiles_root(const struct tiles *tiles)
{
	return merkle_root(&tiles->tree);
}

uint64_t
tiles_size(const struct tiles *tiles)
{
	return tiles->tree.size;
}

bool
tiles_are_behind(const struct tiles *tiles)
{
	return !tiles->has_published || tiles->published < tiles->tree.size;
}

static void
tile_bytes(int level, const struct edge *edge, struct buf *bytes)
{
	unsigned i;

	for (i = 0; i < edge->width; i++) {
		if (level == BUNDLE)
			buf_u16(bytes, DIGEST_LEN);
		buf_add(bytes, edge->hashes[i].bytes, DIGEST_LEN);
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

/* Beside and renamed, so that no reader sees half a tile. */
static enum err
tile_replace(const char *path, struct span bytes, struct why *why)
{
	char beside[PATH_SIZE];
	enum err err;
	int fd;

	snprintf(beside, sizeof(beside), "%.*s.new", PATH_SIZE - 8, path);
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
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
tile_write(const struct tiles *tiles, int level, const struct edge *edge,
    struct why *why)
{
	char name[MERKLE_PATH_MAX], path[PATH_SIZE], folder[PATH_SIZE];
	struct buf bytes = {0};
	enum err err = ERR_OK;

	merkle_tile_path(level, edge->index, edge->width, name);
	file_path(path, sizeof(path), tiles->folder, name);
	memcpy(folder, path, sizeof(folder));
	*strrchr(folder, '/') = '\0';
	tile_bytes(level, edge, &bytes);
	if (!tile_is_there(path, buf_span(&bytes))) {
		err = file_make_folder(folder, 0755, why);
		if (err == ERR_OK)
			err = tile_replace(path, buf_span(&bytes), why);
	}
	buf_release(&bytes);
	return err;
}

/* Partial tiles are of no use once the whole one is there; left alone they
 * would take thirty times its room. */
static void
tile_drop_partial(const struct tiles *tiles, int level, uint64_t index)
{
	char name[MERKLE_PATH_MAX], folder[PATH_SIZE], path[PATH_SIZE];
	struct dirent *found;
	DIR *dir;

	merkle_tile_path(level, index, 1, name);
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

/* A full tile is written and begun anew behind it. */
static enum err
edge_turn(struct tiles *tiles, int level, struct edge *edge, struct why *why)
{
	enum err err;

	if (edge->width < MERKLE_TILE_WIDTH)
		return ERR_OK;
	err = tile_write(tiles, level, edge, why);
	if (err != ERR_OK)
		return err;
	tile_drop_partial(tiles, level, edge->index);
	edge->index++;
	edge->width = 0;
	return ERR_OK;
}

/* The levels above a full tile get its root. */
static enum err
tiles_climb(struct tiles *tiles, struct why *why)
{
	struct digest root;
	enum err err = ERR_OK;
	int level;

	for (level = 0; level < LEVELS && err == ERR_OK; level++) {
		struct edge *edge = &tiles->levels[level];
		struct edge *above = &tiles->levels[level + 1];

		if (edge->width < MERKLE_TILE_WIDTH)
			continue;
		root = merkle_root_of(edge->hashes, MERKLE_TILE_WIDTH);
		err = edge_turn(tiles, level, edge, why);
		if (err == ERR_OK && level + 1 < LEVELS)
			above->hashes[above->width++] = root;
	}
	return err;
}

/* A tile that could not be written stays full and is tried again first. */
static enum err
tiles_settle(struct tiles *tiles, struct why *why)
{
	enum err err = edge_turn(tiles, BUNDLE, &tiles->bundle, why);

	return err == ERR_OK ? tiles_climb(tiles, why) : err;
}

static enum err
tiles_take_waiting(struct tiles *tiles, struct why *why)
{
	struct edge *base = &tiles->levels[0];
	const struct waiting *waiting;
	enum err err = tiles_settle(tiles, why);
	size_t i;

	for (i = 0; i < tiles->waiting_count && err == ERR_OK; i++) {
		waiting = &tiles->waiting[i];
		tiles->bundle.hashes[tiles->bundle.width++] =
		    waiting->commitment;
		base->hashes[base->width++] = waiting->leaf;
		err = tiles_settle(tiles, why);
	}
	if (i == 0)
		return err;
	tiles->waiting_count -= i;
	memmove(tiles->waiting, tiles->waiting + i,
	    tiles->waiting_count * sizeof(*tiles->waiting));
	return err;
}

static enum err
tiles_write_partial(struct tiles *tiles, struct why *why)
{
	enum err err = ERR_OK;
	int level;

	if (tiles->bundle.width > 0)
		err = tile_write(tiles, BUNDLE, &tiles->bundle, why);
	for (level = 0; level < LEVELS && err == ERR_OK; level++)
		if (tiles->levels[level].width > 0)
			err = tile_write(
			    tiles, level, &tiles->levels[level], why);
	return err;
}

static enum err
tiles_write_checkpoint(struct tiles *tiles, struct why *why)
{
	struct checkpoint checkpoint = {.size = tiles->tree.size};
	char path[PATH_SIZE];
	struct buf note = {0};
	enum err err;

	memcpy(checkpoint.origin, tiles->origin, sizeof(checkpoint.origin));
	checkpoint.root = merkle_root(&tiles->tree);
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
	enum err err = tiles_take_waiting(tiles, why);

	if (err == ERR_OK)
		err = tiles_write_partial(tiles, why);
	if (err == ERR_OK)
		err = tiles_write_checkpoint(tiles, why);
	if (err != ERR_OK)
		return err;
	tiles->published = tiles->tree.size;
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
	const struct edge *edge = &tiles->levels[level];
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
