/* SPDX-License-Identifier: ISC */
/*
 * The files of a configuration, joined into one text for libconfig.
 *
 * libconfig has an `@include` of its own, but it takes files of any kind and size, knows one
 * directory for all, and says only "cannot open include file".  So the line of an include is
 * replaced here by what the file holds, and a table tells for every line where it came from.
 */
#include "app/config_p.h"
#include "app/config_scan.h"
#include "base/unicode.h"
#include "base/vec.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	INCLUDE_DEPTH_MAX = 8,
	FILES_MAX = 256,
	WHOLE_NUMBER_LENGTH_MAX = 9,
	HEX_NUMBER_LENGTH_MAX = 9
};

/* What stands for numbers beyond what libconfig can hold; no key takes them. */
#define LARGEST_NUMBER  "2147483647"
#define SMALLEST_NUMBER "-2147483647"

/* One file while it is being joined, in the chain of those that include it. */
struct joining {
	const struct joining *includer;
	const char *name;
	const char *directory; /* NULL: nothing can be included */
	unsigned depth;
	struct span text;
};

static void report(struct config_source *source, const struct config_place *place,
    const char *remedy, const char *what, ...) __attribute__((format(printf, 4, 5)));
static void refuse(struct config_source *source, const struct config_place *place,
    const char *remedy, const char *what, ...) __attribute__((format(printf, 4, 5)));

/* Without a part of the text, what is missing in the rest means nothing. */
static void refuse(struct config_source *source, const struct config_place *place,
    const char *remedy, const char *what, ...)
{
	va_list arguments;

	source->is_broken = true;
	va_start(arguments, what);
	config_faults_report(source->faults, place, remedy, what, arguments);
	va_end(arguments);
}

static void report(struct config_source *source, const struct config_place *place,
    const char *remedy, const char *what, ...)
{
	va_list arguments;

	va_start(arguments, what);
	config_faults_report(source->faults, place, remedy, what, arguments);
	va_end(arguments);
}

static struct config_place place_in(
    const struct config_source *source, const char *file, unsigned line)
{
	return (struct config_place) { .severity = CONFIG_FAULT,
		.file = file,
		.line = line,
		.position = source->position,
		.key = "" };
}

static void begin_segment(struct config_source *source, const char *file, unsigned line)
{
	struct config_segment *segment;

	segment = vec_push((void **)&source->segments, &source->segment_count, &source->segment_cap,
	    sizeof(*segment));
	*segment = (struct config_segment) {
		.first_position = source->position, .first_line = line, .file = file
	};
}

static void add_lines(struct config_source *source, struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		source->position += text.at[i] == '\n' ? 1 : 0;
	str_add(&source->text, text);
}

/* Of a larger number libconfig would keep the low 32 bits without saying so. */
static bool is_too_large(struct span number)
{
	if (number.len > 1 && (number.at[1] == 'x' || number.at[1] == 'X'))
		return number.len > HEX_NUMBER_LENGTH_MAX;
	for (size_t i = 1; i < number.len; i++)
		if (number.at[i] < '0' || number.at[i] > '9')
			return false;
	return number.len > WHOLE_NUMBER_LENGTH_MAX;
}

/* What libconfig would take, or explain badly. @return whether joining can go on */
static bool check_token(
    struct config_source *source, const struct joining *file, const struct token *token)
{
	struct config_place place = place_in(source, file->name, token->line);

	switch (token->kind) {
	case TOKEN_OPEN_TEXT:
		refuse(source, &place,
		    "close the quote on the same line; a long text can be written as several, one "
		    "after the other",
		    "a text begins here and has no closing quote on its line");
		return false;
	case TOKEN_OPEN_COMMENT:
		refuse(source, &place, "end it with */", "a comment begins here and never ends");
		return false;
	case TOKEN_END:
	case TOKEN_NAME:
	case TOKEN_NUMBER:
	case TOKEN_TEXT:
	case TOKEN_SIGN:
	case TOKEN_INCLUDE:
	case TOKEN_STRAY:
		return true;
	}
	return true;
}

/* @return false and reports when the text is not one */
static bool check_bytes(struct config_source *source, const struct joining *file)
{
	struct config_place place = place_in(source, file->name, 0);

	if (memchr(file->text.at, '\0', file->text.len) != NULL) {
		refuse(
		    source, &place, "is it the right file?", "it holds a NUL byte: it is not text");
		return false;
	}
	if (!utf8_is_valid(file->text)) {
		refuse(source, &place, "save it as UTF-8", "it is not UTF-8");
		return false;
	}
	return true;
}

static const char *resolve(
    struct config_source *source, const struct joining *includer, struct span path)
{
	if ((path.len > 0 && path.at[0] == '/') || strcmp(includer->directory, ".") == 0)
		return config_faults_text(source->faults, "%.*s", SPAN_ARG(path));
	return config_faults_text(source->faults, "%s/%.*s", includer->directory, SPAN_ARG(path));
}

static void add_file(struct config_source *source, const struct joining *includer, const char *path,
    const struct config_place *place);

static void include(
    struct config_source *source, const struct joining *includer, const struct token *token)
{
	struct config_place place = place_in(source, includer->name, token->line);

	if (includer->directory == NULL)
		refuse(source, &place, NULL, "nothing can be included here");
	else if (includer->depth >= INCLUDE_DEPTH_MAX)
		refuse(source, &place, "does a file include itself?",
		    "includes are nested deeper than %d files", INCLUDE_DEPTH_MAX);
	else
		add_file(source, includer, resolve(source, includer, token->text), &place);
	begin_segment(source, includer->name, token->line);
}

static void join(struct config_source *source, const struct joining *file)
{
	struct scanner scanner = scanner_of(file->text);
	size_t copied = 0;
	struct token token;
	bool can_go_on = true;

	begin_segment(source, file->name, 1);
	do {
		token = scan_next(&scanner);
		add_lines(source, (struct span) { file->text.at + copied, token.start - copied });
		copied = token.start;
		if (token.kind == TOKEN_INCLUDE) {
			copied = token.end;
			include(source, file, &token);
		} else if (token.kind == TOKEN_NUMBER && is_too_large(token.text)) {
			copied = token.end;
			add_lines(source,
			    token.text.at[0] == '-' ? SPAN(SMALLEST_NUMBER) : SPAN(LARGEST_NUMBER));
		} else {
			can_go_on = check_token(source, file, &token);
		}
	} while (can_go_on && token.kind != TOKEN_END);
	add_lines(source, (struct span) { file->text.at + copied, file->text.len - copied });
	add_lines(source, SPAN("\n"));
}

/* @return whether all bytes were read; else errno says why */
static bool read_all(int fd, size_t room_bytes, struct str *out)
{
	for (;;) {
		ssize_t count;

		str_reserve(out, 64 * 1024);
		count = read(fd, out->at + out->len, 64 * 1024);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return count == 0;
		out->len += (size_t)count;
		out->at[out->len] = '\0';
		if (out->len > room_bytes) {
			errno = EFBIG;
			return false;
		}
	}
}

static const char *remedy_of(int error, const struct joining *includer)
{
	switch (error) {
	case ENOENT:
		if (includer != NULL)
			return "a path is relative to the file that includes it";
		return "is the name right? the option -c names another file, and the installed "
		       "examples "
		       "are a start";
	case EACCES:
		return "check who may read it, and the directories above it";
	case EFBIG:
		return "a configuration has at most 1 MiB, all files together";
	case EISDIR:
		return "name a file";
	default:
		return NULL;
	}
}

/* Opening must not wait for the other end of a pipe. @return false with errno */
static bool read_file(
    const char *path, size_t room_bytes, struct str *out, bool *ret_is_writable_by_all)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat info;
	bool is_read = false;
	int error;

	if (fd < 0)
		return false;
	if (fstat(fd, &info) == 0) {
		*ret_is_writable_by_all = S_ISREG(info.st_mode) && (info.st_mode & S_IWOTH) != 0;
		errno = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
		is_read = S_ISREG(info.st_mode) && read_all(fd, room_bytes, out);
	}
	error = errno;
	close(fd);
	errno = error;
	return is_read;
}

static const char *directory_of(struct config_source *source, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return ".";
	if (slash == path)
		return "";
	return config_faults_text(source->faults, "%.*s", (int)(slash - path), path);
}

/* @param place  where the name stands, for what is wrong with the file as a whole */
static void add_file(struct config_source *source, const struct joining *includer, const char *path,
    const struct config_place *place)
{
	struct joining file = { .includer = includer,
		.name = path,
		.directory = directory_of(source, path),
		.depth = includer == NULL ? 0 : includer->depth + 1 };
	size_t room_bytes = CONFIG_MAX_BYTES - source->bytes;
	bool is_writable_by_all = false;
	struct str text = { 0 };

	if (source->file_count++ >= FILES_MAX) {
		refuse(source, place, NULL, "more than %d files are included", FILES_MAX);
	} else if (!read_file(path, room_bytes, &text, &is_writable_by_all)) {
		int error = errno;

		refuse(source, place, remedy_of(error, includer), "cannot read %s: %s", path,
		    error == EINVAL ? "it is not a regular file" : strerror(error));
	} else {
		source->bytes += text.len;
		file.text = str_span(&text);
		if (check_bytes(source, &file))
			join(source, &file);
	}
	if (is_writable_by_all) {
		struct config_place warning = place_in(source, path, 0);

		warning.severity = CONFIG_WARNING;
		report(source, &warning, "take the right away: chmod o-w",
		    "everybody on this host can change it");
	}
	str_done(&text);
}

void config_source_add_file(struct config_source *source, const char *path)
{
	const char *name = config_faults_text(source->faults, "%s", path);
	struct config_place place = place_in(source, name, 0);

	source->position = 1;
	place.position = 0;
	add_file(source, NULL, name, &place);
}

void config_source_add_text(struct config_source *source, const struct config_text *input)
{
	struct joining file = { .name = config_faults_text(source->faults, "%s", input->name),
		.directory = input->directory,
		.text = input->text };
	struct config_place place = place_in(source, file.name, 0);

	source->position = 1;
	source->bytes = input->text.len;
	if (input->text.len > CONFIG_MAX_BYTES)
		refuse(source, &place, remedy_of(EFBIG, NULL), "it is too large");
	else if (check_bytes(source, &file))
		join(source, &file);
}

struct config_place config_source_locate(const struct config_source *source, unsigned position)
{
	struct config_place place = { .severity = CONFIG_FAULT, .position = position, .key = "" };
	size_t low = 0, high = source->segment_count;

	/* The last segment that begins at or before the position. */
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (source->segments[middle].first_position <= position)
			low = middle;
		else
			high = middle;
	}
	place.file = source->segments[low].file;
	if (position > 0)
		place.line = source->segments[low].first_line + position -
			     source->segments[low].first_position;
	return place;
}

void config_source_done(struct config_source *source)
{
	str_done(&source->text);
	free(source->segments);
	source->segments = NULL;
}
