/* SPDX-License-Identifier: ISC */
#include "metrics/exposition.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void metric_begin(struct str *out, enum metric_kind kind, const char *name, const char *help)
{
	str_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
	    kind == METRIC_COUNTER ? "counter" : "gauge");
}

static void add_escaped(struct str *out, struct span value)
{
	for (size_t i = 0; i < value.len; i++) {
		char byte = value.at[i];

		if (byte == '\n') {
			str_add_c(out, "\\n");
			continue;
		}
		if (byte == '"' || byte == '\\')
			str_add_byte(out, '\\');
		str_add_byte(out, byte);
	}
}

void metric_sample(
    struct str *out, const char *name, const char *label, struct span value, uint64_t number)
{
	str_add_c(out, name);
	if (label != NULL) {
		str_addf(out, "{%s=\"", label);
		add_escaped(out, value);
		str_add_c(out, "\"}");
	}
	str_addf(out, " %" PRIu64 "\n", number);
}

void metric_sample_ms(struct str *out, const char *name, int64_t ms)
{
	uint64_t size = ms < 0 ? -(uint64_t)ms : (uint64_t)ms;

	str_addf(out, "%s %s%" PRIu64 ".%03" PRIu64 "\n", name, ms < 0 ? "-" : "", size / 1000,
	    size % 1000);
}

void metric_single(
    struct str *out, enum metric_kind kind, const char *name, const char *help, uint64_t number)
{
	metric_begin(out, kind, name, help);
	metric_sample(out, name, NULL, SPAN_NULL, number);
}

static bool write_all(int fd, struct span text)
{
	while (text.len > 0) {
		ssize_t written = write(fd, text.at, text.len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		text.at += written;
		text.len -= (size_t)written;
	}
	return true;
}

enum status metrics_write_file(const char *path, struct span text, struct err *reterr)
{
	struct str temporary = { 0 };
	enum status status = STATUS_OK;
	bool is_written;
	int fd;

	str_addf(&temporary, "%s.XXXXXX", path);
	fd = mkostemp(temporary.at, O_CLOEXEC);
	is_written = fd >= 0 && write_all(fd, text) && fchmod(fd, 0644) == 0;
	if (fd >= 0 && close(fd) != 0)
		is_written = false;
	if (!is_written || rename(temporary.at, path) != 0) {
		status = STATUS_REJECT;
		err_set(reterr, "cannot write %s: %s", path, strerror(errno));
		if (fd >= 0)
			unlink(temporary.at);
	}
	str_done(&temporary);
	return status;
}
