/*
 * merger: subjects that were merged into others.
 */
#include "hub/merger.h"

/* What the changed registrations say; a row's own code is no successor. */
#define SUCCESSORS                                                             \
	"(SELECT c.subject, c.line, s.said->>'" MERGER_FIELD "' AS successor"  \
	" FROM change c JOIN stage s ON s.line = c.line"                       \
	" WHERE c.item = 1 AND c.state <> 4 AND NOT c.yielded"                 \
	" AND s.said ? '" MERGER_FIELD "' UNION ALL"                           \
	" SELECT c.subject, c.line, b.fields->>'" MERGER_FIELD "'"             \
	" FROM change c JOIN body b ON b.line = c.line"                        \
	" WHERE c.item = 1 AND c.state <> 4 AND c.yielded) x"                  \
	" WHERE x.successor <> x.subject"

static const char link_sql[] =
    "INSERT INTO subject_link (subject, successor, known_from)"
    " SELECT DISTINCT ON (x.subject) x.subject, x.successor, $1"
    " FROM " SUCCESSORS " ORDER BY x.subject, x.line DESC"
    " ON CONFLICT (subject) DO UPDATE SET successor = excluded.successor,"
    " known_from = excluded.known_from"
    " WHERE subject_link.successor <> excluded.successor";

static const char unlink_sql[] =
    "DELETE FROM subject_link k USING (SELECT DISTINCT subject FROM change"
    " WHERE item = 1) t WHERE t.subject = k.subject AND NOT EXISTS"
    " (SELECT FROM " SUCCESSORS
    " AND x.subject = k.subject AND x.successor = k.successor)";

void
merger_note(struct pg *pg, bool named, int64_t now_us)
{
	if (named)
		pg_exec(pg, link_sql, pg_arg_time(now_us));
	pg_query(pg, "SELECT FROM subject_link LIMIT 1");
	if (pg_rows(pg) > 0)
		pg_run(pg, unlink_sql);
}
