/*
 * shared: one immutable object that many threads read and one replaces.
 *
 * The member list, the catalogue: a new version is a new object, swapped in
 * whole; the old one is released when its last reader lets go.  A reader
 * holds it for one unit of work and never across two.
 * Any thread.
 */
#ifndef BASE_SHARED_H
#define BASE_SHARED_H

struct shared;

/* Empty.  `release` frees an object that nobody holds any more; it runs on
 * the thread that let go last. */
struct shared *shared_new(void (*release)(void *object));
/* Releases the newest object; nobody may hold one.  Safe on NULL. */
void shared_free(struct shared *shared);
/* Takes over `object` (NULL: empty again); later holds get this one. */
void shared_swap(struct shared *shared, void *object);
/* The newest object, valid until dropped; NULL when there is none. */
const void *shared_hold(struct shared *shared);
/* Give back what shared_hold answered; fine with NULL. */
void shared_drop(struct shared *shared, const void *object);

#endif
