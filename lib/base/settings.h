/*
 * settings: what an operator may set, one table row each.
 *
 * A program's table is the only list of its options: the file (`name = value`
 * lines, # comments), the environment (PREFIX_NAME) and the command line
 * (--name value) fill it, later ones win; --help prints it; an unknown name,
 * a bad value or a name twice in one file is an error that names file and line.
 */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

enum setting_kind {
	SETTING_TEXT, /* char * (owned by the settings) */
	SETTING_INT,  /* int64_t, between min and max */
	SETTING_BOOL  /* bool: yes or no */
};

struct setting {
	const char *name;
	enum setting_kind kind;
	size_t offset; /* of the member in the target struct */
	const char *otherwise;
	int64_t min, max;
	const char *help; /* one line, with the unit */
};

/* `rows` ends with a row whose name is NULL; `target` starts zeroed. */
MUST_CHECK enum err settings_default(
    const struct setting *rows, void *target, struct why *why);
MUST_CHECK enum err settings_read_file(const struct setting *rows, void *target,
    const char *path, struct why *why);
/* The same from the text of a file; `name` stands in messages. */
MUST_CHECK enum err settings_read_text(const struct setting *rows, void *target,
    const char *name, struct span text, struct why *why);
MUST_CHECK enum err settings_read_env(const struct setting *rows, void *target,
    const char *prefix, struct why *why);
/* Reads `--config FILE` first, then the rest.  ERR_SEEN: --help or --version
 * was asked and answered. */
MUST_CHECK enum err settings_read_args(const struct setting *rows, void *target,
    int argc, char **argv, struct why *why);
/* What a main calls: defaults, then `--config FILE`, then the environment,
 * then the rest of `argv` (NULL-terminated), so that the later win.
 * ERR_SEEN as settings_read_args; release `target` in any case. */
MUST_CHECK enum err settings_load(const struct setting *rows, void *target,
    const char *prefix, char **argv, struct why *why);
void settings_release(const struct setting *rows, void *target);
void settings_print_help(const struct setting *rows, const char *program);

#endif
