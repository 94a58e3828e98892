/* SPDX-License-Identifier: ISC */
/*
 * A plan that somebody has looked at, held against the one that a run came to.
 *
 * The reviewed plan is given as JSON, be it of a file or of the plan that was just shown.  The run
 * plans by itself, and goes on only when it came to the same actions, to the letter.  So nothing of
 * a file can become a request; it can only say which plan is meant.
 *
 *     review_new, review_expect …, review_expect_end      the plan that was looked at
 *     review_begin, review_action …, review_judge         the new one, by the cycle
 *     review_differences                                  what is not the same, for people
 */
#ifndef SYNC_REVIEW_H
#define SYNC_REVIEW_H

#include "base/err.h"
#include "core/plan_reader.h"
#include "core/port_store.h"

struct review;

enum { REVIEW_NAMED_MAX = 10 };

/** Makes a review without a plan. @return owned */
struct review *review_new(void);

/** Frees it; sets `*review` to NULL; NULL is welcome. */
void review_free(struct review **review);

/** Takes the next bytes of the plan that was looked at. @return false: it is no plan;
 * review_expect_end says why */
bool review_expect(struct review *review, struct span bytes);

/** Comes to its end. @return STATUS_OK; STATUS_REJECT: it is no plan, with the reason */
enum status review_expect_end(struct review *review, struct err *reterr);

/** What that plan says of its run. Borrowed; after review_expect_end was OK. */
const struct plan_head *review_head(const struct review *review);

/** Whether that plan has nothing to send. */
bool review_is_empty(const struct review *review);

/** SHA-256 of that plan's bytes, as hex. Borrowed. */
struct span review_plan_digest(const struct review *review);

/** Begins with the new plan. @param run  copied; its spans are borrowed until review_judge */
void review_begin(struct review *review, const struct run *run);

/** Takes its next action. */
void review_action(struct review *review, const struct action *action);

/**
 * Comes to its end.
 *
 * @return whether it is the plan that was looked at; if not, the message says what moved
 */
bool review_judge(struct review *review, struct err *reterr);

/** What is not the same, a line each, REVIEW_NAMED_MAX of them and how many there are more; "" when
 * all is. Borrowed. Printable only after being made so: it holds what the plan says. */
struct span review_differences(const struct review *review);

#endif
