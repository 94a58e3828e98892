/* SPDX-License-Identifier: ISC */
/*
 * Numbers in the text format of Prometheus, and a file of them for node_exporter's textfile
 * collector (https://prometheus.io/docs/instrumenting/exposition_formats/).
 */
#ifndef METRICS_EXPOSITION_H
#define METRICS_EXPOSITION_H

#include "base/err.h"
#include "base/histogram.h"
#include "base/status.h"
#include "base/str.h"
#include <stdint.h>

#define EXPOSITION_MEDIA_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum metric_kind { METRIC_GAUGE, METRIC_COUNTER, METRIC_HISTOGRAM };

/* All borrowed. */
struct metric_label {
	const char *name;
	struct span value; /* escaped when it is written */
};

/** Begins a metric: its samples follow. A counter's name ends in `_total`. */
void metric_begin(struct str *out, enum metric_kind kind, const char *name, const char *help);

/**
 * Adds a sample of the metric `name`.
 *
 * @param label  NULL: the sample has none
 * @param value  of the label; escaped
 */
void metric_sample(
    struct str *out, const char *name, const char *label, struct span value, uint64_t number);

/** Adds a sample of the metric `name` with several labels. */
void metric_sample_of(struct str *out, const char *name, const struct metric_label *labels,
    size_t label_count, uint64_t number);

/** Adds a sample without a label in seconds, of a number of milliseconds (which may be negative).
 */
void metric_sample_ms(struct str *out, const char *name, int64_t ms);

/** Begins a metric and adds its only sample. */
void metric_single(
    struct str *out, enum metric_kind kind, const char *name, const char *help, uint64_t number);

/**
 * Adds the samples of a histogram of milliseconds, in seconds: its buckets, sum and count.
 *
 * @param label  which one of the metric; its name is not "le"
 */
void metric_histogram_ms(struct str *out, const char *name, const struct metric_label *label,
    const struct histogram_bounds *bounds, const struct histogram *histogram);

/**
 * Writes a file beside `path` and renames it: the collector never reads half of one. The file can
 * be read by everybody (mode 0644), as the collector runs as another user; it names nobody.
 *
 * @return STATUS_OK; STATUS_REJECT: it cannot be written; reterr says why
 */
enum status metrics_write_file(const char *path, struct span text, struct err *reterr);

#endif
