/* SPDX-License-Identifier: ISC */
/* Notices in words and in JSON. */
#include "notify/notice.h"

#include "base/emit.h"
#include "base/time.h"
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

enum { ID_TEXT_SIZE = 33 };

static const char *const event_names[NOTICE_EVENT_COUNT] = { "hold", "failure", "recovered",
	"quarantine" };

const char *notice_event_name(enum notice_event event)
{
	assert(event < NOTICE_EVENT_COUNT);
	return event_names[event];
}

bool notice_event_parse(struct span name, enum notice_event *ret_event)
{
	for (int event = 0; event < NOTICE_EVENT_COUNT; event++) {
		if (span_equal(name, span_of(event_names[event]))) {
			*ret_event = (enum notice_event)event;
			return true;
		}
	}
	return false;
}

static const char *cause_text(enum notice_cause cause)
{
	switch (cause) {
	case NOTICE_DIRECTORY:
		return "the directory cannot be used";
	case NOTICE_TENANT:
		return "the tenant cannot be used";
	case NOTICE_STATE:
		return "the state cannot be used";
	}
	return "";
}

static void summarize_hold(const struct notice *notice, struct str *out)
{
	str_addf(out, "Hold %" PRId64 ": %" PRIu64 " %s %s for a decision", notice->hold_id,
	    notice->count, guard_class_noun(notice->class, notice->count),
	    notice->count == 1 ? "waits" : "wait");
	if (notice->limit > 0)
		str_addf(out, " (limit %" PRIu64 ")", notice->limit);
	str_add_c(out, "; see: scimward holds");
}

static void summarize_failure(const struct notice *notice, struct str *out)
{
	char at[TIME_TEXT_SIZE];

	str_addf(out, "Users are not in step: %s (%" PRIu64 " in a row)", cause_text(notice->cause),
	    notice->failures);
	if (notice->retry_at_ms != 0) {
		time_format(notice->retry_at_ms, false, at);
		str_addf(out, "; trying again at %s", at);
	}
	str_add_c(out, "; see: scimward status");
}

void notice_summarize(const struct notice *notice, struct str *out)
{
	switch (notice->event) {
	case NOTICE_HOLD:
		summarize_hold(notice, out);
		return;
	case NOTICE_FAILURE:
		summarize_failure(notice, out);
		return;
	case NOTICE_RECOVERED:
		str_addf(out, "Recovered after %" PRIu64 " failed %s", notice->failures,
		    notice->failures == 1 ? "cycle" : "cycles");
		return;
	case NOTICE_QUARANTINE:
		str_addf(out, "The tenant refused %" PRIu64 " more %s; see: scimward status",
		    notice->count, notice->count == 1 ? "user" : "users");
		return;
	case NOTICE_EVENT_COUNT:
		break;
	}
	assert(false);
}

static void put_number(struct emitter *json, const char *key, uint64_t number)
{
	emit_key(json, key);
	emit_int(json, number > INT64_MAX ? INT64_MAX : (int64_t)number);
}

static void put_time(struct emitter *json, const char *key, int64_t at_ms)
{
	char at[TIME_TEXT_SIZE];

	time_format(at_ms, false, at);
	emit_key(json, key);
	emit_string_c(json, at_ms == 0 ? NULL : at);
}

static void put_common(struct emitter *json, const struct notice *notice)
{
	struct str summary = { 0 };
	char id[ID_TEXT_SIZE];

	(void)snprintf(id, sizeof(id), "%016" PRIx64 "%016" PRIx64, notice->id[0], notice->id[1]);
	emit_key(json, "event");
	emit_string_c(json, notice_event_name(notice->event));
	emit_key(json, "id");
	emit_string_c(json, id);
	put_time(json, "at", notice->at_ms);
	emit_key(json, "run");
	if (notice->run_id == 0)
		emit_null(json);
	else
		emit_int(json, notice->run_id);
	notice_summarize(notice, &summary);
	emit_key(json, "summary");
	emit_string(json, str_span(&summary));
	str_done(&summary);
}

static void put_own(struct emitter *json, const struct notice *notice)
{
	switch (notice->event) {
	case NOTICE_HOLD:
		put_number(json, "hold", (uint64_t)notice->hold_id);
		emit_key(json, "class");
		emit_string_c(json, guard_class_name(notice->class));
		put_number(json, "count", notice->count);
		put_number(json, "limit", notice->limit);
		return;
	case NOTICE_FAILURE:
		emit_key(json, "error");
		emit_string_c(json, cause_text(notice->cause));
		put_number(json, "failures", notice->failures);
		put_time(json, "retryAt", notice->retry_at_ms);
		return;
	case NOTICE_RECOVERED:
		put_number(json, "failures", notice->failures);
		return;
	case NOTICE_QUARANTINE:
		put_number(json, "count", notice->count);
		return;
	case NOTICE_EVENT_COUNT:
		return;
	}
}

void notice_encode(const struct notice *notice, struct str *out)
{
	struct emitter json;

	emit_init(&json, out, 0);
	emit_object_open(&json);
	put_common(&json, notice);
	put_own(&json, notice);
	emit_object_close(&json);
}
