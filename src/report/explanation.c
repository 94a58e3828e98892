/* SPDX-License-Identifier: ISC */
/* The words of an explanation, which both forms have. */
#include "report/explanation_p.h"

#include "base/time.h"
#include "base/unicode.h"

/* ---- rules ---- */

const char *explanation_rule_name(enum rule_outcome outcome)
{
	switch (outcome) {
	case RULE_WON:
		return "won";
	case RULE_AFTER_WINNER:
		return "lost";
	case RULE_WHEN_FALSE:
		return "when-false";
	case RULE_EMPTY:
		return "empty";
	case RULE_FAULT:
		break;
	}
	return "refused";
}

void explanation_add_rule(const struct rule_trace *rule, struct str *out)
{
	switch (rule->outcome) {
	case RULE_WON:
		break;
	case RULE_AFTER_WINNER:
		str_add_c(out, "an earlier rule decides");
		if (rule->value.at != NULL)
			str_addf(out, "; it would give %.*s", SPAN_ARG(rule->value));
		break;
	case RULE_WHEN_FALSE:
		str_add_c(out, "its `when` does not hold");
		break;
	case RULE_EMPTY:
		str_add_c(out, "its `from` is empty");
		break;
	case RULE_FAULT:
		str_addf(out, "its value is refused: %.*s", SPAN_ARG(rule->value));
		break;
	}
}

/* ---- workspaces ---- */

const char *explanation_grant_name(enum grant_outcome outcome)
{
	switch (outcome) {
	case GRANT_BY_WHEN:
		return "when";
	case GRANT_BY_GROUP:
		return "group";
	case GRANT_NONE:
		return "none";
	case GRANT_UNKNOWN:
		break;
	}
	return "unknown";
}

static void add_not_granted(const struct grant_trace *grant, struct str *out)
{
	if (grant->group.at != NULL && grant->path.at != NULL)
		str_addf(out, "a member by %.*s, but ", SPAN_ARG(grant->path));
	else if (grant->group.at != NULL)
		str_addf(out, "in no group that leads to %.*s%s", SPAN_ARG(grant->group),
		    grant->is_when_false ? ", and " : "");
	if (grant->is_when_false)
		str_addf(out, "%.*s does not hold", SPAN_ARG(grant->when));
}

void explanation_add_grant(const struct grant_trace *grant, struct str *out)
{
	switch (grant->outcome) {
	case GRANT_BY_WHEN:
		str_addf(out, "by rule %.*s", SPAN_ARG(grant->when));
		break;
	case GRANT_BY_GROUP:
		str_addf(out, "via %.*s", SPAN_ARG(grant->path));
		if (grant->when.at != NULL)
			str_addf(out, ", and %.*s holds", SPAN_ARG(grant->when));
		break;
	case GRANT_NONE:
		add_not_granted(grant, out);
		break;
	case GRANT_UNKNOWN:
		str_addf(
		    out, "cannot be told, so an account keeps it: %.*s", SPAN_ARG(grant->path));
		break;
	}
}

/* ---- directories ---- */

static void add_filter(const struct explained_scope *scope, struct str *out)
{
	if (scope->filter != NULL)
		str_addf(out, " and matches users.filter %s", scope->filter);
	else
		str_add_c(out, " and matches the directory's usual filter for people");
}

static void add_bases(const struct explained_scope *scope, struct str *out)
{
	str_addf(out, "not in scope: outside users.bases");
	for (size_t i = 0; i < scope->base_count; i++)
		str_addf(out, "%s\"%s\"", i == 0 ? " " : ", ", scope->bases[i]);
	str_addf(out, " (users.scope \"%s\")", scope->depth);
}

static void add_in_scope(const struct explained_directory *directory, struct str *out)
{
	if (directory->base.at != NULL)
		str_addf(out, "below %.*s", SPAN_ARG(directory->base));
	else
		str_add_c(out, "there");
	add_filter(&directory->scope, out);
}

void explanation_add_place(const struct explained_directory *directory, struct str *out)
{
	switch (directory->place) {
	case PLACE_IN_SCOPE:
		str_add_c(out, "in scope: ");
		add_in_scope(directory, out);
		break;
	case PLACE_NOT_ENTITLED:
		str_add_c(out, "not in scope: no rule grants a workspace, which policy.scope = "
			       "\"entitled\" asks for; else ");
		add_in_scope(directory, out);
		break;
	case PLACE_LEFT_OUT:
		str_addf(out, "not in scope: users.filter %.*s does not match",
		    SPAN_ARG(directory->why));
		break;
	case PLACE_ELSEWHERE:
		add_bases(&directory->scope, out);
		break;
	case PLACE_NOT_THERE:
		str_addf(out, "not there: %.*s", SPAN_ARG(directory->why));
		break;
	case PLACE_UNREADABLE:
		str_addf(out, "cannot be told: %.*s", SPAN_ARG(directory->why));
		break;
	case PLACE_DOWN:
		str_addf(out, "could not be asked: %.*s", SPAN_ARG(directory->why));
		break;
	case PLACE_COUNT:
		break;
	}
}

void explanation_add_rival(const struct explained_rival *rival, struct str *out)
{
	switch (rival->verdict) {
	case RIVAL_KEEPS:
		str_add_c(out, "has the same userName and keeps it, because it is linked already "
			       "or comes from a directory that is named before");
		break;
	case RIVAL_LOSES:
		str_add_c(out, "has the same userName and gets no account: the person explained "
			       "here is linked already or comes from a directory that is named "
			       "before");
		break;
	case RIVAL_BOTH:
		str_add_c(out, "has the same userName, and neither has an account yet: none is "
			       "made for either of them");
		break;
	case RIVAL_VERDICT_COUNT:
		break;
	}
	if (rival->verdict != RIVAL_LOSES)
		str_add_c(out, "; give one of them another one");
}

/* ---- what is to come ---- */

void explanation_add_hold_remedy(const struct hold *hold, struct str *out)
{
	switch (hold->decision) {
	case HOLD_OPEN:
		str_addf(out,
		    "waits for a person: \"scimward approve %lld\" or \"scimward reject %lld\"",
		    (long long)hold->id, (long long)hold->id);
		break;
	case HOLD_APPROVED:
		str_add_c(out, "approved: the next cycle sends it, if it is still asked for");
		break;
	case HOLD_REJECTED:
		str_add_c(out, "rejected: not asked for again until it changes");
		break;
	}
}

static void add_time(struct str *out, int64_t wall_ms)
{
	char text[TIME_TEXT_SIZE];

	time_format(wall_ms, false, text);
	str_add_c(out, text);
}

static bool is_in_scope(const struct explanation *told)
{
	return told->chosen != NULL && told->chosen->place == PLACE_IN_SCOPE;
}

/* Why nothing happens to somebody who left. */
static void add_stays(const struct explanation *told, struct str *out)
{
	if (told->leaver_until_ms != 0) {
		str_add_c(out, told->would_begin_grace ? "The grace period begins; until "
						       : "Inside the grace period; until ");
		add_time(out, told->leaver_until_ms);
		str_add_c(out, " the account stays as it is.");
	} else if (told->link.is_active && !is_in_scope(told) && told->hold_count == 0) {
		str_add_c(out, told->chosen == NULL && told->directory_count > 0 &&
				       told->directories[0].place == PLACE_UNREADABLE
				   ? "The account stays: that the person is gone is not proved."
				   : "The account stays: policy.leavers keeps it.");
	}
}

static void add_nothing(const struct explanation *told, struct str *out)
{
	if (told->hold_count > 0) {
		str_add_c(out, "What is held is not asked for a second time.");
	} else if (told->is_linked) {
		add_stays(told, out);
	} else if (!is_in_scope(told)) {
		str_add_c(out, "Who is not in scope gets no account.");
	} else if (told->has_desired && !told->desired.is_active) {
		str_add_c(out, "Who may not log in gets no account.");
	}
}

void explanation_add_outlook(const struct explanation *told, struct str *out)
{
	if (!told->is_planned)
		return;
	if (told->action_count == 0)
		add_nothing(told, out);
	if (told->not_before_ms != 0) {
		str_add_c(out, "Because of the quarantine not before ");
		add_time(out, told->not_before_ms);
		str_add_c(out, ", or when the entry changes.");
	} else if (told->action_count > 0 && !told->is_whole) {
		str_add_c(out, "Planned for this person alone: whether a limit of policy.limits "
			       "would hold it depends on everybody's changes (--whole).");
	}
}

/* ---- accounts beside each other ---- */

static struct span text_of(const struct account *account, int path)
{
	if (account == NULL)
		return SPAN_NULL;
	if (path == ACCOUNT_ACTIVE)
		return account->is_active ? SPAN("true") : SPAN("false");
	return account->text[path];
}

static struct span workspaces_of(struct plan_writer *plan, const struct account *account)
{
	struct str names = { 0 };
	struct span text;

	if (account == NULL)
		return SPAN_NULL;
	for (size_t i = 0; i < account->workspace_count; i++) {
		struct span name = SPAN_NULL;

		if (plan->options.workspace_name != NULL)
			name = plan->options.workspace_name(
			    plan->options.name_context, account->workspaces[i]);
		str_addf(&names, "%s%.*s", i > 0 ? ", " : "",
		    SPAN_ARG(name.at != NULL ? name : account->workspaces[i]));
	}
	text = arena_span(plan->arena, str_span(&names));
	str_done(&names);
	return text;
}

/* What is not there is not managed, or not shown. */
static bool differ(const struct explained_attribute *attribute, bool is_name)
{
	const struct span texts[] = { attribute->acknowledged, attribute->wanted,
		attribute->observed };
	struct span first = SPAN_NULL;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].at == NULL)
			continue;
		if (first.at == NULL)
			first = texts[i];
		else if (is_name ? !utf8_equal_fold(first, texts[i]) : !span_equal(first, texts[i]))
			return true;
	}
	return false;
}

/* The accounts that are known; NULL: not. */
struct sides {
	const struct account *acknowledged, *wanted, *observed;
};

static struct explained_attribute attribute_of(
    const struct explanation *told, const struct sides *sides, int path)
{
	struct explained_attribute attribute = {
		.path = account_path_name((enum account_path)path),
		.acknowledged = text_of(sides->acknowledged, path),
		.wanted = text_of(sides->wanted, path),
		.observed = text_of(sides->observed, path),
	};

	if (path == ACCOUNT_ACTIVE && !told->observed.has_active)
		attribute.observed = SPAN_NULL;
	/* That an account lost its externalId counts, as correlation goes by it. */
	if (path == ACCOUNT_EXTERNAL_ID && sides->observed != NULL &&
	    attribute.observed.at == NULL && attribute.acknowledged.at != NULL)
		attribute.observed = SPAN("");
	attribute.differs = differ(&attribute, path == ACCOUNT_USER_NAME);
	return attribute;
}

size_t explanation_compare(struct plan_writer *plan, const struct explanation *told,
    struct explained_attribute attributes[EXPLAINED_ATTRIBUTE_MAX])
{
	const struct sides sides = {
		told->has_acknowledged ? &told->acknowledged : NULL,
		told->has_desired && is_in_scope(told) ? &told->desired : NULL,
		told->has_observed ? &told->observed.account : NULL,
	};
	struct explained_attribute *list;
	size_t count = 0;

	for (int path = 0; path < ACCOUNT_PATH_COUNT; path++) {
		attributes[count] = attribute_of(told, &sides, path);
		count += attributes[count].acknowledged.at != NULL ||
			 attributes[count].wanted.at != NULL ||
			 attributes[count].observed.at != NULL;
	}
	list = &attributes[count++];
	*list = (struct explained_attribute) {
		.path = "entitlements",
		.is_list = true,
		.acknowledged = workspaces_of(plan, sides.acknowledged),
		.wanted = workspaces_of(plan, sides.wanted),
		.observed = workspaces_of(plan, sides.observed),
	};
	list->differs = differ(list, false);
	return count;
}

bool explanation_write(
    const struct explanation *explanation, const struct plan_writer_options *options)
{
	struct plan_writer *plan = plan_writer_new(options);
	bool is_written;

	if (options->is_json)
		explanation_json(plan, explanation);
	else
		explanation_text(plan, explanation);
	is_written = plan_writer_flush(plan);
	plan_writer_free(&plan);
	return is_written;
}
