/* SPDX-License-Identifier: ISC */
#include "app/health.h"

/* NULL: nothing. */
static const char *broken_by(const struct cycle_result *result)
{
	if (result->exit == CYCLE_STATE_FAILED)
		return "state";
	if (result->exit == CYCLE_PEER_DOWN)
		return result->peer == NULL ? "peer" : result->peer;
	return NULL;
}

void health_note(struct health *health, const struct cycle_result *result)
{
	const char *broken = broken_by(result);

	/* One person says nothing about all: neither what is broken nor what is well. */
	if (result->is_stopped || result->run.who.at != NULL)
		return;
	if (broken != NULL) {
		health->broken[result->run.kind] = broken;
		return;
	}
	for (int kind = CYCLE_DELTA; kind <= (int)result->run.kind; kind++)
		health->broken[kind] = NULL;
}

bool health_tell(const struct health *health, struct str *out)
{
	if (health->is_stopping)
		str_add_c(out, "the service is stopping\n");
	for (int kind = 0; kind < HEALTH_KIND_COUNT; kind++) {
		if (health->broken[kind] != NULL)
			str_addf(out, "the last %s cycle could not use the %s\n",
			    cycle_kind_name((enum cycle_kind)kind), health->broken[kind]);
	}
	if (out->len > 0)
		return false;
	str_add_c(out, "ready\n");
	return true;
}
