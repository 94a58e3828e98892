// SPDX-License-Identifier: ISC
#include "discovery.h"

#include "resource.h"

#include <string.h>

static const char service_provider_config[] =
    "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig\"],"
    "\"documentationUrl\":\"https://help.example/scim\","
    "\"patch\":{\"supported\":false},"
    "\"bulk\":{\"supported\":false,\"maxOperations\":1000,\"maxPayloadSize\":1048576},"
    "\"filter\":{\"supported\":false,\"maxResults\":200},"
    "\"changePassword\":{\"supported\":false},\"sort\":{\"supported\":false},"
    "\"etag\":{\"supported\":false},"
    "\"authenticationSchemes\":[{\"name\":\"OAuth Bearer Token\",\"type\":\"oauthbearertoken\","
    "\"description\":\"Authentication with the OAuth Bearer Token standard\","
    "\"specUrl\":\"http://www.rfc-editor.org/info/rfc6750\",\"primary\":true}],"
    "\"meta\":{\"resourceType\":\"ServiceProviderConfig\","
    "\"location\":\"http://localhost:8090/scim/1/0/v2/ServiceProviderConfig\"}}";

static const char resource_types[] =
    "{\"totalResults\":1,\"itemsPerPage\":1,\"startIndex\":1,"
    "\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:ListResponse\"],"
    "\"Resources\":[{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:ResourceType\"],"
    "\"id\":\"User\",\"name\":\"User\",\"endpoint\":\"/Users\",\"description\":\"User Account\","
    "\"schema\":\"" RESOURCE_SCHEMA_USER "\","
    "\"meta\":{\"resourceType\":\"ResourceType\","
    "\"location\":\"http://localhost:8090/scim/1/0/v2/ResourceTypes/User\"}}]}";

struct attribute {
	const char *name;
	const char *type;
	const char *parent; /* NULL: top level */
	bool is_multiple;
	bool is_required;
	const char *mutability;
	const char *uniqueness;
};

/* Parents stand before their parts. */
static const struct attribute attributes[] = {
	{ "id", "string", NULL, false, true, "readOnly", "server" },
	{ "externalId", "string", NULL, false, false, "readWrite", "none" },
	{ "userName", "string", NULL, false, true, "readOnly", "server" },
	{ "name", "complex", NULL, false, true, "readWrite", "none" },
	{ "givenName", "string", "name", false, true, "readWrite", "none" },
	{ "familyName", "string", "name", false, true, "readWrite", "none" },
	{ "formatted", "string", "name", false, false, "readOnly", "none" },
	{ "displayName", "string", NULL, false, false, "readOnly", "none" },
	{ "active", "boolean", NULL, false, false, "readWrite", "none" },
	{ "entitlements", "complex", NULL, true, false, "readWrite", "none" },
	{ "value", "string", "entitlements", false, false, "readWrite", "none" },
	{ "display", "string", "entitlements", false, false, "readWrite", "none" },
	{ "type", "string", "entitlements", false, false, "readOnly", "none" },
	{ "primary", "boolean", "entitlements", false, false, "readOnly", "none" },
	{ "emails", "complex", NULL, true, false, "readWrite", "none" },
	{ "value", "string", "emails", false, false, "readWrite", "none" },
	{ "type", "string", "emails", false, false, "readOnly", "none" },
	{ "primary", "boolean", "emails", false, false, "readOnly", "none" },
};

static json_t *attribute_show(const struct attribute *attribute)
{
	return json_pack("{s:s, s:s, s:b, s:b, s:b, s:s, s:s, s:s}", "name", attribute->name,
	    "type", attribute->type, "multiValued", attribute->is_multiple, "required",
	    attribute->is_required, "caseExact", 0, "mutability", attribute->mutability, "returned",
	    "default", "uniqueness", attribute->uniqueness);
}

static json_t *attribute_find(json_t *list, const char *name)
{
	size_t i;
	json_t *shown;
	json_array_foreach(list, i, shown)
	{
		if (strcmp(json_string_value(json_object_get(shown, "name")), name) == 0)
			return shown;
	}
	return NULL;
}

static json_t *schemas_show(void)
{
	json_t *list = json_array();
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		json_t *shown = attribute_show(&attributes[i]);
		if (!attributes[i].parent) {
			json_array_append_new(list, shown);
			continue;
		}
		json_t *parent = attribute_find(list, attributes[i].parent);
		if (!json_object_get(parent, "subAttributes"))
			json_object_set_new(parent, "subAttributes", json_array());
		json_array_append_new(json_object_get(parent, "subAttributes"), shown);
	}
	return json_pack("{s:i, s:i, s:i, s:[s], s:[{s:[s], s:s, s:s, s:s, s:o}]}", "totalResults",
	    1, "itemsPerPage", 1, "startIndex", 1, "schemas",
	    "urn:ietf:params:scim:api:messages:2.0:ListResponse", "Resources", "schemas",
	    "urn:ietf:params:scim:schemas:core:2.0:Schema", "id", RESOURCE_SCHEMA_USER, "name",
	    "User", "description", "User Account", "attributes", list);
}

json_t *discovery_document(const char *path)
{
	if (strcmp(path, "/ServiceProviderConfig") == 0)
		return json_loads(service_provider_config, 0, NULL);
	if (strcmp(path, "/ResourceTypes") == 0)
		return json_loads(resource_types, 0, NULL);
	if (strcmp(path, "/Schemas") == 0)
		return schemas_show();
	return NULL;
}
