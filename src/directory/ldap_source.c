/* SPDX-License-Identifier: ISC */
/*
 * The frame of an operation: connect, walk groups, end once.
 *
 * The last callback always comes from the `finish` timer: so never from the call that started or
 * cancelled, never from the middle of libldap's messages, and what it is given lives until then.
 */
#include "directory/directory_p.h"

#include "base/vec.h"
#include "core/dn.h"
#include "directory/watch.h"
#include <assert.h>
#include <stdlib.h>

const char *settings_user_filter(
    const struct directory_settings *settings, enum directory_kind kind)
{
	return settings->users.filter != NULL ? settings->users.filter : kind_user_filter(kind);
}

const char *user_filter(const struct ldap_source *source)
{
	return settings_user_filter(&source->settings, session_kind(source->session));
}

void add_groups(struct membership *membership, struct entry *entry)
{
	if (membership != NULL && membership_group_count(membership) > 0)
		entry->group_count = membership_find(membership, entry->dn, &entry->groups);
}

/* ---- canaries ---- */

struct canary *canaries_new(const struct directory_settings *settings, struct arena *arena)
{
	struct canary *canaries = arena_array(arena, settings->canary_count + 1, sizeof(*canaries));
	struct str scratch = { 0 };

	for (size_t i = 0; i < settings->canary_count; i++) {
		canaries[i].dn = span_of(settings->canaries[i]);
		str_truncate(&scratch, 0);
		dn_normalize(canaries[i].dn, &scratch);
		canaries[i].normalized = arena_span(arena, str_span(&scratch));
	}
	str_done(&scratch);
	return canaries;
}

void canaries_note(struct canary *canaries, size_t count, struct span dn, struct str *scratch)
{
	for (size_t i = 0; i < count; i++)
		if (!canaries[i].is_seen)
			canaries[i].is_seen = dn_equal_normalized(
			    dn, canaries[i].normalized, scratch);
}

struct span canaries_missing(const struct canary *canaries, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!canaries[i].is_seen)
			return canaries[i].dn;
	return SPAN_NULL;
}

/* ---- the frame ---- */

static void begin(struct ldap_source *source)
{
	if (source->builder == NULL ||
	    entry_builder_kind(source->builder) != session_kind(source->session)) {
		entry_builder_free(&source->builder);
		source->builder = entry_builder_new(
		    source->attributes, session_kind(source->session));
	}
	source->on_connected(source);
}

static void on_open(void *context, enum status status, const struct err *err)
{
	struct ldap_source *source = context;

	if (status == STATUS_OK)
		begin(source);
	else
		operation_end(source, STATUS_DOWN, err->text);
}

void operation_connect(struct ldap_source *source, const char *broken_why)
{
	session_open(source->session, broken_why, on_open, source);
}

struct membership *groups_of(const struct ldap_source *source)
{
	return source->membership != NULL ? source->membership : source->kept.membership;
}

/* Which DNs are groups is worth keeping: a walk of some had it lent, a walk of all found it out. */
static void drop_walk(struct ldap_source *source)
{
	if (source->walk == NULL)
		return;
	if (source->is_walk_partial) {
		group_walk_take_known(source->walk, &source->kept.known);
	} else {
		dn_set_done(&source->known);
		group_walk_take_known(source->walk, &source->known);
	}
	group_walk_free(&source->walk);
}

static void on_walk_end(void *context, bool is_broken, bool is_silent, struct span why)
{
	struct ldap_source *source = context;

	drop_walk(source);
	if (!is_broken) {
		source->membership = group_table_take(source->groups);
		source->on_walked(source);
		return;
	}
	str_truncate(&source->scratch, 0);
	str_add(&source->scratch, why);
	if (source->operation == OPERATION_SCAN)
		scan_broke(source, str_c(&source->scratch), is_silent);
	else if (source->operation == OPERATION_CHANGES)
		changes_broke(source, str_c(&source->scratch), is_silent);
	else
		operation_end(source, STATUS_DOWN, str_c(&source->scratch));
}

void operation_forget_groups(struct ldap_source *source)
{
	drop_walk(source);
	membership_free(&source->membership);
	group_table_free(&source->groups);
}

void operation_walk_groups(struct ldap_source *source)
{
	operation_forget_groups(source);
	source->groups = group_table_new(&source->settings);
	operation_walk_table(source, NULL, NULL, 0);
}

void operation_walk_table(
    struct ldap_source *source, const uint32_t *groups, const bool *is_nested, size_t count)
{
	source->is_walk_partial = groups != NULL;
	source->walk = groups == NULL ? group_walk_start(source->loop, source->session,
					    &source->settings, source->groups, on_walk_end, source)
				      : group_walk_start_some(source->loop, source->session,
					    &source->settings, source->groups, &source->kept.known,
					    groups, is_nested, count, on_walk_end, source);
}

void operation_find_groups(struct ldap_source *source)
{
	/* Without a cursor nobody keeps them up to date. */
	if (source->kept.membership != NULL && source->kept.cursor.len > 0)
		source->on_walked(source);
	else
		operation_walk_groups(source);
}

void operation_end(struct ldap_source *source, enum status status, const char *why)
{
	if (source->is_ending)
		return;
	source->is_ending = true;
	source->end_status = status;
	err_set(&source->end_err, "%s", why);
	loop_timer_start(source->finish, 0);
}

/* What a whole scan read of groups stays, as of the mark that was taken before. */
static void keep_groups(
    struct ldap_source *source, struct group_table *groups, struct membership **membership)
{
	if (source->end_status != STATUS_OK || *membership == NULL || groups == NULL)
		return;
	kept_groups_set(&source->kept, *membership, group_table_take_keys(groups), &source->known);
	kept_groups_begin(&source->kept, str_span(&source->mark.cursor));
	*membership = NULL;
}

static void on_finish(void *context)
{
	struct ldap_source *source = context;
	enum operation operation = source->operation;
	struct group_table *groups = source->groups;
	struct membership *membership = source->membership;

	drop_walk(source);
	session_rest(source->session);
	/* The callback may start the next operation, which must find its place empty. */
	source->groups = NULL;
	source->membership = NULL;
	source->is_ending = false;
	source->operation = OPERATION_NONE;
	switch (operation) {
	case OPERATION_NONE:
		break;
	case OPERATION_SCAN:
		keep_groups(source, groups, &membership);
		scan_finish(source, groups);
		break;
	case OPERATION_LOOK_UP:
		look_up_finish(source);
		break;
	case OPERATION_LOOK_UP_BATCH:
		look_up_batch_finish(source);
		break;
	case OPERATION_CHANGES:
		changes_finish(source);
		break;
	case OPERATION_CHECK:
		check_finish(source);
		break;
	}
	membership_free(&membership);
	group_table_free(&groups);
}

static void cancel(struct source *base)
{
	struct ldap_source *source = (struct ldap_source *)base;

	if (source->operation == OPERATION_NONE)
		return;
	session_stop(source->session);
	feed_free(&source->feed);
	reach_free(&source->check.reach);
	drop_walk(source);
	source->is_ending = false;
	operation_end(source, STATUS_CANCELED, "canceled");
}

static void free_source(struct source *base)
{
	struct ldap_source *source = (struct ldap_source *)base;

	assert(source->operation == OPERATION_NONE);
	watch_free(&source->watch);
	session_free(&source->session);
	loop_timer_free(&source->finish);
	entry_builder_free(&source->builder);
	scan_done(&source->scan);
	look_up_done(&source->look_up);
	look_up_batch_done(&source->batch);
	changes_done(&source->changes);
	mark_done(&source->mark);
	kept_groups_done(&source->kept);
	free(source->seen.at);
	dn_set_done(&source->known);
	check_free(&source->check);
	str_done(&source->scratch);
	arena_free(&source->arena);
	free(source);
}

/* Where changes are not wanted nobody is told that there could be some. */
static const struct source_vtable vtable_without_changes = {
	.scan = scan_start,
	.look_up = look_up_start,
	.look_up_batch = look_up_batch_start,
	.check = directory_check_start,
	.cancel = cancel,
	.free = free_source,
};

static const struct source_vtable vtable = {
	.scan = scan_start,
	.look_up = look_up_start,
	.look_up_batch = look_up_batch_start,
	.changes = changes_start,
	.watch = watch_start,
	.check = directory_check_start,
	.cancel = cancel,
	.free = free_source,
};

struct source *directory_source_new(
    struct loop *loop, const struct directory_settings *settings, struct attribute_set *attributes)
{
	struct ldap_source *source = mem_new(1, sizeof(*source));

	source->source = (struct source) {
		settings->changes == DIRECTORY_CHANGES_NONE ? &vtable_without_changes : &vtable,
		settings->name
	};
	source->loop = loop;
	source->settings = *settings;
	source->attributes = attributes;
	source->arena = arena_new();
	source->canaries = canaries_new(settings, source->arena);
	source->session = session_new(loop, &source->settings);
	source->finish = loop_timer_new(loop, on_finish, source);
	return &source->source;
}
