/*
 * value: one cell as it comes, made canonical for its field.
 *
 * Full-width folded, "N/A", "无", "-", "—", "null", "暂无" mean missing; dates
 * in every common spelling; amounts in yuan, 万元 and the capital shapes of
 * real registrations ("100(万元人民币)", "1,000(万元)", "50万美元").
 * Pure; any thread.
 */
#ifndef CREDIT_VALUE_H
#define CREDIT_VALUE_H

#include "base/buf.h"
#include "credit/catalog.h"

enum value_fault {
	VALUE_OK,
	VALUE_MISSING,   /* no value given; an error only where required */
	VALUE_TYPE,      /* not of the type: rule "type_<type>" */
	VALUE_TOO_LONG,  /* rule "too_long" */
	VALUE_NOT_LISTED /* rule "code_list" */
};

/* Append the canonical form of `raw` to `out`.  For money, `currency` (may
 * be NULL) receives the ISO 4217 code, "CNY" when none is said. */
enum value_fault value_normalise(const struct field *field, struct span raw,
    struct buf *out, char currency[4]);
/* Is it one of the words for nothing, or empty?  `text` is folded. */
bool value_is_missing(struct span text);
/* Microseconds of the day's start in UTC; `date` is canonical. */
int64_t value_day_us(struct span date);
/* Rule id for a fault of this field: "type_date", "too_long", "code_list". */
const char *value_rule(const struct field *field, enum value_fault fault);

#endif
