/* SPDX-License-Identifier: ISC */
/*
 * Kinds: their names in the configuration, their signs in the root DSE, their habits.
 */
#include "directory/kind.h"

#include "base/hash.h"
#include "base/time.h"
#include "base/vec.h"
#include "core/dn.h"
#include <assert.h>
#include <stdlib.h>

#define OID_ACTIVE_DIRECTORY "1.2.840.113556.1.4.800"
#define OID_PAGED_RESULTS    "1.2.840.113556.1.4.319"
#define OID_WHO_AM_I         "1.3.6.1.4.1.4203.1.11.3"
#define OID_SYNC             "1.3.6.1.4.1.4203.1.9.1.1"
#define OID_DIRSYNC          "1.2.840.113556.1.4.841"
#define OID_NOTIFICATION     "1.2.840.113556.1.4.528"

const char *const server_facts_attributes[] = { "objectClass", "structuralObjectClass",
	"namingContexts", "supportedControl", "supportedExtension", "supportedCapabilities",
	"vendorName", "configContext", "defaultNamingContext", "currentTime", NULL };

static const char *const kind_names[] = {
	[DIRECTORY_AUTO] = "auto",
	[DIRECTORY_ACTIVE_DIRECTORY] = "active-directory",
	[DIRECTORY_OPENLDAP] = "openldap",
	[DIRECTORY_389DS] = "389ds",
	[DIRECTORY_GENERIC] = "generic",
	[DIRECTORY_LDIF] = "ldif",
};

enum { KIND_COUNT = sizeof(kind_names) / sizeof(*kind_names) };

const char *directory_kind_name(enum directory_kind kind)
{
	assert((size_t)kind < KIND_COUNT);
	return kind_names[kind];
}

bool directory_kind_parse(struct span name, enum directory_kind *ret_kind)
{
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (span_equal(name, span_of(kind_names[i]))) {
			*ret_kind = (enum directory_kind)i;
			return true;
		}
	return false;
}

void server_facts_reset(struct server_facts *facts)
{
	server_facts_done(facts);
	facts->arena = arena_new();
}

void server_facts_done(struct server_facts *facts)
{
	arena_free(&facts->arena);
	free(facts->naming_contexts);
	*facts = (struct server_facts) { 0 };
}

static bool has_prefix(struct span text, struct span prefix)
{
	return text.len >= prefix.len && memcmp(text.at, prefix.at, prefix.len) == 0;
}

static void note_context(struct server_facts *facts, struct span value)
{
	struct span *place = vec_push((void **)&facts->naming_contexts,
	    &facts->naming_context_count, &facts->naming_context_cap, sizeof(*place));
	*place = arena_span(facts->arena, value);
}

static void note_control(struct server_facts *facts, struct span oid)
{
	facts->has_paging |= span_equal(oid, SPAN(OID_PAGED_RESULTS));
	facts->has_sync |= span_equal(oid, SPAN(OID_SYNC));
	facts->has_dirsync |= span_equal(oid, SPAN(OID_DIRSYNC));
	facts->has_notification |= span_equal(oid, SPAN(OID_NOTIFICATION));
}

void server_facts_note(struct server_facts *facts, struct span attribute, struct span value)
{
	if (span_equal_ascii_case(attribute, SPAN("namingContexts")))
		note_context(facts, value);
	else if (span_equal_ascii_case(attribute, SPAN("supportedCapabilities")))
		facts->is_active_directory |= span_equal(value, SPAN(OID_ACTIVE_DIRECTORY));
	else if (span_equal_ascii_case(attribute, SPAN("supportedControl")))
		note_control(facts, value);
	else if (span_equal_ascii_case(attribute, SPAN("supportedExtension")))
		facts->has_who_am_i |= span_equal(value, SPAN(OID_WHO_AM_I));
	else if (span_equal_ascii_case(attribute, SPAN("vendorName")))
		facts->is_389ds |= has_prefix(value, SPAN("389 Project")) ||
				   has_prefix(value, SPAN("Red Hat"));
	else if (span_equal_ascii_case(attribute, SPAN("defaultNamingContext")))
		facts->default_context = arena_span(facts->arena, value);
	else if (span_equal_ascii_case(attribute, SPAN("currentTime")))
		facts->has_clock = time_parse_generalized(value, &facts->clock_ms);
	else if (span_equal_ascii_case(attribute, SPAN("configContext")))
		facts->is_openldap = true;
	else if (span_equal_ascii_case(attribute, SPAN("objectClass")) ||
		 span_equal_ascii_case(attribute, SPAN("structuralObjectClass")))
		facts->is_openldap |= span_equal_ascii_case(value, SPAN("OpenLDAProotDSE"));
}

enum directory_kind server_facts_kind(const struct server_facts *facts)
{
	if (facts->is_active_directory)
		return DIRECTORY_ACTIVE_DIRECTORY;
	if (facts->is_389ds)
		return DIRECTORY_389DS;
	if (facts->is_openldap)
		return DIRECTORY_OPENLDAP;
	return DIRECTORY_GENERIC;
}

size_t server_facts_context_of(const struct server_facts *facts, struct span dn)
{
	size_t best = facts->naming_context_count;

	for (size_t i = 0; i < facts->naming_context_count; i++) {
		struct span context = facts->naming_contexts[i];
		if (!dn_is_within(dn, context))
			continue;
		if (best == facts->naming_context_count ||
		    dn_depth(context) > dn_depth(facts->naming_contexts[best]))
			best = i;
	}
	return best;
}

/* The DN of a reference; its escapes are left, as no DN that matters here has any. */
static struct span dn_of_url(struct span url)
{
	struct span rest = url;

	for (int slashes = 0; slashes < 3; slashes++)
		span_split(&rest, '/');
	return span_split(&rest, '?');
}

static bool has_first_rdn(struct span dn, struct span rdn)
{
	struct span rest = dn;

	return span_equal_ascii_case(span_split(&rest, ','), rdn);
}

bool server_facts_expects_reference(const struct server_facts *facts, struct span url)
{
	struct span dn = dn_of_url(url);

	if (!facts->is_active_directory)
		return false;
	return has_first_rdn(dn, SPAN("CN=Configuration")) ||
	       has_first_rdn(dn, SPAN("DC=DomainDnsZones")) ||
	       has_first_rdn(dn, SPAN("DC=ForestDnsZones"));
}

const char *kind_user_filter(enum directory_kind kind)
{
	switch (kind) {
	case DIRECTORY_ACTIVE_DIRECTORY:
		return "(&(objectCategory=person)(objectClass=user))";
	case DIRECTORY_LDIF:
		return "(|(objectClass=inetOrgPerson)(objectClass=person)(objectClass=user)"
		       "(!(objectClass=*)))";
	case DIRECTORY_AUTO:
	case DIRECTORY_OPENLDAP:
	case DIRECTORY_389DS:
	case DIRECTORY_GENERIC:
		break;
	}
	return "(|(objectClass=inetOrgPerson)(objectClass=person))";
}

/* 389's way to write a UUID. */
static void add_unique_id(const struct uuid *key, struct str *out)
{
	for (size_t i = 0; i < 16; i += 4) {
		if (i > 0)
			str_add_byte(out, '-');
		hex_encode((struct span) { (const char *)key->byte + i, 4 }, out);
	}
}

static void add_object_guid(const struct uuid *key, struct str *out)
{
	uint8_t bytes[16];

	uuid_to_object_guid(key, bytes);
	for (size_t i = 0; i < sizeof(bytes); i++)
		str_addf(out, "\\%02x", bytes[i]);
}

void kind_add_key_filter(enum directory_kind kind, const struct uuid *key, struct str *out)
{
	char text[UUID_TEXT_SIZE];

	if (kind == DIRECTORY_ACTIVE_DIRECTORY) {
		str_add_c(out, "(objectGUID=");
		add_object_guid(key, out);
		str_add_byte(out, ')');
		return;
	}
	uuid_format(key, text);
	if (kind != DIRECTORY_389DS)
		str_addf(out, "(entryUUID=%s)", text);
	if (kind != DIRECTORY_OPENLDAP) {
		str_add_c(out, "(nsUniqueId=");
		add_unique_id(key, out);
		str_add_byte(out, ')');
	}
}

const char *kind_key_attribute(enum directory_kind kind)
{
	switch (kind) {
	case DIRECTORY_ACTIVE_DIRECTORY:
		return "objectGUID";
	case DIRECTORY_389DS:
		return "nsUniqueId";
	case DIRECTORY_LDIF:
		return "entryUUID, nsUniqueId or objectGUID, else made from the DN";
	case DIRECTORY_AUTO:
	case DIRECTORY_OPENLDAP:
		break;
	case DIRECTORY_GENERIC:
		return "entryUUID or nsUniqueId";
	}
	return "entryUUID";
}
