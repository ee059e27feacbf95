/*
 * rehearsal: the same rows by the catalogue in force and by a candidate.
 */
#include "hub/rehearsal.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

#define PIECE (128 << 10)
#define TALLIES_MAX 4096

enum side {
	NOW,
	CANDIDATE,
	SIDES
};

enum outcome {
	REJECTED,
	CLEAN,
	WARNED
};

/* The rows of one item. */
struct lane {
	uint32_t item;
	struct buf text; /* NDJSON of rows that stand, not looked at yet */
	size_t waiting;
	uint64_t rows, rejected[SIDES], warned[SIDES];
	uint64_t newly_rejected, newly_accepted, newly_warned;
};

/* What one rule found in one field. */
struct tally {
	uint32_t item;
	const char *field, *rule;
	enum finding_severity severity;
	uint64_t found[SIDES];
};

struct rehearsal {
	const struct catalog *catalogs[SIDES];
	int64_t now_us;
	struct lane *lanes;
	size_t lane_count, lane_room;
	struct tally *tallies;
	size_t tally_count;
	/* of one look */
	struct lane *lane;
	enum side side;
	struct buf outcomes[SIDES]; /* an enum outcome each */
};

struct rehearsal *
rehearsal_new(
    const struct catalog *now, const struct catalog *candidate, int64_t now_us)
{
	struct rehearsal *rehearsal = mem_new(sizeof(*rehearsal));

	rehearsal->catalogs[NOW] = now;
	rehearsal->catalogs[CANDIDATE] = candidate;
	rehearsal->now_us = now_us;
	rehearsal->tallies = mem_new(TALLIES_MAX * sizeof(*rehearsal->tallies));
	return rehearsal;
}

void
rehearsal_free(struct rehearsal *rehearsal)
{
	size_t i;

	if (rehearsal == NULL)
		return;
	for (i = 0; i < rehearsal->lane_count; i++)
		buf_release(&rehearsal->lanes[i].text);
	buf_release(&rehearsal->outcomes[NOW]);
	buf_release(&rehearsal->outcomes[CANDIDATE]);
	mem_free(rehearsal->lanes);
	mem_free(rehearsal->tallies);
	mem_free(rehearsal);
}

static struct lane *
find_lane(struct rehearsal *rehearsal, uint32_t item)
{
	size_t i, room = rehearsal->lane_room;

	for (i = 0; i < rehearsal->lane_count; i++)
		if (rehearsal->lanes[i].item == item)
			return &rehearsal->lanes[i];
	if (i == room) {
		rehearsal->lane_room = room > 0 ? 2 * room : 64;
		rehearsal->lanes = mem_grow(rehearsal->lanes,
		    rehearsal->lane_room * sizeof(*rehearsal->lanes));
	}
	rehearsal->lanes[i] = (struct lane){.item = item};
	rehearsal->lane_count++;
	return &rehearsal->lanes[i];
}

static void
tally_add(struct rehearsal *rehearsal, const struct tally *what, uint64_t more)
{
	struct tally *tally = rehearsal->tallies;
	size_t i;

	for (i = 0; i < rehearsal->tally_count; i++, tally++)
		if (tally->item == what->item &&
		    tally->severity == what->severity &&
		    strcmp(tally->rule, what->rule) == 0 &&
		    strcmp(tally->field, what->field) == 0)
			break;
	if (i == TALLIES_MAX)
		return;
	if (i == rehearsal->tally_count) {
		*tally = *what;
		rehearsal->tally_count++;
	}
	tally->found[rehearsal->side] += more;
}

static void
on_row(void *context, const struct feed_row *row)
{
	struct rehearsal *rehearsal = context;
	enum outcome outcome = row->accepted ? CLEAN : REJECTED;
	size_t i;

	for (i = 0; i < row->finding_count; i++) {
		const struct finding *finding = &row->findings[i];
		const struct tally what = {.item = rehearsal->lane->item,
		    .field = finding->field,
		    .rule = finding->rule,
		    .severity = finding->severity};

		tally_add(rehearsal, &what, 1);
		if (row->accepted)
			outcome = WARNED;
	}
	buf_char(&rehearsal->outcomes[rehearsal->side], (char)outcome);
}

/* Rows that the catalogue cannot read at all. */
static void
note_unread(struct rehearsal *rehearsal, const char *rule, size_t count)
{
	const struct tally what = {.item = rehearsal->lane->item,
	    .field = "",
	    .rule = rule,
	    .severity = FINDING_REJECT};

	if (count > 0)
		tally_add(rehearsal, &what, count);
}

static void
look(struct rehearsal *rehearsal, enum side side, enum feed_format format,
    struct span text, size_t count)
{
	const struct catalog *catalog = rehearsal->catalogs[side];
	struct buf *outcomes = &rehearsal->outcomes[side];
	struct feed_settings settings = {.catalog = catalog,
	    .item = catalog_find_item(catalog, rehearsal->lane->item),
	    .format = format,
	    .charset = "utf-8",
	    .received_us = rehearsal->now_us,
	    .now_us = rehearsal->now_us,
	    .row = on_row,
	    .context = rehearsal};
	struct feed_reader *reader = NULL;
	const char *unread = "item_unknown";

	rehearsal->side = side;
	buf_reset(outcomes);
	if (settings.item != NULL) {
		reader = feed_reader_new(&settings);
		unread = "batch_unreadable";
		if (feed_reader_feed(reader, text) == ERR_OK &&
		    feed_reader_end(reader) == ERR_OK)
			unread = "row_unreadable";
	}
	if (outcomes->len < count)
		note_unread(rehearsal, unread, count - outcomes->len);
	while (outcomes->len < count)
		buf_char(outcomes, REJECTED);
	feed_reader_free(reader);
}

static void
compare(struct rehearsal *rehearsal, size_t count)
{
	struct lane *lane = rehearsal->lane;
	size_t i;

	for (i = 0; i < count; i++) {
		char now = rehearsal->outcomes[NOW].data[i];
		char then = rehearsal->outcomes[CANDIDATE].data[i];

		lane->rejected[NOW] += now == REJECTED;
		lane->rejected[CANDIDATE] += then == REJECTED;
		lane->warned[NOW] += now == WARNED;
		lane->warned[CANDIDATE] += then == WARNED;
		lane->newly_rejected += now != REJECTED && then == REJECTED;
		lane->newly_accepted += now == REJECTED && then != REJECTED;
		lane->newly_warned += now == CLEAN && then == WARNED;
	}
	lane->rows += count;
}

void
rehearsal_take_rows(struct rehearsal *rehearsal, uint32_t item,
    enum feed_format format, struct span text, size_t count)
{
	rehearsal->lane = find_lane(rehearsal, item);
	look(rehearsal, NOW, format, text, count);
	look(rehearsal, CANDIDATE, format, text, count);
	compare(rehearsal, count);
}

static void
flush(struct rehearsal *rehearsal, struct lane *lane)
{
	if (lane->waiting == 0)
		return;
	rehearsal_take_rows(rehearsal, lane->item, FEED_NDJSON,
	    buf_span(&lane->text), lane->waiting);
	buf_reset(&lane->text);
	lane->waiting = 0;
}

static const char *
field_name(const struct item *item, uint32_t number)
{
	size_t i;

	for (i = 0; i < item->field_count; i++)
		if (item->fields[i].number == number)
			return item->fields[i].name;
	return NULL;
}

/* As a department would hand it in. */
static void
print_row(
    const struct record *record, const struct item *item, struct buf *text)
{
	struct json_out json = {.buf = text};
	char day[CLOCK_TEXT_MAX];
	size_t i;

	clock_print(record->as_of_us + CLOCK_EAST_US, day);
	day[10] = '\0';
	json_open_object(&json, NULL);
	json_put_text(&json, "uscc", record->subject);
	json_put_cstr(&json, "data_date", day);
	for (i = 0; i < record->field_count; i++) {
		const struct record_field *field = &record->fields[i];
		const char *name = field_name(item, field->number);

		if (name != NULL)
			json_put_text(&json, name, field->value);
	}
	json_close_object(&json);
	buf_char(text, '\n');
}

void
rehearsal_take_record(struct rehearsal *rehearsal, const struct record *record)
{
	const struct item *item =
	    catalog_find_item(rehearsal->catalogs[NOW], record->item);
	struct lane *lane;

	/* A withdrawal has no fields to be judged. */
	if (item == NULL || record->state == RECORD_WITHDRAWN)
		return;
	lane = find_lane(rehearsal, record->item);
	print_row(record, item, &lane->text);
	lane->waiting++;
	if (lane->text.len >= PIECE)
		flush(rehearsal, lane);
}

uint64_t
rehearsal_rows(const struct rehearsal *rehearsal)
{
	uint64_t rows = 0;
	size_t i;

	for (i = 0; i < rehearsal->lane_count; i++)
		rows += rehearsal->lanes[i].rows + rehearsal->lanes[i].waiting;
	return rows;
}

static void
put_count(struct json_out *json, const char *name, uint64_t count)
{
	json_put_int(json, name, (int64_t)count);
}

static void
print_lane(const struct lane *lane, struct json_out *json)
{
	put_count(json, "rows", lane->rows);
	put_count(json, "rejected_before", lane->rejected[NOW]);
	put_count(json, "rejected_after", lane->rejected[CANDIDATE]);
	put_count(json, "warned_before", lane->warned[NOW]);
	put_count(json, "warned_after", lane->warned[CANDIDATE]);
	put_count(json, "newly_rejected", lane->newly_rejected);
	put_count(json, "newly_accepted", lane->newly_accepted);
	put_count(json, "newly_warned", lane->newly_warned);
}

static void
add_lane(struct lane *sum, const struct lane *lane)
{
	sum->rows += lane->rows;
	sum->rejected[NOW] += lane->rejected[NOW];
	sum->rejected[CANDIDATE] += lane->rejected[CANDIDATE];
	sum->warned[NOW] += lane->warned[NOW];
	sum->warned[CANDIDATE] += lane->warned[CANDIDATE];
	sum->newly_rejected += lane->newly_rejected;
	sum->newly_accepted += lane->newly_accepted;
	sum->newly_warned += lane->newly_warned;
}

static void
print_tally(const struct tally *tally, struct json_out *json)
{
	if (tally->found[NOW] == tally->found[CANDIDATE])
		return;
	json_open_object(json, NULL);
	put_count(json, "item", tally->item);
	json_put_cstr(json, "field", tally->field);
	json_put_cstr(json, "rule", tally->rule);
	json_put_cstr(json, "severity",
	    tally->severity == FINDING_REJECT ? "reject" : "warn");
	put_count(json, "before", tally->found[NOW]);
	put_count(json, "after", tally->found[CANDIDATE]);
	json_close_object(json);
}

void
rehearsal_print(struct rehearsal *rehearsal, struct json_out *json)
{
	struct lane sum = {0};
	size_t i;

	for (i = 0; i < rehearsal->lane_count; i++) {
		flush(rehearsal, &rehearsal->lanes[i]);
		add_lane(&sum, &rehearsal->lanes[i]);
	}
	print_lane(&sum, json);
	json_open_array(json, "items");
	for (i = 0; i < rehearsal->lane_count; i++) {
		json_open_object(json, NULL);
		put_count(json, "item", rehearsal->lanes[i].item);
		print_lane(&rehearsal->lanes[i], json);
		json_close_object(json);
	}
	json_close_array(json);
	json_open_array(json, "rules");
	for (i = 0; i < rehearsal->tally_count; i++)
		print_tally(&rehearsal->tallies[i], json);
	json_close_array(json);
}
