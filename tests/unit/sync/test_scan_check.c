/* SPDX-License-Identifier: ISC */
/* What the check by a scan tells of a directory that a test plays. */
#include "support.h"

#include "core/attributes.h"
#include "sync/scan_check.h"
#include <stdio.h>

#define ID_1 "ws-1"
#define ID_2 "ws-2"

/* A source that keeps the handler of the scan: the test brings what it likes. */
struct scene {
	struct source source;
	const struct source_scan_handler *handler;
	void *context;
	struct attribute_set *set;
	struct mapping *mapping;
	struct membership *membership;
	struct policy policy;
	const char *canaries[2];
	struct scan_check_group groups[2];
	struct scan_check_input input;
	struct str text, data; /* "STATUS NAME: DETAIL\n", "NAME {…}\n" */
	unsigned ends, progress;
};

static void scan(struct source *source, const struct source_scan_handler *handler, void *context)
{
	struct scene *scene = (struct scene *)source;

	scene->handler = handler;
	scene->context = context;
}

static void on_step(void *context, const struct check_step *step)
{
	struct scene *scene = context;

	if (step == NULL) {
		scene->ends++;
		return;
	}
	str_addf(&scene->text, "%s %s: %.*s\n", check_status_name(step->status), step->name,
	    SPAN_ARG(step->detail));
	str_addf(&scene->data, "%s %.*s\n", step->name, SPAN_ARG(step->data));
}

static void on_progress(void *context, const char *phase, uint64_t done, uint64_t of)
{
	struct scene *scene = context;

	(void)phase;
	assert_int_equal(of, 0);
	assert_int_equal(done % 1000, 0);
	scene->progress++;
}

static void scene_open(struct scene *scene)
{
	static const struct source_vtable vtable = { .scan = scan };
	static const struct mapping_rule rules[] = {
		{ ACCOUNT_USER_NAME, SPAN_INIT("${mail}"), SPAN_INIT("") },
		{ ACCOUNT_ACTIVE, SPAN_INIT("${on}"), SPAN_INIT("(on=*)") },
	};
	static const struct workspace_rule workspaces[] = {
		{ .id = SPAN_INIT(ID_1), .name = SPAN_INIT("One"), .root = 0 },
		{ .id = SPAN_INIT(ID_2), .root = 1 },
		{ .id = SPAN_INIT(ID_1), .when = SPAN_INIT("(on=FALSE)"), .root = MEMBERSHIP_NONE },
	};
	struct mapping_input mapping = { .rules = rules,
		.rule_count = COUNT_OF(rules),
		.workspaces = workspaces,
		.workspace_count = COUNT_OF(workspaces),
		.user_name_is_email = true };

	*scene = (struct scene) { .source = { &vtable, SPAN("corp") },
		.set = attribute_set_new(),
		.policy = policy_default(),
		.canaries = { "uid=a,dc=x", "UID=Gone,DC=x" },
		.groups = {
		    { SPAN("cn=g1,dc=x"), true, false }, { SPAN("cn=g2,dc=x"), false, false } } };
	assert_int_equal(mapping_new(&mapping, scene->set, &scene->mapping, NULL), STATUS_OK);
	scene->membership = membership_new((const uint8_t[16]) { 1 });
	scene->input = (struct scan_check_input) { .source = &scene->source,
		.mapping = scene->mapping,
		.policy = &scene->policy,
		.canaries = scene->canaries,
		.canary_count = 2,
		.groups = scene->groups,
		.group_count = 2,
		.is_alone = true,
		.is_last = true,
		.workspaces = workspaces,
		.workspace_count = COUNT_OF(workspaces),
		.on_progress = on_progress,
		.progress_context = scene };
	scan_check_start(&scene->input, on_step, scene);
}

static void scene_close(struct scene *scene)
{
	assert_int_equal(scene->ends, 1);
	membership_free(&scene->membership);
	mapping_free(&scene->mapping);
	attribute_set_free(&scene->set);
	str_done(&scene->text);
	str_done(&scene->data);
}

static void bring(struct scene *scene, const char *dn, const char *mail, const char *on)
{
	struct span texts[2] = { span_of(mail), span_of(on) };
	struct values values[8] = { { NULL, 0 } };
	struct entry entry = { .dn = span_of(dn), .values = values, .slot_count = 8 };
	size_t slot = 0;

	assert_true(attribute_set_find(scene->set, SPAN("mail"), &slot) && slot < 8);
	values[slot] = (struct values) { &texts[0], mail != NULL };
	assert_true(attribute_set_find(scene->set, SPAN("on"), &slot) && slot < 8);
	values[slot] = (struct values) { &texts[1], on != NULL };
	entry.group_count = membership_find(scene->membership, entry.dn, &entry.groups);
	scene->handler->on_entry(scene->context, &entry);
}

static void end(struct scene *scene, enum status status, const struct scan_facts *facts)
{
	scene->handler->on_done(
	    scene->context, status, facts, &(struct err) { "it broke; mend it" });
}

static void seal(struct scene *scene)
{
	membership_seal(scene->membership);
	scene->handler->on_membership(scene->context, scene->membership);
}

static void assert_has(const struct str *text, const char *part)
{
	if (strstr(str_c(text), part) == NULL)
		fail_msg("\"%s\" is not in\n%s", part, str_c(text));
}

static void everything_is_counted(void **state)
{
	struct scene scene;
	uint32_t top;

	(void)state;
	scene_open(&scene);
	top = membership_add_group(scene.membership, SPAN("cn=g1,dc=x"));
	membership_set_root(scene.membership, 0, top);
	membership_add_member(scene.membership, top, SPAN("uid=a,dc=x"));
	membership_set_unknown(scene.membership, 1, SPAN("it is not there"));
	seal(&scene);
	bring(&scene, "uid=a,dc=x", "a@x", NULL);
	bring(&scene, "uid=b,dc=x", "b@x", "FALSE");
	bring(&scene, "uid=c,dc=x", "c", NULL);
	bring(&scene, "uid=d,dc=x", "d", NULL);
	bring(&scene, "uid=e,dc=x", NULL, NULL);
	scene.handler->on_unusable(scene.context, SPAN("uid=f,dc=x"), SPAN("it has no key"));
	end(&scene, STATUS_OK, &(struct scan_facts) { .is_complete = true, .entries = 6 });
	assert_has(&scene.text, "ok entries: 6 match base, scope and filter\n");
	assert_has(&scene.text, "warning mapping: 2 of 6 map, 1 of them inactive, 2 with a "
				"workspace; 2: userName: \"…\" is not an email address");
	assert_has(&scene.data, "\"count\":2,\"example\":\"uid=c,dc=x\"}");
	assert_has(
	    &scene.data, "{\"reason\":\"it has no key\",\"count\":1,\"example\":\"uid=f,dc=x\"}");
	assert_has(&scene.text, "ok sample: uid=a,dc=x: userName a@x, active; workspaces One\n");
	assert_has(&scene.text, "ok sample: uid=b,dc=x: userName b@x, inactive; workspaces One\n");
	assert_has(&scene.text, "warning grants: One 2, ws-2 0\n");
	assert_has(&scene.text, "ok canary: uid=a,dc=x was seen\n");
	assert_has(&scene.text, "failed canary: UID=Gone,DC=x was not seen\n");
	assert_has(&scene.text, "ok group: cn=g1,dc=x: 1 member, groups in it included\n");
	assert_has(&scene.text, "failed group: cn=g2,dc=x: it is not there\n");
	scene_close(&scene);
}

static void a_group_may_be_in_another_directory(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	membership_set_unknown(scene.membership, 0, SPAN("it is not there"));
	membership_set_unknown(scene.membership, 1, SPAN("it is not there"));
	seal(&scene);
	bring(&scene, "uid=a,dc=x", "a@x", NULL);
	scene.groups[0].is_known = true;
	end(&scene, STATUS_OK, &(struct scan_facts) { .is_complete = true, .entries = 1 });
	assert_has(&scene.text,
	    "skipped group: cn=g1,dc=x: it is not there; another directory has it\n"
	    "failed group: cn=g2,dc=x: it is not there\n");
	scene_close(&scene);
}

static void a_user_name_that_two_want_is_counted_once(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	seal(&scene);
	bring(&scene, "uid=a,dc=x", "a@x", NULL);
	bring(&scene, "uid=b,dc=x", "b@x", NULL);
	bring(&scene, "uid=c,dc=x", "A@X", NULL);
	bring(&scene, "uid=d,dc=x", "a@x", NULL);
	end(&scene, STATUS_OK, &(struct scan_facts) { .is_complete = true, .entries = 4 });
	assert_has(&scene.text,
	    "warning mapping: 4 of 4 map, 0 of them inactive, 0 with a "
	    "workspace, 4 that an unknown group decides about; 1 userNames are");
	assert_has(&scene.data, "\"contested\":1,");
	scene_close(&scene);
}

static void a_list_that_was_cut_fails(void **state)
{
	static const struct {
		struct scan_facts facts;
		const char *words;
	} rows[] = {
		{ { .is_complete = false, .incomplete_why = SPAN_INIT("the size limit") },
		    "failed entries: 1 match base, scope and filter, but not all were read: the "
		    "size "
		    "limit\n" },
		{ { .is_complete = true, .referrals = 1, .referral = SPAN_INIT("ldap://b/") },
		    "failed entries: 1 match base, scope and filter, and the server refers to "
		    "another "
		    "one, which is not followed: ldap://b/\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct scene scene;

		scene_open(&scene);
		seal(&scene);
		bring(&scene, "uid=a,dc=x", "a@x", NULL);
		end(&scene, STATUS_OK, &rows[i].facts);
		assert_has(&scene.text, rows[i].words);
		assert_has(&scene.data, "entries {\"entries\":1,\"complete\":false}\n");
		scene_close(&scene);
	}
}

static void nobody_is_a_failure(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	seal(&scene);
	end(&scene, STATUS_OK, &(struct scan_facts) { .is_complete = true });
	assert_has(&scene.text, "failed entries: 0 match");
	assert_has(&scene.text, "skipped mapping: no entry matches\n");
	assert_has(&scene.text, "skipped sample: no entry maps\n");
	scene_close(&scene);
}

static void a_scan_that_breaks_off_skips_the_rest(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	seal(&scene);
	bring(&scene, "uid=a,dc=x", "a@x", NULL);
	end(&scene, STATUS_DOWN, &(struct scan_facts) { .is_complete = false });
	assert_string_equal(str_c(&scene.text),
	    "failed entries: the scan broke off after 1: it broke\n"
	    "skipped mapping: not all entries were read\n"
	    "skipped sample: not all entries were read\n"
	    "skipped grants: not all entries were read\n"
	    "skipped canary: not all entries were read\n"
	    "skipped group: not all entries were read\n");
	scene_close(&scene);
	scene_open(&scene);
	end(&scene, STATUS_CANCELED, &(struct scan_facts) { .is_complete = false });
	assert_has(&scene.text, "skipped entries: interrupted after 0\n");
	scene_close(&scene);
}

/* As many reasons and entries as there may be: what is kept stays small. */
static void many_are_no_trouble(void **state)
{
	struct scene scene;
	char dn[64], why[64];

	(void)state;
	scene_open(&scene);
	seal(&scene);
	for (int i = 0; i < 5000; i++) {
		(void)snprintf(dn, sizeof(dn), "uid=u%04d,dc=x", i);
		(void)snprintf(why, sizeof(why), "reason %d", i % 50);
		if (i % 2 == 0)
			bring(&scene, dn, "a@x", NULL);
		else
			scene.handler->on_unusable(scene.context, span_of(dn), span_of(why));
	}
	end(&scene, STATUS_OK, &(struct scan_facts) { .is_complete = true });
	assert_int_equal(scene.progress, 5);
	assert_has(&scene.text, "2500 of 5000 map");
	assert_has(&scene.text, "; and other reasons");
	scene_close(&scene);
}

const struct CMUnitTest scan_check_tests[] = {
	cmocka_unit_test(everything_is_counted),
	cmocka_unit_test(a_group_may_be_in_another_directory),
	cmocka_unit_test(a_user_name_that_two_want_is_counted_once),
	cmocka_unit_test(a_list_that_was_cut_fails),
	cmocka_unit_test(nobody_is_a_failure),
	cmocka_unit_test(a_scan_that_breaks_off_skips_the_rest),
	cmocka_unit_test(many_are_no_trouble),
};
const size_t scan_check_test_count = COUNT_OF(scan_check_tests);
