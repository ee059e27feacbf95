/*
 * fault: at one call, chosen while it runs, a process dies or is told that the
 * disk failed.
 *
 * Preloaded into a daemon; RX_FAULT_FILE is a file of one struct plan, which
 * the test writes and this watches.  A call counts when its kind and a part of
 * its file's path are the plan's.  Sockets are named as in /proc: "socket:[7]".
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define API __attribute__((visibility("default")))

enum act {
	ACT_NONE,
	ACT_DIE_BEFORE,
	ACT_DIE_AFTER,
	ACT_DIE_HALFWAY, /* of a write */
	ACT_FAIL,
	ACT_FAIL_HALFWAY /* what was written is what a full disk took */
};

struct plan {
	_Atomic int32_t act; /* written last */
	int32_t kind;        /* a letter: write, d(atasync), rename */
	int32_t error;
	int32_t stays; /* 1: every call from then on */
	_Atomic int32_t calls;
	char path[64];
};

static struct plan *plan;

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("RX_FAULT_FILE");
	int fd;

	if (path == NULL ||
	    strncmp(program_invocation_short_name, "rongxin-", 8) != 0)
		return;
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
	plan = mmap(
	    NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd < 0 || plan == MAP_FAILED)
		abort();
}

static void
die(void)
{
	syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
	for (;;)
		pause();
}

/* What is to become of this call. */
static enum act
meet(char kind, const char *path)
{
	int32_t act = plan != NULL ? atomic_load(&plan->act) : ACT_NONE;

	if (act == ACT_NONE || plan->kind != kind ||
	    strstr(path, plan->path) == NULL)
		return ACT_NONE;
	if (atomic_fetch_add(&plan->calls, 1) > 0 && !plan->stays)
		return ACT_NONE;
	if (act == ACT_DIE_BEFORE)
		die();
	return (enum act)act;
}

static enum act
meet_fd(char kind, int fd)
{
	char name[64], path[PATH_MAX];
	ssize_t len;

	if (plan == NULL || atomic_load(&plan->act) == ACT_NONE)
		return ACT_NONE;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	len = readlink(name, path, sizeof(path) - 1);
	path[len < 0 ? 0 : len] = '\0';
	return meet(kind, path);
}

static long
after(enum act act, long result)
{
	if (act == ACT_DIE_AFTER || act == ACT_DIE_HALFWAY)
		die();
	return result;
}

API ssize_t
write(int fd, const void *bytes, size_t len)
{
	enum act act = meet_fd('w', fd);

	if (act == ACT_FAIL || (act == ACT_FAIL_HALFWAY && len < 2)) {
		errno = plan->error;
		return -1;
	}
	if (act == ACT_DIE_HALFWAY || act == ACT_FAIL_HALFWAY)
		len /= 2;
	return after(act, syscall(SYS_write, fd, bytes, len));
}

API ssize_t
writev(int fd, const struct iovec *parts, int count)
{
	enum act act = meet_fd('w', fd);

	return after(act, syscall(SYS_writev, fd, parts, count));
}

API int
fdatasync(int fd)
{
	enum act act = meet_fd('d', fd);

	if (act == ACT_FAIL) {
		errno = plan->error;
		return -1;
	}
	return (int)after(act, syscall(SYS_fdatasync, fd));
}

API int
rename(const char *from, const char *to)
{
	enum act act = meet('r', to);

	if (act == ACT_FAIL) {
		errno = plan->error;
		return -1;
	}
	return (int)after(act, syscall(SYS_rename, from, to));
}
