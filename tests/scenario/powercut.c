/*
 * powercut: what processes did to the files of one folder, told in order.
 *
 * Preloaded into a daemon (RX_POWERCUT_FOLDER, RX_POWERCUT_JOURNAL) and the
 * PostgreSQL that it starts; what they tell is replayed by powercut.py.  A
 * write is told after it was done and a sync before, so the journal never calls
 * durable what might not be. Everything is a plain system call here, so that
 * nothing calls back.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FD_MOST 65536
#define API __attribute__((visibility("default")))

/* One line of the journal, in host order; two names follow, then the bytes. */
struct tale {
	uint32_t what; /* a letter */
	uint32_t first_len, second_len;
	uint32_t padding;
	uint64_t inode, offset, len;
};

static char folder[PATH_MAX];
static size_t folder_len;
static int journal = -1;
static char *watched[FD_MOST]; /* its path; NULL: not one of ours */

__attribute__((constructor)) static void
begin(void)
{
	const char *where = getenv("RX_POWERCUT_FOLDER");
	const char *path = getenv("RX_POWERCUT_JOURNAL");

	if (where == NULL || path == NULL ||
	    (strncmp(program_invocation_short_name, "rongxin-", 8) != 0 &&
		strcmp(program_invocation_short_name, "postgres") != 0))
		return;
	snprintf(folder, sizeof(folder), "%s", where);
	folder_len = strlen(folder);
	journal = (int)syscall(SYS_openat, AT_FDCWD, path,
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (journal < 0)
		abort();
}

static void
tell(struct tale tale, const char *first, const char *second, const void *bytes)
{
	struct iovec parts[4] = {{&tale, sizeof(tale)}};
	int count = 1;
	size_t len = sizeof(tale) + tale.first_len + tale.second_len;
	int saved = errno;

	if (tale.first_len > 0)
		parts[count++] = (struct iovec){(void *)first, tale.first_len};
	if (tale.second_len > 0)
		parts[count++] =
		    (struct iovec){(void *)second, tale.second_len};
	if (bytes != NULL) {
		parts[count++] = (struct iovec){(void *)bytes, tale.len};
		len += tale.len;
	}
	if (syscall(SYS_writev, journal, parts, count) != (long)len)
		abort();
	errno = saved;
}

static void
tell_names(char what, uint64_t inode, const char *first, const char *second)
{
	struct tale tale = {.what = (uint32_t)what, .inode = inode};

	tale.first_len = (uint32_t)strlen(first);
	tale.second_len = second != NULL ? (uint32_t)strlen(second) : 0;
	tell(tale, first, second, NULL);
}

/* PostgreSQL stands in its folder and names its files from there. */
static int
is_made_whole(int at, const char *path, char out[PATH_MAX])
{
	char here[PATH_MAX];
	const char *from = NULL;

	while (path[0] == '.' && path[1] == '/')
		path += 2;
	if (path[0] == '/')
		return snprintf(out, PATH_MAX, "%s", path) < PATH_MAX;
	if (at == AT_FDCWD && syscall(SYS_getcwd, here, sizeof(here)) > 0)
		from = here;
	else if (at >= 0 && at < FD_MOST)
		from = watched[at];
	if (from != NULL && strcmp(path, ".") == 0)
		return snprintf(out, PATH_MAX, "%s", from) < PATH_MAX;
	return from != NULL &&
	       snprintf(out, PATH_MAX, "%s/%s", from, path) < PATH_MAX;
}

/* The whole path when it is one of ours, or false. */
static int
is_ours(int at, const char *path, char out[PATH_MAX])
{
	if (journal < 0 || path == NULL || !is_made_whole(at, path, out))
		return 0;
	return strncmp(out, folder, folder_len) == 0 &&
	       (out[folder_len] == '/' || out[folder_len] == '\0');
}

static int
is_watched(int fd)
{
	return journal >= 0 && fd >= 0 && fd < FD_MOST && watched[fd] != NULL;
}

static uint64_t
inode_of(int fd)
{
	struct stat info;

	return fstat(fd, &info) == 0 ? info.st_ino : 0;
}

static void
watch(int fd, const char *path, int is_new, int is_emptied)
{
	if (fd >= FD_MOST)
		abort();
	watched[fd] = strdup(path);
	if (is_new)
		tell_names('C', inode_of(fd), path, NULL);
	else if (is_emptied)
		tell((struct tale){.what = 'T', .inode = inode_of(fd)}, NULL,
		    NULL, NULL);
}

/* A file that nobody but us makes: whether it is new is known before. */
static int
do_open(int at, const char *path, int flags, mode_t mode)
{
	char whole[PATH_MAX];
	int ours = is_ours(at, path, whole);
	int is_new = ours && (flags & O_CREAT) != 0 &&
		     faccessat(at, path, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
	int fd = (int)syscall(SYS_openat, at, path, flags, mode);

	if (fd >= 0 && ours)
		watch(fd, whole, is_new, (flags & O_TRUNC) != 0);
	return fd;
}

#define OPEN(name)                                                             \
	API int name(const char *path, int flags, ...)                         \
	{                                                                      \
		va_list list;                                                  \
		mode_t mode;                                                   \
		va_start(list, flags);                                         \
		mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(list, mode_t)  \
						       : 0;                    \
		va_end(list);                                                  \
		return do_open(AT_FDCWD, path, flags, mode);                   \
	}
#define OPENAT(name)                                                           \
	API int name(int at, const char *path, int flags, ...)                 \
	{                                                                      \
		va_list list;                                                  \
		mode_t mode;                                                   \
		va_start(list, flags);                                         \
		mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(list, mode_t)  \
						       : 0;                    \
		va_end(list);                                                  \
		return do_open(at, path, flags, mode);                         \
	}
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

API int
__open_2(const char *path, int flags)
{
	return do_open(AT_FDCWD, path, flags, 0);
}

API int
__open64_2(const char *path, int flags)
{
	return do_open(AT_FDCWD, path, flags, 0);
}

API int
__openat_2(int at, const char *path, int flags)
{
	return do_open(at, path, flags, 0);
}

static int
make_beside(const char *symbol, char *path, int flags)
{
	int (*real)(char *, int) =
	    (int (*)(char *, int))dlsym(RTLD_NEXT, symbol);
	char whole[PATH_MAX];
	int fd = real(path, flags);

	if (fd >= 0 && is_ours(AT_FDCWD, path, whole))
		watch(fd, whole, 1, 0);
	return fd;
}

API int
mkostemp(char *path, int flags)
{
	return make_beside("mkostemp", path, flags);
}

API int
mkostemp64(char *path, int flags)
{
	return make_beside("mkostemp", path, flags);
}

API int
mkstemp(char *path)
{
	return make_beside("mkostemp", path, 0);
}

API int
mkstemp64(char *path)
{
	return make_beside("mkostemp", path, 0);
}

static void
unwatch(int fd)
{
	if (!is_watched(fd))
		return;
	free(watched[fd]);
	watched[fd] = NULL;
}

API int
close(int fd)
{
	unwatch(fd);
	return (int)syscall(SYS_close, fd);
}

static void
tell_written(int fd, uint64_t offset, const void *bytes, ssize_t len)
{
	if (len > 0)
		tell((struct tale){.what = 'W',
			 .inode = inode_of(fd),
			 .offset = offset,
			 .len = (uint64_t)len},
		    NULL, NULL, bytes);
}

API ssize_t
write(int fd, const void *bytes, size_t len)
{
	ssize_t put = syscall(SYS_write, fd, bytes, len);

	if (put > 0 && is_watched(fd))
		tell_written(
		    fd, (uint64_t)(lseek(fd, 0, SEEK_CUR) - put), bytes, put);
	return put;
}

API ssize_t
pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
	ssize_t put = syscall(SYS_pwrite64, fd, bytes, len, offset);

	if (put > 0 && is_watched(fd))
		tell_written(fd, (uint64_t)offset, bytes, put);
	return put;
}

API ssize_t
pwrite64(int fd, const void *bytes, size_t len, off_t offset)
{
	return pwrite(fd, bytes, len, offset);
}

/* One piece after the other: as many bytes as were told are written. */
API ssize_t
writev(int fd, const struct iovec *parts, int count)
{
	ssize_t total = 0;

	if (!is_watched(fd))
		return syscall(SYS_writev, fd, parts, count);
	for (int i = 0; i < count; i++) {
		ssize_t put = write(fd, parts[i].iov_base, parts[i].iov_len);

		if (put < 0)
			return total > 0 ? total : put;
		total += put;
		if ((size_t)put < parts[i].iov_len)
			break;
	}
	return total;
}

API ssize_t
pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
	ssize_t total = 0;

	if (!is_watched(fd))
		return syscall(SYS_pwritev, fd, parts, count, offset, 0L);
	for (int i = 0; i < count; i++) {
		ssize_t put = pwrite(
		    fd, parts[i].iov_base, parts[i].iov_len, offset + total);

		if (put < 0)
			return total > 0 ? total : put;
		total += put;
		if ((size_t)put < parts[i].iov_len)
			break;
	}
	return total;
}

API ssize_t
pwritev64(int fd, const struct iovec *parts, int count, off_t offset)
{
	return pwritev(fd, parts, count, offset);
}

static int
do_truncate(int fd, off_t len)
{
	int failed = (int)syscall(SYS_ftruncate, fd, len);

	if (!failed && is_watched(fd))
		tell((struct tale){.what = 'T',
			 .inode = inode_of(fd),
			 .offset = (uint64_t)len},
		    NULL, NULL, NULL);
	return failed;
}

API int
ftruncate(int fd, off_t len)
{
	return do_truncate(fd, len);
}

API int
ftruncate64(int fd, off_t len)
{
	return do_truncate(fd, len);
}

API int
truncate(const char *path, off_t len)
{
	int failed = 1, saved;
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	failed = do_truncate(fd, len);
	saved = errno;
	close(fd);
	errno = saved;
	return failed;
}

API int
truncate64(const char *path, off_t len)
{
	return truncate(path, len);
}

/* Room beyond the end is nothing to lose; a longer file is. */
API int
fallocate(int fd, int mode, off_t offset, off_t len)
{
	int failed = (int)syscall(SYS_fallocate, fd, mode, offset, len);
	struct stat info;

	if (failed || !is_watched(fd))
		return failed;
	if ((mode & ~FALLOC_FL_KEEP_SIZE) != 0)
		abort();
	if (mode == 0 && fstat(fd, &info) == 0)
		tell((struct tale){.what = 'T',
			 .inode = info.st_ino,
			 .offset = (uint64_t)info.st_size},
		    NULL, NULL, NULL);
	return 0;
}

API int
fallocate64(int fd, int mode, off_t offset, off_t len)
{
	return fallocate(fd, mode, offset, len);
}

API int
posix_fallocate(int fd, off_t offset, off_t len)
{
	return fallocate(fd, 0, offset, len) == 0 ? 0 : errno;
}

API int
posix_fallocate64(int fd, off_t offset, off_t len)
{
	return posix_fallocate(fd, offset, len);
}

static void
tell_sync(int fd)
{
	struct stat info;

	if (!is_watched(fd) || fstat(fd, &info) != 0)
		return;
	if (S_ISDIR(info.st_mode))
		tell_names('D', 0, watched[fd], NULL);
	else
		tell((struct tale){.what = 'S', .inode = info.st_ino}, NULL,
		    NULL, NULL);
}

API int
fsync(int fd)
{
	tell_sync(fd);
	return (int)syscall(SYS_fsync, fd);
}

API int
fdatasync(int fd)
{
	tell_sync(fd);
	return (int)syscall(SYS_fdatasync, fd);
}

/* Written back, but neither the disk's cache nor the file's size is. */
API int
sync_file_range(int fd, off_t offset, off_t len, unsigned flags)
{
	return (int)syscall(SYS_sync_file_range, fd, offset, len, flags);
}

/* What stdio writes is not seen; it is told whole at the end. */
static FILE *
do_fopen(const char *path, const char *mode)
{
	FILE *(*real)(const char *, const char *) =
	    (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, "fopen");
	char whole[PATH_MAX];
	int ours = mode[0] != 'r' && is_ours(AT_FDCWD, path, whole);
	int is_new = ours && access(path, F_OK) != 0;
	FILE *file = real(path, mode);

	if (file != NULL && ours)
		watch(fileno(file), whole, is_new, mode[0] == 'w');
	return file;
}

API FILE *
fopen(const char *path, const char *mode)
{
	return do_fopen(path, mode);
}

API FILE *
fopen64(const char *path, const char *mode)
{
	return do_fopen(path, mode);
}

static void
tell_content(const char *path)
{
	char piece[1 << 14];
	off_t offset = 0;
	ssize_t got;
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY, 0);

	while ((got = syscall(SYS_read, fd, piece, sizeof(piece))) > 0) {
		tell_written(fd, (uint64_t)offset, piece, got);
		offset += got;
	}
	if (fd >= 0)
		syscall(SYS_close, fd);
}

API int
fclose(FILE *file)
{
	int (*real)(FILE *) = (int (*)(FILE *))dlsym(RTLD_NEXT, "fclose");
	int fd = fileno(file);

	if (is_watched(fd) && fflush(file) == 0)
		tell_content(watched[fd]);
	unwatch(fd);
	return real(file);
}

static int
do_rename(char what, int call, int from_at, const char *from, int to_at,
    const char *to)
{
	char first[PATH_MAX], second[PATH_MAX];
	int ours = is_ours(from_at, from, first) & is_ours(to_at, to, second);
	int failed;

	failed = call == SYS_linkat
		     ? (int)syscall(call, from_at, from, to_at, to, 0)
		     : (int)syscall(call, from_at, from, to_at, to);
	if (!failed && ours)
		tell_names(what, 0, first, second);
	return failed;
}

API int
rename(const char *from, const char *to)
{
	return do_rename('R', SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}

API int
renameat(int from_at, const char *from, int to_at, const char *to)
{
	return do_rename('R', SYS_renameat, from_at, from, to_at, to);
}

API int
link(const char *from, const char *to)
{
	return do_rename('L', SYS_linkat, AT_FDCWD, from, AT_FDCWD, to);
}

static int
do_unlink(int at, const char *path, int flags)
{
	char whole[PATH_MAX];
	int ours = is_ours(at, path, whole);
	int failed = (int)syscall(SYS_unlinkat, at, path, flags);

	if (!failed && ours)
		tell_names('U', 0, whole, NULL);
	return failed;
}

API int
unlink(const char *path)
{
	return do_unlink(AT_FDCWD, path, 0);
}

API int
unlinkat(int at, const char *path, int flags)
{
	return do_unlink(at, path, flags);
}

API int
rmdir(const char *path)
{
	return do_unlink(AT_FDCWD, path, AT_REMOVEDIR);
}

API int
remove(const char *path)
{
	int failed = do_unlink(AT_FDCWD, path, 0);

	return failed && errno == EISDIR ? rmdir(path) : failed;
}

static int
do_mkdir(int at, const char *path, mode_t mode)
{
	char whole[PATH_MAX];
	int failed = (int)syscall(SYS_mkdirat, at, path, mode);

	if (!failed && is_ours(at, path, whole))
		tell_names('M', 0, whole, NULL);
	return failed;
}

API int
mkdir(const char *path, mode_t mode)
{
	return do_mkdir(AT_FDCWD, path, mode);
}

API int
mkdirat(int at, const char *path, mode_t mode)
{
	return do_mkdir(at, path, mode);
}

/* What is written through memory would not be seen. */
API void *
mmap(void *address, size_t len, int protection, int flags, int fd, off_t offset)
{
	if (is_watched(fd) && (flags & MAP_SHARED) != 0 &&
	    (protection & PROT_WRITE) != 0)
		abort();
	return (void *)syscall(
	    SYS_mmap, address, len, protection, flags, fd, offset);
}
