/* SPDX-License-Identifier: ISC */
#include "cli/init_answers.h"

#include "base/nearest.h"
#include "base/time.h"
#include "cli/program.h"
#include "cli/prompt.h"
#include "scim/region.h"
#include <stdlib.h>
#include <string.h>

enum { URLS_MAX = 16, PAGE_SIZE = 500 };

#define CONNECT_TIMEOUT_MS (5 * TIME_SECOND_MS)
#define SEARCH_TIMEOUT_MS  (60 * TIME_SECOND_MS)
#define REQUEST_TIMEOUT_MS (60 * TIME_SECOND_MS)

void answers_init(struct answers *answers, const struct options *options, const char *secret_folder,
    const char *token_file)
{
	*answers = (struct answers) {
		.options = options,
		.arena = arena_new(),
		.secret_folder = secret_folder,
		.token_file = token_file,
		.is_asking = !options->is_yes && prompt_is_possible(),
		.given = options->init,
		.bind_secret = { .held.descriptor = -1, .name = "directory-password" },
		.tenant_secret = { .held.descriptor = -1 },
	};
}

static void forget_secret(struct answered_secret *secret)
{
	secret_free(&secret->value);
	secret_let_go(&secret->held);
	secret->reference = SPAN_NULL;
}

void answers_done(struct answers *answers)
{
	forget_secret(&answers->bind_secret);
	forget_secret(&answers->tenant_secret);
	arena_free(&answers->arena);
}

/* ---- one answer ---- */

static void note_missing(struct answers *answers, const char *option, const char *question)
{
	answers->is_missing = true;
	if (!answers->has_ended)
		program_complain("%s is missing: %s", option, question);
}

static const char *ask(struct answers *answers, const char *question, const char *fallback)
{
	struct str text = { 0 };
	const char *answer = NULL;

	if (prompt_text(question, fallback, &text))
		answer = arena_c(answers->arena, str_span(&text));
	else
		answers->has_ended = true;
	str_done(&text);
	return answer;
}

const char *answers_get(struct answers *answers, const char *option, const char *given,
    const char *question, const char *fallback)
{
	const char *answer = given;

	if (answers->has_ended)
		return NULL;
	if (answers->is_asking && (given == NULL || answers->is_again))
		answer = ask(answers, question, given != NULL ? given : fallback);
	else if (answer == NULL)
		answer = fallback;
	if (answer == NULL)
		note_missing(answers, option, question);
	return answer == NULL || *answer == '\0' ? NULL : answer;
}

/* A whole path, as the file needs it. */
static const char *get_path(struct answers *answers, const char *option, const char **given,
    const char *question, const char *fallback)
{
	const char *path = answers_get(answers, option, *given, question, fallback);
	char *whole;

	*given = path;
	if (path == NULL || path[0] == '/' || strncmp(path, "credential:", 11) == 0)
		return path;
	whole = realpath(path, NULL);
	if (whole == NULL)
		return path; /* whoever checks it says so */
	path = arena_c(answers->arena, span_of(whole));
	free(whole);
	return path;
}

/* One of some words; -1: none of them. */
static int get_word(struct answers *answers, const char *option, const char **given,
    const char *question, const char *const *words, size_t count)
{
	const char *word = answers_get(answers, option, *given, question, words[0]), *nearest;

	*given = word;
	for (size_t i = 0; word != NULL && i < count; i++)
		if (strcmp(word, words[i]) == 0)
			return (int)i;
	if (word == NULL)
		return -1;
	*given = NULL;
	nearest = nearest_word(span_of(word), words, count);
	program_complain("%s: \"%s\" is not known; %s%s%s%s", option, word, question,
	    nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
	    nearest != NULL ? "\"?" : "");
	answers->is_missing = true;
	return -1;
}

/* ---- secrets ---- */

struct secret_question {
	const char *option, *given, *question;
	bool is_stdin;
};

/* The value is not repeated: it may be the secret itself. */
static void take_reference(
    struct answers *answers, struct answered_secret *secret, const struct secret_question *question)
{
	if (secret_is_reference(span_of(question->given))) {
		secret->reference = span_of(question->given);
		return;
	}
	program_complain(
	    "%s says where the secret is: file:/PATH, env:NAME or credential:NAME. What "
	    "stood there was seen by everybody who may list processes: change it, and "
	    "use %s-stdin",
	    question->option, question->option);
	answers->is_missing = true;
}

static void store_later(struct answers *answers, struct answered_secret *secret)
{
	struct err err;

	if (secret_store_has(answers->secret_folder, secret->name) &&
	    !answers->options->init.is_forced) {
		program_complain(
		    "%s/%s is there already; refer to it (file:%s/%s), or replace it with --force",
		    answers->secret_folder, secret->name, answers->secret_folder, secret->name);
		answers->is_missing = true;
		return;
	}
	if (secret_hold(secret->value, &secret->held, &err) != STATUS_OK) {
		program_complain("%s", err.text);
		answers->is_missing = true;
		return;
	}
	secret->reference = arena_format(
	    answers->arena, "file:%s/%s", answers->secret_folder, secret->name);
}

static void note_missing_secret(struct answers *answers, const struct secret_question *question)
{
	answers->is_missing = true;
	if (question->is_stdin)
		program_complain("%s-stdin: standard input has no line for it", question->option);
	else if (!answers->has_ended)
		program_complain("%s, or %s-stdin, is missing: file:/PATH, env:NAME or "
				 "credential:NAME says where the secret is",
		    question->option, question->option);
}

static void get_secret(
    struct answers *answers, struct answered_secret *secret, const struct secret_question *question)
{
	forget_secret(secret);
	if (answers->has_ended)
		return;
	if (question->given != NULL && !(answers->is_asking && answers->is_again)) {
		take_reference(answers, secret, question);
		return;
	}
	if (question->is_stdin)
		secret->value = prompt_read_secret(question->question);
	else if (answers->is_asking)
		secret->value = prompt_secret(question->question);
	if (secret->value == NULL) {
		answers->has_ended = answers->is_asking && !question->is_stdin;
		note_missing_secret(answers, question);
		return;
	}
	if (secret_is_reference(secret_reveal(secret->value))) {
		secret->reference = arena_span(answers->arena, secret_reveal(secret->value));
		secret_free(&secret->value);
		return;
	}
	store_later(answers, secret);
}

/* ---- the directory ---- */

static void split_urls(struct answers *answers, const char *text)
{
	const char **urls = arena_array(answers->arena, URLS_MAX, sizeof(*urls));
	struct directory_settings *directory = &answers->directory;
	struct span rest = span_of(text);

	while (rest.len > 0 && directory->url_count < URLS_MAX) {
		struct span url = span_trim(span_split(&rest, ','));

		if (url.len > 0)
			urls[directory->url_count++] = arena_c(answers->arena, url);
	}
	directory->urls = urls;
}

static bool has_url(const struct directory_settings *directory, const char *scheme)
{
	for (size_t i = 0; i < directory->url_count; i++)
		if (strncasecmp(directory->urls[i], scheme, strlen(scheme)) == 0)
			return true;
	return false;
}

static void get_servers(struct answers *answers)
{
	struct directory_settings *directory = &answers->directory;
	const char *text = answers_get(answers, "--directory", answers->given.directory,
	    "directory: ldaps://HOST, a domain for DNS, or file:///PATH of an LDIF file", NULL);

	answers->given.directory = text;
	if (text == NULL)
		return;
	if (strstr(text, "://") == NULL)
		directory->domain = text;
	else
		split_urls(answers, text);
	if (has_url(directory, "file://"))
		directory->kind = DIRECTORY_LDIF;
}

static bool ask_yes(struct answers *answers, const char *question, bool fallback)
{
	bool is_yes = fallback;

	if (!answers->has_ended && !prompt_yes(question, fallback, &is_yes))
		answers->has_ended = true;
	return is_yes;
}

/* Kerberos seals by itself. */
static void get_cleartext_directory(struct answers *answers)
{
	struct init_options *given = &answers->given;
	bool is_open = answers->directory.bind.method != DIRECTORY_BIND_GSSAPI &&
		       !given->is_starttls && !given->allows_cleartext;

	if (is_open && answers->is_asking) {
		given->is_starttls = ask_yes(answers,
		    "ldap:// sends passwords and persons in the clear; turn it into TLS "
		    "(StartTLS)?",
		    true);
		given->allows_cleartext = !given->is_starttls &&
					  ask_yes(answers, "allow it in the clear?", false);
		is_open = !given->is_starttls && !given->allows_cleartext;
	}
	if (is_open) {
		program_complain("--directory: ldap:// sends passwords and persons in the clear; "
				 "write ldaps://, or add --starttls or --allow-cleartext");
		answers->is_missing = true;
	}
	answers->directory.tls.starttls = given->is_starttls;
	answers->directory.allow_cleartext = given->allows_cleartext && !given->is_starttls;
}

static void get_protection(struct answers *answers)
{
	struct directory_settings *directory = &answers->directory;
	bool is_clear = has_url(directory, "ldap://");

	if (is_clear)
		get_cleartext_directory(answers);
	if (has_url(directory, "ldapi://") || (is_clear && !directory->tls.starttls))
		return;
	directory->tls.ca_file = get_path(answers, "--ca-file", &answers->given.ca_file,
	    "PEM file of the authorities to trust (empty: the system's)", "");
}

static void get_bind_simple(struct answers *answers)
{
	struct init_options *given = &answers->given;
	struct secret_question question = { "--bind-password", given->bind_password,
		"its password (not shown), or where it is: file:/PATH, env:NAME, credential:NAME",
		given->is_bind_password_stdin };

	answers->directory.bind.dn = given->bind_dn = answers_get(answers, "--bind-dn",
	    given->bind_dn, "DN of the account that reads the directory", NULL);
	get_secret(answers, &answers->bind_secret, &question);
	answers->directory.bind.password = answers->bind_secret.reference;
}

static void get_bind_external(struct answers *answers)
{
	struct init_options *given = &answers->given;
	const char *fallback = has_url(&answers->directory, "ldapi://") ? "" : NULL;

	answers->directory.tls.cert_file = get_path(answers, "--cert-file", &given->cert_file,
	    "PEM file of the certificate to show to the directory", fallback);
	answers->directory.tls.key_file = get_path(
	    answers, "--key-file", &given->key_file, "PEM file of its private key", fallback);
}

static bool get_method(struct answers *answers)
{
	static const char *const methods[] = { "simple", "external", "gssapi", "anonymous" };
	int method = get_word(answers, "--bind", &answers->given.bind,
	    "how to log in to it: simple, external, gssapi or anonymous", methods, 4);

	if (method >= 0)
		answers->directory.bind.method = (enum directory_bind)method;
	return method >= 0;
}

static void get_bind(struct answers *answers)
{
	struct init_options *given = &answers->given;

	switch (answers->directory.bind.method) {
	case DIRECTORY_BIND_SIMPLE:
		get_bind_simple(answers);
		return;
	case DIRECTORY_BIND_EXTERNAL:
		get_bind_external(answers);
		return;
	case DIRECTORY_BIND_GSSAPI:
		answers->directory.bind.keytab = get_path(answers, "--keytab", &given->keytab,
		    "keytab of the account (empty: the system's client keytab)", "");
		return;
	case DIRECTORY_BIND_ANONYMOUS:
		return;
	}
}

bool answers_get_directory(struct answers *answers)
{
	answers->is_missing = false;
	answers->directory = (struct directory_settings) {
		.name = SPAN("directory"),
		.page_size = PAGE_SIZE,
		.connect_timeout_ms = CONNECT_TIMEOUT_MS,
		.search_timeout_ms = SEARCH_TIMEOUT_MS,
		.changes = DIRECTORY_CHANGES_NONE,
		.users = { .scope = DIRECTORY_SCOPE_SUBTREE },
	};
	get_servers(answers);
	if (answers->directory.kind != DIRECTORY_LDIF && get_method(answers)) {
		get_protection(answers);
		get_bind(answers);
	}
	return !answers->is_missing && !answers->has_ended;
}

struct directory_settings answers_directory_to_look(const struct answers *answers)
{
	struct directory_settings settings = answers->directory;

	if (answers->bind_secret.held.descriptor >= 0)
		settings.bind.password = span_of(answers->bind_secret.held.reference);
	return settings;
}

/* ---- the tenant ---- */

static void get_hosts(struct answers *answers)
{
	struct tenant_settings *tenant = &answers->tenant;
	struct region_hosts hosts;
	const char *place = answers_get(answers, "--tenant", answers->given.tenant,
	    "region of the tenant (us1, eu1, eu3 …), or the URL of its SCIM API", NULL);

	answers->given.tenant = place;
	answers->region = answers->oauth_url = NULL;
	if (place == NULL)
		return;
	if (strstr(place, "://") != NULL) {
		tenant->url = place;
		return;
	}
	if (!region_find(span_of(place), &hosts)) {
		program_complain(
		    "--tenant: no region \"%s\" is known; there are %s. Or give the URL "
		    "of the tenant's SCIM API",
		    place, region_names);
		answers->is_missing = true;
		return;
	}
	answers->region = place;
	tenant->url = arena_c(answers->arena, span_of(hosts.scim_url));
	tenant->auth.url = arena_c(answers->arena, span_of(hosts.auth_url));
	answers->oauth_url = arena_c(answers->arena, span_of(hosts.oauth_url));
}

static void get_auth_url(struct answers *answers)
{
	struct init_options *given = &answers->given;

	if (answers->tenant.auth.url == NULL)
		answers->tenant.auth.url = given->auth_url = answers_get(answers, "--auth-url",
		    given->auth_url,
		    "URL of the authentication host, as in https://auth.anaplan.com", NULL);
}

static void get_key(struct answers *answers)
{
	struct init_options *given = &answers->given;
	struct secret_question question = { "--credential", given->credential,
		"API key (not shown), or where it is: file:/PATH, env:NAME, credential:NAME",
		given->is_credential_stdin };

	answers->tenant_secret.name = "anaplan-api-key";
	answers->tenant.auth.url = NULL; /* it goes straight to the API */
	get_secret(answers, &answers->tenant_secret, &question);
	answers->tenant.auth.key = answers->tenant_secret.reference;
}

static void get_user(struct answers *answers)
{
	struct init_options *given = &answers->given;
	struct secret_question question = { "--credential", given->credential,
		"its password (not shown), or where it is: file:/PATH, env:NAME, credential:NAME",
		given->is_credential_stdin };

	answers->tenant_secret.name = "anaplan-password";
	given->user = answers_get(
	    answers, "--auth-user", given->user, "userName that logs in", NULL);
	answers->tenant.auth.user = span_of(given->user);
	get_auth_url(answers);
	get_secret(answers, &answers->tenant_secret, &question);
	answers->tenant.auth.password = answers->tenant_secret.reference;
}

static void get_certificate(struct answers *answers)
{
	struct init_options *given = &answers->given;

	answers->tenant.auth.cert_file = get_path(answers, "--auth-cert-file",
	    &given->auth_cert_file, "PEM file of the certificate that is registered in Anaplan",
	    NULL);
	answers->tenant.auth.key_file = span_of(get_path(answers, "--auth-key-file",
	    &given->auth_key_file, "PEM file of its private key", NULL));
	get_auth_url(answers);
}

/* The person logs in later, with the configuration. */
static void get_client(struct answers *answers)
{
	struct init_options *given = &answers->given;

	given->client_id = answers_get(answers, "--client-id", given->client_id,
	    "client id of the device grant client that is registered in Anaplan", NULL);
	answers->tenant.auth.client_id = span_of(given->client_id);
	answers->tenant.auth.refresh_token_file =
	    given->refresh_token_file != NULL ? given->refresh_token_file : answers->token_file;
	answers->tenant.auth.url = answers->oauth_url;
	if (answers->tenant.auth.url == NULL)
		answers->tenant.auth.url = given->auth_url = answers_get(answers, "--auth-url",
		    given->auth_url, "URL of the OAuth host, as in https://us1a.app.anaplan.com",
		    NULL);
}

static void get_auth(struct answers *answers)
{
	static const struct {
		const char *word;
		enum tenant_auth method;
	} methods[] = { { "api-key", TENANT_AUTH_API_KEY }, { "basic", TENANT_AUTH_BASIC },
		{ "certificate", TENANT_AUTH_CERTIFICATE },
		{ "oauth-device", TENANT_AUTH_OAUTH_DEVICE }, { "none", TENANT_AUTH_NONE } };
	const char *words[] = { methods[0].word, methods[1].word, methods[2].word, methods[3].word,
		methods[4].word };
	bool is_generic = answers->tenant.profile == TENANT_GENERIC;
	int method = get_word(answers, "--auth", &answers->given.auth,
	    is_generic ? "how to log in to it: api-key, basic, certificate, oauth-device or none"
		       : "how to log in to it: api-key, basic, certificate or oauth-device",
	    words, is_generic ? 5 : 4);

	if (method < 0)
		return;
	answers->tenant.auth.method = methods[method].method;
	if (answers->tenant.auth.method == TENANT_AUTH_API_KEY)
		get_key(answers);
	else if (answers->tenant.auth.method == TENANT_AUTH_BASIC)
		get_user(answers);
	else if (answers->tenant.auth.method == TENANT_AUTH_CERTIFICATE)
		get_certificate(answers);
	else if (answers->tenant.auth.method == TENANT_AUTH_OAUTH_DEVICE)
		get_client(answers);
}

/* Only a URL may be anything else. */
static void get_profile(struct answers *answers)
{
	static const char *const profiles[] = { "anaplan", "generic" };
	const char *given = answers->given.profile;

	for (int i = 0; given != NULL && i < 2; i++)
		if (strcmp(given, profiles[i]) == 0) {
			answers->tenant.profile = i == 0 ? TENANT_ANAPLAN : TENANT_GENERIC;
			return;
		}
	if (given == NULL)
		return;
	program_complain("--profile: \"%s\" is neither anaplan nor generic", given);
	answers->is_missing = true;
}

static void get_cleartext(struct answers *answers)
{
	struct tenant_settings *tenant = &answers->tenant;
	bool is_clear = tenant->url != NULL && strncasecmp(tenant->url, "http://", 7) == 0;

	tenant->allow_cleartext = is_clear && answers->given.allows_cleartext;
	if (is_clear && answers->is_asking && !tenant->allow_cleartext)
		tenant->allow_cleartext = ask_yes(answers,
		    "http:// sends credentials and persons in the clear; allow it?", false);
	if (is_clear && !tenant->allow_cleartext) {
		program_complain(
		    "--tenant: http:// sends credentials and persons in the clear; write "
		    "https://, or add --allow-cleartext");
		answers->is_missing = true;
	}
	if (!is_clear)
		tenant->ca_file = answers->given.tenant_ca_file;
}

bool answers_get_tenant(struct answers *answers)
{
	answers->is_missing = false;
	answers->tenant = (struct tenant_settings) {
		.timeout_ms = REQUEST_TIMEOUT_MS,
		.proxy = answers->given.proxy,
	};
	get_profile(answers);
	get_hosts(answers);
	get_cleartext(answers);
	get_auth(answers);
	return !answers->is_missing && !answers->has_ended;
}

struct tenant_settings answers_tenant_to_look(const struct answers *answers)
{
	struct tenant_settings settings = answers->tenant;

	if (answers->tenant_secret.held.descriptor < 0)
		return settings;
	if (settings.auth.method == TENANT_AUTH_API_KEY)
		settings.auth.key = span_of(answers->tenant_secret.held.reference);
	else
		settings.auth.password = span_of(answers->tenant_secret.held.reference);
	return settings;
}
