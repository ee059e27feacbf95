/*
 * gallery: images of streams, made when somebody asks, kept while useful.
 */
#include "hub/gallery.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/work.h"
#include "hub/imager.h"
#include "wire/image.h"

/* Between two looks at ages and sizes. */
#define ROUND_MS 5000
#define INTERRUPT_MS 100
/* After a failure nobody tries again for so long. */
#define PAUSE_US (30 * CLOCK_SECOND)
#define HOUR_US (3600 * CLOCK_SECOND)
/* Open at the same time; the one used longest ago is closed. */
#define OPEN_MAX 16

/* An image that was asked for: under way, or failed until `pause_us`. */
struct want {
	char stream[STREAM_LEN + 1];
	int64_t pause_us; /* clock_tick_us; 0: under way */
};

struct opened {
	struct shelf_image what;
	struct image *image; /* NULL: a free place */
	int64_t used_us;
};

/* From one thread to the other and back. */
struct news {
	char stream[STREAM_LEN + 1];
	enum err err;
};

struct gallery {
	char *folder;
	struct imager_settings imager;
	int64_t hours, bytes;
	struct worker *worker;
	atomic_bool stopping;
	/* The owner's. */
	struct want *wants;
	size_t want_count;
	struct opened opened[OPEN_MAX];
	struct metric *sent;
	/* The thread's. */
	struct pg *pg;
	struct trim *trim;
	int64_t looked_us;
	bool troubled;
	void (*made)(void *context, void *news);
	void *context;
	struct metric *done, *failed, *held;
};

/* From here: on the thread "images". */

static void
drop(struct gallery *gallery, const struct shelf_image *image, const char *why)
{
	shelf_drop(gallery->folder, image);
	log_info("snapshot.dropped", "stream=%s position=%" PRIu64 " why=%s",
	    image->stream, image->position, why);
}

/* One for each stream, none too old; closed up.  Answers how many. */
static size_t
sort_out(struct gallery *gallery, struct shelf_image *images, size_t count,
    int64_t now_us)
{
	size_t i, kept = 0;

	for (i = 0; i < count; i++) {
		if (i + 1 < count &&
		    strcmp(images[i].stream, images[i + 1].stream) == 0)
			drop(gallery, &images[i], "newer");
		else if (now_us - images[i].made_us > gallery->hours * HOUR_US)
			drop(gallery, &images[i], "age");
		else
			images[kept++] = images[i];
	}
	return kept;
}

static size_t
oldest_of(const struct shelf_image *images, size_t count)
{
	size_t i, oldest = 0;

	for (i = 1; i < count; i++)
		if (images[i].made_us < images[oldest].made_us)
			oldest = i;
	return oldest;
}

/* The newest stays, however large it is. */
static size_t
make_room(struct gallery *gallery, struct shelf_image *images, size_t count)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < count; i++)
		bytes += images[i].bytes;
	while (count > 1 && bytes > (uint64_t)gallery->bytes) {
		i = oldest_of(images, count);
		bytes -= images[i].bytes;
		drop(gallery, &images[i], "room");
		count--;
		memmove(
		    &images[i], &images[i + 1], (count - i) * sizeof(*images));
	}
	metric_set(gallery->held, (int64_t)bytes);
	return count;
}

/* Images that have had their time leave, then batches that nobody needs. */
static void
tidy(struct gallery *gallery)
{
	int64_t now_us = clock_now_us();
	size_t count;
	struct shelf_image *images = shelf_list(gallery->folder, &count);
	bool fine;

	count = sort_out(gallery, images, count, now_us);
	count = make_room(gallery, images, count);
	fine = trim_run(gallery->trim, gallery->pg, images, count, now_us) ==
	       ERR_OK;
	if (!fine && !gallery->troubled)
		log_error("log.trim_failed", "why=%s", pg_why(gallery->pg));
	gallery->troubled = !fine;
	gallery->looked_us = clock_tick_us();
	mem_free(images);
}

static void
tidy_when_due(void *context)
{
	struct gallery *gallery = context;

	if (clock_tick_us() - gallery->looked_us >= ROUND_MS * 1000)
		tidy(gallery);
}

static void
tell_failure(
    struct gallery *gallery, const struct news *news, const struct why *why)
{
	metric_add(gallery->failed, 1);
	if (news->err == ERR_CONFLICT)
		log_error("snapshot.wrong", "stream=%s why=%s", news->stream,
		    why->text);
	else
		log_error("snapshot.failed", "stream=%s err=%s why=%s",
		    news->stream, err_name(news->err), why->text);
}

static void
make(void *context, void *job)
{
	struct gallery *gallery = context;
	struct news *news = job;
	int64_t began_us = clock_tick_us();
	struct imager_result result;
	struct why why = {""};

	news->err = imager_make(
	    &gallery->imager, gallery->pg, news->stream, &result, &why);
	if (news->err == ERR_OK) {
		metric_add(gallery->done, 1);
		log_info("snapshot.made",
		    "stream=%s position=%" PRIu64 " records=%" PRIu64
		    " ms=%" PRId64,
		    news->stream, result.image.position, result.records,
		    (clock_tick_us() - began_us) / 1000);
	} else if (news->err != ERR_MISSING &&
		   !atomic_load(&gallery->stopping)) {
		tell_failure(gallery, news, &why);
	}
	gallery->made(gallery->context, news);
	if (!atomic_load(&gallery->stopping))
		tidy(gallery);
}

/* From here: on the owner's thread. */

static struct want *
find_want(struct gallery *gallery, const char *stream)
{
	size_t i;

	for (i = 0; i < gallery->want_count; i++)
		if (strcmp(gallery->wants[i].stream, stream) == 0)
			return &gallery->wants[i];
	return NULL;
}

static void
forget(struct gallery *gallery, struct want *want)
{
	*want = gallery->wants[--gallery->want_count];
}

void
gallery_take(struct gallery *gallery, void *argument)
{
	struct news *news = argument;
	struct want *want = find_want(gallery, news->stream);

	if (want != NULL && news->err == ERR_OK)
		forget(gallery, want);
	else if (want != NULL)
		want->pause_us = clock_tick_us() + PAUSE_US;
	mem_free(news);
}

/* Several who wait for the same stream wait for the same image. */
static enum err
want_image(struct gallery *gallery, const char *stream, struct why *why)
{
	struct want *want = find_want(gallery, stream);
	struct news *news;

	if (want != NULL && want->pause_us == 0)
		return ERR_BUSY;
	if (want != NULL && clock_tick_us() < want->pause_us)
		return why_set(why, ERR_IO, "it failed a moment ago");
	news = mem_new(sizeof(*news));
	memcpy(news->stream, stream, STREAM_LEN);
	if (!worker_post(gallery->worker, news, 0)) {
		mem_free(news);
		return why_set(why, ERR_CLOSED, "the hub is stopping");
	}
	if (want == NULL) {
		gallery->wants = mem_grow(gallery->wants,
		    (gallery->want_count + 1) * sizeof(*gallery->wants));
		want = &gallery->wants[gallery->want_count++];
		memset(want, 0, sizeof(*want));
		memcpy(want->stream, stream, STREAM_LEN);
	}
	want->pause_us = 0;
	return ERR_BUSY;
}

/* The newest from which the log goes on. */
static bool
find_image(struct gallery *gallery, const char *stream, uint64_t oldest,
    struct shelf_image *found)
{
	size_t i, count;
	struct shelf_image *images = shelf_list(gallery->folder, &count);
	bool any = false;

	for (i = 0; i < count; i++) {
		if (strcmp(images[i].stream, stream) == 0 &&
		    images[i].position + 1 >= oldest) {
			*found = images[i];
			any = true;
		}
	}
	mem_free(images);
	return any;
}

static void
put_away(struct opened *opened)
{
	image_close(opened->image);
	*opened = (struct opened){.image = NULL};
}

/* Its place when it is open, else the place for it. */
static struct opened *
find_place(struct gallery *gallery, const struct shelf_image *what)
{
	struct opened *place = &gallery->opened[0];
	size_t i;

	for (i = 0; i < OPEN_MAX; i++) {
		struct opened *one = &gallery->opened[i];

		if (one->image != NULL &&
		    one->what.position == what->position &&
		    strcmp(one->what.stream, what->stream) == 0)
			return one;
		if (one->used_us < place->used_us)
			place = one;
	}
	put_away(place);
	return place;
}

/* A file that was dropped is no longer served, though it may be open: the log
 * may not reach from it any more. */
static enum err
open_image(struct gallery *gallery, const struct shelf_image *what,
    struct image **image, struct why *why)
{
	struct opened *place = find_place(gallery, what);
	char path[SHELF_PATH_MAX];

	shelf_path(gallery->folder, what, path);
	if (access(path, R_OK) != 0) {
		put_away(place);
		return why_set(why, ERR_MISSING, "no such image");
	}
	if (place->image == NULL) {
		place->image = image_open(path, why);
		place->what = *what;
	}
	place->used_us = clock_tick_us();
	*image = place->image;
	if (*image != NULL)
		return ERR_OK;
	put_away(place);
	log_error("snapshot.damaged", "stream=%s position=%" PRIu64 " why=%s",
	    what->stream, what->position, why->text);
	shelf_drop(gallery->folder, what);
	return ERR_MISSING;
}

enum err
gallery_answer(struct gallery *gallery, const struct request *request,
    uint64_t oldest, struct buf *out, struct why *why)
{
	struct shelf_image what = {.position = request->position};
	struct image *image = NULL;
	enum err err;

	memcpy(what.stream, request->stream, sizeof(what.stream));
	if (what.position == 0 && oldest == 0)
		return why_set(why, ERR_MISSING, "an empty stream");
	if (what.position == 0 &&
	    !find_image(gallery, request->stream, oldest, &what))
		return want_image(gallery, request->stream, why);
	err = open_image(gallery, &what, &image, why);
	if (err != ERR_OK)
		return err;
	if (request->kind == REQUEST_SNAPSHOT)
		err = image_pack_page(image, request->number, out, why);
	else
		err = image_pack_chunk(image, request->number, out, why);
	if (err == ERR_OK && request->kind == REQUEST_CHUNK)
		metric_add(gallery->sent, 1);
	return err == ERR_MISSING ? ERR_LIMIT : err;
}

static void
register_metrics(struct gallery *gallery)
{
	const char *help = "Snapshots of streams, by what came of them.";

	gallery->done = metric_counter(
	    "rongxin_hub_snapshots_total", "result=\"made\"", help);
	gallery->failed = metric_counter(
	    "rongxin_hub_snapshots_total", "result=\"failed\"", help);
	gallery->held = metric_gauge(
	    "rongxin_hub_snapshot_bytes", "", "Snapshots on disk.");
	gallery->sent = metric_counter("rongxin_hub_snapshot_chunks_total", "",
	    "Chunks of snapshots sent to nodes.");
}

struct gallery *
gallery_open(const struct gallery_settings *settings, struct why *why)
{
	struct gallery *gallery = mem_new(sizeof(*gallery));

	register_metrics(gallery);
	gallery->folder = mem_text(settings->folder);
	gallery->imager =
	    (struct imager_settings){gallery->folder, settings->catalogues};
	gallery->hours = settings->hours;
	gallery->bytes = settings->bytes;
	gallery->trim = trim_new(&settings->log);
	if (shelf_open(gallery->folder, why) == ERR_OK)
		gallery->pg = pg_open(settings->conninfo, NULL, why);
	if (gallery->pg != NULL)
		return gallery;
	gallery_close(gallery);
	return NULL;
}

void
gallery_close(struct gallery *gallery)
{
	size_t i;

	if (gallery == NULL)
		return;
	worker_free(gallery->worker);
	for (i = 0; i < OPEN_MAX; i++)
		put_away(&gallery->opened[i]);
	pg_close(gallery->pg);
	trim_free(gallery->trim);
	mem_free(gallery->wants);
	mem_free(gallery->folder);
	mem_free(gallery);
}

void
gallery_start(struct gallery *gallery, void (*made)(void *context, void *news),
    void *context)
{
	gallery->made = made;
	gallery->context = context;
	gallery->worker =
	    worker_new("images", make, tidy_when_due, ROUND_MS, gallery);
}

static void
give_up(void *context, void *job)
{
	(void)context;
	mem_free(job);
}

void
gallery_stop(struct gallery *gallery)
{
	atomic_store(&gallery->stopping, true);
	(void)worker_recall(gallery->worker, give_up, NULL);
	while (!worker_ends_within(gallery->worker, 0) &&
	       !worker_ends_within(gallery->worker, INTERRUPT_MS))
		pg_interrupt(gallery->pg);
	worker_stop(gallery->worker);
}
