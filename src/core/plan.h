/* SPDX-License-Identifier: ISC */
/*
 * The verbs of a plan: actions, reasons, states, and their names.
 *
 * An action is a change with its reason and the request it becomes.  Actions are rows of the state
 * database from the start: the plan is also the journal, and it becomes the audit record.
 */
#ifndef CORE_PLAN_H
#define CORE_PLAN_H

#include "base/arena.h"
#include "base/str.h"
#include "base/uuid.h"
#include "core/account.h"
#include "core/differ.h"
#include <stdbool.h>
#include <stdint.h>

/* An undo reads no directory: it takes back what another run did. */
enum cycle_kind { CYCLE_DELTA, CYCLE_FULL, CYCLE_RECONCILE, CYCLE_UNDO };

/* In the order in which they are sent: room is made before it is taken. */
enum action_kind {
	ACTION_DEACTIVATE,
	ACTION_RENAME,
	ACTION_UPDATE,
	ACTION_REACTIVATE,
	ACTION_CREATE,
	ACTION_LINK,     /* adopt an account that is as desired already: no request */
	ACTION_CONFLICT, /* a person must settle it: no request */
	ACTION_REJECTED, /* the entry cannot be mapped, or its action not be sent: no request */
	ACTION_KIND_COUNT,
};

enum action_state {
	ACTION_PLANNED,        /* written down, not sent */
	ACTION_HELD,           /* the guard keeps it back until a person decides */
	ACTION_SENT,           /* may be at the tenant: marked before the request goes out */
	ACTION_DONE,           /* acknowledged, and the answer is what was asked */
	ACTION_STATE_REJECTED, /* the tenant or the agent refused it; the user is in quarantine */
	ACTION_FAILED,  /* not done for a reason that may pass; a later cycle plans it again */
	ACTION_UNKNOWN, /* sent, and then the process or the answer was lost */
	ACTION_STATE_COUNT,
};

enum reason_code {
	REASON_JOINED,
	REASON_ATTRIBUTE_CHANGED,
	REASON_GROUP_GAINED,
	REASON_GROUP_LOST,
	REASON_DISABLED,
	REASON_EXPIRED,
	REASON_LEFT_SCOPE,
	REASON_MOVED,
	REASON_DELETED,
	REASON_REHIRED,
	REASON_RENAMED,
	REASON_DRIFT,
	REASON_UNDO,
	REASON_ADOPTED,    /* an existing account was recognised (correlation) */
	REASON_CONFLICT,   /* correlation cannot decide */
	REASON_UNMAPPABLE, /* the entry cannot be mapped */
	REASON_COUNT,
};

struct tenant_request {
	struct span method; /* POST, PATCH, PUT; absent: none */
	struct span path;   /* below the tenant's URL: "/Users/42" */
	struct span body;   /* JSON */
};

struct action {
	int64_t id; /* row; 0 before it is stored */
	int64_t run_id;
	enum action_kind kind;
	enum action_state state;
	enum reason_code reason;
	struct span detail; /* why, for people: rule, group path, what to do */
	struct uuid key;    /* all zero: no entry stands behind it */
	struct span directory;
	struct span dn;
	struct span account_id; /* absent for a create */
	struct span user_name;
	struct span before;   /* canonical account the tenant last acknowledged; absent: none */
	struct span after;    /* canonical account wanted */
	struct digest digest; /* of the desired account as mapped; what the link will carry */
	struct tenant_request request;
	int attempts;
	int http_status;        /* of the last answer; 0: none */
	struct span answer;     /* error detail for people; absent: none */
	struct span request_id; /* the tenant's, when it gives one */
	int64_t at_ms;          /* wall time of the last change of state */
	unsigned classes;       /* it counts in, a bit an enum guard_class */
	int64_t hold_id;        /* the batch it is in, or was approved in; 0: none */
};

struct plan_summary {
	uint64_t create, update, rename, deactivate, reactivate, link;
	uint64_t held, conflict, rejected, unchanged, orphan;
	uint64_t done, failed; /* after apply */
	uint64_t missed;       /* found by a whole scan, and not told of as changes before */
};

/** Names a kind of cycle: "delta" "full" "reconcile" "undo". */
const char *cycle_kind_name(enum cycle_kind kind);

/** Names a kind of action: "create" … "conflict" "rejected". */
const char *action_kind_name(enum action_kind kind);

/** Names a state: "planned" "held" … */
const char *action_state_name(enum action_state state);

/** Names a reason: "joined" "attribute-changed" … */
const char *reason_code_name(enum reason_code reason);

/** Finds a kind of cycle by its name, case included. @return false: there is none */
bool cycle_kind_parse(struct span name, enum cycle_kind *ret_kind);

/** Finds a kind of action likewise. */
bool action_kind_parse(struct span name, enum action_kind *ret_kind);

/** Finds a state likewise. */
bool action_state_parse(struct span name, enum action_state *ret_state);

/** Finds a reason likewise. */
bool reason_code_parse(struct span name, enum reason_code *ret_reason);

/** Whether the action becomes a request. */
bool action_has_request(enum action_kind kind);

/**
 * Counts actions of that kind and state into the summary: by kind, and by what became of them.
 *
 * Those that were lost on the way (unknown) count as failed. Conflicts and entries that cannot be
 * mapped count once, whatever their state.
 */
void plan_summary_add(
    struct plan_summary *summary, enum action_kind kind, enum action_state state, uint64_t count);

/** Number of actions that would be sent: all kinds with a request. */
uint64_t plan_summary_pending(const struct plan_summary *summary);

/**
 * Decides the kind and the reason code of a change to a linked account. A change of userName is
 * left out of the decision: a rename is an action of its own.
 *
 * deactivate and reactivate win over update; group-gained and group-lost are the reason only when
 * nothing but workspaces changed (lost wins over gained).
 */
void plan_classify(
    const struct change *change, enum action_kind *ret_kind, enum reason_code *ret_reason);

#endif
