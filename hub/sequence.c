/*
 * sequence: a department's own numbers of its batches.
 */
#include "hub/sequence.h"

enum err
sequence_take(struct pg *pg, const char *provider, uint32_t item,
    int64_t number, int64_t *expected)
{
	struct pg_arg whose = pg_arg_text(span_of(provider));
	struct pg_arg what = pg_arg_int(item);

	pg_exec(pg,
	    "INSERT INTO feed_sequence AS s (provider, item, last)"
	    " VALUES ($1, $2, $3) ON CONFLICT (provider, item) DO UPDATE"
	    " SET last = excluded.last WHERE s.last = excluded.last - 1",
	    whose, what, pg_arg_int(number));
	if (pg_affected(pg) == 1)
		return ERR_OK;
	pg_exec(pg,
	    "SELECT last + 1 FROM feed_sequence"
	    " WHERE provider = $1 AND item = $2",
	    whose, what);
	if (pg_rows(pg) == 0)
		return ERR_DATABASE;
	*expected = pg_int(pg, 0, 0);
	return number < *expected ? ERR_SEEN : ERR_GAP;
}
