/*
 * trail_recover: the trail as it lies on disk, held against what was signed.
 */
#include "base/file.h"
#include "node/retention.h"
#include "node/trail_inner.h"

struct recovery {
	struct trail *trail;
	struct tiles *tiles;
	struct checkpoint checkpoint; /* what the entries must agree with … */
	struct witnessed witnessed;   /* and with what the hub cosigned */
	bool forked;                  /* they do not */
};

/* A checkpoint of another size than the tree has now says nothing. */
static bool
recovery_agrees(
    const struct recovery *recovery, const struct checkpoint *checkpoint)
{
	struct digest root;

	if (tiles_size(recovery->tiles) != checkpoint->size)
		return true;
	root = tiles_root(recovery->tiles);
	return digest_equal(&root, &checkpoint->root);
}

static void
recovery_take(struct recovery *recovery, const struct digest *commitment,
    const struct digest *leaf)
{
	tiles_add(recovery->tiles, commitment, leaf);
	if (!recovery_agrees(recovery, &recovery->checkpoint) ||
	    !recovery_agrees(recovery, &recovery->witnessed.checkpoint))
		recovery->forked = true;
}

static void
recovery_on_entry(void *context, const struct entry *entry)
{
	struct recovery *recovery = context;

	recovery_take(recovery, &entry->commitment, &entry->leaf);
	uses_see(recovery->trail->uses, entry->bytes);
}

/* Of deleted entries the commitments are left. */
static enum err
recovery_take_deleted(
    struct recovery *recovery, uint64_t deleted, struct why *why)
{
	struct digest commitments[MERKLE_TILE_WIDTH], leaf;
	uint64_t bundle;
	size_t i;

	for (bundle = 0; bundle < deleted / MERKLE_TILE_WIDTH; bundle++) {
		if (!tiles_read_bundle(recovery->tiles, bundle, commitments))
			return why_set(why, ERR_INVALID,
			    "hashes of deleted entries from %llu on are "
			    "missing",
			    (unsigned long long)bundle * MERKLE_TILE_WIDTH);
		for (i = 0; i < MERKLE_TILE_WIDTH; i++) {
			leaf = merkle_leaf(
			    span_make(commitments[i].bytes, DIGEST_LEN));
			recovery_take(recovery, &commitments[i], &leaf);
		}
	}
	return ERR_OK;
}

/* The signed checkpoint is the witness of what was acknowledged. */
static enum err
recovery_read_checkpoint(struct recovery *recovery, struct why *why)
{
	const struct trail *trail = recovery->trail;
	char path[PATH_SIZE];
	struct buf note = {0};
	uint8_t raw[32];
	enum err err;

	file_path(path, sizeof(path), trail->folder, "checkpoint");
	err = file_read(path, NOTE_MAX, &note, why);
	if (err == ERR_OK)
		err = signer_public(trail->signer, raw);
	if (err == ERR_OK)
		err = note_check(
		    buf_span(&note), raw, &recovery->checkpoint, why);
	buf_release(&note);
	return err == ERR_MISSING ? ERR_OK : err;
}

static enum err
recovery_read_signed(struct recovery *recovery, struct why *why)
{
	struct trail *trail = recovery->trail;
	enum err err = file_make_folder(trail->entries_folder, 0700, why);

	if (err == ERR_OK)
		err = entries_probe(trail->entries_folder, why);
	if (err == ERR_OK)
		err = recovery_read_checkpoint(recovery, why);
	if (err == ERR_OK)
		err = witnessed_read(
		    &recovery->witnessed, trail->folder, trail->signer, why);
	return err;
}

static uint64_t
larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static enum err
recovery_read_entries(struct recovery *recovery, struct why *why)
{
	struct trail *trail = recovery->trail;
	struct entries_settings settings = {.folder = trail->entries_folder,
	    .each = recovery_on_entry,
	    .context = recovery};
	enum err err;

	settings.acknowledged =
	    larger(trail->known, larger(recovery->checkpoint.size,
				     recovery->witnessed.checkpoint.size));
	uses_forget(trail->uses);
	err = retention_read(
	    trail->entries_folder, trail->uses, &settings.first, why);
	if (err == ERR_OK)
		err = recovery_take_deleted(recovery, settings.first, why);
	if (err != ERR_OK)
		return err;
	trail->entries = entries_open(&settings, why);
	if (trail->entries == NULL)
		return ERR_IO;
	if (recovery->forked)
		return why_set(why, ERR_INVALID,
		    "the trail's entries are not those of its checkpoint");
	return ERR_OK;
}

enum err
trail_recover(struct trail *trail, struct why *why)
{
	struct recovery recovery = {.trail = trail};
	enum err err = recovery_read_signed(&recovery, why);

	recovery.tiles =
	    tiles_new(trail->folder, trail->node_code, trail->signer);
	if (err == ERR_OK)
		err = recovery_read_entries(&recovery, why);
	if (err == ERR_OK)
		tree_take(trail->tree, recovery.tiles, &recovery.witnessed);
	else
		tiles_free(recovery.tiles);
	witnessed_release(&recovery.witnessed);
	return err;
}
