/* SPDX-License-Identifier: ISC */
/*
 * What the parts of the check share.
 *
 *     check.c         the order of the parts; directories
 *     check_local.c   what needs nobody: configuration, secrets, state, metrics, where notices go
 *     check_tenant.c  names, the tenant's own check, workspaces
 */
#ifndef APP_CHECK_P_H
#define APP_CHECK_P_H

#include "app/check.h"
#include "loop/resolver.h"

enum { CHECK_HOSTS_MAX = 4, CHECK_NAME_TIMEOUT_MS = 10 * 1000 };

struct app_check {
	struct app_check_input in;
	struct loop_timer *turn; /* the next part */
	unsigned part;
	size_t directory;                /* that is looked at */
	bool is_reached;                 /* the directory can be scanned */
	struct scan_check_group *groups; /* owned; NULL: not listed yet */
	bool is_stopping;
	enum check_area area; /* of what is told now */
	struct span peer;
	struct check_teller teller; /* of our own steps */

	struct {
		struct span names[CHECK_HOSTS_MAX];
		struct str addresses[CHECK_HOSTS_MAX], why[CHECK_HOSTS_MAX];
		size_t count, at;
		struct resolver *resolver;
		bool is_fatal;
		void (*then)(struct app_check *check);
	} hosts;

	struct arena *arena; /* of the workspaces that the tenant shows */
	struct span *workspaces;
	size_t workspace_count, workspace_cap;
	bool may_list; /* the tenant's role was found good */
};

/** Goes on with the next part, from the loop. */
void check_next_part(struct app_check *check);

/**
 * How bad it is that something is not on this host: offline it may be another host than the
 * service's, as where a configuration is looked at before it is rolled out.
 */
enum check_status check_absence(const struct app_check *check);

/** Says what the steps that follow are about. @param peer  absent: the area */
void check_set_area(struct app_check *check, enum check_area area, struct span peer);

/** A check_callback that tells a step; NULL is ignored. */
void check_on_step(void *context, const struct check_step *step);

/** Opens the teller of our own steps. */
void check_own(struct app_check *check, const char *const *names);

void check_configuration(struct app_check *check); /**< the configuration as it was read */
void check_state(struct app_check *check);         /**< the state and its place */
void check_metrics(struct app_check *check);       /**< where metrics are written */

/** Tells whether the secrets of a directory can be read. */
void check_directory_secrets(struct app_check *check, const struct directory_settings *settings);
void check_tenant_secrets(struct app_check *check); /**< likewise of the tenant */

/** Where notices go; goes on with the next part by itself. */
void check_notify(struct app_check *check);

/** The tenant; goes on with the next part by itself. */
void check_tenant(struct app_check *check);

/** Forgets the hosts of before, and adds one; absent and repeated ones are left out. */
void check_hosts_begin(struct app_check *check);
void check_hosts_add(struct app_check *check, struct span url); /**< the host of the URL */

/** Looks the hosts up, tells the step "names" of our own teller, then calls. */
void check_hosts_resolve(
    struct app_check *check, bool is_fatal, void (*then)(struct app_check *check));

#endif
