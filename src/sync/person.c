/* SPDX-License-Identifier: ISC */
/* Whom a name means. */
#include "sync/person.h"

#include "core/dn.h"
#include "core/filter.h"

static enum status find_link(struct store *store, struct span who, struct arena *arena,
    struct person *person, struct err *reterr)
{
	static const enum link_field fields[] = { LINK_BY_USER_NAME, LINK_BY_EXTERNAL_ID,
		LINK_BY_ACCOUNT_ID, LINK_BY_DN };
	struct link *links = arena_array(arena, PERSON_MATCHES_MAX, sizeof(*links));
	enum status status = STATUS_OK;
	struct uuid key;
	bool is_found = false;

	if (uuid_parse(who, &key))
		status = store_link_get(store, &key, arena, links, &is_found, reterr);
	if (is_found)
		person->match_count = 1;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]) && status == STATUS_OK &&
			   person->match_count == 0;
	     i++)
		status = store_link_find_several(store, fields[i], who, arena, links,
		    PERSON_MATCHES_MAX, &person->match_count, reterr);
	if (status != STATUS_OK || person->match_count == 0)
		return status;
	person->matches = links;
	person->link = links[0];
	person->is_linked = true;
	return STATUS_OK;
}

struct span person_naming_filter(
    const struct mapping *mapping, struct span name, struct arena *arena)
{
	static const char *const usual[] = { "mail", "uid", "userPrincipalName", "sAMAccountName",
		"employeeNumber", "cn" };
	struct attribute_set *set = attribute_set_new();
	struct str filter = { 0 };
	struct span text;

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		attribute_set_add(set, span_of(usual[i]));
	mapping_add_naming_attributes(mapping, set);
	str_add_c(&filter, "(|");
	for (size_t i = 0; i < attribute_set_count(set); i++) {
		struct span attribute = attribute_set_name(set, i);

		if (attribute.at[0] == '.')
			continue; /* no server knows it */
		str_addf(&filter, "(%.*s=", SPAN_ARG(attribute));
		filter_escape(name, &filter);
		str_add_c(&filter, ")");
	}
	str_add_c(&filter, ")");
	text = arena_span(arena, str_span(&filter));
	str_done(&filter);
	attribute_set_free(&set);
	return text;
}

enum status person_resolve(struct store *store, const struct mapping *mapping, struct span who,
    struct arena *arena, struct person *ret_person, struct err *reterr)
{
	struct person person = { 0 };
	enum status status = find_link(store, who, arena, &person, reterr);

	if (status != STATUS_OK)
		return status;
	if (person.is_linked) {
		person.request.key = person.link.key;
		person.request.dn = person.link.dn;
	} else if (uuid_parse(who, &person.request.key)) {
		person.request.dn = SPAN_NULL;
	} else if (span_find(who, '=') < who.len && dn_is_valid(who)) {
		person.request.dn = who;
	} else {
		person.request.filter = person_naming_filter(mapping, who, arena);
	}
	*ret_person = person;
	return STATUS_OK;
}
