/*
 * purpose: why a member asks.  A closed list.
 */
#include "credit/purpose.h"

#include <stddef.h>

static const char *const purpose_names[PURPOSE_COUNT] = {
    [PURPOSE_NONE] = "none",
    [PURPOSE_CUSTOMER_SCREENING] = "customer_screening",
    [PURPOSE_PRE_LOAN] = "pre_loan",
    [PURPOSE_IN_LOAN] = "in_loan",
    [PURPOSE_POST_LOAN] = "post_loan",
    [PURPOSE_GUARANTEE_REVIEW] = "guarantee_review",
    [PURPOSE_DISPUTE_CHECK] = "dispute_check",
    [PURPOSE_SUPERVISION] = "supervision",
    [PURPOSE_SELF] = "self",
};

enum purpose
purpose_parse(struct span text)
{
	unsigned i;

	for (i = PURPOSE_NONE + 1; i < PURPOSE_COUNT; i++) {
		if (span_is(text, purpose_names[i]))
			return (enum purpose)i;
	}
	return PURPOSE_NONE;
}

const char *
purpose_name(enum purpose purpose)
{
	unsigned i = (unsigned)purpose;

	return purpose_names[i < PURPOSE_COUNT ? i : PURPOSE_NONE];
}

bool
purpose_has_statistics(enum purpose purpose)
{
	return purpose == PURPOSE_CUSTOMER_SCREENING ||
	       purpose == PURPOSE_POST_LOAN ||
	       purpose == PURPOSE_GUARANTEE_REVIEW;
}

bool
purpose_has_screenings(enum purpose purpose)
{
	return purpose == PURPOSE_CUSTOMER_SCREENING ||
	       purpose == PURPOSE_GUARANTEE_REVIEW;
}

bool
purpose_may_monitor(enum purpose purpose)
{
	return purpose == PURPOSE_POST_LOAN ||
	       purpose == PURPOSE_GUARANTEE_REVIEW;
}
