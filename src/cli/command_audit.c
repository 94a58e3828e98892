/* SPDX-License-Identifier: ISC */
/* scimward audit verify | export: the trail proved, and as JSON lines. Needs no lock. */
#include "base/emit.h"
#include "base/time.h"
#include "cli/program.h"
#include <errno.h>
#include <stdio.h>

/* ---- verify ---- */

static void put_hash(struct emitter *json, const char *key, const struct audit_hash *hash)
{
	char text[AUDIT_HASH_TEXT_SIZE];

	audit_hash_format(hash, text);
	emit_key(json, key);
	emit_string_c(json, text);
}

static void put_number(struct emitter *json, const char *key, int64_t number)
{
	emit_key(json, key);
	emit_int(json, number);
}

/* A flaw that no single record has, has no number. */
static void put_seq(struct emitter *json, const char *key, int64_t seq, bool is_there)
{
	emit_key(json, key);
	if (is_there)
		emit_int(json, seq);
	else
		emit_null(json);
}

static bool has_bad_seq(const struct audit_walk *walk)
{
	return walk->flaw != AUDIT_SOUND && walk->flaw != AUDIT_UNSIGNED && walk->flaw != AUDIT_CUT;
}

static void write_verdict_json(const struct audit_walk *walk, struct span words, struct str *out)
{
	bool is_sound = walk->flaw == AUDIT_SOUND;
	struct emitter json;

	emit_init(&json, out, 2);
	emit_object_open(&json);
	emit_key(&json, "sound");
	emit_bool(&json, is_sound);
	emit_key(&json, "flaw");
	emit_string_c(&json, is_sound ? NULL : audit_flaw_name(walk->flaw));
	put_seq(&json, "badRecord", walk->bad_seq, has_bad_seq(walk));
	emit_key(&json, "message");
	emit_string(&json, words);
	put_number(&json, "records", walk->rows); /* that are sound, from the front */
	put_seq(&json, "first", walk->first_seq, walk->rows > 0);
	put_seq(&json, "last", walk->last_seq, walk->rows > 0);
	if (is_sound && walk->last_seq > 0)
		put_hash(&json, "head", &walk->last);
	else
		put_seq(&json, "head", 0, false);
	put_seq(&json, "keptHead", walk->wanted_seq, walk->is_wanted_met);
	emit_object_close(&json);
	str_add_byte(out, '\n');
}

static void write_verdict_text(const struct audit_walk *walk, struct span words, struct str *out)
{
	char hash[AUDIT_HASH_TEXT_SIZE];

	audit_hash_format(&walk->last, hash);
	str_addf(out, "%s %.*s.\n",
	    walk->flaw == AUDIT_SOUND ? "The audit trail is whole:"
				      : "The audit trail is NOT whole:",
	    SPAN_ARG(words));
	if (walk->stump.seq > 0)
		str_addf(out, "removed      up to record %lld, for their age\n",
		    (long long)walk->stump.seq);
	if (walk->rows > 0)
		str_addf(out, "%s records %lld to %lld\n",
		    walk->flaw == AUDIT_SOUND ? "there       " : "sound       ",
		    (long long)walk->first_seq, (long long)walk->last_seq);
	if (walk->is_wanted_met)
		str_addf(out, "kept head    is record %lld\n", (long long)walk->wanted_seq);
	if (walk->flaw == AUDIT_SOUND && walk->last_seq > 0)
		str_addf(out, "head         %s\n", hash);
}

static enum exit_code show_verdict(const struct program *program, const struct audit_walk *walk)
{
	struct str words = { 0 }, out = { 0 };
	enum exit_code code;

	audit_walk_tell(walk, &words);
	if (program->options->is_json)
		write_verdict_json(walk, str_span(&words), &out);
	else
		write_verdict_text(walk, str_span(&words), &out);
	code = program_print(str_span(&out));
	str_done(&words);
	str_done(&out);
	if (code == EXIT_DONE && walk->flaw != AUDIT_SOUND)
		return EXIT_FAILED;
	return code;
}

static enum exit_code fail(enum status status, const struct err *err)
{
	program_complain("%s", err->text);
	return status == STATUS_RETRY ? EXIT_LOCKED : EXIT_STATE;
}

static enum exit_code verify(struct program *program)
{
	const struct options *options = program->options;
	struct audit_walk walk;
	struct err err;
	enum status status = store_audit_verify(
	    program->store, options->has_head ? &options->head : NULL, &walk, &err);

	return status == STATUS_OK ? show_verdict(program, &walk) : fail(status, &err);
}

/* ---- export ---- */

struct lines {
	struct str line;
	bool has_failed; /* standard output is gone */
	int error;
};

/* A body that is not as we write them is a text: whatever stands in it, the line stays JSON. */
static void put_body(struct emitter *json, struct span body)
{
	emit_key(json, "body");
	if (audit_body_is_json(body))
		emit_raw(json, body);
	else
		emit_string(json, body);
}

static void on_row(void *context, const struct audit_row *row)
{
	struct lines *lines = context;
	char at[TIME_TEXT_SIZE];
	struct emitter json;

	if (lines->has_failed)
		return;
	time_format(row->at_ms, true, at);
	str_truncate(&lines->line, 0);
	emit_init(&json, &lines->line, 0);
	emit_object_open(&json);
	emit_key(&json, "at");
	emit_string_c(&json, at);
	put_body(&json, row->body);
	put_hash(&json, "hash", &row->hash);
	put_hash(&json, "prev", &row->prev);
	put_number(&json, "run", row->run_id);
	put_number(&json, "seq", row->seq);
	emit_object_close(&json);
	str_add_byte(&lines->line, '\n');
	lines->has_failed = fwrite(lines->line.at, 1, lines->line.len, stdout) != lines->line.len;
	lines->error = errno;
}

/* When the rows begin; the options have seen that it is a time or a duration. */
static int64_t since(const struct program *program)
{
	const struct options *options = program->options;

	if (!options->has_since)
		return INT64_MIN;
	return options->is_since_ago ? loop_wall_ms(program->loop) - options->since_ms
				     : options->since_ms;
}

static enum exit_code write_rows(struct program *program)
{
	struct lines lines = { .has_failed = false };
	struct err err;
	enum status status = store_audit_each(program->store, since(program), on_row, &lines, &err);

	str_done(&lines.line);
	if (lines.has_failed || fflush(stdout) != 0) {
		program_complain("cannot write to standard output: %s",
		    strerror(lines.has_failed ? lines.error : errno));
		return EXIT_FAILED;
	}
	return status == STATUS_OK ? EXIT_DONE : fail(status, &err);
}

enum exit_code command_audit(const struct options *options)
{
	struct program program;
	enum exit_code code = program_open(&program, options);

	if (code == EXIT_DONE)
		code = program_open_store(&program, STORE_READ);
	if (code == EXIT_DONE)
		code = options->command == COMMAND_AUDIT_VERIFY ? verify(&program)
								: write_rows(&program);
	program_close(&program);
	return code;
}
