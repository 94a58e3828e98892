/* SPDX-License-Identifier: ISC */
/*
 * What the files of a cycle share.  Each phase lives in a file of its own and ends by calling
 * cycle_next; whatever goes wrong goes through cycle_fail.
 */
#ifndef SYNC_CYCLE_P_H
#define SYNC_CYCLE_P_H

#include "base/arena.h"
#include "sync/correlate.h"
#include "sync/cycle.h"
#include "sync/exchange.h"
#include "sync/fingerprint.h"

enum cycle_phase {
	PHASE_START,     /* load the index */
	PHASE_SETTLE,    /* what became of requests that a dead run had sent */
	PHASE_UNDO,      /* undo: what a run did is looked up, instead of all up to the guard */
	PHASE_LIST,      /* reconcile: the whole tenant */
	PHASE_SCAN,      /* the directories, one after the other */
	PHASE_LEAVERS,   /* a second look at each missing key */
	PHASE_CORRELATE, /* accounts for entries without a link */
	PHASE_GUARD,     /* what is too much is held */
	PHASE_APPLY,     /* send, or predict what would become of it */
	PHASE_CLOSE,     /* log out */
	PHASE_END,
};

/* One directory of the cycle. */
struct cycle_directory {
	struct source *source;
	uint8_t number;
	bool is_scanned, is_down;
	bool is_delta;      /* changes were told, and are looked at by key, instead of a scan */
	bool is_compared;   /* changes were told before a scan: what they missed is counted */
	struct span cursor; /* where the next changes go on; absent: stays as it was */
	struct membership *membership; /* that the changes left, as long as is_delta */
	struct certificate certificate;
	struct span certificate_json;
};

/* What is kept while the audit trail is written. */
struct trail {
	struct str body;       /* of the record being written */
	struct arena *arena;   /* reset for each */
	int64_t approved_hold; /* looked up last; 0: none yet */
	struct span approver;  /* who approved it; absent: nobody */
	bool has_written;      /* this cycle wrote a record */
};

struct applier;
struct changes;
struct holds;
struct leavers;
struct correlation;
struct listing;
struct predicting;
struct settling;
struct turning;
struct undoing;

struct cycle {
	struct cycle_input in;
	cycle_callback *callback;
	void *callback_context;

	struct loop_timer *timer;
	enum cycle_phase phase;
	bool is_stopping; /* cycle_stop was called */
	bool is_whole;    /* all phases were gone through, so that a stop changes nothing */
	bool has_failed;  /* the state cannot be used: go straight to the end */
	bool is_tenant_open;
	bool is_tenant_down;
	enum cycle_exit exit;
	struct err err;
	const char *peer; /* that is down; NULL: none */
	bool is_who_unknown;
	bool is_run_unknown;
	bool is_refused; /* the plan is not the one that was reviewed */

	struct arena *arena;       /* lives as long as the cycle */
	struct arena *entry_arena; /* reset for each entry, row or answer */
	struct str scratch;
	struct index *index; /* that of the input */
	struct index
	    *names; /* folded userNames of entries without a link: SEEN = taken, DRIFTED = twice */
	struct holds *holds; /* what waits for a person since earlier cycles */

	struct exchange *exchange;
	struct cycle_directory *directories;
	size_t directory_at;           /* being scanned */
	struct membership *membership; /* of the scan or look-up under way */
	struct index
	    *touched; /* keys that changes told of, with their directory; SEEN: asked for */
	struct changes *changes;
	bool is_first;        /* of this process: no delta went before it */
	bool is_turning_scan; /* every account that turns is told again */
	struct uuid person;   /* with `who`: whose entry was planned; zero: nobody's */

	struct fingerprint mapped; /* the directory's entries, as mapped */
	struct run run;            /* id 0 until it has a row */
	struct trail trail;
	struct plan_summary summary;
	uint64_t entries, candidates, already_held, quarantined;
	uint64_t undecided;        /* left as they are, as an unknown group decides about them */
	uint64_t entries_expected; /* of the scan, for progress; 0: not known */
	uint64_t drifted;          /* linked accounts that are not as acknowledged, or gone */
	struct hold holds_made[GUARD_CLASS_COUNT]; /* by this cycle */
	size_t hold_count;
	bool has_counted_creations;
	uint64_t creations_left; /* that the limit allows beyond those planned, once counted */
	int64_t tenant_total;    /* accounts of the tenant, -1: not known */
	bool is_observed;        /* the observed table holds the whole tenant */

	struct settling *settling;
	struct listing *listing;
	struct leavers *leavers;
	struct turning *turning;
	struct undoing *undoing;
	struct correlation *correlation;
	struct applier *applier;
	struct predicting *predicting; /* of a dry run; NULL: nothing was noted yet */
};

/** Adds a key to those that are looked at. @param directory  0: any */
void cycle_touch(struct cycle *cycle, const struct uuid *key, uint8_t directory);

/** Takes the next step in the next turn of the loop. */
void cycle_next(struct cycle *cycle, enum cycle_phase phase);

/**
 * Looks at the outcome of a call to the store.
 *
 * @return whether it was OK; if not, the cycle has failed and the caller returns at once
 */
bool cycle_store_ok(struct cycle *cycle, enum status status, const struct err *err);

/** Puts on disk what was written. @return false: the cycle has failed */
bool cycle_commit(struct cycle *cycle);

/** Notes that a peer cannot be used; the first message is kept. */
void cycle_peer_down(struct cycle *cycle, const char *what, struct span why);

/** Gives the run its row if it has none. @return false: the cycle has failed */
bool cycle_need_run(struct cycle *cycle);

/** Whether this is a dry run. */
static inline bool cycle_is_dry(const struct cycle *cycle)
{
	return cycle->in.writer == NULL;
}

/** Whether the account of a known key is active, or was made so behind our back. */
static inline bool cycle_may_be_open(const struct index_item *item)
{
	if (item->flags & INDEX_UNLINKED)
		return false;
	return !(item->flags & INDEX_INACTIVE) || (item->flags & INDEX_DRIFTED);
}

/** Whether an account is the agent's own, as far as that is known by now. */
static inline bool cycle_is_own(
    const struct cycle *cycle, struct span account_id, struct span user_name)
{
	return tenant_self_is(&cycle->in.reader->self, account_id, user_name);
}

#define CYCLE_OWN_ACCOUNT_WHY                                                                      \
	"it is the agent's own account: it is never changed, so that the agent cannot lock "       \
	"itself out"

/** Whether it looks at some people only, so that nothing may be concluded about others. */
static inline bool cycle_is_partial(const struct cycle *cycle)
{
	return cycle->in.who.at != NULL || cycle->in.only_turns || cycle->in.kind == CYCLE_UNDO;
}

/** Whether nothing may be sent but what is in the plan, to the letter. */
static inline bool cycle_is_exact(const struct cycle *cycle)
{
	return cycle->in.review != NULL || cycle->in.kind == CYCLE_UNDO;
}

/** Whether every directory was scanned and certified. */
bool cycle_is_certified(const struct cycle *cycle);

/** Likewise, and none of them was asked for changes alone. */
bool cycle_is_scanned_whole(const struct cycle *cycle);

/** Reports progress. */
void cycle_progress(struct cycle *cycle, const char *phase, uint64_t done, uint64_t of);

/** Wall time. */
static inline int64_t cycle_wall_ms(const struct cycle *cycle)
{
	return loop_wall_ms(cycle->in.loop);
}

/**
 * Has the tenant opened, once a cycle, and then goes on.
 *
 * @param go_on  called in a later turn, whether it could be opened or not (cycle->is_tenant_down)
 */
void cycle_open_tenant(struct cycle *cycle, void (*go_on)(struct cycle *cycle));

/* ---- phases: each starts its phase and calls cycle_next in the end ---- */
void settle_start(struct cycle *cycle);      /**< settle.c */
void undo_start(struct cycle *cycle);        /**< undo.c */
void listing_start(struct cycle *cycle);     /**< listing.c */
void scan_phase_start(struct cycle *cycle);  /**< scan.c */
void leavers_start(struct cycle *cycle);     /**< leavers.c */
void correlation_start(struct cycle *cycle); /**< correlation.c */
void guarding_start(struct cycle *cycle);    /**< guarding.c */
void applier_start(struct cycle *cycle);     /**< applier.c */
void predicting_start(struct cycle *cycle);  /**< predicting.c */

/** Whether the limit allows one more creation than the guard has seen: whom the tenant lost while
 * we were applying. Takes it. (guarding.c) */
bool guarding_may_create(struct cycle *cycle);

/**
 * Lists the whole tenant into the observed table, then calls `go_on`.
 *
 * Also used by correlation when a listing is cheaper than look-ups. (listing.c)
 */
void listing_run(struct cycle *cycle, void (*go_on)(struct cycle *cycle));

/** Holds a link against its account as observed: an account that differs has drifted. @param
 * context the cycle (listing.c) */
void listing_compare(void *context, const struct observed *observed, const struct link *link);

/** The same for the account of one person, instead of a listing. (one_account.c) */
void one_account_start(struct cycle *cycle);

/**
 * Decides what becomes of a create: stays one, adopts an account, or is a conflict; writes the
 * action. Allocates in the entry arena, which the caller has reset. (correlation.c)
 *
 * @param action    planned; its spans outlive the call
 * @param observed  the accounts that could be meant
 * @return whether there is something to send now
 */
bool correlation_resolve(
    struct cycle *cycle, struct action *action, const struct observed *observed, size_t count);

/** Asks the tenant for the accounts that could be meant by an action's wanted account. */
struct tenant_call *correlation_find(struct cycle *cycle, const struct action *action,
    tenant_callback *callback, void *callback_context);

/* ---- predicting.c: what the tenant will make of a dry run's plan ---- */

/** Notes accounts that were found for an entry that no account is meant by: one of them may have
 * its userName. Not in a dry run: nothing. */
void predicting_note(struct cycle *cycle, const struct action *action,
    const struct observed *observed, size_t count);

/** Puts what was found into the result; it lives as long as the cycle. */
void predicting_tell(const struct cycle *cycle, struct cycle_result *result);

/** Frees it; NULL is welcome. */
void predicting_free(struct predicting **predicting);

/* ---- undo.c: what another run did is taken back ---- */

/** Writes down what the directory asks for and is taken back, as a hold that is rejected already:
 * so that no cycle does the same again. Before anything is sent. */
void undo_remember(struct cycle *cycle);

/** Frees what is known of it; NULL is welcome. */
void undo_free(struct undoing **undoing);

/* ---- moved.c: what the plan was made of, for those who compare two of them ---- */

void moved_note_snapshot(struct cycle *cycle);  /**< before anything is read elsewhere */
void moved_note_tenant(struct cycle *cycle);    /**< when it was listed */
void moved_note_directory(struct cycle *cycle); /**< when it was scanned */

/* ---- turning.c: accounts that expire or begin ---- */

/** Reads what is known of them. */
bool turning_load(struct cycle *cycle);

/** Says that a whole scan begins, and that it ended. */
void turning_scan(struct cycle *cycle);
void turning_scanned(struct cycle *cycle);

/** Looks at those whose time has come, instead of a scan, and calls cycle_next. */
void turning_start(struct cycle *cycle);

/** Writes what is known of them now; those that could not be acted on come again. */
void turning_finish(struct cycle *cycle);

/* ---- planner.c: entries become actions ---- */

/** Plans for one entry that a scan or a look-up brought. */
void planner_entry(struct cycle *cycle, const struct entry *entry);

/** Plans for a linked entry that is missing, or out of scope; see enum reason_code. */
void planner_leaver(
    struct cycle *cycle, const struct uuid *key, enum reason_code reason, struct span detail);

/** What becomes of the account of somebody who is not there any more. */
struct account planner_left(const struct cycle *cycle, const struct account *account);

/** Writes an action unless the same waits for a person, or was rejected by one. @return false: the
 * cycle has failed */
bool planner_add(struct cycle *cycle, struct action *action);

/** Notes an entry that cannot be used. */
void planner_unusable(struct cycle *cycle, const struct uuid *key, struct span dn, struct span why);

/* What an action is made of. */
struct planner_change {
	struct action *action; /* key, dn, directory, account id, digest are set; gets the rest */
	const struct account *before; /* NULL: create */
	const struct account *after;
	const struct change *change;
};

/**
 * Fills in kind, request, before and after, and refuses what must not be: the agent's own account,
 * a protected one, a request that cannot be encoded.
 *
 * @param keep_reason  the reason is set already
 */
void planner_fill(struct cycle *cycle, const struct planner_change *change, bool keep_reason);

/** The digest of an account's canonical form. */
struct digest planner_digest(struct cycle *cycle, const struct account *account);

/** A copy of the canonical form in the entry arena. */
struct span planner_canonical(struct cycle *cycle, const struct account *account);

/** Whether a user may not be tried now because the tenant refused this very account before. */
bool planner_is_quarantined(
    struct cycle *cycle, const struct uuid *key, const struct digest *digest);

/* ---- changes.c: what a directory tells of changes ---- */

/**
 * Asks the directory at hand what changed, when that can be known and is wanted: in a delta instead
 * of a scan, before a whole scan to see what the deltas would have missed.
 *
 * @param go_on  called in a later turn, whatever came of it
 * @return whether it was asked; if not, nothing comes
 */
bool changes_ask(struct cycle *cycle, void (*go_on)(struct cycle *cycle));

/** Frees what changes_ask holds; NULL is welcome. */
void changes_free(struct changes **changes);

/** Whether some directory may tell changes, so that this delta may bring some people only. */
bool changes_are_known(struct cycle *cycle);

/** Has those looked at whose time has come although no directory tells: a quarantine or a grace
 * period that is over, an approved hold. */
bool changes_touch_due(struct cycle *cycle);

/** Counts an action that a whole scan came to: were its changes told before? */
void changes_compare(struct cycle *cycle, const struct action *action);

/** How many a whole scan came to that no change had told. @param changes  NULL: none */
uint64_t changes_missed(const struct changes *changes);

/** Keeps where the next changes go on, once all that was told is done, and what was missed. */
bool changes_keep(struct cycle *cycle);

/* ---- holds.c: what waits for a person ---- */

enum hold_answer {
	HOLD_NONE,     /* it is not held */
	HOLD_WAITS,    /* it is held already: not written again */
	HOLD_REFUSED,  /* a person rejected it: not written again */
	HOLD_RELEASED, /* a person approved it: to be sent */
};

/** Reads what is held. */
bool holds_load(struct cycle *cycle);

/** Forgets it; sets `*holds` to NULL; NULL is welcome. */
void holds_free(struct holds **holds);

/** Whether nothing is held. */
bool holds_are_none(const struct holds *holds);

/** Whether an action with this key, kind and digest is held. */
bool holds_has(struct holds *holds, const struct action *action);

/**
 * Notes that the plan asks for an action, and tells what was decided about it. One that is released
 * gets state and hold, and takes the place of the row that was shown.
 */
enum hold_answer holds_ask(struct cycle *cycle, struct action *action);

/** Whether an entry without a link is held, in whatever kind correlation made of it; notes it. */
bool holds_keep_back(struct cycle *cycle, const struct uuid *key, const struct digest *digest);

/** Whether a person rejected an action, or took it back. */
bool holds_refuse(struct holds *holds, const struct action *action);

/** Has those looked at whose hold was approved. */
void holds_touch_released(struct cycle *cycle);

/** How many of a class this plan asks for again and nobody has decided about. */
uint64_t holds_waiting(const struct holds *holds, enum guard_class class);

/** Lets go what this plan no longer asks for. */
void holds_lapse(struct cycle *cycle);

/* ---- trail.c: the audit trail; in a dry run nothing is written ---- */

void trail_run_started(struct cycle *cycle); /**< this run began */
void trail_run_ended(struct cycle *cycle);   /**< this run ended */

/** Those of earlier processes that died; before they are ended. */
void trail_dead_runs(struct cycle *cycle);

/** Something became of an action; after it was written. */
void trail_action(struct cycle *cycle, const struct action *action);

/** A batch was made. */
void trail_hold(struct cycle *cycle, const struct hold *hold);

/** A batch was made that is decided already. */
void trail_decided(struct cycle *cycle, const struct hold *hold);

/** What people decided since the last cycle; in the transaction in which this cycle reads it. */
void trail_decisions(struct cycle *cycle);

/** Holds of which nothing is left to do; before they are ended. */
void trail_holds_ended(struct cycle *cycle);

/** Removes records that are older than they are kept. */
void trail_retain(struct cycle *cycle);

/** Logs the hash at the end of the trail when this cycle wrote to it; after the commit. */
void trail_tell(struct cycle *cycle);

/* ---- snapshot.c: links on disk and in memory together ---- */

/** Loads the index unless it is loaded, and clears what a scan leaves in it. */
bool snapshot_load(struct cycle *cycle);

/** The number of a directory, asked of the store only when it is none of this cycle's. @return
 * false: the cycle has failed */
bool snapshot_directory_number(struct cycle *cycle, struct span name, uint8_t *ret_number);

/** Whether a key is linked with another account: one that is closed does not take it back. */
bool snapshot_has_moved_on(struct cycle *cycle, const struct uuid *key, struct span account_id);

/** Writes a link and the index. A link of another key to the same account is removed before. */
bool snapshot_put(struct cycle *cycle, const struct link *link);

/** Since when a key is inside its grace period; 0: it is not. */
int64_t snapshot_missing_since(struct cycle *cycle, const struct uuid *key);

/** Forgets that the tenant refused something for a key. */
bool snapshot_leave_quarantine(struct cycle *cycle, const struct uuid *key);

/** Removes a link from disk and index. */
bool snapshot_delete(struct cycle *cycle, const struct uuid *key);

#endif
