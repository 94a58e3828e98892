/* SPDX-License-Identifier: ISC */
/*
 * From a search entry as libldap holds it to an entry of ours, without copying a value.
 */
#ifndef DIRECTORY_LDAP_ENTRY_H
#define DIRECTORY_LDAP_ENTRY_H

#include "directory/entry_builder.h"
#include <ldap.h>

/* Calls back with each attribute of a message. `values` ends in a NULL bv_val; NULL: no values. */
typedef void message_attribute_callback(
    void *context, struct span name, const struct berval *values);

/**
 * Goes through the attributes of a search entry.
 *
 * @param ret_dn  borrowed from the message
 * @return false when the message cannot be read
 */
bool message_walk(LDAP *handle, LDAPMessage *message, struct span *ret_dn,
    message_attribute_callback *callback, void *context);

/** Reads the DN alone. @return borrowed from the message; absent when it cannot be read */
struct span message_dn(LDAP *handle, LDAPMessage *message);

/**
 * Builds the entry of a message.
 *
 * @param ret_entry  borrowed from message and builder
 * @param ret_dn  also when it cannot be used; borrowed from the message
 * @return false: ret_why says why it cannot be used
 */
bool message_to_entry(LDAP *handle, LDAPMessage *message, struct entry_builder *builder,
    int64_t wall_ms, struct entry *ret_entry, struct span *ret_dn, struct span *ret_why);

#endif
