/*
 * trail: a node's access log, verified from its bytes.
 *
 * Everything is computed anew: leaves from entries, every tile from the
 * leaves, the root, and compared with what lies there and what the node
 * signed (docs/PROTOCOL.md §6).
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/show.h"
#include "cli/trail_accesses.h"
#include "cli/trail_entries.h"
#include "cli/trail_entry.h"
#include "cli/trail_trust.h"
#include "credit/merkle.h"
#include "credit/note.h"

#define TILE_FILE_MAX ((size_t)256 * 1024)
#define BUNDLE_COMMITMENT (2 + DIGEST_LEN)

/* A checkpoint from elsewhere that the log must extend. */
struct anchor {
	const char *what;
	bool is_there;
	struct checkpoint checkpoint;
};

struct verify {
	const struct args *args;
	const char *from; /* folder or URL */
	bool remote;
	struct trail_trust trust;
	struct checkpoint checkpoint;
	struct anchor witnessed, since;
	int64_t witnessed_s;     /* when */
	struct entries *entries; /* NULL: no clear entries here */
	struct merkle tree;
	/* hashes of the level that is being checked, and of the next */
	struct digest *above;
	size_t above_count;
	uint64_t tiles;
	struct progress progress;
	struct why why;
};

/* Reads the tile at `path` ("tile/…", "checkpoint") from folder or URL. */
static enum err
read_part(struct verify *verify, const char *path, struct buf *out)
{
	struct buf full = {0};
	enum err err;

	buf_reset(out);
	if (verify->remote)
		buf_print(&full, "%s/v1/trail/%s", verify->from, path);
	else
		buf_print(&full, "%s/%s", verify->from, path);
	if (verify->remote)
		err =
		    fetch_get(verify->args, buf_cstr(&full), out, &verify->why);
	else
		err = file_read(
		    buf_cstr(&full), TILE_FILE_MAX, out, &verify->why);
	buf_release(&full);
	return err;
}

/* A tile of at least `width`: exactly as wide, else a later, wider one. */
static enum err
read_tile(struct verify *verify, int level, uint64_t index, unsigned width,
    struct buf *out)
{
	char path[MERKLE_PATH_MAX];
	enum err err = ERR_MISSING;
	unsigned wide;

	for (wide = width; wide <= MERKLE_TILE_WIDTH; wide++) {
		merkle_tile_path(level, index, wide, path);
		err = read_part(verify, path, out);
		if (err != ERR_MISSING)
			break;
		if (verify->remote && wide != MERKLE_TILE_WIDTH)
			wide = MERKLE_TILE_WIDTH - 1;
	}
	if (err != ERR_OK) {
		merkle_tile_path(level, index, width, path);
		why_set(&verify->why, err, "%s cannot be read", path);
	}
	verify->tiles++;
	return err;
}

static enum err
compare_tile(struct verify *verify, int level, uint64_t index,
    const struct digest *hashes, unsigned width)
{
	struct buf tile = {0};
	char path[MERKLE_PATH_MAX];
	enum err err = read_tile(verify, level, index, width, &tile);
	unsigned i;

	merkle_tile_path(level, index, width, path);
	if (err == ERR_OK && tile.len < (size_t)width * DIGEST_LEN)
		err = why_set(&verify->why, ERR_INVALID, "%s is short", path);
	for (i = 0; err == ERR_OK && i < width; i++)
		if (memcmp(tile.data + (size_t)i * DIGEST_LEN, hashes[i].bytes,
			DIGEST_LEN) != 0)
			err = why_set(&verify->why, ERR_INVALID,
			    "%s: hash %u is not that of what is below it "
			    "(entry %" PRIu64 ")",
			    path, i,
			    level == 0 ? index * MERKLE_TILE_WIDTH + i
				       : UINT64_C(0));
	buf_release(&tile);
	return err;
}

/* Leaf hashes of one entry bundle: commitments with a two-byte length. */
static enum err
bundle_leaves(struct verify *verify, uint64_t index, unsigned width,
    struct digest *leaves)
{
	struct buf bundle = {0};
	const char *at;
	struct digest commitment;
	enum err err = read_tile(verify, -1, index, width, &bundle);
	uint64_t entry;
	unsigned i;

	for (i = 0; err == ERR_OK && i < width; i++) {
		entry = index * MERKLE_TILE_WIDTH + i;
		at = bundle.data + (size_t)i * BUNDLE_COMMITMENT;
		if (bundle.len < ((size_t)i + 1) * BUNDLE_COMMITMENT ||
		    at[0] != 0 || at[1] != DIGEST_LEN) {
			err = why_set(&verify->why, ERR_INVALID,
			    "entry bundle %" PRIu64 ": entry %" PRIu64
			    " is malformed",
			    index, entry);
			break;
		}
		memcpy(commitment.bytes, at + 2, DIGEST_LEN);
		leaves[i] = merkle_leaf(span_make(at + 2, DIGEST_LEN));
		if (verify->entries != NULL)
			err = entries_compare(
			    verify->entries, entry, &commitment, &verify->why);
	}
	buf_release(&bundle);
	return err;
}

static unsigned
tile_width(uint64_t count, uint64_t index)
{
	uint64_t left = count - index * MERKLE_TILE_WIDTH;

	return left < MERKLE_TILE_WIDTH ? (unsigned)left : MERKLE_TILE_WIDTH;
}

/* Consistency by computing anew: the log had this root when it was so long. */
static enum err
anchor_check(struct verify *verify, const struct anchor *anchor)
{
	struct digest root;

	if (!anchor->is_there || anchor->checkpoint.size != verify->tree.size)
		return ERR_OK;
	root = merkle_root(&verify->tree);
	if (digest_equal(&root, &anchor->checkpoint.root))
		return ERR_OK;
	return why_set(&verify->why, ERR_INVALID,
	    "forked: %s is of other first %" PRIu64 " entries", anchor->what,
	    anchor->checkpoint.size);
}

static enum err
anchors_check(struct verify *verify)
{
	enum err err = anchor_check(verify, &verify->witnessed);

	return err == ERR_OK ? anchor_check(verify, &verify->since) : err;
}

static enum err
verify_leaf(struct verify *verify, const struct digest *leaf)
{
	merkle_add(&verify->tree, leaf);
	return anchors_check(verify);
}

static enum err
verify_leaves(struct verify *verify)
{
	uint64_t size = verify->checkpoint.size, index;
	struct digest leaves[MERKLE_TILE_WIDTH];
	enum err err = anchors_check(verify);
	unsigned width, i;

	for (index = 0; err == ERR_OK && index * MERKLE_TILE_WIDTH < size;
	     index++) {
		width = tile_width(size, index);
		err = bundle_leaves(verify, index, width, leaves);
		if (err == ERR_OK)
			err = compare_tile(verify, 0, index, leaves, width);
		for (i = 0; err == ERR_OK && i < width; i++)
			err = verify_leaf(verify, &leaves[i]);
		if (err == ERR_OK && width == MERKLE_TILE_WIDTH)
			verify->above[verify->above_count++] =
			    merkle_root_of(leaves, width);
		progress_add(&verify->progress, width);
	}
	return err;
}

/* Levels 1 and up: `above` shrinks in place to the level over it. */
static enum err
verify_levels(struct verify *verify)
{
	enum err err = ERR_OK;
	uint64_t index, count;
	size_t next;
	unsigned width;
	int level;

	for (level = 1; err == ERR_OK && verify->above_count > 0; level++) {
		count = verify->above_count;
		next = 0;
		for (index = 0;
		     err == ERR_OK && index * MERKLE_TILE_WIDTH < count;
		     index++) {
			struct digest *hashes =
			    verify->above + index * MERKLE_TILE_WIDTH;

			width = tile_width(count, index);
			err = compare_tile(verify, level, index, hashes, width);
			if (width == MERKLE_TILE_WIDTH)
				verify->above[next++] =
				    merkle_root_of(hashes, width);
		}
		verify->above_count = next;
	}
	return err;
}

static enum err
verify_root(struct verify *verify)
{
	struct digest root = verify->tree.size > 0
				 ? merkle_root(&verify->tree)
				 : digest_of(span_make("", 0));

	if (!digest_equal(&root, &verify->checkpoint.root))
		return why_set(&verify->why, ERR_INVALID,
		    "the root of the %" PRIu64 " entries is not the one that "
		    "the checkpoint signs",
		    verify->checkpoint.size);
	return ERR_OK;
}

static enum err
read_checkpoint(struct verify *verify)
{
	struct buf note = {0};
	struct why why;
	enum err err = read_part(verify, "checkpoint", &note);

	if (err == ERR_OK) {
		err = note_check(buf_span(&note), verify->trust.key,
		    &verify->checkpoint, &why);
		if (err != ERR_OK)
			why_set(&verify->why, ERR_INVALID,
			    "the checkpoint does not hold: %s", why.text);
	}
	buf_release(&note);
	return err;
}

/* It is of this log, and the log is not shorter by now. */
static enum err
anchor_take(struct verify *verify, struct anchor *anchor, const char *what,
    struct span note)
{
	const struct trail_trust *trust = &verify->trust;
	struct trail_trust unwitnessed = *trust;
	struct why why;
	enum err err;

	unwitnessed.has_witness = false;
	if (anchor == &verify->since)
		trust = &unwitnessed;
	anchor->what = what;
	err = trail_trust_check(
	    trust, note, &anchor->checkpoint, &verify->witnessed_s, &why);
	if (err != ERR_OK)
		return why_set(&verify->why, ERR_INVALID,
		    "%s does not hold: %s", what, why.text);
	anchor->is_there = true;
	if (strcmp(anchor->checkpoint.origin, verify->checkpoint.origin) != 0)
		return why_set(
		    &verify->why, ERR_INVALID, "%s is of another log", what);
	if (anchor->checkpoint.size > verify->checkpoint.size)
		return why_set(&verify->why, ERR_INVALID,
		    "cut off: %s is of %" PRIu64 " entries, here are %" PRIu64,
		    what, anchor->checkpoint.size, verify->checkpoint.size);
	return ERR_OK;
}

/* What the hub cosigned, and what the caller saw before.  A trail that is
 * young or has no witness has none. */
static enum err
read_anchors(struct verify *verify)
{
	const char *since = args_get(verify->args, "since");
	struct buf note = {0};
	enum err err = read_part(verify, "witnessed", &note);

	if (err == ERR_OK)
		err = anchor_take(verify, &verify->witnessed,
		    "the witnessed checkpoint", buf_span(&note));
	else if (err == ERR_MISSING)
		err = ERR_OK;
	if (err == ERR_OK && since != NULL) {
		buf_reset(&note);
		err = file_read(since, NOTE_MAX, &note, &verify->why);
		if (err == ERR_OK)
			err = anchor_take(verify, &verify->since,
			    "the earlier checkpoint", buf_span(&note));
	}
	buf_release(&note);
	return err;
}

static enum err
verify_all(struct verify *verify)
{
	uint64_t size = verify->checkpoint.size;
	enum err err;

	verify->above = mem_new(
	    ((size_t)(size / MERKLE_TILE_WIDTH) + 1) * sizeof(struct digest));
	progress_begin(&verify->progress, "verified", size, PROGRESS_ROWS);
	err = verify_leaves(verify);
	if (err == ERR_OK)
		err = verify_levels(verify);
	if (err == ERR_OK)
		err = verify_root(verify);
	if (err == ERR_OK && verify->entries != NULL)
		err = entries_finish(verify->entries, &verify->why);
	progress_end(&verify->progress);
	mem_free(verify->above);
	return err;
}

static void
say_anchors(const struct verify *verify)
{
	char time[CLOCK_TEXT_MAX];

	if (verify->trust.has_witness && verify->witnessed.is_there)
		printf("witnessed: the first %" PRIu64 " entries, %s\n",
		    verify->witnessed.checkpoint.size,
		    clock_print(verify->witnessed_s * CLOCK_SECOND, time));
	else if (verify->trust.has_witness)
		printf("No checkpoint was witnessed yet.\n");
	if (verify->since.is_there)
		printf("consistent with the earlier checkpoint of %" PRIu64
		       " entries\n",
		    verify->since.checkpoint.size);
}

static void
say_verified(const struct verify *verify)
{
	char hex[DIGEST_HEX_LEN + 1];

	printf("verified: %s, %" PRIu64 " entries, %" PRIu64
	       " tiles, root %s\n",
	    verify->checkpoint.origin, verify->checkpoint.size, verify->tiles,
	    digest_print(&verify->checkpoint.root, hex));
	say_anchors(verify);
	if (verify->entries != NULL && entries_deleted(verify->entries) > 0)
		printf("Entries 0 to %" PRIu64 " were deleted at the end of "
		       "their retention; their commitments were verified.\n",
		    entries_deleted(verify->entries) - 1);
	if (verify->entries == NULL)
		printf("The entries themselves are not here; their "
		       "commitments were verified.\n");
	else if (entries_beyond(verify->entries) > 0)
		printf("%" PRIu64 " newer entries wait for the next "
		       "checkpoint.\n",
		    entries_beyond(verify->entries));
}

/* What is wrong with the log is a no; what cannot be read at all, or whose
 * key is not known, is a failure. */
static enum err
verify_log(struct verify *verify)
{
	enum err err = read_anchors(verify);

	if (err == ERR_OK && !verify->remote)
		err =
		    entries_open(verify->from, &verify->entries, &verify->why);
	return err == ERR_OK ? verify_all(verify) : err;
}

static int
trail_verify(const struct args *args)
{
	struct verify verify = {.args = args};
	enum err err;

	if (args_has(args, "receipt"))
		return trail_receipt_verify(args);
	if (args->operand_count == 0)
		return args_misused(args, "DIR, URL or --receipt is needed");
	err = trail_trust_read(args, &verify.trust, &verify.why);
	if (err != ERR_OK)
		return args_misused(args, "%s", verify.why.text);
	verify.from = args->operands[0];
	verify.remote = strncmp(verify.from, "https://", 8) == 0;
	err = read_checkpoint(&verify);
	if (err != ERR_OK && err != ERR_INVALID)
		return args_failed(args, "%s", verify.why.text);
	if (err == ERR_OK)
		err = verify_log(&verify);
	if (err == ERR_OK)
		say_verified(&verify);
	else
		args_failed(args, "NOT verified: %s", verify.why.text);
	entries_close(verify.entries);
	if (err == ERR_OK)
		return DONE;
	return err == ERR_NETWORK || err == ERR_IO ? UNREACHED : REFUSED;
}

static const struct arg_option options[] = {
    {"key", "HEX", NULL, "the node's public trail key (64 hex digits)"},
    {"member", "FILE", NULL, "or its member document, which names the key"},
    {"network", "FILE", NULL,
	"network.json: the witness's line must hold, where there is one; "
	"alone: "
	"the log is the hub's own, of operators' actions"},
    {"since", "FILE", NULL, "an earlier checkpoint that it must extend"},
    {"receipt", "FILE", NULL,
	"instead of a log: a receipt of GET /v1/trail/receipts, offline"},
    {"ca", "FILE", "RX_CA", "for a URL: the network's CA certificate"},
    {"cert", "FILE", "RX_CERT,RX_OPERATOR_CERT", "for a URL: our certificate"},
    {"cert-key", "FILE", "RX_KEY,RX_OPERATOR_KEY", "for a URL: its key"},
    {"as", "STEM", NULL, "short for --cert STEM.crt --key STEM.key"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_command commands[] = {
    {"trail verify", "[DIR|URL]", "verify a node's access log",
	"Recomputes every leaf, tile and the root and compares them with the "
	"signed checkpoint.\nIn a node's own folder the entries too. Exits "
	"with 1 and says what is wrong when it does not hold.",
	"rongxin trail verify run/city/trail --member keys/city.member.json", 0,
	1, options, trail_verify},
    {"trail accesses", "URL…", "who saw my data on these nodes",
	"With a subject's certificate: every access to its data, with "
	"institution, purpose, items,\nconsent and rule.",
	"rongxin trail accesses https://localhost:8444 --as keys/firm", 1, 4,
	trail_accesses_options, trail_accesses},
    {"trail entry", "INDEX", "one entry of a node's access log",
	"For its member, its subject, operators and auditors.",
	"rongxin trail entry 42 --node https://localhost:8444 --receipt "
	"42.json",
	1, 1, trail_entry_options, trail_entry},
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL},
};

int
command_trail(int argc, char **argv)
{
	return args_dispatch("trail", commands, argc, argv);
}
