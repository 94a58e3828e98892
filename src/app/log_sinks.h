/* SPDX-License-Identifier: ISC */
/*
 * Where log lines go: text for people, JSON lines for collectors, fields for the journal.  Always
 * standard error; standard output belongs to results.
 *
 * Text, coloured only on a terminal and never under NO_COLOR:
 *
 *     2026-03-01T12:34:56Z warning directory corp: cannot connect; retrying in 30 s [run=17]
 *
 * JSON lines, one object each, "at" "level" "message" first and then the fields:
 *
 *     {"at":"2026-03-01T12:34:56.789Z","level":"warning","message":"…","run":"17"}
 *
 * The journal gets MESSAGE, PRIORITY, SYSLOG_IDENTIFIER and each field as SCIMWARD_NAME.
 */
#ifndef APP_LOG_SINKS_H
#define APP_LOG_SINKS_H

#include "base/log.h"
#include "base/str.h"
#include <stdbool.h>
#include <stdint.h>

enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_JOURNAL, LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/** Whether a $JOURNAL_STREAM ("DEVICE:INODE") names that file. */
bool log_journal_names(const char *variable, uint64_t device, uint64_t inode);

/** Whether standard error is connected to the journal ($JOURNAL_STREAM names its device and inode).
 */
bool log_stderr_is_journal(void);

/**
 * Settles what a format means here: `auto` is the journal's fields when standard error is connected
 * to it, text on a terminal, else JSON lines; `journal` without a journal is JSON lines.
 */
enum log_format log_format_settle(enum log_format format);

/** Opens the log of the process on standard error. */
void log_sinks_open(enum log_format format, enum log_level level);

/** Appends a line as text with its newline; `wall_ms` is when. */
void log_line_format_text(
    const struct log_line *line, int64_t wall_ms, bool with_color, struct str *out);

/** Appends a line as one JSON object with its newline. */
void log_line_format_json(const struct log_line *line, int64_t wall_ms, struct str *out);

/** Appends the journal's name of a field: "SCIMWARD_" and the name in upper case. */
void log_journal_name(const char *name, struct str *out);

/** Names a format as the configuration does. */
const char *log_format_name(enum log_format format);

#endif
