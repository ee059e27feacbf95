/*
 * objection_say: what a subject wants to be read beside a record that it has
 * objected to.
 */
#ifndef CLI_OBJECTION_SAY_H
#define CLI_OBJECTION_SAY_H

#include "cli/args.h"

extern const struct arg_option objection_say_options[];

/* objection state ID */
int objection_say(const struct args *args);

#endif
