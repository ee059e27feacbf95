/*
 * member_apply: applications for the member list.
 */
#ifndef CLI_MEMBER_APPLY_H
#define CLI_MEMBER_APPLY_H

#include "cli/args.h"
#include "credit/member.h"

int member_apply(const struct args *args); /* of a member document's file */
/* Of a changed one; of a takeover by the operand, {"from","divisions"}. */
int member_apply_document(const struct args *args, const struct member *member);
int member_apply_takeover(const struct args *args, struct span takeover);
int member_applications(const struct args *args);
/* Of an application's number. */
int member_review(const struct args *args);
int member_accept(const struct args *args);
int member_refuse(const struct args *args);

#endif
