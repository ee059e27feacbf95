/*
 * pg_copy: rows in binary, sent and read by COPY.
 */
#include "hub/pg_inner.h"

void
pg_put_row(struct buf *rows, unsigned columns)
{
	buf_u16(rows, (uint16_t)columns);
}

void
pg_put_null(struct buf *rows)
{
	buf_u32(rows, UINT32_MAX);
}

void
pg_put_int2(struct buf *rows, int16_t value)
{
	buf_u32(rows, 2);
	buf_u16(rows, (uint16_t)value);
}

void
pg_put_int4(struct buf *rows, int32_t value)
{
	buf_u32(rows, 4);
	buf_u32(rows, (uint32_t)value);
}

void
pg_put_int8(struct buf *rows, int64_t value)
{
	buf_u32(rows, 8);
	buf_u64(rows, (uint64_t)value);
}

void
pg_put_bool(struct buf *rows, bool value)
{
	buf_u32(rows, 1);
	buf_char(rows, value ? 1 : 0);
}

void
pg_put_time(struct buf *rows, int64_t time_us)
{
	pg_put_int8(rows, time_us - PG_EPOCH_US);
}

void
pg_put_bytes(struct buf *rows, struct span bytes)
{
	buf_counted(rows, bytes);
}

/* The binary form of jsonb is a version byte and the text. */
void
pg_put_jsonb(struct buf *rows, struct span json)
{
	buf_u32(rows, (uint32_t)json.len + 1);
	buf_char(rows, 1);
	buf_add(rows, json.ptr, json.len);
}

/* Signature, no flags, no extension. */
#define HEAD_LEN 19
static const char head[HEAD_LEN] = "PGCOPY\n\377\r\n";

static bool
copy_send(struct pg *pg, struct span rows)
{
	static const char tail[2] = {'\377', '\377'};

	return PQputCopyData(pg->link, head, sizeof(head)) == 1 &&
	       PQputCopyData(pg->link, rows.ptr, (int)rows.len) == 1 &&
	       PQputCopyData(pg->link, tail, sizeof(tail)) == 1 &&
	       PQputCopyEnd(pg->link, NULL) == 1;
}

void
pg_copy(struct pg *pg, const char *sql, struct buf *rows)
{
	PGresult *result;

	pg_settle(pg);
	if (!pg_may_go_on(pg) || rows->len == 0)
		goto out;
	result = PQexec(pg->link, sql);
	if (PQresultStatus(result) != PGRES_COPY_IN) {
		pg_fail(pg, result);
		PQclear(result);
		goto out;
	}
	PQclear(result);
	if (!copy_send(pg, buf_span(rows)))
		pg_fail(pg, NULL);
	pg->copying = true;
out:
	buf_reset(rows);
}

/* The next bytes, or an empty span when there are not so many. */
static struct span
cut(struct span *rest, size_t len)
{
	struct span piece = span_make(rest->ptr, len);

	if (rest->len < len)
		return span_make(NULL, 0);
	*rest = span_make(rest->ptr + len, rest->len - len);
	return piece;
}

/* Where the columns of a row lie; false: it has too many, or ends early. */
static bool
split(struct span row, struct span *columns, size_t *count)
{
	int64_t announced = pg_parse_int(cut(&row, 2)), len;
	size_t i;

	if (announced < 0 || announced > PG_COLUMNS_MAX)
		return false;
	*count = (size_t)announced;
	for (i = 0; i < *count; i++) {
		len = pg_parse_int(cut(&row, 4));
		columns[i] = cut(&row, len < 0 ? 0 : (size_t)len);
		if (len < 0)
			columns[i].ptr = NULL;
		else if (columns[i].ptr == NULL)
			return false;
	}
	return row.len == 0;
}

/* The end of the rows is a row of -1 columns. */
static bool
is_end(struct span row)
{
	return row.len == 2 && pg_parse_int(row) == -1;
}

/* The first one has the head before it. */
static bool
visit_row(struct span row, bool first, pg_columns_fn visit, void *context)
{
	struct span columns[PG_COLUMNS_MAX];
	size_t count;

	if (first &&
	    !span_equal(cut(&row, HEAD_LEN), span_make(head, HEAD_LEN)))
		return false;
	return is_end(row) ||
	       (split(row, columns, &count) && visit(context, columns, count));
}

/* What PQgetCopyData said last: -1, the server tells how it ended. */
static int
visit_all(struct pg *pg, pg_columns_fn visit, void *context)
{
	bool first = true, fine;
	char *bytes;
	int len;

	while ((len = PQgetCopyData(pg->link, &bytes, 0)) > 0) {
		fine = visit_row(
		    span_make(bytes, (size_t)len), first, visit, context);
		PQfreemem(bytes);
		if (!fine)
			return -2;
		first = false;
	}
	return len;
}

void
pg_copy_out(struct pg *pg, const char *sql, pg_columns_fn visit, void *context)
{
	PGresult *result;

	pg_settle(pg);
	if (!pg_may_go_on(pg))
		return;
	result = PQexec(pg->link, sql);
	if (PQresultStatus(result) != PGRES_COPY_OUT) {
		pg_fail(pg, result);
		PQclear(result);
		return;
	}
	PQclear(result);
	if (visit_all(pg, visit, context) != -1) {
		pg_fail(pg, NULL);
		pg_cut(pg);
		return;
	}
	while ((result = PQgetResult(pg->link)) != NULL)
		pg_keep(pg, result);
}
