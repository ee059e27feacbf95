/*
 * reading: the bytes of a batch become rows of the ledger, and findings.
 */
#include "hub/reading.h"

static void
hand_row(const struct reading *reading, const struct feed_row *row,
    void (*stage)(struct ledger *ledger, const struct ledger_row *row))
{
	struct record record = row->record;
	struct ledger_row staged = {.line = row->line,
	    .record = &record,
	    .item = reading->item,
	    .stream = row->stream,
	    .named = row->stream_source != REGION_CODE,
	    .dated = row->dated};

	record.provider = span_of(reading->provider);
	stage(reading->ledger, &staged);
}

static void
take_row(struct reading *reading, const struct feed_row *row)
{
	size_t i;

	reading->rows++;
	for (i = 0; i < row->finding_count; i++)
		ledger_note(reading->ledger, &row->findings[i], row->original);
	findings_take(reading->findings, row);
	quality_take(reading->quality, row);
	reading->past += row->past;
	if (!row->accepted && !row->past) {
		reading->rejected++;
		if (row->identified && reading->full)
			ledger_mention(reading->ledger, row->record.subject,
			    row->record.key);
		return;
	}
	hand_row(reading, row, ledger_stage);
}

static void
on_row(void *context, const struct feed_row *row)
{
	struct reading *reading = context;

	if (row->old_number)
		old_numbers_take(reading->numbers, row);
	else
		take_row(reading, row);
}

static void
on_numbered_row(void *context, const struct feed_row *row)
{
	if (row->old_number)
		take_row(context, row);
}

static struct span
on_old_number(void *context, uint64_t line)
{
	const struct reading *reading = context;

	return old_numbers_code(reading->numbers, line);
}

static void
on_row_again(void *context, const struct feed_row *row)
{
	const struct reading *reading = context;

	if (row->accepted || row->past)
		hand_row(reading, row, ledger_stage_again);
}

static enum err
feed_pieces(struct feed_reader *reader, struct content *content)
{
	struct buf piece = {0};
	enum err err;

	do {
		/* It was read to its end before: only the disk can fail. */
		err = content_read(content, &piece, NULL);
		if (err != ERR_OK && err != ERR_CLOSED)
			err = ERR_IO;
		else if (piece.len > 0)
			err = feed_reader_feed(reader, buf_span(&piece));
	} while (err == ERR_OK && piece.len > 0);
	if (err == ERR_OK)
		err = feed_reader_end(reader);
	buf_release(&piece);
	return err;
}

/* NULL when the charset is unknown. */
static struct feed_reader *
open_reader(struct reading *reading, feed_row_fn row, feed_code_fn code)
{
	const struct ingest_batch *batch = reading->batch;
	const struct feed_settings settings = {
	    .catalog = reading->catalogue->catalog,
	    .item = reading->item,
	    .format = batch->format,
	    .charset = batch->charset,
	    .received_us = batch->received_us,
	    .now_us = reading->now_us,
	    .row = row,
	    .code = code,
	    .context = reading};

	return feed_reader_new(&settings);
}

static enum err
read_through(const struct reading *reading, struct feed_reader *reader)
{
	/* Limits were checked when it was measured. */
	const struct content_source source = {.spool = reading->batch->spool,
	    .coding = reading->batch->coding,
	    .stop = reading->stop};
	struct content *content = content_open(&source);
	enum err err = feed_pieces(reader, content);

	content_close(content);
	return err;
}

/* The same bytes in the same way. */
static enum err
read_once_more(struct reading *reading, feed_row_fn row)
{
	struct feed_reader *reader = open_reader(reading, row, on_old_number);
	enum err err = ERR_INVALID;

	old_numbers_open(reading->numbers);
	if (reader != NULL)
		err = read_through(reading, reader);
	old_numbers_close(reading->numbers);
	feed_reader_free(reader);
	return err;
}

enum err
reading_again(void *context)
{
	return read_once_more(context, on_row_again);
}

/* Rows whose numbers had to be asked for. */
static enum err
read_numbered(struct reading *reading)
{
	if (!old_numbers_are_waiting(reading->numbers))
		return ERR_OK;
	old_numbers_resolve(reading->numbers);
	return read_once_more(reading, on_numbered_row);
}

enum err
reading_rows(struct reading *reading)
{
	struct ingest_batch *batch = reading->batch;
	struct feed_reader *reader = open_reader(reading, on_row, NULL);
	enum err err;

	if (reader == NULL) {
		answer_refuse(&batch->answer, 415, "media_type",
		    "charset: utf-8 or gb18030");
		return ERR_INVALID;
	}
	err = read_through(reading, reader);
	if (err == ERR_OK)
		err = read_numbered(reading);
	if (err == ERR_INVALID)
		answer_refuse(&batch->answer, 400, "batch_unreadable", "%s",
		    feed_reader_why(reader));
	else if (err == ERR_CLOSED)
		answer_refuse_stopping(&batch->answer);
	else if (err != ERR_OK)
		answer_fail(&batch->answer, err, "the upload cannot be read");
	findings_set_header(reading->findings, feed_reader_header(reader));
	feed_reader_free(reader);
	return err;
}
