/* SPDX-License-Identifier: ISC */
/*
 * A notice: what people outside are told of one event, and how it is written.
 *
 * There is no room in it for a name, a DN or an address, nor for the words of a peer, which may
 * hold any of them: numbers and words of our own are all that leaves the host.  On the wire:
 *
 *     {"event":"hold","id":"5f0c…","at":"2026-03-01T12:00:00Z","run":12,
 *      "summary":"Hold 7: 60 deactivations wait for a decision (limit 50); see: scimward holds",
 *      "hold":7,"class":"deactivations","count":60,"limit":50}
 *     {"event":"failure",…,"error":"the tenant cannot be used","failures":1,
 *      "retryAt":"2026-03-01T12:01:00Z"}
 *     {"event":"recovered",…,"failures":5}
 *     {"event":"quarantine",…,"count":3}
 *
 * `id` stays the same when a notice is sent again, because the answer to it was lost.  `run` is
 * null when the cycle left no row, `retryAt` when nothing is tried again by itself, and `limit` 0
 * when it is the policy that holds, not a limit.
 */
#ifndef NOTIFY_NOTICE_H
#define NOTIFY_NOTICE_H

#include "base/str.h"
#include "core/guard.h"
#include <stdbool.h>
#include <stdint.h>

/* In the order of the words of the key notify.on. */
enum notice_event {
	NOTICE_HOLD,
	NOTICE_FAILURE,
	NOTICE_RECOVERED,
	NOTICE_QUARANTINE,
	NOTICE_EVENT_COUNT,
};

/* What a cycle failed for. */
enum notice_cause { NOTICE_DIRECTORY, NOTICE_TENANT, NOTICE_STATE };

/* One event; what does not belong to it is zero. */
struct notice {
	enum notice_event event;
	uint64_t id[2];  /* random; given by the notifier */
	int64_t at_ms;   /* wall time; given by the notifier */
	int64_t run_id;  /* 0: the cycle left no row */
	uint64_t count;  /* hold: actions; quarantine: users who entered it */
	int64_t hold_id; /* hold */
	enum guard_class class;
	uint64_t limit;          /* that was passed; 0: the policy holds each */
	enum notice_cause cause; /* failure */
	uint64_t failures;   /* failure: in a row, this one included; recovered: that are over */
	int64_t retry_at_ms; /* failure: wall time of the next cycle; 0: none is planned */
};

/** Names an event: "hold" "failure" "recovered" "quarantine". */
const char *notice_event_name(enum notice_event event);

/** Finds an event by its name. @return false: there is none */
bool notice_event_parse(struct span name, enum notice_event *ret_event);

/** Appends one sentence for people, without a full stop. */
void notice_summarize(const struct notice *notice, struct str *out);

/** Appends the JSON object. */
void notice_encode(const struct notice *notice, struct str *out);

#endif
