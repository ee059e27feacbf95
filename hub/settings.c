/*
 * settings: the hub's options, one table row each.
 */
#include "hub/settings.h"

#include "hub/hub.h"

#define TARGET(member) offsetof(struct hub_settings, member)

/* clang-format off */
const struct setting hub_setting_rows[] = {
	{"folder", SETTING_TEXT, TARGET(folder), "/var/lib/rongxin-hub", 0, 0,
	    "folder of uploads and of the private database"},
	{"network", SETTING_TEXT, TARGET(network), "/etc/rongxin/network.json",
	    0, 0, "network.json: CA and public keys of the network"},
	{"stem", SETTING_TEXT, TARGET(stem), "/etc/rongxin/hub", 0, 0,
	    "the hub's TLS key and certificate: STEM.key, STEM.crt"},
	{"batch_key", SETTING_TEXT, TARGET(batch_key),
	    "/etc/rongxin/batch.key", 0, 0,
	    "key that signs batches and pulses"},
	{"receipt_key", SETTING_TEXT, TARGET(receipt_key), "", 0, 0,
	    "key that signs receipts; empty: they are not signed"},
	{"curve", SETTING_TEXT, TARGET(curve), "/etc/rongxin/hub.curve", 0, 0,
	    "the hub's CURVE secret key"},
	{"listen", SETTING_TEXT, TARGET(listen), "127.0.0.1:8440", 0, 0,
	    "HTTPS address; port 0: any free one"},
	{"live", SETTING_TEXT, TARGET(live), "tcp://127.0.0.1:7440", 0, 0,
	    "bus endpoint of live batches; port *: any free one"},
	{"fetch", SETTING_TEXT, TARGET(fetch), "tcp://127.0.0.1:7441", 0, 0,
	    "bus endpoint of requests; port *: any free one"},
	{"database", SETTING_TEXT, TARGET(database), "", 0, 0,
	    "libpq connection string; empty: a private cluster in folder"},
	{"pg_binaries", SETTING_TEXT, TARGET(pg_binaries), "", 0, 0,
	    "folder of initdb and postgres; empty: the newest installed"},
	{"sql_folder", SETTING_TEXT, TARGET(sql_folder), "", 0, 0,
	    "folder of the schema's files; empty: beside the program"},
	{"catalogue", SETTING_TEXT, TARGET(catalogue), "", 0, 0,
	    "signed catalogue, loaded at start when newer than the ledger's"},
	{"operator_member", SETTING_TEXT, TARGET(operator_member), "", 0, 0,
	    "member document admitted at start when the list is empty"},
	{"http_workers", SETTING_INT, TARGET(http_workers), "2", 1, 64,
	    "HTTP threads"},
	{"ingest_threads", SETTING_INT, TARGET(ingest_threads), "2", 1, 32,
	    "batches merged at the same time"},
	{"io_threads", SETTING_INT, TARGET(io_threads), "1", 1, 16,
	    "ZeroMQ threads"},
	{"inbox", SETTING_TEXT, TARGET(inbox), "", 0, 0,
	    "folder of the departments' inbox folders; empty: none"},
	{"inbox_seconds", SETTING_INT, TARGET(inbox_seconds), "5", 1, 3600,
	    "seconds between two looks into them"},
	{"upload_bytes", SETTING_INT, TARGET(upload_bytes), "68719476736",
	    1 << 20, INT64_C(1) << 44,
	    "size of one batch, before and after decoding, bytes"},
	{"upload_days", SETTING_INT, TARGET(upload_days), "7", 1, 365,
	    "days that half an upload is kept for its sender to go on"},
	{"stop_seconds", SETTING_INT, TARGET(stop_seconds), "20", 0, 3600,
	    "seconds that a running merge has to end when the hub is stopped"},
	{"inflate_ratio", SETTING_INT, TARGET(inflate_ratio), "200", 2, 100000,
	    "times its size that a gzip or zstd body may decode to"},
	{"withdraw_share", SETTING_INT, TARGET(withdraw_share), "10", 0, 100,
	    "percent of a set that a full batch withdraws without an operator"},
	{"reject_share", SETTING_INT, TARGET(reject_share), "20", 0, 100,
	    "percent of 100 rows or more that may be rejected before the batch "
	    "is held"},
	{"retention_hour", SETTING_INT, TARGET(retention_hour), "3", -1, 23,
	    "hour of the day (UTC+8) at which records past their years are "
	    "withdrawn; -1: never"},
	{"user", SETTING_TEXT, TARGET(user), "nobody", 0, 0,
	    "user to become when started by root"},
	{"log_level", SETTING_TEXT, TARGET(log_level), "info", 0, 0,
	    "debug, info, warn or error"},
	{"ready_file", SETTING_TEXT, TARGET(ready_file), "", 0, 0,
	    "written when everything listens: addresses as JSON"},
	{.name = NULL},
};
/* clang-format on */
