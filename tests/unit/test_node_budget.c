/*
 * budget: what was charged is charged, once, and stays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node/budget.h"
#include "node_sample.h"

static const struct account bank = {BUDGET_STATISTICS, "bank", 7};

static struct digest
question(const char *text)
{
	return digest_of(span_of(text));
}

static void
charge(struct budget *budget, const struct account *account, const char *text,
    uint32_t cost)
{
	struct digest digest = question(text);

	assert_int_equal(
	    budget_charge(budget, account, &digest, cost, span_of(text)),
	    ERR_OK);
}

static uint32_t
spent(struct budget *budget, const struct account *account)
{
	uint32_t sum = 0;

	assert_int_equal(budget_spent(budget, account, &sum), ERR_OK);
	return sum;
}

static struct budget *
open_budget(const char *folder)
{
	struct why why;
	struct budget *budget = budget_open(folder, &why);

	assert_non_null(budget);
	return budget;
}

static void
charges_add_up_and_survive_a_new_start(void **state)
{
	char *folder = sample_folder();
	struct budget *budget = open_budget(folder);
	struct digest a = question("a"), c = question("c");
	struct buf note = {0};

	(void)state;
	charge(budget, &bank, "a", 250);
	charge(budget, &bank, "b", 500);
	charge(budget, &bank, "a", 250);
	budget_close(budget);
	budget = open_budget(folder);

	assert_int_equal(spent(budget, &bank), 750);
	assert_int_equal(budget_find(budget, &bank, &a, &note), ERR_OK);
	assert_true(span_is(buf_span(&note), "a"));
	assert_int_equal(budget_find(budget, &bank, &c, &note), ERR_MISSING);
	buf_release(&note);
	budget_close(budget);
	sample_remove(folder);
}

static void
members_kinds_and_periods_have_accounts_of_their_own(void **state)
{
	char *folder = sample_folder();
	struct budget *budget = open_budget(folder);
	struct account longer = {BUDGET_STATISTICS, "bank2", 7};
	struct account other = {BUDGET_SCREENINGS, "bank", 7};
	struct account later = {BUDGET_STATISTICS, "bank", 8};

	(void)state;
	charge(budget, &bank, "a", 250);

	assert_int_equal(spent(budget, &longer), 0);
	assert_int_equal(spent(budget, &other), 0);
	assert_int_equal(spent(budget, &later), 0);
	budget_close(budget);
	sample_remove(folder);
}

static void
only_older_periods_are_forgotten(void **state)
{
	char *folder = sample_folder();
	struct budget *budget = open_budget(folder);
	struct account later = {BUDGET_STATISTICS, "bank", 8};

	(void)state;
	charge(budget, &bank, "a", 250);
	charge(budget, &later, "a", 500);
	assert_int_equal(budget_forget(budget, 8), ERR_OK);

	assert_int_equal(spent(budget, &bank), 0);
	assert_int_equal(spent(budget, &later), 500);
	budget_close(budget);
	sample_remove(folder);
}

struct seen {
	size_t count;
	uint32_t bank, longer;
};

static void
see_account(void *context, const struct account *account, uint32_t spent)
{
	struct seen *seen = context;

	seen->count++;
	if (strcmp(account->member, "bank") == 0 && account->period == 7 &&
	    account->kind == BUDGET_STATISTICS)
		seen->bank = spent;
	if (strcmp(account->member, "bank2") == 0 && account->period == 7)
		seen->longer = spent;
}

static void
all_accounts_are_told_each_once_with_its_sum(void **state)
{
	char *folder = sample_folder();
	struct budget *budget = open_budget(folder);
	struct account longer = {BUDGET_STATISTICS, "bank2", 7};
	struct account later = {BUDGET_SCREENINGS, "bank", 8};
	struct seen seen = {0};

	(void)state;
	assert_int_equal(budget_accounts(budget, see_account, &seen), ERR_OK);
	assert_int_equal(seen.count, 0);
	charge(budget, &bank, "a", 250);
	charge(budget, &longer, "a", 100);
	charge(budget, &bank, "b", 500);
	charge(budget, &later, "a", 1);
	assert_int_equal(budget_accounts(budget, see_account, &seen), ERR_OK);

	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.bank, 750);
	assert_int_equal(seen.longer, 100);
	budget_close(budget);
	sample_remove(folder);
}

static void
count_note(void *context, const struct digest *digest, struct span note)
{
	struct digest own = question("b");

	if (digest_equal(digest, &own) && span_is(note, "b"))
		++*(unsigned *)context;
}

static void
each_charge_brings_its_question_and_note(void **state)
{
	char *folder = sample_folder();
	struct budget *budget = open_budget(folder);
	unsigned found = 0;

	(void)state;
	charge(budget, &bank, "a", 1);
	charge(budget, &bank, "b", 1);
	assert_int_equal(
	    budget_each(budget, &bank, count_note, &found), ERR_OK);

	assert_int_equal(found, 1);
	budget_close(budget);
	sample_remove(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(charges_add_up_and_survive_a_new_start),
	    cmocka_unit_test(
		members_kinds_and_periods_have_accounts_of_their_own),
	    cmocka_unit_test(only_older_periods_are_forgotten),
	    cmocka_unit_test(all_accounts_are_told_each_once_with_its_sum),
	    cmocka_unit_test(each_charge_brings_its_question_and_note),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
