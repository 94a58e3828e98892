/* SPDX-License-Identifier: ISC */
/*
 * Wires transport, credential and client together and gives them the shape of the ports.
 */
#include "scim/tenant.h"

#include "base/vec.h"
#include "scim/auth.h"
#include "scim/check.h"
#include "scim/client.h"
#include "scim/codec_encode.h"
#include "scim/http_curl.h"
#include "scim/profile.h"
#include "scim/settings.h"
#include "scim/tenant_p.h"
#include <assert.h>
#include <stdlib.h>

struct tenant_writer {
	struct account_writer port;
	struct client *client;
};

/* `reader` comes first: the port is turned back into the tenant. */
struct tenant {
	struct account_reader reader;
	struct account_encoder encoder;
	struct tenant_writer *writer; /* NULL: never asked for */
	struct loop *loop;
	struct tenant_settings settings;
	struct tenant_counters counters;
	struct http *http;
	struct auth *auth;
	struct client *client;
	struct tenant_check *check; /* the last one; NULL: none */
};

static struct tenant *tenant_of(struct account_reader *reader)
{
	return (struct tenant *)reader;
}

/* --- reading ------------------------------------------------------------------------------ */

static struct tenant_call *open_tenant(
    struct account_reader *reader, tenant_callback *callback, void *context)
{
	struct tenant *tenant = tenant_of(reader);

	return profile_open(tenant->client, tenant->settings.profile, &reader->traits,
	    &(struct client_owner) { .callback = callback, .context = context });
}

static struct tenant_call *list(
    struct account_reader *reader, int64_t start, tenant_callback *callback, void *context)
{
	struct str path = { 0 };
	struct client_request request = {
		.method = SPAN("GET"), .answer = CLIENT_BODY_LIST, .list_start = start
	};
	struct tenant_call *call;

	encode_list_path(&path, start, reader->traits.page_size);
	request.path = str_span(&path);
	call = client_start(tenant_of(reader)->client, &request,
	    &(struct client_owner) { .callback = callback, .context = context });
	str_done(&path);
	return call;
}

static struct tenant_call *find(struct account_reader *reader, struct span external_id,
    struct span user_name, tenant_callback *callback, void *context)
{
	struct client_owner owner = { .callback = callback, .context = context };
	struct client_request request = {
		.method = SPAN("GET"), .answer = CLIENT_BODY_LIST, .list_start = 1
	};
	struct str path = { 0 };
	struct tenant_call *call;

	if (!reader->traits.can_filter)
		return client_settle(tenant_of(reader)->client, STATUS_REJECT,
		    "the tenant says that it has no filters, so an account cannot be looked up",
		    &owner);
	encode_find_path(&path, external_id, user_name, reader->traits.page_size);
	request.path = str_span(&path);
	call = client_start(tenant_of(reader)->client, &request, &owner);
	str_done(&path);
	return call;
}

static struct tenant_call *get(
    struct account_reader *reader, struct span id, tenant_callback *callback, void *context)
{
	struct str path = { 0 };
	struct client_request request = { .method = SPAN("GET"), .answer = CLIENT_BODY_ACCOUNT };
	struct tenant_call *call;

	encode_user_path(&path, id);
	request.path = str_span(&path);
	call = client_start(tenant_of(reader)->client, &request,
	    &(struct client_owner) { .callback = callback, .context = context });
	str_done(&path);
	return call;
}

/*
 * SCIM has no list of workspaces; Anaplan's Integration API has, on the same host.  Where a URL of
 * one's own leads past "/scim/", nobody knows where that is.
 */
static struct tenant_call *workspaces(
    struct account_reader *reader, int64_t start, tenant_callback *callback, void *context)
{
	struct tenant *tenant = tenant_of(reader);
	struct client_owner owner = { .callback = callback, .context = context };
	const char *scim = strstr(tenant->settings.url, "/scim/");
	struct client_request request = {
		.method = SPAN("GET"), .answer = CLIENT_BODY_WORKSPACES, .is_optional = true
	};
	struct str path = { 0 };
	struct tenant_call *call;

	if (!reader->traits.can_show_workspaces || scim == NULL)
		return client_settle(tenant->client, STATUS_REJECT,
		    scim == NULL ? "tenant.url holds no \"/scim/\", so that nobody knows where its "
				   "list of workspaces is"
				 : "SCIM has no list of workspaces",
		    &owner);
	encode_workspaces_path(&path, start);
	request.base =
	    (struct span) { tenant->settings.url, (size_t)(scim - tenant->settings.url) };
	request.path = str_span(&path);
	call = client_start(tenant->client, &request, &owner);
	str_done(&path);
	return call;
}

static struct tenant_call *close_tenant(
    struct account_reader *reader, tenant_callback *callback, void *context)
{
	return client_close(tenant_of(reader)->client,
	    &(struct client_owner) { .callback = callback, .context = context });
}

static void check(struct account_reader *reader, check_callback *callback, void *context)
{
	struct tenant *tenant = tenant_of(reader);
	struct check_input input = { tenant->loop, tenant->http, tenant->client, tenant->auth,
		&tenant->settings, &reader->traits };

	tenant_check_free(&tenant->check);
	tenant->check = tenant_check_start(&input, callback, context);
}

static void cancel_reading(struct account_reader *reader, struct tenant_call *call)
{
	client_cancel(tenant_of(reader)->client, call);
}

static bool must_open(const struct account_reader *reader)
{
	return auth_must_open(((const struct tenant *)reader)->auth);
}

static const struct account_reader_vtable reader_vtable = { open_tenant, list, find, get,
	workspaces, close_tenant, check, cancel_reading, must_open };

/* --- encoding and writing ----------------------------------------------------------------- */

static enum status encode(const struct account_encoder *encoder, const struct encode_input *input,
    struct arena *arena, struct tenant_request *ret_request, struct err *reterr)
{
	return encode_change(encoder->traits, input, arena, ret_request, reterr);
}

static struct tenant_call *send_request(struct account_writer *writer,
    const struct tenant_request *tenant_request, tenant_callback *callback, void *context)
{
	struct client_request request = {
		.method = tenant_request->method,
		.path = tenant_request->path,
		.body = tenant_request->body,
		.answer = CLIENT_BODY_ACCOUNT,
		.is_write = true,
	};

	assert(request.method.len > 0 && request.path.len > 0 && request.path.at[0] == '/');
	return client_start(((struct tenant_writer *)writer)->client, &request,
	    &(struct client_owner) { .callback = callback, .context = context });
}

static void cancel_writing(struct account_writer *writer, struct tenant_call *call)
{
	client_cancel(((struct tenant_writer *)writer)->client, call);
}

/* --- the tenant --------------------------------------------------------------------------- */

static void wire(struct tenant *tenant, struct http *http)
{
	struct auth_input auth = { tenant->loop, http, &tenant->settings, &tenant->counters };
	struct client_input client;

	tenant->http = http;
	tenant->auth = auth_new(&auth);
	auth_tell_self(tenant->auth, &tenant->reader.self);
	client = (struct client_input) { tenant->loop, http, tenant->auth, &tenant->settings,
		&tenant->counters };
	tenant->client = client_new(&client);
	tenant->reader.vtable = &reader_vtable;
	tenant->reader.traits = profile_traits(tenant->settings.profile);
	tenant->encoder = (struct account_encoder) { encode, &tenant->reader.traits };
}

enum status tenant_new_on(struct loop *loop, const struct tenant_settings *settings,
    struct http *http, struct tenant **ret_tenant, struct err *reterr)
{
	struct tenant *tenant;
	enum status status = settings_check(settings, reterr);

	if (status != STATUS_OK) {
		http_free(&http);
		return status;
	}
	tenant = mem_new(1, sizeof(*tenant));
	tenant->loop = loop;
	tenant->settings = settings_complete(settings);
	wire(tenant, http);
	*ret_tenant = tenant;
	return STATUS_OK;
}

enum status tenant_new(struct loop *loop, const struct tenant_settings *settings,
    struct tenant **ret_tenant, struct err *reterr)
{
	struct tenant_settings complete = settings_complete(settings);
	struct http_curl_settings http = { complete.ca_file, complete.proxy, complete.concurrency,
		complete.answer_max_bytes };

	return tenant_new_on(loop, settings, http_curl_new(loop, &http), ret_tenant, reterr);
}

void tenant_free(struct tenant **tenant)
{
	if (*tenant == NULL)
		return;
	client_free(&(*tenant)->client);
	auth_free(&(*tenant)->auth);
	http_free(&(*tenant)->http);
	tenant_check_free(&(*tenant)->check);
	free((*tenant)->writer);
	free(*tenant);
	*tenant = NULL;
}

enum status tenant_check_settings(const struct tenant_settings *settings, struct err *reterr)
{
	return settings_check(settings, reterr);
}

size_t tenant_urls(const struct tenant_settings *settings, const char *ret_urls[TENANT_URLS_MAX])
{
	const char *auth = auth_settings_url(settings);

	ret_urls[0] = settings->url;
	ret_urls[1] = auth;
	return auth == NULL ? 1 : 2;
}

struct account_reader *tenant_reader(struct tenant *tenant)
{
	return &tenant->reader;
}

const struct account_encoder *tenant_encoder(struct tenant *tenant)
{
	return &tenant->encoder;
}

struct account_writer *tenant_writer(struct tenant *tenant)
{
	if (tenant->writer == NULL) {
		tenant->writer = mem_new(1, sizeof(*tenant->writer));
		tenant->writer->port = (struct account_writer) { send_request, cancel_writing };
		tenant->writer->client = tenant->client;
	}
	return &tenant->writer->port;
}

struct tenant_counters tenant_counters(const struct tenant *tenant)
{
	return tenant->counters;
}
