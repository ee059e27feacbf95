/*
 * news: tells the console's pages what has changed, as it changes.
 */
#include "hub/news.h"

#include <stdatomic.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/work.h"

#define LISTENERS_MAX 200
#define TICK_MS 1000
/* A page that hears nothing for long takes the connection for broken. */
#define QUIET_TICKS 10
#define NODES_TICKS 2

static const char *const topic_names[NEWS_TOPICS] = {
    "feeds", "nodes", "usage", "members", "catalogue", "actions"};

/* One page's stream.  `is_ending` belongs to its loop, the rest to the news
 * thread, which lives on until the loop has ended it. */
struct listener {
	struct listener *next;
	struct http_exchange *exchange; /* held */
	struct news *news;
	bool is_ending;
};

/* For the news thread. */
struct errand {
	struct listener *listener;
	bool leaves;
};

struct news {
	struct worker *worker;
	struct listener *listeners;
	atomic_uint count;
	atomic_uint told[NEWS_TOPICS];
	unsigned seen[NEWS_TOPICS];
	unsigned ticks, quiet;
};

static void
notify(struct listener *listener, bool leaves)
{
	struct errand *errand = mem_new(sizeof(*errand));

	*errand = (struct errand){listener, leaves};
	worker_post(listener->news->worker, errand, 0);
}

static void
end(struct listener *listener)
{
	if (listener->is_ending)
		return;
	listener->is_ending = true;
	http_end(listener->exchange);
	notify(listener, true);
}

static void
on_room(struct http_exchange *exchange, void *context)
{
	(void)context;
	if (http_is_over(exchange))
		end(http_state(exchange));
}

/* Some text for one listener, on its way to the loop. */
struct telling {
	struct listener *listener;
	struct buf text;
};

static void
send_on_loop(struct http_exchange *exchange, void *argument)
{
	struct telling *telling = argument;
	struct listener *listener = telling->listener;

	/* Who does not read misses some: the next one tells all the same. */
	if (!listener->is_ending && http_is_over(exchange))
		end(listener);
	else if (!listener->is_ending && http_has_room(exchange))
		http_send(exchange, buf_span(&telling->text));
	buf_release(&telling->text);
	mem_free(telling);
}

static void
send(struct listener *listener, struct span text)
{
	struct telling *telling = mem_new(sizeof(*telling));

	telling->listener = listener;
	buf_add(&telling->text, text.ptr, text.len);
	http_defer(listener->exchange, send_on_loop, telling);
}

/* The last thing that its loop does with it, behind all that was sent. */
static void
drop_on_loop(struct http_exchange *exchange, void *argument)
{
	mem_free(argument);
	http_drop(exchange);
}

static void
handle(void *context, void *job)
{
	struct news *news = context;
	struct errand *errand = job;
	struct listener *listener = errand->listener, **at = &news->listeners;
	bool leaves = errand->leaves;

	mem_free(errand);
	if (!leaves) {
		listener->next = news->listeners;
		news->listeners = listener;
		return;
	}
	while (*at != listener)
		at = &(*at)->next;
	*at = listener->next;
	atomic_fetch_sub(&news->count, 1);
	http_defer(listener->exchange, drop_on_loop, listener);
}

/* What was told since the last time; false: nothing. */
static bool
collect(struct news *news, struct buf *out)
{
	struct json_out json = {.buf = out};
	bool any = false;
	unsigned i, now;

	buf_text(out, "data: ");
	json_open_object(&json, NULL);
	json_open_array(&json, "topics");
	for (i = 0; i < NEWS_TOPICS; i++) {
		now = atomic_load(&news->told[i]);
		/* A node that says nothing is news too. */
		if (i == NEWS_NODES ? news->ticks % NODES_TICKS != 0
				    : now == news->seen[i])
			continue;
		news->seen[i] = now;
		json_put_cstr(&json, NULL, topic_names[i]);
		any = true;
	}
	json_close_array(&json);
	json_close_object(&json);
	buf_text(out, "\n\n");
	return any;
}

static void
tick(void *context)
{
	struct news *news = context;
	struct listener *listener;
	struct buf text = {0};

	news->ticks++;
	if (collect(news, &text) || ++news->quiet >= QUIET_TICKS) {
		news->quiet = 0;
		for (listener = news->listeners; listener != NULL;
		     listener = listener->next)
			send(listener, buf_span(&text));
	}
	buf_release(&text);
}

struct news *
news_open(void)
{
	struct news *news = mem_new(sizeof(*news));

	news->worker = worker_new("news", handle, tick, TICK_MS, news);
	return news;
}

void
news_stop(struct news *news)
{
	if (news != NULL)
		worker_stop(news->worker);
}

void
news_close(struct news *news)
{
	if (news == NULL)
		return;
	worker_free(news->worker);
	mem_free(news);
}

void
news_tell(struct news *news, enum news_topic topic)
{
	if (news != NULL)
		atomic_fetch_add(&news->told[topic], 1);
}

bool
news_listen(struct news *news, struct http_exchange *exchange)
{
	struct listener *listener;

	if (atomic_fetch_add(&news->count, 1) >= LISTENERS_MAX) {
		atomic_fetch_sub(&news->count, 1);
		return false;
	}
	listener = mem_new(sizeof(*listener));
	listener->exchange = exchange;
	listener->news = news;
	http_hold(exchange);
	http_set_state(exchange, listener, NULL);
	notify(listener, false);
	http_reply_header(exchange, "cache-control", "no-store");
	http_begin(exchange, 200, "text/event-stream", on_room);
	http_send(exchange, span_of("retry: 2000\ndata: {\"topics\":[]}\n\n"));
	return true;
}
