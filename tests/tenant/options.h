// SPDX-License-Identifier: ISC

// The command line of the tenant simulator.

#ifndef TENANT_OPTIONS_H
#define TENANT_OPTIONS_H

#include "workspace.h"

#include <stdbool.h>
#include <stddef.h>

/** A name and a password, or an API key (then `name` is the key and `secret` is NULL). */
struct credential {
	char *name;
	char *secret;
	bool has_role; /**< whether it holds USER_ADMIN */
};

/** A growing list of credentials. */
struct credentials {
	struct credential *list; /**< owned */
	size_t count;
};

/** A client of OAuth, for the device grant. */
struct oauth_client {
	char *name;
	bool is_rotating; /**< its refresh tokens are good for one use */
};

struct options {
	const char *address;
	long port; /**< 0: any free one */
	const char *port_file;
	const char *tls_cert;
	const char *tls_key;
	const char *ca_file;
	const char *certificate_user; /**< whom a certificate logs in */
	const char *state_file;
	struct workspaces workspaces;
	struct credentials users;
	struct credentials api_keys;
	struct credentials
	    refresh_tokens; /**< of OAuth: the name is the client, the secret the token */
	struct oauth_client *oauth_clients; /**< owned */
	size_t oauth_client_count;
	long token_lifetime_s;
	long refresh_lifetime_s; /**< of a rotating token, from its issue */
	long refresh_grace_s;    /**< how long a token that was used is taken again */
	long device_lifetime_s;
	long device_interval_s;
	long user_count;
	long log_limit;
	long create_status; /**< 201 or 200 */
	bool is_order_unstable;
	bool add_replaces;
	bool is_quiet;
};

/** What to do after reading the command line. */
enum options_outcome {
	OPTIONS_RUN,
	OPTIONS_HELP, /**< the help was asked for and printed */
	OPTIONS_WRONG /**< the mistake was printed */
};

/**
 * Reads the command line.
 * @param ret_options written always; release with options_done().
 */
enum options_outcome options_read(int argc, char **argv, struct options *ret_options);

/** Frees what the options own. */
void options_done(struct options *options);

#endif
