/* SPDX-License-Identifier: ISC */
/*
 * How many requests a plan takes, how long, and what is predicted of them.
 *
 * Counted is what a real run sends through the gate if the world stays as it is: what this run read
 * before the plan stood (a real run reads it likewise), and a request for each planned action.  Not
 * counted are getting a token and asking what the tenant can do, and what nobody can know before:
 * repeats, and looks at what became of a lost or refused request.
 */
#ifndef CORE_FORECAST_H
#define CORE_FORECAST_H

#include "core/prediction.h"
#include <stddef.h>
#include <stdint.h>

/* How fast requests may go (tenant.requests_per_second, .burst, .concurrency). */
struct forecast_pace {
	uint64_t requests_per_second; /* 0: no limit */
	uint64_t burst;
	unsigned concurrency;
};

struct forecast {
	struct forecast_pace pace;
	uint64_t reads;  /* listing and looking up */
	uint64_t writes; /* planned actions that become a request */
	uint64_t held;   /* likewise, but kept back until a person approves */
	uint64_t predictions[PREDICTION_CODE_COUNT]; /* actions, by code */
};

/** Counts an action with what is predicted of it. */
void forecast_add(struct forecast *forecast, const struct action *action,
    const struct prediction *predictions, size_t count);

/** Requests that go without anybody's word. */
uint64_t forecast_requests(const struct forecast *forecast);

/**
 * The time that requests need at that pace, in whole seconds, rounded up: the bucket is full at the
 * start, and the tenant answers fast enough not to be waited for, which it does within
 * forecast_answer_ms.
 *
 * @return -1: there is no limit, so it depends on the tenant alone
 */
int64_t forecast_seconds(const struct forecast_pace *pace, uint64_t requests);

/** How long an answer may take so that concurrency does not slow the pace. @return -1: no limit */
int64_t forecast_answer_ms(const struct forecast_pace *pace);

#endif
