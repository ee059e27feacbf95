/*
 * record: one fact of one item about one subject.
 *
 * Identity is (stream, item, subject, key); the content digest tells whether
 * anything changed; the version counts its changes from 1.  Control records
 * (catalogue, members, consents on stream 0000) are records like others, so
 * that one change log, one digest and one store carry everything.
 * A record borrows its texts.  Pure; any thread.
 */
#ifndef CREDIT_RECORD_H
#define CREDIT_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/span.h"

#define RECORD_SUBJECT_MAX 32
#define RECORD_KEY_MAX 200 /* bytes; natural key values joined by U+001F */
#define RECORD_FIELDS_MAX 64
#define RECORD_VALUE_MAX (1 << 20)

/* Items of control records.  Field 1 is the document. */
enum control_item {
	CONTROL_CATALOGUE = 60001, /* subject "catalogue"; compact JWS */
	CONTROL_MEMBER = 60002,    /* subject = member code; JSON (member.h) */
	CONTROL_CONSENT = 60003,   /* subject = USCC, key = consent id; JWS.
				      Revoked: state withdrawn, field 2 says by
				      what (a JWS, or "node:<code>").  Else
				      fields 3 "paused" or "resumed", 4 when, 5
				      by what, if it ever was */
	CONTROL_KEY = 60004, /* of the hub: subject says which, key = the public
			       key; JSON.  Retired: state withdrawn */
	CONTROL_OBJECTION = 60005 /* subject = USCC, key = objection id; JSON:
				     how it stands */
};

#define CONTROL_PAUSED "paused"
#define CONTROL_RESUMED "resumed"

#define CONTROL_KEY_BATCH "batch" /* hex; retired: {"until":{"4401":12,…}} */
#define CONTROL_KEY_CURVE "curve" /* Z85 */

enum record_state {
	RECORD_CURRENT = 1,
	RECORD_DISPUTED = 2,
	RECORD_REPAIRED = 3,
	RECORD_WITHDRAWN = 4 /* gone from reports at once */
};

struct record_field {
	uint32_t number;   /* ascending within a record */
	struct span value; /* canonical text (value.h) */
};

struct record {
	uint32_t item;
	struct span subject;
	struct span key; /* empty: the item's one record of the subject */
	uint64_t version;
	enum record_state state;
	struct span provider; /* member code */
	int64_t as_of_us;     /* data date, or the hand-in's time */
	const struct record_field *fields;
	size_t field_count;
};

/* Item, subject, key, state, provider and fields; not version nor as_of, so
 * that the same row handed in again is unchanged. */
struct digest record_content_digest(const struct record *record);
/* What the stream's set digest adds up: all that a place holds of a record. */
struct digest record_element_digest(
    const struct digest *content, uint64_t version, int64_t as_of_us);
/* The same of a record at hand. */
struct digest record_element(const struct record *record);
const struct record_field *record_find(
    const struct record *record, uint32_t number);
/* The same for one number after the other: `at` is where the last one stood,
 * 0 at first.  Quick when they ascend. */
const struct record_field *record_find_next(
    const struct record *record, uint32_t number, size_t *at);
const char *record_state_name(enum record_state state);

#endif
