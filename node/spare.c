/*
 * spare: a file of zeros made ahead, on disk before it is needed.
 */
#include "node/spare.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/work.h"

#define PATH_SIZE 4096
#define PORTION ((size_t)128 << 10)
/* So that a sync that answers wait for meets one portion and not all. */
#define PAUSE_NS 10000000
#define NICE 5
#define FREE_TIMES 8 /* its size, on the disk */

struct spare {
	char folder[PATH_SIZE];
	char path[PATH_SIZE], part[PATH_SIZE]; /* whole; not yet */
	struct worker *worker;                 /* NULL: nothing was to do yet */
	_Atomic bool stopping;
};

struct job {
	bool trims;
	off_t size;
	char path[PATH_SIZE]; /* that is trimmed */
};

static enum err
spare_fill(struct spare *spare, int fd, off_t size)
{
	static const char zeros[PORTION];
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	off_t done;

	for (done = 0; done < size; done += (off_t)PORTION) {
		if (atomic_load(&spare->stopping))
			return ERR_BUSY;
		if (file_write_all(fd, span_make(zeros, PORTION)) != ERR_OK ||
		    fdatasync(fd) != 0)
			return ERR_IO;
		nanosleep(&pause, NULL);
	}
	return fsync(fd) == 0 ? ERR_OK : ERR_IO;
}

bool
spare_fits(const struct spare *spare, off_t size)
{
	return file_free_bytes(spare->folder) / FREE_TIMES >= (uint64_t)size;
}

static void
spare_write(struct spare *spare, off_t size)
{
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
	enum err err = ERR_IO;
	int fd;

	if (file_exists(spare->path) || !spare_fits(spare, size))
		return;
	fd = open(spare->part, flags, 0600);
	if (fd >= 0) {
		err = spare_fill(spare, fd, size);
		close(fd);
	}
	if (err != ERR_OK || rename(spare->part, spare->path) != 0)
		unlink(spare->part);
}

static void
spare_on_job(void *context, void *memory)
{
	struct job *job = memory;

	if (!job->trims)
		spare_write(context, job->size);
	else if (truncate(job->path, job->size) != 0)
		log_error("trail.truncate", "errno=%d", errno);
	mem_free(job);
}

static void
spare_drop(const struct spare *spare)
{
	unlink(spare->part);
	unlink(spare->path);
}

struct spare *
spare_new(const char *folder)
{
	struct spare *spare = mem_new(sizeof(*spare));

	snprintf(spare->folder, sizeof(spare->folder), "%s", folder);
	file_path(spare->path, sizeof(spare->path), folder, "spare");
	file_path(spare->part, sizeof(spare->part), folder, "spare.part");
	spare_drop(spare);
	return spare;
}

void
spare_free(struct spare *spare)
{
	if (spare == NULL)
		return;
	atomic_store(&spare->stopping, true);
	if (spare->worker != NULL)
		worker_stop(spare->worker);
	worker_free(spare->worker);
	spare_drop(spare);
	mem_free(spare);
}

static void
spare_post(struct spare *spare, const struct job *what)
{
	struct job *job = mem_new(sizeof(*job));

	*job = *what;
	if (spare->worker == NULL) {
		spare->worker =
		    worker_new("spare", spare_on_job, NULL, 0, spare);
		worker_stay_behind(spare->worker, NICE);
	}
	(void)worker_post(spare->worker, job, 0);
}

void
spare_make(struct spare *spare, off_t size)
{
	const off_t portion = (off_t)PORTION;
	struct job job = {.size = (size + portion - 1) / portion * portion};

	spare_post(spare, &job);
}

off_t
spare_take(struct spare *spare, const char *path)
{
	struct stat found;

	if (rename(spare->path, path) != 0 || stat(path, &found) != 0)
		return 0;
	return found.st_size;
}

void
spare_trim(struct spare *spare, const char *path, off_t size)
{
	struct job job = {.trims = true, .size = size};

	snprintf(job.path, sizeof(job.path), "%s", path);
	spare_post(spare, &job);
}
