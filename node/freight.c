/*
 * freight: batches of local departments that wait here for the hub.
 */
#include "node/freight.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/spool.h"
#include "wire/pack.h"

#define MANIFEST ".manifest"
#define ANSWER ".answer"
/* An answer that is not the last one: an operator has still to decide. */
#define HELD "202 "
#define ANSWER_MAX (FEED_ANSWER_MAX + 8)

void
freight_name(const char *department, uint32_t item, const char *id,
    char name[FREIGHT_NAME_SIZE])
{
	struct digest digest = digest_of(span_of(id));
	char hex[DIGEST_HEX_LEN + 1];

	snprintf(name, FREIGHT_NAME_SIZE, "%s-%u-%s", department,
	    (unsigned)(item & 0xffff), digest_print(&digest, hex));
}

static void
print_path(
    const char *folder, const char *name, const char *end, struct buf *out)
{
	buf_reset(out);
	buf_print(out, "%s/%s%s", folder, name, end);
	buf_cstr(out);
}

static int
is_manifest(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name), tail = strlen(MANIFEST);

	return len > tail && len - tail < FREIGHT_NAME_SIZE &&
	       strcmp(entry->d_name + len - tail, MANIFEST) == 0;
}

/* Name by name, in order; the same for a folder that is gone: none. */
struct listing {
	struct dirent **entries;
	int count;
};

static struct listing
listing_make(const char *folder)
{
	struct listing listing = {NULL, 0};

	listing.count =
	    scandir(folder, &listing.entries, is_manifest, alphasort);
	for (int i = 0; i < listing.count; i++) {
		char *name = listing.entries[i]->d_name;

		name[strlen(name) - strlen(MANIFEST)] = '\0';
	}
	return listing;
}

static void
listing_release(struct listing *listing)
{
	for (int i = 0; i < listing->count; i++)
		free(listing->entries[i]);
	free(listing->entries);
}

static bool
is_kept(const char *folder, const char *name)
{
	struct buf path = {0};
	bool kept;

	print_path(folder, name, MANIFEST, &path);
	kept = file_exists(path.data);
	buf_release(&path);
	return kept;
}

enum err
freight_open(const char *folder, struct why *why)
{
	enum err err = file_make_folder(folder, 0700, why);
	struct dirent *entry;
	struct buf path = {0};
	DIR *dir;

	if (err != ERR_OK)
		return err;
	dir = opendir(folder);
	if (dir == NULL)
		return why_set(why, ERR_IO, "%s: %s", folder, strerror(errno));
	while ((entry = readdir(dir)) != NULL) {
		const char *name = strchr(entry->d_name, '-');

		if (strncmp(entry->d_name, "part-", 5) != 0 ||
		    is_kept(folder, name + 1))
			continue;
		print_path(folder, entry->d_name, "", &path);
		unlink(path.data);
	}
	closedir(dir);
	buf_release(&path);
	return ERR_OK;
}

enum err
freight_keep(
    const char *folder, const char *name, struct span jws, struct why *why)
{
	struct buf path = {0};
	enum err err;

	print_path(folder, name, ANSWER, &path);
	unlink(path.data);
	print_path(folder, name, MANIFEST, &path);
	err = file_replace(path.data, jws, 0600, why);
	buf_release(&path);
	return err;
}

enum err
freight_read(
    const char *folder, const char *name, struct buf *jws, struct buf *answer)
{
	struct buf path = {0};
	enum err err;

	print_path(folder, name, MANIFEST, &path);
	err = file_read(path.data, FEED_MANIFEST_MAX, jws, NULL);
	print_path(folder, name, ANSWER, &path);
	if (err == ERR_OK)
		err = file_read(path.data, ANSWER_MAX, answer, NULL);
	buf_release(&path);
	return err == ERR_MISSING && jws->len > 0 ? ERR_OK : err;
}

static void
drop_bytes(const char *folder, const char *name)
{
	struct spool *spool = NULL;

	if (spool_open_part(folder, name, false, &spool, NULL) != ERR_OK)
		return;
	spool_forget(spool);
	spool_close(spool);
}

enum err
freight_answer(const char *folder, const char *name, unsigned status,
    struct span text, struct why *why)
{
	struct buf path = {0}, bytes = {0};
	enum err err;

	buf_print(&bytes, "%u ", status);
	buf_add(&bytes, text.ptr, text.len);
	print_path(folder, name, ANSWER, &path);
	err = file_replace(path.data, buf_span(&bytes), 0600, why);
	if (err == ERR_OK && strncmp(buf_cstr(&bytes), HELD, strlen(HELD)) != 0)
		drop_bytes(folder, name);
	buf_release(&path);
	buf_release(&bytes);
	return err;
}

/* Seconds since the answer came; -1: there is none. */
static int64_t
answer_age(const char *folder, const char *name, bool *final)
{
	struct buf path = {0};
	struct stat status;
	char head[sizeof(HELD)] = "";
	int64_t age = -1;
	FILE *file;

	print_path(folder, name, ANSWER, &path);
	file = fopen(path.data, "rbe");
	if (file != NULL && fstat(fileno(file), &status) == 0) {
		age = (int64_t)(time(NULL) - status.st_mtime);
		age = age < 0 ? 0 : age;
		*final = fread(head, 1, strlen(HELD), file) != strlen(HELD) ||
			 strcmp(head, HELD) != 0;
	}
	if (file != NULL)
		fclose(file);
	buf_release(&path);
	return age;
}

static bool
is_due(const char *folder, const char *name, int64_t patience_s)
{
	bool final = false;
	int64_t age = answer_age(folder, name, &final);

	return age < 0 || (!final && age >= patience_s);
}

enum err
freight_next(
    const char *folder, char name[FREIGHT_NAME_SIZE], int64_t patience_s)
{
	struct listing listing = listing_make(folder);
	int first = 0, i;
	enum err err = ERR_MISSING;

	while (first < listing.count &&
	       strcmp(listing.entries[first]->d_name, name) <= 0)
		first++;
	for (i = 0; i < listing.count && err == ERR_MISSING; i++) {
		const char *next =
		    listing.entries[(first + i) % listing.count]->d_name;

		if (is_due(folder, next, patience_s)) {
			memcpy(name, next, strlen(next) + 1);
			err = ERR_OK;
		}
	}
	listing_release(&listing);
	return err;
}

size_t
freight_waiting(const char *folder)
{
	struct listing listing = listing_make(folder);
	size_t waiting = 0;
	bool final;

	for (int i = 0; i < listing.count; i++) {
		final = false;
		(void)answer_age(folder, listing.entries[i]->d_name, &final);
		waiting += !final;
	}
	listing_release(&listing);
	return waiting;
}

void
freight_expire(const char *folder, int64_t age_s)
{
	struct listing listing = listing_make(folder);
	struct buf path = {0};

	for (int i = 0; i < listing.count; i++) {
		const char *name = listing.entries[i]->d_name;
		bool final = false;

		if (answer_age(folder, name, &final) < age_s || !final)
			continue;
		/* The manifest first: without it the rest is nothing. */
		print_path(folder, name, MANIFEST, &path);
		unlink(path.data);
		print_path(folder, name, ANSWER, &path);
		unlink(path.data);
		drop_bytes(folder, name);
	}
	buf_release(&path);
	listing_release(&listing);
}
