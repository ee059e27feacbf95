/*
 * budget: what members have used of their anonymised answers.
 *
 * Kept beside the store in a database of its own, because no parent has it: a
 * store that is rebuilt must not give everybody a new budget.  A charge is on
 * disk when budget_charge returns, and a question is charged once.
 * Thread: the one that answers.
 */
#ifndef NODE_BUDGET_H
#define NODE_BUDGET_H

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"

struct budget;

enum budget_kind {
	BUDGET_STATISTICS = 'A', /* epsilon, in thousandths */
	BUDGET_SCREENINGS = 'B'  /* one each */
};

/* Of one member in one period. */
struct account {
	enum budget_kind kind;
	const char *member;
	uint32_t period;
};

/* In `<folder>/budget`.  NULL and `why` on failure. */
struct budget *budget_open(const char *folder, struct why *why);
void budget_close(struct budget *budget); /* safe on NULL */

/* What was charged so far. */
MUST_CHECK enum err budget_spent(
    struct budget *budget, const struct account *account, uint32_t *spent);
/* ERR_OK: this question was charged; `note` receives what was kept with it.
 * ERR_MISSING: it was not. */
MUST_CHECK enum err budget_find(struct budget *budget,
    const struct account *account, const struct digest *question,
    struct buf *note);
MUST_CHECK enum err budget_charge(struct budget *budget,
    const struct account *account, const struct digest *question, uint32_t cost,
    struct span note);
/* The notes of all charges of the account. */
typedef void (*budget_note_fn)(
    void *context, const struct digest *question, struct span note);
MUST_CHECK enum err budget_each(struct budget *budget,
    const struct account *account, budget_note_fn each, void *context);
/* What each account that was charged has used, those of older periods too
 * until they are dropped.  Any thread; it reads a snapshot. */
typedef void (*budget_account_fn)(
    void *context, const struct account *account, uint32_t spent);
MUST_CHECK enum err budget_accounts(
    struct budget *budget, budget_account_fn each, void *context);
/* Drops what older periods charged. */
MUST_CHECK enum err budget_forget(struct budget *budget, uint32_t before);

#endif
