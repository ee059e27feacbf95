/*
 * mem: allocation that cannot fail, and arenas.
 */
#include "base/mem.h"

#include <malloc.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Heaps for each core: of forty threads those that work at a time. */
#define HEAPS 2
#define CORES_MAX 1024
#define BLOCK_FIRST ((size_t)16 << 10)
#define BLOCK_MOST ((size_t)1 << 20)

struct block {
	struct block *older;
	size_t size;
	size_t used;
	alignas(max_align_t) char bytes[];
};

struct arena {
	struct block *block; /* the newest; requests are served from it */
	size_t used;
};

static void *
mem_must(void *memory, size_t size)
{
	if (memory == NULL) {
		fprintf(stderr, "out of memory: %zu bytes\n", size);
		abort();
	}
	return memory;
}

void *
mem_new(size_t size)
{
	return mem_must(calloc(1, size > 0 ? size : 1), size);
}

void *
mem_grow(void *old, size_t size)
{
	return mem_must(realloc(old, size > 0 ? size : 1), size);
}

void *
mem_copy(const void *from, size_t size)
{
	void *copy = mem_must(malloc(size > 0 ? size : 1), size);

	if (size > 0)
		memcpy(copy, from, size);
	return copy;
}

char *
mem_text(const char *text)
{
	return mem_copy(text, strlen(text) + 1);
}

void
mem_free(void *memory)
{
	free(memory);
}

void
mem_keep(int bytes)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	mallopt(M_TRIM_THRESHOLD, bytes);
	mallopt(M_MMAP_THRESHOLD, bytes);
	if (cores > 0 && cores < CORES_MAX)
		mallopt(M_ARENA_MAX, (int)cores * HEAPS);
}

struct arena *
arena_new(void)
{
	return mem_new(sizeof(struct arena));
}

static void
block_free_all(struct block *block)
{
	struct block *older;

	for (; block != NULL; block = older) {
		older = block->older;
		mem_free(block);
	}
}

void
arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	block_free_all(arena->block);
	mem_free(arena);
}

void
arena_reset(struct arena *arena)
{
	struct block **link, **best = &arena->block;
	struct block *kept;

	arena->used = 0;
	if (arena->block == NULL)
		return;
	for (link = &arena->block; *link != NULL; link = &(*link)->older) {
		if ((*link)->size > (*best)->size)
			best = link;
	}
	kept = *best;
	*best = kept->older;
	block_free_all(arena->block);
	kept->older = NULL;
	kept->used = 0;
	arena->block = kept;
}

static void
arena_add_block(struct arena *arena, size_t need)
{
	size_t size = arena->block != NULL ? arena->block->size : 0;
	struct block *block;

	size = size == 0 ? BLOCK_FIRST : size * 2;
	if (size > BLOCK_MOST)
		size = BLOCK_MOST;
	if (size < need)
		size = need;
	block = mem_must(malloc(sizeof(*block) + size), size);
	block->older = arena->block;
	block->size = size;
	block->used = 0;
	arena->block = block;
}

void *
arena_take(struct arena *arena, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct block *block;
	size_t room;
	void *taken;

	if (size > SIZE_MAX / 2)
		mem_must(NULL, size);
	room = (size + align - 1) / align * align;
	block = arena->block;
	if (block == NULL || block->size - block->used < room) {
		arena_add_block(arena, room);
		block = arena->block;
	}
	taken = block->bytes + block->used;
	block->used += room;
	arena->used += room;
	return memset(taken, 0, size);
}

char *
arena_text(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_take(arena, len + 1);

	if (len > 0)
		memcpy(copy, text, len);
	return copy;
}

size_t
arena_used(const struct arena *arena)
{
	return arena->used;
}
