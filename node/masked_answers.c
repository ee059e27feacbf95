/*
 * masked_answers: what a statistic and a screening are made of.
 */
#include <string.h>

#include "base/mem.h"
#include "credit/mask.h"
#include "node/masked_inner.h"

static void
add_item(struct question *question, const struct item *item)
{
	size_t i;

	for (i = 0; i < question->item_count; i++) {
		if (question->items[i] == item->number)
			return;
	}
	question->items[question->item_count++] = item->number;
}

enum err
inquiry_read_statistics(
    struct inquiry *inquiry, struct statistic *statistic, struct why *why)
{
	const struct mask *mask = inquiry->census->mask;
	enum err err =
	    statistic_parse(buf_span(&inquiry->request), mask, statistic, why);

	if (err != ERR_OK)
		return err;
	inquiry->question.purpose = statistic->purpose;
	if (statistic->measure >= 0)
		add_item(&inquiry->question,
		    mask->measures[statistic->measure].item);
	inquiry->cost = statistic_cost(statistic, mask);
	inquiry->digest =
	    statistic_digest(statistic, mask, &inquiry->census->digest);
	return ERR_OK;
}

enum err
inquiry_read_screening(
    struct inquiry *inquiry, struct screening *screening, struct why *why)
{
	const struct mask *mask = inquiry->census->mask;
	enum err err =
	    screening_parse(buf_span(&inquiry->request), mask, screening, why);
	size_t i;

	if (err != ERR_OK)
		return err;
	inquiry->question.purpose = screening->purpose;
	for (i = 0; i < mask->measure_count; i++) {
		if (screening->shown[i])
			add_item(&inquiry->question, mask->measures[i].item);
	}
	inquiry->cost = 1;
	inquiry->digest =
	    screening_digest(screening, mask, &inquiry->census->digest);
	return ERR_OK;
}

enum err
inquiry_tabulate(const struct inquiry *inquiry,
    const struct statistic *statistic, struct json_out *out)
{
	struct noise_source source = {
	    span_make(inquiry->answer.node->mask_key.bytes, DIGEST_LEN),
	    inquiry->census->digest};

	return statistic_answer(
	    statistic, inquiry->census->population, &source, out);
}

/* A note: was the result shown (1), the census's digest, the request. */
#define NOTE_HEAD (1 + DIGEST_LEN)

static void
write_note(struct inquiry *inquiry, bool shown)
{
	buf_char(&inquiry->note, shown ? 1 : 0);
	buf_add(&inquiry->note, inquiry->census->digest.bytes, DIGEST_LEN);
	buf_add(&inquiry->note, inquiry->request.data, inquiry->request.len);
}

struct comparison {
	const struct inquiry *inquiry;
	const uint8_t *fits;
	uint8_t *earlier;
	bool close;
};

/* Results that were empty gave nothing to subtract from. */
static void
compare_note(void *context, const struct digest *question, struct span note)
{
	struct comparison *comparison = context;
	const struct census *census = comparison->inquiry->census;
	struct screening earlier;

	if (comparison->close || note.len < NOTE_HEAD || note.ptr[0] != 1 ||
	    memcmp(note.ptr + 1, census->digest.bytes, DIGEST_LEN) != 0 ||
	    digest_equal(question, &comparison->inquiry->digest))
		return;
	if (screening_parse(
		span_make(note.ptr + NOTE_HEAD, note.len - NOTE_HEAD),
		census->mask, &earlier, NULL) != ERR_OK)
		return;
	screening_match(&earlier, census->recode, comparison->earlier);
	comparison->close = screening_is_close(
	    census->recode, comparison->fits, comparison->earlier);
}

/* Enough fit, and none can be told by what an earlier result left out.  What
 * was once answered is answered so again. */
static enum err
may_show(struct inquiry *inquiry, struct budget *budget, const uint8_t *fits,
    size_t count, bool *shown)
{
	size_t rows = inquiry->census->population->count;
	struct comparison comparison = {.inquiry = inquiry, .fits = fits};
	enum err err;

	if (inquiry->paid) {
		*shown = inquiry->note.len > 0 && inquiry->note.data[0] == 1;
		return ERR_OK;
	}
	comparison.earlier = mem_new(rows + 1);
	err = budget_each(budget, &inquiry->account, compare_note, &comparison);
	mem_free(comparison.earlier);
	*shown = count >= inquiry->census->mask->k && !comparison.close;
	if (err == ERR_OK)
		write_note(inquiry, *shown);
	return err;
}

enum err
inquiry_screen(struct inquiry *inquiry, struct budget *budget,
    const struct screening *screening, struct json_out *out)
{
	const struct recode *recode = inquiry->census->recode;
	struct token_scope scope = {
	    .key = span_make(inquiry->answer.node->mask_key.bytes, DIGEST_LEN),
	    .member = inquiry->account.member,
	    .purpose = screening->purpose,
	    .period = inquiry->account.period};
	uint8_t *fits = mem_new(recode->population->count + 1);
	size_t count = screening_match(screening, recode, fits);
	bool shown = false;
	enum err err = may_show(inquiry, budget, fits, count, &shown);

	if (err == ERR_OK)
		screening_answer(
		    screening, recode, shown ? fits : NULL, &scope, out);
	mem_free(fits);
	return err;
}
