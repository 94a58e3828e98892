/* SPDX-License-Identifier: ISC */
#include "app/first_config.h"

#include "app/config_text.h"
#include "base/time.h"
#include "core/dn.h"
#include "core/workspace_group.h"
#include <assert.h>

#define CLOCK_DIFFERENCE_MAX_MS (60 * TIME_SECOND_MS)

/* The same words in every file. */
#define note config_text_note

/* A command stands on a line of its own, to be copied. */
static void add_step(const struct first_config *config, int number, const char *command,
    const char *why, struct str *out)
{
	struct str line = { 0 };

	str_addf(&line, "%d. scimward%s%s %s", number, config->is_usual_path ? "" : " -c ",
	    config->is_usual_path ? "" : config->path, command);
	config_text_out(out, 0, str_span(&line));
	str_done(&line);
	note(out, 0, "     %s", why);
}

static void add_service(const struct first_config *config, struct str *out)
{
	struct str line = { 0 };

	if (config->unit == NULL) {
		note(out, 0,
		    "4. For the service, keep it as /etc/scimward/scimward.conf, without the state "
		    "at the end.");
		return;
	}
	str_addf(&line, "4. systemctl enable --now %s", config->unit);
	config_text_out(out, 0, str_span(&line));
	note(out, 0, "     From then on.");
	str_done(&line);
}

static void add_next_steps(const struct first_config *config, struct str *out)
{
	char now[TIME_TEXT_SIZE];
	int step = 1;

	time_format(config->wall_ms, false, now);
	note(out, 0, "scimward: a first configuration, proposed by \"scimward init\" on %s.", now);
	str_add_c(out, "#\n# Next, in this order:\n#\n");
	if (config->tenant->auth.method == TENANT_AUTH_OAUTH_DEVICE)
		add_step(config, step++, "login", "Let it into the tenant, in a browser.", out);
	add_step(config, step++, "check", "Is all this right, can both peers be reached?", out);
	add_step(config, step++, "--dry-run", "What would it do? Nothing can be sent.", out);
	add_step(config, step, "sync", "The first sync, once.", out);
	add_service(config, out);
	str_add_c(out, "#\n");
	note(out, 0,
	    "A line with TODO is something that could not be found out. All keys: "
	    "scimward.conf(5).");
	str_add_c(out, "\nversion = 1;\n");
}

static void add_heading(struct str *out, const char *heading)
{
	str_addf(out, "\n# ----- %s ", heading);
	for (size_t i = strlen(heading) + 9; i < 98; i++)
		str_add_byte(out, '-');
	str_add_c(out, "\n\n");
}

/* ---- the directory ---- */

/* What a server said and what is left to be asked of it. */
static void note_server(const struct first_config *config, struct str *out)
{
	const struct first_look *look = config->look;
	char difference[TIME_TEXT_SIZE];
	int64_t clock_ms = look->clock_ms < 0 ? -look->clock_ms : look->clock_ms;

	if (config->directory_why.at != NULL) {
		note(out, 0,
		    "TODO The directory was not looked at (%.*s), so nothing of this is verified.",
		    SPAN_ARG(config->directory_why));
		return;
	}
	if (!look->has_server)
		return;
	note(out, 0, "%.*s answered.", SPAN_ARG(look->peer));
	if (look->identity.len > 0)
		note(out, 0, "To it we are %.*s.", SPAN_ARG(look->identity));
	for (size_t i = 0; i < look->context_count; i++)
		note(out, 0, "Naming context: %.*s", SPAN_ARG(look->contexts[i]));
	if (!look->has_paging)
		note(out, 0,
		    "TODO The server has no paged results: its size limit cuts long lists. Give "
		    "the "
		    "bind account one that is large enough.");
	if (look->has_clock && clock_ms > CLOCK_DIFFERENCE_MAX_MS) {
		duration_format(clock_ms, difference);
		note(out, 0, "TODO Its clock is %s %s this host's: set both right.", difference,
		    look->clock_ms < 0 ? "behind" : "ahead of");
	}
}

/* "corp" of dc=corp,dc=example: logs and reports need a short name. */
static void add_name(const struct first_config *config, struct str *out)
{
	const struct directory_settings *directory = config->directory;
	struct span rest = SPAN_NULL, type, value, found = SPAN_NULL;
	bool is_sound;

	if (directory->users.base_count > 0)
		rest = span_of(directory->users.bases[0]);
	while (found.len == 0 && dn_next_part(&rest, &type, &value))
		if (span_equal_ascii_case(type, SPAN("dc")) ||
		    span_equal_ascii_case(type, SPAN("o")))
			found = value;
	is_sound = found.len > 0 && found.len <= 32;
	for (size_t i = 0; i < found.len; i++)
		is_sound = is_sound && ((found.at[i] >= 'a' && found.at[i] <= 'z') ||
					   (found.at[i] >= 'A' && found.at[i] <= 'Z') ||
					   (found.at[i] >= '0' && found.at[i] <= '9'));
	str_add_c(out, "  ");
	config_text_member("name", is_sound ? found : SPAN("directory"), out);
	str_add_byte(out, '\n');
}

static void add_kind(const struct first_config *config, struct str *out)
{
	const struct first_look *look = config->look;

	if (config->directory->kind == DIRECTORY_LDIF) {
		str_add_c(out, "  kind = \"ldif\";\n");
	} else if (look->has_server) {
		note(out, 2, "By its root DSE. An entry's key is its %.*s.",
		    SPAN_ARG(look->key_attribute));
		str_addf(out, "  kind = \"%s\";\n", directory_kind_name(look->kind));
	} else {
		note(out, 2, "TODO The server is asked at each start what it is.");
		str_add_c(out, "  kind = \"auto\";\n");
	}
}

static void add_spans(const char *const *texts, size_t count, struct str *out)
{
	str_add_c(out, "[ ");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			str_add_c(out, ", ");
		config_text_quote(span_of(texts[i]), out);
	}
	str_add_c(out, " ];");
}

static void add_text(const char *name, const char *text, struct str *out)
{
	if (text == NULL)
		return;
	str_add_byte(out, ' ');
	config_text_member(name, span_of(text), out);
}

static void add_servers(const struct directory_settings *directory, struct str *out)
{
	if (directory->domain != NULL) {
		str_add_c(out, " ");
		add_text("domain", directory->domain, out);
		str_add_c(out, "   # DNS names its servers\n");
	} else {
		str_add_c(out, "  urls = ");
		add_spans(directory->urls, directory->url_count, out);
		str_add_byte(out, '\n');
	}
	if (directory->tls.ca_file != NULL || directory->tls.cert_file != NULL ||
	    directory->tls.starttls) {
		str_add_c(out, "  tls = {");
		add_text("ca_file", directory->tls.ca_file, out);
		add_text("cert_file", directory->tls.cert_file, out);
		add_text("key_file", directory->tls.key_file, out);
		str_addf(out, "%s };\n", directory->tls.starttls ? " starttls = true;" : "");
	}
	if (directory->allow_cleartext) {
		note(out, 2,
		    "TODO Passwords and persons go over the network in the clear: use ldaps://, or "
		    "tls.starttls.");
		str_add_c(out, "  allow_cleartext = true;\n");
	}
}

static void note_reference(struct span reference, struct str *out)
{
	if (reference.len > 4 && memcmp(reference.at, "env:", 4) == 0)
		note(out, 2,
		    "TODO The service has another environment than you: give it the variable too, "
		    "or "
		    "put the secret into a file.");
	else if (reference.len > 11 && memcmp(reference.at, "credential:", 11) == 0)
		note(out, 2,
		    "A file of $CREDENTIALS_DIRECTORY; the unit has it with LoadCredential=.");
}

static void add_bind(const struct directory_settings *directory, struct str *out)
{
	static const char *const methods[] = { "simple", "external", "gssapi", "anonymous" };

	if (directory->kind == DIRECTORY_LDIF)
		return;
	note_reference(directory->bind.password, out);
	str_addf(out, "  bind = { method = \"%s\";", methods[directory->bind.method]);
	add_text("dn", directory->bind.dn, out);
	if (directory->bind.password.len > 0) {
		str_add_c(out, "\n           ");
		config_text_member("password", directory->bind.password, out);
	}
	add_text("keytab", directory->bind.keytab, out);
	add_text("principal", directory->bind.principal, out);
	str_add_c(out, " };\n");
}

static void note_people(const struct first_config *config, struct str *out)
{
	const struct first_look *look = config->look;
	const struct survey_proposal *proposal = &look->proposal;

	if (config->people_why.at != NULL)
		note(out, 2,
		    "TODO No people were looked at (%.*s): see that base and filter are right.",
		    SPAN_ARG(config->people_why));
	if (!look->has_people)
		return;
	note(out, 2, "%s%zu entries were looked at%s: %zu have %.*s, %zu are disabled.",
	    look->is_whole ? "All " : "", proposal->entries, look->is_whole ? "" : ", as a sample",
	    proposal->with_user_name, SPAN_ARG(proposal->user_name), proposal->disabled);
	if (look->unusable > 0)
		note(out, 2, "TODO %zu more cannot be used (%.*s).", look->unusable,
		    SPAN_ARG(look->unusable_why));
	if (proposal->base.len > 0 && config->directory->users.base_count > 0 &&
	    !dn_equal(proposal->base, span_of(config->directory->users.bases[0])))
		note(out, 2, "All of these who have a login are below %.*s.",
		    SPAN_ARG(proposal->base));
}

static void add_users(const struct first_config *config, struct str *out)
{
	const struct directory_settings *directory = config->directory;

	note_people(config, out);
	str_add_c(out, "  users = {");
	if (directory->users.base_count > 0) {
		str_add_c(out, " bases = ");
		add_spans(directory->users.bases, directory->users.base_count, out);
	}
	if (directory->users.filter != NULL) {
		if (directory->users.base_count > 0)
			str_add_c(out, "\n           ");
		add_text("filter", directory->users.filter, out);
	}
	str_add_c(out, " };\n");
}

static void add_canaries(const struct first_config *config, struct str *out)
{
	const struct survey_proposal *proposal = &config->look->proposal;

	if (proposal->canary_count == 0) {
		note(out, 2,
		    "TODO Name one or two people who never leave: a scan that misses one proves no "
		    "absence.");
		config_text_out(out, 2, SPAN("canaries = [ \"cn=Always Here,ou=people,…\" ];"));
		return;
	}
	note(out, 2,
	    "A scan that misses one of these proves no absence. They are the longest there; better "
	    "are people of whom you know that they stay.");
	str_add_c(out, "  canaries = ");
	config_text_list(proposal->canaries, proposal->canary_count, out);
	str_add_c(out, ";\n");
}

static void add_directory(const struct first_config *config, struct str *out)
{
	add_heading(out, "Where users come from");
	note_server(config, out);
	str_add_c(out, "directories = ( {\n");
	add_name(config, out);
	add_kind(config, out);
	add_servers(config->directory, out);
	add_bind(config->directory, out);
	add_users(config, out);
	add_canaries(config, out);
	str_add_c(out, "} );\n");
}

/* ---- the mapping ---- */

static void add_rule(
    const char *to, struct span attribute, const char *function, bool is_last, struct str *out)
{
	str_addf(out, "  { to = \"%s\"; from = \"${%.*s%s}\"; }%s\n", to, SPAN_ARG(attribute),
	    function, is_last ? "" : ",");
}

static void note_user_name(const struct first_config *config, struct str *out)
{
	const struct survey_proposal *proposal = &config->look->proposal;

	if (config->look->has_people && proposal->user_name_matches > 0)
		note(out, 2,
		    "Of %zu accounts that were looked at, %zu have just this as their userName.",
		    proposal->accounts, proposal->user_name_matches);
	else if (config->look->has_people && proposal->accounts > 0)
		note(out, 2,
		    "TODO Of the accounts that were looked at (%zu) none has the mail or "
		    "userPrincipalName of anybody as its userName. Find out what theirs is made "
		    "of: who is not recognised gets a second account.",
		    proposal->accounts);
	if (proposal->unusable_names > 0)
		note(out, 2,
		    "TODO %zu of %zu values are no mail address of at most %d characters, as "
		    "Anaplan "
		    "wants them; these people are rejected until they are mended.",
		    proposal->unusable_names, proposal->with_user_name, SURVEY_USER_NAME_MAX);
}

static void note_external_id(const struct first_config *config, struct str *out)
{
	const struct survey_proposal *proposal = &config->look->proposal;

	if (proposal->external_id_matches > 0)
		note(out, 2, "Accounts with an externalId: %zu. For %zu it is this.",
		    proposal->with_external_id, proposal->external_id_matches);
	else if (proposal->with_external_id > 0)
		note(out, 2,
		    "TODO %zu accounts have an externalId already that is of nothing that was "
		    "looked "
		    "at. Found by their userName they are conflicts, until it is made of what they "
		    "were made of, or emptied in the tenant.",
		    proposal->with_external_id);
	else
		note(out, 2, "The entry's key, which never changes.");
}

static void note_names(const struct first_config *config, struct str *out)
{
	const struct survey_proposal *proposal = &config->look->proposal;

	if (proposal->without_given_name + proposal->without_family_name == 0)
		return;
	note(out, 2,
	    "TODO %zu entries have no givenName, %zu no sn. Anaplan wants both; a second rule "
	    "could "
	    "be:",
	    proposal->without_given_name, proposal->without_family_name);
	config_text_out(out, 2,
	    SPAN("{ to = \"name.givenName\"; from = \"${displayName|before(\\\" \\\")}\"; },"));
}

static void add_mapping(const struct first_config *config, struct str *out)
{
	const struct survey_proposal *proposal = &config->look->proposal;

	add_heading(out, "What becomes of an entry");
	note(out, 0, "The first rule of a target whose value is not empty wins.");
	str_add_c(out, "mapping = (\n");
	note_user_name(config, out);
	add_rule("userName", proposal->user_name, "|lower", false, out);
	note_external_id(config, out);
	add_rule("externalId", proposal->external_id, "", false, out);
	note_names(config, out);
	add_rule("name.givenName", SPAN("givenName"), "", false, out);
	add_rule("name.familyName", SPAN("sn"), "", false, out);
	note(out, 2, "Disabled and expired people are recognised by themselves.");
	add_rule("active", SPAN(".enabled"), "", true, out);
	str_add_c(out, ");\n");
}

/* ---- workspaces ---- */

static void describe_size(const struct first_look_group *group, struct str *out)
{
	if (group->unknown.at != NULL)
		str_addf(out, "size unknown: %.*s", SPAN_ARG(group->unknown));
	else if (group->groups > 0)
		str_addf(out, "%zu members, those of %zu %s inside included", group->members,
		    group->groups, group->groups == 1 ? "group" : "groups");
	else
		str_addf(out, "%zu %s", group->members, group->members == 1 ? "member" : "members");
}

static void add_workspace_rule(const struct first_look_workspace *workspace,
    const struct first_look_group *group, struct str *out)
{
	str_add_c(out, "{ ");
	config_text_member("id", workspace->id, out);
	if (workspace->name.len > 0 && config_text_allows(workspace->name)) {
		str_add_byte(out, ' ');
		config_text_member("name", workspace->name, out);
	}
	str_add_byte(out, ' ');
	config_text_member("group", group->dn, out);
	str_addf(out, "%s }", group->groups > 0 ? " nested = true;" : "");
}

/* A DN may hold what a configuration does not take. */
static bool can_be_group(const struct first_look_group *group)
{
	return config_text_allows(group->dn) && dn_is_valid(group->dn);
}

static bool can_be_rule(const struct first_look *look, const struct first_look_workspace *workspace)
{
	return workspace->group != FIRST_LOOK_NO_GROUP && config_text_allows(workspace->id) &&
	       can_be_group(&look->groups[workspace->group]);
}

/* @return how many */
static size_t add_candidates(
    const struct first_look *look, const struct first_look_workspace *workspace, struct str *out)
{
	struct str rule = { 0 }, size = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < look->group_count; i++) {
		const struct first_look_group *group = &look->groups[i];

		if (!can_be_group(group) ||
		    workspace_group_fit(workspace->name, group->name) < GROUP_HOLDS_NAME)
			continue;
		count++;
		str_truncate(&rule, 0);
		str_truncate(&size, 0);
		add_workspace_rule(workspace, group, &rule);
		str_add_byte(&rule, ',');
		describe_size(group, &size);
		note(out, 2, "%s:", str_c(&size));
		config_text_out(out, 2, str_span(&rule));
	}
	str_done(&rule);
	str_done(&size);
	return count;
}

static void add_open_workspace(
    const struct first_look *look, const struct first_look_workspace *workspace, struct str *out)
{
	static const struct first_look_group nowhere = { .dn = SPAN_INIT("cn=…") };
	bool has_name = workspace->name.len > 0;
	struct str rule = { 0 };

	note(out, 2,
	    "TODO %s%.*s%s%.*s%s: %zu accounts have it, and it is not clear which group is "
	    "meant. Whoever is linked loses it until a rule grants it.",
	    has_name ? "\"" : "", SPAN_ARG(workspace->name), has_name ? "\" (" : "",
	    SPAN_ARG(workspace->id), has_name ? ")" : "", workspace->accounts);
	if (add_candidates(look, workspace, out) > 0)
		return;
	add_workspace_rule(workspace, &nowhere, &rule);
	str_add_byte(&rule, ',');
	config_text_out(out, 2, str_span(&rule));
	str_done(&rule);
}

static void add_rules(const struct first_look *look, struct str *out)
{
	struct str size = { 0 };
	size_t left = 0;

	for (size_t i = 0; i < look->workspace_count; i++)
		left += can_be_rule(look, &look->workspaces[i]);
	for (size_t i = 0; i < look->workspace_count; i++) {
		const struct first_look_workspace *workspace = &look->workspaces[i];

		if (!can_be_rule(look, workspace))
			continue;
		str_truncate(&size, 0);
		describe_size(&look->groups[workspace->group], &size);
		note(out, 2, "%s; %zu accounts have it now.", str_c(&size), workspace->accounts);
		str_add_c(out, "  ");
		add_workspace_rule(workspace, &look->groups[workspace->group], out);
		str_add_c(out, --left > 0 ? ",\n" : "\n");
	}
	str_done(&size);
}

static bool is_chosen(const struct first_look *look, size_t group)
{
	for (size_t i = 0; i < look->workspace_count; i++)
		if (look->workspaces[i].group == (int)group)
			return true;
	return false;
}

static void note_other_groups(const struct first_look *look, struct str *out)
{
	struct str size = { 0 };
	bool has_heading = false;

	for (size_t i = 0; i < look->group_count; i++) {
		if (is_chosen(look, i) || !workspace_group_is_about_anaplan(look->groups[i].name))
			continue;
		if (!has_heading)
			note(out, 0, "Other groups that are about Anaplan by their name:");
		has_heading = true;
		str_truncate(&size, 0);
		describe_size(&look->groups[i], &size);
		note(out, 0, "- %.*s (%s)", SPAN_ARG(look->groups[i].dn), str_c(&size));
	}
	if (look->are_groups_cut)
		note(out, 0, "- and more; only the first %d were looked at", FIRST_LOOK_GROUPS_MAX);
	str_done(&size);
}

static void note_workspaces(const struct first_config *config, struct str *out)
{
	const struct first_look *look = config->look;

	note(out, 0,
	    "A linked account gets just the workspaces that a rule here grants it; others are "
	    "taken "
	    "from it, within policy.limits.");
	if (config->tenant_why.at != NULL)
		note(out, 0, "TODO The tenant was not asked for its workspaces (%.*s).",
		    SPAN_ARG(config->tenant_why));
	else if (look->workspaces_why.at != NULL)
		note(out, 0,
		    "TODO The tenant does not show its workspaces (%.*s): these are the ones that "
		    "accounts have. Put their names in.",
		    SPAN_ARG(look->workspaces_why));
	if (config->groups_why.at != NULL)
		note(
		    out, 0, "TODO Groups were not looked at (%.*s).", SPAN_ARG(config->groups_why));
	note_other_groups(look, out);
}

/* Those that are open come first, so that each can become a rule where it stands. */
static void add_workspaces(const struct first_config *config, struct str *out)
{
	const struct first_look *look = config->look;
	size_t rules = 0;

	add_heading(out, "Who gets into which workspace");
	note_workspaces(config, out);
	for (size_t i = 0; i < look->workspace_count; i++)
		rules += can_be_rule(look, &look->workspaces[i]);
	str_add_c(out, "workspaces = (\n");
	if (rules == 0)
		note(out, 2,
		    "TODO Without a rule nobody gets into any workspace. Commas stand between "
		    "rules, none behind the last.");
	for (size_t i = 0; i < look->workspace_count; i++)
		if (!can_be_rule(look, &look->workspaces[i]))
			add_open_workspace(look, &look->workspaces[i], out);
	if (look->workspace_count == 0)
		config_text_out(out, 2,
		    SPAN(
			"{ id = \"8a81…\"; name = \"Finance Planning\"; group = \"cn=…\"; nested = "
			"true; }"));
	add_rules(look, out);
	str_add_c(out, ");\n");
}

/* ---- the tenant ---- */

static void add_auth(const struct tenant_settings *tenant, struct str *out)
{
	static const char *const methods[] = { "api-key", "basic", "certificate", "oauth-device",
		"none" };

	note_reference(tenant->auth.key, out);
	note_reference(tenant->auth.password, out);
	str_addf(out, "  auth = { method = \"%s\";", methods[tenant->auth.method]);
	add_text("key", tenant->auth.key.at, out);
	add_text("user", tenant->auth.user.at, out);
	add_text("password", tenant->auth.password.at, out);
	add_text("cert_file", tenant->auth.cert_file, out);
	add_text("key_file", tenant->auth.key_file.at, out);
	add_text("client_id", tenant->auth.client_id.at, out);
	add_text("refresh_token_file", tenant->auth.refresh_token_file, out);
	add_text("url", tenant->auth.url, out);
	str_add_c(out, " };\n");
}

static void note_tenant(const struct first_config *config, struct str *out)
{
	const struct first_look *look = config->look;

	if (config->tenant_why.at != NULL)
		note(out, 0,
		    "TODO The tenant was not looked at (%.*s), so nothing of this is verified.",
		    SPAN_ARG(config->tenant_why));
	if (!look->has_tenant)
		return;
	if (look->account_total >= 0)
		note(out, 0, "Accounts that it has: %lld. Workspaces that it shows: %zu.",
		    (long long)look->account_total, look->workspace_count);
	else
		note(out, 0, "It does not tell how many accounts it has.");
}

static void add_tenant(const struct first_config *config, struct str *out)
{
	const struct tenant_settings *tenant = config->tenant;

	add_heading(out, "Where accounts go to");
	note_tenant(config, out);
	str_add_c(out, "tenant = {\n");
	if (tenant->profile == TENANT_GENERIC)
		str_add_c(out, "  profile = \"generic\";\n");
	str_add_byte(out, ' ');
	add_text("url", tenant->url, out);
	if (config->region != NULL)
		str_addf(out, "   # region %s", config->region);
	str_add_byte(out, '\n');
	add_auth(tenant, out);
	if (tenant->ca_file != NULL) {
		str_add_c(out, "  tls = {");
		add_text("ca_file", tenant->ca_file, out);
		str_add_c(out, " };\n");
	}
	if (tenant->proxy != NULL) {
		str_add_byte(out, ' ');
		add_text("proxy", tenant->proxy, out);
		str_add_byte(out, '\n');
	}
	if (tenant->allow_cleartext)
		str_add_c(out, "  allow_cleartext = true;   # TODO for tests only\n");
	str_add_c(out, "};\n");
}

/* ---- the policy ---- */

static void add_protected(struct span list, struct str *out)
{
	bool is_first = true;

	str_add_c(out, "  protect = [");
	while (list.len > 0) {
		struct span name = span_trim(span_split(&list, ','));

		if (name.len == 0)
			continue;
		str_add_c(out, is_first ? " " : ", ");
		config_text_quote(name, out);
		is_first = false;
	}
	str_add_c(out, " ];\n");
}

static void add_protect(const struct first_config *config, struct str *out)
{
	const struct first_look *look = config->look;

	if (config->protect != NULL) {
		note(out, 2, "Never changed.");
		add_protected(span_of(config->protect), out);
		return;
	}
	if (look->own_user.len > 0 && config_text_allows(look->own_user)) {
		note(out, 2, "The account of the credential itself, never changed.");
		str_add_c(out, "  protect = ");
		config_text_list(&look->own_user, 1, out);
		str_add_c(out, ";\n");
		return;
	}
	note(out, 2,
	    "TODO Name the account whose credential this is, so that the agent cannot lock itself "
	    "out: an API key does not tell.");
	for (size_t i = 0; i < look->owner_count; i++)
		note(out, 2, "It could be %.*s.", SPAN_ARG(look->owners[i]));
	config_text_out(out, 2, SPAN("protect = [ \"robot@corp.example\" ];"));
}

static void add_policy(const struct first_config *config, struct str *out)
{
	add_heading(out, "What is done about joiners, movers and leavers");
	str_add_c(out, "policy = {\n");
	note(out, 2,
	    "Who is granted no workspace gets no account. \"mapped\" gives one to everybody "
	    "above.");
	str_add_c(out, "  scope = \"entitled\";\n");
	add_protect(config, out);
	str_add_c(out, "};\n");
	if (config->state_path != NULL) {
		str_add_c(out, "\nstate = { ");
		config_text_member("path", span_of(config->state_path), out);
		str_add_c(out, " };\n");
	}
}

void first_config_write(const struct first_config *config, struct str *out)
{
	add_next_steps(config, out);
	add_directory(config, out);
	add_mapping(config, out);
	add_workspaces(config, out);
	add_tenant(config, out);
	add_policy(config, out);
}
