/*
 * shelf: images of this node's own streams, for its children.
 */
#include "node/shelf.h"

#include <dirent.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/work.h"
#include "node/survey.h"

#define PATH_SIZE 4096
#define NAME_SIZE 64
#define IDLE_MS 1000
#define WAITING_MAX 64
#define OPEN_MAX 4
#define NAME_FORMAT "%4s-%020llu.image"

/* An image that is open, because its chunks are being asked for. */
struct opened {
	struct image *image; /* NULL: none */
	char name[NAME_SIZE];
	uint64_t used; /* turn of the last use */
};

struct shelf {
	struct shelf_settings settings;
	struct worker *worker; /* makes them */
	_Atomic bool stopping;
	char folder[PATH_SIZE - NAME_SIZE];
	struct opened opened[OPEN_MAX]; /* whoever asks */
	uint64_t turn;
};

struct wanted {
	char stream[STREAM_LEN + 1];
	uint64_t least;
};

static void
image_name(const char *stream, uint64_t position, char name[NAME_SIZE])
{
	snprintf(
	    name, NAME_SIZE, NAME_FORMAT, stream, (unsigned long long)position);
}

typedef void (*shelf_file_fn)(
    void *context, const char *path, const char *stream, uint64_t position);

/* Position 0: a file that is no image. */
static void
shelf_each(struct shelf *shelf, shelf_file_fn each, void *context)
{
	char stream[STREAM_LEN + 1], again[NAME_SIZE], path[PATH_SIZE];
	DIR *folder = opendir(shelf->folder);
	unsigned long long position;
	struct dirent *entry;

	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.' ||
		    strlen(entry->d_name) >= NAME_SIZE)
			continue;
		if (sscanf(entry->d_name, "%4[0-9]-%20llu", stream,
			&position) != 2)
			position = 0;
		if (position > 0) {
			image_name(stream, position, again);
			if (strcmp(again, entry->d_name) != 0)
				position = 0;
		}
		each(context,
		    file_path(path, PATH_SIZE, shelf->folder, entry->d_name),
		    stream, position);
	}
	if (folder != NULL)
		closedir(folder);
}

struct newest {
	const char *stream;
	uint64_t position;
};

static void
newest_look(
    void *context, const char *path, const char *stream, uint64_t position)
{
	struct newest *newest = context;

	(void)path;
	if (position > newest->position && strcmp(stream, newest->stream) == 0)
		newest->position = position;
}

static uint64_t
shelf_newest(struct shelf *shelf, const char *stream)
{
	struct newest newest = {stream, 0};

	shelf_each(shelf, newest_look, &newest);
	return newest.position;
}

static void
drop_older(
    void *context, const char *path, const char *stream, uint64_t position)
{
	const struct newest *newest = context;

	if (position > 0 && position < newest->position &&
	    strcmp(stream, newest->stream) == 0)
		remove(path);
}

/* From here: on the thread that makes them. */

struct making {
	struct image_writer *writer;
	bool readable;
	enum err err;
	struct why why;
};

static void
making_add(void *context, struct span key, const struct stored *stored)
{
	struct making *making = context;

	(void)key;
	if (stored == NULL)
		making->readable = false;
	else if (making->err == ERR_OK)
		making->err = image_writer_add(
		    making->writer, &stored->record, &making->why);
}

static enum err
shelf_write(struct shelf *shelf, struct snapshot *snapshot,
    const struct stream_state *state, struct span sealed, struct why *why)
{
	struct making making = {.readable = true, .err = ERR_OK};
	const char *stream = state->chain.stream;
	char name[NAME_SIZE], path[PATH_SIZE];
	enum err err;

	image_name(stream, state->chain.position, name);
	file_path(path, sizeof(path), shelf->folder, name);
	making.writer = image_writer_begin(path, stream, why);
	if (making.writer == NULL)
		return ERR_IO;
	err = survey_each(
	    snapshot, stream, &shelf->stopping, making_add, &making);
	if (err == ERR_OK && making.err != ERR_OK) {
		*why = making.why;
		err = making.err;
	}
	if (err == ERR_OK && !making.readable)
		err = why_set(why, ERR_CONFLICT, "a record cannot be read");
	if (err == ERR_OK)
		err = image_writer_end(making.writer, sealed, why);
	image_writer_free(making.writer);
	return err;
}

static enum err
shelf_read_stream(struct snapshot *snapshot, const char *stream,
    struct stream_state *state, struct buf *sealed, struct why *why)
{
	enum err err = snapshot_stream(snapshot, stream, state, why);

	if (err == ERR_OK &&
	    (state->chain.position == 0 || state->diverged || state->half))
		err = why_set(why, ERR_MISSING, "nothing to be shown");
	if (err == ERR_OK)
		err = snapshot_newest_sealed(snapshot, stream, sealed, why);
	return err;
}

static void
shelf_made(struct shelf *shelf, const struct stream_state *state)
{
	struct newest newest = {state->chain.stream, state->chain.position};

	shelf_each(shelf, drop_older, &newest);
	log_info("snapshot.made", "stream=%s position=%llu", newest.stream,
	    (unsigned long long)newest.position);
}

static void
shelf_make(struct shelf *shelf, const char *stream)
{
	struct snapshot *snapshot = store_snapshot(shelf->settings.store);
	struct stream_state state;
	struct buf sealed = {0};
	struct why why = {""};
	enum err err;

	err = shelf_read_stream(snapshot, stream, &state, &sealed, &why);
	if (err == ERR_OK)
		err = shelf_write(
		    shelf, snapshot, &state, buf_span(&sealed), &why);
	buf_release(&sealed);
	snapshot_release(snapshot);
	if (err == ERR_OK) {
		shelf_made(shelf, &state);
		return;
	}
	if (err != ERR_CLOSED)
		log_error("snapshot.failed", "stream=%s why=\"%s\"", stream,
		    why.text);
	if (err == ERR_CONFLICT)
		shelf->settings.doubt(shelf->settings.context, stream);
}

/* Several children may have asked for the same. */
static void
shelf_on_job(void *context, void *job)
{
	struct shelf *shelf = context;
	struct wanted *wanted = job;

	if (!atomic_load(&shelf->stopping) &&
	    !room_is_short(shelf->settings.room) &&
	    shelf_newest(shelf, wanted->stream) < wanted->least)
		shelf_make(shelf, wanted->stream);
	mem_free(wanted);
}

static void
drop_aged(
    void *context, const char *path, const char *stream, uint64_t position)
{
	const int64_t *keep_us = context;
	struct stat stat_of;

	(void)stream;
	(void)position;
	if (stat(path, &stat_of) == 0 &&
	    clock_now_us() - stat_of.st_mtime * CLOCK_SECOND > *keep_us)
		remove(path);
}

static void
shelf_on_idle(void *context)
{
	struct shelf *shelf = context;

	shelf_each(shelf, drop_aged, &shelf->settings.keep_us);
}

static void
drop_half(
    void *context, const char *path, const char *stream, uint64_t position)
{
	(void)context;
	(void)stream;
	if (position == 0)
		remove(path);
}

struct shelf *
shelf_open(const struct shelf_settings *settings, struct why *why)
{
	struct shelf *shelf = mem_new(sizeof(*shelf));

	shelf->settings = *settings;
	snprintf(shelf->folder, sizeof(shelf->folder), "%s/snapshots",
	    store_folder(settings->store));
	if (file_make_folder(shelf->folder, 0700, why) != ERR_OK) {
		mem_free(shelf);
		return NULL;
	}
	shelf_each(shelf, drop_half, NULL);
	shelf->worker =
	    worker_new("shelf", shelf_on_job, shelf_on_idle, IDLE_MS, shelf);
	return shelf;
}

void
shelf_stop(struct shelf *shelf)
{
	atomic_store(&shelf->stopping, true);
	worker_stop(shelf->worker);
}

void
shelf_free(struct shelf *shelf)
{
	size_t i;

	if (shelf == NULL)
		return;
	worker_free(shelf->worker);
	for (i = 0; i < OPEN_MAX; i++)
		image_close(shelf->opened[i].image);
	mem_free(shelf);
}

/* From here: on the thread that asks. */

/* The place of this image, or of the one that was used least lately. */
static struct opened *
shelf_place(struct shelf *shelf, const char *name)
{
	struct opened *place = &shelf->opened[0];
	size_t i;

	for (i = 0; i < OPEN_MAX; i++) {
		if (strcmp(shelf->opened[i].name, name) == 0)
			return &shelf->opened[i];
		if (shelf->opened[i].used < place->used)
			place = &shelf->opened[i];
	}
	image_close(place->image);
	*place = (struct opened){.image = NULL};
	return place;
}

static enum err
shelf_take_down(struct shelf *shelf, const struct shelf_wish *wish,
    uint64_t position, struct image **image)
{
	char name[NAME_SIZE], path[PATH_SIZE];
	struct opened *place;
	struct why why = {""};

	image_name(wish->stream, position, name);
	place = shelf_place(shelf, name);
	file_path(path, sizeof(path), shelf->folder, name);
	if (place->image == NULL && file_exists(path)) {
		place->image = image_open(path, &why);
		if (place->image == NULL) {
			log_error("snapshot.failed", "stream=%s why=\"%s\"",
			    wish->stream, why.text);
			remove(path);
		}
	}
	if (place->image == NULL)
		return ERR_MISSING;
	memcpy(place->name, name, sizeof(name));
	place->used = ++shelf->turn;
	*image = place->image;
	return ERR_OK;
}

static void
window_ignore(void *context, struct span sealed)
{
	(void)context;
	(void)sealed;
}

/* What follows the image must be in our log, and no child may ask for more
 * than we have. */
static bool
shelf_is_enough(
    struct shelf *shelf, const struct shelf_wish *wish, uint64_t position)
{
	struct snapshot *snapshot = store_snapshot(shelf->settings.store);
	struct log_window window = {
	    .stream = wish->stream, .after = position, .count = 1, .bytes = 1};
	struct stream_state state;
	enum err err = snapshot_stream(snapshot, wish->stream, &state, NULL);

	if (err == ERR_OK)
		err = snapshot_each_sealed(
		    snapshot, &window, window_ignore, NULL, NULL);
	snapshot_release(snapshot);
	return err == ERR_OK &&
	       (position >= wish->least || position >= state.chain.position);
}

enum err
shelf_find(
    struct shelf *shelf, const struct shelf_wish *wish, struct image **image)
{
	struct wanted *wanted;
	uint64_t newest;
	enum err err;

	if (wish->position > 0)
		return shelf_take_down(shelf, wish, wish->position, image);
	newest = shelf_newest(shelf, wish->stream);
	if (newest > 0 && shelf_is_enough(shelf, wish, newest)) {
		err = shelf_take_down(shelf, wish, newest, image);
		if (err == ERR_OK)
			return err;
	}
	wanted = mem_new(sizeof(*wanted));
	memcpy(wanted->stream, wish->stream, STREAM_LEN);
	wanted->least = newest + 1;
	if (!worker_post(shelf->worker, wanted, WAITING_MAX))
		mem_free(wanted);
	return ERR_BUSY;
}
