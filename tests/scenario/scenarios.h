/* SPDX-License-Identifier: ISC */
/* The groups of scenarios, one a file. */
#ifndef TESTS_SCENARIO_SCENARIOS_H
#define TESTS_SCENARIO_SCENARIOS_H

#include "world.h"

extern const struct CMUnitTest apply_scenarios[];
extern const size_t apply_scenario_count;
extern const struct CMUnitTest audit_scenarios[];
extern const size_t audit_scenario_count;
extern const struct CMUnitTest changes_scenarios[];
extern const size_t changes_scenario_count;
extern const struct CMUnitTest correlation_scenarios[];
extern const size_t correlation_scenario_count;
extern const struct CMUnitTest death_scenarios[];
extern const size_t death_scenario_count;
extern const struct CMUnitTest everyday_scenarios[];
extern const size_t everyday_scenario_count;
extern const struct CMUnitTest explain_scenarios[];
extern const size_t explain_scenario_count;
extern const struct CMUnitTest faults_scenarios[];
extern const size_t faults_scenario_count;
extern const struct CMUnitTest holds_scenarios[];
extern const size_t holds_scenario_count;
extern const struct CMUnitTest interruption_scenarios[];
extern const size_t interruption_scenario_count;
extern const struct CMUnitTest leavers_scenarios[];
extern const size_t leavers_scenario_count;
extern const struct CMUnitTest limits_scenarios[];
extern const size_t limits_scenario_count;
extern const struct CMUnitTest own_scenarios[];
extern const size_t own_scenario_count;
extern const struct CMUnitTest pace_scenarios[];
extern const size_t pace_scenario_count;
extern const struct CMUnitTest person_scenarios[];
extern const size_t person_scenario_count;
extern const struct CMUnitTest predictions_scenarios[];
extern const size_t predictions_scenario_count;
extern const struct CMUnitTest reconcile_scenarios[];
extern const size_t reconcile_scenario_count;
extern const struct CMUnitTest scan_scenarios[];
extern const size_t scan_scenario_count;
extern const struct CMUnitTest service_scenarios[];
extern const size_t service_scenario_count;
extern const struct CMUnitTest undo_scenarios[];
extern const size_t undo_scenario_count;
extern const struct CMUnitTest turns_scenarios[];
extern const size_t turns_scenario_count;

#endif
