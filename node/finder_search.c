/*
 * finder_search: the index asked: who is filed under all of a question's
 * terms.
 *
 * The rows of a term are in order of docs, so several terms are walked side by
 * side, each jumping to where the one before stands: as many jumps as the
 * rarest term has rows, not as the commonest.
 */
#include "base/mem.h"
#include "node/finder_inner.h"

/* Rows of terms looked at for one page, and records: some 10 ms. */
#define STEPS_MAX 3000
#define JUDGED_MAX 300

struct hunt {
	struct kv_view *view;
	const struct finder_judge *judge;
	struct search_plan plan;
	struct kv_cursor *cursors[SEARCH_TERMS_MAX];
	char doc[FINDER_DOC_LEN]; /* nothing before it is of interest */
	size_t steps, judged, taken;
	struct finder_place *next;
	struct buf key;
};

static bool
is_enough(const struct hunt *hunt)
{
	return hunt->steps >= STEPS_MAX || hunt->judged >= JUDGED_MAX ||
	       hunt->taken >= hunt->judge->limit;
}

static void
judge(struct hunt *hunt, const char *doc, struct span term)
{
	struct finder_hit hit = {.term = term, .plan = &hunt->plan};

	memcpy(hit.subject, doc, USCC_LEN);
	memcpy(hit.stream, doc + USCC_LEN, STREAM_LEN);
	hunt->judged++;
	hunt->taken += hunt->judge->fits(hunt->judge->context, &hit);
}

/* The first doc of term `i` at `doc` or behind it; NULL: there is none. */
static const char *
seek_doc(struct hunt *hunt, size_t i)
{
	const char *term = hunt->plan.terms[i];
	size_t len = strlen(term);
	struct span found;

	buf_reset(&hunt->key);
	buf_add(&hunt->key, term, len + 1);
	buf_add(&hunt->key, hunt->doc, FINDER_DOC_LEN);
	if (!kv_cursor_seek(hunt->cursors[i], buf_span(&hunt->key)))
		return NULL;
	found = kv_cursor_key(hunt->cursors[i]);
	if (found.len != len + 1 + FINDER_DOC_LEN ||
	    memcmp(found.ptr, hunt->key.data, len + 1) != 0)
		return NULL;
	return found.ptr + len + 1;
}

static void
doc_advance(char doc[FINDER_DOC_LEN])
{
	size_t i = FINDER_DOC_LEN;

	while (i > 0 && (uint8_t)++doc[i - 1] == 0)
		i--;
}

static void
keep_place(struct hunt *hunt, char kind, struct span place)
{
	struct finder_place *next = hunt->next;

	next->bytes[0] = kind;
	memcpy(next->bytes + 1, place.ptr, place.len);
	next->len = place.len + 1;
}

static enum err
join(struct hunt *hunt)
{
	size_t agreed = 0, i;
	const char *found;

	for (i = 0; !is_enough(hunt); i = (i + 1) % hunt->plan.count) {
		hunt->steps++;
		found = seek_doc(hunt, i);
		if (found == NULL)
			return kv_cursor_end(hunt->cursors[i], NULL);
		if (memcmp(found, hunt->doc, FINDER_DOC_LEN) != 0)
			agreed = 0;
		memcpy(hunt->doc, found, FINDER_DOC_LEN);
		if (++agreed < hunt->plan.count)
			continue;
		judge(hunt, hunt->doc, span_of(""));
		doc_advance(hunt->doc);
		agreed = 0;
	}
	keep_place(hunt, 'j', span_make(hunt->doc, FINDER_DOC_LEN));
	return ERR_OK;
}

static bool
is_row_of(const struct hunt *hunt, struct span key)
{
	size_t len = strlen(hunt->plan.terms[0]);

	return key.len > len + FINDER_DOC_LEN && key.len < FINDER_FROM_MAX &&
	       memcmp(key.ptr, hunt->plan.terms[0], len) == 0;
}

static enum err
scan(struct hunt *hunt, struct span from)
{
	struct kv_cursor *cursor = hunt->cursors[0];
	bool there = kv_cursor_seek(cursor, from);
	struct span key, term;

	for (; there && is_row_of(hunt, kv_cursor_key(cursor));
	     there = kv_cursor_next(cursor)) {
		key = kv_cursor_key(cursor);
		if (is_enough(hunt)) {
			keep_place(hunt, 's', key);
			return ERR_OK;
		}
		hunt->steps++;
		term = span_make(key.ptr, key.len - FINDER_DOC_LEN - 1);
		judge(hunt, key.ptr + term.len + 1, term);
	}
	return kv_cursor_end(cursor, NULL);
}

static enum err
hunt_run(struct hunt *hunt, const struct finder_place *from)
{
	struct span place = span_make(from->bytes + 1, from->len - 1);

	if (from->len == 0)
		place = span_of("");
	else if (from->bytes[0] != (hunt->plan.scans ? 's' : 'j'))
		return ERR_INVALID;
	if (hunt->plan.scans) {
		if (place.len > 0 && !is_row_of(hunt, place))
			return ERR_INVALID;
		return scan(
		    hunt, place.len > 0 ? place : span_of(hunt->plan.terms[0]));
	}
	if (place.len > 0 && place.len != FINDER_DOC_LEN)
		return ERR_INVALID;
	memcpy(hunt->doc, place.ptr, place.len);
	return join(hunt);
}

enum err
finder_search(struct finder *finder, const struct search *search,
    const struct finder_place *from, const struct finder_judge *asker,
    struct finder_place *next)
{
	struct hunt hunt = {.judge = asker, .next = next};
	enum err err;
	size_t i;

	next->len = 0;
	if (finder->kv == NULL)
		return ERR_IO;
	search_make_plan(search, &hunt.plan);
	hunt.view = kv_view_open(finder->kv);
	for (i = 0; i < hunt.plan.count; i++)
		hunt.cursors[i] = kv_cursor_open(hunt.view, FINDER_TERMS);
	err = hunt_run(&hunt, from);
	for (i = 0; i < hunt.plan.count; i++)
		kv_cursor_close(hunt.cursors[i]);
	kv_view_close(hunt.view);
	buf_release(&hunt.key);
	return err;
}

struct lag {
	struct kv_view *view;
	uint64_t behind;
	enum err err;
};

static void
lag_on_stream(void *context, const struct stream_state *state)
{
	struct lag *lag = context;
	struct finder_mark mark;

	if (strcmp(state->chain.stream, STREAM_CONTROL) == 0 ||
	    lag->err != ERR_OK)
		return;
	lag->err = finder_read_mark(lag->view, state->chain.stream, &mark);
	if (mark.position < state->chain.position)
		lag->behind += state->chain.position - mark.position;
}

enum err
finder_behind(
    struct finder *finder, struct snapshot *snapshot, uint64_t *behind)
{
	struct lag lag = {.err = ERR_OK};
	enum err err;

	if (finder->kv == NULL)
		return ERR_IO;
	lag.view = kv_view_open(finder->kv);
	err = snapshot_each_stream(snapshot, lag_on_stream, &lag, NULL);
	kv_view_close(lag.view);
	*behind = lag.behind;
	return err == ERR_OK ? lag.err : err;
}
