/* SPDX-License-Identifier: ISC */
/*
 * Where the person is: every directory is asked, in order of precedence.
 *
 * Who has a link is looked up by its key, as in a second look.  Others are looked for by their name
 * where a scan looks, and only then everywhere, so that it can be said what leaves them out.  When
 * it is known which entry is meant, the directories are asked once more, by the userName it maps
 * to: two entries cannot have one account.
 */
#include "sync/explain_p.h"

#include "base/unicode.h"
#include "base/vec.h"
#include "core/dn.h"

static void ask(struct explain *explain);
static void on_looked(void *context, const struct look_up_answer *answer);

static const struct cycle_input *cycle_of(const struct explain *explain)
{
	return explain->in.cycle;
}

static struct explained_directory *directory_at(struct explain *explain)
{
	return &explain->directories[explain->at];
}

/* ---- what was found ---- */

static enum explained_place place_of(const struct look_up_answer *answer)
{
	switch (answer->outcome) {
	case LOOK_UP_MATCHES:
		return PLACE_IN_SCOPE;
	case LOOK_UP_LEFT_SCOPE:
		return PLACE_LEFT_OUT;
	case LOOK_UP_MOVED:
		return PLACE_ELSEWHERE;
	case LOOK_UP_DELETED:
		return PLACE_NOT_THERE;
	case LOOK_UP_UNREADABLE:
		break;
	}
	return PLACE_UNREADABLE;
}

static struct span base_of(const struct explained_scope *scope, struct span dn)
{
	for (size_t i = 0; i < scope->base_count; i++)
		if (dn_is_within(dn, span_of(scope->bases[i])))
			return span_of(scope->bases[i]);
	return SPAN_NULL;
}

/* Maps the entry, which is gone when the look-up's callback returns. @return false: it cannot be */
static bool map(struct explain *explain, const struct look_up_answer *answer,
    struct mapped *ret_mapped, struct err *reterr)
{
	if (mapping_apply(cycle_of(explain)->mapping, answer->entry, answer->membership,
		explain->arena, ret_mapped, reterr) != STATUS_OK)
		return false;
	ret_mapped->account = account_copy(&ret_mapped->account, explain->arena);
	return true;
}

/* The entry that is explained. */
static void choose(struct explain *explain, const struct look_up_answer *answer)
{
	struct explanation *told = &explain->told;
	struct explained_directory *directory = directory_at(explain);
	struct mapped mapped = { 0 };
	struct err err;

	told->chosen = directory;
	told->refusal = SPAN_NULL;
	told->trace = mapping_explain(
	    cycle_of(explain)->mapping, answer->entry, answer->membership, explain->arena);
	told->has_desired = map(explain, answer, &mapped, &err);
	told->desired = mapped.account;
	if (!told->has_desired)
		told->refusal = arena_span(explain->arena, span_of(err.text));
	else if (directory->place == PLACE_IN_SCOPE &&
		 cycle_of(explain)->policy->scope == POLICY_SCOPE_ENTITLED &&
		 !mapped_is_entitled(&mapped))
		directory->place = PLACE_NOT_ENTITLED;
	directory->user_name = told->desired.text[ACCOUNT_USER_NAME];
	told->turns_ms = answer->entry->turns_ms;
	told->is_expired = answer->entry->is_expired;
}

/* The entry of the link wins, then the first in scope, then the first. */
static bool is_better(const struct explain *explain, const struct explained_directory *found)
{
	const struct explanation *told = &explain->told;

	if (told->chosen == NULL)
		return true;
	if (told->is_linked)
		return uuid_compare(&found->key, &told->link.key) == 0;
	return found->place == PLACE_IN_SCOPE && told->chosen->place != PLACE_IN_SCOPE;
}

static void note_entry(struct explain *explain, const struct look_up_answer *answer)
{
	struct explained_directory *directory = directory_at(explain);
	struct mapped mapped;

	directory->dn = arena_span(explain->arena, answer->entry->dn);
	directory->key = answer->entry->key;
	directory->base = base_of(&directory->scope, directory->dn);
	if (is_better(explain, directory))
		choose(explain, answer);
	else if (map(explain, answer, &mapped, NULL))
		directory->user_name = mapped.account.text[ACCOUNT_USER_NAME];
}

/* ---- several go by the name ---- */

static void tell_links(struct explain *explain)
{
	const struct person *person = &explain->person;
	struct explained_match *matches = arena_array(
	    explain->arena, person->match_count, sizeof(*matches));

	for (size_t i = 0; i < person->match_count; i++)
		matches[i] = (struct explained_match) { person->matches[i].key,
			person->matches[i].dn, person->matches[i].user_name,
			person->matches[i].account_id };
	explain->told.outcome = EXPLAINED_SEVERAL;
	explain->told.matches = matches;
	explain->told.match_count = person->match_count;
	explain_end(explain, STATUS_OK);
}

static void tell_entries(struct explain *explain, const struct look_up_answer *answer)
{
	struct explained_match *matches = arena_array(
	    explain->arena, answer->other_count + 1, sizeof(*matches));

	matches[0].key = answer->entry->key;
	matches[0].dn = arena_span(explain->arena, answer->entry->dn);
	for (size_t i = 0; i < answer->other_count; i++)
		matches[i + 1].dn = arena_span(explain->arena, answer->others[i]);
	explain->told.outcome = EXPLAINED_SEVERAL;
	explain->told.matches = matches;
	explain->told.match_count = answer->other_count + 1;
	explain->told.directory_count = 0; /* where which of them is does not help */
	explain->told.chosen = NULL;
	explain_end(explain, STATUS_OK);
}

/* ---- rivals for the userName ---- */

static enum explained_verdict verdict_of(
    const struct explain *explain, size_t directory, bool is_linked)
{
	const struct explained_directory *chosen = explain->told.chosen;
	const struct explained_directory *other = &explain->directories[directory];

	if (explain->told.is_linked)
		return RIVAL_LOSES;
	if (is_linked)
		return RIVAL_KEEPS;
	if (other == chosen)
		return RIVAL_BOTH;
	return other < chosen ? RIVAL_KEEPS : RIVAL_LOSES;
}

static void add_rival(struct explain *explain, const struct entry *entry)
{
	struct explained_rival *rival;
	struct link link;
	bool is_linked = false;

	if (store_link_get(cycle_of(explain)->store, &entry->key, explain->arena, &link, &is_linked,
		NULL) != STATUS_OK)
		is_linked = false;
	rival = vec_push((void **)&explain->rivals, &explain->rival_count, &explain->rival_cap,
	    sizeof(*explain->rivals));
	*rival = (struct explained_rival) {
		.directory = directory_at(explain)->name,
		.dn = arena_span(explain->arena, entry->dn),
		.key = entry->key,
		.verdict = verdict_of(explain, explain->at, is_linked),
	};
}

static void note_rival(struct explain *explain, const struct look_up_answer *answer)
{
	struct span name = explain->told.desired.text[ACCOUNT_USER_NAME];
	struct mapped mapped;

	if (answer->status != STATUS_OK || answer->outcome != LOOK_UP_MATCHES)
		return;
	if (uuid_compare(&answer->entry->key, &explain->told.chosen->key) != 0 &&
	    map(explain, answer, &mapped, NULL) &&
	    utf8_equal_fold(mapped.account.text[ACCOUNT_USER_NAME], name))
		add_rival(explain, answer->entry);
	for (size_t i = 0; i < answer->other_count; i++)
		explain->pending[explain->pending_count++] = arena_span(
		    explain->arena, answer->others[i]);
}

/* A name may mean others: each is read, as only its mapping tells. @return whether there are any */
static bool ask_pending(struct explain *explain)
{
	struct look_up_request request = { 0 };

	if (explain->pending_count == 0)
		return false;
	request.dn = explain->pending[--explain->pending_count];
	source_look_up(cycle_of(explain)->sources[explain->at], &request, on_looked, explain);
	return true;
}

/* ---- one directory after the other ---- */

static void link_of_chosen(struct explain *explain)
{
	struct explanation *told = &explain->told;
	enum status status = STATUS_OK;

	if (!told->is_linked && told->chosen != NULL)
		status = store_link_get(cycle_of(explain)->store, &told->chosen->key,
		    explain->arena, &told->link, &told->is_linked, &explain->err);
	if (status != STATUS_OK)
		explain_end(explain, status);
	else
		explain_plan(explain);
}

static void all_asked(struct explain *explain)
{
	struct explanation *told = &explain->told;

	if (told->chosen == NULL && !told->is_linked) {
		told->outcome = EXPLAINED_NOBODY;
		explain_end(explain, STATUS_OK);
		return;
	}
	explain->at = 0;
	explain->is_for_rivals = told->has_desired && told->chosen->place == PLACE_IN_SCOPE;
	if (explain->is_for_rivals) {
		explain->request = (struct look_up_request) {
			.filter = person_naming_filter(cycle_of(explain)->mapping,
			    told->desired.text[ACCOUNT_USER_NAME], explain->arena)
		};
		ask(explain);
	} else {
		link_of_chosen(explain);
	}
}

static void ask_next(struct explain *explain)
{
	explain->at++;
	if (!explain->is_for_rivals)
		explain->request.is_anywhere = false;
	if (explain->at < cycle_of(explain)->source_count)
		ask(explain);
	else if (explain->is_for_rivals)
		link_of_chosen(explain);
	else
		all_asked(explain);
}

static void note_place(struct explain *explain, const struct look_up_answer *answer)
{
	struct explained_directory *directory = directory_at(explain);

	if (answer->status != STATUS_OK) {
		directory->place = PLACE_DOWN;
		directory->why = arena_span(explain->arena, span_of(answer->err->text));
		explain_gap(explain, "directory", directory->name, directory->why);
		return;
	}
	directory->place = place_of(answer);
	if (directory->place != PLACE_IN_SCOPE && directory->place != PLACE_ELSEWHERE)
		directory->why = arena_span(explain->arena, answer->detail);
	if (answer->entry != NULL)
		note_entry(explain, answer);
}

static void on_looked(void *context, const struct look_up_answer *answer)
{
	struct explain *explain = context;
	bool is_by_name = explain->request.filter.at != NULL && !explain->is_for_rivals;

	if (explain->is_for_rivals) {
		note_rival(explain, answer);
		if (ask_pending(explain))
			return;
	} else if (answer->status == STATUS_OK && answer->entry != NULL &&
		   answer->other_count > 0) {
		tell_entries(explain, answer);
		return;
	} else if (is_by_name && answer->status == STATUS_OK && answer->entry == NULL &&
		   !explain->request.is_anywhere) {
		explain->request.is_anywhere = true;
		ask(explain);
		return;
	} else {
		note_place(explain, answer);
	}
	ask_next(explain);
}

static void ask(struct explain *explain)
{
	struct source *source = cycle_of(explain)->sources[explain->at];

	if (explain->is_for_rivals && directory_at(explain)->place == PLACE_DOWN) {
		ask_next(explain);
		return;
	}
	source_look_up(source, &explain->request, on_looked, explain);
}

void explain_look(struct explain *explain)
{
	const struct cycle_input *cycle = cycle_of(explain);
	enum status status = person_resolve(cycle->store, cycle->mapping, explain->in.who,
	    explain->arena, &explain->person, &explain->err);

	if (status != STATUS_OK) {
		explain_end(explain, status);
		return;
	}
	if (explain->person.match_count > 1) {
		tell_links(explain);
		return;
	}
	explain->told.is_linked = explain->person.is_linked;
	explain->told.link = explain->person.link;
	explain->request = explain->person.request;
	explain->directories = arena_array(
	    explain->arena, cycle->source_count, sizeof(*explain->directories));
	for (size_t i = 0; i < cycle->source_count; i++) {
		explain->directories[i].name = cycle->sources[i]->name;
		explain->directories[i].scope = explain->in.scopes[i];
	}
	explain->told.directories = explain->directories;
	explain->told.directory_count = cycle->source_count;
	ask(explain);
}
