/* SPDX-License-Identifier: ISC */
/*
 * A plan for an Anaplan admin:
 *
 *     Full reconciliation, dry run: nothing is sent.
 *     Certified: ldaps://dc1.corp.example brought 1145 entries and 12 groups.
 *
 *     Update
 *       ~ ada.ray@corp.example  gained a workspace  CN=Ada Ray,OU=Staff,DC=corp,DC=example
 *           name.familyName  Rai → Ray
 *           + Finance Planning  (via CN=Sub > CN=Anaplan Finance)
 *           - HR
 *
 *     3 to create, 1 to update; 1142 unchanged; 3 orphans.
 *
 * A line is cut at the width of the terminal, by columns and at a character, and ends in "…" then;
 * reasons and errors go on in the next line instead.
 */
#include "base/time.h"
#include "base/unicode.h"
#include "core/certificate.h"
#include "report/origin.h"
#include "report/plan_writer_p.h"

#include <inttypes.h>

enum { DETAIL_COLUMN = 6, NO_LIMIT = 0 };

/* ---- lines ---- */

static void put(struct plan_writer *writer, enum line_style style, struct span text)
{
	lines_text(&writer->lines, style, text, NO_LIMIT);
}

static void put_c(struct plan_writer *writer, enum line_style style, const char *text)
{
	put(writer, style, span_of(text));
}

static void indent_to(struct plan_writer *writer, size_t column)
{
	lines_indent(&writer->lines, column);
}

static void end_line(struct plan_writer *writer)
{
	lines_end(&writer->lines);
}

/* Appends a text that a person must be able to read to its end. */
static void put_wrapped(struct plan_writer *writer, enum line_style style, struct span text)
{
	size_t indent = writer->lines.width < 4 * DETAIL_COLUMN ? 0 : DETAIL_COLUMN + 2;

	lines_wrap(&writer->lines, style, text, indent);
}

/* ---- the head ---- */

static const char *kind_words(enum cycle_kind kind)
{
	switch (kind) {
	case CYCLE_DELTA:
		return "Changes since the last cycle";
	case CYCLE_FULL:
		return "Full scan of the directory";
	case CYCLE_UNDO:
		return "Undo";
	case CYCLE_RECONCILE:
		break;
	}
	return "Full reconciliation";
}

/* Changes were told: nobody was missed who could be taken for gone. */
static void put_changes_told(struct plan_writer *writer, const struct scan_facts *facts)
{
	put_c(writer, LINE_GOOD, "Changes: ");
	put_wrapped(
	    writer, LINE_PLAIN, facts->peer.at != NULL ? facts->peer : SPAN("the directory"));
	put_wrapped(writer, LINE_PLAIN,
	    arena_format(writer->arena, " told of %" PRIu64 " %s and %" PRIu64 " %s (%.*s).",
		facts->entries, facts->entries == 1 ? "entry" : "entries", facts->groups,
		facts->groups == 1 ? "group" : "groups", SPAN_ARG(facts->changes_by)));
	end_line(writer);
}

static void put_record(struct plan_writer *writer, const struct certificate_record *record)
{
	const struct scan_facts *facts = &record->facts;
	bool is_certified = record->certificate.is_certified;

	if (facts->changes_by.at != NULL) {
		put_changes_told(writer, facts);
		return;
	}
	put_c(writer, is_certified ? LINE_GOOD : LINE_BAD,
	    is_certified ? "Certified: " : "Not certified: ");
	put_wrapped(
	    writer, LINE_PLAIN, facts->peer.at != NULL ? facts->peer : SPAN("the directory"));
	put_wrapped(writer, LINE_PLAIN,
	    arena_format(writer->arena, " brought %" PRIu64 " %s and %" PRIu64 " %s.",
		facts->entries, facts->entries == 1 ? "entry" : "entries", facts->groups,
		facts->groups == 1 ? "group" : "groups"));
	end_line(writer);
	if (!is_certified) {
		put_c(writer, LINE_PLAIN, "  Nobody is taken for gone: ");
		put_wrapped(writer, LINE_PLAIN, record->certificate.missing);
		end_line(writer);
	}
	if (facts->unknown_groups == 0)
		return;
	put_wrapped(writer, LINE_CHANGE,
	    arena_format(writer->arena,
		"  %" PRIu64 " %s could not be read whole and %s no workspace away: ",
		facts->unknown_groups, facts->unknown_groups == 1 ? "group" : "groups",
		facts->unknown_groups == 1 ? "takes" : "take"));
	put_wrapped(writer, LINE_PLAIN, facts->unknown_group);
	end_line(writer);
}

static void put_certificates(struct plan_writer *writer, const struct run *run)
{
	const struct certificate_record *records = NULL;
	size_t count = 0;

	if (run->certificate.at != NULL && certificate_decode_list(run->certificate, writer->arena,
					       &records, &count, NULL) != STATUS_OK)
		count = 0;
	for (size_t i = 0; i < count; i++)
		put_record(writer, &records[i]);
	if (count > 0)
		return;
	put_c(writer, LINE_PLAIN,
	    run->is_certified ? "Certified." : "Not certified: nobody is taken for gone.");
	end_line(writer);
}

void plan_text_begin(struct plan_writer *writer, const struct run *run)
{
	put_c(writer, LINE_HEADING, kind_words(run->kind));
	if (run->undoes != 0)
		put_wrapped(writer, LINE_HEADING,
		    arena_format(writer->arena, " of run %" PRId64, run->undoes));
	put_c(writer, LINE_PLAIN, run->is_dry ? ", dry run: nothing is sent." : ".");
	end_line(writer);
	if (run->kind != CYCLE_UNDO)
		put_certificates(writer, run);
	writer->is_of_failed_run = run->error.at != NULL;
	if (!writer->is_of_failed_run)
		return;
	put_c(writer, LINE_BAD, "Error: ");
	put_wrapped(writer, LINE_PLAIN, run->error);
	end_line(writer);
}

/* ---- actions ---- */

struct kind_look {
	const char *heading, *sign;
	enum line_style style;
};

static struct kind_look look_of(enum action_kind kind)
{
	switch (kind) {
	case ACTION_DEACTIVATE:
		return (struct kind_look) { "Deactivate", "-", LINE_BAD };
	case ACTION_RENAME:
		return (struct kind_look) { "Rename", "~", LINE_CHANGE };
	case ACTION_UPDATE:
		return (struct kind_look) { "Update", "~", LINE_CHANGE };
	case ACTION_REACTIVATE:
		return (struct kind_look) { "Reactivate", "+", LINE_GOOD };
	case ACTION_CREATE:
		return (struct kind_look) { "Create", "+", LINE_GOOD };
	case ACTION_LINK:
		return (struct kind_look) { "Adopt: the account is as it must be already", "=",
			LINE_GOOD };
	case ACTION_CONFLICT:
		return (struct kind_look) { "Conflict: a person must settle it, nothing is sent",
			"!", LINE_BAD };
	case ACTION_REJECTED:
	case ACTION_KIND_COUNT:
		break;
	}
	return (struct kind_look) { "Rejected: correct the entry or the mapping, nothing is sent",
		"!", LINE_BAD };
}

const char *plan_reason_words(enum reason_code reason)
{
	static const char *const words[REASON_COUNT] = {
		[REASON_JOINED] = "new in scope",
		[REASON_ATTRIBUTE_CHANGED] = "changed in the directory",
		[REASON_GROUP_GAINED] = "gained a workspace",
		[REASON_GROUP_LOST] = "lost a workspace",
		[REASON_DISABLED] = "disabled in the directory",
		[REASON_EXPIRED] = "expired in the directory",
		[REASON_LEFT_SCOPE] = "no longer in scope",
		[REASON_MOVED] = "moved out of the search bases",
		[REASON_DELETED] = "deleted from the directory",
		[REASON_REHIRED] = "back again",
		[REASON_RENAMED] = "userName changed",
		[REASON_DRIFT] = "changed in the tenant by somebody else",
		[REASON_UNDO] = "undoes an earlier run",
		[REASON_ADOPTED] = "an account was recognised",
		[REASON_CONFLICT] = "cannot be told apart",
		[REASON_UNMAPPABLE] = "cannot be mapped",
	};

	return words[reason];
}

static void put_heading(struct plan_writer *writer, enum action_kind kind)
{
	if (writer->has_heading && writer->heading == kind)
		return;
	writer->has_heading = true;
	writer->heading = kind;
	end_line(writer);
	put_c(writer, LINE_HEADING, look_of(kind).heading);
	end_line(writer);
}

/* @return NULL when the state goes without saying */
static const char *state_words(const struct action *action)
{
	switch (action->state) {
	case ACTION_PLANNED:
	case ACTION_STATE_COUNT:
		return NULL;
	case ACTION_HELD:
		return "[held]  ";
	case ACTION_SENT:
		return "[sent]  ";
	case ACTION_DONE:
		return "[done]  ";
	case ACTION_STATE_REJECTED:
		return action_has_request(action->kind) ? "[rejected]  " : NULL;
	case ACTION_FAILED:
		return "[failed]  ";
	case ACTION_UNKNOWN:
		break;
	}
	return "[unknown]  ";
}

static struct span name_of(const struct action *action)
{
	if (action->user_name.at != NULL)
		return action->user_name;
	return action->account_id.at != NULL ? action->account_id : SPAN("(no userName)");
}

static void put_head_line(struct plan_writer *writer, const struct action *action)
{
	struct kind_look look = look_of(action->kind);
	const char *state = state_words(action);

	put_c(writer, LINE_PLAIN, "  ");
	put_c(writer, look.style, look.sign);
	put_c(writer, LINE_PLAIN, " ");
	put(writer, LINE_PLAIN, name_of(action));
	put_c(writer, LINE_PLAIN, "  ");
	if (state != NULL)
		put_c(writer, action->state == ACTION_DONE ? LINE_GOOD : LINE_BAD, state);
	put_c(writer, LINE_PLAIN, plan_reason_words(action->reason));
	if (action->dn.at != NULL) {
		put_c(writer, LINE_PLAIN, "  ");
		put(writer, LINE_DIM, action->dn);
	}
	end_line(writer);
}

static void put_note(struct plan_writer *writer, const char *label, struct span text)
{
	if (text.at == NULL)
		return;
	indent_to(writer, DETAIL_COLUMN);
	put_c(writer, LINE_DIM, label);
	put_wrapped(writer, LINE_PLAIN, text);
	end_line(writer);
}

/* The columns that the longest changed path needs. */
static size_t path_columns(const struct plan_change *change)
{
	size_t widest = 0;

	for (int i = 0; i < ACCOUNT_PATH_COUNT; i++) {
		enum account_path path = (enum account_path)i;
		size_t len = strlen(account_path_name(path));
		bool is_changed = path == ACCOUNT_ACTIVE ? plan_change_has_active(change)
							 : plan_change_has_text(change, path);

		if (is_changed && len > widest)
			widest = len;
	}
	return widest;
}

static void put_pair(struct plan_writer *writer, size_t columns, const char *path,
    struct span before, struct span after)
{
	size_t left, half;

	indent_to(writer, DETAIL_COLUMN);
	put_c(writer, LINE_PLAIN, path);
	indent_to(writer, DETAIL_COLUMN + columns + 2);
	left = lines_room(&writer->lines);
	if (before.at != NULL) {
		/* Both must be seen: the old value takes at most half of the line. */
		half = writer->lines.width == 0 || left < 8 ? NO_LIMIT : (left - 3) / 2;
		lines_text(&writer->lines, LINE_BAD, before, half);
		put_c(writer, LINE_PLAIN, " → ");
	}
	put(writer, LINE_GOOD, after);
	end_line(writer);
}

static void put_texts(struct plan_writer *writer, const struct plan_change *change, size_t columns)
{
	for (int i = 0; i < ACCOUNT_TEXT_COUNT; i++) {
		enum account_path path = (enum account_path)i;

		if (!plan_change_has_text(change, path))
			continue;
		/* The userName of a new account is in the line above. */
		if (path == ACCOUNT_USER_NAME && !change->has_before)
			continue;
		put_pair(writer, columns, account_path_name(path),
		    change->has_before ? change->before.text[i] : SPAN_NULL, change->after.text[i]);
	}
}

static void put_active(struct plan_writer *writer, const struct plan_change *change, size_t columns)
{
	struct span after = change->after.is_active ? SPAN("true") : SPAN("false");
	struct span before = change->before.is_active ? SPAN("true") : SPAN("false");

	/* That a new account is active goes without saying. */
	if (!plan_change_has_active(change) || (!change->has_before && change->after.is_active))
		return;
	put_pair(writer, columns, account_path_name(ACCOUNT_ACTIVE),
	    change->has_before ? before : SPAN_NULL, after);
}

static void put_workspace(
    struct plan_writer *writer, const struct plan_change *change, char sign, struct span id)
{
	const struct plan_writer_options *options = &writer->options;
	struct span name = SPAN_NULL, origin;

	if (options->workspace_name != NULL)
		name = options->workspace_name(options->name_context, id);
	if (name.at == NULL)
		name = id;
	origin = origin_find(change->action->detail, sign, name);
	indent_to(writer, DETAIL_COLUMN);
	put_c(writer, sign == '+' ? LINE_GOOD : LINE_BAD, sign == '+' ? "+ " : "- ");
	put(writer, LINE_PLAIN, name);
	if (origin.at != NULL) {
		put_c(writer, LINE_DIM, "  (");
		put(writer, LINE_DIM, origin);
		put_c(writer, LINE_DIM, ")");
	}
	end_line(writer);
}

static void put_changes(struct plan_writer *writer, const struct plan_change *change)
{
	size_t columns = path_columns(change);

	put_active(writer, change, columns);
	put_texts(writer, change, columns);
	for (size_t i = 0; i < change->change.granted_count; i++)
		put_workspace(writer, change, '+', change->change.granted[i]);
	for (size_t i = 0; i < change->change.revoked_count; i++)
		put_workspace(writer, change, '-', change->change.revoked[i]);
	if (change->is_unreadable)
		put_note(writer, "",
		    SPAN("what changes cannot be shown: the stored account cannot be read"));
}

static void put_prediction(struct plan_writer *writer, const struct prediction *prediction)
{
	static const char *const heads[] = {
		[PREDICTION_REFUSED] = "will be refused: ",
		[PREDICTION_PARTIAL] = "may be done in part: ",
		[PREDICTION_UNSURE] = "may be refused: ",
	};

	put_note(writer, heads[prediction_outcome_of(prediction->code)], prediction->detail);
}

void plan_text_action(struct plan_writer *writer, const struct plan_change *change)
{
	const struct action *action = change->action;
	bool is_settled = action_has_request(action->kind);

	put_heading(writer, action->kind);
	put_head_line(writer, action);
	put_note(writer, "why: ", origin_reason(action->detail));
	if (is_settled)
		put_changes(writer, change);
	if (action->state != ACTION_DONE)
		put_note(writer, "answer: ", action->answer);
	for (size_t i = 0; i < change->prediction_count; i++)
		put_prediction(writer, &change->predictions[i]);
}

/* ---- the summary ---- */

/* Appends "SEPARATOR COUNT WORDS" unless there are none. */
static void put_count(struct plan_writer *writer, uint64_t count, const char *separator,
    const char *one, const char *many)
{
	if (count == 0)
		return;
	put(writer, LINE_PLAIN,
	    arena_format(writer->arena, "%s%" PRIu64 " %s",
		writer->lines.column == 0 ? "" : separator, count, count == 1 ? one : many));
}

static void put_parts(struct plan_writer *writer, const struct plan_summary *summary)
{
	put_count(writer, summary->create, ", ", "to create", "to create");
	put_count(writer, summary->update, ", ", "to update", "to update");
	put_count(writer, summary->rename, ", ", "to rename", "to rename");
	put_count(writer, summary->deactivate, ", ", "to deactivate", "to deactivate");
	put_count(writer, summary->reactivate, ", ", "to reactivate", "to reactivate");
	put_count(writer, summary->link, ", ", "to adopt", "to adopt");
	if (writer->lines.column == 0)
		put_c(writer, LINE_PLAIN,
		    writer->is_of_failed_run ? "Nothing was planned" : "Nothing to do");
	put_count(writer, summary->done, "; ", "of them done", "of them done");
	put_count(writer, summary->failed, "; ", "of them failed", "of them failed");
	put_count(writer, summary->held, "; ", "held until a person decides",
	    "held until a person decides");
	put_count(writer, summary->conflict, "; ", "conflict", "conflicts");
	put_count(writer, summary->rejected, "; ", "rejected", "rejected");
	put_count(writer, summary->unchanged, "; ", "unchanged", "unchanged");
	put_count(writer, summary->orphan, "; ", "orphan", "orphans");
}

static struct span time_words(struct plan_writer *writer, const struct forecast *forecast)
{
	int64_t seconds = forecast_seconds(&forecast->pace, forecast_requests(forecast));
	char text[TIME_TEXT_SIZE];

	if (seconds < 0)
		return SPAN("as fast as the tenant answers");
	duration_format(seconds * TIME_SECOND_MS, text);
	return arena_format(writer->arena, "%s%s at %" PRIu64 "/s",
	    seconds > 0 ? "about " : "under ", seconds > 0 ? text : "1s",
	    forecast->pace.requests_per_second);
}

static void put_not_checked(struct plan_writer *writer, const char *what, struct span why)
{
	if (why.at == NULL)
		return;
	put_c(writer, LINE_CHANGE, what);
	put_c(writer, LINE_PLAIN, " were not checked: ");
	put(writer, LINE_PLAIN, why);
	end_line(writer);
}

/* In a long plan nobody finds the lines of those who are refused. */
static void put_predicted(struct plan_writer *writer, const struct forecast *forecast)
{
	const char *separator = "Predicted: ";

	for (int i = 0; i < PREDICTION_CODE_COUNT; i++) {
		if (forecast->predictions[i] == 0)
			continue;
		put(writer, LINE_BAD,
		    arena_format(writer->arena, "%s%" PRIu64 " %s", separator,
			forecast->predictions[i], prediction_code_name((enum prediction_code)i)));
		separator = ", ";
	}
	if (writer->lines.column == 0)
		return;
	put_c(writer, LINE_PLAIN, ".");
	end_line(writer);
}

static void put_forecast(struct plan_writer *writer)
{
	const struct prediction_facts *facts = writer->options.facts;
	const struct forecast *forecast = &writer->forecast;
	uint64_t requests = forecast_requests(forecast);

	put(writer, LINE_PLAIN,
	    arena_format(writer->arena,
		"%" PRIu64 " request%s (%" PRIu64 " to read, %" PRIu64 " to write), %.*s", requests,
		requests == 1 ? "" : "s", forecast->reads, forecast->writes,
		SPAN_ARG(time_words(writer, forecast))));
	if (forecast->held > 0)
		put(writer, LINE_PLAIN,
		    arena_format(writer->arena, "; %" PRIu64 " more when what is held is approved",
			forecast->held));
	put_c(writer, LINE_PLAIN, ".");
	end_line(writer);
	put_predicted(writer, forecast);
	put_not_checked(writer, "userNames", facts->names_not_checked);
	put_not_checked(writer, "Workspaces", facts->workspaces_not_checked);
}

void plan_text_end(struct plan_writer *writer, const struct plan_summary *summary)
{
	arena_reset(writer->arena);
	end_line(writer);
	/* The numbers are what the reader came for: they are never cut. */
	writer->lines.width = 0;
	put_parts(writer, summary);
	put_c(writer, LINE_PLAIN, ".");
	end_line(writer);
	if (writer->options.facts != NULL)
		put_forecast(writer);
}

/* ---- holds ---- */

void plan_text_hold(struct plan_writer *writer, const struct hold *hold)
{
	char since[TIME_TEXT_SIZE];

	time_format(hold->since_ms, false, since);
	put(writer, LINE_HEADING,
	    arena_format(writer->arena, "Hold %" PRId64 ": %" PRIu64 " %s", hold->id, hold->count,
		guard_class_noun(hold->class, hold->count)));
	put(writer, LINE_PLAIN,
	    arena_format(writer->arena, " since %s (run %" PRId64 ")", since, hold->run_id));
	if (hold->limit > 0 || hold->class < GUARD_LIMITED)
		put(writer, LINE_PLAIN,
		    arena_format(writer->arena, "; the limit is %" PRIu64, hold->limit));
	end_line(writer);
	writer->has_heading = false;
}

static void put_decision(struct plan_writer *writer, const struct hold *hold)
{
	char decided[TIME_TEXT_SIZE];

	time_format(hold->decided_ms, false, decided);
	put(writer, LINE_PLAIN,
	    arena_format(writer->arena, "%s by %.*s at %s; ",
		hold->decision == HOLD_APPROVED ? "Approved" : "Rejected",
		SPAN_ARG(hold->decided_by), decided));
	put_c(writer, LINE_PLAIN,
	    hold->decision == HOLD_APPROVED ? "the next cycle sends what is left of it."
					    : "nothing of it is sent until its actions change.");
}

void plan_text_end_hold(struct plan_writer *writer, const struct hold *hold)
{
	end_line(writer);
	if (hold->decision == HOLD_OPEN)
		put(writer, LINE_PLAIN,
		    arena_format(writer->arena,
			"To let it go: scimward approve %" PRId64
			"; to drop it: scimward reject %" PRId64 ".",
			hold->id, hold->id));
	else
		put_decision(writer, hold);
	end_line(writer);
	end_line(writer);
}
