/* SPDX-License-Identifier: ISC */
#include "app/peer_name.h"

#include <pwd.h>
#include <stdio.h>

enum {
	CLAIM_MAX = 256,
	OVERFLOW_UID = 65534, /* whom a user namespace does not know: it could be anybody */
};

/* @return absent when there is none */
static struct span look_up(struct arena *arena, uid_t uid, const char *accounts)
{
	FILE *file = fopen(accounts, "re");
	struct span name = SPAN_NULL;
	const struct passwd *user;

	if (file == NULL)
		return SPAN_NULL;
	while (name.at == NULL && (user = fgetpwent(file)) != NULL)
		if (user->pw_uid == uid)
			name = arena_span(arena, span_of(user->pw_name));
	(void)fclose(file);
	return name;
}

struct span peer_name(
    struct arena *arena, uid_t uid, struct span claim, uid_t own, const char *accounts)
{
	struct span name;

	if (claim.len > CLAIM_MAX)
		claim.len = 0;
	if ((uid == 0 || uid == own) && claim.len > 0)
		return arena_span(arena, claim);
	name = uid == OVERFLOW_UID ? SPAN_NULL : look_up(arena, uid, accounts);
	if (name.at != NULL)
		return name;
	if (claim.len == 0)
		return arena_format(arena, "uid %ld", (long)uid);
	return arena_format(arena, "uid %ld (says: %.*s)", (long)uid, SPAN_ARG(claim));
}
