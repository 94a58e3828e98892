/* SPDX-License-Identifier: ISC */
#include "scenarios.h"

#define RUN(name)                                                                                  \
	_cmocka_run_group_tests(#name, name##_scenarios, name##_scenario_count, NULL, NULL)

int main(void)
{
	int failures = 0;

	failures += RUN(apply);
	failures += RUN(audit);
	failures += RUN(changes);
	failures += RUN(correlation);
	failures += RUN(death);
	failures += RUN(everyday);
	failures += RUN(explain);
	failures += RUN(faults);
	failures += RUN(holds);
	failures += RUN(interruption);
	failures += RUN(leavers);
	failures += RUN(limits);
	failures += RUN(own);
	failures += RUN(pace);
	failures += RUN(person);
	failures += RUN(predictions);
	failures += RUN(reconcile);
	failures += RUN(scan);
	failures += RUN(service);
	failures += RUN(turns);
	failures += RUN(undo);
	return failures > 0;
}
