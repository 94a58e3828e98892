/* SPDX-License-Identifier: ISC */
/* The snapshot: links on disk, and key → digest in memory, changed together. */
#include "sync/cycle_p.h"

static void on_link(void *context, const struct link_brief *brief)
{
	struct cycle *cycle = context;
	struct index_item item = {
		.key = brief->key,
		.digest = brief->digest,
		.dn_mark = brief->dn_mark,
		.directory = brief->directory,
	};

	if (!brief->is_active)
		item.flags |= INDEX_INACTIVE;
	if (brief->is_pending_leave)
		item.flags |= INDEX_PENDING_LEAVE;
	index_put(cycle->index, &item);
}

static bool load_links(struct cycle *cycle)
{
	uint64_t count = 0;
	struct err err;

	if (!cycle_store_ok(cycle, store_link_count(cycle->in.store, &count, &err), &err))
		return false;
	cycle->index = index_new(count);
	*cycle->in.index = cycle->index;
	return cycle_store_ok(cycle, store_link_each(cycle->in.store, on_link, cycle, &err), &err);
}

static void on_quarantine(void *context, const struct quarantine *quarantine)
{
	struct cycle *cycle = context;
	struct index_item *item = index_find(cycle->index, &quarantine->key);
	struct index_item unlinked = { .key = quarantine->key,
		.flags = INDEX_UNLINKED | INDEX_QUARANTINED };

	if (item != NULL)
		index_flag(cycle->index, item, INDEX_QUARANTINED);
	else
		index_put(cycle->index, &unlinked);
}

bool snapshot_load(struct cycle *cycle)
{
	struct err err;

	cycle->index = *cycle->in.index;
	if (cycle->index != NULL)
		index_forget_passing(cycle->index); /* the quarantine, of few rows, is read anew */
	else if (!load_links(cycle))
		return false;
	return cycle_store_ok(
	    cycle, store_quarantine_each(cycle->in.store, on_quarantine, cycle, &err), &err);
}

bool snapshot_directory_number(struct cycle *cycle, struct span name, uint8_t *ret_number)
{
	struct err err;

	for (size_t i = 0; i < cycle->in.source_count; i++) {
		if (span_equal(cycle->directories[i].source->name, name)) {
			*ret_number = cycle->directories[i].number;
			return true;
		}
	}
	return cycle_store_ok(
	    cycle, store_directory_number(cycle->in.store, name, ret_number, &err), &err);
}

/* A person who came back under a new key takes the account over from the old one. */
static bool take_over(struct cycle *cycle, const struct link *link)
{
	struct link old;
	bool found = false;
	struct err err;

	if (!cycle_store_ok(cycle,
		store_link_find(cycle->in.store, LINK_BY_ACCOUNT_ID, link->account_id,
		    cycle->entry_arena, &old, &found, &err),
		&err))
		return false;
	if (!found || uuid_compare(&old.key, &link->key) == 0)
		return true;
	return snapshot_delete(cycle, &old.key);
}

bool snapshot_has_moved_on(struct cycle *cycle, const struct uuid *key, struct span account_id)
{
	struct link known;
	bool found = false;
	struct err err;

	return cycle_store_ok(cycle,
		   store_link_get(cycle->in.store, key, cycle->entry_arena, &known, &found, &err),
		   &err) &&
	       found && !span_equal(known.account_id, account_id);
}

bool snapshot_put(struct cycle *cycle, const struct link *link)
{
	struct index_item *known = index_find(cycle->index, &link->key);
	struct index_item item = {
		.key = link->key,
		.digest = link->digest,
		.dn_mark = hash_mark(link->dn),
		.directory = link->directory,
	};
	enum status status;
	struct err err;

	status = store_link_put(cycle->in.store, link, &err);
	if (status == STATUS_REJECT) {
		if (!take_over(cycle, link))
			return false;
		known = NULL;
		status = store_link_put(cycle->in.store, link, &err);
	}
	if (!cycle_store_ok(cycle, status, &err))
		return false;
	if (known != NULL)
		item.flags = known->flags & (INDEX_SEEN | INDEX_QUARANTINED | INDEX_ABSENT);
	if (!link->is_active)
		item.flags |= INDEX_INACTIVE;
	if (link->missing_since_ms != 0)
		item.flags |= INDEX_PENDING_LEAVE;
	index_put(cycle->index, &item);
	return true;
}

int64_t snapshot_missing_since(struct cycle *cycle, const struct uuid *key)
{
	const struct index_item *item = index_find(cycle->index, key);
	struct link link;
	bool found = false;
	struct err err;

	if (item == NULL || !(item->flags & INDEX_PENDING_LEAVE) ||
	    !cycle_store_ok(cycle,
		store_link_get(cycle->in.store, key, cycle->entry_arena, &link, &found, &err),
		&err))
		return 0;
	return found ? link.missing_since_ms : 0;
}

bool snapshot_leave_quarantine(struct cycle *cycle, const struct uuid *key)
{
	struct index_item *item = index_find(cycle->index, key);
	struct err err;

	if (item == NULL || !(item->flags & INDEX_QUARANTINED))
		return true;
	index_unflag(cycle->index, item, INDEX_QUARANTINED);
	return cycle_store_ok(cycle, store_quarantine_delete(cycle->in.store, key, &err), &err);
}

bool snapshot_delete(struct cycle *cycle, const struct uuid *key)
{
	struct index_item *item = index_find(cycle->index, key);
	struct err err;

	if (item != NULL)
		index_flag(cycle->index, item, INDEX_UNLINKED);
	return cycle_store_ok(cycle, store_link_delete(cycle->in.store, key, &err), &err);
}
