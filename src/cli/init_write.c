/* SPDX-License-Identifier: ISC */
#include "app/config.h"
#include "app/first_config.h"
#include "app/secret_store.h"
#include "base/emit.h"
#include "base/replace.h"
#include "base/unicode.h"
#include "cli/init.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONFIG_MODE = 0644, FOLDER_MODE = 0755 };

static enum exit_code compose(struct init *init)
{
	struct first_config input = {
		.path = init->path,
		.is_usual_path = init->is_usual,
		.wall_ms = loop_wall_ms(init->loop),
		.directory = &init->answers.directory,
		.tenant = &init->answers.tenant,
		.region = init->answers.region,
		.state_path = init->state,
		.unit = init->unit,
		.protect = init->protect,
		.look = init->look,
		.directory_why = init->directory_why,
		.people_why = init->people_why,
		.groups_why = init->groups_why,
		.tenant_why = init->tenant_why,
	};
	struct config_text parsed = { .name = init->path };
	struct config_faults faults = { 0 };
	struct config *config = NULL;
	enum status status;

	first_config_write(&input, &init->text);
	parsed.text = str_span(&init->text);
	status = config_parse(&parsed, &config, &faults);
	if (status != STATUS_OK) {
		program_print_faults(&faults);
		program_complain("nothing was written: the answers make no configuration");
	}
	config_faults_done(&faults);
	config_free(&config);
	return status == STATUS_OK ? EXIT_DONE : EXIT_CONFIG;
}

static enum exit_code store_secret(
    struct init *init, const struct answered_secret *secret, const struct secret_reader *reader)
{
	struct err err;

	if (secret->value == NULL)
		return EXIT_DONE;
	if ((init->secrets_parent != NULL &&
		secret_store_make(init->secrets_parent, reader, &err) != STATUS_OK) ||
	    secret_store_write(init->secrets, secret->name, secret->value, reader, &err) !=
		STATUS_OK) {
		program_complain("a secret cannot be stored: %s", err.text);
		return EXIT_FAILED;
	}
	str_addf(&init->notes, "stored %s/%s, which only its owner can read\n", init->secrets,
	    secret->name);
	if (!reader->is_known && strstr(str_c(&init->notes), "chown") == NULL)
		str_addf(&init->notes,
		    "TODO there is no user \"%s\" yet, so root owns it: chown -R %s %s\n",
		    SECRET_STORE_USER, SECRET_STORE_USER,
		    init->secrets_parent != NULL ? init->secrets_parent : init->secrets);
	return EXIT_DONE;
}

static enum exit_code write_file(struct init *init)
{
	struct replacement replacement;
	struct err err;

	if (keep_a_copy(AT_FDCWD, init->path, &init->copy, &err) != STATUS_OK) {
		program_complain("%s", err.text);
		return EXIT_FAILED;
	}
	if (replacement_begin(&replacement, init->path, CONFIG_MODE) &&
	    fwrite(str_c(&init->text), 1, init->text.len, replacement.file) == init->text.len &&
	    replacement_commit(&replacement))
		return EXIT_DONE;
	program_complain("cannot write %s: %s", init->path, strerror(errno));
	replacement_abandon(&replacement);
	return EXIT_FAILED;
}

/* The usual folder is the system's: everybody may see that there is a configuration. */
static enum exit_code make_folder(struct init *init)
{
	if (mkdir(init->folder, FOLDER_MODE) == 0)
		return chmod(init->folder, FOLDER_MODE) == 0 ? EXIT_DONE : EXIT_FAILED;
	if (errno == EEXIST)
		return EXIT_DONE;
	program_complain("cannot make %s: %s", init->folder, strerror(errno));
	return EXIT_FAILED;
}

static enum exit_code write_all(struct init *init)
{
	struct secret_reader reader = secret_store_reader();
	enum exit_code code = make_folder(init);

	if (code == EXIT_DONE)
		code = store_secret(init, &init->answers.bind_secret, &reader);
	if (code == EXIT_DONE)
		code = store_secret(init, &init->answers.tenant_secret, &reader);
	return code == EXIT_DONE ? write_file(init) : code;
}

/* ---- the end ---- */

static size_t count_open(const struct init *init)
{
	size_t count = 0;

	for (const char *at = str_c(&init->text); (at = strstr(at, "# TODO ")) != NULL; at++)
		count++;
	return count;
}

static void report_json(const struct init *init, struct str *out)
{
	struct span rest = str_span(&init->notes);
	struct emitter json;

	emit_init(&json, out, 2);
	emit_object_open(&json);
	emit_member_string(&json, "path", span_of(init->path));
	emit_member_string(&json, "copy", init->copy.len > 0 ? str_span(&init->copy) : SPAN_NULL);
	emit_member_bool(&json, "directoryVerified", init->directory_why.at == NULL);
	emit_member_bool(&json, "tenantVerified", init->tenant_why.at == NULL);
	emit_member_int(&json, "open", (int64_t)count_open(init));
	emit_key(&json, "notes");
	emit_array_open(&json);
	while (rest.len > 0)
		emit_string(&json, span_split(&rest, '\n'));
	emit_array_close(&json);
	emit_object_close(&json);
	str_add_byte(out, '\n');
}

static void report_text(const struct init *init, struct str *out)
{
	size_t count = count_open(init);

	utf8_printable(span_of(init->path), out);
	str_add_c(out, " is written.\n");
	if (init->copy.len > 0)
		str_addf(out, "what was there before is %s\n", str_c(&init->copy));
	str_add(out, str_span(&init->notes));
	if (init->directory_why.at != NULL || init->tenant_why.at != NULL)
		str_addf(out, "Not verified: %s%s%s.\n",
		    init->directory_why.at != NULL ? "the directory" : "",
		    init->directory_why.at != NULL && init->tenant_why.at != NULL ? ", " : "",
		    init->tenant_why.at != NULL ? "the tenant" : "");
	if (count > 0)
		str_addf(out, "%zu %s open; look for TODO in it.\n", count,
		    count == 1 ? "question is" : "questions are");
	str_addf(out, "Next: scimward%s%s %scheck, then --dry-run, then sync.\n",
	    init->is_usual ? "" : " -c ", init->is_usual ? "" : init->path,
	    init->answers.tenant.auth.method == TENANT_AUTH_OAUTH_DEVICE ? "login, then " : "");
}

static enum exit_code report(const struct init *init)
{
	struct str out = { 0 };
	enum exit_code code;

	if (init->options->is_json)
		report_json(init, &out);
	else
		report_text(init, &out);
	code = program_print(str_span(&out));
	str_done(&out);
	return code;
}

enum exit_code init_write(struct init *init)
{
	enum exit_code code = compose(init);

	if (code == EXIT_DONE)
		code = write_all(init);
	return code == EXIT_DONE ? report(init) : code;
}
