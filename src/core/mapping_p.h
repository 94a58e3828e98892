/* SPDX-License-Identifier: ISC */
/*
 * The inside of a mapping, for applying and for explaining it.
 */
#ifndef CORE_MAPPING_P_H
#define CORE_MAPPING_P_H

#include "core/filter.h"
#include "core/mapping.h"
#include "core/template.h"

struct rule {
	enum account_path to;
	struct template *from;
	struct filter *when; /* NULL: always */
	size_t position;     /* as configured */
};

/* A workspace rule: who gets the workspace by it. */
struct grant {
	size_t workspace;
	struct filter *when; /* NULL: none */
	uint32_t root;       /* MEMBERSHIP_NONE: none */
	struct span name;    /* as configured */
	size_t position;
};

struct workspace {
	struct span id, name;
};

struct mapping {
	struct arena *arena; /* texts of the configuration */
	struct rule *rules;  /* by target, then as configured */
	size_t rule_count;
	size_t first_rule[ACCOUNT_PATH_COUNT + 1]; /* of each target */
	struct workspace *workspaces;              /* by id, each once */
	size_t workspace_count;
	struct grant *grants; /* by id, then as configured */
	size_t grant_count;
	size_t *when_grants; /* places in `grants` of those without a group */
	size_t when_grant_count;
	size_t *root_grants; /* of those with a group, by root */
	size_t *first_root_grant;
	uint32_t root_count; /* one more than the highest root of a rule */
	bool user_name_is_email;
	size_t workspace_max;
};

/* What a rule is evaluated on and with. */
struct subject {
	const struct mapping *mapping;
	const struct entry *entry;
	const struct membership *membership;
	struct arena *arena;
};

/**
 * Tries one attribute rule.
 *
 * @param ret_value  borrowed from the mapping, the entry or the arena
 * @return RULE_WON with the value, RULE_WHEN_FALSE, RULE_EMPTY, or RULE_FAULT with reterr
 */
enum rule_outcome mapping_try_rule(const struct subject *subject, const struct rule *rule,
    struct span *ret_value, struct err *reterr);

/** Whether a workspace rule's `when` holds; one without always does. */
bool mapping_when_holds(const struct grant *grant, const struct entry *entry);

/** Whether a root can be read whole; without a membership none can. */
bool mapping_root_is_known(const struct membership *membership, uint32_t root);

#endif
