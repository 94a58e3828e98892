// SPDX-License-Identifier: ISC

// Runs a program and measures it from outside:
//
//	timed FILE PROGRAM [ARGUMENT]...
//
// Writes one line of JSON to FILE and exits as the program did.  It is small on purpose: a child
// begins with the memory of its parent, and that counts as its peak.
//
//	{"exit": 0, "seconds": 0.912345, "cpuSeconds": 0.512345, "maxRssKiB": 5120}

#include "measure.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static double seconds_of(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static int write_result(const char *path, int code, double seconds, const struct rusage *usage)
{
	FILE *file = fopen(path, "w");
	if (!file ||
	    fprintf(file,
		"{\"exit\": %d, \"seconds\": %.6f, \"cpuSeconds\": %.6f, \"maxRssKiB\": %ld}\n",
		code, seconds, seconds_of(&usage->ru_utime) + seconds_of(&usage->ru_stime),
		usage->ru_maxrss) < 0 ||
	    fclose(file) != 0) {
		perror(path);
		return EXIT_FAILURE;
	}
	return code;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fputs("Usage: timed FILE PROGRAM [ARGUMENT]...\n", stderr);
		return 64;
	}
	double begin_s = measure_now_s();
	pid_t child = fork();
	if (child == 0) {
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	int status = 0;
	struct rusage usage;
	if (child < 0 || wait4(child, &status, 0, &usage) < 0) {
		perror("timed");
		return EXIT_FAILURE;
	}
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return write_result(argv[1], code, measure_now_s() - begin_s, &usage);
}
