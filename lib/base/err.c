/*
 * err: names of errors, and the words beside them.
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

const char *
err_name(enum err err)
{
	static const char *const names[] = {
	    [ERR_OK] = "ok",
	    [ERR_SEEN] = "seen",
	    [ERR_GAP] = "gap",
	    [ERR_TOO_OLD] = "too_old",
	    [ERR_INVALID] = "invalid",
	    [ERR_LIMIT] = "limit",
	    [ERR_DENIED] = "denied",
	    [ERR_MISSING] = "missing",
	    [ERR_CONFLICT] = "conflict",
	    [ERR_BUSY] = "busy",
	    [ERR_IO] = "io",
	    [ERR_DATABASE] = "database",
	    [ERR_NETWORK] = "network",
	    [ERR_CRYPTO] = "crypto",
	    [ERR_CLOSED] = "closed",
	};

	if ((unsigned)err >= sizeof(names) / sizeof(names[0]))
		return "unknown";
	return names[err];
}

enum err
why_set(struct why *why, enum err err, const char *format, ...)
{
	va_list args;

	if (why == NULL)
		return err;
	va_start(args, format);
	vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	return err;
}
