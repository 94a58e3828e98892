/* SPDX-License-Identifier: ISC */
/*
 * scimward apply PLAN: what a saved plan says, or nothing.
 *
 * The file is only held against what a cycle of its kind plans by itself now; see sync/review.h.
 */
#include "cli/one_cycle.h"
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

enum { CHUNK_BYTES = 64 * 1024 };

static enum exit_code refuse_file(const char *path, const char *why)
{
	program_complain("%s: %s", path, why);
	return EXIT_BAD_USAGE;
}

static enum exit_code read_chunks(FILE *file, const char *path, struct review *review)
{
	char chunk[CHUNK_BYTES];
	size_t len;

	do {
		len = fread(chunk, 1, sizeof(chunk), file);
	} while (len > 0 && review_expect(review, (struct span) { chunk, len }));
	if (ferror(file))
		return refuse_file(path, strerror(errno));
	return EXIT_DONE;
}

static enum exit_code read_plan(const char *path, struct review *review)
{
	FILE *file = fopen(path, "re");
	enum exit_code code;

	if (file == NULL)
		return refuse_file(path, strerror(errno));
	code = read_chunks(file, path, review);
	(void)fclose(file);
	return code;
}

/* Whether it is a plan that can be applied at all. */
static enum exit_code check_plan(const char *path, struct review *review)
{
	const struct plan_head *head;
	struct err err;

	if (review_expect_end(review, &err) != STATUS_OK) {
		program_complain("%s is no plan that can be applied: %s; make one with \"scimward "
				 "sync --dry-run --out FILE\"",
		    path, err.text);
		return EXIT_BAD_USAGE;
	}
	head = review_head(review);
	if (!head->is_dry)
		return refuse_file(path,
		    "it tells what a run did, and is no plan; make one with \"scimward sync "
		    "--dry-run --out FILE\"");
	if (head->kind == CYCLE_UNDO)
		return refuse_file(path,
		    "it is a plan of an undo, which no scan can come to; use \"scimward undo\"");
	return EXIT_DONE;
}

static enum exit_code apply(struct program *program, struct review *review)
{
	const struct plan_head *head = review_head(review);
	struct str who = { 0 };
	enum exit_code code;

	str_add(&who, head->who);
	code = one_cycle_run(program, &(struct one_cycle) {
					  .kind = head->kind,
					  .who = head->who.at != NULL ? str_c(&who) : NULL,
					  .review = review,
				      });
	str_done(&who);
	return code;
}

enum exit_code command_apply(const struct options *options)
{
	struct program program = { 0 };
	struct review *review = review_new();
	enum exit_code code = read_plan(options->plan, review);

	if (code == EXIT_DONE)
		code = check_plan(options->plan, review);
	if (code == EXIT_DONE)
		code = program_open(&program, options);
	if (code == EXIT_DONE)
		code = program_open_store(&program, STORE_WRITE);
	if (code == EXIT_DONE)
		code = apply(&program, review);
	program_close(&program);
	review_free(&review);
	return code;
}
