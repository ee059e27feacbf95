/*
 * replica: one sealed batch, from its bytes to the store.
 */
#include "node/replica.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/team.h"
#include "node/apply.h"

#define OPENERS 2 /* threads */
#define AHEAD 8   /* batches opened before their turn */

/* A batch, and what it replaces as far as that was looked for ahead. */
struct turn {
	struct parcel parcel;
	struct replaced replaced;
};

struct replica {
	struct store *store;
	struct team *team;
	struct turn ahead[AHEAD + 1]; /* in turn; one of them is at hand */
	struct turn alone;            /* for what nobody expected */
	const struct span *expected;
	size_t expected_count, given, taken; /* of the expected ones */
	struct metric *batches, *records, *delay;
};

static const char refused_metric[] = "rongxin_node_batches_refused_total";
static const char refused_help[] = "Sealed batches refused.";

/* On the team's threads, or here.  What cannot be found now is looked for at
 * the batch's turn. */
static void
replica_open(void *context, void *job)
{
	struct replica *replica = context;
	struct turn *turn = job;
	struct why why = {""};

	parcel_check(&turn->parcel);
	parcel_open(&turn->parcel);
	if (turn->parcel.checked != ERR_OK || turn->parcel.opened != ERR_OK ||
	    replaced_find(
		replica->store, &turn->parcel, &turn->replaced, &why) != ERR_OK)
		turn->replaced.is_known = false;
}

static void
turn_begin(struct turn *turn, struct span bytes)
{
	parcel_begin(&turn->parcel, bytes);
	turn->replaced.is_known = false;
}

struct replica *
replica_new(struct store *store, struct keyring *keys)
{
	struct replica *replica = mem_new(sizeof(*replica));
	size_t i;

	replica->store = store;
	replica->team = team_new("open", OPENERS, replica_open, replica);
	parcel_init(&replica->alone.parcel, keys);
	for (i = 0; i <= AHEAD; i++)
		parcel_init(&replica->ahead[i].parcel, keys);
	replica->batches = metric_counter("rongxin_node_batches_applied_total",
	    "", "Sealed batches applied.");
	replica->records = metric_counter(
	    "rongxin_node_records_applied_total", "", "Records applied.");
	replica->delay = metric_histogram("rongxin_node_delay_seconds", "",
	    "From commit at the hub to applied here.");
	/* There from the start, so that the first one is a change. */
	(void)metric_counter(
	    refused_metric, "reason=\"invalid\"", refused_help);
	return replica;
}

void
replica_free(struct replica *replica)
{
	size_t i;

	if (replica == NULL)
		return;
	replica_forget(replica);
	team_free(replica->team);
	parcel_release(&replica->alone.parcel);
	for (i = 0; i <= AHEAD; i++)
		parcel_release(&replica->ahead[i].parcel);
	mem_free(replica);
}

static void
replica_count_refused(enum err err)
{
	char labels[64];

	snprintf(labels, sizeof(labels), "reason=\"%s\"",
	    err == ERR_CONFLICT ? "diverged" : err_name(err));
	metric_add(metric_counter(refused_metric, labels, refused_help), 1);
}

/* It is the parent that is named: the hub signed what it signed. */
static enum err
replica_refuse(const struct parent *parent, const struct batch_header *header,
    enum err err, const struct why *why)
{
	replica_count_refused(err);
	log_error(err == ERR_CONFLICT ? "follow.diverged" : "follow.refused",
	    "peer=%s stream=%s first=%llu err=%s why=\"%s\"",
	    parent_peer(parent), header->stream,
	    (unsigned long long)header->first, err_name(err), why->text);
	return err;
}

static void
replica_count(struct replica *replica, const struct taken *taken)
{
	const struct stream_state *state = &taken->followed->state;
	char labels[32];

	snprintf(labels, sizeof(labels), "stream=\"%s\"", state->chain.stream);
	metric_set(metric_gauge("rongxin_node_position", labels,
		       "Position of a followed stream."),
	    (int64_t)state->chain.position);
	metric_add(replica->batches, 1);
	metric_add(replica->records, (int64_t)taken->count);
	metric_observe_us(
	    replica->delay, state->applied_us - state->committed_us);
}

/* What continues our chain is opened and applied. */
static enum err
replica_apply(struct replica *replica, struct turn *turn, struct taken *taken,
    struct why *why)
{
	struct stream_state *state = &taken->followed->state;
	struct parcel *parcel = &turn->parcel;
	enum err err = chain_admit(&state->chain, &parcel->header);

	if (err == ERR_SEEN || err == ERR_GAP)
		return err;
	if (err != ERR_OK)
		return why_set(why, err, "it does not continue our chain");
	parcel_open(parcel);
	*why = parcel->why;
	if (parcel->opened != ERR_OK)
		return parcel->opened;
	taken->records = parcel->records;
	taken->count = parcel->count;
	return apply_batch(replica->store, state, parcel, &turn->replaced, why);
}

/* What the next turn needs stays where it is until then. */
static void
replica_give(struct replica *replica)
{
	struct turn *turn;

	while (replica->given < replica->expected_count &&
	       replica->given - replica->taken < AHEAD) {
		turn = &replica->ahead[replica->given % (AHEAD + 1)];
		turn_begin(turn, replica->expected[replica->given++]);
		team_give(replica->team, turn);
	}
}

void
replica_forget(struct replica *replica)
{
	while (replica->taken < replica->given) {
		(void)team_take(replica->team);
		replica->taken++;
	}
	replica->expected_count = replica->given = replica->taken = 0;
}

void
replica_expect(struct replica *replica, const struct span *sealed, size_t count)
{
	replica_forget(replica);
	replica->expected = sealed;
	replica->expected_count = count;
	replica_give(replica);
}

/* Checked with what is known now; opened, if it was expected. */
static struct turn *
replica_turn(struct replica *replica, struct span bytes)
{
	struct turn *turn = &replica->alone;

	if (replica->taken < replica->given &&
	    replica->expected[replica->taken].ptr == bytes.ptr) {
		turn = team_take(replica->team);
		replica->taken++;
		replica_give(replica);
		parcel_renew(&turn->parcel);
		return turn;
	}
	turn_begin(turn, bytes);
	parcel_check(&turn->parcel);
	return turn;
}

enum err
replica_take(struct replica *replica, struct parent *parent, struct span bytes,
    struct taken *taken)
{
	struct turn *turn = replica_turn(replica, bytes);
	const struct parcel *parcel = &turn->parcel;
	struct why why;
	enum err err;

	*taken = (struct taken){.header = parcel->header};
	if (parcel->checked != ERR_OK)
		return replica_refuse(
		    parent, &taken->header, ERR_INVALID, &parcel->why);
	taken->followed = parent_find(parent, taken->header.stream);
	if (taken->followed == NULL)
		return ERR_MISSING;
	if (taken->followed->phase == FOLLOWED_LOADING)
		return ERR_BUSY;
	err = replica_apply(replica, turn, taken, &why);
	if (err == ERR_OK)
		replica_count(replica, taken);
	else if (err != ERR_SEEN && err != ERR_GAP)
		err = replica_refuse(parent, &taken->header, err, &why);
	return err;
}
