/* SPDX-License-Identifier: ISC */
/*
 * What the tests of the room scim share: a world of one tenant on a scripted transport in virtual
 * time, ears that remember answers, and a log that no secret may reach.
 */
#ifndef TESTS_UNIT_SCIM_SUPPORT_H
#define TESTS_UNIT_SCIM_SUPPORT_H

#include "core/port_tenant.h"
#include "scim/auth.h"
#include "scim/client.h"
#include "scim/tenant_p.h"
#include "tests/fake/fake_http.h"
#include "tests/fake/fake_loop.h"
#include "tests/unit/scim/tests.h"

/* In every secret of these tests: it must be in no error and no line of the log. */
#define SECRET_MARK "s3cr3t"

struct world {
	struct loop *loop;
	struct http *http;
	struct tenant_settings settings;
	struct tenant_counters counters;
	struct auth *auth;
	struct client *client;
};

/** An Anaplan tenant with an API key: what tests change before world_open. */
struct tenant_settings api_key_settings(void);

/** An Anaplan tenant with user and password. */
struct tenant_settings basic_settings(void);

/** An Anaplan tenant with OAuth. @param token_file  borrowed */
struct tenant_settings oauth_settings(const char *token_file);

/* A directory for a refresh token. */
struct token_place {
	char directory[64], path[96], beside[104], lock[104];
};

/** Makes an empty directory. */
void token_place_make(struct token_place *place);

/** Removes it; fails the test when anything else is in it. */
void token_place_remove(struct token_place *place);

/** Writes a file of it anew. */
void token_place_put(const char *name, const char *text, unsigned mode);

/** Fails unless the file holds just that text. */
void token_place_holds(const char *name, const char *text);

/* Somebody who waits for a credential. */
struct ear {
	struct auth_waiter waiter; /* its callback is ear_told, its context the ear */
	unsigned count;
	bool has_failed;
	struct auth_failure failure;
};

/** Remembers what it was told; fails the test when that shows a secret. */
void ear_told(void *context, const struct auth_failure *failure);

/** Makes transport, credential and client. */
void world_open(struct world *world, const struct tenant_settings *settings);

/** Frees all of it and sees that nothing watches the loop any more. */
void world_close(struct world *world);

/** Scripts the auth service's answer: a token that lives so long by the wall clock. */
void world_script_token(struct world *world, const char *value, int64_t life_ms);

/* What a callback said. */
struct heard {
	unsigned count;
	int64_t at_ms;
	enum status status;
	int http_status;
	int64_t retry_after_ms, total;
	bool is_refused, may_have_happened, is_partial;
	size_t account_count;
	char ids[256]; /* of the accounts or workspaces, with spaces between */
	char error[ERR_SIZE_BYTES], error_type[128], request_id[128];
	struct loop *loop; /* set by the test, for at_ms */
};

/** A tenant_callback whose context is a struct heard. */
void hear(void *context, const struct tenant_answer *answer);

/** Fails unless the text is just that; NULL: absent. */
void assert_span_is(struct span span, const char *text, const char *file, int line);

/** Fails unless the part is in the text. */
void assert_has_part(const char *text, const char *part, const char *file, int line);

/** Starts to listen to the log. */
void log_watch_start(void);

/** Fails when a secret or anything above debug was logged. */
int log_watch_end(void);

#endif
