/* SPDX-License-Identifier: ISC */
/*
 * Charts as inline SVG.
 */
#ifndef REPORT_CHART_H
#define REPORT_CHART_H

#include "base/str.h"
#include "report/writer.h"

/** Appends text with the characters escaped that mean something in HTML, between tags and in quoted
 * attributes. */
void report_html_escape(struct span text, struct str *out);

/** Appends a figure with title, legend and the chart. */
void report_chart_draw(const struct report_chart *chart, struct str *out);

#endif
