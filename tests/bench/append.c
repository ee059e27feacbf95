/*
 * append: a trail of its own, with many entries waiting at a time; for the
 * benches.
 *
 *   append FOLDER WAITING ENTRIES
 *
 * Prints "rate cpu_us".
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uv.h>

#include "base/work.h"
#include "node/trail.h"

/* A loop asks, as one of HTTP does, and asks again when it is answered. */
struct asker {
	uv_loop_t loop;
	struct mailbox *mailbox;
	struct trail *trail;
	struct access access;
	long left, waiting; /* to ask, to be answered */
	_Atomic long refused;
};

static double
seconds_of(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Thread: trail. */
static void
on_done(void *context, enum err err, const struct trail_receipt *receipt)
{
	struct asker *asker = context;

	(void)err;
	if (receipt == NULL)
		asker->refused++;
	mailbox_post(asker->mailbox, asker);
}

static void
ask(struct asker *asker)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	asker->access.time_us =
	    (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
	memcpy(asker->access.answer.bytes, &now, sizeof(now));
	asker->left--;
	asker->waiting++;
	trail_append(asker->trail, &asker->access, on_done, asker);
}

static void
on_answer(void *context, void *job)
{
	struct asker *asker = context;

	(void)job;
	asker->waiting--;
	if (asker->left > 0)
		ask(asker);
	else if (asker->waiting == 0)
		mailbox_close(asker->mailbox);
}

/* As it is for a question about twelve items under a consent. */
static void
fill_access(struct access *access)
{
	static const char id[] = "8c5f7c1e-3f0b-4b52-9a43-0d6f4d7a1c11";
	size_t i;

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
}

int
main(int argc, char **argv)
{
	struct trail_settings settings = {.node_code = "11440100MB0044011H"};
	static struct asker asker;
	long waiting, total;
	double began, spent;

	if (argc != 4)
		return 2;
	signal(SIGXFSZ, SIG_IGN);
	settings.folder = argv[1];
	settings.signer = signer_new();
	waiting = atol(argv[2]);
	total = asker.left = atol(argv[3]);
	fill_access(&asker.access);
	uv_loop_init(&asker.loop);
	asker.mailbox = mailbox_open_loop(&asker.loop, on_answer, &asker);
	asker.trail = trail_open(&settings);
	began = seconds_of(CLOCK_MONOTONIC);
	spent = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
	while (waiting-- > 0)
		ask(&asker);
	uv_run(&asker.loop, UV_RUN_DEFAULT);
	began = seconds_of(CLOCK_MONOTONIC) - began;
	spent = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - spent;
	printf(
	    "%.0f %.2f\n", (double)total / began, spent * 1e6 / (double)total);
	trail_close(asker.trail);
	signer_free(settings.signer);
	uv_loop_close(&asker.loop);
	return asker.refused != 0;
}
