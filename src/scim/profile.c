/* SPDX-License-Identifier: ISC */
#include "scim/profile.h"

#include "base/log.h"
#include "base/vec.h"
#include <stdlib.h>

struct opening {
	struct tenant_traits *traits;
	enum tenant_profile profile;
	struct client_owner owner;
};

struct tenant_traits profile_traits(enum tenant_profile profile)
{
	bool is_anaplan = profile == TENANT_ANAPLAN;

	return (struct tenant_traits) {
		.page_size = PROFILE_PAGE_SIZE,
		.workspace_max = is_anaplan ? PROFILE_ANAPLAN_WORKSPACES : 0,
		.can_filter = true,
		.can_patch = true,
		.user_name_is_email = is_anaplan,
		.needs_names = is_anaplan,
		.can_rename = !is_anaplan,
		.can_show_workspaces = is_anaplan,
	};
}

void profile_refine(struct tenant_traits *traits, const struct decoded_config *config)
{
	if (config->has_patch)
		traits->can_patch = config->can_patch;
	if (config->has_filter)
		traits->can_filter = config->can_filter;
	if (config->filter_max_results > 0 && config->filter_max_results < PROFILE_PAGE_SIZE)
		traits->page_size = (size_t)config->filter_max_results;
}

static void refine_by_body(struct tenant_traits *traits, struct span body)
{
	struct decoder *decoder = decoder_new();
	struct decoded_config config;
	struct err err;

	if (decode_config(decoder, body, &config, &err) == STATUS_OK)
		profile_refine(traits, &config);
	else
		log_debug("tenant: ServiceProviderConfig: %s; taking PATCH and filters to work",
		    err.text);
	decoder_free(&decoder);
}

/* A server need not have the endpoint; what it then can do shows when it is asked to. */
static bool is_unknown(const struct tenant_answer *answer)
{
	return answer->status == STATUS_REJECT || answer->http_status == 501;
}

static void on_opened(
    void *context, const struct tenant_answer *answer, const struct http_answer *http)
{
	struct opening *opening = context;
	struct client_owner owner = opening->owner;
	struct tenant_answer good = { .retry_after_ms = -1, .total = -1 };

	*opening->traits = profile_traits(opening->profile);
	if (is_unknown(answer))
		log_debug("tenant: no ServiceProviderConfig; taking PATCH and filters to work");
	else if (answer->status == STATUS_OK && http != NULL)
		refine_by_body(opening->traits, http->body);
	else if (answer->status != STATUS_OK)
		good = *answer;
	free(opening);
	if (owner.watch != NULL)
		owner.watch(owner.context, &good, http);
	else
		owner.callback(owner.context, &good);
}

struct tenant_call *profile_open(struct client *client, enum tenant_profile profile,
    struct tenant_traits *traits, const struct client_owner *owner)
{
	static const struct client_request nothing = { .answer = CLIENT_BODY_ANY };
	static const struct client_request ask = {
		.method = SPAN_INIT("GET"),
		.path = SPAN_INIT("/ServiceProviderConfig"),
		.answer = CLIENT_BODY_ANY,
	};
	struct opening *opening = mem_new(1, sizeof(*opening));

	*opening = (struct opening) { traits, profile, *owner };
	return client_start(client, profile == TENANT_ANAPLAN ? &nothing : &ask,
	    &(struct client_owner) { .watch = on_opened, .context = opening });
}

void profile_describe(const struct tenant_traits *traits, struct str *out)
{
	str_addf(out, "%s, %s, pages of %zu", traits->can_patch ? "PATCH" : "PUT instead of PATCH",
	    traits->can_filter ? "filters" : "no filters", traits->page_size);
	if (traits->workspace_max > 0)
		str_addf(out, ", at most %zu workspaces an account", traits->workspace_max);
}
