/*
 * tree: a trail's Merkle tree beside its entries: tiles, signed checkpoints,
 * proofs.
 */
#include "node/tree.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/work.h"

#define PATH_SIZE 4096
#define RETRY_MS 500
#define WAITING_MAX 100000
/* Behind who answers: twice a second it has some milliseconds of work. */
#define NICE 5

enum job_kind {
	JOB_TAKE,
	JOB_ADD,
	JOB_FILE,
	JOB_PROVE,
	JOB_WITNESSED
};

struct job {
	enum job_kind kind;
	struct tiles *tiles;            /* take */
	struct witnessed witnessed;     /* take */
	struct tree_leaf *list;         /* add */
	size_t count;                   /* add */
	struct buf note;                /* witnessed */
	uint64_t index;                 /* prove */
	char name[MERKLE_PATH_MAX + 8]; /* file */
	tree_file_fn file_done;
	tree_proof_fn proof_done;
	void *context;
};

struct tree {
	struct tree_settings settings;
	struct worker *worker; /* NULL: nothing was begun yet */
	struct tiles *tiles;   /* NULL: none yet */
	struct witnessed witnessed;
	_Atomic bool ready;
	_Atomic uint64_t published;
	_Atomic uint64_t witnessed_size;
	struct metric *witnessed_metric;
};

static void
job_free(struct job *job)
{
	tiles_free(job->tiles);
	witnessed_release(&job->witnessed);
	mem_free(job->list);
	buf_release(&job->note);
	mem_free(job);
}

static void
tree_show_witnessed(struct tree *tree)
{
	uint64_t size = tree->witnessed.checkpoint.size;

	atomic_store(&tree->witnessed_size, size);
	metric_set(tree->witnessed_metric, (int64_t)size);
}

/* What fails is tried again, half a second later. */
static void
tree_publish(struct tree *tree)
{
	bool was = atomic_load(&tree->ready);
	struct why why = {""};
	enum err err;

	if (tree->tiles == NULL || !tiles_are_behind(tree->tiles))
		return;
	err = tiles_publish(tree->tiles, &why);
	atomic_store(&tree->ready, err == ERR_OK);
	if (err == ERR_OK)
		atomic_store(&tree->published, tiles_size(tree->tiles));
	else if (was)
		log_error("trail.failed", "why=\"%s\"", why.text);
	if (err == ERR_OK && !was)
		log_info("trail.open", "entries=%llu",
		    (unsigned long long)tiles_size(tree->tiles));
}

/* What came back cosigned meanwhile is not forgotten. */
static void
tree_serve_take(struct tree *tree, struct job *job)
{
	struct witnessed older = tree->witnessed;

	tiles_free(tree->tiles);
	tree->tiles = job->tiles;
	job->tiles = NULL;
	if (job->witnessed.checkpoint.size >= older.checkpoint.size) {
		tree->witnessed = job->witnessed;
		job->witnessed = older;
	}
	tree_show_witnessed(tree);
	tree_publish(tree);
}

static void
tree_serve_add(struct tree *tree, const struct job *job)
{
	size_t i;

	for (i = 0; tree->tiles != NULL && i < job->count; i++)
		tiles_add(
		    tree->tiles, &job->list[i].commitment, &job->list[i].leaf);
	tree_publish(tree);
}

/* Of the checkpoint that is published now, or of the newest that is witnessed
 * when that is asked for. */
static bool
tree_has_witnessed(const struct tree *tree, const char *name)
{
	if (tree->witnessed.note.len == 0)
		return false;
	return strcmp(name, "witnessed") == 0 ||
	       (strcmp(name, "checkpoint") == 0 &&
		   tree->witnessed.checkpoint.size ==
		       atomic_load(&tree->published));
}

static void
tree_serve_file(struct tree *tree, const struct job *job)
{
	char path[PATH_SIZE];
	struct buf bytes = {0};
	enum err err;

	if (tree_has_witnessed(tree, job->name)) {
		job->file_done(
		    job->context, ERR_OK, buf_span(&tree->witnessed.note));
		return;
	}
	file_path(path, sizeof(path), tree->settings.folder, job->name);
	err = file_read(path, NOTE_MAX, &bytes, NULL);
	job->file_done(job->context, err, buf_span(&bytes));
	buf_release(&bytes);
}

static void
tree_serve_proof(struct tree *tree, const struct job *job)
{
	const struct merkle_source source = {tiles_find, tree->tiles};
	struct inclusion proof = {.index = job->index,
	    .size = tree->witnessed.checkpoint.size,
	    .checkpoint = buf_span(&tree->witnessed.note)};
	enum err err = ERR_OK;

	if (tree->tiles == NULL)
		err = ERR_IO;
	else if (job->index >= proof.size)
		err = ERR_MISSING;
	else if (!tiles_find(tree->tiles, 0, job->index, &proof.leaf) ||
		 !merkle_prove_inclusion(
		     &source, job->index, proof.size, &proof.proof))
		err = ERR_IO;
	job->proof_done(job->context, err, err == ERR_OK ? &proof : NULL);
}

static void
tree_keep_witnessed(struct tree *tree, const struct job *job)
{
	const struct tree_settings *settings = &tree->settings;
	struct why why = {""};

	if (witnessed_take(&tree->witnessed, settings->folder, settings->signer,
		buf_span(&job->note), &why) != ERR_OK)
		log_error("trail.witnessed", "why=\"%s\"", why.text);
	tree_show_witnessed(tree);
}

static void
tree_on_job(void *context, void *memory)
{
	struct tree *tree = context;
	struct job *job = memory;

	if (job->kind == JOB_TAKE)
		tree_serve_take(tree, job);
	else if (job->kind == JOB_ADD)
		tree_serve_add(tree, job);
	else if (job->kind == JOB_PROVE)
		tree_serve_proof(tree, job);
	else if (job->kind == JOB_WITNESSED)
		tree_keep_witnessed(tree, job);
	else
		tree_serve_file(tree, job);
	job_free(job);
}

static void
tree_on_idle(void *context)
{
	tree_publish(context);
}

struct tree *
tree_new(const struct tree_settings *settings)
{
	struct tree *tree = mem_new(sizeof(*tree));

	tree->settings = *settings;
	atomic_store(&tree->ready, true);
	tree->witnessed_metric = metric_gauge("rongxin_trail_witnessed", "",
	    "Entries of the newest checkpoint that the hub cosigned.");
	return tree;
}

void
tree_start(struct tree *tree)
{
	tree->worker =
	    worker_new("tree", tree_on_job, tree_on_idle, RETRY_MS, tree);
	worker_stay_behind(tree->worker, NICE);
}

void
tree_free(struct tree *tree)
{
	if (tree == NULL)
		return;
	if (tree->worker != NULL)
		worker_stop(tree->worker);
	worker_free(tree->worker);
	tree_publish(tree);
	tiles_free(tree->tiles);
	witnessed_release(&tree->witnessed);
	mem_free(tree);
}

void
tree_take(struct tree *tree, struct tiles *tiles, struct witnessed *witnessed)
{
	struct job *job = mem_new(sizeof(*job));

	job->kind = JOB_TAKE;
	job->tiles = tiles;
	job->witnessed = *witnessed;
	*witnessed = (struct witnessed){0};
	if (tree->worker == NULL)
		tree_on_job(tree, job);
	else
		(void)worker_post(tree->worker, job, 0);
}

void
tree_add(struct tree *tree, struct tree_leaf *list, size_t count)
{
	struct job *job = mem_new(sizeof(*job));

	job->kind = JOB_ADD;
	job->list = list;
	job->count = count;
	(void)worker_post(tree->worker, job, 0);
}

bool
tree_is_ready(const struct tree *tree)
{
	return atomic_load(&tree->ready);
}

uint64_t
tree_published(const struct tree *tree)
{
	return atomic_load(&tree->published);
}

uint64_t
tree_witnessed(const struct tree *tree)
{
	return atomic_load(&tree->witnessed_size);
}

void
tree_read_file(
    struct tree *tree, const char *name, tree_file_fn done, void *context)
{
	struct job *job = mem_new(sizeof(*job));

	job->kind = JOB_FILE;
	snprintf(job->name, sizeof(job->name), "%s", name);
	job->file_done = done;
	job->context = context;
	if (!worker_post(tree->worker, job, WAITING_MAX)) {
		done(context, ERR_BUSY, span_of(""));
		job_free(job);
	}
}

void
tree_prove(struct tree *tree, uint64_t index, tree_proof_fn done, void *context)
{
	struct job *job = mem_new(sizeof(*job));

	job->kind = JOB_PROVE;
	job->index = index;
	job->proof_done = done;
	job->context = context;
	if (!worker_post(tree->worker, job, WAITING_MAX)) {
		done(context, ERR_BUSY, NULL);
		job_free(job);
	}
}

void
tree_take_witnessed(struct tree *tree, struct span note)
{
	struct job *job = mem_new(sizeof(*job));

	job->kind = JOB_WITNESSED;
	buf_add(&job->note, note.ptr, note.len);
	if (!worker_post(tree->worker, job, WAITING_MAX))
		job_free(job);
}

void
tree_checkpoint(const struct tree *tree, struct buf *note)
{
	char path[PATH_SIZE];

	file_path(path, sizeof(path), tree->settings.folder, "checkpoint");
	if (file_read(path, NOTE_MAX, note, NULL) != ERR_OK)
		buf_reset(note);
}
