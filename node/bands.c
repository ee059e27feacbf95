/*
 * bands: a subject's own row as screenings show it to others.
 */
#include "node/bands.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "credit/screening.h"
#include "node/answer.h"
#include "node/census.h"

static void
bands_release(struct answer *answer)
{
	buf_release(&answer->body);
	mem_free(answer);
}

static void
bands_on_logged(struct answer *answer)
{
	answer_add_receipt(answer);
	answer_send(answer);
}

static int
compare_subject(const void *key, const void *row)
{
	return strcmp(key, row);
}

/* Counted in the order of their codes; NULL: it was not. */
static const char *
find_subject(const struct population *population, const char *subject)
{
	if (population->count == 0)
		return NULL;
	return bsearch(subject, population->subjects, population->count,
	    sizeof(population->subjects[0]), compare_subject);
}

static void
note_items(struct access *access, const struct mask *mask)
{
	uint32_t number;
	size_t i, j;

	for (i = 0; i < mask->measure_count; i++) {
		number = mask->measures[i].item->number;
		for (j = 0; j < access->item_count; j++)
			if (access->items[j] == number)
				break;
		if (j == access->item_count)
			access->items[access->item_count++] = number;
	}
}

/* Too few are like it: no screening ever shows it. */
static bool
is_shown(const struct census *census, size_t row)
{
	return census->recode->taken[row] != RECODE_NEVER;
}

static void
print_bands(struct answer *answer, const struct census *census)
{
	const struct population *population = census->population;
	const char *found = find_subject(population, answer->access.subject);
	struct json_out out = {.buf = &answer->body};
	char hex[DIGEST_HEX_LEN + 1], time[CLOCK_TEXT_MAX];
	size_t row = 0;

	if (found != NULL)
		row = (size_t)(found - population->subjects[0]) /
		      sizeof(population->subjects[0]);
	json_open_object(&out, NULL);
	json_put_cstr(&out, "subject", answer->access.subject);
	json_put_cstr(&out, "level", "B");
	json_open_object(&out, "population");
	json_put_cstr(&out, "time", clock_print(census->time_us, time));
	json_put_cstr(&out, "digest", digest_print(&census->digest, hex));
	json_put_int(&out, "k", census->mask->k);
	json_close_object(&out);
	json_put_bool(&out, "counted", found != NULL);
	json_put_bool(&out, "shown", found != NULL && is_shown(census, row));
	if (found != NULL && is_shown(census, row)) {
		screening_print_own(census->recode, row, &out);
		note_items(&answer->access, census->mask);
	}
	json_close_object(&out);
}

void
bands_on_get(struct http_exchange *exchange, void *context)
{
	struct node *node = context;
	const char *code = http_peer(exchange)->code;
	const struct census *census;
	struct answer *answer;

	if (uscc_check(span_of(code)) != USCC_OK) {
		http_reply_problem(exchange, 403, "member_kind",
		    "Not for this kind of member", "For enterprises only.");
		return;
	}
	census = shared_hold(node->censuses);
	if (census != NULL && census->population == NULL) {
		shared_drop(node->censuses, census);
		http_reply_problem(exchange, 501, "not_available",
		    "Not available",
		    "This node holds more enterprises than it may count.");
		return;
	}
	if (census == NULL) {
		shared_drop(node->censuses, census);
		http_reply_header(exchange, "retry-after", "1");
		http_reply_problem(exchange, 503, "not_ready", "Not ready yet",
		    "Enterprises are being counted.");
		return;
	}
	answer = mem_new(sizeof(*answer));
	answer_init(answer, node, exchange, "bands");
	answer->then = bands_on_logged;
	answer->release = bands_release;
	answer->access.purpose = PURPOSE_SELF;
	answer->access.level = LEVEL_BANDED;
	memcpy(answer->access.subject, code, USCC_LEN + 1);
	print_bands(answer, census);
	shared_drop(node->censuses, census);
	answer_log(answer);
}
