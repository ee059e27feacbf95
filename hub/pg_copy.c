/*
 * pg_copy: rows in binary, sent by COPY.
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

static bool
copy_send(struct pg *pg, struct span rows)
{
	static const char head[19] = "PGCOPY\n\377\r\n";
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
