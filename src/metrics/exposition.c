/* SPDX-License-Identifier: ISC */
#include "metrics/exposition.h"

#include "base/replace.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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
