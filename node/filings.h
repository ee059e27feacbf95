/*
 * filings: the objections of subjects as this node knows them.
 *
 * What stream 0000 says of each, and the claims of those that were filed here
 * and are not on it yet: they are written with their letter to the hub, and go
 * with the record that answers it.
 */
#ifndef NODE_FILINGS_H
#define NODE_FILINGS_H

#include "base/json.h"
#include "credit/order.h"
#include "credit/report.h"
#include "node/store.h"

/* From now on it is found as pending, until stream 0000 brings it or the hub
 * has refused it. */
void filings_keep(
    struct kv_write *write, const struct order *about, struct span claims);
void filings_drop(struct kv_write *write, struct span subject, struct span id);
/* A statement (credit/declaration.h) about one, until stream 0000 has it; of
 * `about` its time counts. */
void filings_keep_said(
    struct kv_write *write, const struct order *about, struct span claims);
/* The hub has refused it. */
void filings_drop_said(struct kv_write *write, const struct order *about);
/* Add as "pending_statement" the newest that stream 0000 does not have yet.
 * `document`: what it says of the objection, or NULL. */
void filings_put_said(struct snapshot *snapshot, const struct order *about,
    const struct json *document, struct json_out *out);
/* Append the claims of one that was filed here; ERR_MISSING: it was not, or
 * others were taken under its id: `document` says which. */
MUST_CHECK enum err filings_claims(struct snapshot *snapshot,
    const struct order *about, struct span document, struct buf *claims);
/* Append how one stands, with "claims" if they are here, and what is said
 * beside it here (filings_put_said). */
void filings_print_whole(struct snapshot *snapshot, const struct order *about,
    struct span document, struct buf *out);

/* Add to a report a record, with what its subject says while it is disputed.
 */
void filings_report(struct report *report, struct snapshot *snapshot,
    const struct record *record);

/* A record of stream 0000 says how one stands. */
void filings_index(struct kv_write *write, const struct record *record);
/* Those that stand as corrected, in the order in which the hub said so, from
 * that time on (perhaps again, when it said more about one).  False: enough. */
typedef bool (*filings_corrected_fn)(
    void *context, int64_t told_us, struct span id, struct span subject);
MUST_CHECK enum err filings_each_corrected(struct snapshot *snapshot,
    int64_t from_us, filings_corrected_fn each, void *context);

/* The subject's, by id behind `after` (NULL: all): the documents of stream
 * 0000, then the claims that are pending.  False: enough. */
typedef bool (*filings_fn)(
    void *context, struct span id, struct span document, bool pending);
MUST_CHECK enum err filings_each(struct snapshot *snapshot, const char *subject,
    const char *after, filings_fn each, void *context);
/* Append the document or claims of one; ERR_MISSING: there is none. */
MUST_CHECK enum err filings_find(struct snapshot *snapshot,
    const struct order *about, struct buf *document, bool *pending);

#endif
