/* SPDX-License-Identifier: ISC */
/*
 * Logging.  Floors 0 to 2 never log above debug; the room that decides, logs, once.
 *
 * Levels are syslog's.  Names of persons appear at debug only; non-fatal lines end in "; skipping"
 * or "; retrying in 30 s".  Where lines go is set once by app: journal fields under systemd, text
 * on a terminal, else JSON lines, always on standard error.  Tests install a sink of their own.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7
};

struct log_field {
	const char *name; /* lower_snake_case; the journal gets SCIMWARD_NAME */
	struct span value;
};

/* One line on its way out. */
struct log_line {
	enum log_level level;
	const char *message; /* printable UTF-8 */
	const struct log_field *fields;
	size_t field_count;
};

typedef void log_sink(void *context, const struct log_line *line);

/** Sets the sink and the highest level that reaches it (at first info). A NULL sink writes text to
 * stderr. */
void log_open(log_sink *sink, void *context, enum log_level level);

/** Whether a line of that level would go anywhere. */
bool log_wants(enum log_level level);

/** Writes a line with the inherited fields. The text is made printable. */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

enum { LOG_FIELDS_MAX = 16 };

/**
 * Adds a field to all lines until log_field_pop: run, directory, tenant.
 *
 * @param name   borrowed until the pop
 * @param value  copied and made printable; beyond LOG_FIELDS_MAX it is counted but not shown
 */
void log_field_push(const char *name, struct span value);

/** Takes the last pushed field away again. */
void log_field_pop(void);

#define log_error(...)   log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)  log_write(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)                                                                             \
	do {                                                                                       \
		if (log_wants(LOG_LEVEL_DEBUG))                                                    \
			log_write(LOG_LEVEL_DEBUG, __VA_ARGS__);                                   \
	} while (0)

/** Reads "error" … "debug". @return false when it is none */
bool log_level_parse(struct span text, enum log_level *ret_level);

/** Names a level. */
const char *log_level_name(enum log_level level);

#endif
