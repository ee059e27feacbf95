/*
 * entries, tiles, trail: what was acknowledged stays, whole and in order, and
 * what could not be written is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node_sample.h"

#include "node/retention.h"
#include "node/trail.h"
#include "wire/tiles.h"

#define CODE "11440100MB0044011H"

struct fixture {
	char *folder;
	struct signer *signer;
	struct trail *trail;
	int64_t keep_days;
	sem_t done;
	bool logged; /* what the last append was told … */
	enum err err;
	struct trail_receipt receipt;
};

static void
open_trail(struct fixture *fixture)
{
	struct trail_settings settings = {
	    .folder = fixture->folder, .node_code = CODE};

	settings.signer = fixture->signer;
	settings.keep_days = fixture->keep_days;
	fixture->trail = trail_open(&settings);
}

static int
setup(void **state)
{
	struct fixture *fixture = mem_new(sizeof(*fixture));

	signal(SIGXFSZ, SIG_IGN);
	fixture->folder = sample_folder();
	fixture->signer = signer_new();
	sem_init(&fixture->done, 0, 0);
	open_trail(fixture);
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	trail_close(fixture->trail);
	signer_free(fixture->signer);
	sample_remove(fixture->folder);
	sem_destroy(&fixture->done);
	mem_free(fixture);
	return 0;
}

static void
on_done(void *context, enum err err, const struct trail_receipt *receipt)
{
	struct fixture *fixture = context;

	fixture->logged = receipt != NULL;
	fixture->err = err;
	if (receipt != NULL)
		fixture->receipt = *receipt;
	sem_post(&fixture->done);
}

static bool
append(struct fixture *fixture)
{
	struct access access = {.time_us = 1700000000000000,
	    .member = "91440101MA000RX19U",
	    .subject = SAMPLE_SUBJECT,
	    .purpose = PURPOSE_PRE_LOAN,
	    .action = "report"};

	trail_append(fixture->trail, &access, on_done, fixture);
	sem_wait(&fixture->done);
	return fixture->logged;
}

/* The number of the use; 0: it was not one. */
static uint32_t
append_use(struct fixture *fixture, const char *consent, struct use use)
{
	struct access access = {.time_us = 1700000000000000,
	    .member = "91440101MA000RX19U",
	    .subject = SAMPLE_SUBJECT,
	    .purpose = PURPOSE_PRE_LOAN,
	    .action = "report",
	    .use = use};

	strcpy(access.consent, consent);
	trail_append(fixture->trail, &access, on_done, fixture);
	sem_wait(&fixture->done);
	return fixture->logged ? fixture->receipt.use.number : 0;
}

static void
restart(struct fixture *fixture)
{
	trail_close(fixture->trail);
	open_trail(fixture);
}

static const char *
log_path(struct fixture *fixture, char path[256])
{
	snprintf(path, 256, "%s/entries/000000000000.log", fixture->folder);
	return path;
}

/* Of its entries; room may be behind them. */
static off_t
log_size(struct fixture *fixture)
{
	char path[256];
	struct buf bytes = {0};
	struct entry entry;
	size_t at = 0, len;

	assert_int_equal(
	    file_read(log_path(fixture, path), 1 << 24, &bytes, NULL), ERR_OK);
	while ((len = entries_parse_frame(
		    span_make(bytes.data + at, bytes.len - at), &entry)) > 0)
		at += len;
	buf_release(&bytes);
	return (off_t)at;
}

static void
write_into_log(struct fixture *fixture, off_t at, const char *bytes)
{
	char path[256];
	int fd = open(log_path(fixture, path), O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, strlen(bytes), at), strlen(bytes));
	close(fd);
}

static struct checkpoint
read_checkpoint(struct fixture *fixture)
{
	struct checkpoint checkpoint = {0};
	struct buf note = {0};
	uint8_t raw[32];

	tree_checkpoint(trail_tree(fixture->trail), &note);
	assert_int_equal(signer_public(fixture->signer, raw), ERR_OK);
	assert_int_equal(
	    note_check(buf_span(&note), raw, &checkpoint, NULL), ERR_OK);
	buf_release(&note);
	return checkpoint;
}

static void
entries_are_numbered_from_zero_and_go_on_after_a_restart(void **state)
{
	struct fixture *fixture = *state;

	assert_true(append(fixture));
	assert_int_equal(fixture->receipt.index, 0);
	restart(fixture);

	assert_true(append(fixture));

	assert_int_equal(fixture->receipt.index, 1);
}

static const struct use two_in_all = {.most = 2};

static void
uses_are_counted_each_for_its_consent_and_then_refused(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(append_use(fixture, "c-1", two_in_all), 1);
	assert_int_equal(append_use(fixture, "c-2", two_in_all), 1);
	assert_int_equal(append_use(fixture, "c-1", two_in_all), 2);

	assert_int_equal(append_use(fixture, "c-1", two_in_all), 0);

	assert_int_equal(fixture->err, ERR_LIMIT);
	assert_int_equal(trail_size(fixture->trail), 3);
	assert_int_equal(append_use(fixture, "c-2", two_in_all), 2);
}

static void
uses_are_known_again_from_the_entries(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(append_use(fixture, "c-1", two_in_all), 1);
	assert_true(append(fixture));
	restart(fixture);
	assert_int_equal(append_use(fixture, "c-1", two_in_all), 2);
	restart(fixture);

	assert_int_equal(append_use(fixture, "c-1", two_in_all), 0);
	assert_int_equal(fixture->err, ERR_LIMIT);
}

static void
a_new_day_has_new_uses_and_an_old_one_has_none(void **state)
{
	struct fixture *fixture = *state;
	struct use monday = {.most = 1, .window = 7};
	struct use tuesday = {.most = 1, .window = 8};

	assert_int_equal(append_use(fixture, "c-1", monday), 1);
	assert_int_equal(append_use(fixture, "c-1", monday), 0);
	assert_int_equal(append_use(fixture, "c-1", tuesday), 1);
	restart(fixture);

	assert_int_equal(append_use(fixture, "c-1", monday), 0);
	assert_int_equal(append_use(fixture, "c-1", tuesday), 0);
}

static void
many_consents_are_told_apart(void **state)
{
	struct fixture *fixture = *state;
	char id[16];
	int i;

	for (i = 0; i < 1500; i++) {
		snprintf(id, sizeof(id), "c-%d", i);
		assert_int_equal(append_use(fixture, id, two_in_all), 1);
	}
	restart(fixture);

	for (i = 0; i < 1500; i += 7) {
		snprintf(id, sizeof(id), "c-%d", i);
		assert_int_equal(append_use(fixture, id, two_in_all), 2);
		assert_int_equal(append_use(fixture, id, two_in_all), 0);
	}
}

static void
skip_entry(void *context, const struct entry *entry)
{
	(void)context;
	(void)entry;
}

/* Written by a later version, for example. */
static void
while_an_entry_cannot_be_read_no_use_is_granted(void **state)
{
	struct fixture *fixture = *state;
	struct entries_settings settings = {0};
	struct entry entry = {.bytes = span_of("\xff\xff")};
	struct entries *entries;
	char folder[256];

	assert_int_equal(append_use(fixture, "c-1", two_in_all), 1);
	trail_close(fixture->trail);
	snprintf(folder, sizeof(folder), "%s/entries", fixture->folder);
	settings.folder = folder;
	settings.each = skip_entry;
	entries = entries_open(&settings, NULL);
	assert_int_equal(entries_append(entries, &entry, 1, NULL), ERR_OK);
	entries_close(entries);

	open_trail(fixture);

	assert_int_equal(append_use(fixture, "c-1", two_in_all), 0);
	assert_int_equal(fixture->err, ERR_IO);
	assert_true(append(fixture));
}

static void
the_checkpoint_is_the_root_of_the_leaves(void **state)
{
	struct fixture *fixture = *state;
	struct digest leaves[300];
	struct checkpoint checkpoint;
	struct digest root;
	int i;

	for (i = 0; i < 300; i++) {
		assert_true(append(fixture));
		leaves[i] = fixture->receipt.leaf;
	}
	restart(fixture);

	checkpoint = read_checkpoint(fixture);

	root = merkle_root_of(leaves, 300);
	assert_int_equal(checkpoint.size, 300);
	assert_true(digest_equal(&checkpoint.root, &root));
}

static void
assert_file(struct fixture *fixture, const char *name, off_t size)
{
	char path[256];
	struct stat found;

	snprintf(path, sizeof(path), "%s/%s", fixture->folder, name);
	assert_int_equal(stat(path, &found), 0);
	assert_int_equal(found.st_size, size);
}

static void
a_full_tile_replaces_its_partial_ones(void **state)
{
	struct fixture *fixture = *state;
	char path[256];
	int i;

	assert_true(append(fixture));
	restart(fixture);
	assert_file(fixture, "tile/0/000.p/1", 32);
	for (i = 1; i < 260; i++)
		assert_true(append(fixture));
	restart(fixture);

	assert_file(fixture, "tile/0/000", 256 * 32);
	assert_file(fixture, "tile/entries/000", 256 * 34);
	assert_file(fixture, "tile/0/001.p/4", 4 * 32);
	assert_file(fixture, "tile/1/000.p/1", 32);
	snprintf(path, sizeof(path), "%s/tile/0/000.p", fixture->folder);
	assert_false(file_exists(path));
}

static void
a_torn_tail_is_cut_and_its_index_used_again(void **state)
{
	struct fixture *fixture = *state;
	off_t good;

	assert_true(append(fixture));
	good = log_size(fixture);
	trail_close(fixture->trail);
	write_into_log(fixture, good, "half a frame");

	open_trail(fixture);

	assert_true(trail_is_ready(fixture->trail));
	assert_int_equal(log_size(fixture), good);
	assert_true(append(fixture));
	assert_int_equal(fixture->receipt.index, 1);
}

static void
room_behind_the_entries_is_no_torn_tail(void **state)
{
	struct fixture *fixture = *state;
	char path[256];
	struct stat found;

	assert_true(append(fixture));
	assert_int_equal(stat(log_path(fixture, path), &found), 0);
	assert_true(found.st_size > log_size(fixture));
	trail_close(fixture->trail);
	assert_int_equal(stat(path, &found), 0);
	assert_int_equal(found.st_size, log_size(fixture));
	assert_int_equal(truncate(path, found.st_size + 5000), 0);

	open_trail(fixture);

	assert_int_equal(stat(path, &found), 0);
	assert_int_equal(found.st_size, log_size(fixture) + 5000);
	assert_true(append(fixture));
	assert_int_equal(fixture->receipt.index, 1);
}

static void
count_entry(void *context, const struct entry *entry)
{
	(void)entry;
	++*(uint64_t *)context;
}

/* Killed between the last entry of a file and the first of the next. */
static void
room_behind_a_full_file_is_fine(void **state)
{
	struct fixture *fixture = *state;
	char folder[256], path[ENTRIES_PATH_SIZE];
	uint64_t seen = 0;
	struct entries_settings settings = {
	    .folder = folder, .each = count_entry, .context = &seen};
	struct entry *list = mem_new(ENTRIES_PER_FILE * sizeof(*list));
	struct entries *entries;
	size_t i;

	snprintf(folder, sizeof(folder), "%s/full", fixture->folder);
	entries = entries_open(&settings, NULL);
	for (i = 0; i < ENTRIES_PER_FILE; i++)
		list[i].bytes = span_of("x");
	assert_int_equal(
	    entries_append(entries, list, ENTRIES_PER_FILE, NULL), ERR_OK);
	entries_close(entries);
	assert_int_equal(truncate(entries_path(folder, 0, path),
			     ENTRIES_PER_FILE * (28 + 1) + 100),
	    0);

	entries = entries_open(&settings, NULL);

	assert_non_null(entries);
	assert_int_equal(seen, ENTRIES_PER_FILE);
	assert_int_equal(entries_append(entries, list, 1, NULL), ERR_OK);
	assert_int_equal(list[0].index, ENTRIES_PER_FILE);
	entries_close(entries);
	mem_free(list);
}

static off_t
size_of(const char *path)
{
	struct stat found;

	return stat(path, &found) == 0 ? found.st_size : -1;
}

static bool
becomes_size(const char *path, off_t size)
{
	int tries = 0;

	while (size_of(path) != size && tries++ < 2000)
		usleep(10000);
	return size_of(path) == size;
}

#define TINY (12 + 16 + 1) /* the frame of one byte */

/* No answer waits for blocks: of a full file the room goes back, and the next
 * one has all of its own, zeros to the end. */
static void
the_next_file_is_made_ahead(void **state)
{
	const size_t half = ENTRIES_PER_FILE / 2;
	const off_t whole = (ENTRIES_PER_FILE + ENTRIES_PER_FILE / 16) * TINY;
	const off_t ahead =
	    (whole + (128 << 10) - 1) / (128 << 10) * (128 << 10);
	struct fixture *fixture = *state;
	struct entry *list = mem_new(half * sizeof(*list));
	char folder[256], spare[300], path[ENTRIES_PATH_SIZE];
	uint64_t seen = 0;
	struct entries_settings settings = {
	    .folder = folder, .each = count_entry, .context = &seen};
	struct entries *entries;
	size_t i;

	snprintf(folder, sizeof(folder), "%s/ahead", fixture->folder);
	snprintf(spare, sizeof(spare), "%s/spare", folder);
	entries = entries_open(&settings, NULL);
	for (i = 0; i < half; i++)
		list[i].bytes = span_of("x");
	assert_int_equal(entries_append(entries, list, half, NULL), ERR_OK);
	assert_true(becomes_size(spare, ahead));
	assert_int_equal(entries_append(entries, list, half, NULL), ERR_OK);
	assert_int_equal(entries_append(entries, list, 1, NULL), ERR_OK);

	assert_int_equal(size_of(spare), -1);
	assert_int_equal(
	    size_of(entries_path(folder, ENTRIES_PER_FILE, path)), ahead);
	assert_true(becomes_size(
	    entries_path(folder, 0, path), ENTRIES_PER_FILE * TINY));
	entries_close(entries);
	assert_int_equal(
	    size_of(entries_path(folder, ENTRIES_PER_FILE, path)), TINY);

	entries = entries_open(&settings, NULL);
	assert_non_null(entries);
	assert_int_equal(seen, ENTRIES_PER_FILE + 1);
	entries_close(entries);
	mem_free(list);
}

/* Killed before the next file had its first entry; or while it was made. */
static void
a_next_file_without_entries_and_half_a_spare_are_no_harm(void **state)
{
	struct fixture *fixture = *state;
	struct entry *list = mem_new(ENTRIES_PER_FILE * sizeof(*list));
	char folder[256], spare[300], path[ENTRIES_PATH_SIZE];
	uint64_t seen = 0;
	struct entries_settings settings = {
	    .folder = folder, .each = count_entry, .context = &seen};
	struct entries *entries;
	size_t i;

	snprintf(folder, sizeof(folder), "%s/ahead", fixture->folder);
	snprintf(spare, sizeof(spare), "%s/spare", folder);
	entries = entries_open(&settings, NULL);
	for (i = 0; i < ENTRIES_PER_FILE; i++)
		list[i].bytes = span_of("x");
	assert_int_equal(
	    entries_append(entries, list, ENTRIES_PER_FILE, NULL), ERR_OK);
	entries_close(entries);
	for (i = 0; i < 2; i++) {
		const char *made =
		    i == 0 ? spare
			   : entries_path(folder, ENTRIES_PER_FILE, path);

		close(open(made, O_WRONLY | O_CREAT, 0600));
		assert_int_equal(truncate(made, 300000), 0);
	}

	entries = entries_open(&settings, NULL);

	assert_non_null(entries);
	assert_int_equal(seen, ENTRIES_PER_FILE);
	assert_int_equal(size_of(spare), -1);
	assert_int_equal(entries_append(entries, list, 1, NULL), ERR_OK);
	assert_int_equal(list[0].index, ENTRIES_PER_FILE);
	entries_close(entries);
	seen = 0;
	entries = entries_open(&settings, NULL);
	assert_int_equal(seen, ENTRIES_PER_FILE + 1);
	entries_close(entries);
	mem_free(list);
}

/* Room for as many as came so far foretell, before anybody waits. */
static void
a_file_with_many_entries_has_its_room_from_the_start(void **state)
{
	const size_t many = ENTRIES_PER_FILE / 8;
	struct fixture *fixture = *state;
	struct entry *list = mem_new(many * sizeof(*list));
	char folder[256], path[ENTRIES_PATH_SIZE];
	uint64_t seen = 0;
	struct entries_settings settings = {
	    .folder = folder, .each = count_entry, .context = &seen};
	struct entries *entries;
	size_t i;

	snprintf(folder, sizeof(folder), "%s/many", fixture->folder);
	entries = entries_open(&settings, NULL);
	for (i = 0; i < many; i++)
		list[i].bytes = span_of("x");
	assert_int_equal(entries_append(entries, list, many, NULL), ERR_OK);
	entries_close(entries);
	entries_path(folder, 0, path);
	assert_int_equal(size_of(path), (off_t)many * TINY);

	entries = entries_open(&settings, NULL);

	assert_true(size_of(path) >= ENTRIES_PER_FILE * TINY);
	entries_close(entries);
	assert_int_equal(size_of(path), (off_t)many * TINY);
	mem_free(list);
}

static void
an_altered_entry_stops_the_trail(void **state)
{
	struct fixture *fixture = *state;

	assert_true(append(fixture));
	assert_true(append(fixture));
	trail_close(fixture->trail);
	write_into_log(fixture, 40, "x");

	open_trail(fixture);

	assert_false(trail_is_ready(fixture->trail));
	assert_false(append(fixture));
}

static void
an_entry_that_was_acknowledged_and_is_gone_stops_the_trail(void **state)
{
	struct fixture *fixture = *state;
	char path[256];
	off_t first;

	assert_true(append(fixture));
	first = log_size(fixture);
	assert_true(append(fixture));
	trail_close(fixture->trail);
	assert_int_equal(truncate(log_path(fixture, path), first), 0);

	open_trail(fixture);

	assert_false(trail_is_ready(fixture->trail));
}

static void
entries_of_another_trail_stop_the_trail(void **state)
{
	struct fixture *fixture = *state;
	char path[256], other[256];

	assert_true(append(fixture));
	trail_close(fixture->trail);
	snprintf(other, sizeof(other), "%s/checkpoint", fixture->folder);
	snprintf(path, sizeof(path), "%s/kept", fixture->folder);
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(unlink(log_path(fixture, other)), 0);
	open_trail(fixture);
	assert_true(append(fixture));
	trail_close(fixture->trail);
	snprintf(other, sizeof(other), "%s/checkpoint", fixture->folder);
	assert_int_equal(rename(path, other), 0);

	open_trail(fixture);

	assert_false(trail_is_ready(fixture->trail));
}

static void
limit_files(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
a_write_that_fails_releases_nothing_and_leaves_no_half_frame(void **state)
{
	struct fixture *fixture = *state;
	off_t good;
	bool logged;

	assert_true(append(fixture));
	good = log_size(fixture);
	limit_files((rlim_t)good + 10);

	logged = append(fixture);

	limit_files(RLIM_INFINITY);
	assert_false(logged);
	assert_int_equal(log_size(fixture), good);
	assert_false(trail_is_ready(fixture->trail));
}

static void
the_trail_is_opened_again_when_it_can_be_written(void **state)
{
	struct fixture *fixture = *state;
	int tries = 0;

	assert_true(append(fixture));
	limit_files((rlim_t)log_size(fixture) + 10);
	assert_false(append(fixture));
	limit_files(RLIM_INFINITY);

	while (!trail_is_ready(fixture->trail) && tries++ < 500)
		usleep(10000);

	assert_true(append(fixture));
	assert_int_equal(fixture->receipt.index, 1);
}

static bool
becomes_ready(struct fixture *fixture, bool ready)
{
	int tries = 0;

	while (trail_is_ready(fixture->trail) != ready && tries++ < 1000)
		usleep(10000);
	return trail_is_ready(fixture->trail) == ready;
}

/* Entries that nobody would ever sign for. */
static void
while_no_checkpoint_can_be_written_entries_are_refused(void **state)
{
	struct fixture *fixture = *state;
	char path[256];

	snprintf(path, sizeof(path), "%s/checkpoint", fixture->folder);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(append(fixture));
	assert_true(becomes_ready(fixture, false));

	assert_false(append(fixture));

	assert_int_equal(rmdir(path), 0);
	assert_true(becomes_ready(fixture, true));
	assert_true(append(fixture));
	assert_int_equal(fixture->receipt.index, 1);
	restart(fixture);
	assert_int_equal(read_checkpoint(fixture).size, 2);
}

struct found {
	struct fixture *fixture;
	enum err err;
	struct digest leaf;
};

static void
on_entry(void *context, enum err err, const struct entry *entry)
{
	struct found *found = context;

	found->err = err;
	if (entry != NULL)
		found->leaf = entry->leaf;
	sem_post(&found->fixture->done);
}

static void
a_use_that_could_not_be_written_is_free_again(void **state)
{
	struct fixture *fixture = *state;
	struct use once = {.most = 1};
	uint32_t number = 0;
	int tries = 0;

	assert_true(append(fixture));
	limit_files((rlim_t)log_size(fixture) + 10);
	assert_int_equal(append_use(fixture, "c-1", once), 0);
	assert_int_equal(fixture->err, ERR_IO);
	limit_files(RLIM_INFINITY);

	while (number == 0 && tries++ < 1000) {
		usleep(10000);
		number = append_use(fixture, "c-1", once);
	}

	assert_int_equal(number, 1);
	assert_int_equal(append_use(fixture, "c-1", once), 0);
	assert_int_equal(fixture->err, ERR_LIMIT);
}

static void
any_entry_can_be_read_back(void **state)
{
	struct fixture *fixture = *state;
	struct found found = {.fixture = fixture};
	struct digest leaves[520];
	int i;

	for (i = 0; i < 520; i++) {
		assert_true(append(fixture));
		leaves[i] = fixture->receipt.leaf;
	}
	for (i = 0; i < 520; i += 37) {
		trail_read(fixture->trail, (uint64_t)i, on_entry, &found);
		sem_wait(&fixture->done);
		assert_int_equal(found.err, ERR_OK);
		assert_true(digest_equal(&found.leaf, &leaves[i]));
	}

	trail_read(fixture->trail, 520, on_entry, &found);
	sem_wait(&fixture->done);

	assert_int_equal(found.err, ERR_MISSING);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

struct proven {
	struct fixture *fixture;
	enum err err;
	struct inclusion inclusion;
	bool holds;
};

static void
on_proof(void *context, enum err err, const struct inclusion *inclusion)
{
	struct proven *proven = context;
	struct checkpoint checkpoint;

	proven->err = err;
	if (err == ERR_OK) {
		proven->inclusion = *inclusion;
		assert_int_equal(
		    note_read(inclusion->checkpoint, &checkpoint, NULL),
		    ERR_OK);
		proven->holds = inclusion_holds(inclusion, &checkpoint.root);
	}
	sem_post(&proven->fixture->done);
}

static enum err
prove(struct fixture *fixture, uint64_t index, struct proven *proven)
{
	*proven = (struct proven){.fixture = fixture};
	tree_prove(trail_tree(fixture->trail), index, on_proof, proven);
	sem_wait(&fixture->done);
	return proven->err;
}

/* As if the hub had cosigned it: whose line it is, the caller checks. */
static void
take_witnessed(struct fixture *fixture)
{
	struct buf note = {0};

	tree_checkpoint(trail_tree(fixture->trail), &note);
	tree_take_witnessed(trail_tree(fixture->trail), buf_span(&note));
	buf_release(&note);
}

/* Over full tiles on disk, the edge in memory, and after a restart. */
static void
every_witnessed_entry_has_a_proof_and_later_ones_have_none(void **state)
{
	struct fixture *fixture = *state;
	struct proven proven;
	uint64_t i;

	assert_int_equal(prove(fixture, 0, &proven), ERR_MISSING);
	for (i = 0; i < 600; i++)
		assert_true(append(fixture));
	restart(fixture);
	take_witnessed(fixture);
	for (i = 0; i < 3; i++)
		assert_true(append(fixture));
	restart(fixture);

	for (i = 0; i < 600; i++) {
		assert_int_equal(prove(fixture, i, &proven), ERR_OK);
		assert_int_equal(proven.inclusion.size, 600);
		assert_true(proven.holds);
	}
	assert_int_equal(prove(fixture, 600, &proven), ERR_MISSING);
	assert_int_equal(tree_witnessed(trail_tree(fixture->trail)), 600);
}

/* An old copy of everything but the witnessed checkpoint. */
static void
a_trail_shorter_than_what_was_witnessed_does_not_open(void **state)
{
	struct fixture *fixture = *state;
	char from[256], to[256];
	struct proven proven;
	off_t size;

	assert_true(append(fixture));
	restart(fixture);
	size = log_size(fixture);
	snprintf(from, 256, "%s/checkpoint", fixture->folder);
	snprintf(to, 256, "%s/old", fixture->folder);
	assert_int_equal(link(from, to), 0);
	assert_true(append(fixture));
	restart(fixture);
	take_witnessed(fixture);
	assert_int_equal(prove(fixture, 1, &proven), ERR_OK);
	trail_close(fixture->trail);

	assert_int_equal(truncate(log_path(fixture, from), size), 0);
	snprintf(from, 256, "%s/checkpoint", fixture->folder);
	assert_int_equal(rename(to, from), 0);
	open_trail(fixture);

	assert_false(trail_is_ready(fixture->trail));
}

#define DELETED ((uint64_t)ENTRIES_PER_FILE)

static void
put_old(struct buf *packed, const char *consent)
{
	struct access access = {.time_us = 1700000000000000,
	    .member = "91440101MA000RX19U",
	    .subject = SAMPLE_SUBJECT,
	    .purpose = PURPOSE_PRE_LOAN,
	    .action = "report"};

	strcpy(access.consent, consent);
	access.use.number = access.use.most = consent[0] != '\0';
	pack_access(&access, packed);
}

/* More than one file of them, one a use of a consent; the hub has cosigned. */
static void
fill_two_files(struct fixture *fixture)
{
	struct buf plain = {0}, used = {0};
	struct entry *list = mem_new((DELETED + 10) * sizeof(*list));
	char folder[256];
	struct entries_settings settings = {.folder = folder};
	struct entries *entries;
	uint64_t i, seen = 0;

	trail_close(fixture->trail);
	snprintf(folder, sizeof(folder), "%s/entries", fixture->folder);
	settings.each = count_entry;
	settings.context = &seen;
	put_old(&plain, "");
	put_old(&used, "c-1");
	for (i = 0; i < DELETED + 10; i++)
		list[i].bytes = buf_span(i == 7 ? &used : &plain);
	entries = entries_open(&settings, NULL);
	assert_int_equal(entries_append(entries, list, DELETED, NULL), ERR_OK);
	assert_int_equal(
	    entries_append(entries, list + DELETED, 10, NULL), ERR_OK);
	entries_close(entries);
	mem_free(list);
	buf_release(&plain);
	buf_release(&used);
	open_trail(fixture);
	take_witnessed(fixture);
}

static void
keep_a_day(struct fixture *fixture)
{
	int tries = 0;

	fixture->keep_days = 1;
	restart(fixture);
	while (trail_first(fixture->trail) == 0 && tries++ < 2000)
		usleep(10000);
}

static void
entries_that_are_old_go_and_their_hashes_stay(void **state)
{
	struct fixture *fixture = *state;
	struct use once = {.most = 1};
	struct found found = {.fixture = fixture};
	struct proven proven;
	char path[256];

	fill_two_files(fixture);
	assert_int_equal(trail_first(fixture->trail), 0);

	keep_a_day(fixture);

	assert_int_equal(trail_first(fixture->trail), DELETED);
	assert_false(file_exists(log_path(fixture, path)));
	restart(fixture);
	assert_true(trail_is_ready(fixture->trail));
	assert_int_equal(trail_first(fixture->trail), DELETED);
	assert_int_equal(trail_size(fixture->trail), DELETED + 10);
	assert_int_equal(prove(fixture, 7, &proven), ERR_OK);
	assert_true(proven.holds);
	trail_read(fixture->trail, 7, on_entry, &found);
	sem_wait(&fixture->done);
	assert_int_equal(found.err, ERR_TOO_OLD);
	trail_read(fixture->trail, DELETED, on_entry, &found);
	sem_wait(&fixture->done);
	assert_int_equal(found.err, ERR_OK);
	assert_int_equal(append_use(fixture, "c-1", once), 0);
	assert_int_equal(fixture->err, ERR_LIMIT);
	assert_true(append(fixture));
	assert_int_equal(fixture->receipt.index, DELETED + 10);
}

static void
only_what_is_old_and_cosigned_goes(void **state)
{
	struct fixture *fixture = *state;
	char folder[256];
	uint64_t seen = 0;
	struct entries_settings settings = {
	    .folder = folder, .each = count_entry, .context = &seen};
	struct retention retention = {
	    .folder = folder, .days = 1, .witnessed = DELETED - 1};
	struct uses *uses = uses_new();

	fill_two_files(fixture);
	trail_close(fixture->trail);
	fixture->trail = NULL;
	snprintf(folder, sizeof(folder), "%s/entries", fixture->folder);
	retention.uses = uses;
	retention.entries = entries_open(&settings, NULL);

	assert_int_equal(retention_run(&retention, NULL), ERR_OK);
	assert_int_equal(entries_first(retention.entries), 0);
	retention.witnessed = DELETED + 10;
	retention.days = 36500;
	assert_int_equal(retention_run(&retention, NULL), ERR_OK);
	assert_int_equal(entries_first(retention.entries), 0);
	retention.days = 0;
	assert_int_equal(retention_run(&retention, NULL), ERR_OK);
	assert_int_equal(entries_first(retention.entries), 0);
	retention.days = 1;
	assert_int_equal(retention_run(&retention, NULL), ERR_OK);
	assert_int_equal(entries_first(retention.entries), DELETED);
	/* The newest file stays, however old. */
	assert_int_equal(retention_run(&retention, NULL), ERR_OK);
	assert_int_equal(entries_first(retention.entries), DELETED);
	entries_close(retention.entries);
	uses_free(uses);
}

/* Else a lost disk would look like one. */
static void
a_file_that_is_gone_without_a_mark_was_not_deleted(void **state)
{
	struct fixture *fixture = *state;
	char path[256];

	fill_two_files(fixture);
	keep_a_day(fixture);
	trail_close(fixture->trail);
	snprintf(path, sizeof(path), "%s/entries/deleted", fixture->folder);
	assert_int_equal(unlink(path), 0);

	open_trail(fixture);

	assert_false(trail_is_ready(fixture->trail));
}

/* The fork shows in what is left of them. */
static void
an_altered_hash_of_a_deleted_entry_stops_the_trail(void **state)
{
	struct fixture *fixture = *state;
	char path[256];
	int fd;

	fill_two_files(fixture);
	keep_a_day(fixture);
	trail_close(fixture->trail);
	snprintf(path, sizeof(path), "%s/tile/entries/003", fixture->folder);
	fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "x", 1, 40), 1);
	close(fd);

	open_trail(fixture);

	assert_false(trail_is_ready(fixture->trail));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(entries_are_numbered_from_zero_and_go_on_after_a_restart),
	    TEST(the_checkpoint_is_the_root_of_the_leaves),
	    TEST(a_full_tile_replaces_its_partial_ones),
	    TEST(a_torn_tail_is_cut_and_its_index_used_again),
	    TEST(room_behind_the_entries_is_no_torn_tail),
	    TEST(room_behind_a_full_file_is_fine),
	    TEST(the_next_file_is_made_ahead),
	    TEST(a_next_file_without_entries_and_half_a_spare_are_no_harm),
	    TEST(a_file_with_many_entries_has_its_room_from_the_start),
	    TEST(an_altered_entry_stops_the_trail),
	    TEST(an_entry_that_was_acknowledged_and_is_gone_stops_the_trail),
	    TEST(entries_of_another_trail_stop_the_trail),
	    TEST(a_write_that_fails_releases_nothing_and_leaves_no_half_frame),
	    TEST(the_trail_is_opened_again_when_it_can_be_written),
	    TEST(while_no_checkpoint_can_be_written_entries_are_refused),
	    TEST(uses_are_counted_each_for_its_consent_and_then_refused),
	    TEST(uses_are_known_again_from_the_entries),
	    TEST(a_new_day_has_new_uses_and_an_old_one_has_none),
	    TEST(many_consents_are_told_apart),
	    TEST(while_an_entry_cannot_be_read_no_use_is_granted),
	    TEST(a_use_that_could_not_be_written_is_free_again),
	    TEST(any_entry_can_be_read_back),
	    TEST(entries_that_are_old_go_and_their_hashes_stay),
	    TEST(only_what_is_old_and_cosigned_goes),
	    TEST(a_file_that_is_gone_without_a_mark_was_not_deleted),
	    TEST(an_altered_hash_of_a_deleted_entry_stops_the_trail),
	    TEST(every_witnessed_entry_has_a_proof_and_later_ones_have_none),
	    TEST(a_trail_shorter_than_what_was_witnessed_does_not_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
