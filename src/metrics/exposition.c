/* SPDX-License-Identifier: ISC */
#include "metrics/exposition.h"

#include "base/replace.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

enum status metrics_write_file(const char *path, struct span text, struct err *reterr)
{
	struct replacement file;

	if (replacement_begin(&file, path, 0644)) {
		if (fwrite(text.at, 1, text.len, file.file) == text.len) {
			if (replacement_commit(&file))
				return STATUS_OK;
		}
		replacement_abandon(&file);
	}
	err_set(reterr, "cannot write %s: %s", path, strerror(errno));
	return STATUS_REJECT;
}
