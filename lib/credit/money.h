/*
 * money: an amount as people write it: "1,000.5(万美元)", "人民币50万元".
 *
 * No floating point; no conversion between currencies.  Pure; any thread.
 */
#ifndef CREDIT_MONEY_H
#define CREDIT_MONEY_H

#include "base/span.h"

#define MONEY_TEXT_MAX 24

enum money_fault {
	MONEY_OK,
	MONEY_EMPTY, /* a unit without a number: "(万元)" */
	MONEY_BROKEN
};

/* The amount of `text` (folded) with exactly two decimals, rounded half away
 * from zero, terminated, into `out`.  A number that says no unit is in 万 when
 * `in_wan`. `currency` receives the ISO 4217 code, "CNY" when none is said.  At
 * most 18 digits before the point. */
enum money_fault money_normalise(
    struct span text, bool in_wan, char out[MONEY_TEXT_MAX], char currency[4]);

#endif
