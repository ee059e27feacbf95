/*
 * outcome: what is put beside a file that was handed in.
 */
#include "hub/outcome.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/file.h"
#include "hub/proof.h"
#include "wire/problem.h"

#define PAGE 1000

static enum err
write_beside(
    const char *stem, const char *suffix, struct span text, struct why *why)
{
	struct buf path = {0};
	enum err err;

	buf_print(&path, "%s%s", stem, suffix);
	err = file_replace(buf_cstr(&path), text, 0644, why);
	buf_release(&path);
	return err;
}

static void
put_quoted(struct span text, struct buf *out)
{
	size_t i;

	buf_char(out, '"');
	for (i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"')
			buf_char(out, '"');
		buf_char(out, text.ptr[i]);
	}
	buf_char(out, '"');
}

static void
put_finding(const struct pg *pg, size_t row, struct buf *out)
{
	buf_print(out, "%lld,", (long long)pg_int(pg, row, 1));
	put_quoted(pg_bytes(pg, row, 2), out);
	buf_char(out, ',');
	put_quoted(pg_bytes(pg, row, 3), out);
	buf_char(out, ',');
	put_quoted(pg_bytes(pg, row, 4), out);
	buf_char(out, ',');
	codec_hex(pg_bytes(pg, row, 5), out);
	buf_char(out, ',');
	if (!pg_is_null(pg, row, 6))
		put_quoted(pg_bytes(pg, row, 6), out);
	buf_text(out, "\r\n");
}

/* Page by page, so that memory stays flat for any number of findings. */
static enum err
write_pages(struct pg *pg, int64_t number, FILE *file)
{
	struct buf page = {0};
	int64_t after = 0;
	size_t rows, i;
	bool written = true;

	buf_text(&page, "line,field,rule,severity,value_digest,original\r\n");
	do {
		pg_exec(pg,
		    "SELECT number, line, field, rule, severity, value_digest,"
		    " original FROM finding WHERE batch = $1 AND number > $2"
		    " ORDER BY number LIMIT 1000",
		    pg_arg_int(number), pg_arg_int(after));
		rows = pg_rows(pg);
		for (i = 0; i < rows; i++)
			put_finding(pg, i, &page);
		if (rows > 0)
			after = pg_int(pg, rows - 1, 0);
		written = fwrite(page.data, 1, page.len, file) == page.len;
		buf_reset(&page);
	} while (rows == PAGE && written);
	buf_release(&page);
	return written ? ERR_OK : ERR_IO;
}

static enum err
write_findings(const char *stem, struct pg *pg, int64_t number, struct why *why)
{
	struct buf path = {0}, draft = {0};
	enum err err = ERR_IO;
	FILE *file;

	buf_print(&path, "%s.findings.csv", stem);
	buf_print(&draft, "%s.findings.csv.part", stem);
	buf_cstr(&path);
	unlink(buf_cstr(&draft));
	file = fopen(draft.data, "wbxe");
	if (file != NULL) {
		err = write_pages(pg, number, file);
		if (fclose(file) != 0 || rename(draft.data, path.data) != 0)
			err = ERR_IO;
	}
	if (err != ERR_OK)
		(void)why_set(why, err, "%s: %s", path.data, strerror(errno));
	buf_release(&path);
	buf_release(&draft);
	return err;
}

static int64_t
find_number(struct pg *pg, const struct receipt *which, struct buf *receipt)
{
	struct span text;

	pg_exec(pg,
	    "SELECT number, receipt::text FROM feed_batch"
	    " WHERE provider = $1 AND item = $2 AND id = $3",
	    pg_arg_text(span_of(which->provider)), pg_arg_int(which->item),
	    pg_arg_text(span_of(which->id)));
	if (pg_rows(pg) != 1)
		return 0;
	text = pg_bytes(pg, 0, 1);
	buf_add(receipt, text.ptr, text.len);
	buf_char(receipt, '\n');
	return pg_int(pg, 0, 0);
}

enum err
outcome_write_receipt(const char *stem, struct pg *pg,
    const struct receipt *which, struct signer *signer, struct why *why)
{
	struct buf receipt = {0}, proof = {0};
	enum err err = ERR_OK;
	int64_t number;

	pg_begin(pg);
	number = find_number(pg, which, &receipt);
	if (number == 0)
		err = why_set(why, ERR_DATABASE, "no receipt to be found");
	if (err == ERR_OK)
		err = write_findings(stem, pg, number, why);
	if (err == ERR_OK && signer != NULL)
		err = proof_sign(pg, which, signer, &proof);
	if (pg_end(pg, true) != ERR_OK)
		err = why_set(why, ERR_DATABASE, "%s", pg_why(pg));
	if (err == ERR_OK && signer != NULL)
		err = write_beside(stem, ".receipt.jws", buf_span(&proof), why);
	if (err == ERR_OK)
		err = write_beside(
		    stem, ".receipt.json", buf_span(&receipt), why);
	buf_release(&receipt);
	buf_release(&proof);
	return err;
}

enum err
outcome_write_refusal(
    const char *stem, const struct answer *answer, struct why *why)
{
	struct buf text = {0};
	enum err err;

	problem_print(answer->status, answer->problem, answer->problem,
	    answer->detail, &text);
	buf_char(&text, '\n');
	err = write_beside(stem, ".refused.json", buf_span(&text), why);
	buf_release(&text);
	return err;
}
