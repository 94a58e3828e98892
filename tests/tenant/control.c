// SPDX-License-Identifier: ISC
#include "control.h"

#include "memory.h"
#include "oauth.h"
#include "resource.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool control_has_path(const char *path)
{
	return text_begins(path, "/_");
}

static void answer_mistake(struct answer *answer, unsigned status, const char *mistake)
{
	answer_json(answer, status, ANSWER_JSON, json_pack("{s:s}", "error", mistake));
}

/* Adds a user from its plain form, keeping its id and times if it has them. */
static const char *add_plain(struct simulator *simulator, const json_t *plain)
{
	struct account account = { .is_active = true };
	const char *mistake = "userName is missing or a workspace is unknown";
	if (resource_read_plain(plain, &simulator->options->workspaces, &account)) {
		const char *id = json_string_value(json_object_get(plain, "id"));
		struct user *user = store_insert(simulator->store, &account, id);
		const json_t *created = json_object_get(plain, "created");
		const json_t *modified = json_object_get(plain, "lastModified");
		if (user && json_is_integer(created))
			user->created_ms = json_integer_value(created);
		if (user && json_is_integer(modified))
			user->modified_ms = json_integer_value(modified);
		mistake = user ? NULL : "the userName or the id is in use";
	}
	account_done(&account);
	return mistake;
}

static bool load_lines(struct simulator *simulator, FILE *file)
{
	char *line = NULL;
	size_t room = 0;
	long number = 0;
	const char *mistake = NULL;
	while (!mistake && getline(&line, &room, file) > 0) {
		number++;
		json_t *plain = json_loads(line, 0, NULL);
		mistake = plain ? add_plain(simulator, plain) : "not JSON";
		json_decref(plain);
	}
	free(line);
	if (mistake)
		fprintf(stderr, "tenant-simulator: %s:%ld: %s\n", simulator->options->state_file,
		    number, mistake);
	return !mistake;
}

bool control_fill(struct simulator *simulator)
{
	const struct options *options = simulator->options;
	bool is_good = true;
	FILE *file = options->state_file ? fopen(options->state_file, "r") : NULL;
	if (file) {
		is_good = load_lines(simulator, file);
		fclose(file);
	}
	store_fill(simulator->store, &options->workspaces, (size_t)options->user_count);
	return is_good;
}

bool control_save(const struct simulator *simulator)
{
	const char *path = simulator->options->state_file;
	FILE *file = path ? fopen(path, "w") : NULL;
	for (size_t i = 0; file && i < store_count(simulator->store); i++) {
		json_t *plain = resource_show_plain(
		    store_at(simulator->store, i), &simulator->options->workspaces);
		json_dumpf(plain, file, JSON_COMPACT);
		fputc('\n', file);
		json_decref(plain);
	}
	if (path && (!file || fclose(file) != 0)) {
		fprintf(stderr, "tenant-simulator: cannot write %s: %s\n", path, strerror(errno));
		return false;
	}
	return true;
}

static void control_faults(
    struct simulator *simulator, const struct request *request, struct answer *answer)
{
	const char *mistake = NULL;
	bool is_post = strcmp(request->method, "POST") == 0;
	if (is_post)
		mistake = faults_ask(simulator->faults, request->json);
	else if (strcmp(request->method, "DELETE") == 0)
		faults_clear(simulator->faults);
	if (mistake)
		answer_mistake(answer, 400, mistake);
	else
		answer_json(
		    answer, is_post ? 201 : 200, ANSWER_JSON, faults_list(simulator->faults));
}

static void control_log(
    struct simulator *simulator, const struct request *request, struct answer *answer)
{
	long since = 0;
	if (request->since && (!text_to_number(request->since, &since) || since < 0))
		answer_mistake(answer, 400, "since must be a number");
	else
		answer_json(answer, 200, ANSWER_JSON, log_show(simulator->log, (uint64_t)since));
}

static void control_stats(struct simulator *simulator, struct answer *answer)
{
	const struct traffic *traffic = &simulator->traffic;
	json_t *stats = log_show_counts(simulator->log);
	json_t *more = json_pack("{s:I, s:I, s:I, s:I, s:I}", "users",
	    (json_int_t)store_count(simulator->store), "tokens",
	    (json_int_t)auth_count_live(simulator->auth), "inFlight", (json_int_t)traffic->count,
	    "mostInFlight", (json_int_t)traffic->most, "sameAccountInFlight",
	    (json_int_t)traffic->overlaps);
	json_object_update(stats, more);
	json_decref(more);
	answer_json(answer, 200, ANSWER_JSON, stats);
}

static void control_reset(struct simulator *simulator, struct answer *answer)
{
	faults_clear(simulator->faults);
	auth_reset(simulator->auth);
	log_clear(simulator->log);
	traffic_reset(&simulator->traffic);
	store_clear(simulator->store);
	simulator->scim.list_count = 0;
	control_fill(simulator);
	control_stats(simulator, answer);
}

static void control_device(
    struct simulator *simulator, const struct request *request, struct answer *answer)
{
	const char *mistake = oauth_decide(auth_oauth(simulator->auth), request->json);
	if (mistake)
		answer_mistake(answer, 400, mistake);
	else
		answer_json(answer, 200, ANSWER_JSON, json_object());
}

static void control_expire(struct simulator *simulator, struct answer *answer)
{
	auth_expire_all(simulator->auth);
	oauth_expire_all(auth_oauth(simulator->auth));
	control_stats(simulator, answer);
}

static int by_user_name(const void *left, const void *right)
{
	return strcmp((*(struct user *const *)left)->keys[STORE_BY_USER_NAME],
	    (*(struct user *const *)right)->keys[STORE_BY_USER_NAME]);
}

static void list_plain(struct simulator *simulator, struct answer *answer)
{
	size_t count = store_count(simulator->store);
	struct user **users = memory_new(count, sizeof(struct user *));
	for (size_t i = 0; i < count; i++)
		users[i] = store_at(simulator->store, i);
	qsort(users, count, sizeof(struct user *), by_user_name);
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(
		    list, resource_show_plain(users[i], &simulator->options->workspaces));
	free(users);
	answer_json(answer, 200, ANSWER_JSON, list);
}

static void add_plain_users(
    struct simulator *simulator, const struct request *request, struct answer *answer)
{
	const char *mistake = NULL;
	size_t i;
	json_t *plain;
	if (!json_is_array(request->json))
		mistake = add_plain(simulator, request->json);
	json_array_foreach(request->json, i, plain)
	{
		if (!mistake)
			mistake = add_plain(simulator, plain);
	}
	if (mistake)
		answer_mistake(answer, 400, mistake);
	else
		list_plain(simulator, answer);
}

static void change_plain(struct simulator *simulator, struct user *user,
    const struct request *request, struct answer *answer)
{
	const struct workspaces *all = &simulator->options->workspaces;
	struct account account;
	account_copy(&account, &user->account);
	if (!resource_read_plain(request->json, all, &account))
		answer_mistake(answer, 400, "userName is missing or a workspace is unknown");
	else if (!store_update(simulator->store, user, &account))
		answer_mistake(answer, 409, "the userName is in use");
	else
		answer_json(answer, 200, ANSWER_JSON, resource_show_plain(user, all));
	account_done(&account);
}

static void control_users(
    struct simulator *simulator, const struct request *request, struct answer *answer)
{
	bool is_list = strcmp(request->path, "/_users") == 0;
	struct user *user = NULL;
	if (!is_list && text_begins(request->path, "/_users/"))
		user = store_find(simulator->store, STORE_BY_ID, request->path + 8);
	if (is_list && strcmp(request->method, "GET") == 0) {
		list_plain(simulator, answer);
	} else if (is_list && strcmp(request->method, "POST") == 0) {
		add_plain_users(simulator, request, answer);
	} else if (!user) {
		answer_mistake(answer, 404, "there is no such user");
	} else if (strcmp(request->method, "PUT") == 0) {
		change_plain(simulator, user, request, answer);
	} else if (strcmp(request->method, "DELETE") == 0) {
		store_remove(simulator->store, user);
		list_plain(simulator, answer);
	} else {
		answer_json(answer, 200, ANSWER_JSON,
		    resource_show_plain(user, &simulator->options->workspaces));
	}
}

void control_answer(
    struct simulator *simulator, const struct request *request, struct answer *ret_answer)
{
	const char *path = request->path;
	if (strcmp(path, "/_control") == 0)
		control_faults(simulator, request, ret_answer);
	else if (strcmp(path, "/_log") == 0)
		control_log(simulator, request, ret_answer);
	else if (strcmp(path, "/_stats") == 0)
		control_stats(simulator, ret_answer);
	else if (strcmp(path, "/_reset") == 0 && strcmp(request->method, "POST") == 0)
		control_reset(simulator, ret_answer);
	else if (strcmp(path, "/_device") == 0 && strcmp(request->method, "POST") == 0)
		control_device(simulator, request, ret_answer);
	else if (strcmp(path, "/_expire") == 0 && strcmp(request->method, "POST") == 0)
		control_expire(simulator, ret_answer);
	else if (text_begins(path, "/_users"))
		control_users(simulator, request, ret_answer);
	else
		answer_mistake(ret_answer, 404, "there is no such control endpoint");
}
