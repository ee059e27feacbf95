/*
 * events: what became of the enterprises that are watched.
 *
 * Pages until there are no more; who follows then listens to the node's event
 * stream, and goes on behind its last id whenever that breaks.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/fetch.h"

#define PAGE 1000
#define PLACE_MAX 128
#define LINE_MAX_BYTES ((size_t)1 << 20)

/* One page, a line each, the last says how far it goes. */
static void
show_page(struct span body, uint64_t *since, bool *more)
{
	const char *last = body.ptr + body.len;
	struct json *root;

	while (last > body.ptr && last[-1] == '\n')
		last--;
	body.len = (size_t)(last - body.ptr);
	while (last > body.ptr && last[-1] != '\n')
		last--;
	root = json_parse(
	    span_make(last, body.len - (size_t)(last - body.ptr)), NULL);
	*since = (uint64_t)json_int(json_find(root, "last"), 0);
	*more = json_bool(json_find(root, "more"), false) &&
		json_find(root, "waiting") == NULL;
	json_free(root);
	fwrite(body.ptr, 1, (size_t)(last - body.ptr), stdout);
	fflush(stdout);
}

static int
show_pages(const struct args *args, uint64_t at)
{
	struct fetch fetch = {
	    .method = "GET", .accept = "application/x-ndjson"};
	struct buf path = {0};
	bool more = true;
	int code = DONE;

	while (code == DONE && more) {
		struct fetch_answer answer = {0};

		buf_reset(&path);
		buf_print(
		    &path, "/v1/events?limit=%d&since=%" PRIu64, PAGE, at);
		fetch.path = buf_cstr(&path);
		code = fetch_send(args, "node", &fetch, &answer);
		if (code == DONE)
			show_page(buf_span(&answer.body), &at, &more);
		fetch_answer_release(&answer);
	}
	buf_release(&path);
	return code;
}

struct ear {
	struct buf line;
	char place[PLACE_MAX]; /* to go on behind: a number, or LOG-NUMBER */
	char next[PLACE_MAX];  /* the place when what comes was shown */
	bool is_change;        /* what is being told; the rest says how far */
};

static struct span
behind(struct span line, const char *name)
{
	size_t len = strlen(name);

	if (line.len < len || memcmp(line.ptr, name, len) != 0)
		return (struct span){NULL, 0};
	return span_make(line.ptr + len, line.len - len);
}

static void
hear_line(struct ear *ear, struct span line)
{
	struct span text = behind(line, "id: ");

	if (text.ptr != NULL && text.len < PLACE_MAX) {
		memcpy(ear->next, text.ptr, text.len);
		ear->next[text.len] = '\0';
	}
	text = behind(line, "event: ");
	if (text.ptr != NULL)
		ear->is_change = span_is(text, "change");
	text = behind(line, "data: ");
	if (text.ptr == NULL || !ear->is_change)
		return;
	fwrite(text.ptr, 1, text.len, stdout);
	putchar('\n');
	fflush(stdout);
	strcpy(ear->place, ear->next);
}

static bool
hear(void *context, struct span bytes)
{
	struct ear *ear = context;
	size_t i;

	for (i = 0; i < bytes.len; i++) {
		if (bytes.ptr[i] != '\n') {
			buf_char(&ear->line, bytes.ptr[i]);
			continue;
		}
		hear_line(ear, buf_span(&ear->line));
		buf_reset(&ear->line);
	}
	return ear->line.len < LINE_MAX_BYTES;
}

/* Until the node refuses: a node that is away comes back. */
static int
follow(const struct args *args, uint64_t since)
{
	struct ear ear = {.is_change = false};
	struct fetch fetch = {.method = "GET",
	    .accept = "text/event-stream",
	    .take = hear,
	    .context = &ear};
	struct buf path = {0};
	int code = DONE;

	snprintf(ear.place, sizeof(ear.place), "%" PRIu64, since);
	while (code == DONE || code == UNREACHED) {
		struct fetch_answer answer = {0};

		buf_reset(&path);
		buf_reset(&ear.line);
		buf_text(&path, "/v1/events?since=");
		fetch_escape(ear.place, &path);
		fetch.path = buf_cstr(&path);
		code = fetch_send(args, "node", &fetch, &answer);
		fetch_answer_release(&answer);
		if (code == DONE || code == UNREACHED)
			sleep(1);
	}
	buf_release(&path);
	buf_release(&ear.line);
	return code;
}

static int
events(const struct args *args)
{
	int64_t since = 0, bounds[2] = {0, INT64_MAX};

	if (!args_int(args, "since", bounds, &since))
		return MISUSED;
	return args_has(args, "follow") ? follow(args, (uint64_t)since)
					: show_pages(args, (uint64_t)since);
}

static const struct arg_option options[] = {
    FETCH_OPTIONS("node", "RX_NODE,RX_CITY", "RX_BANK"),
    {"since", "NUMBER", NULL, "events behind this one (all that are kept)"},
    {"follow", NULL, NULL, "go on as they come, also when the node was away"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_command command = {"events", "",
    "what became of the enterprises that are watched",
    "A line of JSON each. Keep the last number: it is where to go on, and a "
    "number that is\nmissing is an event that was missed.",
    "rongxin events --since 812 --follow", 0, 0, options, events};

int
command_events(int argc, char **argv)
{
	return args_run(&command, argc, argv);
}
