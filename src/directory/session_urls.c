/* SPDX-License-Identifier: ISC */
/*
 * Which server next.  URLs that are configured are tried in their order each time.  Those that DNS
 * brought begin with the one that answered last: what is known of its changes is worth most there.
 */
#include "directory/session_p.h"

#include "base/vec.h"
#include <stdlib.h>

enum { PLAIN_PORT = 389, FIND_AGAIN_MS = 10 * 60 * 1000 };

static bool is_found(const struct session *session)
{
	return session->settings->domain != NULL;
}

static size_t count_of(const struct session *session)
{
	return is_found(session) ? session->found_count : session->settings->url_count;
}

static size_t place_of(const struct session *session)
{
	size_t count = count_of(session);

	return count == 0 ? 0 : (session->first + session->tried) % count;
}

const char *session_url(const struct session *session)
{
	if (count_of(session) == 0)
		return session->settings->domain;
	return is_found(session) ? session->found[place_of(session)]
				 : session->settings->urls[place_of(session)];
}

bool session_urls_are_over(const struct session *session)
{
	return session->tried >= count_of(session);
}

void session_urls_next(struct session *session)
{
	session->tried++;
	if (session_urls_are_over(session))
		session->found_ms = 0; /* by the next time DNS may know better */
}

void session_urls_restart(struct session *session)
{
	session->first = is_found(session) && !session_urls_are_over(session) ? place_of(session)
									      : 0;
	session->tried = 0;
}

bool session_urls_are_due(const struct session *session)
{
	if (!is_found(session) || session->tried > 0)
		return false;
	return session->found_count == 0 || session->found_ms == 0 ||
	       loop_now_ms(session->loop) - session->found_ms >= FIND_AGAIN_MS;
}

void session_add_url(
    const struct directory_settings *settings, const struct srv_record *record, struct str *url)
{
	bool is_plain = settings->tls.starttls || settings->bind.method == DIRECTORY_BIND_GSSAPI;

	/* SRV tells the port of plain LDAP; that of LDAPS is never told. */
	str_addf(url, "%s://%s", is_plain ? "ldap" : "ldaps", record->target);
	if (is_plain && record->port != PLAIN_PORT)
		str_addf(url, ":%u", record->port);
}

static void forget(struct session *session)
{
	for (size_t i = 0; i < session->found_count; i++)
		free(session->found[i]);
	free(session->found);
	session->found = NULL;
	session->found_count = 0;
}

void session_urls_take(struct session *session, const struct srv_list *list)
{
	char *last = mem_strdup(session->found_count == 0 ? "" : session_url(session));
	struct str url = { 0 };

	forget(session);
	session->first = session->tried = 0;
	session->found = mem_new(list->count, sizeof(*session->found));
	session->found_ms = loop_now_ms(session->loop);
	str_truncate(&session->found_text, 0);
	str_addf(&session->found_text, "%s:", session->settings->domain);
	for (size_t i = 0; i < list->count; i++) {
		str_truncate(&url, 0);
		session_add_url(session->settings, &list->at[i], &url);
		if (strcmp(str_c(&url), last) == 0)
			session->first = i;
		session->found[session->found_count++] = mem_strdup(str_c(&url));
		str_addf(&session->found_text, "%s %s (priority %u, weight %u)", i == 0 ? "" : ",",
		    list->at[i].target, list->at[i].priority, list->at[i].weight);
	}
	str_done(&url);
	free(last);
}

struct span session_found(const struct session *session)
{
	return session->found_count == 0 ? SPAN_NULL : str_span(&session->found_text);
}

void session_urls_done(struct session *session)
{
	finder_cancel(&session->finder);
	forget(session);
	str_done(&session->found_text);
}
