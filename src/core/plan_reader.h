/* SPDX-License-Identifier: ISC */
/*
 * Reads a plan back that was saved as JSON (DESIGN section 8), piece by piece.
 *
 * The file is not trusted: anybody may have written it.  Nothing of it is ever sent; of each action
 * a digest is kept, to be held against what the agent plans by itself.  So the same reader is given
 * the saved plan and the new one, and what it makes of both is compared.
 *
 * The text is cut into the members of the outermost object and the elements of its "actions"; each
 * is parsed alone, so that memory is a constant and what the caller keeps of each action.
 */
#ifndef CORE_PLAN_READER_H
#define CORE_PLAN_READER_H

#include "base/err.h"
#include "base/hash.h"
#include "base/status.h"
#include "base/str.h"
#include "core/plan.h"
#include <stdbool.h>

enum {
	PLAN_VERSION = 1,
	PLAN_PIECE_MAX_BYTES = 4 * 1024 * 1024, /* of a member or an action */
	PLAN_DEPTH_MAX = 32,
	PLAN_ACTIONS_MAX = 1000000,
	PLAN_WHO_MAX_BYTES = 1024,
};

/* What a plan says of the run that made it. Spans are absent where the plan says null. */
struct plan_head {
	enum cycle_kind kind;
	bool is_dry, is_certified;
	struct span who; /* one person only; absent: everybody */
	struct span config_digest, directory_digest, tenant_digest, snapshot_digest;
	int64_t undoes; /* the run that it undoes; 0: none */
};

/* What is kept of an action. */
struct plan_item {
	struct digest content; /* of all that counts: who, what, why in a word, request, state */
	struct digest subject; /* of whom it is about: key, else DN, account id or userName */
	struct span kind, state, user_name; /* for people; whatever the file says */
};

struct plan_reader;

/** Makes a reader. @param on_item  called for each action, in order; what it gets is borrowed
 * @return owned */
struct plan_reader *plan_reader_new(
    void (*on_item)(void *context, const struct plan_item *item), void *context);

/** Frees it; sets `*reader` to NULL; NULL is welcome. */
void plan_reader_free(struct plan_reader **reader);

/** Takes the next bytes. @return false: it is no plan, and nothing more is needed */
bool plan_reader_take(struct plan_reader *reader, struct span bytes);

/**
 * Comes to the end.
 *
 * @param ret_head  borrowed from the reader
 * @return STATUS_OK; STATUS_REJECT: it is no plan, or one of another version
 */
enum status plan_reader_end(
    struct plan_reader *reader, const struct plan_head **ret_head, struct err *reterr);

#endif
