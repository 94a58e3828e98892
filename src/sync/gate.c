/* SPDX-License-Identifier: ISC */
/* The gate: a token bucket in thousandths, so that 10 a second fills evenly by the millisecond. */
#include "sync/gate.h"

#include <assert.h>

enum { TOKEN_MILLI = 1000 };

void gate_init(struct gate *gate, struct loop *loop, const struct gate_settings *settings)
{
	*gate = (struct gate) { .loop = loop, .settings = *settings };
	if (gate->settings.burst == 0)
		gate->settings.burst = 1;
	if (gate->settings.concurrency == 0)
		gate->settings.concurrency = 1;
	gate->tokens_milli = gate->settings.burst * TOKEN_MILLI;
	gate->filled_ms = loop_now_ms(loop);
	gate->paused_until_ms = gate->filled_ms;
}

static void fill(struct gate *gate)
{
	int64_t now_ms = loop_now_ms(gate->loop);
	uint64_t full = gate->settings.burst * TOKEN_MILLI;

	/* A token a second is one thousandth of a token a millisecond. */
	gate->tokens_milli += (uint64_t)(now_ms - gate->filled_ms) *
			      gate->settings.requests_per_second;
	if (gate->tokens_milli > full)
		gate->tokens_milli = full;
	gate->filled_ms = now_ms;
}

bool gate_enter(struct gate *gate, int64_t *ret_wait_ms)
{
	int64_t now_ms = loop_now_ms(gate->loop);
	uint64_t rate = gate->settings.requests_per_second;

	if (gate->in_flight >= gate->settings.concurrency) {
		*ret_wait_ms = -1;
		return false;
	}
	if (now_ms < gate->paused_until_ms) {
		*ret_wait_ms = gate->paused_until_ms - now_ms;
		return false;
	}
	if (rate > 0) {
		fill(gate);
		if (gate->tokens_milli < TOKEN_MILLI) {
			uint64_t missing = TOKEN_MILLI - gate->tokens_milli;
			*ret_wait_ms = (int64_t)((missing + rate - 1) / rate);
			return false;
		}
		gate->tokens_milli -= TOKEN_MILLI;
	}
	gate->in_flight++;
	return true;
}

void gate_leave(struct gate *gate)
{
	assert(gate->in_flight > 0);
	gate->in_flight--;
}

void gate_pause(struct gate *gate, int64_t duration_ms)
{
	int64_t until_ms = loop_now_ms(gate->loop) + duration_ms;

	if (until_ms > gate->paused_until_ms)
		gate->paused_until_ms = until_ms;
}

uint64_t gate_tokens(struct gate *gate)
{
	if (gate->settings.requests_per_second == 0)
		return gate->settings.burst;
	fill(gate);
	return gate->tokens_milli / TOKEN_MILLI;
}
