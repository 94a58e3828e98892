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
	enum status status = STATUS_OK;
	struct uuid key;

	if (uuid_parse(who, &key))
		status = store_link_get(
		    store, &key, arena, &person->link, &person->is_linked, reterr);
	for (size_t i = 0;
	     i < sizeof(fields) / sizeof(fields[0]) && status == STATUS_OK && !person->is_linked;
	     i++)
		status = store_link_find(
		    store, fields[i], who, arena, &person->link, &person->is_linked, reterr);
	return status;
}

static struct span naming_filter(struct span who, struct arena *arena)
{
	static const char *const names[] = { "mail", "uid", "userPrincipalName", "sAMAccountName",
		"employeeNumber", "cn" };
	struct str filter = { 0 };
	struct span text;

	str_add_c(&filter, "(|");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		str_addf(&filter, "(%s=", names[i]);
		filter_escape(who, &filter);
		str_add_c(&filter, ")");
	}
	str_add_c(&filter, ")");
	text = arena_span(arena, str_span(&filter));
	str_done(&filter);
	return text;
}

enum status person_resolve(struct store *store, struct span who, struct arena *arena,
    struct person *ret_person, struct err *reterr)
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
		person.request.filter = naming_filter(who, arena);
	}
	*ret_person = person;
	return STATUS_OK;
}
