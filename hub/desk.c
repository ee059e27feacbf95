/*
 * desk: the one thread that changes control records and reads for people.
 */
#include "hub/desk.h"

#include "base/mem.h"
#include "base/work.h"

#define WAITING_MAX 4096

struct desk {
	struct ledger *ledger;
	struct worker *worker;
};

static void
handle(void *context, void *argument)
{
	struct desk *desk = context;
	struct desk_job *job = argument;

	job->run(job, desk->ledger);
}

struct desk *
desk_new(struct ledger *ledger)
{
	struct desk *desk = mem_new(sizeof(*desk));

	desk->ledger = ledger;
	desk->worker = worker_new("desk", handle, NULL, 0, desk);
	return desk;
}

void
desk_stop(struct desk *desk)
{
	if (desk != NULL)
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
