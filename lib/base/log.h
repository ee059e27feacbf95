/*
 * log: one line an event on standard error, for operators.
 *
 * `event` is dotted and listed in docs/OPERATING.md; facts follow as
 * name=value.  Never a credit code, a name or a report: a digest.
 * Any thread; a line is written whole.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level {
	LOG_DEBUG,
	LOG_INFO,
	LOG_WARN,
	LOG_ERROR
};

/* "debug", "info", "warn", "error"; LOG_INFO for anything else. */
enum log_level log_level_of(const char *name);
/* Default LOG_INFO.  `program` is borrowed for good. */
void log_init(const char *program, enum log_level level);
void log_debug(const char *event, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void log_info(const char *event, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void log_warn(const char *event, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void log_error(const char *event, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
