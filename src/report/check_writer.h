/* SPDX-License-Identifier: ISC */
/*
 * A check as a person reads it, one line a step and what to do below it, or as JSON
 * (doc/check.schema.json).
 */
#ifndef REPORT_CHECK_WRITER_H
#define REPORT_CHECK_WRITER_H

#include "base/emit.h"
#include "core/check.h"

struct check_writer {
	struct str *out; /* borrowed; emptied by the caller whenever it likes */
	bool is_json, is_color;
	struct emitter json;
	size_t counts[CHECK_STATUS_COUNT];
};

/** Begins. */
void check_writer_begin(struct check_writer *writer, struct str *out, bool is_json, bool is_color);

/** Appends a step. @param peer  name of the directory, or of the area */
void check_writer_step(struct check_writer *writer, enum check_area area, struct span peer,
    const struct check_step *step);

/** Appends what it came to. */
void check_writer_end(struct check_writer *writer);

#endif
