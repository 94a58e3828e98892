/* SPDX-License-Identifier: ISC */
/*
 * Runs one source of the directory room on the real loop and prints what comes, a JSON object a
 * line, for the integration tests.
 *
 *     directory_probe [--NAME VALUE]… scan | look-up | look-up-batch | check | changes | watch
 *
 * With changes and watch it does what each line of its standard input says until that ends: "scan",
 * "changes" (from the last cursor), "changes CURSOR", "watch", "unwatch", "cancel". Before that,
 * changes scans; watch scans and watches.
 *
 * Options that may be repeated: url, base, canary, group, nested, attribute, and ask ("KEY" or
 * "KEY DN"), which is for a batch.
 */
#include "base/emit.h"
#include "base/vec.h"
#include "directory/directory.h"
#include "loop/loop.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct list {
	const char **at;
	size_t count, cap;
};

struct probe {
	struct directory_settings settings;
	struct list urls, bases, canaries, attributes, asks;
	struct directory_group *groups;
	size_t group_count, group_cap;
	const char *key, *dn, *find, *find_anywhere;
	long times, cancel_after;
	bool is_quiet, is_interactive;
	struct loop_io *input;
	struct str lines, cursor;

	struct loop *loop;
	struct attribute_set *set;
	struct source *source;
	struct membership *membership;
	struct source_scan_handler handler;
	struct look_up_request requests[LOOK_UP_BATCH_MAX];
	size_t request_count;
	struct loop_timer *beat;
	uint64_t entries, beats;
	int64_t last_beat_ms, longest_gap_ms;
	int exit_code;
};

static void die(const char *what, const char *detail)
{
	fprintf(stderr, "directory_probe: %s: %s\n", what, detail);
	exit(64);
}

static void add(struct list *list, const char *value)
{
	*(const char **)vec_push((void **)&list->at, &list->count, &list->cap, sizeof(*list->at)) =
	    value;
}

static void add_group(struct probe *probe, const char *dn, bool is_nested)
{
	struct directory_group *group = vec_push(
	    (void **)&probe->groups, &probe->group_count, &probe->group_cap, sizeof(*group));

	*group = (struct directory_group) { span_of(dn), is_nested };
}

/* ---- options ---- */

static void set_bind(struct probe *probe, const char *value)
{
	static const char *const names[] = { "simple", "external", "gssapi", "anonymous" };

	for (size_t i = 0; i < 4; i++)
		if (strcmp(value, names[i]) == 0) {
			probe->settings.bind.method = (enum directory_bind)i;
			return;
		}
	die("bind", value);
}

static void set_changes(struct probe *probe, const char *value)
{
	for (int i = DIRECTORY_CHANGES_AUTO; i <= DIRECTORY_CHANGES_NONE; i++)
		if (strcmp(value, directory_changes_name((enum directory_changes)i)) == 0)
			probe->settings.changes = (enum directory_changes)i;
}

static void set_scope(struct probe *probe, const char *value)
{
	static const char *const names[] = { "base", "one", "subtree" };

	for (size_t i = 0; i < 3; i++)
		if (strcmp(value, names[i]) == 0)
			probe->settings.users.scope = (enum directory_scope)i;
}

static bool set_list(struct probe *probe, const char *name, const char *value)
{
	if (strcmp(name, "url") == 0)
		add(&probe->urls, value);
	else if (strcmp(name, "base") == 0)
		add(&probe->bases, value);
	else if (strcmp(name, "canary") == 0)
		add(&probe->canaries, value);
	else if (strcmp(name, "attribute") == 0)
		add(&probe->attributes, value);
	else if (strcmp(name, "ask") == 0)
		add(&probe->asks, value);
	else if (strcmp(name, "group") == 0)
		add_group(probe, value, false);
	else if (strcmp(name, "nested") == 0)
		add_group(probe, value, true);
	else
		return false;
	return true;
}

static bool set_text(struct probe *probe, const char *name, const char *value)
{
	struct directory_settings *settings = &probe->settings;
	const struct {
		const char *name;
		const char **place;
	} texts[] = { { "ca", &settings->tls.ca_file }, { "cert", &settings->tls.cert_file },
		{ "key-file", &settings->tls.key_file }, { "bind-dn", &settings->bind.dn },
		{ "filter", &settings->users.filter }, { "key", &probe->key }, { "dn", &probe->dn },
		{ "find", &probe->find }, { "find-anywhere", &probe->find_anywhere },
		{ "keytab", &settings->bind.keytab }, { "principal", &settings->bind.principal },
		{ "domain", &settings->domain } };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (strcmp(name, texts[i].name) == 0) {
			*texts[i].place = value;
			return true;
		}
	return false;
}

static void set_other(struct probe *probe, const char *name, const char *value)
{
	struct directory_settings *settings = &probe->settings;

	if (strcmp(name, "kind") == 0) {
		if (!directory_kind_parse(span_of(value), &settings->kind))
			die("kind", value);
	} else if (strcmp(name, "bind") == 0)
		set_bind(probe, value);
	else if (strcmp(name, "password") == 0)
		settings->bind.password = span_of(value);
	else if (strcmp(name, "scope") == 0)
		set_scope(probe, value);
	else if (strcmp(name, "page-size") == 0)
		settings->page_size = (uint32_t)strtoul(value, NULL, 10);
	else if (strcmp(name, "connect-timeout") == 0)
		settings->connect_timeout_ms = strtol(value, NULL, 10);
	else if (strcmp(name, "search-timeout") == 0)
		settings->search_timeout_ms = strtol(value, NULL, 10);
	else if (strcmp(name, "starttls") == 0)
		settings->tls.starttls = strcmp(value, "1") == 0;
	else if (strcmp(name, "cleartext") == 0)
		settings->allow_cleartext = strcmp(value, "1") == 0;
	else if (strcmp(name, "quiet") == 0)
		probe->is_quiet = strcmp(value, "1") == 0;
	else if (strcmp(name, "changes") == 0)
		set_changes(probe, value);
	else if (strcmp(name, "times") == 0)
		probe->times = strtol(value, NULL, 10);
	else if (strcmp(name, "cancel-after") == 0)
		probe->cancel_after = strtol(value, NULL, 10);
	else
		die("unknown option", name);
}

/* ---- printing ---- */

static struct emitter open_line(struct str *out, const char *event)
{
	struct emitter writer;

	emit_init(&writer, out, 0);
	emit_object_open(&writer);
	emit_key(&writer, "event");
	emit_string_c(&writer, event);
	return writer;
}

static void close_line(struct emitter *writer, struct str *out)
{
	emit_object_close(writer);
	puts(str_c(out));
	fflush(stdout);
	str_done(out);
}

static void put_span(struct emitter *writer, const char *key, struct span value)
{
	emit_key(writer, key);
	emit_string(writer, value);
}

static void put_int(struct emitter *writer, const char *key, uint64_t value)
{
	emit_key(writer, key);
	emit_int(writer, (int64_t)value);
}

static void put_values(struct probe *probe, struct emitter *writer, const struct entry *entry)
{
	emit_key(writer, "values");
	emit_object_open(writer);
	for (size_t slot = 0; slot < entry->slot_count; slot++) {
		struct values values = entry_values(entry, slot);
		emit_key_span(writer, attribute_set_name(probe->set, slot));
		emit_array_open(writer);
		for (uint32_t i = 0; i < values.count; i++)
			emit_string(writer, values.at[i]);
		emit_array_close(writer);
	}
	emit_object_close(writer);
}

static void put_roots(struct probe *probe, struct emitter *writer, const struct entry *entry)
{
	bool *seen = mem_new(probe->group_count + 1, sizeof(*seen));

	for (uint32_t i = 0; i < entry->group_count; i++) {
		const uint32_t *roots;
		uint32_t count = membership_roots(probe->membership, entry->groups[i], &roots);
		for (uint32_t j = 0; j < count; j++)
			seen[roots[j]] = true;
	}
	emit_key(writer, "roots");
	emit_array_open(writer);
	for (size_t i = 0; i < probe->group_count; i++)
		if (seen[i])
			emit_int(writer, (int64_t)i);
	emit_array_close(writer);
	free(seen);
}

static void put_entry(struct probe *probe, struct emitter *writer, const struct entry *entry)
{
	char key[UUID_TEXT_SIZE];

	uuid_format(&entry->key, key);
	put_span(writer, "dn", entry->dn);
	emit_key(writer, "key");
	emit_string_c(writer, key);
	put_values(probe, writer, entry);
	put_roots(probe, writer, entry);
}

/* ---- scan ---- */

static void on_membership(void *context, struct membership *membership)
{
	struct probe *probe = context;
	struct str out = { 0 };
	struct emitter writer = open_line(&out, "membership");

	probe->membership = membership;
	put_int(&writer, "groups", membership_group_count(membership));
	put_int(&writer, "members", membership_member_count(membership));
	emit_key(&writer, "roots");
	emit_array_open(&writer);
	for (uint32_t root = 0; root < membership_root_count(membership); root++)
		if (membership_is_known(membership, root))
			emit_bool(&writer, true);
		else
			emit_string(&writer, membership_unknown_reason(membership, root));
	emit_array_close(&writer);
	close_line(&writer, &out);
}

static void on_entry(void *context, const struct entry *entry)
{
	struct probe *probe = context;
	struct str out = { 0 };
	struct emitter writer;

	probe->entries++;
	if (probe->cancel_after > 0 && probe->entries == (uint64_t)probe->cancel_after)
		source_cancel(probe->source);
	if (probe->is_quiet)
		return;
	writer = open_line(&out, "entry");
	put_entry(probe, &writer, entry);
	close_line(&writer, &out);
}

static void on_unusable(void *context, struct span dn, struct span why)
{
	struct str out = { 0 };
	struct emitter writer = open_line(&out, "unusable");

	(void)context;
	put_span(&writer, "dn", dn);
	put_span(&writer, "why", why);
	close_line(&writer, &out);
}

static void put_facts(struct emitter *writer, const struct scan_facts *facts)
{
	emit_key(writer, "complete");
	emit_bool(writer, facts->is_complete);
	put_span(writer, "incomplete_why", facts->incomplete_why);
	put_int(writer, "entries", facts->entries);
	put_int(writer, "unusable", facts->unusable);
	put_int(writer, "referrals", facts->referrals);
	put_span(writer, "referral", facts->referral);
	put_int(writer, "canaries", facts->canaries);
	put_span(writer, "missing_canary", facts->missing_canary);
	put_int(writer, "groups", facts->groups);
	put_int(writer, "unknown_groups", facts->unknown_groups);
	put_span(writer, "unknown_group", facts->unknown_group);
	put_span(writer, "identity", facts->identity);
	put_span(writer, "peer", facts->peer);
	put_span(writer, "cursor", facts->cursor);
}

static void keep_cursor(struct probe *probe, struct span cursor)
{
	str_truncate(&probe->cursor, 0);
	str_add(&probe->cursor, cursor);
}

static void start(struct probe *probe);

static void finish(struct probe *probe)
{
	if (probe->is_interactive)
		return;
	if (--probe->times > 0) {
		probe->entries = 0;
		start(probe);
		return;
	}
	loop_stop(probe->loop);
}

static void on_done(
    void *context, enum status status, const struct scan_facts *facts, const struct err *err)
{
	struct probe *probe = context;
	struct str out = { 0 };
	struct emitter writer = open_line(&out, "done");

	emit_key(&writer, "status");
	emit_string_c(&writer, status_name(status));
	emit_key(&writer, "error");
	emit_string_c(&writer, err->text);
	put_facts(&writer, facts);
	if (facts->cursor.at != NULL)
		keep_cursor(probe, facts->cursor);
	put_int(&writer, "handed_out", probe->entries);
	put_int(&writer, "beats", probe->beats);
	put_int(&writer, "longest_gap_ms", (uint64_t)probe->longest_gap_ms);
	close_line(&writer, &out);
	finish(probe);
}

/* ---- look-up and check ---- */

static void put_answer(
    struct probe *probe, struct emitter *writer, const struct look_up_answer *answer)
{
	static const char *const names[] = { "matches", "left-scope", "moved", "deleted",
		"unreadable" };

	emit_key(writer, "status");
	emit_string_c(writer, status_name(answer->status));
	emit_key(writer, "outcome");
	emit_string_c(writer, names[answer->outcome]);
	put_span(writer, "detail", answer->detail);
	if (answer->other_count > 0) {
		emit_key(writer, "others");
		emit_array_open(writer);
		for (size_t i = 0; i < answer->other_count; i++)
			emit_string(writer, answer->others[i]);
		emit_array_close(writer);
	}
	if (answer->entry != NULL) {
		probe->membership = answer->membership;
		put_entry(probe, writer, answer->entry);
	}
}

static void on_found(void *context, const struct look_up_answer *answer)
{
	struct probe *probe = context;
	struct str out = { 0 };
	struct emitter writer = open_line(&out, "found");

	put_answer(probe, &writer, answer);
	close_line(&writer, &out);
	finish(probe);
}

static void on_batch_answer(void *context, size_t at, const struct look_up_answer *answer)
{
	struct probe *probe = context;
	struct str out = { 0 };
	struct emitter writer = open_line(&out, "answer");

	put_int(&writer, "at", at);
	put_answer(probe, &writer, answer);
	close_line(&writer, &out);
	if (++probe->entries == (uint64_t)probe->cancel_after)
		source_cancel(probe->source);
}

static void on_batch_done(void *context, enum status status, const struct err *err)
{
	struct probe *probe = context;
	struct str out = { 0 };
	struct emitter writer = open_line(&out, "batch");

	emit_key(&writer, "status");
	emit_string_c(&writer, status_name(status));
	emit_key(&writer, "error");
	emit_string_c(&writer, err->text);
	close_line(&writer, &out);
	finish(probe);
}

static void start_batch(struct probe *probe)
{
	static const struct look_up_batch_handler handler = { on_batch_answer, on_batch_done };

	probe->request_count = 0;
	for (size_t i = 0; i < probe->asks.count; i++) {
		struct look_up_request *request = &probe->requests[probe->request_count++];
		struct span dn = span_of(probe->asks.at[i]), key = span_split(&dn, ' ');

		if (!uuid_parse(key, &request->key))
			die("ask", probe->asks.at[i]);
		if (dn.len > 0)
			request->dn = dn;
	}
	source_look_up_batch(probe->source, probe->requests, probe->request_count, &handler, probe);
}

static void on_step(void *context, const struct check_step *step)
{
	struct probe *probe = context;
	struct str out = { 0 };
	struct emitter writer;

	if (step == NULL) {
		finish(probe);
		return;
	}
	writer = open_line(&out, "step");
	emit_member_string(&writer, "status", span_of(check_status_name(step->status)));
	put_span(&writer, "what", span_of(step->name));
	put_span(&writer, "detail", step->detail);
	put_span(&writer, "remedy", step->remedy);
	emit_key(&writer, "data");
	emit_raw(&writer, step->data);
	close_line(&writer, &out);
}

/* ---- changes and watching ---- */

static void on_touched(void *context, const struct uuid *key)
{
	struct str out = { 0 };
	struct emitter writer = open_line(&out, "touched");
	char text[UUID_TEXT_SIZE];

	(void)context;
	uuid_format(key, text);
	put_span(&writer, "key", span_of(text));
	close_line(&writer, &out);
}

static void on_member(void *context, const struct member_hash *hash, struct span dn)
{
	enum { GROUPS_MAX = 64 };
	struct probe *probe = context;
	struct str out = { 0 };
	struct emitter writer = open_line(&out, "member");
	struct entry entry = { 0 };
	uint32_t groups[GROUPS_MAX];

	entry.group_count = membership_find_hash(probe->membership, hash, groups, GROUPS_MAX);
	entry.groups = groups;
	put_span(&writer, "dn", dn);
	put_roots(probe, &writer, &entry);
	close_line(&writer, &out);
}

static void on_changes_done(
    void *context, enum status status, const struct changes_facts *facts, const struct err *err)
{
	struct probe *probe = context;
	struct str out = { 0 };
	struct emitter writer = open_line(&out, "changes");

	emit_key(&writer, "status");
	emit_string_c(&writer, status_name(status));
	emit_key(&writer, "error");
	emit_string_c(&writer, err->text);
	put_span(&writer, "cursor", facts->cursor);
	put_span(&writer, "mechanism", facts->mechanism);
	put_span(&writer, "gap", facts->gap);
	emit_key(&writer, "knows_deletions");
	emit_bool(&writer, facts->knows_deletions);
	put_int(&writer, "entries", facts->entries);
	put_int(&writer, "groups", facts->groups);
	close_line(&writer, &out);
	if (facts->cursor.at != NULL)
		keep_cursor(probe, facts->cursor);
}

static void on_notice(void *context, bool is_lost, struct span why)
{
	struct str out = { 0 };
	struct emitter writer = open_line(&out, is_lost ? "lost" : "notice");

	(void)context;
	put_span(&writer, "why", why);
	close_line(&writer, &out);
}

static void put_refusal(const char *what)
{
	struct str out = { 0 };
	struct emitter writer = open_line(&out, "cannot");

	put_span(&writer, "what", span_of(what));
	close_line(&writer, &out);
}

static void obey(struct probe *probe, struct span line)
{
	static const struct source_changes_handler handler = { on_membership, on_touched, on_member,
		on_changes_done };
	struct str cursor = { 0 };
	struct span word = span_split(&line, ' ');

	str_add(&cursor, line.len > 0 ? line : str_span(&probe->cursor));
	if (span_equal(word, SPAN("scan")))
		source_scan(probe->source, &probe->handler, probe);
	else if (span_equal(word, SPAN("changes"))) {
		if (!source_changes(probe->source, str_span(&cursor), &handler, probe))
			put_refusal("changes");
	} else if (span_equal(word, SPAN("watch"))) {
		if (!source_watch(probe->source, on_notice, probe))
			put_refusal("watch");
	} else if (span_equal(word, SPAN("unwatch")))
		source_watch(probe->source, NULL, NULL);
	else if (span_equal(word, SPAN("cancel")))
		source_cancel(probe->source);
	else
		die("unknown line", str_c(&probe->lines));
	str_done(&cursor);
}

static void on_input(void *context, int fd, unsigned events)
{
	struct probe *probe = context;
	char piece[4096];
	ssize_t count = read(fd, piece, sizeof(piece));
	size_t end;

	(void)events;
	if (count <= 0) {
		loop_stop(probe->loop);
		return;
	}
	str_add(&probe->lines, (struct span) { piece, (size_t)count });
	while ((end = span_find(str_span(&probe->lines), '\n')) < probe->lines.len) {
		struct str rest = { 0 };

		str_add(
		    &rest, (struct span) { probe->lines.at + end + 1, probe->lines.len - end - 1 });
		str_truncate(&probe->lines, end);
		obey(probe, str_span(&probe->lines));
		str_done(&probe->lines);
		probe->lines = rest;
	}
}

static void begin_interactive(struct probe *probe, bool is_watching)
{
	probe->is_interactive = true;
	probe->input = loop_io_new(probe->loop, STDIN_FILENO, LOOP_READ, on_input, probe);
	obey(probe, SPAN("scan"));
	if (is_watching)
		obey(probe, SPAN("watch"));
}

/* ---- the program ---- */

static const char *command;

static void start(struct probe *probe)
{
	struct look_up_request request = { .dn = span_of(probe->dn),
		.filter = span_of(probe->find) };

	if (probe->find_anywhere != NULL) {
		request.filter = span_of(probe->find_anywhere);
		request.is_anywhere = true;
	}
	if (probe->key != NULL && !uuid_parse(span_of(probe->key), &request.key))
		die("key", probe->key);
	if (strcmp(command, "scan") == 0)
		source_scan(probe->source, &probe->handler, probe);
	else if (strcmp(command, "look-up") == 0)
		source_look_up(probe->source, &request, on_found, probe);
	else if (strcmp(command, "look-up-batch") == 0)
		start_batch(probe);
	else if (strcmp(command, "check") == 0)
		source_check(probe->source, on_step, probe);
	else if (strcmp(command, "changes") == 0 || strcmp(command, "watch") == 0)
		begin_interactive(probe, command[0] == 'w');
	else
		die("unknown command", command);
}

/* A heart that must go on beating while the source works: nothing may block the loop. */
static void on_beat(void *context)
{
	struct probe *probe = context;
	int64_t now_ms = loop_now_ms(probe->loop);

	if (probe->beats++ > 0 && now_ms - probe->last_beat_ms > probe->longest_gap_ms)
		probe->longest_gap_ms = now_ms - probe->last_beat_ms;
	probe->last_beat_ms = now_ms;
	loop_timer_start(probe->beat, 10);
}

static void parse(struct probe *probe, int argc, char **argv)
{
	int i = 1;

	for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2)
		if (!set_list(probe, argv[i] + 2, argv[i + 1]) &&
		    !set_text(probe, argv[i] + 2, argv[i + 1]))
			set_other(probe, argv[i] + 2, argv[i + 1]);
	if (i + 1 != argc)
		die("usage", "directory_probe [--NAME VALUE]... COMMAND");
	command = argv[i];
	probe->settings.urls = probe->urls.at;
	probe->settings.url_count = probe->urls.count;
	probe->settings.users.bases = probe->bases.at;
	probe->settings.users.base_count = probe->bases.count;
	probe->settings.canaries = probe->canaries.at;
	probe->settings.canary_count = probe->canaries.count;
	probe->settings.groups = probe->groups;
	probe->settings.group_count = probe->group_count;
}

static void run(struct probe *probe)
{
	struct err err = { "" };

	probe->set = attribute_set_new();
	for (size_t i = 0; i < probe->attributes.count; i++)
		attribute_set_add(probe->set, span_of(probe->attributes.at[i]));
	probe->loop = loop_new();
	if (directory_new(probe->loop, &probe->settings, probe->set, &probe->source, &err) ==
	    STATUS_OK) {
		probe->beat = loop_timer_new(probe->loop, on_beat, probe);
		loop_timer_start(probe->beat, 0);
		start(probe);
		loop_run(probe->loop);
		loop_io_free(&probe->input);
		loop_timer_free(&probe->beat);
		source_free(&probe->source);
	} else {
		struct str out = { 0 };
		struct emitter writer = open_line(&out, "refused");
		put_span(&writer, "error", span_of(err.text));
		close_line(&writer, &out);
		probe->exit_code = 78;
	}
	loop_free(&probe->loop);
	attribute_set_free(&probe->set);
}

int main(int argc, char **argv)
{
	struct probe probe = {
		.settings = { .name = SPAN("probe"),
		    .users = { .scope = DIRECTORY_SCOPE_SUBTREE },
		    .page_size = 1000,
		    .connect_timeout_ms = 5000,
		    .search_timeout_ms = 20000 },
		.times = 1,
		.handler = { on_membership, on_entry, on_unusable, on_done },
	};

	signal(SIGPIPE, SIG_IGN);
	parse(&probe, argc, argv);
	run(&probe);
	str_done(&probe.lines);
	str_done(&probe.cursor);
	free(probe.urls.at);
	free(probe.bases.at);
	free(probe.canaries.at);
	free(probe.attributes.at);
	free(probe.asks.at);
	free(probe.groups);
	return probe.exit_code;
}
