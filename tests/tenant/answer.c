// SPDX-License-Identifier: ISC
#include "answer.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

void answer_done(struct answer *answer)
{
	free(answer->body);
	free(answer->location);
	free(answer->retry_after);
	*answer = (struct answer) { 0 };
}

void answer_json(struct answer *answer, unsigned status, const char *content_type, json_t *json)
{
	answer_done(answer);
	answer->status = status;
	answer->content_type = content_type;
	answer->body = json_dumps(json, JSON_COMPACT);
	answer->size_bytes = answer->body ? strlen(answer->body) : 0;
	json_decref(json);
}

void answer_text(struct answer *answer, unsigned status, const char *content_type, const char *text)
{
	answer_done(answer);
	answer->status = status;
	answer->content_type = content_type;
	answer->body = text_copy(text);
	answer->size_bytes = strlen(text);
}

void answer_error(struct answer *answer, unsigned status, const char *scim_type, const char *detail)
{
	char *shown = text_format("%u", status == 403 ? 404 : status);
	json_t *error = json_pack("{s:[s], s:s, s:s}", "schemas",
	    "urn:ietf:params:scim:api:messages:2.0:Error", "detail", detail, "status", shown);
	if (scim_type)
		json_object_set_new(error, "scimType", json_string(scim_type));
	free(shown);
	answer_json(answer, status, ANSWER_SCIM, error);
}
