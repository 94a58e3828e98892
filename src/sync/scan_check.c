/* SPDX-License-Identifier: ISC */
#include "sync/scan_check.h"

#include "base/unicode.h"
#include "base/vec.h"
#include "core/dn.h"
#include <stdlib.h>
#include <string.h>

enum { PROGRESS_EVERY = 1000, REASONS_KEPT = 32 };

/* Why some entries do not map. */
struct reason {
	struct str text; /* what is quoted in it taken out, so that those alike are one */
	struct str example;
	uint64_t count;
};

/* One of those shown; its texts are its own arena's. */
struct sample {
	struct arena *arena;
	uint32_t mark; /* the smallest are shown: spread over all, and the same each time */
	struct span dn;
	struct account account;
};

struct scan_check {
	struct scan_check_input in;
	struct check_teller teller;
	struct membership *membership; /* NULL until it is there, and after the scan */
	struct arena *arena;           /* of one entry */
	uint64_t entries, unusable, mapped, inactive, granted,
	    undecided;   /* granted: with a workspace; undecided: with none but for an unknown group
			  */
	uint64_t *names; /* owned; a hash of each userName, regardless of case */
	size_t name_count, name_cap;
	struct str folded;
	uint64_t *grants; /* owned, by workspace rule: the first of those with one id counts */
	bool *is_seen;    /* owned, by canary */
	struct reason reasons[REASONS_KEPT];
	size_t reason_count;
	uint64_t other_reasons;
	struct sample samples[SCAN_CHECK_SAMPLES];
	size_t sample_count;
};

static const char *const step_names[] = { "entries", "mapping", "sample", "grants", "canary",
	"group", NULL };

/* ---- why not ---- */

/* A name in quotes would make each message its own. */
static void add_without_quoted(struct span text, struct str *out)
{
	bool is_quoted = false;

	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '"')
			str_add_c(out, is_quoted ? "\"" : "\"…");
		else if (!is_quoted)
			str_add_byte(out, text.at[i]);
		is_quoted = is_quoted != (text.at[i] == '"');
	}
}

static void note_reason(struct scan_check *check, struct span dn, struct span why)
{
	struct str text = { 0 };
	size_t at = 0;

	add_without_quoted(why, &text);
	while (at < check->reason_count &&
	       !span_equal(str_span(&check->reasons[at].text), str_span(&text)))
		at++;
	if (at == REASONS_KEPT) {
		check->other_reasons++;
		str_done(&text);
		return;
	}
	if (at == check->reason_count) {
		check->reason_count++;
		str_add(&check->reasons[at].text, str_span(&text));
		str_add(&check->reasons[at].example, dn);
	}
	check->reasons[at].count++;
	str_done(&text);
}

/* ---- userNames ---- */

static void note_name(struct scan_check *check, struct span user_name)
{
	uint64_t *name = vec_push(
	    (void **)&check->names, &check->name_count, &check->name_cap, sizeof(*name));
	struct digest digest;

	str_truncate(&check->folded, 0);
	if (!utf8_fold(user_name, &check->folded))
		str_add(&check->folded, user_name);
	digest = hash_digest(str_span(&check->folded));
	memcpy(name, digest.byte, sizeof(*name));
}

static int compare_names(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

	return one < other ? -1 : one > other;
}

/* @return how many userNames more than one entry wants */
static uint64_t count_contested(struct scan_check *check)
{
	const uint64_t *names = check->names;
	uint64_t count = 0;

	if (check->name_count > 1)
		qsort(check->names, check->name_count, sizeof(*names), compare_names);
	for (size_t i = 1; i < check->name_count; i++)
		count += names[i] == names[i - 1] && (i < 2 || names[i] != names[i - 2]);
	return count;
}

/* ---- samples ---- */

static void keep_sample(
    struct sample *sample, const struct entry *entry, uint32_t mark, const struct account *account)
{
	struct span *workspaces;

	if (sample->arena == NULL)
		sample->arena = arena_new();
	arena_reset(sample->arena);
	sample->mark = mark;
	sample->dn = arena_span(sample->arena, entry->dn);
	sample->account = *account;
	for (size_t i = 0; i < ACCOUNT_TEXT_COUNT; i++)
		sample->account.text[i] = arena_span(sample->arena, account->text[i]);
	workspaces = arena_array(sample->arena, account->workspace_count + 1, sizeof(*workspaces));
	for (size_t i = 0; i < account->workspace_count; i++)
		workspaces[i] = arena_span(sample->arena, account->workspaces[i]);
	sample->account.workspaces = workspaces;
}

static void note_sample(
    struct scan_check *check, const struct entry *entry, const struct account *account)
{
	uint32_t mark = hash_mark(entry->dn);
	size_t largest = 0;

	if (check->sample_count < SCAN_CHECK_SAMPLES) {
		keep_sample(&check->samples[check->sample_count++], entry, mark, account);
		return;
	}
	for (size_t i = 1; i < SCAN_CHECK_SAMPLES; i++)
		if (check->samples[i].mark > check->samples[largest].mark)
			largest = i;
	if (mark < check->samples[largest].mark)
		keep_sample(&check->samples[largest], entry, mark, account);
}

/* ---- the scan ---- */

static void on_membership(void *context, struct membership *membership)
{
	((struct scan_check *)context)->membership = membership;
}

static void note_canary(struct scan_check *check, struct span dn)
{
	for (size_t i = 0; i < check->in.canary_count; i++)
		if (!check->is_seen[i])
			check->is_seen[i] = dn_equal(dn, span_of(check->in.canaries[i]));
}

static size_t first_rule_of(const struct scan_check_input *in, struct span id)
{
	size_t at = 0;

	while (at < in->workspace_count && !span_equal(in->workspaces[at].id, id))
		at++;
	return at;
}

static void note_mapped(
    struct scan_check *check, const struct entry *entry, const struct mapped *mapped)
{
	check->mapped++;
	check->inactive += !mapped->account.is_active;
	check->granted += mapped->account.workspace_count > 0;
	check->undecided += mapped->account.workspace_count == 0 && mapped->unknown_count > 0;
	for (size_t i = 0; i < mapped->account.workspace_count; i++) {
		size_t rule = first_rule_of(&check->in, mapped->account.workspaces[i]);

		if (rule < check->in.workspace_count)
			check->grants[rule]++;
	}
	note_name(check, mapped->account.text[ACCOUNT_USER_NAME]);
	note_sample(check, entry, &mapped->account);
}

static void progress(struct scan_check *check)
{
	if (check->entries % PROGRESS_EVERY == 0 && check->in.on_progress != NULL)
		check->in.on_progress(
		    check->in.progress_context, "reading the directory", check->entries, 0);
}

static void on_entry(void *context, const struct entry *entry)
{
	struct scan_check *check = context;
	struct mapped mapped;
	struct err err;

	check->entries++;
	note_canary(check, entry->dn);
	arena_reset(check->arena);
	if (mapping_apply(check->in.mapping, entry, check->membership, check->arena, &mapped,
		&err) == STATUS_OK)
		note_mapped(check, entry, &mapped);
	else
		note_reason(check, entry->dn, span_of(err.text));
	progress(check);
}

static void on_unusable(void *context, struct span dn, struct span why)
{
	struct scan_check *check = context;

	check->entries++;
	check->unusable++;
	note_canary(check, dn);
	note_reason(check, dn, why);
	progress(check);
}

/* ---- what it came to ---- */

static void add_number(struct str *out, uint64_t number, const char *what)
{
	str_addf(out, "%llu %s", (unsigned long long)number, what);
}

static void tell_entries(struct scan_check *check, const struct scan_facts *facts)
{
	struct check_teller *teller = &check->teller;
	struct str *detail = check_begin(teller, "entries");

	emit_member_int(&teller->data, "entries", (int64_t)check->entries);
	emit_member_bool(&teller->data, "complete", facts->is_complete && facts->referrals == 0);
	add_number(detail, check->entries, "match base, scope and filter");
	if (!facts->is_complete) {
		str_addf(detail, ", but not all were read: %.*s", SPAN_ARG(facts->incomplete_why));
		check_tell_remedy(teller, CHECK_FAILED,
		    "no scan can be certified like this, so nobody who leaves is noticed: correct "
		    "a "
		    "base that is not there, or let the bind identity read everything, without a "
		    "size or time limit");
	} else if (facts->referrals > 0) {
		str_addf(detail, ", and the server refers to another one, which is not followed: ");
		utf8_printable(facts->referral, detail);
		check_tell_remedy(teller, CHECK_FAILED,
		    "no scan can be certified like this: add a directory for it, or name narrower "
		    "bases");
	} else if (check->entries == 0) {
		check_tell_remedy(teller, CHECK_FAILED,
		    "check users.filter and users.scope, and that the bind identity may read the "
		    "entries and the attributes that the filter names");
	} else {
		check_tell(teller, CHECK_OK);
	}
}

static int compare_reasons(const void *a, const void *b)
{
	const struct reason *one = a, *other = b;

	if (one->count != other->count)
		return one->count < other->count ? 1 : -1;
	return span_compare(str_span(&one->text), str_span(&other->text));
}

static void tell_reasons(struct scan_check *check)
{
	struct emitter *data = &check->teller.data;
	struct str *detail = &check->teller.detail;

	qsort(check->reasons, check->reason_count, sizeof(struct reason), compare_reasons);
	emit_key(data, "reasons");
	emit_array_open(data);
	for (size_t i = 0; i < check->reason_count; i++) {
		const struct reason *reason = &check->reasons[i];

		emit_object_open(data);
		emit_member_string(data, "reason", str_span(&reason->text));
		emit_member_int(data, "count", (int64_t)reason->count);
		emit_member_string(data, "example", str_span(&reason->example));
		emit_object_close(data);
		if (i >= SCAN_CHECK_REASONS)
			continue;
		str_addf(detail, "; %llu: %s (%s)", (unsigned long long)reason->count,
		    str_c(&reason->text), str_c(&reason->example));
	}
	emit_array_close(data);
	emit_member_int(data, "otherReasons", (int64_t)check->other_reasons);
	if (check->reason_count > SCAN_CHECK_REASONS || check->other_reasons > 0)
		str_add_c(detail, "; and other reasons");
}

static void tell_mapping(struct scan_check *check)
{
	struct check_teller *teller = &check->teller;
	struct emitter *data = &teller->data;
	uint64_t unmapped = check->entries - check->mapped, contested = count_contested(check);
	struct str *detail = check_begin(teller, "mapping");

	emit_member_int(data, "mapped", (int64_t)check->mapped);
	emit_member_int(data, "unmapped", (int64_t)unmapped);
	emit_member_int(data, "contested", (int64_t)contested);
	emit_member_int(data, "inactive", (int64_t)check->inactive);
	emit_member_int(data, "withWorkspaces", (int64_t)check->granted);
	emit_member_int(data, "undecided", (int64_t)check->undecided);
	str_addf(detail, "%llu of %llu map, %llu of them inactive, %llu with a workspace",
	    (unsigned long long)check->mapped, (unsigned long long)check->entries,
	    (unsigned long long)check->inactive, (unsigned long long)check->granted);
	if (check->undecided > 0)
		str_addf(detail, ", %llu that an unknown group decides about",
		    (unsigned long long)check->undecided);
	if (check->in.policy->scope == POLICY_SCOPE_ENTITLED)
		str_add_c(detail, " (policy.scope = \"entitled\": only these get an account)");
	if (contested > 0)
		str_addf(detail,
		    "; %llu userNames are wanted by more than one entry, which is a conflict "
		    "(`scimward "
		    "sync --dry-run` names them)",
		    (unsigned long long)contested);
	tell_reasons(check);
	if (unmapped == 0 && contested == 0)
		check_tell(teller, CHECK_OK);
	else
		check_tell_remedy(teller,
		    check->mapped == 0 && check->entries > 0 ? CHECK_FAILED : CHECK_WARNING,
		    "fill in or correct what is missing or doubled in the directory, narrow "
		    "users.filter, or add a rule "
		    "to mapping; `scimward explain DN` shows how the rules fare on one of them");
}

static void emit_account(struct scan_check *check, const struct sample *sample, struct str *detail)
{
	const struct account *account = &sample->account;
	struct emitter *data = &check->teller.data;

	emit_member_string(data, "dn", sample->dn);
	emit_key(data, "account");
	emit_object_open(data);
	emit_member_bool(data, "active", account->is_active);
	for (int path = 0; path < ACCOUNT_TEXT_COUNT; path++) {
		struct span text = account->text[path];

		if (text.at == NULL)
			continue;
		emit_member_string(data, account_path_name((enum account_path)path), text);
		if (path != ACCOUNT_USER_NAME)
			str_addf(detail, ", %s %.*s", account_path_name((enum account_path)path),
			    SPAN_ARG(text));
	}
	emit_key(data, "workspaces");
	emit_array_open(data);
	for (size_t i = 0; i < account->workspace_count; i++) {
		struct span id = account->workspaces[i];
		struct span name = mapping_workspace_name(check->in.mapping, id);

		emit_string(data, id);
		str_addf(detail, "%s%.*s", i == 0 ? "; workspaces " : ", ",
		    SPAN_ARG(name.len > 0 ? name : id));
	}
	emit_array_close(data);
	emit_object_close(data);
}

static int compare_samples(const void *a, const void *b)
{
	return span_compare(((const struct sample *)a)->dn, ((const struct sample *)b)->dn);
}

static void tell_samples(struct scan_check *check)
{
	qsort(check->samples, check->sample_count, sizeof(struct sample), compare_samples);
	for (size_t i = 0; i < check->sample_count; i++) {
		const struct sample *sample = &check->samples[i];
		struct str *detail = check_begin(&check->teller, "sample");

		str_addf(detail, "%.*s: userName %.*s, %s", SPAN_ARG(sample->dn),
		    SPAN_ARG(sample->account.text[ACCOUNT_USER_NAME]),
		    sample->account.is_active ? "active" : "inactive");
		emit_account(check, sample, detail);
		check_tell(&check->teller, CHECK_OK);
	}
	if (check->sample_count == 0)
		check_skip(&check->teller, "sample", "no entry maps");
}

/* A workspace that nobody gets is either new or a mistake. */
static void tell_grants(struct scan_check *check)
{
	const struct scan_check_input *in = &check->in;
	struct check_teller *teller = &check->teller;
	struct str *detail = check_begin(teller, "grants");
	bool has_empty = false;

	emit_key(&teller->data, "workspaces");
	emit_array_open(&teller->data);
	for (size_t i = 0; i < in->workspace_count; i++) {
		const struct workspace_rule *rule = &in->workspaces[i];
		struct span name = rule->name.len > 0 ? rule->name : rule->id;

		if (first_rule_of(in, rule->id) != i)
			continue;
		has_empty = has_empty || check->grants[i] == 0;
		str_addf(detail, "%s%.*s %llu", detail->len > 0 ? ", " : "", SPAN_ARG(name),
		    (unsigned long long)check->grants[i]);
		emit_object_open(&teller->data);
		emit_member_string(&teller->data, "id", rule->id);
		emit_member_string(&teller->data, "name", rule->name);
		emit_member_int(&teller->data, "people", (int64_t)check->grants[i]);
		emit_object_close(&teller->data);
	}
	emit_array_close(&teller->data);
	if (in->workspace_count == 0)
		str_add_c(detail, "no workspace is configured");
	if (has_empty && check->in.is_alone)
		check_tell_remedy(teller, CHECK_WARNING,
		    "nobody gets a workspace that has 0: check its group and "
		    "when, and that its members are among the entries");
	else
		check_tell(teller, CHECK_OK);
}

static void tell_canaries(struct scan_check *check)
{
	for (size_t i = 0; i < check->in.canary_count; i++) {
		const char *dn = check->in.canaries[i];
		struct str *detail = check_begin(&check->teller, "canary");

		emit_member_string(&check->teller.data, "dn", span_of(dn));
		emit_member_bool(&check->teller.data, "seen", check->is_seen[i]);
		str_addf(detail, "%s was %s", dn, check->is_seen[i] ? "seen" : "not seen");
		if (check->is_seen[i])
			check_tell(&check->teller, CHECK_OK);
		else
			check_tell_remedy(&check->teller, CHECK_FAILED,
			    "no scan is certified without it: check how it is spelled, that it is "
			    "in base, scope and filter, and that the bind identity may read it");
	}
	if (check->in.canary_count == 0)
		check_skip(&check->teller, "canary",
		    "none is configured; a few make a scan that misses a part be noticed");
}

/* ---- groups ---- */

struct group_size {
	size_t direct, groups;
};

static struct group_size size_of(const struct membership *membership, uint32_t root)
{
	struct group_size size = { 0 };

	for (uint32_t group = 0; group < membership_group_count(membership); group++) {
		const uint32_t *roots;
		uint32_t count = membership_roots(membership, group, &roots);

		for (uint32_t i = 0; i < count; i++)
			if (roots[i] == root) {
				size.groups++;
				size.direct += membership_group_size(membership, group);
			}
	}
	return size;
}

static bool holds(struct span text, struct span part)
{
	return part.len > 0 && text.len >= part.len &&
	       memmem(text.at, text.len, part.at, part.len) != NULL;
}

/* Each group is looked for in every directory, and is in one of them. */
static void tell_unknown_group(
    struct scan_check *check, const struct scan_check_group *group, uint32_t root)
{
	struct span why = membership_unknown_reason(check->membership, root);
	struct str *detail = &check->teller.detail;

	if (!holds(why, group->dn))
		str_addf(detail, "%.*s: ", SPAN_ARG(group->dn));
	str_add(detail, why);
	if (group->is_known || !check->in.is_last) {
		str_add_c(detail, group->is_known ? "; another directory has it"
						  : "; another directory may have it");
		check_tell(&check->teller, CHECK_SKIPPED);
		return;
	}
	check_tell_remedy(&check->teller, CHECK_FAILED,
	    "it gives and takes no workspace until it can be read: check how the DN is spelled, "
	    "and that the bind identity may read the group and its members");
}

static void tell_known_group(
    struct scan_check *check, const struct scan_check_group *group, uint32_t root)
{
	struct check_teller *teller = &check->teller;
	struct group_size size = size_of(check->membership, root);
	struct str *detail = &teller->detail;

	emit_member_int(&teller->data, "members", (int64_t)size.direct);
	emit_member_int(&teller->data, "groups", (int64_t)size.groups);
	str_add(detail, group->dn);
	str_addf(detail, ": %zu %s", size.direct, size.direct == 1 ? "member" : "members");
	if (size.groups > 1)
		str_addf(detail, " in %zu groups", size.groups);
	str_add_c(detail, group->is_nested ? ", groups in it included" : ", direct ones only");
	if (size.direct > 0)
		check_tell(teller, CHECK_OK);
	else
		check_tell_remedy(teller, CHECK_WARNING,
		    "it is empty: fill it, or see whether the bind identity may read its members");
}

static void tell_group(struct scan_check *check, uint32_t root)
{
	struct scan_check_group *group = &check->in.groups[root];
	struct emitter *data = &check->teller.data;
	bool is_known = membership_is_known(check->membership, root);

	check_begin(&check->teller, "group");
	emit_member_string(data, "dn", group->dn);
	emit_member_bool(data, "nested", group->is_nested);
	emit_member_bool(data, "known", is_known);
	if (!is_known) {
		tell_unknown_group(check, group, root);
		return;
	}
	group->is_known = true;
	tell_known_group(check, group, root);
}

static void tell_groups(struct scan_check *check)
{
	if (check->membership == NULL || check->in.group_count == 0) {
		check_skip(&check->teller, "group",
		    check->in.group_count == 0 ? "no workspace names a group"
					       : "no group was read");
		return;
	}
	for (uint32_t root = 0; root < check->in.group_count; root++)
		tell_group(check, root);
}

/* ---- the end ---- */

static void free_check(struct scan_check *check)
{
	check_teller_done(&check->teller);
	arena_free(&check->arena);
	for (size_t i = 0; i < REASONS_KEPT; i++) {
		str_done(&check->reasons[i].text);
		str_done(&check->reasons[i].example);
	}
	for (size_t i = 0; i < SCAN_CHECK_SAMPLES; i++)
		arena_free(&check->samples[i].arena);
	free(check->names);
	str_done(&check->folded);
	free(check->grants);
	free(check->is_seen);
	free(check);
}

static void tell_broken(struct scan_check *check, enum status status, const struct err *err)
{
	struct check_teller *teller = &check->teller;
	struct str *detail = check_begin(teller, "entries");

	emit_member_int(&teller->data, "entries", (int64_t)check->entries);
	emit_member_bool(&teller->data, "complete", false);
	if (status == STATUS_CANCELED) {
		str_addf(detail, "interrupted after %llu", (unsigned long long)check->entries);
		check_tell(teller, CHECK_SKIPPED);
		return;
	}
	str_addf(detail, "the scan broke off after %llu: ", (unsigned long long)check->entries);
	check_add_message(
	    teller, span_of(err->text), "see why the directory broke off, and check again");
	check_tell(teller, CHECK_FAILED);
}

static void on_done(
    void *context, enum status status, const struct scan_facts *facts, const struct err *err)
{
	struct scan_check *check = context;
	check_callback *callback = check->teller.callback;
	void *callback_context = check->teller.context;

	if (status == STATUS_OK) {
		tell_entries(check, facts);
		if (check->entries > 0)
			tell_mapping(check);
		else
			check_skip(&check->teller, "mapping", "no entry matches");
		tell_samples(check);
		tell_grants(check);
		tell_canaries(check);
		tell_groups(check);
	} else {
		tell_broken(check, status, err);
		check_skip_rest(&check->teller, "not all entries were read");
	}
	free_check(check);
	callback(callback_context, NULL);
}

struct scan_check *scan_check_start(
    const struct scan_check_input *input, check_callback *callback, void *context)
{
	static const struct source_scan_handler handler = { on_membership, on_entry, on_unusable,
		on_done };
	struct scan_check *check = mem_new(1, sizeof(*check));

	check->in = *input;
	check->arena = arena_new();
	check->grants = mem_new(input->workspace_count + 1, sizeof(*check->grants));
	check->is_seen = mem_new(input->canary_count + 1, sizeof(*check->is_seen));
	check_teller_open(&check->teller, step_names, callback, context);
	source_scan(input->source, &handler, check);
	return check;
}

void scan_check_skip(check_callback *callback, void *context, const char *why)
{
	struct check_teller teller;

	check_teller_open(&teller, step_names, callback, context);
	check_skip_rest(&teller, why);
	check_teller_close(&teller);
}
