/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes what anybody may write into the control socket, and what a service may answer: what is
 * taken is within its limits, and comes back as it is when it is written again.
 */
#include "control/codec.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* What is written again is on one line. @return without its end */
static struct span line_of(const struct str *text)
{
	check(text->len > 0 && span_find(str_span(text), '\n') == text->len - 1);
	return (struct span) { text->at, text->len - 1 };
}

static void check_request(struct span input, struct arena *arena)
{
	struct control_request request, again;
	struct str line = { 0 };

	if (control_request_decode(input, arena, &request, NULL) != STATUS_OK)
		return;
	check(request.verb < CONTROL_VERB_COUNT && request.kind != CYCLE_UNDO);
	check(request.config.at != NULL && request.config.len <= CONTROL_TEXT_MAX);
	check(request.who.len <= CONTROL_TEXT_MAX && request.hold >= 0);
	control_request_encode(&request, &line);
	check(control_request_decode(line_of(&line), arena, &again, NULL) == STATUS_OK);
	check(again.verb == request.verb && again.kind == request.kind &&
	      again.has_kind == request.has_kind && again.hold == request.hold &&
	      again.width == request.width && again.is_json == request.is_json &&
	      again.is_color == request.is_color);
	check(span_equal(again.config, request.config) && span_equal(again.as, request.as) &&
	      span_equal(again.who, request.who));
	str_done(&line);
}

static void check_answer(struct span input, struct arena *arena)
{
	struct control_answer answer, again;
	struct str line = { 0 };

	if (control_answer_decode(input, arena, &answer, NULL) != STATUS_OK)
		return;
	check(answer.event < CONTROL_EVENT_COUNT && answer.exit >= 0 && answer.exit < 256);
	control_answer_encode(&answer, &line);
	check(control_answer_decode(line_of(&line), arena, &again, NULL) == STATUS_OK);
	check(again.event == answer.event);
	check(span_equal(again.message, answer.message) && span_equal(again.text, answer.text));
	if (answer.event == CONTROL_DONE)
		check(again.exit == answer.exit);
	str_done(&line);
}

static void check_pieces(struct span input)
{
	struct span rest = input, piece = control_page_piece(&rest);
	size_t sum = 0;

	for (; piece.len > 0; piece = control_page_piece(&rest)) {
		check(piece.len <= CONTROL_PIECE_MAX && piece.at == input.at + sum);
		sum += piece.len;
	}
	check(sum == input.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span input = { (const char *)bytes, size };
	struct arena *arena = arena_new();

	check_request(input, arena);
	check_answer(input, arena);
	check_pieces(input);
	arena_free(&arena);
	return 0;
}
