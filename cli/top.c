/*
 * top: a live view of streams and nodes in a terminal.
 *
 * Plain ANSI on the alternate screen, so that what was there comes back; the
 * size is asked before each drawing, so that a resized window is right at
 * once.  Signals only set a flag: the terminal is given back on every way out.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/show.h"
#include "cli/top_view.h"

static volatile sig_atomic_t stopped, resized;

static void
on_stop(int number)
{
	(void)number;
	stopped = 1;
}

static void
on_resize(int number)
{
	(void)number;
	resized = 1;
}

/* NULL and told when the hub does not answer. */
static struct json *
ask(const struct args *args, const char *path, int *code)
{
	struct fetch fetch = {.method = "GET", .path = path};
	struct fetch_answer answer = {0};
	struct json *root = NULL;

	if (*code != DONE)
		return NULL;
	*code = fetch_send(args, "hub", &fetch, &answer);
	if (*code == DONE)
		root = json_parse(buf_span(&answer.body), NULL);
	fetch_answer_release(&answer);
	if (*code == DONE && root == NULL)
		*code = args_failed(args, "the answer is no JSON");
	return root;
}

static int
look(const struct args *args, struct top_view *view)
{
	int code = DONE;

	view->nodes = ask(args, "/v1/nodes", &code);
	view->streams = ask(args, "/v1/streams", &code);
	view->alerts = ask(args, "/v1/alerts", &code);
	view->time_us = clock_now_us();
	return code;
}

/* Bytes of `line` that fill at most `columns`. */
static size_t
fit(struct span line, size_t columns)
{
	size_t len = 0, next;

	while (len < line.len) {
		next = len + 1;
		while (next < line.len &&
		       ((unsigned char)line.ptr[next] & 0xc0) == 0x80)
			next++;
		if (show_width(span_make(line.ptr, next)) > columns)
			break;
		len = next;
	}
	return len;
}

/* As much as the window takes; each line clears what was behind it. */
static void
draw(struct span text)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	struct buf out = {0};
	unsigned row = 0;
	const char *end;
	struct span line;

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	buf_text(&out, "\033[H");
	while (text.len > 0 && row + 1 < size.ws_row) {
		end = memchr(text.ptr, '\n', text.len);
		line = span_make(text.ptr,
		    end != NULL ? (size_t)(end - text.ptr) : text.len);
		buf_add(&out, line.ptr, fit(line, size.ws_col));
		buf_text(&out, "\033[K\n");
		text.ptr += line.len + 1;
		text.len -= line.len + (end != NULL);
		row++;
	}
	buf_text(&out, "\033[J");
	fwrite(out.data, 1, out.len, stdout);
	fflush(stdout);
	buf_release(&out);
}

/* False: enough. */
static bool
pause_for(int64_t seconds)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	int64_t until_us = clock_tick_us() + seconds * CLOCK_SECOND;
	int64_t left_us;
	char key;

	while (!stopped && !resized) {
		left_us = until_us - clock_tick_us();
		if (left_us <= 0)
			return true;
		if (poll(&input, 1, (int)(left_us / 1000) + 1) <= 0)
			continue;
		if (read(STDIN_FILENO, &key, 1) != 1 || key == 'q')
			return false;
	}
	return !stopped;
}

static int
watch(const struct args *args, int64_t seconds)
{
	struct top_view now = {0}, before = {0};
	struct buf text = {0};
	bool more = true;
	int code = DONE;

	while (more && code == DONE) {
		resized = 0;
		code = look(args, &now);
		buf_reset(&text);
		if (code == DONE) {
			top_view_print(&now, &before, &text);
			draw(buf_span(&text));
			more = pause_for(seconds);
		}
		top_view_release(&before);
		before = now;
		now = (struct top_view){0};
	}
	top_view_release(&before);
	buf_release(&text);
	return code;
}

/* The terminal is ours between the two. */
static int
watch_terminal(const struct args *args, int64_t seconds)
{
	struct termios kept, raw;
	int code;

	if (tcgetattr(STDIN_FILENO, &kept) != 0)
		return args_misused(args, "no terminal; --once prints once");
	raw = kept;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	signal(SIGINT, on_stop);
	signal(SIGTERM, on_stop);
	signal(SIGHUP, on_stop);
	signal(SIGWINCH, on_resize);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	printf("\033[?1049h\033[?25l");
	code = watch(args, seconds);
	printf("\033[?25h\033[?1049l");
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSANOW, &kept);
	return code;
}

static int
top(const struct args *args)
{
	int64_t bounds[2] = {1, 3600}, seconds = 2;
	struct top_view view = {0}, none = {0};
	struct buf text = {0};
	int code;

	if (!args_int(args, "seconds", bounds, &seconds))
		return MISUSED;
	if (!args_has(args, "once"))
		return watch_terminal(args, seconds);
	code = look(args, &view);
	if (code == DONE)
		top_view_print(&view, &none, &text);
	show_raw(buf_span(&text));
	top_view_release(&view);
	buf_release(&text);
	return code;
}

static const struct arg_option options[] = {
    FETCH_OPTIONS("hub", "RX_HUB", "RX_OPERATOR"),
    {"seconds", "NUMBER", NULL, "between two looks (2)"},
    {"once", NULL, NULL, "print once, for scripts"},
    {NULL, NULL, NULL, NULL},
};

static const struct arg_command command = {"top", "", "streams and nodes, live",
    "SILENT: seconds since a node was heard; BEHIND: positions that it lacks; "
    "UNTOLD: entries\nof its trail that the hub does not have; HOLDERS: nodes "
    "at the newest position of those\nthat have the stream. q ends it.",
    "rongxin top --hub https://localhost:8443", 0, 0, options, top};

int
command_top(int argc, char **argv)
{
	return args_run(&command, argc, argv);
}
