/*
 * action: what operators did, for those who look after them.
 */
#include "hub/action.h"

#include "base/clock.h"
#include "base/digest.h"

#define NONCE_LEN 16

void
action_note(struct pg *pg, const char *who, const char *action,
    const char *target, struct span detail)
{
	char nonce[NONCE_LEN];

	digest_random(nonce, sizeof(nonce));
	pg_exec(pg,
	    "INSERT INTO operator_action"
	    " (at, who, action, target, detail, nonce)"
	    " VALUES ($1, $2, $3, $4, $5::json, $6)",
	    pg_arg_time(clock_now_us()), pg_arg_text(span_of(who)),
	    pg_arg_text(span_of(action)), pg_arg_text(span_of(target)),
	    pg_arg_text(detail), pg_arg_bytes(span_make(nonce, NONCE_LEN)));
}
