/*
 * finding: what is wrong with a row.  A value, not an error.
 *
 * The offending value itself is never kept here, only its digest; the rule
 * ids are explained in both languages by the catalogue.
 */
#ifndef CREDIT_FINDING_H
#define CREDIT_FINDING_H

#include <stdint.h>

#include "base/digest.h"

enum finding_severity {
	FINDING_WARN,  /* the row goes in */
	FINDING_REJECT /* the row stays out */
};

struct finding {
	uint64_t line; /* of the row's first character; the header is 1 */
	const char
	    *field; /* catalogue name, or "" for the whole row; borrowed */
	const char *rule; /* static or the catalogue's; borrowed */
	enum finding_severity severity;
	struct digest value; /* of the value as it came */
};

#endif
