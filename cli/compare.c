/*
 * compare: do two places hold the same?
 *
 * Equal positions and equal digests of a stream mean equal records: the digest
 * is what the hub signed (docs/PROTOCOL.md section 2).  Places that are being
 * written to are asked until both were seen at the same position.
 */
#include "cli/compare.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "credit/region.h"

#define PAUSE_MS 200

enum verdict {
	VERDICT_OPEN, /* not at the same position yet */
	VERDICT_EQUAL,
	VERDICT_DIFFERENT,
	VERDICT_ONE_SIDE /* only one of them holds it */
};

struct side {
	const char *url;
	struct json *root;
	const struct json *streams;
};

struct settled {
	char stream[STREAM_LEN + 1];
	enum verdict verdict;
};

struct compare {
	const struct args *args;
	struct side sides[2];
	const char *prefix; /* of streams; "" all */
	struct settled *settled;
	size_t count;
};

static struct span
stream_name(const struct json *stream)
{
	return json_text(json_find(stream, "stream"));
}

static const struct json *
side_find(const struct side *side, const char *name)
{
	size_t i;

	for (i = 0; i < json_count(side->streams); i++)
		if (span_is(stream_name(json_at(side->streams, i)), name))
			return json_at(side->streams, i);
	return NULL;
}

static int
side_read(struct compare *compare, struct side *side)
{
	struct buf url = {0}, body = {0};
	struct why why = {""};
	enum err err;

	buf_print(&url, "%s/v1/streams", side->url);
	err = fetch_get(compare->args, buf_cstr(&url), &body, &why);
	json_free(side->root);
	side->root = NULL;
	if (err == ERR_OK)
		side->root = json_parse(buf_span(&body), &why);
	side->streams = json_find(side->root, "streams");
	buf_release(&url);
	buf_release(&body);
	if (side->root == NULL)
		return args_failed(
		    compare->args, "%s: %s", side->url, why.text);
	return DONE;
}

static struct settled *
compare_settle(struct compare *compare, struct span name)
{
	struct settled *settled;
	size_t i;

	for (i = 0; i < compare->count; i++)
		if (span_is(name, compare->settled[i].stream))
			return &compare->settled[i];
	compare->settled = mem_grow(
	    compare->settled, (compare->count + 1) * sizeof(*compare->settled));
	settled = &compare->settled[compare->count++];
	*settled = (struct settled){.verdict = VERDICT_OPEN};
	memcpy(settled->stream, name.ptr, STREAM_LEN);
	return settled;
}

static bool
same_text(const struct json *a, const struct json *b, const char *member)
{
	return span_equal(
	    json_text(json_find(a, member)), json_text(json_find(b, member)));
}

static enum verdict
judge(const struct json *a, const struct json *b)
{
	if (a == NULL || b == NULL)
		return VERDICT_ONE_SIDE;
	if (json_int(json_find(a, "position"), -1) !=
	    json_int(json_find(b, "position"), -2))
		return VERDICT_OPEN;
	return same_text(a, b, "state") && same_text(a, b, "head")
		   ? VERDICT_EQUAL
		   : VERDICT_DIFFERENT;
}

static void
compare_side(struct compare *compare, const struct side *side)
{
	size_t i, prefix_len = strlen(compare->prefix);
	struct settled *settled;
	struct span name;

	for (i = 0; i < json_count(side->streams); i++) {
		name = stream_name(json_at(side->streams, i));
		if (name.len != STREAM_LEN || prefix_len > name.len ||
		    memcmp(name.ptr, compare->prefix, prefix_len) != 0)
			continue;
		settled = compare_settle(compare, name);
		if (settled->verdict == VERDICT_OPEN ||
		    settled->verdict == VERDICT_ONE_SIDE)
			settled->verdict = judge(
			    side_find(&compare->sides[0], settled->stream),
			    side_find(&compare->sides[1], settled->stream));
	}
}

/* Once; what is settled stays so. */
static int
compare_look(struct compare *compare)
{
	int code = side_read(compare, &compare->sides[0]);

	if (code == DONE)
		code = side_read(compare, &compare->sides[1]);
	if (code != DONE)
		return code;
	compare_side(compare, &compare->sides[0]);
	compare_side(compare, &compare->sides[1]);
	return DONE;
}

static size_t
compare_count(const struct compare *compare, enum verdict verdict)
{
	size_t i, count = 0;

	for (i = 0; i < compare->count; i++)
		count += compare->settled[i].verdict == verdict;
	return count;
}

/* Named streams must be on both sides; of all, a node holds only its own. */
static size_t
compare_waiting(const struct compare *compare)
{
	size_t open = compare_count(compare, VERDICT_OPEN);

	if (compare->prefix[0] != '\0')
		open += compare_count(compare, VERDICT_ONE_SIDE);
	return open;
}

static int
compare_wait(struct compare *compare, int64_t wait_s)
{
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
	int64_t until_us = clock_tick_us() + wait_s * CLOCK_SECOND;
	int code = compare_look(compare);

	while (code == DONE && clock_tick_us() < until_us &&
	       (compare_waiting(compare) > 0 || compare->count == 0)) {
		nanosleep(&pause, NULL);
		code = compare_look(compare);
	}
	return code;
}

static void
compare_show(const struct compare *compare)
{
	static const char *const words[] = {
	    [VERDICT_OPEN] = "not at the same position",
	    [VERDICT_EQUAL] = "equal",
	    [VERDICT_DIFFERENT] = "DIFFERENT",
	    [VERDICT_ONE_SIDE] = "only at one of them",
	};
	const struct settled *settled;
	const struct json *a, *b;
	size_t i;

	for (i = 0; i < compare->count; i++) {
		settled = &compare->settled[i];
		a = side_find(&compare->sides[0], settled->stream);
		b = side_find(&compare->sides[1], settled->stream);
		printf("%s  %12lld  %12lld  %s\n", settled->stream,
		    (long long)json_int(json_find(a, "position"), 0),
		    (long long)json_int(json_find(b, "position"), 0),
		    words[settled->verdict]);
	}
	printf("%zu equal, %zu different, %zu not at the same position, "
	       "%zu only at one of them\n",
	    compare_count(compare, VERDICT_EQUAL),
	    compare_count(compare, VERDICT_DIFFERENT),
	    compare_count(compare, VERDICT_OPEN),
	    compare_count(compare, VERDICT_ONE_SIDE));
}

int
compare_run(const struct args *args)
{
	struct compare compare = {.args = args,
	    .prefix = args_get(args, "stream"),
	    .sides = {{.url = args->operands[0]}, {.url = args->operands[1]}}};
	int64_t bounds[2] = {0, 3600}, wait_s = 30;
	int code;

	if (compare.prefix == NULL)
		compare.prefix = "";
	if (!args_int(args, "wait", bounds, &wait_s))
		return MISUSED;
	code = compare_wait(&compare, wait_s);
	if (code == DONE) {
		compare_show(&compare);
		if (compare_count(&compare, VERDICT_EQUAL) == 0 ||
		    compare_count(&compare, VERDICT_DIFFERENT) > 0 ||
		    compare_waiting(&compare) > 0)
			code = REFUSED;
	}
	json_free(compare.sides[0].root);
	json_free(compare.sides[1].root);
	mem_free(compare.settled);
	return code;
}
