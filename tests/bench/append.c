/*
 * append: a trail of its own, with many entries waiting at a time; for the
 * benches.
 *
 *   append FOLDER WAITING ENTRIES
 *
 * Prints "rate cpu_us".
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "node/trail.h"

/* One thread asks, as a loop of HTTP does; the trail's thread answers. */
struct asker {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	long back; /* answered and not asked again */
	long refused;
};

static double
seconds_of(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
on_done(void *context, enum err err, const struct trail_receipt *receipt)
{
	struct asker *asker = context;
	int first;

	(void)err;
	pthread_mutex_lock(&asker->lock);
	asker->refused += receipt == NULL;
	first = asker->back++ == 0;
	pthread_mutex_unlock(&asker->lock);
	if (first)
		pthread_cond_signal(&asker->answered);
}

static long
take_answered(struct asker *asker)
{
	long back;

	pthread_mutex_lock(&asker->lock);
	while (asker->back == 0)
		pthread_cond_wait(&asker->answered, &asker->lock);
	back = asker->back;
	asker->back = 0;
	pthread_mutex_unlock(&asker->lock);
	return back;
}

/* As it is for a question about twelve items under a consent. */
static void
fill_access(struct access *access)
{
	static const char id[] = "8c5f7c1e-3f0b-4b52-9a43-0d6f4d7a1c11";
	struct timespec now;
	size_t i;

	clock_gettime(CLOCK_REALTIME, &now);
	access->time_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
	strcpy(access->member, "91440101MA000RX19U");
	strcpy(access->subject, "91440101MA5AAAAA0Q");
	strcpy(access->action, "report");
	strcpy(access->consent, id);
	strcpy(access->stream, "4401");
	access->purpose = PURPOSE_PRE_LOAN;
	access->position = 123456;
	access->authorised = true;
	access->level = LEVEL_DETAIL;
	for (i = 0; i < 12; i++)
		access->items[i] = (uint32_t)i + 1;
	access->item_count = 12;
	access->answer = digest_of(span_make(&now, sizeof(now)));
}

int
main(int argc, char **argv)
{
	struct asker asker = {
	    PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};
	struct trail_settings settings = {.node_code = "11440100MB0044011H"};
	struct access access = {0};
	struct trail *trail;
	long total, asked = 0, done = 0, ask;
	double began, spent;

	if (argc != 4)
		return 2;
	signal(SIGXFSZ, SIG_IGN);
	settings.folder = argv[1];
	settings.signer = signer_new();
	trail = trail_open(&settings);
	asker.back = atol(argv[2]);
	total = atol(argv[3]);
	done = -asker.back;
	began = seconds_of(CLOCK_MONOTONIC);
	spent = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
	while (done < total) {
		ask = take_answered(&asker);
		for (done += ask; ask > 0 && asked < total; ask--, asked++) {
			fill_access(&access);
			trail_append(trail, &access, on_done, &asker);
		}
	}
	began = seconds_of(CLOCK_MONOTONIC) - began;
	spent = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - spent;
	printf(
	    "%.0f %.2f\n", (double)total / began, spent * 1e6 / (double)total);
	trail_close(trail);
	signer_free(settings.signer);
	return asker.refused != 0;
}
