/*
 * shared: a short list of versions under one small lock.
 */
#include "base/shared.h"

#include <assert.h>
#include <pthread.h>
#include <stddef.h>

#include "base/mem.h"

/* One object that was swapped in; the newest counts itself once. */
struct version {
	struct version *next;
	void *object;
	size_t holders;
};

struct shared {
	pthread_mutex_t lock;
	void (*release)(void *object);
	struct version *newest; /* first of the list; older ones behind it */
	struct version *versions;
};

struct shared *
shared_new(void (*release)(void *object))
{
	struct shared *shared = mem_new(sizeof(*shared));

	pthread_mutex_init(&shared->lock, NULL);
	shared->release = release;
	return shared;
}

/* One holder less; what has to be released after unlocking, or NULL. */
static void *
let_go(struct shared *shared, struct version *version)
{
	struct version **link = &shared->versions;
	void *object;

	if (--version->holders > 0)
		return NULL;
	while (*link != version)
		link = &(*link)->next;
	*link = version->next;
	object = version->object;
	mem_free(version);
	return object;
}

void
shared_swap(struct shared *shared, void *object)
{
	struct version *version = NULL;
	void *old = NULL;

	if (object != NULL) {
		version = mem_new(sizeof(*version));
		version->object = object;
		version->holders = 1;
	}
	pthread_mutex_lock(&shared->lock);
	if (shared->newest != NULL)
		old = let_go(shared, shared->newest);
	shared->newest = version;
	if (version != NULL) {
		version->next = shared->versions;
		shared->versions = version;
	}
	pthread_mutex_unlock(&shared->lock);
	if (old != NULL)
		shared->release(old);
}

void
shared_free(struct shared *shared)
{
	if (shared == NULL)
		return;
	shared_swap(shared, NULL);
	assert(shared->versions == NULL);
	pthread_mutex_destroy(&shared->lock);
	mem_free(shared);
}

const void *
shared_hold(struct shared *shared)
{
	const void *object = NULL;

	pthread_mutex_lock(&shared->lock);
	if (shared->newest != NULL) {
		shared->newest->holders++;
		object = shared->newest->object;
	}
	pthread_mutex_unlock(&shared->lock);
	return object;
}

void
shared_drop(struct shared *shared, const void *object)
{
	struct version *version;
	void *old;

	if (object == NULL)
		return;
	pthread_mutex_lock(&shared->lock);
	version = shared->versions;
	while (version->object != object)
		version = version->next;
	old = let_go(shared, version);
	pthread_mutex_unlock(&shared->lock);
	if (old != NULL)
		shared->release(old);
}
