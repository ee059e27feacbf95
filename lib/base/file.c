/*
 * file: whole files, read with a limit and replaced without a gap.
 */
#include "base/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define READ_PIECE ((size_t)64 << 10)

static enum err
file_failed(struct why *why, const char *what, const char *path)
{
	return why_set(why, errno == ENOENT ? ERR_MISSING : ERR_IO,
	    "cannot %s %s: %s", what, path, strerror(errno));
}

/* Reads one byte more than allowed, to know that there is more. */
static enum err
file_read_open(int fd, size_t max, struct buf *out)
{
	size_t total = 0, piece;
	ssize_t got;

	for (;;) {
		piece =
		    max - total + 1 < READ_PIECE ? max - total + 1 : READ_PIECE;
		got = read(fd, buf_room(out, piece), piece);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return ERR_IO;
		if (got == 0)
			return ERR_OK;
		total += (size_t)got;
		if (total > max)
			return ERR_LIMIT;
		out->len += (size_t)got;
	}
}

enum err
file_read(const char *path, size_t max, struct buf *out, struct why *why)
{
	size_t before = out->len;
	enum err err;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return file_failed(why, "open", path);
	err = file_read_open(fd, max, out);
	if (err == ERR_IO)
		err = file_failed(why, "read", path);
	if (err == ERR_LIMIT)
		why_set(why, err, "%s is longer than %zu bytes", path, max);
	if (err != ERR_OK)
		out->len = before;
	close(fd);
	return err;
}

/* A rename is durable once its folder is. */
static enum err
file_sync_folder_of(const char *path)
{
	char folder[PATH_MAX];
	char *slash;
	int fd, failed;

	if (strlen(path) >= sizeof(folder))
		return ERR_IO;
	strcpy(folder, path);
	slash = strrchr(folder, '/');
	if (slash == NULL)
		strcpy(folder, ".");
	else
		slash[slash == folder ? 1 : 0] = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ERR_IO;
	failed = fsync(fd);
	close(fd);
	return failed ? ERR_IO : ERR_OK;
}

static enum err
file_fill(int fd, struct span bytes, mode_t mode)
{
	enum err err = ERR_OK;

	if (fchmod(fd, mode) != 0)
		err = ERR_IO;
	if (err == ERR_OK)
		err = file_write_all(fd, bytes);
	if (err == ERR_OK && fsync(fd) != 0)
		err = ERR_IO;
	if (close(fd) != 0)
		err = ERR_IO;
	return err;
}

enum err
file_replace(const char *path, struct span bytes, mode_t mode, struct why *why)
{
	char beside[PATH_MAX];
	int fd, len;

	len = snprintf(beside, sizeof(beside), "%s.XXXXXX", path);
	if (len < 0 || (size_t)len >= sizeof(beside)) {
		errno = ENAMETOOLONG;
		return file_failed(why, "write", path);
	}
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return file_failed(why, "create a file beside", path);
	if (file_fill(fd, bytes, mode) != ERR_OK) {
		enum err err = file_failed(why, "write", path);

		unlink(beside);
		return err;
	}
	return file_rename(beside, path, why);
}

enum err
file_rename(const char *from, const char *to, struct why *why)
{
	if (rename(from, to) != 0) {
		enum err err = file_failed(why, "write", to);

		unlink(from);
		return err;
	}
	if (file_sync_folder_of(to) != ERR_OK)
		return file_failed(why, "sync the folder of", to);
	return ERR_OK;
}

static bool
file_is_folder(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

enum err
file_make_folder(const char *path, mode_t mode, struct why *why)
{
	char folder[PATH_MAX];
	char *slash = folder;

	if (strlen(path) >= sizeof(folder)) {
		errno = ENAMETOOLONG;
		return file_failed(why, "make folder", path);
	}
	strcpy(folder, path);
	do {
		slash = strchr(slash + 1, '/');
		if (slash != NULL)
			*slash = '\0';
		if (mkdir(folder, slash != NULL ? 0755 : mode) != 0 &&
		    !file_is_folder(folder))
			return file_failed(why, "make folder", folder);
		if (slash != NULL)
			*slash = '/';
	} while (slash != NULL);
	return ERR_OK;
}

uint64_t
file_free_bytes(const char *path)
{
	struct statvfs disk;

	if (statvfs(path, &disk) != 0)
		return UINT64_MAX;
	return (uint64_t)disk.f_bavail * disk.f_frsize;
}

uint64_t
file_total_bytes(const char *path)
{
	struct statvfs disk;

	if (statvfs(path, &disk) != 0)
		return 0;
	return (uint64_t)disk.f_blocks * disk.f_frsize;
}

bool
file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

enum err
file_write_all(int fd, struct span bytes)
{
	ssize_t put;

	while (bytes.len > 0) {
		put = write(fd, bytes.ptr, bytes.len);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return ERR_IO;
		bytes.ptr += put;
		bytes.len -= (size_t)put;
	}
	return ERR_OK;
}

const char *
file_path(char *out, size_t size, const char *folder, const char *name)
{
	int len = snprintf(out, size, "%s/%s", folder, name);

	assert(len >= 0 && (size_t)len < size);
	return out;
}
