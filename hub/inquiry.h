/*
 * inquiry: an HTTP request that the desk answers.
 *
 * Made on an http loop, filled on the desk's thread, sent on the loop again.
 */
#ifndef HUB_INQUIRY_H
#define HUB_INQUIRY_H

#include "hub/answer.h"
#include "hub/hub.h"
#include "hub/receipt.h"

struct inquiry {
	struct desk_job job; /* first: the desk knows only this */
	struct hub *hub;
	struct http_exchange *exchange;
	void (*fill)(struct inquiry *inquiry, struct ledger *ledger);
	struct answer answer;
	struct member who;
	/* what is asked, by path and query */
	uint32_t item;
	char id[RECEIPT_ID_MAX + 1];
	char provider[MEMBER_CODE_MAX + 1];
	int64_t after, limit;
	char from[11], to[11]; /* days */
	int64_t known_us, valid_us;
	struct buf body;    /* of the request */
	bool html, english; /* how it is to be said */
};

/* Who asks?  Replies 403 and answers false unless it is an active member. */
bool inquiry_admit(
    struct http_exchange *exchange, const struct hub *hub, struct member *who);
/* The same for active operators only, whatever their role. */
bool inquiry_admit_operator(
    struct http_exchange *exchange, const struct hub *hub, struct member *who);
/* For departments, about what is theirs, and for operators. */
bool inquiry_admit_provider(
    struct http_exchange *exchange, const struct hub *hub, struct member *who);
/* For operators whose role lets them change things; a browser's request that
 * another site's page caused is refused too. */
bool inquiry_admit_actor(
    struct http_exchange *exchange, const struct hub *hub, struct member *who);
/* What names subjects is not for every operator: 403 and false for viewers. */
bool inquiry_admit_reader(
    struct http_exchange *exchange, const struct member *who);
/* `who` is copied; the request's body too. */
struct inquiry *inquiry_new(struct http_exchange *exchange, struct hub *hub,
    const struct member *who,
    void (*fill)(struct inquiry *inquiry, struct ledger *ledger));
/* One that was not posted. */
void inquiry_free(struct inquiry *inquiry);
/* To the desk, or 503 when it has too much to do; frees it after the reply. */
void inquiry_post(struct inquiry *inquiry);
/* The same to another desk. */
void inquiry_post_to(struct desk *desk, struct inquiry *inquiry);
/* Number of an item in "{item}"; 0 when it is none. */
uint32_t inquiry_item(const struct http_exchange *exchange);
/* A decimal number of the query, at least `low`; -1 when it is none. */
int64_t inquiry_number(const struct http_exchange *exchange, const char *name,
    int64_t otherwise, int64_t low);
/* A day of the query as it is, or one of the last days; false: it is none. */
bool inquiry_day(const struct http_exchange *exchange, const char *name,
    int days_ago, char day[11]);

#endif
