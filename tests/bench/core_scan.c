// SPDX-License-Identifier: ISC

// What the core spends on an entry that has not changed, step by step and in nanoseconds.
//
//	core_scan [ENTRIES]
//
// Makes that many entries (333,333 when it is not said) of ten attributes with
// twelve values, each in three groups, an index and a membership of them, and
// times what a full scan does with each: find its groups, find its key, map it,
// digest the account, compare.  First each step alone, then all of them in a
// row as the planner does it.  Prints one line of JSON; nothing but the core
// runs, so that the figures say what the rest of a scan costs.

#include "base/vec.h"
#include "core/account.h"
#include "core/index.h"
#include "core/mapping.h"
#include "measure.h"

#include <stdlib.h>

enum { GROUPS = 400, GROUPS_EACH = 3, ROUNDS = 3 };

struct scan {
	size_t count;
	struct arena *arena, *entry_arena;
	struct attribute_set *set;
	struct mapping *mapping;
	struct membership *membership;
	struct index *index;
	struct entry *entries;
	struct str scratch;
	size_t wrong;
};

struct step {
	const char *name;
	void (*run)(struct scan *scan, struct entry *entry);
	double best_s;
};

static const char *const attributes[] = { "mail", "userPrincipalName", ".key", "givenName", "sn",
	".enabled", "departmentNumber", "employeeType", "title", "employeeNumber" };

enum { ATTRIBUTES = sizeof(attributes) / sizeof(*attributes) };

static void make_mapping(struct scan *scan)
{
	static const struct mapping_rule rules[] = {
		{ ACCOUNT_USER_NAME, SPAN_INIT("${mail|lower}"), { NULL, 0 } },
		{ ACCOUNT_USER_NAME, SPAN_INIT("${userPrincipalName|lower}"), { NULL, 0 } },
		{ ACCOUNT_EXTERNAL_ID, SPAN_INIT("${.key}"), { NULL, 0 } },
		{ ACCOUNT_GIVEN_NAME, SPAN_INIT("${givenName}"), { NULL, 0 } },
		{ ACCOUNT_FAMILY_NAME, SPAN_INIT("${sn}"), { NULL, 0 } },
		{ ACCOUNT_ACTIVE, SPAN_INIT("false"), SPAN_INIT("(employeeType=ended)") },
		{ ACCOUNT_ACTIVE, SPAN_INIT("${.enabled}"), { NULL, 0 } },
	};
	static const struct workspace_rule workspaces[] = {
		{ SPAN_INIT("8a81b09d5e8c6f27015ece3402487d33"), SPAN_INIT("Finance"), { NULL, 0 },
		    0 },
		{ SPAN_INIT("8a81b09d5e8c6f27015ece3402487d34"), SPAN_INIT("Sales"), { NULL, 0 },
		    1 },
		{ SPAN_INIT("8a81b09d5e8c6f27015ece3402487d35"), SPAN_INIT("HR"),
		    SPAN_INIT("(departmentNumber=HR*)"), MEMBERSHIP_NONE },
	};
	const struct mapping_input input = { rules, sizeof(rules) / sizeof(*rules), workspaces,
		sizeof(workspaces) / sizeof(*workspaces), true, 50 };
	struct err err;

	for (size_t i = 0; i < ATTRIBUTES; i++)
		attribute_set_add(scan->set, span_of(attributes[i]));
	if (mapping_new(&input, scan->set, &scan->mapping, &err) != STATUS_OK) {
		fprintf(stderr, "core_scan: %s\n", err.text);
		exit(EXIT_FAILURE);
	}
}

static void add_value(struct scan *scan, struct values *values, struct span value)
{
	struct span *at = (struct span *)values->at;

	if (at == NULL)
		values->at = at = arena_array(scan->arena, 2, sizeof(*at));
	at[values->count++] = value;
}

/* Two of the attributes have two values: twelve in all. */
static struct entry make_entry(struct scan *scan, size_t i)
{
	struct values *values = arena_array(scan->arena, ATTRIBUTES, sizeof(*values));
	struct arena *arena = scan->arena;
	struct entry entry = { .values = values, .slot_count = ATTRIBUTES };
	struct digest digest = hash_digest((struct span) { (const char *)&i, sizeof(i) });
	char text[UUID_TEXT_SIZE];

	memcpy(entry.key.byte, digest.byte, sizeof(entry.key.byte));
	uuid_format(&entry.key, text);
	entry.dn = arena_format(arena, "uid=u%07zu,ou=people,dc=example,dc=com", i);
	add_value(scan, &values[0], arena_format(arena, "U%07zu@example.com", i));
	add_value(scan, &values[0], arena_format(arena, "alias.u%07zu@example.com", i));
	add_value(scan, &values[1], arena_format(arena, "u%07zu@corp.example.com", i));
	add_value(scan, &values[2], arena_span(arena, span_of(text)));
	add_value(scan, &values[3], arena_format(arena, "Francesca%zu", i % 32));
	add_value(scan, &values[4], arena_format(arena, "Kowalski%zu", i % 30));
	add_value(scan, &values[5], SPAN("TRUE"));
	add_value(scan, &values[6], arena_format(arena, "D%05zu", i / 200));
	add_value(scan, &values[7], SPAN("employee"));
	add_value(scan, &values[8], SPAN("Senior Software Engineer"));
	add_value(scan, &values[8], SPAN("Team Lead"));
	add_value(scan, &values[9], arena_format(arena, "%zu", i));
	return entry;
}

static void make_membership(struct scan *scan)
{
	const uint8_t salt[16] = { 7 };

	scan->membership = membership_new(salt);
	for (uint32_t i = 0; i < GROUPS; i++) {
		uint32_t group = membership_add_group(scan->membership,
		    arena_format(scan->arena, "cn=g%u,ou=groups,dc=example,dc=com", i));

		if (i < 2)
			membership_set_root(scan->membership, i, group);
		else
			membership_add_edge(scan->membership, group, i % 4 == 0);
	}
	for (size_t i = 0; i < scan->count; i++) {
		for (size_t j = 0; j < GROUPS_EACH; j++)
			membership_add_member(scan->membership,
			    (uint32_t)((i * 7 + j * 131) % GROUPS), scan->entries[i].dn);
	}
	membership_seal(scan->membership);
}

/* ---- the steps ---- */

static void find_groups(struct scan *scan, struct entry *entry)
{
	entry->group_count = membership_find(scan->membership, entry->dn, &entry->groups);
	scan->wrong += entry->group_count != GROUPS_EACH;
}

static void find_key(struct scan *scan, struct entry *entry)
{
	scan->wrong += index_find(scan->index, &entry->key) == NULL;
}

static struct mapped map(struct scan *scan, struct entry *entry)
{
	struct mapped mapped = { 0 };
	struct err err;

	arena_reset(scan->entry_arena);
	if (mapping_apply(scan->mapping, entry, scan->membership, scan->entry_arena, &mapped,
		&err) != STATUS_OK)
		scan->wrong++;
	return mapped;
}

/* As directory/ and sync/ do it, one entry after the other. */
static void pass(struct scan *scan, struct entry *entry)
{
	struct index_item *item;
	struct mapped mapped;
	struct digest digest;

	find_groups(scan, entry);
	item = index_find(scan->index, &entry->key);
	mapped = map(scan, entry);
	digest = account_digest(&mapped.account, &scan->scratch);
	if (item == NULL || !digest_equal(&digest, &item->digest))
		scan->wrong++;
	else
		item->flags |= INDEX_SEEN;
}

/* The groups of the last entry that was looked for stand for those of each. */
static void map_alone(struct scan *scan, struct entry *entry)
{
	map(scan, entry);
}

static void digest_alone(struct scan *scan, struct entry *entry)
{
	static struct account account;

	if (account.text[ACCOUNT_USER_NAME].at == NULL) {
		struct mapped mapped;

		find_groups(scan, entry);
		mapped = map(scan, entry);
		account = account_copy(&mapped.account, scan->arena);
	}
	account_digest(&account, &scan->scratch);
}

static void make_index(struct scan *scan)
{
	scan->index = index_new(scan->count);
	for (size_t i = 0; i < scan->count; i++) {
		struct entry *entry = &scan->entries[i];
		struct mapped mapped;
		struct index_item item = { .key = entry->key };

		find_groups(scan, entry);
		mapped = map(scan, entry);
		item.digest = account_digest(&mapped.account, &scan->scratch);
		index_put(scan->index, &item);
	}
}

/* Of this process, so that others on the machine do not count. */
static double cpu_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void time_step(struct scan *scan, struct step *step)
{
	for (int round = 0; round < ROUNDS; round++) {
		double begin_s = cpu_s(), took_s;

		for (size_t i = 0; i < scan->count; i++)
			step->run(scan, &scan->entries[i]);
		took_s = cpu_s() - begin_s;
		if (round == 0 || took_s < step->best_s)
			step->best_s = took_s;
	}
}

static void scan_free(struct scan *scan)
{
	index_free(&scan->index);
	membership_free(&scan->membership);
	mapping_free(&scan->mapping);
	attribute_set_free(&scan->set);
	free(scan->entries);
	str_done(&scan->scratch);
	arena_free(&scan->entry_arena);
	arena_free(&scan->arena);
}

int main(int argc, char **argv)
{
	struct step steps[] = { { "membershipFind", find_groups, 0 }, { "indexFind", find_key, 0 },
		{ "mappingApply", map_alone, 0 }, { "accountDigest", digest_alone, 0 },
		{ "all", pass, 0 } };
	struct scan scan = { .count = argc > 1 ? strtoul(argv[1], NULL, 10) : 333333,
		.arena = arena_new(),
		.entry_arena = arena_new(),
		.set = attribute_set_new() };

	if (argc > 2 || scan.count == 0) {
		fputs("Usage: core_scan [ENTRIES]\n", stderr);
		return 64;
	}
	make_mapping(&scan);
	scan.entries = mem_new(scan.count, sizeof(*scan.entries));
	for (size_t i = 0; i < scan.count; i++)
		scan.entries[i] = make_entry(&scan, i);
	make_membership(&scan);
	make_index(&scan);
	printf("{\"entries\": %zu", scan.count);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		time_step(&scan, &steps[i]);
		printf(
		    ", \"%sNs\": %.0f", steps[i].name, steps[i].best_s * 1e9 / (double)scan.count);
	}
	printf("}\n");
	if (scan.wrong > 0)
		fprintf(stderr, "core_scan: %zu answers were wrong\n", scan.wrong);
	scan_free(&scan);
	return scan.wrong > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
