/* SPDX-License-Identifier: ISC */
/*
 * The three sinks and the choice between them.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "app/log_sinks.h"
#include "app/terminal.h"
#include "base/emit.h"
#include "base/time.h"
#include "base/unicode.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-journal.h>
#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#endif

/* What the process logs with; log_sinks_open sets it before any other thread is there. */
static bool log_has_color;

bool log_journal_names(const char *variable, uint64_t device, uint64_t inode)
{
	uint64_t named_device, named_inode;
	struct span rest = span_of(variable), first = span_split(&rest, ':');

	return span_to_u64(first, &named_device) && span_to_u64(rest, &named_inode) &&
	       named_device == device && named_inode == inode;
}

bool log_stderr_is_journal(void)
{
	const char *variable = getenv("JOURNAL_STREAM");
	struct stat info;

	return variable != NULL && fstat(STDERR_FILENO, &info) == 0 &&
	       log_journal_names(variable, info.st_dev, info.st_ino);
}

static bool has_journal(void)
{
#ifdef HAVE_LIBSYSTEMD
	/* Without a socket the journal's functions do nothing and say that all is well. */
	return log_stderr_is_journal() && access(JOURNAL_SOCKET, W_OK) == 0;
#else
	return false;
#endif
}

enum log_format log_format_settle(enum log_format format)
{
	switch (format) {
	case LOG_FORMAT_AUTO:
		if (has_journal())
			return LOG_FORMAT_JOURNAL;
		return isatty(STDERR_FILENO) ? LOG_FORMAT_TEXT : LOG_FORMAT_JSON;
	case LOG_FORMAT_JOURNAL:
		return has_journal() ? LOG_FORMAT_JOURNAL : LOG_FORMAT_JSON;
	case LOG_FORMAT_TEXT:
	case LOG_FORMAT_JSON:
		return format;
	}
	return LOG_FORMAT_JSON;
}

const char *log_format_name(enum log_format format)
{
	switch (format) {
	case LOG_FORMAT_AUTO:
		return "auto";
	case LOG_FORMAT_JOURNAL:
		return "journal";
	case LOG_FORMAT_TEXT:
		return "text";
	case LOG_FORMAT_JSON:
		return "json";
	}
	return "auto";
}

static const char *color_of(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return "\033[1;31m";
	case LOG_LEVEL_WARNING:
		return "\033[33m";
	case LOG_LEVEL_NOTICE:
		return "\033[1m";
	case LOG_LEVEL_INFO:
		return "";
	case LOG_LEVEL_DEBUG:
		return "\033[2m";
	}
	return "";
}

void log_line_format_text(
    const struct log_line *line, int64_t wall_ms, bool with_color, struct str *out)
{
	const char *color = with_color ? color_of(line->level) : "";
	char at[TIME_TEXT_SIZE];

	time_format(wall_ms, false, at);
	str_addf(out, "%s %s%s%s %s", at, color, log_level_name(line->level),
	    color[0] == '\0' ? "" : "\033[0m", line->message);
	for (size_t i = 0; i < line->field_count; i++) {
		str_addf(out, "%s%s=", i == 0 ? " [" : " ", line->fields[i].name);
		utf8_printable(line->fields[i].value, out);
	}
	str_add_c(out, line->field_count > 0 ? "]\n" : "\n");
}

void log_line_format_json(const struct log_line *line, int64_t wall_ms, struct str *out)
{
	struct emitter writer;
	char at[TIME_TEXT_SIZE];

	time_format(wall_ms, true, at);
	emit_init(&writer, out, 0);
	emit_object_open(&writer);
	emit_key(&writer, "at");
	emit_string_c(&writer, at);
	emit_key(&writer, "level");
	emit_string_c(&writer, log_level_name(line->level));
	emit_key(&writer, "message");
	emit_string_c(&writer, line->message);
	for (size_t i = 0; i < line->field_count; i++) {
		emit_key(&writer, line->fields[i].name);
		emit_string(&writer, line->fields[i].value);
	}
	emit_object_close(&writer);
	str_add_byte(out, '\n');
}

void log_journal_name(const char *name, struct str *out)
{
	str_add_c(out, "SCIMWARD_");
	for (; *name != '\0'; name++) {
		bool is_lower = *name >= 'a' && *name <= 'z';
		bool is_other = (*name >= '0' && *name <= '9') || (*name >= 'A' && *name <= 'Z');

		str_add_byte(out, is_lower ? (char)(*name - 'a' + 'A') : is_other ? *name : '_');
	}
}

static int64_t wall_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One write(2) a line, so that lines of several processes do not mix. */
static void put(struct str *text)
{
	ssize_t written;

	terminal_clear_progress();
	written = write(STDERR_FILENO, text->at, text->len);
	/* When standard error is gone there is nobody left to tell. */
	(void)written;
	str_done(text);
}

static void write_text(void *context, const struct log_line *line)
{
	struct str text = { 0 };

	(void)context;
	log_line_format_text(line, wall_now_ms(), log_has_color, &text);
	put(&text);
}

static void write_json(void *context, const struct log_line *line)
{
	struct str text = { 0 };

	(void)context;
	log_line_format_json(line, wall_now_ms(), &text);
	put(&text);
}

#ifdef HAVE_LIBSYSTEMD
enum { JOURNAL_OWN_FIELDS = 3 };

/* The fields one behind the other, and where each ends. */
struct journal_entry {
	struct str text;
	size_t ends[JOURNAL_OWN_FIELDS + LOG_FIELDS_MAX];
	size_t count;
};

static void end_field(struct journal_entry *entry)
{
	entry->ends[entry->count++] = entry->text.len;
}

static void fill_entry(struct journal_entry *entry, const struct log_line *line)
{
	str_addf(&entry->text, "MESSAGE=%s", line->message);
	end_field(entry);
	str_addf(&entry->text, "PRIORITY=%d", (int)line->level);
	end_field(entry);
	str_add_c(&entry->text, "SYSLOG_IDENTIFIER=scimward");
	end_field(entry);
	for (size_t i = 0; i < line->field_count && i < LOG_FIELDS_MAX; i++) {
		log_journal_name(line->fields[i].name, &entry->text);
		str_add_byte(&entry->text, '=');
		str_add(&entry->text, line->fields[i].value);
		end_field(entry);
	}
}

static void write_journal(void *context, const struct log_line *line)
{
	struct iovec parts[JOURNAL_OWN_FIELDS + LOG_FIELDS_MAX];
	struct journal_entry entry = { 0 };
	size_t start = 0;

	fill_entry(&entry, line);
	for (size_t i = 0; i < entry.count; i++) {
		parts[i] = (struct iovec) { .iov_base = entry.text.at + start,
			.iov_len = entry.ends[i] - start };
		start = entry.ends[i];
	}
	if (sd_journal_sendv(parts, (int)entry.count) < 0)
		write_json(context, line);
	str_done(&entry.text);
}
#endif

void log_sinks_open(enum log_format format, enum log_level level)
{
	log_has_color = terminal_wants_color(STDERR_FILENO);
	switch (log_format_settle(format)) {
	case LOG_FORMAT_AUTO:
	case LOG_FORMAT_JSON:
		log_open(write_json, NULL, level);
		return;
	case LOG_FORMAT_TEXT:
		log_open(write_text, NULL, level);
		return;
	case LOG_FORMAT_JOURNAL:
#ifdef HAVE_LIBSYSTEMD
		log_open(write_journal, NULL, level);
#endif
		return;
	}
}
