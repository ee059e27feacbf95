/*
 * control: the control records of stream 0000 as the node looks them up.
 *
 * An index beside the records, changed in the same atomic write: members by
 * code, the newest catalogue, consents by id, those that were handed in here
 * and are not yet on stream 0000, and marks of those revoked here meanwhile.
 * A consent id belongs to the subject that used it first.
 */
#ifndef NODE_CONTROL_H
#define NODE_CONTROL_H

#include "credit/order.h"
#include "node/store.h"

/* Bring the index up to date with one record of stream 0000. */
MUST_CHECK enum err control_index(struct kv_write *write,
    struct snapshot *newest, const struct record *record, struct why *why);
/* Make it anew from all records of stream 0000, while its state says `half`.
 * `each` (may be NULL) is told of every consent. */
typedef void (*control_consent_fn)(
    void *context, struct span id, struct span jws, bool revoked);
MUST_CHECK enum err control_rebuild(struct store *store,
    control_consent_fn each, void *context, struct why *why);
/* From the moment this is written that subject's consent is revoked, or until
 * stream 0000 brings something newer paused or resumed, at this node. */
void control_mark(struct kv_write *write, const struct order *order);
/* Its claims are found as pending from now on, until stream 0000 brings a
 * consent with this id or … */
void control_keep_pending(
    struct kv_write *write, const char *consent_id, struct span jws);
/* … the hub has refused it. */
void control_drop_pending(struct kv_write *write, const char *consent_id);

/* Borrowed; JSON of member.h. */
typedef void (*control_member_fn)(void *context, struct span document);
MUST_CHECK enum err control_each_member(struct snapshot *snapshot,
    control_member_fn each, void *context, struct why *why);
/* A key of the hub; borrowed. */
struct control_key_row {
	struct span subject, key, document;
	bool retired;
};
typedef void (*control_key_fn)(
    void *context, const struct control_key_row *row);
MUST_CHECK enum err control_each_key(struct snapshot *snapshot,
    control_key_fn each, void *context, struct why *why);
/* Append the catalogue's JWS; ERR_MISSING before the first one. */
MUST_CHECK enum err control_catalogue(
    struct snapshot *snapshot, struct buf *jws, struct why *why);
/* With `revoked`, `paused` as they are on stream 0000 or here.  `claims` (may
 * be NULL) receives its JSON.  ERR_MISSING when there is none; ERR_BUSY while
 * stream 0000 is half. */
MUST_CHECK enum err control_find_consent(struct snapshot *snapshot,
    const char *id, struct consent *consent, struct buf *claims);
/* The same of one that is pending: it opens nothing. */
MUST_CHECK enum err control_find_pending(struct snapshot *snapshot,
    const char *id, struct consent *consent, struct buf *claims);

/* Ids of what this subject gave, ascending, behind `after` (NULL: all); and of
 * all that is pending here.  False: enough. */
typedef bool (*control_id_fn)(void *context, const char *id);
MUST_CHECK enum err control_each_consent_of(struct snapshot *snapshot,
    const char *subject, const char *after, control_id_fn each, void *context);
MUST_CHECK enum err control_each_pending(
    struct snapshot *snapshot, control_id_fn each, void *context);

#endif
