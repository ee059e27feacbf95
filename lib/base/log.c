/*
 * log: one line an event on standard error.
 *
 * A line is made whole and handed over in one write(2), which is what keeps
 * lines of several threads apart; so there is no lock.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define LINE_MAX_BYTES 2048

static const char *log_program = "rongxin";
static _Atomic int log_least = LOG_INFO;

void
log_init(const char *program, enum log_level level)
{
	log_program = program;
	atomic_store(&log_least, (int)level);
}

static const char *
log_level_name(enum log_level level)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};

	return names[level];
}

/* A fact from outside must not be able to begin a line of its own. */
static void
log_make_harmless(char *line, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	}
}

static void __attribute__((format(printf, 3, 0))) log_line(
    enum log_level level, const char *event, const char *format, va_list args)
{
	int64_t now_us = clock_now_us();
	char line[LINE_MAX_BYTES];
	char time[CLOCK_TEXT_MAX];
	ssize_t written;
	size_t len;

	if ((int)level < atomic_load(&log_least))
		return;
	clock_print(now_us - now_us % CLOCK_SECOND, time);
	snprintf(line, sizeof(line), "%s %s %s %s ", time,
	    log_level_name(level), log_program, event);
	len = strlen(line);
	vsnprintf(line + len, sizeof(line) - len, format, args);
	len = strlen(line);
	log_make_harmless(line, len);
	while (len > 0 && line[len - 1] == ' ')
		len--;
	line[len++] = '\n';
	written = write(STDERR_FILENO, line, len);
	(void)written; /* nobody is left to tell */
}

void
log_debug(const char *event, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_DEBUG, event, format, args);
	va_end(args);
}

void
log_info(const char *event, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_INFO, event, format, args);
	va_end(args);
}

void
log_warn(const char *event, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_WARN, event, format, args);
	va_end(args);
}

void
log_error(const char *event, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_ERROR, event, format, args);
	va_end(args);
}

enum log_level
log_level_of(const char *name)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i], name) == 0)
			return (enum log_level)i;
	return LOG_INFO;
}
