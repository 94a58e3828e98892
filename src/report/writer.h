/* SPDX-License-Identifier: ISC */
/*
 * What a report is made of, whatever its form: a head, facts, charts, and tables of rows.
 *
 * The writer streams.  The calls come in this order: begin, facts, charts, and for each table its
 * beginning, its rows and its end; then end.  Memory does not grow with the number of rows.
 *
 *   text  for a terminal: a line a row, and below it what does not fit into one
 *   JSON  the form of doc/report.schema.json
 *   CSV   one table (RFC 4180): the first column says of which table of the report a row is
 *   HTML  one file that needs nothing else
 *
 * Text, CSV and HTML show controls, bidirectional controls and bytes that are not UTF-8 escaped, as
 * utf8_printable does; JSON holds the text as it is, malformed bytes as U+FFFD.
 */
#ifndef REPORT_WRITER_H
#define REPORT_WRITER_H

#include "base/str.h"
#include "report/period.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum report_format { REPORT_TEXT, REPORT_JSON, REPORT_CSV, REPORT_HTML };

/* What a cell holds, and so how it is shown. */
enum report_cell_kind {
	CELL_TEXT,
	CELL_CODE,       /* a DN, an id: text for machines */
	CELL_WORD,       /* one of a few words: a state, a kind */
	CELL_NUMBER,     /* a whole number that counts or names */
	CELL_BOOL,       /* yes or no */
	CELL_TIME,       /* wall time, ms */
	CELL_SECONDS,    /* how long, s */
	CELL_CHANGES,    /* attributes: name, before, after */
	CELL_WORKSPACES, /* workspaces: id, name, what grants it */
};

/* One attribute: name, before, after. One workspace: id, name, why. Absent where nothing is. */
struct report_item {
	struct span a, b, c;
	bool is_json; /* b and c are JSON already: true, false */
};

struct report_cell {
	struct span text; /* absent: nothing is known */
	int64_t number;   /* of numbers, times, durations and booleans */
	bool has_number;
	const struct report_item *items;
	size_t count;
};

struct report_column {
	const char *name;  /* in JSON and CSV */
	const char *title; /* for people */
	enum report_cell_kind kind;
	bool is_main;   /* on the line of the row in text, a column of its own in HTML; else below
			   or in the column of details */
	bool is_filter; /* of few values: HTML offers them for choice */
	unsigned width; /* columns in text; 0: as wide as it is */
};

struct report_table {
	const char *name;   /* of the list in JSON: "changes" */
	const char *record; /* of a row in CSV: "change" */
	const char *title;  /* for people */
	const char *note;   /* what it holds, a sentence or two */
	const char *empty;  /* what to say when there is none */
	const struct report_column *columns;
	size_t count;
};

/* One number of the summary. */
struct report_fact {
	const char *name, *title;
	enum report_cell_kind kind;
	struct report_cell value;
	bool is_bad; /* something to look at */
};

struct report_bar {
	struct span label;
	uint64_t value[2];
};

struct report_chart {
	const char *title, *unit;
	const char *series[2]; /* names; the second NULL: there is one only */
	bool is_time;          /* bars stand beside each other; else below each other */
	const struct report_bar *bars;
	size_t count;
};

struct report_head {
	const char *name;    /* "changes" */
	const char *title;   /* for people */
	const char *over;    /* above the title in HTML; NULL: that it is an audit report */
	const char *subject; /* what it is about when no period is; NULL: the period */
	struct report_period period;
	const char *about_now; /* before the words for the period: "now; leavers "; NULL: nothing is
				about now */
	int64_t now_ms;        /* when it is made */
	struct span tenant;    /* URL */
	struct span program;   /* "scimward 0.1.0" */
	const struct report_table *const *tables;
	size_t table_count;
};

struct report_writer;

struct report_writer_options {
	enum report_format format;
	/** Takes what was written, piece by piece. @return false: it cannot be written; nothing
	 * more is given */
	bool (*write)(void *context, struct span piece);
	void *context;
	size_t width; /* of text: columns of the terminal; 0: lines are neither broken nor cut */
};

/** Makes a writer. @param options copied. @return owned */
struct report_writer *report_writer_new(const struct report_writer_options *options);

/** Frees it; sets `*writer` to NULL; NULL is welcome. */
void report_writer_free(struct report_writer **writer);

/** Writes the head. @param head  borrowed until the end */
void report_writer_begin(struct report_writer *writer, const struct report_head *head);

/** Writes the summary. */
void report_writer_facts(
    struct report_writer *writer, const struct report_fact *facts, size_t count);

/** Writes a chart; only HTML draws them. */
void report_writer_chart(struct report_writer *writer, const struct report_chart *chart);

/** Starts a table. @param table  one of the head's */
void report_writer_begin_table(struct report_writer *writer, const struct report_table *table);

/** Writes a row: a cell for each column. */
void report_writer_row(struct report_writer *writer, const struct report_cell *cells);

/** Ends a table. */
void report_writer_end_table(struct report_writer *writer);

/** Writes the end. @return false: some of it could not be written */
bool report_writer_end(struct report_writer *writer);

#endif
