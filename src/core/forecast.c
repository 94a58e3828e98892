/* SPDX-License-Identifier: ISC */
#include "core/forecast.h"

void forecast_add(struct forecast *forecast, const struct action *action,
    const struct prediction *predictions, size_t count)
{
	if (action->request.method.at != NULL) {
		forecast->writes += action->state == ACTION_PLANNED;
		forecast->held += action->state == ACTION_HELD;
	}
	for (size_t i = 0; i < count; i++)
		forecast->predictions[predictions[i].code]++;
}

uint64_t forecast_requests(const struct forecast *forecast)
{
	return forecast->reads + forecast->writes;
}

int64_t forecast_seconds(const struct forecast_pace *pace, uint64_t requests)
{
	uint64_t burst = pace->burst > 0 ? pace->burst : 1;
	uint64_t rate = pace->requests_per_second, seconds;

	if (rate == 0)
		return -1;
	if (requests <= burst)
		return 0;
	seconds = (requests - burst) / rate + ((requests - burst) % rate != 0);
	return seconds > INT64_MAX ? INT64_MAX : (int64_t)seconds;
}

int64_t forecast_answer_ms(const struct forecast_pace *pace)
{
	uint64_t concurrency = pace->concurrency > 0 ? pace->concurrency : 1;

	if (pace->requests_per_second == 0)
		return -1;
	return (int64_t)(concurrency * 1000 / pace->requests_per_second);
}
