/*
 * settings: what an operator of a node may set.
 */
#ifndef NODE_SETTINGS_H
#define NODE_SETTINGS_H

#include "base/settings.h"
#include "wire/http_limits.h"

struct node_settings {
	char *folder, *network, *stem, *sandbox;
	char *listen;
	char *parent_live, *parent_fetch, *parent_key, *parent_url;
	char *live, *fetch;
	int64_t workers, io_threads, lease_seconds, elsewhere_seconds;
	struct http_limits limits;
	int64_t trail_days;
	int64_t log_days, log_bytes, snapshot_hours, cache_bytes, census_bytes,
	    disk_reserve, check_seconds, feed_bytes;
	int64_t event_days, watch_subjects, hook_private, hook_attempts;
	char *hook_ca;
	char *trail_folder, *pages_folder, *user, *log_level, *ready_file;
	int64_t job_hours, job_subjects, job_count;
};

extern const struct setting node_setting_rows[];

#endif
