/* SPDX-License-Identifier: ISC */
/*
 * A stored plan on its way to standard output or into a file.
 */
#ifndef CLI_PLAN_OUTPUT_H
#define CLI_PLAN_OUTPUT_H

#include "cli/program.h"
#include "core/explanation.h"
#include "sync/cycle.h"

/** Gives the plan of a run that is over to a review, as one that somebody looked at. */
enum exit_code plan_output_review(
    struct program *program, const struct cycle_result *result, struct review *review);

/** Prints the plan of a run to standard output, as text, JSON or HTML by the options. */
enum exit_code plan_output_print(struct program *program, const struct cycle_result *result);

/** Prints what waits for a person. */
enum exit_code plan_output_holds(struct program *program);

/**
 * Writes the plan of a run as JSON into a file: to a temporary name beside it, then renamed, so
 * that nobody ever sees half a plan. Mode 0600, as it names people.
 */
enum exit_code plan_output_save(
    struct program *program, const struct cycle_result *result, const char *path);

/** Prints an explanation to standard output. @return as plan_output_print */
enum exit_code plan_output_explanation(
    struct program *program, const struct explanation *explanation);

#endif
