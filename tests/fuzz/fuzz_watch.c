/*
 * fuzz_watch: an accepted watch is within its contract, and is read again as
 * it was printed.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "credit/watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_again(const struct watch *watch)
{
	struct buf text = {0};
	struct json_out out = {.buf = &text};
	struct watched *list;
	struct watch again;
	size_t count;

	json_open_object(&out, NULL);
	watch_print(watch, &out);
	json_close_object(&out);
	if (watch->id[0] != '\0' && (watch_parse(buf_span(&text), &again, &list,
					 &count, NULL) != ERR_OK ||
					!watch_same_rules(watch, &again)))
		abort();
	buf_release(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct watched *list;
	struct watch watch;
	size_t count, i;

	if (watch_parse(span_make(data, size), &watch, &list, &count, NULL) !=
	    ERR_OK)
		return 0;
	if (watch.rule_count > WATCH_RULES_MAX || count > WATCH_SUBJECTS_MAX)
		abort();
	for (i = 0; i < count; i++)
		if (uscc_check(span_of(list[i].subject)) != USCC_OK ||
		    (i > 0 &&
			strcmp(list[i - 1].subject, list[i].subject) >= 0))
			abort();
	(void)watch_wants(&watch, 11, NULL, CHANGE_NEW);
	read_again(&watch);
	mem_free(list);
	return 0;
}
