/* SPDX-License-Identifier: ISC */
/*
 * The server's clock against ours, by reading alone.
 *
 * Active Directory tells the time in its root DSE, OpenLDAP and 389 in their monitors, where we may
 * read them.  Elsewhere the number of the newest change tells at least how late it is there.
 */
#include "directory/directory_p.h"

#include "base/time.h"

struct way {
	const char *base; /* NULL: the naming context of the first base */
	const char *attributes[2];
	bool is_limit;
};

static const struct way ways[] = {
	{ "", { "currentTime", NULL }, false },
	{ "cn=Current,cn=Time,cn=Monitor", { "monitorTimestamp", NULL }, false },
	{ "cn=monitor", { "currentTime", NULL }, false },
	{ NULL, { "contextCSN", NULL }, true },
};

enum { WAY_COUNT = sizeof(ways) / sizeof(ways[0]) };

static void ask(struct ldap_source *source);

static void tell(struct ldap_source *source)
{
	struct check *check = &source->check;
	const struct check_clock clock = {
		.whose = "the server's",
		.breaks = "Kerberos refuses tickets, accounts expire at the wrong moment, and "
			  "certificates seem to begin or end too early or too late",
		.difference_ms = check->clock.difference_ms,
	};
	bool is_behind = check->clock.is_limit && clock.difference_ms > CHECK_CLOCK_MAX_MS;

	if (check->clock.is_known && (!check->clock.is_limit || is_behind))
		check_tell_clock(&check->teller, &clock);
	else
		check_tell_detail(&check->teller, CHECK_SKIPPED, "clock",
		    check->clock.is_known
			? SPAN("the server does not tell the time; its newest change is not ahead "
			       "of this host's clock")
			: SPAN("the server does not tell the time"));
}

static void note_time(struct ldap_source *source, struct span value)
{
	struct check *check = &source->check;
	int64_t elapsed_ms = loop_now_ms(source->loop) - check->clock.asked_ms, server_ms;
	struct span time = value;

	/* A number of a change goes on behind its time: "…Z#000000#000#000000". */
	time.len = span_find(time, '#');
	if (!time_parse_generalized(time, &server_ms))
		return;
	if (!ways[check->clock.at].is_limit)
		server_ms += TIME_SECOND_MS / 2; /* whole seconds */
	server_ms -= loop_wall_ms(source->loop) - elapsed_ms / 2;
	if (check->clock.is_known && server_ms <= check->clock.difference_ms)
		return;
	check->clock.is_known = true;
	check->clock.is_limit = ways[check->clock.at].is_limit;
	check->clock.difference_ms = server_ms;
}

static void on_attribute(void *context, struct span name, const struct berval *values)
{
	struct ldap_source *source = context;

	if (!span_equal_ascii_case(name, span_of(ways[source->check.clock.at].attributes[0])))
		return;
	for (size_t i = 0; values != NULL && values[i].bv_val != NULL; i++)
		note_time(source, (struct span) { values[i].bv_val, values[i].bv_len });
}

static void on_entry(void *context, LDAP *handle, LDAPMessage *message)
{
	struct span dn;

	(void)message_walk(handle, message, &dn, on_attribute, context);
}

/* That one way does not work means nothing: most servers have one of them at most. */
static void on_end(void *context, const struct search_end *end)
{
	struct ldap_source *source = context;
	struct check *check = &source->check;

	if (end->is_broken) {
		operation_end(source, STATUS_DOWN, "the connection broke");
		return;
	}
	check->clock.at++;
	if (!check->clock.is_known && check->clock.at < WAY_COUNT) {
		ask(source);
		return;
	}
	tell(source);
	check->clock.then(source);
}

static const char *base_of(struct ldap_source *source, const struct way *way)
{
	const struct server_facts *server = session_server(source->session);
	struct span base = span_of(source->settings.users.bases[0]);
	size_t context = server_facts_context_of(server, base);

	if (way->base != NULL)
		return way->base;
	str_truncate(&source->scratch, 0);
	str_add(&source->scratch,
	    context < server->naming_context_count ? server->naming_contexts[context] : base);
	return str_c(&source->scratch);
}

static void ask(struct ldap_source *source)
{
	static const struct search_handler handler = { .on_entry = on_entry, .on_end = on_end };
	struct check *check = &source->check;
	const struct way *way = &ways[check->clock.at];

	check->clock.asked_ms = loop_now_ms(source->loop);
	check->search = (struct search) { .base = base_of(source, way),
		.scope = DIRECTORY_SCOPE_BASE,
		.filter = "(objectClass=*)",
		.attributes = way->attributes };
	session_search(source->session, &check->search, &handler, source);
}

void check_clock(struct ldap_source *source, void (*then)(struct ldap_source *source))
{
	source->check.clock.then = then;
	ask(source);
}
