/* SPDX-License-Identifier: ISC */
/*
 * The tenant behind the reader, encoder and writer ports: SCIM 2.0 (RFC 7643, 7644) over HTTP, with
 * the profiles `anaplan` and `generic`, and the ways to authenticate.
 */
#ifndef SCIM_TENANT_H
#define SCIM_TENANT_H

#include "base/err.h"
#include "base/histogram.h"
#include "base/status.h"
#include "base/str.h"
#include "core/port_tenant.h"
#include "loop/loop.h"
#include <stdbool.h>
#include <stdint.h>

enum tenant_profile { TENANT_ANAPLAN, TENANT_GENERIC };

enum tenant_auth {
	TENANT_AUTH_API_KEY,
	TENANT_AUTH_BASIC,
	TENANT_AUTH_CERTIFICATE,
	TENANT_AUTH_OAUTH_DEVICE,
	TENANT_AUTH_NONE
};

/* As configured; all is borrowed and outlives the tenant. C strings end in NUL, NULL: not set. */
struct tenant_settings {
	enum tenant_profile profile;
	const char *url; /* without a slash at the end */
	struct {
		enum tenant_auth method;
		const char *url;                /* of the auth host; all but api-key and none */
		struct span key;                /* a secret's reference: api-key */
		struct span user, password;     /* basic; the password a reference */
		const char *cert_file;          /* certificate: PEM */
		struct span key_file;           /* certificate: path of the private key, PEM */
		struct span client_id;          /* oauth-device */
		const char *refresh_token_file; /* oauth-device: where it is kept */
	} auth;
	const char *ca_file;
	const char *proxy;
	bool allow_cleartext;
	int64_t timeout_ms;        /* a request from start to end */
	unsigned concurrency;      /* connections */
	uint64_t answer_max_bytes; /* 0: the default of 16 MiB */
};

struct tenant;

/**
 * Makes a tenant. Nothing is connected, no secret read yet.
 *
 * @return STATUS_OK; STATUS_REJECT: the settings cannot work (http:// while cleartext is not
 *   allowed, a part of the credential that is missing); err says what to do
 */
enum status tenant_new(struct loop *loop, const struct tenant_settings *settings,
    struct tenant **ret_tenant, struct err *reterr);

/** Ends all calls (callbacks come with STATUS_CANCELED first) and frees; sets `*tenant` to NULL;
 * NULL is welcome. */
void tenant_free(struct tenant **tenant);

/** Checks settings as tenant_new does, without making anything. */
enum status tenant_check_settings(const struct tenant_settings *settings, struct err *reterr);

enum { TENANT_URLS_MAX = 2 };

/** Lists whom a tenant with these settings talks to: its own URL, and that of its auth service.
 * @return how many */
size_t tenant_urls(const struct tenant_settings *settings, const char *ret_urls[TENANT_URLS_MAX]);

/** The ports; borrowed, as long as the tenant lives. */
struct account_reader *tenant_reader(struct tenant *tenant);
const struct account_encoder *tenant_encoder(struct tenant *tenant);

/**
 * The writer port. A dry run never calls this: the writer comes into being at the first call.
 */
struct account_writer *tenant_writer(struct tenant *tenant);

/* What a request is for. */
enum tenant_operation {
	TENANT_READ,
	TENANT_CREATE,
	TENANT_CHANGE,
	TENANT_LOGIN, /* all of authentication */
	TENANT_OPERATION_COUNT
};

/* How it ended. */
enum tenant_outcome {
	TENANT_SUCCESS,      /* 2xx; what of it was really done is another question */
	TENANT_UNAUTHORIZED, /* 401, 403 */
	TENANT_THROTTLED,    /* 429 */
	TENANT_REFUSED,      /* any other 3xx or 4xx */
	TENANT_SERVER_ERROR, /* 5xx */
	TENANT_TIMEOUT,      /* no whole answer within tenant.timeout */
	TENANT_UNREACHABLE,  /* no answer, or none that is HTTP, for any other reason */
	TENANT_OUTCOME_COUNT
};

/** Names an operation, as in a label: "read" … */
const char *tenant_operation_name(enum tenant_operation operation);

/** Names an outcome, as in a label: "success" … */
const char *tenant_outcome_name(enum tenant_outcome outcome);

/* For metrics; zero-initialized. */
struct tenant_counters {
	uint64_t requests, writes; /* sent, authentication included */
	uint64_t answer_bytes;
	uint64_t outcomes[TENANT_OPERATION_COUNT][TENANT_OUTCOME_COUNT];
	struct histogram durations_ms[TENANT_OPERATION_COUNT]; /* until the answer is whole */
};

extern const struct histogram_bounds tenant_duration_bounds_ms;

/** What was counted since the tenant was made. */
struct tenant_counters tenant_counters(const struct tenant *tenant);

/** Adds what another one has counted. */
void tenant_counters_add(struct tenant_counters *counters, const struct tenant_counters *more);

#endif
