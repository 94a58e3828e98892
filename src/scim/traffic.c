/* SPDX-License-Identifier: ISC */
#include "scim/traffic.h"

/* Up to what tenant.timeout usually allows. */
const struct histogram_bounds tenant_duration_bounds_ms = { 11,
	{ 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000 } };

const char *tenant_operation_name(enum tenant_operation operation)
{
	switch (operation) {
	case TENANT_READ:
		return "read";
	case TENANT_CREATE:
		return "create";
	case TENANT_CHANGE:
		return "change";
	case TENANT_LOGIN:
		return "login";
	case TENANT_OPERATION_COUNT:
		break;
	}
	return "";
}

const char *tenant_outcome_name(enum tenant_outcome outcome)
{
	switch (outcome) {
	case TENANT_SUCCESS:
		return "success";
	case TENANT_UNAUTHORIZED:
		return "unauthorized";
	case TENANT_THROTTLED:
		return "throttled";
	case TENANT_REFUSED:
		return "refused";
	case TENANT_SERVER_ERROR:
		return "server-error";
	case TENANT_TIMEOUT:
		return "timeout";
	case TENANT_UNREACHABLE:
		return "unreachable";
	case TENANT_OUTCOME_COUNT:
		break;
	}
	return "";
}

enum tenant_operation traffic_operation(struct span method, bool is_write)
{
	if (!is_write)
		return TENANT_READ;
	return span_equal(method, SPAN("POST")) ? TENANT_CREATE : TENANT_CHANGE;
}

static enum tenant_outcome outcome_of(const struct http_answer *answer)
{
	if (answer->failure == HTTP_TIMED_OUT)
		return TENANT_TIMEOUT;
	if (answer->failure != HTTP_NO_FAILURE)
		return TENANT_UNREACHABLE;
	if (answer->status == 429)
		return TENANT_THROTTLED;
	if (answer->status == 401 || answer->status == 403)
		return TENANT_UNAUTHORIZED;
	if (answer->status >= 500)
		return TENANT_SERVER_ERROR;
	return answer->status >= 200 && answer->status < 300 ? TENANT_SUCCESS : TENANT_REFUSED;
}

void traffic_note_request(struct tenant_counters *counters, enum tenant_operation operation)
{
	counters->requests++;
	counters->writes += operation == TENANT_CREATE || operation == TENANT_CHANGE;
}

void traffic_note_answer(struct tenant_counters *counters, enum tenant_operation operation,
    const struct http_answer *answer, int64_t duration_ms)
{
	counters->answer_bytes += answer->body.len;
	counters->outcomes[operation][outcome_of(answer)]++;
	histogram_note(&counters->durations_ms[operation], &tenant_duration_bounds_ms,
	    duration_ms < 0 ? 0 : (uint64_t)duration_ms);
}

void tenant_counters_add(struct tenant_counters *counters, const struct tenant_counters *more)
{
	counters->requests += more->requests;
	counters->writes += more->writes;
	counters->answer_bytes += more->answer_bytes;
	for (size_t operation = 0; operation < TENANT_OPERATION_COUNT; operation++) {
		for (size_t outcome = 0; outcome < TENANT_OUTCOME_COUNT; outcome++)
			counters->outcomes[operation][outcome] +=
			    more->outcomes[operation][outcome];
		histogram_add(&counters->durations_ms[operation], &more->durations_ms[operation]);
	}
}
