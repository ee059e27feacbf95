/*
 * settings: what an operator of a node may set.
 */
#include "node/settings.h"

#define TEXT(member, value, words)                                             \
	{                                                                      \
		.name = #member, .kind = SETTING_TEXT,                         \
		.offset = offsetof(struct node_settings, member),              \
		.otherwise = (value), .help = (words)                          \
	}
#define INT(member, value, least, most, words)                                 \
	{                                                                      \
		.name = #member, .kind = SETTING_INT,                          \
		.offset = offsetof(struct node_settings, member),              \
		.otherwise = (value), .min = (least), .max = (most),           \
		.help = (words)                                                \
	}

const struct setting node_setting_rows[] = {
    TEXT(folder, "/var/lib/rongxin-node", "store and trail; made if missing"),
    TEXT(network, "/etc/rongxin/network.json", "the network's public keys"),
    TEXT(stem, "/etc/rongxin/node",
	"this node's keys: STEM.crt .key .curve .curve.pub .sign.key "
	".trail.key"),
    TEXT(sandbox, "",
	"folder of `rongxin sandbox`: made-up enterprises and no parent; "
	"decides folder, network and stem"),
    TEXT(listen, "127.0.0.1:8443", "HTTPS address; port 0: any free one"),
    TEXT(parent_live, "", "live endpoint of the parent: tcp://host:port"),
    TEXT(parent_fetch, "", "fetch endpoint of the parent: tcp://host:port"),
    TEXT(
	parent_key, "", "the parent's CURVE public key, Z85; empty: the hub's"),
    TEXT(parent_url, "",
	"https://host:port where stream 0000 is asked for when the parent "
	"cannot be reached for ten seconds; empty: platforms of the list only"),
    TEXT(live, "", "live endpoint for children; empty: serves none"),
    TEXT(fetch, "", "fetch endpoint for children; empty: serves none"),
    INT(workers, "2", 1, 64, "HTTP threads"),
    HTTP_LIMIT_ROWS(struct node_settings),
    INT(io_threads, "1", 1, 16, "ZeroMQ I/O threads"),
    INT(lease_seconds, "60", 1, 3600,
	"age of the newest pulse up to which protected fields are shown"),
    INT(elsewhere_seconds, "5", 0, 60,
	"seconds that nodes which hold a subject have for a question about "
	"it; 0: none is asked"),
    INT(log_days, "30", 0, 36500,
	"days that sealed batches are kept for children; 0: for good"),
    INT(log_bytes, "17179869184", 0, 1ll << 50,
	"size of the sealed batches above which the oldest go, bytes; "
	"0: any size"),
    INT(snapshot_hours, "24", 1, 8760,
	"hours that a stream's snapshot is kept for children"),
    INT(check_seconds, "86400", 0, 31622400,
	"seconds between two checks of all records against what was signed; "
	"0: never"),
    INT(cache_bytes, "268435456", 16 << 20, 1ll << 40,
	"memory for what was read of the stores, for the indexes of their "
	"tables and for what waits to be written, bytes"),
    INT(census_bytes, "1073741824", 0, 1ll << 40,
	"memory that counting enterprises for anonymised answers may take, "
	"bytes; with more of them, or 0, there are no such answers"),
    INT(disk_reserve, "1073741824", 0, 1ll << 50,
	"free space below which no new batches are taken, bytes"),
    INT(feed_bytes, "1073741824", 0, 1ll << 40,
	"size of one batch of a local department, bytes; 0: none is taken"),
    INT(event_days, "30", 1, 3650,
	"days that events of watched subjects are kept for members to fetch"),
    INT(watch_subjects, "100000", 0, 10000000,
	"subjects that one member may watch, all its watches together"),
    TEXT(hook_ca, "",
	"CA certificates (PEM) of webhooks' servers; empty: the system's"),
    INT(hook_private, "0", 0, 1,
	"1: webhooks may have private, local and loopback addresses"),
    INT(hook_attempts, "12", 1, 30,
	"attempts to bring a page of events before it is a dead letter"),
    INT(job_hours, "24", 1, 8760,
	"hours that results of a finished job are kept"),
    INT(job_subjects, "1000000", 1, 10000000, "subjects of one job"),
    INT(job_count, "10", 0, 1000,
	"jobs that one member may have, finished ones too; 0: none"),
    TEXT(trail_folder, "", "the trail; empty: FOLDER/trail"),
    INT(trail_days, "0", 0, 36500,
	"days that the trail's entries are kept; their hashes stay; 0: for "
	"good"),
    TEXT(pages_folder, "",
	"folder of the enterprise's page; empty: beside the program"),
    TEXT(user, "nobody", "whom to become when started by root"),
    TEXT(log_level, "info", "debug, info, warn or error"),
    TEXT(ready_file, "", "JSON with the real ports, once all listens"),
    {.name = NULL},
};
