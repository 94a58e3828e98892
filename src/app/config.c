/* SPDX-License-Identifier: ISC */
/*
 * Reading a configuration: join the files, have libconfig parse them, fill the draft, check it.
 */
#include "app/config_p.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* Includes are in their place already; should libconfig see one all the same, it finds nothing. */
#define NO_DIRECTORY "/dev/null"

/* Groups are numbered by the workspaces before directories take the list. */
static void check_all(struct config_reader *reader)
{
	config_check_workspaces(reader);
	config_check_directories(reader);
	config_check_tenant(reader);
	config_check_mapping(reader);
	config_check_policy(reader);
	config_check_rest(reader);
}

/* What is where when the file does not say; NULL: as the table has it, or nowhere. */
struct places {
	const char *state_directory, *control_path;
};

static struct config *read_tree(
    const struct config_source *source, const config_t *library, const struct places *places)
{
	struct arena *arena = arena_new();
	struct config_reader reader = { .arena = arena,
		.draft = arena_alloc(arena, sizeof(struct draft)),
		.source = source,
		.faults = source->faults,
		.root = config_root_setting(library),
		.state_directory = places->state_directory,
		.control_path = places->control_path };

	reader.draft->config.arena = arena;
	config_read_tree(&reader);
	check_all(&reader);
	config_digest_draft(reader.draft);
	return &reader.draft->config;
}

/* @return owned; NULL when the syntax is wrong */
static struct config *read_source(const struct config_source *source, const struct places *places)
{
	struct config *config = NULL;
	config_t library;

	config_init(&library);
	config_set_include_dir(&library, NO_DIRECTORY);
	if (config_read_string(&library, str_c(&source->text)) == CONFIG_TRUE)
		config = read_tree(source, &library, places);
	else
		config_syntax_pass_on(source, &library);
	config_destroy(&library);
	return config;
}

static enum status finish(
    struct config_source *source, const struct places *places, struct config **ret_config)
{
	struct config *config = NULL;

	if (!source->is_broken && config_syntax_check(source))
		config = read_source(source, places);
	config_source_done(source);
	config_faults_sort(source->faults);
	if (config == NULL || source->faults->fault_count > 0) {
		config_free(&config);
		return STATUS_REJECT;
	}
	*ret_config = config;
	return STATUS_OK;
}

/* systemd gives several directories with ":" between them. @return borrowed from the list */
static const char *state_directory_of(struct config_faults *faults, const char *variable)
{
	struct span rest = span_of(variable), first = span_split(&rest, ':');

	return first.len == 0 || first.at[0] != '/'
		   ? NULL
		   : config_faults_text(faults, "%.*s", SPAN_ARG(first));
}

const char *config_control_path(struct config_faults *faults, const char *folder, struct span file)
{
	struct span suffix = SPAN(".conf");

	if (strcmp(folder, CONFIG_DEFAULT_FOLDER) != 0 || file.len <= suffix.len ||
	    memcmp(file.at + file.len - suffix.len, suffix.at, suffix.len) != 0)
		return NULL;
	file.len -= suffix.len;
	if (span_equal(file, SPAN("scimward")))
		return config_faults_text(faults, "/run/scimward/control.sock");
	return config_faults_text(faults, "/run/scimward/%.*s/control.sock", SPAN_ARG(file));
}

static const char *control_path_of(struct config_faults *faults, const char *path)
{
	const char *slash = strrchr(path, '/'), *file = slash == NULL ? path : slash + 1;
	char folder[PATH_MAX], real[PATH_MAX];

	(void)snprintf(folder, sizeof(folder), "%.*s.", (int)(file - path), path);
	return realpath(folder, real) == NULL ? NULL
					      : config_control_path(faults, real, span_of(file));
}

enum status config_load(
    const char *path, struct config **ret_config, struct config_faults *ret_faults)
{
	struct config_source source = { .faults = ret_faults };
	struct places places = { 0 };

	config_source_add_file(&source, path);
	places.state_directory = state_directory_of(ret_faults, getenv("STATE_DIRECTORY"));
	places.control_path = control_path_of(ret_faults, path);
	return finish(&source, &places, ret_config);
}

enum status config_parse(
    const struct config_text *input, struct config **ret_config, struct config_faults *ret_faults)
{
	struct config_source source = { .faults = ret_faults };

	config_source_add_text(&source, input);
	return finish(
	    &source, &(struct places) { input->state_directory, input->control_path }, ret_config);
}

void config_free(struct config **config)
{
	struct arena *arena;

	if (*config == NULL)
		return;
	arena = (*config)->arena;
	*config = NULL;
	arena_free(&arena);
}
