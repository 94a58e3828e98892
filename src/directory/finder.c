/* SPDX-License-Identifier: ISC */
/*
 * The resolver blocks, so it works in the background, with a state of its own.
 */
#include "directory/finder.h"

#include "base/time.h"
#include "base/vec.h"
#include "loop/background.h"
#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>
#include <stdlib.h>

enum { ANSWER_MAX_BYTES = 64 * 1024, TRY_S = 2, TRIES = 2 };

/* Where a domain's controllers are (MS-ADTS 6.3.2.3), and where any domain's LDAP servers are. */
#define CONTROLLERS "_ldap._tcp.dc._msdcs."
#define SERVERS     "_ldap._tcp."

struct find_job {
	char *domain;
	bool with_domain_controllers;
	struct srv_list list; /* result */
	struct err err;
};

struct finder {
	struct loop *loop;
	struct background *background;
	struct loop_timer *failure;
	char *domain;
	int64_t timeout_ms;
	finder_callback *callback;
	void *context;
};

/* ---- in the thread ---- */

static const char *reason_of(int failure)
{
	switch (failure) {
	case HOST_NOT_FOUND:
		return "there is no such name";
	case NO_DATA:
		return "the name has no SRV record";
	case TRY_AGAIN:
		return "no name server answers";
	default:
		return "the name server fails";
	}
}

static void explain_none(struct find_job *job, const char *name)
{
	if (job->list.strangers > 0)
		err_set(&job->err,
		    "none of the %zu servers that %s names lies in %s; such an answer may be "
		    "forged, so name them in urls if they are right",
		    job->list.strangers, name, job->domain);
	else
		err_set(&job->err, "%s names no server that can be used", name);
}

/* @return whether it makes no sense to ask for another name */
static bool ask(struct find_job *job, res_state resolver, const char *prefix)
{
	unsigned char *answer = mem_new(1, ANSWER_MAX_BYTES);
	struct str name = { 0 };
	bool is_over = true;
	int len;

	str_addf(&name, "%s%s", prefix, job->domain);
	len = res_nquery(resolver, str_c(&name), ns_c_in, ns_t_srv, answer, ANSWER_MAX_BYTES);
	if (len < 0) {
		is_over = resolver->res_h_errno == TRY_AGAIN;
		err_set(&job->err,
		    "cannot find the servers of %s: DNS, asked for SRV records of %s: %s; check "
		    "the domain and /etc/resolv.conf, or name the servers in urls",
		    job->domain, str_c(&name), reason_of(resolver->res_h_errno));
	} else if (!srv_parse((struct span) { (const char *)answer, (size_t)len },
		       span_of(job->domain), &job->list)) {
		err_set(&job->err, "cannot find the servers of %s: DNS answers something else",
		    job->domain);
	} else if (job->list.count == 0) {
		explain_none(job, str_c(&name));
		err_prefix(&job->err, "cannot find the servers of %s", job->domain);
	}
	free(answer);
	str_done(&name);
	return is_over;
}

static void work(void *argument)
{
	struct find_job *job = argument;
	struct __res_state resolver = { 0 };

	if (res_ninit(&resolver) != 0) {
		err_set(&job->err, "cannot find the servers of %s: the resolver cannot start",
		    job->domain);
		return;
	}
	resolver.retrans = TRY_S;
	resolver.retry = TRIES;
	if (!job->with_domain_controllers || !ask(job, &resolver, CONTROLLERS))
		ask(job, &resolver, SERVERS);
	res_nclose(&resolver);
}

static void free_job(void *argument)
{
	struct find_job *job = argument;

	free(job->domain);
	free(job);
}

/* ---- in the loop ---- */

void finder_cancel(struct finder **finder)
{
	struct finder *old = *finder;

	*finder = NULL;
	if (old == NULL)
		return;
	background_cancel(&old->background);
	loop_timer_free(&old->failure);
	free(old->domain);
	free(old);
}

static void answer_caller(struct finder *finder, const struct srv_list *list, const struct err *err)
{
	finder_callback *callback = finder->callback;
	void *context = finder->context;

	finder->background = NULL;
	finder_cancel(&finder);
	callback(context, list, err);
}

static uint64_t draw(void *context, uint64_t limit)
{
	return loop_random(context, limit);
}

static void on_end(void *context, void *argument, bool is_late)
{
	struct finder *finder = context;
	struct find_job *job = argument;
	struct err err = { "" };
	char patience[TIME_TEXT_SIZE];

	if (is_late) {
		duration_format(finder->timeout_ms, patience);
		err_set(&err,
		    "cannot find the servers of %s: DNS does not answer within %s; check "
		    "/etc/resolv.conf, or name the servers in urls",
		    finder->domain, patience);
		answer_caller(finder, NULL, &err);
		return;
	}
	srv_order(&job->list, draw, finder->loop);
	answer_caller(finder, job->list.count == 0 ? NULL : &job->list, &job->err);
}

static void on_failure(void *context)
{
	struct finder *finder = context;
	struct err err = { "" };

	err_set(&err, "cannot find the servers of %s: the system gives no thread", finder->domain);
	answer_caller(finder, NULL, &err);
}

struct finder *finder_start(
    struct loop *loop, const struct finder_input *input, finder_callback *callback, void *context)
{
	struct finder *finder = mem_new(1, sizeof(*finder));
	struct find_job *job = mem_new(1, sizeof(*job));

	finder->loop = loop;
	finder->callback = callback;
	finder->context = context;
	finder->timeout_ms = input->timeout_ms;
	finder->domain = mem_strdup(input->domain);
	job->domain = mem_strdup(input->domain);
	job->with_domain_controllers = input->with_domain_controllers;
	finder->background = background_start(loop,
	    &(struct background_input) { job, work, free_job, input->timeout_ms, on_end, finder });
	if (finder->background == NULL) {
		finder->failure = loop_timer_new(loop, on_failure, finder);
		loop_timer_start(finder->failure, 0);
	}
	return finder;
}
