/* SPDX-License-Identifier: ISC */
/*
 * scimward undo RUN: what a run did is taken back.
 *
 * On a terminal the plan is shown first, and somebody says yes; then the same plan is made again,
 * and nothing goes when it has become another one meanwhile.  Without a terminal nobody is there to
 * be asked: it goes on as sync does.
 */
#include "cli/one_cycle.h"
#include <stdio.h>
#include <unistd.h>

static struct one_cycle undo_of(const struct options *options)
{
	return (struct one_cycle) { .kind = CYCLE_UNDO, .undo_run = options->undo_run };
}

static enum exit_code run_it(
    struct program *program, enum store_mode mode, const struct one_cycle *wanted)
{
	enum exit_code code = program_open_store(program, mode);

	if (code == EXIT_DONE)
		code = one_cycle_run(program, wanted);
	store_close(&program->store);
	return code;
}

static bool says_yes(void)
{
	char line[8];

	fputs("Undo this? [y/N] ", stderr);
	fflush(stderr);
	return fgets(line, sizeof(line), stdin) != NULL && (line[0] == 'y' || line[0] == 'Y');
}

static enum exit_code show_and_ask(struct program *program, const struct one_cycle *wanted)
{
	struct one_cycle shown = *wanted, meant = *wanted;
	enum exit_code code;

	shown.is_dry = true;
	shown.review = NULL;
	shown.shown = wanted->review;
	code = run_it(program, STORE_DRY_RUN, &shown);
	if ((code != EXIT_DONE && code != EXIT_HELD && code != EXIT_REJECTED) ||
	    review_head(wanted->review) == NULL || review_is_empty(wanted->review))
		return code;
	if (!says_yes()) {
		program_complain("nothing was undone");
		return EXIT_FAILED;
	}
	/* "last" is the run that was shown, whatever ran meanwhile. */
	meant.undo_run = review_head(wanted->review)->undoes;
	return run_it(program, STORE_WRITE, &meant);
}

static enum exit_code undo(struct program *program, const struct options *options)
{
	bool asks = !options->is_dry && !options->is_yes && isatty(STDIN_FILENO) &&
		    isatty(STDERR_FILENO);
	struct one_cycle wanted = undo_of(options);
	enum exit_code code;

	wanted.is_dry = options->is_dry;
	if (!asks)
		return run_it(program, options->is_dry ? STORE_DRY_RUN : STORE_WRITE, &wanted);
	wanted.review = review_new();
	code = show_and_ask(program, &wanted);
	review_free(&wanted.review);
	return code;
}

enum exit_code command_undo(const struct options *options)
{
	struct program program;
	enum exit_code code = program_open(&program, options);

	if (code == EXIT_DONE)
		code = undo(&program, options);
	program_close(&program);
	return code;
}
