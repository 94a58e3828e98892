/* SPDX-License-Identifier: ISC */
/*
 * Makes a connection to one LDAP server, ready for searches, without blocking the loop.
 *
 * libldap blocks while it resolves, shakes hands and binds.  So a thread of its own does that
 * (background.h) and hands over the finished LDAP handle; after that the thread is gone and only
 * the loop touches the handle.
 */
#ifndef DIRECTORY_CONNECTOR_H
#define DIRECTORY_CONNECTOR_H

#include "base/err.h"
#include "base/secret.h"
#include "core/x509.h"
#include "directory/directory.h"
#include "loop/loop.h"
#include <ldap.h>

struct connector;

enum connector_stage { CONNECTOR_CONNECT, CONNECTOR_TLS, CONNECTOR_BIND, CONNECTOR_READY };

struct connector_report {
	enum connector_stage stage; /* that failed, or CONNECTOR_READY */
	char address[128];          /* where it is connected to; "" before */
	char tls[256];              /* protocol and cipher; "" without TLS */
	int sealed_bits;            /* strength of Kerberos's own protection; 0: none */
	int64_t lifetime_s;         /* of the ticket; 0: there is none, or it is not known */
	struct x509_summary peer;   /* the server's certificate; not known without TLS */
	enum x509_trouble trouble;  /* why it is not trusted, where that is why */
	bool is_refused;            /* the server does not take who we say we are */
	struct err err;             /* unless ready; "" for a probe that came to its end */
};

/**
 * @param handle  taken; NULL unless the stage is CONNECTOR_READY; its descriptor does not block
 * @param report  borrowed until the callback returns
 */
typedef void connector_callback(void *context, LDAP *handle, const struct connector_report *report);

/**
 * Starts an attempt. The callback comes once, after `connect_timeout_ms` at the latest, unless
 * the attempt is cancelled; it may free nothing of the connector, which is gone by then.
 *
 * @param settings  borrowed during the call; what the thread needs is copied
 * @param password  taken; NULL unless the bind is simple
 * @return owned
 */
struct connector *connector_start(struct loop *loop, const struct directory_settings *settings,
    const char *url, struct secret *password, connector_callback *callback, void *context);

/**
 * Likewise, and ends before the bind: then the stage is CONNECTOR_BIND and there is no error. For
 * checks.
 */
struct connector *connector_start_probe(struct loop *loop,
    const struct directory_settings *settings, const char *url, connector_callback *callback,
    void *context);

/** Ends an attempt without a callback; sets `*connector` to NULL; NULL is welcome. */
void connector_cancel(struct connector **connector);

#endif
