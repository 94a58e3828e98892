/* SPDX-License-Identifier: ISC */
/*
 * Listing: which DNs are groups.  Reading: a queue of groups, each by a base search, ranges of
 * `member` followed to their end.  Groups wanted with nesting are read first (group_table.h).
 * At last, on Active Directory, those whose primary group one of them is (primary_group.h).
 */
#include "directory/group_walk.h"

#include "base/arena.h"
#include "base/unicode.h"
#include "base/vec.h"
#include "core/dn.h"
#include "directory/dn_set.h"
#include "directory/ldap_entry.h"
#include "directory/member_text.h"
#include "directory/primary_group.h"
#include <assert.h>
#include <stdlib.h>

#define GROUP_FILTER                                                                               \
	"(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=groupOfEntries)" \
	"(objectClass=groupOfMembers)(objectClass=groupOfURLs)(objectClass=group))"

/* One indexed attribute, where the classes of others do not exist. */
#define AD_GROUP_FILTER "(objectCategory=group)"

struct item {
	const char *dn; /* of the arena */
	uint32_t group;
	bool is_nested;
};

struct group_walk {
	struct session *session;
	const struct directory_settings *settings;
	struct group_table *table;
	group_walk_callback *callback;
	void *context;
	struct loop_timer *start;
	struct arena *arena;
	struct search search;

	struct span *contexts; /* naming contexts to list */
	size_t context_count, context_cap, context_next;
	struct dn_set groups; /* all groups that were listed */

	struct item *items;
	size_t item_count, item_cap, item_next;
	bool has_direct_roots;
	bool is_partial; /* roots and contexts are not asked for */

	struct primary_groups primaries; /* of Active Directory */
	struct str primary_filter;

	struct { /* the group that is read */
		uint64_t entries;
		bool has_member, has_other_members, has_object_class, is_group, has_more;
		bool must_have_member; /* by its class */
		uint64_t next_value;
		const char *unsupported; /* an attribute that would name members */
		struct span version;     /* AD's uSNChanged at the first range; absent: not known */
		bool has_moved;          /* changed between two ranges */
		bool is_continued;       /* this is not the first range */
		struct primary_group primary;
		struct uuid key;
		const char *attributes[16];
	} now;
};

static void step(struct group_walk *walk);

static void enqueue(struct group_walk *walk, struct span dn, uint32_t group, bool is_nested)
{
	struct item *item = vec_push(
	    (void **)&walk->items, &walk->item_count, &walk->item_cap, sizeof(*item));

	*item = (struct item) { arena_c(walk->arena, dn), group, is_nested };
}

static void enqueue_roots(struct group_walk *walk, bool is_nested)
{
	bool is_new;

	for (size_t i = 0; i < walk->settings->group_count; i++) {
		const struct directory_group *wanted = &walk->settings->groups[i];
		uint32_t group;

		if (wanted->is_nested != is_nested)
			continue;
		group = group_table_add_root(walk->table, (uint32_t)i, &is_new);
		if (is_new)
			enqueue(walk, wanted->dn, group, is_nested);
	}
}

/* ---- which DNs are groups ---- */

static void want_context(struct group_walk *walk, struct span dn)
{
	const struct server_facts *server = session_server(walk->session);
	size_t index = server_facts_context_of(server, dn);
	struct span context, *place;

	if (index == server->naming_context_count)
		return;
	context = server->naming_contexts[index];
	for (size_t i = 0; i < walk->context_count; i++)
		if (span_equal(walk->contexts[i], context))
			return;
	place = vec_push(
	    (void **)&walk->contexts, &walk->context_count, &walk->context_cap, sizeof(*place));
	*place = arena_span(walk->arena, context);
}

/* People and their groups may live in different naming contexts of one server. */
static void want_contexts(struct group_walk *walk)
{
	const struct directory_settings *settings = walk->settings;
	bool has_nested = false;

	for (size_t i = 0; i < settings->group_count; i++)
		if (settings->groups[i].is_nested) {
			want_context(walk, settings->groups[i].dn);
			has_nested = true;
		}
	for (size_t i = 0; has_nested && i < settings->users.base_count; i++)
		want_context(walk, span_of(settings->users.bases[i]));
	if (has_nested && walk->context_count == 0)
		group_table_fail_roots(walk->table, true,
		    SPAN("no naming context of the server holds it, so groups inside it cannot be "
			 "found"));
}

static void note_dn(void *context, struct span name, const struct berval *values)
{
	(void)context, (void)name, (void)values;
}

static void on_listed(void *context, LDAP *handle, LDAPMessage *message)
{
	struct group_walk *walk = context;
	struct span dn;

	if (message_walk(handle, message, &dn, note_dn, NULL))
		dn_set_add(&walk->groups, dn);
}

static void end_walk(struct group_walk *walk, const struct search_end *broken)
{
	struct str why = { 0 };

	if (broken == NULL)
		group_table_seal(walk->table);
	else
		search_describe(&walk->search, broken, &why);
	walk->callback(
	    walk->context, broken != NULL, broken != NULL && broken->is_silent, str_span(&why));
	str_done(&why);
}

static void on_list_end(void *context, const struct search_end *end)
{
	struct group_walk *walk = context;
	struct str why = { 0 };

	if (end->is_broken) {
		end_walk(walk, end);
		return;
	}
	if (end->code != LDAP_SUCCESS || end->is_paging_ignored) {
		str_add_c(&why, "the groups inside it cannot be found: ");
		search_describe(&walk->search, end, &why);
		group_table_fail_roots(walk->table, true, str_span(&why));
		str_done(&why);
	}
	step(walk);
}

static void list_context(struct group_walk *walk)
{
	static const struct search_handler handler = { .on_entry = on_listed,
		.on_end = on_list_end };

	walk->search = (struct search) { .base = walk->contexts[walk->context_next++].at,
		.scope = DIRECTORY_SCOPE_SUBTREE,
		.filter = session_kind(walk->session) == DIRECTORY_ACTIVE_DIRECTORY
			      ? AD_GROUP_FILTER
			      : GROUP_FILTER,
		.is_paged = true };
	session_search(walk->session, &walk->search, &handler, walk);
}

/* ---- one group ---- */

static void add_member(struct group_walk *walk, const struct item *item, struct span dn)
{
	bool is_new;
	uint32_t child;

	if (!item->is_nested || !dn_set_has(&walk->groups, dn)) {
		group_table_add_member(walk->table, item->group, dn);
		return;
	}
	child = group_table_add(walk->table, dn, &is_new);
	group_table_add_edge(walk->table, child, item->group);
	if (is_new)
		enqueue(walk, dn, child, true);
}

static void add_members(struct group_walk *walk, const struct berval *values)
{
	struct item item = walk->items[walk->item_next];

	for (; values != NULL && values->bv_val != NULL; values++)
		add_member(walk, &item,
		    member_unique_dn((struct span) { values->bv_val, values->bv_len }));
}

static void note_version(struct group_walk *walk, const struct berval *values)
{
	struct span version;

	if (values == NULL || values->bv_val == NULL)
		return;
	version = (struct span) { values->bv_val, values->bv_len };
	if (walk->now.version.at == NULL)
		walk->now.version = arena_span(walk->arena, version);
	else if (!span_equal(walk->now.version, version))
		walk->now.has_moved = true;
}

static void note_classes(struct group_walk *walk, const struct berval *values)
{
	for (; values != NULL && values->bv_val != NULL; values++) {
		walk->now.has_object_class = true;
		walk->now.must_have_member |= member_is_demanded_by(
		    (struct span) { values->bv_val, values->bv_len });
		if (member_is_group_class((struct span) { values->bv_val, values->bv_len }))
			walk->now.is_group = true;
	}
}

static void note_key(struct group_walk *walk, struct span name, const struct berval *value)
{
	struct span text = { value->bv_val, value->bv_len };

	if (span_equal_ascii_case(name, SPAN("objectGUID")))
		uuid_from_object_guid(text, &walk->now.key);
	else if (span_equal_ascii_case(name, SPAN("entryUUID")) ||
		 (span_equal_ascii_case(name, SPAN("nsUniqueId")) && uuid_is_zero(&walk->now.key)))
		uuid_parse(text, &walk->now.key);
}

static void note_attribute(void *context, struct span name, const struct berval *values)
{
	struct group_walk *walk = context;
	struct member_range range;
	bool has_values = values != NULL && values->bv_val != NULL;

	if (span_equal_ascii_case(name, SPAN("member")) ||
	    span_equal_ascii_case(name, SPAN("uniqueMember"))) {
		walk->now.has_member |= has_values;
		add_members(walk, values);
	} else if (member_range_parse(name, SPAN("member"), &range)) {
		walk->now.has_member = true;
		walk->now.has_moved |= range.first != walk->now.next_value;
		walk->now.has_more = !range.is_final;
		walk->now.next_value = range.last + 1;
		add_members(walk, values);
	} else if (span_equal_ascii_case(name, SPAN("memberUid")) && has_values) {
		walk->now.unsupported = "memberUid";
	} else if (span_equal_ascii_case(name, SPAN("memberURL")) && has_values) {
		walk->now.unsupported = "memberURL";
	} else if (span_equal_ascii_case(name, SPAN("objectClass"))) {
		note_classes(walk, values);
	} else if (span_equal_ascii_case(name, SPAN("uSNChanged"))) {
		note_version(walk, values);
	} else if (has_values) {
		note_key(walk, name, values);
		primary_group_note(
		    &walk->now.primary, name, (struct span) { values->bv_val, values->bv_len });
	}
}

static void on_group(void *context, LDAP *handle, LDAPMessage *message)
{
	struct group_walk *walk = context;
	struct span dn;

	walk->now.entries++;
	if (!message_walk(handle, message, &dn, note_attribute, walk))
		walk->now.has_moved = true;
}

/* @return why the group is not known whole; absent: it is */
static struct span judge_group(struct group_walk *walk, const struct search_end *end)
{
	if (end->code != LDAP_SUCCESS) {
		struct str why = { 0 };
		struct span copy;
		search_describe(&walk->search, end, &why);
		copy = arena_span(walk->arena, str_span(&why));
		str_done(&why);
		return copy;
	}
	if (walk->now.entries == 0)
		return SPAN("the server shows nothing there; the bind identity may not read it");
	if (walk->now.has_moved || (walk->now.is_continued && !walk->now.has_member))
		return SPAN("it changed while it was read in pieces, or a piece is missing");
	if (!walk->now.has_member && walk->now.unsupported != NULL)
		return arena_format(walk->arena,
		    "%s %s is not supported; use a group with member DNs",
		    strcmp(walk->now.unsupported, "memberUid") == 0 ? "posixGroup"
								    : "a dynamic group's",
		    walk->now.unsupported);
	/* Other servers allow these classes without a member. */
	if (!walk->now.has_member && walk->now.must_have_member &&
	    session_kind(walk->session) == DIRECTORY_OPENLDAP)
		return SPAN(
		    "it shows no member, which its objectClass demands; the bind identity may not "
		    "read them");
	if (!walk->now.has_member && walk->now.has_object_class && !walk->now.is_group)
		return SPAN("the entry is not a group");
	return SPAN_NULL;
}

static void fail_group(struct group_walk *walk, const struct item *item, struct span why)
{
	struct str text = { 0 };

	utf8_printable(span_of(item->dn), &text);
	str_addf(&text, ": %.*s", SPAN_ARG(why));
	group_table_fail(walk->table, item->group, str_span(&text));
	str_done(&text);
}

static void note_primary(struct group_walk *walk, const struct item *item)
{
	const struct server_facts *server = session_server(walk->session);
	size_t context = server_facts_context_of(server, span_of(item->dn));

	if (session_kind(walk->session) == DIRECTORY_ACTIVE_DIRECTORY &&
	    context < server->naming_context_count)
		primary_groups_add(&walk->primaries, &walk->now.primary, item->group, context);
}

static void read_range(struct group_walk *walk);

static void on_group_end(void *context, const struct search_end *end)
{
	struct group_walk *walk = context;
	const struct item *item = &walk->items[walk->item_next];
	struct span why;

	if (end->is_broken) {
		end_walk(walk, end);
		return;
	}
	why = judge_group(walk, end);
	if (why.at == NULL && walk->now.has_more) {
		read_range(walk);
		return;
	}
	if (why.at != NULL)
		fail_group(walk, item, why);
	else
		note_primary(walk, item);
	group_table_set_key(walk->table, item->group, &walk->now.key);
	walk->item_next++;
	step(walk);
}

static void search_group(struct group_walk *walk)
{
	static const struct search_handler handler = { .on_entry = on_group,
		.on_end = on_group_end };

	walk->search = (struct search) { .base = walk->items[walk->item_next].dn,
		.scope = DIRECTORY_SCOPE_BASE,
		.filter = "(objectClass=*)",
		.attributes = walk->now.attributes };
	session_search(walk->session, &walk->search, &handler, walk);
}

static void read_range(struct group_walk *walk)
{
	const char **attributes = walk->now.attributes;

	walk->now.has_more = false;
	walk->now.entries = 0;
	attributes[0] = arena_format(
	    walk->arena, "member;range=%llu-*", (unsigned long long)walk->now.next_value)
			    .at;
	attributes[1] = "uSNChanged";
	attributes[2] = NULL;
	/* A range behind the end brings no attribute at all: then the group shrank under our hands.
	 */
	walk->now.has_member = false;
	walk->now.is_continued = true;
	search_group(walk);
}

static void read_group(struct group_walk *walk)
{
	bool is_ad = session_kind(walk->session) == DIRECTORY_ACTIVE_DIRECTORY;

	memset(&walk->now, 0, sizeof(walk->now));
	walk->now.attributes[0] = is_ad ? "member;range=0-*" : "member";
	walk->now.attributes[1] = "uniqueMember";
	walk->now.attributes[2] = "memberUid";
	walk->now.attributes[3] = "memberURL";
	walk->now.attributes[4] = "objectClass";
	walk->now.attributes[5] = "objectGUID";
	walk->now.attributes[6] = "nsUniqueId";
	walk->now.attributes[7] = session_kind(walk->session) == DIRECTORY_389DS ? "objectClass"
										 : "entryUUID";
	walk->now.attributes[8] = is_ad ? "uSNChanged" : NULL;
	walk->now.attributes[9] = "primaryGroupToken";
	walk->now.attributes[10] = "objectSid";
	walk->now.attributes[11] = "groupType";
	search_group(walk);
}

/* ---- those whose primary group it is ---- */

static void add_primary_member(struct group_walk *walk, struct span dn, struct span rid)
{
	size_t place = primary_groups_find(&walk->primaries, rid, 0);

	while (place < walk->primaries.count) {
		group_table_add_member(
		    walk->table, primary_groups_number(&walk->primaries, place), dn);
		place = primary_groups_find(&walk->primaries, rid, place + 1);
	}
}

static void note_rid(void *context, struct span name, const struct berval *values)
{
	struct span *rid = context;

	if (span_equal_ascii_case(name, SPAN("primaryGroupID")) && values != NULL &&
	    values->bv_val != NULL)
		*rid = (struct span) { values->bv_val, values->bv_len };
}

static void on_primary_member(void *context, LDAP *handle, LDAPMessage *message)
{
	struct group_walk *walk = context;
	struct span dn, rid = SPAN_NULL;

	if (message_walk(handle, message, &dn, note_rid, &rid))
		add_primary_member(walk, dn, rid);
}

static void fail_primaries(struct group_walk *walk, struct span why)
{
	for (size_t i = 0; i < walk->primaries.count; i++)
		if (primary_groups_was_asked(&walk->primaries, i))
			group_table_fail(
			    walk->table, primary_groups_number(&walk->primaries, i), why);
}

static void on_primaries_end(void *context, const struct search_end *end)
{
	struct group_walk *walk = context;
	struct str why = { 0 };

	if (end->is_broken) {
		end_walk(walk, end);
		return;
	}
	if (end->code != LDAP_SUCCESS || end->is_paging_ignored) {
		str_add_c(&why, "whose primary group it is cannot be found: ");
		search_describe(&walk->search, end, &why);
		fail_primaries(walk, str_span(&why));
		str_done(&why);
	}
	step(walk);
}

/* @return false: all groups were asked for */
static bool search_primaries(struct group_walk *walk)
{
	static const struct search_handler handler = { .on_entry = on_primary_member,
		.on_end = on_primaries_end };
	static const char *const attributes[] = { "primaryGroupID", NULL };
	size_t context;

	if (!primary_groups_next(&walk->primaries, &walk->primary_filter, &context))
		return false;
	walk->search = (struct search) {
		.base = session_server(walk->session)->naming_contexts[context].at,
		.scope = DIRECTORY_SCOPE_SUBTREE,
		.filter = str_c(&walk->primary_filter),
		.attributes = attributes,
		.is_paged = true,
	};
	session_search(walk->session, &walk->search, &handler, walk);
	return true;
}

static void step(struct group_walk *walk)
{
	if (walk->context_next < walk->context_count) {
		list_context(walk);
		return;
	}
	if (walk->context_next == walk->context_count && walk->item_next == 0 &&
	    walk->item_count == 0 && !walk->has_direct_roots) {
		dn_set_seal(&walk->groups);
		enqueue_roots(walk, true);
	}
	if (walk->item_next == walk->item_count && !walk->has_direct_roots) {
		walk->has_direct_roots = true;
		enqueue_roots(walk, false);
	}
	if (walk->item_next < walk->item_count)
		read_group(walk);
	else if (!search_primaries(walk))
		end_walk(walk, NULL);
}

static void on_start(void *context)
{
	struct group_walk *walk = context;

	if (walk->is_partial)
		walk->has_direct_roots = true;
	else
		want_contexts(walk);
	step(walk);
}

struct group_walk *group_walk_start(struct loop *loop, struct session *session,
    const struct directory_settings *settings, struct group_table *table,
    group_walk_callback *callback, void *context)
{
	struct group_walk *walk = mem_new(1, sizeof(*walk));

	walk->session = session;
	walk->settings = settings;
	walk->table = table;
	walk->callback = callback;
	walk->context = context;
	walk->arena = arena_new();
	walk->start = loop_timer_new(loop, on_start, walk);
	loop_timer_start(walk->start, 0);
	return walk;
}

struct group_walk *group_walk_start_some(struct loop *loop, struct session *session,
    const struct directory_settings *settings, struct group_table *table, struct dn_set *known,
    const uint32_t *groups, const bool *is_nested, size_t count, group_walk_callback *callback,
    void *context)
{
	struct group_walk *walk = group_walk_start(
	    loop, session, settings, table, callback, context);

	walk->groups = *known;
	*known = (struct dn_set) { 0 };
	walk->is_partial = true;
	for (size_t i = 0; i < count; i++)
		enqueue(walk, group_table_dn(table, groups[i]), groups[i], is_nested[i]);
	return walk;
}

void group_walk_take_known(struct group_walk *walk, struct dn_set *ret_known)
{
	*ret_known = walk->groups;
	walk->groups = (struct dn_set) { 0 };
}

void group_walk_free(struct group_walk **walk)
{
	struct group_walk *old = *walk;

	*walk = NULL;
	if (old == NULL)
		return;
	loop_timer_free(&old->start);
	dn_set_done(&old->groups);
	primary_groups_done(&old->primaries);
	str_done(&old->primary_filter);
	arena_free(&old->arena);
	free(old->contexts);
	free(old->items);
	free(old);
}
