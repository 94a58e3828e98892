/* SPDX-License-Identifier: ISC */
/*
 * The source behind kind "ldif": a file of entries as another system exports them.
 *
 * A scan goes through the file once for people, and before that up to four times for groups
 * (ldif_groups.h); in memory is one record at a time.  The key is entryUUID, nsUniqueId or
 * objectGUID when the file has them; else it is made from the DN, and then an entry whose DN
 * changes is a leaver and a joiner.  Whoever writes the file replaces it in one go (rename): a file
 * that changes while it is read is not whole.
 */
#include "directory/cursor.h"
#include "directory/directory_p.h"
#include "directory/ldif_file.h"
#include "directory/ldif_groups.h"

#include "base/hash.h"
#include "base/vec.h"
#include "core/dn.h"
#include "core/filter.h"
#include <assert.h>
#include <stdlib.h>

struct ldif_run;

struct ldif_source {
	struct source source; /* first */
	struct loop *loop;
	struct directory_settings settings;
	const char *path;
	struct attribute_set *attributes;
	struct arena *arena;
	struct canary *canaries;
	struct filter *filter;         /* users.filter, or the default */
	struct entry_builder *builder; /* NULL until the attributes are complete */
	struct membership *kept;       /* of the last whole scan; NULL: there was none */
	struct ldif_run *run;          /* NULL: nothing runs */
};

/* One operation. It is freed after its last callback, in which the next may start. */
struct ldif_run {
	struct ldif_source *source;
	enum operation operation;
	void *context;
	struct ldif_file *file;
	struct ldif_groups *walk;
	struct group_table *groups;
	struct membership *membership;
	struct loop_timer *start, *finish;
	struct str scratch;
	bool is_ending;
	enum status end_status;
	struct err end_err;

	const struct source_scan_handler *handler;
	struct scan_facts facts;
	struct str incomplete_why;

	look_up_callback *look_up_callback;
	struct look_up_request request;
	struct str asked_dn, asked_filter_text, found_text, detail;
	struct attribute_set *asked_set; /* NULL: not by filter */
	struct filter *asked_filter;
	struct entry_builder *asked_builder;
	struct look_up_answer answer;
	struct entry entry;
	struct arena *arena; /* of the DNs of others */
	struct span others[LOOK_UP_OTHERS_MAX];
	bool is_found;

	const struct look_up_batch_handler *batch_handler;
	const struct look_up_request *batch;
	size_t batch_count;
	enum { BATCH_WANTED, BATCH_UNREADABLE, BATCH_ANSWERED } batch_items[LOOK_UP_BATCH_MAX];

	check_callback *check_callback;

	const struct source_changes_handler *changes_handler;
	struct str cursor; /* of the file as it is */
	struct str asked, gap;
};

/* ---- the frame ---- */

static void end(struct ldif_run *run, enum status status, const char *why)
{
	if (run->is_ending)
		return;
	run->is_ending = true;
	run->end_status = status;
	err_set(&run->end_err, "%s", why);
	if (run->file != NULL)
		ldif_file_stop(run->file);
	loop_timer_stop(run->start);
	loop_timer_start(run->finish, 0);
}

static void note_incomplete(struct ldif_run *run, const char *why)
{
	if (run->incomplete_why.len == 0)
		str_addf(&run->incomplete_why, "%s: %s", run->source->path, why);
}

static void on_walked(void *context, const struct err *failure);

static void walk_groups(struct ldif_run *run)
{
	run->groups = group_table_new(&run->source->settings);
	run->walk = ldif_groups_new(&run->source->settings, run->file, run->groups, on_walked, run);
	ldif_groups_start(run->walk);
}

static bool build(struct entry_builder *builder, const struct ldif_record *record, int64_t wall_ms,
    struct entry *ret_entry, struct span *ret_why)
{
	entry_builder_begin(builder, record->dn);
	for (size_t i = 0; i < record->value_count; i++) {
		uint32_t slot = entry_builder_slot(builder, record->values[i].name);
		if (slot != ENTRY_BUILDER_NO_SLOT)
			entry_builder_add(builder, slot, record->values[i].value);
	}
	return entry_builder_finish(builder, wall_ms, ret_entry, ret_why);
}

/* ---- scan: everybody ---- */

static void bring_unusable(struct ldif_run *run, const struct ldif_record *record, struct span why)
{
	run->facts.entries++;
	run->facts.unusable++;
	run->handler->on_unusable(run->context, record->dn, why);
}

static bool on_user(void *context, enum ldif_outcome outcome, const struct ldif_record *record,
    const struct err *failure)
{
	struct ldif_run *run = context;
	struct entry entry;
	struct span why;

	if (outcome == LDIF_BAD)
		note_incomplete(run, failure->text);
	else if (!settings_hold_dn(&run->source->settings, record->dn))
		return true;
	if (outcome != LDIF_ENTRY) {
		bring_unusable(run, record, span_of(failure->text));
	} else if (!build(run->source->builder, record, loop_wall_ms(run->source->loop), &entry,
		       &why)) {
		bring_unusable(run, record, why);
	} else if (filter_matches(run->source->filter, &entry)) {
		run->facts.entries++;
		canaries_note(run->source->canaries, run->source->settings.canary_count, entry.dn,
		    &run->scratch);
		add_groups(run->membership, &entry);
		run->handler->on_entry(run->context, &entry);
	}
	return true;
}

static void on_users_end(void *context, const struct err *failure)
{
	struct ldif_run *run = context;

	if (failure != NULL)
		note_incomplete(run, failure->text);
	else if (ldif_file_has_changed(run->file))
		note_incomplete(
		    run, "it changed while it was read; replace it by renaming a finished file");
	end(run, STATUS_OK, "");
}

static void begin_users(struct ldif_run *run)
{
	static const struct ldif_file_handler handler = { on_user, on_users_end };

	run->handler->on_membership(run->context, run->membership);
	if (!run->is_ending)
		ldif_file_pass(run->file, &handler, run);
}

/* ---- look-up: one ---- */

static enum look_up_outcome judge(struct ldif_run *run, const struct entry *entry)
{
	if (!settings_hold_dn(&run->source->settings, entry->dn))
		return LOOK_UP_MOVED;
	return filter_matches(run->source->filter, entry) ? LOOK_UP_MATCHES : LOOK_UP_LEFT_SCOPE;
}

static bool is_wanted(struct ldif_run *run, const struct entry *entry)
{
	if (run->asked_filter != NULL)
		return (run->request.is_anywhere || judge(run, entry) == LOOK_UP_MATCHES) &&
		       filter_matches(run->asked_filter, entry);
	if (!uuid_is_zero(&run->request.key))
		return uuid_compare(&entry->key, &run->request.key) == 0;
	return dn_equal(entry->dn, str_span(&run->asked_dn));
}

static struct entry_builder *look_up_builder(struct ldif_run *run)
{
	return run->asked_builder != NULL ? run->asked_builder : run->source->builder;
}

/* The text must be parsed again after the groups were walked, so the record is written down. */
static void keep_found(struct ldif_run *run, const struct ldif_record *record)
{
	run->is_found = true;
	str_truncate(&run->found_text, 0);
	str_add_c(&run->found_text, "dn:: ");
	base64_encode(record->dn, &run->found_text);
	for (size_t i = 0; i < record->value_count; i++) {
		str_addf(&run->found_text, "\n%.*s:: ", SPAN_ARG(record->values[i].name));
		base64_encode(record->values[i].value, &run->found_text);
	}
	str_add_byte(&run->found_text, '\n');
}

static void note_other(struct ldif_run *run, struct span dn)
{
	if (run->answer.other_count == LOOK_UP_OTHERS_MAX)
		return;
	if (run->arena == NULL)
		run->arena = arena_new();
	run->others[run->answer.other_count++] = arena_span(run->arena, dn);
	run->answer.others = run->others;
}

static bool on_candidate(void *context, enum ldif_outcome outcome, const struct ldif_record *record,
    const struct err *failure)
{
	struct ldif_run *run = context;
	struct entry entry;
	struct span why;

	if (outcome == LDIF_BAD) {
		note_incomplete(run, failure->text);
		return true;
	}
	if (outcome == LDIF_UNUSABLE) {
		if (dn_equal(record->dn, str_span(&run->asked_dn)))
			note_incomplete(run, failure->text);
		return true;
	}
	if (!build(look_up_builder(run), record, loop_wall_ms(run->source->loop), &entry, &why) ||
	    !is_wanted(run, &entry))
		return true;
	if (run->is_found) {
		note_other(run, entry.dn);
		return true;
	}
	run->answer.outcome = judge(run, &entry);
	str_truncate(&run->detail, 0);
	str_add(&run->detail, run->answer.outcome == LOOK_UP_LEFT_SCOPE
				  ? filter_text(run->source->filter)
				  : entry.dn);
	keep_found(run, record);
	return run->asked_filter != NULL;
}

static void answer_nothing(struct ldif_run *run)
{
	str_truncate(&run->detail, 0);
	run->answer.outcome = LOOK_UP_UNREADABLE;
	if (run->incomplete_why.len > 0) {
		str_add(&run->detail, str_span(&run->incomplete_why));
	} else if (run->request.is_anywhere) {
		run->answer.outcome = LOOK_UP_DELETED;
		str_add_c(&run->detail, "no entry goes by that name");
	} else if (run->asked_filter != NULL) {
		str_add_c(&run->detail, "no entry in the bases matches");
	} else {
		run->answer.outcome = LOOK_UP_DELETED;
		str_add_c(&run->detail, "the file has no such entry");
	}
	end(run, STATUS_OK, "");
}

static void on_candidates_end(void *context, const struct err *failure)
{
	struct ldif_run *run = context;

	if (failure != NULL)
		note_incomplete(run, failure->text);
	else if (ldif_file_has_changed(run->file))
		note_incomplete(run, "it changed while it was read");
	if (run->is_found)
		walk_groups(run);
	else
		answer_nothing(run);
}

static void begin_candidates(struct ldif_run *run)
{
	static const struct ldif_file_handler handler = { on_candidate, on_candidates_end };
	struct err err = { "" };
	size_t offset;

	if (run->request.filter.at != NULL) {
		run->asked_set = attribute_set_new();
		for (size_t i = 0; i < attribute_set_count(run->source->attributes); i++)
			attribute_set_add(
			    run->asked_set, attribute_set_name(run->source->attributes, i));
		if (filter_compile(str_span(&run->asked_filter_text), run->asked_set,
			&run->asked_filter, &offset, &err) != STATUS_OK) {
			note_incomplete(run, err.text);
			answer_nothing(run);
			return;
		}
		run->asked_builder = entry_builder_new(run->asked_set, DIRECTORY_LDIF);
	}
	ldif_file_pass(run->file, &handler, run);
}

static void finish_found(struct ldif_run *run)
{
	struct ldif_record record = { 0 };
	struct ldif_text text = { run->found_text.at, run->found_text.len, 1 };
	struct span why;

	if (ldif_record_parse(&text, &record, NULL) == LDIF_ENTRY &&
	    build(look_up_builder(run), &record, loop_wall_ms(run->source->loop), &run->entry,
		&why)) {
		add_groups(run->membership, &run->entry);
		run->answer.entry = &run->entry;
		run->answer.membership = run->membership;
	}
	ldif_record_done(&record);
	end(run, STATUS_OK, "");
}

/* ---- look-up: many ---- */

static void tell_batch(struct ldif_run *run, size_t at, enum look_up_outcome outcome,
    const struct entry *entry, struct span detail)
{
	struct err err = { "" };
	struct look_up_answer answer = {
		.outcome = outcome, .entry = entry, .detail = detail, .err = &err
	};

	run->batch_items[at] = BATCH_ANSWERED;
	run->batch_handler->on_answer(run->context, at, &answer);
}

/* A record that cannot be used may be any of them that was at this place. */
static void suspect(struct ldif_run *run, const struct ldif_record *record)
{
	for (size_t i = 0; i < run->batch_count; i++)
		if (run->batch_items[i] == BATCH_WANTED && run->batch[i].dn.len > 0 &&
		    dn_equal(record->dn, run->batch[i].dn))
			run->batch_items[i] = BATCH_UNREADABLE;
}

static bool on_batch_record(void *context, enum ldif_outcome outcome,
    const struct ldif_record *record, const struct err *failure)
{
	struct ldif_run *run = context;
	struct entry entry;
	struct span why;

	if (outcome == LDIF_BAD) {
		note_incomplete(run, failure->text);
		return true;
	}
	if (outcome == LDIF_UNUSABLE ||
	    !build(run->source->builder, record, loop_wall_ms(run->source->loop), &entry, &why)) {
		suspect(run, record);
		return true;
	}
	for (size_t i = 0; i < run->batch_count; i++) {
		if (run->batch_items[i] == BATCH_ANSWERED ||
		    uuid_compare(&entry.key, &run->batch[i].key) != 0)
			continue;
		enum look_up_outcome place = judge(run, &entry);
		tell_batch(run, i, place, &entry,
		    place == LOOK_UP_LEFT_SCOPE ? filter_text(run->source->filter) : entry.dn);
		break;
	}
	return !run->is_ending;
}

static void on_batch_end(void *context, const struct err *failure)
{
	struct ldif_run *run = context;

	if (failure != NULL)
		note_incomplete(run, failure->text);
	else if (ldif_file_has_changed(run->file))
		note_incomplete(run, "it changed while it was read");
	for (size_t i = 0; i < run->batch_count && !run->is_ending; i++) {
		if (run->batch_items[i] == BATCH_ANSWERED)
			continue;
		if (run->incomplete_why.len > 0)
			tell_batch(
			    run, i, LOOK_UP_UNREADABLE, NULL, str_span(&run->incomplete_why));
		else if (run->batch_items[i] == BATCH_UNREADABLE)
			tell_batch(run, i, LOOK_UP_UNREADABLE, NULL,
			    SPAN("the record with its last known DN cannot be used"));
		else
			tell_batch(
			    run, i, LOOK_UP_DELETED, NULL, SPAN("the file has no such entry"));
	}
	end(run, STATUS_OK, "");
}

static void begin_batch(struct ldif_run *run)
{
	static const struct ldif_file_handler handler = { on_batch_record, on_batch_end };

	ldif_file_pass(run->file, &handler, run);
}

/* ---- order of things ---- */

static void on_walked(void *context, const struct err *failure)
{
	struct ldif_run *run = context;

	if (failure != NULL) {
		end(run, STATUS_DOWN, failure->text);
		return;
	}
	run->membership = group_table_take(run->groups);
	if (run->operation == OPERATION_LOOK_UP)
		finish_found(run);
	else
		begin_users(run);
}

/* ---- changes: the file is the one that was scanned, or all of it may be another ---- */

static void add_cursor(struct ldif_run *run)
{
	const char *filter = run->source->settings.users.filter;

	str_add_c(&run->cursor, "ldif/1 ");
	cursor_terms(&run->source->settings, filter == NULL ? "" : filter, &run->cursor);
	str_add_byte(&run->cursor, ' ');
	ldif_file_add_stamp(run->file, &run->cursor);
}

static void compare_cursors(struct ldif_run *run)
{
	if (!span_equal(str_span(&run->asked), str_span(&run->cursor)))
		str_addf(&run->gap, "%s is not what it was when it was read", run->source->path);
	else if (run->source->kept == NULL)
		str_addf(&run->gap, "%s has not been read yet", run->source->path);
	end(run, STATUS_OK, "");
}

static void finish_changes(struct ldif_run *run)
{
	struct changes_facts facts = { .knows_deletions = true };

	if (run->gap.len > 0)
		facts.gap = str_span(&run->gap);
	else if (run->end_status == STATUS_OK) {
		facts.cursor = str_span(&run->cursor);
		run->changes_handler->on_membership(run->context, run->source->kept);
	}
	run->changes_handler->on_done(run->context, run->end_status, &facts, &run->end_err);
}

/* What was read of groups stays for as long as the file does. */
static void keep_groups(struct ldif_run *run)
{
	if (run->end_status != STATUS_OK || run->membership == NULL)
		return;
	membership_free(&run->source->kept);
	run->source->kept = run->membership;
	run->membership = NULL;
	if (run->facts.is_complete)
		run->facts.cursor = str_span(&run->cursor);
}

static void on_start(void *context)
{
	struct ldif_run *run = context;
	struct err err = { "" };

	if (ldif_file_open(run->source->loop, run->source->path, &run->file, &err) != STATUS_OK) {
		end(run, STATUS_DOWN, err.text);
		return;
	}
	add_cursor(run);
	if (run->operation == OPERATION_CHANGES)
		compare_cursors(run);
	else if (run->operation == OPERATION_LOOK_UP)
		begin_candidates(run);
	else if (run->operation == OPERATION_LOOK_UP_BATCH)
		begin_batch(run);
	else if (run->operation == OPERATION_CHECK)
		end(run, STATUS_OK, "");
	else
		walk_groups(run);
}

/* ---- the last callbacks ---- */

static void complete_facts(struct ldif_run *run)
{
	struct scan_facts *facts = &run->facts;

	facts->canaries = run->source->settings.canary_count;
	facts->missing_canary = canaries_missing(
	    run->source->canaries, run->source->settings.canary_count);
	facts->peer = span_of(run->source->settings.urls[0]);
	if (run->groups != NULL) {
		facts->groups = group_table_group_count(run->groups);
		facts->unknown_groups = group_table_unknown_count(run->groups);
		facts->unknown_group = group_table_first_unknown(run->groups);
	}
	if (run->end_status != STATUS_OK)
		note_incomplete(run, run->end_err.text);
	facts->is_complete = run->incomplete_why.len == 0;
	facts->incomplete_why = facts->is_complete ? SPAN_NULL : str_span(&run->incomplete_why);
}

/* What is in the file is for a scan to tell. */
static void finish_check(struct ldif_run *run)
{
	static const char *const names[] = { "file", NULL };
	struct check_teller teller;
	struct str *detail;

	check_teller_open(&teller, names, run->check_callback, run->context);
	detail = check_begin(&teller, "file");
	emit_member_string(&teller.data, "path", span_of(run->source->path));
	if (run->end_status == STATUS_OK) {
		uint64_t size_bytes = ldif_file_size_bytes(run->file);

		emit_member_int(&teller.data, "bytes", (int64_t)size_bytes);
		str_addf(
		    detail, "%s, %llu bytes", run->source->path, (unsigned long long)size_bytes);
		check_tell(&teller, CHECK_OK);
	} else if (run->end_status == STATUS_CANCELED) {
		check_skip_rest(&teller, "interrupted");
	} else {
		str_add_c(detail, run->end_err.text);
		check_tell_remedy(&teller, CHECK_FAILED,
		    "check urls, and the owner and mode of the file and of the folders above it");
	}
	check_teller_close(&teller);
}

static void finish_look_up(struct ldif_run *run)
{
	struct look_up_answer *answer = &run->answer;

	answer->status = run->end_status;
	answer->err = &run->end_err;
	answer->detail = str_span(&run->detail);
	if (run->end_status != STATUS_OK) {
		*answer = (struct look_up_answer) { .status = run->end_status,
			.outcome = LOOK_UP_UNREADABLE,
			.detail = span_of(run->end_err.text),
			.err = &run->end_err };
	}
	run->look_up_callback(run->context, answer);
}

/* ---- operations ---- */

static void free_run(struct ldif_run *run)
{
	ldif_groups_free(&run->walk);
	ldif_file_close(&run->file);
	membership_free(&run->membership);
	group_table_free(&run->groups);
	loop_timer_free(&run->start);
	loop_timer_free(&run->finish);
	arena_free(&run->arena);
	entry_builder_free(&run->asked_builder);
	filter_free(&run->asked_filter);
	attribute_set_free(&run->asked_set);
	str_done(&run->scratch);
	str_done(&run->incomplete_why);
	str_done(&run->asked_dn);
	str_done(&run->asked_filter_text);
	str_done(&run->found_text);
	str_done(&run->detail);
	str_done(&run->cursor);
	str_done(&run->asked);
	str_done(&run->gap);
	free(run);
}

static void on_finish(void *context)
{
	struct ldif_run *run = context;

	run->source->run = NULL;
	switch (run->operation) {
	case OPERATION_SCAN:
		complete_facts(run);
		keep_groups(run);
		run->handler->on_done(run->context, run->end_status, &run->facts, &run->end_err);
		break;
	case OPERATION_LOOK_UP:
		finish_look_up(run);
		break;
	case OPERATION_LOOK_UP_BATCH:
		run->batch_handler->on_done(run->context, run->end_status, &run->end_err);
		break;
	case OPERATION_CHECK:
		finish_check(run);
		break;
	case OPERATION_CHANGES:
		finish_changes(run);
		break;
	case OPERATION_NONE:
		break;
	}
	free_run(run);
}

static struct ldif_run *begin(struct source *base, enum operation operation, void *context)
{
	struct ldif_source *source = (struct ldif_source *)base;
	struct ldif_run *run = mem_new(1, sizeof(*run));

	assert(source->run == NULL);
	if (source->builder == NULL)
		source->builder = entry_builder_new(source->attributes, DIRECTORY_LDIF);
	for (size_t i = 0; i < source->settings.canary_count; i++)
		source->canaries[i].is_seen = false;
	source->run = run;
	run->source = source;
	run->operation = operation;
	run->context = context;
	run->start = loop_timer_new(source->loop, on_start, run);
	run->finish = loop_timer_new(source->loop, on_finish, run);
	loop_timer_start(run->start, 0);
	return run;
}

static void scan(struct source *base, const struct source_scan_handler *handler, void *context)
{
	begin(base, OPERATION_SCAN, context)->handler = handler;
}

static void look_up(struct source *base, const struct look_up_request *request,
    look_up_callback *callback, void *context)
{
	struct ldif_run *run = begin(base, OPERATION_LOOK_UP, context);

	run->look_up_callback = callback;
	run->request = *request;
	if (request->dn.at != NULL)
		str_add(&run->asked_dn, request->dn);
	if (request->filter.at != NULL)
		str_add(&run->asked_filter_text, request->filter);
}

static void look_up_batch(struct source *base, const struct look_up_request *requests, size_t count,
    const struct look_up_batch_handler *handler, void *context)
{
	struct ldif_run *run = begin(base, OPERATION_LOOK_UP_BATCH, context);

	assert(count > 0 && count <= LOOK_UP_BATCH_MAX);
	run->batch_handler = handler;
	run->batch = requests;
	run->batch_count = count;
}

static void changes(struct source *base, struct span cursor,
    const struct source_changes_handler *handler, void *context)
{
	struct ldif_run *run = begin(base, OPERATION_CHANGES, context);

	run->changes_handler = handler;
	str_add(&run->asked, cursor.at == NULL ? SPAN("") : cursor);
}

static void check(struct source *base, check_callback *callback, void *context)
{
	begin(base, OPERATION_CHECK, context)->check_callback = callback;
}

static void cancel(struct source *base)
{
	struct ldif_source *source = (struct ldif_source *)base;

	if (source->run == NULL)
		return;
	source->run->is_ending = false;
	end(source->run, STATUS_CANCELED, "canceled");
}

static void free_source(struct source *base)
{
	struct ldif_source *source = (struct ldif_source *)base;

	assert(source->run == NULL);
	membership_free(&source->kept);
	entry_builder_free(&source->builder);
	filter_free(&source->filter);
	arena_free(&source->arena);
	free(source);
}

static const struct source_vtable vtable_without_changes = {
	.scan = scan,
	.look_up = look_up,
	.look_up_batch = look_up_batch,
	.check = check,
	.cancel = cancel,
	.free = free_source,
};

static const struct source_vtable vtable = {
	.scan = scan,
	.look_up = look_up,
	.look_up_batch = look_up_batch,
	.changes = changes,
	.check = check,
	.cancel = cancel,
	.free = free_source,
};

enum status ldif_source_new(struct loop *loop, const struct directory_settings *settings,
    struct attribute_set *attributes, struct source **ret_source, struct err *reterr)
{
	const char *text = settings->users.filter;
	struct ldif_source *source;
	struct filter *filter;
	enum status status;

	status = filter_compile(span_of(text != NULL ? text : kind_user_filter(DIRECTORY_LDIF)),
	    attributes, &filter, NULL, reterr);
	if (status != STATUS_OK)
		return status;
	source = mem_new(1, sizeof(*source));
	source->source = (struct source) {
		settings->changes == DIRECTORY_CHANGES_NONE ? &vtable_without_changes : &vtable,
		settings->name
	};
	source->loop = loop;
	source->settings = *settings;
	source->path = ldif_path(settings->urls[0]);
	source->attributes = attributes;
	source->arena = arena_new();
	source->canaries = canaries_new(settings, source->arena);
	source->filter = filter;
	*ret_source = &source->source;
	return STATUS_OK;
}
