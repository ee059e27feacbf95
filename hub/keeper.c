/*
 * keeper: the thread that looks after the ledger's age.
 */
#include "hub/keeper.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "credit/expiry.h"
#include "hub/catalogue.h"
#include "hub/hub.h"
#include "hub/retention.h"

#define HOUR_US (INT64_C(3600) * CLOCK_SECOND)

struct keeper {
	struct hub *hub;
	struct desk *desk;
	int64_t last_day; /* of the network, since 1970; done or under way */
};

struct task {
	struct desk_job job; /* first: the desk knows only this */
	struct hub *hub;
};

struct keeper *
keeper_new(struct hub *hub, struct ledger *ledger)
{
	struct keeper *keeper = mem_new(sizeof(*keeper));

	keeper->hub = hub;
	keeper->desk = desk_new(ledger);
	return keeper;
}

void
keeper_free(struct keeper *keeper)
{
	if (keeper == NULL)
		return;
	desk_stop(keeper->desk, 0);
	desk_free(keeper->desk);
	mem_free(keeper);
}

struct desk *
keeper_desk(struct keeper *keeper)
{
	return keeper->desk;
}

static void
run_daily(struct desk_job *job, struct ledger *ledger)
{
	struct task *task = (struct task *)job;
	struct hub *hub = task->hub;
	const struct catalogue *catalogue = shared_hold(hub->catalogue);
	struct retention retention = {.now_us = clock_now_us(),
	    .material_days = hub->settings.material_days};
	struct buf told = {0};
	struct why why = {0};
	enum err err = ERR_OK;

	mem_free(task);
	if (catalogue != NULL) {
		retention.catalog = catalogue->catalog;
		err = retention_run(ledger, &retention, &told, &why);
	}
	shared_drop(hub->catalogue, catalogue);
	buf_release(&told);
	publish_wake(hub->publish);
	if (err == ERR_OK)
		log_info("retention.done", "day=done");
	else
		log_error("retention.failed", "why=%s", why.text);
}

static void
run_journal(struct desk_job *job, struct ledger *ledger)
{
	struct task *task = (struct task *)job;

	journal_run(task->hub->journal, ledger_pg(ledger));
	mem_free(task);
}

static void
post(struct keeper *keeper,
    void (*run)(struct desk_job *job, struct ledger *ledger))
{
	struct task *task = mem_new(sizeof(*task));

	task->job.run = run;
	task->hub = keeper->hub;
	if (!desk_post(keeper->desk, &task->job))
		mem_free(task);
}

void
keeper_tick(struct keeper *keeper, int64_t now_us)
{
	int64_t hours = (now_us + EXPIRY_ZONE_US) / HOUR_US;

	if (keeper->hub->journal != NULL)
		post(keeper, run_journal);
	if (hours % 24 != keeper->hub->settings.retention_hour ||
	    hours / 24 == keeper->last_day)
		return;
	keeper->last_day = hours / 24;
	post(keeper, run_daily);
}
