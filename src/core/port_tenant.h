/* SPDX-License-Identifier: ISC */
/*
 * Ports: reading the tenant, encoding a change, and writing to the tenant.  Three, so that a dry
 * run is built without a writer (DESIGN promise 3).  Implemented by scim/ and by the fakes.
 *
 * Every call is answered by exactly one callback, never before the start returned, also after
 * tenant_cancel (STATUS_CANCELED).  The answer is borrowed until the callback returns.  The
 * implementation renews its token and repeats once on 401; all other repeating, waiting and
 * limiting is the caller's.
 */
#ifndef CORE_PORT_TENANT_H
#define CORE_PORT_TENANT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/status.h"
#include "base/str.h"
#include "core/account.h"
#include "core/plan.h"
#include "core/port_source.h"
#include "core/tenant_self.h"

/* An account as the tenant shows it. */
struct observed {
	struct span id;
	struct account account; /* workspaces from the entitlements of type WORKSPACE only */
	bool has_active;        /* false: the answer did not say */
	bool has_workspaces; /* false: the answer had no entitlements at all (none, or not shown) */
};

/* What became of one request. */
struct tenant_answer {
	/*
	 * STATUS_OK: 2xx and well-formed. STATUS_RETRY: 429, 5xx, transport faults, a cut or
	 * malformed answer. STATUS_REJECT: other 4xx: this request is refused (404 and 409 are told
	 * by http_status). STATUS_DOWN: 403, a second 401, a token that cannot be had, a
	 * certificate that does not verify. STATUS_CANCELED.
	 */
	enum status status;
	int http_status;        /* 0: there was no answer */
	int64_t retry_after_ms; /* from Retry-After, seconds or date; -1: not given */
	bool is_refused; /* the connection was refused or the name unknown: nothing was sent */
	bool may_have_happened; /* a write went out and its answer was lost */
	bool is_partial;        /* 207, or 202: not all was done */
	const struct observed
	    *accounts; /* of a listing, a search; one for the others; may be none */
	size_t account_count;
	int64_t total;                 /* of a listing, how many there are in all; -1: not given */
	const struct span *workspaces; /* ids, of a listing of them */
	const struct span *workspace_names; /* as many; absent or empty: not told. NULL: none is */
	size_t workspace_count;
	struct span error_type; /* scimType; absent: none */
	struct span error; /* for people: what was tried, status, the tenant's detail; printable */
	struct span request_id; /* the tenant's name for the request; absent: none */
};

typedef void tenant_callback(void *context, const struct tenant_answer *answer);

/* A call under way; owned by the implementation, gone when its callback returns. */
struct tenant_call;

/* What the tenant can do: the profile, refined by discovery. Valid once opened. */
struct tenant_traits {
	size_t page_size;     /* accounts a listing page */
	size_t workspace_max; /* most workspaces of one account; 0: any number */
	bool can_filter;      /* look-ups by filter work */
	bool can_patch;       /* else PUT */
	bool user_name_is_email;
	bool needs_names; /* an account has both a given and a family name */
	bool can_rename;  /* userName may be patched (policy "patch" is tried in any case) */
	bool can_show_workspaces; /* `workspaces` may be asked; else it answers STATUS_REJECT */
};

struct account_reader;

struct account_reader_vtable {
	/** Gets a token and discovers; must be answered OK before the others are used. */
	struct tenant_call *(*open)(
	    struct account_reader *reader, tenant_callback *callback, void *context);
	/** One page from the 1-based `start`. */
	struct tenant_call *(*list)(
	    struct account_reader *reader, int64_t start, tenant_callback *callback, void *context);
	/** Accounts whose externalId or userName equal the given ones; either may be absent. */
	struct tenant_call *(*find)(struct account_reader *reader, struct span external_id,
	    struct span user_name, tenant_callback *callback, void *context);
	/** One account by id; 404: STATUS_REJECT with http_status 404. */
	struct tenant_call *(*get)(struct account_reader *reader, struct span id,
	    tenant_callback *callback, void *context);
	/**
	 * Workspaces that the tenant shows to the caller, from the 0-based `start`. STATUS_REJECT:
	 * it does not tell, the caller may not ask, or nobody knows where; the error says which,
	 * and it means nothing for other calls.
	 */
	struct tenant_call *(*workspaces)(
	    struct account_reader *reader, int64_t start, tenant_callback *callback, void *context);
	/** Logs out where the method has that, closes connections. Answered OK even if the tenant
	 * did not. */
	struct tenant_call *(*close)(
	    struct account_reader *reader, tenant_callback *callback, void *context);
	/** A check step by step: names, TLS, token, role, accounts, workspaces, limits, clock;
	 * the last callback gets NULL. Writes nothing. */
	void (*check)(struct account_reader *reader, check_callback *callback, void *context);
	/** Ends one call of this reader. */
	void (*cancel)(struct account_reader *reader, struct tenant_call *call);
	/** Whether to open it although nothing is to be asked: the credential is of no use any
	 * more, or will be unless it is used now and then. Asks nobody. */
	bool (*must_open)(const struct account_reader *reader);
};

struct account_reader {
	const struct account_reader_vtable *vtable;
	struct tenant_traits traits;
	struct tenant_self self; /* texts live until a later call of open is answered */
};

/* What to make a request of. */
struct encode_input {
	enum action_kind kind;        /* one that becomes a request */
	struct span account_id;       /* absent for a create */
	const struct account *before; /* what is there now; NULL for a create */
	const struct account *after;  /* what is wanted */
	bool with_user_name;          /* PATCH userName too: a rename under policy "patch" */
};

/* Pure: makes requests, sends nothing. */
struct account_encoder {
	/**
	 * Writes the request of a change: a create, or a PATCH with one operation a changed path
	 * (entitlements by the forms of DESIGN section 10), or a PUT of the whole.
	 *
	 * @return STATUS_OK; STATUS_REJECT: it cannot be sent (too many workspaces), err says why
	 */
	enum status (*encode)(const struct account_encoder *encoder,
	    const struct encode_input *input, struct arena *arena,
	    struct tenant_request *ret_request, struct err *reterr);
	const struct tenant_traits *traits; /* borrowed from the reader */
};

struct account_writer {
	/** Sends one request of the encoder. */
	struct tenant_call *(*send)(struct account_writer *writer,
	    const struct tenant_request *request, tenant_callback *callback, void *context);
	/** Ends one call of this writer. */
	void (*cancel)(struct account_writer *writer, struct tenant_call *call);
};

#endif
