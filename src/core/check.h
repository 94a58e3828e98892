/* SPDX-License-Identifier: ISC */
/*
 * A check of what is configured against what is there: steps that a person reads one by one.
 *
 * Whoever checks a part has a list of the steps there are, in their order, and tells each of them
 * once at least.  One that cannot be taken because an earlier one failed is told as skipped, with
 * the reason, so that nobody takes silence for success:
 *
 *     struct check_teller teller;
 *     check_teller_open(&teller, names, callback, context);
 *     struct str *detail = check_begin(&teller, "bind");
 *     str_add(detail, identity);
 *     emit_member_string(&teller.data, "identity", identity);
 *     check_tell(&teller, CHECK_OK);
 *     …
 *     check_skip_rest(&teller, "there is no connection");
 *     check_teller_close(&teller);                       // the callback gets NULL: it is over
 *
 * No text of a step holds a secret.
 */
#ifndef CORE_CHECK_H
#define CORE_CHECK_H

#include "base/emit.h"
#include "base/str.h"
#include "core/x509.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum check_status {
	CHECK_OK,
	CHECK_WARNING, /* it works, and somebody should look at it */
	CHECK_FAILED,  /* a cycle would fail, or do less than what is configured */
	CHECK_SKIPPED, /* not looked at; the detail says why */
};

enum { CHECK_STATUS_COUNT = CHECK_SKIPPED + 1 };

/* What a step is about. */
enum check_area {
	CHECK_CONFIGURATION,
	CHECK_STATE,
	CHECK_METRICS,
	CHECK_DIRECTORY, /* one of them, by name */
	CHECK_TENANT,
	CHECK_NOTIFY,
};

enum { CHECK_AREA_COUNT = CHECK_NOTIFY + 1 };

/* One step; all is borrowed until the callback returns. */
struct check_step {
	enum check_status status;
	const char *name;   /* one word, the same in every language: "tls" */
	struct span detail; /* what was found, or why it was not looked at */
	struct span remedy; /* what to do about it; absent: nothing */
	struct span data;   /* a JSON object on one line; "{}": nothing */
};

/* One step of a check; NULL, once: it is over. */
typedef void check_callback(void *context, const struct check_step *step);

/* The step in the making, and what was told before. */
struct check_teller {
	const char *const *names; /* of all steps, in order; ends in NULL */
	uint32_t told;            /* a bit a name */
	check_callback *callback;
	void *context;
	const char *name; /* of the step in the making */
	struct str detail, remedy, json;
	struct emitter data; /* the members of the step's object */
};

/** Names an area as texts and JSON do: "configuration" … */
const char *check_area_name(enum check_area area);

/** Names a status as texts and JSON do. */
const char *check_status_name(enum check_status status);

/** Begins. @param names  at most 32; borrowed until it is closed */
void check_teller_open(
    struct check_teller *teller, const char *const *names, check_callback *callback, void *context);

/** Begins a step. @return its detail, empty; remedy and data are empty too */
struct str *check_begin(struct check_teller *teller, const char *name);

/** Tells the step that was begun. */
void check_tell(struct check_teller *teller, enum check_status status);

/** Tells it as failed or warned of, with what to do. */
void check_tell_remedy(struct check_teller *teller, enum check_status status, const char *remedy);

/** Tells a step with a detail alone. */
void check_tell_detail(
    struct check_teller *teller, enum check_status status, const char *name, struct span detail);

/**
 * Takes a message apart: all to the last "; " is what happened, and the rest what to do.
 *
 * The messages of this program are written like that, but for some that others made.
 *
 * @param otherwise  what to do where the message does not say
 */
void check_add_message(struct check_teller *teller, struct span message, const char *otherwise);

/** Whether a step of that name was told. */
bool check_was_told(const struct check_teller *teller, const char *name);

/** Tells a step as skipped. @param why  "there is no connection" */
void check_skip(struct check_teller *teller, const char *name, const char *why);

/** Has a step of the list not told: there is no such thing here to look at. */
void check_leave_out(struct check_teller *teller, const char *name);

/** Tells all steps that were not told yet as skipped. */
void check_skip_rest(struct check_teller *teller, const char *why);

/** Frees what it holds without a word. */
void check_teller_done(struct check_teller *teller);

/** Frees likewise, and then calls back with NULL; the callback may open it again. */
void check_teller_close(struct check_teller *teller);

/* ---- what several parts tell alike ---- */

enum { CHECK_CLOCK_MAX_MS = 60 * 1000, CHECK_CERTIFICATE_DAYS = 30 };

/* How the name of a host was looked up. */
struct check_host {
	struct span name;
	struct span addresses; /* ", " between; absent: it has none */
	struct span why;       /* why not */
};

/** Tells the step "names": each host with its addresses. None: what the hosts are is told. */
void check_tell_names(
    struct check_teller *teller, const struct check_host *hosts, size_t count, bool is_fatal);

/* TLS with a peer, or why there is none. */
struct check_tls {
	const char *url;
	const char *how;     /* protocol and what verified it; NULL: it failed */
	const char *message; /* why it failed: what happened; what to do */
	const char *note;    /* on a name that is wrong, instead of what to do; NULL: none */
	const struct x509_summary *peer;
	enum x509_trouble trouble;
	enum check_status failing; /* how bad it is that it failed */
	int64_t wall_ms;
};

/** Tells the step "tls", with a warning when the certificate ends soon. */
void check_tell_tls(struct check_teller *teller, const struct check_tls *tls);

/* What a clock that differs breaks, by who is asked. */
struct check_clock {
	const char *whose;     /* "the server's" */
	const char *breaks;    /* "Kerberos refuses tickets …" */
	int64_t difference_ms; /* theirs minus ours */
};

/** Tells the step "clock". */
void check_tell_clock(struct check_teller *teller, const struct check_clock *clock);

#endif
