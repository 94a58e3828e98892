/* SPDX-License-Identifier: ISC */
/* jansson reads; what is read is held against types and limits before it is believed. */
#include "control/codec.h"

#include "base/emit.h"
#include <assert.h>
#include <config.h>
#include <jansson.h>
#include <limits.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const verb_names[] = { "sync", "status", "watch", "holds", "approve", "reject",
	"reload" };
static const char *const event_names[] = { "waiting", "progress", "page", "page-end", "elsewhere",
	"too-long", "done" };

static_assert(COUNT(verb_names) == CONTROL_VERB_COUNT, "each verb has a name");
static_assert(COUNT(event_names) == CONTROL_EVENT_COUNT, "each event has a name");

const char *control_verb_name(enum control_verb verb)
{
	return verb_names[verb];
}

/* ---- writing ---- */

static void begin(struct emitter *json, struct str *out)
{
	emit_init(json, out, 0);
	emit_object_open(json);
	emit_member_int(json, "scimward", CONTROL_VERSION);
}

static void end(struct emitter *json, struct str *out)
{
	emit_object_close(json);
	str_add_byte(out, '\n');
}

static void put(struct emitter *json, const char *key, struct span text)
{
	if (text.at != NULL)
		emit_member_string(json, key, text);
}

void control_request_encode(const struct control_request *request, struct str *out)
{
	struct emitter json;

	begin(&json, out);
	emit_member_string(&json, "do", span_of(control_verb_name(request->verb)));
	put(&json, "config", request->config);
	put(&json, "as", request->as);
	put(&json, "who", request->who);
	if (request->has_kind)
		emit_member_string(&json, "kind", span_of(cycle_kind_name(request->kind)));
	if (request->hold != 0)
		emit_member_int(&json, "hold", request->hold);
	emit_member_bool(&json, "json", request->is_json);
	emit_member_bool(&json, "color", request->is_color);
	emit_member_int(&json, "width", request->width);
	end(&json, out);
}

void control_answer_encode(const struct control_answer *answer, struct str *out)
{
	struct emitter json;

	begin(&json, out);
	emit_member_string(&json, "event", span_of(event_names[answer->event]));
	put(&json, "message", answer->message);
	put(&json, "text", answer->text);
	if (answer->event == CONTROL_PROGRESS) {
		put(&json, "phase", answer->phase);
		emit_member_int(&json, "done", (int64_t)answer->done);
		emit_member_int(&json, "of", (int64_t)answer->of);
	}
	if (answer->event == CONTROL_DONE)
		emit_member_int(&json, "exit", answer->exit);
	end(&json, out);
}

struct span control_page_piece(struct span *rest)
{
	struct span piece = { rest->at, rest->len };

	if (piece.len > CONTROL_PIECE_MAX) {
		piece.len = CONTROL_PIECE_MAX;
		/* Four bytes are the longest character; what is none is cut anywhere. */
		for (size_t back = 0;
		     back < 3 && ((unsigned char)piece.at[piece.len] & 0xC0) == 0x80; back++)
			piece.len--;
	}
	rest->at += piece.len;
	rest->len -= piece.len;
	return piece;
}

/* ---- reading ---- */

/* An object that is read, and the first thing that is wrong with it. */
struct reading {
	const json_t *object;
	struct arena *arena;
	size_t text_max;
	struct err *err;
	bool is_wrong;
};

static void complain(struct reading *reading, const char *key, const char *what)
{
	if (!reading->is_wrong)
		err_set(reading->err, "\"%s\" %s", key, what);
	reading->is_wrong = true;
}

/* @return in the arena; absent when there is none */
static struct span text_at(struct reading *reading, const char *key)
{
	const json_t *value = json_object_get(reading->object, key);
	struct span text;

	if (value == NULL || json_is_null(value))
		return SPAN_NULL;
	if (!json_is_string(value)) {
		complain(reading, key, "is no text");
		return SPAN_NULL;
	}
	text = (struct span) { json_string_value(value), json_string_length(value) };
	if (text.len > reading->text_max || memchr(text.at, '\0', text.len) != NULL) {
		complain(reading, key, "is too long, or holds a NUL");
		return SPAN_NULL;
	}
	return arena_span(reading->arena, text);
}

/* @return 0 when there is none */
static int64_t number_at(struct reading *reading, const char *key, int64_t least, int64_t most)
{
	const json_t *value = json_object_get(reading->object, key);
	int64_t number;

	if (value == NULL || json_is_null(value))
		return 0;
	number = json_is_integer(value) ? json_integer_value(value) : -1;
	if (!json_is_integer(value) || number < least || number > most) {
		complain(reading, key, "is no number that it could be");
		return 0;
	}
	return number;
}

static bool flag_at(struct reading *reading, const char *key)
{
	const json_t *value = json_object_get(reading->object, key);

	if (value != NULL && !json_is_boolean(value))
		complain(reading, key, "is neither true nor false");
	return json_is_true(value);
}

/* @return the index; `count` when there is none */
static size_t word_at(
    struct reading *reading, const char *key, const char *const *words, size_t count)
{
	struct span text = text_at(reading, key);
	size_t at = 0;

	while (at < count && !span_equal(text, span_of(words[at])))
		at++;
	return at;
}

static json_t *parse(struct span line, struct err *reterr)
{
	json_error_t why;
	json_t *root = json_loadb(line.at, line.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);

	if (root != NULL && json_is_object(root))
		return root;
	err_set(reterr, "it is no JSON object on one line");
	json_decref(root);
	return NULL;
}

/* @param where  what the other side is: "you" or "the service" */
static bool has_our_version(
    const json_t *root, const char *other, const char *advice, struct err *reterr)
{
	const json_t *version = json_object_get(root, "scimward");

	if (json_is_integer(version) && json_integer_value(version) == CONTROL_VERSION)
		return true;
	if (!json_is_integer(version))
		err_set(reterr, "it does not say in \"scimward\" which version it is");
	else
		err_set(reterr,
		    "%s speaks version %lld of the control protocol, and scimward " PACKAGE_VERSION
		    " version %d; %s",
		    other, (long long)json_integer_value(version), CONTROL_VERSION, advice);
	return false;
}

static void read_kind(struct reading *reading, struct control_request *request)
{
	struct span kind = text_at(reading, "kind");

	request->has_kind = kind.at != NULL;
	if (request->has_kind &&
	    (!cycle_kind_parse(kind, &request->kind) || request->kind == CYCLE_UNDO))
		complain(reading, "kind", "is none of delta, full and reconcile");
}

static void read_request(struct reading *reading, struct control_request *request)
{
	size_t verb = word_at(reading, "do", verb_names, CONTROL_VERB_COUNT);

	if (verb == CONTROL_VERB_COUNT)
		complain(reading, "do", "is nothing that this service can do");
	request->verb = (enum control_verb)(verb % CONTROL_VERB_COUNT);
	request->config = text_at(reading, "config");
	if (request->config.at == NULL)
		complain(reading, "config", "is missing");
	request->as = text_at(reading, "as");
	request->who = text_at(reading, "who");
	read_kind(reading, request);
	request->hold = number_at(reading, "hold", 1, INT64_MAX);
	if ((verb == CONTROL_APPROVE || verb == CONTROL_REJECT) && request->hold == 0)
		complain(reading, "hold", "is missing");
	request->is_json = flag_at(reading, "json");
	request->is_color = flag_at(reading, "color");
	request->width = (unsigned)number_at(reading, "width", 0, 100000);
}

enum status control_request_decode(
    struct span line, struct arena *arena, struct control_request *ret_request, struct err *reterr)
{
	struct control_request request = { .kind = CYCLE_FULL };
	struct err err = { "" };
	struct reading reading = { NULL, arena, CONTROL_TEXT_MAX, &err, true };
	json_t *root = parse(line, &err);

	if (root != NULL &&
	    has_our_version(root, "the program that asks",
		"use the one of the same release, or restart the service after an upgrade", &err)) {
		reading.object = root;
		reading.is_wrong = false;
		read_request(&reading, &request);
	}
	json_decref(root);
	if (reading.is_wrong) {
		err_set(reterr, "the service does not understand what it was asked: %s", err.text);
		return STATUS_REJECT;
	}
	*ret_request = request;
	return STATUS_OK;
}

static void read_answer(struct reading *reading, struct control_answer *answer)
{
	size_t event = word_at(reading, "event", event_names, CONTROL_EVENT_COUNT);

	if (event == CONTROL_EVENT_COUNT)
		complain(reading, "event", "is none that is known");
	answer->event = (enum control_event)(event % CONTROL_EVENT_COUNT);
	answer->message = text_at(reading, "message");
	answer->text = text_at(reading, "text");
	answer->phase = text_at(reading, "phase");
	answer->done = (uint64_t)number_at(reading, "done", 0, INT64_MAX);
	answer->of = (uint64_t)number_at(reading, "of", 0, INT64_MAX);
	answer->exit = (int)number_at(reading, "exit", 0, UCHAR_MAX);
	if (event == CONTROL_DONE && json_object_get(reading->object, "exit") == NULL)
		complain(reading, "exit", "is missing");
}

enum status control_answer_decode(
    struct span line, struct arena *arena, struct control_answer *ret_answer, struct err *reterr)
{
	struct control_answer answer = { .event = CONTROL_DONE };
	struct err err = { "" };
	struct reading reading = { NULL, arena, CONTROL_ANSWER_MAX, &err, true };
	json_t *root = parse(line, &err);

	if (root != NULL &&
	    has_our_version(root, "the service",
		"use the scimward of the same release, or restart the service after an upgrade",
		&err)) {
		reading.object = root;
		reading.is_wrong = false;
		read_answer(&reading, &answer);
	}
	json_decref(root);
	if (reading.is_wrong) {
		err_set(reterr, "the service's answer is not understood: %s", err.text);
		return STATUS_REJECT;
	}
	*ret_answer = answer;
	return STATUS_OK;
}
