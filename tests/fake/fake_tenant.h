/* SPDX-License-Identifier: ISC */
/*
 * A tenant in memory behind core/port_tenant.h: reader, encoder and writer.
 *
 * The encoder writes SCIM requests and the tenant does what they say, so that accounts really
 * change.  Requests take effect when they arrive and are answered `delay_ms` later.  What goes
 * wrong is scripted: each fault names the requests it is for and how often it strikes.  Two writes
 * in flight for one account end the process: nothing may ever send them.
 */
#ifndef TESTS_FAKE_TENANT_H
#define TESTS_FAKE_TENANT_H

#include "core/port_tenant.h"
#include "loop/loop.h"

struct fake_tenant;

enum fake_fault_kind {
	FAKE_STATUS,      /* answers with `http_status` and does nothing */
	FAKE_REFUSED,     /* the connection is refused */
	FAKE_LOST,        /* does it, and the answer is lost */
	FAKE_LOST_BEFORE, /* does nothing, and the answer is lost: the agent cannot know */
	FAKE_SILENT_LOSS, /* answers 200, but workspaces stay as they were */
	FAKE_PARTIAL,     /* likewise with 207 */
	FAKE_NO_BODY,     /* does it, answers 204 */
	FAKE_SLOW,        /* does it, answers `delay_ms` later */
};

struct fake_fault {
	enum fake_fault_kind kind;
	const char *
	    method; /* "POST", "PATCH", "GET", "LIST", "FIND", "OPEN", "WORKSPACES"; NULL: writes */
	const char *match; /* part of the request's text; NULL: any */
	unsigned times;    /* strikes left; 0: for ever */
	unsigned spared;   /* so many matching requests are let through first */
	int http_status;
	bool has_retry_after;
	int64_t retry_after_ms, delay_ms;
};

struct fake_tenant_settings {
	int64_t delay_ms; /* of an answer */
	size_t page_size; /* 0: 100 */
	size_t workspace_max;
	bool cannot_filter;
	const char *const *workspaces; /* ids that it shows, NULL behind the last; NULL: it shows
					  none */
	size_t workspace_page_size;    /* of them; 0: 2 */
	bool has_short_pages;          /* pages hold fewer than asked for */
	bool has_unstable_order;       /* each page is cut from another order */
	const char *own_name; /* userName of the credential's owner, known at once; NULL: not */
	const char *told_name, *told_id; /* told once it is opened; NULL: not */
	bool must_open;                  /* the credential goes stale */
};

/* What came in. */
struct fake_tenant_counts {
	unsigned opens, closes, lists, finds, gets, writes;
	unsigned looks;         /* at the workspaces */
	unsigned blind_creates; /* POSTs again for a userName that nobody had looked for since */
	unsigned in_flight_max; /* most at once, all kinds */
	int64_t first_write_ms, last_write_ms; /* loop time of arrivals */
};

/** Makes an empty tenant. @return owned */
struct fake_tenant *fake_tenant_new(struct loop *loop, const struct fake_tenant_settings *settings);

/** Frees it; nothing may be in flight; sets `*fake` to NULL; NULL is welcome. */
void fake_tenant_free(struct fake_tenant **fake);

struct account_reader *fake_tenant_reader(struct fake_tenant *fake);         /**< borrowed */
const struct account_encoder *fake_tenant_encoder(struct fake_tenant *fake); /**< borrowed */
struct account_writer *fake_tenant_writer(struct fake_tenant *fake);         /**< borrowed */
struct fake_tenant_settings *fake_tenant_settings(struct fake_tenant *fake); /**< to be changed */

/** Says whose credential it is from now on: what the settings say is known at once, or will be
 * told.
 */
void fake_tenant_own(struct fake_tenant *fake);

/** Scripts a fault (copied, its texts borrowed). */
void fake_tenant_fault(struct fake_tenant *fake, const struct fake_fault *fault);

/** Forgets all faults. */
void fake_tenant_heal(struct fake_tenant *fake);

/** Counts since the last fake_tenant_forget. */
struct fake_tenant_counts fake_tenant_counts(const struct fake_tenant *fake);

/** Writes since then, as "PATCH /Users/1 {…}". @return NULL when there are fewer */
const char *fake_tenant_request(const struct fake_tenant *fake, size_t at);

/** Forgets counts and requests. */
void fake_tenant_forget(struct fake_tenant *fake);

/** Adds an account past the API. @param external_id NULL: none. @return its id */
const char *fake_tenant_add(
    struct fake_tenant *fake, const char *user_name, const char *external_id, bool is_active);

/** Changes a text, `active` ("true", "false") or adds a workspace ("entitlements") past the API. */
void fake_tenant_set(
    struct fake_tenant *fake, const char *user_name, const char *path, const char *value);

/** Removes an account past the API. */
void fake_tenant_remove(struct fake_tenant *fake, const char *user_name);

/** Has listings leave an account out, or show it again. */
void fake_tenant_hide(struct fake_tenant *fake, const char *user_name, bool is_hidden);

/**
 * Remembers accounts, faults, counts and requests as they are now, and goes back to them as a
 * tenant that the next process has not opened yet. One memory only.
 */
void fake_tenant_save(struct fake_tenant *fake);
void fake_tenant_restore(struct fake_tenant *fake); /**< once */

/** Number of accounts. */
size_t fake_tenant_count(const struct fake_tenant *fake);

/** userName of the account with an id; of the `at`-th account in order of userName; NULL: none. */
const char *fake_tenant_name(const struct fake_tenant *fake, struct span id);
const char *fake_tenant_name_at(struct fake_tenant *fake, size_t at);

/**
 * One account as text: "ada@x ext=1042 active Ada Ray [W1 W2]".
 *
 * @return borrowed until the next call; "none" when there is no such userName
 */
const char *fake_tenant_show(struct fake_tenant *fake, const char *user_name);

#endif
