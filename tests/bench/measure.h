// SPDX-License-Identifier: ISC

// What the bare programs measure of themselves, and how they print it:
//
//	{"requests": 1000, "failures": 0, "seconds": 0.123, "userSeconds": 0.050,
//	 "systemSeconds": 0.030, "maxRssKiB": 5120}

#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

/** Seconds of the monotonic clock. */
static inline double measure_now_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/**
 * Prints one line of JSON about the whole process.
 * @param what the name of what was counted.
 * @param seconds how long the measured part took.
 */
static inline void measure_print(const char *what, long count, long failures, double seconds)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	double user_s = (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
	double system_s = (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
	printf("{\"%s\": %ld, \"failures\": %ld, \"seconds\": %.6f, \"userSeconds\": %.6f, "
	       "\"systemSeconds\": %.6f, \"maxRssKiB\": %ld}\n",
	    what, count, failures, seconds, user_s, system_s, usage.ru_maxrss);
}

#endif
