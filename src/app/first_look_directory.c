/* SPDX-License-Identifier: ISC */
#include "app/first_look.h"

#include "base/vec.h"
#include "core/dn.h"
#include "core/workspace_group.h"
#include <stdlib.h>

enum { GROUPS_READ_MAX = 2000, FILTER_WORKSPACES_MAX = 200 };

/* ---- the server ---- */

struct server_question {
	struct first_look *look;
	enum status status;
	struct err err;
};

static struct span keep(struct first_look *look, struct span text)
{
	return arena_span(look->arena, text);
}

static void on_facts(
    void *context, enum status status, const struct directory_facts *facts, const struct err *err)
{
	struct server_question *question = context;
	struct first_look *look = question->look;

	question->status = status;
	question->err = *err;
	loop_stop(look->loop);
	if (status != STATUS_OK)
		return;
	look->has_server = true;
	look->kind = facts->kind;
	look->peer = keep(look, facts->peer);
	look->identity = keep(look, facts->identity);
	look->default_context = keep(look, facts->default_context);
	look->key_attribute = keep(look, facts->key_attribute);
	look->has_paging = facts->has_paging;
	look->has_clock = facts->has_clock;
	look->clock_ms = facts->clock_ms;
	look->context_count = facts->context_count;
	look->contexts = arena_array(look->arena, facts->context_count, sizeof(struct span));
	for (size_t i = 0; i < facts->context_count; i++)
		look->contexts[i] = keep(look, facts->contexts[i]);
}

enum status first_look_server(
    struct first_look *look, const struct directory_settings *settings, struct err *reterr)
{
	struct server_question question = { .look = look };
	struct directory_look *asked = NULL;
	enum status status = directory_look_start(
	    look->loop, settings, on_facts, &question, &asked, reterr);

	if (status != STATUS_OK)
		return status;
	loop_run(look->loop);
	directory_look_free(&asked);
	if (question.status != STATUS_OK)
		err_set(reterr, "%s", question.err.text);
	else if (look->default_context.len == 0 && look->context_count > 0)
		look->default_context = look->contexts[0];
	return question.status;
}

/* ---- a scan that ends when it has seen enough ---- */

struct scan {
	struct first_look *look;
	struct source *source;
	void (*on_entry)(
	    struct scan *scan, const struct entry *entry); /* NULL: nobody wants them */
	void (*on_membership)(
	    struct scan *scan, struct membership *membership); /* NULL: likewise */
	enum survey_origin origin;
	struct first_look_group *roots[FIRST_LOOK_GROUPS_MAX]; /* whose size is asked for */
	uint32_t root_count;
	size_t name_slot;
	uint64_t entries, unusable, most;
	struct span unusable_why;
	bool is_complete;
	enum status status;
	struct err err;
};

static void on_membership(void *context, struct membership *membership)
{
	struct scan *scan = context;

	if (scan->on_membership == NULL)
		return;
	scan->on_membership(scan, membership);
	source_cancel(scan->source);
}

static void stop_at_the_end(struct scan *scan)
{
	if (scan->entries + scan->unusable >= scan->most)
		source_cancel(scan->source);
}

static void on_entry(void *context, const struct entry *entry)
{
	struct scan *scan = context;

	scan->entries++;
	if (scan->on_entry != NULL)
		scan->on_entry(scan, entry);
	stop_at_the_end(scan);
}

static void on_unusable(void *context, struct span dn, struct span why)
{
	struct scan *scan = context;

	(void)dn;
	if (scan->unusable++ == 0)
		scan->unusable_why = keep(scan->look, why);
	stop_at_the_end(scan);
}

/* A scan that was ended because it saw enough is a good one. */
static void on_done(
    void *context, enum status status, const struct scan_facts *facts, const struct err *err)
{
	struct scan *scan = context;

	scan->status = status == STATUS_CANCELED ? STATUS_OK : status;
	scan->err = *err;
	scan->is_complete = status == STATUS_OK && facts->is_complete;
	if (status == STATUS_OK && !facts->is_complete && scan->entries + scan->unusable == 0 &&
	    scan->on_membership == NULL) {
		scan->status = STATUS_DOWN;
		err_set(&scan->err, "%.*s", SPAN_ARG(facts->incomplete_why));
	}
	loop_stop(scan->look->loop);
}

static enum status run_scan(struct scan *scan, const struct directory_settings *settings,
    struct attribute_set *set, struct err *reterr)
{
	static const struct source_scan_handler handler = { on_membership, on_entry, on_unusable,
		on_done };
	struct directory_settings once = *settings;
	enum status status;

	once.changes = DIRECTORY_CHANGES_NONE;
	status = directory_new(scan->look->loop, &once, set, &scan->source, reterr);
	if (status != STATUS_OK)
		return status;
	source_scan(scan->source, &handler, scan);
	loop_run(scan->look->loop);
	source_free(&scan->source);
	if (scan->status != STATUS_OK)
		err_set(reterr, "%s", scan->err.text);
	return scan->status;
}

/* ---- people ---- */

static void note_person(struct scan *scan, const struct entry *entry)
{
	survey_note_entry(scan->look->survey, entry, scan->origin);
}

/* Whoever has an account may be the last of a million, so they are asked for. */
static enum status seek_accounts(
    struct first_look *look, const struct directory_settings *settings, struct err *reterr)
{
	struct directory_settings sought = *settings;
	struct scan scan = { .look = look,
		.on_entry = note_person,
		.origin = SURVEY_SOUGHT,
		.most = 2 * FIRST_LOOK_SOUGHT_MAX };
	struct str filter = { 0 };
	enum status status = STATUS_OK;

	if (survey_add_account_filter(look->survey, FIRST_LOOK_SOUGHT_MAX, &filter)) {
		sought.users.filter = str_c(&filter);
		status = run_scan(&scan, &sought, look->set, reterr);
	}
	str_done(&filter);
	return status;
}

enum status first_look_people(
    struct first_look *look, const struct directory_settings *settings, struct err *reterr)
{
	struct scan scan = { .look = look,
		.on_entry = note_person,
		.origin = SURVEY_SAMPLED,
		.most = FIRST_LOOK_SAMPLE_MAX };
	enum status status;

	survey_forget_entries(look->survey);
	status = run_scan(&scan, settings, look->set, reterr);
	if (status == STATUS_OK && !scan.is_complete)
		status = seek_accounts(look, settings, reterr);
	if (status != STATUS_OK)
		return status;
	look->has_people = true;
	look->is_whole = scan.is_complete;
	look->unusable = scan.unusable;
	look->unusable_why = scan.unusable_why;
	survey_propose(look->survey, look->arena, &look->proposal);
	return STATUS_OK;
}

/* ---- groups ---- */

/* The best fit with any workspace. */
static enum group_fit fit_of(const struct first_look *look, struct span name)
{
	enum group_fit best = workspace_group_is_about_anaplan(name) ? GROUP_HOLDS_ANAPLAN
								     : GROUP_FITS_NOT;

	for (size_t i = 0; i < look->workspace_count; i++) {
		enum group_fit fit = workspace_group_fit(look->workspaces[i].name, name);

		best = fit > best ? fit : best;
	}
	return best;
}

static void note_group(struct scan *scan, const struct entry *entry)
{
	struct first_look *look = scan->look;
	struct values names = entry_values(entry, scan->name_slot);
	struct span name = names.count > 0 ? names.at[0] : dn_rdn_value(entry->dn);
	struct first_look_group *group;

	if (fit_of(look, name) == GROUP_FITS_NOT)
		return;
	group = vec_push(
	    (void **)&look->groups, &look->group_count, &look->group_cap, sizeof(*group));
	group->dn = keep(look, entry->dn);
	group->name = keep(look, name);
	group->unknown = SPAN("its DN cannot be read");
}

static void group_filter(const struct first_look *look, struct str *out)
{
	str_add_c(out, look->kind == DIRECTORY_ACTIVE_DIRECTORY
			   ? "(&(objectClass=group)(|(cn=*anaplan*)"
			   : "(&(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)"
			     "(objectClass=groupOfMembers)(objectClass=group))(|(cn=*anaplan*)");
	for (size_t i = 0; i < look->workspace_count && i < FILTER_WORKSPACES_MAX; i++)
		workspace_group_add_filter(look->workspaces[i].name, out);
	str_add_c(out, "))");
}

/* Best first; which of equals does not matter, but it is always the same. */
struct ranked {
	enum group_fit fit;
	struct first_look_group group;
};

static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *left = a, *right = b;

	if (left->fit != right->fit)
		return left->fit > right->fit ? -1 : 1;
	return span_compare(left->group.dn, right->group.dn);
}

static void keep_best_groups(struct first_look *look)
{
	struct ranked *ranked = mem_new(look->group_count, sizeof(*ranked));

	for (size_t i = 0; i < look->group_count; i++)
		ranked[i] = (struct ranked) { fit_of(look, look->groups[i].name), look->groups[i] };
	if (look->group_count > 1)
		qsort(ranked, look->group_count, sizeof(*ranked), compare_ranked);
	for (size_t i = 0; i < look->group_count; i++)
		look->groups[i] = ranked[i].group;
	if (look->group_count > FIRST_LOOK_GROUPS_MAX) {
		look->group_count = FIRST_LOOK_GROUPS_MAX;
		look->are_groups_cut = true;
	}
	free(ranked);
}

static void choose_groups(struct first_look *look)
{
	struct span names[FIRST_LOOK_GROUPS_MAX];

	for (size_t i = 0; i < look->group_count; i++)
		names[i] = look->groups[i].name;
	for (size_t i = 0; i < look->workspace_count; i++) {
		size_t group = workspace_group_choose(
		    look->workspaces[i].name, names, look->group_count);

		look->workspaces[i].group = group < look->group_count ? (int)group
								      : FIRST_LOOK_NO_GROUP;
	}
}

static void note_size(struct first_look_group *group, struct membership *membership, uint32_t root)
{
	const uint32_t *roots;

	group->unknown = SPAN_NULL;
	for (uint32_t i = 0; i < membership_group_count(membership); i++) {
		uint32_t count = membership_roots(membership, i, &roots);

		for (uint32_t j = 0; j < count; j++)
			if (roots[j] == root) {
				group->members += membership_group_size(membership, i);
				group->groups += i != membership_root_group(membership, root);
			}
	}
}

static void note_sizes(struct scan *scan, struct membership *membership)
{
	struct first_look *look = scan->look;

	for (uint32_t root = 0; root < scan->root_count; root++) {
		struct first_look_group *group = scan->roots[root];

		if (membership_is_known(membership, root))
			note_size(group, membership, root);
		else
			group->unknown = keep(look, membership_unknown_reason(membership, root));
	}
}

/* Membership comes before the first entry, so nobody has to be read for it. */
static enum status measure_groups(
    struct first_look *look, const struct directory_settings *settings, struct err *reterr)
{
	struct directory_group *groups = arena_array(
	    look->arena, look->group_count, sizeof(*groups));
	struct directory_settings sized = *settings;
	struct scan scan = { .look = look, .on_membership = note_sizes, .most = UINT64_MAX };
	struct attribute_set *set = attribute_set_new();
	enum status status;

	for (size_t i = 0; i < look->group_count; i++)
		if (dn_is_valid(look->groups[i].dn)) {
			groups[scan.root_count] =
			    (struct directory_group) { look->groups[i].dn, true };
			scan.roots[scan.root_count++] = &look->groups[i];
		}
	sized.groups = groups;
	sized.group_count = scan.root_count;
	sized.users.scope = DIRECTORY_SCOPE_BASE;
	status = run_scan(&scan, &sized, set, reterr);
	attribute_set_free(&set);
	return status;
}

/* Groups are seldom below the people's base. */
static const char *group_base(
    const struct first_look *look, const struct directory_settings *settings)
{
	struct span best = SPAN_NULL;

	if (settings->kind == DIRECTORY_LDIF)
		return NULL; /* all of the file is read anyway */
	for (size_t i = 0; i < look->context_count && settings->users.base_count > 0; i++)
		if (dn_is_within(span_of(settings->users.bases[0]), look->contexts[i]) &&
		    look->contexts[i].len >= best.len)
			best = look->contexts[i];
	if (best.len > 0)
		return best.at;
	return settings->users.base_count > 0 ? settings->users.bases[0] : NULL;
}

enum status first_look_groups(
    struct first_look *look, const struct directory_settings *settings, struct err *reterr)
{
	struct directory_settings listed = *settings;
	struct scan scan = { .look = look, .on_entry = note_group, .most = GROUPS_READ_MAX };
	struct attribute_set *set = attribute_set_new();
	const char *base = group_base(look, settings);
	struct str filter = { 0 };
	enum status status;

	look->group_count = 0;
	group_filter(look, &filter);
	listed.users.filter = str_c(&filter);
	listed.users.bases = &base;
	listed.users.base_count = base != NULL ? 1 : 0;
	scan.name_slot = attribute_set_add(set, SPAN("cn"));
	status = run_scan(&scan, &listed, set, reterr);
	if (status == STATUS_OK) {
		keep_best_groups(look);
		choose_groups(look);
		look->has_groups = true;
		if (look->group_count > 0)
			status = measure_groups(look, settings, reterr);
	}
	attribute_set_free(&set);
	str_done(&filter);
	return status;
}
