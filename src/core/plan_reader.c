/* SPDX-License-Identifier: ISC */
/*
 * A scanner that knows strings and brackets cuts the text; jansson reads the pieces.
 *
 * The scanner need not see whether what is between the cuts is JSON: a piece that is none is found
 * when it is parsed.  Members that are not known are left out, so that a later program may write
 * more of them.
 */
#include "core/plan_reader.h"

#include "base/vec.h"
#include <jansson.h>
#include <stdlib.h>

struct plan_reader {
	void (*on_item)(void *context, const struct plan_item *item);
	void *context;
	struct str piece; /* member or element that is being read */
	unsigned depth;   /* brackets that are open */
	bool in_string, is_escaped;
	bool in_actions;   /* between the brackets of "actions" */
	bool has_actions;  /* they were seen */
	bool has_run;      /* likewise */
	bool has_version;  /* likewise, and it is ours */
	bool is_closed;    /* the outermost object ended */
	bool is_separated; /* a comma came last: another piece must follow */
	bool has_failed;
	size_t item_count;
	struct arena *arena; /* holds the head */
	struct plan_head head;
	struct err err;
};

struct plan_reader *plan_reader_new(
    void (*on_item)(void *context, const struct plan_item *item), void *context)
{
	struct plan_reader *reader = mem_new(1, sizeof(*reader));

	reader->on_item = on_item;
	reader->context = context;
	reader->arena = arena_new();
	return reader;
}

void plan_reader_free(struct plan_reader **reader)
{
	if (*reader == NULL)
		return;
	arena_free(&(*reader)->arena);
	str_done(&(*reader)->piece);
	free(*reader);
	*reader = NULL;
}

static bool fail(struct plan_reader *reader, const char *why)
{
	if (!reader->has_failed)
		err_set(&reader->err, "%s", why);
	reader->has_failed = true;
	return false;
}

/* ---- values ---- */

static struct span text_of(const json_t *value)
{
	if (!json_is_string(value))
		return SPAN_NULL;
	return (struct span) { json_string_value(value), json_string_length(value) };
}

static json_t *parse(struct plan_reader *reader, struct span text)
{
	json_error_t why;
	json_t *root = json_loadb(text.at, text.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);

	if (root == NULL && !reader->has_failed)
		err_set(&reader->err, "it is not JSON: %s", why.text);
	reader->has_failed |= root == NULL;
	return root;
}

/* ---- actions ---- */

static struct digest digest_of(const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
	struct digest digest = hash_digest(span_of(text));

	free(text);
	return digest;
}

/* All that must be the same, and no more: why in words, or a warning, may be told otherwise. */
static struct digest content_of(const json_t *action)
{
	static const char *const members[] = { "accountId", "changes", "directory", "dn", "key",
		"kind", "request", "state", "userName" };
	json_t *content = json_object(), *value;
	struct digest digest;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		value = json_object_get(action, members[i]);
		json_object_set_new(
		    content, members[i], value != NULL ? json_incref(value) : json_null());
	}
	value = json_object_get(json_object_get(action, "reason"), "code");
	json_object_set_new(content, "reason", value != NULL ? json_incref(value) : json_null());
	digest = digest_of(content);
	json_decref(content);
	return digest;
}

static struct digest subject_of(const json_t *action)
{
	static const char *const names[] = { "key", "dn", "accountId", "userName" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		json_t *value = json_object_get(action, names[i]);

		if (json_is_string(value))
			return digest_of(value);
	}
	return (struct digest) { { 0 } };
}

static bool take_action(struct plan_reader *reader)
{
	json_t *action = parse(reader, str_span(&reader->piece));
	struct plan_item item;

	if (action == NULL)
		return false;
	if (!json_is_object(action) || reader->item_count >= PLAN_ACTIONS_MAX) {
		json_decref(action);
		return fail(reader, reader->item_count < PLAN_ACTIONS_MAX
					? "an action of it is no object"
					: "it has more than a million actions");
	}
	reader->item_count++;
	item = (struct plan_item) {
		.content = content_of(action),
		.subject = subject_of(action),
		.kind = text_of(json_object_get(action, "kind")),
		.state = text_of(json_object_get(action, "state")),
		.user_name = text_of(json_object_get(action, "userName")),
	};
	reader->on_item(reader->context, &item);
	json_decref(action);
	return true;
}

/* ---- the head ---- */

static bool take_run(struct plan_reader *reader, const json_t *run)
{
	const struct {
		const char *name;
		struct span *text;
	} texts[] = {
		{ "configDigest", &reader->head.config_digest },
		{ "directoryDigest", &reader->head.directory_digest },
		{ "tenantDigest", &reader->head.tenant_digest },
		{ "snapshotDigest", &reader->head.snapshot_digest },
		{ "user", &reader->head.who },
	};

	if (reader->has_run ||
	    !cycle_kind_parse(text_of(json_object_get(run, "kind")), &reader->head.kind))
		return fail(reader, "what it says of its run cannot be understood");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct span text = text_of(json_object_get(run, texts[i].name));

		if (text.len > PLAN_WHO_MAX_BYTES || (text.at != NULL && text.len == 0) ||
		    span_find(text, '\0') < text.len)
			return fail(reader, "what it says of its run cannot be understood");
		*texts[i].text = arena_span(reader->arena, text);
	}
	reader->head.is_dry = json_is_true(json_object_get(run, "dryRun"));
	reader->head.is_certified = json_is_true(json_object_get(run, "certified"));
	reader->head.undoes = json_integer_value(json_object_get(run, "undoes"));
	reader->has_run = true;
	return true;
}

static bool take_version(struct plan_reader *reader, const json_t *version)
{
	if (!json_is_integer(version) || json_integer_value(version) != PLAN_VERSION)
		return fail(reader, "it has another version than this program writes; make it "
				    "anew with this program");
	reader->has_version = true;
	return true;
}

/* A member of the outermost object, with the braces of one of its own. */
static bool take_member(struct plan_reader *reader)
{
	struct str text = { 0 };
	json_t *object, *value;
	bool is_well = true;

	str_add_byte(&text, '{');
	str_add(&text, str_span(&reader->piece));
	str_add_byte(&text, '}');
	object = parse(reader, str_span(&text));
	str_done(&text);
	if (object == NULL)
		return false;
	if (json_object_size(object) != 1 || json_object_get(object, "actions") != NULL)
		is_well = fail(reader, "it is not JSON as a plan is written");
	if ((value = json_object_get(object, "version")) != NULL && is_well)
		is_well = take_version(reader, value);
	if ((value = json_object_get(object, "run")) != NULL && is_well)
		is_well = take_run(reader, value);
	json_decref(object);
	return is_well;
}

/* ---- cutting ---- */

static bool is_space(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* Without the blanks of JSON, which are fewer than those of text. */
static struct span trim(struct span text)
{
	while (text.len > 0 && is_space(text.at[text.len - 1]))
		text.len--;
	while (text.len > 0 && is_space(text.at[0])) {
		text.at++;
		text.len--;
	}
	return text;
}

static bool is_blank(const struct plan_reader *reader)
{
	return trim(str_span(&reader->piece)).len == 0;
}

static bool end_piece(struct plan_reader *reader, char by)
{
	bool is_well = true;
	/* Behind "actions": all of it is taken already. */
	bool is_taken = !reader->in_actions && reader->piece.len > 0 && reader->piece.at[0] == ']';

	if (is_taken && trim(str_span(&reader->piece)).len > 1)
		return fail(reader, "it is not JSON as a plan is written");
	if (is_taken)
		;
	else if (!is_blank(reader))
		is_well = reader->in_actions ? take_action(reader) : take_member(reader);
	else if (by == ',' || reader->is_separated)
		return fail(reader, "it is not JSON: a comma too many");
	reader->is_separated = by == ',';
	str_truncate(&reader->piece, 0);
	return is_well;
}

static bool opens_actions(const struct plan_reader *reader, char byte)
{
	struct span text = trim(str_span(&reader->piece));

	if (byte != '[' || reader->depth != 1 || text.len < 2 || text.at[text.len - 1] != ':')
		return false;
	text.len--;
	return span_equal(trim(text), SPAN("\"actions\""));
}

static bool open_bracket(struct plan_reader *reader, char byte)
{
	if (reader->depth >= PLAN_DEPTH_MAX)
		return fail(reader, "it is nested too deeply");
	if (!opens_actions(reader, byte)) {
		reader->depth++;
		str_add_byte(&reader->piece, byte);
		return true;
	}
	if (reader->has_actions)
		return fail(reader, "it has its actions twice");
	reader->depth++;
	reader->has_actions = reader->in_actions = true;
	reader->is_separated = false;
	str_truncate(&reader->piece, 0);
	return true;
}

static bool close_bracket(struct plan_reader *reader, char byte)
{
	if (reader->depth == 1 || (reader->depth == 2 && reader->in_actions)) {
		if (byte != (reader->in_actions ? ']' : '}'))
			return fail(reader, "it is not JSON: brackets that do not match");
		if (!end_piece(reader, byte))
			return false;
		if (reader->in_actions)
			str_add_byte(&reader->piece, ']');
		reader->is_closed = --reader->depth == 0;
		reader->in_actions = false;
		return true;
	}
	reader->depth--;
	str_add_byte(&reader->piece, byte);
	return true;
}

static bool take_outside(struct plan_reader *reader, char byte)
{
	if (is_space(byte))
		return true;
	if (reader->is_closed || byte != '{')
		return fail(reader,
		    reader->is_closed ? "something comes behind its end" : "it is not JSON");
	reader->depth = 1;
	return true;
}

static bool take_in_string(struct plan_reader *reader, char byte)
{
	reader->in_string = reader->is_escaped || byte != '"';
	reader->is_escaped = !reader->is_escaped && byte == '\\';
	str_add_byte(&reader->piece, byte);
	return true;
}

static bool take_byte(struct plan_reader *reader, char byte)
{
	bool is_between = reader->depth == (reader->in_actions ? 2U : 1U);

	if (reader->depth == 0)
		return take_outside(reader, byte);
	if (reader->piece.len >= PLAN_PIECE_MAX_BYTES)
		return fail(reader, "a member or an action of it is too large");
	if (reader->in_string)
		return take_in_string(reader, byte);
	if (byte == '{' || byte == '[')
		return open_bracket(reader, byte);
	if (byte == '}' || byte == ']')
		return close_bracket(reader, byte);
	if (byte == ',' && is_between)
		return end_piece(reader, byte);
	reader->in_string = byte == '"';
	str_add_byte(&reader->piece, byte);
	return true;
}

bool plan_reader_take(struct plan_reader *reader, struct span bytes)
{
	for (size_t i = 0; i < bytes.len && !reader->has_failed; i++)
		take_byte(reader, bytes.at[i]);
	return !reader->has_failed;
}

enum status plan_reader_end(
    struct plan_reader *reader, const struct plan_head **ret_head, struct err *reterr)
{
	if (!reader->has_failed && !reader->is_closed)
		fail(reader, "it is cut off, or empty");
	else if (!reader->has_failed &&
		 !(reader->has_version && reader->has_run && reader->has_actions))
		fail(reader, "it is JSON, but lacks what a plan has: version, run and actions");
	if (reader->has_failed) {
		err_set(reterr, "%s", reader->err.text);
		return STATUS_REJECT;
	}
	*ret_head = &reader->head;
	return STATUS_OK;
}
