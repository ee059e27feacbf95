/*
 * condition: how a node says that it is doing, as the ledger keeps it.
 */
#include "hub/condition.h"

#include "base/clock.h"
#include "base/json.h"

static void
put_time(struct json_out *json, const char *name, int64_t time_us)
{
	char text[CLOCK_TEXT_MAX];

	if (time_us == 0)
		json_put_null(json, name);
	else
		json_put_cstr(json, name, clock_print(time_us, text));
}

static void
put_disk(const struct condition *condition, struct json_out *json)
{
	if (condition->disk_total == 0) {
		json_put_null(json, "disk_free");
		json_put_null(json, "disk_total");
		return;
	}
	json_put_int(json, "disk_free", (int64_t)condition->disk_free);
	json_put_int(json, "disk_total", (int64_t)condition->disk_total);
}

static void
put_budget(const struct budget_use *use, struct json_out *json)
{
	json_open_object(json, NULL);
	json_put_cstr(json, "member", use->member);
	json_put_cstr(
	    json, "kind", use->screenings ? "screenings" : "statistics");
	json_put_int(json, "period", use->period);
	json_put_int(json, "spent", use->spent);
	json_close_object(json);
}

void
condition_print(const struct condition *condition, struct buf *out)
{
	struct json_out json = {.buf = out};
	size_t i;

	json_open_object(&json, NULL);
	json_put_int(&json, "protocol", condition->protocol);
	put_disk(condition, &json);
	put_time(&json, "certificate", condition->certificate_us);
	put_time(&json, "started", condition->started_us);
	json_put_int(&json, "revocations", condition->revocations);
	json_put_int(&json, "revocation_ms", condition->revocation_us / 1000);
	json_open_array(&json, "budgets");
	for (i = 0; i < condition->budget_count; i++)
		put_budget(&condition->budgets[i], &json);
	json_close_array(&json);
	json_close_object(&json);
}
