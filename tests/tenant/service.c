// SPDX-License-Identifier: ISC
#include "service.h"

#include "memory.h"
#include "resource.h"

#include <stdlib.h>
#include <string.h>

static void answer_html(struct answer *answer, unsigned status)
{
	char *title = text_format("%u", status);
	char *body = text_format(
	    "<html><head><title>%s</title></head><body><center><h1>%s</h1></center>"
	    "<hr><center>gateway</center></body></html>\n",
	    title, title);
	answer_text(answer, status, "text/html", body);
	free(title);
	free(body);
}

static void answer_unauthorized(struct answer *answer, enum auth_verdict verdict)
{
	if (verdict == AUTH_MISSING)
		answer_error(answer, 401, NULL, "Authentication is required");
	else
		answer_error(answer, 403, NULL, "The user must be a User Administrator");
}

static void route(struct simulator *simulator, const struct request *request,
    enum fault_kind mishap, struct answer *answer)
{
	if (auth_has_path(request->path)) {
		auth_answer(simulator->auth, request, answer);
		return;
	}
	bool is_scim = text_begins(request->path, RESOURCE_BASE "/");
	bool is_workspaces = strcmp(request->path, "/2/0/workspaces") == 0;
	enum auth_verdict verdict = auth_judge(simulator->auth, request->authorization);
	if (!is_scim && !is_workspaces)
		answer_error(answer, 404, NULL, "There is no such endpoint");
	else if (is_scim && (verdict == AUTH_GOOD || scim_is_discovery(request->path)))
		scim_answer(&simulator->scim, request, mishap, answer);
	else if (is_scim || verdict == AUTH_MISSING)
		answer_unauthorized(answer, verdict);
	else
		answer_json(
		    answer, 200, ANSWER_JSON, workspaces_json(&simulator->options->workspaces));
}

static void answer_fault_status(
    const struct fault_hit *hit, const struct request *request, struct answer *answer)
{
	bool is_gateway = hit->status >= 502 && hit->status <= 504;
	if (is_gateway)
		answer_html(answer, hit->status);
	else if (auth_has_path(request->path))
		auth_answer_error(answer, hit->status, "Injected");
	else
		answer_error(answer, hit->status, hit->status == 409 ? "uniqueness" : NULL,
		    "The service cannot do that now");
	answer->retry_after = text_copy(hit->retry_after);
}

static void answer_wrong_shape(struct answer *answer)
{
	unsigned status = answer->status;
	answer_json(answer, status, ANSWER_SCIM,
	    json_pack("{s:i, s:i, s:[s], s:[], s:s, s:s, s:{}, s:[]}", "schemas", 7, "id", 42,
		"userName", "x", "name", "active", "perhaps", "totalResults", "many", "Resources",
		"tokenInfo"));
}

/* What a fault makes of an answer that is ready. */
static void spoil(const struct fault_hit *hit, struct outcome *outcome)
{
	switch (hit->kind) {
	case FAULT_RESET:
		outcome->delivery = DELIVER_RESET;
		break;
	case FAULT_LOST:
	case FAULT_NEVER:
		outcome->delivery = DELIVER_CLOSE;
		break;
	case FAULT_CUT:
		outcome->delivery = DELIVER_CUT;
		break;
	case FAULT_TOO_LARGE:
		outcome->delivery = DELIVER_ENDLESS;
		outcome->size_bytes = hit->size_bytes;
		break;
	case FAULT_NOT_JSON:
		answer_html(&outcome->answer, outcome->answer.status);
		break;
	case FAULT_WRONG_SHAPE:
		answer_wrong_shape(&outcome->answer);
		break;
	case FAULT_NONE:
	case FAULT_STATUS:
	case FAULT_SLOW:
	case FAULT_PARTIAL:
	case FAULT_WRONG_ENTITLEMENTS:
	case FAULT_EXPIRE_TOKENS:
	case FAULT_OAUTH_ERROR:
		break;
	}
}

void service_handle(
    struct simulator *simulator, const struct request *request, struct outcome *ret_outcome)
{
	*ret_outcome = (struct outcome) { 0 };
	struct fault_hit hit;
	faults_take(simulator->faults, request->method, request->path, &hit);
	if (hit.kind == FAULT_EXPIRE_TOKENS)
		auth_expire_all(simulator->auth);
	bool does_nothing = hit.kind == FAULT_RESET || (hit.kind == FAULT_NEVER && !hit.writes);
	if (hit.kind == FAULT_STATUS)
		answer_fault_status(&hit, request, &ret_outcome->answer);
	else if (hit.kind == FAULT_OAUTH_ERROR)
		answer_json(
		    &ret_outcome->answer, 400, ANSWER_JSON, json_pack("{s:s}", "error", hit.name));
	else if (!does_nothing)
		route(simulator, request, hit.kind, &ret_outcome->answer);
	spoil(&hit, ret_outcome);
	ret_outcome->delay_ms = hit.delay_ms;
	bool is_answered = ret_outcome->delivery != DELIVER_CLOSE &&
			   ret_outcome->delivery != DELIVER_RESET;
	log_add(simulator->log, request, is_answered ? ret_outcome->answer.status : 0,
	    hit.name[0] || !hit.delay_ms ? hit.name : "slow");
	fault_hit_done(&hit);
}
