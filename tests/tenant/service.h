// SPDX-License-Identifier: ISC

// One request to SCIM or the auth service: takes the fault it meets, has it
// answered, spoils the answer where the fault says so, and writes the log.

#ifndef TENANT_SERVICE_H
#define TENANT_SERVICE_H

#include "simulator.h"

/** How the answer reaches the peer. */
enum delivery {
	DELIVER_WHOLE,
	DELIVER_CUT,     /**< half of the body, then the connection closes */
	DELIVER_ENDLESS, /**< the body, then blanks */
	DELIVER_CLOSE,   /**< no answer; the connection closes */
	DELIVER_RESET    /**< no answer; the connection is reset */
};

struct outcome {
	struct answer answer;
	enum delivery delivery;
	long delay_ms;   /**< before delivery; 0: at once */
	long size_bytes; /**< of DELIVER_ENDLESS; 0: it never ends */
};

/**
 * Handles a request.
 * @param ret_outcome written always; release with answer_done() on its answer.
 */
void service_handle(
    struct simulator *simulator, const struct request *request, struct outcome *ret_outcome);

#endif
