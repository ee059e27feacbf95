/*
 * alarm: looks every few seconds for what is wrong, and raises alerts.
 */
#include "hub/alarm.h"

#include <stdio.h>
#include <sys/statvfs.h>

#include "base/cert.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/work.h"
#include "hub/hub.h"
#include "hub/pull.h"

#define DAY_US (INT64_C(86400) * CLOCK_SECOND)
#define PATH_SIZE 1024

struct alarm {
	struct hub *hub;
	struct pg *pg;
	struct worker *worker;
	int64_t slow_us; /* when the slow rules were looked at; 0: never */
	const char *channels;
	bool failing; /* said so already */
	struct metric *disk_free;
};

static void
put_fact(
    struct json_out *json, const char *rule, const char *subject, int64_t value)
{
	json_open_object(json, NULL);
	json_put_cstr(json, "rule", rule);
	json_put_cstr(json, "subject", subject);
	json_put_cstr(json, "name", subject);
	json_put_int(json, "value", value);
	json_close_object(json);
}

/* Percent used, as `df` counts: of what this user could have. */
static void
put_disk(struct alarm *alarm, struct json_out *json)
{
	const char *folder = alarm->hub->settings.folder;
	struct statvfs fs;
	uint64_t used, all;

	if (statvfs(folder, &fs) != 0 || fs.f_blocks == 0)
		return;
	used = fs.f_blocks - fs.f_bfree;
	all = used + fs.f_bavail;
	metric_set(alarm->disk_free, (int64_t)(fs.f_bavail * fs.f_frsize));
	put_fact(json, "disk_full", folder,
	    all > 0 ? (int64_t)(100 * used / all) : 100);
}

static void
put_certificate(struct alarm *alarm, int64_t now_us, struct json_out *json)
{
	char path[PATH_SIZE];
	struct identity who;

	snprintf(path, sizeof(path), "%s.crt", alarm->hub->settings.stem);
	if (cert_read(path, &who, NULL, NULL) != ERR_OK)
		return;
	put_fact(json, "certificate_expiry", path,
	    (who.not_after_us - now_us) / DAY_US);
}

/* Of the last day, each by itself. */
static void
put_patterns(struct alarm *alarm, int64_t now_us, struct json_out *json)
{
	size_t i;

	pg_exec(alarm->pg,
	    "SELECT node || '/' || member || '/' || kind, max(count),"
	    " kind || ': ' || member FROM abuse_alert WHERE last_seen > $1"
	    " GROUP BY node, member, kind ORDER BY 1 LIMIT 1000",
	    pg_arg_time(now_us - DAY_US));
	for (i = 0; i < pg_rows(alarm->pg); i++) {
		json_open_object(json, NULL);
		json_put_cstr(json, "rule", "abuse_pattern");
		json_put_text(json, "subject", pg_bytes(alarm->pg, i, 0));
		json_put_text(json, "name", pg_bytes(alarm->pg, i, 2));
		json_put_int(json, "value", pg_int(alarm->pg, i, 1));
		json_close_object(json);
	}
}

/* Days that count since each was filed, by department. */
static void
put_objections(struct alarm *alarm, int64_t now_us, struct json_out *json)
{
	int64_t days = alarm->hub->settings.objection_days;
	size_t i;

	pg_query(alarm->pg,
	    "SELECT id, provider, due_at FROM objection WHERE ended_at IS NULL"
	    " AND suspended_at IS NULL AND leader IS NULL"
	    " ORDER BY due_at LIMIT 1000");
	for (i = 0; i < pg_rows(alarm->pg); i++) {
		json_open_object(json, NULL);
		json_put_cstr(json, "rule", "objection_due");
		json_put_text(json, "subject", pg_bytes(alarm->pg, i, 0));
		json_put_text(json, "name", pg_bytes(alarm->pg, i, 1));
		json_put_int(json, "value",
		    days - (pg_time(alarm->pg, i, 2) - now_us) / DAY_US);
		json_close_object(json);
	}
}

static void
look(struct alarm *alarm, int64_t now_us, bool is_slow)
{
	struct buf facts = {0}, sources = {0};
	struct json_out json = {.buf = &facts};
	int64_t raised = 0, closed = 0;

	json_open_array(&json, NULL);
	put_disk(alarm, &json);
	put_certificate(alarm, now_us, &json);
	put_patterns(alarm, now_us, &json);
	put_objections(alarm, now_us, &json);
	json_close_array(&json);
	pull_print(alarm->hub->pull, NULL, &sources);
	pg_exec(alarm->pg,
	    "SELECT * FROM alert_look($1, $2 <> 0, $3::json, $4::json, $5)",
	    pg_arg_time(now_us), pg_arg_int(is_slow),
	    pg_arg_text(buf_span(&facts)), pg_arg_text(buf_span(&sources)),
	    pg_arg_text(span_of(alarm->channels)));
	if (pg_rows(alarm->pg) == 1) {
		raised = pg_int(alarm->pg, 0, 0);
		closed = pg_int(alarm->pg, 0, 1);
	}
	if (raised > 0 || closed > 0)
		log_info("alert.change", "raised=%lld closed=%lld",
		    (long long)raised, (long long)closed);
	buf_release(&facts);
	buf_release(&sources);
}

/* Open alerts by rule, for Prometheus; rules without any are 0. */
static void
count_open(struct alarm *alarm)
{
	char labels[128];
	size_t i;

	pg_query(alarm->pg,
	    "SELECT r.name, r.severity, count(a.id) FROM alert_rule r"
	    " LEFT JOIN alert a ON a.rule = r.name"
	    " AND a.state IN ('raised', 'acknowledged')"
	    " GROUP BY r.name, r.severity ORDER BY r.name");
	for (i = 0; i < pg_rows(alarm->pg); i++) {
		struct span rule = pg_bytes(alarm->pg, i, 0);

		snprintf(labels, sizeof(labels), "rule=\"%.*s\"", (int)rule.len,
		    rule.ptr);
		metric_set(metric_gauge("rongxin_hub_alerts", labels,
			       "Open alerts by rule."),
		    pg_int(alarm->pg, i, 2));
	}
}

static void
on_idle(void *context)
{
	struct alarm *alarm = context;
	int64_t now_us = clock_now_us();
	int64_t pause_us =
	    alarm->hub->settings.alert_slow_seconds * CLOCK_SECOND;
	bool is_slow = alarm->slow_us == 0 ||
		       now_us - alarm->slow_us >= pause_us ||
		       now_us < alarm->slow_us;

	pg_begin(alarm->pg);
	look(alarm, now_us, false);
	if (is_slow)
		look(alarm, now_us, true);
	count_open(alarm);
	if (pg_end(alarm->pg, true) != ERR_OK) {
		if (!alarm->failing)
			log_error(
			    "alert.failed", "why=\"%s\"", pg_why(alarm->pg));
		alarm->failing = true;
		return;
	}
	alarm->failing = false;
	if (is_slow)
		alarm->slow_us = now_us;
}

/* There are no jobs: the thread only looks. */
static void
handle(void *context, void *job)
{
	(void)context;
	(void)job;
}

static const char *
channels_of(const struct hub_settings *settings)
{
	bool webhook = settings->alert_webhook[0] != '\0';
	bool mail = settings->alert_mail[0] != '\0';

	return webhook && mail ? "webhook,mail"
	       : webhook       ? "webhook"
	       : mail          ? "mail"
			       : "";
}

enum err
alarm_open(
    struct hub *hub, const char *conninfo, struct alarm **out, struct why *why)
{
	struct alarm *alarm = mem_new(sizeof(*alarm));
	unsigned pause_ms = (unsigned)hub->settings.alert_seconds * 1000;

	alarm->hub = hub;
	alarm->channels = channels_of(&hub->settings);
	alarm->pg = pg_open(conninfo, NULL, why);
	if (alarm->pg == NULL) {
		mem_free(alarm);
		return ERR_DATABASE;
	}
	alarm->disk_free = metric_gauge("rongxin_hub_disk_free_bytes", "",
	    "Free space where the hub's folder is.");
	alarm->worker = worker_new("alarm", handle, on_idle, pause_ms, alarm);
	*out = alarm;
	return ERR_OK;
}

void
alarm_close(struct alarm *alarm)
{
	if (alarm == NULL)
		return;
	if (!worker_ends_within(alarm->worker, 0))
		pg_interrupt(alarm->pg);
	worker_stop(alarm->worker);
	worker_free(alarm->worker);
	pg_close(alarm->pg);
	mem_free(alarm);
}
