/*
 * bureau: the made-up department of a sandbox, which answers objections.
 */
#include "node/bureau.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

#define CASES_MAX 200
#define ACCEPT_US (2 * CLOCK_SECOND)
#define DECIDE_US (6 * CLOCK_SECOND)
#define DUE_US (20 * INT64_C(86400) * CLOCK_SECOND)

struct matter {
	struct objection claims;
	struct digest digest;
	const char *state, *note;
	char stream[STREAM_LEN + 1]; /* "" no such record is held */
	char provider[MEMBER_CODE_MAX + 1];
	int64_t filed_us, accepted_us, ended_us, since_us; /* 0: not */
	char said[OBJECTION_TEXT_MAX + 1];                 /* "": nothing */
	int64_t said_us;
	unsigned said_times;
	uint32_t informed;
};

struct bureau {
	struct origin *origin;
	struct matter *matters[CASES_MAX];
	size_t count;
};

struct bureau *
bureau_new(struct origin *origin)
{
	struct bureau *bureau = mem_new(sizeof(*bureau));

	bureau->origin = origin;
	return bureau;
}

void
bureau_free(struct bureau *bureau)
{
	if (bureau == NULL)
		return;
	while (bureau->count > 0)
		mem_free(bureau->matters[--bureau->count]);
	mem_free(bureau);
}

static struct matter *
find_matter(struct bureau *bureau, const char *id)
{
	size_t i;

	for (i = 0; i < bureau->count; i++)
		if (strcmp(bureau->matters[i]->claims.id, id) == 0)
			return bureau->matters[i];
	return NULL;
}

static void
put_time(struct json_out *json, const char *name, int64_t time_us)
{
	char text[CLOCK_TEXT_MAX];

	if (time_us > 0)
		json_put_cstr(json, name, clock_print(time_us, text));
}

static void
put_said(struct json_out *json, const struct matter *matter)
{
	if (matter->said[0] != '\0') {
		json_put_cstr(json, "statement", matter->said);
		put_time(json, "stated", matter->said_us);
		json_put_int(json, "statements", matter->said_times);
	} else if (strcmp(matter->state, "undetermined") == 0) {
		json_put_cstr(json, "statement", matter->claims.text);
	}
}

/* All that were asked about the record were shown what was wrong. */
static void
put_wrong(struct json_out *json, const struct matter *matter)
{
	if (strcmp(matter->state, "corrected") != 0)
		return;
	json_open_object(json, "wrong");
	put_time(json, "since", matter->since_us);
	json_put_int(json, "from", 1);
	json_close_object(json);
	json_put_int(json, "informed", matter->informed);
}

/* As a hub's document of stream 0000 (docs/PROTOCOL.md, Objections). */
static void
print_matter(const struct matter *matter, struct buf *out)
{
	const struct objection *claims = &matter->claims;
	struct json_out json = {.buf = out};
	char hex[DIGEST_HEX_LEN + 1];

	json_open_object(&json, NULL);
	json_put_cstr(&json, "id", claims->id);
	json_put_cstr(&json, "subject", claims->subject);
	json_put_int(&json, "item", claims->item);
	objection_put_key(&json, span_of(claims->key));
	json_put_cstr(&json, "reason", objection_reason_name(claims->reason));
	json_put_bool(&json, "repair", objection_asks_repair(claims->reason));
	json_put_cstr(&json, "state", matter->state);
	json_put_cstr(&json, "provider", matter->provider);
	json_put_cstr(&json, "place", matter->stream);
	json_put_cstr(&json, "note", matter->note);
	put_time(&json, "filed", matter->filed_us);
	put_time(&json, "due", matter->filed_us + DUE_US);
	put_time(&json, "accepted", matter->accepted_us);
	put_time(&json, "ended", matter->ended_us);
	json_put_cstr(&json, "digest", digest_print(&matter->digest, hex));
	put_said(&json, matter);
	put_wrong(&json, matter);
	json_close_object(&json);
}

static void
tell(struct bureau *bureau, const struct matter *matter)
{
	struct buf text = {0};
	struct record_field field = {.number = 1};
	struct record record = {.item = CONTROL_OBJECTION,
	    .subject = span_of(matter->claims.subject),
	    .key = span_of(matter->claims.id),
	    .state = RECORD_CURRENT,
	    .provider = span_of("hub"),
	    .as_of_us = clock_now_us(),
	    .fields = &field,
	    .field_count = 1};

	print_matter(matter, &text);
	field.value = buf_span(&text);
	(void)origin_put(bureau->origin, STREAM_CONTROL, &record);
	buf_release(&text);
}

/* In the stream that shows it. */
static bool
find_record(struct bureau *bureau, struct matter *matter, struct arena *arena,
    struct record *found)
{
	const struct record like = {.item = matter->claims.item,
	    .subject = span_of(matter->claims.subject),
	    .key = span_of(matter->claims.key)};
	size_t count, i;
	const struct stream_head *heads = origin_heads(bureau->origin, &count);

	for (i = 0; i < count; i++) {
		if (strcmp(heads[i].stream, STREAM_CONTROL) == 0 ||
		    !origin_find(
			bureau->origin, heads[i].stream, &like, arena, found) ||
		    found->state == RECORD_WITHDRAWN)
			continue;
		memcpy(matter->stream, heads[i].stream, STREAM_LEN + 1);
		return true;
	}
	return false;
}

static void
mark(struct bureau *bureau, struct matter *matter, enum record_state state)
{
	struct arena *arena = arena_new();
	struct record record;

	if (find_record(bureau, matter, arena, &record)) {
		record.state = state;
		(void)origin_put(bureau->origin, matter->stream, &record);
	}
	arena_free(arena);
}

static void
end(struct matter *matter, const char *state, const char *note)
{
	matter->state = state;
	matter->note = note;
	matter->ended_us = clock_now_us();
}

/* Whose record it is. */
static void
look_up(struct bureau *bureau, struct matter *matter)
{
	struct arena *arena = arena_new();
	struct record record;

	if (find_record(bureau, matter, arena, &record)) {
		snprintf(matter->provider, sizeof(matter->provider), "%.*s",
		    (int)record.provider.len, record.provider.ptr);
		matter->since_us = record.as_of_us;
	} else {
		end(matter, "refused", "no such record is held");
	}
	arena_free(arena);
}

enum err
bureau_file(struct bureau *bureau, const struct objection *claims,
    struct span text, struct why *why)
{
	struct digest digest = digest_of(text);
	struct matter *matter = find_matter(bureau, claims->id);

	if (matter != NULL && digest_equal(&matter->digest, &digest))
		return ERR_OK;
	if (matter != NULL)
		return why_set(why, ERR_CONFLICT, "its id is another one's");
	if (bureau->count == CASES_MAX)
		return why_set(why, ERR_LIMIT, "enough was objected to here");
	matter = mem_new(sizeof(*matter));
	matter->claims = *claims;
	matter->digest = digest;
	matter->state = "filed";
	matter->note = "";
	matter->filed_us = clock_now_us();
	look_up(bureau, matter);
	bureau->matters[bureau->count++] = matter;
	tell(bureau, matter);
	return ERR_OK;
}

void
bureau_say(struct bureau *bureau, const struct declaration *said)
{
	struct matter *matter = find_matter(bureau, said->objection);

	if (matter == NULL ||
	    strcmp(matter->claims.subject, said->subject) != 0 ||
	    said->time_us <= matter->said_us ||
	    matter->said_times == DECLARATIONS_MAX)
		return;
	memcpy(matter->said, said->text, sizeof(matter->said));
	matter->said_us = said->time_us;
	matter->said_times++;
	tell(bureau, matter);
}

void
bureau_note_informed(struct bureau *bureau, const struct informed *informed)
{
	struct matter *matter = find_matter(bureau, informed->objection);

	if (matter == NULL || matter->informed == informed->members)
		return;
	matter->informed = informed->members;
	tell(bureau, matter);
}

static bool
asks_for(const struct matter *matter, const char *state)
{
	return strstr(matter->claims.text, state) != NULL;
}

static void
accept(struct bureau *bureau, struct matter *matter)
{
	if (asks_for(matter, "refused")) {
		end(matter, "refused", "as the text asks for");
		return;
	}
	matter->state = "accepted";
	matter->accepted_us = clock_now_us();
	if (!objection_asks_repair(matter->claims.reason))
		mark(bureau, matter, RECORD_DISPUTED);
}

static void
decide(struct bureau *bureau, struct matter *matter)
{
	bool repair = objection_asks_repair(matter->claims.reason);

	if (asks_for(matter, "terminated"))
		end(matter, "terminated", "as the text asks for");
	else if (asks_for(matter, "upheld"))
		end(matter, "upheld", "as the text asks for");
	else if (!repair && asks_for(matter, "undetermined"))
		end(matter, "undetermined", "as the text asks for");
	else
		end(matter, repair ? "repaired" : "corrected",
		    "nothing else was asked for in the text");
	if (repair && strcmp(matter->state, "repaired") == 0)
		mark(bureau, matter, RECORD_REPAIRED);
	else if (!repair && strcmp(matter->state, "corrected") == 0)
		mark(bureau, matter, RECORD_WITHDRAWN);
	else if (!repair && strcmp(matter->state, "undetermined") != 0)
		mark(bureau, matter, RECORD_CURRENT);
}

bool
bureau_work(struct bureau *bureau)
{
	int64_t now_us = clock_now_us();
	bool changed = false;
	size_t i;

	for (i = 0; i < bureau->count; i++) {
		struct matter *matter = bureau->matters[i];

		if (matter->ended_us != 0)
			continue;
		if (matter->accepted_us == 0 &&
		    now_us - matter->filed_us >= ACCEPT_US)
			accept(bureau, matter);
		else if (matter->accepted_us != 0 &&
			 now_us - matter->accepted_us >= DECIDE_US)
			decide(bureau, matter);
		else
			continue;
		tell(bureau, matter);
		changed = true;
	}
	return changed;
}
