/*
 * country: what the console shows of nodes, members and departments, as
 * tables.
 */
#ifndef CLI_COUNTRY_H
#define CLI_COUNTRY_H

#include "cli/args.h"

int country_platforms(const struct args *args);
int country_keys(const struct args *args);
int country_gaps(const struct args *args);
int country_budgets(const struct args *args);
int country_use(const struct args *args); /* of a member's code */
int country_departments(const struct args *args);
int country_grid(const struct args *args);

#endif
