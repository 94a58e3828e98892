/* SPDX-License-Identifier: ISC */
/* A directory in memory.  What it shows is built anew for each scan and look-up. */
#include "tests/fake/fake_source.h"

#include "base/arena.h"
#include "base/vec.h"
#include "core/filter.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { PAGE = 100, ROOTS_MAX = 8 };

struct pair {
	char *attribute, *value;
};

struct person {
	unsigned number;
	char *dn;
	enum fake_place place;
	struct pair *pairs;
	size_t pair_count, pair_cap;
	int64_t from_ms, until_ms; /* 0: not */
};

struct group {
	bool is_there, is_unknown;
	unsigned *members;
	size_t member_count, member_cap;
};

/* Somebody was touched. */
struct event {
	unsigned number;
	bool is_deletion;
};

enum job { JOB_NONE, JOB_SCAN, JOB_LOOK_UP, JOB_BATCH, JOB_CHANGES };

struct fake_source {
	struct source port; /* first */
	struct loop *loop;
	const struct attribute_set *set;
	struct loop_timer *timer;
	struct fake_source_switches switches;
	struct fake_source_counts counts;
	struct person *people;
	size_t people_count, people_cap;
	struct group groups[ROOTS_MAX];

	enum job job;
	bool is_canceled;
	struct arena *arena; /* of the job */
	struct membership *membership;
	const struct source_scan_handler *handler;
	void *context;
	size_t at, brought;
	struct look_up_request request;
	look_up_callback *on_looked;
	const struct look_up_request *batch;
	size_t batch_count;
	const struct look_up_batch_handler *batch_handler;

	struct event *events; /* since ever; a cursor is how many were told */
	size_t event_count, event_cap;
	struct membership *kept; /* as the last scan or changes left it */
	const struct source_changes_handler *changes_handler;
	size_t told;

	source_watch_callback *on_change; /* NULL: nobody waits */
	void *watch_context;
	struct loop_timer *watch_timer;
	bool is_watch_lost;
};

struct uuid fake_key(unsigned number)
{
	struct uuid key = { { 0xaa } };

	key.byte[14] = (uint8_t)(number >> 8);
	key.byte[15] = (uint8_t)number;
	return key;
}

static struct person *find(struct fake_source *fake, unsigned number)
{
	for (size_t i = 0; i < fake->people_count; i++) {
		if (fake->people[i].number == number)
			return &fake->people[i];
	}
	return NULL;
}

static struct person *need(struct fake_source *fake, unsigned number)
{
	struct person *person = find(fake, number);

	assert(person != NULL);
	return person;
}

static void note(struct fake_source *fake, unsigned number, bool is_deletion)
{
	*(struct event *)vec_push((void **)&fake->events, &fake->event_count, &fake->event_cap,
	    sizeof(struct event)) = (struct event) { number, is_deletion };
	if (fake->on_change != NULL)
		loop_timer_start(fake->watch_timer, 5);
}

static void on_watch_timer(void *context)
{
	struct fake_source *fake = context;
	source_watch_callback *callback = fake->on_change;

	if (callback == NULL)
		return;
	if (fake->is_watch_lost)
		fake->on_change = NULL;
	callback(fake->watch_context, fake->is_watch_lost, SPAN("the connection was closed"));
	fake->is_watch_lost = false;
}

static bool start_watch(struct source *source, source_watch_callback *callback, void *context)
{
	struct fake_source *fake = (struct fake_source *)source;

	if (callback != NULL && !fake->switches.can_watch)
		return false;
	fake->counts.watches += callback != NULL;
	fake->on_change = callback;
	fake->watch_context = context;
	return true;
}

bool fake_source_is_watched(const struct fake_source *fake)
{
	return fake->on_change != NULL;
}

void fake_source_lose_watch(struct fake_source *fake)
{
	fake->is_watch_lost = true;
	loop_timer_start(fake->watch_timer, 5);
}

/* ---- what tests say ---- */

void fake_source_add(struct fake_source *fake, unsigned number)
{
	struct person *person;
	char dn[64];

	if (find(fake, number) != NULL)
		return;
	snprintf(dn, sizeof(dn), "uid=p%u,ou=people,dc=example", number);
	person = vec_push(
	    (void **)&fake->people, &fake->people_count, &fake->people_cap, sizeof(*person));
	person->number = number;
	person->dn = mem_strdup(dn);
	note(fake, number, false);
}

static void person_done(struct person *person)
{
	for (size_t i = 0; i < person->pair_count; i++) {
		free(person->pairs[i].attribute);
		free(person->pairs[i].value);
	}
	free(person->pairs);
	free(person->dn);
}

void fake_source_remove(struct fake_source *fake, unsigned number)
{
	struct person *person = need(fake, number);

	person_done(person);
	*person = fake->people[--fake->people_count];
	note(fake, number, true);
}

void fake_source_set(
    struct fake_source *fake, unsigned number, const char *attribute, const char *value)
{
	struct person *person = need(fake, number);
	struct pair *pair = NULL;

	for (size_t i = 0; i < person->pair_count; i++) {
		if (strcmp(person->pairs[i].attribute, attribute) == 0)
			pair = &person->pairs[i];
	}
	if (pair == NULL) {
		pair = vec_push(
		    (void **)&person->pairs, &person->pair_count, &person->pair_cap, sizeof(*pair));
		pair->attribute = mem_strdup(attribute);
	}
	free(pair->value);
	pair->value = mem_strdup(value);
	note(fake, number, false);
}

void fake_source_time(struct fake_source *fake, unsigned number, int64_t from_ms, int64_t until_ms)
{
	need(fake, number)->from_ms = from_ms;
	need(fake, number)->until_ms = until_ms;
}

void fake_source_place(struct fake_source *fake, unsigned number, enum fake_place place)
{
	need(fake, number)->place = place;
	note(fake, number, false);
}

void fake_source_rename(struct fake_source *fake, unsigned number, const char *dn)
{
	struct person *person = need(fake, number);

	free(person->dn);
	person->dn = mem_strdup(dn);
	note(fake, number, false);
}

void fake_source_group(struct fake_source *fake, uint32_t root)
{
	assert(root < ROOTS_MAX);
	fake->groups[root].is_there = true;
}

void fake_source_member(struct fake_source *fake, uint32_t root, unsigned number, bool is_member)
{
	struct group *group = &fake->groups[root];

	for (size_t i = 0; i < group->member_count; i++) {
		if (group->members[i] == number)
			group->members[i--] = group->members[--group->member_count];
	}
	if (is_member)
		*(unsigned *)vec_push((void **)&group->members, &group->member_count,
		    &group->member_cap, sizeof(*group->members)) = number;
}

void fake_source_unknown(struct fake_source *fake, uint32_t root, bool is_unknown)
{
	fake->groups[root].is_unknown = is_unknown;
}

struct fake_source_switches *fake_source_switches(struct fake_source *fake)
{
	return &fake->switches;
}

struct fake_source_counts fake_source_counts(const struct fake_source *fake)
{
	return fake->counts;
}

/* ---- what a job shows ---- */

static void build_membership(struct fake_source *fake)
{
	const uint8_t salt[16] = { 1 };

	fake->membership = membership_new(salt);
	for (uint32_t root = 0; root < ROOTS_MAX; root++) {
		const struct group *group = &fake->groups[root];
		char dn[64];
		uint32_t number;

		if (!group->is_there)
			continue;
		if (group->is_unknown) {
			membership_set_unknown(fake->membership, root, SPAN("access denied"));
			continue;
		}
		snprintf(dn, sizeof(dn), "cn=g%u,ou=groups,dc=example", root);
		number = membership_add_group(fake->membership, span_of(dn));
		membership_set_root(fake->membership, root, number);
		for (size_t i = 0; i < group->member_count; i++) {
			struct person *person = find(fake, group->members[i]);

			if (person != NULL)
				membership_add_member(
				    fake->membership, number, span_of(person->dn));
		}
	}
	membership_seal(fake->membership);
}

static void set_value(
    struct fake_source *fake, struct values *values, const char *name, struct span value)
{
	struct span *copy;
	size_t slot;

	if (!attribute_set_find(fake->set, span_of(name), &slot))
		return;
	copy = arena_alloc(fake->arena, sizeof(*copy));
	*copy = value;
	values[slot] = (struct values) { copy, 1 };
}

static void set_time(struct fake_source *fake, struct values *values, const struct person *person,
    struct entry *entry)
{
	int64_t now_ms = loop_wall_ms(fake->loop);
	bool is_early = person->from_ms > now_ms;
	bool is_over = person->until_ms != 0 && person->until_ms <= now_ms;

	if (person->from_ms == 0 && person->until_ms == 0)
		return;
	set_value(
	    fake, values, ATTRIBUTE_ENABLED, is_early || is_over ? SPAN("FALSE") : SPAN("TRUE"));
	entry->is_expired = is_over;
	entry->turns_ms = is_early ? person->from_ms : is_over ? 0 : person->until_ms;
}

static struct entry build_entry(struct fake_source *fake, const struct person *person)
{
	size_t count = attribute_set_count(fake->set);
	struct values *values = arena_array(fake->arena, count + 1, sizeof(*values));
	struct entry entry = { .dn = span_of(person->dn),
		.key = fake_key(person->number),
		.values = values,
		.slot_count = count };
	char text[UUID_TEXT_SIZE];

	uuid_format(&entry.key, text);
	set_value(fake, values, ATTRIBUTE_KEY, arena_span(fake->arena, span_of(text)));
	set_value(fake, values, ATTRIBUTE_DN, entry.dn);
	for (size_t i = 0; i < person->pair_count; i++) {
		if (person->pairs[i].value != NULL)
			set_value(fake, values, person->pairs[i].attribute,
			    span_of(person->pairs[i].value));
	}
	set_time(fake, values, person, &entry);
	entry.group_count = membership_find(fake->membership, entry.dn, &entry.groups);
	return entry;
}

static struct scan_facts facts_of(const struct fake_source *fake)
{
	struct scan_facts facts = {
		.is_complete = !fake->switches.is_incomplete,
		.entries = fake->brought + fake->switches.unusable,
		.unusable = fake->switches.unusable,
		.canaries = 1,
		.missing_canary = span_of(fake->switches.missing_canary),
		.identity = span_of(fake->switches.identity),
		.peer = SPAN("fake://directory"),
	};

	if (fake->switches.is_incomplete)
		facts.incomplete_why = SPAN("size limit exceeded");
	for (size_t root = 0; root < ROOTS_MAX; root++) {
		if (!fake->groups[root].is_there)
			continue;
		facts.groups++;
		if (fake->groups[root].is_unknown) {
			facts.unknown_groups++;
			facts.unknown_group = SPAN("a group: access denied");
		}
	}
	return facts;
}

/* ---- jobs ---- */

static void end_job(struct fake_source *fake)
{
	fake->job = JOB_NONE;
	fake->is_canceled = false;
}

static void clean_job(struct fake_source *fake)
{
	if (fake->membership != fake->kept)
		membership_free(&fake->membership);
	fake->membership = NULL;
	arena_reset(fake->arena);
}

static void end_scan(struct fake_source *fake, enum status status, const char *why)
{
	struct scan_facts facts = facts_of(fake);
	struct membership *membership = fake->membership;
	struct err err;

	err_set(&err, "%s", why);
	fake->membership = NULL;
	end_job(fake);
	if (fake->switches.tells_changes && status == STATUS_OK)
		facts.cursor = arena_format(fake->arena, "%zu", fake->told);
	fake->handler->on_done(fake->context, status, &facts, &err);
	membership_free(&fake->kept);
	fake->kept = membership;
}

/* ---- changes ---- */

static void end_changes(
    struct fake_source *fake, enum status status, const char *why, const char *gap)
{
	struct changes_facts facts = { .mechanism = SPAN("fake"),
		.peer = SPAN("fake://directory"),
		.identity = span_of(fake->switches.identity),
		.gap = span_of(gap),
		.knows_deletions = !fake->switches.forgets_deletions,
		.entries = fake->brought };
	struct err err;

	err_set(&err, "%s", why);
	facts.cursor = arena_format(fake->arena, "%zu", fake->event_count);
	end_job(fake);
	fake->changes_handler->on_done(fake->context, status, &facts, &err);
}

struct telling {
	struct fake_source *fake;
	struct str scratch;
};

static void tell_member(void *context, const struct member_hash *hash)
{
	struct telling *telling = context;
	struct fake_source *fake = telling->fake;

	for (size_t i = 0; i < fake->people_count; i++) {
		struct member_hash other;

		member_hash(membership_salt(fake->kept), span_of(fake->people[i].dn),
		    &telling->scratch, &other);
		if (memcmp(&other, hash, sizeof(other)) == 0) {
			fake->changes_handler->on_member(
			    fake->context, hash, span_of(fake->people[i].dn));
			return;
		}
	}
	fake->changes_handler->on_member(fake->context, hash, SPAN_NULL);
}

static void tell_groups(struct fake_source *fake)
{
	struct telling telling = { fake, { 0 } };
	struct membership *old = fake->kept;

	if (fake->switches.keeps_groups) {
		fake->changes_handler->on_membership(fake->context, fake->kept);
		return;
	}
	build_membership(fake);
	fake->kept = fake->membership;
	fake->membership = NULL;
	fake->changes_handler->on_membership(fake->context, fake->kept);
	if (!fake->switches.forgets_groups)
		membership_diff(old, fake->kept, tell_member, &telling);
	membership_free(&old);
	str_done(&telling.scratch);
}

static void changes_step(struct fake_source *fake)
{
	if (fake->is_canceled) {
		end_changes(fake, STATUS_CANCELED, "canceled", NULL);
	} else if (fake->switches.is_down) {
		end_changes(fake, STATUS_DOWN, "connection refused", NULL);
	} else if (fake->switches.has_gap || fake->kept == NULL) {
		end_changes(fake, STATUS_OK, "", "the groups were not read yet");
	} else {
		tell_groups(fake);
		for (size_t i = fake->told; i < fake->event_count; i++) {
			const struct uuid key = fake_key(fake->events[i].number);

			if (fake->events[i].is_deletion && fake->switches.forgets_deletions)
				continue;
			fake->brought++;
			fake->changes_handler->on_touched(fake->context, &key);
		}
		end_changes(fake, STATUS_OK, "", NULL);
	}
}

static bool is_cut(const struct fake_source *fake)
{
	const struct fake_source_switches *switches = &fake->switches;

	return switches->shows_nothing ||
	       (switches->shows_only > 0 && fake->brought >= switches->shows_only);
}

/* @return whether the scan goes on */
static bool bring_page(struct fake_source *fake)
{
	for (size_t n = 0; n < PAGE && fake->at < fake->people_count; n++, fake->at++) {
		const struct person *person = &fake->people[fake->at];
		struct entry entry;

		if (person->place != FAKE_IN_SCOPE || is_cut(fake))
			continue;
		if (fake->switches.breaks_after > 0 &&
		    fake->brought >= fake->switches.breaks_after) {
			end_scan(fake, STATUS_DOWN, "the connection was closed in the middle");
			return false;
		}
		entry = build_entry(fake, person);
		fake->brought++;
		fake->handler->on_entry(fake->context, &entry);
		if (fake->is_canceled) {
			end_scan(fake, STATUS_CANCELED, "canceled");
			return false;
		}
	}
	return true;
}

static void scan_step(struct fake_source *fake)
{
	if (fake->is_canceled) {
		end_scan(fake, STATUS_CANCELED, "canceled");
		return;
	}
	if (fake->switches.is_down) {
		end_scan(fake, STATUS_DOWN, "connection refused");
		return;
	}
	if (fake->membership == NULL) {
		build_membership(fake);
		fake->handler->on_membership(fake->context, fake->membership);
	}
	if (!bring_page(fake))
		return;
	if (fake->at < fake->people_count) {
		loop_timer_start(fake->timer, fake->switches.delay_ms);
		return;
	}
	for (unsigned i = 0; i < fake->switches.unusable; i++)
		fake->handler->on_unusable(
		    fake->context, SPAN("uid=keyless,ou=people,dc=example"), SPAN("no key"));
	end_scan(fake, STATUS_OK, "");
}

static struct person *sought(struct fake_source *fake, struct look_up_answer *answer)
{
	struct span *others = arena_array(fake->arena, LOOK_UP_OTHERS_MAX, sizeof(*others));
	const struct look_up_request *request = &fake->request;
	struct filter *filter = NULL;
	struct person *found = NULL;

	if (request->filter.at != NULL &&
	    filter_compile(request->filter, (struct attribute_set *)fake->set, &filter, NULL,
		NULL) != STATUS_OK)
		return NULL;
	for (size_t i = 0; i < fake->people_count; i++) {
		struct person *person = &fake->people[i];
		struct uuid key = fake_key(person->number);
		struct entry entry = build_entry(fake, person);

		if (filter != NULL                ? filter_matches(filter, &entry)
		    : uuid_is_zero(&request->key) ? span_equal_ascii_case(request->dn, entry.dn)
						  : uuid_compare(&key, &request->key) == 0) {
			if (found == NULL)
				found = person;
			else if (answer->other_count < LOOK_UP_OTHERS_MAX)
				others[answer->other_count++] = span_of(person->dn);
		}
	}
	answer->others = others;
	filter_free(&filter);
	return found;
}

static void answer_place(struct fake_source *fake, struct look_up_answer *answer)
{
	const struct person *person = sought(fake, answer);
	struct entry *entry;

	answer->outcome = LOOK_UP_DELETED;
	answer->detail = SPAN("no entry has this key");
	if (person == NULL)
		return;
	switch (person->place) {
	case FAKE_IN_SCOPE:
	case FAKE_FLICKERING:
		answer->outcome = LOOK_UP_MATCHES;
		break;
	case FAKE_OUT_OF_FILTER:
		answer->outcome = LOOK_UP_LEFT_SCOPE;
		answer->detail = SPAN("the filter does not match");
		break;
	case FAKE_OUT_OF_BASE:
		answer->outcome = LOOK_UP_MOVED;
		answer->detail = SPAN("it is under another base");
		break;
	case FAKE_UNREADABLE:
		answer->outcome = LOOK_UP_UNREADABLE;
		answer->detail = SPAN("insufficient access");
		return;
	}
	entry = arena_alloc(fake->arena, sizeof(*entry));
	*entry = build_entry(fake, person);
	answer->entry = entry;
	answer->membership = fake->membership;
}

static void look_up_step(struct fake_source *fake)
{
	struct err err = { "" };
	struct look_up_answer answer = { .status = STATUS_OK, .err = &err };
	struct membership *membership;

	if (fake->is_canceled) {
		answer.status = STATUS_CANCELED;
	} else if (fake->switches.is_down || fake->switches.is_look_up_down) {
		answer.status = STATUS_DOWN;
		err_set(&err, "connection refused");
	} else {
		build_membership(fake);
		answer_place(fake, &answer);
	}
	membership = fake->membership;
	fake->membership = NULL;
	end_job(fake);
	fake->on_looked(fake->context, &answer);
	membership_free(&membership);
}

static void end_batch(struct fake_source *fake, enum status status, const char *why)
{
	struct membership *membership = fake->membership;
	struct err err;

	err_set(&err, "%s", why);
	fake->membership = NULL;
	end_job(fake);
	fake->batch_handler->on_done(fake->context, status, &err);
	membership_free(&membership);
}

/* From the last to the first, as nobody may rely on an order. */
static void batch_step(struct fake_source *fake)
{
	if (fake->switches.is_down || fake->switches.is_look_up_down) {
		end_batch(fake, STATUS_DOWN, "connection refused");
		return;
	}
	if (!fake->is_canceled)
		build_membership(fake);
	for (size_t i = fake->batch_count; i > 0 && !fake->is_canceled; i--) {
		struct err err = { "" };
		struct look_up_answer answer = { .status = STATUS_OK, .err = &err };

		if (fake->switches.look_up_breaks_after > 0 &&
		    fake->brought++ == fake->switches.look_up_breaks_after) {
			end_batch(fake, STATUS_DOWN, "the connection was closed in the middle");
			return;
		}
		fake->request = fake->batch[i - 1];
		answer_place(fake, &answer);
		answer.membership = NULL;
		fake->batch_handler->on_answer(fake->context, i - 1, &answer);
	}
	end_batch(fake, fake->is_canceled ? STATUS_CANCELED : STATUS_OK,
	    fake->is_canceled ? "canceled" : "");
}

static void on_timer(void *context)
{
	struct fake_source *fake = context;

	switch (fake->job) {
	case JOB_SCAN:
		scan_step(fake);
		break;
	case JOB_LOOK_UP:
		look_up_step(fake);
		break;
	case JOB_BATCH:
		batch_step(fake);
		break;
	case JOB_CHANGES:
		changes_step(fake);
		break;
	case JOB_NONE:
		break;
	}
}

static void start_job(struct fake_source *fake, enum job job, void *context)
{
	assert(fake->job == JOB_NONE); /* one thing at a time */
	clean_job(fake);
	fake->job = job;
	fake->context = context;
	fake->at = fake->brought = 0;
	loop_timer_start(fake->timer, fake->switches.delay_ms);
}

static void start_scan(
    struct source *source, const struct source_scan_handler *handler, void *context)
{
	struct fake_source *fake = (struct fake_source *)source;

	start_job(fake, JOB_SCAN, context);
	fake->handler = handler;
	fake->told = fake->event_count;
	fake->counts.scans++;
}

static void start_changes(struct source *source, struct span cursor,
    const struct source_changes_handler *handler, void *context)
{
	struct fake_source *fake = (struct fake_source *)source;
	uint64_t told = 0;

	start_job(fake, JOB_CHANGES, context);
	fake->changes_handler = handler;
	span_to_u64(cursor, &told);
	fake->told = (size_t)told;
	fake->counts.changes++;
}

static void start_look_up(struct source *source, const struct look_up_request *request,
    look_up_callback *callback, void *context)
{
	struct fake_source *fake = (struct fake_source *)source;

	start_job(fake, JOB_LOOK_UP, context);
	fake->request.key = request->key;
	fake->request.dn = arena_span(fake->arena, request->dn);
	fake->request.filter = arena_span(fake->arena, request->filter);
	fake->on_looked = callback;
	fake->counts.look_ups++;
	fake->counts.keys++;
}

static void start_batch(struct source *source, const struct look_up_request *requests, size_t count,
    const struct look_up_batch_handler *handler, void *context)
{
	struct fake_source *fake = (struct fake_source *)source;

	assert(count > 0 && count <= LOOK_UP_BATCH_MAX);
	start_job(fake, JOB_BATCH, context);
	fake->batch = requests;
	fake->batch_count = count;
	fake->batch_handler = handler;
	fake->counts.batches++;
	fake->counts.keys += (unsigned)count;
}

static void check(struct source *source, check_callback *callback, void *context)
{
	(void)source;
	callback(context, NULL);
}

static void cancel(struct source *source)
{
	struct fake_source *fake = (struct fake_source *)source;

	if (fake->job == JOB_NONE)
		return;
	fake->is_canceled = true;
	loop_timer_start(fake->timer, 0);
}

static void source_done(struct source *source)
{
	struct fake_source *fake = (struct fake_source *)source;

	assert(fake->job == JOB_NONE);
	clean_job(fake);
	membership_free(&fake->kept);
	free(fake->events);
	for (size_t i = 0; i < fake->people_count; i++)
		person_done(&fake->people[i]);
	for (size_t i = 0; i < ROOTS_MAX; i++)
		free(fake->groups[i].members);
	free(fake->people);
	arena_free(&fake->arena);
	loop_timer_free(&fake->timer);
	loop_timer_free(&fake->watch_timer);
	free(fake);
}

struct fake_source *fake_source_new(
    struct loop *loop, const char *name, const struct attribute_set *set)
{
	static const struct source_vtable vtable = {
		.scan = start_scan,
		.look_up = start_look_up,
		.look_up_batch = start_batch,
		.changes = start_changes,
		.watch = start_watch,
		.check = check,
		.cancel = cancel,
		.free = source_done,
	};
	struct fake_source *fake = mem_new(1, sizeof(*fake));

	fake->port.vtable = &vtable;
	fake->port.name = span_of(name);
	fake->loop = loop;
	fake->set = set;
	fake->arena = arena_new();
	fake->timer = loop_timer_new(loop, on_timer, fake);
	fake->watch_timer = loop_timer_new(loop, on_watch_timer, fake);
	return fake;
}

struct source *fake_source_port(struct fake_source *fake)
{
	return &fake->port;
}
