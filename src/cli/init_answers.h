/* SPDX-License-Identifier: ISC */
/*
 * The answers that a first configuration is made of: from options, else from a person, else from
 * what goes without saying; else they are missing, and said to be.
 */
#ifndef CLI_INIT_ANSWERS_H
#define CLI_INIT_ANSWERS_H

#include "app/secret_store.h"
#include "base/arena.h"
#include "cli/options.h"
#include "directory/directory.h"
#include "scim/tenant.h"
#include <stdbool.h>

/* A secret that was answered: where it is, or what is to be put into a file. */
struct answered_secret {
	struct span reference; /* for the file; absent: no secret is needed */
	struct secret *value;  /* owned; NULL: it is somewhere already */
	struct held_secret held;
	const char *name; /* of its file */
};

struct answers {
	const struct options *options; /* borrowed */
	struct arena *arena;           /* owned; holds the texts */
	const char *secret_folder;     /* where secrets are stored */
	const char *token_file;        /* where a token that is replaced is kept */
	bool is_asking;                /* a person is there */
	bool is_again;                 /* what was answered before is offered, options are too */
	bool has_ended;                /* the person is gone */
	bool is_missing;               /* something that was not said */
	struct init_options given;     /* as options and person said so far */

	struct directory_settings directory; /* for the file */
	struct tenant_settings tenant;       /* likewise */
	struct answered_secret bind_secret, tenant_secret;
	const char *region;    /* NULL: a URL was given */
	const char *oauth_url; /* of the region; NULL: likewise */
};

/** Starts with the options. @param secret_folder, token_file  borrowed */
void answers_init(struct answers *answers, const struct options *options, const char *secret_folder,
    const char *token_file);

/** Wipes and frees. */
void answers_done(struct answers *answers);

/**
 * Gets the answers about the directory, or about the tenant; again after a look has failed.
 *
 * @return false: something is missing or makes no sense, which was said; or the person is gone
 */
bool answers_get_directory(struct answers *answers);
bool answers_get_tenant(struct answers *answers); /**< likewise */

/**
 * Gets one answer.
 *
 * @param given     of the options; NULL: not given
 * @param fallback  what goes without saying; NULL: nothing does; "" : to leave it out
 * @return NULL: it is missing, or was left out; else borrowed
 */
const char *answers_get(struct answers *answers, const char *option, const char *given,
    const char *question, const char *fallback);

/** The settings for looking, with secrets where they are now. */
struct directory_settings answers_directory_to_look(const struct answers *answers);
struct tenant_settings answers_tenant_to_look(const struct answers *answers); /**< likewise */

#endif
