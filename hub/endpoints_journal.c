/*
 * endpoints: the hub's own trail.
 */
#include "hub/endpoints.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/codec.h"
#include "base/file.h"
#include "base/json.h"
#include "credit/merkle.h"
#include "credit/note.h"
#include "hub/inquiry.h"
#include "hub/journal.h"

#define FILE_MAX (64 << 10)
#define PATH_SIZE 1280

/* `id` is the file's name; what it may be was checked before. */
static void
fill_file(struct inquiry *inquiry, struct ledger *ledger)
{
	char path[PATH_SIZE];
	enum err err;

	(void)ledger;
	snprintf(path, sizeof(path), "%s/journal/%s",
	    inquiry->hub->settings.folder, inquiry->id);
	err = file_read(path, FILE_MAX, &inquiry->answer.body, NULL);
	if (err != ERR_OK)
		answer_fail(&inquiry->answer, err, "no such part");
}

static void
serve(struct http_exchange *exchange, struct hub *hub, const char *name,
    const char *type)
{
	struct inquiry *inquiry;
	struct member who;

	if (!inquiry_admit_operator(exchange, hub, &who))
		return;
	inquiry = inquiry_new(exchange, hub, &who, fill_file);
	snprintf(inquiry->id, sizeof(inquiry->id), "%s", name);
	inquiry->answer.content_type = type;
	inquiry_post(inquiry);
}

void
journal_on_checkpoint(struct http_exchange *exchange, void *context)
{
	serve(exchange, context, "checkpoint", "text/plain; charset=utf-8");
}

void
journal_on_tile(struct http_exchange *exchange, void *context)
{
	char name[MERKLE_PATH_MAX];
	uint64_t index;
	unsigned width;
	int level;

	if (!merkle_parse_tile_path(span_of(http_path_param(exchange, "rest")),
		&level, &index, &width)) {
		answer_problem(exchange, 404, "not_found", "no such tile");
		return;
	}
	merkle_tile_path(level, index, width, name);
	serve(exchange, context, name, "application/octet-stream");
}

static void
print_entry(const struct pg *pg, struct buf *out)
{
	struct json_out json = {.buf = out};
	struct buf entry = {0}, hex = {0};

	journal_print_entry(pg, 0, &entry);
	codec_hex(pg_bytes(pg, 0, 6), &hex);
	json_open_object(&json, NULL);
	json_put_int(&json, "index", pg_int(pg, 0, 7));
	json_put_text(&json, "nonce", buf_span(&hex));
	json_put_text(&json, "entry", buf_span(&entry));
	json_close_object(&json);
	buf_release(&entry);
	buf_release(&hex);
}

static void
fill_entry(struct inquiry *inquiry, struct ledger *ledger)
{
	struct pg *pg = ledger_pg(ledger);
	bool found;

	pg_begin(pg);
	pg_exec(pg,
	    "SELECT number, at, who, action, target, detail::text, nonce,"
	    " place FROM operator_action WHERE place = $1",
	    pg_arg_int(inquiry->after));
	found = pg_rows(pg) == 1;
	if (found)
		print_entry(pg, &inquiry->answer.body);
	if (pg_end(pg, true) != ERR_OK)
		answer_fail(&inquiry->answer, ERR_DATABASE, "no database");
	else if (!found)
		answer_fail(&inquiry->answer, ERR_MISSING, "no such entry");
}

void
journal_on_entry(struct http_exchange *exchange, void *context)
{
	const char *text = http_path_param(exchange, "index");
	struct hub *hub = context;
	struct inquiry *inquiry;
	struct member who;
	char *end;

	if (!inquiry_admit_operator(exchange, hub, &who))
		return;
	inquiry = inquiry_new(exchange, hub, &who, fill_entry);
	inquiry->after = strtoll(text, &end, 10);
	if (*text == '\0' || *end != '\0')
		inquiry->after = -1;
	inquiry_post(inquiry);
}
