/* SPDX-License-Identifier: ISC */
/*
 * What the checks of all parts share, and those of the small parts.
 */
#include "app/config_p.h"
#include "base/secret.h"
#include "base/unicode.h"
#include "base/unix_socket.h"
#include "core/filter.h"
#include "core/template.h"
#include "metrics/address.h"
#include "notify/url.h"

enum { EXCERPT_CHARACTERS = 60 };

/* What is shown of a template or filter, and where the caret goes. */
struct excerpt {
	struct str text;
	unsigned column;
};

static size_t forward(struct span text, size_t at, size_t characters)
{
	while (at < text.len && characters > 0) {
		at++;
		while (at < text.len && ((unsigned char)text.at[at] & 0xC0) == 0x80)
			at++;
		characters--;
	}
	return at;
}

static size_t backward(struct span text, size_t at, size_t characters)
{
	while (at > 0 && characters > 0) {
		at--;
		while (at > 0 && ((unsigned char)text.at[at] & 0xC0) == 0x80)
			at--;
		characters--;
	}
	return at;
}

static struct excerpt excerpt_of(struct span text, size_t offset)
{
	struct excerpt excerpt = { 0 };
	size_t at = offset < text.len ? offset : text.len;
	size_t start = backward(text, at, EXCERPT_CHARACTERS / 2);
	size_t end = forward(text, start, EXCERPT_CHARACTERS);

	str_add_c(&excerpt.text, start > 0 ? "…" : "");
	str_add(&excerpt.text, (struct span) { text.at + start, at - start });
	excerpt.column = (unsigned)utf8_length(str_span(&excerpt.text));
	str_add(&excerpt.text, (struct span) { text.at + at, end - at });
	str_add_c(&excerpt.text, end < text.len ? "…" : "");
	return excerpt;
}

/* What did not compile. */
struct mistake {
	struct span text;
	size_t offset;
	const struct err *err;
};

static void refuse_mistake(struct config_reader *reader, const config_setting_t *group,
    const char *member, const struct mistake *mistake)
{
	struct config_place place = config_place_of(reader, group, member);
	struct excerpt excerpt = excerpt_of(mistake->text, mistake->offset);

	config_faults_add(reader->faults, &(struct config_fault) { .severity = CONFIG_FAULT,
					      .file = place.file,
					      .line = place.line,
					      .position = place.position,
					      .key = place.key,
					      .what = mistake->err->text,
					      .excerpt = str_c(&excerpt.text),
					      .column = excerpt.column });
	str_done(&excerpt.text);
}

bool config_check_template(struct config_reader *reader, const config_setting_t *group,
    const char *member, struct span text)
{
	struct attribute_set *set = attribute_set_new();
	struct template *template = NULL;
	struct err err = { "" };
	size_t offset = 0;
	enum status status = template_compile(text, set, &template, &offset, &err);

	if (status != STATUS_OK)
		refuse_mistake(reader, group, member, &(struct mistake) { text, offset, &err });
	template_free(&template);
	attribute_set_free(&set);
	return status == STATUS_OK;
}

bool config_check_filter(struct config_reader *reader, const config_setting_t *group,
    const char *member, struct span text)
{
	struct attribute_set *set = attribute_set_new();
	struct filter *filter = NULL;
	struct err err = { "" };
	size_t offset = 0;
	enum status status = filter_compile(text, set, &filter, &offset, &err);

	if (status != STATUS_OK)
		refuse_mistake(reader, group, member, &(struct mistake) { text, offset, &err });
	filter_free(&filter);
	attribute_set_free(&set);
	return status == STATUS_OK;
}

static const struct url_scheme *scheme_of(
    struct span url, const struct url_scheme *schemes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct span prefix = span_of(schemes[i].prefix);

		if (url.len >= prefix.len &&
		    span_equal_ascii_case((struct span) { url.at, prefix.len }, prefix))
			return &schemes[i];
	}
	return NULL;
}

static const char *list_schemes(
    struct config_reader *reader, const struct url_scheme *schemes, size_t count)
{
	const char *text = "";

	for (size_t i = 0; i < count; i++)
		text = config_faults_text(reader->faults, "%s%s%s", text,
		    i == 0          ? "it begins with "
		    : i + 1 < count ? ", "
				    : " or ",
		    schemes[i].prefix);
	return text;
}

/* The host and port, and whatever stands before them. */
static struct span authority_of(struct span url, const struct url_scheme *scheme)
{
	size_t prefix = strlen(scheme->prefix);
	struct span authority = { url.at + prefix, url.len - prefix };

	for (size_t i = 0; i < authority.len; i++)
		if (strchr("/?#", authority.at[i]) != NULL)
			authority.len = i;
	return authority;
}

bool config_check_url(struct config_reader *reader, const config_setting_t *group,
    const char *member, const struct url_rule *rule)
{
	struct span url = span_of(rule->url), authority;
	const struct url_scheme *scheme = scheme_of(url, rule->schemes, rule->scheme_count);

	if (scheme == NULL) {
		config_refuse(reader, group, member,
		    list_schemes(reader, rule->schemes, rule->scheme_count),
		    "the URL has another scheme");
		return false;
	}
	authority = authority_of(url, scheme);
	if (span_find(authority, '@') < authority.len) {
		config_refuse(reader, group, member, "leave out what is before the \"@\"",
		    "the URL holds a user or a password, and secrets are never written here");
		return false;
	}
	if (span_find(url, ' ') < url.len || (scheme->needs_host && authority.len == 0)) {
		config_refuse(reader, group, member,
		    config_faults_text(reader->faults, "write %sHOST", scheme->prefix),
		    "the URL %s", authority.len == 0 ? "names no host" : "holds a space");
		return false;
	}
	return true;
}

bool config_check_path(struct config_reader *reader, const config_setting_t *group,
    const char *member, const char *path)
{
	if (path == NULL || path[0] == '/')
		return true;
	config_refuse(reader, group, member, "write the whole path, from /",
	    "\"%s\" depends on where the program is started", path);
	return false;
}

static void check_schedule(struct config_reader *reader)
{
	const struct config *config = &reader->draft->config;

	if (config->schedule.full_ms < config->schedule.delta_ms)
		config_warn(reader, reader->root, "schedule.full", NULL,
		    "the whole directory is read more often than its changes");
	if (config->schedule.reconcile_ms < config->schedule.full_ms)
		config_warn(reader, reader->root, "schedule.reconcile", NULL,
		    "the tenant is read more often than the whole directory");
}

static void check_state(struct config_reader *reader)
{
	struct config *config = &reader->draft->config;

	if (config_find(reader->root, "state.path") == NULL && reader->state_directory != NULL)
		config->state.path =
		    arena_format(reader->arena, "%s/state.db", reader->state_directory).at;
	if (config->state.path == NULL)
		config_refuse(reader, reader->root, "state.path", "name a file", "it is empty");
	config_check_path(reader, reader->root, "state.path", config->state.path);
}

static void check_textfile(struct config_reader *reader)
{
	const char *path = reader->draft->config.metrics.textfile;
	size_t length = path == NULL ? 0 : strlen(path);

	if (path == NULL || !config_check_path(reader, reader->root, "metrics.textfile", path))
		return;
	if (length < 5 || strcmp(path + length - 5, ".prom") != 0)
		config_warn(reader, reader->root, "metrics.textfile", "let its name end in .prom",
		    "node_exporter reads only files whose name ends in .prom");
}

static void check_listen(struct config_reader *reader)
{
	const char *listen = reader->draft->config.metrics.listen;
	struct metrics_address address;
	struct err err;

	if (listen == NULL)
		return;
	if (!metrics_can_listen())
		config_refuse(reader, reader->root, "metrics.listen",
		    "leave it empty and use metrics.textfile, or build with libmicrohttpd",
		    "this build has no HTTP endpoint");
	else if (metrics_address_parse(span_of(listen), &address, &err) != STATUS_OK)
		config_refuse(reader, reader->root, "metrics.listen",
		    "write \"127.0.0.1:9464\", \"[::1]:9464\" or "
		    "\"unix:/run/scimward/metrics.sock\"",
		    "%s", err.text);
}

static void check_control(struct config_reader *reader)
{
	struct config *config = &reader->draft->config;
	struct sockaddr_un address;
	struct err err;

	if (config_find(reader->root, "control.path") == NULL)
		config->control.path = reader->control_path == NULL
					   ? NULL
					   : arena_c(reader->arena, span_of(reader->control_path));
	if (config->control.path != NULL &&
	    unix_socket_address(span_of(config->control.path), &address, &err) != STATUS_OK)
		config_refuse(reader, reader->root, "control.path",
		    "write \"/run/scimward/control.sock\"", "%s", err.text);
}

/* A literal URL is allowed, because not every receiver wants a token in it. */
static void check_webhook(struct config_reader *reader, const char *webhook)
{
	static const struct url_scheme schemes[] = { { "https://", true }, { "http://", true } };
	struct url_rule rule = { webhook, schemes, 2 };
	struct err err;

	if (secret_is_reference(span_of(webhook)) ||
	    !config_check_url(reader, reader->root, "notify.webhook", &rule))
		return;
	if (notify_url_check(span_of(webhook), &err) != STATUS_OK)
		config_refuse(reader, reader->root, "notify.webhook", NULL, "%s", err.text);
}

static void check_address(struct config_reader *reader, const char *member, const char *address)
{
	if (!notify_address_is_sound(span_of(address)))
		config_refuse(reader, reader->root, member, "write \"name@host\"",
		    "\"%s\" is not an address", address);
}

static void check_mail(struct config_reader *reader, const struct mail_settings *mail)
{
	struct err err;

	if (notify_mail_url_check(span_of(mail->url), &err) != STATUS_OK)
		config_refuse(reader, reader->root, "notify.mail.url", NULL, "%s", err.text);
	if (mail->from == NULL)
		config_refuse(
		    reader, reader->root, "notify.mail.from", "write an address", "it is missing");
	else
		check_address(reader, "notify.mail.from", mail->from);
	if (mail->to_count == 0)
		config_refuse(
		    reader, reader->root, "notify.mail.to", "write an address", "it is missing");
	for (size_t i = 0; i < mail->to_count; i++)
		check_address(reader, "notify.mail.to", mail->to[i]);
	if ((mail->user == NULL) != (mail->password.at == NULL))
		config_refuse(reader, reader->root,
		    mail->user == NULL ? "notify.mail.user" : "notify.mail.password",
		    "write both, or none", "it is missing");
}

static void check_notify(struct config_reader *reader)
{
	static const struct url_scheme schemes[] = { { "http://", true }, { "https://", true },
		{ "socks5h://", true }, { "socks5://", true } };
	const struct notifier_settings *notify = &reader->draft->config.notify;
	struct url_rule proxy = { notify->proxy, schemes, 4 };

	if (notify->webhook != NULL)
		check_webhook(reader, notify->webhook);
	if (notify->mail.url != NULL)
		check_mail(reader, &notify->mail);
	if (notify->proxy != NULL)
		config_check_url(reader, reader->root, "notify.proxy", &proxy);
	config_check_path(reader, reader->root, "notify.tls.ca_file", notify->ca_file);
}

void config_check_rest(struct config_reader *reader)
{
	struct config *config = &reader->draft->config;

	config->log.level = (enum log_level)(LOG_LEVEL_ERROR + reader->draft->log_level);
	check_schedule(reader);
	check_state(reader);
	check_textfile(reader);
	check_listen(reader);
	check_control(reader);
	check_notify(reader);
}
