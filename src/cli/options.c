/* SPDX-License-Identifier: ISC */
/* Options stand before or behind the command; `--name=value` and `--name value` are the same. */
#include "cli/options.h"

#include "app/config.h"
#include "base/nearest.h"
#include "base/str.h"
#include "base/time.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BIT(command) (1U << (command))
#define ALL          (BIT(COMMAND_COUNT) - 1U)

static const struct {
	const char *name, *argument, *help;
} commands[COMMAND_COUNT] = {
	[COMMAND_NONE] = { NULL, NULL, NULL },
	[COMMAND_INIT] = { "init", "",
	    "a first configuration: looks at directory and tenant, proposes, writes it" },
	[COMMAND_RUN] = { "run", "", "the service, in the foreground" },
	[COMMAND_SYNC] = { "sync", "",
	    "one cycle: read the directory, show or send the difference" },
	[COMMAND_APPLY] = { "apply", " PLAN",
	    "exactly this saved plan, or nothing when the world has moved on" },
	[COMMAND_EXPLAIN] = { "explain", " WHO",
	    "one person: scope, rules, workspaces, account, holds, history, what comes next" },
	[COMMAND_CHECK] = { "check", "", "the configuration, then each peer, one line a step" },
	[COMMAND_STATUS] = { "status", "",
	    "the service that runs, the snapshot, the last runs, who is in quarantine" },
	[COMMAND_HOLDS] = { "holds", "", "what waits for a person's word, and why" },
	[COMMAND_APPROVE] = { "approve", " N", "let the actions of hold N go" },
	[COMMAND_REJECT] = { "reject", " N", "drop the actions of hold N until they change" },
	[COMMAND_UNDO] = { "undo", " RUN", "take back what a run did: its number, or last" },
	[COMMAND_AUDIT_VERIFY] = { "audit verify", "",
	    "prove that no record of the audit trail was touched" },
	[COMMAND_AUDIT_EXPORT] = { "audit export", "", "the audit trail, a JSON object a line" },
	[COMMAND_REPORT] = { "report", " changes|access|drift|runs",
	    "for an audit: what changed, who has access, what others changed, the runs" },
	[COMMAND_LOGIN] = { "login", "",
	    "let the agent into the tenant, for tenant.auth.method = \"oauth-device\"" },
	[COMMAND_RELOAD] = { "reload", "",
	    "have the service that runs read its configuration again" },
};

static const struct option_info table[] = {
	{ "--config", 'c', "FILE", ALL, "the configuration (" CONFIG_DEFAULT_PATH ")" },
	{ "--format", 0, "text|json", ALL,
	    "how results are written; report: also csv, html; --dry-run: html" },
	{ "--json", 0, NULL, ALL, "short for --format json" },
	{ "--dry-run", 0, NULL, BIT(COMMAND_NONE) | BIT(COMMAND_SYNC) | BIT(COMMAND_UNDO),
	    "plan only; alone: sync --dry-run --kind reconcile" },
	{ "--kind", 0, "delta|full|reconcile", BIT(COMMAND_SYNC),
	    "what is read (reconcile when nobody is linked, else full)" },
	{ "--user", 0, "WHO", BIT(COMMAND_SYNC),
	    "one person only: userName, DN, key, externalId or account id" },
	{ "--out", 'o', "FILE",
	    BIT(COMMAND_NONE) | BIT(COMMAND_SYNC) | BIT(COMMAND_REPORT) | BIT(COMMAND_INIT),
	    "the report into a file; with --dry-run: the plan as JSON; init: the configuration" },
	{ "--directory", 0, "URL", BIT(COMMAND_INIT),
	    "ldaps://HOST (several: with commas), a domain for DNS, or file:///PATH of an LDIF "
	    "file" },
	{ "--ca-file", 0, "FILE", BIT(COMMAND_INIT),
	    "PEM file of the authorities that the directory is trusted by" },
	{ "--starttls", 0, NULL, BIT(COMMAND_INIT), "turn ldap:// into TLS" },
	{ "--allow-cleartext", 0, NULL, BIT(COMMAND_INIT),
	    "allow ldap:// and http:// without TLS, for tests" },
	{ "--bind", 0, "METHOD", BIT(COMMAND_INIT),
	    "simple (the default), external, gssapi or anonymous" },
	{ "--bind-dn", 0, "DN", BIT(COMMAND_INIT), "who reads the directory" },
	{ "--bind-password", 0, "REF", BIT(COMMAND_INIT),
	    "where the password is: file:/PATH, env:NAME or credential:NAME; never itself" },
	{ "--bind-password-stdin", 0, NULL, BIT(COMMAND_INIT),
	    "it is the first line of standard input, and is stored" },
	{ "--keytab", 0, "FILE", BIT(COMMAND_INIT),
	    "with --bind gssapi: a path or credential:NAME" },
	{ "--cert-file", 0, "FILE", BIT(COMMAND_INIT),
	    "with --bind external: PEM file of the certificate" },
	{ "--key-file", 0, "FILE", BIT(COMMAND_INIT), "and of its private key" },
	{ "--base", 0, "DN", BIT(COMMAND_INIT), "below which users are (what the server names)" },
	{ "--filter", 0, "FILTER", BIT(COMMAND_INIT),
	    "that users match (people who can have a login)" },
	{ "--tenant", 0, "REGION", BIT(COMMAND_INIT),
	    "us1, eu3 …: where the tenant is; or the URL of its SCIM API" },
	{ "--profile", 0, "anaplan|generic", BIT(COMMAND_INIT), "what kind of SCIM server it is" },
	{ "--auth", 0, "METHOD", BIT(COMMAND_INIT),
	    "api-key (the default), basic, certificate or oauth-device; none with --profile "
	    "generic" },
	{ "--auth-url", 0, "URL", BIT(COMMAND_INIT),
	    "the region's authentication host, where --tenant is a URL" },
	{ "--auth-user", 0, "NAME", BIT(COMMAND_INIT), "with --auth basic: who logs in" },
	{ "--credential", 0, "REF", BIT(COMMAND_INIT),
	    "where the API key or password is: as --bind-password" },
	{ "--credential-stdin", 0, NULL, BIT(COMMAND_INIT),
	    "it is the next line of standard input, and is stored" },
	{ "--auth-cert-file", 0, "FILE", BIT(COMMAND_INIT),
	    "with --auth certificate: PEM file of the certificate" },
	{ "--auth-key-file", 0, "FILE", BIT(COMMAND_INIT), "and of its private key" },
	{ "--client-id", 0, "ID", BIT(COMMAND_INIT),
	    "with --auth oauth-device: the client that is registered in Anaplan" },
	{ "--refresh-token-file", 0, "FILE", BIT(COMMAND_INIT),
	    "where its token is to be kept (beside the state)" },
	{ "--tenant-ca-file", 0, "FILE", BIT(COMMAND_INIT),
	    "PEM file of the authorities that the tenant is trusted by" },
	{ "--proxy", 0, "URL", BIT(COMMAND_INIT), "the proxy towards the tenant" },
	{ "--protect", 0, "NAMES", BIT(COMMAND_INIT),
	    "userNames that are never changed: the credential's owner; with commas" },
	{ "--force", 0, NULL, BIT(COMMAND_INIT), "replace what is there; it is kept as FILE.old" },
	{ "--since", 0, "T", BIT(COMMAND_REPORT) | BIT(COMMAND_AUDIT_EXPORT),
	    "from then on: a date, a time (ISO 8601), or how long ago (7d)" },
	{ "--until", 0, "T", BIT(COMMAND_REPORT), "before then; a date: to the end of that day" },
	{ "--detailed-exitcode", 0, NULL, BIT(COMMAND_NONE) | BIT(COMMAND_SYNC) | BIT(COMMAND_UNDO),
	    "with --dry-run: exit 2 when changes are pending" },
	{ "--stop-after", 0, "STEPS", BIT(COMMAND_SYNC) | BIT(COMMAND_APPLY) | BIT(COMMAND_UNDO),
	    NULL },
	{ "--yes", 'y', NULL, BIT(COMMAND_UNDO) | BIT(COMMAND_INIT),
	    "do not ask (without a terminal nobody is asked)" },
	{ "--head", 0, "HASH", BIT(COMMAND_AUDIT_VERIFY),
	    "a hash that was kept elsewhere and must be in the trail" },
	{ "--history", 0, "N", BIT(COMMAND_EXPLAIN),
	    "how many actions of the past are shown (10)" },
	{ "--whole", 0, NULL, BIT(COMMAND_EXPLAIN),
	    "plan everybody's changes, so that limits count too; reads all of directory and "
	    "tenant" },
	{ "--watch", 'w', NULL, BIT(COMMAND_STATUS),
	    "show it again whenever it changes, as long as the service runs" },
	{ "--offline", 0, NULL, BIT(COMMAND_CHECK) | BIT(COMMAND_INIT),
	    "check: the configuration only; init: without looking at anything" },
	{ "--quiet", 'q', NULL, ALL, "nothing on standard error but errors" },
	{ "--verbose", 'v', NULL, ALL, "log in full, as with log.level = \"debug\"" },
	{ "--help", 'h', NULL, ALL, "this text" },
	{ "--version", 'V', NULL, ALL, "the version" },
};

enum { TABLE_COUNT = sizeof(table) / sizeof(table[0]) };

/* Those that were seen are bits. */
_Static_assert(TABLE_COUNT <= 64, "too many options");

const char *command_name(enum command command)
{
	return commands[command].name;
}

const char *command_help(enum command command)
{
	return commands[command].help;
}

const struct option_info *options_table(size_t *ret_count)
{
	*ret_count = TABLE_COUNT;
	return table;
}

static void print_option(const struct option_info *option)
{
	char left[64];

	snprintf(left, sizeof(left), "%s%c%s%s%s%s", option->letter ? "-" : "",
	    option->letter ? option->letter : ' ', option->letter ? ", " : "", option->name,
	    option->value ? " " : "", option->value ? option->value : "");
	printf("  %-32s %s\n", left[0] == ' ' ? left + 1 : left, option->help);
}

/* The many of init would hide the others. */
static bool goes_with(const struct option_info *option, enum command command)
{
	if (command == COMMAND_NONE)
		return option->commands != BIT(COMMAND_INIT);
	return (option->commands & BIT(command)) != 0;
}

void options_print_help(enum command command)
{
	if (command == COMMAND_NONE) {
		puts("scimward keeps the users of an Anaplan tenant in step with an LDAP "
		     "directory.\n\n"
		     "usage: scimward [-c FILE] COMMAND [OPTION …]\n       scimward [-c FILE] "
		     "--dry-run\n\ncommands:");
		for (int i = COMMAND_NONE + 1; i < COMMAND_COUNT; i++)
			printf("  %-32s %s\n", commands[i].name, commands[i].help);
	} else {
		printf("usage: scimward [-c FILE] %s%s [OPTION …]\n\n%s\n", commands[command].name,
		    commands[command].argument, commands[command].help);
	}
	puts("\noptions:");
	for (size_t i = 0; i < TABLE_COUNT; i++) {
		if (table[i].help != NULL && goes_with(&table[i], command))
			print_option(&table[i]);
	}
	if (command == COMMAND_NONE)
		puts("  and the answers of init: scimward init --help");
	puts("\nexit status: 0 done, 1 failed, 2 changes pending (--detailed-exitcode), 3 held, 4 "
	     "some users rejected,\n"
	     "64 usage, 69 directory, tenant or service cannot be used, 74 state, 75 locked by "
	     "another process, 78 "
	     "configuration");
}

static enum status refuse_unknown(
    const char *what, const char *word, const char *nearest, struct err *reterr)
{
	if (nearest != NULL)
		err_set(reterr,
		    "unknown %s \"%s\"; did you mean \"%s\"? (scimward --help lists all)", what,
		    word, nearest);
	else
		err_set(reterr, "unknown %s \"%s\"; scimward --help lists all", what, word);
	return STATUS_REJECT;
}

/* Whether the word is the first of a command of two. */
static bool begins_command(const char *word)
{
	size_t len = strlen(word);

	for (int i = COMMAND_NONE + 1; i < COMMAND_COUNT; i++) {
		if (strncmp(word, commands[i].name, len) == 0 && commands[i].name[len] == ' ')
			return true;
	}
	return false;
}

static enum status find_command(const char *word, enum command *ret_command, struct err *reterr)
{
	const char *names[COMMAND_COUNT];
	size_t count = 0;

	for (int i = COMMAND_NONE + 1; i < COMMAND_COUNT; i++) {
		if (strcmp(word, commands[i].name) == 0) {
			*ret_command = (enum command)i;
			return STATUS_OK;
		}
		names[count++] = commands[i].name;
	}
	return refuse_unknown("command", word, nearest_word(span_of(word), names, count), reterr);
}

static const struct option_info *find_option(const char *word, size_t len)
{
	for (size_t i = 0; i < TABLE_COUNT; i++) {
		if (strlen(table[i].name) == len && memcmp(table[i].name, word, len) == 0)
			return &table[i];
		if (len == 2 && word[0] == '-' && table[i].letter == word[1])
			return &table[i];
	}
	return NULL;
}

static enum status refuse_option(const char *word, size_t len, struct err *reterr)
{
	const char *names[TABLE_COUNT];
	size_t count = 0;
	char name[64];

	for (size_t i = 0; i < TABLE_COUNT; i++) {
		if (table[i].help != NULL)
			names[count++] = table[i].name;
	}
	snprintf(name, sizeof(name), "%.*s", (int)len, word);
	return refuse_unknown("option", name, nearest_word(span_of(name), names, count), reterr);
}

static enum status take_kind(const char *value, struct options *options, struct err *reterr)
{
	static const char *const kinds[] = { "delta", "full", "reconcile" };

	options->has_kind = true;
	if (cycle_kind_parse(span_of(value), &options->kind) && options->kind != CYCLE_UNDO)
		return STATUS_OK;
	return refuse_unknown("kind", value, nearest_word(span_of(value), kinds, 3), reterr);
}

static enum status take_format(const char *value, struct options *options, struct err *reterr)
{
	static const char *const formats[] = { "text", "json", "csv", "html" };

	for (int i = REPORT_TEXT; i <= REPORT_HTML; i++) {
		if (strcmp(value, formats[i]) != 0)
			continue;
		options->format = (enum report_format)i;
		options->is_json = options->format == REPORT_JSON;
		return STATUS_OK;
	}
	err_set(reterr,
	    "unknown format \"%s\"; it is text or json (report: also csv or html; --dry-run: "
	    "html)",
	    value);
	return STATUS_REJECT;
}

static enum status take_head(const char *value, struct options *options, struct err *reterr)
{
	options->has_head = audit_hash_parse(span_of(value), &options->head);
	if (options->has_head)
		return STATUS_OK;
	err_set(reterr,
	    "\"%s\" is no hash: it has 64 hex digits, as the log and scimward status show it",
	    value);
	return STATUS_REJECT;
}

static enum status take_since(const char *value, struct options *options, struct err *reterr)
{
	options->since = value;
	options->is_since_ago = duration_parse(span_of(value), &options->since_ms);
	options->has_since = options->is_since_ago ||
			     time_parse_iso(span_of(value), &options->since_ms);
	if (options->has_since)
		return STATUS_OK;
	err_set(reterr,
	    "\"%s\" is no time: write 2026-03-01, 2026-03-01T12:00:00Z, or how long ago (90d, 24h)",
	    value);
	return STATUS_REJECT;
}

/* The clock is not known here: it is only seen that the time can be read. */
static enum status take_until(const char *value, struct options *options, struct err *reterr)
{
	int64_t wall_ms;

	options->until = value;
	return report_time_parse(span_of(value), 0, true, &wall_ms, reterr);
}

static enum status take_steps(const char *value, struct options *options, struct err *reterr)
{
	char *end = NULL;

	options->stop_after = strtoull(value, &end, 10);
	if (value[0] >= '0' && value[0] <= '9' && *end == '\0' && options->stop_after > 0)
		return STATUS_OK;
	err_set(reterr, "option --stop-after needs a number of steps from 1 on");
	return STATUS_REJECT;
}

static enum status take_history(const char *value, struct options *options, struct err *reterr)
{
	uint64_t number;

	options->has_history = span_to_u64(span_of(value), &number) && number <= SIZE_MAX;
	if (options->has_history) {
		options->history = (size_t)number;
		return STATUS_OK;
	}
	err_set(reterr, "option --history needs a number of actions");
	return STATUS_REJECT;
}

/* The options of init that are kept as they stand. @return false: it is none */
static bool take_answer(const char *name, const char *value, struct init_options *init)
{
	const struct {
		const char *name, **place;
	} answers[] = {
		{ "--directory", &init->directory },
		{ "--ca-file", &init->ca_file },
		{ "--bind", &init->bind },
		{ "--bind-dn", &init->bind_dn },
		{ "--bind-password", &init->bind_password },
		{ "--keytab", &init->keytab },
		{ "--cert-file", &init->cert_file },
		{ "--key-file", &init->key_file },
		{ "--base", &init->base },
		{ "--filter", &init->filter },
		{ "--tenant", &init->tenant },
		{ "--profile", &init->profile },
		{ "--auth", &init->auth },
		{ "--auth-url", &init->auth_url },
		{ "--auth-user", &init->user },
		{ "--credential", &init->credential },
		{ "--auth-cert-file", &init->auth_cert_file },
		{ "--auth-key-file", &init->auth_key_file },
		{ "--client-id", &init->client_id },
		{ "--refresh-token-file", &init->refresh_token_file },
		{ "--tenant-ca-file", &init->tenant_ca_file },
		{ "--proxy", &init->proxy },
		{ "--protect", &init->protect },
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (strcmp(name, answers[i].name) != 0)
			continue;
		*answers[i].place = value;
		return true;
	}
	return false;
}

static enum status take_option(const struct option_info *option, const char *value,
    struct options *options, struct err *reterr)
{
	static const struct {
		const char *name;
		size_t offset;
	} flags[] = {
		{ "--json", offsetof(struct options, is_json) },
		{ "--dry-run", offsetof(struct options, is_dry) },
		{ "--detailed-exitcode", offsetof(struct options, is_detailed_exit) },
		{ "--watch", offsetof(struct options, is_watch) },
		{ "--whole", offsetof(struct options, is_whole) },
		{ "--offline", offsetof(struct options, is_offline) },
		{ "--yes", offsetof(struct options, is_yes) },
		{ "--quiet", offsetof(struct options, is_quiet) },
		{ "--bind-password-stdin", offsetof(struct options, init.is_bind_password_stdin) },
		{ "--credential-stdin", offsetof(struct options, init.is_credential_stdin) },
		{ "--starttls", offsetof(struct options, init.is_starttls) },
		{ "--allow-cleartext", offsetof(struct options, init.allows_cleartext) },
		{ "--force", offsetof(struct options, init.is_forced) },
		{ "--verbose", offsetof(struct options, is_verbose) },
		{ "--help", offsetof(struct options, wants_help) },
		{ "--version", offsetof(struct options, wants_version) },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (strcmp(option->name, flags[i].name) == 0)
			*(bool *)((char *)options + flags[i].offset) = true;
	}
	if (take_answer(option->name, value, &options->init))
		return STATUS_OK;
	if (strcmp(option->name, "--config") == 0)
		options->config_path = value;
	else if (strcmp(option->name, "--user") == 0)
		options->who = value;
	else if (strcmp(option->name, "--out") == 0)
		options->out = value;
	else if (strcmp(option->name, "--stop-after") == 0)
		return take_steps(value, options, reterr);
	else if (strcmp(option->name, "--history") == 0)
		return take_history(value, options, reterr);
	else if (strcmp(option->name, "--head") == 0)
		return take_head(value, options, reterr);
	else if (strcmp(option->name, "--since") == 0)
		return take_since(value, options, reterr);
	else if (strcmp(option->name, "--kind") == 0)
		return take_kind(value, options, reterr);
	else if (strcmp(option->name, "--format") == 0)
		return take_format(value, options, reterr);
	else if (strcmp(option->name, "--until") == 0)
		return take_until(value, options, reterr);
	return STATUS_OK;
}

/* Reads the option at `*at` and its value, and moves to the last word of it. */
static enum status read_option(char *const *argv, int argc, int *at, struct options *options,
    uint64_t *seen, struct err *reterr)
{
	const char *word = argv[*at], *equals = strchr(word, '='), *value = NULL;
	size_t len = equals != NULL ? (size_t)(equals - word) : strlen(word);
	const struct option_info *option = find_option(word, len);

	if (option == NULL)
		return refuse_option(word, len, reterr);
	if (option->value == NULL && equals != NULL) {
		err_set(reterr, "option %s takes no value", option->name);
		return STATUS_REJECT;
	}
	if (option->value != NULL) {
		value = equals != NULL ? equals + 1 : *at + 1 < argc ? argv[++*at] : NULL;
		if (value == NULL || *value == '\0') {
			err_set(reterr, "option %s needs a value: %s", option->name, option->value);
			return STATUS_REJECT;
		}
	}
	*seen |= UINT64_C(1) << (option - table);
	return take_option(option, value, options, reterr);
}

static bool is_decision(enum command command)
{
	return command == COMMAND_APPROVE || command == COMMAND_REJECT;
}

static enum status read_hold(const char *word, struct options *options, struct err *reterr)
{
	uint64_t number;

	if (span_to_u64(span_of(word), &number) && number > 0 && number <= INT64_MAX) {
		options->hold_id = (int64_t)number;
		return STATUS_OK;
	}
	err_set(reterr, "\"%s\" is no number of a hold; scimward holds shows them", word);
	return STATUS_REJECT;
}

static enum status read_run(const char *word, struct options *options, struct err *reterr)
{
	uint64_t number = 0;

	options->has_run = strcmp(word, "last") == 0 || (span_to_u64(span_of(word), &number) &&
							    number > 0 && number <= INT64_MAX);
	options->undo_run = (int64_t)number;
	if (options->has_run)
		return STATUS_OK;
	err_set(reterr,
	    "\"%s\" is no number of a run, nor \"last\"; scimward status shows the last runs",
	    word);
	return STATUS_REJECT;
}

/* The second word of a command of two. */
static enum status read_second(const char *word, struct options *options, struct err *reterr)
{
	char both[64];

	(void)snprintf(both, sizeof(both), "%s %s", options->first_word, word);
	return find_command(both, &options->command, reterr);
}

static enum status read_report(const char *word, struct options *options, struct err *reterr)
{
	const char *names[REPORT_KIND_COUNT];

	for (int i = 0; i < REPORT_KIND_COUNT; i++) {
		names[i] = report_kind_name((enum report_kind)i);
		if (strcmp(word, names[i]) != 0)
			continue;
		options->report = (enum report_kind)i;
		options->has_report = true;
		return STATUS_OK;
	}
	return refuse_unknown(
	    "report", word, nearest_word(span_of(word), names, REPORT_KIND_COUNT), reterr);
}

static enum status read_word(const char *word, struct options *options, struct err *reterr)
{
	if (options->command == COMMAND_NONE && options->first_word != NULL)
		return read_second(word, options, reterr);
	if (options->command == COMMAND_NONE && begins_command(word)) {
		options->first_word = word;
		return STATUS_OK;
	}
	if (options->command == COMMAND_NONE)
		return find_command(word, &options->command, reterr);
	if (is_decision(options->command) && options->hold_id == 0)
		return read_hold(word, options, reterr);
	if (options->command == COMMAND_EXPLAIN && options->who == NULL) {
		options->who = word;
		return STATUS_OK;
	}
	if (options->command == COMMAND_UNDO && !options->has_run)
		return read_run(word, options, reterr);
	if (options->command == COMMAND_APPLY && options->plan == NULL) {
		options->plan = word;
		return STATUS_OK;
	}
	if (options->command == COMMAND_REPORT && !options->has_report)
		return read_report(word, options, reterr);
	err_set(reterr, "\"%s\" is one word too many for \"%s\"", word,
	    commands[options->command].name);
	return STATUS_REJECT;
}

static enum status refuse_half(const char *first, struct err *reterr)
{
	struct str names = { 0 };
	size_t len = strlen(first);

	for (int i = COMMAND_NONE + 1; i < COMMAND_COUNT; i++) {
		if (strncmp(first, commands[i].name, len) == 0 && commands[i].name[len] == ' ')
			str_addf(&names, "%s%s", names.len > 0 ? " or " : "",
			    commands[i].name + len + 1);
	}
	err_set(reterr, "%s what? %s", first, str_c(&names));
	str_done(&names);
	return STATUS_REJECT;
}

static enum status check_report(const struct options *options, struct err *reterr)
{
	if (options->command == COMMAND_REPORT && !options->has_report) {
		err_set(reterr, "report needs a word: changes, access, drift or runs");
		return STATUS_REJECT;
	}
	if (options->format == REPORT_HTML && options->is_dry)
		return STATUS_OK;
	if (options->command != COMMAND_REPORT && options->format > REPORT_JSON) {
		err_set(reterr, options->format == REPORT_CSV
				    ? "the format csv goes with \"report\" only"
				    : "the format html goes with \"report\" and --dry-run only");
		return STATUS_REJECT;
	}
	return STATUS_OK;
}

/* What a command cannot do without. */
static enum status check_arguments(const struct options *options, struct err *reterr)
{
	if (options->command == COMMAND_EXPLAIN && options->who == NULL) {
		err_set(reterr, "explain needs WHO: a userName, DN, key, externalId or account id");
		return STATUS_REJECT;
	}
	if (options->command == COMMAND_UNDO && !options->has_run) {
		err_set(reterr,
		    "undo needs RUN: a number, or last; scimward status shows the last runs");
		return STATUS_REJECT;
	}
	if (options->command == COMMAND_APPLY && options->plan == NULL) {
		err_set(
		    reterr, "apply needs PLAN: a file of \"scimward sync --dry-run --out FILE\"");
		return STATUS_REJECT;
	}
	if (is_decision(options->command) && options->hold_id == 0) {
		err_set(reterr, "%s needs the number of a hold; scimward holds shows them",
		    commands[options->command].name);
		return STATUS_REJECT;
	}
	return STATUS_OK;
}

static enum status check_fit(struct options *options, uint64_t seen, struct err *reterr)
{
	if (options->command == COMMAND_NONE && options->first_word != NULL)
		return refuse_half(options->first_word, reterr);
	for (size_t i = 0; i < TABLE_COUNT; i++) {
		if (!(seen & (UINT64_C(1) << i)) || (table[i].commands & BIT(options->command)))
			continue;
		err_set(reterr, "option %s does not go with \"%s\"", table[i].name,
		    options->command == COMMAND_NONE ? "no command"
						     : commands[options->command].name);
		return STATUS_REJECT;
	}
	if (check_arguments(options, reterr) != STATUS_OK)
		return STATUS_REJECT;
	if (options->is_quiet && options->is_verbose) {
		err_set(reterr, "--quiet and --verbose ask for opposites");
		return STATUS_REJECT;
	}
	if ((options->out != NULL || options->is_detailed_exit) && !options->is_dry &&
	    options->command != COMMAND_REPORT && options->command != COMMAND_INIT) {
		err_set(reterr, "%s goes with --dry-run only",
		    options->out != NULL ? "--out" : "--detailed-exitcode");
		return STATUS_REJECT;
	}
	if (options->command == COMMAND_NONE && !options->is_dry) {
		err_set(reterr,
		    "which command? init, run, sync, apply, explain, check, status, holds, "
		    "approve, "
		    "reject, undo, audit verify, audit export, report, login or reload (scimward "
		    "--help "
		    "says more)");
		return STATUS_REJECT;
	}
	return check_report(options, reterr);
}

enum status options_parse(
    int argc, char *const *argv, struct options *ret_options, struct err *reterr)
{
	struct options options = { .config_path = CONFIG_DEFAULT_PATH };
	uint64_t seen = 0;
	bool has_ended = false; /* "--" was seen */

	for (int i = 1; i < argc; i++) {
		enum status status;

		if (!has_ended && strcmp(argv[i], "--") == 0) {
			has_ended = true;
			continue;
		}
		if (!has_ended && argv[i][0] == '-' && argv[i][1] != '\0')
			status = read_option(argv, argc, &i, &options, &seen, reterr);
		else
			status = read_word(argv[i], &options, reterr);
		if (status != STATUS_OK)
			return status;
	}
	if (!options.wants_help && !options.wants_version &&
	    check_fit(&options, seen, reterr) != STATUS_OK)
		return STATUS_REJECT;
	if (options.command == COMMAND_NONE && options.is_dry) {
		options.command = COMMAND_SYNC;
		options.has_kind = true;
		options.kind = CYCLE_RECONCILE;
	}
	*ret_options = options;
	return STATUS_OK;
}
