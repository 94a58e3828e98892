/* SPDX-License-Identifier: ISC */
/*
 * Binding with Kerberos: SASL's mechanism GSSAPI (RFC 4752).
 *
 * Tickets come from a keytab, or from what the environment says, and are kept in memory alone: no
 * cache file, nothing for others to read.  The library takes a new one in good time.  Without TLS
 * below it, every message is signed and sealed.  With it, the ticket is tied to the server's
 * certificate (channel binding, RFC 5929 tls-server-end-point) where the libraries can.
 *
 * Blocks while it asks the KDC: for the thread of a connector.
 */
#ifndef DIRECTORY_KERBEROS_H
#define DIRECTORY_KERBEROS_H

#include "base/err.h"
#include <ldap.h>
#include <stdbool.h>
#include <stdint.h>

struct kerberos_input {
	const char *keytab;    /* a path or `credential:NAME`; NULL: as the environment says */
	const char *principal; /* whose key; NULL: the first in the keytab */
	bool is_protected;     /* by TLS, or by being local: no layer is wanted */
};

struct kerberos_outcome {
	int code;           /* of LDAP; LDAP_SUCCESS: bound */
	struct err err;     /* when not even asking was possible; else empty */
	int strength_bits;  /* of the layer; 0: none */
	int64_t lifetime_s; /* until the ticket ends; 0: not known */
};

/** Whether this program was built with Kerberos. */
bool kerberos_is_available(void);

/** Binds. */
void kerberos_bind(
    LDAP *handle, const struct kerberos_input *input, struct kerberos_outcome *ret_outcome);

#endif
