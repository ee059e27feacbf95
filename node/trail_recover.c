/*
 * trail_recover: the trail as it lies on disk, held against what was signed.
 */
#include "base/file.h"
#include "node/retention.h"
#include "node/trail_inner.h"

/* A checkpoint of another size than the tree has now says nothing. */
static bool
trail_agrees(const struct trail *trail, const struct checkpoint *checkpoint)
{
	struct digest root;

	if (tiles_size(trail->tiles) != checkpoint->size)
		return true;
	root = tiles_root(trail->tiles);
	return digest_equal(&root, &checkpoint->root);
}

static void
trail_take(struct trail *trail, const struct digest *commitment,
    const struct digest *leaf)
{
	tiles_add(trail->tiles, commitment, leaf);
	if (!trail_agrees(trail, &trail->recovered) ||
	    !trail_agrees(trail, &trail->witnessed.checkpoint))
		trail->forked = true;
}

static void
trail_on_entry(void *context, const struct entry *entry)
{
	struct trail *trail = context;

	trail_take(trail, &entry->commitment, &entry->leaf);
	uses_see(trail->uses, entry->bytes);
}

/* Of deleted entries the commitments are left. */
static enum err
trail_take_deleted(struct trail *trail, uint64_t deleted, struct why *why)
{
	struct digest commitments[MERKLE_TILE_WIDTH], leaf;
	uint64_t bundle;
	size_t i;

	for (bundle = 0; bundle < deleted / MERKLE_TILE_WIDTH; bundle++) {
		if (!tiles_read_bundle(trail->tiles, bundle, commitments))
			return why_set(why, ERR_INVALID,
			    "hashes of deleted entries from %llu on are "
			    "missing",
			    (unsigned long long)bundle * MERKLE_TILE_WIDTH);
		for (i = 0; i < MERKLE_TILE_WIDTH; i++) {
			leaf = merkle_leaf(
			    span_make(commitments[i].bytes, DIGEST_LEN));
			trail_take(trail, &commitments[i], &leaf);
		}
	}
	return ERR_OK;
}

/* The signed checkpoint is the witness of what was acknowledged. */
static enum err
trail_read_checkpoint(struct trail *trail, struct why *why)
{
	char path[PATH_SIZE];
	struct buf note = {0};
	uint8_t raw[32];
	enum err err;

	trail->recovered = (struct checkpoint){0};
	file_path(path, sizeof(path), trail->folder, "checkpoint");
	err = file_read(path, NOTE_MAX, &note, why);
	if (err == ERR_OK)
		err = signer_public(trail->signer, raw);
	if (err == ERR_OK)
		err = note_check(buf_span(&note), raw, &trail->recovered, why);
	buf_release(&note);
	return err == ERR_MISSING ? ERR_OK : err;
}

static uint64_t
larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

enum err
trail_recover(struct trail *trail, struct why *why)
{
	struct entries_settings settings = {.folder = trail->entries_folder,
	    .each = trail_on_entry,
	    .context = trail};
	enum err err = file_make_folder(trail->entries_folder, 0700, why);

	if (err == ERR_OK)
		err = entries_probe(trail->entries_folder, why);
	if (err == ERR_OK)
		err = trail_read_checkpoint(trail, why);
	if (err == ERR_OK)
		err = witnessed_read(
		    &trail->witnessed, trail->folder, trail->signer, why);
	if (err != ERR_OK)
		return err;
	trail->forked = false;
	settings.acknowledged = larger(trail->known,
	    larger(trail->recovered.size, trail->witnessed.checkpoint.size));
	trail->tiles =
	    tiles_new(trail->folder, trail->node_code, trail->signer);
	uses_forget(trail->uses);
	err = retention_read(
	    trail->entries_folder, trail->uses, &settings.first, why);
	if (err == ERR_OK)
		err = trail_take_deleted(trail, settings.first, why);
	if (err != ERR_OK)
		return err;
	trail->entries = entries_open(&settings, why);
	if (trail->entries == NULL)
		return ERR_IO;
	if (trail->forked)
		return why_set(why, ERR_INVALID,
		    "the trail's entries are not those of its checkpoint");
	return tiles_publish(trail->tiles, why);
}
