/* SPDX-License-Identifier: ISC */
/*
 * One cycle: settle what an earlier one left open, list the tenant if asked to, scan, look again
 * at the missing, correlate, apply, and say how it went.
 *
 * The cycle is a state machine: callbacks of the adapters store what they learnt and let the loop
 * take the next step.  What it decides is in the state database before anything is sent.  Without a
 * writer it is a dry run: it ends where sending would begin.
 */
#ifndef SYNC_CYCLE_H
#define SYNC_CYCLE_H

#include "base/err.h"
#include "base/str.h"
#include "core/forecast.h"
#include "core/index.h"
#include "core/mapping.h"
#include "core/plan.h"
#include "core/policy.h"
#include "core/port_source.h"
#include "core/port_store.h"
#include "core/port_tenant.h"
#include "loop/loop.h"
#include "sync/gate.h"
#include "sync/review.h"
#include "sync/turns.h"
#include <stddef.h>
#include <stdint.h>

/* What a cycle ends with: the exit codes of DESIGN section 8 that a cycle can cause. */
enum cycle_exit {
	CYCLE_DONE = 0,
	CYCLE_FAILED = 1,
	CYCLE_HELD = 3,
	CYCLE_REJECTED = 4,
	CYCLE_PEER_DOWN = 69,
	CYCLE_STATE_FAILED = 74,
};

enum { CYCLE_PATIENCE_MS = 5 * 60 * 1000 };

/* All is borrowed until the cycle ended. */
struct cycle_input {
	struct loop *loop;
	struct store *store;
	struct source *const *sources;
	size_t source_count;
	const struct mapping *mapping;
	const struct policy *policy;
	struct account_reader *reader;
	const struct account_encoder *encoder;
	struct account_writer *writer; /* NULL: a dry run */
	struct gate *gate;
	struct index *
	    *index; /* the snapshot in memory, kept between cycles; NULL inside: load it */
	struct turns **turns; /* accounts that turn, kept between cycles; NULL: nobody waits for
				 them; NULL inside: read them */
	bool only_turns;      /* of these, only those whose time has come are looked at */
	enum cycle_kind kind;
	struct span
	    who; /* one person only: userName, DN, key, externalId or account id; absent: all */
	bool keeps_quarantine; /* with `who`: also who is named is not tried before the time */
	int64_t patience_ms;   /* how long a tenant that does not serve is waited for; 0: as long
				  as CYCLE_PATIENCE_MS says */
	/** What this run must come to, to the letter: a saved plan, or one that was shown. When it
	 * comes to anything else nothing is sent. NULL: whatever it comes to */
	struct review *review;
	int64_t undo_run; /* what an undo takes back; 0: the last run that changed something */
	struct span by;   /* who asks for it, for the record; absent: nobody, it was due */
	struct span config_digest;
	int64_t keep_audit_ms; /* audit records that are older go; 0: none does */
	/** Told from time to time what goes on, for a progress bar; NULL: nobody wants to know. */
	void (*on_progress)(void *context, const char *phase, uint64_t done, uint64_t of);
	void *progress_context;
	/**
	 * Told before each step that a death could come between: a commit to the state, a request
	 * handed to the tenant, an answer taken.  For tests, which die there; NULL: nobody does.
	 */
	void (*on_step)(void *context);
	void *step_context;
};

/* How it went. Spans live until the callback returns. */
struct cycle_result {
	struct run run; /* id 0: a quiet poll, which leaves no row */
	enum cycle_exit exit;
	struct err err;           /* when exit is 1, 69 or 74 */
	const char *peer;         /* that cannot be used: "tenant" or "directory"; NULL: none */
	bool is_who_unknown;      /* `who` names nobody */
	bool is_run_unknown;      /* there is no such run to undo */
	bool is_refused;          /* it is not what was reviewed: nothing was sent; exit is 1 */
	bool is_stopped;          /* cycle_stop cut it short: exit is 1 */
	uint64_t entries;         /* that the scan brought */
	bool tells_changes;       /* every directory told changes, or where the next ones go on */
	const struct hold *holds; /* that this cycle made */
	size_t hold_count;
	uint64_t quarantined;   /* users who entered quarantine in it */
	int64_t retry_after_ms; /* a peer is down: when the service tries again; 0: it does not */
	const struct prediction_facts *facts; /* of a dry run that made its plan; NULL: none */
	struct forecast forecast; /* of it: pace and reads; its actions are not counted in */
};

typedef void cycle_callback(void *context, const struct cycle_result *result);

struct cycle;

/**
 * Starts a cycle; the callback comes once, when all is over.
 *
 * @return owned by itself: gone when the callback returns
 */
struct cycle *cycle_start(const struct cycle_input *input, cycle_callback *callback, void *context);

/**
 * Ends it early: nothing new is sent, requests in flight are awaited and written down, then the
 * callback comes. For SIGTERM.
 */
void cycle_stop(struct cycle *cycle);

#endif
