/*
 * witness: holds each node to the checkpoints that it signed.
 */
#include "hub/witness.h"

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/metric.h"
#include "credit/note.h"

#define HOUR_US (3600 * CLOCK_SECOND)

enum err
witness_read(struct pg *pg, const char *code, struct witness *witness)
{
	struct span edge;

	*witness = (struct witness){0};
	pg_exec(pg,
	    "SELECT next, edge, checked, forked_at IS NOT NULL, sequence,"
	    " short_at IS NOT NULL FROM node_trail WHERE code = $1",
	    pg_arg_text(span_of(code)));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	if (pg_rows(pg) == 0)
		return ERR_OK;
	edge = pg_bytes(pg, 0, 1);
	if (edge.len % DIGEST_LEN != 0 || edge.len > sizeof(witness->tree.edge))
		return ERR_DATABASE;
	witness->tree.size = (uint64_t)pg_int(pg, 0, 0);
	witness->tree.edge_count = (unsigned)(edge.len / DIGEST_LEN);
	memcpy(witness->tree.edge, edge.ptr, edge.len);
	witness->checked = (uint64_t)pg_int(pg, 0, 2);
	witness->forked = pg_int(pg, 0, 3) != 0;
	witness->sequence = (uint64_t)pg_int(pg, 0, 4);
	witness->shortened = pg_int(pg, 0, 5) != 0;
	return ERR_OK;
}

void
witness_keep(struct pg *pg, const char *code, const struct witness *witness)
{
	const struct merkle *tree = &witness->tree;

	pg_exec(pg,
	    "INSERT INTO node_trail (code, next, edge, checked, reported_at,"
	    " forked_at, sequence, short_at) VALUES ($1, $2, $3, $4, $5,"
	    " CASE WHEN $6 = 1 THEN $5::timestamptz END, $7,"
	    " CASE WHEN $8 = 1 THEN $5::timestamptz END)"
	    " ON CONFLICT (code) DO UPDATE SET next = excluded.next,"
	    " edge = excluded.edge, checked = excluded.checked,"
	    " reported_at = excluded.reported_at, forked_at ="
	    " COALESCE(node_trail.forked_at, excluded.forked_at),"
	    " sequence = excluded.sequence, short_at ="
	    " CASE WHEN excluded.short_at IS NOT NULL THEN"
	    " COALESCE(node_trail.short_at, excluded.short_at) END",
	    pg_arg_text(span_of(code)), pg_arg_int((int64_t)tree->size),
	    pg_arg_bytes(span_make(tree->edge, tree->edge_count * DIGEST_LEN)),
	    pg_arg_int((int64_t)witness->checked), pg_arg_time(clock_now_us()),
	    pg_arg_int(witness->forked), pg_arg_int((int64_t)witness->sequence),
	    pg_arg_int(witness->shortened));
}

/* The newest of an hour stays: enough to hold the node to, and bounded. */
static void
keep_checkpoint(struct pg *pg, const char *code, struct span note,
    const struct checkpoint *checkpoint)
{
	int64_t now_us = clock_now_us();

	pg_exec(pg,
	    "INSERT INTO node_checkpoint (code, hour, size, root, note,"
	    " received_at) VALUES ($1, $2, $3, $4, $5, $6)"
	    " ON CONFLICT (code, hour) DO UPDATE SET size = excluded.size,"
	    " root = excluded.root, note = excluded.note,"
	    " received_at = excluded.received_at"
	    " WHERE node_checkpoint.size < excluded.size",
	    pg_arg_text(span_of(code)), pg_arg_time(now_us - now_us % HOUR_US),
	    pg_arg_int((int64_t)checkpoint->size),
	    pg_arg_bytes(span_make(checkpoint->root.bytes, DIGEST_LEN)),
	    pg_arg_bytes(note), pg_arg_time(now_us));
}

/* Signed by this node, and about its trail? */
static enum err
read_checkpoint(const struct member *origin, struct span note,
    struct checkpoint *checkpoint, struct why *why)
{
	char expected[NOTE_ORIGIN_MAX + 1];
	struct buf raw = {0};
	enum err err = ERR_INVALID;

	note_trail_origin(origin->code, expected);
	if (codec_parse_hex(span_of(origin->trail_key), &raw) && raw.len == 32)
		err = note_check(
		    note, (const uint8_t *)raw.data, checkpoint, why);
	if (err == ERR_OK && strcmp(checkpoint->origin, expected) != 0)
		err = ERR_INVALID;
	buf_release(&raw);
	return err;
}

static void
count_refused(const char *why)
{
	metric_add(metric_counter("rongxin_hub_trails_refused_total", why,
		       "Trails whose checkpoint did not extend the last."),
	    1);
}

static void
find_fork(struct witness *witness, const struct member *origin,
    const struct checkpoint *checkpoint)
{
	if (witness->forked)
		return;
	witness->forked = true;
	count_refused("why=\"forked\"");
	log_error("usage.forked", "node=%s size=%llu", origin->code,
	    (unsigned long long)checkpoint->size);
}

/* Messages overtake each other, so only a newer one may say so. */
static void
find_short(struct witness *witness, const struct member *origin,
    const struct upward *upward, const struct checkpoint *checkpoint)
{
	bool is_short = checkpoint->size < witness->checked;

	if (upward->sequence <= witness->sequence)
		return;
	witness->sequence = upward->sequence;
	if (is_short && !witness->shortened) {
		count_refused("why=\"short\"");
		log_error("usage.short", "node=%s size=%llu checked=%llu",
		    origin->code, (unsigned long long)checkpoint->size,
		    (unsigned long long)witness->checked);
	}
	witness->shortened = is_short;
}

/* Does the checkpoint extend the last one that did?  One of as many leaves as
 * were told proves them, or shows that the trail was rewritten; one of fewer
 * may have been overtaken. */
static bool
extends(struct witness *witness, const struct member *origin,
    const struct checkpoint *checkpoint)
{
	struct digest root;

	if (checkpoint->size != witness->tree.size)
		return false;
	root = merkle_root(&witness->tree);
	if (!digest_equal(&root, &checkpoint->root))
		find_fork(witness, origin, checkpoint);
	if (witness->forked || witness->shortened)
		return false;
	witness->checked = checkpoint->size;
	return true;
}

static void
cosign(struct pg *pg, const char *code, struct span checkpoint,
    struct counted *counted)
{
	int64_t now_s = clock_now_us() / CLOCK_SECOND;
	struct buf note = {0};

	if (counted->signer == NULL)
		return;
	if (note_cosign(checkpoint, now_s, counted->signer, &counted->line) !=
	    ERR_OK) {
		log_error("usage.cosign", "node=%s", code);
		return;
	}
	buf_add(&note, checkpoint.ptr, checkpoint.len);
	buf_add(&note, counted->line.data, counted->line.len);
	pg_exec(pg, "UPDATE node_trail SET witnessed = $2 WHERE code = $1",
	    pg_arg_text(span_of(code)), pg_arg_bytes(buf_span(&note)));
	metric_add(metric_counter("rongxin_hub_trails_witnessed_total", "",
		       "Checkpoints of nodes that were cosigned."),
	    1);
	buf_release(&note);
}

void
witness_look(struct pg *pg, const struct member *origin,
    const struct upward *upward, struct witness *witness,
    struct counted *counted)
{
	struct checkpoint checkpoint;
	struct why why = {""};
	enum err err;

	if (upward->checkpoint.len == 0)
		return;
	err = read_checkpoint(origin, upward->checkpoint, &checkpoint, &why);
	if (err != ERR_OK) {
		log_warn("usage.checkpoint", "node=%s why=\"%s\"", origin->code,
		    why.text);
		return;
	}
	keep_checkpoint(pg, origin->code, upward->checkpoint, &checkpoint);
	find_short(witness, origin, upward, &checkpoint);
	/* There must be a row to keep the cosigned note in. */
	if (extends(witness, origin, &checkpoint)) {
		witness_keep(pg, origin->code, witness);
		cosign(pg, origin->code, upward->checkpoint, counted);
	}
	counted->verdict = witness->forked      ? TRAIL_FORKED
			   : witness->shortened ? TRAIL_SHORT
						: TRAIL_GOOD;
}

enum err
witness_print(struct pg *pg, const char *code, struct buf *note)
{
	struct span found;

	pg_exec(pg,
	    "SELECT witnessed FROM node_trail WHERE code = $1 AND witnessed"
	    " IS NOT NULL",
	    pg_arg_text(span_of(code)));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	if (pg_rows(pg) == 0)
		return ERR_MISSING;
	found = pg_bytes(pg, 0, 0);
	buf_add(note, found.ptr, found.len);
	return ERR_OK;
}
