/* SPDX-License-Identifier: ISC */
/*
 * scimward init: asks, looks, proposes, writes.
 *
 * Nothing is written before everything is known: first the answers, then the look at both peers
 * (which only reads), then the text, which must pass as a configuration, then secrets and file.
 */
#include "app/config.h"
#include "cli/init.h"
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *keep(struct init *init, const char *text)
{
	return arena_c(init->arena, span_of(text));
}

/* Its folder must be there, or be the usual one, which is made. */
static enum exit_code find_folder(struct init *init, const char *path)
{
	char *whole, *folder = dirname(arena_c(init->arena, span_of(path)));
	const char *name = basename(arena_c(init->arena, span_of(path)));
	const char *usual = dirname(arena_c(init->arena, span_of(CONFIG_DEFAULT_PATH)));

	if (strcmp(folder, usual) == 0) {
		init->folder = usual;
	} else {
		whole = realpath(folder, NULL);
		if (whole == NULL) {
			program_complain("cannot write %s: %s: %s", path, folder, strerror(errno));
			return EXIT_FAILED;
		}
		init->folder = keep(init, whole);
		free(whole);
	}
	init->path = arena_format(init->arena, "%s/%s", init->folder, name).at;
	init->is_usual = strcmp(init->path, CONFIG_DEFAULT_PATH) == 0;
	return EXIT_DONE;
}

/* NAME.conf is for the instance scimward@NAME, with secrets and state of its own. */
static void find_places(struct init *init)
{
	struct span name = span_of(basename(arena_c(init->arena, span_of(init->path))));
	bool is_instance;

	if (name.len > 5 && memcmp(name.at + name.len - 5, ".conf", 5) == 0)
		name.len -= 5;
	is_instance = !span_equal(name, SPAN("scimward"));
	init->secrets = arena_format(init->arena, "%s/credentials", init->folder).at;
	if (is_instance) {
		init->secrets_parent = init->secrets;
		init->secrets =
		    arena_format(init->arena, "%s/%.*s", init->secrets, SPAN_ARG(name)).at;
	}
	if (strcmp(init->folder, dirname(arena_c(init->arena, span_of(CONFIG_DEFAULT_PATH)))) !=
	    0) {
		init->state =
		    arena_format(init->arena, "%s/%.*s-state.db", init->folder, SPAN_ARG(name)).at;
		init->token_file = arena_format(
		    init->arena, "%s/%.*s-refresh-token", init->folder, SPAN_ARG(name))
				       .at;
		return;
	}
	init->unit = "scimward";
	init->token_file = "/var/lib/scimward/refresh-token";
	if (is_instance) {
		init->unit = arena_format(init->arena, "scimward@%.*s", SPAN_ARG(name)).at;
		init->state =
		    arena_format(init->arena, "/var/lib/scimward/%.*s/state.db", SPAN_ARG(name)).at;
		init->token_file = arena_format(
		    init->arena, "/var/lib/scimward/%.*s/refresh-token", SPAN_ARG(name))
				       .at;
	}
}

/* Better now than after a dozen questions. The usual folder may be made where it is missing. */
static bool is_writable(struct init *init)
{
	const char *above = dirname(arena_c(init->arena, span_of(init->folder)));
	bool is_writable = access(init->folder, W_OK) == 0 ||
			   (errno == ENOENT && access(above, W_OK) == 0);

	if (!is_writable)
		program_complain("cannot write in %s: %s; become root, or name a file elsewhere "
				 "(--out FILE)",
		    init->folder, strerror(errno));
	return is_writable;
}

static enum exit_code find_file(struct init *init)
{
	const char *path = init->options->out != NULL ? init->options->out
						      : init->options->config_path;
	enum exit_code code = find_folder(init, path);
	struct stat info;

	if (code != EXIT_DONE)
		return code;
	find_places(init);
	if (lstat(init->path, &info) == 0 && !init->options->init.is_forced) {
		program_complain("%s is there already; write to another file (--out FILE), or "
				 "replace it with --force, which keeps a copy",
		    init->path);
		return EXIT_FAILED;
	}
	return is_writable(init) ? EXIT_DONE : EXIT_FAILED;
}

enum exit_code command_init(const struct options *options)
{
	struct init init = { .options = options, .arena = arena_new() };
	enum exit_code code = find_file(&init);

	if (code == EXIT_DONE) {
		log_sinks_open(LOG_FORMAT_TEXT, LOG_LEVEL_WARNING);
		init.loop = loop_new();
		init.look = first_look_new(init.loop);
		answers_init(&init.answers, options, init.secrets, init.token_file);
		code = init_find_out(&init);
		if (code == EXIT_DONE)
			code = init_write(&init);
		answers_done(&init.answers);
		first_look_free(&init.look);
		loop_free(&init.loop);
	}
	str_done(&init.text);
	str_done(&init.copy);
	str_done(&init.notes);
	arena_free(&init.arena);
	return code;
}
