/*
 * masked_inner: one anonymised question on its way; only for masked*.c.
 */
#ifndef NODE_MASKED_INNER_H
#define NODE_MASKED_INNER_H

#include "credit/screening.h"
#include "credit/statistic.h"
#include "node/answer.h"
#include "node/census.h"
#include "node/masked.h"

struct inquiry {
	struct answer answer; /* first */
	struct buf request;   /* the body as it came */
	struct question question;
	const struct census *census; /* held until answered */
	struct permit permit;
	struct account account;
	struct digest digest; /* of the question about this census */
	uint32_t cost, spent, budget;
	bool paid;       /* it was charged before */
	struct buf note; /* kept with the charge */
	int64_t now_us;
};

/* Both: ERR_OK and the question, digest and cost filled; or ERR_INVALID. */
enum err inquiry_read_statistics(
    struct inquiry *inquiry, struct statistic *statistic, struct why *why);
enum err inquiry_read_screening(
    struct inquiry *inquiry, struct screening *screening, struct why *why);
/* Members of the answer into the open object; ERR_LIMIT: too large. */
enum err inquiry_tabulate(const struct inquiry *inquiry,
    const struct statistic *statistic, struct json_out *out);
enum err inquiry_screen(struct inquiry *inquiry, struct budget *budget,
    const struct screening *screening, struct json_out *out);

#endif
