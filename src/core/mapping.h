/* SPDX-License-Identifier: ISC */
/*
 * From an entry to the desired account: attribute rules and workspace rules.
 *
 * The first rule of a target whose `when` holds and whose `from` is not empty wins.  A workspace
 * that several rules name is granted when any of them holds; a rule with both a group and a `when`
 * holds when both do.  `active` is true unless a rule gives
 * "false" ("FALSE", "no", "0"); a value that is neither is a fault of the entry.
 */
#ifndef CORE_MAPPING_H
#define CORE_MAPPING_H

#include "base/arena.h"
#include "base/err.h"
#include "base/status.h"
#include "base/str.h"
#include "core/account.h"
#include "core/attributes.h"
#include "core/entry.h"
#include "core/membership.h"
#include <stdbool.h>
#include <stddef.h>

struct mapping;

struct mapping_rule {
	enum account_path to;
	struct span from; /* a template */
	struct span when; /* a filter; absent or "": always */
};

struct workspace_rule {
	struct span id;
	struct span name; /* for people; absent: none */
	struct span when; /* a filter on the entry; absent or "": none */
	uint32_t root;    /* of the membership; MEMBERSHIP_NONE: no group */
};

struct mapping_input {
	const struct mapping_rule *rules; /* borrowed during mapping_new */
	size_t rule_count;
	const struct workspace_rule *workspaces;
	size_t workspace_count;
	bool user_name_is_email; /* anaplan: email form, at most 60 characters, no `_` at either end
				  */
	size_t workspace_max;    /* most workspaces of one account; 0: any number */
};

/* What mapping makes of an entry. All is borrowed from the mapping, the entry and the arena. */
struct mapped {
	struct account account;
	const struct span
	    *unknown; /* workspaces that cannot be decided: their group is unknown; ascending */
	size_t unknown_count;
};

/** Whether somebody gets a workspace, or may when an unknown group can be read. */
static inline bool mapped_is_entitled(const struct mapped *mapped)
{
	return mapped->account.workspace_count > 0 || mapped->unknown_count > 0;
}

/**
 * Compiles the rules; their attributes are added to the set.
 *
 * @return STATUS_OK, or STATUS_REJECT with a message that names the rule: a template or filter that
 *   does not compile, a workspace rule without id, or with neither group nor `when`; or no rule
 *   gives userName
 */
enum status mapping_new(const struct mapping_input *input, struct attribute_set *set,
    struct mapping **ret_mapping, struct err *reterr);

/** Frees the mapping; sets `*mapping` to NULL; NULL is welcome. */
void mapping_free(struct mapping **mapping);

/**
 * Maps one entry.
 *
 * @param membership  sealed; NULL when no workspace names a group
 * @param arena       holds the result
 * @return STATUS_OK; STATUS_REJECT: no userName, a value that is not UTF-8, holds a control
 *   character or is over-long (ACCOUNT_TEXT_MAX_BYTES), a userName the tenant cannot take, more
 *   workspaces than allowed; the message says which target and what to do
 */
enum status mapping_apply(const struct mapping *mapping, const struct entry *entry,
    const struct membership *membership, struct arena *arena, struct mapped *ret_mapped,
    struct err *reterr);

/* How one rule fared, for `explain`. */
enum rule_outcome { RULE_WON, RULE_AFTER_WINNER, RULE_WHEN_FALSE, RULE_EMPTY, RULE_FAULT };

struct rule_trace {
	enum account_path to;
	struct span from, when; /* as configured */
	enum rule_outcome outcome;
	struct span value; /* when it won, or would have; of a fault: the message */
};

enum grant_outcome { GRANT_BY_WHEN, GRANT_BY_GROUP, GRANT_NONE, GRANT_UNKNOWN };

struct grant_trace {
	struct span id, name, when;
	struct span group; /* DN of the rule's group; absent: none */
	enum grant_outcome outcome;
	struct span path; /* the way to the group: "CN=Sub,… > CN=Finance,…"; GRANT_UNKNOWN: why */
	bool is_when_false; /* there is a `when`, and it does not hold */
};

struct mapping_trace {
	const struct rule_trace *rules;
	size_t rule_count;
	const struct grant_trace *grants;
	size_t grant_count;
};

/** Says how each rule fared on an entry, in the order of the configuration; never fails. All is
 * borrowed from the arena and the mapping. */
struct mapping_trace mapping_explain(const struct mapping *mapping, const struct entry *entry,
    const struct membership *membership, struct arena *arena);

/** Likewise for the workspaces alone: no rule is told. */
struct mapping_trace mapping_explain_grants(const struct mapping *mapping,
    const struct entry *entry, const struct membership *membership, struct arena *arena);

/** Adds the attributes that userName and externalId are made of: those that people go by. */
void mapping_add_naming_attributes(const struct mapping *mapping, struct attribute_set *set);

/** The configured name of a workspace id; absent when it has none. */
struct span mapping_workspace_name(const struct mapping *mapping, struct span id);

/** Whether the configuration manages that workspace. */
bool mapping_manages_workspace(const struct mapping *mapping, struct span id);

#endif
