/* SPDX-License-Identifier: ISC */
/*
 * What the forms of a report share.
 */
#ifndef REPORT_WRITER_P_H
#define REPORT_WRITER_P_H

#include "base/emit.h"
#include "report/writer.h"

enum { REPORT_NAMES_MAX = 64 };

/* A form. What has nothing to say is NULL. */
struct report_form {
	void (*begin)(struct report_writer *writer);
	void (*facts)(struct report_writer *writer, const struct report_fact *facts, size_t count);
	void (*chart)(struct report_writer *writer, const struct report_chart *chart);
	void (*begin_table)(struct report_writer *writer);
	void (*row)(struct report_writer *writer, const struct report_cell *cells);
	void (*end_table)(struct report_writer *writer);
	void (*end)(struct report_writer *writer);
};

struct report_writer {
	struct report_writer_options options;
	const struct report_form *form;
	const struct report_head *head;
	const struct report_table *table; /* that is being written */
	uint64_t row_count;               /* of it, so far */
	size_t chart_count;
	struct str out;     /* not given away yet */
	struct str scratch; /* a text on its way */
	bool has_failed;    /* nobody takes it any more */
	struct emitter json;
	const char *names[REPORT_NAMES_MAX]; /* of CSV's columns behind the first */
	int columns[REPORT_NAMES_MAX];       /* of the table, by name; -1: it has none such */
	size_t name_count;
};

extern const struct report_form report_form_text, report_form_json, report_form_csv,
    report_form_html;

/** Whether there is nothing in the cell. */
bool report_cell_is_empty(const struct report_column *column, const struct report_cell *cell);

/** Appends a cell in one line, made printable: lists with "; " between, times as ISO 8601, and
 * durations for people. Nothing when there is nothing. */
void report_cell_add(
    const struct report_column *column, const struct report_cell *cell, struct str *out);

/** Appends one item of a list, made printable: "name: before → after", "name (via PATH)". */
void report_item_add(enum report_cell_kind kind, const struct report_item *item, struct str *out);

/** Appends the period in words: "from … until …". */
void report_period_add(const struct report_head *head, struct str *out);

#endif
