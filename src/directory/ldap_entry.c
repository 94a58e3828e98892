/* SPDX-License-Identifier: ISC */
/*
 * The `_ber` calls of libldap hand out places inside the message; only the small array of values
 * is allocated for each attribute.
 */
#include "directory/ldap_entry.h"

static struct span span_of_berval(const struct berval *value)
{
	return (struct span) { value->bv_val, value->bv_len };
}

bool message_walk(LDAP *handle, LDAPMessage *message, struct span *ret_dn,
    message_attribute_callback *callback, void *context)
{
	struct berval dn, name, *values = NULL;
	BerElement *ber = NULL;
	int code;

	if (ldap_get_dn_ber(handle, message, &ber, &dn) != LDAP_SUCCESS)
		return false;
	*ret_dn = span_of_berval(&dn);
	code = ldap_get_attribute_ber(handle, message, ber, &name, &values);
	while (code == LDAP_SUCCESS && name.bv_val != NULL) {
		callback(context, span_of_berval(&name), values);
		ber_memfree(values);
		values = NULL;
		code = ldap_get_attribute_ber(handle, message, ber, &name, &values);
	}
	ber_free(ber, 0);
	return code == LDAP_SUCCESS;
}

struct span message_dn(LDAP *handle, LDAPMessage *message)
{
	struct berval dn;
	BerElement *ber = NULL;

	if (ldap_get_dn_ber(handle, message, &ber, &dn) != LDAP_SUCCESS)
		return SPAN_NULL;
	ber_free(ber, 0);
	return span_of_berval(&dn);
}

static void add_attribute(void *context, struct span name, const struct berval *values)
{
	struct entry_builder *builder = context;
	uint32_t slot = entry_builder_slot(builder, name);

	if (slot == ENTRY_BUILDER_NO_SLOT || values == NULL)
		return;
	for (; values->bv_val != NULL; values++)
		entry_builder_add(builder, slot, span_of_berval(values));
}

bool message_to_entry(LDAP *handle, LDAPMessage *message, struct entry_builder *builder,
    int64_t wall_ms, struct entry *ret_entry, struct span *ret_dn, struct span *ret_why)
{
	bool is_read;

	*ret_dn = SPAN("");
	entry_builder_begin(builder, SPAN(""));
	is_read = message_walk(handle, message, ret_dn, add_attribute, builder);
	entry_builder_set_dn(builder, *ret_dn);
	if (is_read)
		return entry_builder_finish(builder, wall_ms, ret_entry, ret_why);
	*ret_why = SPAN("the server's message cannot be decoded");
	return false;
}
