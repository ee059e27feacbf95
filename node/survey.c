/*
 * survey: one walk over what this node holds of a stream, added up.
 */
#include "node/survey.h"

#include "node/store_key.h"

struct walk {
	const char *stream;
	const _Atomic bool *stop;
	survey_fn each;
	void *context;
	struct arena *arena;
	enum err err;
};

static bool
walk_row(void *context, struct span key, struct span value)
{
	struct walk *walk = context;
	struct stored stored;
	bool readable;

	if (atomic_load(walk->stop))
		walk->err = ERR_CLOSED;
	if (walk->err != ERR_OK)
		return false;
	if (!store_key_is_of(key, walk->stream))
		return true;
	arena_reset(walk->arena);
	readable =
	    store_parse_record(key, value, walk->arena, &stored) == ERR_OK &&
	    store_record_is_whole(&stored);
	walk->each(walk->context, key, readable ? &stored : NULL);
	return true;
}

enum err
survey_each(struct snapshot *snapshot, const char *stream,
    const _Atomic bool *stop, survey_fn each, void *context)
{
	struct walk walk = {stream, stop, each, context, arena_new(), ERR_OK};
	struct kv_range range = {.family = STORE_RECORDS};
	struct why why = {""};
	enum err err;

	kv_view_spare_cache(snapshot_view(snapshot));
	err = kv_each(snapshot_view(snapshot), &range, walk_row, &walk, &why);
	arena_free(walk.arena);
	return err != ERR_OK ? err : walk.err;
}

struct comparison {
	const struct index *index;
	bool *differs;
	uint32_t at; /* chunk in whose range we are */
	struct setsum sum;
	struct buf key;
};

/* What was added up is all that we hold of this chunk. */
static void
comparison_close(struct comparison *comparison)
{
	const struct image_entry *entry =
	    &comparison->index->entries[comparison->at];

	comparison->differs[comparison->at] =
	    memcmp(&comparison->sum, &entry->sum, sizeof(entry->sum)) != 0;
	comparison->sum = (struct setsum){{0}};
	comparison->at++;
}

static void
comparison_add(void *context, struct span key, const struct stored *stored)
{
	struct comparison *comparison = context;
	const struct index *index = comparison->index;
	/* What cannot be read makes its chunk another one, as any wrong one. */
	struct digest element = {{0}};

	buf_reset(&comparison->key);
	store_image_key(key, &comparison->key);
	while (comparison->at + 1 < index->count &&
	       !image_key_is_before(buf_span(&comparison->key),
		   index->entries[comparison->at + 1].first_key))
		comparison_close(comparison);
	if (stored != NULL)
		element = stored->element;
	setsum_add(&comparison->sum, &element);
}

enum err
survey_compare(struct snapshot *snapshot, const struct index *index,
    const _Atomic bool *stop, bool *differs)
{
	struct comparison comparison = {.index = index, .differs = differs};
	enum err err;

	err = survey_each(
	    snapshot, index->head.stream, stop, comparison_add, &comparison);
	while (err == ERR_OK && comparison.at < index->count)
		comparison_close(&comparison);
	buf_release(&comparison.key);
	return err;
}
