/*
 * statement: whose word counts when providers disagree (docs/PROTOCOL.md §7).
 *
 * Every provider's newest statement about a record is kept once a second one
 * speaks; the record is that of the provider whom the catalogue's precedence
 * puts first, else that of who spoke last.  Most batches meet no other
 * provider's records: two look-ups tell.  The others' disputed records are
 * taken into temporary tables, decided there, and written back.
 */
#include "base/clock.h"
#include "hub/ledger_inner.h"

#define SAME(a, b)                                                             \
	a ".stream = " b ".stream AND " a ".item = " b ".item AND " a          \
	  ".subject = " b ".subject AND " a ".key = " b ".key"
#define FACTS(v) "(" v ".state, " v ".fields - 'source_number')"
#define COLUMNS                                                                \
	"stream, item, subject, key, provider, state, digest, fields, as_of,"  \
	" confirmed, known_from, batch, since"

#define DISPUTE                                                                \
	"INSERT INTO dispute (line, stream, item, subject, key, state,"        \
	" digest, stated, behind, ahead, holder, held, held_digest)"           \
	" SELECT c.line, c.stream, c.item, c.subject, c.key, c.state,"         \
	" c.digest, c.stated, c.older,"                                        \
	" COALESCE(c.stated > r.confirmed, false), r.provider, r.state,"       \
	" r.digest FROM change c LEFT JOIN record r ON " SAME("r", "c")

static const char contested_sql[] = DISPUTE " WHERE c.contested";

static const char spoken_of_sql[] =
    DISPUTE " JOIN (SELECT DISTINCT stream, item, subject, key FROM statement"
	    " WHERE stream = ANY (string_to_array($1, ',')) AND item = $2) s"
	    " ON " SAME("s", "c") " WHERE NOT c.contested"
				  " AND (c.line < $3 OR c.state = 4)";

/* Lines of ours have their bodies already. */
static const char bodies_sql[] =
    "SELECT line FROM dispute WHERE line < " LEDGER_EXTRA_TEXT " ORDER BY line";

static const char voices_sql[] =
    "INSERT INTO voice (" COLUMNS ", fresh) SELECT s.stream, s.item, s.subject,"
    " s.key, s.provider, s.state, s.digest, s.fields, s.as_of, s.confirmed,"
    " s.known_from, s.batch, s.since, false"
    " FROM dispute d JOIN statement s ON " SAME("s", "d");

/* Who spoke alone until now. */
static const char holders_sql[] =
    "INSERT INTO voice (" COLUMNS ", fresh) SELECT r.stream, r.item, r.subject,"
    " r.key, r.provider, r.state, r.digest, r.fields, r.as_of, r.confirmed,"
    " r.known_from, r.batch, NULL, true"
    " FROM dispute d JOIN record r ON " SAME(
	"r", "d") " WHERE"
		  " r.provider <> $1 AND NOT EXISTS (SELECT FROM voice v "
		  "WHERE " SAME("v", "d") " AND v.provider = r.provider)";

static const char own_sql[] =
    "UPDATE dispute p SET own = r.state, older = " LEDGER_IS_OLDER ","
    " repeated = r.digest = p.digest AND r.state = p.state"
    " FROM voice r WHERE " SAME("r", "p") " AND r.provider = $3";

static const char confirm_voice_sql[] =
    "UPDATE voice v SET confirmed = d.stated, fresh = true FROM dispute d"
    " WHERE " SAME(
	"v", "d") " AND v.provider = $1 AND d.repeated"
		  " AND (v.confirmed IS NULL OR v.confirmed < d.stated)";

static const char change_voice_sql[] =
    "UPDATE voice v SET state = d.state, digest = d.digest, fields = b.fields,"
    " as_of = b.as_of, confirmed = d.stated, known_from = $2,"
    " batch = NULLIF($3, 0), fresh = true"
    " FROM dispute d JOIN body b ON b.line = d.line WHERE " SAME(
	"v", "d") " AND v.provider = $1 AND NOT d.older AND NOT d.repeated"
		  " AND (d.state <> 4 OR d.own <> 4)";

static const char new_voice_sql[] =
    "INSERT INTO voice (" COLUMNS ", fresh) SELECT d.stream, d.item, d.subject,"
    " d.key, $1, d.state, d.digest, b.fields, b.as_of, d.stated, $2,"
    " NULLIF($3, 0), NULL, true FROM dispute d JOIN body b ON b.line = d.line"
    " WHERE d.own IS NULL AND d.state <> 4";

/* Of equals who spoke last; who repeats itself does not, unless by the date
 * that it states. */
static const char winner_sql[] =
    "UPDATE dispute u SET winner = w.provider, won_digest = w.digest"
    " FROM (SELECT DISTINCT ON (d.line) d.line, v.provider, v.digest"
    " FROM dispute d JOIN voice v ON " SAME("v",
	"d") " WHERE v.state <> 4"
	     " ORDER BY d.line, " LEDGER_RANK("v.provider",
		 "$2") ","
		       " CASE WHEN v.provider = $1 THEN CASE WHEN d.holder = $1"
		       " OR (d.held = 4) OR (NOT d.behind AND (NOT d.repeated "
		       "OR d.ahead))"
		       " THEN 0 ELSE 2 END WHEN v.provider = d.holder THEN 1 "
		       "ELSE 3 END,"
		       " v.as_of DESC, v.known_from DESC, v.provider) w WHERE "
		       "w.line = u.line";

static const char differs_sql[] =
    "UPDATE dispute u SET differs = true FROM (SELECT d.line FROM dispute d"
    " JOIN voice v ON " SAME(
	"v", "d") " WHERE v.state <> 4 GROUP BY d.line"
		  " HAVING count(DISTINCT " FACTS(
		      "v") ") > 1) x WHERE x.line = u.line";

static const char since_sql[] =
    "UPDATE voice v SET since = CASE WHEN d.differs THEN COALESCE((SELECT"
    " min(o.since) FROM voice o WHERE " SAME(
	"o", "v") "), $1) END,"
		  " fresh = true FROM dispute d WHERE " SAME(
		      "v", "d") " AND (v.since IS NOT NULL) <> d.differs";

/* Another department says otherwise, or has what is to be withdrawn. */
static const char conflicts_sql[] =
    "INSERT INTO finding (batch, line, field, rule, severity, value_digest)"
    " SELECT $1, d.line, '', 'provider_conflict', 'warn',"
    " COALESCE(d.held_digest, d.digest) FROM dispute d"
    " WHERE d.line < $3 AND NOT d.older AND CASE WHEN d.state = 4"
    " THEN d.own IS NULL AND d.held <> 4"
    " ELSE NOT (d.repeated AND d.winner = d.holder) AND EXISTS (SELECT"
    " FROM voice m JOIN voice o ON " SAME("o", "m") " WHERE " SAME(
	"m", "d") " AND m.provider = $2 AND o.provider <> $2 AND o.state <> 4"
		  " AND " FACTS("o") " IS DISTINCT FROM " FACTS(
		      "m") ") END ORDER BY d.line";

static const char own_age_sql[] =
    "UPDATE change c SET older = d.older FROM dispute d"
    " WHERE d.line = c.line AND c.older <> d.older";

/* What counts remains as it is. */
static const char undo_sql[] =
    "DELETE FROM change c USING dispute d WHERE d.line = c.line"
    " AND NOT d.older AND CASE WHEN d.winner IS NULL"
    " THEN COALESCE(d.held, 4) = 4 ELSE d.winner <> $1"
    " AND d.winner = d.holder AND d.held_digest = d.won_digest END";

static const char yield_sql[] =
    "UPDATE change c SET digest = v.digest, state = v.state,"
    " stated = v.confirmed, yielded = true FROM dispute d"
    " JOIN voice v ON " SAME(
	"v", "d") " AND v.provider = d.winner"
		  " WHERE d.line = c.line AND NOT d.older AND d.winner <> $1";

/* What is not read again comes last. */
static const char number_sql[] =
    "UPDATE change c SET ordinal = x.ordinal FROM (SELECT line, row_number()"
    " OVER (PARTITION BY stream, older ORDER BY yielded, line) AS ordinal"
    " FROM change) x WHERE x.line = c.line AND x.ordinal <> c.ordinal";

static const char keep_sql[] =
    "INSERT INTO statement (" COLUMNS ") SELECT " COLUMNS " FROM voice"
    " WHERE fresh ON CONFLICT (stream, item, subject, key, provider)"
    " DO UPDATE SET state = excluded.state, digest = excluded.digest,"
    " fields = excluded.fields, as_of = excluded.as_of,"
    " confirmed = excluded.confirmed, known_from = excluded.known_from,"
    " batch = excluded.batch, since = excluded.since";

/* The winner's own, where nothing changed. */
static const char confirm_sql[] =
    "UPDATE statement r SET confirmed = p.stated FROM pick p"
    " WHERE p.stated IS NOT NULL AND p.line < $2 AND " SAME(
	"r", "p") " AND r.provider = $1 AND r.digest = p.digest"
		  " AND (r.confirmed IS NULL OR r.confirmed < p.stated)";

/* What a province keeps of its own does not follow. */
static const char follow_sql[] =
    "INSERT INTO statement (" COLUMNS ") SELECT m.target, s.item, s.subject,"
    " s.key, s.provider, s.state, s.digest, s.fields, s.as_of, s.confirmed,"
    " s.known_from, s.batch, s.since FROM move m JOIN statement s"
    " ON s.stream = m.source AND s.subject = m.subject"
    " WHERE s.item NOT BETWEEN " LEDGER_PROVINCIAL
    " OR left(m.source, 2) = left(m.target, 2)"
    " ON CONFLICT (stream, item, subject, key, provider) DO NOTHING";

/* What another said of the registration that moves its subject. */
static const char overtaken_sql[] =
    "INSERT INTO statement (" COLUMNS ") SELECT e.stream, e.item, e.subject,"
    " e.key, b.provider, e.state, e.digest, b.fields, b.as_of, e.stated, $2,"
    " NULLIF($3, 0), NULL FROM pick e JOIN body b ON b.line = e.line"
    " JOIN pick o ON " SAME("o",
	"e") " AND o.line < $4"
	     " WHERE e.line >= $4 AND e.state <> 4 AND b.provider <> $1"
	     " ON CONFLICT (stream, item, subject, key, provider) DO NOTHING";

void
statement_print_precedence(const struct ledger *ledger, struct buf *out)
{
	const struct item *item =
	    catalog_find_item(ledger->plan.catalog, ledger->plan.item);
	size_t i;

	for (i = 0; item != NULL && item->precedence[i] != NULL; i++)
		buf_print(out, "%s%s", i > 0 ? "," : "", item->precedence[i]);
}

static struct pg_arg
provider_of(const struct ledger *ledger)
{
	return pg_arg_text(span_of(ledger->plan.provider));
}

void
statement_move(struct ledger *ledger, int64_t now_us)
{
	struct pg *pg = ledger->pg;

	pg_run(pg, follow_sql);
	pg_run(pg, "DELETE FROM statement s USING move m"
		   " WHERE s.stream = m.source AND s.subject = m.subject");
	pg_exec(pg, overtaken_sql, provider_of(ledger), pg_arg_time(now_us),
	    pg_arg_int(ledger->number), pg_arg_int(LEDGER_EXTRA_LINE));
}

void
statement_forget(struct ledger *ledger)
{
	pg_run(ledger->pg,
	    "DELETE FROM statement s USING pick p WHERE " SAME("s", "p"));
}

/* Fill `dispute`; answers whether there is any. */
static bool
find_disputes(struct ledger *ledger, struct span streams)
{
	struct pg *pg = ledger->pg;
	int64_t found;

	pg_query(pg, contested_sql);
	found = pg_affected(pg);
	pg_exec(pg,
	    "SELECT FROM statement WHERE item = $2"
	    " AND stream = ANY (string_to_array($1, ',')) LIMIT 1",
	    pg_arg_text(streams), pg_arg_int(ledger->plan.item));
	if (pg_rows(pg) > 0) {
		pg_exec(pg, spoken_of_sql, pg_arg_text(streams),
		    pg_arg_int(ledger->plan.item),
		    pg_arg_int(LEDGER_EXTRA_LINE));
		found += pg_affected(pg);
		if (ledger->dated)
			pg_exec(pg, confirm_sql, provider_of(ledger),
			    pg_arg_int(LEDGER_EXTRA_LINE));
	}
	return found > 0;
}

/* What everybody says, with this batch. */
static void
collect_voices(struct ledger *ledger, struct pg_arg now)
{
	struct pg *pg = ledger->pg;
	struct pg_arg provider = provider_of(ledger);
	struct pg_arg number = pg_arg_int(ledger->number);

	wanted_read_bodies(ledger, bodies_sql);
	pg_run(pg, voices_sql);
	pg_exec(pg, holders_sql, provider);
	pg_exec(pg, own_sql, pg_arg_int(ledger->plan.was_held),
	    pg_arg_time(ledger->plan.received_us), provider);
	pg_exec(pg, confirm_voice_sql, provider);
	pg_exec(pg, change_voice_sql, provider, now, number);
	pg_exec(pg, new_voice_sql, provider, now, number);
}

static void
decide(struct ledger *ledger, struct pg_arg now)
{
	struct pg *pg = ledger->pg;
	struct buf precedence = {0};

	statement_print_precedence(ledger, &precedence);
	pg_exec(pg, winner_sql, provider_of(ledger),
	    pg_arg_text(span_make(buf_cstr(&precedence), precedence.len)));
	pg_run(pg, differs_sql);
	pg_exec(pg, since_sql, now);
	pg_exec(pg, conflicts_sql, pg_arg_int(ledger->number),
	    provider_of(ledger), pg_arg_int(LEDGER_EXTRA_LINE));
	pg_run(pg, keep_sql);
	buf_release(&precedence);
}

/* Changes as the decisions want them. */
static uint64_t
correct_changes(struct ledger *ledger)
{
	struct pg *pg = ledger->pg;
	int64_t undone, yielded;

	pg_run(pg, own_age_sql);
	pg_exec(pg, undo_sql, provider_of(ledger));
	undone = pg_affected(pg);
	pg_exec(pg, yield_sql, provider_of(ledger));
	yielded = pg_affected(pg);
	if (yielded > 0)
		consequence_bring_forward(ledger);
	pg_run(pg, number_sql);
	return undone > 0 ? (uint64_t)undone : 0;
}

uint64_t
statement_settle(struct ledger *ledger, struct span streams)
{
	struct pg_arg now = pg_arg_time(clock_now_us());

	if (!find_disputes(ledger, streams))
		return 0;
	collect_voices(ledger, now);
	decide(ledger, now);
	return correct_changes(ledger);
}
