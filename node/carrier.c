/*
 * carrier: takes the batches of local departments up to the hub, piece by
 * piece, and brings the hub's answers back.
 */
#include "node/carrier.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/spool.h"
#include "node/freight.h"

#define RETRY_US (5 * CLOCK_SECOND)
#define REFUSED_US (60 * CLOCK_SECOND) /* a parent that is older, perhaps */
#define LOOK_US (5 * CLOCK_SECOND)     /* between looks at an empty folder */
#define HELD_S 10                      /* a held batch is asked about again */
#define KEEP_S (30 * 86400)            /* answers are kept so long */

struct carrier {
	struct carrier_settings settings;
	char name[FREIGHT_NAME_SIZE]; /* under way, or the last that was */
	bool busy;                    /* one is under way: … */
	struct buf manifest;          /* … */
	struct spool *spool;          /* NULL: only asked about */
	bool knows;                   /* the hub has said how much it has */
	uint64_t held;
	size_t sent;           /* bytes in the message under way */
	uint64_t ticket;       /* of the message under way; 0: none */
	int64_t not_before_us; /* monotonic */
	struct metric *waiting;
};

struct carrier *
carrier_new(const struct carrier_settings *settings)
{
	struct carrier *carrier = mem_new(sizeof(*carrier));

	carrier->settings = *settings;
	carrier->waiting = metric_gauge("rongxin_node_feeds_waiting", "",
	    "Batches of local departments that the hub has not answered.");
	return carrier;
}

static void
put_down(struct carrier *carrier)
{
	spool_close(carrier->spool);
	carrier->spool = NULL;
	carrier->busy = false;
	carrier->knows = false;
	buf_reset(&carrier->manifest);
}

void
carrier_free(struct carrier *carrier)
{
	if (carrier == NULL)
		return;
	put_down(carrier);
	buf_release(&carrier->manifest);
	mem_free(carrier);
}

void
carrier_wake(struct carrier *carrier)
{
	if (!carrier->busy)
		carrier->not_before_us = 0;
}

/* The next one that waits, if there is one. */
static bool
pick_up(struct carrier *carrier)
{
	const char *folder = carrier->settings.folder;
	struct buf answer = {0};
	struct why why = {""};
	enum err err;

	freight_expire(folder, KEEP_S);
	metric_set(carrier->waiting, (int64_t)freight_waiting(folder));
	if (freight_next(folder, carrier->name, HELD_S) != ERR_OK)
		return false;
	err = freight_read(folder, carrier->name, &carrier->manifest, &answer);
	if (err == ERR_OK)
		err = spool_open_part(
		    folder, carrier->name, false, &carrier->spool, &why);
	buf_release(&answer);
	if (err != ERR_OK)
		log_error(
		    "feed.read", "err=%s why=\"%s\"", err_name(err), why.text);
	carrier->busy = err == ERR_OK;
	return carrier->busy;
}

/* A piece behind what the hub has; none: only asked. */
static enum err
read_piece(struct carrier *carrier, struct upward *upward, struct buf *piece)
{
	size_t len = 0;
	enum err err;

	if (!carrier->knows)
		return ERR_OK;
	err = spool_read(
	    carrier->spool, carrier->held, piece, FEED_PIECE_MAX, &len);
	upward->offset = carrier->held;
	upward->bytes = buf_span(piece);
	return err;
}

static void
send(struct carrier *carrier, uint64_t sequence)
{
	struct request request = {.kind = REQUEST_UPWARD};
	struct upward upward = {.kind = UPWARD_FEED,
	    .origin = span_of(carrier->settings.own_code),
	    .sequence = sequence,
	    .time_us = clock_now_us(),
	    .document = buf_span(&carrier->manifest)};
	struct buf piece = {0}, packed = {0};

	if (read_piece(carrier, &upward, &piece) == ERR_OK &&
	    pack_upward(&upward, carrier->settings.signer, &packed) == ERR_OK) {
		request.upward = buf_span(&packed);
		carrier->ticket =
		    parent_send(carrier->settings.parent, &request);
	} else {
		log_error("feed.read", "err=io why=\"\"");
	}
	carrier->sent = piece.len;
	carrier->not_before_us = clock_tick_us() + RETRY_US;
	buf_release(&piece);
	buf_release(&packed);
}

void
carrier_tick(struct carrier *carrier, uint64_t sequence)
{
	int64_t now_us = clock_tick_us();

	if (now_us < carrier->not_before_us ||
	    parent_protocol(carrier->settings.parent) < PROTOCOL_USAGE)
		return;
	carrier->ticket = 0;
	if (carrier->busy || pick_up(carrier))
		send(carrier, sequence);
	else
		carrier->not_before_us = now_us + LOOK_US;
}

static void
take_answer(struct carrier *carrier, const struct reply *reply)
{
	struct why why = {""};

	/* The bytes can go only when nobody has them open. */
	spool_close(carrier->spool);
	carrier->spool = NULL;
	if (freight_answer(carrier->settings.folder, carrier->name,
		reply->status, reply->answer, &why) != ERR_OK)
		log_error("feed.keep", "why=\"%s\"", why.text);
	else
		log_info("feed.answered", "status=%u", reply->status);
	put_down(carrier);
	carrier->not_before_us = 0;
}

/* Without progress somebody else comes first. */
static void
take_held(struct carrier *carrier, const struct reply *reply)
{
	bool whole = reply->held >= spool_size(carrier->spool);
	bool moved = whole ? carrier->sent > 0
			   : !carrier->knows || reply->held > carrier->held;

	carrier->held = reply->held;
	carrier->knows = !whole; /* what is being merged is asked about */
	carrier->not_before_us = 0;
	if (moved)
		return;
	put_down(carrier);
	carrier->not_before_us = clock_tick_us() + CLOCK_SECOND;
}

bool
carrier_on_reply(struct carrier *carrier, const struct reply *reply)
{
	if (carrier->ticket == 0 || reply->ticket != carrier->ticket)
		return false;
	carrier->ticket = 0;
	if (reply->kind == REPLY_FEED && reply->status != 0) {
		take_answer(carrier, reply);
	} else if (reply->kind == REPLY_FEED) {
		take_held(carrier, reply);
	} else {
		put_down(carrier);
		carrier->not_before_us =
		    clock_tick_us() +
		    (span_is(reply->reason, "busy") ? RETRY_US : REFUSED_US);
	}
	return true;
}
