/* SPDX-License-Identifier: ISC */
/* From what a cycle came to, to what is worth a notice. */
#include "app/notices.h"

#include "base/log.h"
#include "base/time.h"
#include "base/vec.h"
#include "notify/notifier.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define META_FAILING "failing"
#define REMIND_MS    TIME_DAY_MS

struct notices {
	struct notices_input in;
	struct notifier *notifier;
	uint64_t failures;   /* in a row; 0: none */
	int64_t reminded_ms; /* wall time of the last notice of it */
};

/* ---- what is remembered ---- */

static void recall(struct notices *notices)
{
	struct arena *arena = arena_new();
	struct span text = SPAN_NULL;

	if (store_meta_get(notices->in.store, META_FAILING, arena, &text, NULL) == STATUS_OK &&
	    text.at != NULL) {
		struct span count = span_split(&text, ' ');

		if (!span_to_u64(count, &notices->failures) ||
		    !time_parse_iso(text, &notices->reminded_ms))
			notices->failures = 0;
	}
	arena_free(&arena);
}

/* The cycle has committed, so nothing of it is committed here by mistake. */
static void remember(struct notices *notices)
{
	char at[TIME_TEXT_SIZE], text[TIME_TEXT_SIZE + 24];
	struct span value = SPAN_NULL;
	struct err err;

	if (notices->failures > 0) {
		time_format(notices->reminded_ms, false, at);
		(void)snprintf(text, sizeof(text), "%" PRIu64 " %s", notices->failures, at);
		value = span_of(text);
	}
	if (store_meta_put(notices->in.store, META_FAILING, value, &err) != STATUS_OK ||
	    store_commit(notices->in.store, &err) != STATUS_OK)
		log_warning(
		    "cannot write down that cycles fail or recovered: %s; going on", err.text);
}

/* ---- the notifier ---- */

static void on_lost(void *context, const char *courier, enum notice_event event, const char *why)
{
	(void)context;
	log_warning("the %s notice could not be given to notify.%s: %s; dropping it",
	    notice_event_name(event), courier, why);
}

static void on_drained(void *context)
{
	struct notices *notices = context;

	notices->in.on_drained(notices->in.context);
}

struct notices *notices_new(const struct notices_input *input)
{
	static const struct notifier_events events = { on_lost, on_drained };
	struct notices *notices = mem_new(1, sizeof(*notices));

	notices->in = *input;
	notices->in.config = NULL; /* may be gone before the notices are */
	notices->notifier = notifier_new(input->loop, &input->config->notify, &events, notices);
	recall(notices);
	return notices;
}

void notices_free(struct notices **notices)
{
	if (*notices == NULL)
		return;
	notifier_free(&(*notices)->notifier);
	free(*notices);
	*notices = NULL;
}

void notices_configure(struct notices *notices, const struct config *config)
{
	notifier_configure(notices->notifier, &config->notify);
}

void notices_drain(struct notices *notices)
{
	notifier_drain(notices->notifier);
}

/* ---- events ---- */

static void tell_holds(struct notices *notices, const struct cycle_result *result)
{
	for (size_t i = 0; i < result->hold_count; i++) {
		const struct hold *hold = &result->holds[i];

		notifier_send(notices->notifier, &(struct notice) { .event = NOTICE_HOLD,
						     .run_id = hold->run_id,
						     .hold_id = hold->id,
						     .class = hold->class,
						     .count = hold->count,
						     .limit = hold->limit });
	}
}

static enum notice_cause cause_of(const struct cycle_result *result)
{
	if (result->exit == CYCLE_STATE_FAILED)
		return NOTICE_STATE;
	return strcmp(result->peer, "tenant") == 0 ? NOTICE_TENANT : NOTICE_DIRECTORY;
}

static void tell_failure(struct notices *notices, const struct cycle_result *result)
{
	int64_t now_ms = loop_wall_ms(notices->in.loop);
	int64_t passed_ms = now_ms - notices->reminded_ms;
	bool is_first = notices->failures++ == 0;

	/* A clock that was put back makes a reminder too many, not a silence. */
	if (is_first || passed_ms < 0 || passed_ms >= REMIND_MS) {
		notices->reminded_ms = now_ms;
		notifier_send(notices->notifier,
		    &(struct notice) { .event = NOTICE_FAILURE,
			.run_id = result->run.id,
			.cause = cause_of(result),
			.failures = notices->failures,
			.retry_at_ms = result->retry_after_ms > 0 ? now_ms + result->retry_after_ms
								  : 0 });
	}
	/* Of a cycle that the state failed, half may stand in it uncommitted. */
	if (result->exit != CYCLE_STATE_FAILED)
		remember(notices);
}

static void tell_recovery(struct notices *notices, const struct cycle_result *result)
{
	if (notices->failures == 0)
		return;
	notifier_send(notices->notifier, &(struct notice) { .event = NOTICE_RECOVERED,
					     .run_id = result->run.id,
					     .failures = notices->failures });
	notices->failures = 0;
	remember(notices);
}

void notices_tell(struct notices *notices, const struct cycle_result *result, bool is_partial)
{
	bool is_failure = result->exit == CYCLE_PEER_DOWN || result->exit == CYCLE_STATE_FAILED;

	/* What a failed state did not keep was not held, nor put into quarantine. */
	if (result->exit != CYCLE_STATE_FAILED) {
		tell_holds(notices, result);
		if (result->quarantined > 0)
			notifier_send(
			    notices->notifier, &(struct notice) { .event = NOTICE_QUARANTINE,
						   .run_id = result->run.id,
						   .count = result->quarantined });
	}
	if (is_partial && result->exit != CYCLE_STATE_FAILED)
		return;
	if (is_failure)
		tell_failure(notices, result);
	else if (result->exit != CYCLE_FAILED)
		tell_recovery(notices, result);
}
