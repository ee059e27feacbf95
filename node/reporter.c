/*
 * reporter: tells the hub what the trail holds, entry by entry and without
 * subjects.
 */
#include "node/reporter.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "credit/note.h"
#include "node/entries_reader.h"

#define ROWS_MAX 512
#define INTERVAL_US                                                            \
	(2 * CLOCK_SECOND) /* between messages that are not full               \
			    */
#define RETRY_US (5 * CLOCK_SECOND)
#define REFUSED_US (60 * CLOCK_SECOND) /* a parent that is older, perhaps */

struct reporter {
	struct reporter_settings settings;
	struct entries_reader *reader;
	bool knows;      /* the hub has said where it is: … */
	uint64_t next;   /* … this is what it wants next */
	uint64_t ticket; /* of the message under way; 0: none */
	int64_t sent_us; /* monotonic */
	int64_t not_before_us;
	bool ahead;      /* the hub has more than there is here: said once */
	struct buf note; /* the checkpoint under way */
	struct metric *told;
};

struct reporter *
reporter_new(const struct reporter_settings *settings)
{
	struct reporter *reporter = mem_new(sizeof(*reporter));

	reporter->settings = *settings;
	reporter->reader =
	    entries_reader_new(trail_entries_folder(settings->trail));
	reporter->told = metric_gauge("rongxin_node_trail_told", "",
	    "Trail entries that the hub has counted.");
	return reporter;
}

void
reporter_free(struct reporter *reporter)
{
	if (reporter == NULL)
		return;
	entries_reader_free(reporter->reader);
	buf_release(&reporter->note);
	mem_free(reporter);
}

/* False: the entry cannot be read. */
static bool
read_row(struct reporter *reporter, uint64_t index, struct arena *arena,
    struct usage_row *row)
{
	struct access *access = arena_take(arena, sizeof(*access));
	struct entry entry;
	enum err err = entries_reader_read(reporter->reader, index, &entry);

	if (err == ERR_OK)
		err = unpack_access(entry.bytes, access);
	if (err != ERR_OK) {
		log_error("report.entry", "index=%llu err=%s",
		    (unsigned long long)index, err_name(err));
		reporter->not_before_us = clock_tick_us() + REFUSED_US;
		return false;
	}
	row->leaf = entry.leaf;
	row->time_us = access->time_us;
	row->member = span_of(access->member);
	row->action = span_of(access->action);
	row->purpose = access->purpose;
	row->items = access->items;
	/* The holder counts what it showed. */
	if (strcmp(access->action, "forward") != 0)
		row->item_count = access->item_count;
	row->rule = access->rule;
	return true;
}

/* The rows from where the hub is, as far as the checkpoint goes and no further:
 * so the hub can hold the one to the other. */
static bool
read_rows(struct reporter *reporter, struct arena *arena, struct upward *upward)
{
	struct checkpoint checkpoint;
	uint64_t left;
	struct usage_row *rows;
	size_t count, i;

	if (note_read(upward->checkpoint, &checkpoint, NULL) != ERR_OK ||
	    checkpoint.size < reporter->next)
		return false;
	left = checkpoint.size - reporter->next;
	count = left < ROWS_MAX ? (size_t)left : ROWS_MAX;
	rows = arena_take(arena, (count + 1) * sizeof(*rows));
	for (i = 0; i < count; i++)
		if (!read_row(reporter, reporter->next + i, arena, &rows[i]))
			return false;
	upward->first = reporter->next;
	upward->rows = rows;
	upward->row_count = count;
	return true;
}

static void
send_usage(struct reporter *reporter, uint64_t sequence)
{
	struct request request = {.kind = REQUEST_UPWARD};
	struct upward upward = {.kind = UPWARD_USAGE,
	    .origin = span_of(reporter->settings.own_code),
	    .sequence = sequence,
	    .time_us = clock_now_us()};
	struct arena *arena = arena_new();
	struct buf packed = {0};

	buf_reset(&reporter->note);
	tree_checkpoint(trail_tree(reporter->settings.trail), &reporter->note);
	upward.checkpoint = buf_span(&reporter->note);
	if ((!reporter->knows || read_rows(reporter, arena, &upward)) &&
	    pack_upward(&upward, reporter->settings.signer, &packed) ==
		ERR_OK) {
		request.upward = buf_span(&packed);
		reporter->ticket =
		    parent_send(reporter->settings.parent, &request);
		reporter->sent_us = clock_tick_us();
	}
	buf_release(&packed);
	arena_free(arena);
}

/* A trail that lost its end: the hub remembers it. */
static bool
is_ahead(struct reporter *reporter, uint64_t size)
{
	bool ahead = reporter->knows && reporter->next > size;

	if (ahead && !reporter->ahead)
		log_error("report.ahead", "hub=%llu trail=%llu",
		    (unsigned long long)reporter->next,
		    (unsigned long long)size);
	reporter->ahead = ahead;
	return ahead;
}

/* Told in full, but not witnessed: asked again, without rows. */
static bool
is_content(struct reporter *reporter, uint64_t size, int64_t now_us)
{
	const struct reporter_settings *settings = &reporter->settings;

	if (!reporter->knows || reporter->next != size)
		return false;
	return settings->witness_key == NULL ||
	       trail_verdict(settings->trail) != TRAIL_GOOD ||
	       tree_witnessed(trail_tree(settings->trail)) == size ||
	       now_us - reporter->sent_us < REFUSED_US;
}

void
reporter_tick(struct reporter *reporter, uint64_t sequence)
{
	uint64_t size = tree_published(trail_tree(reporter->settings.trail));
	int64_t now_us = clock_tick_us();
	bool full;

	if (reporter->ticket != 0 && now_us - reporter->sent_us < RETRY_US)
		return;
	reporter->ticket = 0;
	if (parent_protocol(reporter->settings.parent) < PROTOCOL_USAGE ||
	    now_us < reporter->not_before_us || is_ahead(reporter, size) ||
	    is_content(reporter, size, now_us))
		return;
	full = reporter->knows && size - reporter->next >= ROWS_MAX;
	if (!full && reporter->sent_us != 0 &&
	    now_us - reporter->sent_us < INTERVAL_US)
		return;
	send_usage(reporter, sequence);
}

/* The line is the witness's, or it is nothing: relays pass it on. */
static void
take_cosignature(struct reporter *reporter, struct span line)
{
	const uint8_t *key = reporter->settings.witness_key;
	struct why why = {""};
	int64_t time_s;

	if (key == NULL || line.len == 0)
		return;
	buf_add(&reporter->note, line.ptr, line.len);
	if (note_check_witness(buf_span(&reporter->note), key, &time_s, &why) ==
	    ERR_OK)
		tree_take_witnessed(trail_tree(reporter->settings.trail),
		    buf_span(&reporter->note));
	else
		log_warn("report.cosignature", "why=\"%s\"", why.text);
}

static void
take_verdict(struct reporter *reporter, enum trail_verdict verdict)
{
	struct trail *trail = reporter->settings.trail;

	if (verdict != TRAIL_GOOD && verdict != trail_verdict(trail))
		log_error("report.refused", "why=%s",
		    verdict == TRAIL_FORKED ? "forked" : "short");
	trail_set_verdict(trail, verdict);
}

bool
reporter_on_reply(struct reporter *reporter, const struct reply *reply)
{
	if (reporter->ticket == 0 || reply->ticket != reporter->ticket)
		return false;
	reporter->ticket = 0;
	if (reply->kind == REPLY_COUNTED) {
		reporter->knows = true;
		reporter->next = reply->next;
		metric_set(reporter->told, (int64_t)reply->next);
		take_cosignature(reporter, reply->cosignature);
		take_verdict(reporter, reply->verdict);
	} else {
		reporter->not_before_us =
		    clock_tick_us() + (span_is(reply->reason, "busy")
					      ? CLOCK_SECOND
					      : REFUSED_US);
	}
	return true;
}
