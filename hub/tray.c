/*
 * tray: one department's folder of the inbox.
 */
#include "hub/tray.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "credit/manifest.h"

#define MANIFEST ".manifest.json"
#define DATA ".data"
#define DONE ".done"
#define REFUSED ".refused"
#define NAME_SIZE 512
#define PREFIX_LEN 12
#define PIECE (256 << 10)

static int
open_inner(int root, const char *name)
{
	bool made = mkdirat(root, name, 0770) == 0;

	if ((!made && errno != EEXIST) || (made && fsync(root) != 0))
		return -1;
	return openat(
	    root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

enum err
tray_open(const char *inbox, const char *department, struct tray *tray,
    struct why *why)
{
	struct buf path = {0};

	buf_print(&path, "%s/%s", inbox, department);
	*tray = (struct tray){mem_text(buf_cstr(&path)), -1, -1, -1, -1, NULL};
	buf_release(&path);
	tray->root =
	    open(tray->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (tray->root >= 0) {
		tray->claimed = open_inner(tray->root, ".claimed");
		tray->done = open_inner(tray->root, "done");
		tray->refused = open_inner(tray->root, "refused");
	}
	if (tray->claimed >= 0 && tray->done >= 0 && tray->refused >= 0)
		return ERR_OK;
	(void)why_set(why, ERR_IO, "%s: %s", tray->path, strerror(errno));
	tray_close(tray);
	return ERR_IO;
}

void
tray_close(struct tray *tray)
{
	const int folders[] = {
	    tray->root, tray->claimed, tray->done, tray->refused};
	size_t i;

	for (i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (folders[i] >= 0)
			close(folders[i]);
	mem_free(tray->path);
	tray->path = NULL;
}

static bool
has_suffix(const char *name, const char *suffix)
{
	size_t len = strlen(name), tail = strlen(suffix);

	return len > tail && len - tail <= TRAY_NAME_MAX && name[0] != '.' &&
	       strcmp(name + len - tail, suffix) == 0;
}

static int
is_manifest(const struct dirent *entry)
{
	return has_suffix(entry->d_name, MANIFEST);
}

static int
is_half_settled(const struct dirent *entry)
{
	return has_suffix(entry->d_name, DONE) ||
	       has_suffix(entry->d_name, REFUSED);
}

static void
each_manifest(int folder, tray_fn visit, void *context)
{
	struct dirent **entries = NULL;
	int count = scandirat(folder, ".", &entries, is_manifest, alphasort);
	int i;

	for (i = 0; i < count; i++) {
		char *name = entries[i]->d_name;

		name[strlen(name) - strlen(MANIFEST)] = '\0';
		visit(context, name);
		free(entries[i]);
	}
	free(entries);
}

void
tray_each_new(struct tray *tray, tray_fn visit, void *context)
{
	each_manifest(tray->root, visit, context);
}

void
tray_each_claimed(struct tray *tray, tray_fn visit, void *context)
{
	each_manifest(tray->claimed, visit, context);
}

static const char *
with_suffix(char out[NAME_SIZE], const char *name, const char *suffix)
{
	snprintf(out, NAME_SIZE, "%s%s", name, suffix);
	return out;
}

static bool
is_there(int folder, const char *name, const char *suffix)
{
	char full[NAME_SIZE];
	struct stat status;

	return fstatat(folder, with_suffix(full, name, suffix), &status,
		   AT_SYMLINK_NOFOLLOW) == 0;
}

bool
tray_is_claimed(const struct tray *tray, const char *name)
{
	return is_there(tray->claimed, name, MANIFEST) ||
	       is_there(tray->claimed, name, DATA) ||
	       is_there(tray->claimed, name, DONE) ||
	       is_there(tray->claimed, name, REFUSED);
}

/* A plain file, opened without following or waiting for anything. */
static int
open_plain(int folder, const char *name, struct stat *status)
{
	int file = openat(folder, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (file >= 0 &&
	    (fstat(file, status) != 0 || !S_ISREG(status->st_mode))) {
		close(file);
		errno = EINVAL;
		return -1;
	}
	return file;
}

/* At most one byte more than a manifest may have, so that a longer one is
 * seen to be longer. */
static enum err
read_manifest(int folder, const char *name, struct buf *out, time_t *written)
{
	struct stat status;
	int file = open_plain(folder, name, &status);
	ssize_t got;

	if (file < 0)
		return errno == ENOENT ? ERR_MISSING : ERR_IO;
	got = read(file, buf_room(out, MANIFEST_MAX + 1), MANIFEST_MAX + 1);
	close(file);
	if (got < 0)
		return ERR_IO;
	out->len += (size_t)got;
	*written = status.st_mtime;
	return ERR_OK;
}

enum err
tray_read_new(const struct tray *tray, const char *name, struct buf *out,
    int64_t *age_seconds)
{
	char full[NAME_SIZE];
	time_t written = 0;
	enum err err = read_manifest(
	    tray->root, with_suffix(full, name, MANIFEST), out, &written);

	*age_seconds = (int64_t)(time(NULL) - written);
	return err;
}

enum err
tray_read_claimed(const struct tray *tray, const char *name, struct buf *out)
{
	char full[NAME_SIZE];
	time_t written;

	return read_manifest(
	    tray->claimed, with_suffix(full, name, MANIFEST), out, &written);
}

int64_t
tray_size_of(const struct tray *tray, const char *file)
{
	struct stat status;

	if (fstatat(tray->root, file, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISREG(status.st_mode))
		return -1;
	return (int64_t)status.st_size;
}

/* On disk where it goes before anything can put on disk that it has left: the
 * receipt of another file, say.  Back where it was, too, after a power cut, it
 * is moved once more, or taken in again, which changes nothing. */
static bool
move(int from, const char *name, int to, const char *target)
{
	return renameat(from, name, to, target) == 0 && fsync(to) == 0;
}

enum err
tray_claim(const struct tray *tray, const char *name)
{
	char full[NAME_SIZE];

	with_suffix(full, name, MANIFEST);
	if (move(tray->root, full, tray->claimed, full))
		return ERR_OK;
	return errno == ENOENT ? ERR_SEEN : ERR_IO;
}

static enum err
copy(int file, struct spool *spool, const atomic_bool *stop)
{
	struct buf piece = {0};
	enum err err = ERR_OK;
	ssize_t got;

	do {
		if (stop != NULL && atomic_load(stop)) {
			buf_release(&piece);
			return ERR_CLOSED;
		}
		buf_reset(&piece);
		got = read(file, buf_room(&piece, PIECE), PIECE);
		if (got < 0 && errno == EINTR)
			continue;
		if (got > 0)
			err = spool_append(
			    spool, span_make(piece.data, (size_t)got));
	} while (got != 0 && (got > 0 || errno == EINTR) && err == ERR_OK);
	buf_release(&piece);
	return got < 0 ? ERR_IO : err;
}

enum err
tray_take(const struct tray *tray, const char *name, const char *file,
    struct spool *spool)
{
	char data[NAME_SIZE];
	struct stat status;
	enum err err;
	int from;

	with_suffix(data, name, DATA);
	if (!is_there(tray->claimed, name, DATA) &&
	    !move(tray->root, file, tray->claimed, data))
		return errno == ENOENT ? ERR_MISSING : ERR_IO;
	from = open_plain(tray->claimed, data, &status);
	if (from < 0)
		return errno == EINVAL || errno == ELOOP ? ERR_MISSING : ERR_IO;
	err = copy(from, spool, tray->stop);
	close(from);
	return err;
}

/* Move the file, then the manifest, out of .claimed/.  The names begin with a
 * digest of the manifest, so that nothing older is written over. */
static enum err
finish_one(const struct tray *tray, const char *name, bool refused)
{
	char settled[NAME_SIZE], data[NAME_SIZE], target[NAME_SIZE];
	int folder = refused ? tray->refused : tray->done;
	char hex[DIGEST_HEX_LEN + 1];
	struct manifest manifest;
	struct digest digest;
	struct buf text = {0};
	time_t written;
	enum err err;

	with_suffix(settled, name, refused ? REFUSED : DONE);
	err = read_manifest(tray->claimed, settled, &text, &written);
	digest = digest_of(buf_span(&text));
	digest_print(&digest, hex);
	if (err == ERR_OK &&
	    manifest_parse(buf_span(&text), &manifest, NULL) == ERR_OK) {
		snprintf(target, sizeof(target), "%.*s-%s", PREFIX_LEN, hex,
		    manifest.file);
		if (!move(tray->claimed, with_suffix(data, name, DATA), folder,
			target) &&
		    errno != ENOENT)
			err = ERR_IO;
	}
	snprintf(
	    target, sizeof(target), "%.*s-%s" MANIFEST, PREFIX_LEN, hex, name);
	if (err == ERR_OK && !move(tray->claimed, settled, folder, target))
		err = ERR_IO;
	buf_release(&text);
	return err;
}

enum err
tray_settle(const struct tray *tray, const char *name, bool refused)
{
	char from[NAME_SIZE], to[NAME_SIZE];

	with_suffix(from, name, MANIFEST);
	with_suffix(to, name, refused ? REFUSED : DONE);
	if (renameat(tray->claimed, from, tray->claimed, to) != 0)
		return ERR_IO;
	return finish_one(tray, name, refused);
}

void
tray_finish(struct tray *tray)
{
	struct dirent **entries = NULL;
	int count =
	    scandirat(tray->claimed, ".", &entries, is_half_settled, alphasort);
	int i;

	for (i = 0; i < count; i++) {
		char *name = entries[i]->d_name;
		bool refused = has_suffix(name, REFUSED);

		name[strlen(name) - strlen(refused ? REFUSED : DONE)] = '\0';
		/* What cannot be moved now is tried at the next look. */
		(void)finish_one(tray, name, refused);
		free(entries[i]);
	}
	free(entries);
}
