/*
 * mem: allocation that cannot fail, and arenas for one unit of work.
 *
 * Sizes that come from outside are bounded before they get here; running out
 * of memory therefore is a bug or a machine to restart, and stops the process.
 * An arena belongs to one thread and one unit of work (a feed batch, a query).
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* Zeroed; never NULL.  Free with mem_free. */
void *mem_new(size_t size);
void *mem_grow(void *old, size_t size);
void *mem_copy(const void *from, size_t size);
char *mem_text(const char *text);
void mem_free(void *memory); /* safe on NULL */

/* What is freed stays with the process, up to `bytes` of each heap's: a
 * server's next answer needs it again, and to fetch it from the kernel costs
 * more than most that is done with it.  Threads share two heaps a core: what
 * each keeps of its own adds up to a quarter of all.  Once, before there are
 * threads. */
void mem_keep(int bytes);

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *arena); /* safe on NULL */
/* Empty it, keeping its largest block for reuse. */
void arena_reset(struct arena *arena);
/* Zeroed, aligned for anything, valid until reset or free. */
void *arena_take(struct arena *arena, size_t size);
char *arena_text(struct arena *arena, const char *text, size_t len);
/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *arena);

#endif
