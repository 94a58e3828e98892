/* SPDX-License-Identifier: ISC */
/*
 * What the tenant will make of an action, before anything is sent.
 *
 * A dry run gathers facts by reading alone: which userNames the tenant has already, which
 * workspaces it shows to the caller.  Each action is then held against them.  A prediction changes
 * nothing: the action stays as it is planned, and a real run sends it.  What is sure to be refused
 * by a rule that the agent knows is no prediction but a rejected action.
 */
#ifndef CORE_PREDICTION_H
#define CORE_PREDICTION_H

#include "base/arena.h"
#include "base/str.h"
#include "core/account.h"
#include "core/differ.h"
#include "core/plan.h"
#include "core/port_tenant.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum prediction_code {
	PREDICTION_NAME_TAKEN,     /* another account of the tenant has the userName */
	PREDICTION_NAME_CONTESTED, /* another action of the plan takes it, or gives it up */
	PREDICTION_NAME_READ_ONLY, /* a rename that the tenant's schema does not allow */
	PREDICTION_NAME_DOUBTFUL,  /* it may not be taken for an email address */
	PREDICTION_NAME_MISSING,   /* a create without a given or family name */
	PREDICTION_WORKSPACE,      /* a workspace that the tenant does not show is granted */
	PREDICTION_CODE_COUNT,
};

enum prediction_outcome {
	PREDICTION_REFUSED, /* nothing of the action is done */
	PREDICTION_PARTIAL, /* the account is written; its workspaces are not, if there is no such
			       one */
	PREDICTION_UNSURE,  /* done or refused: nobody can tell before */
};

/* What is known of the userName that an action asks for. */
struct prediction_claim {
	int64_t action_id;
	bool is_contested;  /* within this plan; else an account of the tenant has it */
	struct span holder; /* id of the account that has it; absent: other actions want it too */
};

struct prediction_facts {
	struct tenant_traits traits;
	const struct prediction_claim *claims; /* in the order of prediction_sort_claims */
	size_t claim_count;
	bool has_workspaces;           /* the tenant was asked which it shows, and said so */
	const struct span *workspaces; /* ids, in the order of prediction_sort_workspaces */
	size_t workspace_count;
	struct span names_not_checked;      /* why; absent: they are, or there was nothing to */
	struct span workspaces_not_checked; /* likewise */
};

struct prediction {
	enum prediction_code code;
	struct span detail; /* for people: what will happen, why, and what to do */
};

/* An action taken apart. */
struct prediction_input {
	const struct action *action;
	const struct account *before; /* NULL: there is no account yet */
	const struct account *after;
	const struct change *change; /* from before to after */
};

/** Names a code: "user-name-taken" … */
const char *prediction_code_name(enum prediction_code code);

/** What a code means for its action. */
enum prediction_outcome prediction_outcome_of(enum prediction_code code);

/** Names an outcome: "refused" "partial" "unsure". */
const char *prediction_outcome_name(enum prediction_outcome outcome);

/**
 * Holds one action against the facts. Only what becomes a request, planned or held, is judged.
 *
 * @param arena            holds the predictions
 * @param ret_predictions  in the order of their codes, at most one of each
 * @return how many
 */
size_t prediction_judge(const struct prediction_facts *facts, const struct prediction_input *input,
    struct arena *arena, const struct prediction **ret_predictions);

/** Brings ids of workspaces into the order in which they are looked up, case ignored. */
void prediction_sort_workspaces(struct span *ids, size_t count);

/** Brings claims into their order: by action, the tenant's before the plan's. */
void prediction_sort_claims(struct prediction_claim *claims, size_t count);

#endif
