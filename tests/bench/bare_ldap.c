// SPDX-License-Identifier: ISC

// The least that a program on libldap must do to read a directory: what the agent is compared with.
//
//	bare_ldap URI BIND_DN PASSWORD BASE FILTER PAGE_SIZE [ATTRIBUTE]...
//
// Binds (anonymously when BIND_DN is empty), searches the subtree with paged
// results (PAGE_SIZE 0: without), walks over every value of every entry in
// place, copying nothing, and counts.  The next page is asked for as soon as
// the last one ended.  Prints the line of measure.h, counting entries;
// failures counts pages that did not end with success.  Exit status 1 then.

#include "connection.h"
#include "measure.h"

#include <lber.h>
#include <stdlib.h>

struct reader {
	LDAP *ldap;
	const char *base;
	const char *filter;
	char **attributes; /* NULL: all */
	ber_int_t page_size;
	struct berval cookie;
	long entries;
	long failures;
};

static void walk_entry(struct reader *reader, LDAPMessage *entry)
{
	BerElement *element = NULL;
	struct berval dn, name, *values;
	reader->entries++;
	if (ldap_get_dn_ber(reader->ldap, entry, &element, &dn) != LDAP_SUCCESS)
		return;
	while (
	    ldap_get_attribute_ber(reader->ldap, entry, element, &name, &values) == LDAP_SUCCESS &&
	    name.bv_val)
		ber_memfree(values);
	ber_free(element, 0);
}

static int send_search(struct reader *reader, int *ret_id)
{
	LDAPControl *page = NULL;
	if (reader->page_size)
		ldap_create_page_control(
		    reader->ldap, reader->page_size, &reader->cookie, 0, &page);
	LDAPControl *controls[] = { page, NULL };
	int result = ldap_search_ext(reader->ldap, reader->base, LDAP_SCOPE_SUBTREE, reader->filter,
	    reader->attributes, 0, controls, NULL, NULL, LDAP_NO_LIMIT, ret_id);
	ldap_control_free(page);
	return result;
}

/* Takes the cookie out of the message that ends a page. */
static bool end_page(struct reader *reader, LDAPMessage *message)
{
	LDAPControl **controls = NULL;
	int result = LDAP_OTHER;
	ber_int_t estimate;
	ldap_parse_result(reader->ldap, message, &result, NULL, NULL, NULL, &controls, 0);
	ber_memfree(reader->cookie.bv_val);
	reader->cookie = (struct berval) { 0, NULL };
	LDAPControl *page = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
	if (page)
		ldap_parse_pageresponse_control(reader->ldap, page, &estimate, &reader->cookie);
	ldap_controls_free(controls);
	return connection_succeeded(result, "search");
}

static bool read_page(struct reader *reader)
{
	int id;
	if (!connection_succeeded(send_search(reader, &id), "search"))
		return false;
	for (;;) {
		LDAPMessage *message = NULL;
		int type = ldap_result(reader->ldap, id, LDAP_MSG_ONE, NULL, &message);
		if (type <= 0) {
			fputs("bare_ldap: the connection broke\n", stderr);
			return false;
		}
		bool is_end = type == LDAP_RES_SEARCH_RESULT;
		bool is_good = true;
		if (type == LDAP_RES_SEARCH_ENTRY)
			walk_entry(reader, message);
		else if (is_end)
			is_good = end_page(reader, message);
		ldap_msgfree(message);
		if (is_end)
			return is_good;
	}
}

int main(int argc, char **argv)
{
	if (argc < 7) {
		fputs("Usage: bare_ldap URI BIND_DN PASSWORD BASE FILTER PAGE_SIZE "
		      "[ATTRIBUTE]...\n",
		    stderr);
		return 64;
	}
	struct reader reader = { .base = argv[4],
		.filter = argv[5],
		.page_size = (ber_int_t)strtol(argv[6], NULL, 10),
		.attributes = argc > 7 ? argv + 7 : NULL };
	if (!connection_open(&reader.ldap, argv[1], argv[2], argv[3]))
		return EXIT_FAILURE;
	double begin_s = measure_now_s();
	do {
		if (!read_page(&reader))
			reader.failures++;
	} while (!reader.failures && reader.cookie.bv_len);
	measure_print("entries", reader.entries, reader.failures, measure_now_s() - begin_s);
	ber_memfree(reader.cookie.bv_val);
	ldap_unbind_ext_s(reader.ldap, NULL, NULL);
	return reader.failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
