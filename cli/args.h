/*
 * args: what a subcommand was called with.
 *
 * A command's table rows are the only list of its options: they are parsed,
 * defaulted from the environment and printed by --help.
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#define ARGS_OPTIONS_MAX 24
#define ARGS_OPERANDS_MAX 4

enum {
	DONE = 0,     /* done, or yes */
	REFUSED = 1,  /* the answer is no */
	MISUSED = 2,  /* called wrongly */
	UNREACHED = 3 /* a file, a key or a peer failed */
};

struct arg_option {
	const char *name;
	const char *value; /* what to call its value; NULL: a flag */
	const char *env;   /* variables to fall back on, comma-separated */
	const char *help;
};

struct args;

struct arg_command {
	const char *name;     /* "key network" */
	const char *operands; /* "SUBJECT", or "" */
	const char *line;     /* one line */
	const char *about;    /* a paragraph, or "" */
	const char *example;
	int operands_min, operands_max;
	const struct arg_option *options; /* ends with a NULL name */
	int (*run)(const struct args *args);
};

struct args {
	const struct arg_command *command;
	const char *values[ARGS_OPTIONS_MAX];
	const char *operands[ARGS_OPERANDS_MAX];
	int operand_count;
};

/* Find the verb argv[1] among `commands` (ends with a NULL name), parse the
 * rest and run it.  Returns the exit code. */
int args_dispatch(const char *noun, const struct arg_command *commands,
    int argc, char **argv);
/* Parse argv[1..] for one command and run it. */
int args_run(const struct arg_command *command, int argc, char **argv);

/* Option's value, else its environment's, else NULL.  Asserts that the
 * command has such an option. */
const char *args_get(const struct args *args, const char *option);
/* Has the command such an option at all? */
bool args_knows(const struct args *args, const char *option);
bool args_has(const struct args *args, const char *option);
/* Whole number within bounds, `otherwise` when absent; says what is wrong
 * and returns false. */
bool args_int(const struct args *args, const char *option, int64_t bounds[2],
    int64_t *value);
/* An option that must be there; says so when it is not. */
const char *args_need(const struct args *args, const char *option);
/* "rongxin: key network: …" on standard error; returns MISUSED. */
int args_misused(const struct args *args, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same for a failed file, key or peer; returns UNREACHED. */
int args_failed(const struct args *args, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
