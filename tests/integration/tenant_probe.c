/* SPDX-License-Identifier: ISC */
/*
 * Drives the room scim against a real server: commands from the command line, one after the other,
 * and a line of JSON for each answer.
 *
 *     tenant_probe --url URL [--profile generic] --auth api-key --key env:KEY [OPTION]...
 * COMMAND...
 *
 *     open   close   check   traits   counters
 *     list START             one page
 *     all                    every page; prints how many accounts came and the most memory used
 *     find EXTERNAL USER     "-" leaves one out
 *     get ID                 gets N ID: so many at once
 *     create JSON            the canonical form of core/account.h
 *     creates N PREFIX       so many at once
 *     change KIND ID BEFORE AFTER
 *     cancel ID              starts a get and cancels it
 *     wait MS
 */
#include "base/emit.h"
#include "base/log.h"
#include "base/vec.h"
#include "scim/tenant.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

struct probe {
	struct loop *loop;
	struct tenant *tenant;
	struct account_reader *reader;
	struct arena *arena;
	char **argv;
	int at, argc;
	const char *command;
	size_t pending;
	int64_t start, seen; /* of `all` */
	struct loop_timer *timer;
};

static void next_command(void *context);

static void print_line(struct str *line)
{
	printf("%s\n", str_c(line));
	fflush(stdout);
	str_done(line);
}

static void add_text(struct emitter *json, const char *key, struct span text)
{
	if (text.at == NULL)
		return;
	emit_key(json, key);
	emit_string(json, text);
}

static void add_account(struct emitter *json, const struct observed *observed)
{
	struct str canonical = { 0 };

	account_encode(&observed->account, &canonical);
	emit_object_open(json);
	add_text(json, "id", observed->id);
	emit_key(json, "hasActive");
	emit_bool(json, observed->has_active);
	emit_key(json, "hasWorkspaces");
	emit_bool(json, observed->has_workspaces);
	emit_key(json, "account");
	emit_raw(json, str_span(&canonical));
	emit_object_close(json);
	str_done(&canonical);
}

static void add_answer(struct emitter *json, const struct tenant_answer *answer)
{
	emit_key(json, "status");
	emit_string_c(json, status_name(answer->status));
	emit_key(json, "httpStatus");
	emit_int(json, answer->http_status);
	emit_key(json, "retryAfterMs");
	emit_int(json, answer->retry_after_ms);
	emit_key(json, "isRefused");
	emit_bool(json, answer->is_refused);
	emit_key(json, "mayHaveHappened");
	emit_bool(json, answer->may_have_happened);
	emit_key(json, "isPartial");
	emit_bool(json, answer->is_partial);
	emit_key(json, "total");
	emit_int(json, answer->total);
	add_text(json, "errorType", answer->error_type);
	add_text(json, "error", answer->error);
	add_text(json, "requestId", answer->request_id);
}

static void on_answer(void *context, const struct tenant_answer *answer)
{
	struct probe *probe = context;
	struct emitter json;
	struct str line = { 0 };

	emit_init(&json, &line, 0);
	emit_object_open(&json);
	emit_key(&json, "command");
	emit_string_c(&json, probe->command);
	add_answer(&json, answer);
	emit_key(&json, "accounts");
	emit_array_open(&json);
	for (size_t i = 0; i < answer->account_count; i++)
		add_account(&json, &answer->accounts[i]);
	emit_array_close(&json);
	emit_object_close(&json);
	print_line(&line);
	if (--probe->pending == 0)
		next_command(probe);
}

static void on_step(void *context, const struct check_step *step)
{
	struct probe *probe = context;
	struct emitter json;
	struct str line = { 0 };

	if (step == NULL) {
		if (--probe->pending == 0)
			next_command(probe);
		return;
	}
	emit_init(&json, &line, 0);
	emit_object_open(&json);
	emit_member_string(&json, "status", span_of(check_status_name(step->status)));
	add_text(&json, "what", span_of(step->name));
	add_text(&json, "detail", step->detail);
	add_text(&json, "remedy", step->remedy);
	emit_key(&json, "data");
	emit_raw(&json, step->data);
	emit_object_close(&json);
	print_line(&line);
}

static void on_page(void *context, const struct tenant_answer *answer)
{
	struct probe *probe = context;
	struct rusage usage;

	probe->seen += (int64_t)answer->account_count;
	probe->start += (int64_t)answer->account_count;
	if (answer->status == STATUS_OK && answer->account_count > 0 &&
	    probe->start <= answer->total) {
		probe->reader->vtable->list(probe->reader, probe->start, on_page, probe);
		return;
	}
	getrusage(RUSAGE_SELF, &usage);
	printf("{\"status\":\"%s\",\"seen\":%lld,\"total\":%lld,\"mostKiB\":%ld}\n",
	    status_name(answer->status), (long long)probe->seen, (long long)answer->total,
	    usage.ru_maxrss);
	probe->pending--;
	next_command(probe);
}

/* --- commands ----------------------------------------------------------------------------- */

static const char *argument(struct probe *probe)
{
	if (probe->at >= probe->argc) {
		fprintf(stderr, "tenant_probe: %s wants more\n", probe->command);
		exit(64);
	}
	return probe->argv[probe->at++];
}

static struct span optional(struct probe *probe)
{
	const char *text = argument(probe);
	return strcmp(text, "-") == 0 ? SPAN_NULL : span_of(text);
}

static struct account account_argument(struct probe *probe)
{
	struct account account;
	struct err err;

	if (account_decode(span_of(argument(probe)), probe->arena, &account, &err) != STATUS_OK) {
		fprintf(stderr, "tenant_probe: %s\n", err.text);
		exit(64);
	}
	return account;
}

static void send_change(struct probe *probe, const struct encode_input *input)
{
	const struct account_encoder *encoder = tenant_encoder(probe->tenant);
	struct account_writer *writer = tenant_writer(probe->tenant);
	struct tenant_request request;
	struct err err;

	if (encoder->encode(encoder, input, probe->arena, &request, &err) != STATUS_OK) {
		struct tenant_answer answer = { .status = STATUS_REJECT,
			.retry_after_ms = -1,
			.total = -1,
			.error = span_of(err.text) };
		on_answer(probe, &answer);
		return;
	}
	writer->send(writer, &request, on_answer, probe);
}

static void run_create(struct probe *probe)
{
	struct account account = account_argument(probe);

	probe->pending = 1;
	send_change(probe, &(struct encode_input) { .kind = ACTION_CREATE, .after = &account });
}

static void run_creates(struct probe *probe)
{
	size_t count = strtoul(argument(probe), NULL, 10);
	const char *prefix = argument(probe);
	struct account account = { .is_active = true };

	probe->pending = count;
	for (size_t i = 0; i < count; i++) {
		account.text[ACCOUNT_USER_NAME] = arena_format(
		    probe->arena, "%s%zu@corp.example", prefix, i);
		account.text[ACCOUNT_EXTERNAL_ID] = arena_format(probe->arena, "%s%zu", prefix, i);
		account.text[ACCOUNT_GIVEN_NAME] = SPAN("Ann");
		account.text[ACCOUNT_FAMILY_NAME] = SPAN("Ray");
		send_change(
		    probe, &(struct encode_input) { .kind = ACTION_CREATE, .after = &account });
	}
}

static void run_change(struct probe *probe)
{
	struct account before, after;
	struct encode_input input = { .before = &before, .after = &after };

	if (!action_kind_parse(span_of(argument(probe)), &input.kind))
		exit(64);
	input.account_id = span_of(argument(probe));
	input.with_user_name = input.kind == ACTION_RENAME;
	before = account_argument(probe);
	after = account_argument(probe);
	probe->pending = 1;
	send_change(probe, &input);
}

static void run_gets(struct probe *probe, size_t count)
{
	struct span id = span_of(argument(probe));

	probe->pending = count;
	for (size_t i = 0; i < count; i++)
		probe->reader->vtable->get(probe->reader, id, on_answer, probe);
}

static void run_cancel(struct probe *probe)
{
	struct tenant_call *call;

	probe->pending = 1;
	call = probe->reader->vtable->get(
	    probe->reader, span_of(argument(probe)), on_answer, probe);
	probe->reader->vtable->cancel(probe->reader, call);
}

static void run_traits(struct probe *probe)
{
	const struct tenant_traits *traits = &probe->reader->traits;

	printf("{\"pageSize\":%zu,\"workspaceMax\":%zu,\"canFilter\":%d,\"canPatch\":%d}\n",
	    traits->page_size, traits->workspace_max, traits->can_filter, traits->can_patch);
	next_command(probe);
}

static void run_counters(struct probe *probe)
{
	struct tenant_counters counters = tenant_counters(probe->tenant);

	printf("{\"requests\":%llu,\"writes\":%llu,\"answerBytes\":%llu}\n",
	    (unsigned long long)counters.requests, (unsigned long long)counters.writes,
	    (unsigned long long)counters.answer_bytes);
	next_command(probe);
}

static void run_reading(struct probe *probe, const struct account_reader_vtable *vtable)
{
	const char *command = probe->command;

	probe->pending = 1;
	if (strcmp(command, "open") == 0) {
		vtable->open(probe->reader, on_answer, probe);
	} else if (strcmp(command, "close") == 0) {
		vtable->close(probe->reader, on_answer, probe);
	} else if (strcmp(command, "check") == 0) {
		vtable->check(probe->reader, on_step, probe);
	} else if (strcmp(command, "list") == 0) {
		vtable->list(probe->reader, atoll(argument(probe)), on_answer, probe);
	} else if (strcmp(command, "find") == 0) {
		struct span external_id = optional(probe), user_name = optional(probe);
		vtable->find(probe->reader, external_id, user_name, on_answer, probe);
	} else if (strcmp(command, "all") == 0) {
		probe->start = 1;
		probe->seen = 0;
		vtable->list(probe->reader, 1, on_page, probe);
	} else {
		fprintf(stderr, "tenant_probe: no such command: %s\n", command);
		exit(64);
	}
}

static void next_command(void *context)
{
	struct probe *probe = context;

	if (probe->at >= probe->argc) {
		loop_stop(probe->loop);
		return;
	}
	probe->command = argument(probe);
	if (strcmp(probe->command, "create") == 0)
		run_create(probe);
	else if (strcmp(probe->command, "creates") == 0)
		run_creates(probe);
	else if (strcmp(probe->command, "change") == 0)
		run_change(probe);
	else if (strcmp(probe->command, "get") == 0)
		run_gets(probe, 1);
	else if (strcmp(probe->command, "gets") == 0)
		run_gets(probe, strtoul(argument(probe), NULL, 10));
	else if (strcmp(probe->command, "cancel") == 0)
		run_cancel(probe);
	else if (strcmp(probe->command, "wait") == 0)
		loop_timer_start(probe->timer, atoll(argument(probe)));
	else if (strcmp(probe->command, "traits") == 0)
		run_traits(probe);
	else if (strcmp(probe->command, "counters") == 0)
		run_counters(probe);
	else
		run_reading(probe, probe->reader->vtable);
}

/* --- options ------------------------------------------------------------------------------ */

static const struct option options[] = {
	{ "profile", required_argument, NULL, 'p' },
	{ "url", required_argument, NULL, 'u' },
	{ "auth", required_argument, NULL, 'a' },
	{ "auth-url", required_argument, NULL, 'A' },
	{ "key", required_argument, NULL, 'k' },
	{ "user", required_argument, NULL, 'n' },
	{ "password", required_argument, NULL, 'w' },
	{ "cert", required_argument, NULL, 'c' },
	{ "key-file", required_argument, NULL, 'f' },
	{ "ca", required_argument, NULL, 'C' },
	{ "proxy", required_argument, NULL, 'x' },
	{ "cleartext", no_argument, NULL, 'l' },
	{ "timeout", required_argument, NULL, 't' },
	{ "concurrency", required_argument, NULL, 'j' },
	{ "max-bytes", required_argument, NULL, 'm' },
	{ "debug", no_argument, NULL, 'd' },
	{ NULL, 0, NULL, 0 },
};

static enum tenant_auth auth_of(const char *name)
{
	static const char *const names[] = {
		[TENANT_AUTH_API_KEY] = "api-key",
		[TENANT_AUTH_BASIC] = "basic",
		[TENANT_AUTH_CERTIFICATE] = "certificate",
		[TENANT_AUTH_OAUTH_DEVICE] = "oauth-device",
		[TENANT_AUTH_NONE] = "none",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0)
			return (enum tenant_auth)i;
	}
	exit(64);
}

/* One line for each option, which is why it is long. */
static void set_option(struct tenant_settings *settings, int code)
{
	switch (code) {
	case 'p':
		settings->profile = strcmp(optarg, "generic") == 0 ? TENANT_GENERIC
								   : TENANT_ANAPLAN;
		break;
	case 'u':
		settings->url = optarg;
		break;
	case 'a':
		settings->auth.method = auth_of(optarg);
		break;
	case 'A':
		settings->auth.url = optarg;
		break;
	case 'k':
		settings->auth.key = span_of(optarg);
		break;
	case 'n':
		settings->auth.user = span_of(optarg);
		break;
	case 'w':
		settings->auth.password = span_of(optarg);
		break;
	case 'c':
		settings->auth.cert_file = optarg;
		break;
	case 'f':
		settings->auth.key_file = span_of(optarg);
		break;
	case 'C':
		settings->ca_file = optarg;
		break;
	case 'x':
		settings->proxy = optarg;
		break;
	case 'l':
		settings->allow_cleartext = true;
		break;
	case 't':
		settings->timeout_ms = atoll(optarg);
		break;
	case 'j':
		settings->concurrency = (unsigned)atoi(optarg);
		break;
	case 'm':
		settings->answer_max_bytes = strtoull(optarg, NULL, 10);
		break;
	case 'd':
		log_open(NULL, NULL, LOG_LEVEL_DEBUG);
		break;
	default:
		exit(64);
	}
}

int main(int argc, char **argv)
{
	struct tenant_settings settings = { .profile = TENANT_ANAPLAN };
	struct probe probe = { .argv = argv, .argc = argc };
	struct err err;
	int code;

	while ((code = getopt_long(argc, argv, "+", options, NULL)) != -1)
		set_option(&settings, code);
	probe.at = optind;
	probe.loop = loop_new();
	probe.arena = arena_new();
	if (tenant_new(probe.loop, &settings, &probe.tenant, &err) != STATUS_OK) {
		fprintf(stderr, "tenant_probe: %s\n", err.text);
		code = 78;
		goto out;
	}
	code = 0;
	probe.reader = tenant_reader(probe.tenant);
	probe.timer = loop_timer_new(probe.loop, next_command, &probe);
	loop_timer_start(probe.timer, 0);
	loop_run(probe.loop);
	loop_timer_free(&probe.timer);
	tenant_free(&probe.tenant);
out:
	loop_free(&probe.loop);
	arena_free(&probe.arena);
	return code;
}
