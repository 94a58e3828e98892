/* SPDX-License-Identifier: ISC */
/*
 * What a check looks at on this host: the configuration, secrets, the state and the room it has,
 * and where metrics and notices go.
 */
#include "app/check_p.h"

#include "base/secret.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEBIBYTE           (UINT64_C(1024) * 1024)
#define SPACE_NEEDED_BYTES (16 * MEBIBYTE)
#define SPACE_WANTED_BYTES (256 * MEBIBYTE)

#define STATE_REMEDY                                                                               \
	"see to the folder and the file of state.path, and that the user of the service owns them"

/* ---- configuration ---- */

void check_configuration(struct app_check *check)
{
	static const char *const names[] = { "configuration", NULL };
	const struct config *config = check->in.agent->config;
	bool is_anaplan = config->tenant.profile == TENANT_ANAPLAN;
	struct emitter *data = &check->teller.data;
	struct str *detail;

	check_own(check, names);
	detail = check_begin(&check->teller, "configuration");
	str_addf(detail, "%s: %zu %s, %zu mapping rules, %zu workspace rules, %s tenant",
	    check->in.config_path, config->directory_count,
	    config->directory_count == 1 ? "directory" : "directories", config->rule_count,
	    config->workspace_count, is_anaplan ? "Anaplan" : "generic");
	emit_member_string(data, "path", span_of(check->in.config_path));
	emit_member_string(data, "digest", span_of(config->config_digest));
	emit_member_int(data, "directories", (int64_t)config->directory_count);
	emit_member_int(data, "mappingRules", (int64_t)config->rule_count);
	emit_member_int(data, "workspaceRules", (int64_t)config->workspace_count);
	emit_member_string(data, "profile", is_anaplan ? SPAN("anaplan") : SPAN("generic"));
	check_tell(&check->teller, CHECK_OK);
}

/* ---- secrets ---- */

static const char *const secret_names[] = { "secret", NULL };

static void begin_secret(struct app_check *check, const char *key, struct span reference)
{
	str_addf(check_begin(&check->teller, "secret"), "%s: ", key);
	emit_member_string(&check->teller.data, "key", span_of(key));
	emit_member_string(&check->teller.data, "reference", reference);
}

static void tell_reference(
    struct app_check *check, const char *key, struct span reference, enum check_status failing)
{
	struct secret *secret = NULL;
	struct err err;

	begin_secret(check, key, reference);
	if (secret_load(reference, &secret, &err) == STATUS_OK) {
		str_addf(&check->teller.detail, "%.*s can be read", SPAN_ARG(reference));
		check_tell(&check->teller, CHECK_OK);
	} else {
		check_add_message(&check->teller, span_of(err.text),
		    "see that it is there, and that the user of the service may read it");
		if (span_find(reference, ':') == strlen("credential") &&
		    getenv("CREDENTIALS_DIRECTORY") == NULL)
			check_tell_remedy(&check->teller, failing,
			    "systemd hands it to the service; by hand, first export "
			    "CREDENTIALS_DIRECTORY=/etc/scimward/credentials");
		else
			check_tell(&check->teller, failing);
	}
	secret_free(&secret);
}

static void tell_file(struct app_check *check, const char *key, const char *path)
{
	begin_secret(check, key, span_of(path));
	if (access(path, R_OK) == 0) {
		str_addf(&check->teller.detail, "%s can be read", path);
		check_tell(&check->teller, CHECK_OK);
		return;
	}
	str_addf(&check->teller.detail, "%s cannot be read: %s", path, strerror(errno));
	check_tell_remedy(&check->teller, check_absence(check),
	    "check the path, and its owner and mode: the service runs as its own user");
}

void check_directory_secrets(struct app_check *check, const struct directory_settings *settings)
{
	check_own(check, secret_names);
	if (settings->kind == DIRECTORY_LDIF)
		return;
	if (settings->bind.method == DIRECTORY_BIND_SIMPLE)
		tell_reference(
		    check, "bind.password", settings->bind.password, check_absence(check));
	if (settings->bind.keytab != NULL && settings->bind.keytab[0] == '/')
		tell_file(check, "bind.keytab", settings->bind.keytab);
	if (settings->tls.key_file != NULL)
		tell_file(check, "tls.key_file", settings->tls.key_file);
}

void check_tenant_secrets(struct app_check *check)
{
	const struct tenant_settings *tenant = &check->in.agent->config->tenant;

	check_own(check, secret_names);
	switch (tenant->auth.method) {
	case TENANT_AUTH_API_KEY:
		tell_reference(check, "tenant.auth.key", tenant->auth.key, check_absence(check));
		break;
	case TENANT_AUTH_BASIC:
		tell_reference(
		    check, "tenant.auth.password", tenant->auth.password, check_absence(check));
		break;
	case TENANT_AUTH_CERTIFICATE:
		tell_file(check, "tenant.auth.cert_file", tenant->auth.cert_file);
		tell_file(check, "tenant.auth.key_file", tenant->auth.key_file.at);
		break;
	case TENANT_AUTH_OAUTH_DEVICE:
	case TENANT_AUTH_NONE:
		break;
	}
}

/* ---- the state ---- */

static void tell_facts(struct app_check *check, struct store *store, const char *path)
{
	struct check_teller *teller = &check->teller;
	struct store_facts facts;
	struct err err;

	if (store_facts(store, &facts, &err) != STATUS_OK) {
		check_add_message(teller, span_of(err.text), STATE_REMEDY);
		check_tell(teller, CHECK_FAILED);
		return;
	}
	if (!facts.exists) {
		str_addf(&teller->detail, "%s is not there yet: the first sync makes it", path);
		check_tell(teller, CHECK_OK);
		return;
	}
	str_addf(&teller->detail,
	    "%s: schema version %d, links %llu, in quarantine %llu, holds %llu", path,
	    facts.schema_version, (unsigned long long)facts.links,
	    (unsigned long long)facts.quarantined, (unsigned long long)facts.holds);
	emit_member_int(&teller->data, "schemaVersion", facts.schema_version);
	emit_member_int(&teller->data, "links", (int64_t)facts.links);
	emit_member_int(&teller->data, "quarantined", (int64_t)facts.quarantined);
	emit_member_int(&teller->data, "holds", (int64_t)facts.holds);
	check_tell(teller, CHECK_OK);
}

static void tell_database(
    struct app_check *check, const char *path, const struct store_place *place)
{
	struct check_teller *teller = &check->teller;
	struct store *store = NULL;
	enum status status;
	struct err err;

	check_begin(teller, "database");
	emit_member_string(&teller->data, "path", span_of(path));
	emit_member_bool(&teller->data, "exists", place->exists);
	status = store_open(path, STORE_READ, &store, &err);
	if (status != STATUS_OK) {
		check_add_message(teller, span_of(err.text), STATE_REMEDY);
		check_tell(teller, status == STATUS_RETRY ? CHECK_WARNING : CHECK_FAILED);
	} else if (place->cannot_write.text[0] != '\0') {
		str_addf(
		    &teller->detail, "this user cannot write it: %s", place->cannot_write.text);
		check_tell_remedy(teller, CHECK_WARNING,
		    "check as the user of the service, or give the folder and the file to it");
	} else {
		tell_facts(check, store, path);
	}
	store_close(&store);
}

static void tell_lock(struct app_check *check, const struct store_place *place)
{
	struct str *detail = check_begin(&check->teller, "lock");

	emit_member_bool(&check->teller.data, "locked", place->is_locked);
	emit_member_int(&check->teller.data, "pid", place->holder_pid);
	emit_member_string(&check->teller.data, "holder",
	    place->holder[0] == '\0' ? SPAN_NULL : span_of(place->holder));
	if (!place->is_locked)
		str_add_c(detail, "nobody holds it: no service and no sync runs");
	else if (place->holder_pid == 0)
		str_add_c(detail, "a process holds it that cannot be seen from here");
	else
		str_addf(detail, "process %lld%s%s%s holds it", (long long)place->holder_pid,
		    place->holder[0] == '\0' ? "" : " (", place->holder,
		    place->holder[0] == '\0' ? "" : ")");
	check_tell(&check->teller, CHECK_OK);
}

static void add_bytes(struct str *out, uint64_t bytes)
{
	if (bytes >= 10 * 1024 * MEBIBYTE)
		str_addf(out, "%llu GiB", (unsigned long long)(bytes / MEBIBYTE / 1024));
	else
		str_addf(out, "%llu MiB", (unsigned long long)(bytes / MEBIBYTE));
}

/* A log of what is not committed yet may become as large as the database. */
static void tell_space(struct app_check *check, const struct store_place *place)
{
	static const char remedy[] = "make room on the file system of state.path, or move it";
	struct check_teller *teller = &check->teller;
	struct str *detail = check_begin(teller, "space");
	uint64_t wanted = place->size_bytes > SPACE_WANTED_BYTES ? place->size_bytes
								 : SPACE_WANTED_BYTES;

	emit_member_int(&teller->data, "freeBytes", (int64_t)place->free_bytes);
	emit_member_int(&teller->data, "totalBytes", (int64_t)place->total_bytes);
	emit_member_int(&teller->data, "stateBytes", (int64_t)place->size_bytes);
	add_bytes(detail, place->free_bytes);
	str_add_c(detail, " free of ");
	add_bytes(detail, place->total_bytes);
	str_add_c(detail, "; the state takes ");
	add_bytes(detail, place->size_bytes);
	if (place->free_bytes < SPACE_NEEDED_BYTES)
		check_tell_remedy(teller, CHECK_FAILED, remedy);
	else if (place->free_bytes < wanted)
		check_tell_remedy(teller, CHECK_WARNING, remedy);
	else
		check_tell(teller, CHECK_OK);
}

void check_state(struct app_check *check)
{
	static const char *const names[] = { "database", "lock", "space", NULL };
	const char *path = check->in.agent->config->state.path;
	struct store_place place;
	struct err err;

	check_own(check, names);
	if (store_look(path, &place, &err) != STATUS_OK) {
		check_begin(&check->teller, "database");
		emit_member_string(&check->teller.data, "path", span_of(path));
		check_add_message(&check->teller, span_of(err.text), STATE_REMEDY);
		check_tell(&check->teller, check_absence(check));
		check_skip_rest(&check->teller, "its folder is not there");
		return;
	}
	tell_database(check, path, &place);
	tell_lock(check, &place);
	tell_space(check, &place);
}

/* ---- metrics ---- */

void check_metrics(struct app_check *check)
{
	static const char *const names[] = { "textfile", NULL };
	const char *path = check->in.agent->config->metrics.textfile;
	const char *slash = path == NULL ? NULL : strrchr(path, '/');
	struct str folder = { 0 };

	if (slash == NULL)
		return;
	check_own(check, names);
	str_add(&folder, (struct span) { path, slash == path ? 1 : (size_t)(slash - path) });
	check_begin(&check->teller, "textfile");
	emit_member_string(&check->teller.data, "path", span_of(path));
	if (access(str_c(&folder), W_OK | X_OK) == 0) {
		str_addf(&check->teller.detail, "%s can be written", path);
		check_tell(&check->teller, CHECK_OK);
	} else {
		str_addf(&check->teller.detail, "%s cannot be written: folder %s: %s", path,
		    str_c(&folder), strerror(errno));
		check_tell_remedy(&check->teller, CHECK_WARNING,
		    "make the folder, and let the user of the service write to it (a file beside "
		    "is renamed into place); in the unit, ReadWritePaths= must name it");
	}
	str_done(&folder);
}

/* ---- where notices go ---- */

/* The URL may be a secret; its host is not. */
static void add_webhook(struct app_check *check, const char *webhook)
{
	struct secret *secret = NULL;

	if (!secret_is_reference(span_of(webhook))) {
		check_hosts_add(check, span_of(webhook));
		return;
	}
	tell_reference(check, "notify.webhook", span_of(webhook), CHECK_WARNING);
	if (secret_load(span_of(webhook), &secret, NULL) == STATUS_OK)
		check_hosts_add(check, secret_reveal(secret));
	secret_free(&secret);
}

void check_notify(struct app_check *check)
{
	static const char *const names[] = { "secret", "names", NULL };
	const struct notifier_settings *notify = &check->in.agent->config->notify;

	check_own(check, names);
	check_hosts_begin(check);
	if (notify->webhook != NULL)
		add_webhook(check, notify->webhook);
	if (notify->mail.url != NULL && notify->mail.password.len > 0)
		tell_reference(check, "notify.mail.password", notify->mail.password, CHECK_WARNING);
	if (notify->mail.url != NULL)
		check_hosts_add(check, span_of(notify->mail.url));
	if (check->hosts.count == 0)
		check_next_part(check);
	else if (check->in.is_offline || check->is_stopping) {
		check_skip(&check->teller, "names",
		    check->in.is_offline ? "--offline: no peer is asked" : "interrupted");
		check_next_part(check);
	} else {
		check_hosts_resolve(check, false, check_next_part);
	}
}
