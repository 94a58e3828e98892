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

static const char *kind_name(enum metric_kind kind)
{
	switch (kind) {
	case METRIC_GAUGE:
		return "gauge";
	case METRIC_COUNTER:
		return "counter";
	case METRIC_HISTOGRAM:
		return "histogram";
	}
	return "untyped";
}

void metric_begin(struct str *out, enum metric_kind kind, const char *name, const char *help)
{
	str_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind_name(kind));
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

static void add_label(struct str *out, char before, const struct metric_label *label)
{
	str_add_byte(out, before);
	str_addf(out, "%s=\"", label->name);
	add_escaped(out, label->value);
	str_add_byte(out, '"');
}

void metric_sample_of(struct str *out, const char *name, const struct metric_label *labels,
    size_t label_count, uint64_t number)
{
	str_add_c(out, name);
	for (size_t i = 0; i < label_count; i++)
		add_label(out, i == 0 ? '{' : ',', &labels[i]);
	str_addf(out, "%s %" PRIu64 "\n", label_count > 0 ? "}" : "", number);
}

void metric_sample(
    struct str *out, const char *name, const char *label, struct span value, uint64_t number)
{
	const struct metric_label labels = { label, value };

	metric_sample_of(out, name, &labels, label == NULL ? 0 : 1, number);
}

/* Milliseconds as seconds. */
static void add_seconds(struct str *out, const char *sign, uint64_t ms)
{
	str_addf(out, "%s%" PRIu64 ".%03" PRIu64, sign, ms / 1000, ms % 1000);
}

void metric_sample_ms(struct str *out, const char *name, int64_t ms)
{
	str_addf(out, "%s ", name);
	add_seconds(out, ms < 0 ? "-" : "", ms < 0 ? -(uint64_t)ms : (uint64_t)ms);
	str_add_byte(out, '\n');
}

/* As client libraries write a bound: "0.05", "1". */
static void add_bound(struct str *out, uint64_t ms)
{
	add_seconds(out, "", ms);
	while (out->at[out->len - 1] == '0')
		str_truncate(out, out->len - 1);
	if (out->at[out->len - 1] == '.')
		str_truncate(out, out->len - 1);
}

static void add_bucket(struct str *out, const char *name, const struct metric_label *label,
    const char *bound, uint64_t count)
{
	const struct metric_label labels[] = { *label, { "le", span_of(bound) } };

	metric_sample_of(out, name, labels, 2, count);
}

void metric_histogram_ms(struct str *out, const char *name, const struct metric_label *label,
    const struct histogram_bounds *bounds, const struct histogram *histogram)
{
	struct str series = { 0 }, bound = { 0 };
	uint64_t count = 0;

	str_addf(&series, "%s_bucket", name);
	for (size_t i = 0; i < bounds->count; i++) {
		count += histogram->counts[i];
		str_truncate(&bound, 0);
		add_bound(&bound, bounds->at[i]);
		add_bucket(out, str_c(&series), label, str_c(&bound), count);
	}
	count += histogram->counts[bounds->count];
	add_bucket(out, str_c(&series), label, "+Inf", count);
	str_addf(out, "%s_sum{%s=\"", name, label->name);
	add_escaped(out, label->value);
	str_add_c(out, "\"} ");
	add_seconds(out, "", histogram->sum);
	str_addf(out, "\n%s_count{%s=\"", name, label->name);
	add_escaped(out, label->value);
	str_addf(out, "\"} %" PRIu64 "\n", count);
	str_done(&series);
	str_done(&bound);
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
