/*
 * health: what a node knows of how it is doing, for its status.
 */
#include "node/health.h"

#include <stdio.h>

#include "base/cert.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "credit/member.h"

#define LOOK_US (INT64_C(60) * CLOCK_SECOND)

struct health {
	char *folder, *certificate;
	struct budget *budget;
	int64_t looked_us; /* 0: never */
	struct condition now;
	struct budget_use uses[CONDITION_BUDGETS_MAX];
	char members[CONDITION_BUDGETS_MAX][MEMBER_CODE_MAX + 1];
};

struct health *
health_new(const struct health_settings *settings)
{
	struct health *health = mem_new(sizeof(*health));

	health->folder = mem_text(settings->folder);
	health->certificate = mem_text(settings->certificate);
	health->budget = settings->budget;
	health->now.started_us = clock_now_us();
	health->now.budgets = health->uses;
	return health;
}

void
health_free(struct health *health)
{
	if (health == NULL)
		return;
	mem_free(health->folder);
	mem_free(health->certificate);
	mem_free(health);
}

static void
look_at_certificate(struct health *health)
{
	struct identity who;

	health->now.certificate_us = 0;
	if (cert_read(health->certificate, &who, NULL, NULL) == ERR_OK)
		health->now.certificate_us = who.not_after_us;
}

static void
take_account(void *context, const struct account *account, uint32_t spent)
{
	struct health *health = context;
	size_t i = health->now.budget_count;

	if (i == CONDITION_BUDGETS_MAX)
		return;
	snprintf(health->members[i], sizeof(health->members[i]), "%s",
	    account->member);
	health->uses[i] = (struct budget_use){.member = health->members[i],
	    .screenings = account->kind == BUDGET_SCREENINGS,
	    .period = account->period,
	    .spent = spent};
	health->now.budget_count++;
}

static void
look_at_budgets(struct health *health)
{
	health->now.budget_count = 0;
	if (health->budget != NULL &&
	    budget_accounts(health->budget, take_account, health) != ERR_OK)
		health->now.budget_count = 0;
}

/* Nothing is better than a figure that nobody could have. */
static void
look_at_disk(struct health *health)
{
	uint64_t left = file_free_bytes(health->folder);
	uint64_t total = file_total_bytes(health->folder);

	health->now.disk_free = left <= total ? left : 0;
	health->now.disk_total = left <= total ? total : 0;
}

const struct condition *
health_look(
    struct health *health, const struct bounds *bounds, uint32_t protocol)
{
	int64_t now_us = clock_tick_us();

	if (health->looked_us == 0 || now_us - health->looked_us > LOOK_US) {
		health->looked_us = now_us;
		look_at_certificate(health);
		look_at_budgets(health);
	}
	look_at_disk(health);
	bounds_read(
	    bounds, &health->now.revocations, &health->now.revocation_us);
	health->now.protocol = protocol;
	return &health->now;
}
