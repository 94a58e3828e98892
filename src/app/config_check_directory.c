/* SPDX-License-Identifier: ISC */
/*
 * Checks of the directories.
 */
#include "app/config_p.h"
#include "core/dn.h"

static const struct url_scheme ldap_schemes[] = { { "ldaps://", true }, { "ldap://", true },
	{ "ldapi://", false } };
static const struct url_scheme file_schemes[] = { { "file:///", false } };

/* What is missing counts only when the key was not refused for another reason. */
static void require(struct config_reader *reader, const config_setting_t *group, const char *member,
    const char *remedy)
{
	if (!config_was_refused(reader, group, member))
		config_refuse(reader, group, member, remedy, "it is missing");
}

static bool is_name_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || (byte != '\0' && strchr("._-", byte) != NULL);
}

/* Names become values of metrics and log fields, and rows of the state. */
static void check_name(
    struct config_reader *reader, const config_setting_t *group, struct span name)
{
	enum { NAME_MAX_BYTES = 64 };
	bool is_sound = name.len > 0 && name.len <= NAME_MAX_BYTES;

	for (size_t i = 0; i < name.len; i++)
		is_sound = is_sound && is_name_byte(name.at[i]);
	if (!is_sound && !config_was_refused(reader, group, "name"))
		config_refuse(reader, group, "name",
		    "a name is 1 to 64 letters, digits, dots, dashes and underscores",
		    "\"%.*s\" is not a name", SPAN_ARG(name));
}

static void check_name_differs(
    struct config_reader *reader, const config_setting_t *list, size_t index)
{
	const struct draft_directory *directories = reader->draft->directories;

	for (size_t i = 0; i < index; i++) {
		if (!span_equal(directories[i].settings.name, directories[index].settings.name))
			continue;
		config_refuse(reader, config_setting_get_elem(list, (unsigned)index), "name",
		    "give each directory a name of its own",
		    "\"%.*s\" is the name of directories[%zu] too",
		    SPAN_ARG(directories[index].settings.name), i);
		return;
	}
}

static bool begins_with(const char *text, const char *prefix)
{
	return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

static void check_cleartext(struct config_reader *reader, const config_setting_t *group,
    const char *member, const struct draft_directory *directory)
{
	if (!directory->settings.tls.starttls && !directory->settings.allow_cleartext &&
	    directory->settings.bind.method != DIRECTORY_BIND_GSSAPI)
		config_refuse(reader, group, member,
		    "write ldaps://, or set tls.starttls; to allow it all the same, set "
		    "allow_cleartext",
		    "ldap:// sends passwords and persons in the clear");
}

/* What DNS allows beyond these bytes the directory checks. */
static bool is_domain(const char *text)
{
	bool is_sound = true;

	for (; *text != '\0'; text++)
		is_sound = is_sound && is_name_byte(*text);
	return is_sound;
}

static void check_domain(struct config_reader *reader, const config_setting_t *group,
    const struct directory_settings *settings)
{
	if (settings->kind == DIRECTORY_LDIF)
		config_refuse(reader, group, "domain",
		    "name the file: urls = [ \"file:///srv/hr/people.ldif\" ];",
		    "a file has no domain");
	else if (settings->url_count > 0)
		config_refuse(reader, group, "domain", "leave one of them out",
		    "DNS names the servers of a domain, and so does urls");
	else if (!is_domain(settings->domain))
		config_refuse(reader, group, "domain", "write it like \"corp.example\"",
		    "\"%s\" is not a DNS name", settings->domain);
}

static void check_urls(struct config_reader *reader, const config_setting_t *group,
    const struct draft_directory *directory)
{
	bool is_ldif = directory->settings.kind == DIRECTORY_LDIF;
	const config_setting_t *urls = config_find(group, "urls");

	for (size_t i = 0; i < directory->settings.url_count; i++) {
		const config_setting_t *item = config_setting_get_elem(urls, (unsigned)i);
		struct url_rule rule = { directory->settings.urls[i],
			is_ldif ? file_schemes : ldap_schemes, is_ldif ? 1 : 3 };

		if (config_check_url(reader, item, "", &rule) && begins_with(rule.url, "ldap://"))
			check_cleartext(reader, item, "", directory);
	}
	if (directory->settings.domain != NULL)
		check_domain(reader, group, &directory->settings);
	else if (directory->settings.url_count == 0)
		require(reader, group, "urls",
		    is_ldif ? "name the file: urls = [ \"file:///srv/hr/people.ldif\" ];"
			    : "name a server: urls = [ \"ldaps://dc1.corp.example\" ];");
}

static void check_bind_simple(struct config_reader *reader, const config_setting_t *group,
    const struct directory_settings *settings)
{
	if (settings->bind.dn == NULL)
		require(reader, group, "bind.dn",
		    "say who reads the directory: bind = { dn = \"CN=…\"; password = "
		    "\"credential:…\"; };");
	if (settings->bind.password.len == 0)
		require(reader, group, "bind.password",
		    "refer to it: \"credential:NAME\", \"file:/path\" or \"env:NAME\"");
}

static void check_bind_gssapi(struct config_reader *reader, const config_setting_t *group,
    const struct directory_settings *settings)
{
	if (settings->bind.dn != NULL || settings->bind.password.len > 0)
		config_refuse(reader, group, "bind.method",
		    "leave out dn and password, and name the keytab",
		    "\"gssapi\" takes neither dn nor password");
	if (settings->bind.keytab != NULL && !begins_with(settings->bind.keytab, "credential:"))
		config_check_path(reader, group, "bind.keytab", settings->bind.keytab);
}

static void check_bind(struct config_reader *reader, const config_setting_t *group,
    const struct directory_settings *settings)
{
	static const char *const kerberos_keys[] = { "bind.keytab", "bind.principal" };

	for (size_t i = 0; i < 2; i++)
		if (settings->bind.method != DIRECTORY_BIND_GSSAPI &&
		    config_find(group, kerberos_keys[i]) != NULL)
			config_warn(reader, group, kerberos_keys[i], NULL,
			    "it has no effect without method gssapi");
	switch (settings->bind.method) {
	case DIRECTORY_BIND_SIMPLE:
		check_bind_simple(reader, group, settings);
		return;
	case DIRECTORY_BIND_GSSAPI:
		check_bind_gssapi(reader, group, settings);
		return;
	case DIRECTORY_BIND_ANONYMOUS:
		if (settings->bind.dn != NULL || settings->bind.password.len > 0)
			config_refuse(reader, group, "bind.method",
			    "leave out dn and password, or write \"simple\"",
			    "\"anonymous\" takes neither dn nor password");
		return;
	case DIRECTORY_BIND_EXTERNAL:
		if (settings->bind.password.len > 0)
			config_warn(reader, group, "bind.password", NULL,
			    "it has no effect with method external");
		return;
	}
}

static void check_tls(struct config_reader *reader, const config_setting_t *group,
    const struct directory_settings *settings)
{
	config_check_path(reader, group, "tls.ca_file", settings->tls.ca_file);
	config_check_path(reader, group, "tls.cert_file", settings->tls.cert_file);
	config_check_path(reader, group, "tls.key_file", settings->tls.key_file);
	if (settings->tls.cert_file != NULL && settings->tls.key_file == NULL)
		require(reader, group, "tls.key_file", "cert_file needs its private key");
	if (settings->tls.cert_file == NULL && settings->tls.key_file != NULL)
		require(reader, group, "tls.cert_file", "key_file needs its certificate");
}

/* DNs that somebody wrote; the items of an array. */
struct dn_list {
	const char *member;
	const char *const *at;
	size_t count;
};

static void check_dns(
    struct config_reader *reader, const config_setting_t *group, const struct dn_list *list)
{
	const config_setting_t *array = config_find(group, list->member);

	for (size_t i = 0; i < list->count; i++)
		if (!dn_is_valid(span_of(list->at[i])))
			config_refuse(reader, config_setting_get_elem(array, (unsigned)i), "",
			    "write it as the directory shows it: \"OU=Staff,DC=corp,DC=example\"",
			    "\"%s\" is not a DN", list->at[i]);
}

static void check_users(struct config_reader *reader, const config_setting_t *group,
    const struct directory_settings *settings)
{
	struct dn_list bases = { "users.bases", settings->users.bases, settings->users.base_count };
	struct dn_list canaries = { "canaries", settings->canaries, settings->canary_count };

	check_dns(reader, group, &bases);
	check_dns(reader, group, &canaries);
	if (settings->users.base_count == 0 && settings->kind != DIRECTORY_LDIF)
		require(reader, group, "users.bases",
		    "say where users are: users = { bases = [ \"OU=Staff,DC=corp,DC=example\" ]; "
		    "};");
	if (settings->users.filter != NULL)
		config_check_filter(reader, group, "users.filter", span_of(settings->users.filter));
}

static void check_changes(struct config_reader *reader, const config_setting_t *group,
    const struct directory_settings *settings)
{
	const char *remedy = directory_changes_remedy(settings->kind, settings->changes);

	if (remedy != NULL && !config_was_refused(reader, group, "changes"))
		config_refuse(reader, group, "changes", remedy, "kind \"%s\" does not have \"%s\"",
		    directory_kind_name(settings->kind), directory_changes_name(settings->changes));
}

static void check_directory(struct config_reader *reader, const config_setting_t *group,
    const struct draft_directory *directory)
{
	const struct directory_settings *settings = &directory->settings;
	bool is_ldif = settings->kind == DIRECTORY_LDIF;
	struct err err = { "" };

	check_name(reader, group, settings->name);
	check_urls(reader, group, directory);
	if (!is_ldif)
		check_bind(reader, group, settings);
	else if (config_find(group, "bind") != NULL)
		config_warn(reader, group, "bind", NULL, "it has no effect on a file");
	check_tls(reader, group, settings);
	check_users(reader, group, settings);
	check_changes(reader, group, settings);
	if (!config_has_fault_below(reader, group) &&
	    directory_check_settings(settings, &err) != STATUS_OK)
		config_refuse(reader, group, "", NULL, "%s", err.text);
}

/* All directories have all groups: a group may hold people of another one. */
static void fill_directories(struct config_reader *reader)
{
	struct draft *draft = reader->draft;
	struct directory_settings *settings = arena_array(
	    reader->arena, draft->directory_count, sizeof(*settings));

	for (size_t i = 0; i < draft->directory_count; i++) {
		draft->directories[i].settings.groups = draft->config.groups;
		draft->directories[i].settings.group_count = draft->config.group_count;
		settings[i] = draft->directories[i].settings;
	}
	draft->config.directories = settings;
	draft->config.directory_count = draft->directory_count;
}

void config_check_directories(struct config_reader *reader)
{
	const config_setting_t *list = config_find(reader->root, "directories");

	fill_directories(reader);
	if (reader->draft->directory_count == 0)
		require(reader, reader->root, "directories",
		    "name one: directories = ( { urls = [ \"ldaps://…\" ]; … } );");
	for (size_t i = 0; i < reader->draft->directory_count; i++) {
		check_directory(reader, config_setting_get_elem(list, (unsigned)i),
		    &reader->draft->directories[i]);
		if (!config_was_refused(reader, config_setting_get_elem(list, (unsigned)i), "name"))
			check_name_differs(reader, list, i);
	}
}
