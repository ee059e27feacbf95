/*
 * holder: which platforms may hold a subject, by the member list.
 *
 * A subject's code names the division that registered it, which is a hint and
 * no more: enterprises move.  So several are named, in the order in which they
 * are worth asking.  Pure; any thread.
 */
#ifndef CREDIT_HOLDER_H
#define CREDIT_HOLDER_H

#include "credit/member.h"

/* City, province; of a county its own city and province; nation. */
#define HOLDERS_MAX 5

/* Active platforms that can be reached (url), without `self`: that of the
 * `hint`'s city, then its province, then those above `self`, then national
 * ones.  `hint`: four digits (credit/region.h).  Answers how many. */
size_t holders_find(const struct member *members, size_t count,
    const struct member *self, const char *hint,
    const struct member *found[HOLDERS_MAX]);

#endif
