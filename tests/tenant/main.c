// SPDX-License-Identifier: ISC

// The tenant simulator: an Anaplan tenant for tests, honest and strict.
//
//	main.c         life: options, users, server, signals
//	options.c      the command line
//	server.c       HTTP; delay.c: answers that wait; traffic.c: what is in flight
//	service.c      one request: its fault, its answer, its line in the log
//	scim.c         /scim/1/0/v2, with discovery.c, filter.c, patch.c, resource.c
//	auth.c         /token, with certificate.c and base64.c; oauth.c: /oauth
//	fault.c        what goes wrong on request
//	control.c      the endpoints for tests
//	store.c        the users; workspace.c: their workspaces
//	log.c          the requests seen
//	memory.c       allocation and texts
//
// It knows nothing of the agent and shares no code with it.  Each header says what is documented,
// what was seen live, and what was chosen where nothing is known.

#include "control.h"
#include "memory.h"
#include "server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 64

/* Written beside its place and renamed, so that nobody reads half a number. */
static bool write_port_file(const char *path, unsigned port)
{
	if (!path)
		return true;
	char *beside = text_format("%s.new", path);
	FILE *file = fopen(beside, "w");
	bool is_good = file && fprintf(file, "%u\n", port) > 0;
	is_good = file && fclose(file) == 0 && is_good;
	is_good = is_good && rename(beside, path) == 0;
	if (!is_good)
		fprintf(stderr, "tenant-simulator: cannot write %s: %s\n", path, strerror(errno));
	free(beside);
	return is_good;
}

static void wait_for_end(void)
{
	sigset_t ends;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	int which;
	sigwait(&ends, &which);
}

/* All threads inherit this, so that only wait_for_end() sees the signals. */
static void block_signals(void)
{
	sigset_t blocked;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	pthread_sigmask(SIG_BLOCK, &blocked, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static bool serve(struct simulator *simulator)
{
	const struct options *options = simulator->options;
	struct server *server = server_start(simulator);
	if (!server)
		return false;
	unsigned port = server_port(server);
	bool is_good = write_port_file(options->port_file, port);
	if (is_good && !options->is_quiet) {
		printf("listening on %s://%s:%u\n", options->tls_cert ? "https" : "http",
		    options->address, port);
		fflush(stdout);
	}
	if (is_good)
		wait_for_end();
	server_stop(&server);
	return is_good;
}

static bool run(const struct options *options)
{
	struct simulator simulator = {
		.options = options,
		.store = store_new(),
		.faults = faults_new(options->is_order_unstable),
		.log = log_new(options->log_limit),
	};
	simulator.auth = auth_new(options, simulator.store);
	simulator.scim = (struct scim) { options, simulator.store, simulator.faults, 0 };
	bool is_good = control_fill(&simulator) && serve(&simulator) && control_save(&simulator);
	log_free(&simulator.log);
	auth_free(&simulator.auth);
	faults_free(&simulator.faults);
	store_free(&simulator.store);
	return is_good;
}

int main(int argc, char **argv)
{
	struct options options;
	int status = EXIT_SUCCESS;
	block_signals();
	switch (options_read(argc, argv, &options)) {
	case OPTIONS_RUN:
		status = run(&options) ? EXIT_SUCCESS : EXIT_FAILURE;
		break;
	case OPTIONS_HELP:
		break;
	case OPTIONS_WRONG:
		status = EXIT_USAGE;
		break;
	}
	options_done(&options);
	return status;
}
