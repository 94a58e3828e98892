/* SPDX-License-Identifier: ISC */
/*
 * How each rule of a mapping fared on an entry, by the same steps that apply it.
 */
#include "core/mapping_p.h"

/* What a rule that comes too late would have given; nobody asks for its faults. */
static void explain_loser(
    const struct subject *subject, const struct rule *rule, struct rule_trace *trace)
{
	enum rule_outcome outcome = mapping_try_rule(subject, rule, &trace->value, NULL);

	if (outcome == RULE_WHEN_FALSE || outcome == RULE_EMPTY)
		trace->outcome = outcome;
	trace->value = arena_span(subject->arena, trace->value);
}

static void explain_target(const struct subject *subject, int to, struct rule_trace *traces)
{
	const struct mapping *mapping = subject->mapping;
	bool is_decided = false;

	for (size_t i = mapping->first_rule[to]; i < mapping->first_rule[to + 1]; i++) {
		const struct rule *rule = &mapping->rules[i];
		struct rule_trace *trace = &traces[rule->position];
		struct err err = { "" };

		trace->to = rule->to;
		trace->from = template_text(rule->from);
		trace->when = rule->when == NULL ? SPAN_NULL : filter_text(rule->when);
		trace->outcome = RULE_AFTER_WINNER;
		if (is_decided) {
			explain_loser(subject, rule, trace);
			continue;
		}
		trace->outcome = mapping_try_rule(subject, rule, &trace->value, &err);
		is_decided = trace->outcome == RULE_WON || trace->outcome == RULE_FAULT;
		if (trace->outcome == RULE_FAULT)
			trace->value = span_of(err.text);
		trace->value = arena_span(subject->arena, trace->value);
	}
}

/* The shortest way from a group of the entry to a root; absent when none leads there. */
static struct span find_path(const struct subject *subject, uint32_t root)
{
	struct str path = { 0 }, shortest = { 0 };
	struct span found = SPAN_NULL;

	for (uint32_t i = 0; subject->membership != NULL && i < subject->entry->group_count; i++) {
		str_truncate(&path, 0);
		if (!membership_path(subject->membership, subject->entry->groups[i], root, &path))
			continue;
		if (shortest.len > 0 && shortest.len <= path.len)
			continue;
		str_truncate(&shortest, 0);
		str_add(&shortest, str_span(&path));
	}
	if (shortest.len > 0)
		found = arena_span(subject->arena, str_span(&shortest));
	str_done(&path);
	str_done(&shortest);
	return found;
}

static void explain_group(
    const struct subject *subject, const struct grant *grant, struct grant_trace *trace)
{
	const struct membership *membership = subject->membership;
	uint32_t group = membership == NULL ? MEMBERSHIP_NONE
					    : membership_root_group(membership, grant->root);

	if (group != MEMBERSHIP_NONE)
		trace->group = arena_span(subject->arena, membership_group_dn(membership, group));
	trace->path = find_path(subject, grant->root);
	if (trace->is_when_false)
		return;
	if (trace->path.at != NULL) {
		trace->outcome = GRANT_BY_GROUP;
	} else if (!mapping_root_is_known(membership, grant->root)) {
		trace->outcome = GRANT_UNKNOWN;
		trace->path = membership == NULL
				  ? SPAN("no group was looked up")
				  : arena_span(subject->arena,
					membership_unknown_reason(membership, grant->root));
	}
}

static void explain_grant(
    const struct subject *subject, const struct grant *grant, struct grant_trace *trace)
{
	trace->id = subject->mapping->workspaces[grant->workspace].id;
	trace->name = grant->name;
	trace->when = grant->when == NULL ? SPAN_NULL : filter_text(grant->when);
	trace->outcome = GRANT_NONE;
	trace->is_when_false = !mapping_when_holds(grant, subject->entry);
	if (grant->root != MEMBERSHIP_NONE)
		explain_group(subject, grant, trace);
	else if (!trace->is_when_false)
		trace->outcome = GRANT_BY_WHEN;
}

struct mapping_trace mapping_explain_grants(const struct mapping *mapping,
    const struct entry *entry, const struct membership *membership, struct arena *arena)
{
	struct subject subject = { mapping, entry, membership, arena };
	struct grant_trace *grants = arena_array(arena, mapping->grant_count, sizeof(*grants));

	for (size_t i = 0; i < mapping->grant_count; i++)
		explain_grant(&subject, &mapping->grants[i], &grants[mapping->grants[i].position]);
	return (struct mapping_trace) { .grants = grants, .grant_count = mapping->grant_count };
}

struct mapping_trace mapping_explain(const struct mapping *mapping, const struct entry *entry,
    const struct membership *membership, struct arena *arena)
{
	struct mapping_trace trace = mapping_explain_grants(mapping, entry, membership, arena);
	struct subject subject = { mapping, entry, membership, arena };
	struct rule_trace *rules = arena_array(arena, mapping->rule_count, sizeof(*rules));

	for (int to = 0; to < ACCOUNT_PATH_COUNT; to++)
		explain_target(&subject, to, rules);
	trace.rules = rules;
	trace.rule_count = mapping->rule_count;
	return trace;
}

void mapping_add_naming_attributes(const struct mapping *mapping, struct attribute_set *set)
{
	static const enum account_path names[] = { ACCOUNT_USER_NAME, ACCOUNT_EXTERNAL_ID };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (size_t j = mapping->first_rule[names[i]];
		     j < mapping->first_rule[names[i] + 1]; j++) {
			struct template *copy = NULL;

			/* What was compiled before compiles again. */
			(void)template_compile(
			    template_text(mapping->rules[j].from), set, &copy, NULL, NULL);
			template_free(&copy);
		}
	}
}
