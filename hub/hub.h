/*
 * hub: everything that lives as long as the process, and who sees what.
 *
 * Made and taken apart by parts.c, in this order and in reverse.
 */
#ifndef HUB_HUB_H
#define HUB_HUB_H

#include "base/cert.h"
#include "base/shared.h"
#include "base/sign.h"
#include "hub/alarm.h"
#include "hub/cluster.h"
#include "hub/desk.h"
#include "hub/hold.h"
#include "hub/ingest.h"
#include "hub/journal.h"
#include "hub/keeper.h"
#include "hub/members.h"
#include "hub/news.h"
#include "hub/notice.h"
#include "hub/publish.h"
#include "hub/tenure.h"
#include "wire/bus.h"
#include "wire/http.h"
#include "wire/network.h"
#include "wire/pages.h"

/* Filled from the table in settings.c. */
struct hub_settings {
	char *folder, *network, *stem, *batch_key, *curve;
	char *listen, *live, *fetch;
	char *database, *pg_binaries, *sql_folder;
	char *catalogue, *operator_member, *console_folder;
	char *user, *log_level, *ready_file;
	char *receipt_key, *witness_key, *journal_key, *inbox, *exchange;
	char *alert_webhook, *alert_webhook_secret, *alert_ca;
	char *alert_mail, *alert_mail_from, *alert_mail_to, *alert_mail_login;
	int64_t alert_seconds, alert_slow_seconds;
	int64_t objection_days, material_days, key_days;
	int64_t admission_persons;
	int64_t alert_attempts, alert_retry_seconds;
	int64_t http_workers, ingest_threads, io_threads;
	struct http_limits limits;
	int64_t withdraw_share, reject_share, retention_hour;
	int64_t upload_bytes, upload_days, inflate_ratio, inbox_seconds;
	int64_t upload_count, stop_seconds;
	int64_t snapshot_hours, snapshot_bytes, log_days, log_bytes;
};

struct hub {
	struct hub_settings settings;
	struct network network;
	struct verifier *catalogue_verifier;
	struct signer *receipt_signer; /* the desk's; NULL: not signed */
	struct signer *witness_signer; /* the desk's; NULL: no witness */
	struct trust *trust;
	struct cluster *cluster; /* NULL: `database` names one */
	struct tenure *tenure;
	char *spool;     /* folder of uploads */
	char *held;      /* folder of batches that wait */
	char *snapshots; /* folder of images */
	struct hold_limits hold;
	struct shared *members;   /* struct members */
	struct shared *catalogue; /* struct catalogue */
	struct desk *desk;
	struct desk *reader; /* answers what the console asks */
	struct news *news;
	struct keeper *keeper;
	struct journal
	    *journal; /* the keeper's; NULL: there is no key for it */
	struct alarm *alarm;
	struct notice *notice; /* NULL: nobody is to be told */
	struct ingest *ingest;
	struct inbox *inbox; /* NULL: no such folder is set */
	struct pull *pull;   /* NULL: no such file is set */
	struct publish *publish;
	struct bus *bus;
	struct pages *console; /* NULL: no pages are found */
	struct http_server *http;
};

/* What main.c does between its settings and its loop.  After hub_open, failed
 * or not, hub_close. */
MUST_CHECK enum err hub_open(struct hub *hub, struct why *why);
void hub_close(struct hub *hub);
/* Of the ledger's database; borrowed. */
const char *hub_conninfo(const struct hub *hub);

/* After a change of control records: read them again and swap the shared
 * object.  On the desk's thread, or before it runs. */
MUST_CHECK enum err hub_reload_members(
    struct hub *hub, struct ledger *ledger, struct why *why);
MUST_CHECK enum err hub_reload_catalogue(
    struct hub *hub, struct ledger *ledger, struct why *why);
/* For the bus: only active platforms' keys get in (bus_admit_fn) … */
bool hub_admit_key(
    void *context, const char *public_key, char code[MEMBER_CODE_MAX + 1]);
/* … they hear the topics of their divisions (bus_hear_fn) … */
bool hub_may_hear(void *context, const char *code, const char *topic_prefix);
/* … and their requests go to publish or desk (bus_request_fn). */
void hub_on_request(
    void *context, const struct bus_route *from, struct span message);

#endif
