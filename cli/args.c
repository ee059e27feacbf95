/*
 * args: options from the command line and the environment, and their help.
 */
#include "cli/args.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *
plain_name(const char *name)
{
	return name[0] == '-' && name[1] == '-' ? name + 2 : name;
}

static void
help_option(const struct arg_option *option)
{
	char left[64];

	snprintf(left, sizeof(left), "--%s%s%s", option->name,
	    option->value != NULL ? " " : "",
	    option->value != NULL ? option->value : "");
	printf("  %-24s %s", left, option->help);
	if (option->env != NULL)
		printf(" [%s]", option->env);
	printf("\n");
}

static int
help_command(const struct arg_command *command)
{
	const struct arg_option *option;

	printf("%s\n\nusage: rongxin %s%s%s [options]\n", command->line,
	    command->name, command->operands[0] != '\0' ? " " : "",
	    command->operands);
	if (command->about[0] != '\0')
		printf("\n%s\n", command->about);
	if (command->options->name != NULL)
		printf("\noptions (in brackets: environment that is read when "
		       "the option is absent)\n");
	for (option = command->options; option->name != NULL; option++)
		help_option(option);
	printf("\nexample\n  %s\n", command->example);
	return DONE;
}

static int
help_noun(const char *noun, const struct arg_command *commands, FILE *to)
{
	const struct arg_command *command;

	fprintf(to, "usage: rongxin %s VERB [options]\n\n", noun);
	for (command = commands; command->name != NULL; command++)
		fprintf(to, "  %-20s %s\n", command->name, command->line);
	fprintf(to, "\nrongxin %s VERB --help tells more.\n", noun);
	return to == stdout ? DONE : MISUSED;
}

static bool
is_help(const char *text)
{
	return strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0 ||
	       strcmp(text, "help") == 0;
}

int
args_dispatch(
    const char *noun, const struct arg_command *commands, int argc, char **argv)
{
	const struct arg_command *command;
	const char *verb;

	if (argc < 2)
		return help_noun(noun, commands, stderr);
	if (is_help(argv[1]))
		return help_noun(noun, commands, stdout);
	for (command = commands; command->name != NULL; command++) {
		verb = strrchr(command->name, ' ');
		if (verb != NULL && strcmp(verb + 1, argv[1]) == 0)
			return args_run(command, argc - 1, argv + 1);
	}
	fprintf(stderr, "rongxin: %s: there is no '%s'\n", noun, argv[1]);
	return help_noun(noun, commands, stderr);
}

static int
find_option(const struct arg_command *command, const char *name, size_t len)
{
	int i;

	for (i = 0; command->options[i].name != NULL; i++)
		if (strlen(command->options[i].name) == len &&
		    memcmp(command->options[i].name, name, len) == 0)
			return i;
	return -1;
}

/* Returns how many words were taken, or 0 after saying what is wrong. */
static int
take_option(struct args *args, int left, char **argv)
{
	const char *name = plain_name(argv[0]);
	const char *equal = strchr(name, '=');
	size_t len = equal != NULL ? (size_t)(equal - name) : strlen(name);
	int at = find_option(args->command, name, len);

	if (at < 0) {
		args_misused(args, "there is no option --%.*s", (int)len, name);
		return 0;
	}
	if (args->command->options[at].value == NULL) {
		args->values[at] = "yes";
		return 1;
	}
	if (equal != NULL) {
		args->values[at] = equal + 1;
		return 1;
	}
	if (left < 2) {
		args_misused(args, "--%s needs a value", name);
		return 0;
	}
	args->values[at] = argv[1];
	return 2;
}

static bool
take_operand(struct args *args, const char *word)
{
	if (args->operand_count == args->command->operands_max) {
		args_misused(args, "unexpected '%s'", word);
		return false;
	}
	args->operands[args->operand_count++] = word;
	return true;
}

int
args_run(const struct arg_command *command, int argc, char **argv)
{
	struct args args = {.command = command};
	int i, taken;

	for (i = 1; i < argc; i += taken) {
		taken = 1;
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0)
			return help_command(command);
		if (strncmp(argv[i], "--", 2) == 0)
			taken = take_option(&args, argc - i, argv + i);
		else if (!take_operand(&args, argv[i]))
			taken = 0;
		if (taken == 0)
			return MISUSED;
	}
	if (args.operand_count < command->operands_min)
		return args_misused(&args, "%s is missing", command->operands);
	return command->run(&args);
}

static const char *
from_env(const char *names)
{
	char name[64];
	const char *value;
	size_t len;

	while (names != NULL && *names != '\0') {
		len = strcspn(names, ",");
		snprintf(name, sizeof(name), "%.*s", (int)len, names);
		value = getenv(name);
		if (value != NULL && value[0] != '\0')
			return value;
		names += len + (names[len] == ',');
	}
	return NULL;
}

const char *
args_get(const struct args *args, const char *option)
{
	int at = find_option(args->command, option, strlen(option));

	assert(at >= 0 && at < ARGS_OPTIONS_MAX);
	if (args->values[at] != NULL)
		return args->values[at];
	return from_env(args->command->options[at].env);
}

bool
args_knows(const struct args *args, const char *option)
{
	return find_option(args->command, option, strlen(option)) >= 0;
}

bool
args_has(const struct args *args, const char *option)
{
	return args_get(args, option) != NULL;
}

bool
args_int(const struct args *args, const char *option, int64_t bounds[2],
    int64_t *value)
{
	const char *text = args_get(args, option);
	char *end;
	long long number;

	if (text == NULL)
		return true;
	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || number < bounds[0] ||
	    number > bounds[1]) {
		args_misused(args, "--%s: '%s' is not between %lld and %lld",
		    option, text, (long long)bounds[0], (long long)bounds[1]);
		return false;
	}
	*value = number;
	return true;
}

const char *
args_need(const struct args *args, const char *option)
{
	const char *value = args_get(args, option);
	int at = find_option(args->command, option, strlen(option));
	const char *env = args->command->options[at].env;

	if (value == NULL)
		args_misused(args, "--%s is needed%s%s", option,
		    env != NULL ? ", or the environment's " : "",
		    env != NULL ? env : "");
	return value;
}

static void __attribute__((format(printf, 2, 0)))
say(const struct args *args, const char *format, va_list list)
{
	fprintf(stderr, "rongxin: %s: ", args->command->name);
	vfprintf(stderr, format, list);
	fputc('\n', stderr);
}

int
args_misused(const struct args *args, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say(args, format, list);
	va_end(list);
	fprintf(stderr, "rongxin %s --help tells more.\n", args->command->name);
	return MISUSED;
}

int
args_failed(const struct args *args, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say(args, format, list);
	va_end(list);
	return UNREACHED;
}
