/* SPDX-License-Identifier: ISC */
/*
 * The audit trail: what a record says, and the chain that shows when one was tampered with.
 *
 * The trail is append-only.  A row is a number, a time, a run, a body, the hash of the row before
 * it, and its own hash:
 *
 *     hash = SHA-256 (prev ‖ seq ‖ at ‖ run ‖ body)
 *
 * `prev` is 32 bytes, all zero for the first row.  seq, at (milliseconds since 1970) and run are 8
 * bytes each, two's complement, the highest byte first.  body is canonical JSON to its end: keys
 * sorted by bytes, no spaces, UTF-8, absent members left out.  For example the first row, at
 * 2026-03-01T12:34:56.789Z about run 1, with this body of 92 bytes:
 *
 *     {"config":"c0ffee","cycle":"full","kind":"run-started","started":"2026-03-01T12:34:56.700Z"}
 *
 * is the SHA-256 over 32 zeros, 0000000000000001, 0000019ca9650895, 0000000000000001, and
 * 7b22636f…227d:
 *
 *     502f6472bc4d05609febb9351b7702f98d4dc3005b7549325d447b4908b5bab8
 *
 * Nothing in the chain is secret: whoever can write the file can write it anew from the first
 * changed row to the last.  That shows only against a hash that was kept elsewhere, which is why
 * the last one goes to the log after each run that wrote something.
 *
 * Retention removes rows from the front only.  What is left begins behind a stump: the number and
 * the hash of the last row that was removed.  The stump is itself the body of a record further down
 * in the chain, so that nobody can shorten the front by writing another one.
 */
#ifndef CORE_AUDIT_H
#define CORE_AUDIT_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/str.h"
#include "core/plan.h"
#include <stdbool.h>
#include <stdint.h>

struct hold; /* port_store.h */
struct run;

enum audit_kind {
	AUDIT_RUN_STARTED,
	AUDIT_RUN_ENDED,
	AUDIT_ACTION,     /* what became of an action, or that it is held */
	AUDIT_HOLD,       /* a batch was made */
	AUDIT_DECISION,   /* a person approved or rejected it */
	AUDIT_HOLD_ENDED, /* nothing of it is left to be done */
	AUDIT_RETENTION,  /* old rows were removed */
	AUDIT_KIND_COUNT,
};

/** Names a kind: "run-started" "run-ended" "action" … */
const char *audit_kind_name(enum audit_kind kind);

/* ---- bodies: each appends one ---- */

/** A run that began; with who asked for it, and the digest of the saved plan when it applies one.
 */
void audit_put_run_started(const struct run *run, struct str *out);

/** A run that ended: its certificate must be canonical JSON already. */
void audit_put_run_ended(const struct run *run, struct str *out);

/**
 * An action: who, what, why, the request, the answer.
 *
 * Before and after go in as accounts; what is none goes in as a text, so that the body is JSON
 * whatever the state held.  The request's body is a text: what was sent, to the letter.
 *
 * @param approved_by  who let it go; absent: nobody had to
 * @param scratch      memory for the accounts
 */
void audit_put_action(
    const struct action *action, struct span approved_by, struct arena *scratch, struct str *out);

/** A batch. @param kind  AUDIT_HOLD, AUDIT_DECISION or AUDIT_HOLD_ENDED */
void audit_put_hold(enum audit_kind kind, const struct hold *hold, struct str *out);

/** Whether a body is one JSON object in one line, so that it may be put into other JSON. */
bool audit_body_is_json(struct span body);

/* ---- the chain ---- */

enum { AUDIT_HASH_TEXT_SIZE = 2 * SHA256_BYTES + 1 };

struct audit_hash {
	uint8_t byte[SHA256_BYTES];
};

struct audit_row {
	int64_t seq;    /* from 1 on, without a gap */
	int64_t at_ms;  /* wall time; the clock may have been set back since the row before */
	int64_t run_id; /* that it is about */
	struct span body;
	struct audit_hash prev, hash;
};

/** The hash that a row must have. */
struct audit_hash audit_hash_row(const struct audit_row *row);

/** Whether two are the same. */
bool audit_hash_equal(const struct audit_hash *a, const struct audit_hash *b);

/** Reads 64 hex digits of either case. @return false when it is something else */
bool audit_hash_parse(struct span text, struct audit_hash *ret_hash);

/** Writes lower-case hex. */
void audit_hash_format(const struct audit_hash *hash, char text[AUDIT_HASH_TEXT_SIZE]);

/* What retention leaves of the rows that it removed. */
struct audit_stump {
	int64_t seq;            /* of the last of them; 0: none was removed yet */
	struct audit_hash hash; /* its hash */
	int64_t removed;        /* how many, this time */
};

/** Appends the body of a stump: the same text stands in the chain and beside it. */
void audit_put_stump(const struct audit_stump *stump, struct str *out);

/** Reads that body back. @return false when it is something else */
bool audit_stump_parse(struct span body, struct audit_stump *ret_stump);

/* ---- walking along it ---- */

enum audit_flaw {
	AUDIT_SOUND,
	AUDIT_UNREADABLE, /* a column holds something that cannot be there */
	AUDIT_CHANGED,    /* a row does not have the hash of its content */
	AUDIT_MISSING,    /* a row is not there */
	AUDIT_INSERTED,   /* a row is there that cannot be */
	AUDIT_UNLINKED,   /* a row does not go on from the one before */
	AUDIT_UNSIGNED,   /* rows are missing in front, and no record says that they were removed */
	AUDIT_CUT,        /* the hash that was kept elsewhere is nowhere in the chain */
};

/** Names a flaw: "unreadable" "changed" …; "sound" when there is none. */
const char *audit_flaw_name(enum audit_flaw flaw);

/* Where a walk stands; at its end, what it came to. */
struct audit_walk {
	struct span stump_body;   /* borrowed; absent: none */
	struct audit_hash wanted; /* kept elsewhere */
	bool has_wanted;          /* there is one */
	struct audit_stump stump;
	bool is_stump_signed;    /* the record of the stump was met */
	int64_t rows, first_seq; /* of what is there */
	int64_t last_seq;        /* of the row before the next one */
	struct audit_hash last;  /* its hash: in the end the head */
	int64_t wanted_seq;      /* the row with the wanted hash; 0: not met */
	bool is_wanted_met;
	enum audit_flaw flaw;
	int64_t bad_seq; /* the first bad row; of AUDIT_CUT and _UNSIGNED none: 0 */
};

/**
 * Begins a walk.
 *
 * @param stump_body  as kept beside the chain, borrowed until the end; absent: none was removed
 * @param wanted      a hash that the chain must hold; NULL: any will do
 */
void audit_walk_start(
    struct audit_walk *walk, struct span stump_body, const struct audit_hash *wanted);

/** Looks at the next row, by number. @return whether to go on */
bool audit_walk_row(struct audit_walk *walk, const struct audit_row *row);

/** Takes note of a row that cannot be read. */
void audit_walk_unreadable(struct audit_walk *walk, int64_t seq);

/** Comes to an end after the last row. */
void audit_walk_end(struct audit_walk *walk);

/** Appends a sentence that says what the walk came to. */
void audit_walk_tell(const struct audit_walk *walk, struct str *out);

#endif
