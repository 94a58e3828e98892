/* SPDX-License-Identifier: ISC */
/* The wiring of directory, mapping, tenant and gate. */
#include "app/agent.h"

#include "base/vec.h"
#include <stdlib.h>

static enum status make_mapping(struct agent *agent, struct err *reterr)
{
	const struct config *config = agent->config;
	bool is_anaplan = config->tenant.profile == TENANT_ANAPLAN;
	struct mapping_input input = {
		.rules = config->rules,
		.rule_count = config->rule_count,
		.workspaces = config->workspaces,
		.workspace_count = config->workspace_count,
		.user_name_is_email = is_anaplan,
		.workspace_max = tenant_reader(agent->tenant)->traits.workspace_max,
	};

	return mapping_new(&input, agent->attributes, &agent->mapping, reterr);
}

static enum status make_sources(struct agent *agent, struct err *reterr)
{
	const struct config *config = agent->config;

	agent->sources = mem_new(config->directory_count, sizeof(struct source *));
	for (size_t i = 0; i < config->directory_count; i++) {
		enum status status = directory_new(agent->loop, &config->directories[i],
		    agent->attributes, &agent->sources[i], reterr);

		if (status != STATUS_OK)
			return status;
		agent->source_count++;
	}
	return STATUS_OK;
}

enum status agent_new(
    struct loop *loop, struct config *config, struct agent **ret_agent, struct err *reterr)
{
	struct agent *agent = mem_new(1, sizeof(*agent));
	struct gate_settings gate = { config->rate.requests_per_second, config->rate.burst,
		config->rate.concurrency };
	enum status status;

	agent->loop = loop;
	agent->config = config;
	agent->attributes = attribute_set_new();
	gate_init(&agent->gate, loop, &gate);
	status = tenant_new(loop, &config->tenant, &agent->tenant, reterr);
	if (status == STATUS_OK)
		status = make_mapping(agent, reterr);
	if (status == STATUS_OK)
		status = make_sources(agent, reterr);
	if (status != STATUS_OK) {
		agent->config = NULL; /* stays the caller's */
		agent_free(&agent);
		return status;
	}
	*ret_agent = agent;
	return STATUS_OK;
}

void agent_free(struct agent **agent)
{
	struct agent *gone = *agent;

	if (gone == NULL)
		return;
	for (size_t i = 0; i < gone->source_count; i++)
		source_free(&gone->sources[i]);
	free(gone->sources);
	tenant_free(&gone->tenant);
	mapping_free(&gone->mapping);
	attribute_set_free(&gone->attributes);
	config_free(&gone->config);
	free(gone);
	*agent = NULL;
}

void agent_prepare(struct agent *agent, bool is_dry, struct cycle_input *input)
{
	input->sources = agent->sources;
	input->source_count = agent->source_count;
	input->mapping = agent->mapping;
	input->policy = &agent->config->policy;
	input->reader = tenant_reader(agent->tenant);
	input->encoder = tenant_encoder(agent->tenant);
	input->writer = is_dry ? NULL : tenant_writer(agent->tenant);
	input->gate = &agent->gate;
	input->keep_audit_ms = agent->config->state.keep_audit_ms;
	input->config_digest = span_of(agent->config->config_digest);
}

struct schedule agent_schedule(const struct agent *agent)
{
	const struct config *config = agent->config;

	return (struct schedule) { config->schedule.delta_ms, config->schedule.full_ms,
		config->schedule.reconcile_ms, config->schedule.push };
}
