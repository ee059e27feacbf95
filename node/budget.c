/*
 * budget: what members have used of their anonymised answers.
 *
 * kind(1) member 0x00 period(u32) question(32) → cost(u32) note
 */
#include "node/budget.h"

#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "node/kv.h"

#define PATH_SIZE 4096
#define CHARGES 0
#define TAIL_LEN (4 + DIGEST_LEN)
#define COST_LEN 4

static const struct kv_family families[] = {{"charges", false, false, false}};

struct budget {
	struct kv *kv;
};

struct budget *
budget_open(const char *folder, struct why *why)
{
	struct budget *budget = mem_new(sizeof(*budget));
	char path[PATH_SIZE];

	file_path(path, sizeof(path), folder, "budget");
	if (kv_open(path, families, 1, &budget->kv, why) == ERR_OK)
		return budget;
	mem_free(budget);
	return NULL;
}

void
budget_close(struct budget *budget)
{
	if (budget == NULL)
		return;
	kv_close(budget->kv);
	mem_free(budget);
}

static void
account_key(const struct account *account, struct buf *key)
{
	buf_char(key, (char)account->kind);
	buf_text(key, account->member);
	buf_char(key, '\0');
	buf_u32(key, account->period);
}

static uint32_t
read_u32(const char *bytes)
{
	uint32_t value = 0;
	int i;

	for (i = 0; i < 4; i++)
		value = value << 8 | (uint8_t)bytes[i];
	return value;
}

struct walk {
	uint32_t spent;
	budget_note_fn each; /* or NULL */
	void *context;
};

static bool
walk_row(void *context, struct span key, struct span value)
{
	struct walk *walk = context;
	struct digest question;

	if (key.len < TAIL_LEN || value.len < COST_LEN)
		return true;
	walk->spent += read_u32(value.ptr);
	if (walk->each == NULL)
		return true;
	memcpy(question.bytes, key.ptr + key.len - DIGEST_LEN, DIGEST_LEN);
	walk->each(walk->context, &question,
	    span_make(value.ptr + COST_LEN, value.len - COST_LEN));
	return true;
}

static enum err
walk_account(
    struct budget *budget, const struct account *account, struct walk *walk)
{
	struct kv_view *view = kv_view_open(budget->kv);
	struct kv_range range = {.family = CHARGES};
	struct buf prefix = {0};
	struct why why = {""};
	enum err err;

	account_key(account, &prefix);
	range.prefix = buf_span(&prefix);
	err = kv_each(view, &range, walk_row, walk, &why);
	if (err != ERR_OK)
		log_error("budget.failed", "why=\"%s\"", why.text);
	kv_view_close(view);
	buf_release(&prefix);
	return err;
}

enum err
budget_spent(
    struct budget *budget, const struct account *account, uint32_t *spent)
{
	struct walk walk = {0};
	enum err err = walk_account(budget, account, &walk);

	*spent = walk.spent;
	return err;
}

enum err
budget_each(struct budget *budget, const struct account *account,
    budget_note_fn each, void *context)
{
	struct walk walk = {0, each, context};

	return walk_account(budget, account, &walk);
}

enum err
budget_find(struct budget *budget, const struct account *account,
    const struct digest *question, struct buf *note)
{
	struct kv_view *view = kv_view_open(budget->kv);
	struct buf key = {0}, value = {0};
	enum err err;

	account_key(account, &key);
	buf_add(&key, question->bytes, DIGEST_LEN);
	err = kv_get(view, CHARGES, buf_span(&key), &value, NULL);
	if (err == ERR_OK && value.len >= COST_LEN)
		buf_add(note, value.data + COST_LEN, value.len - COST_LEN);
	kv_view_close(view);
	buf_release(&key);
	buf_release(&value);
	return err;
}

enum err
budget_charge(struct budget *budget, const struct account *account,
    const struct digest *question, uint32_t cost, struct span note)
{
	struct kv_write *write = kv_write_begin(budget->kv);
	struct buf key = {0}, value = {0};
	struct why why = {""};
	enum err err;

	account_key(account, &key);
	buf_add(&key, question->bytes, DIGEST_LEN);
	buf_u32(&value, cost);
	buf_add(&value, note.ptr, note.len);
	kv_write_put(write, CHARGES, buf_span(&key), buf_span(&value));
	err = kv_write_end(write, true, &why);
	if (err != ERR_OK)
		log_error("budget.failed", "why=\"%s\"", why.text);
	buf_release(&key);
	buf_release(&value);
	return err;
}

/* Charges of one account stand together. */
struct tally {
	struct buf key; /* kind, member, period */
	uint32_t spent;
	budget_account_fn each;
	void *context;
};

static void
tally_tell(struct tally *tally)
{
	const char *key = tally->key.data;
	struct account account;

	/* A kind, one character of a member and its end at least. */
	if (tally->key.len < 3 + 4)
		return;
	account.kind = (enum budget_kind)key[0];
	account.member = key + 1;
	account.period = read_u32(key + tally->key.len - 4);
	tally->each(tally->context, &account, tally->spent);
}

static bool
tally_row(void *context, struct span key, struct span value)
{
	struct tally *tally = context;
	struct span whose = span_make(key.ptr, key.len - DIGEST_LEN);

	if (key.len < TAIL_LEN + 3 || value.len < COST_LEN)
		return true;
	if (!span_equal(whose, buf_span(&tally->key))) {
		tally_tell(tally);
		buf_reset(&tally->key);
		buf_add(&tally->key, whose.ptr, whose.len);
		tally->spent = 0;
	}
	tally->spent += read_u32(value.ptr);
	return true;
}

enum err
budget_accounts(struct budget *budget, budget_account_fn each, void *context)
{
	struct kv_view *view = kv_view_open(budget->kv);
	struct kv_range range = {.family = CHARGES};
	struct tally tally = {.each = each, .context = context};
	enum err err = kv_each(view, &range, tally_row, &tally, NULL);

	if (err == ERR_OK)
		tally_tell(&tally);
	kv_view_close(view);
	buf_release(&tally.key);
	return err;
}

struct forgetting {
	struct kv_write *write;
	uint32_t before;
};

static bool
forget_row(void *context, struct span key, struct span value)
{
	struct forgetting *forgetting = context;

	(void)value;
	if (key.len >= TAIL_LEN &&
	    read_u32(key.ptr + key.len - TAIL_LEN) < forgetting->before)
		kv_write_delete(forgetting->write, CHARGES, key);
	return true;
}

enum err
budget_forget(struct budget *budget, uint32_t before)
{
	struct kv_view *view = kv_view_open(budget->kv);
	struct forgetting forgetting = {kv_write_begin(budget->kv), before};
	struct kv_range range = {.family = CHARGES};
	enum err err = kv_each(view, &range, forget_row, &forgetting, NULL);

	kv_view_close(view);
	if (err == ERR_OK)
		return kv_write_end(forgetting.write, false, NULL);
	kv_write_cancel(forgetting.write);
	return err;
}
