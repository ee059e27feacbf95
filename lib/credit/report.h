/*
 * report: the answer to one question, as JSON.
 *
 * {"subject","level","sandbox","asked":{"node","by","name","purpose","consent","time",
 * "catalogue"},"consent":{"id","data_life_days","keep_until"},
 * "items":[{"item","as_of","stream","position","provider",
 * "records":[{…}]}],"withheld":[{"item","fields","rule"}],
 * "receipt":{"index","leaf_hash","use"}}.  Only fields that the permit shows
 * are ever touched.  Level "public", or "C" when protected fields are shown.
 * Pure; one thread per report.
 */
#ifndef CREDIT_REPORT_H
#define CREDIT_REPORT_H

#include "base/buf.h"
#include "base/json.h"
#include "credit/permit.h"
#include "credit/record.h"

/* Where the answering node's replica of the subject's stream stands. */
struct standpoint {
	const char *stream;
	uint64_t position;
};

/* Who asked whom, and when.  All borrowed. */
struct asking {
	const char *node; /* its organisation code */
	bool is_sandbox;  /* everything is made up, and the report says so */
	const char *member, *name;
	int64_t time_us;
	uint64_t catalogue; /* version of the list that named the fields */
};

struct report;

/* `buf` is borrowed and appended to. */
struct report *report_new(const struct question *question,
    const struct permit *permit, const struct asking *asking,
    const struct standpoint *standpoint, struct buf *buf);
void report_free(struct report *report); /* safe on NULL */
/* Records in ascending item order; withdrawn ones, other subjects' and items
 * that are not asked for are skipped.  `statements`: what the subject says
 * beside it, {"objection","text","time"} with commas between; empty: nothing.
 */
void report_add(
    struct report *report, const struct record *record, struct span statements);
/* Closes items and prints what was withheld; the receipt comes later. */
void report_end_items(struct report *report);
/* SHA-256 of everything so far: what the trail's entry binds. */
struct digest report_digest(const struct report *report);
/* Adds the receipt, with the use when there is one (`most`), and closes the
 * document. */
void report_end(struct report *report, uint64_t index,
    const struct digest *leaf, const struct use *use);
/* Members of an open object: the fields that may be shown, by their types. */
void report_put_fields(const struct permit_item *asked,
    const struct record *record, struct json_out *out);
size_t report_record_count(const struct report *report);

#endif
