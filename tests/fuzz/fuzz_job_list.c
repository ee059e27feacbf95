/*
 * fuzz_job_list: a list in two pieces is the list in one, and every row is
 * within its contract.
 */
#include <stdint.h>
#include <stdlib.h>

#include "credit/job_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_rows(const struct job_list *list)
{
	struct job_row row;
	uint64_t i;

	if (list->rows.len != list->count * JOB_ROW_LEN)
		abort();
	for (i = 0; i < list->count; i++) {
		job_row_read(list->rows.data + i * JOB_ROW_LEN, &row);
		if (uscc_check(span_of(row.subject)) != USCC_OK ||
		    (row.consent[0] != '\0' &&
			!consent_id_is_valid(span_of(row.consent))))
			abort();
	}
}

static enum err
read_in(struct job_list *list, struct span first, struct span second)
{
	enum err err = job_list_feed(list, first, NULL);

	if (err == ERR_OK)
		err = job_list_feed(list, second, NULL);
	return err == ERR_OK ? job_list_end(list, NULL) : err;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job_list whole = {.most = 100}, pieces = {.most = 100};
	size_t cut = size > 0 ? data[0] % size : 0;
	enum err err;

	err = read_in(&whole, span_make(data, size), span_make(data, 0));
	if (read_in(&pieces, span_make(data, cut),
		span_make(data + cut, size - cut)) != err)
		abort();
	if (err == ERR_OK)
		check_rows(&whole);
	if (err == ERR_OK &&
	    !span_equal(buf_span(&whole.rows), buf_span(&pieces.rows)))
		abort();
	job_list_release(&whole);
	job_list_release(&pieces);
	return 0;
}
