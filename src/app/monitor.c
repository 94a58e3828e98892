/* SPDX-License-Identifier: ISC */
#include "app/monitor.h"

#include "app/health.h"
#include "base/log.h"
#include "base/vec.h"
#include "metrics/endpoint.h"
#include <stdlib.h>
#include <string.h>

struct monitor {
	struct monitor_input in;
	struct metering metering;
	struct health health;
	struct endpoint *endpoint; /* NULL: nobody can ask */
	char *listen;              /* owned; where it listens or was last refused; NULL: nowhere */
};

static struct monitor_view look(const struct monitor *monitor)
{
	struct monitor_view view = { 0 };

	monitor->in.look(monitor->in.context, &view);
	return view;
}

static bool on_page(void *context, enum endpoint_page page, struct str *out)
{
	struct monitor *monitor = context;
	struct monitor_view view;

	switch (page) {
	case ENDPOINT_METRICS:
		view = look(monitor);
		metering_render(&monitor->metering, view.agent, &view.service, out);
		return true;
	case ENDPOINT_HEALTH:
		/* That the loop turns is proved by there being an answer. */
		str_add_c(out, "alive\n");
		return true;
	case ENDPOINT_READINESS:
		return health_tell(&monitor->health, out);
	}
	return false;
}

static bool is_same(const char *one, const char *other)
{
	return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

static void listen_at(struct monitor *monitor, const char *listen)
{
	struct metrics_address address;
	struct err err;
	enum status status = metrics_address_parse(span_of(listen), &address, &err);

	if (status == STATUS_OK)
		status = endpoint_open(
		    monitor->in.loop, &address, on_page, monitor, &monitor->endpoint, &err);
	if (status == STATUS_OK)
		log_info("metrics: listening at %s", listen);
	else if (!is_same(monitor->listen, listen))
		log_warning("metrics.listen: cannot listen at %s: %s; going on without it, trying "
			    "again after each cycle",
		    listen, err.text);
	if (is_same(monitor->listen, listen))
		return;
	free(monitor->listen);
	monitor->listen = span_dup_c(span_of(listen));
}

static void configure(struct monitor *monitor)
{
	const char *listen = look(monitor).agent->config->metrics.listen;

	if (monitor->endpoint != NULL && is_same(monitor->listen, listen))
		return;
	endpoint_free(&monitor->endpoint);
	if (listen != NULL) {
		listen_at(monitor, listen);
		return;
	}
	free(monitor->listen);
	monitor->listen = NULL;
}

struct monitor *monitor_new(const struct monitor_input *input)
{
	struct monitor *monitor = mem_new(1, sizeof(*monitor));
	const struct agent *agent;

	monitor->in = *input;
	agent = look(monitor).agent;
	/* What cannot be read now is said by the first cycle. */
	if (agent->config->metrics.listen != NULL)
		(void)metering_read(&monitor->metering, agent, input->store, true, NULL);
	configure(monitor);
	return monitor;
}

void monitor_free(struct monitor **monitor)
{
	if (*monitor == NULL)
		return;
	endpoint_free(&(*monitor)->endpoint);
	metering_done(&(*monitor)->metering);
	free((*monitor)->listen);
	free(*monitor);
	*monitor = NULL;
}

void monitor_leave(struct monitor *monitor, const struct agent *agent)
{
	metering_leave(&monitor->metering, agent);
}

void monitor_note(struct monitor *monitor, const struct cycle_result *result)
{
	struct monitor_view view = look(monitor);

	health_note(&monitor->health, result);
	metering_note(&monitor->metering, view.agent, monitor->in.store, &view.service, result);
	configure(monitor);
}

void monitor_stop(struct monitor *monitor)
{
	monitor->health.is_stopping = true;
}
