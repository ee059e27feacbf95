/*
 * settings: what an operator may set, one table row each.
 */
#include "base/settings.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/version.h"

#define SETTINGS_FILE_MAX ((size_t)256 << 10)
#define ENV_NAME_MAX 128

/* Where a value comes from, for messages: "hub.conf:12: ", "--port: ". */
struct origin {
	const char *where;
	size_t line; /* 0: not a file */
};

static enum err
refuse(const struct origin *origin, const char *name, const char *expected,
    struct why *why)
{
	if (origin->line != 0)
		return why_set(why, ERR_INVALID, "%s:%zu: %s: %s",
		    origin->where, origin->line, name, expected);
	return why_set(
	    why, ERR_INVALID, "%s: %s: %s", origin->where, name, expected);
}

static const struct setting *
find(const struct setting *rows, struct span name)
{
	for (; rows->name != NULL; rows++) {
		if (span_is(name, rows->name))
			return rows;
	}
	return NULL;
}

static void
set_text(char **member, struct span value)
{
	mem_free(*member);
	*member = mem_new(value.len + 1);
	if (value.len > 0)
		memcpy(*member, value.ptr, value.len);
}

static bool
parse_int(struct span value, int64_t *number)
{
	char text[24];
	char *end;

	if (value.len == 0 || value.len >= sizeof(text) ||
	    memchr("-0123456789", value.ptr[0], 11) == NULL)
		return false;
	memcpy(text, value.ptr, value.len);
	text[value.len] = '\0';
	errno = 0;
	*number = strtoll(text, &end, 10);
	return errno == 0 && end == text + value.len;
}

static enum err
set_int(const struct setting *row, int64_t *member, struct span value,
    const struct origin *origin, struct why *why)
{
	char expected[96];
	int64_t number;

	if (parse_int(value, &number) && number >= row->min &&
	    number <= row->max) {
		*member = number;
		return ERR_OK;
	}
	snprintf(expected, sizeof(expected),
	    "expected a whole number from %" PRId64 " to %" PRId64, row->min,
	    row->max);
	return refuse(origin, row->name, expected, why);
}

static enum err
set_bool(const struct setting *row, bool *member, struct span value,
    const struct origin *origin, struct why *why)
{
	if (!span_is(value, "yes") && !span_is(value, "no"))
		return refuse(origin, row->name, "expected yes or no", why);
	*member = span_is(value, "yes");
	return ERR_OK;
}

/* Values are not repeated in messages: one may be a secret. */
static enum err
set(const struct setting *row, void *target, struct span value,
    const struct origin *origin, struct why *why)
{
	void *member = (char *)target + row->offset;

	switch (row->kind) {
	case SETTING_INT:
		return set_int(row, member, value, origin, why);
	case SETTING_BOOL:
		return set_bool(row, member, value, origin, why);
	case SETTING_TEXT:
	default:
		break;
	}
	if (!text_is_utf8(value) ||
	    (value.len > 0 && memchr(value.ptr, '\0', value.len) != NULL))
		return refuse(origin, row->name, "expected UTF-8 text", why);
	set_text(member, value);
	return ERR_OK;
}

enum err
settings_default(const struct setting *rows, void *target, struct why *why)
{
	const struct origin origin = {"default", 0};
	enum err err = ERR_OK;

	for (; rows->name != NULL && err == ERR_OK; rows++) {
		if (rows->otherwise != NULL)
			err = set(rows, target, span_of(rows->otherwise),
			    &origin, why);
	}
	return err;
}

/* A name from outside, short and printable enough for a message. */
static enum err
refuse_unknown(struct span name, const struct origin *origin, struct why *why)
{
	char text[48];
	size_t i;

	for (i = 0; i < name.len && i < sizeof(text) - 1; i++)
		text[i] =
		    isgraph((unsigned char)name.ptr[i]) ? name.ptr[i] : '?';
	text[i] = '\0';
	return refuse(origin, text, "no such setting (see --help)", why);
}

/* One file on its way into `target`. */
struct reading {
	const struct setting *rows;
	void *target;
	struct origin origin;
	size_t *given; /* for each row, the line that gave it; 0: none yet */
};

/* Which of two lines was meant nobody can know. */
static enum err
read_value(struct reading *reading, const struct setting *row,
    struct span value, struct why *why)
{
	size_t *given = &reading->given[row - reading->rows];
	char before[64];

	if (*given != 0) {
		snprintf(before, sizeof(before),
		    "given twice, first in line %zu", *given);
		return refuse(&reading->origin, row->name, before, why);
	}
	*given = reading->origin.line;
	return set(row, reading->target, value, &reading->origin, why);
}

static enum err
read_line(struct reading *reading, struct span line, struct why *why)
{
	const struct setting *row;
	struct span name, value;
	const char *equals;

	line = text_trim(line);
	if (line.len == 0 || line.ptr[0] == '#')
		return ERR_OK;
	equals = memchr(line.ptr, '=', line.len);
	if (equals == NULL)
		return refuse(
		    &reading->origin, "line", "expected name = value", why);
	name = text_trim(span_make(line.ptr, (size_t)(equals - line.ptr)));
	value = text_trim(
	    span_make(equals + 1, (size_t)(line.ptr + line.len - equals - 1)));
	row = find(reading->rows, name);
	if (row == NULL)
		return refuse_unknown(name, &reading->origin, why);
	return read_value(reading, row, value, why);
}

static size_t *
given_new(const struct setting *rows)
{
	size_t count = 1;

	for (; rows->name != NULL; rows++)
		count++;
	return mem_new(count * sizeof(size_t));
}

enum err
settings_read_text(const struct setting *rows, void *target, const char *name,
    struct span text, struct why *why)
{
	struct reading reading = {
	    rows, target, {.where = name}, given_new(rows)};
	enum err err = ERR_OK;
	const char *end;
	struct span line;

	while (text.len > 0 && err == ERR_OK) {
		end = memchr(text.ptr, '\n', text.len);
		line = text;
		if (end != NULL)
			line.len = (size_t)(end - text.ptr);
		reading.origin.line++;
		err = read_line(&reading, line, why);
		text.ptr += line.len + (end != NULL);
		text.len -= line.len + (end != NULL);
	}
	mem_free(reading.given);
	return err;
}

enum err
settings_read_file(
    const struct setting *rows, void *target, const char *path, struct why *why)
{
	struct buf text = {0};
	enum err err;

	err = file_read(path, SETTINGS_FILE_MAX, &text, why);
	if (err == ERR_OK)
		err = settings_read_text(
		    rows, target, path, buf_span(&text), why);
	buf_release(&text);
	return err;
}

/* "bus.send-limit" of prefix "RONGXIN_HUB" is RONGXIN_HUB_BUS_SEND_LIMIT. */
static void
env_name(char out[ENV_NAME_MAX], const char *prefix, const char *name)
{
	int len = snprintf(out, ENV_NAME_MAX, "%s_%s", prefix, name);
	char *at;

	assert(len > 0 && len < ENV_NAME_MAX);
	for (at = out + strlen(prefix); *at != '\0'; at++)
		*at = *at == '-' || *at == '.'
			  ? '_'
			  : (char)toupper((unsigned char)*at);
}

enum err
settings_read_env(const struct setting *rows, void *target, const char *prefix,
    struct why *why)
{
	struct origin origin = {"environment", 0};
	char name[ENV_NAME_MAX];
	enum err err = ERR_OK;
	const char *value;

	for (; rows->name != NULL && err == ERR_OK; rows++) {
		env_name(name, prefix, rows->name);
		value = getenv(name);
		origin.where = name;
		if (value != NULL)
			err = set(rows, target, span_of(value), &origin, why);
	}
	return err;
}

/* One option of the command line. */
struct option {
	struct span name;
	const char *value; /* NULL: --help, --version */
};

/* `--name value`, `--name=value`, `--help` or `--version`, at argv[*at],
 * which moves on. */
static enum err
take_option(char **argv, size_t *at, struct option *option, struct why *why)
{
	const char *word = argv[*at];
	const char *equals;

	if (strncmp(word, "--", 2) != 0)
		return why_set(why, ERR_INVALID,
		    "argument %zu: expected --name value (see --help)", *at);
	word += 2;
	(*at)++;
	equals = strchr(word, '=');
	if (equals != NULL) {
		option->name = span_make(word, (size_t)(equals - word));
		option->value = equals + 1;
		return ERR_OK;
	}
	option->name = span_of(word);
	option->value = NULL;
	if (strcmp(word, "help") == 0 || strcmp(word, "version") == 0)
		return ERR_OK;
	if (argv[*at] == NULL)
		return why_set(
		    why, ERR_INVALID, "--%.40s: a value is missing", word);
	option->value = argv[(*at)++];
	return ERR_OK;
}

static const char *
program_of(char **argv)
{
	const char *slash;

	if (argv[0] == NULL)
		return "rongxin";
	slash = strrchr(argv[0], '/');
	return slash != NULL ? slash + 1 : argv[0];
}

static enum err
answer(const struct setting *rows, const struct option *option, char **argv)
{
	if (span_is(option->name, "version"))
		printf("%s %s\n", program_of(argv), RONGXIN_VERSION);
	else
		settings_print_help(rows, program_of(argv));
	return ERR_SEEN;
}

/* First pass: questions are answered, files are read. */
static enum err
read_config(
    const struct setting *rows, void *target, char **argv, struct why *why)
{
	struct option option = {0};
	enum err err = ERR_OK;
	size_t at = 1;

	while (argv[0] != NULL && argv[at] != NULL && err == ERR_OK) {
		err = take_option(argv, &at, &option, why);
		if (err != ERR_OK)
			break;
		if (option.value == NULL)
			err = answer(rows, &option, argv);
		else if (span_is(option.name, "config"))
			err =
			    settings_read_file(rows, target, option.value, why);
	}
	return err;
}

/* Second pass: everything else.  `--config` was understood before. */
static enum err
read_options(
    const struct setting *rows, void *target, char **argv, struct why *why)
{
	const struct origin origin = {"command line", 0};
	const struct setting *row;
	struct option option = {0};
	enum err err = ERR_OK;
	size_t at = 1;

	while (argv[0] != NULL && argv[at] != NULL && err == ERR_OK) {
		err = take_option(argv, &at, &option, why);
		if (err != ERR_OK || span_is(option.name, "config"))
			continue;
		row = find(rows, option.name);
		if (row == NULL)
			err = refuse_unknown(option.name, &origin, why);
		else
			err = set(
			    row, target, span_of(option.value), &origin, why);
	}
	return err;
}

enum err
settings_read_args(const struct setting *rows, void *target, int argc,
    char **argv, struct why *why)
{
	enum err err = read_config(rows, target, argv, why);

	assert(argv[argc] == NULL);
	if (err == ERR_OK)
		err = read_options(rows, target, argv, why);
	return err;
}

enum err
settings_load(const struct setting *rows, void *target, const char *prefix,
    char **argv, struct why *why)
{
	enum err err = settings_default(rows, target, why);

	if (err == ERR_OK)
		err = read_config(rows, target, argv, why);
	if (err == ERR_OK)
		err = settings_read_env(rows, target, prefix, why);
	if (err == ERR_OK)
		err = read_options(rows, target, argv, why);
	return err;
}

void
settings_release(const struct setting *rows, void *target)
{
	char **member;

	for (; rows->name != NULL; rows++) {
		if (rows->kind != SETTING_TEXT)
			continue;
		member = (char **)(void *)((char *)target + rows->offset);
		mem_free(*member);
		*member = NULL;
	}
}

static void
print_row(const struct setting *row)
{
	static const char *const kinds[] = {"TEXT", "NUMBER", "yes|no"};

	printf("  --%s %s\n        %s", row->name, kinds[row->kind], row->help);
	if (row->kind == SETTING_INT)
		printf(" (%" PRId64 " to %" PRId64 ")", row->min, row->max);
	if (row->otherwise != NULL && row->otherwise[0] != '\0')
		printf(" [%s]", row->otherwise);
	printf("\n");
}

void
settings_print_help(const struct setting *rows, const char *program)
{
	printf("usage: %s [--config FILE] [--name value]...\n\n"
	       "Also in FILE as `name = value`, and in the environment.\n\n",
	    program);
	for (; rows->name != NULL; rows++)
		print_row(rows);
	printf("  --config FILE\n        settings from a file\n"
	       "  --help\n  --version\n");
}
