/* SPDX-License-Identifier: ISC */
/* Itself, and the look at the tenant; first_look_directory.c has the directory's. */
#include "app/first_look.h"

#include "base/unicode.h"
#include "base/vec.h"
#include <stdlib.h>

enum { WORKSPACES_MAX = 500 };

struct first_look *first_look_new(struct loop *loop)
{
	struct first_look *look = mem_new(1, sizeof(*look));

	look->loop = loop;
	look->arena = arena_new();
	look->set = attribute_set_new();
	look->survey = survey_new(look->set);
	look->account_total = -1;
	survey_propose(look->survey, look->arena, &look->proposal);
	return look;
}

void first_look_free(struct first_look **look)
{
	struct first_look *gone = *look;

	*look = NULL;
	if (gone == NULL)
		return;
	survey_free(&gone->survey);
	attribute_set_free(&gone->set);
	arena_free(&gone->arena);
	free(gone->workspaces);
	free(gone->groups);
	free(gone);
}

/* ---- the tenant ---- */

/* One call, until it is answered. */
struct question {
	struct first_look *look;
	enum status status;
	size_t count; /* of what the answer listed */
	struct err err;
};

static struct first_look_workspace *find_workspace(struct first_look *look, struct span id)
{
	struct first_look_workspace *workspace;

	for (size_t i = 0; i < look->workspace_count; i++)
		if (span_equal_ascii_case(look->workspaces[i].id, id))
			return &look->workspaces[i];
	if (look->workspace_count == WORKSPACES_MAX)
		return NULL;
	workspace = vec_push((void **)&look->workspaces, &look->workspace_count,
	    &look->workspace_cap, sizeof(*workspace));
	workspace->id = arena_span(look->arena, id);
	workspace->group = FIRST_LOOK_NO_GROUP;
	return workspace;
}

/* A key belongs to somebody; these are who it could be. */
static void note_owner(struct first_look *look, struct span user_name)
{
	static const char *const signs[] = { "scim", "svc", "service", "integration", "robot",
		"admin" };
	struct str low = { 0 };

	if (look->owner_count < FIRST_LOOK_OWNERS_MAX && user_name.len > 0 &&
	    utf8_lower(user_name, &low))
		for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
			if (strstr(str_c(&low), signs[i]) != NULL) {
				look->owners[look->owner_count++] = arena_span(
				    look->arena, user_name);
				break;
			}
	str_done(&low);
}

static void take_account(struct first_look *look, const struct observed *account)
{
	survey_note_account(look->survey, account);
	note_owner(look, account->account.text[ACCOUNT_USER_NAME]);
	for (size_t i = 0; i < account->account.workspace_count; i++) {
		struct first_look_workspace *workspace = find_workspace(
		    look, account->account.workspaces[i]);

		if (workspace != NULL)
			workspace->accounts++;
	}
}

static void on_answer(void *context, const struct tenant_answer *answer)
{
	struct question *question = context;
	struct first_look *look = question->look;

	question->status = answer->status;
	if (answer->status != STATUS_OK)
		err_set(&question->err, "%.*s", SPAN_ARG(answer->error));
	for (size_t i = 0; i < answer->account_count; i++)
		take_account(look, &answer->accounts[i]);
	if (answer->account_count > 0)
		look->account_total = answer->total;
	for (size_t i = 0; i < answer->workspace_count; i++) {
		struct first_look_workspace *workspace = find_workspace(
		    look, answer->workspaces[i]);

		if (workspace != NULL && answer->workspace_names != NULL &&
		    answer->workspace_names[i].len > 0)
			workspace->name = arena_span(look->arena, answer->workspace_names[i]);
	}
	question->count = answer->account_count + answer->workspace_count;
	loop_stop(look->loop);
}

static enum status read_accounts(struct question *question, struct account_reader *reader)
{
	int64_t start = 1;

	do {
		reader->vtable->list(reader, start, on_answer, question);
		loop_run(question->look->loop);
		start += (int64_t)question->count;
	} while (question->status == STATUS_OK && question->count > 0 &&
		 start <= FIRST_LOOK_ACCOUNTS_MAX &&
		 (question->look->account_total < 0 || start <= question->look->account_total));
	return question->status;
}

static void read_workspaces(struct question *question, struct account_reader *reader)
{
	size_t before, start = 0;

	do {
		before = question->look->workspace_count;
		reader->vtable->workspaces(reader, (int64_t)start, on_answer, question);
		loop_run(question->look->loop);
		start += question->count;
	} while (question->status == STATUS_OK && question->count > 0 &&
		 question->look->workspace_count > before);
	if (question->status != STATUS_OK)
		question->look->workspaces_why = arena_span(
		    question->look->arena, span_of(question->err.text));
}

static enum status read_tenant(struct question *question, struct account_reader *reader)
{
	struct first_look *look = question->look;

	reader->vtable->open(reader, on_answer, question);
	loop_run(look->loop);
	if (question->status == STATUS_OK)
		read_accounts(question, reader);
	if (question->status != STATUS_OK)
		return question->status;
	read_workspaces(question, reader);
	look->own_user = arena_span(look->arena, reader->self.user_name);
	reader->vtable->close(reader, on_answer, question);
	loop_run(look->loop);
	look->has_tenant = true;
	return STATUS_OK;
}

/* Of a look that failed in the middle. */
static void forget_tenant(struct first_look *look)
{
	survey_free(&look->survey);
	look->survey = survey_new(look->set);
	look->workspace_count = look->owner_count = 0;
	look->account_total = -1;
	look->workspaces_why = SPAN_NULL;
}

enum status first_look_tenant(
    struct first_look *look, const struct tenant_settings *settings, struct err *reterr)
{
	struct question question = { .look = look };
	struct tenant *tenant = NULL;
	enum status status = tenant_new(look->loop, settings, &tenant, reterr);

	if (status != STATUS_OK)
		return status;
	forget_tenant(look);
	status = read_tenant(&question, tenant_reader(tenant));
	if (status != STATUS_OK)
		err_set(reterr, "%s", question.err.text);
	tenant_free(&tenant);
	survey_propose(look->survey, look->arena, &look->proposal);
	return status;
}
