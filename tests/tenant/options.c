// SPDX-License-Identifier: ISC
#include "options.h"

#include "memory.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum option_code {
	OPTION_HELP = 'h',
	OPTION_PORT = 256,
	OPTION_ADDRESS,
	OPTION_PORT_FILE,
	OPTION_TLS_CERT,
	OPTION_TLS_KEY,
	OPTION_WORKSPACES,
	OPTION_API_KEY,
	OPTION_USER,
	OPTION_REFRESH_TOKEN,
	OPTION_CA_FILE,
	OPTION_CERTIFICATE_USER,
	OPTION_TOKEN_LIFETIME,
	OPTION_OAUTH_CLIENT,
	OPTION_REFRESH_LIFETIME,
	OPTION_REFRESH_GRACE,
	OPTION_DEVICE_LIFETIME,
	OPTION_DEVICE_INTERVAL,
	OPTION_USERS,
	OPTION_PAGE_ORDER,
	OPTION_STATE,
	OPTION_CREATE_STATUS,
	OPTION_ADD_REPLACES,
	OPTION_LOG_LIMIT,
	OPTION_QUIET
};

static const char help[] =
    "Usage: tenant-simulator [OPTION]...\n"
    "Plays an Anaplan tenant: SCIM, its auth service, and faults on request.\n"
    "\n"
    "  --port N               listen there (0: any free port)\n"
    "  --address ADDRESS      listen on this IPv4 address (127.0.0.1)\n"
    "  --port-file FILE       write the port there once it listens\n"
    "  --tls-cert FILE        serve HTTPS with this certificate chain in PEM\n"
    "  --tls-key FILE         and this key\n"
    "  --workspaces LIST      ID or ID=NAME, with commas; replaces the two built in\n"
    "  --api-key KEY[:norole] an API key; may be repeated, as the next two\n"
    "  --user NAME:PASSWORD[:norole]\n"
    "                         a person who may log in; norole: not a User Administrator\n"
    "  --refresh-token CLIENT:TOKEN[:norole]\n"
    "                         a refresh token that POST /oauth/token takes, once\n"
    "  --oauth-client NAME[:norotate]\n"
    "                         a client for OAuth's device grant; may be repeated\n"
    "  --refresh-lifetime SECONDS\n"
    "                         how long a refresh token that rotates lives (43000)\n"
    "  --refresh-grace SECONDS\n"
    "                         how long it is taken again after its use (0)\n"
    "  --device-lifetime SECONDS, --device-interval SECONDS\n"
    "                         of a code for a person (600), between polls (5)\n"
    "  --ca-file PEM          authorities whose certificates may log in\n"
    "  --certificate-user NAME\n"
    "                         whom they log in (administrator@corp.example)\n"
    "  --token-lifetime SECONDS\n"
    "                         how long a token lives (2100)\n"
    "  --users N              begin with N synthetic users\n"
    "  --page-order ORDER     stable, or unstable: every list is turned by some positions\n"
    "  --state FILE           load the users from there and write them back at the end\n"
    "  --create-status N      201, or 200 as in Anaplan's sample\n"
    "  --add-replaces         PATCH add at entitlements clears them first\n"
    "  --log-limit N          keep the last N requests for /_log (20000)\n"
    "  --quiet                say nothing on stdout\n"
    "  --help                 show this\n"
    "\n"
    "Stops on SIGTERM or SIGINT.  Exit status: 0 done, 1 failed, 64 wrong usage.\n"
    "The control endpoints (/_control, /_log, /_stats, /_reset, /_users) are described in\n"
    "control.h and fault.h.\n";

static const struct option known[] = {
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "port", required_argument, NULL, OPTION_PORT },
	{ "address", required_argument, NULL, OPTION_ADDRESS },
	{ "port-file", required_argument, NULL, OPTION_PORT_FILE },
	{ "tls-cert", required_argument, NULL, OPTION_TLS_CERT },
	{ "tls-key", required_argument, NULL, OPTION_TLS_KEY },
	{ "workspaces", required_argument, NULL, OPTION_WORKSPACES },
	{ "api-key", required_argument, NULL, OPTION_API_KEY },
	{ "user", required_argument, NULL, OPTION_USER },
	{ "refresh-token", required_argument, NULL, OPTION_REFRESH_TOKEN },
	{ "ca-file", required_argument, NULL, OPTION_CA_FILE },
	{ "certificate-user", required_argument, NULL, OPTION_CERTIFICATE_USER },
	{ "token-lifetime", required_argument, NULL, OPTION_TOKEN_LIFETIME },
	{ "oauth-client", required_argument, NULL, OPTION_OAUTH_CLIENT },
	{ "refresh-lifetime", required_argument, NULL, OPTION_REFRESH_LIFETIME },
	{ "refresh-grace", required_argument, NULL, OPTION_REFRESH_GRACE },
	{ "device-lifetime", required_argument, NULL, OPTION_DEVICE_LIFETIME },
	{ "device-interval", required_argument, NULL, OPTION_DEVICE_INTERVAL },
	{ "users", required_argument, NULL, OPTION_USERS },
	{ "page-order", required_argument, NULL, OPTION_PAGE_ORDER },
	{ "state", required_argument, NULL, OPTION_STATE },
	{ "create-status", required_argument, NULL, OPTION_CREATE_STATUS },
	{ "add-replaces", no_argument, NULL, OPTION_ADD_REPLACES },
	{ "log-limit", required_argument, NULL, OPTION_LOG_LIMIT },
	{ "quiet", no_argument, NULL, OPTION_QUIET },
	{ NULL, 0, NULL, 0 },
};

/* "KEY[:norole]", or with `has_secret` "NAME:SECRET[:norole]" */
static bool add_credential(struct credentials *all, const char *text, bool has_secret)
{
	static const char suffix[] = ":norole";
	char *name = text_copy(text);
	size_t length = strlen(name);
	bool has_role = length < sizeof(suffix) ||
			strcmp(name + length + 1 - sizeof(suffix), suffix) != 0;
	if (!has_role)
		name[length + 1 - sizeof(suffix)] = '\0';
	char *colon = has_secret ? strchr(name, ':') : NULL;
	if (has_secret && !colon) {
		free(name);
		return false;
	}
	if (colon)
		*colon = '\0';
	all->list = memory_resize(all->list, all->count + 1, sizeof(*all->list));
	all->list[all->count++] =
	    (struct credential) { name, colon ? text_copy(colon + 1) : NULL, has_role };
	return true;
}

static bool add_oauth_client(struct options *options, const char *text)
{
	static const char suffix[] = ":norotate";
	char *name = text_copy(text), *end = strstr(name, suffix);
	bool is_rotating = !end || end[sizeof(suffix) - 1] != '\0';
	if (!is_rotating)
		*end = '\0';
	options->oauth_clients = memory_resize(options->oauth_clients,
	    options->oauth_client_count + 1, sizeof(*options->oauth_clients));
	options->oauth_clients[options->oauth_client_count++] =
	    (struct oauth_client) { name, is_rotating };
	return *name != '\0';
}

static void credentials_done(struct credentials *all)
{
	for (size_t i = 0; i < all->count; i++) {
		free(all->list[i].name);
		free(all->list[i].secret);
	}
	free(all->list);
}

static bool add_workspaces(struct workspaces *all, const char *text)
{
	workspaces_done(all);
	char *copy = text_copy(text), *rest = NULL;
	for (char *one = strtok_r(copy, ",", &rest); one; one = strtok_r(NULL, ",", &rest)) {
		char *name = strchr(one, '=');
		if (name)
			*name++ = '\0';
		workspaces_add(all, one, name);
	}
	free(copy);
	return all->count > 0 && all->count <= UINT16_MAX;
}

static bool number_between(const char *text, long least, long most, long *ret_number)
{
	long number;
	if (!text_to_number(text, &number) || number < least || number > most)
		return false;
	*ret_number = number;
	return true;
}

static bool set_page_order(struct options *options, const char *text)
{
	options->is_order_unstable = strcmp(text, "unstable") == 0;
	return options->is_order_unstable || strcmp(text, "stable") == 0;
}

static bool set_text(const char **field, const char *text)
{
	*field = text;
	return *text != '\0';
}

static bool set_flag(bool *flag)
{
	*flag = true;
	return true;
}

/* One line for each option, which is why it is long. */
static bool options_set(struct options *options, enum option_code code, const char *value)
{
	switch (code) {
	case OPTION_PORT:
		return number_between(value, 0, 65535, &options->port);
	case OPTION_ADDRESS:
		return set_text(&options->address, value);
	case OPTION_PORT_FILE:
		return set_text(&options->port_file, value);
	case OPTION_TLS_CERT:
		return set_text(&options->tls_cert, value);
	case OPTION_TLS_KEY:
		return set_text(&options->tls_key, value);
	case OPTION_WORKSPACES:
		return add_workspaces(&options->workspaces, value);
	case OPTION_API_KEY:
		return add_credential(&options->api_keys, value, false);
	case OPTION_USER:
		return add_credential(&options->users, value, true);
	case OPTION_REFRESH_TOKEN:
		return add_credential(&options->refresh_tokens, value, true);
	case OPTION_CA_FILE:
		return set_text(&options->ca_file, value);
	case OPTION_CERTIFICATE_USER:
		return set_text(&options->certificate_user, value);
	case OPTION_TOKEN_LIFETIME:
		return number_between(value, 0, 1000000000, &options->token_lifetime_s);
	case OPTION_OAUTH_CLIENT:
		return add_oauth_client(options, value);
	case OPTION_REFRESH_LIFETIME:
		return number_between(value, 0, 1000000000, &options->refresh_lifetime_s);
	case OPTION_REFRESH_GRACE:
		return number_between(value, 0, 1000000000, &options->refresh_grace_s);
	case OPTION_DEVICE_LIFETIME:
		return number_between(value, 0, 1000000, &options->device_lifetime_s);
	case OPTION_DEVICE_INTERVAL:
		return number_between(value, 0, 1000, &options->device_interval_s);
	case OPTION_USERS:
		return number_between(value, 0, 10000000, &options->user_count);
	case OPTION_PAGE_ORDER:
		return set_page_order(options, value);
	case OPTION_STATE:
		return set_text(&options->state_file, value);
	case OPTION_CREATE_STATUS:
		return number_between(value, 200, 201, &options->create_status);
	case OPTION_ADD_REPLACES:
		return set_flag(&options->add_replaces);
	case OPTION_LOG_LIMIT:
		return number_between(value, 0, 10000000, &options->log_limit);
	case OPTION_QUIET:
		return set_flag(&options->is_quiet);
	case OPTION_HELP:
		break;
	}
	return false;
}

static enum options_outcome complain(const char *problem, const char *what)
{
	fprintf(stderr, "tenant-simulator: %s%s; try --help\n", problem, what);
	return OPTIONS_WRONG;
}

enum options_outcome options_read(int argc, char **argv, struct options *ret_options)
{
	*ret_options = (struct options) { .address = "127.0.0.1",
		.certificate_user = "administrator@corp.example",
		.token_lifetime_s = 2100,
		.refresh_lifetime_s = 43000,
		.device_lifetime_s = 600,
		.device_interval_s = 5,
		.log_limit = 20000,
		.create_status = 201 };
	workspaces_add(
	    &ret_options->workspaces, "8a81b09d5e8c6f27015ece3402487d33", "Finance Planning");
	workspaces_add(&ret_options->workspaces, "8a81b09d5e8c6f27015ece3402487d34", "HR");
	int code, which = 0;
	while ((code = getopt_long(argc, argv, "h", known, &which)) != -1) {
		if (code == '?')
			return complain("the command line is wrong", "");
		if (code == OPTION_HELP) {
			fputs(help, stdout);
			return OPTIONS_HELP;
		}
		if (!options_set(ret_options, (enum option_code)code, optarg))
			return complain("wrong value for --", known[which].name);
	}
	if (optind < argc)
		return complain("not an option: ", argv[optind]);
	if (!ret_options->tls_cert != !ret_options->tls_key)
		return complain("--tls-cert and --tls-key belong together", "");
	return OPTIONS_RUN;
}

void options_done(struct options *options)
{
	workspaces_done(&options->workspaces);
	credentials_done(&options->users);
	credentials_done(&options->api_keys);
	credentials_done(&options->refresh_tokens);
	for (size_t i = 0; i < options->oauth_client_count; i++)
		free(options->oauth_clients[i].name);
	free(options->oauth_clients);
	*options = (struct options) { 0 };
}
