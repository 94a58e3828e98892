/* SPDX-License-Identifier: ISC */
/*
 * getaddrinfo blocks for as long as DNS pleases, so it works in the background.
 */
#include "loop/resolver.h"

#include "base/time.h"
#include "base/vec.h"
#include "loop/background.h"
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { HOST_TEXT_SIZE = 128 };

struct resolve_job {
	char *host;
	struct str addresses; /* result */
	int failure;          /* of getaddrinfo */
};

struct resolver {
	struct background *background;
	struct loop_timer *failure;
	int64_t timeout_ms;
	resolver_callback *callback;
	void *context;
};

/* ---- in the thread ---- */

static bool has_address(struct span list, const char *address)
{
	while (list.len > 0)
		if (span_equal(span_trim(span_split(&list, ',')), span_of(address)))
			return true;
	return false;
}

static void work(void *argument)
{
	struct resolve_job *job = argument;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG },
			*addresses = NULL;
	char text[HOST_TEXT_SIZE];

	job->failure = getaddrinfo(job->host, NULL, &hints, &addresses);
	if (job->failure != 0)
		return;
	for (struct addrinfo *next = addresses; next != NULL; next = next->ai_next) {
		if (getnameinfo(next->ai_addr, next->ai_addrlen, text, sizeof(text), NULL, 0,
			NI_NUMERICHOST) != 0 ||
		    has_address(str_span(&job->addresses), text))
			continue;
		str_addf(&job->addresses, "%s%s", job->addresses.len > 0 ? ", " : "", text);
	}
	freeaddrinfo(addresses);
}

static void free_job(void *argument)
{
	struct resolve_job *job = argument;

	free(job->host);
	str_done(&job->addresses);
	free(job);
}

/* ---- in the loop ---- */

void resolver_cancel(struct resolver **resolver)
{
	struct resolver *old = *resolver;

	*resolver = NULL;
	if (old == NULL)
		return;
	background_cancel(&old->background);
	loop_timer_free(&old->failure);
	free(old);
}

static void answer(struct resolver *resolver, const struct resolver_answer *answer)
{
	resolver_callback *callback = resolver->callback;
	void *context = resolver->context;

	resolver->background = NULL;
	resolver_cancel(&resolver);
	callback(context, answer);
}

static void on_end(void *context, void *argument, bool is_late)
{
	struct resolver *resolver = context;
	struct resolve_job *job = argument;
	char patience[TIME_TEXT_SIZE];
	struct str why = { 0 };

	duration_format(resolver->timeout_ms, patience);
	if (is_late)
		str_addf(&why, "no answer within %s", patience);
	else if (job->failure != 0)
		str_add_c(&why, gai_strerror(job->failure));
	else if (job->addresses.len == 0)
		str_add_c(&why, "it has no address");
	answer(resolver, &(struct resolver_answer) {
			     .addresses = why.len == 0 ? str_span(&job->addresses) : SPAN_NULL,
			     .why = why.len > 0 ? str_span(&why) : SPAN_NULL });
	str_done(&why);
}

static void on_failure(void *context)
{
	answer(context, &(struct resolver_answer) { .why = SPAN("the system gives no thread") });
}

struct resolver *resolver_start(struct loop *loop, struct span host, int64_t timeout_ms,
    resolver_callback *callback, void *context)
{
	struct resolver *resolver = mem_new(1, sizeof(*resolver));
	struct resolve_job *job = mem_new(1, sizeof(*job));

	resolver->callback = callback;
	resolver->context = context;
	resolver->timeout_ms = timeout_ms;
	job->host = span_dup_c(host);
	resolver->background = background_start(
	    loop, &(struct background_input) { job, work, free_job, timeout_ms, on_end, resolver });
	if (resolver->background == NULL) {
		resolver->failure = loop_timer_new(loop, on_failure, resolver);
		loop_timer_start(resolver->failure, 0);
	}
	return resolver;
}

struct span resolver_host_of(struct span url)
{
	const char *start = url.len == 0 ? NULL : memmem(url.at, url.len, "://", 3);
	struct span rest, host;
	size_t end = 0;

	if (start == NULL)
		return SPAN_NULL;
	rest = (struct span) { start + 3, url.len - (size_t)(start + 3 - url.at) };
	while (end < rest.len && strchr("/?#", rest.at[end]) == NULL)
		end++;
	rest.len = end;
	while ((end = span_find(rest, '@')) < rest.len)
		rest = (struct span) { rest.at + end + 1, rest.len - end - 1 };
	if (rest.len > 0 && rest.at[0] == '[') {
		rest.at++, rest.len--;
		host = span_split(&rest, ']');
	} else {
		host = span_split(&rest, ':');
	}
	return host.len == 0 ? SPAN_NULL : host;
}
