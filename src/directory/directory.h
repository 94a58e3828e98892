/* SPDX-License-Identifier: ISC */
/*
 * Directories: LDAP servers and LDIF files behind the source port.
 *
 * A directory is made from settings and from the attribute set that mapping and filters filled;
 * only those attributes (and what keys, `.enabled` and membership need) are asked for.
 */
#ifndef DIRECTORY_DIRECTORY_H
#define DIRECTORY_DIRECTORY_H

#include "base/err.h"
#include "base/status.h"
#include "base/str.h"
#include "core/attributes.h"
#include "core/port_source.h"
#include "loop/loop.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum directory_kind {
	DIRECTORY_AUTO,
	DIRECTORY_ACTIVE_DIRECTORY,
	DIRECTORY_OPENLDAP,
	DIRECTORY_389DS,
	DIRECTORY_GENERIC,
	DIRECTORY_LDIF,
};

enum directory_bind {
	DIRECTORY_BIND_SIMPLE,
	DIRECTORY_BIND_EXTERNAL,
	DIRECTORY_BIND_GSSAPI,
	DIRECTORY_BIND_ANONYMOUS
};

/* How changes are found; auto is the best of those that the server offers and allows. */
enum directory_changes {
	DIRECTORY_CHANGES_AUTO,
	DIRECTORY_CHANGES_DIRSYNC,
	DIRECTORY_CHANGES_USN,
	DIRECTORY_CHANGES_SYNCREPL,
	DIRECTORY_CHANGES_TIMESTAMP,
	DIRECTORY_CHANGES_NONE,
};

enum directory_scope { DIRECTORY_SCOPE_BASE, DIRECTORY_SCOPE_ONE, DIRECTORY_SCOPE_SUBTREE };

struct directory_group {
	struct span dn;
	bool is_nested;
};

/* As configured; all spans are borrowed and outlive the directory. C strings end in NUL. */
struct directory_settings {
	struct span name;
	enum directory_kind kind;
	const char *const *urls; /* tried in order */
	size_t url_count;
	const char *domain; /* whose servers DNS names; then there are no urls; NULL: not set */
	struct {
		const char *ca_file, *cert_file, *key_file; /* NULL: not set */
		bool starttls;
	} tls;
	struct {
		enum directory_bind method;
		const char *dn;        /* NULL: not set */
		struct span password;  /* a reference, resolved at each bind; absent: none */
		const char *keytab;    /* gssapi: a path or credential:NAME; NULL: the default */
		const char *principal; /* gssapi: whose key; NULL: the first */
	} bind;
	struct {
		const char *const *bases;
		size_t base_count;
		enum directory_scope scope;
		const char *filter; /* NULL: the kind's default */
	} users;
	const char *const *canaries;
	size_t canary_count;
	const struct directory_group *groups; /* index = root of the membership */
	size_t group_count;
	uint32_t page_size; /* entries a page; 0: no paging */
	int64_t connect_timeout_ms;
	int64_t search_timeout_ms; /* without any message from the server */
	enum directory_changes changes;
	bool allow_cleartext;
};

/**
 * Makes the source for a directory. Nothing is connected yet.
 *
 * @param attributes  complete before the first scan; borrowed until the source is freed
 * @return STATUS_OK; STATUS_REJECT: the settings cannot work (a URL that is none, ldap:// without
 *   StartTLS while cleartext is not allowed, a filter the server would refuse); err says what to do
 */
enum status directory_new(struct loop *loop, const struct directory_settings *settings,
    struct attribute_set *attributes, struct source **ret_source, struct err *reterr);

/** Checks settings as directory_new does, without making anything. */
enum status directory_check_settings(const struct directory_settings *settings, struct err *reterr);

/** Names a kind as the configuration does; finds one by name. */
const char *directory_kind_name(enum directory_kind kind);
bool directory_kind_parse(
    struct span name, enum directory_kind *ret_kind); /**< false: no such kind */

/** Names a way of finding changes as the configuration does. */
const char *directory_changes_name(enum directory_changes changes);

/** What to write instead of a way of finding changes that a kind does not have; NULL: it may. */
const char *directory_changes_remedy(enum directory_kind kind, enum directory_changes changes);

#endif
