/*
 * desk: the one thread that changes control records and reads for people.
 */
#include "hub/desk.h"

#include <assert.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/work.h"

#define WAITING_MAX 4096
/* Between two attempts to interrupt a job. */
#define INTERRUPT_MS 100

struct desk {
	struct ledger *ledger;
	struct worker *worker;
};

/* Those that join like the first, as many as the round takes. */
static size_t
join_round(struct control_round *round, void **jobs, size_t count)
{
	struct desk_job *first = jobs[0];
	size_t n = 0;

	while (n < count) {
		struct desk_job *job = jobs[n];

		if (job->join != first->join || !job->join(job, round))
			break;
		n++;
	}
	return n;
}

/* How many it was. */
static size_t
hold_round(struct desk *desk, void **jobs, size_t count)
{
	struct control_round *round = control_round_begin(desk->ledger);
	size_t joined = join_round(round, jobs, count), i;
	struct why why = {""};
	enum err err = control_round_end(round, &why);

	assert(joined > 0);
	if (err != ERR_OK)
		log_error("desk.round", "jobs=%zu why=%s", joined, why.text);
	for (i = 0; i < joined; i++) {
		struct desk_job *job = jobs[i];

		if (err != ERR_OK && joined > 1)
			(void)hold_round(desk, &jobs[i], 1);
		else
			job->done(job, desk->ledger, err);
	}
	return joined;
}

static void
handle(void *context, void **jobs, size_t count)
{
	struct desk *desk = context;
	size_t i = 0;

	while (i < count) {
		struct desk_job *job = jobs[i];

		if (job->run == NULL) {
			i += hold_round(desk, &jobs[i], count - i);
			continue;
		}
		job->run(job, desk->ledger);
		i++;
	}
}

struct desk *
desk_new(struct ledger *ledger)
{
	struct desk *desk = mem_new(sizeof(*desk));

	desk->ledger = ledger;
	desk->worker = worker_new_batch("desk", handle, NULL, 0, desk);
	return desk;
}

void
desk_stop(struct desk *desk, unsigned grace_ms)
{
	if (desk == NULL)
		return;
	while (!worker_ends_within(desk->worker, grace_ms)) {
		pg_interrupt(ledger_pg(desk->ledger));
		grace_ms = INTERRUPT_MS;
	}
	worker_stop(desk->worker);
}

void
desk_free(struct desk *desk)
{
	if (desk == NULL)
		return;
	worker_free(desk->worker);
	ledger_close(desk->ledger);
	mem_free(desk);
}

bool
desk_post(struct desk *desk, struct desk_job *job)
{
	return worker_post(desk->worker, job, WAITING_MAX);
}
