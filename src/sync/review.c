/* SPDX-License-Identifier: ISC */
/*
 * Both plans go through the same reader as JSON: what the run came to is written as it would be
 * saved, and read back.  Of each action two digests are kept and the name: what it is, and whom it
 * is about.
 */
#include "sync/review.h"

#include "base/vec.h"
#include "report/plan_writer.h"
#include <stdlib.h>

enum { NAME_MAX_BYTES = 120 };

struct item {
	struct digest content, subject;
	struct span name;
	struct span kind, state; /* constants, or "" */
	bool is_matched;
};

struct plan {
	struct plan_reader *reader;
	const struct plan_head *head;
	struct item *items; /* in the end by content */
	size_t count, cap;
	struct arena *arena; /* holds the names */
};

struct review {
	struct plan expected, found;
	struct plan_writer *writer;
	struct hash_stream *hash;
	struct str digest, differences;
	size_t named, unnamed;
};

/* ---- reading ---- */

/* As this program writes it: whatever else a file says is shown as nothing. */
static struct span kind_of(struct span name)
{
	enum action_kind kind;

	return action_kind_parse(name, &kind) ? span_of(action_kind_name(kind)) : SPAN("action");
}

static struct span state_of(struct span name)
{
	enum action_state state;

	return action_state_parse(name, &state) ? span_of(action_state_name(state)) : SPAN("?");
}

/* One line, whatever it holds. */
static struct span name_of(struct plan *plan, struct span user_name)
{
	char *name;

	if (user_name.len == 0)
		return SPAN("-");
	if (user_name.len > NAME_MAX_BYTES)
		user_name.len = NAME_MAX_BYTES;
	name = arena_c(plan->arena, user_name);
	for (size_t i = 0; i < user_name.len; i++)
		if (name[i] == '\n' || name[i] == '\0')
			name[i] = '?';
	return (struct span) { name, user_name.len };
}

static void on_item(void *context, const struct plan_item *found)
{
	struct plan *plan = context;
	struct item *item = vec_push(
	    (void **)&plan->items, &plan->count, &plan->cap, sizeof(*plan->items));

	*item = (struct item) {
		.content = found->content,
		.subject = found->subject,
		.name = name_of(plan, found->user_name),
		.kind = kind_of(found->kind),
		.state = state_of(found->state),
	};
}

static void plan_init(struct plan *plan)
{
	plan->arena = arena_new();
	plan->reader = plan_reader_new(on_item, plan);
}

static void plan_done(struct plan *plan)
{
	plan_reader_free(&plan->reader);
	arena_free(&plan->arena);
	free(plan->items);
}

struct review *review_new(void)
{
	struct review *review = mem_new(1, sizeof(*review));

	plan_init(&review->expected);
	review->hash = hash_stream_new();
	return review;
}

void review_free(struct review **review)
{
	struct review *old = *review;

	if (old == NULL)
		return;
	*review = NULL;
	plan_done(&old->expected);
	plan_done(&old->found);
	plan_writer_free(&old->writer);
	hash_stream_end(&old->hash, NULL);
	str_done(&old->digest);
	str_done(&old->differences);
	free(old);
}

bool review_expect(struct review *review, struct span bytes)
{
	hash_stream_add(review->hash, bytes);
	return plan_reader_take(review->expected.reader, bytes);
}

enum status review_expect_end(struct review *review, struct err *reterr)
{
	uint8_t hash[SHA256_BYTES];

	hash_stream_end(&review->hash, hash);
	hex_encode((struct span) { (const char *)hash, sizeof(hash) }, &review->digest);
	return plan_reader_end(review->expected.reader, &review->expected.head, reterr);
}

const struct plan_head *review_head(const struct review *review)
{
	return review->expected.head;
}

bool review_is_empty(const struct review *review)
{
	for (size_t i = 0; i < review->expected.count; i++) {
		enum action_kind kind;

		if (action_kind_parse(review->expected.items[i].kind, &kind) &&
		    action_has_request(kind))
			return false;
	}
	return true;
}

struct span review_plan_digest(const struct review *review)
{
	return str_span(&review->digest);
}

struct span review_differences(const struct review *review)
{
	return str_span(&review->differences);
}

/* ---- the new plan ---- */

static bool on_written(void *context, struct span piece)
{
	return plan_reader_take(context, piece);
}

void review_begin(struct review *review, const struct run *run)
{
	plan_init(&review->found);
	review->writer = plan_writer_new(&(struct plan_writer_options) {
	    .is_json = true, .write = on_written, .write_context = review->found.reader });
	plan_writer_begin(review->writer, run);
}

void review_action(struct review *review, const struct action *action)
{
	plan_writer_action(review->writer, action);
}

/* ---- comparing ---- */

static int by_content(const void *a, const void *b)
{
	return memcmp(((const struct item *)a)->content.byte,
	    ((const struct item *)b)->content.byte, DIGEST_BYTES);
}

static void sort(struct plan *plan)
{
	if (plan->count > 1)
		qsort(plan->items, plan->count, sizeof(*plan->items), by_content);
}

static void match(struct plan *a, struct plan *b)
{
	size_t i = 0, j = 0;

	sort(a);
	sort(b);
	while (i < a->count && j < b->count) {
		int order = by_content(&a->items[i], &b->items[j]);

		if (order == 0)
			a->items[i].is_matched = b->items[j].is_matched = true;
		i += order <= 0;
		j += order >= 0;
	}
}

static size_t count_unmatched(const struct plan *plan)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->count; i++)
		count += !plan->items[i].is_matched;
	return count;
}

static struct item *find_subject(struct plan *plan, const struct item *wanted)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct item *item = &plan->items[i];

		if (!item->is_matched && digest_equal(&item->subject, &wanted->subject))
			return item;
	}
	return NULL;
}

static void name(struct review *review, const struct item *item, const char *what)
{
	if (review->named >= REVIEW_NAMED_MAX) {
		review->unnamed++;
		return;
	}
	review->named++;
	str_addf(&review->differences, "%.*s of %.*s (%.*s): %s\n", SPAN_ARG(item->kind),
	    SPAN_ARG(item->name), SPAN_ARG(item->state), what);
}

/* Looking for whom an action is about is a walk through all: only as long as some are named. */
static void name_differences(struct review *review)
{
	struct plan *expected = &review->expected, *found = &review->found;

	for (size_t i = 0; i < found->count; i++) {
		struct item *item = &found->items[i], *old = NULL;

		if (item->is_matched)
			continue;
		if (review->named < REVIEW_NAMED_MAX)
			old = find_subject(expected, item);
		if (old != NULL)
			old->is_matched = true;
		name(review, item,
		    old != NULL ? "now asked for otherwise than in the plan"
				: "now asked for, and not in the plan");
	}
	for (size_t i = 0; i < expected->count; i++)
		if (!expected->items[i].is_matched)
			name(
			    review, &expected->items[i], "in the plan, and not asked for any more");
	if (review->unnamed > 0)
		str_addf(&review->differences, "and %zu more\n", review->unnamed);
}

static bool differs(struct span expected, struct span found)
{
	return expected.at != NULL && found.at != NULL && !span_equal(expected, found);
}

static void add_word(struct str *words, const char *word)
{
	str_addf(words, "%s%s", words->len > 0 ? ", " : "", word);
}

/* What is known to have moved, whatever the actions are. */
static void tell_moved(const struct review *review, struct str *words)
{
	const struct plan_head *expected = review->expected.head, *found = review->found.head;

	if (!span_equal(expected->config_digest, found->config_digest))
		add_word(words, "the configuration");
	if (differs(expected->directory_digest, found->directory_digest))
		add_word(words, "the directory");
	if (differs(expected->tenant_digest, found->tenant_digest))
		add_word(words, "the tenant");
	if (differs(expected->snapshot_digest, found->snapshot_digest))
		add_word(words, "the snapshot");
	if (expected->is_certified != found->is_certified)
		add_word(words, "whether the scan is certified");
}

static void tell(const struct review *review, size_t differences, struct err *reterr)
{
	struct str words = { 0 };

	tell_moved(review, &words);
	if (words.len > 0)
		err_set(reterr,
		    "refused, nothing was sent: since the plan was made, what it was made of moved "
		    "(%s); actions that differ: %zu; make a new plan and look at it",
		    str_c(&words), differences);
	else
		err_set(reterr,
		    "refused, nothing was sent: this is not what the agent plans, though nothing "
		    "that "
		    "the plan was made of is known to have moved: the limits, the holds, an "
		    "account, "
		    "or the file; actions that differ: %zu; make a new plan and look at it",
		    differences);
	str_done(&words);
}

bool review_judge(struct review *review, struct err *reterr)
{
	const struct plan_summary none = { 0 };
	size_t missing, added;

	plan_writer_end(review->writer, &none);
	if (plan_reader_end(review->found.reader, &review->found.head, reterr) != STATUS_OK) {
		err_prefix(reterr, "refused, nothing was sent: the new plan cannot be read back");
		return false;
	}
	match(&review->expected, &review->found);
	missing = count_unmatched(&review->expected);
	added = count_unmatched(&review->found);
	if (missing + added == 0 &&
	    span_equal(review->expected.head->config_digest, review->found.head->config_digest))
		return true;
	name_differences(review);
	tell(review, missing > added ? missing : added, reterr);
	return false;
}
