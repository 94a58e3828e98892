/* SPDX-License-Identifier: ISC */
#include "tests/unit/control/tests.h"

#include "control/codec.h"
#include <stdio.h>
#include <string.h>

struct scene {
	struct arena *arena;
	struct str line;
	struct err err;
};

static struct scene enter(void)
{
	return (struct scene) { .arena = arena_new() };
}

static void leave(struct scene *scene)
{
	arena_free(&scene->arena);
	str_done(&scene->line);
}

static struct span without_end(const struct str *line)
{
	assert_int_equal(line->at[line->len - 1], '\n');
	assert_int_equal(span_find(str_span(line), '\n'), line->len - 1);
	return (struct span) { line->at, line->len - 1 };
}

static void assert_text(struct span actual, const char *text)
{
	assert_true(span_equal(actual, span_of(text)));
}

static void a_request_comes_back_as_it_went(void **state)
{
	const struct control_request request = { .verb = CONTROL_SYNC,
		.config = SPAN("/etc/scimward/scimward.conf"),
		.as = SPAN("root (sudo: \"ada\"\n)"),
		.who = SPAN("zoë@corp.example"),
		.has_kind = true,
		.kind = CYCLE_RECONCILE,
		.hold = 7,
		.is_json = true,
		.width = 80 };
	struct scene scene = enter();
	struct control_request back;

	(void)state;
	control_request_encode(&request, &scene.line);
	assert_int_equal(
	    control_request_decode(without_end(&scene.line), scene.arena, &back, &scene.err),
	    STATUS_OK);
	assert_int_equal(back.verb, CONTROL_SYNC);
	assert_text(back.config, "/etc/scimward/scimward.conf");
	assert_text(back.as, "root (sudo: \"ada\"\n)");
	assert_text(back.who, "zoë@corp.example");
	assert_true(back.has_kind && back.kind == CYCLE_RECONCILE);
	assert_int_equal(back.hold, 7);
	assert_true(back.is_json && !back.is_color && back.width == 80);
	leave(&scene);
}

static void what_is_not_said_is_absent(void **state)
{
	struct scene scene = enter();
	struct control_request back;

	(void)state;
	assert_int_equal(
	    control_request_decode(
		SPAN("{\"scimward\":1,\"do\":\"status\",\"config\":\"/c\",\"new\":[{}],"
		     "\"as\":null}"),
		scene.arena, &back, &scene.err),
	    STATUS_OK);
	assert_int_equal(back.verb, CONTROL_STATUS);
	assert_null(back.as.at);
	assert_null(back.who.at);
	assert_false(back.has_kind || back.is_json || back.is_color);
	assert_int_equal(back.hold, 0);
	leave(&scene);
}

static void requests_that_are_none(void **state)
{
	static const struct {
		const char *line, *why;
	} cases[] = {
		{ "", "no JSON object" },
		{ "[]", "no JSON object" },
		{ "{", "no JSON object" },
		{ "GET / HTTP/1.1\r", "no JSON object" },
		{ "{}", "does not say in \"scimward\"" },
		{ "{\"scimward\":\"1\"}", "does not say in \"scimward\"" },
		{ "{\"scimward\":1,\"scimward\":1}", "no JSON object" },
		{ "{\"scimward\":2,\"do\":\"sync\"}", "the program that asks speaks version 2 of "
						      "the control protocol, and scimward" },
		{ "{\"scimward\":1,\"config\":\"/c\"}", "\"do\" is nothing that" },
		{ "{\"scimward\":1,\"do\":\"stop\",\"config\":\"/c\"}", "\"do\" is nothing that" },
		{ "{\"scimward\":1,\"do\":\"sync\"}", "\"config\" is missing" },
		{ "{\"scimward\":1,\"do\":\"sync\",\"config\":7}", "\"config\" is no text" },
		{ "{\"scimward\":1,\"do\":\"sync\",\"config\":\"/c\",\"kind\":\"undo\"}",
		    "\"kind\" is none of" },
		{ "{\"scimward\":1,\"do\":\"sync\",\"config\":\"/c\",\"kind\":\"ful\"}",
		    "\"kind\" is none of" },
		{ "{\"scimward\":1,\"do\":\"sync\",\"config\":\"/c\",\"who\":\"a\\u0000b\"}",
		    "holds a NUL" },
		{ "{\"scimward\":1,\"do\":\"approve\",\"config\":\"/c\"}", "\"hold\" is missing" },
		{ "{\"scimward\":1,\"do\":\"reject\",\"config\":\"/c\",\"hold\":0}",
		    "\"hold\" is no number" },
		{ "{\"scimward\":1,\"do\":\"reject\",\"config\":\"/c\",\"hold\":1.5}",
		    "\"hold\" is no number" },
		{ "{\"scimward\":1,\"do\":\"holds\",\"config\":\"/c\",\"json\":1}",
		    "\"json\" is neither" },
		{ "{\"scimward\":1,\"do\":\"holds\",\"config\":\"/c\",\"width\":-1}",
		    "\"width\" is no number" },
	};
	struct scene scene = enter();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct control_request request = { .hold = -1 };

		scene.err.text[0] = '\0';
		if (control_request_decode(span_of(cases[i].line), scene.arena, &request,
			&scene.err) != STATUS_REJECT ||
		    strstr(scene.err.text, cases[i].why) == NULL)
			fail_msg("%s: %s", cases[i].line, scene.err.text);
		assert_int_equal(request.hold, -1); /* written on success only */
	}
	leave(&scene);
}

static void a_text_has_a_limit(void **state)
{
	struct scene scene = enter();
	struct control_request request;

	(void)state;
	for (int extra = 0; extra < 2; extra++) {
		str_truncate(&scene.line, 0);
		str_add_c(
		    &scene.line, "{\"scimward\":1,\"do\":\"sync\",\"config\":\"/c\",\"who\":\"");
		for (int i = 0; i < CONTROL_TEXT_MAX + extra; i++)
			str_add_byte(&scene.line, 'x');
		str_add_c(&scene.line, "\"}");
		assert_int_equal(control_request_decode(
				     str_span(&scene.line), scene.arena, &request, &scene.err),
		    extra == 0 ? STATUS_OK : STATUS_REJECT);
	}
	leave(&scene);
}

static void answers_come_back_as_they_went(void **state)
{
	static const struct control_answer answers[] = {
		{ .event = CONTROL_WAITING, .message = SPAN_INIT("a delta cycle is running") },
		{ .event = CONTROL_PROGRESS },
		{ .event = CONTROL_PROGRESS, .phase = SPAN_INIT("sending"), .done = 17, .of = 42 },
		{ .event = CONTROL_PAGE, .text = SPAN_INIT("2 to update …\n\t\"x\"\n") },
		{ .event = CONTROL_PAGE_END },
		{ .event = CONTROL_ELSEWHERE, .message = SPAN_INIT("/etc/scimward/emea.conf") },
		{ .event = CONTROL_TOO_LONG },
		{ .event = CONTROL_DONE, .exit = 69, .message = SPAN_INIT("tenant: down") },
	};
	struct scene scene = enter();
	struct control_answer back;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(answers); i++) {
		str_truncate(&scene.line, 0);
		control_answer_encode(&answers[i], &scene.line);
		assert_int_equal(
		    control_answer_decode(without_end(&scene.line), scene.arena, &back, &scene.err),
		    STATUS_OK);
		assert_int_equal(back.event, answers[i].event);
		assert_true(span_equal(back.message, answers[i].message));
		assert_true(span_equal(back.phase, answers[i].phase));
		assert_true(span_equal(back.text, answers[i].text));
		assert_true(back.done == answers[i].done && back.of == answers[i].of);
		assert_int_equal(back.exit, answers[i].exit);
	}
	leave(&scene);
}

static void answers_that_are_none(void **state)
{
	static const struct {
		const char *line, *why;
	} cases[] = {
		{ "hello", "no JSON object" },
		{ "{\"scimward\":3,\"event\":\"done\",\"exit\":0}",
		    "the service speaks version 3 of the control protocol" },
		{ "{\"scimward\":1,\"event\":\"over\"}", "\"event\" is none" },
		{ "{\"scimward\":1,\"event\":\"done\"}", "\"exit\" is missing" },
		{ "{\"scimward\":1,\"event\":\"done\",\"exit\":256}", "\"exit\" is no number" },
		{ "{\"scimward\":1,\"event\":\"progress\",\"done\":-1}", "\"done\" is no number" },
	};
	struct scene scene = enter();
	struct control_answer answer;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		if (control_answer_decode(span_of(cases[i].line), scene.arena, &answer,
			&scene.err) != STATUS_REJECT ||
		    strstr(scene.err.text, cases[i].why) == NULL)
			fail_msg("%s: %s", cases[i].line, scene.err.text);
	}
	leave(&scene);
}

static void a_page_is_cut_at_characters(void **state)
{
	struct str page = { 0 }, whole = { 0 };
	struct span rest, piece;

	(void)state;
	str_add_c(&page, "ab");
	while (page.len < 3 * CONTROL_PIECE_MAX)
		str_add_c(&page, "€"); /* three bytes */
	rest = str_span(&page);
	for (piece = control_page_piece(&rest); piece.len > 0; piece = control_page_piece(&rest)) {
		assert_true(piece.len <= CONTROL_PIECE_MAX);
		assert_int_not_equal((unsigned char)piece.at[0] & 0xC0, 0x80);
		str_add(&whole, piece);
	}
	assert_true(span_equal(str_span(&whole), str_span(&page)));
	str_done(&page);
	str_done(&whole);
}

static void the_longest_piece_fits_into_a_line(void **state)
{
	struct str page = { 0 }, line = { 0 };
	struct span rest;

	(void)state;
	for (int i = 0; i < CONTROL_PIECE_MAX; i++)
		str_add_byte(&page, '\x01'); /* six bytes each, escaped */
	rest = str_span(&page);
	control_answer_encode(
	    &(struct control_answer) { .event = CONTROL_PAGE, .text = control_page_piece(&rest) },
	    &line);
	assert_int_equal(rest.len, 0);
	assert_true(line.len <= CONTROL_ANSWER_MAX);
	str_done(&page);
	str_done(&line);
}

const struct CMUnitTest codec_tests[] = {
	cmocka_unit_test(a_request_comes_back_as_it_went),
	cmocka_unit_test(what_is_not_said_is_absent),
	cmocka_unit_test(requests_that_are_none),
	cmocka_unit_test(a_text_has_a_limit),
	cmocka_unit_test(answers_come_back_as_they_went),
	cmocka_unit_test(answers_that_are_none),
	cmocka_unit_test(a_page_is_cut_at_characters),
	cmocka_unit_test(the_longest_piece_fits_into_a_line),
};
const size_t codec_test_count = COUNT_OF(codec_tests);
