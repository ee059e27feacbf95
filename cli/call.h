/*
 * call: one question to the hub, and its answer as a table.
 */
#ifndef CLI_CALL_H
#define CLI_CALL_H

#include "base/buf.h"
#include "cli/args.h"
#include "cli/show.h"

/* What is sent, and the array of the answer that is shown; NULL: all of it as
 * it came. */
struct call {
	const char *method, *path, *list;
	const struct show_column *columns;
	struct span body;
};

/* With --json as it came.  Answers the exit code. */
int call_send(const struct args *args, const struct call *call);
/* A GET of `path`, which is not to be used afterwards. */
int call_table(const struct args *args, const char *path, const char *list,
    const struct show_column *columns);
/* POST `before`OPERAND`after`. */
int call_about(const struct args *args, const char *before, const char *after,
    struct span body);
/* Option `name`, if it was given, as a parameter behind the first. */
void call_filter(const struct args *args, const char *name, struct buf *path);
/* {"note": the option's text}, or {}. */
void call_note(const struct args *args, struct buf *body);

#endif
