/*
 * member_apply: applications for the member list.
 */
#ifndef CLI_MEMBER_APPLY_H
#define CLI_MEMBER_APPLY_H

#include "cli/args.h"

int member_apply(const struct args *args); /* of a member document's file */
int member_applications(const struct args *args);
/* Of an application's number. */
int member_review(const struct args *args);
int member_accept(const struct args *args);
int member_refuse(const struct args *args);

#endif
