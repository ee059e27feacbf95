/*
 * news: tells the console's pages what has changed, as it changes.
 *
 * Parts of the hub name a topic when something of it is committed; once a
 * second every listener is told the topics that were named since.  What is
 * new is not said: a page asks for it by its own endpoints and rights.
 * A thread of its own keeps the listeners; at most 200 of them.
 */
#ifndef HUB_NEWS_H
#define HUB_NEWS_H

#include "wire/http.h"

enum news_topic {
	NEWS_FEEDS,   /* batches, findings, quality facts */
	NEWS_NODES,   /* status of nodes; told every other second anyway */
	NEWS_USAGE,   /* questions at nodes, trails */
	NEWS_MEMBERS, /* the member list */
	NEWS_CATALOGUE,
	NEWS_ACTIONS, /* what operators did */
	NEWS_TOPICS
};

struct news;

struct news *news_open(void);
/* After the HTTP server has ended: nobody is told any more.  Safe on NULL. */
void news_stop(struct news *news);
/* Stopped before, and nobody tells it anything any more.  Safe on NULL. */
void news_close(struct news *news);
/* Any thread, also after news_stop. */
void news_tell(struct news *news, enum news_topic topic);
/* Begins the reply, an event stream that ends when the peer goes or the server
 * stops: `data: {"topics":["feeds"]}`.  On the loop; false: too many listen,
 * and nothing was replied. */
bool news_listen(struct news *news, struct http_exchange *exchange);

#endif
