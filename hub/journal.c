/*
 * journal: the hub's own trail: what operators did, as a Merkle log.
 */
#include "hub/journal.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "credit/note.h"
#include "wire/tiles.h"

#define PATH_SIZE 1024
#define PAGE 1000

struct journal {
	char folder[PATH_SIZE];
	struct signer *signer;
	struct tiles *tiles;
	struct checkpoint before; /* what an earlier start signed */
	bool forked;
	struct metric *entries, *refused;
};

static enum err
read_before(struct journal *journal, struct why *why)
{
	char path[PATH_SIZE + 16];
	struct buf note = {0};
	enum err err = file_read(
	    file_path(path, sizeof(path), journal->folder, "checkpoint"),
	    NOTE_MAX, &note, why);

	if (err == ERR_OK)
		err = note_read(buf_span(&note), &journal->before, why);
	buf_release(&note);
	return err == ERR_MISSING ? ERR_OK : err;
}

struct journal *
journal_open(const char *folder, struct signer *signer, struct why *why)
{
	struct journal *journal = mem_new(sizeof(*journal));

	journal->signer = signer;
	file_path(journal->folder, sizeof(journal->folder), folder, "journal");
	journal->tiles = tiles_new(journal->folder, JOURNAL_CODE, signer);
	journal->entries = metric_gauge("rongxin_hub_journal_entries", "",
	    "Actions of operators in the hub's own trail.");
	journal->refused = metric_gauge("rongxin_hub_journal_forked", "",
	    "1: the actions are not those that were signed.");
	if (file_make_folder(journal->folder, 0755, why) == ERR_OK &&
	    read_before(journal, why) == ERR_OK)
		return journal;
	journal_close(journal);
	return NULL;
}

void
journal_close(struct journal *journal)
{
	if (journal == NULL)
		return;
	tiles_free(journal->tiles);
	signer_free(journal->signer);
	mem_free(journal);
}

void
journal_print_entry(const struct pg *pg, size_t row, struct buf *out)
{
	struct json_out json = {.buf = out};
	char time[CLOCK_TEXT_MAX];

	json_open_object(&json, NULL);
	json_put_int(&json, "number", pg_int(pg, row, 0));
	json_put_cstr(&json, "at", clock_print(pg_time(pg, row, 1), time));
	json_put_text(&json, "who", pg_bytes(pg, row, 2));
	json_put_text(&json, "action", pg_bytes(pg, row, 3));
	json_put_text(&json, "target", pg_bytes(pg, row, 4));
	json_put_text(&json, "detail", pg_bytes(pg, row, 5));
	json_close_object(&json);
}

/* The log as it was signed before must be the beginning of this one. */
static void
check_before(struct journal *journal)
{
	struct digest root;

	if (tiles_size(journal->tiles) != journal->before.size)
		return;
	root = tiles_root(journal->tiles);
	journal->forked = journal->before.size > 0 &&
			  !digest_equal(&root, &journal->before.root);
}

static void
add_row(struct journal *journal, const struct pg *pg, size_t row)
{
	struct buf entry = {0};
	struct digest commitment, leaf;
	struct span parts[2];

	journal_print_entry(pg, row, &entry);
	parts[0] = pg_bytes(pg, row, 6);
	parts[1] = buf_span(&entry);
	commitment = digest_of_parts(parts, 2);
	leaf =
	    merkle_leaf(span_make((const char *)commitment.bytes, DIGEST_LEN));
	tiles_add(journal->tiles, &commitment, &leaf);
	buf_release(&entry);
	check_before(journal);
}

static void
give_places(struct pg *pg)
{
	pg_begin(pg);
	pg_exec(pg,
	    "UPDATE operator_action a SET place = n.place FROM ("
	    "SELECT number, (SELECT coalesce(max(place), -1)"
	    " FROM operator_action) + row_number() OVER (ORDER BY number)"
	    " AS place FROM operator_action WHERE place IS NULL"
	    " ORDER BY number LIMIT $1) n WHERE a.number = n.number",
	    pg_arg_int(PAGE));
	/* What failed is seen by the next question. */
	if (pg_end(pg, true) != ERR_OK)
		log_error("journal.failed", "why=\"%s\"", pg_why(pg));
}

/* False: that was all, or it failed. */
static bool
take_page(struct journal *journal, struct pg *pg)
{
	size_t i, count;

	pg_begin(pg);
	pg_exec(pg,
	    "SELECT number, at, who, action, target, detail::text, nonce,"
	    " place FROM operator_action WHERE place >= $1"
	    " ORDER BY place LIMIT $2",
	    pg_arg_int((int64_t)tiles_size(journal->tiles)), pg_arg_int(PAGE));
	count = pg_has_failed(pg) ? 0 : pg_rows(pg);
	for (i = 0; i < count && !journal->forked; i++) {
		journal->forked |=
		    pg_int(pg, i, 7) != (int64_t)tiles_size(journal->tiles);
		if (!journal->forked)
			add_row(journal, pg, i);
	}
	if (pg_end(pg, true) != ERR_OK)
		log_error("journal.failed", "why=\"%s\"", pg_why(pg));
	return count == PAGE && !journal->forked;
}

static void
publish(struct journal *journal)
{
	struct why why = {""};

	if (tiles_are_behind(journal->tiles) &&
	    tiles_publish(journal->tiles, &why) != ERR_OK)
		log_error("journal.failed", "why=\"%s\"", why.text);
	metric_set(journal->entries, (int64_t)tiles_size(journal->tiles));
}

void
journal_run(struct journal *journal, struct pg *pg)
{
	if (journal->forked)
		return;
	give_places(pg);
	while (take_page(journal, pg))
		;
	if (!pg_has_failed(pg))
		journal->forked |=
		    tiles_size(journal->tiles) < journal->before.size;
	if (!journal->forked) {
		publish(journal);
		return;
	}
	log_error("journal.forked", "signed=%llu",
	    (unsigned long long)journal->before.size);
	metric_set(journal->refused, 1);
}
