/* SPDX-License-Identifier: ISC */
/* The LDIF source on the fake loop, with files in a folder of its own. */
#include "base/vec.h"
#include "directory/directory.h"
#include "tests/fake/fake_loop.h"
#include "tests/unit/directory/tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PERSON(uid) "dn: uid=" uid ",ou=p,dc=x\nobjectClass: person\nuid: " uid "\n\n"

struct fixture {
	char folder[32], path[64];
	const char *urls[1];
	const char *bases[1], *canaries[1];
	struct directory_group groups[3];
	struct directory_settings settings;
	struct attribute_set *set;
	struct loop *loop;
	struct source *source;

	struct str seen; /* "uid:ROOTS " for each entry */
	struct str unusable, unknown, steps;
	size_t memberships, last_callbacks;
	enum status status;
	bool is_complete, cancel_at_entry;
	uint64_t entries, unusable_count, unknown_count;
	struct str incomplete_why, error, missing_canary, detail, cursor, gap, others;
	enum look_up_outcome outcome;
	bool has_entry;
	struct membership *membership;
};

static void write_file(struct fixture *fixture, const char *text)
{
	FILE *file = fopen(fixture->path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

static struct fixture *open_fixture(const char *text)
{
	struct fixture *fixture = mem_new(1, sizeof(*fixture));

	strcpy(fixture->folder, "/tmp/scimward-ldif-XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	snprintf(fixture->path, sizeof(fixture->path), "%s/people.ldif", fixture->folder);
	if (text != NULL)
		write_file(fixture, text);
	fixture->urls[0] = fixture->path;
	fixture->bases[0] = "ou=p,dc=x";
	fixture->settings = (struct directory_settings) { .name = SPAN("file"),
		.kind = DIRECTORY_LDIF,
		.urls = fixture->urls,
		.url_count = 1,
		.users = { .scope = DIRECTORY_SCOPE_SUBTREE, .bases = fixture->bases },
		.canaries = fixture->canaries,
		.groups = fixture->groups };
	fixture->set = attribute_set_new();
	attribute_set_add(fixture->set, SPAN("uid"));
	fixture->loop = loop_new();
	return fixture;
}

static void close_fixture(struct fixture *fixture)
{
	source_free(&fixture->source);
	loop_free(&fixture->loop);
	attribute_set_free(&fixture->set);
	unlink(fixture->path);
	rmdir(fixture->folder);
	str_done(&fixture->seen);
	str_done(&fixture->unusable);
	str_done(&fixture->unknown);
	str_done(&fixture->steps);
	str_done(&fixture->incomplete_why);
	str_done(&fixture->error);
	str_done(&fixture->missing_canary);
	str_done(&fixture->detail);
	str_done(&fixture->cursor);
	str_done(&fixture->gap);
	str_done(&fixture->others);
	free(fixture);
}

static void make_source(struct fixture *fixture)
{
	struct err err = { "" };

	if (fixture->source == NULL && directory_new(fixture->loop, &fixture->settings,
					   fixture->set, &fixture->source, &err) != STATUS_OK)
		fail_msg("%s", err.text);
}

static void on_membership(void *context, struct membership *membership)
{
	struct fixture *fixture = context;

	fixture->memberships++;
	fixture->membership = membership;
}

static void add_roots(struct fixture *fixture, const struct entry *entry)
{
	bool seen[3] = { false };

	for (uint32_t i = 0; i < entry->group_count; i++) {
		const uint32_t *roots;
		uint32_t count = membership_roots(fixture->membership, entry->groups[i], &roots);
		for (uint32_t j = 0; j < count; j++)
			seen[roots[j]] = true;
	}
	for (unsigned i = 0; i < 3; i++)
		if (seen[i])
			str_addf(&fixture->seen, "%u", i);
}

static void on_entry(void *context, const struct entry *entry)
{
	struct fixture *fixture = context;

	str_addf(&fixture->seen, "%.*s:", SPAN_ARG(entry_values(entry, 0).at[0]));
	add_roots(fixture, entry);
	str_add_byte(&fixture->seen, ' ');
	if (fixture->cancel_at_entry)
		source_cancel(fixture->source);
}

static void on_unusable(void *context, struct span dn, struct span why)
{
	struct fixture *fixture = context;

	str_addf(&fixture->unusable, "%.*s: %.*s\n", SPAN_ARG(dn), SPAN_ARG(why));
}

static void on_done(
    void *context, enum status status, const struct scan_facts *facts, const struct err *err)
{
	struct fixture *fixture = context;

	fixture->last_callbacks++;
	fixture->status = status;
	fixture->is_complete = facts->is_complete;
	fixture->entries = facts->entries;
	fixture->unusable_count = facts->unusable;
	fixture->unknown_count = facts->unknown_groups;
	str_add(&fixture->unknown, facts->unknown_group);
	str_add(&fixture->incomplete_why, facts->incomplete_why);
	str_add(&fixture->missing_canary, facts->missing_canary);
	str_add_c(&fixture->error, err->text);
	str_truncate(&fixture->cursor, 0);
	str_add(&fixture->cursor, facts->cursor);
}

static const struct source_scan_handler handler = { on_membership, on_entry, on_unusable, on_done };

static void scan(struct fixture *fixture)
{
	make_source(fixture);
	str_truncate(&fixture->seen, 0);
	str_truncate(&fixture->incomplete_why, 0);
	fixture->last_callbacks = 0;
	source_scan(fixture->source, &handler, fixture);
	assert_int_equal(fixture->last_callbacks, 0);
	loop_run(fixture->loop);
	assert_int_equal(fixture->last_callbacks, 1);
}

static void people_are_brought(void **state)
{
	struct fixture *fixture = open_fixture("version: 1\n\n" PERSON("a")
		PERSON("b") "dn: ou=p,dc=x\nobjectClass: organizationalUnit\nou: p\n\ndn: "
			    "uid=c,dc=x\nuid: c\n");

	(void)state;
	scan(fixture);
	assert_string_equal(str_c(&fixture->seen), "a: b: c: ");
	assert_int_equal(fixture->status, STATUS_OK);
	assert_true(fixture->is_complete);
	assert_int_equal(fixture->entries, 3);
	assert_int_equal(fixture->memberships, 1);
	scan(fixture);
	assert_string_equal(str_c(&fixture->seen), "a: b: c: ");
	close_fixture(fixture);
}

static void bases_and_filter_choose(void **state)
{
	struct fixture *fixture = open_fixture(PERSON("a") PERSON("b") "dn: uid=c,dc=x\nuid: c\n");

	(void)state;
	fixture->settings.users.base_count = 1;
	fixture->settings.users.filter = "(!(uid=b))";
	scan(fixture);
	assert_string_equal(str_c(&fixture->seen), "a: ");
	close_fixture(fixture);
}

static void a_missing_file_is_down(void **state)
{
	struct fixture *fixture = open_fixture(NULL);

	(void)state;
	scan(fixture);
	assert_int_equal(fixture->status, STATUS_DOWN);
	assert_false(fixture->is_complete);
	assert_non_null(strstr(str_c(&fixture->error), fixture->path));
	assert_int_equal(fixture->memberships, 0);
	close_fixture(fixture);
}

static void a_folder_is_down(void **state)
{
	struct fixture *fixture = open_fixture(NULL);

	(void)state;
	fixture->urls[0] = fixture->folder;
	scan(fixture);
	assert_int_equal(fixture->status, STATUS_DOWN);
	assert_non_null(strstr(str_c(&fixture->error), "regular"));
	close_fixture(fixture);
}

static void an_empty_file_is_whole_and_empty(void **state)
{
	struct fixture *fixture = open_fixture("");

	(void)state;
	scan(fixture);
	assert_true(fixture->is_complete);
	assert_int_equal(fixture->entries, 0);
	close_fixture(fixture);
}

static void a_bad_record_stops_only_itself(void **state)
{
	struct fixture *fixture = open_fixture(
	    PERSON("a") "dn: uid=x,dc=x\nchangetype: delete\n\n" PERSON("b"));

	(void)state;
	scan(fixture);
	assert_string_equal(str_c(&fixture->seen), "a: b: ");
	assert_int_equal(fixture->status, STATUS_OK);
	assert_false(fixture->is_complete);
	assert_non_null(strstr(str_c(&fixture->incomplete_why), "line 5"));
	assert_int_equal(fixture->unusable_count, 1);
	close_fixture(fixture);
}

static void a_url_value_spoils_its_entry(void **state)
{
	struct fixture *fixture = open_fixture(
	    PERSON("a") "dn: uid=u,ou=p,dc=x\nuid: u\nphoto:< file:///etc/passwd\n");

	(void)state;
	scan(fixture);
	assert_string_equal(str_c(&fixture->seen), "a: ");
	assert_true(fixture->is_complete);
	assert_non_null(strstr(str_c(&fixture->unusable), "uid=u,ou=p,dc=x: line 5"));
	assert_int_equal(fixture->entries, 2);
	close_fixture(fixture);
}

static void rewrite(void *context)
{
	struct fixture *fixture = context;

	write_file(fixture, PERSON("a"));
}

static void a_file_that_changes_is_not_whole(void **state)
{
	struct fixture *fixture = open_fixture(PERSON("a") PERSON("b"));
	struct loop_timer *timer = loop_timer_new(fixture->loop, rewrite, fixture);

	(void)state;
	make_source(fixture);
	loop_timer_start(timer, 0);
	source_scan(fixture->source, &handler, fixture);
	/* The file is opened in the first turn, and its last chunk read in a later one. */
	fake_loop_step(fixture->loop);
	rewrite(fixture);
	loop_run(fixture->loop);
	assert_int_equal(fixture->last_callbacks, 1);
	assert_false(fixture->is_complete);
	assert_non_null(strstr(str_c(&fixture->incomplete_why), "changed"));
	loop_timer_free(&timer);
	close_fixture(fixture);
}

#define GROUPS                                                                                     \
	"dn: cn=top,dc=x\nobjectClass: groupOfNames\nmember: cn=sub,dc=x\nmember: "                \
	"uid=a,ou=p,dc=x\n\n"                                                                      \
	"dn: cn=other,dc=x\nobjectClass: groupOfNames\nmember: uid=c,ou=p,dc=x\n\n"                \
	"dn: cn=sub,dc=x\nobjectClass: groupOfUniqueNames\n"                                       \
	"uniqueMember: uid=b,ou=p,dc=x#'01'B\nuniqueMember: CN=Top,dc=x\n\n"

static void groups_are_walked(void **state)
{
	struct fixture *fixture = open_fixture(GROUPS PERSON("a") PERSON("b") PERSON("c"));

	(void)state;
	fixture->groups[0] = (struct directory_group) { SPAN("cn=top,dc=x"), true };
	fixture->groups[1] = (struct directory_group) { SPAN("CN=top,dc=x"), false };
	fixture->groups[2] = (struct directory_group) { SPAN("cn=missing,dc=x"), true };
	fixture->settings.group_count = 3;
	scan(fixture);
	assert_string_equal(str_c(&fixture->seen), "a:01 b:0 c: ");
	assert_int_equal(fixture->unknown_count, 1);
	assert_non_null(strstr(str_c(&fixture->unknown), "cn=missing,dc=x"));
	close_fixture(fixture);
}

static void errors_in_the_file_make_groups_unknown(void **state)
{
	struct fixture *fixture = open_fixture(GROUPS PERSON("a") "nonsense\n");

	(void)state;
	fixture->groups[0] = (struct directory_group) { SPAN("cn=top,dc=x"), true };
	fixture->groups[1] = (struct directory_group) { SPAN("cn=other,dc=x"), false };
	fixture->settings.group_count = 2;
	scan(fixture);
	assert_int_equal(fixture->unknown_count, 2);
	close_fixture(fixture);
}

static void posix_groups_are_unknown(void **state)
{
	struct fixture *fixture = open_fixture(
	    "dn: cn=g,dc=x\nobjectClass: posixGroup\nmemberUid: a\n\n" PERSON("a"));

	(void)state;
	fixture->groups[0] = (struct directory_group) { SPAN("cn=g,dc=x"), false };
	fixture->settings.group_count = 1;
	scan(fixture);
	assert_non_null(strstr(str_c(&fixture->unknown), "memberUid"));
	close_fixture(fixture);
}

static void canaries_are_looked_for(void **state)
{
	struct fixture *fixture = open_fixture(PERSON("a"));

	(void)state;
	fixture->settings.canary_count = 1;
	fixture->canaries[0] = "UID=A,ou=P,dc=x";
	scan(fixture);
	assert_string_equal(str_c(&fixture->missing_canary), "");
	source_free(&fixture->source);
	fixture->canaries[0] = "uid=b,ou=p,dc=x";
	scan(fixture);
	assert_string_equal(str_c(&fixture->missing_canary), "uid=b,ou=p,dc=x");
	close_fixture(fixture);
}

static void cancel_ends_it_once(void **state)
{
	struct fixture *fixture = open_fixture(PERSON("a") PERSON("b"));

	(void)state;
	make_source(fixture);
	source_scan(fixture->source, &handler, fixture);
	source_cancel(fixture->source);
	assert_int_equal(fixture->last_callbacks, 0);
	loop_run(fixture->loop);
	assert_int_equal(fixture->last_callbacks, 1);
	assert_int_equal(fixture->status, STATUS_CANCELED);
	fixture->cancel_at_entry = true;
	scan(fixture);
	assert_int_equal(fixture->status, STATUS_CANCELED);
	assert_string_equal(str_c(&fixture->seen), "a: ");
	assert_false(fixture->is_complete);
	close_fixture(fixture);
}

/* ---- look-up and check ---- */

static void on_found(void *context, const struct look_up_answer *answer)
{
	struct fixture *fixture = context;

	fixture->last_callbacks++;
	fixture->status = answer->status;
	fixture->outcome = answer->outcome;
	fixture->has_entry = answer->entry != NULL;
	str_truncate(&fixture->detail, 0);
	str_add(&fixture->detail, answer->detail);
	str_truncate(&fixture->seen, 0);
	str_truncate(&fixture->others, 0);
	for (size_t i = 0; i < answer->other_count; i++)
		str_addf(&fixture->others, "%.*s;", SPAN_ARG(answer->others[i]));
	if (answer->entry != NULL) {
		fixture->membership = answer->membership;
		str_addf(&fixture->seen, "%.*s:", SPAN_ARG(entry_values(answer->entry, 0).at[0]));
		add_roots(fixture, answer->entry);
	}
}

static enum look_up_outcome look_up(struct fixture *fixture, struct look_up_request request)
{
	make_source(fixture);
	fixture->last_callbacks = 0;
	source_look_up(fixture->source, &request, on_found, fixture);
	assert_int_equal(fixture->last_callbacks, 0);
	loop_run(fixture->loop);
	assert_int_equal(fixture->last_callbacks, 1);
	return fixture->outcome;
}

#define UUID_LINE "entryUUID: 00000000-0000-0000-0000-0000000000"

static void a_name_is_looked_for_anywhere(void **state)
{
	struct fixture *fixture = open_fixture(
	    "dn: uid=a,ou=p,dc=x\n" UUID_LINE "01\nuid: a\nmail: m\n\n"
	    "dn: uid=b,ou=p,dc=x\n" UUID_LINE "02\nuid: b\n\n"
	    "dn: uid=c,dc=x\n" UUID_LINE "03\nuid: c\nmail: m\n\n" GROUPS);
	struct look_up_request request = { .is_anywhere = true };

	(void)state;
	fixture->settings.users.base_count = 1;
	fixture->settings.users.filter = "(mail=*)";
	request.filter = SPAN("(uid=a)");
	assert_int_equal(look_up(fixture, request), LOOK_UP_MATCHES);
	assert_string_equal(str_c(&fixture->others), "");
	request.filter = SPAN("(uid=B)");
	assert_int_equal(look_up(fixture, request), LOOK_UP_LEFT_SCOPE);
	assert_string_equal(str_c(&fixture->detail), "(mail=*)");
	request.filter = SPAN("(uid=c)");
	assert_int_equal(look_up(fixture, request), LOOK_UP_MOVED);
	request.filter = SPAN("(mail=m)");
	assert_int_equal(look_up(fixture, request), LOOK_UP_MATCHES);
	assert_string_equal(str_c(&fixture->others), "uid=c,dc=x;");
	request.filter = SPAN("(uid=nobody)");
	assert_int_equal(look_up(fixture, request), LOOK_UP_DELETED);
	close_fixture(fixture);
}

static void outcomes_of_look_ups(void **state)
{
	struct fixture *fixture = open_fixture(
	    "dn: uid=a,ou=p,dc=x\n" UUID_LINE "01\nuid: a\nmail: m\n\n"
	    "dn: uid=b,ou=p,dc=x\n" UUID_LINE "02\nuid: b\n\n"
	    "dn: uid=c,dc=x\n" UUID_LINE "03\nuid: c\nmail: m\n\n"
	    "dn: uid=d,ou=p,dc=x\nuid: d\nphoto:< file:///x\n\n" GROUPS);
	struct look_up_request request = { 0 };

	(void)state;
	fixture->settings.users.base_count = 1;
	fixture->settings.users.filter = "(mail=*)";
	fixture->groups[0] = (struct directory_group) { SPAN("cn=top,dc=x"), true };
	fixture->settings.group_count = 1;
	request.key.byte[15] = 1;
	assert_int_equal(look_up(fixture, request), LOOK_UP_MATCHES);
	assert_string_equal(str_c(&fixture->seen), "a:0");
	request.key.byte[15] = 2;
	assert_int_equal(look_up(fixture, request), LOOK_UP_LEFT_SCOPE);
	assert_true(fixture->has_entry);
	assert_string_equal(str_c(&fixture->detail), "(mail=*)");
	request.key.byte[15] = 3;
	assert_int_equal(look_up(fixture, request), LOOK_UP_MOVED);
	assert_string_equal(str_c(&fixture->detail), "uid=c,dc=x");
	request.key.byte[15] = 4;
	assert_int_equal(look_up(fixture, request), LOOK_UP_DELETED);
	assert_false(fixture->has_entry);
	request.dn = SPAN("uid=d,ou=p,dc=x");
	assert_int_equal(look_up(fixture, request), LOOK_UP_UNREADABLE);
	request = (struct look_up_request) { .dn = SPAN("UID=B,ou=p,dc=x") };
	assert_int_equal(look_up(fixture, request), LOOK_UP_LEFT_SCOPE);
	request = (struct look_up_request) { .filter = SPAN("(title=none)") };
	assert_int_equal(look_up(fixture, request), LOOK_UP_UNREADABLE);
	request.filter = SPAN("(uid=a)");
	assert_int_equal(look_up(fixture, request), LOOK_UP_MATCHES);
	request.filter = SPAN("(uid=b)");
	assert_int_equal(look_up(fixture, request), LOOK_UP_UNREADABLE);
	request.filter = SPAN("(uid=");
	assert_int_equal(look_up(fixture, request), LOOK_UP_UNREADABLE);
	close_fixture(fixture);
}

struct batch {
	struct fixture *fixture;
	enum look_up_outcome outcomes[LOOK_UP_BATCH_MAX];
	bool was_answered[LOOK_UP_BATCH_MAX];
	unsigned answers, ends;
	enum status status;
	unsigned cancel_after;
};

static void on_batch_answer(void *context, size_t at, const struct look_up_answer *answer)
{
	struct batch *batch = context;

	assert_int_equal(batch->ends, 0);
	assert_false(batch->was_answered[at]);
	assert_null(answer->membership);
	assert_true(answer->detail.len > 0);
	batch->was_answered[at] = true;
	batch->outcomes[at] = answer->outcome;
	if (++batch->answers == batch->cancel_after)
		source_cancel(batch->fixture->source);
}

static void on_batch_done(void *context, enum status status, const struct err *err)
{
	struct batch *batch = context;

	(void)err;
	batch->ends++;
	batch->status = status;
}

/* Asks for the keys 1 to `count`; the last one's DN is uid=d. */
static struct batch look_up_batch(struct fixture *fixture, size_t count, unsigned cancel_after)
{
	static const struct look_up_batch_handler batch_handler = { on_batch_answer,
		on_batch_done };
	struct batch batch = { .fixture = fixture, .cancel_after = cancel_after };
	struct look_up_request requests[LOOK_UP_BATCH_MAX] = { 0 };

	for (size_t i = 0; i < count; i++)
		requests[i].key.byte[15] = (uint8_t)(i + 1);
	requests[count - 1].dn = SPAN("uid=D,ou=p,dc=x");
	make_source(fixture);
	source_look_up_batch(fixture->source, requests, count, &batch_handler, &batch);
	assert_int_equal(batch.answers + batch.ends, 0);
	loop_run(fixture->loop);
	assert_int_equal(batch.ends, 1);
	return batch;
}

static void a_batch_is_judged_as_each_would_be(void **state)
{
	static const enum look_up_outcome wanted[] = { LOOK_UP_MATCHES, LOOK_UP_LEFT_SCOPE,
		LOOK_UP_MOVED, LOOK_UP_DELETED, LOOK_UP_UNREADABLE };
	struct fixture *fixture = open_fixture(
	    "dn: uid=a,ou=p,dc=x\n" UUID_LINE "01\nuid: a\nmail: m\n\n"
	    "dn: uid=b,ou=p,dc=x\n" UUID_LINE "02\nuid: b\n\n"
	    "dn: uid=c,dc=x\n" UUID_LINE "03\nuid: c\nmail: m\n\n"
	    "dn: uid=d,ou=p,dc=x\nuid: d\nphoto:< file:///x\n\n" GROUPS);
	struct batch batch;

	(void)state;
	fixture->settings.users.base_count = 1;
	fixture->settings.users.filter = "(mail=*)";
	batch = look_up_batch(fixture, 5, 0);
	assert_int_equal(batch.status, STATUS_OK);
	assert_int_equal(batch.answers, 5);
	assert_memory_equal(batch.outcomes, wanted, sizeof(wanted));
	batch = look_up_batch(fixture, 5, 1);
	assert_int_equal(batch.status, STATUS_CANCELED);
	assert_int_equal(batch.answers, 1);
	close_fixture(fixture);
}

static void a_batch_against_a_bad_file_proves_nothing(void **state)
{
	struct fixture *fixture = open_fixture(PERSON("a") "nonsense\n");
	struct batch batch = look_up_batch(fixture, LOOK_UP_BATCH_MAX, 0);

	(void)state;
	assert_int_equal(batch.answers, LOOK_UP_BATCH_MAX);
	for (size_t i = 0; i < LOOK_UP_BATCH_MAX; i++)
		assert_int_equal(batch.outcomes[i], LOOK_UP_UNREADABLE);
	close_fixture(fixture);
	fixture = open_fixture(NULL);
	batch = look_up_batch(fixture, 3, 0);
	assert_int_equal(batch.status, STATUS_DOWN);
	assert_int_equal(batch.answers, 0);
	close_fixture(fixture);
}

static void errors_in_the_file_prove_nothing(void **state)
{
	struct fixture *fixture = open_fixture(PERSON("a") "nonsense\n");
	struct look_up_request request = { .dn = SPAN("uid=b,ou=p,dc=x") };

	(void)state;
	assert_int_equal(look_up(fixture, request), LOOK_UP_UNREADABLE);
	assert_non_null(strstr(str_c(&fixture->detail), "line 5"));
	close_fixture(fixture);
}

static void a_missing_file_proves_nothing(void **state)
{
	struct fixture *fixture = open_fixture(NULL);
	struct look_up_request request = { .dn = SPAN("uid=b,ou=p,dc=x") };

	(void)state;
	assert_int_equal(look_up(fixture, request), LOOK_UP_UNREADABLE);
	assert_int_equal(fixture->status, STATUS_DOWN);
	close_fixture(fixture);
}

static void on_step(void *context, const struct check_step *step)
{
	struct fixture *fixture = context;

	if (step == NULL)
		fixture->last_callbacks++;
	else
		str_addf(&fixture->steps, "%s %s: %.*s; %.*s\n", check_status_name(step->status),
		    step->name, SPAN_ARG(step->detail), SPAN_ARG(step->remedy));
}

static void check_says_whether_the_file_can_be_read(void **state)
{
	struct fixture *fixture = open_fixture(PERSON("a"));
	struct str wanted = { 0 };

	(void)state;
	make_source(fixture);
	source_check(fixture->source, on_step, fixture);
	assert_int_equal(fixture->steps.len, 0);
	loop_run(fixture->loop);
	str_addf(&wanted, "ok file: %s, %zu bytes; \n", fixture->path, strlen(PERSON("a")));
	assert_string_equal(str_c(&fixture->steps), str_c(&wanted));
	unlink(fixture->path);
	str_truncate(&fixture->steps, 0);
	source_check(fixture->source, on_step, fixture);
	loop_run(fixture->loop);
	str_truncate(&wanted, 0);
	str_addf(&wanted,
	    "failed file: cannot read %s: No such file or directory; check urls, and the owner "
	    "and mode of the file and of the folders above it\n",
	    fixture->path);
	assert_string_equal(str_c(&fixture->steps), str_c(&wanted));
	str_done(&wanted);
	close_fixture(fixture);
}

static void on_touched(void *context, const struct uuid *key)
{
	(void)context, (void)key;
	fail();
}

static void on_member(void *context, const struct member_hash *hash, struct span dn)
{
	(void)context, (void)hash, (void)dn;
	fail();
}

static void on_changes_done(
    void *context, enum status status, const struct changes_facts *facts, const struct err *err)
{
	struct fixture *fixture = context;

	(void)err;
	fixture->last_callbacks++;
	fixture->status = status;
	str_truncate(&fixture->gap, 0);
	str_add(&fixture->gap, facts->gap);
	assert_int_equal(facts->gap.at == NULL && status == STATUS_OK, facts->cursor.at != NULL);
}

static void ask_changes(struct fixture *fixture)
{
	static const struct source_changes_handler changes_handler = { on_membership, on_touched,
		on_member, on_changes_done };

	fixture->memberships = fixture->last_callbacks = 0;
	assert_true(
	    source_changes(fixture->source, str_span(&fixture->cursor), &changes_handler, fixture));
	loop_run(fixture->loop);
	assert_int_equal(fixture->last_callbacks, 1);
}

static void a_file_that_stays_has_no_changes(void **state)
{
	struct fixture *fixture = open_fixture(PERSON("a"));

	(void)state;
	make_source(fixture);
	ask_changes(fixture);
	assert_non_null(strstr(str_c(&fixture->gap), "is not what it was"));
	scan(fixture);
	ask_changes(fixture);
	assert_int_equal(fixture->status, STATUS_OK);
	assert_string_equal(str_c(&fixture->gap), "");
	assert_int_equal(fixture->memberships, 1);
	write_file(fixture, PERSON("a") PERSON("b"));
	ask_changes(fixture);
	assert_non_null(strstr(str_c(&fixture->gap), "is not what it was"));
	assert_int_equal(fixture->memberships, 0);
	unlink(fixture->path);
	ask_changes(fixture);
	assert_int_equal(fixture->status, STATUS_DOWN);
	close_fixture(fixture);
}

static void a_file_that_was_not_read_is_read_first(void **state)
{
	struct fixture *fixture = open_fixture(PERSON("a"));

	(void)state;
	scan(fixture);
	source_free(&fixture->source);
	make_source(fixture);
	ask_changes(fixture);
	assert_non_null(strstr(str_c(&fixture->gap), "has not been read yet"));
	source_free(&fixture->source);
	fixture->settings.changes = DIRECTORY_CHANGES_NONE;
	make_source(fixture);
	assert_false(source_changes(fixture->source, SPAN("x"), NULL, NULL));
	close_fixture(fixture);
}

const struct CMUnitTest ldif_tests[] = {
	cmocka_unit_test(a_file_that_stays_has_no_changes),
	cmocka_unit_test(a_file_that_was_not_read_is_read_first),
	cmocka_unit_test(people_are_brought),
	cmocka_unit_test(bases_and_filter_choose),
	cmocka_unit_test(a_missing_file_is_down),
	cmocka_unit_test(a_folder_is_down),
	cmocka_unit_test(an_empty_file_is_whole_and_empty),
	cmocka_unit_test(a_bad_record_stops_only_itself),
	cmocka_unit_test(a_url_value_spoils_its_entry),
	cmocka_unit_test(a_file_that_changes_is_not_whole),
	cmocka_unit_test(groups_are_walked),
	cmocka_unit_test(errors_in_the_file_make_groups_unknown),
	cmocka_unit_test(posix_groups_are_unknown),
	cmocka_unit_test(canaries_are_looked_for),
	cmocka_unit_test(cancel_ends_it_once),
	cmocka_unit_test(a_name_is_looked_for_anywhere),
	cmocka_unit_test(outcomes_of_look_ups),
	cmocka_unit_test(a_batch_is_judged_as_each_would_be),
	cmocka_unit_test(a_batch_against_a_bad_file_proves_nothing),
	cmocka_unit_test(errors_in_the_file_prove_nothing),
	cmocka_unit_test(a_missing_file_proves_nothing),
	cmocka_unit_test(check_says_whether_the_file_can_be_read),
};
const size_t ldif_test_count = sizeof(ldif_tests) / sizeof(*ldif_tests);
