/* SPDX-License-Identifier: ISC */
#include "app/check_p.h"

#include "base/vec.h"
#include "sync/scan_check.h"
#include <stdlib.h>

/* ---- steps ---- */

void check_set_area(struct app_check *check, enum check_area area, struct span peer)
{
	check->area = area;
	check->peer = peer.at != NULL ? peer : span_of(check_area_name(area));
}

enum check_status check_absence(const struct app_check *check)
{
	return check->in.is_offline ? CHECK_WARNING : CHECK_FAILED;
}

void check_on_step(void *context, const struct check_step *step)
{
	struct app_check *check = context;

	if (step != NULL)
		check->in.on_step(check->in.context, check->area, check->peer, step);
}

void check_own(struct app_check *check, const char *const *names)
{
	check_teller_done(&check->teller);
	check_teller_open(&check->teller, names, check_on_step, check);
}

/* ---- directories: reached, then scanned ---- */

static void next_directory(struct app_check *check)
{
	check->directory++;
	check_next_part(check);
}

static void on_scan_checked(void *context, const struct check_step *step)
{
	struct app_check *check = context;

	check_on_step(check, step);
	if (step == NULL)
		next_directory(check);
}

/* @return owned */
static struct scan_check_group *groups_of(const struct config *config)
{
	struct scan_check_group *groups = mem_new(config->group_count + 1, sizeof(*groups));

	for (size_t i = 0; i < config->group_count; i++)
		groups[i] = (struct scan_check_group) { config->groups[i].dn,
			config->groups[i].is_nested, false };
	return groups;
}

static void check_by_scan(struct app_check *check)
{
	const struct agent *agent = check->in.agent;
	const struct config *config = agent->config;
	const struct directory_settings *settings = &config->directories[check->directory];
	struct scan_check_input input = {
		.source = agent->sources[check->directory],
		.mapping = agent->mapping,
		.policy = &config->policy,
		.canaries = settings->canaries,
		.canary_count = settings->canary_count,
		.group_count = config->group_count,
		.is_alone = config->directory_count == 1,
		.is_last = check->directory + 1 == config->directory_count,
		.workspaces = config->workspaces,
		.workspace_count = config->workspace_count,
		.on_progress = check->in.on_progress,
		.progress_context = check->in.context,
	};

	if (check->groups == NULL)
		check->groups = groups_of(config);
	input.groups = check->groups;
	scan_check_start(&input, on_scan_checked, check);
}

static void on_reached(void *context, const struct check_step *step)
{
	struct app_check *check = context;

	if (step != NULL) {
		bool is_kind = strcmp(step->name, "kind") == 0;
		bool is_file = strcmp(step->name, "file") == 0;
		struct check_step told = *step;

		if (is_file && step->status == CHECK_FAILED)
			told.status = check_absence(check);
		check_on_step(check, &told);

		check->is_reached = check->is_reached ||
				    (is_kind && step->status != CHECK_SKIPPED) ||
				    (is_file && step->status == CHECK_OK);
		return;
	}
	if (check->is_stopping)
		scan_check_skip(on_scan_checked, check, "interrupted");
	else if (!check->is_reached)
		scan_check_skip(on_scan_checked, check, "the directory cannot be used");
	else
		check_by_scan(check);
}

static void skip_peer(struct app_check *check, const char *why)
{
	static const char *const names[] = { "connection", NULL };

	check_own(check, names);
	check_skip_rest(&check->teller, why);
}

/* A file is no peer. */
static void check_directory(struct app_check *check)
{
	struct agent *agent = check->in.agent;
	const struct directory_settings *settings = &agent->config->directories[check->directory];

	check_set_area(check, CHECK_DIRECTORY, settings->name);
	check_directory_secrets(check, settings);
	check->is_reached = false;
	if (!check->in.is_offline || settings->kind == DIRECTORY_LDIF) {
		source_check(agent->sources[check->directory], on_reached, check);
		return;
	}
	skip_peer(check, "--offline: no peer is asked");
	next_directory(check);
}

/* ---- the order ---- */

static void check_tenant_part(struct app_check *check)
{
	check_set_area(check, CHECK_TENANT, SPAN_NULL);
	check_tenant_secrets(check);
	if (!check->in.is_offline) {
		check_tenant(check);
		return;
	}
	skip_peer(check, "--offline: no peer is asked");
	check_next_part(check);
}

static void check_local(struct app_check *check)
{
	check_set_area(check, CHECK_CONFIGURATION, SPAN_NULL);
	check_configuration(check);
	check_set_area(check, CHECK_STATE, SPAN_NULL);
	check_state(check);
	check_set_area(check, CHECK_METRICS, SPAN_NULL);
	check_metrics(check);
	check_next_part(check);
}

enum part { PART_LOCAL, PART_DIRECTORIES, PART_TENANT, PART_NOTIFY, PART_DONE };

static void on_turn(void *context)
{
	struct app_check *check = context;

	if (check->part == PART_DIRECTORIES &&
	    check->directory < check->in.agent->config->directory_count) {
		check_directory(check);
		return;
	}
	switch ((enum part)check->part++) {
	case PART_LOCAL:
		check_local(check);
		break;
	case PART_DIRECTORIES:
		check_next_part(check);
		break;
	case PART_TENANT:
		check_tenant_part(check);
		break;
	case PART_NOTIFY:
		check_set_area(check, CHECK_NOTIFY, SPAN_NULL);
		check_notify(check);
		break;
	case PART_DONE:
		check->in.on_done(check->in.context);
		break;
	}
}

void check_next_part(struct app_check *check)
{
	loop_timer_start(check->turn, 0);
}

/* ---- its life ---- */

struct app_check *app_check_start(const struct app_check_input *input)
{
	struct app_check *check = mem_new(1, sizeof(*check));

	check->in = *input;
	check->arena = arena_new();
	check->turn = loop_timer_new(input->agent->loop, on_turn, check);
	check_next_part(check);
	return check;
}

void app_check_stop(struct app_check *check)
{
	if (check->is_stopping)
		return;
	check->is_stopping = true;
	if (check->area == CHECK_DIRECTORY)
		source_cancel(check->in.agent->sources[check->directory]);
}

void app_check_free(struct app_check **check)
{
	struct app_check *old = *check;

	*check = NULL;
	if (old == NULL)
		return;
	resolver_cancel(&old->hosts.resolver);
	for (size_t i = 0; i < CHECK_HOSTS_MAX; i++) {
		str_done(&old->hosts.addresses[i]);
		str_done(&old->hosts.why[i]);
	}
	check_teller_done(&old->teller);
	arena_free(&old->arena);
	loop_timer_free(&old->turn);
	free(old->workspaces);
	free(old->groups);
	free(old);
}
