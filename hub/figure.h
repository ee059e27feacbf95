/*
 * figure: what the console asks: one JSON value that a function of the
 * database prints whole, for an operator.
 *
 * Such questions are answered by a thread of their own, so that they delay no
 * consent.
 */
#ifndef HUB_FIGURE_H
#define HUB_FIGURE_H

#include "hub/inquiry.h"

typedef void (*figure_fn)(struct inquiry *inquiry, struct ledger *ledger);

/* The one value that `sql` answers; 404 when it answers nothing. */
void figure_answer(struct inquiry *inquiry, struct ledger *ledger,
    const char *sql, const struct pg_arg *args, size_t count);
#define FIGURE(inquiry, ledger, sql, ...)                                      \
	figure_answer(inquiry, ledger, sql, (struct pg_arg[]){__VA_ARGS__},    \
	    sizeof((struct pg_arg[]){__VA_ARGS__}) / sizeof(struct pg_arg))

/* An operator's question; inquiry->to is today.  NULL: refused already. */
struct inquiry *figure_question(
    struct http_exchange *exchange, struct hub *hub, figure_fn fill);
/* A department's too: it asks about itself. */
struct inquiry *figure_provider_question(
    struct http_exchange *exchange, struct hub *hub, figure_fn fill);
/* Off it goes; or 400 with what was expected. */
void figure_post(struct inquiry *inquiry);
void figure_refuse(struct inquiry *inquiry, const char *detail);
/* A question without parameters. */
void figure_ask(
    struct http_exchange *exchange, struct hub *hub, figure_fn fill);

#endif
