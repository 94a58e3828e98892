/* SPDX-License-Identifier: ISC */
/*
 * Inside of scimward init: what its parts share.
 *
 *     command_init.c   the way, and where the file goes
 *     init_answers.c   the answers: options, else a person
 *     init_look.c      the look at both peers, and what is chosen of what it found
 *     init_write.c     the text, the secrets, the file, and what is said in the end
 */
#ifndef CLI_INIT_H
#define CLI_INIT_H

#include "app/first_look.h"
#include "cli/init_answers.h"
#include "cli/program.h"

/* Texts are the arena's. */
struct init {
	const struct options *options;
	struct arena *arena;
	struct loop *loop;
	struct first_look *look;
	struct answers answers;
	const char *path;           /* of the file, whole */
	const char *folder;         /* it lies in */
	const char *secrets_parent; /* NULL: the secrets' folder lies in `folder` */
	const char *secrets;
	const char *state;      /* NULL: the default */
	const char *token_file; /* for a token that is replaced */
	const char *unit;       /* of systemd that reads the file; NULL: none does */
	const char *protect;
	bool is_usual; /* -c need not be given */
	struct span directory_why, people_why, groups_why, tenant_why;
	struct str text;
	struct str copy;  /* of what was there before; empty: nothing was */
	struct str notes; /* what else is to be said in the end, a line each */
};

/** Looks at both peers, or does without as was said, and chooses base, filter, groups. @return
 * EXIT_DONE, or the exit code after having said why */
enum exit_code init_find_out(struct init *init);

/** Writes secrets and file, and says so. Nothing is written that is no configuration. @return as
 * above
 */
enum exit_code init_write(struct init *init);

#endif
