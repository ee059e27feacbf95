/*
 * inbox: folders into which departments put files, as over SFTP.
 */
#include "hub/inbox.h"

#include <dirent.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/work.h"
#include "credit/manifest.h"
#include "hub/handin.h"
#include "hub/outcome.h"
#include "hub/tray.h"

/* Files copied and waiting for an ingest thread at the same time. */
#define FLYING_MAX 4
/* A manifest that is no JSON may be half written still. */
#define PATIENCE_SECONDS 10

/* A claimed file on its way through ingest. */
struct flight {
	struct ingest_batch batch; /* first: ingest knows only this */
	struct inbox *inbox;
	char name[TRAY_NAME_MAX + 1];
	struct flight *next;
};

struct inbox {
	struct hub *hub;
	struct worker *worker;
	struct pg *pg;
	struct signer *signer; /* NULL: receipts are not signed */
	struct flight *flights;
	size_t flying;
	atomic_bool stopping; /* nothing more is begun */
	struct metric *taken, *refused, *waiting;
};

/* One look at one department's folder. */
struct visit {
	struct inbox *inbox;
	const char *department;
	struct tray tray;
};

static void
tell_failure(const char *department, const char *step)
{
	log_error("inbox.failed", "by=%s step=%s", department, step);
}

static void
flight_free(struct flight *flight)
{
	spool_close(flight->batch.spool);
	answer_release(&flight->batch.answer);
	mem_free(flight);
}

static void
refuse(struct visit *visit, const char *name, const struct answer *answer)
{
	struct buf stem = {0};
	struct why why = {0};

	buf_print(&stem, "%s/%s", visit->tray.path, name);
	if (outcome_write_refusal(buf_cstr(&stem), answer, &why) != ERR_OK ||
	    tray_settle(&visit->tray, name, true) != ERR_OK) {
		tell_failure(visit->department, "refuse");
	} else {
		metric_add(visit->inbox->refused, 1);
		log_info("inbox.refused", "by=%s why=%s", visit->department,
		    answer->problem);
	}
	buf_release(&stem);
}

static void
conclude(struct visit *visit, const struct flight *flight)
{
	const struct ingest_batch *batch = &flight->batch;
	const struct receipt which = {
	    .provider = batch->provider, .item = batch->item, .id = batch->id};
	struct buf stem = {0};
	struct why why = {0};

	buf_print(&stem, "%s/%s", visit->tray.path, flight->name);
	if (outcome_write_receipt(buf_cstr(&stem), visit->inbox->pg, &which,
		visit->inbox->signer, &why) != ERR_OK ||
	    tray_settle(&visit->tray, flight->name, false) != ERR_OK) {
		tell_failure(visit->department, "conclude");
	} else {
		metric_add(visit->inbox->taken, 1);
		log_info("inbox.done", "by=%s item=%u", visit->department,
		    batch->item);
	}
	buf_release(&stem);
}

/* A batch has come back.  What failed for the moment stays claimed and is
 * tried at the next look. */
static void
land(struct inbox *inbox, struct flight *flight)
{
	struct visit visit = {inbox, flight->batch.provider, {0}};
	const struct answer *answer = &flight->batch.answer;
	struct flight **at = &inbox->flights;

	while (*at != flight)
		at = &(*at)->next;
	*at = flight->next;
	inbox->flying--;
	if (answer->problem != NULL && answer->status >= 500) {
		tell_failure(visit.department, "ledger");
	} else if (tray_open(inbox->hub->settings.inbox, visit.department,
		       &visit.tray, NULL) != ERR_OK) {
		tell_failure(visit.department, "folder");
	} else {
		if (answer->problem != NULL)
			refuse(&visit, flight->name, answer);
		else
			conclude(&visit, flight);
		tray_close(&visit.tray);
	}
	flight_free(flight);
}

/* On an ingest thread.  When we are stopping, the next start finds the claim
 * and the ledger knows the batch. */
static void
on_done(struct ingest_batch *batch)
{
	struct flight *flight = (struct flight *)batch;

	if (!worker_post(flight->inbox->worker, flight, 0))
		flight_free(flight);
}

static bool
is_flying(const struct visit *visit, const char *name)
{
	const struct flight *flight;

	for (flight = visit->inbox->flights; flight != NULL;
	     flight = flight->next)
		if (strcmp(flight->batch.provider, visit->department) == 0 &&
		    strcmp(flight->name, name) == 0)
			return true;
	return false;
}

static const char *
said(const char *word)
{
	return word[0] != '\0' ? word : NULL;
}

/* Manifest and member list decide whether the file is taken at all. */
static bool
describe(const struct visit *visit, const char *name, struct manifest *manifest,
    struct ingest_batch *batch)
{
	struct handin words = {0};
	struct buf text = {0};
	struct why why = {0};
	enum err err = tray_read_claimed(&visit->tray, name, &text);

	if (err == ERR_OK)
		err = manifest_parse(buf_span(&text), manifest, &why);
	buf_release(&text);
	if (err != ERR_OK) {
		answer_refuse(&batch->answer, 400, "malformed", "%s", why.text);
		return false;
	}
	words.mode = said(manifest->mode);
	words.divisions = said(manifest->divisions);
	words.sequence = said(manifest->sequence);
	words.type = manifest->type;
	strcpy(batch->provider, visit->department);
	strcpy(batch->id, manifest->id);
	batch->item = manifest->item;
	batch->promised = true;
	batch->digest = manifest->digest;
	batch->received_us = clock_now_us();
	batch->done = on_done;
	return handin_check(visit->inbox->hub, visit->department, batch->item,
		   &batch->answer) &&
	       handin_describe(&words, batch, &batch->answer);
}

/* The claimed file's bytes; false: the answer says why not, or nothing does
 * and it is tried again. */
static bool
take_file(const struct visit *visit, const char *name,
    const struct manifest *manifest, struct ingest_batch *batch)
{
	struct why why = {0};
	enum err err = ERR_IO;

	batch->spool = spool_open(visit->inbox->hub->spool, &why);
	if (batch->spool != NULL)
		err =
		    tray_take(&visit->tray, name, manifest->file, batch->spool);
	if (err == ERR_CLOSED)
		return false;
	if (err == ERR_MISSING)
		answer_refuse(&batch->answer, 404, "not_found",
		    "the file of this manifest is gone");
	else if (err != ERR_OK)
		tell_failure(visit->department, "take");
	else if (spool_size(batch->spool) != manifest->size)
		answer_refuse(&batch->answer, 409, "digest_mismatch",
		    "the file is not as long as the manifest says");
	else
		return true;
	return false;
}

static void
send_off(struct visit *visit, struct flight *flight)
{
	struct inbox *inbox = visit->inbox;

	flight->next = inbox->flights;
	inbox->flights = flight;
	inbox->flying++;
	if (ingest_post(inbox->hub->ingest, &flight->batch))
		return;
	/* Too much waits: it stays claimed until the next look. */
	inbox->flights = flight->next;
	inbox->flying--;
	flight_free(flight);
}

static void
start(void *context, const char *name)
{
	struct visit *visit = context;
	struct inbox *inbox = visit->inbox;
	struct manifest manifest;
	struct flight *flight;

	if (is_flying(visit, name) || inbox->flying >= FLYING_MAX ||
	    atomic_load(&inbox->stopping))
		return;
	flight = mem_new(sizeof(*flight));
	flight->inbox = inbox;
	strcpy(flight->name, name);
	if (describe(visit, name, &manifest, &flight->batch) &&
	    take_file(visit, name, &manifest, &flight->batch)) {
		send_off(visit, flight);
		return;
	}
	if (flight->batch.answer.problem != NULL)
		refuse(visit, name, &flight->batch.answer);
	flight_free(flight);
}

/* Is all of it there? */
static void
consider(void *context, const char *name)
{
	struct visit *visit = context;
	struct manifest manifest;
	struct buf text = {0};
	int64_t age = 0;
	enum err err;
	bool ready;

	if (tray_is_claimed(&visit->tray, name))
		return;
	err = tray_read_new(&visit->tray, name, &text, &age);
	ready = err == ERR_OK && age > PATIENCE_SECONDS;
	if (err == ERR_OK &&
	    manifest_parse(buf_span(&text), &manifest, NULL) == ERR_OK) {
		int64_t size = tray_size_of(&visit->tray, manifest.file);

		ready = size >= 0 && (uint64_t)size >= manifest.size;
	}
	buf_release(&text);
	if (!ready)
		metric_add(visit->inbox->waiting, 1);
	else if (tray_claim(&visit->tray, name) == ERR_IO)
		tell_failure(visit->department, "claim");
}

static void
look_into(struct inbox *inbox, const char *department)
{
	struct visit visit = {inbox, department, {0}};
	struct why why = {0};

	if (tray_open(inbox->hub->settings.inbox, department, &visit.tray,
		&why) != ERR_OK) {
		log_error("inbox.failed", "by=%s step=folder", department);
		return;
	}
	visit.tray.stop = &inbox->stopping;
	tray_finish(&visit.tray);
	tray_each_new(&visit.tray, consider, &visit);
	tray_each_claimed(&visit.tray, start, &visit);
	tray_close(&visit.tray);
}

static int
is_department(const struct dirent *entry)
{
	return entry->d_name[0] != '.' &&
	       strlen(entry->d_name) <= MEMBER_CODE_MAX;
}

static void
look(void *context)
{
	struct inbox *inbox = context;
	struct dirent **entries = NULL;
	int count = scandir(
	    inbox->hub->settings.inbox, &entries, is_department, alphasort);
	int i;

	metric_set(inbox->waiting, 0);
	for (i = 0; i < count; i++) {
		look_into(inbox, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

static void
handle(void *context, void *job)
{
	struct inbox *inbox = context;

	if (job != context)
		land(inbox, job);
	if (!atomic_load(&inbox->stopping))
		look(inbox);
}

static void
register_metrics(struct inbox *inbox)
{
	inbox->taken = metric_counter("rongxin_hub_inbox_total",
	    "result=\"done\"", "Files of inbox folders.");
	inbox->refused = metric_counter("rongxin_hub_inbox_total",
	    "result=\"refused\"", "Files of inbox folders.");
	inbox->waiting = metric_gauge("rongxin_hub_inbox_waiting", "",
	    "Manifests whose file is not there, or not whole, yet.");
}

struct inbox *
inbox_open(struct hub *hub, const char *conninfo, struct why *why)
{
	const struct hub_settings *settings = &hub->settings;
	struct inbox *inbox = mem_new(sizeof(*inbox));

	inbox->hub = hub;
	register_metrics(inbox);
	if (file_make_folder(settings->inbox, 0755, why) != ERR_OK)
		goto fail;
	if (settings->receipt_key[0] != '\0') {
		inbox->signer = signer_open(settings->receipt_key, why);
		if (inbox->signer == NULL)
			goto fail;
	}
	inbox->pg = pg_open(conninfo, NULL, why);
	if (inbox->pg == NULL)
		goto fail;
	inbox->worker = worker_new("inbox", handle, look,
	    (unsigned)settings->inbox_seconds * 1000, inbox);
	/* The first look is now. */
	(void)worker_post(inbox->worker, inbox, 0);
	return inbox;
fail:
	inbox_free(inbox);
	return NULL;
}

void
inbox_stop(struct inbox *inbox)
{
	if (inbox == NULL)
		return;
	atomic_store(&inbox->stopping, true);
	worker_stop(inbox->worker);
}

void
inbox_free(struct inbox *inbox)
{
	if (inbox == NULL)
		return;
	worker_free(inbox->worker);
	signer_free(inbox->signer);
	pg_close(inbox->pg);
	mem_free(inbox);
}
