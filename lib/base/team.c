/*
 * team: threads that work ahead for one thread.
 */
#include "base/team.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/mem.h"

#define NAME_SIZE 16 /* what the kernel keeps of a thread's name */

/* What was given to a team, oldest first: some done, some begun, some not. */
struct given {
	void *job;
	bool done;
	struct given *next;
};

struct team {
	pthread_t *threads;
	size_t count;
	pthread_mutex_t lock;
	pthread_cond_t wake;        /* for the threads: something is to do */
	pthread_cond_t done;        /* for the taker */
	struct given *first, *last; /* under lock; the taker's to free */
	struct given *fresh;        /* under lock: the first not begun */
	bool stopping;              /* under lock */
	work_fn handle;
	void *context;
	char name[NAME_SIZE];
};

/* Under lock, which is given up meanwhile. */
static void
team_do(struct team *team)
{
	struct given *given = team->fresh;

	team->fresh = given->next;
	pthread_mutex_unlock(&team->lock);
	team->handle(team->context, given->job);
	pthread_mutex_lock(&team->lock);
	given->done = true;
}

static void *
team_run(void *argument)
{
	struct team *team = argument;

	pthread_setname_np(pthread_self(), team->name);
	pthread_mutex_lock(&team->lock);
	while (!team->stopping) {
		if (team->fresh == NULL) {
			pthread_cond_wait(&team->wake, &team->lock);
			continue;
		}
		team_do(team);
		pthread_cond_signal(&team->done);
	}
	pthread_mutex_unlock(&team->lock);
	return NULL;
}

struct team *
team_new(const char *name, size_t threads, work_fn handle, void *context)
{
	struct team *team = mem_new(sizeof(*team));
	size_t i;

	pthread_mutex_init(&team->lock, NULL);
	pthread_cond_init(&team->wake, NULL);
	pthread_cond_init(&team->done, NULL);
	snprintf(team->name, sizeof(team->name), "%.15s", name);
	team->handle = handle;
	team->context = context;
	team->count = threads;
	team->threads = mem_new((threads + 1) * sizeof(*team->threads));
	for (i = 0; i < threads; i++)
		work_start(&team->threads[i], team_run, team);
	return team;
}

void
team_give(struct team *team, void *job)
{
	struct given *given = mem_new(sizeof(*given));

	given->job = job;
	pthread_mutex_lock(&team->lock);
	if (team->first == NULL)
		team->first = given;
	else
		team->last->next = given;
	team->last = given;
	if (team->fresh == NULL)
		team->fresh = given;
	pthread_cond_signal(&team->wake);
	pthread_mutex_unlock(&team->lock);
}

void *
team_take(struct team *team)
{
	struct given *given;
	void *job;

	pthread_mutex_lock(&team->lock);
	given = team->first;
	while (given != NULL && !given->done) {
		if (team->fresh == given)
			team_do(team);
		else
			pthread_cond_wait(&team->done, &team->lock);
	}
	if (given != NULL)
		team->first = given->next;
	pthread_mutex_unlock(&team->lock);
	job = given == NULL ? NULL : given->job;
	mem_free(given);
	return job;
}

void
team_free(struct team *team)
{
	size_t i;

	if (team == NULL)
		return;
	assert(team->first == NULL);
	pthread_mutex_lock(&team->lock);
	team->stopping = true;
	pthread_cond_broadcast(&team->wake);
	pthread_mutex_unlock(&team->lock);
	for (i = 0; i < team->count; i++)
		pthread_join(team->threads[i], NULL);
	pthread_cond_destroy(&team->wake);
	pthread_cond_destroy(&team->done);
	pthread_mutex_destroy(&team->lock);
	mem_free(team->threads);
	mem_free(team);
}
