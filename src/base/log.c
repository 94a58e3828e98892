/* SPDX-License-Identifier: ISC */
/*
 * One sink, one level and one stack of fields a process; only the thread of the loop writes lines.
 */
#include "base/log.h"

#include "base/unicode.h"
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

struct held_field {
	const char *name; /* borrowed until the pop */
	struct str value;
};

static void write_text(void *context, const struct log_line *line);

static log_sink *log_output = write_text;
static void *log_context;
static enum log_level log_highest = LOG_LEVEL_INFO;
static struct held_field log_fields[LOG_FIELDS_MAX];
static size_t log_field_count; /* may be more than there is room for */

/* One write(2) a line, so that lines of several processes do not mix. */
static void write_text(void *context, const struct log_line *line)
{
	struct str text = { 0 };
	(void)context;
	str_addf(&text, "scimward: %s: %s", log_level_name(line->level), line->message);
	for (size_t i = 0; i < line->field_count; i++) {
		const struct log_field *field = &line->fields[i];
		str_addf(
		    &text, "%s%s=%.*s", i == 0 ? " (" : ", ", field->name, SPAN_ARG(field->value));
	}
	str_add(&text, line->field_count > 0 ? SPAN(")\n") : SPAN("\n"));
	/* When standard error is gone there is nobody left to tell. */
	ssize_t written = write(STDERR_FILENO, text.at, text.len);
	(void)written;
	str_done(&text);
}

void log_open(log_sink *sink, void *context, enum log_level level)
{
	log_output = sink == NULL ? write_text : sink;
	log_context = context;
	log_highest = level;
}

bool log_wants(enum log_level level)
{
	return level <= log_highest;
}

void log_write(enum log_level level, const char *format, ...)
{
	struct log_field fields[LOG_FIELDS_MAX];
	struct str raw = { 0 }, message = { 0 };
	size_t count = log_field_count < LOG_FIELDS_MAX ? log_field_count : LOG_FIELDS_MAX;
	va_list list;

	if (!log_wants(level))
		return;
	va_start(list, format);
	str_addv(&raw, format, list);
	va_end(list);
	utf8_printable(str_span(&raw), &message);
	for (size_t i = 0; i < count; i++)
		fields[i] =
		    (struct log_field) { log_fields[i].name, str_span(&log_fields[i].value) };
	log_output(log_context, &(struct log_line) { level, str_c(&message), fields, count });
	str_done(&raw);
	str_done(&message);
}

void log_field_push(const char *name, struct span value)
{
	if (log_field_count < LOG_FIELDS_MAX) {
		struct held_field *field = &log_fields[log_field_count];
		field->name = name;
		utf8_printable(value, &field->value);
	}
	log_field_count++;
}

void log_field_pop(void)
{
	if (log_field_count == 0)
		return;
	log_field_count--;
	if (log_field_count < LOG_FIELDS_MAX)
		str_done(&log_fields[log_field_count].value);
}

static const struct {
	const char *name;
	enum log_level level;
} level_names[] = {
	{ "error", LOG_LEVEL_ERROR },
	{ "warning", LOG_LEVEL_WARNING },
	{ "notice", LOG_LEVEL_NOTICE },
	{ "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG },
};

bool log_level_parse(struct span text, enum log_level *ret_level)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(*level_names); i++) {
		if (span_equal(text, span_of(level_names[i].name))) {
			*ret_level = level_names[i].level;
			return true;
		}
	}
	return false;
}

const char *log_level_name(enum log_level level)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(*level_names); i++) {
		if (level_names[i].level == level)
			return level_names[i].name;
	}
	return "unknown";
}
