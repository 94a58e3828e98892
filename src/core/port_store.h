/* SPDX-License-Identifier: ISC */
/*
 * Port: the state on disk.  Bound at link time; state/ implements it on SQLite.
 *
 * Calls are synchronous and short.  Writes are gathered: the first write opens a transaction and
 * store_commit ends it; nothing counts as on disk before.  STATUS_CORRUPT means that the state
 * cannot be used (corrupt, newer, read-only, disk full): the message says which, and what to do.
 * Spans in what is returned live in the arena given, or until the callback returns.
 *
 * In a dry run the file is opened read-only and all that is written goes to a temporary database
 * that hides the tables of the file: the same calls, and the file stays as it was, byte for byte.
 * What a dry run writes to links, and to actions of the file, is checked and then dropped: reading
 * goes on showing what the file holds.  STATUS_RETRY comes from any call when another process is
 * writing at this very moment, or has changed a file under a reader that could not lock it.
 */
#ifndef CORE_PORT_STORE_H
#define CORE_PORT_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/status.h"
#include "base/str.h"
#include "base/uuid.h"
#include "core/audit.h"
#include "core/guard.h"
#include "core/plan.h"
#include "core/port_tenant.h"
#include <stdbool.h>
#include <stdint.h>

struct store;

enum store_mode {
	STORE_WRITE,   /* holds the lock; creates the file (mode 0600) and migrates it */
	STORE_DRY_RUN, /* no lock; a missing file is an empty snapshot */
	STORE_READ, /* no lock; for status, report, explain; a missing file is an empty snapshot */
	STORE_DECIDE, /* no lock; writes decisions about holds, beside a service that runs; makes
			 no file and migrates none */
};

/**
 * Opens the state.
 *
 * @param path  borrowed
 * @return STATUS_OK; STATUS_RETRY: another process holds the lock (exit 75); STATUS_CORRUPT (exit
 * 74)
 */
enum status store_open(
    const char *path, enum store_mode mode, struct store **ret_store, struct err *reterr);

/** Rolls back what was not committed, closes, releases the lock; sets `*store` to NULL; NULL is
 * welcome. */
void store_close(struct store **store);

/** Puts all writes since the last commit on disk. Nothing written: nothing happens. */
enum status store_commit(struct store *store, struct err *reterr);

/* ---- meta: small named texts (schema facts, last certified scan of a directory, …) ---- */

/** Reads a text. `ret_value` is absent when there is none. */
enum status store_meta_get(struct store *store, const char *name, struct arena *arena,
    struct span *ret_value, struct err *reterr);

/** Writes a text; absent removes it. */
enum status store_meta_put(
    struct store *store, const char *name, struct span value, struct err *reterr);

/** The small number that stands for a directory's name, given at first use; 1 to 255. */
enum status store_directory_number(
    struct store *store, struct span name, uint8_t *ret_number, struct err *reterr);

/* ---- link: the snapshot ---- */

struct link {
	struct uuid key;
	uint8_t directory;
	struct span dn; /* last known */
	struct span account_id;
	struct span user_name;
	struct span acknowledged; /* canonical account */
	struct digest
	    digest;     /* of the desired account that was acknowledged; what the index holds */
	bool is_active; /* acknowledged as active */
	int64_t missing_since_ms; /* inside its grace period since; 0: not */
	int64_t changed_ms;       /* wall time of the last acknowledgement */
};

/** Number of links. Cost: one index scan. */
enum status store_link_count(struct store *store, uint64_t *ret_count, struct err *reterr);

/* What the index is loaded with. */
struct link_brief {
	struct uuid key;
	struct digest digest;
	uint32_t dn_mark; /* hash_mark of the DN */
	uint8_t directory;
	bool is_active;
	bool is_pending_leave;
};

/** Goes through all links in key order. Cost: 0.3 µs a link. */
enum status store_link_each(struct store *store,
    void (*on_link)(void *context, const struct link_brief *brief), void *context,
    struct err *reterr);

/** Goes through the DNs of all links, in no order. Cost: 0.4 µs a link. */
enum status store_link_each_dn(struct store *store,
    void (*on_dn)(void *context, const struct uuid *key, struct span dn), void *context,
    struct err *reterr);

/** Reads one link. `*ret_found` says whether there is one. */
enum status store_link_get(struct store *store, const struct uuid *key, struct arena *arena,
    struct link *ret_link, bool *ret_found, struct err *reterr);

enum link_field { LINK_BY_ACCOUNT_ID, LINK_BY_USER_NAME, LINK_BY_EXTERNAL_ID, LINK_BY_DN };

/** Finds a link by another name of it; userName and externalId regardless of case, DN normalized.
 * The first of several. */
enum status store_link_find(struct store *store, enum link_field field, struct span value,
    struct arena *arena, struct link *ret_link, bool *ret_found, struct err *reterr);

/** Likewise all links that have the name. @param cap  how many are wanted, at least 1 */
enum status store_link_find_several(struct store *store, enum link_field field, struct span value,
    struct arena *arena, struct link *ret_links, size_t cap, size_t *ret_count, struct err *reterr);

/** Writes a link whole. The account id must not be linked to another key: STATUS_REJECT when it is.
 */
enum status store_link_put(struct store *store, const struct link *link, struct err *reterr);

/** Removes a link. */
enum status store_link_delete(struct store *store, const struct uuid *key, struct err *reterr);

/** Starts or ends (0) a leaver's grace period. */
enum status store_link_set_missing(
    struct store *store, const struct uuid *key, int64_t since_ms, struct err *reterr);

/** Writes the last known DN alone. */
enum status store_link_set_dn(
    struct store *store, const struct uuid *key, struct span dn, struct err *reterr);

/* ---- quarantine: entries whose action the tenant refused ---- */

struct quarantine {
	struct uuid key;
	struct digest
	    digest; /* of the desired account that was refused; another one is tried at once */
	int attempts;
	int64_t not_before_ms; /* wall time of the next attempt */
	int64_t since_ms;
	struct span dn, user_name, reason; /* for people */
};

enum status store_quarantine_get(struct store *store, const struct uuid *key, struct arena *arena,
    struct quarantine *ret_quarantine, bool *ret_found, struct err *reterr); /**< reads one */
enum status store_quarantine_put(
    struct store *store, const struct quarantine *quarantine, struct err *reterr);
enum status store_quarantine_delete(
    struct store *store, const struct uuid *key, struct err *reterr);
/** Goes through all, in key order. */
enum status store_quarantine_each(struct store *store,
    void (*on_quarantine)(void *context, const struct quarantine *quarantine), void *context,
    struct err *reterr);

/* ---- run ---- */

struct run {
	int64_t id;
	enum cycle_kind kind;
	bool is_dry;
	int64_t started_ms, ended_ms; /* ended 0: still running or died */
	int exit_code;                /* as DESIGN section 8; -1 while it runs */
	bool is_certified;
	struct span certificate;   /* canonical JSON, an array with one member a directory; absent:
				      none yet */
	struct span config_digest; /* hex */
	struct span error;         /* for people; absent: none */
	struct plan_summary summary;

	/* What the state does not keep: what the plan was made of, as hex; absent: not looked at.
	 */
	struct span directory_digest, tenant_digest, snapshot_digest;
	struct span who;         /* one person only; absent: everybody */
	struct span by;          /* who asked for it; absent: nobody, it was due */
	int64_t undoes;          /* the run that it undoes; 0: none */
	struct span plan_digest; /* SHA-256 of the saved plan that it applies, as hex; absent: none
				  */
};

/** Writes a new run and gives it a number, one more than the last. */
enum status store_run_start(struct store *store, struct run *run, struct err *reterr);

/** Writes all of a run again. */
enum status store_run_update(struct store *store, const struct run *run, struct err *reterr);

/** Reads the newest `count` runs, newest first. @param on_run called once each */
enum status store_run_each(struct store *store, int count,
    void (*on_run)(void *context, const struct run *run), void *context, struct err *reterr);

/* What is said of a run that died. */
#define STORE_DEAD_RUN_ERROR "the process ended before the run did"

/** Goes through the runs that died: those without an end, except `current`. */
enum status store_run_each_dead(struct store *store, int64_t current,
    void (*on_run)(void *context, const struct run *run), void *context, struct err *reterr);

/** Ends runs that died: those without an end, except `current`, get exit code 1 and an error text.
 */
enum status store_run_end_dead(
    struct store *store, int64_t current, int64_t now_ms, struct err *reterr);

/* ---- action: the plan, which is also the journal ---- */

/** Writes a new action; sets its id. Cost: about 5 µs inside a transaction. */
enum status store_action_add(struct store *store, struct action *action, struct err *reterr);

/** Writes state, kind, reason, detail, account id, before, after, digest, request, attempts,
 * answer, classes and hold of an action again. */
enum status store_action_update(
    struct store *store, const struct action *action, struct err *reterr);

/** Writes state, http_status, answer, request_id, attempts and at_ms only, and the account id when
 * there is one: a create learns it from the answer. */
enum status store_action_set_state(
    struct store *store, const struct action *action, struct err *reterr);

/** Reads one action by id. */
enum status store_action_get(struct store *store, int64_t id, struct arena *arena,
    struct action *ret_action, bool *ret_found, struct err *reterr);

/** Removes one action: a candidate that turned out to need nothing. */
enum status store_action_delete(struct store *store, int64_t id, struct err *reterr);

/* Which actions, in the order of enum action_kind and then of id. */
struct action_query {
	int64_t run_id;              /* 0: of any run */
	int64_t hold_id;             /* 0: of any hold or none */
	uint32_t states;             /* a bit an action_state; 0: any */
	uint32_t kinds;              /* a bit an action_kind; 0: any */
	enum action_kind after_kind; /* go on behind this (kind, id); id 0: from the start */
	int64_t after_id;
	int limit; /* 0: all */
};

/** Goes through actions. The callback may call store_action_update and _set_state. */
enum status store_action_each(struct store *store, const struct action_query *query,
    void (*on_action)(void *context, const struct action *action), void *context,
    struct err *reterr);

/** Counts what a plan asks for of a class: planned actions of a run that nobody has approved. */
enum status store_action_count_planned(struct store *store, int64_t run_id, enum guard_class class,
    uint64_t *ret_count, struct err *reterr);

/** Counts what was sent of a class since a wall time, but for what a person approved. */
enum status store_action_count_recent(struct store *store, enum guard_class class, int64_t since_ms,
    uint64_t *ret_count, struct err *reterr);

/** Counts the actions of a run by kind and state into a summary (unchanged and orphan stay 0). */
enum status store_action_summary(
    struct store *store, int64_t run_id, struct plan_summary *ret_summary, struct err *reterr);

/* ---- hold: batches that wait for a person ---- */

/*
 * The rows of a hold of class "undone" belong to no run (run_id 0): nobody planned them.
 */
struct hold {
	int64_t id;
	int64_t run_id; /* that made it */
	enum guard_class class;
	int64_t since_ms;
	uint64_t count;       /* actions, when it was made */
	uint64_t limit;       /* that was passed; 0: the policy holds each */
	struct digest digest; /* of its actions, when it was made */
	enum hold_decision decision;
	int64_t decided_ms;     /* 0: not yet */
	struct span decided_by; /* absent: nobody yet */
	int64_t ended_ms;       /* all of it is done, rejected or lapsed; 0: it is not */
};

/** Writes a new hold and gives it the next number. */
enum status store_hold_add(struct store *store, struct hold *hold, struct err *reterr);

/** Writes count and digest of a hold again: known when its actions are written. */
enum status store_hold_seal(struct store *store, const struct hold *hold, struct err *reterr);

/** Goes through the holds that have not ended, and of which nothing is held, under way, or still to
 * be done. */
enum status store_hold_each_settled(struct store *store,
    void (*on_hold)(void *context, const struct hold *hold), void *context, struct err *reterr);

/** Ends them. */
enum status store_hold_end_settled(struct store *store, int64_t now_ms, struct err *reterr);

/** Goes through the holds that have not ended, by number. */
enum status store_hold_each(struct store *store,
    void (*on_hold)(void *context, const struct hold *hold), void *context, struct err *reterr);

/** Reads one hold, ended or not. */
enum status store_hold_get(struct store *store, int64_t id, struct arena *arena,
    struct hold *ret_hold, bool *ret_found, struct err *reterr);

/**
 * Writes a person's decision and commits it; waits up to half a minute for a service that is
 * writing. Until the next cycle acts on it, it may be changed.
 *
 * @param by  who decided, for the record
 * @return STATUS_OK; STATUS_REJECT: there is no such hold, or it has ended; STATUS_RETRY: the
 * service went on writing; STATUS_CORRUPT
 */
enum status store_hold_decide(struct store *store, int64_t id, enum hold_decision decision,
    struct span by, int64_t now_ms, struct err *reterr);

/** Goes through the holds with a decision that no record tells of yet, ended or not. */
enum status store_hold_each_unrecorded(struct store *store,
    void (*on_hold)(void *context, const struct hold *hold), void *context, struct err *reterr);

/** Notes that a record tells of the decisions as they are now. */
enum status store_hold_mark_recorded(struct store *store, struct err *reterr);

/* An action of a hold that has not ended: held still, or approved and not done. */
struct held_action {
	struct uuid key;
	struct digest digest;
	enum action_kind kind;
	bool is_undo; /* an undo asks for it, not the directory */
	unsigned classes;
	int64_t id, hold_id;
	enum hold_decision decision;
};

/** Goes through them, in the order of (key, kind, digest). */
enum status store_hold_each_action(struct store *store,
    void (*on_action)(void *context, const struct held_action *action), void *context,
    struct err *reterr);

/* ---- audit: what was done, for ever; see audit.h ---- */

/* Where the trail ends. */
struct audit_head {
	int64_t seq;            /* of the last row; 0: nothing was ever written */
	struct audit_hash hash; /* zeros when there is none */
};

/** Appends a row. Only a writer can. Cost: about 8 µs for a body of 1 KiB, with its part of the
 * commit. */
enum status store_audit_append(
    struct store *store, int64_t at_ms, int64_t run_id, struct span body, struct err *reterr);

/** Says where the trail ends, what was appended and not committed included. */
enum status store_audit_head(struct store *store, struct audit_head *ret_head, struct err *reterr);

/** Goes through the rows since a wall time, by number. */
enum status store_audit_each(struct store *store, int64_t since_ms,
    void (*on_row)(void *context, const struct audit_row *row), void *context, struct err *reterr);

/**
 * Walks along the whole trail, as it is at one moment.
 *
 * @param wanted    a hash that it must hold; NULL: any will do
 * @param ret_walk  come to its end; its stump_body is gone
 * @return STATUS_OK, whatever was found
 */
enum status store_audit_verify(struct store *store, const struct audit_hash *wanted,
    struct audit_walk *ret_walk, struct err *reterr);

struct audit_retention {
	int64_t before_ms; /* audit: rows before the first one of this wall time or later go */
	int64_t slack_ms;  /* nothing goes unless the first row is so much older */
	int64_t most;      /* rows, at once */
	int64_t at_ms;     /* of the record about it, in the audit trail */
	int64_t run_id;
};

/** Removes old rows, leaves a stump, and appends the record of it. @param ret_removed  how many */
enum status store_audit_retain(struct store *store, const struct audit_retention *retention,
    int64_t *ret_removed, struct err *reterr);

/**
 * Removes actions of runs that ended before that, and runs that have none left; at most so many of
 * each. Open actions and those of holds that have not ended stay, and the newest of each.
 *
 * @param ret_removed  how many actions
 */
enum status store_journal_retain(struct store *store, const struct audit_retention *retention,
    int64_t *ret_removed, struct err *reterr);

/* ---- observed: the tenant as listed, temporary, gone with the store ---- */

/** Forgets what was observed before. */
enum status store_observed_clear(struct store *store, struct err *reterr);

/** Writes one observed account; one seen before (same id) is replaced. Cost: about 5 µs. */
enum status store_observed_put(
    struct store *store, const struct observed *observed, struct err *reterr);

/** Number of observed accounts. */
enum status store_observed_count(struct store *store, uint64_t *ret_count, struct err *reterr);

enum observed_field { OBSERVED_BY_ID, OBSERVED_BY_USER_NAME, OBSERVED_BY_EXTERNAL_ID };

/** Finds observed accounts; userName and externalId regardless of case. @return up to `cap` of them
 * in the arena */
enum status store_observed_find(struct store *store, enum observed_field field, struct span value,
    struct arena *arena, struct observed *ret_observed, size_t cap, size_t *ret_count,
    struct err *reterr);

/** Goes through all observed accounts, in no order. */
enum status store_observed_each(struct store *store,
    void (*on_observed)(void *context, const struct observed *observed), void *context,
    struct err *reterr);

/** Goes through observed accounts that no link and no action of the run refers to: the orphans. */
enum status store_observed_each_orphan(struct store *store, int64_t run_id,
    void (*on_orphan)(void *context, const struct observed *observed), void *context,
    struct err *reterr);

/** Goes through observed accounts that a link refers to, with the link. */
enum status store_observed_each_linked(struct store *store,
    void (*on_linked)(void *context, const struct observed *observed, const struct link *link),
    void *context, struct err *reterr);

/** Goes through links whose account was not observed: the tenant lost them. */
enum status store_link_each_unobserved(struct store *store,
    void (*on_link)(void *context, const struct link *link), void *context, struct err *reterr);

/* ---- record: what the reports read, the whole of it ---- */

/* An action with what became of it around: its run, and the hold it was in. */
struct record {
	const struct action *action;
	int64_t run_started_ms; /* 0: the run is not kept any more */
	int64_t hold_since_ms;  /* 0: it was never held */
	enum hold_decision decision;
	int64_t decided_ms;     /* 0: not yet, or nobody had to */
	struct span decided_by; /* absent: likewise */
};

struct record_query {
	int64_t since_ms, until_ms; /* last change of state, from … to before … */
	uint32_t kinds;             /* a bit an action_kind; 0: any */
	const char *reason;         /* name of a reason; NULL: any */
	int64_t run_id;             /* 0: of any run */
};

/** Stays with one view of the file until the store is closed, so that what is counted first is what
 * is listed afterwards. */
enum status store_record_begin(struct store *store, struct err *reterr);

/** Goes through actions in the order in which they were planned. */
enum status store_record_each(struct store *store, const struct record_query *query,
    void (*on_record)(void *context, const struct record *record), void *context,
    struct err *reterr);

/**
 * Goes through the actions of one entry, newest first, until the callback returns false. Makes a
 * temporary index of all actions at its first use. Cost: 10 µs and more once it is there.
 */
enum status store_record_each_of_key(struct store *store, const struct uuid *key,
    bool (*on_record)(void *context, const struct record *record), void *context,
    struct err *reterr);

/** Goes through runs that started from `since_ms` to before `until_ms`, oldest first. */
enum status store_record_each_run(struct store *store, int64_t since_ms, int64_t until_ms,
    void (*on_run)(void *context, const struct run *run), void *context, struct err *reterr);

/** Goes through holds that were made before `until_ms` and made, decided or open since `since_ms`.
 */
enum status store_record_each_hold(struct store *store, int64_t since_ms, int64_t until_ms,
    void (*on_hold)(void *context, const struct hold *hold), void *context, struct err *reterr);

/** Goes through all links, whole, by userName regardless of case. */
enum status store_record_each_link(struct store *store,
    void (*on_link)(void *context, const struct link *link), void *context, struct err *reterr);

/** Goes through all workspaces of all links, by workspace id and then by userName. */
enum status store_record_each_grant(struct store *store,
    void (*on_grant)(void *context, struct span workspace, const struct link *link), void *context,
    struct err *reterr);

/** Whether something was written and is not committed yet, by whoever holds this store. */
bool store_is_writing(const struct store *store);

/* ---- from outside: nothing is opened, locked or made ---- */

enum { STORE_HOLDER_SIZE = 32 };

/* Where the state lies, and who has it. */
struct store_place {
	bool exists;
	uint64_t size_bytes;              /* of the file and its log */
	uint64_t free_bytes, total_bytes; /* of the file system; free: for this user */
	bool is_locked;                   /* a process holds the lock */
	int64_t holder_pid;               /* 0: it cannot be told which */
	char holder[STORE_HOLDER_SIZE];   /* its name; "": likewise */
	struct err cannot_write; /* why this user cannot write it, or make it; "": it can */
};

/**
 * Looks at the place of a state.
 *
 * @param path  borrowed
 * @return STATUS_OK; STATUS_CORRUPT: the folder is not there or cannot be looked at
 */
enum status store_look(const char *path, struct store_place *ret_place, struct err *reterr);

/* ---- whole-file facts ---- */

/** How the state stands, for status. */
struct store_facts {
	uint64_t links, active_links, quarantined,
	    unsettled;  /* unsettled: sent or unknown actions */
	uint64_t holds; /* that wait for a person */
	int schema_version;
	bool exists;
};
enum status store_facts(struct store *store, struct store_facts *ret_facts, struct err *reterr);

#endif
