/*
 * old_number: rows that name their subject by a registration number of before
 * 2015.
 */
#include "hub/old_number.h"

#include "base/mem.h"
#include "credit/uscc.h"

#define FLUSH_BYTES (160 << 10)
#define PAGE_ROWS 1000
#define PAGE_SQL "FETCH 1000 FROM old_numbers"

struct answer {
	uint64_t line;
	char code[USCC_LEN]; /* begins with NUL: not known */
};

struct old_numbers {
	struct pg *pg;
	struct buf rows;
	bool waiting;
	struct answer answers[PAGE_ROWS];
	size_t count, at;
};

static const char table_sql[] =
    "CREATE TEMP TABLE IF NOT EXISTS old_number (line bigint,"
    " number text COLLATE \"C\", subject text COLLATE \"C\")"
    " ON COMMIT DELETE ROWS";

static const char copy_sql[] =
    "COPY old_number (line, number) FROM STDIN (FORMAT binary)";

static const char resolve_sql[] =
    "UPDATE old_number n SET subject = a.subject FROM subject_alias a"
    " WHERE a.number = n.number";

static const char answers_sql[] =
    "DECLARE old_numbers NO SCROLL CURSOR FOR SELECT line, subject"
    " FROM old_number ORDER BY line";

struct old_numbers *
old_numbers_new(void)
{
	return mem_new(sizeof(struct old_numbers));
}

void
old_numbers_free(struct old_numbers *numbers)
{
	if (numbers == NULL)
		return;
	buf_release(&numbers->rows);
	mem_free(numbers);
}

void
old_numbers_begin(struct old_numbers *numbers, struct pg *pg)
{
	numbers->pg = pg;
	numbers->waiting = false;
	buf_reset(&numbers->rows);
}

void
old_numbers_take(struct old_numbers *numbers, const struct feed_row *row)
{
	struct buf *rows = &numbers->rows;

	if (!numbers->waiting)
		pg_run(numbers->pg, table_sql);
	numbers->waiting = true;
	pg_put_row(rows, 2);
	pg_put_int8(rows, (int64_t)row->line);
	pg_put_bytes(rows, row->subject);
	if (rows->len > FLUSH_BYTES)
		pg_copy(numbers->pg, copy_sql, rows);
}

bool
old_numbers_are_waiting(const struct old_numbers *numbers)
{
	return numbers->waiting;
}

void
old_numbers_resolve(struct old_numbers *numbers)
{
	pg_copy(numbers->pg, copy_sql, &numbers->rows);
	pg_run(numbers->pg, "ANALYZE old_number");
	pg_query(numbers->pg, resolve_sql);
}

static void
turn_page(struct old_numbers *numbers)
{
	const struct pg *pg = numbers->pg;
	struct span code;
	size_t i;

	pg_query(numbers->pg, PAGE_SQL);
	numbers->at = 0;
	numbers->count = pg_rows(pg);
	for (i = 0; i < numbers->count; i++) {
		struct answer *answer = &numbers->answers[i];

		*answer = (struct answer){.line = (uint64_t)pg_int(pg, i, 0)};
		code = pg_bytes(pg, i, 1);
		if (code.len == USCC_LEN)
			memcpy(answer->code, code.ptr, USCC_LEN);
	}
}

void
old_numbers_open(struct old_numbers *numbers)
{
	numbers->count = 0;
	numbers->at = 0;
	if (!numbers->waiting)
		return;
	pg_run(numbers->pg, answers_sql);
	turn_page(numbers);
}

void
old_numbers_close(struct old_numbers *numbers)
{
	if (numbers->waiting)
		pg_run(numbers->pg, "CLOSE old_numbers");
}

struct span
old_numbers_code(struct old_numbers *numbers, uint64_t line)
{
	const struct answer *answer;

	while (numbers->at < numbers->count &&
	       numbers->answers[numbers->at].line < line)
		if (++numbers->at == numbers->count)
			turn_page(numbers);
	if (numbers->at == numbers->count)
		return (struct span){NULL, 0};
	answer = &numbers->answers[numbers->at];
	if (answer->line != line || *answer->code == '\0')
		return (struct span){NULL, 0};
	return span_make(answer->code, USCC_LEN);
}
