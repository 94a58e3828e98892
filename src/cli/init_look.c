/* SPDX-License-Identifier: ISC */
#include "base/unicode.h"
#include "cli/init.h"
#include "cli/prompt.h"
#include "core/dn.h"
#include "core/filter.h"
#include <stdio.h>
#include <unistd.h>

static void show_progress(const struct init *init, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void show_progress(const struct init *init, const char *format, ...)
{
	struct str raw = { 0 }, shown = { 0 };
	va_list arguments;

	if (init->options->is_quiet)
		return;
	va_start(arguments, format);
	str_addv(&raw, format, arguments);
	va_end(arguments);
	utf8_printable(str_span(&raw), &shown);
	fprintf(stderr, "%s\n", str_c(&shown));
	str_done(&raw);
	str_done(&shown);
}

enum next { NEXT_STEP, NEXT_AGAIN, NEXT_ANSWERS, NEXT_END };

/*
 * A peer that cannot be looked at: why, and what to do.
 *
 * @param why  gets the reason when it goes on without
 */
static enum next on_failure(
    struct init *init, const char *what, const struct err *err, struct span *why)
{
	struct str answer = { 0 };
	enum next next = NEXT_END;

	program_complain("%s: %s", what, err->text);
	if (!init->answers.is_asking) {
		program_complain("nothing was written; mend that, or have it written without "
				 "looking at anything: --offline");
		return NEXT_END;
	}
	if (prompt_text("try it (a)gain, (c)hange the answers, go on (w)ithout looking, or (q)uit?",
		"a", &answer)) {
		char key = str_c(&answer)[0];

		next = key == 'a'   ? NEXT_AGAIN
		       : key == 'c' ? NEXT_ANSWERS
		       : key == 'w' ? NEXT_STEP
				    : NEXT_END;
	}
	if (next == NEXT_STEP)
		*why = arena_span(init->arena, span_of(err->text));
	str_done(&answer);
	return next;
}

/* A person may mend what makes no sense. @return false: it is missing, or the person is gone */
static bool get_answers(struct init *init, bool (*ask)(struct answers *answers))
{
	struct answers *answers = &init->answers;
	bool is_good = ask(answers);

	answers->is_again = true;
	while (!is_good && answers->is_asking && !answers->has_ended)
		is_good = ask(answers);
	answers->is_again = false;
	return is_good;
}

static bool get_again(struct init *init, bool (*ask)(struct answers *answers))
{
	init->answers.is_again = true;
	return get_answers(init, ask);
}

/* One look, until it worked, or is done without, or is given up. */
struct step {
	const char *what;
	enum status (*look)(struct init *init, struct err *reterr);
	bool (*ask)(struct answers *answers);
	struct span *why;
};

static enum exit_code take_step(struct init *init, const struct step *step)
{
	for (;;) {
		struct err err = { "" };
		enum status status;
		enum next next;

		status = step->look(init, &err);
		if (status == STATUS_OK)
			return EXIT_DONE;
		if (status == STATUS_REJECT && !init->answers.is_asking) {
			program_complain("%s", err.text);
			return EXIT_BAD_USAGE;
		}
		next = on_failure(init, step->what, &err, step->why);
		if (next == NEXT_STEP)
			return EXIT_DONE;
		if (next == NEXT_END)
			return EXIT_PEER;
		if (next == NEXT_ANSWERS && !get_again(init, step->ask))
			return EXIT_FAILED;
	}
}

/* Only a configuration can be logged in with. */
static bool is_logged_in(const struct tenant_settings *settings)
{
	return settings->auth.method != TENANT_AUTH_OAUTH_DEVICE ||
	       access(settings->auth.refresh_token_file, F_OK) == 0;
}

static enum status look_at_tenant(struct init *init, struct err *reterr)
{
	struct tenant_settings settings = answers_tenant_to_look(&init->answers);
	enum status status;

	if (!is_logged_in(&settings)) {
		init->tenant_why = SPAN("nobody has logged in yet: \"scimward login\", and then "
					"\"scimward init --force\" finds workspaces and groups");
		return STATUS_OK;
	}
	show_progress(init, "Looking at the tenant: %s …", settings.url);
	status = first_look_tenant(init->look, &settings, reterr);
	if (status == STATUS_OK)
		show_progress(init, "  %lld accounts; %zu workspaces%s",
		    (long long)init->look->account_total, init->look->workspace_count,
		    init->look->workspaces_why.at != NULL ? " that accounts have" : "");
	return status;
}

static enum status look_at_server(struct init *init, struct err *reterr)
{
	struct directory_settings settings = answers_directory_to_look(&init->answers);
	enum status status;

	if (settings.kind == DIRECTORY_LDIF)
		return STATUS_OK;
	show_progress(init, "Looking at the directory: %s …",
	    settings.domain != NULL ? settings.domain : settings.urls[0]);
	status = first_look_server(init->look, &settings, reterr);
	if (status == STATUS_OK)
		show_progress(init, "  %.*s is of the kind %s", SPAN_ARG(init->look->peer),
		    directory_kind_name(init->look->kind));
	return status;
}

static enum status look_at_people(struct init *init, struct err *reterr)
{
	struct directory_settings settings = answers_directory_to_look(&init->answers);
	enum status status = first_look_people(init->look, &settings, reterr);

	if (status == STATUS_OK)
		show_progress(init, "  %zu people%s, %zu with %.*s", init->look->proposal.entries,
		    init->look->is_whole ? "" : " as a sample", init->look->proposal.with_user_name,
		    SPAN_ARG(init->look->proposal.user_name));
	return status;
}

static enum status look_at_groups(struct init *init, struct err *reterr)
{
	struct directory_settings settings = answers_directory_to_look(&init->answers);
	enum status status = first_look_groups(init->look, &settings, reterr);

	if (status == STATUS_OK)
		show_progress(init, "  %zu groups named like a workspace, or about Anaplan",
		    init->look->group_count);
	return status;
}

/* ---- proposals ---- */

/* @return false: it is missing */
static bool choose_base(struct answers *answers, const struct first_look *look)
{
	const char **bases = arena_array(answers->arena, 1, sizeof(*bases));
	const char *fallback = look->default_context.len > 0 ? look->default_context.at : NULL;

	answers->is_missing = false;
	if (answers->directory.kind == DIRECTORY_LDIF && answers->given.base == NULL)
		return true;
	bases[0] = answers_get(
	    answers, "--base", answers->given.base, "DN below which the users are", fallback);
	while (bases[0] != NULL && !dn_is_valid(span_of(bases[0]))) {
		program_complain(
		    "--base: \"%s\" is not a DN, as in ou=people,dc=corp,dc=example", bases[0]);
		answers->is_missing = true;
		if (!answers->is_asking)
			return false;
		answers->is_missing = false;
		bases[0] = answers_get(
		    answers, "--base", NULL, "DN below which the users are", fallback);
	}
	answers->given.base = bases[0];
	answers->directory.users.bases = bases;
	answers->directory.users.base_count = bases[0] != NULL ? 1 : 0;
	return bases[0] != NULL;
}

static bool is_filter(const char *text)
{
	struct attribute_set *set = attribute_set_new();
	struct filter *filter = NULL;
	struct err err;
	bool is_sound = text == NULL ||
			filter_compile(span_of(text), set, &filter, NULL, &err) == STATUS_OK;

	if (!is_sound)
		program_complain("--filter: %s", err.text);
	filter_free(&filter);
	attribute_set_free(&set);
	return is_sound;
}

static bool choose_filter(struct init *init)
{
	struct answers *answers = &init->answers;
	struct directory_settings *directory = &answers->directory;
	struct str proposed = { 0 };
	enum directory_kind kind = directory->kind == DIRECTORY_LDIF ? DIRECTORY_LDIF
								     : init->look->kind;

	if (init->look->has_people)
		survey_add_user_filter(
		    directory_user_filter(kind), init->look->proposal.user_name, &proposed);
	do
		directory->users.filter = answers_get(answers, "--filter", answers->given.filter,
		    "LDAP filter that the users match", arena_c(init->arena, str_span(&proposed)));
	while (answers->is_asking && !is_filter(directory->users.filter));
	str_done(&proposed);
	return !answers->has_ended;
}

/* Without a person what is clear is taken; with one nothing is. */
static bool confirm_groups(struct init *init)
{
	struct first_look *look = init->look;
	struct str question = { 0 };
	bool goes_on = true;

	for (size_t i = 0; i < look->workspace_count && goes_on && init->answers.is_asking; i++) {
		struct first_look_workspace *workspace = &look->workspaces[i];
		bool is_yes = true;

		if (workspace->group == FIRST_LOOK_NO_GROUP)
			continue;
		str_truncate(&question, 0);
		str_addf(&question, "workspace \"%.*s\" for the members of %.*s (%zu)?",
		    SPAN_ARG(workspace->name), SPAN_ARG(look->groups[workspace->group].dn),
		    look->groups[workspace->group].members);
		goes_on = prompt_yes(str_c(&question), true, &is_yes);
		if (!is_yes)
			workspace->group = FIRST_LOOK_NO_GROUP;
	}
	str_done(&question);
	return goes_on;
}

static bool ask_protect(struct init *init)
{
	struct answers *answers = &init->answers;
	const char *fallback = "";

	if (answers->given.protect == NULL && init->look->own_user.len > 0)
		return true;
	if (answers->is_asking && answers->given.protect == NULL)
		for (size_t i = 0; i < init->look->owner_count; i++)
			show_progress(init, "  perhaps %.*s", SPAN_ARG(init->look->owners[i]));
	init->protect = answers_get(answers, "--protect", answers->given.protect,
	    "userName of the account whose credential it is; it is never changed (empty: not "
	    "known)",
	    fallback);
	return !answers->has_ended;
}

/* ---- the way ---- */

static enum exit_code look_online(struct init *init)
{
	const struct step steps[] = {
		{ "the tenant cannot be looked at", look_at_tenant, answers_get_tenant,
		    &init->tenant_why },
		{ "the directory cannot be looked at", look_at_server, answers_get_directory,
		    &init->directory_why },
	};
	enum exit_code code = EXIT_DONE;

	for (size_t i = 0; i < 2 && code == EXIT_DONE; i++)
		code = take_step(init, &steps[i]);
	return code;
}

/* A base can be wrong too, and then be said anew. */
static bool answer_base_again(struct answers *answers)
{
	static const struct first_look nothing;

	return choose_base(answers, &nothing);
}

static enum exit_code look_below_base(struct init *init)
{
	const struct step people = { "people cannot be looked at", look_at_people,
		answer_base_again, &init->people_why };
	const struct step groups = { "groups cannot be looked at", look_at_groups,
		answer_base_again, &init->groups_why };
	enum exit_code code;

	if (init->directory_why.at != NULL) {
		init->people_why = init->groups_why = init->directory_why;
		return EXIT_DONE;
	}
	init->answers.directory.users.filter = init->answers.given.filter;
	code = take_step(init, &people);
	return code == EXIT_DONE ? take_step(init, &groups) : code;
}

static enum exit_code ended(const struct init *init)
{
	if (!init->answers.has_ended)
		return EXIT_BAD_USAGE;
	program_complain("the answers have ended; nothing was written");
	return EXIT_FAILED;
}

enum exit_code init_find_out(struct init *init)
{
	enum exit_code code = EXIT_DONE;
	bool has_directory = get_answers(init, answers_get_directory);
	bool has_tenant = get_answers(init, answers_get_tenant);

	if (!has_directory || !has_tenant || !is_filter(init->answers.given.filter))
		return ended(init);
	if (init->options->is_offline)
		init->tenant_why = init->directory_why = SPAN("--offline");
	else
		code = look_online(init);
	if (code != EXIT_DONE)
		return code;
	if (!choose_base(&init->answers, init->look))
		return ended(init);
	code = look_below_base(init);
	if (code != EXIT_DONE)
		return code;
	return choose_filter(init) && confirm_groups(init) && ask_protect(init) ? EXIT_DONE
										: ended(init);
}
