/* SPDX-License-Identifier: ISC */
/*
 * An explanation of one person, for people and for programs.
 *
 * Text is in words and fits the terminal; JSON is the form of doc/explain.schema.json and has all
 * that the text has.  Whatever comes from outside is made printable in the text.
 */
#ifndef REPORT_EXPLANATION_H
#define REPORT_EXPLANATION_H

#include "core/explanation.h"
#include "report/plan_writer.h"

/**
 * Writes it.
 *
 * @param options  as for a plan: the actions are written as a plan has them
 * @return false: some of it could not be written
 */
bool explanation_write(
    const struct explanation *explanation, const struct plan_writer_options *options);

#endif
