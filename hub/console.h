/*
 * console: the web pages for operators, as files in memory.
 *
 * Read once, when the hub starts; nothing that a request names is ever looked
 * up on the disk.  Immutable afterwards; any thread.
 */
#ifndef HUB_CONSOLE_H
#define HUB_CONSOLE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"

struct console;

struct console_file {
	char *name; /* "vendor/echarts.js" */
	const char *type;
	char etag[DIGEST_HEX_LEN + 3]; /* quoted */
	struct buf bytes;
};

/* All pages of `folder`; files that no page is made of are left out. */
struct console *console_open(const char *folder, struct why *why);
void console_close(struct console *console); /* safe on NULL */
/* NULL when there is none; "" is the first page. */
const struct console_file *console_find(
    const struct console *console, const char *name);
/* Where the files are when no setting says so: beside the program
 * (../console), or installed.  False when nowhere. */
bool console_find_folder(char *out, size_t size);

#endif
