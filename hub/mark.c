/*
 * mark: the hub changes the state of a provider's records, not what they say.
 */
#include "hub/mark.h"

#include "base/json.h"
#include "base/mem.h"
#include "hub/fields.h"

#define RECORDS_MAX 1000
/* Behind the lines of control records in the same round. */
#define FIRST_LINE 1000000

/* The subject's streams: where it is, and where it was. */
#define RECORDS                                                                \
	" FROM record r WHERE r.stream IN (SELECT k.stream FROM subject k"     \
	" WHERE k.subject = $1 UNION SELECT m.source FROM subject_move m"      \
	" WHERE m.subject = $1) AND r.subject = $1 AND r.item = $2"            \
	" AND ($3 = '' OR r.key = $3) AND r.state <> 4"

static const char locks_sql[] =
    "SELECT pg_advisory_xact_lock_shared(0, x.stream::integer)::text,"
    " pg_advisory_xact_lock($2::integer, x.stream::integer)::text FROM"
    " (SELECT DISTINCT r.stream" RECORDS " ORDER BY 1 OFFSET 0) x";

static const char dispute_sql[] =
    "SELECT r.stream, r.key" RECORDS " AND r.state = 1 ORDER BY 1, 2 LIMIT $4";

static const char marked_sql[] =
    "SELECT r.stream, r.key" RECORDS
    " AND r.state = 2 AND r.unmarked IS NOT NULL ORDER BY 1, 2 LIMIT $4";

#define ONE " WHERE stream = $1 AND item = $2 AND subject = $3 AND key = $4"

static const char keep_sql[] = "UPDATE record SET unmarked = digest" ONE;
static const char forget_sql[] = "UPDATE record SET unmarked = NULL" ONE;
static const char read_sql[] =
    "SELECT provider, as_of, fields::text FROM record" ONE;

struct marking {
	struct ledger *ledger;
	const struct mark_scope *scope;
	enum mark_kind kind;
	char stream[STREAM_LEN + 1];
	struct buf key;
};

static enum record_state
state_after(enum mark_kind kind)
{
	static const enum record_state states[] = {
	    [MARK_DISPUTE] = RECORD_DISPUTED,
	    [MARK_REPAIR] = RECORD_REPAIRED,
	    [MARK_RESTORE] = RECORD_CURRENT,
	    [MARK_WITHDRAW] = RECORD_WITHDRAWN};

	return states[kind];
}

static void
run_one(const struct marking *marking, struct pg *pg, const char *sql)
{
	pg_exec(pg, sql, pg_arg_text(span_of(marking->stream)),
	    pg_arg_int(marking->scope->item->number),
	    pg_arg_text(marking->scope->subject),
	    pg_arg_text(buf_span(&marking->key)));
}

/* What is withdrawn or repaired keeps the digest of the row that must not
 * bring it back. */
static void
note_digest(const struct marking *marking, struct pg *pg)
{
	if (marking->kind == MARK_DISPUTE || marking->kind == MARK_REPAIR)
		run_one(marking, pg, keep_sql);
	else if (marking->kind == MARK_RESTORE)
		run_one(marking, pg, forget_sql);
}

static void
stage(const struct marking *marking, struct pg *pg, uint64_t line)
{
	const struct item *item = marking->scope->item;
	struct record record = {.item = item->number,
	    .subject = marking->scope->subject,
	    .key = buf_span(&marking->key),
	    .state = state_after(marking->kind)};
	struct ledger_row row = {.line = line,
	    .record = &record,
	    .item = item,
	    .stream = marking->stream};
	struct fields fields = {0};
	struct json *document;

	run_one(marking, pg, read_sql);
	if (pg_rows(pg) != 1)
		return;
	document = json_parse(pg_bytes(pg, 0, 2), NULL);
	fields_read(item, document, &fields);
	record.provider = pg_bytes(pg, 0, 0);
	record.as_of_us = pg_time(pg, 0, 1);
	record.fields = fields.list;
	record.field_count = fields.count;
	ledger_stage(marking->ledger, &row);
	json_free(document);
}

static void
query(struct pg *pg, const struct mark_scope *scope, const char *sql)
{
	pg_exec(pg, sql, pg_arg_text(scope->subject),
	    pg_arg_int(scope->item->number), pg_arg_text(scope->key),
	    pg_arg_int(RECORDS_MAX));
}

static size_t
list_records(struct pg *pg, struct marking **out, const struct marking *each)
{
	bool fresh = each->kind == MARK_DISPUTE || each->kind == MARK_REPAIR;
	struct marking *list;
	size_t i, count;

	query(pg, each->scope, fresh ? dispute_sql : marked_sql);
	count = pg_rows(pg);
	list = mem_new((count + 1) * sizeof(*list));
	for (i = 0; i < count; i++) {
		struct span stream = pg_bytes(pg, i, 0);
		struct span key = pg_bytes(pg, i, 1);

		list[i] = *each;
		if (stream.len <= STREAM_LEN)
			memcpy(list[i].stream, stream.ptr, stream.len);
		buf_add(&list[i].key, key.ptr, key.len);
	}
	*out = list;
	return count;
}

size_t
mark_put(struct control_round *round, const struct mark_scope *scope,
    enum mark_kind kind)
{
	struct pg *pg = control_round_pg(round);
	struct marking each = {.ledger = control_round_ledger(round),
	    .scope = scope,
	    .kind = kind};
	struct marking *list;
	size_t i, count;

	pg_exec(pg, locks_sql, pg_arg_text(scope->subject),
	    pg_arg_int(scope->item->number), pg_arg_text(scope->key));
	count = list_records(pg, &list, &each);
	for (i = 0; i < count; i++) {
		note_digest(&list[i], pg);
		stage(
		    &list[i], pg, FIRST_LINE + scope->place * RECORDS_MAX + i);
		buf_release(&list[i].key);
	}
	mem_free(list);
	return count;
}

size_t
mark_count_disputed(struct pg *pg, const struct mark_scope *scope)
{
	query(pg, scope, marked_sql);
	return pg_rows(pg);
}

static void
copy_text(char *out, size_t size, struct span text)
{
	if (text.len < size)
		memcpy(out, text.ptr, text.len);
}

uint64_t
mark_find_position(struct pg *pg, const struct mark_scope *scope)
{
	pg_exec(pg, "SELECT COALESCE(max(r.position), 0)" RECORDS,
	    pg_arg_text(scope->subject), pg_arg_int(scope->item->number),
	    pg_arg_text(scope->key));
	return pg_rows(pg) == 1 ? (uint64_t)pg_int(pg, 0, 0) : 0;
}

/* The oldest version that said the same. */
static void
find_since(
    struct pg *pg, const struct mark_scope *scope, struct mark_place *place)
{
	pg_exec(pg,
	    "SELECT least(min(r.known_from), min(h.known_from)),"
	    " least(min(r.position), min(h.position))"
	    " FROM record r LEFT JOIN record_history h ON h.stream = r.stream"
	    " AND h.item = r.item AND h.subject = r.subject AND h.key = r.key"
	    " AND h.fields = r.fields WHERE r.stream = $4 AND r.subject = $1"
	    " AND r.item = $2 AND ($3 = '' OR r.key = $3) AND r.state <> 4",
	    pg_arg_text(scope->subject), pg_arg_int(scope->item->number),
	    pg_arg_text(scope->key), pg_arg_text(span_of(place->stream)));
	if (pg_rows(pg) != 1 || pg_is_null(pg, 0, 0))
		return;
	place->since_us = pg_time(pg, 0, 0);
	place->from = (uint64_t)pg_int(pg, 0, 1);
}

void
mark_find_place(
    struct pg *pg, const struct mark_scope *scope, struct mark_place *place)
{
	*place = (struct mark_place){0};
	pg_exec(pg,
	    "SELECT count(*), min(r.stream), min(r.provider),"
	    " count(DISTINCT r.provider)" RECORDS,
	    pg_arg_text(scope->subject), pg_arg_int(scope->item->number),
	    pg_arg_text(scope->key));
	if (pg_rows(pg) != 1)
		return;
	place->records = (size_t)pg_int(pg, 0, 0);
	if (place->records == 0)
		return;
	copy_text(place->stream, sizeof(place->stream), pg_bytes(pg, 0, 1));
	if (pg_int(pg, 0, 3) == 1)
		copy_text(place->provider, sizeof(place->provider),
		    pg_bytes(pg, 0, 2));
	find_since(pg, scope, place);
}
