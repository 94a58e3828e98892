/* SPDX-License-Identifier: ISC */
/*
 * The apply phase.  Planned actions go out in the order of their kinds, one kind after the other,
 * so that there are never two requests in flight for one account.  A batch is marked as sent on
 * disk before the first of its requests goes; outcomes are committed with the next batch, at the
 * latest after a second.  What is marked and not on disk as answered is what a crash leaves to be
 * looked up: some seconds of work, so that the disk is waited for once in many requests.
 */
#include "sync/cycle_p.h"

#include "base/log.h"
#include "base/vec.h"
#include "sync/outcome.h"
#include <stdlib.h>

enum { BATCH_MIN = 128, BATCH_MAX = 1024, BATCH_ROUNDS = 128, BATCH_S = 10 };
enum { COMMIT_WITHIN_MS = 1000, RESOLVE_MAX = 2 };

struct sending {
	struct sending *next; /* in the list of free ones */
	struct cycle *cycle;
	struct arena *arena; /* holds the action */
	struct action action;
	int resolved;  /* times it was correlated again */
	bool was_lost; /* a create whose answer was lost */
};

struct applier {
	struct sending *free;
	unsigned kind; /* being sent: place in the order */
	int64_t after_id;
	bool is_kind_over;
	size_t in_flight;
	uint64_t done, of;
	unsigned uncommitted;
	struct loop_timer *timer; /* commits, so that nobody's outcome waits for a slow one */
	struct sending **batch;
	size_t batch_count, batch_max;
	struct span own_dn; /* of the entry whose account turned out to be the agent's own */
};

static const enum action_kind order[] = {
	ACTION_DEACTIVATE,
	ACTION_RENAME,
	ACTION_UPDATE,
	ACTION_REACTIVATE,
	ACTION_LINK,
	ACTION_CREATE,
};

static void applier_step(struct cycle *cycle);
static bool is_ending(const struct cycle *cycle);
static void submit(struct sending *sending);

/* ---- sendings: pooled, because there are as many as users ---- */

static struct sending *take(struct cycle *cycle)
{
	struct applier *applier = cycle->applier;
	struct sending *sending = applier->free;

	if (sending == NULL) {
		sending = mem_new(1, sizeof(*sending));
		sending->arena = arena_new();
	} else {
		applier->free = sending->next;
		arena_reset(sending->arena);
	}
	sending->cycle = cycle;
	sending->resolved = 0;
	sending->was_lost = false;
	return sending;
}

static void give_back(struct sending *sending)
{
	struct applier *applier = sending->cycle->applier;

	sending->next = applier->free;
	applier->free = sending;
}

static void free_all(struct applier *applier)
{
	while (applier->free != NULL) {
		struct sending *sending = applier->free;

		applier->free = sending->next;
		arena_free(&sending->arena);
		free(sending);
	}
	loop_timer_free(&applier->timer);
	free(applier->batch);
	free(applier);
}

/* ---- writing outcomes ---- */

static bool commit(struct cycle *cycle)
{
	cycle->applier->uncommitted = 0;
	loop_timer_stop(cycle->applier->timer);
	return cycle_commit(cycle);
}

static void on_timer(void *context)
{
	struct cycle *cycle = context;

	if (!cycle->has_failed)
		commit(cycle);
}

static void end_action(struct sending *sending, enum action_state state)
{
	struct cycle *cycle = sending->cycle;
	struct action *action = &sending->action;
	struct err err;

	action->state = state;
	action->at_ms = cycle_wall_ms(cycle);
	/* When all of it ends, one line at the end says so. */
	if ((state == ACTION_STATE_REJECTED || state == ACTION_FAILED || state == ACTION_UNKNOWN) &&
	    !is_ending(cycle))
		log_warning("%s of key %.8s…: %.*s; skipping", action_kind_name(action->kind),
		    arena_format(cycle->entry_arena, "%02x%02x%02x%02x", action->key.byte[0],
			action->key.byte[1], action->key.byte[2], action->key.byte[3])
			.at,
		    SPAN_ARG(action->answer));
	if (!cycle->has_failed)
		cycle_store_ok(cycle, store_action_set_state(cycle->in.store, action, &err), &err);
	trail_action(cycle, action);
	cycle->applier->done++;
	if (cycle->applier->uncommitted++ == 0)
		loop_timer_start(cycle->applier->timer, COMMIT_WITHIN_MS);
}

static bool put_link(struct sending *sending, struct span account_id, const struct account *account,
    const struct digest *digest)
{
	struct cycle *cycle = sending->cycle;
	const struct action *action = &sending->action;
	struct link link = {
		.key = action->key, .dn = action->dn, .account_id = account_id, .digest = *digest
	};

	if (uuid_is_zero(&action->key))
		return true;
	if (action->kind == ACTION_DEACTIVATE &&
	    snapshot_has_moved_on(cycle, &action->key, account_id))
		return true;
	if (!snapshot_directory_number(cycle, action->directory, &link.directory))
		return false;
	link.acknowledged = planner_canonical(cycle, account);
	link.user_name = account->text[ACCOUNT_USER_NAME];
	link.is_active = account->is_active;
	if (link.is_active)
		link.missing_since_ms = snapshot_missing_since(cycle, &action->key);
	link.changed_ms = cycle_wall_ms(cycle);
	return snapshot_put(cycle, &link);
}

static void quarantine(struct sending *sending)
{
	struct cycle *cycle = sending->cycle;
	const struct action *action = &sending->action;
	struct quarantine quarantine;
	int64_t now_ms = cycle_wall_ms(cycle);
	bool found = false;
	struct err err;

	if (uuid_is_zero(&action->key) || !cycle_store_ok(cycle,
					      store_quarantine_get(cycle->in.store, &action->key,
						  cycle->entry_arena, &quarantine, &found, &err),
					      &err))
		return;
	if (!found || !digest_equal(&quarantine.digest, &action->digest))
		quarantine = (struct quarantine) {
			.key = action->key, .digest = action->digest, .since_ms = now_ms
		};
	quarantine.attempts++;
	quarantine.not_before_ms = now_ms + outcome_quarantine_ms(quarantine.attempts);
	quarantine.dn = action->dn;
	quarantine.user_name = action->user_name;
	quarantine.reason = action->answer;
	if (cycle_store_ok(cycle, store_quarantine_put(cycle->in.store, &quarantine, &err), &err) &&
	    !found)
		cycle->quarantined++;
}

/* ---- what the answers mean ---- */

static void done_as_asked(struct sending *sending, struct span account_id)
{
	struct cycle *cycle = sending->cycle;
	struct account after;
	struct err err;

	if (!cycle_store_ok(cycle,
		account_decode(sending->action.after, cycle->entry_arena, &after, &err), &err) ||
	    !put_link(sending, account_id, &after, &sending->action.digest))
		return;
	snapshot_leave_quarantine(cycle, &sending->action.key);
	sending->action.account_id = account_id;
	end_action(sending, ACTION_DONE);
}

/* 207, or an answer that shows less than was asked: the link learns what is there. */
static void done_in_part(struct sending *sending, const struct observed *shown, struct span detail)
{
	struct cycle *cycle = sending->cycle;
	const struct digest unknown = { { 0 } };
	struct account before, after, known;
	bool has_before = sending->action.before.at != NULL;
	struct err err;

	if (!cycle_store_ok(cycle,
		account_decode(sending->action.after, cycle->entry_arena, &after, &err), &err) ||
	    (has_before &&
		!cycle_store_ok(cycle,
		    account_decode(sending->action.before, cycle->entry_arena, &before, &err),
		    &err)))
		return;
	known = has_before ? before : after;
	if (shown != NULL)
		known = outcome_known(has_before ? &before : NULL, &after, shown);
	sending->action.answer = detail;
	if (shown != NULL)
		sending->action.account_id = shown->id;
	if (put_link(sending, sending->action.account_id, &known, &unknown))
		quarantine(sending);
	end_action(sending, ACTION_FAILED);
}

static void on_found(void *context, const struct tenant_answer *answer);

static struct tenant_call *try_find(
    void *context, tenant_callback *callback, void *callback_context)
{
	struct sending *sending = context;

	return correlation_find(sending->cycle, &sending->action, callback, callback_context);
}

/* Asks who is there before anything is sent again. */
static bool find_again(struct sending *sending)
{
	if (sending->resolved >= RESOLVE_MAX || sending->cycle->is_tenant_down ||
	    sending->cycle->is_stopping)
		return false;
	sending->resolved++;
	exchange_submit(sending->cycle->exchange,
	    &(struct exchange_request) { try_find, on_found, sending, false });
	return true;
}

/* @return whether the action is over */
static bool take_ok(struct sending *sending, const struct tenant_answer *answer)
{
	struct cycle *cycle = sending->cycle;
	const struct observed *shown = answer->account_count == 1 ? &answer->accounts[0] : NULL;
	struct span detail = SPAN(
	    "the tenant did only a part of the request (207); tried again at quarantine's pace");
	bool has_before = sending->action.before.at != NULL;
	struct account before, after;
	struct err err;

	if (shown == NULL && sending->action.kind == ACTION_CREATE) {
		sending->was_lost = true;
		if (find_again(sending))
			return false;
		sending->action.answer = SPAN(
		    "created, but the tenant does not say under which id");
		end_action(sending, ACTION_UNKNOWN);
		return true;
	}
	if (!cycle_store_ok(cycle,
		account_decode(sending->action.after, cycle->entry_arena, &after, &err), &err) ||
	    (has_before &&
		!cycle_store_ok(cycle,
		    account_decode(sending->action.before, cycle->entry_arena, &before, &err),
		    &err)))
		return true;
	if (shown != NULL && !outcome_matches(has_before ? &before : NULL, &after, shown,
				 cycle->entry_arena, &detail)) {
		done_in_part(sending, shown, detail);
		return true;
	}
	if (answer->is_partial)
		done_in_part(sending, shown, detail);
	else
		done_as_asked(sending, shown != NULL ? arena_span(sending->arena, shown->id)
						     : sending->action.account_id);
	return true;
}

static void reject(struct sending *sending)
{
	quarantine(sending);
	end_action(sending, ACTION_STATE_REJECTED);
}

/* The account of a link is not there any more. @return whether the action is over */
static bool take_gone(struct sending *sending)
{
	struct cycle *cycle = sending->cycle;
	struct action *action = &sending->action;

	/* A leaver is not believed to be gone on one word: the link stays until it is sure. */
	if (action->kind == ACTION_DEACTIVATE && cycle->in.kind != CYCLE_UNDO) {
		if (find_again(sending))
			return false;
		quarantine(sending);
		end_action(sending, ACTION_FAILED);
		return true;
	}
	if (cycle_is_exact(cycle)) {
		action->answer = SPAN("the account is gone from the tenant; what is asked for "
				      "instead is not in the plan");
		end_action(sending, ACTION_FAILED);
		return true;
	}
	if (!uuid_is_zero(&action->key) && !snapshot_delete(cycle, &action->key))
		return true;
	/* Whoever the tenant lost is a joiner, and counts as one. */
	action->kind = ACTION_CREATE;
	action->before = SPAN_NULL;
	action->account_id = SPAN_NULL;
	if (!guarding_may_create(cycle)) {
		action->answer = SPAN(
		    "the account is gone from the tenant, and the limit of creations "
		    "is reached; the next cycle treats the person as a joiner");
		end_action(sending, ACTION_FAILED);
		return true;
	}
	if (find_again(sending))
		return false;
	end_action(sending, ACTION_FAILED);
	return true;
}

/* @return whether the action is over */
static bool take_rejected(struct sending *sending, const struct tenant_answer *answer)
{
	if (answer->http_status == 404 && sending->action.account_id.at != NULL)
		return take_gone(sending);
	if (answer->http_status == 409 && sending->action.kind == ACTION_CREATE &&
	    find_again(sending))
		return false;
	reject(sending);
	return true;
}

/* @return whether the action is over */
static bool take_unsure(struct sending *sending, const struct tenant_answer *answer)
{
	bool is_create = sending->action.kind == ACTION_CREATE;

	if (answer->may_have_happened && is_create && answer->status == STATUS_RETRY) {
		sending->was_lost = true;
		if (find_again(sending))
			return false;
	}
	/* A stop, or a tenant that is down, says nothing about this person. */
	if (answer->status == STATUS_RETRY && !answer->may_have_happened &&
	    !is_ending(sending->cycle))
		quarantine(sending);
	end_action(sending, answer->may_have_happened ? ACTION_UNKNOWN : ACTION_FAILED);
	return true;
}

static void after_answer(struct sending *sending, bool is_over)
{
	struct cycle *cycle = sending->cycle;

	if (!is_over)
		return;
	cycle->applier->in_flight--;
	give_back(sending);
	cycle_progress(cycle, "sending", cycle->applier->done, cycle->applier->of);
	applier_step(cycle);
}

static void on_answer(void *context, const struct tenant_answer *answer)
{
	struct sending *sending = context;
	struct cycle *cycle = sending->cycle;
	bool is_over = true;

	arena_reset(cycle->entry_arena);
	sending->action.attempts++;
	sending->action.http_status = answer->http_status;
	sending->action.answer = arena_span(sending->arena, answer->error);
	sending->action.request_id = arena_span(sending->arena, answer->request_id);
	switch (answer->status) {
	case STATUS_OK:
		is_over = take_ok(sending, answer);
		break;
	case STATUS_REJECT:
		is_over = take_rejected(sending, answer);
		break;
	case STATUS_DOWN:
		cycle_peer_down(cycle, "tenant", answer->error);
		is_over = take_unsure(sending, answer);
		break;
	case STATUS_RETRY:
	case STATUS_CANCELED:
	case STATUS_CORRUPT:
		is_over = take_unsure(sending, answer);
		break;
	}
	after_answer(sending, is_over);
}

/* The action as correlation wrote it, with memory of its own. */
static bool reload(struct sending *sending)
{
	struct cycle *cycle = sending->cycle;
	int64_t id = sending->action.id;
	bool found = false;
	struct err err;

	return cycle_store_ok(cycle,
		   store_action_get(
		       cycle->in.store, id, sending->arena, &sending->action, &found, &err),
		   &err) &&
	       found;
}

static bool mark_sent(struct sending *sending)
{
	struct cycle *cycle = sending->cycle;
	struct err err;

	sending->action.state = ACTION_SENT;
	sending->action.at_ms = cycle_wall_ms(cycle);
	return cycle_store_ok(
	    cycle, store_action_set_state(cycle->in.store, &sending->action, &err), &err);
}

/* The account that was found is the one whose answer was lost: the row says again what was asked.
 */
static void write_as_created(struct sending *sending, const struct action *asked)
{
	struct cycle *cycle = sending->cycle;
	struct action *action = &sending->action;
	struct err err;

	action->kind = ACTION_CREATE;
	action->reason = asked->reason;
	action->detail = asked->detail;
	action->before = SPAN_NULL;
	action->request = asked->request;
	cycle_store_ok(cycle, store_action_update(cycle->in.store, action, &err), &err);
}

static bool shows_account(const struct tenant_answer *answer, struct span id)
{
	for (size_t i = 0; i < answer->account_count; i++) {
		if (span_equal(answer->accounts[i].id, id))
			return true;
	}
	return false;
}

/*
 * What a look for a leaver whose account answered 404 brought.
 *
 * @return whether the action is over; if not, it is another account: correlation decides
 */
static bool take_leaver(struct sending *sending, const struct tenant_answer *answer)
{
	struct action *action = &sending->action;

	if (shows_account(answer, action->account_id)) {
		action->answer = SPAN("the tenant answered 404, but shows the account when asked "
				      "for it; tried again at quarantine's pace");
		quarantine(sending);
		end_action(sending, ACTION_FAILED);
		return true;
	}
	if (!uuid_is_zero(&action->key) && !snapshot_delete(sending->cycle, &action->key))
		return true;
	if (answer->account_count > 0)
		return false;
	action->answer = SPAN("the account is gone from the tenant already");
	end_action(sending, ACTION_DONE);
	return true;
}

/* A request went out, and then there was nothing left to do: the row is gone, the record stays. */
static void record_as_needless(struct cycle *cycle, const struct action *asked)
{
	struct action action = *asked;

	action.state = ACTION_FAILED;
	trail_action(cycle, &action);
}

/* Whether correlation came to what was asked before, where nothing else may be sent. */
static bool is_as_planned(
    const struct cycle *cycle, const struct action *action, const struct action *asked)
{
	return !cycle_is_exact(cycle) ||
	       (action->kind == asked->kind &&
		   span_equal(action->request.method, asked->request.method) &&
		   span_equal(action->request.path, asked->request.path) &&
		   span_equal(action->request.body, asked->request.body));
}

/* @return whether it is under way again */
static bool send_again(struct sending *sending, const struct action *asked)
{
	struct cycle *cycle = sending->cycle;

	if (!is_as_planned(cycle, &sending->action, asked)) {
		sending->action.answer = SPAN(
		    "not sent: the tenant is not as it was when the plan was made, and this "
		    "request is not in it");
		end_action(sending, ACTION_FAILED);
		return false;
	}
	if (!mark_sent(sending) || !commit(cycle))
		return false;
	submit(sending);
	return true;
}

/* Correlation has decided anew. @return whether the action is over */
static bool take_resolved(struct sending *sending, const struct tenant_answer *answer)
{
	struct cycle *cycle = sending->cycle;
	struct action *action = &sending->action;
	const struct action asked = *action;
	int http_status = action->http_status;
	struct span said = action->answer;
	bool is_to_send;

	if (http_status == 409 && answer->account_count == 0) {
		action->answer = arena_format(sending->arena,
		    "%.*s; but the tenant does not show whose account it is: "
		    "ask there for a deleted or visiting user with this userName",
		    SPAN_ARG(said));
		reject(sending);
		return true;
	}
	if (action->kind == ACTION_DEACTIVATE && take_leaver(sending, answer))
		return true;
	action->state = ACTION_PLANNED;
	is_to_send = correlation_resolve(cycle, action, answer->accounts, answer->account_count);
	if (cycle->has_failed)
		return true;
	if (!reload(sending)) {
		record_as_needless(cycle, &asked);
		return true;
	}
	if (is_to_send)
		return !send_again(sending, &asked);
	if (action->kind == ACTION_LINK) {
		if (sending->was_lost)
			write_as_created(sending, &asked);
		done_as_asked(sending, action->account_id);
	} else {
		trail_action(cycle, action);
		cycle->applier->done++;
	}
	return true;
}

static void on_found(void *context, const struct tenant_answer *answer)
{
	struct sending *sending = context;
	bool is_over = true;

	arena_reset(sending->cycle->entry_arena);
	if (answer->status == STATUS_OK) {
		is_over = take_resolved(sending, answer);
	} else {
		if (answer->status == STATUS_DOWN)
			cycle_peer_down(sending->cycle, "tenant", answer->error);
		end_action(sending, sending->was_lost ? ACTION_UNKNOWN : ACTION_FAILED);
	}
	after_answer(sending, is_over);
}

/* ---- sending ---- */

static struct tenant_call *try_send(
    void *context, tenant_callback *callback, void *callback_context)
{
	struct sending *sending = context;
	struct account_writer *writer = sending->cycle->in.writer;

	return writer->send(writer, &sending->action.request, callback, callback_context);
}

static void submit(struct sending *sending)
{
	exchange_submit(
	    sending->cycle->exchange, &(struct exchange_request) { try_send, on_answer, sending,
					  sending->action.kind == ACTION_CREATE });
}

static void on_row(void *context, const struct action *action)
{
	struct cycle *cycle = context;
	struct applier *applier = cycle->applier;
	struct sending *sending = take(cycle);
	struct action *copy = &sending->action;

	*copy = *action;
	copy->detail = arena_span(sending->arena, action->detail);
	copy->directory = arena_span(sending->arena, action->directory);
	copy->dn = arena_span(sending->arena, action->dn);
	copy->account_id = arena_span(sending->arena, action->account_id);
	copy->user_name = arena_span(sending->arena, action->user_name);
	copy->before = arena_span(sending->arena, action->before);
	copy->after = arena_span(sending->arena, action->after);
	copy->request.method = arena_span(sending->arena, action->request.method);
	copy->request.path = arena_span(sending->arena, action->request.path);
	copy->request.body = arena_span(sending->arena, action->request.body);
	copy->answer = copy->request_id = SPAN_NULL;
	applier->after_id = action->id;
	applier->batch[applier->batch_count++] = sending;
}

static bool load_batch(struct cycle *cycle)
{
	struct applier *applier = cycle->applier;
	enum action_kind kind = order[applier->kind];
	struct action_query query = {
		.run_id = cycle->run.id,
		.states = 1U << ACTION_PLANNED,
		.kinds = 1U << kind,
		.after_kind = kind,
		.after_id = applier->after_id,
		.limit = (int)(applier->batch_max - applier->in_flight),
	};
	struct err err;

	applier->batch_count = 0;
	if (!cycle_store_ok(
		cycle, store_action_each(cycle->in.store, &query, on_row, cycle, &err), &err))
		return false;
	applier->is_kind_over = applier->batch_count < (size_t)query.limit;
	return true;
}

/* An adopted account that is as desired already needs no request. */
static void link_batch(struct cycle *cycle)
{
	struct applier *applier = cycle->applier;

	for (size_t i = 0; i < applier->batch_count; i++) {
		arena_reset(cycle->entry_arena);
		if (!cycle->has_failed)
			done_as_asked(applier->batch[i], applier->batch[i]->action.account_id);
		give_back(applier->batch[i]);
	}
	commit(cycle);
}

static bool needs_another_request(const struct cycle *cycle, const struct action *action)
{
	return !cycle->in.encoder->traits->can_patch &&
	       span_equal(action->request.method, SPAN("PATCH"));
}

/*
 * A quiet scan does not ask the tenant what it can do, so the plan took PATCH to work.  Where it
 * does not, the request is made anew, and written down, before it goes.
 */
static void make_request_anew(struct sending *sending)
{
	struct cycle *cycle = sending->cycle;
	const struct account_encoder *encoder = cycle->in.encoder;
	struct action *action = &sending->action;
	struct account before, after;
	struct encode_input input = { .kind = action->kind,
		.account_id = action->account_id,
		.before = &before,
		.after = &after,
		.with_user_name = action->kind == ACTION_RENAME };
	struct err err;

	if (!needs_another_request(cycle, action))
		return;
	arena_reset(cycle->entry_arena);
	if (cycle_store_ok(
		cycle, account_decode(action->before, cycle->entry_arena, &before, &err), &err) &&
	    cycle_store_ok(
		cycle, account_decode(action->after, cycle->entry_arena, &after, &err), &err) &&
	    encoder->encode(encoder, &input, sending->arena, &action->request, &err) == STATUS_OK)
		cycle_store_ok(cycle, store_action_update(cycle->in.store, action, &err), &err);
}

/* Whoever's account may not be closed gets no second one: the halves of a rename have one DN. */
static bool is_own(struct cycle *cycle, const struct action *action)
{
	struct applier *applier = cycle->applier;

	if (cycle_is_own(cycle, action->account_id, action->user_name)) {
		applier->own_dn = arena_span(cycle->arena, action->dn);
		return true;
	}
	return applier->own_dn.len > 0 && span_equal(applier->own_dn, action->dn);
}

/* @return why it must not be sent; absent: it may */
static struct span refusal_of(struct cycle *cycle, const struct action *action)
{
	if (is_own(cycle, action))
		return SPAN("not sent: " CYCLE_OWN_ACCOUNT_WHY);
	if (cycle_is_exact(cycle) && needs_another_request(cycle, action))
		return SPAN("not sent: the tenant takes no PATCH, and another request is not in "
			    "the plan; use \"scimward sync\"");
	return SPAN_NULL;
}

/* Opening the tenant may have told whose credential this is, and what it can do, after the plan was
 * made. */
static void refuse_unfit(struct cycle *cycle)
{
	struct applier *applier = cycle->applier;
	size_t count = 0;

	for (size_t i = 0; i < applier->batch_count; i++) {
		struct sending *sending = applier->batch[i];
		struct span why = refusal_of(cycle, &sending->action);

		if (why.at == NULL) {
			applier->batch[count++] = sending;
			continue;
		}
		sending->action.answer = why;
		end_action(sending, ACTION_STATE_REJECTED);
		give_back(sending);
	}
	applier->batch_count = count;
}

static void send_batch(struct cycle *cycle)
{
	struct applier *applier = cycle->applier;

	refuse_unfit(cycle);
	for (size_t i = 0; i < applier->batch_count && !cycle->has_failed; i++) {
		make_request_anew(applier->batch[i]);
		mark_sent(applier->batch[i]);
	}
	if (applier->batch_count > 0 && !cycle->has_failed)
		commit(cycle);
	for (size_t i = 0; i < applier->batch_count; i++) {
		if (cycle->has_failed) {
			give_back(applier->batch[i]);
			continue;
		}
		applier->in_flight++;
		submit(applier->batch[i]);
	}
}

static void finish(struct cycle *cycle)
{
	if (!cycle->has_failed)
		commit(cycle);
	cycle->is_whole = !is_ending(cycle);
	free_all(cycle->applier);
	cycle->applier = NULL;
	cycle_next(cycle, PHASE_CLOSE);
}

static bool is_ending(const struct cycle *cycle)
{
	return cycle->is_stopping || cycle->is_tenant_down || cycle->has_failed;
}

static void refill(struct cycle *cycle)
{
	struct applier *applier = cycle->applier;

	if (!load_batch(cycle)) {
		for (size_t i = 0; i < applier->batch_count; i++)
			give_back(applier->batch[i]);
		return;
	}
	if (order[applier->kind] == ACTION_LINK)
		link_batch(cycle);
	else
		send_batch(cycle);
}

static void applier_step(struct cycle *cycle)
{
	struct applier *applier = cycle->applier;

	if (applier->uncommitted >= applier->batch_max && !cycle->has_failed)
		commit(cycle);
	while (!is_ending(cycle) && applier->in_flight < applier->batch_max / 2) {
		if (!applier->is_kind_over) {
			refill(cycle);
			continue;
		}
		if (applier->in_flight > 0)
			return; /* the next kind waits for this one */
		if (++applier->kind >= sizeof(order) / sizeof(order[0]))
			break;
		applier->after_id = 0;
		applier->is_kind_over = false;
	}
	if (applier->in_flight == 0)
		finish(cycle);
}

static void opened(struct cycle *cycle)
{
	applier_step(cycle);
}

static size_t choose_batch(const struct gate_settings *pace)
{
	uint64_t size = pace->requests_per_second > 0 ? pace->requests_per_second * BATCH_S
						      : (uint64_t)pace->concurrency * BATCH_ROUNDS;

	if (size < BATCH_MIN)
		return BATCH_MIN;
	return size > BATCH_MAX ? BATCH_MAX : (size_t)size;
}

static struct applier *applier_new(struct cycle *cycle)
{
	struct applier *applier = mem_new(1, sizeof(*applier));

	applier->batch_max = choose_batch(&cycle->in.gate->settings);
	applier->batch = mem_new(applier->batch_max, sizeof(struct sending *));
	applier->timer = loop_timer_new(cycle->in.loop, on_timer, cycle);
	return applier;
}

void applier_start(struct cycle *cycle)
{
	struct plan_summary summary;
	struct err err;

	cycle->applier = applier_new(cycle);
	if (cycle->run.id == 0 ||
	    !cycle_store_ok(cycle,
		store_action_summary(cycle->in.store, cycle->run.id, &summary, &err), &err)) {
		finish(cycle);
		return;
	}
	cycle->applier->of = plan_summary_pending(&summary);
	/* The plan is on disk before the first request. */
	if (!commit(cycle) || cycle->applier->of + summary.link == 0)
		finish(cycle);
	else if (cycle->applier->of == 0)
		opened(cycle);
	else
		cycle_open_tenant(cycle, opened);
}
